"""Small cells: nobody gets one back by adding and subtracting what all bundles together print."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.bundle.suppression import Cell, CellKey, hidden_cells

MONTH = date(2026, 10, 1)
SMALL = 5
REGIONS = {"S1": "north", "S2": "north", "S3": "south", "S4": "south", "S5": "south"}
STORES = (None, *REGIONS)
CHANNELS = (None, "phone", "mail", "visit")
VALUES = (None, "a", "b", "c")
Case = tuple[str | None, str | None, str | None]  # store, channel, value of the dimension
cases = st.dictionaries(
    st.tuples(st.sampled_from(STORES), st.sampled_from(CHANNELS), st.sampled_from(VALUES)),
    st.sampled_from((1, 1, 2, 3, 4, 6, 9, 30)),
    min_size=1,
    max_size=22,
)


def scopes(case: Case) -> list[tuple[str, str]]:
    store, channel, _ = case
    found = [("company", "company")]
    if store:
        found += [("store", store), ("region", REGIONS[store])]
    return found + ([("channel", channel)] if channel else [])


def cube(counts: dict[Case, int]) -> list[Cell]:
    """The cells as metric_cells makes them: each scope whole, and by the one dimension."""
    found: Counter[CellKey] = Counter()
    for case, n in counts.items():
        for scope in scopes(case):
            found[CellKey("m", MONTH, *scope)] += n
            if case[2]:
                found[CellKey("m", MONTH, *scope, "d", case[2])] += n
    return [Cell(key, n) for key, n in found.items()]


def members(key: CellKey, atoms: list[Case]) -> np.ndarray:
    """Which kinds of cases a cell counts."""
    inside = [
        (key.scope_type, key.scope_id) in scopes(a) and (not key.dimension or a[2] == key.dimension_value)
        for a in atoms
    ]
    return np.array(inside, dtype=float)


def reported(cells: list[Cell], hidden: set[CellKey]) -> list[str]:
    """What an attacker gets who has every bundle, knows who belongs where and is patient: sums of hidden cells of fewer
    than SMALL cases that are a linear combination of what is printed."""
    n = {cell.key: cell.n for cell in cells}
    printed = [key for key in n if key not in hidden]
    atoms = list(itertools.product(STORES, CHANNELS, VALUES))
    shown = {(key.scope_type, key.scope_id) for key in printed if key.dimension}
    for scope in shown - {("company", "company")}:  # a value that a printed split lacks has no case
        lacking = set(VALUES[1:]) - {k.dimension_value for k in printed if k.dimension and k[2:4] == scope}
        atoms = [atom for atom in atoms if not (scope in scopes(atom) and atom[2] in lacking)]
    for key_type, ids in (("store", STORES[1:]), ("channel", CHANNELS[1:])):  # as do scopes of which nothing is said
        for name in ids:
            if CellKey("m", MONTH, key_type, name) not in n:
                atoms = [atom for atom in atoms if (key_type, name) not in scopes(atom)]
    known = np.array([members(key, atoms) for key in printed]).reshape(len(printed), len(atoms))
    _, sizes, axes = np.linalg.svd(known, full_matrices=False)
    base = axes[sizes > 1e-9]
    targets = [(key,) for key in hidden] + [
        pair
        for pair in itertools.combinations(sorted(hidden), 2)
        if not (members(pair[0], atoms) * members(pair[1], atoms)).any()
    ]
    leaks = []
    for target in targets:
        size = sum(n[key] for key in target)
        vector = sum((members(key, atoms) for key in target), np.zeros(len(atoms)))
        if size < SMALL and vector.any() and np.allclose(base.T @ (base @ vector), vector, atol=1e-7):
            leaks.append(f"{target} of {size}")
    return leaks


@settings(max_examples=60, deadline=None)
@given(cases)
def test_no_small_cell_comes_back_by_subtraction(counts: dict[Case, int]) -> None:
    cells = cube(counts)
    hidden = hidden_cells(cells, SMALL, REGIONS)
    assert {cell.key for cell in cells if cell.n < SMALL} <= hidden
    assert reported(cells, hidden) == []


def test_the_attacker_can_subtract() -> None:
    """The attacker of the property test finds what hiding the small cells alone would tell."""
    cells = cube({("S1", None, None): 3, ("S2", None, None): 40})
    small = {cell.key for cell in cells if cell.n < SMALL}
    assert reported(cells, small) == [f"{(CellKey('m', MONTH, 'store', 'S1'),)} of 3"]


@settings(max_examples=40, deadline=None)
@given(cases, cases)
def test_what_one_issue_hid_a_later_one_does_not_tell(first: dict[Case, int], late: dict[Case, int]) -> None:
    """Rows come late and make small cells large: printed then, they would give back the earlier ones."""
    hidden = hidden_cells(cube(first), SMALL, REGIONS)
    later = cube(Counter(first) + Counter(late))
    again = hidden_cells(later, SMALL, REGIONS, hidden)
    assert hidden & {cell.key for cell in later} <= again
    assert reported(later, again) == []
    kept = cube(first)
    assert reported(kept, again & {cell.key for cell in kept}) == []


def test_large_figures_stay() -> None:
    cells = cube({(store, channel, value): 20 for store in STORES for channel in CHANNELS for value in VALUES})
    assert hidden_cells(cells, SMALL, REGIONS) == set()


def test_a_split_of_the_company_loses_its_small_values_only() -> None:
    counts = {(None, None, "a"): 50, (None, None, "b"): 9, (None, None, "c"): 2}
    hidden = hidden_cells(cube(counts), SMALL)
    assert {key.dimension_value for key in hidden} == {"b", "c"}, "c is small, b is what c would be told by"
