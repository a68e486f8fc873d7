"""The judged rows of one file in DuckDB: one table as the statement left it, or the yield of several, row by row.

What is asked of them is the same: how many there are, which failed and why, which repeat another, and an entity's rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from foundation.contract import Entity, contract, quote
from orchestration.ingestion.mapping import EntityMapping
from orchestration.ingestion.moments import is_odd
from orchestration.ingestion.readers import Reader
from orchestration.ingestion.statement import (
    FILTERED,
    HELD,
    KEPT,
    SUSPECTS,
    Part,
    RuleFailure,
    Statement,
    is_converted,
    mapped,
)

Run = Callable[[str], None]  # runs a statement over the batches of the file's reader


@dataclass(frozen=True)
class RowCounts:
    """Rows of a file by what became of them so far."""

    unclear: int  # a careful statement must look at them
    rows: int
    filtered: int
    failed: int
    suspects: int  # good rows that may repeat another


@dataclass(frozen=True)
class RowVerdict:
    """What is wrong with a row, or with the values that it is loaded without."""

    line: int
    codes: tuple[int, ...]
    values: tuple[str | None, ...]
    record: str


@dataclass(frozen=True)
class AskedRates:
    """What the rows of a file asked of the rates of exchange."""

    spans: Mapping[str, tuple[date, date]]  # currency: the first and the last day
    earlier_rate: int = 0  # rows converted by the rate of an earlier day
    without_rate: int = 0  # rows for which there is none


class Staged(ABC):
    """The rows of a file once its statements have run."""

    def __init__(self, con: duckdb.DuckDBPyConnection, statement: Statement, reader: Reader) -> None:
        self.con = con
        self.statement = statement
        self.reader = reader

    @property
    def failures(self) -> dict[int, RuleFailure]:
        """What the codes of the rows mean."""
        return self.statement.failures

    @abstractmethod
    def fill(self, run: Run, *, counts_repeats: bool) -> RowCounts:
        """Runs the statements; `counts_repeats` where equal rows count each."""

    @abstractmethod
    def rows(self, entity: Entity) -> str:
        """SQL of the good rows of an entity: its columns, row_hash, line, place in the record, feed, is_lossy."""

    @abstractmethod
    def keys_aside(self, entity: Entity, key: Callable[[str], str]) -> list[str]:
        """SQL of the keys, by the SQL that `key` makes of a prefix of columns, in rows that are put aside."""

    @property
    @abstractmethod
    def _lines(self) -> str:
        """SQL of all rows: line, code, fingerprint."""

    @property
    @abstractmethod
    def _verdicts(self) -> str:
        """SQL of the rows with something to tell: line, code, failed_value, dropped, dropped_values, record."""

    @property
    @abstractmethod
    def _asked(self) -> str:
        """SQL of the rates that the rows of converted feeds asked for: line, currency, day, age of the rate found."""

    @abstractmethod
    def drop_repeated(self) -> int:
        """Takes away rows that repeat an earlier one to the letter; how many there were."""

    def _tally(self, counts_repeats: bool, unclear: str = "false") -> RowCounts:
        good = f"filter (code = {KEPT})"
        distinct = "0" if counts_repeats else f"count(*) {good} - count(distinct fingerprint) {good}"
        counts = [
            f"count(*) filter ({unclear})",
            "count(*)",
            f"count(*) filter (code = {FILTERED})",
            f"count(*) filter (code > {KEPT})",
            distinct,
        ]
        return RowCounts(*one_row(self.con, f"select {', '.join(counts)} from ({self._lines})"))

    def failed(self, limit: int | None = None) -> list[RowVerdict]:
        """The rows that are put aside, by line."""
        found = self._fetch(f"code > {KEPT}", "line, [code], [failed_value], record", limit)
        return [RowVerdict(line, tuple(codes), tuple(values), record) for line, codes, values, record in found]

    def reported(self, limit: int) -> list[RowVerdict]:
        """The rows that are loaded without a value, by line."""
        if not any(failure.without for failure in self.failures.values()):
            return []
        found = self._fetch(f"code = {KEPT} and dropped is not null", "line, dropped, dropped_values, record", limit)
        verdicts = []
        for line, codes, values, record in found:
            pairs = [(code, value) for code, value in zip(codes, values, strict=True) if code is not None]
            verdicts.append(
                RowVerdict(line, tuple(code for code, _ in pairs), tuple(value for _, value in pairs), record)
            )
        return verdicts

    def _fetch(self, condition: str, columns: str, limit: int | None) -> list[tuple[int, list[int], list[str], str]]:
        end = f" limit {limit}" if limit is not None else ""
        return self.con.execute(
            f"select {columns} from ({self._verdicts}) where {condition} order by line{end}"
        ).fetchall()

    def asked_rates(self) -> AskedRates:
        """The rates that rows which are good, or would be with a rate, were converted by."""
        codes = [code for code, failure in self.failures.items() if failure.is_no_rate]
        if not codes:
            return AskedRates({})
        lacking = _is_one_of(codes)
        asked = f"({self._asked}) join (select line, code from ({self._lines})) using (line)"
        spans = self.con.execute(
            f"select currency, min(day), max(day) from {asked} where code = {KEPT} or {lacking} group by 1 order by 1"
        ).fetchall()
        (earlier,) = one_row(self.con, f"select count(distinct line) from {asked} where code = {KEPT} and age > 0")
        without = self.count_failed(lambda failure: failure.is_no_rate)
        return AskedRates({currency: (first, last) for currency, first, last in spans}, earlier, without)

    def _asked_of(self, feeds: Iterable[int]) -> str:
        """SQL of `_asked` for feeds in the table `mapped`."""
        parts = [
            f"select line, fx{i} as currency, fx_day{i} as day, fx_age{i} as age from mapped "
            f"where fx{i} is not null and w{i}"
            for i in feeds
            if is_converted(self.statement.feeds[i])
        ]
        nothing = "select 0::bigint as line, '' as currency, null::date as day, 0 as age where false"
        return " union all ".join(parts) or nothing

    def count_failed(self, is_so: Callable[[RuleFailure], bool]) -> int:
        """The rows that are put aside for a reason of a kind."""
        codes = _is_one_of([code for code, failure in self.failures.items() if is_so(failure)])
        return one_row(self.con, f"select count(*) from ({self._verdicts}) where {codes}")[0]

    def count(self, entity: Entity, condition: str) -> int:
        """Good rows of an entity of which a condition is true."""
        return one_row(self.con, f"select count(*) from ({self.rows(entity)}) where {condition}")[0]

    def _feeds(self, entity: Entity) -> list[tuple[int, EntityMapping]]:
        return [(i, feed) for i, feed in enumerate(self.statement.feeds) if feed.entity == entity.name]

    def _feed_rows(self, entity: Entity, i: int, feed: EntityMapping) -> str:
        """SQL of all rows of a feed in the table `mapped` that holds it."""
        filled = {column.name for column, _ in mapped(feed)}
        columns = ", ".join(
            f"{f'v{i}_{column.name}' if column.name in filled else 'null'}::{column.data_type} as {quote(column.name)}"
            for column in entity.mapped
        )
        place = "place" if feed.is_spread else "0"
        own = f"lower(lpad(hex(h{i}), 32, '0')) as row_hash, line, {place}::bigint as place, {i} as feed"
        own += f", {self._lost(i)} as is_lossy"
        return f"select {columns}, {own} from mapped"

    def _lost(self, i: int) -> str:
        """SQL of whether a rule took a value of a feed's row."""
        return f"l{i}" if self.statement.loses(i) else "false"


