"""A range of days from the landing folder into the raw zone: which deliveries there are, in which order they are taken.

What is wrong with one source, file or load is told in the report and hurts no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.ingestion.errors import MappingError, is_of_the_machine, printable, unexpected
from orchestration.ingestion.ledger import FileEntry, LoadEntry, Manifest
from orchestration.ingestion.load import Delivery, load_file, workbench
from orchestration.ingestion.mapping import Mapping, load_mapping, mapping_path
from orchestration.ingestion.snapshots import settle
from orchestration.settings import Settings

Progress = Callable[[FileEntry, int, int], None]  # the file just done, how many are done, how many there are
_RATES = "fx_rates"
_NO_RATES = pa.schema([("currency", pa.string()), ("date", pa.date32()), ("rate", pa.decimal128(18, 6))]).empty_table()
_MARKER = "*.deletions-accepted"


@dataclass(frozen=True)
class Refusal:
    """Something that was not taken in, and why."""

    source: str
    message: str
    load_date: date | None = None
    file: str | None = None


@dataclass(frozen=True)
class IngestReport:
    """What became of the deliveries of a range of days."""

    loads: tuple[LoadEntry, ...]
    files: tuple[FileEntry, ...]
    refusals: tuple[Refusal, ...]

    @property
    def ok(self) -> bool:
        return not self.refusals


def ingest(settings: Settings, first: date, last: date, progress: Progress | None = None) -> IngestReport:
    """Takes in every delivery from `first` to `last`, both included. Raises only when the machine fails."""
    with (
        workbench(settings) as con,
        closing(duckdb.connect(config=settings.engine.duckdb)) as reading,
        # most files are small: planning their statements is the work
        ThreadPoolExecutor(settings.engine.threads) as pool,
    ):
        run = _Run(con, reading, pool, settings, first, last, progress)
        for source in run.sources():
            run.take(source)
    return run.report()


@dataclass
class _Run:
    con: duckdb.DuckDBPyConnection
    reading: duckdb.DuckDBPyConnection  # sees the raw zone, and runs nothing of a mapping
    pool: Executor
    settings: Settings
    first: date
    last: date
    progress: Progress | None
    refusals: list[Refusal] = field(default_factory=list)
    done: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        self.manifest = Manifest.read(self.settings.raw)

    # --- what there is ----------------------------------------------------------------------------------------------

    def sources(self) -> list[str]:
        found = sorted({path.parent.name for path in self._folders()})
        self.total = sum(1 for folder in self._folders() for path in _paths(folder) if path.is_file())
        return found

    def _folders(self) -> Iterator[Path]:
        for folder in sorted(self.settings.landing.glob("*/*")):
            day = _day(folder)
            if day and self.first <= day <= self.last:
                yield folder

    def _days(self, source: str) -> dict[date, Path]:
        return {day: folder for folder in (self.settings.landing / source).iterdir() if (day := _day(folder))}

    # --- one source -------------------------------------------------------------------------------------------------

    def take(self, source: str) -> None:
        """Takes in the days of one source; whatever goes wrong there is told and stops no other."""
        wanted = sorted(day for day in self._days(source) if self.first <= day <= self.last)
        try:
            self._take_days(source, wanted)
        except MappingError as error:
            self._refuse_source(source, wanted, str(error))
        except Exception as error:
            if is_of_the_machine(error):
                raise
            self._refuse_source(source, wanted, f"{source}: {unexpected(error)}")

    def _refuse_source(self, source: str, days: list[date], message: str) -> None:
        self.refusals.append(Refusal(source, message))
        self._refuse_all(source, days, message)

    def _take_days(self, source: str, wanted: list[date]) -> None:
        days = self._days(source)
        mapping = self._mapping(source)
        while wanted:
            day = wanted.pop(0)
            old_rates = self._rates(source, day)
            self._take_day(mapping, day, days[day])
            if self._rates(source, day) != old_rates:
                # later days were converted without these rates
                later = {entry.load_date for entry in self._entries(source) if entry.load_date > day}
                wanted = sorted({*wanted, *(later & set(days))})

    def _mapping(self, source: str) -> Mapping:
        path = mapping_path(self.settings, source)
        if path is None:
            raise MappingError(
                f"landing/{source}: there is no mapping for it; write {self.settings.sources / source}.yml "
                "(docs/ingestion.md) or take the folder away"
            )
        return load_mapping(path)

    def _take_day(self, mapping: Mapping, day: date, folder: Path) -> None:
        matched = self._matched(mapping, day, folder)
        delivery = Delivery(self.settings, mapping, day, folder, matched, self._rates(mapping.source, day, before=True))
        entries = self._load(delivery, [name for name in matched if _gives(mapping, name, _RATES)])
        own = [entry for name in entries for entry in entries[name]]
        delivery = replace(delivery, rates=self._rates(mapping.source, day, before=True, also=own))
        entries |= self._load(delivery, [name for name in matched if name not in entries])
        kept = [
            entry
            for entry in self.manifest.files
            if not (entry.source == mapping.source and entry.load_date == day and entry.mapping_file in entries)
        ]
        self._commit(mapping.source, [*kept, *(entry for name in entries for entry in entries[name])])

    def _matched(self, mapping: Mapping, day: date, folder: Path) -> dict[str, tuple[Path, ...]]:
        matched: dict[str, list[Path]] = {}
        for path in _paths(folder):
            shown = f"{mapping.source}/{day}/{printable(path.relative_to(folder))}"
            if not path.is_file():
                message = f"{shown}: is no file but a link that leads nowhere, a pipe or a device; take it away"
                self.refusals.append(Refusal(mapping.source, message, day, printable(Path(path.name))))
                continue
            names = [name for name, file in mapping.files.items() if file.matches(path.name)]
            for name in names:
                matched.setdefault(name, []).append(path)
            if not names and not any(fnmatch(path.name, one) for one in mapping.ignore):
                message = f"{shown}: no pattern of the mapping fits it; add one, or list it under `ignore`"
                self.refusals.append(Refusal(mapping.source, message, day, printable(Path(path.name))))
        return {name: tuple(matched[name]) for name in mapping.files if name in matched}

    def _load(self, delivery: Delivery, names: Iterable[str]) -> dict[str, list[FileEntry]]:
        loaded: dict[str, list[FileEntry]] = {}
        earlier = {
            (entry.mapping_file, entry.file, entry.sha256, entry.inputs): entry
            for entry in self.manifest.files
            if (entry.source, entry.load_date) == (delivery.mapping.source, delivery.load_date)
        }

        def take(name: str, path: Path) -> FileEntry:
            same = (name, delivery.name(path), delivery.sha256(path), delivery.inputs(name))
            return earlier.get(same) or load_file(self.con, delivery, name, path)

        taken = {
            name: [self.pool.submit(take, name, path) for path in delivery.files[name]]
            for name in names
            if delivery.mapping.files[name].entities
        }
        for name, entries in taken.items():
            loaded[name] = []
            for entry in (one.result() for one in entries):
                loaded[name].append(entry)
                if entry.error:
                    self.refusals.append(Refusal(entry.source, entry.error, entry.load_date, entry.file))
                self.done += 1
                if self.progress:
                    self.progress(entry, self.done, max(self.total, self.done))
        return loaded

    def _refuse_all(self, source: str, days: Iterable[date], error: str) -> None:
        """Without a mapping all that the source ever gave goes stale."""
        last = {load.entity: load for load in self.manifest.loads if load.source == source}
        refused = [
            LoadEntry(
                entity=load.entity,
                source=source,
                load_date=day,
                load_mode=load.load_mode,
                status="refused",
                mapping_version=load.mapping_version,
                error=error,
            )
            for load in last.values()
            for day in days
            if not any(
                (other.entity, other.source, other.load_date) == (load.entity, source, day)
                for other in self.manifest.loads
            )
        ]
        if refused:
            self.manifest = Manifest.of(self.manifest.files, [*self.manifest.loads, *refused])
            self.manifest.write(self.settings.raw)

    # --- the manifest -----------------------------------------------------------------------------------------------

    def _entries(self, source: str) -> list[FileEntry]:
        return [entry for entry in self.manifest.files if entry.source == source]

    def _commit(self, source: str, files: list[FileEntry]) -> None:
        own = [load for load in self.manifest.loads if load.source == source]
        others = [load for load in self.manifest.loads if load.source != source]
        loads = settle(self.reading, self.settings, source, (file for file in files if file.source == source), own)
        manifest = Manifest.of(files, [*others, *loads])
        if manifest != self.manifest:
            manifest.write(self.settings.raw)
            self.manifest = manifest

    def _rates(self, source: str, day: date, *, before: bool = False, also: Iterable[FileEntry] = ()) -> pa.Table:
        """Rates that the source had given by a day; the last one given wins."""
        paths = [
            path
            for load in self.manifest.loads
            if load.entity == _RATES and load.source == source
            if load.load_date < day or (load.load_date == day and not before)
            for path in load.live
        ]
        paths += [feed.path for entry in also for feed in entry.feeds if feed.entity == _RATES]
        if not paths:
            return _NO_RATES
        tables = [
            pq.read_table(self.settings.raw / path, columns=_NO_RATES.schema.names, partitioning=None) for path in paths
        ]
        rates = {(row["currency"], row["date"]): row for table in tables for row in table.to_pylist()}
        return pa.Table.from_pylist([rates[key] for key in sorted(rates)], schema=_NO_RATES.schema)

    # --- the outcome ------------------------------------------------------------------------------------------------

    def report(self) -> IngestReport:
        loads = tuple(load for load in self.manifest.loads if self.first <= load.load_date <= self.last)
        held = [Refusal(load.source, str(load.error), load.load_date) for load in loads if load.status == "held"]
        return IngestReport(
            loads=loads,
            files=tuple(file for file in self.manifest.files if self.first <= file.load_date <= self.last),
            refusals=tuple(dict.fromkeys([*self.refusals, *held])),
        )


def _day(folder: Path) -> date | None:
    is_day = folder.is_dir() and re.fullmatch(r"\d{4}-\d{2}-\d{2}", folder.name)
    try:
        return date.fromisoformat(folder.name) if is_day else None
    except ValueError:
        return None


def _paths(folder: Path) -> list[Path]:
    """What lies in a delivery besides its folders, and besides what a person leaves for Kefu itself."""
    return sorted(
        path
        for path in folder.rglob("*")
        if not path.is_dir() and not path.name.startswith(".") and not fnmatch(path.name, _MARKER)
    )


def _gives(mapping: Mapping, name: str, entity: str) -> bool:
    return any(feed.entity == entity for feed in mapping.files[name].entities)
