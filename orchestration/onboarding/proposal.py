"""What is proposed: which entity each file is, which expression fills which column, and what speaks for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from foundation.contract import Column as ContractColumn
from foundation.contract import Entity, contract
from orchestration.ingestion.expressions import ExpressionError, parse
from orchestration.onboarding.profile import FileColumn, FileTable
from orchestration.onboarding.vocabulary import NameFit, accepted, constants, file_score, fit, owner_of

MADE_ELSEWHERE = {"gross_amount"}  # required columns that another file's rows may give
Repeats = Callable[[FileTable, Sequence[FileColumn]], int]  # how many rows repeat another's values of some columns
_BY_SHAPE = {"ticket_events", "surveys", "survey_items", "survey_answers"}  # shapes.py finds these
_ENOUGH = 0.6  # what must speak for an entity
_NAME, _OTHERS = 1.3, 3  # how much the name of the file counts, and how much at most the columns that may be absent
_REPEATED = {"orders": 0.5}  # what speaks against an entity whose key repeats; an order may stand in several rows
_SURE = 2.5  # what makes it no question
_KNOWN = 0.5  # share of a column's rows whose values must be understood
_BRACKETS = re.compile(r"[(\uff08][^()\uff08\uff09]*[)\uff09]")
_PERSONS = ("customers", "agents")
_OF_A_PERSON = ("name", "email", "phone")
_END_OF_DAY = {"promised_at", "payment_due_at", "expires_at", "due_at"}


@dataclass
class ProposedLine:
    """One column of an entity, as it stands in the mapping, with what it was told by."""

    column: str
    form: Any
    evidence: str
    is_off: bool = False  # written as a comment
    uses: FileColumn | None = None


@dataclass(frozen=True)
class Spread:
    """Columns that each become a row, as several blocks speak of them: written once, by its anchor elsewhere."""

    anchor: str
    columns: str | tuple[str, ...] | None  # a pattern of headers, or their names
    items: tuple[tuple[str, dict[str, str], str], ...]  # header, what is known of it, evidence
    evidence: str


@dataclass
class ProposedFeed:
    """One block of a file."""

    entity: str
    lines: list[ProposedLine]
    options: dict[str, Any] = field(default_factory=dict)
    evidence: str = ""
    cells: tuple[FileColumn, ...] = ()  # columns that it goes through

    def line(self, column: str) -> ProposedLine | None:
        return next((one for one in self.lines if one.column == column and not one.is_off), None)

    def column(self, column: str) -> FileColumn | None:
        found = self.line(column)
        return found.uses if found else None


@dataclass
class File:
    """One kind of file with its blocks."""

    table: FileTable
    feeds: list[ProposedFeed] = field(default_factory=list)
    joins: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    filter: tuple[str, str] | None = None
    left: str | None = None  # why it is ignored

    @property
    def name(self) -> str:
        return self.table.name

    def feed(self, entity: str) -> ProposedFeed | None:
        return next((one for one in self.feeds if one.entity == entity), None)

    @property
    def used(self) -> set[str]:
        named = {one.uses.name for feed in self.feeds for one in feed.lines if one.uses and not one.is_off}
        return named | {column.name for feed in self.feeds for column in feed.cells}


@dataclass
class Proposal:
    """A whole mapping with what a person must say."""

    source: str
    zone: str
    zone_evidence: str
    files: list[File]
    questions: list[str] = field(default_factory=list)
    extends: tuple[str, str] | None = None


@dataclass(frozen=True)
class ColumnCandidate:
    """An entity that a table may be."""

    entity: str
    score: float
    lines: tuple[ProposedLine, ...]
    lacks: tuple[str, ...]  # required columns that nothing of the file fills
    repeated: int  # rows that repeat a key
    named: float

    @property
    def is_sure(self) -> bool:
        return self.score >= _SURE

    @property
    def key(self) -> ProposedLine | None:
        keys = contract()[self.entity].keys
        return next((line for line in self.lines if line.column == keys[0].name), None)


def reference(column: FileColumn) -> str:
    """A column of the file as an expression names it."""
    name = column.name
    if column.sql:
        return column.sql
    if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name) and name != "load_date":
        try:
            tree = parse(name)
            if tree.is_column and [str(one) for one in tree.references] == [name]:
                return name
        except ExpressionError:
            pass
    if re.fullmatch(r"[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)+", name):
        return ".".join(f'"{part}"' for part in name.split("."))
    return '"' + name.replace('"', '""') + '"'


def amount_sql(column: FileColumn) -> str:
    """A column of numbers as an aggregate can cast it."""
    return column.number.sql(reference(column)) if column.number else reference(column)


def line(entity: Entity, target: ContractColumn, column: FileColumn, why: str) -> ProposedLine | None:
    """How a column of the file fills one of the contract; None where it cannot."""
    value = reference(column)
    kind = target.data_type.partition("(")[0]
    reported = f"{why}; {column.in_words}" if why else column.in_words
    if kind in ("timestamp", "date"):
        if column.moment is None:
            return None
        form: dict[str, Any] = {"value": value}
        if column.moment.formats:
            form["format"] = (
                column.moment.formats[0] if len(column.moment.formats) == 1 else list(column.moment.formats)
            )
        if column.moment.locale:
            form["locale"] = column.moment.locale
        if target.name in _END_OF_DAY:
            form["end_of_day"] = "true"
        example = (
            f"{column.moment.example}: " if column.moment.example and column.moment.formats and not target.pii else ""
        )
        reported = f"{why + '; ' if why else ''}{example}{column.in_words}"
        return ProposedLine(target.name, form if len(form) > 1 else value, reported, uses=column)
    if kind in ("decimal", "bigint"):
        if not column.is_number and column.kind != "truth":
            return None
        more = column.number.form if column.number else {}
        return ProposedLine(target.name, {"value": value, **more} if more else value, reported, uses=column)
    if kind == "boolean":
        return _truth(target, column, value, reported)
    if target.accepted_values:
        return _of_few(entity, target, column, value, why)
    if column.kind in ("time", "empty"):
        return None
    if (target.key or target.references) and column.kind == "decimal":
        return None
    return ProposedLine(target.name, value, reported, uses=column)


def _truth(target: ContractColumn, column: FileColumn, value: str, reported: str) -> ProposedLine | None:
    if column.kind != "truth":
        return None
    own = {"是": "true", "否": "false", "on": "true", "off": "false"}
    pairs = {text: own[text.lower()] for text, _ in column.top if text.lower() in own}
    return ProposedLine(target.name, {"value": value, "map": pairs} if pairs else value, reported, uses=column)


def _of_few(entity: Entity, target: ContractColumn, column: FileColumn, value: str, why: str) -> ProposedLine | None:
    """A column with values of the system: those that are understood are mapped, the others left empty and told."""
    if not 0 < column.distinct <= len(column.top) or column.is_number or column.kind == "time":
        return None
    meant = {text: accepted(entity.name, target, text) for text, _ in column.top}
    rows = sum(n for text, n in column.top if meant[text])
    if rows < _KNOWN * column.filled:
        return None
    pairs = {text: to for text, to in meant.items() if to and to != text}
    unknown = [(text, n) for text, n in column.top if not meant[text]]
    reported = f"{why}; {len(meant) - len(unknown)} of {column.distinct} values understood"
    form: Any = {"value": value, "map": pairs} if pairs else value
    if unknown:
        keep = {text: to for text, to in meant.items() if to}
        form = {"value": value, "map": keep, "else": ""}
        reported += ", empty for " + ", ".join(f"{text!r} ({n:,})" for text, n in unknown[:5])
    return ProposedLine(target.name, form, reported, uses=column)


def candidates(table: FileTable, repeats: Repeats) -> list[ColumnCandidate]:
    """The entities that a table may be, likeliest first; `repeats` counts rows that repeat a key."""
    found = []
    for name, entity in contract().items():
        if name not in _BY_SHAPE:
            candidate = _candidate(table, entity, repeats)
            if candidate:
                found.append(candidate)
    return sorted(found, key=lambda one: -one.score)


def assign(
    table: FileTable, entity: Entity, taken: Iterable[str] = (), only: set[str] | None = None
) -> Iterator[tuple[ProposedLine, NameFit]]:
    """The lines of an entity by the names of the columns, each column used once, the best fits first."""
    fits = [
        (found, target, column, made)
        for target in entity.mapped
        if only is None or target.name in only
        for column in table.columns
        if column.kind != "empty" and column.name.strip() and column.name not in taken
        and (found := _fit(column, entity.name, target.name))
        and (made := line(entity, target, column, "by its name"))
    ]  # fmt: skip

    def order(one: Any) -> tuple[Any, ...]:
        found, target, column, _ = one
        is_key = target.key and len(entity.keys) == 1
        better = (0.3 if column.is_unique else 0) - (0.3 if column.filled < column.rows else 0)
        return (-(found.score + (better if is_key else 0)), found.rank, table.place(column))

    filled: set[str] = set()
    used: set[str] = set()
    for found, target, column, made in sorted(fits, key=order):
        if target.name not in filled and column.name not in used:
            filled.add(target.name)
            used.add(column.name)
            yield made, found


def _fit(column: FileColumn, entity: str, target: str) -> NameFit | None:
    """How well the best of a column's names fits, with and without what it has in brackets."""
    whose, owner = _whose(entity, target), owner_of(column.name)
    if whose and owner and whose != owner:
        return None
    names = dict.fromkeys(form for name in column.names for form in (name, _BRACKETS.sub("", name).strip()) if form)
    found = [one for name in names if (one := fit(name, entity, target))]
    return max(found, key=lambda one: one.score, default=None)


