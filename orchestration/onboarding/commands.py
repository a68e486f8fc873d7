"""What `kefu source` does once its words are read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.ingestion.errors import MappingError
from orchestration.onboarding import dryrun, shown
from orchestration.onboarding.listing import sources

_POLL_SECONDS = 0.2


def add(settings: Settings, name: str, paths: Sequence[Path], *, force: bool, land: date | None) -> None:
    """Writes a proposed mapping and prints what it is."""
    from orchestration.onboarding.adding import add as proposed

    for line in shown.add_lines(proposed(settings, name, paths, force=force, land=land)):
        click.echo(line)


def check(
    settings: Settings, name: str, day: date | None, sample: Sequence[Path], *, show_values: bool, as_json: bool
) -> bool:
    """Prints a dry run; whether nothing is refused."""
    try:
        found = dryrun.check(settings, name, day, sample)
    except MappingError as error:
        raise CommandFailedError(str(error)) from error
    if as_json:
        click.echo(json.dumps(shown.check_json(found, show_values=show_values), ensure_ascii=False, indent=1))
    else:
        for line in shown.check_lines(found, show_values=show_values):
            click.echo(line)
    return found.is_fine


def watched(settings: Settings, name: str, once: Callable[[], bool]) -> bool:
    """Checks again at once whenever the mapping changes, until Ctrl-C; the last answer."""
    path = settings.sources / f"{name}.yml"
    is_fine, seen = False, -1
    try:
        while True:
            now = path.stat().st_mtime_ns if path.exists() else 0
            if now != seen:
                seen = now
                click.clear()
                try:
                    is_fine = once()
                except CommandFailedError as error:
                    is_fine = False
                    click.echo(f"kefu: {error}", err=True)
                click.echo(f"\nwatching {path}; Ctrl-C ends")
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        return is_fine


def show_list(settings: Settings, *, as_json: bool) -> None:
    """Prints all sources."""
    found = sources(settings)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1, default=str))
        return
    for line in shown.list_lines(found):
        click.echo(line)
