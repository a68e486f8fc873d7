"""The statements that map, cast and judge all rows of a file, put together from its mapping.

Every value passes as text: an expression makes it, a cast gives it the contract's type, and what a cast cannot take is
told from what was not there. Names: n = column of the file, m = of a joined one, r = text of a column of an entity,
t = its typed value, v = the same in the company's money, b = whether a rule is broken, u = what the rules left of it,
fx = the currency a rate is asked for, fx_day and fx_age = of which day, and how old the rate found is. Where a record
is spread over several rows, x = what an expression takes of the item at hand, and place = its position.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from sqlglot import exp

from foundation.contract import Column, Entity, Rule, literal
from orchestration.ingestion.errors import MissingColumnsError
from orchestration.ingestion.expressions import ColumnReference, Expression, Numbers, parse
from orchestration.ingestion.mapping import ColumnMapping, EntityMapping, FileMapping
from orchestration.ingestion.moments import formatted_instant, iso_instant, to_local, to_utc
from orchestration.ingestion.notations import length_in_seconds
from orchestration.ingestion.readers import Reader
from orchestration.ingestion.spread import ITEM, POSITION, Arrays, Spread, WideColumns, spread_of

KEPT, FILTERED = 0, -1  # codes of rows; positive ones are failures
LOAD_DATE = "load_date"  # the day of the delivery, for files that state no day of their own
FILE_LINE = "file_line"  # the line of the file that a record begins in, for files that state no key of their own
HELD = "held"  # the rows of a file that needs several statements
SUSPECTS = "suspects"  # lines that the plain statement does not know what to make of
CAREFUL = 10_000  # the first code of a careful statement
# DuckDB plans a statement in a time that grows with the square of its columns, and gives each of them room for 2,048
# rows at every step: 80 blocks in one statement took 16 s and 4 GB for five rows
_WIDEST = 48  # columns of entities in one statement, unless a single entity has more
_EARLIEST = date(1850, 1, 1)
_TRUE = "('true', 't', 'yes', 'y', '1')"
_FALSE = "('false', 'f', 'no', 'n', '0')"
_MOST = {  # of a count or length, beyond which it is a mistake: a year, ten years, a century
    "count": 10**12,
    "seconds": 366 * 86_400,
    "minutes": 10 * 366 * 1_440,
    "months": 1_200,
}
_SPAN = {"money": 10**12, "points": 10**11}  # how far from 0, either way, before it is a mistake
_WANTED = {
    "bigint": "is no whole number",
    "boolean": "is neither yes nor no",
    "date": "is no date as the mapping expects it",
    "timestamp": "is no time as the mapping expects it",
}
_UNREAD = (
    "cannot be read by a cast of the mapping's expression; correct it at the source, or write try_cast(...) where it "
    "is to mean nothing"
)


_CUT = "is a number of which the file holds no exact digits (from 2^53 on), so no key; have the column sent as text"
_CUT_NUMBER = literal(r"-?\d\.\d{16}e\+\d+")  # as readers that cut numbers write it


@dataclass(frozen=True)
class StatementContext:
    """What a statement needs to know besides the mapping."""

    source: str
    load_date: date
    time_zone: str  # of stamps without one
    company_zone: str
    company_currency: str
    rate_days: int  # how old a rate may be


@dataclass(frozen=True)
class RuleFailure:
    """A rule that a row broke."""

    column: str  # entity.column
    reason: str
    value: str  # SQL of the offending text
    is_moment: bool = False  # a text that states no time, as far as the plain reading goes
    is_suspect: bool = False  # something is wrong, and a careful statement says what
    is_rule: bool = False  # what the columns say of each other, not what one of them says
    is_no_rate: bool = False  # nothing is wrong with the row but that a rate is not there
    without: tuple[str, ...] = ()  # columns that the row is loaded without; none: it is put aside


@dataclass(frozen=True)
class Part:
    """One statement: the feeds it judges, by their places, and its SQL over `batches`, or over HELD."""

    feeds: tuple[int, ...]
    sql: str
    is_spread: bool = False  # over the items of records, of which each has its place


@dataclass
class _Judged:
    """What the rules of one feed add to the statement."""

    value: dict[str, str]  # of a column: the name of what is left of it
    selects: list[str] = field(default_factory=list)
    broken: list[tuple[str, RuleFailure]] = field(default_factory=list)  # conditions under which the row is put aside
    lost: list[tuple[str, RuleFailure]] = field(default_factory=list)  # the same for values

    def leave(self, i: int, column: str, sql: str) -> None:
        """Says what becomes of a column, as an expression over its {value} so far."""
        name = f"u{i}_{column}_{len(self.selects)}"
        self.selects.append(f"{sql.format(value=self.value[column])} as {name}")
        self.value[column] = name


class Statement:
    """SQL over `batches`, `rates` and the lookups of the joins, and what its codes mean.

    The plain statement, which is all that most files need, says of a row that is not right only that it is suspect. A
    `careful` one, over the suspects (SUSPECTS holds their lines) or the whole file, tells which rule was broken, takes
    the value that a rule takes, reads stamps that end in letters, and finds the row that an expression cannot compute.
    A file with many columns to fill is judged by several statements, careful ones, over rows that are HELD in a table.

    Raises RefusedError when the mapping speaks of columns the file does not have.
    """

    def __init__(
        self,
        file: FileMapping,
        reader: Reader,
        around: StatementContext,
        *,
        careful: bool = False,
        suspects: bool = False,
    ) -> None:
        self.file = file
        self.reader = reader
        self.around = around
        self.failures: dict[int, RuleFailure] = {}
        self._first_code = CAREFUL if careful else 1
        self._from = (
            f"select * from ({reader.prepared}) where line in (from {SUSPECTS})" if suspects else reader.prepared
        )
        self.looked_up: dict[str, dict[str, str]] = {alias: {} for alias in file.joins}  # column: m0, m1, ...
        self._named: dict[str, str] = {}  # column of the file: n0, n1, ...
        self._used: set[str] = set()  # names of the statement that is being written
        self._missing: list[str] = []
        self._of_arrays: set[str] = set()  # names of columns that hold what is spread
        self._turns: list[int] = []  # of each feed, which of the columns of one name `[*]` is
        self._lossy: set[int] = set()  # feeds that a rule may take a value from
        computed = {f"{alias}.{name}" for alias, join in file.joins.items() for name in join.aggregate}
        self._numbers = Numbers(file.number.style.plain if file.number else None, frozenset(computed))
        self._elements: dict[tuple[Spread, ColumnReference], str] = {}  # what is taken of an item: x0, x1, ...
        self._spread: Spread | None = None  # of the statement that is being written
        self._spreads: list[Spread | None] = []  # of each feed, what it makes rows of
        self.feeds = tuple(self._unfolded())
        groups = _grouped(self.feeds, self._spreads)
        self.careful = careful or len(groups) > 1
        self._whole = [(condition, self._code(failure)) for condition, failure in self._of_the_row()]
        self.parts = tuple(
            Part(group, self._sql(group, spread, is_whole=len(groups) == 1), spread is not None)
            for spread, group in groups
        )
        self.names = tuple(self._named)
        self.cells = {cell for spread in self._spreads if isinstance(spread, WideColumns) for cell in spread.cells}
        if self._missing:
            raise MissingColumnsError(tuple(dict.fromkeys(self._missing)), self.names)

    def of_the_suspects(self) -> Statement:
        """The careful statement of the lines in SUSPECTS."""
        return Statement(self.file, self.reader, self.around, careful=True, suspects=True)

    def loses(self, i: int) -> bool:
        """Whether a feed has a column, l and its place, that says whether a value was taken from the row."""
        return i in self._lossy

    def _unfolded(self) -> Iterator[EntityMapping]:
        """The feeds, once for each of the columns of one name where they name all of them as "Comment[*]"."""
        for feed in self.file.entities:
            names = feed.repeated
            counts = {name: self.reader.count(name.removesuffix("[*]")) for name in names}
            spread = spread_of(feed, self.reader)
            if feed.optional and not self._is_there(feed, spread):
                continue
            if any(count == 0 for count in counts.values()) and not feed.optional:
                self._missing += [name for name, count in counts.items() if count == 0]
            for turn in range(1, max(counts.values(), default=0) + 1) if names else (0,):
                self._turns.append(turn)
                self._spreads.append(spread)
                yield feed

    def _is_there(self, feed: EntityMapping, spread: Spread | None) -> bool:
        """Whether the file has all columns without which a block says nothing."""
        if spread and not (spread.cells if isinstance(spread, WideColumns) else self.reader.column(spread.column)):
            return False
        expressions = [feed.when, *(how.value for how in feed.columns.values() if not how.optional)]
        return all(
            reference.parts[0] in self.looked_up
            or (spread and spread.element(reference))
            or str(reference) in (LOAD_DATE, FILE_LINE)
            or self.reader.column(str(reference)) is not None
            for expression in expressions
            if expression
            for reference in expression.references
            if not str(reference).endswith("[*]")
        )

    def _sql(self, group: tuple[int, ...], spread: Spread | None, *, is_whole: bool) -> str:
        feeds = [(i, self.feeds[i]) for i in group]
        columns = [(i, column, how) for i, feed in feeds for column, how in mapped(feed)]
        self._used = set()
        self._spread = spread
        kept = f"coalesce({self._truth(self.file.filter, 0)}, false) as kept"
        whens = [f"coalesce({self._truth(f.when, i)}, false) as w{i}" for i, f in feeds]
        texts = [f"{self._text(i, column, how)} as r{i}_{column.name}" for i, column, how in columns]
        typed = [f"{self._typed(i, column, how)} as t{i}_{column.name}" for i, column, how in columns]
        asked = [
            f"{what} as {name}"
            for i, feed in feeds
            if is_converted(feed)
            for name, what in ((f"fx{i}", self._asked_currency(i, feed)), (f"fx_day{i}", self._rate_day(i, feed)))
        ]
        rates = [f"{self._rate(i)} as rate{i}, fx_age{i}" for i, feed in feeds if is_converted(feed)]
        converted = [
            f"{self._converted(i, column)} as v{i}_{column.name}"
            for i, column, _ in columns
            if self._changes(i, column)
        ]
        judged = {i: self._judged(i, feed) for i, feed in feeds}
        self._lossy |= {i for i in judged if judged[i].lost}
        hashes = [f"{self._hash(feed, judged[i])} as h{i}" for i, feed in feeds]
        losses = [
            f"kept and w{i} and ({' or '.join(flag for flag, _ in judged[i].lost)}) as l{i}"
            for i, _ in feeds
            if judged[i].lost
        ]
        codes, values = self._verdict(feeds, judged)
        reported = self._reported(judged)
        failed_value = (
            f"(case code {' '.join(values)} end)::varchar as failed_value"
            if values
            else "null::varchar as failed_value"
        )
        if not spread:
            self._used |= self._of_arrays
        joins = list(self._joins())
        kept_of_record = [name for name in self._named.values() if name in self._used]
        items = [f"{spread.items(self._name)} as items"] if spread else []
        own = [self.reader.fingerprint + " as fingerprint"] if is_whole else []
        if is_whole:
            dropped_too = " or dropped is not null" if self.careful else ""
            own.append(f"case when code > {KEPT}{dropped_too} then {self.reader.record}::varchar end as record")
        looked_up = [
            f"lookup_{alias}.{short}"
            for alias, names in self.looked_up.items()
            for name, short in names.items()
            if short in self._used
            for short in (short, *([f"{short}_unread"] if self._can_be_unread(alias, name) else ()))
        ]
        named = [f"{self._source(name)} as {short}" for name, short in self._named.items() if short in self._used]
        spread_out = [*kept_of_record, "unnest(items) as item", f"generate_subscripts(items, 1) as {POSITION}"]
        taken = [
            f"{source_text(self.file, str(one.element(reference)))} as {short}"
            for (one, reference), short in self._elements.items()
            if one == spread and short in self._used
        ]
        own += ["place"] if spread else []
        own += ["dropped", "dropped_values"] if reported else []
        results = [f"{kind}{i}" for kind in "hw" for i, _ in feeds] + [f"l{i}" for i in judged if judged[i].lost]
        results += [f"{judged[i].value[column.name]} as v{i}_{column.name}" for i, column, _ in columns]
        results += [f"{name}{i}" for i, feed in feeds if is_converted(feed) for name in ("fx", "fx_day", "fx_age")]
        source = "taken" if spread else "named" if named else "prepared"
        # a step that adds nothing is left out: binding a wide step costs more than running it over a small file
        steps = [
            ("named", _list("*", named), ""),
            ("listed", _list("*", items), ""),
            # the record itself, which may be large, stays behind
            ("spread", _list("line", spread_out) if spread else "*", ""),
            ("taken", _list(f"* exclude (item, {POSITION})", f"{POSITION} as place", taken) if spread else "*", ""),
            ("joined", _list(f"{source}.*", looked_up), " ".join(joins)),
            ("texts", _list("*", whens, [kept], texts), ""),
            ("typed", _list("*", typed), ""),
            ("asked", _list("*", asked), ""),
            ("rated", _list("asked.*" if asked else "*", rates), " ".join(self._rate_joins(feeds))),
            ("converted", _list("*", converted), ""),
            ("ruled", _list("*", [select for i in judged for select in judged[i].selects]), ""),
            ("judged", _list("*", hashes, losses, [f"{codes} as code"], reported), ""),
        ]
        chained = [f"prepared as ({self._from if is_whole else f'select * from {HELD}'})"]
        before = "prepared"
        for name, selected, tail in steps:
            if selected not in ("*", f"{before}.*"):
                chained.append(f"{name} as (select {selected} from {before} {tail})")
                before = name
        return f"""
