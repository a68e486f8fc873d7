"""What a mapping would make of files, by the ingestion's own code in a folder of its own: nothing is loaded."""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import duckdb

from foundation.contract import contract, literal, quote
from foundation.errors import CommandFailedError
from foundation.seeds import seeds
from foundation.settings import Settings
from orchestration.ingestion.arrivals import Arrival, Watch, arrivals
from orchestration.ingestion.deliveries import day_of, match, nothing_taken
from orchestration.ingestion.errors import printable
from orchestration.ingestion.load import SourceDelivery, load_file, staging_connection
from orchestration.ingestion.manifest import FileEntry, Manifest
from orchestration.ingestion.mapping import EntityMapping, Mapping, load_mapping, mapping_path
from orchestration.ingestion.rates import ENTITY as RATES
from orchestration.ingestion.rates import RateBook
from orchestration.ingestion.readers import open_reader
from orchestration.ingestion.spread import ITEM, POSITION
from orchestration.ingestion.staged import Staged
from orchestration.onboarding.supply import EntityColumns, Outlook, of_loads, outlook
from orchestration.reference import not_stated

_SAMPLES = 1  # rows shown of each entity that a file feeds
_LONGEST_RECORD = 64 << 20  # bytes of a row put aside
_SEE = re.compile(r"\. See \S.*$")  # the quarantine of a dry run is gone when its message is read


@dataclass(frozen=True)
class Aside:
    """Rows put aside for one reason, or loaded without a value; the first of them as the example."""

    file: str
    rows: int
    column: str  # entity.column, empty where no column could be read
    reason: str
    outcome: str
    line: int
    value: str


@dataclass(frozen=True)
class SampleCell:
    """One column of a sample row: the columns of the file it is made of, their text, and what was made of it."""

    column: str
    made_of: str
    before: str | None
    after: str | None
    is_of_element: bool = False  # made of an element of an array, or of one of several columns


@dataclass(frozen=True)
class Sample:
    """A row of an entity beside the line that it was made of."""

    file: str
    line: int
    entity: str
    cells: tuple[SampleCell, ...]


@dataclass(frozen=True)
class Filled:
    """Of an entity: its rows, the columns that hold a value, and those mapped or not that hold none."""

    entity: str
    rows: int
    columns: tuple[str, ...]
    empty: tuple[str, ...]  # mapped, and null in every row
    not_mapped: tuple[str, ...]


@dataclass
class DryRun:
    """What a dry run found."""

    source: str
    mapping: str
    day: date
    files: list[FileEntry] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)  # files that only joins read
    problems: list[str] = field(default_factory=list)  # refused or unmatched files, each with what to do
    aside: list[Aside] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    filled: list[Filled] = field(default_factory=list)
    outlook: Outlook | None = None

    @property
    def is_fine(self) -> bool:
        """Whether all of it would load: nothing is refused, and not every file is there for joins alone."""
        return not self.problems and not (self.lookups and not self.files)


def check(settings: Settings, source: str, day: date | None, sample: Sequence[Path]) -> DryRun:
    """Dry-runs the mapping of a source over one delivery (the newest, or that of a day), or over a sample of files.

    Raises CommandFailedError where there is no mapping or nothing to run it on, and MappingError where it is wrong.
    """
    path = mapping_path(settings, source)
    if path is None:
        raise CommandFailedError(
            f"{settings.sources / source}.yml: there is no mapping of that name; propose one from the files with "
            f"kefu source add {source} FILE..."
        )
    mapping = load_mapping(path)
    day, folder, delivered = _files(settings, source, day, sample)
    found = DryRun(source, str(path), day)
    matched = match(mapping, delivered, Watch())
    found.problems += [f"{printable(stray.relative_to(folder))}: {why}" for stray, why in matched.strays]
    if matched.takes_nothing:
        found.problems.append(nothing_taken(mapping))
    found.lookups = [name for name in matched.files if not mapping.files[name].entities]
    with tempfile.TemporaryDirectory(prefix="kefu-check-") as scratch:
        aside = settings.model_copy(update={"home": Path(scratch)})
        book = RateBook(settings.raw, settings.ingestion.fx_max_age_days)
        book.show(Manifest.read(settings.raw).loads)
        rates = book.known(source, day, before=True)
        _run(SourceDelivery(aside, mapping, day, folder, matched.files, rates, waiting=matched.waiting), book, found)
        found.aside = list(_put_aside(aside.quarantine))
    found.problems += [_SEE.sub("", str(entry.error)) for entry in found.files if entry.error]
    found.filled = list(_filled(mapping, found.files))
    found.outlook = outlook(_supply(settings, source, found.filled), source)
    return found


def _files(
    settings: Settings, source: str, day: date | None, sample: Sequence[Path]
) -> tuple[date, Path, list[Arrival]]:
    """The day, the folder that names are told from, and the files."""
    if sample:
        paths = sorted(path.resolve() for path in sample)
        return (
            day or datetime.now(settings.company.zone).date(),
            Path(os.path.commonpath([p.parent for p in paths])),
            [Arrival(path, path.name) for path in paths],
        )
    landing = settings.landing / source
    days = {found: folder for folder in landing.glob("*") if (found := day_of(folder))}
    if not days or (day and day not in days):
        raise CommandFailedError(
            f"{landing / str(day or '<YYYY-MM-DD>')}: there is no delivery; put files there, or name some with --sample"
        )
    newest = day or max(days)
    return newest, days[newest], arrivals(days[newest])


