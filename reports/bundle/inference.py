"""What somebody can work out who holds every bundle: numbers that are not printed, from those that are and from what
adds up to what; and which further cells must be hidden so that no small one comes out.

The numbers are the unknowns of a linear system: identities that models declare, scopes that add up to others, values of
a dimension that add up to the whole. No figure is read or changed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsqr

from reports.bundle.identities import (
    NO_ROWS,
    Bools,
    Column,
    Floats,
    Identity,
    Ints,
    Name,
    Numbers,
    Rows,
    holds,
    instances,
    name_of,
)
from reports.bundle.suppression import Key

_COMPANY = ("company", "company")
_WIDTH = {"company": 2, "region": 1}  # of scopes: what is hidden of a wide one is missed by more readers
_NEAR = 1e-6
_EXACT = 1e-13
_ROUNDS = 30  # of bounds, each by those before
_DENSE = 60  # rows or unknowns of a part up to which it is solved at once
_SEED = 20261031  # the same numbers give the same bundles


@dataclass(frozen=True)
class Printing:
    """Where numbers are printed: a number, by the cells (their places among all, or -1) of which none may be hidden for
    it to be seen."""

    number: Ints
    row: Ints
    cell: Ints


@dataclass(frozen=True)
class Absent:
    """Numbers of none that a split lacks: seen to be none where the split is printed whole."""

    number: Ints
    split: Ints
    split_of: Ints  # by cell, or -1


@dataclass(frozen=True)
class Told:
    """Numbers by name, what each is, and where they are printed."""

    numbers: Numbers
    value: Floats
    secret: Bools  # which stand on few cases and are to come out for nobody
    cases: Bools  # which are how many cases there are
    printing: Printing
    keys: Mapping[Key, int]  # the cells that print them, by their place
    absent: Absent

    def is_alone(self) -> Bools:
        """Of each printing, whether its cell stands for itself, so that hidden it still says that there are some."""
        alone = np.array([not key.dimension for key in self.keys], dtype=bool)
        cell = np.where(self.printing.cell >= 0, self.printing.cell, self.printing.row)
        found: Bools = alone[cell] & self.cases[self.printing.number]
        return found


class Sums:
    """The linear system of the numbers of a report's months, whatever of it is hidden.

    Numbers that are one and the same by a row of two are one unknown.
    """

    def __init__(self, told: Told, identities: Sequence[Identity], regions: Mapping[str, str], small: int) -> None:
        self.small, self._printing, self._keys, self._absent = small, told.printing, told.keys, told.absent
        self.cells = list(told.keys)
        self._hidden = np.zeros(len(self.cells), dtype=bool)
        exact, limits, declared = _rows(told.numbers, identities, regions, told.value)
        self._of = _classes(declared, len(told.value))
        count = int(self._of.max(initial=-1)) + 1
        self.value = np.zeros(count)
        self.value[self._of] = told.value
        self.secret, self.cases = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        self.secret[self._of[told.secret]] = True
        self.cases[self._of[told.secret & told.cases]] = True
        self._printed = np.bincount(self._of[told.printing.number], minlength=count)  # how often
        self._fixed = np.zeros(count, dtype=bool)
        self.exact, self.limits = System.of(exact, self._of, count), System.of(limits, self._of, count)
        self.declared = System.of(declared, self._of, count)
        # of a row of which one number is a cell by itself, the cell is enough
        self._cell = np.where(told.printing.cell >= 0, told.printing.cell, told.printing.row)
        self._is_case = told.cases
        self.lowest = np.zeros(count)  # what is known of a number that is hidden by itself: that there is some
        self.lowest[self._of[told.printing.number[told.is_alone()]]] = 1
        self.lowest[self.value == 0] = 0
        self._meant = self.secret.copy()  # what is hidden for its own sake, and not for that of a share it stands in
        self.places = Places(told, identities, self._of, self.value)
        month = np.zeros(len(self._of), dtype=np.int64)
        for column in told.numbers.columns.values():
            month[column.number] = column.month
        _, self._last_month = _ends(self._of, month, count)
        self.is_stock = _stocks(exact, month, self._of, count)
        self.core = Core()

    def hide(self, keys: Collection[Key]) -> None:
        """Takes it that these are hidden."""
        self._hidden |= self._places_of(keys)

    def keep(self, earlier: Collection[Key], until: date) -> None:
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

    def companions(self, keys: Collection[Key]) -> set[Key]:
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
        while chosen := _Companions(self, needed | companions, companions, unknown).chosen:
            companions[list(chosen)] = True
        self._meant = needed | companions
        return self._cells_of(set(np.flatnonzero(self._meant).tolist()))

    def further(self) -> set[Key]:
        """Cells to hide beside the hidden ones where a secret still comes out; none when none does. One step: what is
        hidden by it may call for more."""
        known = self._known(self._hidden)
        wanted = {int(one) for one in np.flatnonzero(known & self.secret)} or _Step(self, known, self._meant).wanted
        self._meant[list(wanted)] = True
        return self._cells_of(wanted)

    def _cells_of(self, wanted: Collection[int]) -> set[Key]:
        """The cells that print these numbers and are seen."""
        chosen = np.isin(self._of[self._printing.number], list(wanted)) & self._seen(self._hidden)
        return {self.cells[cell] for cell in self._cell[chosen].tolist()}

    def _places_of(self, keys: Collection[Key]) -> Bools:
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

    def may_hide(self) -> Bools:
        """What can be hidden: what is printed, not 0, and not in somebody's hands already."""
        found: Bools = (self._printed > 0) & (self.value > 0) & ~self._fixed
        return found


