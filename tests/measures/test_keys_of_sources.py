"""Two sources that use one name share no scale, no limit and no policy: what compares names compares sources too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlglot
from sqlglot import exp

from foundation.contract import contract
from orchestration.lineage import Lineage

pytestmark = pytest.mark.slow

FORM = "instrument is the form there, which names the source where several use one name (int_satisfaction__surveys)"
STANDARD = "standard_id is the standard in force for the source there (int_service__standard_names)"
PRINTED = "the printed SERVQUAL questionnaire is one published list"
DEFAULT = "for sources of which the company's table states nothing of their own"
CARRIED = {  # models that compare such a name without its source, and why they may
    "drivers": FORM,
    "ipa": FORM,
    "satisfaction_loyalty_curve": FORM,
    "servqual_reliability": f"{FORM}; {PRINTED}",
    "gap_model": STANDARD,
    "int_service__standard_cases": STANDARD,
    "rpt_gap_model": STANDARD,
    "rpt_standard_results": STANDARD,
    "standard_store_days": STANDARD,
    "standard_cases": STANDARD,
    "rpt_warnings": STANDARD,
    "int_satisfaction__servqual_pairs": PRINTED,
    "rpt_servqual_items": PRINTED,
    "six_qualities": PRINTED,
    "int_satisfaction__answers": DEFAULT,
    "int_service__inspections": DEFAULT,
    "int_satisfaction__surveys": "finds the names that several sources use",
    "tiers": "the tiers of tier_rules are the company's",
}
_SOURCES = {"source_system", "form", "giver"}


def bare_names() -> set[str]:
    """Columns that name a thing of a source without naming the source: keys that are no `source:id`, and the like."""
    keys = {
        column.name
        for entity in contract().values()
        for column in entity.keys
        if column.data_type == "varchar" and not entity.is_prefixed(column) and not column.accepted_values
    }
    return (keys | {"tier"}) - {"currency"}  # a currency is the same everywhere


def comparisons(statement: exp.Expr) -> Iterator[set[str]]:
    """The columns that each join holds equal, and those of each partition."""
    for join in statement.find_all(exp.Join):
        on = join.args.get("on")
        equalities = on.find_all(exp.EQ) if on is not None else ()
        sides = [(one.left, one.right) for one in equalities]
        named = {side.name for pair in sides for side in pair if all(isinstance(one, exp.Column) for one in pair)}
        yield named | {column.name for column in join.args.get("using") or ()}
    for window in statement.find_all(exp.Window):
        yield {column.name for part in window.args.get("partition_by") or () for column in part.find_all(exp.Column)}


def test_what_compares_a_source_s_names_compares_sources_too(lineage: Lineage) -> None:
    bare = bare_names()
    assert {"instrument", "item_id", "standard_id"} <= bare
    found = {
        name
        for name, sql in lineage.statements.items()
        for columns in comparisons(sqlglot.parse_one(sql, dialect="duckdb"))
        if columns & bare and not columns & _SOURCES
    }
    assert found == set(CARRIED)


@pytest.mark.parametrize(
    ("sql", "is_found"),
    [
        ("select 1 from a join b on a.instrument = b.instrument", True),
        ("select 1 from a join b on a.instrument = b.instrument and a.source_system = b.source_system", False),
        ("select 1 from a join b using (item_id)", True),
        ("select row_number() over (partition by standard_id order by x) from a", True),
        ("select row_number() over (partition by source_system, standard_id order by x) from a", False),
        ("select 1 from a join b on a.survey_id = b.survey_id", False),
    ],
)
def test_a_comparison_without_its_source_is_found(sql: str, is_found: bool) -> None:
    found = [one for one in comparisons(sqlglot.parse_one(sql)) if one & bare_names() and not one & _SOURCES]
    assert bool(found) is is_found
