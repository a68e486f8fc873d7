"""The pulls of a day: each source alone, so that one that fails hurts no other; what has landed stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from foundation.settings import Settings
from orchestration.ingestion.errors import MappingError, is_of_the_machine, unexpected
from orchestration.ingestion.mapping import load_pull
from orchestration.pulling import landing, state
from orchestration.pulling.declaration import Pull
from orchestration.pulling.errors import PullError
from orchestration.pulling.reading import Batch, Reading, before, digest, line

PART_ROWS = 100_000  # after which a file lands and the state goes on: what a pull that dies has to read again
_MAX_SEEN = 10_000  # digests that are kept; where more rows share a moment they come again, and ingestion drops them

Told = Callable[[str], None]


@dataclass
class PullReport:
    """What became of the pulls of a day."""

    landed: list[tuple[Path, int]] = field(default_factory=list)  # files and their rows
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        refused = f", {len(self.refusals)} refused" if self.refusals else ""
        return f"{len(self.landed):,} files, {sum(rows for _, rows in self.landed):,} rows{refused}"


def pulled_sources(settings: Settings) -> dict[str, Pull | MappingError]:
    """By name, the sources of this home that say how they are pulled, and those whose file cannot be read."""
    found: dict[str, Pull | MappingError] = {}
    for path in sorted(settings.sources.glob("*.yml")):
        try:
            if declaration := load_pull(path):
                found[path.stem] = declaration
        except MappingError as error:
            found[path.stem] = error
    return found


def pull(settings: Settings, day: date, only: Sequence[str] = (), reported: Told = lambda _: None) -> PullReport:
    """Pulls the sources that say how, or those named, into the landing folder of a day, however often it was done.
    Raises only when the machine fails."""
    report = PullReport()
    found = pulled_sources(settings)
    for name in only or found:
        if name in found:
            _take(settings, name, found[name], day, report, reported)
        else:
            path = settings.sources / f"{name}.yml"
            report.refusals.append(f"{path}: says no `pull:`; write there where the source is (docs/pulls.md)")
    return report


def pull_of_night(settings: Settings, day: date, reported: Told = lambda _: None) -> PullReport:
    """What the night pulls before it reads: each source once a day. A pull shows a source as it is now, so nothing is
    pulled for a day that is long past, such as one of a backfill."""
    report = PullReport()
    found = pulled_sources(settings)
    today = datetime.now(settings.company.zone).date()
    if found and day < today - timedelta(days=1):
        report.notes.append(f"nothing was pulled for {day}, which is past; if it is meant: kefu pull --date {day}")
        return report
    for name, declaration in found.items():
        _take(settings, name, declaration, day, report, reported, once=True)
    return report


def _take(
    settings: Settings,
    name: str,
    declaration: Pull | MappingError,
    day: date,
    report: PullReport,
    reported: Told,
    *,
    once: bool = False,
) -> None:
    if isinstance(declaration, MappingError):
        report.refusals.append(str(declaration))
    else:
        _Source(settings, name, day, report, reported).take(declaration, once=once)


@dataclass
class _Source:
    settings: Settings
    source: str
    day: date
    report: PullReport
    reported: Told

    @property
    def folder(self) -> Path:
        return self.settings.landing / self.source / str(self.day)

    def take(self, declaration: Pull, *, once: bool) -> None:
        """Pulls all objects; with `once` not where that was done for the day."""
        before = len(self.report.refusals)
        with self._alone(self.source), state.alone(self.settings, self.source):
            self.state = state.read(self.settings, self.source)
            if once and self.state.done == self.day:
                return
            if self.state.day and self.day < self.state.day:
                said = f"{self.source}: is pulled up to {self.state.day}, and shows nothing of {self.day} any more"
                self.report.notes.append(said)
                return
            self.state.day = self.day
            self._objects(declaration)
            if len(self.report.refusals) == before:
                self.state.done = self.day
                state.write(self.settings, self.source, self.state)

    def _objects(self, declaration: Pull) -> None:
        # dlt is imported here: it takes longer than all of `kefu ingest`
        if declaration.database:
            from orchestration.pulling import database

            with database.connected(self.settings, declaration.database) as engine:
                for name, table in declaration.database.objects.items():
                    with self._alone(f"{self.source}: {name}"):
                        self._land(name, database.read(engine, table, self._progress(name).place))
        if declaration.api:
            from orchestration.pulling import api

            caller = api.Caller(self.settings, declaration.api)
            for name, endpoint in declaration.api.objects.items():
                with self._alone(f"{self.source}: {name}"):
                    self._land(name, api.read(caller, endpoint, self._progress(name).place))

    @contextmanager
    def _alone(self, shown: str) -> Iterator[None]:
        try:
            yield
        except PullError as error:
            self.report.refusals.append(f"{shown}: {error}")
        except Exception as error:
            if is_of_the_machine(error):
                raise
            self.report.refusals.append(f"{shown}: {unexpected(error)}")

    def _progress(self, name: str) -> state.Progress:
        return self.state.objects.setdefault(name, state.Progress())

    def _land(self, name: str, reading: Reading) -> None:
        if reading.whole:
            self._land_whole(name, reading.batches)
        else:
            self._land_parts(name, reading)

    def _land_whole(self, name: str, batches: Iterable[Batch]) -> None:
        with landing.part(self.folder / landing.snapshot_name(name)) as part:
            for batch in batches:
                part.add([line(row) for row in batch.rows])
                self.reported(f"{self.source}: {name}, {part.rows:,} rows")
            progress = self._progress(name)
            if not part.rows and progress.rows:
                raise PullError(f"gives no rows, where it gave {progress.rows:,} before; nothing of it is taken")
            part.land()
        progress.rows = part.rows
        self._landed(part)

    def _land_parts(self, name: str, reading: Reading) -> None:
        """Files of a size, each a step of which the state knows. What came before a failure lands."""
        progress = self._progress(name)
        recent = _Recent(reading, progress.seen)
        batches = iter(reading.batches)
        failed: PullError | None = None
        more = True
        while more:
            with landing.part(landing.next_part(self.folder, name)) as part:
                while more and part.rows < PART_ROWS:
                    try:
                        batch = next(batches, None)
                    except PullError as error:
                        failed, batch = error, None
                    more = batch is not None
                    part.add(recent.new(batch) if batch else [])
                    self.reported(f"{self.source}: {name}, {part.rows:,} rows")
                part.land()
            if recent.is_step or not (more or failed):
                progress.place, progress.seen = recent.place or progress.place, recent.seen
            self._landed(part)
        if failed:
            raise failed

    def _landed(self, part: landing.Part) -> None:
        """The state follows what has landed, never the other way round."""
        state.write(self.settings, self.source, self.state)
        if part.landed:
            self.report.landed.append((part.target, part.rows))


class _Recent:
    """The rows at the end of what was read: by them the next pull knows what it has."""

    def __init__(self, reading: Reading, seen: Iterable[str]) -> None:
        self.reading = reading
        self.place: state.Place | None = None
        self.is_step = reading.steps  # until records come in another order than they should
        self._known = frozenset(seen)
        self._last: list[tuple[Any, str]] = []  # value and digest of the rows at the place and within the lag
        self._greatest: Any = None

    def new(self, batch: Batch) -> list[bytes]:
        """The lines of a batch that did not come before, which it remembers."""
        lines = [line(row) for row in batch.rows]
        if batch.place:
            self.place = batch.place
            if lines:
                self._last = [(None, digest(written)) for written in lines]
        if batch.values:
            self._follow(batch.values)
            self.place = state.Place.of(self._greatest)
            recent = [
                (value, written) for value, written in zip(batch.values, lines, strict=True) if self._counts(value)
            ]
            self._last = [one for one in self._last if self._counts(one[0])]
            self._last += [(value, digest(written)) for value, written in recent]
        return [written for written in lines if digest(written) not in self._known] if self._known else lines

    def _follow(self, values: Sequence[Any]) -> None:
        if self.reading.is_sorted:  # by the database, whose order of texts may be another than Python's
            self._greatest = values[-1]
            return
        for value in values:
            if self._greatest is None or value >= self._greatest:
                self._greatest = value
            else:
                self.is_step = False

    def _counts(self, value: Any) -> bool:
        lag = self.reading.lag
        return bool(value >= before(self._greatest, lag) if lag else value == self._greatest)

    @property
    def seen(self) -> tuple[str, ...]:
        if not self._last:
            return tuple(self._known)
        kept = dict.fromkeys(key for _, key in self._last)
        return tuple(kept) if len(kept) <= _MAX_SEEN else ()