class _Companions:
    """Numbers to hide beside those that are, a round of them: of identities first, of scopes and dimensions then."""

    def __init__(self, sums: Sums, needed: Bools, companions: Bools, unseen: Bools) -> None:
        self._sums = sums
        self._able = sums.may_hide() & ~needed
        self._beside = sums.places.where(needed)
        self.chosen: set[int] = set()
        unknown = needed | unseen
        for system, alone, is_declared in ((sums.declared, needed, True), (sums.exact, companions, False)):
            rows_of: dict[int, list[int]] = defaultdict(list)
            for row, one in system.single(unknown):
                if alone[one]:
                    rows_of[one].append(row)
            for rows in rows_of.values():
                self._choose(system, rows, is_declared=is_declared)
            for row in system.few(unknown, sums.value, sums.cases, sums.small):
                self._choose(system, [row], is_declared=is_declared)
            if self.chosen:
                return

    def _choose(self, system: System, rows: list[int], *, is_declared: bool) -> None:
        while rows := [row for row in rows if self.chosen.isdisjoint(system.classes(row).tolist())]:
            often: dict[int, int] = defaultdict(int)
            for row in rows:
                for one in system.classes(row).tolist():
                    if self._able[one]:
                        often[one] += 1
            if not often:
                return
            self.chosen.add(min(often, key=lambda one: self._rank(one, often[one], is_declared=is_declared)))

    def _rank(self, one: int, often: int, *, is_declared: bool) -> tuple[Any, ...]:
        """Of an identity what stands in most rows, of scopes where more is hidden."""
        if is_declared:
            return (-often, *self._sums.cost(one))
        return (not self._sums.places.is_at(one, self._beside), float(self._sums.value[one]), one)


