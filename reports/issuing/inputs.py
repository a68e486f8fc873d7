"""What reports are issued from, read: a warehouse that is open, the deliveries of the raw zone, the home's settings.

Which warehouse that is, and how deliveries are written down, is the caller's to know. Nothing is issued here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import duckdb

from foundation.contract import contract, literal, quote
from foundation.settings import Settings
from reports.bundle.disclosure import revealed_by_days
from reports.bundle.model import Meta
from reports.bundle.reading import EntitySupply, Source
from reports.bundle.rows import Cause
from reports.issuing.revisions import hidden_before, hidden_by_period
from reports.registry import report


class Load(Protocol):
    """What is asked of an entity's delivery from one source on one day."""

    @property
    def entity(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def arrived(self) -> date: ...
    @property
    def rows_loaded(self) -> int: ...
    @property
    def event_from(self) -> datetime | None: ...
    @property
    def event_to(self) -> datetime | None: ...
    @property
    def live(self) -> Sequence[str]: ...  # Parquet in the raw zone


@dataclass(frozen=True)
class Inputs:
    """A home's warehouse as its reports read it."""

    home: Settings
    connection: duckdb.DuckDBPyConnection
    loads: Callable[[date], Sequence[Load]]  # the deliveries known at the end of a day


def source(inputs: Inputs, report_id: str, first: date) -> Source:
    """The figures of a period, with what earlier issues hid."""
    home, connection = inputs.home, inputs.connection
    made, schedule = meta(home, connection), report(report_id).schedule
    by_period = hidden_by_period(home.reports, schedule)
    before = frozenset().union(*by_period.values())
    if schedule == "monthly":
        before |= revealed_by_days(connection, first, hidden_before(home.reports, "daily"), made.small_cell)
    return Source(
        connection,
        report_id,
        first,
        made,
        before=before,
        earlier={period: hidden for period, hidden in by_period.items() if period < first},
        supply=supply(inputs, report_id, first, made.known_at),
    )


def meta(home: Settings, connection: duckdb.DuckDBPyConnection) -> Meta:
    """What a bundle says of itself: company, times, and versions of what made it."""
    build_id, code, chosen, as_of, known_at = connection.execute(
        "select build_id, code_version, settings_version, as_of_date, known_at from reporting.rpt_build"
    ).fetchall()[0]
    return Meta(
        company=home.company.name,
        currency=home.company.currency,
        time_zone=home.company.time_zone,
        as_of=as_of,
        known_at=known_at,
        version=version("kefu"),
        min_n=home.dbt_vars["min_n"],
        small_cell=home.disclosure.small_cell,
        build_id=build_id,
        code_version=code,
        settings_version=chosen,
    )


def supply(inputs: Inputs, report_id: str, first: date, known_at: date) -> EntitySupply:
    """What the raw zone says of a period as known on a day: entities without a delivery, and rows that came late."""
    loads = inputs.loads(known_at)
    delivered = {load.entity for load in loads if load.rows_loaded}
    last = report(report_id).calendar.last_day(first)
    due = last + timedelta(days=1)
    return EntitySupply(
        not_supplied=tuple(sorted(set(contract()) - delivered)),
        late=_rows_of(inputs.home, first, last, [load for load in loads if load.arrived > due]),
    )


def causes(inputs: Inputs, report_id: str, first: date, since: date, known_at: date) -> tuple[Cause, ...]:
    """Loads after one day, up to another, that brought rows of the period: by entity and source, most rows first."""
    loads = [load for load in inputs.loads(known_at) if load.arrived > since]
    rows = _rows_of(inputs.home, first, report(report_id).calendar.last_day(first), loads)
    days: dict[tuple[str, str], list[date]] = defaultdict(list)
    for load in loads:
        days[load.entity, load.source].append(load.arrived)
    return tuple(
        Cause(
            kind="late_rows",
            entity=entity,
            source_system=source,
            first_load_date=min(days[entity, source]),
            last_load_date=max(days[entity, source]),
            rows=count,
        )
        for (entity, source), count in sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    )


def _rows_of(home: Settings, first: date, last: date, loads: list[Load]) -> dict[tuple[str, str], int]:
    """Rows of these loads that speak of the days from `first` to `last`, by entity and source, where there are any."""
    begin, after = home.company.end_of(first - timedelta(days=1)), home.company.end_of(last)
    files: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for load in loads:
        if load.event_from and load.event_to and load.event_from < after and load.event_to >= begin:
            files[load.entity, load.source] += [home.raw / path for path in load.live]
    found = {}
    with duckdb.connect() as connection:
        for (entity, source), paths in sorted(files.items()):
            time = contract()[entity].event_time
            if not (time and paths):
                continue
            listed = ", ".join(literal(str(path)) for path in paths)
            count = connection.execute(
                f"select count(*) from read_parquet([{listed}], union_by_name = true, hive_partitioning = false) "
                f"where {quote(time)} >= ? and {quote(time)} < ?",
                [begin, after],
            ).fetchall()[0][0]
            if count:
                found[entity, source] = count
    return found
