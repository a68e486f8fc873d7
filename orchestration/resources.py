"""What assets are given from outside: the settings, and the writer's lock for the length of a run."""

from collections.abc import Iterator

import dagster as dg

from foundation.settings import Settings
from orchestration.lock import single_writer


def writer(settings: Settings) -> dg.ResourceDefinition:
    """The settings of a home whose writer lock is held: a run that cannot have it fails at once, naming the holder."""

    @dg.resource(description="Settings of this Kefu home, with its writer lock held.")
    def held(_: dg.InitResourceContext) -> Iterator[Settings]:
        with single_writer(settings):
            yield settings

    return held