class _Step:
    """Numbers to hide where a secret comes out all the same: by one row after another, or by several together."""

    def __init__(self, sums: Sums, known: Bools, meant: Bools) -> None:
        self._sums, self._meant, self._known = sums, meant, known
        self._able = sums.may_hide() & known
        self._solved = Solved(sums.exact, known)
        self._asked: set[int] = set()
        self._scopes: set[int] = set()
        self.wanted: set[int] = set()
        self._break_all()
        if not self.wanted:  # protecting what is meant led nowhere: whatever breaks the rows
            self._asked, self._meant = set(), np.zeros_like(meant)
            self._break_all()

    def _break_all(self) -> None:
        """Hides more beside what comes out: by one row after another, a limit, several rows, by bounds at last."""
        sums = self._sums
        for secret in np.flatnonzero(sums.secret & self._solved.determined).tolist():
            self._protect(secret, secret)
        for row in sums.exact.few(self._solved.open, sums.value, sums.cases, sums.small):
            self._break(row, -1, -1)
        for row in range(sums.limits.rows.shape[0]):
            if _tells_by_limit(sums, row, self._known | self._solved.determined):
                self._protect_or_hide([], sums.limits.classes(row).tolist(), -1)
        for part in sums.core.parts(sums.exact, self._solved, sums.secret):
            for ones in part.told(sums):
                if sums.places.scope(ones[0]) not in self._scopes:  # once for each scope: it may do for the others
                    self._break_sum(ones[0], *part.derivation(ones))
        if not self.wanted:
            self._break_bounds()

    def _break_bounds(self) -> None:
        """Hides one more number beside each secret that can be one whole number alone, as nothing is less than none,
        and what is hidden by itself is some: by one row after another, and when none is told so, by all at once."""
        sums = self._sums
        low, high = sums.exact.bounds(self._solved, sums.value, sums.lowest)
        pinned = self._solved.open & (np.floor(high + _NEAR) <= np.ceil(low - _NEAR))
        if not (pinned & sums.secret).any():
            pinned = _pinned(sums, self._known)
        for secret in np.flatnonzero(sums.secret & pinned).tolist():
            if sums.places.scope(secret) not in self._scopes:
                self._protect_or_hide([], self._around(secret), secret)

    def _around(self, secret: int) -> list[int]:
        """The numbers of a secret's rows; where none of them can be hidden, those of the rows of what is open there,
        and so on."""
        exact = self._sums.exact
        reached, fresh = {secret}, {secret}
        while fresh:
            fresh = {
                other for one in fresh for row in exact.rows_of(one) for other in exact.classes(row).tolist()
            } - reached
            if any(self._able[one] for one in fresh):
                return sorted(fresh)
            reached |= fresh
            fresh = {one for one in fresh if self._solved.open[one]}
        return []

    def _break_sum(self, root: int, rows: Sequence[int], weights: Sequence[float]) -> None:
        """Hides one more number of what these rows, taken so often, say together."""
        system = self._sums.exact
        weighed: dict[int, float] = defaultdict(float)
        for row, weight in zip(rows, weights, strict=True):
            for one, times in zip(system.classes(row).tolist(), system.times(row), strict=True):
                weighed[one] += weight * times
        used = [one for one, weight in weighed.items() if abs(weight) > _NEAR]
        hidden = [one for one in used if self._solved.determined[one]]
        self._protect_or_hide(hidden, used, root)

    def _protect(self, one: int, root: int) -> None:
        """Breaks every row by which a number comes out."""
        self._asked.add(one)
        for row in self._sums.exact.rows_of(one):
            if not self._solved.open[self._sums.exact.classes(row)].any():
                self._break(row, one, root)

    def _break(self, row: int, one: int, root: int) -> None:
        """What is hidden of a row already is protected, where it comes out; else one more number of it is hidden."""
        classes = self._sums.exact.classes(row).tolist()
        if not self._is_broken(row):
            hidden = [other for other in classes if self._solved.determined[other] and other != one]
            self._protect_or_hide(hidden, classes, root)

    def _protect_or_hide(self, hidden: Sequence[int], among: Sequence[int], root: int) -> None:
        """What is hidden for its own sake is protected first: what is hidden with a share of it is as good as seen."""

        def cost(one: int) -> tuple[Any, ...]:
            return self._sums.cost(one, root)

        meant = [one for one in hidden if self._meant[one]]
        able = [one for one in among if self._able[one]]
        chosen = min(meant or able or hidden, key=cost, default=None)
        if chosen is None or chosen in self._asked:
            return
        if meant or not able:
            self._protect(chosen, root)
        else:
            self.wanted.add(chosen)
            self._scopes |= {self._sums.places.scope(one) for one in (chosen, root) if one >= 0}

    def _is_broken(self, row: int) -> bool:
        return not self.wanted.isdisjoint(self._sums.exact.classes(row).tolist())


class Places:
    """Of which name, month and scope the unknowns are."""

    def __init__(self, told: Told, identities: Iterable[Identity], of: Ints, value: Floats) -> None:
        numbers, count = told.numbers, len(of)
        family_of = _families(numbers, identities)
        name, month, at = (np.zeros(count, dtype=np.int64) for _ in range(3))
        names = 0
        for place, column in enumerate(numbers.columns.values()):
            codes = _codes(column)
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


def _families(numbers: Numbers, identities: Iterable[Identity]) -> Ints:
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


