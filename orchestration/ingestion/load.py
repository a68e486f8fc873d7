"""One file of one delivery: read, mapped, judged, counted, and written as Parquet beside the raw zone's live files.

DuckDB runs here without access to files but the folder it writes to, and its settings are locked.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from foundation.contract import Entity, contract, literal, quote
from foundation.settings import Settings
from orchestration.ingestion.arrivals import WAITS, state
from orchestration.ingestion.changes import for_missing, for_unread
from orchestration.ingestion.errors import (
    MissingColumnsError,
    RefusedError,
    WaitsError,
    is_of_the_machine,
    printable,
    unexpected,
)
from orchestration.ingestion.expressions import ColumnReference, Numbers
from orchestration.ingestion.manifest import FeedCounts, FileEntry
from orchestration.ingestion.mapping import EntityMapping, FileMapping, Join, Mapping
from orchestration.ingestion.quarantine import RejectedRow, outcome, quarantine_file, whole_record, write_quarantine
from orchestration.ingestion.rates import Rates, Spans
from orchestration.ingestion.readers import DelimitedReader, NotPlainError, Reader, open_reader
from orchestration.ingestion.spread import POSITION, Arrays
from orchestration.ingestion.staged import RowCounts, RowVerdict, Staged, staged
from orchestration.ingestion.statement import Statement, StatementContext, is_converted, source_text

_SHOWN = 10_000  # rows of a refused file that its quarantine shows
_POSITIONS = 15  # bits of a counted number for the place among events of one instant
_ORDINALS = 5  # bits for the kind of file
_LISTED = literal(r"""[^\s\[\]"',;|]+""")  # each key of a list written as text
_MAPPING_FAULTS = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.InvalidTypeException,
    duckdb.NotImplementedException,
    duckdb.OutOfRangeException,
    duckdb.ParserException,
    duckdb.TypeMismatchException,
)
Look = Callable[[Staged, Path], None]  # sees the judged rows of a file that is taken in, before they are written
_ROW_FAULTS = (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)