def _whose(entity: str, target: str) -> str | None:
    """Of whom a column of the contract speaks."""
    if target in _OF_A_PERSON:
        return entity if entity in _PERSONS else None
    return f"{target.removesuffix('_id')}s" if target in ("customer_id", "agent_id") else None


def _candidate(table: FileTable, entity: Entity, repeats: Repeats) -> ColumnCandidate | None:
    named = max((file_score(one.path.name.partition(".")[0], entity.name) for one in table.written), default=0)
    assigned = list(assign(table, entity))
    if not assigned:
        return None
    lines = {made.column: made for made, _ in assigned}
    reported = {True: 0.0, False: 0.0}  # by columns that an entity must have, and by others
    for made, found in assigned:
        target = entity.by_name[made.column]
        weight = 3 / len(entity.keys) if target.key else 2 if target.required else 1
        reported[target.key or target.required] += weight * found.score * found.weight
    score = _NAME * named + reported[True] + min(reported[False], _OTHERS)
    for column, how in constants(entity.name).items():
        lines.setdefault(column, ProposedLine(column, {"constant": how["value"]}, how["reason"]))
    keys = [key.name for key in entity.keys]
    lacks = [
        column.name
        for column in entity.mapped
        if column.name not in lines
        and (column.required or (column.required_without and column.required_without not in lines))
    ]
    missing = [key for key in keys if key not in lines]
    is_countable = len(keys) > 1 and len(missing) == 1 and entity.by_name[missing[0]].data_type == "bigint"
    is_keyless = len(keys) == 1 and bool(missing) and entity.event_time is not None and entity.load_mode != "snapshot"
    if missing and not is_countable and not (is_keyless and entity.name not in ("customers", "tickets")):
        return None
    if missing:
        score -= 1.5
    columns = [used for key in keys if key in lines and (used := lines[key].uses)]
    repeated = repeats(table, columns) if columns and not missing else 0
    if repeated > 0.02 * table.rows:
        score -= _REPEATED.get(entity.name, 3)
    return ColumnCandidate(entity.name, score - 2 * len(lacks), tuple(lines.values()), tuple(lacks), repeated, named)


def chosen(table: FileTable, repeats: Repeats) -> ColumnCandidate | None:
    """The entity that a table is, if enough speaks for it: more than a key, and all that the contract requires."""
    for candidate in candidates(table, repeats):
        reported = [one for one in candidate.lines if one.uses]
        if candidate.score >= _ENOUGH and len(reported) > 1 and not set(candidate.lacks) - MADE_ELSEWHERE:
            return candidate
    return None


__all__ = [
    "ColumnCandidate",
    "File",
    "Proposal",
    "ProposedFeed",
    "ProposedLine",
    "amount_sql",
    "assign",
    "candidates",
    "chosen",
    "line",
    "reference",
]
