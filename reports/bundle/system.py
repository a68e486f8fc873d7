"""What comes out of a linear system: unknowns that follow from the known by one row, by several, or by bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsqr

from reports.bundle.identities import Bools, Floats, Ints, Rows

if TYPE_CHECKING:
    from reports.bundle.inference import Sums


NEAR = 1e-6
_EXACT = 1e-13
_ROUNDS = 30  # of bounds, each by those before
_DENSE = 60  # rows or unknowns of a part up to which it is solved at once
_SEED = 20261031  # the same numbers give the same bundles


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
        self._reported: list[tuple[int, ...]] | None = None
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

    def derivable(self, sums: Sums) -> list[tuple[int, ...]]:
        """Secrets that come out, and few cases of two or three together: worked out once, for many rounds."""
        if self._reported is None:
            determined = self.determined()
            alone = [(one,) for one in determined[sums.secret[determined]].tolist()]
            pairs = self.pairs(sums.value, sums.cases, sums.small)
            triples = self.triples(sums.value, sums.cases, sums.small, sums.places.kind)
            self._reported = [*alone, *pairs, *triples]
        return self._reported

    def determined(self) -> Ints:
        found: Ints = self.classes[np.abs(self._open) < NEAR]
        return found

    def pairs(self, value: Floats, cases: Bools, small: int) -> list[tuple[int, int]]:
        """Two unknowns of fewer than `small` cases together, whose sum comes out though neither does."""
        few = np.flatnonzero(cases[self.classes] & (np.abs(self._open) >= NEAR))
        few = few[np.argsort(np.abs(self._open[few]), kind="stable")]
        size, found = np.abs(self._open[few]), []
        for i, one in enumerate(few.tolist()):
            for other in few[i + 1 : int(np.searchsorted(size, size[i] + NEAR))].tolist():
                pair = (int(self.classes[one]), int(self.classes[other]))
                if abs(self._open[one] + self._open[other]) < NEAR and value[list(pair)].sum() < small:
                    found.append(pair)
        return found

    def triples(self, value: Floats, cases: Bools, small: int, kind: Ints) -> Iterator[tuple[int, int, int]]:
        """Three unknowns of one kind, of fewer than `small` cases together, whose sum comes out."""
        some = cases[self.classes] & (value[self.classes] > 0) & (value[self.classes] <= small - 3)
        few = np.flatnonzero(some & (np.abs(self._open) >= NEAR))
        for one_kind in np.unique(kind[self.classes[few]]):
            group = few[kind[self.classes[few]] == one_kind]
            group = group[np.argsort(self._open[group], kind="stable")]
            size = self._open[group]
            for i in range(len(group) - 2):
                wanted = -size[i] - size[i + 1 :]
                at = np.searchsorted(size, wanted - NEAR)
                hits = np.flatnonzero((at < len(size)) & (np.abs(size[np.minimum(at, len(size) - 1)] - wanted) < NEAR))
                for j, k in zip((hits + i + 1).tolist(), at[hits].tolist(), strict=True):
                    three = (int(self.classes[group[i]]), int(self.classes[group[j]]), int(self.classes[group[k]]))
                    if k > j and value[list(three)].sum() < small:
                        yield three

    def derivation(self, reported: Sequence[int]) -> tuple[list[int], list[float]]:
        """The rows that together say the sum of these, and how often each is taken."""
        weights = self._solved(np.isin(self.classes, reported).astype(float))
        used = np.abs(weights) > NEAR
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
