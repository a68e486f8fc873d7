"""Which cells are too small to print, and which others must go with them so that nobody can subtract.

A pure function over the counts of a month: it is asked once for all scopes, before any bundle is cut, so that all
bundles agree. No figure is read or changed here.

Every sum that is printed is a set of cases: the company, a region, a store, a value of a dimension. What a reader can
get by adding and subtracting such sums is a union of what is not printed, and every such union that holds a hidden cell
has at least `small` cases:

- Scopes of one type and the cases of no such scope make up the company (stores inside a region make up the region where
  the figures say so). The hidden ones among them are together no fewer than `small`, else the next larger one is hidden
  too.
- The values of a dimension make up the company in the same way.
- The days of a month make up the month, scope by scope: hidden days are more than one and together no fewer than
  `small` cases, else the next day is hidden too, at last the month's figure (`hidden_days`, `hidden_months`).
  Over scopes and days at once no small day may be solved for: where the sums of days, months, stores and regions taken
  together allow it, the month hides the figures of every scope that hid a day, and tells no more than the days do.
- Below the company a split is printed whole or not at all. Then the scopes without a split and the values are a full
  rectangle, of which subtraction gives the sums of rows, which are scopes, and of columns, each again 0 or no fewer
  than `small`.

Cells that an earlier issue hid stay hidden, or the two issues could be subtracted from each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

import numpy as np


class Key(NamedTuple):
    """Which cell: a metric (or a table) of a month and scope, whole (no dimension) or one value of a dimension."""

    metric_id: str
    month: date
    scope_type: str
    scope_id: str
    dimension: str = ""
    dimension_value: str = ""


class Cell(NamedTuple):
    """A cell with its number of cases."""

    key: Key
    n: int


_Scope = tuple[str, str]
_Figure = tuple[str, date]
_Split = dict[str, int]  # value of a dimension -> cases
_COMPANY: _Scope = ("company", "company")
_ROUNDING = 1e-7


class Hiding:
    """Which cells no bundle may hold, figure by figure: more may be asked to go, and what that takes goes with them.

    `regions` tells the region of a store; `before` are cells that earlier issues hid. A cell of no case is none.
    """

    def __init__(
        self, cells: Iterable[Cell], small: int, regions: Mapping[str, str] | None = None, before: Collection[Key] = ()
    ) -> None:
        self._small, self._regions = small, regions or {}
        self._wholes: dict[_Figure, dict[_Scope, int]] = defaultdict(dict)
        self._splits: dict[_Figure, dict[str, dict[_Scope, _Split]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(dict))
        )
        for key, n in cells:
            scope, figure = (key.scope_type, key.scope_id), (key.metric_id, key.month)
            if n <= 0:
                continue
            if key.dimension:
                self._splits[figure][key.dimension][scope][key.dimension_value] = n
            else:
                self._wholes[figure][scope] = n
        self._stuck = set(before)
        self._hidden = {figure: self._of(figure) for figure in self._wholes.keys() | self._splits.keys()}

    @property
    def hidden(self) -> set[Key]:
        """All that goes."""
        return set().union(*self._hidden.values())

    def more(self, keys: Collection[Key]) -> set[Key]:
        """These go as well; gives what goes now and did not before."""
        self._stuck |= set(keys)
        fresh: set[Key] = set(keys)
        for figure in {(key.metric_id, key.month) for key in keys}:
            before = self._hidden.get(figure, set())
            self._hidden[figure] = self._of(figure) | before | {key for key in keys if key[:2] == figure}
            fresh |= self._hidden[figure] - before
        return fresh

    def by_itself(self, figures: Iterable[_Figure]) -> set[Key]:
        """What goes of these figures for their own small cells, whatever was asked for."""
        asked = {(key.metric_id, key.month) for key in self._stuck}
        found: set[Key] = set()
        for figure in figures:
            found |= self._of(figure, ()) if figure in asked else self._hidden.get(figure, set())
        return found

    def _of(self, figure: _Figure, asked: Collection[Key] | None = None) -> set[Key]:
        stuck = self._stuck if asked is None else asked
        whole = self._wholes.get(figure, {})
        gone = _hidden_wholes(figure, whole, self._small, self._regions, stuck)
        found = {Key(*figure, *scope) for scope in gone}
        for dimension, by_scope in self._splits.get(figure, {}).items():
            found |= _hidden_splits(figure, dimension, by_scope, whole, gone, self._small, self._regions, stuck)
        return found


def hidden_cells(
    cells: Iterable[Cell], small: int, regions: Mapping[str, str] | None = None, before: Collection[Key] = ()
) -> set[Key]:
    """The cells that no bundle may hold, taken by themselves."""
    return Hiding(cells, small, regions, before).hidden


def hidden_days(
    cells: Iterable[Cell],
    small: int,
    day: date,
    regions: Mapping[str, str] | None = None,
    before: Collection[Key] = (),
    stocks: Collection[str] = (),
) -> set[Key]:
    """As hidden_cells, of days: with those of `day` that hidden days of its month call for.

    `cells` are those of the month up to the day, and of what is compared; what days before hid is in `before`. Of
    metrics among `stocks` days add up to nothing.
    """
    known, stuck = list(cells), set(before)
    hidden = hidden_cells(known, small, regions, stuck)
    while owed := _owed(known, hidden, small, day, stocks) - hidden:
        stuck |= owed
        hidden = hidden_cells(known, small, regions, stuck)
    return hidden


def _owed(cells: Iterable[Cell], hidden: Collection[Key], small: int, day: date, stocks: Collection[str]) -> set[Key]:
    """Cells of the day that must go, because the month so far hides too little of their figure."""
    of_month = [one for one in cells if (one.key.month.year, one.key.month.month) == (day.year, day.month)]
    told = {key._replace(month=day) for key in _telling(of_month, hidden, small, stocks)}
    return {key for key, n in of_month if key.month == day and n > 0 and key in told}


def _telling(cells: Iterable[Cell], hidden: Collection[Key], small: int, stocks: Collection[str]) -> set[Key]:
    """Figures, by the first of the month, whose sum over the month would tell hidden days: a single one, or several of
    together fewer than `small` cases."""
    days: dict[Key, list[int]] = defaultdict(list)
    for key, n in cells:
        if key in hidden and n > 0 and not key.dimension and key.metric_id not in stocks:
            days[key._replace(month=key.month.replace(day=1))].append(n)
    return {key for key, found in days.items() if len(found) == 1 or sum(found) < small}


def hidden_months(
    cells: Iterable[Cell],
    hidden: Collection[Key],
    small: int,
    stocks: Collection[str] = (),
    regions: Mapping[str, str] | None = None,
) -> set[Key]:
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
    told = lasts | _telling(known, hidden, small, stocks)
    by_metric: dict[str, list[Cell]] = defaultdict(list)
    for one in known:
        if one.n > 0 and not one.key.dimension and one.key.metric_id not in stocks:
            by_metric[one.key.metric_id].append(one)
    for of_metric in by_metric.values():
        told |= _solvable(of_metric, hidden, small, told, regions or {})
    return told


_Unknown = Key | tuple[str, date]  # a hidden cell, or the cases of a day that are of no scope of a type
_Sum = dict[_Unknown, int]  # a sum that readers know: how often each unknown is in it


def _solvable(
    cells: list[Cell], hidden: Collection[Key], small: int, told: Collection[Key], regions: Mapping[str, str]
) -> set[Key]:
    """Figures of the month of one metric that must go, so that the sums of its days and months leave no small day."""
    unknown = [one for one in cells if one.key in hidden]
    if not unknown:
        return set()
    few = {key for key, n in unknown if n < small}
    rows = _sums_of_days(cells, hidden, regions)
    rests = {name for row in rows for name in row if not isinstance(name, Key)}
    month = unknown[0].key._replace(month=unknown[0].key.month.replace(day=1))
    scopes = {(key.scope_type, key.scope_id) for key, _ in unknown} - {_COMPANY}
    around = {("region", regions[scope_id]) for kind, scope_id in scopes if kind == "store" and scope_id in regions}
    gone = {(key.scope_type, key.scope_id) for key in told if key.metric_id == month.metric_id}
    by_themselves = _solved(rows)
    for further in (set(), scopes | around, {_COMPANY}):
        gone |= further
        if not few & (_solved([*rows, *_sums_of_months(unknown, rests, gone, regions)]) - by_themselves):
            break
    return {month._replace(scope_type=kind, scope_id=scope_id) for kind, scope_id in gone}


def _sums_of_days(cells: list[Cell], hidden: Collection[Key], regions: Mapping[str, str]) -> list[_Sum]:
    """Each day's company figure is that of the scopes of a type and of the cases of none, a region's that of its
    stores; less what is printed of them, hidden cells are left."""
    wholes: dict[tuple[date, _Scope], Cell] = {}
    parts: dict[tuple[date, _Scope, str], list[Cell]] = defaultdict(list)
    for one in cells:
        key = one.key
        wholes[key.month, (key.scope_type, key.scope_id)] = one
        parts[key.month, _COMPANY, key.scope_type].append(one)
        if key.scope_type == "store" and key.scope_id in regions:
            region = regions[key.scope_id]
            parts[key.month, ("region", region), f"region {region}"].append(one)
    rows = []
    for (day, above, kind), members in parts.items():
        whole, others = wholes.get((day, above)), sum(one.n for one in members)
        if whole is None or kind == "company" or whole.n < others:  # cases that count for two are no parts
            continue
        row: _Sum = {one.key: 1 for one in members if one.key in hidden}
        row |= {whole.key: -1} if whole.key in hidden else {}
        if row and whole.n > others:
            row[kind, day] = 1
        rows.append(row)
    return rows


def _sums_of_months(
    unknown: list[Cell], rests: Collection[_Unknown], gone: Collection[_Scope], regions: Mapping[str, str]
) -> list[_Sum]:
    """What is printed of the month: each scope's figure is the sum of its days, the company's and a region's that of
    their scopes; less what is printed of them, hidden days are left."""
    by_scope: dict[_Scope, _Sum] = defaultdict(dict)
    for key, _ in unknown:
        by_scope[key.scope_type, key.scope_id][key] = 1
    rows = [days for scope, days in by_scope.items() if scope not in gone]
    left: dict[_Scope, _Sum] = defaultdict(dict)  # of which scopes the figure is hidden, by what they are part of
    for (kind, scope_id), days in by_scope.items():
        if (kind, scope_id) in gone and kind != "company":
            left["company", kind] |= days
            if kind == "store" and scope_id in regions:
                left["region", regions[scope_id]] |= days
    for (kind, part), days in left.items():
        if kind == "company" and _COMPANY not in gone:
            rows.append(days | {rest: 1 for rest in rests if rest[0] == part})
        elif kind == "region" and (kind, part) not in gone:
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


def _line(
    members: Mapping[str, int] | _Split,
    total: int | None,
    small: int,
    forced: Collection[str],
    *,
    is_hidden: bool = False,
) -> set[str]:
    """The members of a printed total that must be hidden: the forced and small ones, and as many of the next larger as
    it takes until what subtraction gives is no fewer than `small`, and not one case each. Of a total that `is_hidden`
    as many as that too, or they would add up to it."""
    gone = {name for name, n in members.items() if n < small or name in forced}
    none = max(0, (total or 0) - sum(members.values()))
    rest = none + sum(members[name] for name in gone)
    for name in sorted(members.keys() - gone, key=lambda name: (members[name], name)):
        if (not gone and not is_hidden) or (rest >= small and (rest > len(gone) or none)):
            break
        gone.add(name)
        rest += members[name]
    return gone


def _by_type(scopes: Iterable[_Scope]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for scope_type, scope_id in scopes:
        if scope_type != "company":
            found[scope_type].append(scope_id)
    return found


def _lines(
    scopes: Iterable[_Scope], whole: Mapping[_Scope, int], regions: Mapping[str, str]
) -> list[tuple[_Scope, list[_Scope]]]:
    """The sums that readers know, from the top: what is made up of which scopes.

    Stores make up their regions only where the metric's own figures allow it: it may be cut by regions of customers.
    """
    types = _by_type(scopes)
    lines: list[tuple[_Scope, list[_Scope]]] = []
    inside: dict[str, list[str]] = defaultdict(list)
    for store in types.get("store", []):
        inside[regions.get(store, "")].append(store)
    orphans = inside.pop("", [])
    nested = bool(inside) and all(
        whole.get(("region", region), -1) >= sum(whole.get(("store", store), 0) for store in stores)
        for region, stores in inside.items()
    )
    for scope_type, ids in types.items():
        if scope_type == "store" and nested:
            continue
        members = [(scope_type, one) for one in ids]
        if scope_type == "region" and nested:
            members += [("store", store) for store in orphans]
        lines.append((_COMPANY, members))
    if nested:
        lines += [(("region", region), [("store", store) for store in stores]) for region, stores in inside.items()]
    return lines


def _hidden_wholes(
    figure: tuple[str, date],
    whole: Mapping[_Scope, int],
    small: int,
    regions: Mapping[str, str],
    stuck: Collection[Key],
) -> set[_Scope]:
    gone = {_COMPANY} if 0 < whole.get(_COMPANY, 0) < small or Key(*figure, *_COMPANY) in stuck else set()
    for above, members in _lines(whole, whole, regions):
        is_asked = whole.get(above, 0) >= small and Key(*figure, *above) in stuck
        if above in gone and not is_asked:
            gone |= set(members)
            continue
        names = {"\0".join(scope): scope for scope in members}
        forced = {name for name, scope in names.items() if Key(*figure, *scope) in stuck}
        counts = {name: whole[scope] for name, scope in names.items()}
        gone |= {names[name] for name in _line(counts, whole.get(above), small, forced, is_hidden=is_asked)}
    return gone


def _hidden_splits(
    figure: tuple[str, date],
    dimension: str,
    by_scope: Mapping[_Scope, _Split],
    whole: Mapping[_Scope, int],
    gone: Collection[_Scope],
    small: int,
    regions: Mapping[str, str],
    stuck: Collection[Key],
) -> set[Key]:
    """The cells of one dimension: single values of the company, whole splits of the others."""

    def key(scope: _Scope, value: str) -> Key:
        return Key(*figure, *scope, dimension, value)

    top = by_scope.get(_COMPANY, {})
    forced = {value for value in top if key(_COMPANY, value) in stuck}
    off = set(top) if _COMPANY in gone else _line(top, whole.get(_COMPANY), small, forced)
    withheld = {
        scope
        for scope, split in by_scope.items()
        if scope != _COMPANY
        and (
            scope in gone or any(n < small or value in off or key(scope, value) in stuck for value, n in split.items())
        )
    }
    # of what has no whole, stores are known to be inside their regions by their values
    lines = _lines(by_scope, whole or {scope: sum(split.values()) for scope, split in by_scope.items()}, regions)
    for above, members in lines:
        if above in withheld:  # its sums are not known, so they must not come out of its parts
            withheld |= set(members)
    for above, members in lines:
        if above not in withheld:
            printed = {
                value: n for value, n in by_scope.get(above, {}).items() if above != _COMPANY or value not in off
            }
            fresh = _withheld_scopes(members, by_scope, printed, small, withheld)
            withheld |= fresh
            for region, stores in lines:
                if region in fresh:
                    withheld |= set(stores)
    found = {key(_COMPANY, value) for value in off}
    return found | {key(scope, value) for scope in withheld for value in by_scope[scope]}


def _withheld_scopes(
    members: list[_Scope],
    by_scope: Mapping[_Scope, _Split],
    totals: _Split,
    small: int,
    withheld: Collection[_Scope],
) -> set[_Scope]:
    """The scopes of a line without a split, so many that each printed total leaves none or enough of them."""
    out = {scope for scope in members if scope in withheld}
    left = sorted((scope for scope in members if scope not in out), key=lambda s: (sum(by_scope[s].values()), s))
    remainders = {value: n - sum(by_scope[scope].get(value, 0) for scope in members) for value, n in totals.items()}

    def too_few() -> str | None:
        for value in totals:
            hidden = sum(by_scope[scope].get(value, 0) for scope in out)
            if hidden and hidden + max(0, remainders[value]) < small:
                return value
        return None

    while out and left and (value := too_few()) is not None:
        chosen = next((scope for scope in left if by_scope[scope].get(value)), left[0])
        left.remove(chosen)
        out.add(chosen)
    return out
