"""Every figure of kpi_monthly once more, by pandas from the rows it is declared on; and scopes that add up exactly.

The declared filter and expression of a row are read as they stand; what is made of the rows, per month, scope and
dimension, is computed here without a line of the project's SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.declarations import metrics, models

pytestmark = pytest.mark.slow
KEY = ["month", "scope_type", "scope_id", "dimension", "dimension_value"]


def declared() -> Iterator[tuple[dict[str, Any], str]]:
    """Metrics with the relation that holds their rows."""
    for path, model in models(""):
        home = "kefu" if "marts" in path.parts else "work"
        schema = path.parent.name if home == "kefu" else "intermediate"
        for metric in metrics(model):
            yield metric, f'{home}."{schema}"."{model["name"].removeprefix("reporting__")}"'


METRICS = list(declared())


def rows_of(connection: duckdb.DuckDBPyConnection, metric: dict[str, Any], relation: str) -> pd.DataFrame:
    """Month, scopes, dimensions and declared expressions of the rows of a metric, in the months that are kept."""
    chosen = [f'cast({metric["month"]} as date) as "month"']
    chosen += [f'cast({column} as text) as "scope {scope}"' for scope, column in metric.get("scopes", {}).items()]
    chosen += [f'cast({column} as text) as "dimension {column}"' for column in metric.get("dimensions", [])]
    for name in ("value", "numerator", "denominator", "cases"):
        if name in metric:
            chosen.append(f'{metric[name]} as "{name}"')
    entities = metric.get("entities", [])
    supplied = "select entity from work.control.loads where status = 'loaded' and rows_loaded > 0"
    rows: pd.DataFrame = connection.execute(
        f"""
        select {", ".join(chosen)} from {relation}
        where ({metric.get("where", "true")})
            and (select count({metric.get("known_by", "1")}) from {relation}) > 0
            and {metric["month"]} in (select month from work.intermediate.int_core__months)
            and (select count(distinct entity) from ({supplied}) where list_contains($entities, entity)) = $wanted
        """,
        {"entities": entities, "wanted": len(entities)},
    ).df()
    numbers = [name for name in ("value", "numerator", "denominator", "cases") if name in rows]
    return rows.astype({name: float for name in numbers if metric["kind"] != "distinct" or name != "value"})


def figures(metric: dict[str, Any], rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """n and value of each group by the plain reading of the kind."""
    kind, groups = metric["kind"], rows.groupby(by, dropna=True)
    if kind in {"ratio", "census", "share", "poisson"}:
        sums, per = groups[["numerator", "denominator"]].sum(), 1000 if metric["unit"] == "per_1000" else 1
        n = groups["denominator"].count() if kind in {"ratio", "census"} else sums["denominator"].round()
        value = per * sums["numerator"] / sums["denominator"].where(sums["denominator"] != 0)
    elif kind == "count":
        n = value = groups.size()
    elif kind == "nps":
        n = groups["value"].count()
        attitudes = (rows["value"] >= 9).astype(float) - (rows["value"] <= 6).astype(float)
        value = 100 * attitudes.groupby([rows[column] for column in by], dropna=True).sum() / n.where(n > 0)
    else:
        asked = {"proportion": "mean", "mean": "mean", "median": "median", "distinct": "nunique"}
        n, column = groups["value"].count(), groups["value"]
        if kind == "p90":
            value = column.quantile(0.9)
        elif kind == "sum":
            value = column.sum(min_count=1)
        else:
            value = column.agg(asked[kind])
    if "cases" in rows:
        n = np.floor(groups["cases"].sum() + 0.5)
    return pd.DataFrame({"n": n, "value": value})


def expected(metric: dict[str, Any], rows: pd.DataFrame) -> dict[tuple[Any, ...], tuple[float, float]]:
    """Every cell by its key."""
    cells: dict[tuple[Any, ...], tuple[float, float]] = {}
    for scope in ("company", *metric.get("scopes", {})):
        for split in ("", *metric.get("dimensions", [])):
            if not split and metric.get("whole") is False:
                continue
            own = [f"scope {scope}"] if scope != "company" else []
            by = ["month", *own, *([f"dimension {split}"] if split else [])]
            for key, n, value in figures(metric, rows, by).itertuples():
                keys = key if isinstance(key, tuple) else (key,)
                cells[keys[0], scope, keys[1] if own else "company", split, keys[-1] if split else ""] = (n, value)
    return cells


@pytest.mark.parametrize(("metric", "relation"), METRICS, ids=[metric["id"] for metric, _ in METRICS])
def test_every_figure_is_what_pandas_makes_of_the_rows(
    demo_warehouse: duckdb.DuckDBPyConnection, metric: dict[str, Any], relation: str
) -> None:
    rows = rows_of(demo_warehouse, metric, relation)
    cells = expected(metric, rows)
    kept = demo_warehouse.execute(
        f"select {', '.join(KEY)}, n, value::double from kefu.reporting.kpi_monthly where metric_id = $id",
        {"id": metric["id"]},
    ).fetchall()
    found = {(pd.Timestamp(row[0]), *row[1:5]): row[5:] for row in kept}
    # dimensions are kept for the months a report looks at alone
    split_months = {key[0] for key in found if key[3]}
    cells = {key: cell for key, cell in cells.items() if not key[3] or key[0] in split_months}
    assert found.keys() == cells.keys()
    for key, (n, value) in cells.items():
        assert found[key][0] == n, key
        assert (np.nan if found[key][1] is None else found[key][1]) == pytest.approx(
            value, rel=1e-7, abs=1e-7, nan_ok=True
        ), key


ADDITIVE = [(metric, relation) for metric, relation in METRICS if metric["additivity"] == "additive"]


@pytest.mark.parametrize(("metric", "relation"), ADDITIVE, ids=[metric["id"] for metric, _ in ADDITIVE])
def test_what_is_additive_adds_up_to_the_company_exactly(
    demo_warehouse: duckdb.DuckDBPyConnection, metric: dict[str, Any], relation: str
) -> None:
    """Members of a scope and the rows in none of them make the company's figure, to the last decimal stored."""
    rows = rows_of(demo_warehouse, metric, relation)
    if metric["kind"] == "count":
        rows["value"] = 1
    assert "value" in rows, f"{metric['id']}: a {metric['kind']} is not additive"
    for scope in metric.get("scopes", {}):
        outside = rows[rows[f"scope {scope}"].isna()].groupby("month")["value"].sum()
        sums = demo_warehouse.execute(
            """
            select
                month,
                sum(value) filter (where scope_type = $scope),
                any_value(value) filter (where scope_type = 'company')
            from kefu.reporting.kpi_monthly
            where metric_id = $id and dimension = '' group by month order by month
            """,
            {"scope": scope, "id": metric["id"]},
        ).fetchall()
        for month, members, company in sums:
            rest = float(outside.get(pd.Timestamp(month), 0))
            assert float(members or 0) + rest == pytest.approx(float(company), abs=1e-6), (scope, month)


def test_definitions_in_the_warehouse_are_those_of_the_yml(demo_warehouse: duckdb.DuckDBPyConnection) -> None:
    """The report prints these; docs/metrics.md is written from the same yml."""
    found = demo_warehouse.execute(
        "select metric_id, label_en, label_zh, definition_en, definition_zh, unit"
        " from kefu.reporting.metric_definitions"
    ).fetchall()
    texts = [
        (m["id"], m["label"]["en"], m["label"]["zh"], m["definition"]["en"], m["definition"]["zh"], m["unit"])
        for m, _ in METRICS
    ]
    assert sorted(found) == sorted(texts)