with
{", ".join(chained)}
select {_list("line", results, ["code", failed_value], own)}
from judged
"""

    def _verdict(self, feeds: list[tuple[int, EntityMapping]], judged: dict[int, _Judged]) -> tuple[str, list[str]]:
        """The code of a row, and the cases of the text that it is about."""
        of_records = [] if self._spread else self._whole
        whole = " ".join(f"when {condition} then {code}" for condition, code in of_records)
        codes = [code for _, code in of_records]
        by_feed = []
        for i, feed in feeds:
            before = [
                (condition, self._code(failure))
                for condition, failure in self._unread(i, feed.when, f"{feed.entity}.when")
            ]
            within = [(condition, self._code(failure)) for condition, failure in self._rules(i, feed, judged[i])]
            codes += [code for _, code in (*before, *within)]
            cases = " ".join(f"when {condition} then {code}" for condition, code in before)
            inner = " ".join(f"when {condition} then {code}" for condition, code in within)
            by_feed.append(f"case {cases} when w{i} then {f'case {inner} end' if inner else 'null'} end")
        for i, feed in feeds:
            for condition, failure in self._rate_rules(i, feed):
                code = self._code(failure)
                codes.append(code)
                by_feed.append(f"case when w{i} and {condition} then {code} end")
        found = f"coalesce({', '.join((*by_feed, str(KEPT)))})"
        return f"case {whole} when not kept then {FILTERED} else {found} end", [
            f"when {code} then {self.failures[code].value}" for code in codes
        ]

    def _reported(self, judged: dict[int, _Judged]) -> list[str]:
        """The codes of the values that a row is loaded without, and their texts."""
        if not self.careful:
            return []
        lost = [(i, flag, failure) for i in judged for flag, failure in judged[i].lost]
        if not lost:
            return ["null::integer[] as dropped", "null::varchar[] as dropped_values"]
        some = " or ".join(f"l{i}" for i in judged if judged[i].lost)
        codes = ", ".join(f"case when l{i} and {flag} then {self._code(failure)} end" for i, flag, failure in lost)
        texts = ", ".join(f"case when l{i} and {flag} then {failure.value} end" for i, flag, failure in lost)
        return [
            f"case when {some} then [{codes}] end as dropped",
            f"case when {some} then [{texts}]::varchar[] end as dropped_values",
        ]

    # --- columns of the file ------------------------------------------------------------------------------------

    def _truth(self, expression: Expression | None, i: int) -> str:
        return self._computed(expression, i) if expression else "true"

    def _computed(self, expression: Expression, i: int) -> str:
        """What an expression makes of a row: null, in a careful statement, where it cannot."""
        sql = self._render(expression, i)
        return f"try({sql})" if self.careful and not expression.is_column else sql

    def _render(self, expression: Expression, i: int) -> str:
        return expression.render(lambda reference: self._resolve(reference, i), self.around.time_zone, self._numbers)

    def _unread(self, i: int, expression: Expression | None, column: str) -> Iterator[tuple[str, RuleFailure]]:
        """When an expression could not make anything of a text that is there, or nothing at all."""
        if expression is None or (expression.is_column and not self.file.joins):
            return
        for unread in expression.unread(
            lambda reference: self._resolve(reference, i),
            self.around.time_zone,
            lambda reference: self._lost(reference, i),
            self._numbers,
        ):
            yield unread.condition, RuleFailure(column, _UNREAD, unread.text)
        if self.careful and not expression.is_column:
            computed = f"try(coalesce(({self._render(expression, i)})::varchar, '')) is null"
            reason = "cannot be computed by the mapping's expression; correct the row at the source, or the mapping"
            yield computed, RuleFailure(column, reason, "null")

    def _resolve(self, reference: ColumnReference, i: int) -> str:
        if self._spread and self._spread.element(reference):
            short = self._elements.setdefault((self._spread, reference), f"x{len(self._elements)}")
            self._used.add(short)
            return short
        if len(reference.parts) == 2 and reference.parts[0] in self.looked_up:
            alias, name = reference.parts
            names = self.looked_up[alias]
            short = names.setdefault(name, f"m_{alias}_{len(names)}")
            self._used.add(short)
            return short
        return self._name(self._turned(str(reference), i))

    def _lost(self, reference: ColumnReference, i: int) -> str | None:
        """The name of what the casts of an aggregate of a joined file could not read."""
        if len(reference.parts) == 2 and self._can_be_unread(*reference.parts):
            return f"{self._resolve(reference, i)}_unread"
        return None

    def _can_be_unread(self, alias: str, name: str) -> bool:
        join = self.file.joins.get(alias)
        return join is not None and name in join.aggregate and join.aggregate[name].is_strict

    def _turned(self, name: str, i: int) -> str:
        return f"{name.removesuffix('[*]')}[{self._turns[i]}]" if name.endswith("[*]") else name

    def _has_all(self, expression: Expression, i: int) -> bool:
        return all(
            reference.parts[0] in self.looked_up
            or (self._spread and self._spread.element(reference))
            or self.reader.column(self._turned(str(reference), i)) is not None
            for reference in expression.references
        )

    def _name(self, name: str) -> str:
        if name not in self._named and name not in (LOAD_DATE, FILE_LINE) and self.reader.column(name) is None:
            self._missing.append(name)
        short = self._named.setdefault(name, f"n{len(self._named)}")
        self._used.add(short)
        return short

    def _source(self, name: str) -> str:
        sql = self.reader.column(name)
        if name == LOAD_DATE and (sql is None or self.reader.columns is None):  # of JSON any name may be asked for
            own = f"{source_text(self.file, sql)}" if sql else "null"
            return f"coalesce({own}, {literal(str(self.around.load_date))})"
        if name == FILE_LINE and (sql is None or self.reader.columns is None):
            return f"coalesce({source_text(self.file, sql)}, line::varchar)" if sql else "line::varchar"
        return source_text(self.file, sql or "null")

    def _joins(self) -> Iterator[str]:
        """All joins whose key a record has; where records are spread, those that are asked for, and what they need."""
        found: list[str] = []
        for alias in reversed(self.file.joins):
            is_asked = any(short in self._used for short in self.looked_up[alias].values())
            if is_asked or not (self._spread or self._is_of_items(alias)):
                found.append(self._join(alias))
        yield from reversed(found)

    def _is_of_items(self, alias: str) -> bool:
        """Whether a join, or one that it goes by, has a key that only the items of some block have."""
        begins = {feed.each_path[0] if feed.each_path else ITEM for feed in self.file.entities if feed.is_spread}
        firsts = [name.split(".")[0] for name in self.file.joins[alias].on]
        return any(first in begins or (first in self.file.joins and self._is_of_items(first)) for first in firsts)

    def _join(self, alias: str) -> str:
        join = self.file.joins[alias]
        if join.file is None:
            return f"left join lookup_{alias} on line::varchar = lookup_{alias}.k0"
        keys = (
            f"{self._joinable(mine, is_optional=join.optional)} = lookup_{alias}.k{k}" for k, mine in enumerate(join.on)
        )
        return f"left join lookup_{alias} on {' and '.join(keys)}"

    def _joinable(self, name: str, *, is_optional: bool) -> str:
        alias, _, column = name.partition(".")
        if column and alias in self.looked_up:
            return f"lookup_{alias}.{self._resolve(ColumnReference((alias, column)), 0)}"
        if self._spread and self._spread.element(ColumnReference(tuple(name.split(".")))):
            return f"taken.{self._resolve(ColumnReference(tuple(name.split('.'))), 0)}"
        if is_optional and self.reader.column(name) is None:
            return "null"
        return f"{'taken' if self._spread else 'named'}.{self._name(name)}"

    # --- from text to the contract ------------------------------------------------------------------------------

    def _text(self, i: int, column: Column, how: ColumnMapping) -> str:
        if how.constant is not None:
            text = literal(how.constant)
        elif how.value is None or (how.optional and not self._has_all(how.value, i)):
            return "null::varchar"
        else:
            text = f"{self._computed(how.value, i)}::varchar"
        if how.map or column.data_type != "varchar" or column.key or column.references or column.accepted_values:
            text = f"trim({text})"
        if how.map:
            pairs = " ".join(f"when {literal(old)} then {literal(new)}" for old, new in how.map.items())
            otherwise = text if how.otherwise is None else literal(how.otherwise)
            text = f"case when {text} is not null then case {text} {pairs} else {otherwise} end end"
        return f"nullif({text}, '')"

    def _typed(self, i: int, column: Column, how: ColumnMapping) -> str:
        text = f"r{i}_{column.name}"
        kind = column.data_type.partition("(")[0]
        if kind == "varchar":
            if self.feeds[i].contract.is_prefixed(column):
                return f"{literal((how.source or self.around.source) + ':')} || {text}"
            return text
        if kind in ("decimal", "bigint"):
            text = self._plain_number(text, column, how)
        if kind == "decimal":
            return f"try_cast({text} as {column.data_type})"
        if kind == "boolean":
            return f"case when lower({text}) in {_TRUE} then true when lower({text}) in {_FALSE} then false end"
        if kind == "bigint":
            number = f"try_cast({text} as decimal(38, 6))"
            whole = f"case when {number} % 1 = 0 then try_cast({number} as bigint) end"
            has_point = f"contains({text}, '.') or contains({text}, 'e') or contains({text}, 'E')"
            return f"case when {has_point} then {whole} else try_cast({text} as bigint) end"
        zone = self._zone(how)
        instant = self._instant(text, column, how, zone)
        if self.careful:
            instant = f"try({instant})"
        if kind == "date":
            local = f"{to_local(instant, zone)}::date"
            # a day alone needs no zone, and most are
            is_day = f"length({text}) <= 10" if not how.format else "false"
            return f"case when {is_day} then try_cast({text} as date) else {local} end"
        if how.end_of_day:
            local = to_local(instant, zone)
            last = to_utc(f"{local} + interval 1 day - interval 1 microsecond", zone)
            if self.careful:
                last = f"try({last})"  # the calendar has an end
            return f"case when {local}::time = time '00:00:00' then {last} else {instant} end"
        return instant

    def _plain_number(self, text: str, column: Column, how: ColumnMapping) -> str:
        """A number without the marks that the file writes it with; one that an expression computed has none."""
        if how.format:
            size = {"seconds": 1, "minutes": 60}[str(column.unit)]
            locale = how.locale or self.file.locale
            tries = (f"({length_in_seconds(text, form, locale)})" for form in how.format)
            return f"(coalesce({', '.join(tries)}) / {size})::decimal(24, 6)::varchar"
        number = how.number or self.file.number
        if number and how.value and how.value.is_text(self._numbers.computed):
            return f"({number.style.plain(text)})"
        return text

    def _zone(self, how: ColumnMapping) -> str:
        return how.zone or self.around.time_zone

    def _instant(self, text: str, column: Column, how: ColumnMapping, zone: str) -> str:
        """UTC of a stamp: with an offset as it says, without one by the zone."""
        if how.format:
            latest = self.around.load_date if column.past else None
            return formatted_instant(text, how.format, zone, latest, how.locale or self.file.locale)
        return iso_instant(text, zone, odd=self.careful)

    # --- money --------------------------------------------------------------------------------------------------

    def _asked_currency(self, i: int, feed: EntityMapping) -> str:
        """The code of the currency a row is in, where that is not the company's and the row has money."""
        code = f"upper(trim(t{i}_currency))"
        money = ", ".join(f"t{i}_{column.name}" for column, _ in mapped(feed) if column.unit == "money")
        is_foreign = f"{code} <> {literal(self.around.company_currency.upper())}"
        return f"case when {is_foreign} and coalesce({money}) is not null then nullif({code}, '') end"

    def _rate_day(self, i: int, feed: EntityMapping) -> str:
        """The company's day a row is converted by; that of the delivery where the row states none."""
        zone = literal(self.around.company_zone)
        delivered = f"date '{self.around.load_date}'"
        time = feed.contract.rate_time or feed.contract.event_time
        if time not in feed.columns:
            return delivered
        return f"coalesce(timezone({zone}, timezone('UTC', t{i}_{time}))::date, {delivered})"

    def _rate(self, i: int) -> str:
        return f"case when fx{i} is not null then rates{i}.rate else 1 end"

    def _rate_joins(self, feeds: list[tuple[int, EntityMapping]]) -> Iterator[str]:
        for i, feed in feeds:
            if is_converted(feed):
                rates = f"(select currency, day, rate, age as fx_age{i} from rates)"
                yield f"left join {rates} as rates{i} on rates{i}.currency = fx{i} and rates{i}.day = fx_day{i}"

    def _changes(self, i: int, column: Column) -> bool:
        return is_converted(self.feeds[i]) and column.unit == "money"

    def _value(self, i: int, column: Column) -> str:
        """The name of the value before the rules."""
        return f"{'v' if self._changes(i, column) else 't'}{i}_{column.name}"

    def _converted(self, i: int, column: Column) -> str:
        value = f"t{i}_{column.name}"
        # DuckDB keeps the product of two decimals of 18 digits to 18; rounding a wider one is 20 times as slow
        product = f"coalesce(try(round({value} * rate{i}, 4)), round({value}::decimal(38, 4) * rate{i}, 4))"
        return f"case when fx{i} is not null then try_cast({product} as {column.data_type}) else {value} end"

    def _hash(self, feed: EntityMapping, judged: _Judged) -> str:
        values = (f"coalesce({judged.value[column.name]}::varchar, chr(30))" for column, _ in mapped(feed))
        return f"md5_number(concat_ws(chr(31), {', '.join(values)}))"  # half as wide as its text

    # --- rules --------------------------------------------------------------------------------------------------

    def _code(self, failure: RuleFailure) -> int:
        code = self._first_code + len(self.failures)
        self.failures[code] = failure
        return code

    def _of_the_row(self) -> Iterator[tuple[str, RuleFailure]]:
        """What is wrong with a row before any entity is looked at."""
        if self.reader.broken_if:
            condition, reason = self.reader.broken_if
            yield condition, RuleFailure("", reason, "null")
        yield from self._unread(0, self.file.filter, "filter")
        own = [Arrays(path) for join in self.file.joins.values() if (path := join.own_array)]
        for spread in dict.fromkeys([*self._spreads, *own]):
            if isinstance(spread, Arrays):
                condition, reason = spread.problem(self._name)
                self._of_arrays.add(self._name(spread.column))
                yield f"kept and {condition}", RuleFailure(spread.shown, reason, self._name(spread.column))

    def _rules(self, i: int, feed: EntityMapping, judged: _Judged) -> Iterator[tuple[str, RuleFailure]]:
        """Conditions under which a row is put aside, and why; the first that holds is reported."""
        for column, how in mapped(feed):
            text, value, about = f"r{i}_{column.name}", f"t{i}_{column.name}", f"{feed.entity}.{column.name}"
            if how.value is not None and not (how.optional and not self._has_all(how.value, i)):
                yield from self._unread(i, how.value, about)
            if self.reader.cuts_numbers and (column.key or column.references or column.identifier):
                yield from self._cut(i, how.value, RuleFailure(about, _CUT, text))
            is_moment = column.data_type in ("date", "timestamp") and not how.format
            for condition, reason in _column_rules(column, text, value):
                yield condition, RuleFailure(about, reason, text, is_moment=is_moment)
            other = column.required_without
            if other is not None:
                condition = f"{text} is null" + (f" and r{i}_{other} is null" if other in feed.columns else "")
                yield condition, RuleFailure(about, f"is missing, and so is {other}; one of them is required", text)
            if self._changes(i, column):
                too_much = f"{value} is not null and {self._value(i, column)} is null and rate{i} is not null"
                yield (
                    too_much,
                    RuleFailure(about, f"is more than {column.data_type} holds in the company's currency", text),
                )
        yield from judged.broken

    def _cut(self, i: int, expression: Expression | None, failure: RuleFailure) -> Iterator[tuple[str, RuleFailure]]:
        """When a key is made of a number that may have lost digits: several would become one."""
        for reference in expression.references if expression else ():
            if self._has_all(Expression(exp.column(*map(exp.to_identifier, reversed(reference.parts)))), i):
                name = self._resolve(reference, i)
                yield f"coalesce(regexp_full_match({name}::varchar, {_CUT_NUMBER}), false)", failure

    def _rate_rules(self, i: int, feed: EntityMapping) -> Iterator[tuple[str, RuleFailure]]:
        """After all others: of a row that lacks a rate nothing else is wrong."""
        if is_converted(feed):
            reason = (
                f"has no rate in fx_rates of its day or of the {self.around.rate_days} days before it; deliver the "
                "rate, and the row is taken in"
            )
            failure = RuleFailure(f"{feed.entity}.currency", reason, f"r{i}_currency", is_no_rate=True)
            yield f"rate{i} is null", failure

    def _judged(self, i: int, feed: EntityMapping) -> _Judged:
        """The limits of each column, then the rules between them in the contract's order, each on what is left."""
        known = {column.name: how for column, how in mapped(feed)}
        judged = _Judged({column.name: self._value(i, column) for column, _ in mapped(feed)})
        if not self.careful:
            wrong = [
                condition
                for column, _ in mapped(feed)
                for condition, _ in _limits(column, judged.value[column.name], self.around.load_date)
            ]
            wrong += [condition for rule in feed.contract.rules if (condition := self._broken(feed, rule, judged))]
            if wrong:
                judged.broken.append((" or ".join(wrong), RuleFailure("", "", "null", is_suspect=True)))
            return judged
        for column, _ in mapped(feed):
            flags = []
            for condition, reason in _limits(column, judged.value[column.name], self.around.load_date):
                flag = f"b{i}_{len(judged.selects)}"
                judged.selects.append(f"{condition} as {flag}")
                needed = column.required or column.key
                without = () if needed else (column.name,)
                failure = RuleFailure(f"{feed.entity}.{column.name}", reason, f"r{i}_{column.name}", without=without)
                (judged.broken if needed else judged.lost).append((flag, failure))
                flags.append(flag)
            if flags and not (column.required or column.key):
                judged.leave(i, column.name, f"case when not coalesce({' or '.join(flags)}, false) then {{value}} end")
        for rule in feed.contract.rules:
            self._hold(i, feed, rule, known, judged)
        return judged

    def _broken(self, feed: EntityMapping, rule: Rule, judged: _Judged) -> str | None:
        """When a rule does not hold for what is left of the values; None where it speaks of what is not there."""
        tree = _parsed(rule.holds)
        columns = {str(reference) for reference in tree.references}
        if rule.column not in judged.value or (
            isinstance(tree.tree, exp.Predicate) and not columns <= set(judged.value)
        ):
            return None
        names = {name: judged.value.get(name, f"null::{feed.contract.by_name[name].data_type}") for name in columns}
        pair = _later_and_earlier(tree.tree, feed.contract)
        if pair:
            return f"{names[pair[0]]} < {names[pair[1]]}"
        sql = tree.render(lambda reference: f"\x1b{reference}", self.around.time_zone)
        for name, value in names.items():
            sql = sql.replace(f'"\x1b{name}"', value)
        return f"not {sql}"

    def _hold(self, i: int, feed: EntityMapping, rule: Rule, known: dict[str, ColumnMapping], judged: _Judged) -> None:
        condition = self._broken(feed, rule, judged)
        if condition is None:
            return
        pair = _later_and_earlier(_parsed(rule.holds).tree, feed.contract)
        if pair:  # what states a day alone is no contradiction on that day
            later, earlier = (judged.value[name] for name in pair)
            ends, begins = (to_local(moment, self._zone(known[pair[0]])) for moment in (later, earlier))
            is_other = f"{ends}::time <> time '00:00:00' or {ends}::date <> {begins}::date"
            condition = f"case when {condition} then {is_other} end"
        flag = f"b{i}_{len(judged.selects)}"
        judged.selects.append(f"{condition} as {flag}")
        if pair:
            judged.leave(i, pair[0], f"case when not {flag} then {earlier} else {{value}} end")
        reason = f"{rule.says}; correct it at the source, or the mapping"
        about = f"{feed.entity}.{rule.column}"
        failure = RuleFailure(about, reason, f"r{i}_{rule.column}", is_rule=True, without=rule.without)
        (judged.lost if rule.without else judged.broken).append((flag, failure))
        for name in rule.without:
            if name in known:
                judged.leave(i, name, f"case when {flag} then null else {{value}} end")


