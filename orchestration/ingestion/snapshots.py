"""From what files gave to what is live: loads as a whole, deletions that are too many, keys that could not be read.

A load's outcome is a function of the file entries and the loads before it, whichever order they came in.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import duckdb

from foundation.contract import contract, literal
from foundation.settings import Settings
from orchestration.ingestion.load import key_sql
from orchestration.ingestion.manifest import FeedCounts, FileEntry, LoadEntry, Status


def live_loads(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: str,
    files: Iterable[FileEntry],
    loads: Iterable[LoadEntry],
) -> list[LoadEntry]:
    """All loads of one source, made anew from its file entries; what `loads` says already is not worked out twice.

    `con` is any DuckDB that may read the raw zone.
    """
    before = {(load.entity, load.load_date, load.known_from): load for load in loads}
    deliveries: dict[tuple[str, date], list[FileEntry]] = defaultdict(list)
    readings: dict[tuple[str, date], list[FileEntry]] = defaultdict(list)
    for file in files:
        for entity in file.entities:
            (readings if file.known_from else deliveries)[entity, file.load_date].append(file)
    settled: list[LoadEntry] = []
    good: dict[str, list[LoadEntry]] = {}  # the last good load of each entity, with its later readings
    for (entity, day), entries in sorted(deliveries.items()):
        last_good = next((load for load in reversed(good.get(entity, [])) if load.arrived <= day), None)
        known = before.get((entity, day, None))
        loads_of_day = [_settled(con, settings, source, entity, day, entries, known, last_good)]
        if loads_of_day[0].status == "loaded":
            for known_from, read in _later_readings(entries, readings[entity, day]):
                known = before.get((entity, day, known_from))
                again = _settled(con, settings, source, entity, day, read, known, last_good)
                loads_of_day.append(again.model_copy(update={"known_from": known_from}))
        settled += loads_of_day
        if loads_of_day[0].live:
            good[entity] = loads_of_day
    return settled


def _later_readings(entries: list[FileEntry], readings: list[FileEntry]) -> Iterator[tuple[date, list[FileEntry]]]:
    """For each later day on which a file was read by other rates: the newest reading of every file by then."""
    newest = {(entry.mapping_file, entry.file): entry for entry in entries}
    by_day: dict[date, list[FileEntry]] = defaultdict(list)
    for reading in readings:
        if reading.known_from:
            by_day[reading.known_from].append(reading)
    for day, read in sorted(by_day.items()):
        newest |= {(entry.mapping_file, entry.file): entry for entry in read}
        yield day, list(newest.values())


def accepts_deletions(settings: Settings, source: str, day: date, entity: str) -> Path:
    """The empty file by which a person accepts that a snapshot lost many keys."""
    return settings.landing / source / str(day) / f"{entity}.deletions-accepted"


def _settled(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: str,
    entity: str,
    day: date,
    entries: list[FileEntry],
    before: LoadEntry | None,
    last_good: LoadEntry | None,
) -> LoadEntry:
    mode = entries[-1].entities[entity]
    accepted = (before is not None and before.deletions_accepted) or accepts_deletions(
        settings, source, day, entity
    ).exists()
    basis = _digest(
        [entry.model_dump_json() for entry in entries],
        last_good.live if last_good and mode == "snapshot" else (),
        accepted,
        settings.ingestion.max_deleted_share,
    )
    if before is not None and before.basis == basis:
        return before
    feeds = [feed for entry in entries for feed in entry.feeds if feed.entity == entity]
    status: Status = "loaded"
    errors = sorted(entry.error for entry in entries if entry.error)
    live = tuple(sorted(feed.path for feed in feeds))
    is_lost = any(entry.status == "lost" for entry in entries)
    if is_lost or any(entry.status == "refused" for entry in entries):
        status = "refused"
    elif any(entry.status == "waits" for entry in entries):
        status = "waits"
    elif mode == "snapshot" and last_good is not None:
        kept = sorted({key for feed in feeds for key in feed.quarantined_keys})
        comparison = _Comparison(con, settings, entity, source, day, last_good.live, live, kept)
        gone, known = comparison.gone()
        if gone > settings.ingestion.max_deleted_share * known and not accepted:
            status = "held"
            marker = accepts_deletions(settings, source, day, entity).relative_to(settings.landing)
            problem = (
                f"{source}/{day}: {gone:,} of {known:,} {entity} are gone from the snapshot, more than the "
                f"{settings.ingestion.max_deleted_share:.0%} allowed; if that is right, put an empty file "
                f"{marker} into the landing folder and ingest the day again"
            )
            errors = [problem]
        elif kept:
            live = (*live, *comparison.carry())
    loaded = status == "loaded"
    if not loaded:
        # the day's last good version, if it had one; a version that is itself held was never good
        good = before.live if before and not (status == "held" and set(before.live) & set(live)) else ()
        if is_lost:  # of a snapshot a part is none: the one before stands
            good = () if mode == "snapshot" else tuple(path for path in good if path in live)
        live = good
    accepted_rows = sum(entry.accepted for entry in entries)
    return LoadEntry(
        entity=entity,
        source=source,
        load_date=day,
        load_mode=mode,
        status=status,
        mapping_version=", ".join(sorted({entry.mapping_version for entry in entries})),
        rows_read=sum(entry.read for entry in entries),
        rows_loaded=sum(feed.rows for feed in feeds) if loaded else 0,
        rows_filtered=sum(entry.filtered for entry in entries),
        rows_duplicate=sum(entry.duplicate for entry in entries),
        rows_quarantined=sum(entry.quarantined for entry in entries),
        rows_nulled=sum(feed.nulled for feed in feeds) if loaded else 0,
        rows_refused=sum(entry.refused for entry in entries) + (0 if loaded else accepted_rows),
        rows_earlier_rate=sum(entry.earlier_rate for entry in entries),
        rows_without_rate=sum(entry.without_rate for entry in entries),
        event_from=min((feed.event_from for feed in feeds if feed.event_from), default=None) if loaded else None,
        event_to=max((feed.event_to for feed in feeds if feed.event_to), default=None) if loaded else None,
        filled=_filled(feeds) if loaded else None,
        error="\n".join(errors) or None,
        deletions_accepted=accepted,
        basis=basis,
        live=live,
    )


def _filled(feeds: list[FeedCounts]) -> tuple[str, ...] | None:
    """Columns that hold a value in some file of a load; None where an older manifest does not say."""
    if any(feed.filled is None for feed in feeds):
        return None
    return tuple(sorted({name for feed in feeds for name in feed.filled or ()}))


class _Comparison:
    """A snapshot beside the last good one before it."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        settings: Settings,
        entity: str,
        source: str,
        day: date,
        earlier: tuple[str, ...],
        later: tuple[str, ...],
        kept: list[str],
    ) -> None:
        self.raw = settings.raw
        self.entity = contract()[entity]
        self.folder = Path(entity) / f"load_date={day}" / f"source={source}"
        self.day = day
        self.digest = _digest(earlier, later, kept)[:16]
        self.con = con
        key = key_sql(self.entity)
        con.execute(f"create or replace temp view earlier as select *, {key} as key from {self._scan(earlier)}")
        con.execute(f"create or replace temp view later as select {key} as key from {self._scan(later)}")
        con.execute("create or replace temp table kept as select unnest(?::varchar[]) as key", [kept])

    def _scan(self, paths: tuple[str, ...]) -> str:
        listed = ", ".join(literal(str(self.raw / path)) for path in paths)
        return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"

    def gone(self) -> tuple[int, int]:
        """How many keys the later one lacks though they are not in quarantine, and how many there were."""
        row = self.con.execute("""
            select count(*) filter (where later.key is null and kept.key is null), count(*)
            from (select distinct key from earlier) as earlier
            left join (select distinct key from later) as later using (key)
            left join kept using (key)
        """).fetchone()
        assert row is not None  # noqa: S101 - aggregates give one row
        return row[0], row[1]

    def carry(self) -> tuple[str, ...]:
        """Writes the last good version of keys in quarantine, so that they are not taken for deleted."""
        path = self.folder / f"carried-{self.digest}.parquet"
        target = self.raw / path
        aside = target.with_name(f".{target.name}")
        columns = ", ".join(
            f"date '{self.day}' as load_date" if name == "load_date" else f'"{name}"' for name in self.entity.by_name
        )
        self.con.execute(f"""
            copy (
                select {columns} from earlier semi join kept using (key) anti join later using (key) order by key
            ) to {literal(str(aside))} (format parquet, compression zstd)
        """)
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        aside.replace(target)
        return (path.as_posix(),)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