def _run(delivery: SourceDelivery, book: RateBook, found: DryRun) -> None:
    """Loads every file into the scratch folder; those that give rates of exchange first, as a night does."""
    files = delivery.mapping.files
    named = [(name, path) for name, paths in delivery.files.items() for path in paths if files[name].entities]
    gives = {name for name, file in files.items() if any(feed.entity == RATES for feed in file.entities)}
    own: list[str] = []
    with staging_connection(delivery.settings) as con:
        for name, path in sorted(named, key=lambda one: one[0] not in gives):
            if own:
                delivery = replace(delivery, rates=book.known(found.source, found.day, also=own))
            entry = load_file(con, delivery, name, path, _Look(delivery, name, found.samples))
            found.files.append(entry)
            own += [str(delivery.settings.raw / feed.path) for feed in entry.feeds if feed.entity == RATES]


# --- before and after ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Look:
    """Takes the first rows of each entity of a file, beside the text that they were made of."""

    delivery: SourceDelivery
    name: str
    samples: list[Sample]

    def __call__(self, rows: Staged, path: Path) -> None:
        file = self.delivery.mapping.files[self.name]
        for entity in dict.fromkeys(feed.entity for feed in file.entities):
            known = contract()[entity]
            columns = ", ".join(f"{quote(column.name)}::varchar as {quote(column.name)}" for column in known.mapped)
            taken = rows.con.execute(
                f"select line, feed, {columns} from ({rows.rows(known)}) order by line, feed, place limit {_SAMPLES}"
            ).fetchall()
            for line, place, *values in taken:
                feed = rows.statement.feeds[place]
                after = dict(zip((column.name for column in known.mapped), values, strict=True))
                before = self._before(rows.con, path, line)
                cells = tuple(_cell(column, feed, before, after) for column in feed.columns)
                self.samples.append(Sample(self.delivery.name(path), line, entity, cells))

    def _before(self, con: duckdb.DuckDBPyConnection, path: Path, line: int) -> dict[str, str | None]:
        """The text of the columns that the mapping names, of one line."""
        file = self.delivery.mapping.files[self.name]
        reader = open_reader(path, file)
        names = sorted(_names(file.entities))
        found = [(name, sql) for name in names if not name.endswith("[*]") and (sql := reader.column(name))]
        wanted = ", ".join(["line", *(f"nullif({sql}, '')" for _, sql in found)])
        for batch in reader.rows():
            con.register("batches", batch)
            row = con.execute(f"select {wanted} from ({reader.prepared}) where line = {line}").fetchone()
            con.unregister("batches")
            if row:
                return dict(zip((name for name, _ in found), row[1:], strict=True))
        return {}


def _names(feeds: Iterable[EntityMapping]) -> set[str]:
    return {str(one) for feed in feeds for how in feed.columns.values() if how.value for one in how.value.references}


def _cell(column: str, feed: EntityMapping, before: dict[str, str | None], after: dict[str, str | None]) -> SampleCell:
    how = feed.columns[column]
    if how.value is None:
        return SampleCell(column, "constant", how.constant, after[column])
    names = sorted(str(one) for one in how.value.references)
    texts = [before[name] for name in names if before.get(name) is not None]
    begins = feed.each_path[:1] if feed.each_path else (ITEM,) if feed.unpivot else ()
    is_of_element = feed.is_spread and any(name.split(".")[0] in (*begins, POSITION) for name in names)
    text = " | ".join(str(text) for text in texts) if texts else None
    return SampleCell(column, ", ".join(names), text, after[column], is_of_element)


# --- what is put aside and what there will be ---------------------------------------------------------------


def _put_aside(quarantine: Path) -> Iterator[Aside]:
    """The rows put aside by file and reason, most first."""
    paths = [str(path) for path in quarantine.rglob("*.csv")]
    if not paths:
        return
    with duckdb.connect(config={"threads": 1}) as con:
        # written into the statement: for a bound value DuckDB imports pandas, which takes as long as the rest
        listed = ", ".join(map(literal, paths))
        rows = con.execute(
            f"""
            with told as (
                select file, line::bigint as line, "column" as name, value, reason, outcome
                from read_csv([{listed}], header = true, all_varchar = true, max_line_size = {_LONGEST_RECORD})
            )
            select file, count(*), coalesce(name, ''), reason, outcome, min(line), coalesce(arg_min(value, line), '')
            from told group by file, name, reason, outcome order by outcome <> 'put aside', 2 desc, file, 6
            """
        ).fetchall()
    yield from (Aside(*row) for row in rows)


def _filled(mapping: Mapping, files: Iterable[FileEntry]) -> Iterator[Filled]:
    rows: Counter[str] = Counter()
    columns: dict[str, set[str]] = {}
    for feed in (feed for file in files for feed in file.feeds):
        rows[feed.entity] += feed.rows
        columns.setdefault(feed.entity, set()).update(feed.filled or ())
    for entity, filled in columns.items():
        mapped = {
            column
            for file in mapping.files.values()
            for feed in file.entities
            if feed.entity == entity
            for column in feed.columns
        }
        names = [column.name for column in contract()[entity].mapped]
        yield Filled(
            entity,
            rows[entity],
            tuple(name for name in names if name in filled),
            tuple(name for name in names if name in mapped - filled),
            tuple(name for name in names if name not in mapped | filled),
        )


def _supply(settings: Settings, source: str, filled: Iterable[Filled]) -> EntityColumns:
    """What the ledger says is given (by this source's earlier loads too), what the company states, what this gives."""
    waiting = {seed.name for seed in not_stated(settings)}
    stated = {seed.name for seed in seeds().values() if seed.stated_by_company} - waiting
    known = of_loads(Manifest.read(settings.raw).known(date.max), stated)
    here = [one for one in filled if one.rows]
    columns = {(one.entity, column) for one in here for column in one.columns}
    return EntityColumns(
        {**known.sent, source: {one.entity for one in here} | known.sent.get(source, set())},
        {**known.given, source: columns | known.given.get(source, set())},
        stated,
    )
