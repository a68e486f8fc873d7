"""What somebody can work out who holds every bundle: numbers that are not printed, from those that are and from what
adds up to what; and which further cells must be hidden so that no small one comes out.

The numbers are the unknowns of a linear system: identities that models declare, scopes that add up to others, values of
a dimension that add up to the whole. No figure is read or changed here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from reports.bundle.choosing import Companions, Derivation
from reports.bundle.identities import Bools, Floats, Identity, IdentityNumbers, Ints, name_of
from reports.bundle.printed_numbers import PrintedNumbers
from reports.bundle.sums import cut_codes, ends, rows_of_sums, same_numbers, stocks
from reports.bundle.suppression import CellKey
from reports.bundle.system import Core, Solved, System

_WIDTH = {"company": 2, "region": 1}  # of scopes: what is hidden of a wide one is missed by more readers


class Sums:
    """The linear system of the numbers of a report's months, whatever of it is hidden.

    Numbers that are one and the same by a row of two are one unknown.
    """

    def __init__(
        self, numbers_of: PrintedNumbers, identities: Sequence[Identity], regions: Mapping[str, str], small: int
    ) -> None:
        self.small, self._printing, self._keys, self._absent = (
            small,
            numbers_of.printing,
            numbers_of.keys,
            numbers_of.absent,
        )
        self.cells = list(numbers_of.keys)
        self._hidden = np.zeros(len(self.cells), dtype=bool)
        exact, limits, declared = rows_of_sums(numbers_of.numbers, identities, regions, numbers_of.value)
        self._of = same_numbers(declared, len(numbers_of.value))
        count = int(self._of.max(initial=-1)) + 1
        self.value = np.zeros(count)
        self.value[self._of] = numbers_of.value
        self.secret, self.cases = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        self.secret[self._of[numbers_of.secret]] = True
        self.cases[self._of[numbers_of.secret & numbers_of.cases]] = True
        self._printed = np.bincount(self._of[numbers_of.printing.number], minlength=count)  # how often
        self._fixed = np.zeros(count, dtype=bool)
        self.exact, self.limits = System.of(exact, self._of, count), System.of(limits, self._of, count)
        self.declared = System.of(declared, self._of, count)
        # of a row of which one number is a cell by itself, the cell is enough
        self._cell = np.where(numbers_of.printing.cell >= 0, numbers_of.printing.cell, numbers_of.printing.row)
        self._is_case = numbers_of.cases
        self.lowest = np.zeros(count)  # what is known of a number that is hidden by itself: that there is some
        self.lowest[self._of[numbers_of.printing.number[numbers_of.is_alone()]]] = 1
        self.lowest[self.value == 0] = 0
        self._meant = self.secret.copy()  # what is hidden for its own sake, and not for that of a share it stands in
        self.places = Places(numbers_of, identities, self._of, self.value)
        month = np.zeros(len(self._of), dtype=np.int64)
        for column in numbers_of.numbers.columns.values():
            month[column.number] = column.month
        _, self._last_month = ends(self._of, month, count)
        self.is_stock = stocks(exact, month, self._of, count)
        self.core = Core()

    def hide(self, keys: Collection[CellKey]) -> None:
        """Takes it that these are hidden."""
        self._hidden |= self._places_of(keys)

    def keep(self, earlier: Collection[CellKey], until: date) -> None:
        """What the issues of earlier months, up to one, printed stays printed. What they hid, and nobody could find out
        then, is not to come out now: with it would what stood beside it in tables that are not read any more."""
        hidden = self._places_of(earlier)
        of = self._of[self._printing.number]
        is_earlier = np.array([key.month <= until for key in self.cells], dtype=bool)
        self._fixed[of[(is_earlier & ~hidden)[self._cell]]] = True
        asked = np.zeros_like(self.secret)
        asked[of[(is_earlier & hidden)[self._cell]]] = True
        asked &= (self._last_month < self._last_month.max(initial=0)) & (self.value > 0)
        if asked.any():
            system = self.exact.before_last(self._last_month)
            solved = Solved(system, self._known(hidden))
            asked &= solved.open
            for part in Core().parts(system, solved, asked):
                asked[part.determined()] = False
            self.secret |= asked

    def companions(self, keys: Collection[CellKey]) -> set[CellKey]:
        """Cells to hide beside these, which hide few cases or keep them from being subtracted: so many that no row is
        left with a single hidden number, nor with few cases of several.

        What is hidden of one figure then stands beside what is hidden of another, in the same scopes.
        """
        hidden = self._places_of(keys)
        of = self._of[self._printing.number]
        needed = np.zeros(len(self.value), dtype=bool)
        needed[of[hidden[self._cell] & self._is_case[self._printing.number]]] = True
        needed |= self.secret
        companions = np.zeros_like(needed)
        unknown = self._unseen(hidden)
        while chosen := Companions(self, needed | companions, companions, unknown).chosen:
            companions[list(chosen)] = True
        self._meant = needed | companions
        return self._cells_of(set(np.flatnonzero(self._meant).tolist()))

    def further(self) -> set[CellKey]:
        """Cells to hide beside the hidden ones where a secret still comes out; none when none does. One step: what is
        hidden by it may call for more."""
        known = self._known(self._hidden)
        wanted = {int(one) for one in np.flatnonzero(known & self.secret)} or Derivation(
            self, known, self._meant
        ).wanted
        self._meant[list(wanted)] = True
        return self._cells_of(wanted)

    def _cells_of(self, wanted: Collection[int]) -> set[CellKey]:
        """The cells that print these numbers and are seen."""
        chosen = np.isin(self._of[self._printing.number], list(wanted)) & self._seen(self._hidden)
        return {self.cells[cell] for cell in self._cell[chosen].tolist()}

    def _places_of(self, keys: Collection[CellKey]) -> Bools:
        found = np.zeros(len(self.cells), dtype=bool)
        found[[self._keys[key] for key in keys if key in self._keys]] = True
        return found

    def _known(self, hidden: Bools) -> Bools:
        """What is printed, or known to be none."""
        known: Bools = (self._printed == 0) & ~self._unseen(hidden)
        known[self._of[self._printing.number[self._seen(hidden)]]] = True
        return known

    def _seen(self, hidden: Bools) -> Bools:
        """Which printings are seen."""

        def shown(cells: Ints) -> Bools:
            return (cells < 0) | ~hidden[np.maximum(cells, 0)]

        return shown(self._printing.row) & shown(self._printing.cell)

    def cost(self, one: int, root: int = -1) -> tuple[Any, ...]:
        """What it costs to hide a number for another's sake: less of a flow than of a stock, of the same scope, of what
        is printed seldom, and of what is small in the company, so that the choice is the same in all scopes."""
        kind = (bool(self.is_stock[one]), *self.places.apart(one, root), int(self._printed[one]))
        return (*kind, self.places.size(one), float(self.value[one]), one)

    def _unseen(self, hidden: Bools) -> Bools:
        """What is printed nowhere and yet not known to be none: what is some, and what a split lacks that is not seen
        whole."""
        found: Bools = (self._printed == 0) & (self.value != 0)
        splits = self._absent.split_of[hidden]
        cut = np.isin(self._absent.split, splits[splits >= 0])
        found[self._of[self._absent.number[cut]]] = True
        whole = self._of[self._absent.number[~cut]]  # of two that are one, one is seen
        found[whole[self.value[whole] == 0]] = False
        return found

    def may_hide(self, *, even_none: bool = False) -> Bools:
        """What can be hidden: what is printed, not 0 (or even that), and not in somebody's hands already."""
        found: Bools = (self._printed > 0) & ((self.value > 0) | even_none) & ~self._fixed
        return found