@dataclass(frozen=True)
class System:
    """Rows over unknowns, and the same by unknown."""

    rows: sparse.csr_matrix
    by_class: sparse.csc_matrix

    @classmethod
    def of(cls, rows: Rows, of: Ints, count: int) -> System:
        matrix = sparse.csr_matrix((rows.times.astype(float), (rows.row, of[rows.number])), shape=(rows.count, count))
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return cls.of_matrix(matrix)

    @classmethod
    def of_matrix(cls, matrix: sparse.csr_matrix) -> System:
        return cls(matrix, matrix.tocsc())

    def before_last(self, last_month: Ints) -> System:
        """The rows of numbers of before the last month alone."""
        kept = self._per_row(last_month[self.rows.indices] == last_month.max(initial=0)) == 0
        return System.of_matrix(self.rows[np.flatnonzero(kept)])

    def of_all(self, among: Bools, some: Bools) -> sparse.csr_matrix:
        """The rows of nothing but these, of which some are in it."""
        others, found = self._per_row(~among[self.rows.indices]), self._per_row(some[self.rows.indices])
        return self.rows[np.flatnonzero((others == 0) & (found > 0))]

    def around(self, known: Bools, secret: Bools) -> Bools:
        """The unknown numbers that rows tie to an unknown secret, by other unknown ones."""
        entries = self.rows.tocoo()
        kept = ~known[entries.col]
        many, rows = self.rows.shape[0] + len(known), self.rows.shape[0]
        ties = (np.ones(int(kept.sum())), (entries.row[kept], entries.col[kept] + rows))
        _, part = connected_components(sparse.coo_matrix(ties, shape=(many, many)), directed=False)
        found: Bools = ~known & np.isin(part[rows:], part[rows:][~known & secret])
        return found

    def classes(self, row: int) -> Ints:
        found: Ints = self.rows.indices[self.rows.indptr[row] : self.rows.indptr[row + 1]]
        return found

    def times(self, row: int) -> Ints:
        found: Ints = self.rows.data[self.rows.indptr[row] : self.rows.indptr[row + 1]]
        return found

    def single(self, open_ones: Bools) -> list[tuple[int, int]]:
        """Rows of which a single number is open, with it."""
        rows = np.flatnonzero(self.left(open_ones) == 1)
        found = self.rows[rows].tocoo()
        kept = open_ones[found.col]
        return list(zip(rows[found.row[kept]].tolist(), found.col[kept].tolist(), strict=True))

    def left(self, open_ones: Bools) -> Ints:
        """How many numbers of each row are open."""
        return self._per_row(open_ones[self.rows.indices]).astype(np.int64)

    def few(self, open_ones: Bools, value: Floats, cases: Bools, small: int) -> list[int]:
        """Rows that tell how many cases several secrets are together: fewer than `small`, or one each."""
        classes, times = self.rows.indices, self.rows.data
        left = open_ones[classes]
        count, of_cases = self._per_row(left), self._per_row(left & cases[classes])
        together = self._per_row(left * np.abs(times) * value[classes])
        one_way = (self._per_row(left & (times > 0)) == 0) | (self._per_row(left & (times < 0)) == 0)
        is_one_each = (of_cases == count) & (together <= self._per_row(left * np.abs(times)))
        found = (count > 1) & (of_cases > 0) & one_way & ((together < small) | is_one_each)
        return [int(row) for row in np.flatnonzero(found)]

    def bounds(self, solved: Solved, value: Floats, lowest: Floats) -> tuple[Floats, Floats]:
        """Between what each open number must lie, by one row after another."""
        row = np.repeat(np.arange(self.rows.shape[0]), np.diff(self.rows.indptr))
        left = solved.open[self.rows.indices]
        rest = -self._per_row(np.where(left, 0.0, self.rows.data * value[self.rows.indices]))
        row, one, times = row[left], self.rows.indices[left], self.rows.data[left]
        low, high = np.where(solved.open, lowest, value), np.where(solved.open, np.inf, value)
        for _ in range(_ROUNDS):
            was = (low.copy(), high.copy())
            for sign in (1.0, -1.0):  # what the others must be at least, of the row as it is and turned round
                share = sign * times
                least = np.where(share > 0, share * low[one], share * high[one])
                endless = np.isneginf(least)
                many = np.bincount(row, endless, self.rows.shape[0])
                others = np.bincount(row, np.where(endless, 0.0, least), self.rows.shape[0])[row]
                others = np.where(many[row] - endless > 0, -np.inf, others - np.where(endless, 0.0, least))
                most = (sign * rest[row] - others) / share
                np.minimum.at(high, one[share > 0], most[share > 0])
                np.maximum.at(low, one[share < 0], most[share < 0])
            if np.array_equal(was[0], low) and np.array_equal(was[1], high):
                break
        return low, high

    def _per_row(self, of_entries: Ints) -> Floats:
        """The sum of what is told of each entry of a row."""
        sums = np.concatenate([[0.0], np.cumsum(of_entries, dtype=float)])
        found: Floats = sums[self.rows.indptr[1:]] - sums[self.rows.indptr[:-1]]
        return found

    def rows_of(self, one: int) -> list[int]:
        found: list[int] = self.by_class.indices[self.by_class.indptr[one] : self.by_class.indptr[one + 1]].tolist()
        return found


