"""Reference tables as their yml declares them, which dbt reads too. No row of one is read here."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from foundation.settings import DBT_PROJECT_DIR

BUILT_IN = DBT_PROJECT_DIR / "seeds"
_OF_A_METRIC = {"to": "ref('rpt_metric_definitions')", "field": "metric_id"}  # what dbt asks of a column that names one


@dataclass(frozen=True)
class Seed:
    """One reference table as its yml declares it."""

    name: str
    description: str
    types: dict[str, str]  # by column, in the file's order
    columns: dict[str, str]  # what each column holds, in words
    fixed: str | None = None  # why no company replaces it
    stated_by_company: bool = False  # ships empty: nobody else can fill it
    texts: list[str] = field(default_factory=list)  # columns that catalogues translate
    key: list[str] = field(default_factory=list)
    nullable: list[str] = field(default_factory=list)
    not_null: list[str] = field(default_factory=list)
    accepted_values: dict[str, list[str]] = field(default_factory=dict)
    metrics: list[str] = field(default_factory=list)  # columns that name one
    checks: list[str] = field(default_factory=list)


@cache
def seeds() -> dict[str, Seed]:
    """Every reference table by name."""
    declared = [
        table for path in sorted(BUILT_IN.glob("*.yml")) for table in yaml.safe_load(path.read_text("utf-8"))["seeds"]
    ]
    return {table["name"]: _seed(table) for table in sorted(declared, key=lambda table: str(table["name"]))}


def _seed(table: dict[str, Any]) -> Seed:
    config = table["config"]
    rules = [test["row_contract"]["arguments"] for test in table["data_tests"] if "row_contract" in test]
    named = [
        column["name"]
        for column in table["columns"]
        for test in column.get("data_tests", [])
        if test["relationships"]["arguments"] == _OF_A_METRIC
    ]
    return Seed(
        name=table["name"],
        description=" ".join(table["description"].split()),
        types=config["column_types"],
        columns={column["name"]: column["description"] for column in table["columns"]},
        metrics=named,
        **config.get("meta", {}),
        **rules[0],
    )
