"""The numbers that bundles tell, by name, and where each is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reports.bundle.identities import Bools, Floats, IdentityNumbers, Ints
from reports.bundle.suppression import CellKey


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
class PrintedNumbers:
    """Numbers by name, what each is, and where they are printed."""

    numbers: IdentityNumbers
    value: Floats
    secret: Bools  # which stand on few cases and are to come out for nobody
    cases: Bools  # which are how many cases there are
    printing: Printing
    keys: Mapping[CellKey, int]  # the cells that print them, by their place
    absent: Absent

    def is_alone(self) -> Bools:
        """Of each printing, whether its cell stands for itself, so that hidden it still says that there are some."""
        alone = np.array([not key.dimension for key in self.keys], dtype=bool)
        cell = np.where(self.printing.cell >= 0, self.printing.cell, self.printing.row)
        found: Bools = alone[cell] & self.cases[self.printing.number]
        return found