def staged(con: duckdb.DuckDBPyConnection, statement: Statement, reader: Reader) -> Staged:
    """The rows of a file, of the kind that its statement asks for."""
    return _Single(con, statement, reader) if len(statement.parts) == 1 else _Several(con, statement, reader)


class _Single(Staged):
    """The table `mapped`, as the one statement left it; its suspects judged again by a careful one."""

    again: Statement | None = None

    def fill(self, run: Run, *, counts_repeats: bool) -> RowCounts:
        run(f"create or replace temp table mapped as {self.statement.parts[0].sql}")
        unclear = self._unclear()
        tally = self._tally(counts_repeats, unclear)
        if not tally.unclear:
            return tally
        self.con.execute(f"create or replace temp table {SUSPECTS} as select line from mapped where {unclear}")
        self.again = self.statement.of_the_suspects()
        run(f"create or replace temp table again as {self.again.parts[0].sql}")
        self.con.execute(
            f"create or replace temp table mapped as from (from mapped anti join {SUSPECTS} using (line)) "
            "union all by name from again"
        )
        return self._tally(counts_repeats)

    def _unclear(self) -> str:
        """SQL of rows that a careful statement may judge otherwise."""
        if self.statement.careful:
            return "false"
        suspect = [code for code, failure in self.statement.failures.items() if failure.is_suspect]
        moments = [code for code, failure in self.statement.failures.items() if failure.is_moment]
        return f"{_is_one_of(suspect)} or {_is_one_of(moments)} and {is_odd('failed_value')}"

    @property
    def failures(self) -> dict[int, RuleFailure]:
        return self.statement.failures | (self.again.failures if self.again else {})

    @property
    def _lines(self) -> str:
        return "from mapped"

    @property
    def _verdicts(self) -> str:
        return "from mapped"

    @property
    def _asked(self) -> str:
        return self._asked_of(range(len(self.statement.feeds)))

    def _lost(self, i: int) -> str:
        source = self.again or self.statement
        return f"coalesce(l{i}, false)" if source.loses(i) else "false"

    def rows(self, entity: Entity) -> str:
        parts = []
        for i, feed in self._feeds(entity):
            good = f"where code = {KEPT} and w{i}"
            parts.append(f"{self._feed_rows(entity, i, feed)} {good} {_chosen(feed, f'v{i}_', 'line')}")
        return " union all ".join(parts) or _no_rows(entity)

    def keys_aside(self, entity: Entity, key: Callable[[str], str]) -> list[str]:
        return [
            f"select {key(f'v{i}_')} as key from mapped where code > {KEPT} and w{i}" for i, _ in self._feeds(entity)
        ]

    def drop_repeated(self) -> int:
        hashes = ", ".join(f"h{i}" for i in range(len(self.statement.feeds)))
        self.con.execute(f"""
            create or replace temp table repeated as
            with suspects as (select fingerprint from mapped where code = {KEPT} group by 1 having count(*) > 1)
            select line from mapped semi join suspects using (fingerprint) where code = {KEPT}
            qualify row_number() over (partition by fingerprint, {hashes} order by line) > 1
        """)
        self.con.execute("delete from mapped using repeated where mapped.line = repeated.line")
        return one_row(self.con, "select count(*) from repeated")[0]


