"""One file of one delivery: read, mapped, judged, counted, and written as Parquet beside the raw zone's live files.

DuckDB runs here without access to files but the folder it writes to, and its settings are locked.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.ingestion.contract import Entity, contract, literal, quote
from orchestration.ingestion.errors import RefusedError
from orchestration.ingestion.ledger import Feed, FileEntry
from orchestration.ingestion.mapping import EntityMapping, FileMapping, Join, Mapping
from orchestration.ingestion.quarantine import RejectedRow, whole_record, write_quarantine
from orchestration.ingestion.rates import Rates, Spans
from orchestration.ingestion.readers import DelimitedReader, NotPlainError, Reader, open_reader
from orchestration.ingestion.statement import (
    FILTERED,
    KEPT,
    Statement,
    Surroundings,
    is_converted,
    mapped,
    source_text,
)
from orchestration.settings import Settings

_SHOWN = 10_000  # rows of a refused file that its quarantine shows
_POSITIONS = 15  # bits of a counted number for the place among events of one instant
_ORDINALS = 5  # bits for the kind of file
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


@dataclass(frozen=True)
class Delivery:
    """What one source put into its landing folder for one day."""

    settings: Settings
    mapping: Mapping
    load_date: date
    folder: Path
    files: dict[str, tuple[Path, ...]]  # by the mapping's name of the file
    rates: Rates  # known to the source by this day, or by `known_from`
    known_from: date | None = None  # of a later reading of the same files, by rates that arrived on that day
    hashes: dict[Path, str] = field(default_factory=dict)

    def sha256(self, path: Path) -> str:
        if path not in self.hashes:
            with path.open("rb") as file:
                self.hashes[path] = hashlib.file_digest(file, "sha256").hexdigest()
        return self.hashes[path]

    def name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def inputs(self, name: str) -> str:
        """Hash of all that the outcome of a file depends on besides its own bytes and the rates."""
        file = self.mapping.files[name]
        ingestion = self.settings.ingestion
        parts = [self.mapping.version, name, str(ingestion.max_bad_share)]
        parts += [contract()[feed.entity].digest for feed in file.entities]
        parts += [self.sha256(path) for join in file.joins.values() for path in self.files.get(join.file, ())]
        if any(is_converted(feed) for feed in file.entities):
            company = self.settings.company
            parts += [company.currency, company.time_zone, str(ingestion.fx_max_age_days)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def rates_digest(self, spans: Spans) -> str:
        """Hash of the rates that the spans could have; empty where none is asked for."""
        return self.rates.digest(spans) if spans else ""


@contextmanager
def workbench(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
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


def load_file(con: duckdb.DuckDBPyConnection, delivery: Delivery, name: str, path: Path) -> FileEntry:
    """Takes in one file, on a workbench; one that must be refused gives an entry that says why.

    Several may run at once: each has a cursor, whose temporary tables are its own, and a folder to write to.
    Raises only when the machine fails.
    """
    with (
        con.cursor() as own,
        tempfile.TemporaryDirectory(dir=aside_folder(delivery.settings)) as aside,
    ):
        return _FileLoad(own, delivery, name, path, Path(aside)).run()


class _FileLoad:
    def __init__(self, con: duckdb.DuckDBPyConnection, delivery: Delivery, name: str, path: Path, aside: Path) -> None:
        self.con = con
        self.delivery = delivery
        self.settings = delivery.settings
        self.name = name
        self.path = path
        self.file: FileMapping = delivery.mapping.files[name]
        self.shown = f"{delivery.mapping.source}/{delivery.load_date}/{delivery.name(path)}"
        self.aside = aside
        self.quarantine = (
            self.settings.quarantine / delivery.mapping.source / str(delivery.load_date) / f"{delivery.name(path)}.csv"
        )
        self.reader: Reader | None = None
        self.rejected: list[RejectedRow] = []
        self.rates_used: Spans = {}

    def run(self) -> FileEntry:
        try:
            entry = self._loaded()
        except RefusedError as error:
            records = self.reader.records if self.reader else 0
            entry = self._entry("refused", read=records, refused=records, error=f"{self.shown}: {error}")
        write_quarantine(self.quarantine, self.settings.quarantine, self.rejected)
        if not entry.balances():
            raise AssertionError(f"{self.shown}: the counts do not balance: {entry.model_dump_json()}")
        return entry

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
        reader = self.reader = open_reader(self.path, self.file)
        around = Surroundings(
            source=self.delivery.mapping.source,
            load_date=self.delivery.load_date,
            time_zone=self.delivery.mapping.time_zone,
            company_zone=self.settings.company.time_zone,
            company_currency=self.settings.company.currency,
            rate_days=self.settings.ingestion.fx_max_age_days,
        )
        statement = Statement(self.file, reader, around)
        self.con.register("rates", self.delivery.rates.table)
        for alias, join in self.file.joins.items():
            self._look_up(alias, join, statement.looked_up[alias])
        _stream(self.con, f"create or replace temp table mapped as {statement.sql}", reader)

        rows, filtered, failed, suspects = self._tally()
        earlier_rate, without_rate = self._look_up_rates(statement)
        if rows + len(reader.broken) != reader.records:
            raise RefusedError(
                f"{reader.records:,} records were counted but {rows + len(reader.broken):,} could be read; "
                "look for quotes that are not closed"
            )
        self._put_aside(statement, reader)
        quarantined = failed + len(reader.broken)
        share = self.settings.ingestion.max_bad_share
        bad = quarantined - without_rate  # a row that waits for a rate is not a bad one
        if bad > share * reader.records:
            waiting = {failure.reason for failure in statement.failures.values() if failure.is_no_rate}
            self.rejected = [row for row in self.rejected if row.reason not in waiting][:_SHOWN]
            worst = max(self.rejected, key=lambda row: [r.reason for r in self.rejected].count(row.reason))
            raise RefusedError(
                f"{bad:,} of {reader.records:,} rows are bad, more than the {share:.1%} allowed; most often "
                f"{worst.column or 'the row'} {worst.reason}. See {self.quarantine}"
            )
        if reader.records == 0 and any(feed.mode == "snapshot" for feed in self.file.entities):
            raise RefusedError("holds a header and no row, which for a snapshot would mean that all is gone")
        duplicate = self._drop_repeated() if suspects else 0
        feeds = tuple(self._write(entity) for entity in self._entity_names())
        return self._entry(
            "loaded",
            read=reader.records,
            accepted=reader.records - filtered - duplicate - quarantined,
            filtered=filtered,
            duplicate=duplicate,
            quarantined=quarantined,
            feeds=feeds,
            earlier_rate=earlier_rate,
            without_rate=without_rate,
            unknown_columns=self._unknown(reader, statement),
        )

    def _entity_names(self) -> Iterator[str]:
        yield from dict.fromkeys(feed.entity for feed in self.file.entities)

    def _unknown(self, reader: Reader, statement: Statement) -> tuple[str, ...]:
        used = {reader.column(name) for name in statement.names}
        return tuple(name for i, name in enumerate(reader.columns or ()) if f"c{i}" not in used)

    # --- other files ----------------------------------------------------------------------------------------------

    def _look_up(self, alias: str, join: Join, names: dict[str, str]) -> None:
        """Makes lookup_<alias>: one row for each key of the joined file."""
        paths = self.delivery.files.get(join.file, ())
        if not paths:
            raise RefusedError(f"needs the file {join.file!r} of the same delivery, which is not there; have it sent")
        file = self.delivery.mapping.files[join.file]
        for number, path in enumerate(paths):
            try:
                reader = open_reader(path, file)
                wanted = self._lookup_columns(join, names, file, reader)
                verb = f"insert into all_{alias}" if number else f"create or replace temp table all_{alias} as"
                rows = f"with prepared as ({reader.prepared}) select {wanted}, {number} as file, line from prepared"
                _stream(self.con, f"{verb} {rows}", reader)
            except RefusedError as error:
                raise RefusedError(f"needs the file {path.name}, which {error}") from error
        keys = [f"k{k}" for k in range(len(join.on))]
        picked = [
            f"{join.aggregate[name].render(lambda reference: f'x_{reference}')} as {short}"
            if name in join.aggregate
            else f"first({short} order by file, line) as {short}"
            for name, short in names.items()
        ]
        self.con.execute(
            f"create or replace temp table lookup_{alias} as select {', '.join([*keys, *picked])} from all_{alias} "
            f"group by {', '.join(keys)}"
        )

    @staticmethod
    def _lookup_columns(join: Join, names: dict[str, str], file: FileMapping, reader: Reader) -> str:
        def text(name: str) -> str:
            sql = reader.column(name)
            if sql is None:
                raise RefusedError(f"has no column {name!r}")
            return source_text(file, sql)

        inputs = {str(r) for name in names if name in join.aggregate for r in join.aggregate[name].references}
        wanted = [f"{text(theirs)} as k{k}" for k, theirs in enumerate(join.on.values())]
        wanted += [f"{text(name)} as {short}" for name, short in names.items() if name not in join.aggregate]
        wanted += [f"{text(name)} as {quote(f'x_{name}')}" for name in sorted(inputs)]
        return ", ".join(wanted)

    # --- what is put aside ------------------------------------------------------------------------------------------

    def _tally(self) -> tuple[int, ...]:
        """Rows, filtered and failed ones, and good ones that may repeat another."""
        good = f"filter (code = {KEPT})"
        distinct = "0" if self._counts_repeats else f"count(*) {good} - count(distinct fingerprint) {good}"
        filtered = f"count(*) filter (code = {FILTERED})"
        return _one(self.con, f"select count(*), {filtered}, count(*) filter (code > {KEPT}), {distinct} from mapped")

    @property
    def _counts_repeats(self) -> bool:
        """Whether rows have no key of their own, so that equal ones count each."""
        return any(feed.is_keyless or feed.numbered for feed in self.file.entities)

    def _put_aside(self, statement: Statement, reader: Reader) -> None:
        shown = self.delivery.name(self.path)
        self.rejected = [
            RejectedRow(shown, broken.line, "", None, broken.reason, whole_record(broken.record))
            for broken in reader.broken
        ]
        failed = self.con.execute(
            f"select line, code, failed_value, record from mapped where code > {KEPT} order by line"
        ).fetchall()
        for line, code, value, record in failed:
            failure = statement.failures[code]
            self.rejected.append(RejectedRow(shown, line, failure.column, value, failure.reason, record))

    def _look_up_rates(self, statement: Statement) -> tuple[int, int]:
        """Rows converted by the rate of an earlier day, and those for which there is none; notes what was asked for."""
        codes = [str(code) for code, failure in statement.failures.items() if failure.is_no_rate]
        if not codes:
            return 0, 0
        feeds = [i for i, feed in enumerate(self.file.entities) if is_converted(feed)]
        lacking = f"code in ({', '.join(codes)})"
        asked = " union all ".join(
            f"select fx{i} as currency, fx_day{i} as day from mapped where fx{i} is not null and w{i} "
            f"and (code = {KEPT} or {lacking})"
            for i in feeds
        )
        spans = self.con.execute(f"select currency, min(day), max(day) from ({asked}) group by 1 order by 1").fetchall()
        self.rates_used = {currency: (first, last) for currency, first, last in spans}
        older = " or ".join(f"(w{i} and fx_age{i} > 0)" for i in feeds)
        counts = f"count(*) filter (code = {KEPT} and ({older})), count(*) filter ({lacking})"
        earlier, without = _one(self.con, f"select {counts} from mapped")
        return earlier, without

    def _drop_repeated(self) -> int:
        """Takes away lines that repeat an earlier one to the letter; how many there were."""
        hashes = ", ".join(f"h{i}" for i in range(len(self.file.entities)))
        self.con.execute(f"""
            create or replace temp table repeated as
            with suspects as (select fingerprint from mapped where code = {KEPT} group by 1 having count(*) > 1)
            select line from mapped semi join suspects using (fingerprint) where code = {KEPT}
            qualify row_number() over (partition by fingerprint, {hashes} order by line) > 1
        """)
        self.con.execute("delete from mapped using repeated where mapped.line = repeated.line")
        return int(_one(self.con, "select count(*) from repeated")[0])

    # --- what is taken in -------------------------------------------------------------------------------------------

    def _write(self, name: str) -> Feed:
        entity = contract()[name]
        feeds = [(i, feed) for i, feed in enumerate(self.file.entities) if feed.entity == name]
        parts = " union all ".join(self._feed_rows(entity, i, feed) for i, feed in feeds)
        columns = ", ".join(self._stored(entity, feeds[0][1], column) for column in entity.by_name)
        aside = self.aside / f"{name}.parquet"
        self.con.execute(
            f"copy (with rows as ({parts}) select {columns} from rows) to {literal(str(aside))} "
            "(format parquet, compression zstd)"
        )
        footer = pq.read_metadata(aside)
        first, last = _span(footer, entity.event_time)
        return Feed(
            entity=name,
            path=self._keep(entity, aside),
            rows=footer.num_rows,
            event_from=first,
            event_to=last,
            filled=filled_columns(entity, footer),
            quarantined_keys=self._quarantined_keys(entity, feeds),
        )

    def _feed_rows(self, entity: Entity, i: int, feed: EntityMapping) -> str:
        filled = {column.name for column, _ in mapped(feed)}
        columns = ", ".join(
            f"{f'v{i}_{column.name}' if column.name in filled else 'null'}::{column.data_type} as {quote(column.name)}"
            for column in entity.mapped
        )
        chosen = ""
        if feed.one_per:
            order = ", ".join(f"v{i}_{name}" for name in (*feed.order_by,)) or "line"
            keys = ", ".join(f"v{i}_{name}" for name in feed.one_per)
            chosen = f"qualify row_number() over (partition by {keys} order by {order}, line) = 1"
        row_hash = f"lower(lpad(hex(h{i}), 32, '0')) as row_hash"
        return f"select {columns}, {row_hash}, line, {i} as feed from mapped where code = {KEPT} and w{i} {chosen}"

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
        instant in milliseconds, the kind of file, the place among the rows of that instant."""
        rest = [quote(column.name) for column in entity.keys if column.name != name]
        if entity.event_time is None:
            return f"row_number() over (partition by {', '.join(rest)} order by feed, line)"
        instant = quote(entity.event_time)
        place = f"row_number() over (partition by {', '.join((*rest, instant))} order by feed, line)"
        ordinal = list(self.delivery.mapping.files).index(self.name) % (1 << _ORDINALS)
        return f"(epoch_ms({instant}) << {_POSITIONS + _ORDINALS}) + {ordinal << _POSITIONS} + {place}"

    def _quarantined_keys(self, entity: Entity, feeds: list[tuple[int, EntityMapping]]) -> tuple[str, ...]:
        """Keys that a snapshot holds but cannot be read, as far as the key itself can."""
        if feeds[0][1].mode != "snapshot" or any(feed.is_keyless or feed.numbered for _, feed in feeds):
            return ()
        parts = []
        for i, _ in feeds:
            key = key_sql(entity, f"v{i}_")
            parts.append(f"select {key} as key from mapped where code > {KEPT} and w{i} and {key} is not null")
        found = self.con.execute(f"select distinct key from ({' union all '.join(parts)}) order by key").fetchall()
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


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    row = con.execute(sql).fetchone()
    assert row is not None  # noqa: S101 - aggregates give one row
    return row


def _stream(con: duckdb.DuckDBPyConnection, sql: str, reader: Reader) -> None:
    """Runs a statement over the batches of a reader, more carefully if the file asks for it.

    Raises RefusedError for what is wrong with the file or the mapping.
    """
    try:
        _run(con, sql, reader)
    except NotPlainError:
        if not isinstance(reader, DelimitedReader):
            raise
        reader.is_plain = False
        _run(con, sql, reader)


def _run(con: duckdb.DuckDBPyConnection, sql: str, reader: Reader) -> None:
    failure: Exception | None = None

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal failure
        try:
            yield from reader.batches()
        except Exception as error:
            failure = error  # DuckDB would give its text alone
            raise

    con.register("batches", pa.RecordBatchReader.from_batches(reader.schema, batches()))
    try:
        con.execute(sql)
    except _MAPPING_FAULTS as error:
        if failure:
            raise failure from error
        # the text of a binding fault speaks of the expression, that of any other may hold a value
        about = str(error).splitlines()[0] if isinstance(error, duckdb.BinderException) else type(error).__name__
        raise RefusedError(f"an expression of the mapping fails ({about}); correct the mapping") from error
    except duckdb.Error as error:
        if failure:
            raise failure from error
        raise
    finally:
        con.unregister("batches")