@dataclass(frozen=True)
class SourceDelivery:
    """What one source put into its landing folder for one day."""

    settings: Settings
    mapping: Mapping
    load_date: date
    folder: Path
    files: dict[str, tuple[Path, ...]]  # by the mapping's name of the file
    rates: Rates  # known to the source by this day, or by `known_from`
    known_from: date | None = None  # of a later reading of the same files, by rates that arrived on that day
    waiting: dict[Path, str] = field(default_factory=dict)  # files that are still being written, and how that shows
    unused_before: dict[str, tuple[str, ...]] = field(default_factory=dict)  # columns of the last good file of a name
    hashes: dict[Path, str] = field(default_factory=dict)
    states: dict[Path, tuple[int, int] | None] = field(default_factory=dict)  # of files before they were hashed

    def sha256(self, path: Path) -> str:
        """Of a file's bytes; a word where they cannot be read, which the one who reads them tells, or not yet."""
        if path in self.waiting:
            return "waits"
        if path not in self.hashes:
            self.states[path] = state(path)
            try:
                with path.open("rb") as file:
                    self.hashes[path] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                if is_of_the_machine(error):
                    raise
                self.hashes[path] = "unreadable"
        return self.hashes[path]

    def name(self, path: Path) -> str:
        return printable(path.relative_to(self.folder))

    def inputs(self, name: str) -> str:
        """Hash of all that the outcome of a file depends on besides its own bytes and the rates."""
        file = self.mapping.files[name]
        limits = self.settings.ingestion
        parts = [self.mapping.version, name, str(limits.max_bad_share), str(limits.bad_rows_allowed)]
        parts += [contract()[feed.entity].digest for feed in file.entities]
        parts += [self.sha256(path) for join in file.joins.values() for path in self.files.get(str(join.file), ())]
        if any(is_converted(feed) for feed in file.entities):
            company = self.settings.company
            parts += [company.currency, company.time_zone, str(limits.fx_max_age_days)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def rates_digest(self, spans: Spans) -> str:
        """Hash of the rates that the spans could have; empty where none is asked for."""
        return self.rates.digest(spans) if spans else ""


@contextmanager
def staging_connection(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty DuckDB in memory that spills to and writes into one folder of the raw zone, and reaches nothing else."""
    aside = aside_folder(settings)
    shutil.rmtree(aside, ignore_errors=True)  # what a run that died left
    aside.mkdir(parents=True)
    con = duckdb.connect(config=settings.engine.duckdb | {"temp_directory": str(aside / "spill")})
    try:
        con.execute("set global TimeZone = 'UTC'")  # of the cursors too
        con.execute(f"set allowed_directories = [{literal(str(aside))}]")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield con
    finally:
        con.close()
        shutil.rmtree(aside)


def aside_folder(settings: Settings) -> Path:
    """Where files are written before they are renamed into their place."""
    return settings.raw / ".aside"


def load_file(
    con: duckdb.DuckDBPyConnection, delivery: SourceDelivery, name: str, path: Path, look: Look | None = None
) -> FileEntry:
    """Takes in one file, on a staging connection; one that must be refused gives an entry that says why.

    Several may run at once: each has a cursor, whose temporary tables are its own, and a folder to write to.
    Raises only when the machine fails.
    """
    with (
        con.cursor() as own,
        tempfile.TemporaryDirectory(dir=aside_folder(delivery.settings)) as aside,
    ):
        return _FileLoad(own, delivery, name, path, Path(aside), look).run()


class _FileLoad:
    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        delivery: SourceDelivery,
        name: str,
        path: Path,
        aside: Path,
        look: Look | None,
    ) -> None:
        self.con = con
        self.look = look
        self.delivery = delivery
        self.settings = delivery.settings
        self.name = name
        self.path = path
        self.file: FileMapping = delivery.mapping.files[name]
        self.shown = f"{delivery.mapping.source}/{delivery.load_date}/{delivery.name(path)}"
        self.aside = aside
        folder = self.settings.quarantine / delivery.mapping.source / str(delivery.load_date)
        self.quarantine = quarantine_file(folder, delivery.name(path))
        self.reader: Reader | None = None
        self.rejected: list[RejectedRow] = []
        self.rates_used: Spans = {}

    def run(self) -> FileEntry:
        try:
            entry = self._loaded()
            assert entry.balances(), entry.model_dump_json()  # noqa: S101 - told as what nobody foresaw
        except WaitsError as error:
            entry = self._entry("waits", error=f"{self.shown}: {error}")
        except RefusedError as error:
            entry = self._refused(str(error))
        except (MemoryError, duckdb.OutOfMemoryException):
            entry = self._refused(
                f"needs more memory than engine.memory_limit allows ({self.settings.engine.memory_limit}); have it "
                "sent in parts, or let the engine have more"
            )
        except Exception as error:  # nothing that one file does may stop the others
            if is_of_the_machine(error):
                raise
            entry = self._refused(self._unreadable(error) or unexpected(error))
        write_quarantine(self.quarantine, self.settings.quarantine, self.rejected)
        return entry

    def _unreadable(self, error: Exception) -> str | None:
        """What to say of a file of the delivery that the system does not let us read."""
        if not isinstance(error, OSError) or not Path(os.fsdecode(error.filename or "")).is_relative_to(
            self.delivery.folder
        ):
            return None
        return f"cannot be read ({error.strerror}); is it still being written, or somebody else's?"

    def _refused(self, why: str) -> FileEntry:
        records = self.reader.records if self.reader else 0
        return self._entry("refused", read=records, refused=records, error=f"{self.shown}: {why}")

    def _entry(self, status: str, **fields: object) -> FileEntry:
        return FileEntry.model_validate(
            {
                "source": self.delivery.mapping.source,
                "load_date": self.delivery.load_date,
                "mapping_file": self.name,
                "file": self.delivery.name(self.path),
                "sha256": self.delivery.sha256(self.path),
                "mapping_version": self.delivery.mapping.version,
                "inputs": self.delivery.inputs(self.name),
                "known_from": self.delivery.known_from,
                "rates_used": dict(self.rates_used),
                "rates_digest": self.delivery.rates_digest(self.rates_used),
                "entities": {feed.entity: feed.mode for feed in self.file.entities},
                "status": status,
                **fields,
            }
        )

    def _loaded(self) -> FileEntry:
        if self.path in self.delivery.waiting:
            raise WaitsError(self.delivery.waiting[self.path])
        entry = self._read()
        if state(self.path) != self.delivery.states.get(self.path):
            raise WaitsError(f"is still being written: it changed while it was read; {WAITS}")
        return entry

    def _read(self) -> FileEntry:
        self.delivery.sha256(self.path)  # before it is read, so that a change shows
        reader = self.reader = open_reader(self.path, self.file)
        try:
            rows, tally = self._judged(reader)
        except MissingColumnsError as error:
            unused = self._unused(reader, error.used)
            edit = for_missing(error.names, unused, self.delivery.unused_before.get(self.name), self.file)
            raise RefusedError(f"{error}{edit}") from error
        if tally.rows + len(reader.broken) != reader.records:
            raise RefusedError(
                f"{reader.records:,} records were counted but {tally.rows + len(reader.broken):,} could be read; "
                "look for quotes that are not closed"
            )
        asked = rows.asked_rates()
        self.rates_used = asked.spans
        quarantined = tally.failed + len(reader.broken)
        if quarantined:
            self._put_aside(rows, reader)
            self._refuse_if_too_bad(rows, reader, quarantined - asked.without_rate)
        if reader.records == 0 and any(feed.mode == "snapshot" for feed in self.file.entities):
            raise RefusedError("holds a header and no row, which for a snapshot would mean that all is gone")
        duplicate = rows.drop_repeated() if tally.suspects else 0
        reported = rows.reported(_SHOWN)
        self._tell(rows, reported)
        if self.look:
            self.look(rows, self.path)
        feeds = tuple(
            self._write(rows, entity, loses=bool(reported), has_failed=tally.failed > 0)
            for entity in self._entity_names()
        )
        return self._entry(
            "loaded",
            read=reader.records,
            accepted=reader.records - tally.filtered - duplicate - quarantined,
            filtered=tally.filtered,
            duplicate=duplicate,
            quarantined=quarantined,
            feeds=feeds,
            earlier_rate=asked.earlier_rate,
            without_rate=asked.without_rate,
            unknown_columns=self._unused(reader, rows.statement.names, rows.statement.cells),
        )

    def _judged(self, reader: Reader) -> tuple[Staged, RowCounts]:
        """The rows of the file, judged; with care from the start where an expression cannot compute one of them."""
        try:
            return self._run(reader, careful=False)
        except _RowFaultError:
            return self._run(reader, careful=True)

    def _run(self, reader: Reader, *, careful: bool) -> tuple[Staged, RowCounts]:
        around = StatementContext(
            source=self.delivery.mapping.source,
            load_date=self.delivery.load_date,
            time_zone=self.delivery.mapping.time_zone,
            company_zone=self.settings.company.time_zone,
            company_currency=self.settings.company.currency,
            rate_days=self.settings.ingestion.fx_max_age_days,
        )
        statement = Statement(self.file, reader, around, careful=careful)
        self.con.register("rates", self.delivery.rates.table)
        for alias, join in self.file.joins.items():
            self._look_up(alias, join, statement.looked_up[alias])
        rows = staged(self.con, statement, reader)

        def run(sql: str) -> None:
            _stream(self.con, sql, reader, may_retry=not careful)

        return rows, rows.fill(run, counts_repeats=self._counts_repeats)

    def _refuse_if_too_bad(self, rows: Staged, reader: Reader, bad: int) -> None:
        """A wrong mapping shows by many bad rows; a few are a few, however small the file. One that waits for a rate of
        exchange is not bad.

        It shows too where none of several rows is left, unless all that is wrong is what their columns say of each
        other; and where no row could be read at all, it is the file that is none.
        """
        limits = self.settings.ingestion
        is_much = bad > limits.max_bad_share * reader.records and bad > limits.bad_rows_allowed
        broken = len(reader.broken) + rows.count_failed(lambda failure: not failure.column)
        unruly = rows.count_failed(lambda failure: failure.is_rule)
        is_all = bad == reader.records and (broken == bad or 1 < bad != unruly)
        if not (is_much or is_all):
            return
        waiting = {failure.reason for failure in rows.failures.values() if failure.is_no_rate}
        self.rejected = [row for row in self.rejected if row.reason not in waiting][:_SHOWN]
        worst = max(self.rejected, key=lambda row: [r.reason for r in self.rejected].count(row.reason))
        allowed = f"more than the {limits.max_bad_share:.1%} allowed" if is_much else "so that nothing is left of it"
        raise RefusedError(
            f"{bad:,} of {reader.records:,} rows are bad, {allowed}; most often "
            f"{worst.column or 'the row'} {worst.reason}{self._edit(worst)}. See {self.quarantine}"
        )

    def _edit(self, worst: RejectedRow) -> str:
        """The edit of the mapping that would read the texts of the column that most often could not be read."""
        entity, _, name = worst.column.partition(".")
        how = next((f.columns[name] for f in self.file.entities if f.entity == entity and name in f.columns), None)
        if how is None:
            return ""
        values = [row.value or "" for row in self.rejected if (row.column, row.reason) == (worst.column, worst.reason)]
        return for_unread(contract()[entity].by_name[name].data_type.partition("(")[0], values, name, how)

    def _entity_names(self) -> Iterator[str]:
        yield from dict.fromkeys(feed.entity for feed in self.file.entities)

    @staticmethod
    def _unused(reader: Reader, names: tuple[str, ...], cells: AbstractSet[str] = frozenset()) -> tuple[str, ...]:
        """Columns of the file without a place in the mapping; `cells` are those that are read to rows."""
        used = {reader.column(name) for name in names} | cells
        return tuple(name for i, name in enumerate(reader.columns or ()) if f"c{i}" not in used)

    # --- other files ----------------------------------------------------------------------------------------------

    def _look_up(self, alias: str, join: Join, names: dict[str, str]) -> None:
        """Makes lookup_<alias>: one row for each key of the joined file."""
        paths = self.delivery.files.get(join.file, ()) if join.file is not None else [self.path]
        if not paths and not join.optional:
            raise RefusedError(f"needs the file {join.file!r} of the same delivery, which is not there; have it sent")
        file = self.delivery.mapping.files[join.file] if join.file is not None else self.file
        keys = [f"k{k}" for k in range(len(join.on) or 1)]
        inputs = [f"{quote(f'x_{name}')} varchar" for name in self._aggregated(join, names)]
        plain = [f"{short} varchar" for name, short in names.items() if name not in join.aggregate]
        columns = ", ".join([*(f"{key} varchar" for key in keys), *plain, *inputs, "file integer", "line bigint"])
        self.con.execute(f"create or replace temp table all_{alias} ({columns})")
        for number, path in enumerate(paths):
            if path in self.delivery.waiting:
                raise WaitsError(f"needs the file {path.name}, which {self.delivery.waiting[path]}")
            try:
                reader = open_reader(path, file)
                if join.optional and any(reader.column(theirs) is None for theirs in join.on.values()):
                    continue
                rows = self._lookup_rows(join, names, file, reader, number)
                _stream(self.con, f"insert into all_{alias} {rows}", reader)
            except RefusedError as error:
                raise RefusedError(f"needs the file {path.name}, which {error}") from error
        picked = [one for name, short in names.items() for one in self._picked(join, name, short)]
        sql = (
            f"create or replace temp table lookup_{alias} as select {', '.join([*keys, *picked])} from all_{alias} "
            f"group by {', '.join(keys)}"
        )
        try:
            self.con.execute(sql)
        except _MAPPING_FAULTS as error:
            aggregates = ", ".join(
                f"{name}: {join.aggregate[name].tree.sql(dialect='duckdb')}" for name in join.aggregate
            )
            raise RefusedError(
                f"the aggregates of the join {alias!r} cannot run ({aggregates}): {_about(error)}; cast what is text, "
                "as in sum(price::decimal(18,2))"
            ) from error

    def _picked(self, join: Join, name: str, short: str) -> Iterator[str]:
        """The columns that a name of a join gives: its value, and what could not be read of it."""
        if name not in join.aggregate:
            yield f"first({short} order by file, line) as {short}"
            return
        zone = self.delivery.mapping.time_zone
        number = (self.delivery.mapping.files[join.file] if join.file is not None else self.file).number
        numbers = Numbers(number.style.plain if number else None)
        yield f"{join.aggregate[name].render(_of_the_other, zone, numbers)} as {short}"
        unread = join.aggregate[name].first_unread(_of_the_other, zone, "file, line", numbers)
        if unread:
            yield f"{unread} as {short}_unread"

    @staticmethod
    def _aggregated(join: Join, names: dict[str, str]) -> list[str]:
        """The other file's columns that the aggregates read."""
        return sorted({str(r) for name in names if name in join.aggregate for r in join.aggregate[name].references})

    def _lookup_rows(self, join: Join, names: dict[str, str], file: FileMapping, reader: Reader, number: int) -> str:
        """SQL of the rows that a join may match: those of a file, or the elements of the record's own array."""
        spread = Arrays(join.own_array) if join.own_array else None
        source = reader.prepared
        if spread:
            items = spread.items(lambda name: reader.column(name) or "null")
            source = (
                f"select * exclude (items), unnest(items) as item, generate_subscripts(items, 1) as {POSITION} from "
                f"(select *, {items} as items from ({reader.prepared}))"
            )

        def text(name: str) -> str:
            element = spread.element(ColumnReference(tuple(name.split(".")))) if spread else None
            sql = element or reader.column(name)
            if sql is None:
                raise RefusedError(f"has no column {name!r}")
            return source_text(file, sql)

        def key(name: str) -> str:
            return f"unnest(regexp_extract_all({text(name)}, {_LISTED}))" if name == join.each else text(name)

        wanted = [f"{key(theirs)} as k{k}" for k, theirs in enumerate(join.on.values())] or ["line::varchar as k0"]
        wanted += [f"{text(name)} as {short}" for name, short in names.items() if name not in join.aggregate]
        wanted += [f"{text(name)} as {quote(f'x_{name}')}" for name in self._aggregated(join, names)]
        return f"with prepared as ({source}) select {', '.join(wanted)}, {number} as file, line from prepared"

    # --- what is put aside ------------------------------------------------------------------------------------------

    @property
    def _counts_repeats(self) -> bool:
        """Whether rows have no key of their own, so that equal ones count each. A record of several rows is a document:
        what repeats one to the letter is the same document."""
        feeds = self.file.entities
        return any(feed.is_keyless or feed.numbered for feed in feeds) and not any(feed.is_spread for feed in feeds)

    def _put_aside(self, rows: Staged, reader: Reader) -> None:
        shown = self.delivery.name(self.path)
        self.rejected = [
            RejectedRow(shown, broken.line, "", None, broken.reason, whole_record(broken.record))
            for broken in reader.broken
        ]
        self.rejected += [self._row(rows, verdict, 0) for verdict in rows.failed()]

    def _tell(self, rows: Staged, reported: list[RowVerdict]) -> None:
        """Writes down the values that rows are loaded without."""
        self.rejected += [
            self._row(rows, verdict, place) for verdict in reported for place in range(len(verdict.codes))
        ]

    def _row(self, rows: Staged, verdict: RowVerdict, place: int) -> RejectedRow:
        failure = rows.failures[verdict.codes[place]]
        return RejectedRow(
            self.delivery.name(self.path),
            verdict.line,
            failure.column,
            verdict.values[place],
            failure.reason,
            verdict.record,
            outcome(failure.without),
        )

    # --- what is taken in -------------------------------------------------------------------------------------------

    def _write(self, rows: Staged, name: str, *, loses: bool, has_failed: bool) -> FeedCounts:
        entity = contract()[name]
        feeds = [feed for feed in self.file.entities if feed.entity == name]
        columns = ", ".join(self._stored(entity, feeds[0], column) for column in entity.by_name)
        aside = self.aside / f"{name}.parquet"
        self.con.execute(
            f"copy (with rows as ({rows.rows(entity)}) select {columns} from rows) to {literal(str(aside))} "
            "(format parquet, compression zstd)"
        )
        footer = pq.read_metadata(aside)
        first, last = _span(footer, entity.event_time)
        return FeedCounts(
            entity=name,
            path=self._keep(entity, aside),
            rows=footer.num_rows,
            nulled=rows.count(entity, "is_lossy") if loses else 0,
            event_from=first,
            event_to=last,
            filled=filled_columns(entity, footer),
            quarantined_keys=self._quarantined_keys(rows, entity, feeds) if has_failed else (),
        )

    def _stored(self, entity: Entity, feed: EntityMapping, name: str) -> str:
        source = self.delivery.mapping.source
        if name == "source_system":
            return f"{literal(source)} as source_system"
        if name == "load_date":
            return f"date '{self.delivery.load_date}' as load_date"
        if feed.is_keyless and name == entity.keys[0].name:
            # equal rows are told apart by their number, so that each of them counts
            occurrence = "row_number() over (partition by row_hash order by line)"
            return f"{literal(source + ':')} || row_hash || '-' || {occurrence} as {quote(name)}"
        if feed.numbered == name:
            return f"{self._number(entity, name)} as {quote(name)}"
        return quote(name)

    def _number(self, entity: Entity, name: str) -> str:
        """Counts within the rest of the key. With an event time the number grows with it from file to file: the
        instant in milliseconds, the kind of file, the place among the rows of that millisecond."""
        rest = [quote(column.name) for column in entity.keys if column.name != name]
        if entity.event_time is None:
            return f"row_number() over (partition by {', '.join(rest)} order by feed, line, place)"
        instant = quote(entity.event_time)
        millisecond = f"epoch_ms({instant})"
        place = (
            f"row_number() over (partition by {', '.join((*rest, millisecond))} order by {instant}, feed, line, place)"
        )
        ordinal = list(self.delivery.mapping.files).index(self.name) % (1 << _ORDINALS)
        return f"{millisecond} * {1 << (_POSITIONS + _ORDINALS)} + {ordinal << _POSITIONS} + {place}"

    def _quarantined_keys(self, rows: Staged, entity: Entity, feeds: list[EntityMapping]) -> tuple[str, ...]:
        """Keys that a snapshot holds but cannot be read, as far as the key itself can."""
        if feeds[0].mode != "snapshot" or any(feed.is_keyless or feed.numbered for feed in feeds):
            return ()
        parts = rows.keys_aside(entity, lambda prefix: key_sql(entity, prefix))
        if not parts:
            return ()
        found = self.con.execute(
            f"select distinct key from ({' union all '.join(parts)}) where key is not null order by key"
        ).fetchall()
        return tuple(row[0] for row in found)

    def _keep(self, entity: Entity, aside: Path) -> str:
        """Moves a finished file to its place, whose name says all that it was made of."""
        made_of = [self.delivery.sha256(self.path)[:12], self.delivery.inputs(self.name)]
        if self.rates_used:
            made_of.append(self.delivery.rates_digest(self.rates_used)[:8])
        name = f"{'-'.join(made_of)}.parquet"
        relative = (
            Path(entity.name) / f"load_date={self.delivery.load_date}" / f"source={self.delivery.mapping.source}" / name
        )
        target = self.settings.raw / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("rb") as written:
            os.fsync(written.fileno())  # before the manifest names it
        aside.replace(target)
        return relative.as_posix()


def key_sql(entity: Entity, prefix: str = "") -> str:
    """The key of a row as one text."""
    return " || chr(31) || ".join(f"{quote(prefix + column.name)}::varchar" for column in entity.keys)


def filled_columns(entity: Entity, footer: pq.FileMetaData) -> tuple[str, ...]:
    """Columns of the contract that hold a value in some row of a Parquet file, from its footer."""
    names = footer.schema.to_arrow_schema().names
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    nulls = {name: sum(group.column(i).statistics.null_count for group in groups) for i, name in enumerate(names)}
    return tuple(column.name for column in entity.mapped if nulls.get(column.name, footer.num_rows) < footer.num_rows)


def _span(footer: pq.FileMetaData, event_time: str | None) -> tuple[datetime | None, datetime | None]:
    """First and last of the event times of a Parquet file, from its footer."""
    if event_time is None:
        return None, None
    column = footer.schema.to_arrow_schema().get_field_index(event_time)
    groups = (footer.row_group(i).column(column).statistics for i in range(footer.num_row_groups))
    known = [statistics for statistics in groups if statistics is not None and statistics.has_min_max]
    first, last = min((s.min for s in known), default=None), max((s.max for s in known), default=None)
    if isinstance(first, datetime):
        return first, last
    midnight = time()
    return first and datetime.combine(first, midnight), last and datetime.combine(last, midnight)


def _of_the_other(reference: ColumnReference) -> str:
    return f"x_{reference}"


def _about(error: Exception) -> str:
    """What a fault of DuckDB is about: a binding fault speaks of the expression, any other's text may hold a value."""
    return str(error).splitlines()[0] if isinstance(error, duckdb.BinderException) else type(error).__name__


class _RowFaultError(Exception):
    """An expression cannot compute a row: once more with care, so that only that row goes."""


def _stream(con: duckdb.DuckDBPyConnection, sql: str, reader: Reader, *, may_retry: bool = False) -> None:
    """Runs a statement over the batches of a reader, more carefully if the file asks for it.

    Raises RefusedError for what is wrong with the file or the mapping, and _RowFaultError where the caller can try a
    statement that takes the rows one by one.
    """
    try:
        _run(con, sql, reader, may_retry=may_retry)
    except NotPlainError:
        if not isinstance(reader, DelimitedReader):
            raise
        reader.is_plain = False
        _run(con, sql, reader, may_retry=may_retry)


def _run(con: duckdb.DuckDBPyConnection, sql: str, reader: Reader, *, may_retry: bool) -> None:
    failure: Exception | None = None

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal failure
        try:
            yield from reader.rows()
        except Exception as error:
            failure = error  # DuckDB would give its text alone
            raise

    con.register("batches", pa.RecordBatchReader.from_batches(reader.schema, batches()))
    try:
        con.execute(sql)
    except _MAPPING_FAULTS as error:
        if failure:
            raise failure from error
        if may_retry and isinstance(error, _ROW_FAULTS):
            raise _RowFaultError from error
        raise RefusedError(f"an expression of the mapping fails ({_about(error)}); correct the mapping") from error
    except duckdb.Error as error:
        if failure:
            raise failure from error
        raise
    finally:
        con.unregister("batches")
