"""The changes that `make mutate` tries still find their place in the models."""

from __future__ import annotations

from collections import defaultdict

from tests.mutations import MUTATIONS, misplaced


def test_every_change_finds_its_text_once() -> None:
    assert list(misplaced()) == []


def test_each_area_has_an_operator_a_boundary_and_a_join() -> None:
    kinds = defaultdict(set)
    for mutation in MUTATIONS:
        kinds[mutation.area].add(mutation.kind)
    areas = {"customer", "lifecycle", "loyalty", "satisfaction", "service", "economics", "reporting"}
    assert {area for area, found in kinds.items() if found == {"operator", "boundary", "join"}} >= areas
