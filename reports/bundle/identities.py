"""What adds up to what among printed numbers: the language in which models declare it, and its instances in a month.

An identity is declared once, under `config.meta.identities` of the yml beside the model that holds the numbers, and is
published in `reporting.rpt_figure_identities`. Suppression reads it, and the test that plays the attacker.

    opening + won + reactivated - lost - closed = closing       columns of the model's own table
    closing = stage_flow.n                                      a metric: .n, .numerator or .value
    opening = closing@1                                         a month before; @0..11 is the sum of twelve months
    customers[by grade] = pyramid_customers.n[by grade]         for each value; a metric's dimension, a table's column
    customers[direction=fallen|left, by grade] = ...            these values alone; != for all others
    n[by part] = {part}.n                                       the metric that the table names there
    low_scores.n <= csat.n - csat.numerator                     no more than

Each holds for every month and scope of which all its numbers are told. What is not there is 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from reports.bundle.sql import PREFIX

Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
NEAR = 1e-7  # decimals are rounded at the eighth place
PARTS = ("n", "numerator", "value")
_TERM = re.compile(
    r"(?P<sign>[+-])\s*(?:(?P<times>\d+)\s*\*\s*)?(?P<name>\w+|\{\w+\})(?:\.(?P<part>\w+))?"
    r"(?:@(?P<first>\d+)(?:\.\.(?P<last>\d+))?)?(?:\[(?P<chosen>[^\]]*)\])?\s*"
)
_CHOICE = re.compile(r"\s*(?:by\s+(?P<by>\w+)|(?P<column>\w+)(?P<how>!?=)(?P<values>[^\s,]*))\s*")


class Choice(NamedTuple):
    """Which rows or values of a dimension: those with, or without, these values."""

    column: str
    values: tuple[str, ...]
    without: bool = False


@dataclass(frozen=True)
class Term:
    """A number, summed over what is not named, so many times."""

    times: int
    name: str  # a column of the model's table, a metric, or {column} for the metric that the table names there
    part: str = ""  # of a metric
    back: tuple[int, int] = (0, 0)  # months before, from and to
    by: tuple[str, ...] = ()
    chosen: tuple[Choice, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """What it is cut by."""
        return (*self.by, *(choice.column for choice in self.chosen))


@dataclass(frozen=True)
class Identity:
    """Terms that sum to zero, or, with `at_most`, to no more than zero."""

    model: str
    text: str
    terms: tuple[Term, ...]
    at_most: bool = False

    @property
    def table(self) -> str:
        """The model's table as a report.yml calls it, whose columns it names."""
        return self.model.removeprefix(PREFIX)


class Name(NamedTuple):
    """Of which numbers: a column of a table, or a part of a metric, whole or by a dimension."""

    of: str
    part: str
    dimension: str = ""


@dataclass(frozen=True)
class IdentityColumn:
    """The numbers of one name: where each stands, by the values it is cut by, and its place among all numbers."""

    month: Ints  # or day, as a number
    scope: Ints  # its place among all scopes
    number: Ints
    cut: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    def with_more(self, more: IdentityColumn) -> IdentityColumn:
        """These numbers and others of the same name."""
        cut = {name: np.concatenate([values, more.cut[name]]) for name, values in self.cut.items()}
        month, scope = np.concatenate([self.month, more.month]), np.concatenate([self.scope, more.scope])
        return IdentityColumn(month, scope, np.concatenate([self.number, more.number]), cut)

    def where(self, chosen: Bools) -> IdentityColumn:
        """The chosen of these numbers."""
        cut = {name: values[chosen] for name, values in self.cut.items()}
        return IdentityColumn(self.month[chosen], self.scope[chosen], self.number[chosen], cut)


@dataclass(frozen=True)
class IdentityNumbers:
    """All numbers by name, and the scopes that they are of."""

    columns: Mapping[Name, IdentityColumn]
    scopes: Sequence[tuple[str, str]]
    scope_types: Ints = field(init=False)  # of each scope, as a number

    def __post_init__(self) -> None:
        _, types = np.unique([scope_type for scope_type, _ in self.scopes], return_inverse=True)
        object.__setattr__(self, "scope_types", types)