class Solved:
    """What follows from the known numbers by one row after another."""

    def __init__(self, system: System, known: Bools) -> None:
        self.determined = np.zeros(len(known), dtype=bool)
        self.open = ~known  # neither known nor found
        while single := system.single(self.open):
            new = np.unique([one for _, one in single])
            self.determined[new] = True
            self.open[new] = False


class _Part:
    """Unknowns and rows that hang together, and what the rows leave open of them: a random vector of it, which is 0
    where they leave nothing."""

    def __init__(self, system: System, rows: Ints, classes: Ints) -> None:
        self._rows, self.classes = rows, classes
        self._told: list[tuple[int, ...]] | None = None
        self._matrix = system.rows[rows][:, classes].T.tocsr()
        random = np.random.default_rng(_SEED).standard_normal(len(classes))
        self._open: Floats = random - self._matrix @ self._solved(random)

    def _solved(self, target: Floats) -> Floats:
        """How often each row must be taken to come as near the target as it goes."""
        if min(self._matrix.shape) <= _DENSE:
            dense: Floats = np.linalg.lstsq(self._matrix.toarray(), target, rcond=None)[0]
            return dense
        found: Floats = lsqr(self._matrix, target, atol=_EXACT, btol=_EXACT, conlim=0, iter_lim=20 * len(target))[0]
        return found

    def told(self, sums: Sums) -> list[tuple[int, ...]]:
        """Secrets that come out, and few cases of two or three together: worked out once, for many rounds."""
        if self._told is None:
            determined = self.determined()
            alone = [(one,) for one in determined[sums.secret[determined]].tolist()]
            pairs = self.pairs(sums.value, sums.cases, sums.small)
            triples = self.triples(sums.value, sums.cases, sums.small, sums.places.kind)
            self._told = [*alone, *pairs, *triples]
        return self._told

    def determined(self) -> Ints:
        found: Ints = self.classes[np.abs(self._open) < _NEAR]
        return found

    def pairs(self, value: Floats, cases: Bools, small: int) -> list[tuple[int, int]]:
        """Two unknowns of fewer than `small` cases together, whose sum comes out though neither does."""
        few = np.flatnonzero(cases[self.classes] & (np.abs(self._open) >= _NEAR))
        few = few[np.argsort(np.abs(self._open[few]), kind="stable")]
        size, found = np.abs(self._open[few]), []
        for i, one in enumerate(few.tolist()):
            for other in few[i + 1 : int(np.searchsorted(size, size[i] + _NEAR))].tolist():
                pair = (int(self.classes[one]), int(self.classes[other]))
                if abs(self._open[one] + self._open[other]) < _NEAR and value[list(pair)].sum() < small:
                    found.append(pair)
        return found

    def triples(self, value: Floats, cases: Bools, small: int, kind: Ints) -> Iterator[tuple[int, int, int]]:
        """Three unknowns of one kind, of fewer than `small` cases together, whose sum comes out."""
        some = cases[self.classes] & (value[self.classes] > 0) & (value[self.classes] <= small - 3)
        few = np.flatnonzero(some & (np.abs(self._open) >= _NEAR))
        for one_kind in np.unique(kind[self.classes[few]]):
            group = few[kind[self.classes[few]] == one_kind]
            group = group[np.argsort(self._open[group], kind="stable")]
            size = self._open[group]
            for i in range(len(group) - 2):
                wanted = -size[i] - size[i + 1 :]
                at = np.searchsorted(size, wanted - _NEAR)
                hits = np.flatnonzero((at < len(size)) & (np.abs(size[np.minimum(at, len(size) - 1)] - wanted) < _NEAR))
                for j, k in zip((hits + i + 1).tolist(), at[hits].tolist(), strict=True):
                    three = (int(self.classes[group[i]]), int(self.classes[group[j]]), int(self.classes[group[k]]))
                    if k > j and value[list(three)].sum() < small:
                        yield three

    def derivation(self, told: Sequence[int]) -> tuple[list[int], list[float]]:
        """The rows that together say the sum of these, and how often each is taken."""
        weights = self._solved(np.isin(self.classes, told).astype(float))
        used = np.abs(weights) > _NEAR
        return self._rows[used].tolist(), weights[used].tolist()