def _grouped(
    feeds: Sequence[EntityMapping], spreads: Sequence[Spread | None]
) -> list[tuple[Spread | None, tuple[int, ...]]]:
    """The feeds, by their places, in groups that are spread alike and not too wide. The first is of whole records,
    though it has no feed: of them each is one."""
    groups: list[tuple[Spread | None, list[int]]] = [(None, [])]
    for spread in dict.fromkeys((None, *spreads)):
        group: list[int] = groups[0][1] if spread is None else []
        if spread:
            groups.append((spread, group))
        width = 0
        for i, feed in enumerate(feeds):
            if spreads[i] != spread:
                continue
            if group and width + len(feed.columns) > _WIDEST:
                group = []
                groups.append((spread, group))
                width = 0
            group.append(i)
            width += len(feed.columns)
    return [(spread, tuple(group)) for spread, group in groups]


@lru_cache(maxsize=256)
def _parsed(condition: str) -> Expression:
    return parse(condition)


def _later_and_earlier(tree: exp.Expr, entity: Entity) -> tuple[str, str] | None:
    """The columns of a rule `later >= earlier` between times."""
    if not (isinstance(tree, exp.GTE) and isinstance(tree.left, exp.Column) and isinstance(tree.right, exp.Column)):
        return None
    pair = tree.left.name, tree.right.name
    return pair if all(entity.by_name[name].data_type == "timestamp" for name in pair) else None


