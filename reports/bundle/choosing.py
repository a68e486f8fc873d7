"""Which further numbers to hide, so that no secret comes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from reports.bundle.identities import Bools
from reports.bundle.system import NEAR, Core, Solved, System

if TYPE_CHECKING:
    from reports.bundle.inference import Sums


class Companions:
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


class Derivation:
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
        if not self.wanted:  # bounds of few cases that nothing else widens: that there are none of something tells too
            self._asked, self._able = set(), sums.may_hide(even_none=True) & known
            self._break_bounds(sums.secret & sums.cases & (sums.value < sums.small))

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
            for ones in part.derivable(sums):
                if sums.places.scope(ones[0]) not in self._scopes:  # once for each scope: it may do for the others
                    self._break_sum(ones[0], *part.derivation(ones))
        if not self.wanted:
            self._break_bounds(sums.secret)

    def _break_bounds(self, secrets: Bools) -> None:
        """Hides one more number beside each of the secrets that can be one whole number alone, as nothing is less
        than none, and what is hidden by itself is some: by one row after another, and when none is told so, by all
        at once."""
        sums = self._sums
        low, high = sums.exact.bounds(self._solved, sums.value, sums.lowest)
        pinned = self._solved.open & (np.floor(high + NEAR) <= np.ceil(low - NEAR))
        if not (pinned & secrets).any():
            pinned = _pinned(sums, self._known)
        for secret in np.flatnonzero(secrets & pinned).tolist():
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
        used = [one for one, weight in weighed.items() if abs(weight) > NEAR]
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
