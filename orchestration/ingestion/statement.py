"""The one statement that maps, casts and judges all rows of a file, put together from its mapping.

Every value passes as text: an expression makes it, a cast gives it the contract's type, and what a cast cannot take is
told from what was not there. Names: n = column of the file, r = text of a column of an entity, t = its typed value, v =
the final one, fx = the currency a rate is asked for, fx_day and fx_age = of which day, and how old the rate found is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from orchestration.ingestion.contract import Column, literal
from orchestration.ingestion.errors import RefusedError
from orchestration.ingestion.expressions import Expression, Reference
from orchestration.ingestion.mapping import ColumnMapping, EntityMapping, FileMapping
from orchestration.ingestion.readers import Reader

KEPT, FILTERED = 0, -1  # codes of rows; positive ones are failures
LOAD_DATE = "load_date"  # the day of the delivery, for files that state no day of their own
_EARLIEST = date(1850, 1, 1)
_TRUE = "('true', 't', 'yes', 'y', '1')"
_FALSE = "('false', 'f', 'no', 'n', '0')"
_COUNTED = ("count", "seconds", "minutes", "months")
_WANTED = {
    "bigint": "is no whole number",
    "boolean": "is neither yes nor no",
    "date": "is no date as the mapping expects it",
    "timestamp": "is no time as the mapping expects it",
}


@dataclass(frozen=True)
class Surroundings:
    """What a statement needs to know besides the mapping."""

    source: str
    load_date: date
    time_zone: str  # of stamps without one
    company_zone: str
    company_currency: str
    rate_days: int  # how old a rate may be


@dataclass(frozen=True)
class Failure:
    """A rule that a row broke."""

    column: str  # entity.column
    reason: str
    value: str  # SQL of the offending text
    is_no_rate: bool = False  # nothing is wrong with the row but that a rate is not there


class Statement:
    """SQL over `batches`, `rates` and the lookups of the joins, and what its codes mean.

    Raises RefusedError when the mapping speaks of columns the file does not have.
    """

    def __init__(self, file: FileMapping, reader: Reader, around: Surroundings) -> None:
        self.file = file
        self.reader = reader
        self.around = around
        self.failures: dict[int, Failure] = {}
        self.looked_up: dict[str, dict[str, str]] = {alias: {} for alias in file.joins}  # column: m0, m1, ...
        self._named: dict[str, str] = {}  # column of the file: n0, n1, ...
        self._missing: list[str] = []
        self.sql = self._sql()
        self.names = tuple(self._named)
        if self._missing:
            names = ", ".join(repr(name) for name in self._missing)
            raise RefusedError(f"has no column {names}, which the mapping uses; have it sent or change the mapping")

    def _sql(self) -> str:
        feeds = list(enumerate(self.file.entities))
        columns = [(i, column, how) for i, feed in feeds for column, how in mapped(feed)]
        whens = [f"coalesce({self._render(f.when) if f.when else 'true'}, false) as w{i}" for i, f in feeds]
        kept = f"coalesce({self._render(self.file.filter) if self.file.filter else 'true'}, false) as kept"
        texts = [f"{self._text(column, how)} as r{i}_{column.name}" for i, column, how in columns]
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
        broken = []
        if self.reader.broken_if:
            condition, reason = self.reader.broken_if
            broken = [f"when {condition} then {self._code(Failure('', reason, 'null'))}"]
        rules = [*(self._rules(i, feed) for i, feed in feeds), *(self._rate_rules(i, feed) for i, feed in feeds)]
        cases = [f"when {condition} then {self._code(failure)}" for rule in rules for condition, failure in rule]
        values = [f"when {code} then {failure.value}" for code, failure in self.failures.items()]
        hashes = [f"{self._hash(i, feed)} as h{i}" for i, feed in feeds]
        joins = [self._join(alias) for alias in self.file.joins]
        looked_up = [f"lookup_{alias}.{short}" for alias, names in self.looked_up.items() for short in names.values()]
        named = [f"{self._source(name)} as {short}" for name, short in self._named.items()]
        results = [*(f"h{i}" for i, _ in feeds), *(f"w{i}" for i, _ in feeds)]
        results += [f"{self._value(i, column)} as v{i}_{column.name}" for i, column, _ in columns]
        results += [f"{name}{i}" for i, feed in feeds if is_converted(feed) for name in ("fx", "fx_day", "fx_age")]
        code = f"""
            case {" ".join(broken)} when not kept then {FILTERED} {" ".join(cases)} else {KEPT} end as code"""
        # a step that adds nothing is left out: binding a wide step costs more than running it over a small file
        steps = [
            ("named", _list("*", named), ""),
            ("joined", _list("named.*", looked_up), " ".join(joins)),
            ("texts", _list("*", whens, [kept], texts), ""),
            ("typed", _list("*", typed), ""),
            ("asked", _list("*", asked), ""),
            ("rated", _list("asked.*" if asked else "*", rates), " ".join(self._rate_joins())),
            ("converted", _list("*", converted), ""),
            ("judged", _list("*", hashes, [code]), ""),
        ]
        chained = [f"prepared as ({self.reader.prepared})"]
        before = "prepared"
        for name, selected, tail in steps:
            if selected not in ("*", f"{before}.*"):
                chained.append(f"{name} as (select {selected} from {before} {tail})")
                before = name
        return f"""
