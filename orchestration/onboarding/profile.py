"""What stands in the columns of files: counted by DuckDB over all rows, each distinct value once.

`vals` holds the distinct values of every column of every table with their number of rows; all questions go to it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import duckdb
import pyarrow as pa

from foundation.contract import literal
from orchestration.ingestion.date_formats import shape_sql
from orchestration.ingestion.moments import iso_instant
from orchestration.ingestion.notations import NumberStyle
from orchestration.ingestion.readers import DelimitedReader, FixedWidthReader, JsonLinesReader, Reader, open_reader
from orchestration.ingestion.spread import Arrays
from orchestration.onboarding.files import Written
from orchestration.onboarding.moments import Moment, agreed, by_shapes, epoch
from orchestration.onboarding.numerals import DECIMALS, LIKE, PLAIN, Numerals, agreed_number, numerals, of_file
from orchestration.onboarding.terminal import counted

_MARKERS = (
    "?", "n/a", "na", "#n/a", "null", "none", "nil", "nan", "\\n", "-", "--", "---", ".", "(null)", "(none)", "unknown",
    "not available", "无", "空", "未知", "暂无", "不详", "未填写", "sin datos",
)  # fmt: skip
_STRONG = ("?", "n/a", "#n/a", "null", "nan", "\\n", "-", "--", "---", "(null)", "(none)", "暂无", "未填写")
_SENTINELS = ("-1", "-9", "-99", "-100", "-999", "-1000", "-9999", "-99999")
_MOST = 0.95  # share of the values of a kind that makes a column one of it
_FIRST_OF_ARRAYS = 1 << 16  # number of a table of elements, which is no file
_SHORT_LABEL = 6  # words of a label that is a name, and no question
_TOP = 30  # values of a column that are kept
_ZONE_WORD = r"(Z|[A-Za-z]{2,5}|[A-Z][a-z]+/[A-Za-z_]+|[+-]\d{2}:?\d{0,2})$"
_TRUTHS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"是", "否"}, {"0", "1"}, {"on", "off"})


@dataclass(eq=False)
class FileColumn:
    """One column of a table."""

    name: str  # as a mapping calls it
    rows: int
    filled: int
    distinct: int
    longest: int
    top: list[tuple[str, int]]
    aliases: tuple[str, ...] = ()  # what names it for a person, where that is more, or less, than its name
    kind: str = "text"  # text, whole, decimal, time, truth, empty
    least: float | None = None
    most: float | None = None
    number: Numerals | None = None
    moment: Moment | None = None
    sql: str = ""  # what a mapping says instead of its name

    @property
    def names(self) -> tuple[str, ...]:
        """What says what it is."""
        return self.aliases or (self.name,)

    @property
    def called(self) -> str:
        """What its name says, without the way to it."""
        return self.names[0]

    @property
    def is_unique(self) -> bool:
        return self.rows > 1 and self.distinct == self.filled == self.rows

    @property
    def is_constant(self) -> bool:
        return self.distinct == 1 and self.filled == self.rows and self.rows > 1

    @property
    def is_number(self) -> bool:
        return self.kind in ("whole", "decimal")

    @property
    def is_score(self) -> bool:
        """Whole numbers of a scale that people answer by."""
        return self.kind == "whole" and self.distinct > 1 and (self.least or 0) >= 0 and (self.most or 99) <= 10

    @property
    def has_few_values(self) -> bool:
        """So few that they are words of the system, not of a person."""
        return 0 < self.distinct <= _TOP and (self.filled >= 3 * self.distinct or self.filled <= 5)

    @property
    def in_words(self) -> str:
        """What stands in it, without a value of its own unless there are few."""
        empty = f", {self.rows - self.filled:,} empty" if self.filled < self.rows else ""
        if self.kind == "empty":
            return "empty"
        if self.is_constant:
            return "always the same"
        if self.moment:
            return f"{self.moment.evidence}{empty}"
        if self.is_number:
            style = f", {self.number.evidence}" if self.number and self.number.evidence else ""
            form = ",.0f" if self.kind == "whole" else ",.10g"
            span = f"{self.least or 0:{form}} to {self.most or 0:{form}}"
            return f"{'whole ' if self.kind == 'whole' else ''}numbers {span}{style}{empty}"
        unique = "each once" if self.is_unique else f"{self.distinct:,} different"
        return f"{unique}{empty}"


@dataclass(eq=False)
class FileTable:
    """All files of one kind as one table of text columns c0, c1, ... and line."""

    name: str
    written: list[Written]
    number: int
    columns: list[FileColumn] = field(default_factory=list)
    rows: int = 0
    repeated: int = 0  # rows that repeat another to the letter
    markers: dict[str, int] = field(default_factory=dict)  # texts that mean nothing, and in how many rows
    broken: int = 0
    number_style: NumberStyle | None = None  # in which all numbers of the files are, where it is not 1234.5
    arrays: list[str] = field(default_factory=list)  # of a document: columns that hold arrays of records

    @property
    def sql(self) -> str:
        return f"table{self.number}"

    @cached_property
    def by_name(self) -> dict[str, FileColumn]:
        return {column.name: column for column in self.columns}

    def place(self, column: FileColumn) -> int:
        return self.columns.index(column)


class Profile:
    """Tables in a DuckDB of their own, profiled; `zone` is where stamps without an offset are taken to be of."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.con = duckdb.connect(config={"threads": 2})
        self.con.execute("set global TimeZone = 'UTC'")
        self.con.execute("create table vals (tab integer, col integer, v varchar, n bigint)")
        self.tables: list[FileTable] = []
        self._arrays = 0  # tables of elements

    def add(self, name: str, group: list[Written]) -> FileTable:
        """Reads the files of one kind. Raises RefusedError when one cannot be read."""
        table = FileTable(name, group, len(self.tables))
        for written in group:
            self._read(table, open_reader(written.path, written.mapping))
        self.tables.append(table)
        self._count(table)
        return table

    def again(self, table: FileTable) -> None:
        """Reads the files of a kind once more, by what is known of them now."""
        self.con.execute(f"drop table {table.sql}; delete from vals where tab = {table.number}")
        table.columns, table.broken, table.arrays = [], 0, []
        for written in table.written:
            self._read(table, open_reader(written.path, written.mapping))
        self._count(table)

    def _read(self, table: FileTable, reader: Reader) -> None:
        labels: tuple[str, ...] = ()
        if isinstance(reader, JsonLinesReader):
            names, sqls = self._of_documents(table, reader)
        else:
            names = _as_called(reader.columns or ())
            is_fixed = isinstance(reader, FixedWidthReader)
            labels = reader.labels if isinstance(reader, DelimitedReader) else ()
            sqls = [str(reader.column(name)) if is_fixed else f"c{i}" for i, name in enumerate(reader.columns or ())]
        if not table.columns:
            table.columns = [FileColumn(name, 0, 0, 0, 0, []) for name in names]
            for column, label in zip(table.columns, labels, strict=False):
                if label != column.name and len(label.split()) <= _SHORT_LABEL:
                    column.aliases = (column.name, label)
            listed = ", ".join(f"c{i} varchar" for i in range(len(names)))
            self.con.execute(f"create table {table.sql} ({listed}, line bigint)")
        columns = ", ".join(f"nullif(trim({sql}), '')" for sql in sqls)
        self.con.register("batches", pa.RecordBatchReader.from_batches(reader.schema, reader.rows()))
        self.con.execute(f"insert into {table.sql} select {columns}, line from ({reader.prepared})")
        self.con.unregister("batches")
        table.broken += len(reader.broken)

    def _of_documents(self, table: FileTable, reader: JsonLinesReader) -> tuple[list[str], list[str]]:
        """The names that records of JSON have, those of objects within them with a dot; of all files of the kind."""
        if table.columns:
            names = [column.name for column in table.columns]
            return names, [str(reader.column(name)) for name in names]
        found: list[str] = []
        for written in table.written:
            one = reader if written is table.written[0] else open_reader(written.path, written.mapping)
            self.con.register("batches", pa.RecordBatchReader.from_batches(one.schema, one.batches()))
            self.con.execute(f"create or replace temp table docs as select document from ({one.prepared})")
            self.con.unregister("batches")
            waiting = [""]
            while waiting:
                within = waiting.pop(0)
                path = "$" + within
                rows = self.con.execute(
                    f"""select key, list(distinct kind) from (
                        select key, json_type(document, '$' || {literal(within)} || '."' || key || '"') as kind
                        from (select document, unnest(json_keys(document, {literal(path)})) as key from docs)
                    ) where kind <> 'NULL' group by key order by min(key)"""
                ).fetchall()
                for key, kinds in rows:
                    name = f"{within}.{key}".replace('"', "").lstrip(".")
                    if "OBJECT" in kinds and within.count(".") < 3:
                        waiting.append(f'{within}."{key}"')
                    elif "ARRAY" in kinds:
                        table.arrays.append(name)
                    elif "." not in key:
                        found.append(name)
        names = list(dict.fromkeys(found))
        return names, [str(reader.column(name)) for name in names]

    def elements(self, table: FileTable, path: str) -> Iterator[FileTable]:
        """The elements of an array that the records of a table have, as a table; then those of arrays within them."""
        spread = Arrays(tuple(path.split(".")))
        self.con.execute("create or replace temp table spread (line bigint, position bigint, outer_ json, own json)")
        for written in table.written:
            reader = open_reader(written.path, written.mapping)
            items = spread.items(partial(_sql_of, reader))
            last = len(spread.path) - 1
            above = "item.e0" if last else "null::json"
            self.con.register("batches", pa.RecordBatchReader.from_batches(reader.schema, reader.rows()))
            self.con.execute(
                f"insert into spread select line, position, {above}, item.e{last} from (select line, "
                f"unnest(items) as item, generate_subscripts(items, 1) as position from "
                f"(select line, {items} as items from ({reader.prepared})))"
            )
            self.con.unregister("batches")
        names, inner = self._keys_of("own")
        around = [name for name in self._keys_of("outer_")[0] if len(spread.path) > 1]
        found = FileTable(path, table.written, _FIRST_OF_ARRAYS + self._arrays)
        self._arrays += 1
        outer = ".".join(spread.path[:-1])
        found.columns = [FileColumn(f"{path}.{name}", 0, 0, 0, 0, [], aliases=(name,)) for name in names]
        found.columns += [FileColumn(f"{outer}.{name}", 0, 0, 0, 0, [], aliases=(name,)) for name in around]
        taken = [("own", name) for name in names] + [("outer_", name) for name in around]
        values = [f"nullif(trim(json_extract_string({of}, {literal(_json_path(name))})), '')" for of, name in taken]
        listed = ", ".join([*(f"{value} as c{i}" for i, value in enumerate(values)), "line"])
        self.con.execute(f"create table {found.sql} as select {listed} from spread")
        if values:
            self._count(found)
            yield found
        for name in inner:
            yield from self.elements(table, f"{path}.{name}")

    def _keys_of(self, column: str) -> tuple[list[str], list[str]]:
        """The names in the objects of a column of JSON, with those of objects within them; and those of arrays."""
        names: list[str] = []
        arrays: list[str] = []
        waiting = [""]
        while waiting:
            within = waiting.pop(0)
            at = literal(_json_path(within))
            rows = self.con.execute(
                f"""
                with objects as (select json_extract({column}, {at}) as one from spread),
                keys as (select one, unnest(json_keys(one)) as key from objects where json_type(one) = 'OBJECT')
                select key, list(distinct json_type(one, '$."' || key || '"')) from keys group by key order by min(key)
                """
            ).fetchall()
            for key, kinds in rows:
                name = f"{within}.{key}".lstrip(".")
                if '"' in key or "." in key:
                    continue
                if "OBJECT" in kinds and within.count(".") < 2:
                    waiting.append(name)
                elif "ARRAY" in kinds:
                    arrays.append(name)
                elif set(kinds) - {"NULL"}:
                    names.append(name)
        return names, arrays

    # --- counting -----------------------------------------------------------------------------------------------------

    def _count(self, table: FileTable) -> None:
        names = ", ".join(f"c{i}" for i in range(len(table.columns)))
        (table.rows,) = self.row(f"select count(*) from {table.sql}")
        (distinct,) = self.row(f"select count(*) from (select distinct {names} from {table.sql})")
        table.repeated = table.rows - distinct
        self.con.execute(
            f"insert into vals select {table.number}, substr(col, 2)::integer, v, count(*) from "
            f"(unpivot (select {names} from {table.sql}) on {names} into name col value v) group by all"
        )
        self._mark(table)
        rows = self.con.execute(
            f"""
            select col, sum(n), count(*), max(length(v)),
                sum(n) filter (regexp_full_match(v, '[+-]?\\d+')),
                sum(n) filter (regexp_full_match(v, '[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?')),
                sum(n) filter (regexp_full_match(v, {literal(LIKE)})),
                sum(n) filter (regexp_full_match(v, '[+-]?\\d{{1,3}}(\\.\\d{{3}})+')),
                min(try_cast(v as double)), max(try_cast(v as double)),
                sum(n) filter (regexp_matches(v, '\\d') and regexp_matches(v, '^\\D{{0,10}}\\d')),
                max_by(v, {{'n': n, 'v': v}}, {_TOP}), max(n, {_TOP})
            from vals where tab = {table.number} group by col order by col
            """
        ).fetchall()
        for col, *counts in rows:
            self._describe(table, table.columns[col], col, *counts)
        for column in table.columns:
            column.rows = table.rows
            if not column.filled:
                column.kind = "empty"

    def _describe(
        self, table: FileTable, column: FileColumn, col: int, filled: int, distinct: int, longest: int,
        whole: int | None, plain: int | None, like: int | None, dotted: int | None, least: float | None,
        most: float | None, digits: int | None, top: list[str], top_rows: list[int],
    ) -> None:  # fmt: skip
        column.filled, column.distinct, column.longest = int(filled), distinct, longest
        column.top = list(zip(top, map(int, top_rows), strict=True))
        values = {value.lower() for value, _ in column.top}
        column.least, column.most = least, most
        enough = _MOST * filled
        where = f"from vals where tab = {table.number} and col = {col}"
        if (digits or 0) >= enough and (moment := self._moment(table, column, col)):
            column.kind, column.moment = "time", moment
        elif distinct <= 2 and any(values <= truth for truth in _TRUTHS) and values:
            column.kind = "truth"
        elif (plain or 0) >= enough and dotted != filled:
            column.kind = "whole" if (whole or 0) >= enough else "decimal"
            column.number = PLAIN if column.kind == "whole" else DECIMALS
        elif (like or 0) >= enough:
            column.number = numerals(lambda sql: self.row(f"select {sql} {where}"), enough)
            column.kind = "decimal" if column.number else "text"
        if column.number and not (column.number.is_plain and column.number.is_sure):
            column.least, column.most = self.row(
                f"select coalesce(min(x), 0), coalesce(max(x), 0) from "
                f"(select try_cast({column.number.style.plain('v')} as double) as x {where})"
            )

    def _mark(self, table: FileTable) -> None:
        """Finds texts that mean nothing, and takes them out of the counts."""
        words = ", ".join(map(literal, _MARKERS))
        rows = self.con.execute(
            f"""
            with shares as (
                select *, sum(n) over (partition by col) as rows, count(*) over (partition by col) as different
                from vals where tab = {table.number}
            )
            select v, sum(n), bool_and(rows > n), bool_or(col in (
                select col from vals where tab = {table.number} and lower(v) not in ({words})
                group by col having sum(n) filter (regexp_matches(v, '^[^a-zA-Z]*\\d')) >= {_MOST} * sum(n)
            ))
            from shares where lower(v) in ({words}) group by v
            """
        ).fetchall()
        found = {v: int(n) for v, n, is_some, is_typed in rows if is_some and (is_typed or v.lower() in _STRONG)}
        sentinels = self.con.execute(
            f"""
            with told as (
                select col, v, n, try_cast(v as double) as x, v in ({", ".join(map(literal, _SENTINELS))}) as is_one
                from vals where tab = {table.number}
            )
            select max(v) filter (is_one), sum(n) filter (is_one) from told group by col
            having count(*) filter (is_one) = 1 and min(x) filter (not is_one) >= 0
            and count(*) filter (x is null) = 0 and count(*) > 3
            """
        ).fetchall()
        elsewhere = {v for v, _ in sentinels}
        for v in elsewhere:
            (others,) = self.row(
                f"select count(*) from vals as one where tab = {table.number} and v = {literal(v)} and exists ("
                f"select 1 from vals as other where other.tab = one.tab and other.col = one.col and "
                "other.v <> one.v and try_cast(other.v as double) < 0)"
            )
            if not others:
                found[v] = sum(int(n) for value, n in sentinels if value == v)
        table.markers = found
        if found:
            self.con.execute(f"delete from vals where tab = {table.number} and v in ({', '.join(map(literal, found))})")

    # --- times --------------------------------------------------------------------------------------------------------

    def _moment(self, table: FileTable, column: FileColumn, col: int) -> Moment | None:
        where = f"from vals where tab = {table.number} and col = {col}"
        if column.longest < 5 or column.longest > 45:
            return None
        found = epoch(column.name, column.least, column.most)
        if found:
            return found
        (iso,) = self.row(
            "select coalesce(sum(n) filter (regexp_matches(v, '[-/T:]') and "
            f"{iso_instant('v', self.zone)} is not null), 0) {where}"
        )
        shapes = self.con.execute(
            f"select {shape_sql('v')} as shape, sum(n), max(v) {where} group by shape order by 2 desc, 1 limit 400"
        ).fetchall()
        if iso >= column.filled * _MOST:
            ends = self.con.execute(
                f"select regexp_extract(v, {literal(_ZONE_WORD)}, 1) as e, sum(n) {where} "
                "and length(v) > 10 group by e order by 2 desc"
            ).fetchall()
            named = [(end, int(n)) for end, n in ends if end and not re.fullmatch(r"-\d\d(:\d\d)?", end)]
            offsets = [(end, n) for end, n in named if end != "T"]
            words = f", {offsets[0][0]} in {offsets[0][1]:,} of them" if offsets else ""
            share = "" if iso == column.filled else f" ({column.filled - int(iso):,} are none)"
            return Moment(
                (),
                f"{counted(int(iso), 'stamp')} of ISO 8601{words}{share}",
                example=shapes[0][2],
                has_zone=bool(offsets),
            )
        return by_shapes(
            [(shape, int(n), example) for shape, n, example in shapes],
            column.filled,
            lambda sql: self.row(f"select {sql} {where}"),
        )

    def row(self, sql: str) -> tuple[Any, ...]:
        """The one row of an aggregate."""
        row = self.con.execute(sql).fetchone()
        assert row is not None  # noqa: S101 - aggregates give one row
        return row

    def finish(self) -> None:
        """Takes the order of day and month from another column, of the same file first, where a column's own values
        leave it open."""
        for table in self.tables:
            nearest = sorted(self.tables, key=lambda other: other is not table)
            sure = [
                (column.name, column.moment)
                for other in nearest
                for column in other.columns
                if column.moment and column.moment.is_sure
            ]
            for column in table.columns:
                if column.moment and not column.moment.is_sure:
                    column.moment = agreed(column.moment, sure)
            numbers = [column.number for column in table.columns if column.number]
            table.number_style = of_file(numbers)
            for column in table.columns if table.number_style else ():
                if column.number and table.number_style:
                    column.number = agreed_number(column.number, table.number_style)

    # --- between columns ----------------------------------------------------------------------------------------------

    def is_key(self, table: FileTable, columns: Sequence[FileColumn]) -> int:
        """How many rows repeat another's values of these columns; rows without any of them do not count."""
        names = ", ".join(f"c{table.place(column)}" for column in columns)
        there = " and ".join(f"c{table.place(column)} is not null" for column in columns)
        (repeated,) = self.row(
            f"select coalesce(sum(n - 1), 0) from "
            f"(select count(*) as n from {table.sql} where {there} group by {names})"
        )
        return int(repeated)

    def steady(self, table: FileTable, key: FileColumn, columns: Sequence[FileColumn]) -> list[FileColumn]:
        """The columns that say the same in all rows of one key."""
        if not columns:
            return []
        counts = ", ".join(f"count(distinct c{table.place(column)}) as n{i}" for i, column in enumerate(columns))
        most = ", ".join(f"max(n{i})" for i in range(len(columns)))
        row = self.row(f"select {most} from (select {counts} from {table.sql} group by c{table.place(key)})")
        return [column for column, n in zip(columns, row, strict=True) if (n or 0) <= 1]

    def first_share(self, table: FileTable, case: FileColumn, at: FileColumn, step: FileColumn) -> dict[str, float]:
        """For each value of a column, the share of its rows that are the first of their case."""
        names = {one: f"c{table.place(column)}" for one, column in (("case", case), ("at", at), ("step", step))}
        moment = f"coalesce(try_cast({names['at']} as timestamptz)::varchar, {names['at']})"
        rows = self.con.execute(
            f"""
            with told as (
                select {names["step"]} as step,
                    row_number() over (partition by {names["case"]} order by {moment}, line) = 1 as is_first
                from {table.sql}
            )
            select step, avg(is_first::integer) from told where step is not null group by step
            """
        ).fetchall()
        return dict(rows)

    def contained(self) -> Iterator[tuple[FileTable, FileColumn, FileTable, FileColumn, float]]:
        """Columns whose values stand in a unique column of another table, with the share that does."""
        keys = [
            (table.number, place)
            for table in self.tables
            for place, column in enumerate(table.columns)
            if column.is_unique or (column.kind != "empty" and column.distinct >= 0.9 * column.filled > 1)
        ]
        if not keys:
            return
        listed = ", ".join(f"({tab}, {col})" for tab, col in keys)
        rows = self.con.execute(
            f"""
            with keys as (select * from vals where (tab, col) in ({listed}))
            select mine.tab, mine.col, keys.tab, keys.col, count(*)
            from vals as mine join keys on mine.v = keys.v and mine.tab <> keys.tab
            where mine.tab < {_FIRST_OF_ARRAYS}
            group by all
            """
        ).fetchall()
        for tab, col, other_tab, other_col, n in rows:
            table, other = self.tables[tab], self.tables[other_tab]
            mine, theirs = table.columns[col], other.columns[other_col]
            if n >= 0.9 * mine.distinct and mine.distinct > 1:
                yield table, mine, other, theirs, n / mine.distinct


def _as_called(names: Sequence[str]) -> list[str]:
    """Headers as a mapping names them: of several with one name, each by its number."""
    counts = Counter(names)
    seen: Counter[str] = Counter()
    called = []
    for name in names:
        seen[name] += 1
        called.append(f"{name}[{seen[name]}]" if counts[name] > 1 else name)
    return called


def _sql_of(reader: Reader, name: str) -> str:
    return str(reader.column(name))


def _json_path(name: str) -> str:
    return "$" + "".join(f'."{part}"' for part in name.split(".") if part)
