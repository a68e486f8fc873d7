"""docs/metrics says what the models' yml says; the report's definitions come from the same declarations."""

from __future__ import annotations

import re

import pytest

from foundation.declarations import metrics, models
from foundation.settings import DBT_PROJECT_DIR
from orchestration.metric_docs import EXPOSURES, PAGES, pages, report_exposures

CELLS = DBT_PROJECT_DIR / "models" / "intermediate" / "reporting"


def test_the_pages_are_those_of_today_s_declarations() -> None:
    """After an intended change: make docs."""
    there = {path.name: path.read_text(encoding="utf-8") for path in PAGES.iterdir()}
    assert there == pages(), "docs/metrics is out of date: run make docs"


def test_every_figure_stands_in_the_index_and_on_one_page() -> None:
    """Found here without the code that writes them: by the ids in bold."""
    declared = [metric["id"] for _, model in models() for metric in metrics(model)]
    text = {path.stem: path.read_text(encoding="utf-8") for path in PAGES.iterdir()}
    index = re.findall(r"^- \[`(\w+)`\]\((\w+)\.md\) ", text["README"], flags=re.MULTILINE)
    assert sorted(metric for metric, _ in index) == sorted(declared)
    for metric, area in index:
        assert f"\n**`{metric}`** " in text[area], metric


@pytest.mark.parametrize("area", sorted({path.parent.name for path, model in models() if metrics(model)}))
def test_an_area_names_every_measured_model_it_reads_and_no_other(area: str) -> None:
    """dbt stops for one that is missing; one too many would cost every night what nobody reads."""
    text = (CELLS / f"int_reporting__{area}_cells.sql").read_text(encoding="utf-8")
    named = set(re.findall(r"^-- depends_on: \{\{ ref\('(\w+)'\) \}\}$", text, flags=re.MULTILINE))
    measured = {model["name"] for path, model in models() if metrics(model) and path.parent.name == area}
    assert named - {"int_core__metric_sources"} == measured


def test_the_exposures_of_reports_are_what_they_read_today() -> None:
    """After an intended change: make docs."""
    assert EXPOSURES.read_text(encoding="utf-8") == report_exposures(), (
        "report_exposures.yml is out of date: run make docs"
    )


def test_every_mart_is_read_by_a_model_or_by_somebody_named() -> None:
    """A table that nobody reads costs every night; who reads it besides models, an exposure says."""
    exposures = (DBT_PROJECT_DIR / "models").glob("*exposures.yml")
    texts = [path.read_text(encoding="utf-8") for path in (*DBT_PROJECT_DIR.rglob("*.sql"), *exposures)]
    read = {name for text in texts for name in re.findall(r"\bref\(['\"](\w+)['\"]\)", text)}
    assert sorted({model["name"] for _, model in models()} - read) == []
