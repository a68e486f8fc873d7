"""The warehouses that reports are read from: the published one, and one built again as known on a day.

What is issued from them and how it is verified is the reports package's work (`reports/issuing`); Dagster's is in
assets/reports.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import duckdb

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration import warehouse
from orchestration.ingestion.manifest import Manifest
from orchestration.lock import single_writer
from orchestration.progress import step
from orchestration.recovery.build import REBUILT, published_faults
from reports.issuing.inputs import Inputs


@contextmanager
def published(home: Settings) -> Iterator[Inputs]:
    """The published warehouse, open to read."""
    try:
        with duckdb.connect(str(warehouse.published_version(home)), read_only=True) as connection:
            yield Inputs(home, connection, Manifest.read(home.raw).known)
    except (duckdb.Error, OSError) as error:
        found = [f"{path}: {why}" for path, why in published_faults(home) if path.name == warehouse.MARTS_FILE]
        if not found:
            raise
        raise CommandFailedError(f"{found[0]}; {REBUILT}") from error


@contextmanager
def rebuilt(home: Settings, known_at: date, as_of: date) -> Iterator[Inputs]:
    """The warehouse built again in a scratch folder, open to read; gone afterwards. Raises WarehouseBuildError when it
    cannot be built."""
    with single_writer(home):
        candidate = _build(home, known_at, as_of)
        with duckdb.connect(str(candidate.marts), read_only=True) as connection:
            yield Inputs(home, connection, Manifest.read(home.raw).known)
        shutil.rmtree(candidate.folder)


def _build(home: Settings, known_at: date, as_of: date) -> warehouse.Candidate:
    with step("rebuild") as running:
        made = warehouse.prepare(home, as_of=as_of, known_at=known_at)
        results = warehouse.build(home, made)
        running.count(f"{len(results)} dbt nodes, known at {known_at}")
    return made
