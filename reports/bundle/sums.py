"""What adds up to what: identities that models declare, scopes that make up others, values that make up the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from reports.bundle.identities import (
    NO_ROWS,
    Bools,
    Floats,
    Identity,
    IdentityColumn,
    IdentityNumbers,
    Ints,
    Name,
    Rows,
    holds,
    instances,
)

_COMPANY = ("company", "company")


def rows_of_sums(
    numbers: IdentityNumbers, identities: Iterable[Identity], regions: Mapping[str, str], value: Floats
) -> tuple[Rows, Rows, Rows]:
    """Rows of numbers that sum to 0, and of those that sum to no more than it, as far as they do; at last those that
    models declare to sum to 0."""
    exact: list[Rows] = []
    limits: list[Rows] = []
    for identity in identities:
        rows = instances(identity, numbers)
        kept = rows.where(holds(rows, value, at_most=identity.at_most))
        (limits if identity.at_most else exact).append(kept)
    sums = [rows.where(holds(rows, value)) for rows in (*_scope_sums(numbers, regions), *_dimension_sums(numbers))]
    return _stacked([*exact, *sums]), _stacked(limits), _stacked(exact)


def _stacked(parts: Sequence[Rows]) -> Rows:
    """All rows, numbered through."""
    if not parts:
        return NO_ROWS
    firsts = np.cumsum([0, *(part.count for part in parts[:-1])])
    return Rows(
        np.concatenate([part.row + first for part, first in zip(parts, firsts, strict=True)]),
        np.concatenate([part.number for part in parts]),
        np.concatenate([part.times for part in parts]),
    )


def _scope_sums(numbers: IdentityNumbers, regions: Mapping[str, str]) -> Iterator[Rows]:
    """Scopes of a type that may make up the company, and stores a region."""
    place = {scope: i for i, scope in enumerate(numbers.scopes)}
    region_of = np.full(len(numbers.scopes), -1)
    for (scope_type, scope_id), i in place.items():
        if scope_type == "store" and scope_id in regions:
            region_of[i] = place.get(("region", regions[scope_id]), -1)
    company = place.get(_COMPANY, -1)
    for column in numbers.columns.values():
        codes = cut_codes(column)
        at = column.month * (int(codes.max(initial=0)) + 1) + codes
        is_company = column.scope == company
        types = numbers.scope_types[column.scope]
        for one in np.unique(types[~is_company]):
            parts = ~is_company & (types == one)
            yield _sums(at[is_company], column.number[is_company], at[parts], column.number[parts])
        above = region_of[column.scope]
        inside, totals = above >= 0, np.isin(column.scope, region_of[region_of >= 0])
        many = len(numbers.scopes)
        yield _sums(
            (at * many + column.scope)[totals],
            column.number[totals],
            (at * many + above)[inside],
            column.number[inside],
        )


def cut_codes(column: IdentityColumn) -> Ints:
    """What the numbers are cut by, as numbers."""
    if not column.cut:
        return np.zeros(len(column.month), dtype=np.int64)
    seen: dict[tuple[Any, ...], int] = {}
    values = zip(*(column.cut[name].tolist() for name in sorted(column.cut)), strict=True)
    return np.array([seen.setdefault(one, len(seen)) for one in values], dtype=np.int64)


def _dimension_sums(numbers: IdentityNumbers) -> Iterator[Rows]:
    """Values of a dimension that may make up the whole."""
    many = len(numbers.scopes)
    for name, column in numbers.columns.items():
        total = numbers.columns.get(Name(name.of, name.part))
        if name.dimension and total is not None:
            yield _sums(
                total.month * many + total.scope, total.number, column.month * many + column.scope, column.number
            )


def _sums(
    of_totals: Ints,
    totals: Ints,
    of_parts: Ints,
    parts: Ints,
) -> Rows:
    """A row for each whole that has parts."""
    both = np.intersect1d(of_totals, of_parts)
    kept_totals, kept_parts = np.isin(of_totals, both), np.isin(of_parts, both)
    row = np.searchsorted(both, np.concatenate([of_totals[kept_totals], of_parts[kept_parts]]))
    times = np.repeat([1, -1], [kept_totals.sum(), kept_parts.sum()])
    return Rows(row, np.concatenate([totals[kept_totals], parts[kept_parts]]), times)


def same_numbers(rows: Rows, count: int) -> Ints:
    """Numbers that are one and the same, by a row of two: a class each."""
    order = np.lexsort((rows.times, rows.row))
    row, number, times = rows.row[order], rows.number[order], rows.times[order]
    first = np.flatnonzero(np.bincount(rows.row, minlength=1)[row] == 2)[::2]
    same = first[(times[first] == -1) & (times[first + 1] == 1)] if len(first) else first
    graph = sparse.coo_matrix((np.ones(len(same)), (number[same], number[same + 1])), shape=(count, count))
    found: Ints = connected_components(graph, directed=False)[1]
    return found


def stocks(rows: Rows, month: Ints, of: Ints, count: int) -> Bools:
    """By unknown, whether it stands in rows of several months: a stock, which would call for the next month's numbers
    as well."""
    _, last = ends(rows.row, month[rows.number], rows.count)
    least, most = ends(of[rows.number], last[rows.row], count)
    return least < most


def ends(group: Ints, value: Ints, count: int) -> tuple[Ints, Ints]:
    """The least and the largest value of each group."""
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(first, group, value)
    np.maximum.at(last, group, value)
    return first, last
