"""Shows a build the raw zone as known on a day: raw.* views and control.* tables in an open connection.

Reads the manifest alone: no folder is listed and no delivery is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from foundation.contract import Entity, contract, control_tables, literal, quote
from foundation.settings import Settings
from orchestration.ingestion.load import filled_columns
from orchestration.ingestion.manifest import LoadEntry, Manifest


class NothingLoadedError(LookupError):
    """No delivery was ever ingested, so no day is the newest."""


@dataclass(frozen=True)
class RunContext:
    """The two times of a build."""

    known_at: date  # the last load_date it sees
    as_of_date: date  # the last local day its figures speak of
    as_of: datetime  # UTC without zone, exclusive: the end of that day


def register_duckdb(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    known_at: date | None = None,
    as_of: date | None = None,
) -> RunContext:
    """(Re)creates raw.* and control.* in `con`.

    Defaults: known_at = the newest load_date, as_of = known_at. Raises NothingLoadedError when nothing was
    ever loaded and no known_at was given.
    """
    manifest = Manifest.read(settings.raw)
    run = _run_of(manifest, settings, known_at, as_of)
    loads = manifest.known(run.known_at)

    con.execute("create schema if not exists raw")
    for entity in contract().values():
        files = [str(settings.raw / path) for load in loads if load.entity == entity.name for path in load.live]
        con.execute(f"create or replace view raw.{quote(entity.name)} as {raw_select(entity, files)}")
    con.execute("create schema if not exists control")
    for table in control_tables().values():
        con.execute(f"create or replace table control.{quote(table.name)} ({table.ddl()})")
    con.execute(
        "insert into control.run by name select ? as as_of, ? as as_of_date, ? as known_at",
        [run.as_of, run.as_of_date, run.known_at],
    )
    for name, rows in (("loads", _loads_rows(loads)), ("supply", _supply_rows(settings, loads))):
        con.register("told", rows)
        con.execute(f"insert into control.{name} by name from told")
        con.unregister("told")
    return run


def run_of(settings: Settings, known_at: date | None = None, as_of: date | None = None) -> RunContext:
    """The two times that `register_duckdb` would register. Raises NothingLoadedError as it does."""
    return _run_of(Manifest.read(settings.raw), settings, known_at, as_of)


def _run_of(manifest: Manifest, settings: Settings, known_at: date | None, as_of: date | None) -> RunContext:
    known_at = known_at or manifest.newest
    if known_at is None:
        raise NothingLoadedError(f"nothing is in {settings.raw} yet; put a delivery into {settings.landing}")
    as_of_date = as_of or known_at
    return RunContext(known_at, as_of_date, settings.company.end_of(as_of_date))


def raw_select(entity: Entity, files: list[str]) -> str:
    """The query behind one raw view. A column that older files lack is null in their rows."""
    empty = ", ".join(f"null::{column.data_type} as {quote(column.name)}" for column in entity.columns)
    if not files:
        return f"select {empty} where false"
    names = ", ".join(quote(column.name) for column in entity.columns)
    listed = ", ".join(literal(path) for path in files)
    return (
        f"select {names} from (select {empty} where false union all by name "
        f"select * from read_parquet([{listed}], union_by_name = true, hive_partitioning = false))"
    )


def _loads_rows(loads: tuple[LoadEntry, ...]) -> pa.Table:
    newest = {(load.entity, load.source): load for load in sorted(loads, key=lambda load: load.load_date)}
    table = control_tables()["loads"]
    rows = [
        {
            **load.model_dump(include=set(table.by_name)),
            "source_system": load.source,
            "is_stale": newest[load.entity, load.source].status != "loaded",
        }
        for load in loads
    ]
    times = ("event_from", "event_to")
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], type=pa.timestamp("us") if name in times else None)
            for name in table.by_name
        }
    )


def _supply_rows(settings: Settings, loads: tuple[LoadEntry, ...]) -> pa.Table:
    """Which columns of which entity each source ever filled, and since when."""
    first: dict[tuple[str, str, str], date] = {}
    for load in sorted(loads, key=lambda load: load.load_date):
        for column in _filled(settings, load):
            first.setdefault((load.entity, column, load.source), load.load_date)
    keys = sorted(first)
    return pa.table(
        {
            "entity": pa.array([entity for entity, _, _ in keys], pa.string()),
            "column_name": pa.array([column for _, column, _ in keys], pa.string()),
            "source_system": pa.array([source for _, _, source in keys], pa.string()),
            "first_load_date": pa.array([first[key] for key in keys], pa.date32()),
        }
    )


def _filled(settings: Settings, load: LoadEntry) -> tuple[str, ...]:
    if load.filled is not None or not load.live:
        return load.filled or ()
    # a manifest of before the field was kept: the files say it
    entity = contract()[load.entity]
    footers = (pq.read_metadata(settings.raw / path) for path in load.live)
    return tuple({name for footer in footers for name in filled_columns(entity, footer)})
