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


class CellKey(NamedTuple):
    """Which cell: a metric (or a table) of a month and scope, whole (no dimension) or one value of a dimension."""

    metric_id: str
    month: date
    scope_type: str
    scope_id: str
    dimension: str = ""
    dimension_value: str = ""


class Cell(NamedTuple):
    """A cell with its number of cases."""

    key: CellKey
    n: int


_Scope = tuple[str, str]
_Figure = tuple[str, date]
_Split = dict[str, int]  # value of a dimension -> cases
_COMPANY: _Scope = ("company", "company")


class Hiding:
    """Which cells no bundle may hold, figure by figure: more may be asked to go, and what that takes goes with them.

    `regions` tells the region of a store; `before` are cells that earlier issues hid. A cell of no case is none.
    """

    def __init__(
        self,
        cells: Iterable[Cell],
        small: int,
        regions: Mapping[str, str] | None = None,
        before: Collection[CellKey] = (),
    ) -> None:
        self._small, self._regions = small, regions or {}
        self._totals: dict[_Figure, dict[_Scope, int]] = defaultdict(dict)
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
                self._totals[figure][scope] = n
        self._required = set(before)
        self._hidden = {figure: self._of(figure) for figure in self._totals.keys() | self._splits.keys()}

    @property
    def hidden(self) -> set[CellKey]:
        """All that goes."""
        return set().union(*self._hidden.values())

    def more(self, keys: Collection[CellKey]) -> set[CellKey]:
        """These go as well; gives what goes now and did not before."""
        self._required |= set(keys)
        fresh: set[CellKey] = set(keys)
        for figure in {(key.metric_id, key.month) for key in keys}:
            before = self._hidden.get(figure, set())
            self._hidden[figure] = self._of(figure) | before | {key for key in keys if key[:2] == figure}
            fresh |= self._hidden[figure] - before
        return fresh

    def by_itself(self, figures: Iterable[_Figure]) -> set[CellKey]:
        """What goes of these figures for their own small cells, whatever was asked for."""
        asked = {(key.metric_id, key.month) for key in self._required}
        found: set[CellKey] = set()
        for figure in figures:
            found |= self._of(figure, ()) if figure in asked else self._hidden.get(figure, set())
        return found

    def _of(self, figure: _Figure, asked: Collection[CellKey] | None = None) -> set[CellKey]:
        required = self._required if asked is None else asked
        totals = self._totals.get(figure, {})
        suppressed = _hidden_totals(figure, totals, self._small, self._regions, required)
        found = {CellKey(*figure, *scope) for scope in suppressed}
        for dimension, by_scope in self._splits.get(figure, {}).items():
            found |= _hidden_splits(
                figure, dimension, by_scope, totals, suppressed, self._small, self._regions, required
            )
        return found


def hidden_cells(
    cells: Iterable[Cell], small: int, regions: Mapping[str, str] | None = None, before: Collection[CellKey] = ()
) -> set[CellKey]:
    """The cells that no bundle may hold, taken by themselves."""
    return Hiding(cells, small, regions, before).hidden


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
    suppressed = {name for name, n in members.items() if n < small or name in forced}
    none = max(0, (total or 0) - sum(members.values()))
    rest = none + sum(members[name] for name in suppressed)
    for name in sorted(members.keys() - suppressed, key=lambda name: (members[name], name)):
        if (not suppressed and not is_hidden) or (rest >= small and (rest > len(suppressed) or none)):
            break
        suppressed.add(name)
        rest += members[name]
    return suppressed


def _by_type(scopes: Iterable[_Scope]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for scope_type, scope_id in scopes:
        if scope_type != "company":
            found[scope_type].append(scope_id)
    return found


def _lines(
    scopes: Iterable[_Scope], totals: Mapping[_Scope, int], regions: Mapping[str, str]
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
        totals.get(("region", region), -1) >= sum(totals.get(("store", store), 0) for store in stores)
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


def _hidden_totals(
    figure: tuple[str, date],
    totals: Mapping[_Scope, int],
    small: int,
    regions: Mapping[str, str],
    required: Collection[CellKey],
) -> set[_Scope]:
    suppressed = {_COMPANY} if 0 < totals.get(_COMPANY, 0) < small or CellKey(*figure, *_COMPANY) in required else set()
    for above, members in _lines(totals, totals, regions):
        is_asked = totals.get(above, 0) >= small and CellKey(*figure, *above) in required
        if above in suppressed and not is_asked:
            suppressed |= set(members)
            continue
        names = {"\0".join(scope): scope for scope in members}
        forced = {name for name, scope in names.items() if CellKey(*figure, *scope) in required}
        counts = {name: totals[scope] for name, scope in names.items()}
        suppressed |= {names[name] for name in _line(counts, totals.get(above), small, forced, is_hidden=is_asked)}
    return suppressed


def _hidden_splits(
    figure: tuple[str, date],
    dimension: str,
    by_scope: Mapping[_Scope, _Split],
    totals: Mapping[_Scope, int],
    suppressed: Collection[_Scope],
    small: int,
    regions: Mapping[str, str],
    required: Collection[CellKey],
) -> set[CellKey]:
    """The cells of one dimension: single values of the company, whole splits of the others."""

    def key(scope: _Scope, value: str) -> CellKey:
        return CellKey(*figure, *scope, dimension, value)

    top = by_scope.get(_COMPANY, {})
    forced = {value for value in top if key(_COMPANY, value) in required}
    off = set(top) if _COMPANY in suppressed else _line(top, totals.get(_COMPANY), small, forced)
    withheld = {
        scope
        for scope, split in by_scope.items()
        if scope != _COMPANY
        and (
            scope in suppressed
            or any(n < small or value in off or key(scope, value) in required for value, n in split.items())
        )
    }
    # of what has no whole, stores are known to be inside their regions by their values
    lines = _lines(by_scope, totals or {scope: sum(split.values()) for scope, split in by_scope.items()}, regions)
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