class Core:
    """What several rows say together, where no single one says it: part by part, each once as long as it stands."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, bytes], _Part] = {}

    def parts(self, system: System, solved: Solved, secret: Bools) -> Iterator[_Part]:
        """Those in which there is a secret."""
        rows = np.flatnonzero(system.left(solved.open) > 1)
        chosen = system.rows[rows].tocoo()
        kept = solved.open[chosen.col]
        row, one = chosen.row[kept], chosen.col[kept]
        many = len(rows) + len(solved.open)
        graph = sparse.coo_matrix((np.ones(len(row)), (row, one + len(rows))), shape=(many, many))
        _, part = connected_components(graph, directed=False)
        wanted = np.unique(part[len(rows) :][solved.open & secret])
        in_part = np.isin(part, wanted)
        order = np.argsort(part[in_part], kind="stable")
        members = np.flatnonzero(in_part)[order]
        for group in np.split(members, np.flatnonzero(np.diff(part[members])) + 1):
            of_rows, classes = rows[group[group < len(rows)]], group[group >= len(rows)] - len(rows)
            if len(of_rows):
                key = (of_rows.tobytes(), classes.tobytes())
                if key not in self._known:
                    self._known[key] = _Part(system, of_rows, classes)
                yield self._known[key]


def _pinned(sums: Sums, known: Bools) -> Bools:
    """Which unknown counts can be one number only, as each is at least its lowest.

    One linear program finds which of them cannot be more than their lowest in any solution: with their distances and
    the right side scaled together, all that can be more are so by 1 at once. What is left follows from rows again.
    """
    wanted = sums.exact.around(known, sums.secret & sums.cases)  # counts: of money it would be a matter of rounding
    unknown = np.flatnonzero(wanted)
    found = np.zeros_like(known)
    if not len(unknown):
        return found
    above = sums.value - sums.lowest
    exact, limits = (system.of_all(known | wanted, wanted) for system in (sums.exact, sums.limits))
    slack = sparse.identity(limits.shape[0], format="csr")
    rows = sparse.bmat([[exact[:, unknown], None], [limits[:, unknown], slack]], format="csr")
    distance = np.concatenate([above[unknown], -(limits @ sums.value)])
    right = sparse.csr_matrix(rows @ distance).T
    many = rows.shape[1]
    answer = linprog(
        np.concatenate([-np.ones(many), np.zeros(many + 1)]),
        A_eq=sparse.hstack([rows, rows, -right], format="csr"),
        b_eq=np.zeros(rows.shape[0]),
        bounds=np.array([(0, 1)] * many + [(0, np.inf)] * many + [(1, np.inf)]),
        method="highs",
    )
    if answer.status != 0:
        raise RuntimeError(f"what bounds tell of hidden numbers cannot be worked out: {answer.message}")
    is_least = answer.x[:many] < 0.5
    least = known.copy()
    least[unknown[is_least[: len(unknown)]]] = True
    tight = limits[np.flatnonzero(is_least[len(unknown) :])]
    system = System.of_matrix(sparse.vstack([sums.exact.rows, tight], format="csr"))
    solved = Solved(system, least)
    found |= ~known & ~solved.open
    for part in Core().parts(system, solved, sums.secret):
        found[part.determined()] = True
    return found


def _tells_by_limit(sums: Sums, row: int, known: Bools) -> bool:
    """Whether what is no more than a small known number is a secret: little is left for it to be."""
    classes, times = sums.limits.classes(row), sums.limits.times(row)
    open_ones = classes[~known[classes]]
    if len(open_ones) != 1 or not sums.secret[open_ones[0]]:
        return False
    rest = known[classes]
    return bool(-(times[rest] * sums.value[classes[rest]]).sum() < sums.small)


def _rows(
    numbers: Numbers, identities: Iterable[Identity], regions: Mapping[str, str], value: Floats
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


def _scope_sums(numbers: Numbers, regions: Mapping[str, str]) -> Iterator[Rows]:
    """Scopes of a type that may make up the company, and stores a region."""
    place = {scope: i for i, scope in enumerate(numbers.scopes)}
    region_of = np.full(len(numbers.scopes), -1)
    for (scope_type, scope_id), i in place.items():
        if scope_type == "store" and scope_id in regions:
            region_of[i] = place.get(("region", regions[scope_id]), -1)
    company = place.get(_COMPANY, -1)
    for column in numbers.columns.values():
        codes = _codes(column)
        at = column.month * (int(codes.max(initial=0)) + 1) + codes
        is_company = column.scope == company
        types = numbers.scope_types[column.scope]
        for one in np.unique(types[~is_company]):
            parts = ~is_company & (types == one)
            yield _sums(at[is_company], column.number[is_company], at[parts], column.number[parts])
        above = region_of[column.scope]
        inside, wholes = above >= 0, np.isin(column.scope, region_of[region_of >= 0])
        many = len(numbers.scopes)
        yield _sums(
            (at * many + column.scope)[wholes],
            column.number[wholes],
            (at * many + above)[inside],
            column.number[inside],
        )


def _codes(column: Column) -> Ints:
    """What the numbers are cut by, as numbers."""
    if not column.cut:
        return np.zeros(len(column.month), dtype=np.int64)
    seen: dict[tuple[Any, ...], int] = {}
    values = zip(*(column.cut[name].tolist() for name in sorted(column.cut)), strict=True)
    return np.array([seen.setdefault(one, len(seen)) for one in values], dtype=np.int64)


def _dimension_sums(numbers: Numbers) -> Iterator[Rows]:
    """Values of a dimension that may make up the whole."""
    many = len(numbers.scopes)
    for name, column in numbers.columns.items():
        whole = numbers.columns.get(Name(name.of, name.part))
        if name.dimension and whole is not None:
            yield _sums(
                whole.month * many + whole.scope, whole.number, column.month * many + column.scope, column.number
            )


def _sums(
    of_wholes: Ints,
    wholes: Ints,
    of_parts: Ints,
    parts: Ints,
) -> Rows:
    """A row for each whole that has parts."""
    both = np.intersect1d(of_wholes, of_parts)
    kept_wholes, kept_parts = np.isin(of_wholes, both), np.isin(of_parts, both)
    row = np.searchsorted(both, np.concatenate([of_wholes[kept_wholes], of_parts[kept_parts]]))
    times = np.repeat([1, -1], [kept_wholes.sum(), kept_parts.sum()])
    return Rows(row, np.concatenate([wholes[kept_wholes], parts[kept_parts]]), times)


def _classes(rows: Rows, count: int) -> Ints:
    """Numbers that are one and the same, by a row of two: a class each."""
    order = np.lexsort((rows.times, rows.row))
    row, number, times = rows.row[order], rows.number[order], rows.times[order]
    first = np.flatnonzero(np.bincount(rows.row, minlength=1)[row] == 2)[::2]
    same = first[(times[first] == -1) & (times[first + 1] == 1)] if len(first) else first
    graph = sparse.coo_matrix((np.ones(len(same)), (number[same], number[same + 1])), shape=(count, count))
    found: Ints = connected_components(graph, directed=False)[1]
    return found


def _stocks(rows: Rows, month: Ints, of: Ints, count: int) -> Bools:
    """By unknown, whether it stands in rows of several months: a stock, which would call for the next month's numbers
    as well."""
    _, last = _ends(rows.row, month[rows.number], rows.count)
    least, most = _ends(of[rows.number], last[rows.row], count)
    return least < most


def _ends(group: Ints, value: Ints, count: int) -> tuple[Ints, Ints]:
    """The least and the largest value of each group."""
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(first, group, value)
    np.maximum.at(last, group, value)
    return first, last