def _column_rules(column: Column, text: str, value: str) -> Iterator[tuple[str, str]]:
    """When a text is none that the column can hold, and what is wrong with it."""
    kind = column.data_type.partition("(")[0]
    if column.required or column.key:
        yield f"{text} is null", "is missing; it is required"
    if kind != "varchar":
        wanted = _WANTED.get(kind, f"is no number that {column.data_type} holds")
        yield f"{text} is not null and {value} is null", f"{wanted}; correct it at the source, or the mapping"
    if column.accepted_values:
        accepted = ", ".join(literal(one) for one in column.accepted_values)
        listed = ", ".join(column.accepted_values)
        yield f"{value} not in ({accepted})", f"is none of {listed}; map it to one of them"


def _limits(column: Column, value: str, load_date: date) -> Iterator[tuple[str, str]]:
    """When a value lies beyond what the column can mean, and what is wrong with it."""
    kind = column.data_type.partition("(")[0]
    if kind in ("date", "timestamp"):
        latest = load_date.replace(year=load_date.year + 100, day=1)
        yield (
            f"{value} not between {kind} '{_EARLIEST}' and {kind} '{latest}'",
            f"lies before {_EARLIEST.year} or after {latest.year}; correct it at the source",
        )
    if column.past:
        yield f"{value} >= {kind} '{load_date + timedelta(days=1)}'", "lies in the future; correct it at the source"
    least, most = column.minimum, column.maximum
    if column.unit in _MOST:
        least, most = least or "0", most or str(_MOST[column.unit])
    if column.unit in _SPAN:
        least, most = least or str(-_SPAN[column.unit]), most or str(_SPAN[column.unit])
    if least is not None:
        below = "is negative" if least == "0" else f"is below {_shown(least)}"
        yield f"{value} < {least}", f"{below}; correct it at the source, or the mapping"
    if most is not None:
        yield f"{value} > {most}", f"is more than {_shown(most)}; correct it at the source, or the mapping"


def _shown(limit: str) -> str:
    return f"{int(limit):,}" if limit.lstrip("-").isdigit() else limit


def mapped(feed: EntityMapping) -> Iterator[tuple[Column, ColumnMapping]]:
    """The columns a mapping fills, in the contract's order."""
    for column in feed.contract.mapped:
        if column.name in feed.columns:
            yield column, feed.columns[column.name]


def is_converted(feed: EntityMapping) -> bool:
    """Whether amounts of the entity have a currency of their own."""
    return "currency" in feed.columns and any(column.unit == "money" for column in feed.contract.columns)


def source_text(file: FileMapping, sql: str) -> str:
    """A column of the file, null where the file means nothing."""
    nothing = ", ".join(literal(text) for text in ("", *file.null_values))
    return f"case when {sql} not in ({nothing}) then {sql} end"


def _list(*parts: str | list[str]) -> str:
    return ", ".join(one for part in parts for one in ([part] if isinstance(part, str) else part))