with
{", ".join(chained)}
select {_list("line", results)}, code, {self.reader.fingerprint} as fingerprint,
    (case code {" ".join(values)} end)::varchar as failed_value,
    case when code > {KEPT} then {self.reader.record}::varchar end as record
from judged
"""

    # --- columns of the file ------------------------------------------------------------------------------------

    def _render(self, expression: Expression) -> str:
        return expression.render(self._resolve)

    def _resolve(self, reference: Reference) -> str:
        if len(reference.parts) == 2 and reference.parts[0] in self.looked_up:
            alias, name = reference.parts
            names = self.looked_up[alias]
            return names.setdefault(name, f"m_{alias}_{len(names)}")
        return self._name(str(reference))

    def _has_all(self, expression: Expression) -> bool:
        return all(
            reference.parts[0] in self.looked_up or self.reader.column(str(reference)) is not None
            for reference in expression.references
        )

    def _name(self, name: str) -> str:
        if name not in self._named and name != LOAD_DATE and self.reader.column(name) is None:
            self._missing.append(name)
        return self._named.setdefault(name, f"n{len(self._named)}")

    def _source(self, name: str) -> str:
        sql = self.reader.column(name)
        if sql is None and name == LOAD_DATE:
            return literal(str(self.around.load_date))
        return source_text(self.file, sql or "null")

    def _join(self, alias: str) -> str:
        keys = (f"{self._joinable(mine)} = lookup_{alias}.k{k}" for k, mine in enumerate(self.file.joins[alias].on))
        return f"left join lookup_{alias} on {' and '.join(keys)}"

    def _joinable(self, name: str) -> str:
        alias, _, column = name.partition(".")
        if column and alias in self.looked_up:
            return f"lookup_{alias}.{self._resolve(Reference((alias, column)))}"
        return f"named.{self._name(name)}"

    # --- from text to the contract ------------------------------------------------------------------------------

    def _text(self, column: Column, how: ColumnMapping) -> str:
        if how.constant is not None:
            text = literal(how.constant)
        elif how.value is None or (how.optional and not self._has_all(how.value)):
            return "null::varchar"
        else:
            text = f"{self._render(how.value)}::varchar"
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
            if self.file.entities[i].contract.is_prefixed(column):
                return f"{literal((how.source or self.around.source) + ':')} || {text}"
            return text
        if kind == "decimal":
            return f"try_cast({text} as {column.data_type})"
        if kind == "boolean":
            return f"case when lower({text}) in {_TRUE} then true when lower({text}) in {_FALSE} then false end"
        if kind == "bigint":
            number = f"try_cast({text} as decimal(38, 6))"
            return (
                f"case when contains({text}, '.') or contains({text}, 'e') or contains({text}, 'E') "
                f"then case when {number} % 1 = 0 then {number}::bigint end else try_cast({text} as bigint) end"
            )
        zone = how.zone or self.around.time_zone
        instant = self._instant(text, how, zone)
        if kind == "date":
            local = f"timezone({literal(zone)}, timezone('UTC', {instant}))::date"
            # a day alone needs no zone, and most are
            is_day = f"length({text}) <= 10" if not how.format else "false"
            return f"case when {is_day} then try_cast({text} as date) else {local} end"
        if how.end_of_day:
            local = f"timezone({literal(zone)}, timezone('UTC', {instant}))"
            last = f"{local} + interval 1 day - interval 1 microsecond"
            return f"case when {local}::time = time '00:00:00' then {_to_utc(last, zone)} else {instant} end"
        return instant

    def _instant(self, text: str, how: ColumnMapping, zone: str) -> str:
        """UTC of a stamp: with an offset as it says, without one by the zone."""
        if not how.format:
            tail = f"substr({text}, 11)"
            zoned = f"right({text}, 1) = 'Z' or contains({tail}, '+') or contains({tail}, '-')"
            absolute = f"timezone('UTC', try_cast({text} as timestamptz))"  # a plain timestamp ignores the offset
            return f"case when {zoned} then {absolute} else {_to_utc(f'try_cast({text} as timestamp)', zone)} end"
        tries = []
        for has_offset in (True, False):
            formats = [literal(f) for f in how.format if any(mark in f for mark in ("%z", "%Z")) == has_offset]
            if formats:
                parsed = f"try_strptime({text}, [{', '.join(formats)}])"
                tries.append(f"timezone('UTC', {parsed})" if has_offset else _to_utc(parsed, zone))
        return f"coalesce({', '.join(tries)})"

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

    def _rate_joins(self) -> Iterator[str]:
        for i, feed in enumerate(self.file.entities):
            if is_converted(feed):
                rates = f"(select currency, day, rate, age as fx_age{i} from rates)"
                yield f"left join {rates} as rates{i} on rates{i}.currency = fx{i} and rates{i}.day = fx_day{i}"

    def _changes(self, i: int, column: Column) -> bool:
        return is_converted(self.file.entities[i]) and column.unit == "money"

    def _value(self, i: int, column: Column) -> str:
        """The name of the final value."""
        return f"{'v' if self._changes(i, column) else 't'}{i}_{column.name}"

    def _converted(self, i: int, column: Column) -> str:
        value = f"t{i}_{column.name}"
        converted = f"try_cast(round({value} * rate{i}, 4) as {column.data_type})"
        return f"case when fx{i} is not null then {converted} else {value} end"

    def _hash(self, i: int, feed: EntityMapping) -> str:
        values = (f"coalesce({self._value(i, column)}::varchar, chr(30))" for column, _ in mapped(feed))
        return f"md5_number(concat_ws(chr(31), {', '.join(values)}))"  # half as wide as its text

    # --- rules --------------------------------------------------------------------------------------------------

    def _code(self, failure: Failure) -> int:
        code = len(self.failures) + 1
        self.failures[code] = failure
        return code

    def _rules(self, i: int, feed: EntityMapping) -> Iterator[tuple[str, Failure]]:
        """Conditions under which a row is put aside, and why; the first that holds is told."""
        for column, _ in mapped(feed):
            text, value = f"r{i}_{column.name}", f"t{i}_{column.name}"
            for condition, reason in _column_rules(column, text, value, self.around.load_date):
                yield f"w{i} and {condition}", Failure(f"{feed.entity}.{column.name}", reason, text)
            other = column.required_without
            if other is not None:
                condition = f"{text} is null" + (f" and r{i}_{other} is null" if other in feed.columns else "")
                reason = f"is missing, and so is {other}; one of them is required"
                yield f"w{i} and {condition}", Failure(f"{feed.entity}.{column.name}", reason, text)

    def _rate_rules(self, i: int, feed: EntityMapping) -> Iterator[tuple[str, Failure]]:
        """After all others: of a row that lacks a rate nothing else is wrong."""
        if is_converted(feed):
            reason = (
                f"has no rate in fx_rates of its day or of the {self.around.rate_days} days before it; deliver the "
                "rate, and the row is taken in"
            )
            failure = Failure(f"{feed.entity}.currency", reason, f"r{i}_currency", is_no_rate=True)
            yield f"w{i} and rate{i} is null", failure


def _column_rules(column: Column, text: str, value: str, load_date: date) -> Iterator[tuple[str, str]]:
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
    if kind in ("date", "timestamp"):
        latest = load_date.replace(year=load_date.year + 100, day=1)
        yield (
            f"{value} not between {kind} '{_EARLIEST}' and {kind} '{latest}'",
            f"lies before {_EARLIEST.year} or after {latest.year}; correct it at the source",
        )
    if column.unit in _COUNTED:
        yield f"{value} < 0", "is negative; correct it at the source"


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


def _to_utc(local: str, zone: str) -> str:
    offset = _offset_since_2000(zone)
    exact = f"timezone('UTC', timezone({literal(zone)}, {local}))"
    if offset is None:
        return exact
    # four times faster than asking for the zone row by row
    return f"case when {local} >= timestamp '2000-01-02' then {local} - interval {offset} second else {exact} end"


@lru_cache(maxsize=64)
def _offset_since_2000(zone: str) -> int | None:
    """Seconds ahead of UTC of a zone that never changed its clock since 2000, nor plans to; else None."""
    weeks = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(weeks=week) for week in range(52 * 110))
    offsets = {at.astimezone(ZoneInfo(zone)).utcoffset() for at in weeks}
    only = offsets.pop()
    return int(only.total_seconds()) if not offsets and only is not None else None


def _list(*parts: str | list[str]) -> str:
    return ", ".join(one for part in parts for one in ([part] if isinstance(part, str) else part))