class _Several(Staged):
    """The rows of the file in one table, those of each entity in another, and what is wrong with a line in a third."""

    def fill(self, run: Run, *, counts_repeats: bool) -> RowCounts:
        run(f"create or replace temp table {HELD} as {self.reader.prepared}")
        self._filled: set[str] = set()
        for number, part in enumerate(self.statement.parts):
            run(f"create or replace temp table mapped as {part.sql}")
            self._keep(part, number)
        self.con.execute("drop table mapped")
        return self._tally(counts_repeats)

    def _keep(self, part: Part, number: int) -> None:
        verdicts = (
            "select line, code, failed_value, dropped, dropped_values from mapped "
            f"where code > {KEPT} or dropped is not null"
        )
        if number == 0:
            self.con.execute(f"create or replace temp table verdicts as {verdicts}")
            self.con.execute(
                f"create or replace temp table filtered as select line from mapped where code = {FILTERED}"
            )
            self.con.execute("create or replace temp table repeated (line bigint)")
            self.con.execute(f"create or replace temp table asked as {self._asked_of(part.feeds)}")
        else:
            self.con.execute(f"insert into verdicts {verdicts}")
            self.con.execute(f"insert into asked {self._asked_of(part.feeds)}")
        for i in part.feeds:
            feed = self.statement.feeds[i]
            entity = contract()[feed.entity]
            is_there = entity.name in self._filled
            self._filled.add(entity.name)
            verb = f"insert into {_table(entity)}" if is_there else f"create or replace temp table {_table(entity)} as"
            self.con.execute(f"{verb} {self._feed_rows(entity, i, feed)} where code <> {FILTERED} and w{i}")

    @property
    def _asked(self) -> str:
        return "from asked"

    @property
    def _lines(self) -> str:
        return f"""
            with failed as (select line, min(code) as code from verdicts where code > {KEPT} group by line)
            select line, coalesce(failed.code, if(filtered.line is null, {KEPT}, {FILTERED})) as code,
                {self.reader.fingerprint} as fingerprint
            from {HELD} left join failed using (line) left join filtered using (line)
        """

    @property
    def _verdicts(self) -> str:
        return f"""
            with failed as (
                select line, min(code) as code, min_by(failed_value, code) as failed_value
                from verdicts where code > {KEPT} group by line
            ),
            dropped as (
                select line, flatten(list(dropped)) as dropped, flatten(list(dropped_values)) as dropped_values
                from verdicts where dropped is not null group by line
            )
            select line, coalesce(failed.code, {KEPT}) as code, failed_value, dropped, dropped_values,
                {self.reader.record}::varchar as record
            from {HELD} left join failed using (line) left join dropped using (line)
            where (failed.line is not null or dropped.line is not null) and line not in (select line from repeated)
        """

    def rows(self, entity: Entity) -> str:
        feeds = self._feeds(entity)
        if not feeds:
            return _no_rows(entity)
        bad = f"select line from verdicts where code > {KEPT} union all select line from repeated"
        whole = [str(i) for i, feed in feeds if not feed.one_per]
        parts = [f"from {_table(entity)} where feed in ({', '.join(whole)}) and line not in ({bad})"] if whole else []
        for i, feed in feeds:
            if feed.one_per:
                good = f"where feed = {i} and line not in ({bad})"
                parts.append(f"from {_table(entity)} {good} {_chosen(feed, '', 'line, place')}")
        return " union all ".join(f"({part})" for part in parts)

    def keys_aside(self, entity: Entity, key: Callable[[str], str]) -> list[str]:
        aside = f"line in (select line from verdicts where code > {KEPT})"
        return [f"select {key('')} as key from {_table(entity)} where {aside}"] if self._feeds(entity) else []

    def drop_repeated(self) -> int:
        self.con.execute(f"""
            insert into repeated
            with good as (select line, fingerprint from ({self._lines}) where code = {KEPT}),
            suspects as (select fingerprint from good group by 1 having count(*) > 1),
            twins as (
                select line, {self.reader.record}::varchar as record
                from {HELD} semi join (from good semi join suspects using (fingerprint)) using (line)
            )
            select line from twins qualify row_number() over (partition by record order by line) > 1
        """)
        return one_row(self.con, "select count(*) from repeated")[0]


