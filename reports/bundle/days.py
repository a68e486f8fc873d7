"""Which cells of days, and of the month that they make up, must go so that nobody can subtract.

What is asked of it, and how a cell by itself is judged, is told in suppression.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

import numpy as np

from reports.bundle.suppression import _COMPANY, Cell, CellKey, _Scope, hidden_cells

_ROUNDING = 1e-7


def hidden_days(
    cells: Iterable[Cell],
    small: int,
    day: date,
    regions: Mapping[str, str] | None = None,
    before: Collection[CellKey] = (),
    stocks: Collection[str] = (),
) -> set[CellKey]:
    """As hidden_cells, of days: with those of `day` that hidden days of its month call for.

    `cells` are those of the month up to the day, and of what is compared; what days before hid is in `before`. Of
    metrics among `stocks` days add up to nothing.
    """
    known, required = list(cells), set(before)
    hidden = hidden_cells(known, small, regions, required)
    while complementary := _complementary(known, hidden, small, day, stocks) - hidden:
        required |= complementary
        hidden = hidden_cells(known, small, regions, required)
    return hidden


def _complementary(
    cells: Iterable[Cell], hidden: Collection[CellKey], small: int, day: date, stocks: Collection[str]
) -> set[CellKey]:
    """Cells of the day that must go, because the month so far hides too little of their figure."""
    of_month = [one for one in cells if (one.key.month.year, one.key.month.month) == (day.year, day.month)]
    revealing = {key._replace(month=day) for key in _revealing(of_month, hidden, small, stocks)}
    return {key for key, n in of_month if key.month == day and n > 0 and key in revealing}


def _revealing(cells: Iterable[Cell], hidden: Collection[CellKey], small: int, stocks: Collection[str]) -> set[CellKey]:
    """Figures, by the first of the month, whose sum over the month would tell hidden days: a single one, or several of
    together fewer than `small` cases."""
    days: dict[CellKey, list[int]] = defaultdict(list)
    for key, n in cells:
        if key in hidden and n > 0 and not key.dimension and key.metric_id not in stocks:
            days[key._replace(month=key.month.replace(day=1))].append(n)
    return {key for key, found in days.items() if len(found) == 1 or sum(found) < small}


def hidden_months(
    cells: Iterable[Cell],
    hidden: Collection[CellKey],
    small: int,
    stocks: Collection[str] = (),
    regions: Mapping[str, str] | None = None,
) -> set[CellKey]:
    """Figures of a month that would tell its hidden days; of a stock those that its last day hides. `cells` are those
    of its days.

    Where a small day could still be solved for, by who holds every digest and every report of the month, the figures of
    all scopes that hid a day go, with those of their regions, and at last the company's: the days alone are left then.
    """
    known = list(cells)
    last = max((key.month for key, _ in known), default=None)
    lasts = {
        key._replace(month=key.month.replace(day=1))
        for key, n in known
        if key in hidden and n > 0 and not key.dimension and key.metric_id in stocks and key.month == last
    }
    revealing = lasts | _revealing(known, hidden, small, stocks)
    by_metric: dict[str, list[Cell]] = defaultdict(list)
    for one in known:
        if one.n > 0 and not one.key.dimension and one.key.metric_id not in stocks:
            by_metric[one.key.metric_id].append(one)
    for of_metric in by_metric.values():
        revealing |= _solvable(of_metric, hidden, small, revealing, regions or {})
    return revealing


_Unknown = CellKey | tuple[str, date]  # a hidden cell, or the cases of a day that are of no scope of a type
_Sum = dict[_Unknown, int]  # a sum that readers know: how often each unknown is in it


def _solvable(
    cells: list[Cell],
    hidden: Collection[CellKey],
    small: int,
    revealing: Collection[CellKey],
    regions: Mapping[str, str],
) -> set[CellKey]:
    """Figures of the month of one metric that must go, so that the sums of its days and months leave no small day."""
    unknown = [one for one in cells if one.key in hidden]
    if not unknown:
        return set()
    few = {key for key, n in unknown if n < small}
    rows = _sums_of_days(cells, hidden, regions)
    rests = {name for row in rows for name in row if not isinstance(name, CellKey)}
    month = unknown[0].key._replace(month=unknown[0].key.month.replace(day=1))
    scopes = {(key.scope_type, key.scope_id) for key, _ in unknown} - {_COMPANY}
    around = {("region", regions[scope_id]) for kind, scope_id in scopes if kind == "store" and scope_id in regions}
    suppressed = {(key.scope_type, key.scope_id) for key in revealing if key.metric_id == month.metric_id}
    by_themselves = _solved(rows)
    for further in (set(), scopes | around, {_COMPANY}):
        suppressed |= further
        if not few & (_solved([*rows, *_sums_of_months(unknown, rests, suppressed, regions)]) - by_themselves):
            break
    return {month._replace(scope_type=kind, scope_id=scope_id) for kind, scope_id in suppressed}


def _sums_of_days(cells: list[Cell], hidden: Collection[CellKey], regions: Mapping[str, str]) -> list[_Sum]:
    """Each day's company figure is that of the scopes of a type and of the cases of none, a region's that of its
    stores; less what is printed of them, hidden cells are left."""
    totals: dict[tuple[date, _Scope], Cell] = {}
    parts: dict[tuple[date, _Scope, str], list[Cell]] = defaultdict(list)
    for one in cells:
        key = one.key
        totals[key.month, (key.scope_type, key.scope_id)] = one
        parts[key.month, _COMPANY, key.scope_type].append(one)
        if key.scope_type == "store" and key.scope_id in regions:
            region = regions[key.scope_id]
            parts[key.month, ("region", region), f"region {region}"].append(one)
    rows = []
    for (day, above, kind), members in parts.items():
        total, others = totals.get((day, above)), sum(one.n for one in members)
        if total is None or kind == "company" or total.n < others:  # cases that count for two are no parts
            continue
        row: _Sum = {one.key: 1 for one in members if one.key in hidden}
        row |= {total.key: -1} if total.key in hidden else {}
        if row and total.n > others:
            row[kind, day] = 1
        rows.append(row)
    return rows


def _sums_of_months(
    unknown: list[Cell], rests: Collection[_Unknown], suppressed: Collection[_Scope], regions: Mapping[str, str]
) -> list[_Sum]:
    """What is printed of the month: each scope's figure is the sum of its days, the company's and a region's that of
    their scopes; less what is printed of them, hidden days are left."""
    by_scope: dict[_Scope, _Sum] = defaultdict(dict)
    for key, _ in unknown:
        by_scope[key.scope_type, key.scope_id][key] = 1
    rows = [days for scope, days in by_scope.items() if scope not in suppressed]
    left: dict[_Scope, _Sum] = defaultdict(dict)  # of which scopes the figure is hidden, by what they are part of
    for (kind, scope_id), days in by_scope.items():
        if (kind, scope_id) in suppressed and kind != "company":
            left["company", kind] |= days
            if kind == "store" and scope_id in regions:
                left["region", regions[scope_id]] |= days
    for (kind, part), days in left.items():
        if kind == "company" and _COMPANY not in suppressed:
            rows.append(days | {rest: 1 for rest in rests if rest[0] == part})
        elif kind == "region" and (kind, part) not in suppressed:
            rows.append(days)
    return rows


def _solved(sums: Iterable[_Sum]) -> set[_Unknown]:
    """The unknowns that have one value only: those whose axis lies in the space that the sums span."""
    rows = [row for row in sums if row]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return set()
    matrix = np.array([[row.get(name, 0) for name in names] for row in rows], dtype=float)
    _, lengths, axes = np.linalg.svd(matrix, full_matrices=False)
    reached = (axes[lengths > _ROUNDING] ** 2).sum(axis=0)
    return {name for name, share in zip(names, reached, strict=True) if share > 1 - _ROUNDING}
