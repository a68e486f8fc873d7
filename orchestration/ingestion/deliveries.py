"""A range of days from the landing folder into the raw zone: which deliveries there are, in which order they are taken.

What is wrong with one source, file or load is told in the report and hurts no other.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

import duckdb

from foundation.seals import sha256_of
from foundation.settings import Settings
from orchestration.ingestion.arrivals import WAITS, Arrival, Watch, arrivals
from orchestration.ingestion.changes import new_columns
from orchestration.ingestion.errors import MappingError, is_of_the_machine, printable, unexpected
from orchestration.ingestion.load import SourceDelivery, load_file, staging_connection
from orchestration.ingestion.manifest import FileEntry, LoadEntry, Manifest, Part
from orchestration.ingestion.mapping import Mapping, load_mapping, mapping_path
from orchestration.ingestion.rates import ENTITY as RATES
from orchestration.ingestion.rates import RateBook, Rates
from orchestration.ingestion.snapshots import live_loads
from orchestration.ingestion.soundness import Recovered, hashed, put_aside, raw_faults, recovered
from orchestration.ingestion.statement import is_converted

Progress = Callable[[FileEntry, int, int], None]  # the file just done, how many are done, how many there are


@dataclass(frozen=True)
class Refusal:
    """Something that was not taken in, and why."""

    source: str
    message: str
    load_date: date | None = None
    file: str | None = None
    waits: bool = False  # nothing is wrong but that it is not whole yet


@dataclass(frozen=True)
class IngestReport:
    """What became of the deliveries of a range of days."""

    loads: tuple[LoadEntry, ...]
    files: tuple[FileEntry, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...] = ()  # what is worth a look and stops nothing

    @property
    def ok(self) -> bool:
        return not self.refusals


def ingest(
    settings: Settings, first: date, last: date, progress: Progress | None = None, *, only: str | None = None
) -> IngestReport:
    """Takes in every delivery from `first` to `last`, both included, of all sources or one of them.

    Raises only when the machine fails.
    """
    with (
        staging_connection(settings) as con,
        closing(duckdb.connect(config=settings.engine.duckdb)) as reading,
        # most files are small: planning their statements is the work
        ThreadPoolExecutor(settings.engine.threads) as pool,
    ):
        run = _Run(con, reading, pool, settings, first, last, progress, only)
        run.mend()
        run.tell_strays()
        for source in run.sources():
            run.take(source)
        run.convert_again()
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
    only: str | None = None
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: int = 0
    total: int = 0
    unsound: dict[str, str] = field(default_factory=dict)  # Parquet that is not what was written, and why

    def __post_init__(self) -> None:
        self.recovered: Recovered = recovered(self.settings.raw)
        self.manifest = self.recovered.manifest
        self.notes += self.recovered.notes
        self.rates = RateBook(self.settings.raw, self.settings.ingestion.fx_max_age_days)
        self.rates.show(self.manifest.loads)
        delivered = (one.path for folder in self._folders() for one in arrivals(folder) if not one.no_file)
        self.watch = Watch.over(delivered, self.settings.ingestion.settle_seconds)

    # --- what there is ----------------------------------------------------------------------------------------------

    def sources(self) -> list[str]:
        """Those that give rates first: the others may need them."""
        found = sorted(
            {path.parent.name for path in self._folders()}, key=lambda one: (not self._gives_rates(one), one)
        )
        self.total = len(self.watch.first)
        return found

    def _gives_rates(self, source: str) -> bool:
        mapping = self._sound_mapping(source)
        return mapping is not None and RATES in mapping.modes

    def _folders(self) -> Iterator[Path]:
        for folder in sorted(self.settings.landing.glob(f"{glob.escape(self.only) if self.only else '*'}/*")):
            day = day_of(folder)
            if day and self.first <= day <= self.last:
                yield folder

    def _days(self, source: str) -> dict[date, Path]:
        return {day: folder for folder in (self.settings.landing / source).glob("*") if (day := day_of(folder))}

    def tell_strays(self) -> None:
        """What lies where only folders of sources and of days belong, so that nobody waits for it in vain."""
        landing = self.settings.landing
        for path in sorted([*landing.glob("*"), *landing.glob("*/*")]):
            shown = printable(path.relative_to(landing))
            source = shown.split("/")[0]
            if path.name.startswith(".") or (self.only and source != self.only):
                continue
            if path.parent == landing and not path.is_dir():
                self.refusals.append(Refusal("", f"landing/{shown}: is no folder of a source; take it away"))
            elif path.parent != landing and not day_of(path):
                why = "is no folder of a day, called as 2026-10-31; rename it, or take it away"
                self.refusals.append(Refusal(source, f"landing/{shown}: {why}"))

    # --- what was damaged ---------------------------------------------------------------------------------------------

    def mend(self) -> None:
        """Makes the raw zone what the manifest says: damaged files are read again from landing, of any source and day.
        What cannot be is taken out and told, on every run until it is back."""
        self.unsound = raw_faults(self.settings.raw, self.manifest, self.settings.engine.threads)
        if not self.recovered.is_written:
            self.manifest.write(self.settings.raw)
        for source, day in sorted(self._unknown()):
            self._read_day_again(source, day)
        for asks_rates in (False, True):  # rates are files of the raw zone too, and read by those that need them
            self._mend_files([entry for entry in self.manifest.files if bool(entry.rates_used) == asks_rates])
        for source in {load.source for load in self.manifest.loads if self.unsound.keys() & set(load.live)}:
            self._commit(source, list(self.manifest.files))  # rows carried from a snapshot to the next
            self.notes.append(f"{source}: rows carried from one snapshot to the next were damaged; made again")
        self.unsound = {}
        for entry in self.manifest.files:
            if entry.status == "lost":
                self.refusals.append(Refusal(entry.source, str(entry.error), entry.load_date, entry.file))

    def _unknown(self) -> set[Part]:
        """Days that gave something, of which the manifest says nothing; of a damaged one also those that lie landed."""
        unknown = set(self.recovered.unknown)
        if not self.recovered.is_written and self.recovered.notes:
            newest = max((day for _, day in unknown), default=self.manifest.newest or date.min)
            newest = max(newest, self.manifest.newest or date.min)
            known = {entry.part for entry in self.manifest.files}
            landed = {
                (folder.parent.name, day) for folder in self.settings.landing.glob("*/*") if (day := day_of(folder))
            }
            unknown |= {(source, day) for source, day in landed - known if day <= newest}
        return unknown

    def _read_day_again(self, source: str, day: date) -> None:
        folder = self.settings.landing / source / str(day)
        shown = f"{printable(Path(source))}/{day}"
        if not folder.is_dir():
            why = (
                f"landing/{shown} is gone, and the manifest no longer says what its files in the raw zone are; put the "
                "delivery there again, or restore a backup (docs/recovery.md)"
            )
            self.refusals.append(Refusal(source, why, day))
            return
        with self._alone(source, [day]):
            self._take_day(self._mapping(source), day, folder)
            self.notes.append(f"{shown}: read again from landing, for the manifest said nothing of it")

    def _mend_files(self, entries: list[FileEntry]) -> None:
        wanted = [entry for entry in entries if entry.status == "lost" or self._is_unsound(entry)]
        by_source = {source: [one for one in wanted if one.source == source] for source in {e.source for e in wanted}}
        for source, damaged in sorted(by_source.items()):
            mended = [(entry, self._mended(entry)) for entry in damaged]
            gone = {id(entry) for entry, _ in mended}
            kept = [entry for entry in self.manifest.files if id(entry) not in gone]
            self._commit(source, [*kept, *(entry for _, entry in mended if entry)])
            for day in sorted({entry.load_date for entry, now in mended if now is entry}):
                self._read_day_again(source, day)  # by another mapping, or under another name, than it was read before
            self._lose_what_is_left(source)

    def _lose_what_is_left(self, source: str) -> None:
        """Files that are damaged still, because their day could not be read again."""
        found = raw_faults(self.settings.raw, self.manifest, self.settings.engine.threads)
        for path in [path for path in self.unsound if path not in found]:
            del self.unsound[path]
        left = [entry for entry in self.manifest.files if entry.source == source and self._is_unsound(entry)]
        if not left:
            return
        lost = [
            self._lost(
                entry,
                [f"raw/{feed.path} {self.unsound[feed.path]}" for feed in entry.feeds if feed.path in self.unsound],
                f"landing/{entry.source}/{entry.load_date}/{entry.file}",
                "could not be read again",
            )
            for entry in left
        ]
        gone = {id(entry) for entry in left}
        kept = [entry for entry in self.manifest.files if id(entry) not in gone]
        self._commit(source, [*kept, *(entry for entry in lost if entry)])

    def _is_unsound(self, entry: FileEntry) -> bool:
        return any(feed.path in self.unsound for feed in entry.feeds)

    def _mended(self, entry: FileEntry) -> FileEntry | None:
        """The entry after its file was read again; itself where its whole day must be; one that says what is lost; none
        of a later reading that cannot be made again."""
        faults = [f"raw/{feed.path} {self.unsound[feed.path]}" for feed in entry.feeds if feed.path in self.unsound]
        mapping = self._sound_mapping(entry.source)
        rates = Rates({}, self.rates.max_age)
        if entry.rates_used:
            rates = self.rates.known(entry.source, entry.known_from or entry.load_date)
        delivery = self._delivered(mapping, entry, rates, entry.known_from) if mapping else None
        landed = f"landing/{entry.source}/{entry.load_date}/{entry.file}"
        if delivery:
            for feed in entry.feeds:
                if feed.path in self.unsound:
                    put_aside(self.settings.raw, feed.path)
            now = load_file(self.con, delivery, entry.mapping_file, delivery.folder / entry.file)
            for feed in entry.feeds:
                self.unsound.pop(feed.path, None)
            self.notes.append(f"{'; '.join(faults) or 'what was lost is back'}: read again from {landed}")
            return now
        folder = self.settings.landing / entry.source / str(entry.load_date)
        if mapping and any(sha256_of(path) == entry.sha256 for path in folder.rglob("*") if path.is_file()):
            return entry
        if entry.status == "lost":
            return entry.model_copy()
        return self._lost(entry, faults, landed, "is not there, or not as it was delivered" if mapping else _NO_MAPPING)

    def _lost(self, entry: FileEntry, faults: list[str], landed: str, why: str) -> FileEntry | None:
        for feed in entry.feeds:
            self.unsound.pop(feed.path, None)
        rows = ", ".join(f"{feed.rows:,} rows of {feed.entity}" for feed in entry.feeds)
        error = (
            f"{'; '.join(faults)}, and {landed} {why}: {rows} are lost until it is; put the file as it was delivered "
            f"there and run kefu ingest --date {entry.load_date}, or restore a backup (docs/recovery.md)"
        )
        if entry.known_from:
            self.refusals.append(Refusal(entry.source, error, entry.load_date, entry.file))
            return None
        counts = dict.fromkeys(("accepted", "filtered", "duplicate", "quarantined", "earlier_rate", "without_rate"), 0)
        lost = {"status": "lost", "feeds": (), "refused": entry.read, "error": error, **counts}
        return entry.model_copy(update=lost)

    # --- one source -------------------------------------------------------------------------------------------------

    def take(self, source: str) -> None:
        """Takes in the days of one source; whatever goes wrong there is told and stops no other."""
        days = self._days(source)
        wanted = sorted(day for day in days if self.first <= day <= self.last)
        shown = printable(Path(source))
        with self._alone(shown, wanted):
            mapping = self._mapping(source)
            for day in wanted:
                self._take_day(mapping, day, days[day])

    @contextmanager
    def _alone(self, source: str, days: Iterable[date]) -> Iterator[None]:
        """Refuses the days of a source where something goes wrong with it; what fails the machine ends the run."""
        try:
            yield
        except MappingError as error:
            self._refuse_source(source, days, str(error))
        except Exception as error:
            if is_of_the_machine(error):
                raise
            self._refuse_source(source, days, f"{source}: {unexpected(error)}")

    def _refuse_source(self, source: str, days: Iterable[date], message: str) -> None:
        self.refusals.append(Refusal(source, message))
        self._refuse_all(source, days, message)

    def convert_again(self) -> None:
        """Takes in what was converted by other rates than are known now, of whatever source and day: what a delivery
        comes to must not depend on when it, or the rates, were ingested."""
        for source, day in sorted({(entry.source, entry.load_date) for entry in self._outdated()}):
            folder = self.settings.landing / source / str(day)
            mapping = self._sound_mapping(source)
            if mapping and folder.is_dir():
                with self._alone(source, [day]):
                    self._take_day(mapping, day, folder)
        for source in sorted({entry.source for entry in self.manifest.files if entry.rates_used or entry.known_from}):
            mapping = self._sound_mapping(source)
            if mapping:
                with self._alone(source, []):
                    self._read_again(mapping)

    def _outdated(self) -> Iterator[FileEntry]:
        for entry in self.manifest.files:
            if entry.rates_used and not entry.known_from:
                rates = self.rates.known(entry.source, entry.load_date)
                if rates.digest(entry.rates_used) != entry.rates_digest:
                    yield entry

    def _read_again(self, mapping: Mapping) -> None:
        """A reading more of each file for each later day on which rates arrived that convert it otherwise."""
        entries = self._entries(mapping.source)
        made = {_reading(entry): entry for entry in entries if entry.known_from and not self._is_unsound(entry)}
        wanted: list[FileEntry] = []
        asked: list[Future[FileEntry]] = []
        for first in entries:
            if first.known_from or first.status != "loaded":
                continue
            for arrived, rates in self.rates.later(mapping.source, first.rates_used, first.load_date):
                digest = rates.digest(first.rates_used)
                if reading := made.get(_reading(first, arrived, digest)):
                    wanted.append(reading)
                elif delivery := self._delivered(mapping, first, rates, arrived):
                    path = delivery.folder / first.file
                    asked.append(self.pool.submit(load_file, self.con, delivery, first.mapping_file, path))
        for entry in (one.result() for one in asked):
            if entry.error:
                self.refusals.append(Refusal(entry.source, entry.error, entry.load_date, entry.file))
            else:
                wanted.append(entry)
        if {_reading(entry) for entry in wanted} != set(made):
            others = [e for e in self.manifest.files if not (e.source == mapping.source and e.known_from)]
            self._commit(mapping.source, [*others, *wanted])

    def _delivered(
        self, mapping: Mapping, entry: FileEntry, rates: Rates, known_from: date | None
    ) -> SourceDelivery | None:
        """The delivery a file came with, if it is still there as it was read."""
        folder = self.settings.landing / mapping.source / str(entry.load_date)
        path = folder / entry.file
        if not path.is_file():
            return None
        found = _matched(mapping, folder, self.watch)
        delivery = SourceDelivery(
            self.settings, mapping, entry.load_date, folder, found.files, rates, known_from, waiting=found.waiting
        )
        as_read = (delivery.sha256(path), delivery.inputs(entry.mapping_file)) == (entry.sha256, entry.inputs)
        return delivery if as_read else None

    def _sound_mapping(self, source: str) -> Mapping | None:
        """None where it is wrong, whatever is: that is told when the source is taken."""
        try:
            return self._mapping(source)
        except Exception as error:
            if is_of_the_machine(error):
                raise
            return None

    def _mapping(self, source: str) -> Mapping:
        path = mapping_path(self.settings, source)
        if path is None:
            shown = printable(Path(source))
            raise MappingError(
                f"landing/{shown}: there is no mapping for it; write {self.settings.sources / shown}.yml "
                "(docs/ingestion.md) or take the folder away"
            )
        return load_mapping(path)

    def _take_day(self, mapping: Mapping, day: date, folder: Path) -> None:
        found = _matched(mapping, folder, self.watch)
        for path, why in found.strays:
            shown = f"{mapping.source}/{day}/{printable(path.relative_to(folder))}"
            waits = path in found.waiting
            self.refusals.append(Refusal(mapping.source, f"{shown}: {why}", day, printable(Path(path.name)), waits))
        if found.takes_nothing:
            self.refusals.append(Refusal(mapping.source, f"{mapping.source}/{day}: {nothing_taken(mapping)}", day))
        matched = found.files
        rates = self.rates.known(mapping.source, day, before=True)
        before = self._last_good(mapping, day)
        unused = {name: entry.unknown_columns for name, entry in before.items()}
        delivery = SourceDelivery(
            self.settings, mapping, day, folder, matched, rates, waiting=found.waiting, unused_before=unused
        )
        entries = self._load(delivery, [name for name in matched if _gives(mapping, name, RATES)])
        own = [feed.path for name in entries for entry in entries[name] for feed in entry.feeds if feed.entity == RATES]
        delivery = replace(delivery, rates=self.rates.known(mapping.source, day, also=own))
        entries |= self._load(
            delivery, [name for name in matched if name not in entries or _is_converted(mapping, name)]
        )
        taken = [entry for name in entries for entry in entries[name]]
        self.notes += [note for entry in taken for note in _news(entry, before.get(entry.mapping_file))]
        unchanged = {(entry.mapping_file, entry.file) for entry in taken if entry in self.manifest.files}
        kept = [
            entry
            for entry in self.manifest.files
            if not (entry.source == mapping.source and entry.load_date == day and entry.mapping_file in entries)
            or (entry.known_from and (entry.mapping_file, entry.file) in unchanged)
        ]
        self._commit(mapping.source, [*kept, *taken])

    def _last_good(self, mapping: Mapping, day: date) -> dict[str, FileEntry]:
        """By the mapping's name of them, the last files before a day that were taken in."""
        return {
            entry.mapping_file: entry
            for entry in self.manifest.files  # by day
            if entry.source == mapping.source and entry.load_date < day and entry.status == "loaded"
        }

    def _load(self, delivery: SourceDelivery, names: Iterable[str]) -> dict[str, list[FileEntry]]:
        loaded: dict[str, list[FileEntry]] = {}
        earlier = {
            (entry.mapping_file, entry.file, entry.sha256, entry.inputs): entry
            for entry in self.manifest.files
            if (entry.source, entry.load_date) == (delivery.mapping.source, delivery.load_date)
            if entry.status not in ("waits", "lost")
            and not entry.known_from
            and not self._is_unsound(entry)
            and entry.rates_digest == delivery.rates_digest(entry.rates_used)
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
                    waits = entry.status == "waits"
                    self.refusals.append(Refusal(entry.source, entry.error, entry.load_date, entry.file, waits))
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
            before = self.manifest
            self.manifest = Manifest.of(before.files, [*before.loads, *refused], before.hashes)
            self.manifest.write(self.settings.raw, before)

    # --- the manifest -----------------------------------------------------------------------------------------------

    def _entries(self, source: str) -> list[FileEntry]:
        return [entry for entry in self.manifest.files if entry.source == source]

    def _commit(self, source: str, files: list[FileEntry]) -> None:
        own = [
            load.model_copy(update={"basis": ""}) if self.unsound.keys() & set(load.live) else load
            for load in self.manifest.loads
            if load.source == source
        ]
        others = [load for load in self.manifest.loads if load.source != source]
        loads = live_loads(self.reading, self.settings, source, (file for file in files if file.source == source), own)
        hashes = hashed(self.settings.raw, files, [*others, *loads], self.manifest)
        manifest = Manifest.of(files, [*others, *loads], hashes)
        if manifest != self.manifest:
            manifest.write(self.settings.raw, self.manifest)
            self.manifest = manifest
            self.rates.show(manifest.loads)

    # --- the outcome ------------------------------------------------------------------------------------------------

    def report(self) -> IngestReport:
        loads = tuple(load for load in self.manifest.known(date.max) if self.first <= load.load_date <= self.last)
        held = [Refusal(load.source, str(load.error), load.load_date) for load in loads if load.status == "held"]
        return IngestReport(
            loads=loads,
            files=tuple(
                file
                for file in self.manifest.files
                if self.first <= file.load_date <= self.last and not file.known_from
            ),
            refusals=tuple(dict.fromkeys([*self.refusals, *held])),
            notes=tuple(self.notes),
        )


_NO_MAPPING = "cannot be read without its mapping"


def day_of(folder: Path) -> date | None:
    is_day = folder.is_dir() and re.fullmatch(r"\d{4}-\d{2}-\d{2}", folder.name)
    try:
        return date.fromisoformat(folder.name) if is_day else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Found:
    """What lies in a delivery."""

    files: dict[str, tuple[Path, ...]]  # by the mapping's name of them
    strays: list[tuple[Path, str]]  # what no file of the mapping is, each with what to do
    waiting: dict[Path, str]  # what is still being written, and how that shows
    takes_nothing: bool  # whether things were delivered and the mapping ignores them all


def _matched(mapping: Mapping, folder: Path, watch: Watch) -> Found:
    return match(mapping, arrivals(folder), watch)


def nothing_taken(mapping: Mapping) -> str:
    """What to say of a delivery whose files are all ignored."""
    patterns = ", ".join(one for file in mapping.files.values() for one in file.pattern)
    return (
        "all files of the delivery are among those that the mapping ignores, none fits its patterns "
        f"({patterns}); is it the mapping of this system, and the whole delivery?"
    )


def match(mapping: Mapping, delivered: Sequence[Arrival], watch: Watch) -> Found:
    """What a mapping makes of the things that were delivered."""
    matched: dict[str, list[Path]] = {}
    strays = []
    waiting = {}
    for one in delivered:
        path, why = one.path, one.partial
        if one.no_file:
            strays.append((path, one.no_file))
            continue
        if not why and watch.is_growing(path):
            why = f"is still being written: it changed within seconds; {WAITS}"
        if why:
            waiting[path] = why
        names = [name for name, file in mapping.files.items() if file.matches(one.name)]
        for name in names:
            matched.setdefault(name, []).append(path)
        if not names and not any(fnmatch(one.name, each) for each in mapping.ignore):
            strays.append((path, why or "no pattern of the mapping fits it; add one, or list it under `ignore`"))
    takes_nothing = bool(delivered) and not matched and not strays
    return Found(
        {name: tuple(matched[name]) for name in mapping.files if name in matched}, strays, waiting, takes_nothing
    )


def _reading(
    entry: FileEntry, known_from: date | None = None, rates_digest: str | None = None
) -> tuple[str, date, str, str, str, date | None, str]:
    """What tells one reading of a file from another, and whether it is still what it was made of."""
    return (
        entry.mapping_file,
        entry.load_date,
        entry.file,
        entry.sha256,
        entry.inputs,
        known_from or entry.known_from,
        rates_digest or entry.rates_digest,
    )


def _news(entry: FileEntry, before: FileEntry | None) -> Iterator[str]:
    """Columns that the last good file did not have. Another mapping has another mind of what is of use."""
    if before is None or entry.status != "loaded" or before.mapping_version != entry.mapping_version:
        return
    new = new_columns(entry.unknown_columns, before.unknown_columns)
    if new:
        yield (
            f"{entry.source}/{entry.load_date}/{entry.file}: has new columns, {', '.join(map(repr, new))}, which the "
            f"mapping does not use (since {before.load_date} at the earliest); map them, or let them be"
        )


def _is_converted(mapping: Mapping, name: str) -> bool:
    return any(is_converted(feed) for feed in mapping.files[name].entities)


def _gives(mapping: Mapping, name: str, entity: str) -> bool:
    return any(feed.entity == entity for feed in mapping.files[name].entities)