def _is_one_of(codes: list[int]) -> str:
    return f"code in ({', '.join(map(str, codes))})" if codes else "false"


def _chosen(feed: EntityMapping, prefix: str, place: str) -> str:
    """The end of a query that takes the first row of each, as the mapping says, else as the file has them."""
    if not feed.one_per:
        return ""
    order = ", ".join([*(_ordered(prefix, column) for column in feed.order_by), place])
    keys = ", ".join(quote(prefix + column) for column in feed.one_per)
    return f"qualify row_number() over (partition by {keys} order by {order}) = 1"


def _ordered(prefix: str, column: str) -> str:
    """By a column from the least up, or as -column from the greatest down; rows without a value come last."""
    return quote(prefix + column.removeprefix("-")) + (" desc nulls last" if column.startswith("-") else "")


def _table(entity: Entity) -> str:
    return f"rows_{entity.name}"


def _no_rows(entity: Entity) -> str:
    columns = ", ".join(f"null::{column.data_type} as {quote(column.name)}" for column in entity.mapped)
    return f"select {columns}, '' as row_hash, 0 as line, 0 as place, 0 as feed, false as is_lossy where false"


def one_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    """The one row of a query of aggregates."""
    row = con.execute(sql).fetchone()
    assert row is not None  # noqa: S101 - aggregates give one row
    return row
