"""What a figure stands on is declared, and the compiled SQL says the same.

A declaration that names too little prints 0 % for a column nobody sent; one that names what no figure reads hides one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from foundation.contract import contract
from foundation.declarations import REFERENCE, declared_metrics, stands_on
from orchestration.lineage import Lineage
from orchestration.metric_docs import LINEAGE, lineage_file

pytestmark = pytest.mark.slow
# Columns that a statement filters by and whose lack falsifies nothing: by model, with the reason.
HARMLESS = {
    "revenue_at_risk": {"tickets.kind", "tickets.severity"},  # one of three reasons to be at risk
    "customised_service": {"surveys.about_type"},  # finds the survey about an order; without it there is no score
    "moments_of_truth": {"surveys.about_type"},
    "loyalty_index": {"survey_items.dimension"},  # one of seven parts
    "csat": {"survey_items.dimension"},  # picks the overall item where there are several
    "drivers": {"survey_items.dimension"},
    "servqual_reliability": {"survey_items.dimension"},
    "int_service__failures": {"tickets.kind"},  # tells complaints from low scores, which are counted apart
    "inspections": {"survey_items.dimension"},  # gives an item its dimension, not its verdict
}


def test_what_a_figure_stands_on_lies_above_it(lineage: Lineage) -> None:
    stray = []
    for model, metric in declared_metrics():
        read = {(origin.table, origin.column) for origin in lineage.read_by(model)}
        tables = {table for table, _ in read}
        for entity, column in (one for need in stands_on(metric) for one in need):
            if column not in tables if entity == REFERENCE else (entity, column) not in read:
                stray.append(f"{metric['id']}: {entity}.{column}")
    assert stray == []


def test_what_decides_a_filter_is_declared(lineage: Lineage) -> None:
    missing = []
    for model, metric in declared_metrics():
        declared = {f"{entity}.{column}" for need in stands_on(metric) for entity, column in need}
        by_where = lineage.expression(model, str(metric.get("where") or "null"))
        filters = lineage.filtered_by(model) | {origin for origin, direct in by_where.items() if direct}
        for origin in filters:
            column = contract()[origin.table].by_name[origin.column] if origin.schema == "raw" else None
            if column and not (column.required or column.key or column.technical):
                name = f"{origin.table}.{origin.column}"
                if name not in declared | HARMLESS.get(model, set()):
                    missing.append(f"{metric['id']} ({model}): {name}")
    assert sorted(missing) == []


def test_every_figure_stands_on_something() -> None:
    assert [metric["id"] for _, metric in declared_metrics() if not stands_on(metric)] == []


def test_the_columns_that_the_report_prints_are_those_of_the_sql(tmp_path: Path) -> None:
    """What it prints was written by make docs; run it where this fails."""
    assert LINEAGE.read_text(encoding="utf-8") == lineage_file(tmp_path)
