"""docs/measures, the contract of the measures, beside the models that hold them."""

from __future__ import annotations

import re

from foundation.declarations import metrics, models
from foundation.settings import REPOSITORY

PAGES = [page for page in (REPOSITORY / "docs" / "measures").glob("*.md") if page.name != "README.md"]
LINK = re.compile(r"\[(\w+)\]\(\.\./\.\./(dbt_project/models/marts/\w+/(\w+)\.yml)\)")


def _linked() -> list[tuple[str, str, str]]:
    return [found for page in PAGES for found in LINK.findall(page.read_text(encoding="utf-8"))]


def test_every_model_that_a_page_of_measures_names_is_there_under_that_name() -> None:
    linked = _linked()
    assert linked
    assert [name for name, path, stem in linked if name != stem or not (REPOSITORY / path).is_file()] == []


def test_every_model_with_metrics_holds_a_measure_of_the_contract() -> None:
    in_contract = {name for name, _, _ in _linked()}
    assert {model["name"] for _, model in models() if metrics(model)} <= in_contract


def test_every_measure_of_a_page_has_a_definition_and_a_model() -> None:
    for page in PAGES:
        rows = re.findall(r"^\| ([a-z_, ]+) \| (.*) \| (\[.*\)) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(rows) == page.read_text(encoding="utf-8").count("\n| ") - 1, page.name  # all but the table's head
        assert all(len(definition) > 20 for _, definition, _ in rows), page.name