class Places:
    """Of which name, month and scope the unknowns are."""

    def __init__(self, numbers_of: PrintedNumbers, identities: Iterable[Identity], of: Ints, value: Floats) -> None:
        numbers, count = numbers_of.numbers, len(of)
        family_of = _families(numbers, identities)
        name, month, at = (np.zeros(count, dtype=np.int64) for _ in range(3))
        names = 0
        for place, column in enumerate(numbers.columns.values()):
            codes = cut_codes(column)
            name[column.number] = names + codes
            names += int(codes.max(initial=0)) + 1
            month[column.number] = column.month
            where = column.month * len(numbers.scopes) + column.scope
            at[column.number] = where * len(numbers.columns) + family_of[place]
        _, group = np.unique(month * (names + 1) + name, return_inverse=True)
        largest = np.zeros(int(group.max(initial=0)) + 1)
        np.maximum.at(largest, group, value[of])
        self._scope = np.zeros(len(value), dtype=np.int64)
        self._wide = np.zeros(len(value), dtype=np.int64)
        width = np.array([_WIDTH.get(scope_type, 0) for scope_type, _ in numbers.scopes], dtype=np.int64)
        for column in numbers.columns.values():
            self._scope[of[column.number]] = column.scope
            self._wide[of[column.number]] = width[column.scope]
        self._size = np.full(len(value), np.inf)
        np.minimum.at(self._size, of, largest[group])
        self._at = np.zeros(len(value), dtype=np.int64)
        self._at[of] = at
        self.kind = np.zeros(len(value), dtype=np.int64)  # of which name and month
        self.kind[of] = group

    def size(self, one: int) -> float:
        """How much there is of it in the largest scope of the month."""
        return float(self._size[one])

    def apart(self, one: int, root: int) -> tuple[bool, int]:
        """Whether they are of two scopes, and how wide the first's is."""
        return bool(root >= 0 and self._scope[one] != self._scope[root]), int(self._wide[one])

    def scope(self, one: int) -> int:
        """Of which month and scope it is, as a number."""
        return int(self._at[one])

    def where(self, chosen: Bools) -> set[int]:
        """The months and scopes of the chosen, by what identities tie together."""
        return set(self._at[chosen].tolist())

    def is_at(self, one: int, places: Collection[int]) -> bool:
        return int(self._at[one]) in places


def _families(numbers: IdentityNumbers, identities: Iterable[Identity]) -> Ints:
    """Which names identities tie together, as numbers."""
    place = {name: i for i, name in enumerate(numbers.columns)}
    ties: list[tuple[int, int]] = []
    for identity in identities:
        names = [place[name] for term in identity.terms if (name := name_of(term, identity)) in place]
        ties += [(names[0], other) for other in names[1:]]
    first, second = zip(*ties, strict=True) if ties else ((), ())
    graph = sparse.coo_matrix((np.ones(len(ties)), (first, second)), shape=(len(place), len(place)))
    found: Ints = connected_components(graph, directed=False)[1]
    return found