@dataclass(frozen=True)
class Rows:
    """Rows of a linear system: a number stands in a row so many times."""

    row: Ints
    number: Ints
    times: Ints

    @property
    def count(self) -> int:
        return int(self.row.max(initial=-1)) + 1

    def sums(self, value: Floats) -> tuple[Floats, Floats]:
        """Of each row the sum, and how large its numbers are."""
        parts = self.times * value[self.number]
        sums, sizes = (np.bincount(self.row, one, self.count).astype(np.float64) for one in (parts, np.abs(parts)))
        return sums, sizes

    def where(self, kept: Bools) -> Rows:
        """The kept rows, numbered anew."""
        chosen = kept[self.row]
        return Rows((np.cumsum(kept) - 1)[self.row[chosen]], self.number[chosen], self.times[chosen])


NO_ROWS = Rows(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@cache
def parse(model: str, text: str) -> tuple[Identity, ...]:
    """The identities of a declaration; a = b = c are two. Raises ValueError naming the model and what is wrong."""
    sides = re.split(r"\s(<=|=)\s", text)  # inside brackets = has no space beside it
    terms = [tuple(_terms(model, text, side)) for side in sides[::2]]
    signs = sides[1::2]
    if len(terms) < 2:
        raise ValueError(f"model {model}: the identity {text!r} has no = or <=")
    found: list[Identity] = []
    for (left, right), sign in zip(pairwise(terms), signs, strict=True):
        less = tuple(replace(term, times=-term.times) for term in right)
        if len({len(term.by) for term in (*left, *less) if not term.name.startswith("{")}) > 1:
            raise ValueError(f"model {model}: in the identity {text!r}, not every number is cut by as many columns")
        whole = text if len(terms) == 2 else f"{text} ({len(found) + 1})"
        found.append(Identity(model, whole, (*left, *less), at_most=sign == "<="))
    return tuple(found)


def _terms(model: str, text: str, side: str) -> Iterator[Term]:
    rest = side.strip()
    rest = rest if rest.startswith("-") else f"+ {rest}"
    at = 0
    while at < len(rest):
        match = _TERM.match(rest, at)
        if match is None:
            raise ValueError(
                f"model {model}: in the identity {text!r}, {rest[at:]!r} is no number with a sign before it"
            )
        at = match.end()
        part = match["part"] or ""
        if part not in ("", *PARTS):
            raise ValueError(f"model {model}: in the identity {text!r}, .{part} is none of {', '.join(PARTS)}")
        by, chosen = _choices(model, text, match["chosen"] or "")
        first = int(match["first"] or 0)
        yield Term(
            times=int(match["times"] or 1) * (-1 if match["sign"] == "-" else 1),
            name=match["name"],
            part=part,
            back=(first, int(match["last"] or first)),
            by=by,
            chosen=chosen,
        )


def _choices(model: str, text: str, inside: str) -> tuple[tuple[str, ...], tuple[Choice, ...]]:
    by, chosen = [], []
    for one in filter(str.strip, inside.split(",")):
        match = _CHOICE.fullmatch(one)
        if match is None:
            raise ValueError(
                f"model {model}: in the identity {text!r}, [{one}] is neither by a column nor column=value"
            )
        if match["by"]:
            by.append(match["by"])
        else:
            chosen.append(Choice(match["column"], tuple(match["values"].split("|")), match["how"] == "!="))
    return tuple(by), tuple(chosen)


def instances(identity: Identity, numbers: IdentityNumbers) -> Rows:
    """A row per month, scope and value that the identity speaks of. None where a term is of numbers that there are not,
    of another month or type of scopes; of values by which it is cut, those of the first term that is."""
    terms = [(term, _column(term, identity, numbers)) for term in identity.terms]
    if any(column is None for _, column in terms):
        return NO_ROWS
    found = [(term, column) for term, column in terms if column is not None]
    codes, cuts = _cut_codes(found)
    base = len(numbers.scope_types) * max(1, cuts)
    months_most = max(int(column.month.max()) + term.back[1] for term, column in found) + 1
    types = int(numbers.scope_types.max(initial=0)) + 1
    covered = np.ones(months_most * types, dtype=bool)
    driving: np.ndarray[Any, Any] | None = None
    keys, numbers_of, times = [], [], []
    for (term, column), code in zip(found, codes, strict=True):
        own = column.scope * max(1, cuts) + np.maximum(code, 0)
        for back in range(term.back[0], term.back[1] + 1):
            month = column.month + back
            there = np.zeros_like(covered)
            there[month * types + numbers.scope_types[column.scope]] = True
            covered &= there
            keys.append(month * base + own)
            numbers_of.append(column.number)
            times.append(np.full(len(month), term.times))
        if term.by and driving is None:
            driving = np.unique(keys[-1])
    key = np.concatenate(keys)
    month, scope = key // base, key % base // max(1, cuts)
    lasting = covered[month * types + numbers.scope_types[scope]]
    if driving is not None:
        lasting &= np.isin(key, driving)
    _, row = np.unique(key[lasting], return_inverse=True)
    return Rows(row, np.concatenate(numbers_of)[lasting], np.concatenate(times)[lasting])


def _cut_codes(found: Sequence[tuple[Term, IdentityColumn]]) -> tuple[list[np.ndarray[Any, Any]], int]:
    """The values that terms are cut by, as numbers that are alike where the values are, and how many there are."""
    pairs: dict[tuple[Any, ...], int] = {}
    codes = []
    for term, column in found:
        if term.by or "{}" in column.cut:
            values = zip(*(column.cut[name].tolist() for name in (term.by or ("{}",))), strict=True)
            codes.append(np.array([pairs.setdefault(one, len(pairs)) for one in values], dtype=np.int64))
        else:
            codes.append(np.zeros(len(column.month), dtype=np.int64))
    return codes, len(pairs)


def name_of(term: Term, identity: Identity) -> Name:
    """Of which numbers a term is."""
    if term.part:
        return Name(term.name, term.part, next(iter(term.columns), ""))
    return Name(f"{identity.table}.{term.name}", "")


def _column(term: Term, identity: Identity, numbers: IdentityNumbers) -> IdentityColumn | None:
    """The numbers of a term. None if there are no such."""
    if term.name.startswith("{"):
        return _named_there(term, identity, numbers)
    found = numbers.columns.get(name_of(term, identity))
    for choice in term.chosen:
        if found is not None:
            found = found.where(np.isin(found.cut[choice.column].astype(str), choice.values) != choice.without)
    return found if found is not None and len(found.month) else None


def _named_there(term: Term, identity: Identity, numbers: IdentityNumbers) -> IdentityColumn | None:
    """The numbers of the metrics that a column of the table names, each cut by its own name."""
    column = term.name.strip("{}")
    other = next(one for one in identity.terms if column in one.by)
    own = _column(other, identity, numbers)
    if own is None:
        return None
    named = [(metric, numbers.columns.get(Name(metric, term.part))) for metric in sorted(set(own.cut[column].tolist()))]
    parts = [(metric, found) for metric, found in named if found is not None]
    if not parts:
        return None

    def joined(of: Callable[[IdentityColumn], np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        return np.concatenate([of(found) for _, found in parts])

    names = np.array([metric for metric, found in parts for _ in found.month], dtype=object)
    return IdentityColumn(
        joined(lambda one: one.month),
        joined(lambda one: one.scope),
        joined(lambda one: one.number),
        {"{}": names},
    )


@dataclass
class Read:
    """What must be read to know whether identities hold."""

    metrics: dict[str, dict[str, set[int]]] = field(default_factory=dict)  # per dimension (empty: whole) periods back
    tables: dict[str, set[str]] = field(default_factory=dict)  # columns of numbers
    cut: dict[str, set[str]] = field(default_factory=dict)  # columns of tables by which they are cut
    naming: dict[str, set[str]] = field(default_factory=dict)  # columns of tables that name a metric
    # tables of which a number is tied to one of another period: windows a month apart tell the months at their ends
    tied: set[str] = field(default_factory=set)


def read_of(identities: Iterable[Identity]) -> Read:
    """What must be read to know whether these hold."""
    read = Read()
    for identity in identities:
        if any(term.back[1] for term in identity.terms):
            read.tied.add(identity.table)
        for term in identity.terms:
            if term.name.startswith("{"):
                read.naming.setdefault(identity.table, set()).add(term.name.strip("{}"))
            elif term.part:
                by_dimension = read.metrics.setdefault(term.name, {})
                back = by_dimension.setdefault(next(iter(term.columns), ""), set())
                back |= set(range(term.back[0], term.back[1] + 1))
            else:
                read.tables.setdefault(identity.table, set()).add(term.name)
                read.cut.setdefault(identity.table, set()).update(term.columns)
    return read


def holds(rows: Rows, value: Floats, *, at_most: bool = False) -> Bools:
    """Per row whether its numbers do add up."""
    sums, sizes = rows.sums(value)
    near = NEAR * np.maximum(sizes, 1)
    found: Bools = sums <= near if at_most else np.abs(sums) <= near
    return found
