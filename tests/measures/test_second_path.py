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
from scipy import stats

from foundation.declarations import metrics, models
from foundation.settings import DBT_PROJECT_DIR

pytestmark = pytest.mark.slow
KEY = ["month", "scope_type", "scope_id", "dimension", "dimension_value"]


def declared() -> Iterator[tuple[dict[str, Any], str]]:
    """Metrics with the relation that holds their rows."""
    for path, model in models(""):
        home = "kefu" if "marts" in path.parts else "work"
        schema = path.parent.name if home == "kefu" else "intermediate"
        for metric in metrics(model):
            yield metric, f'{home}."{schema}"."{model["name"]}"'


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
    only_if_seen = ", ".join(f"count({expression})" for expression in metric.get("only_if_seen", ["1"]))
    supplied = "select entity from work.control.loads where status = 'loaded' and rows_loaded > 0"
    rows: pd.DataFrame = connection.execute(
        f"""
        select {", ".join(chosen)} from {relation}
        where ({metric.get("where", "true")})
            and (select least({only_if_seen}) from {relation}) > 0
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


QUANTILES = {"median": 0.5, "p90": 0.9}
BOUNDED = [(metric, relation) for metric, relation in METRICS if metric["kind"] in {*QUANTILES, "mean"}]
T_QUANTILES = pd.read_csv(DBT_PROJECT_DIR / "seeds" / "t_quantiles.csv")  # tests/dbt/test_statistics.py holds them to t
UNBOUNDED_UNITS = {"money", "score", "points"}


def ends(metric: dict[str, Any], values: pd.Series) -> tuple[float, float]:
    """The 95 % interval of the rows of a cell: order statistics by scipy's binomial quantiles, or Student's t."""
    values, n = values.dropna().sort_values(), values.count()
    if metric["kind"] in QUANTILES:
        low, high = (int(stats.binom.ppf(tail, n, QUANTILES[metric["kind"]])) for tail in (0.025, 0.975))
        return (values.iloc[low - 1], values.iloc[high]) if low >= 1 and high < n else (np.nan, np.nan)
    if n < 2:
        return np.nan, np.nan
    t = T_QUANTILES.t_975[(T_QUANTILES.df_from <= n - 1) & (n - 1 <= T_QUANTILES.df_to)].item()
    mean, reach = values.mean(), t * values.std() / np.sqrt(n)
    rate = (0, 1) if metric["unit"] == "rate" else (0, None)
    least, most = metric.get("range", (None, None) if metric["unit"] in UNBOUNDED_UNITS else rate)
    if least is not None and most is None and mean > least:  # on the logarithm of what lies above the end
        above = mean - least
        return least + above * np.exp(-reach / above), least + above * np.exp(reach / above)
    low, high = mean - reach, mean + reach
    return (low if least is None else max(low, least)), (high if most is None else min(high, most))


@pytest.mark.parametrize(("metric", "relation"), BOUNDED, ids=[metric["id"] for metric, _ in BOUNDED])
def test_every_interval_is_what_scipy_makes_of_the_rows(
    demo_warehouse: duckdb.DuckDBPyConnection, metric: dict[str, Any], relation: str
) -> None:
    """Of the company and its scopes, in every month."""
    rows = rows_of(demo_warehouse, metric, relation)
    expected_ends: dict[tuple[Any, ...], tuple[float, float]] = {}
    for scope in ("company", *metric.get("scopes", {})):
        by = ["month"] if scope == "company" else ["month", f"scope {scope}"]
        for key, values in rows.groupby(by, dropna=True)["value"]:
            expected_ends[key[0], scope, "company" if scope == "company" else key[1]] = ends(metric, values)
    found = demo_warehouse.execute(
        "select month, scope_type, scope_id, ci_low::double, ci_high::double from kefu.reporting.kpi_monthly"
        " where metric_id = $id and dimension = ''",
        {"id": metric["id"]},
    ).fetchall()
    assert metric.get("whole") is False or found
    for month, scope_type, scope_id, low, high in found:
        reported = [np.nan if end is None else end for end in (low, high)]
        wanted = expected_ends[pd.Timestamp(month), scope_type, scope_id]
        off = 1e-6 if metric["kind"] in QUANTILES else 5e-4  # squares are kept to eight decimals
        assert reported == pytest.approx(wanted, rel=1e-6, abs=off, nan_ok=True), (month, scope_type, scope_id)


@pytest.mark.parametrize(("period", "months"), [("previous", 1), ("year_ago", 12)])
def test_changes_of_medians_and_quantiles_are_those_of_their_intervals(
    demo_warehouse: duckdb.DuckDBPyConnection, period: str, months: int
) -> None:
    """By the published formula from both months' figures and ends; too few cases or no interval: none."""
    kinds = ", ".join(f"'{kind}'" for kind in QUANTILES)
    figures = demo_warehouse.execute(
        f"""
        select
            now.metric_id, now.p_{period}::double as p, now.change_{period} as change, now.status,
            base.status as base_status, claims_change, direction,
            now.value::double as now, now.ci_low::double as now_low, now.ci_high::double as now_high,
            base.value::double as base, base.ci_low::double as base_low, base.ci_high::double as base_high,
            material_change::double as least, material_change_relative::double as least_share
        from kefu.reporting.kpi_monthly as now
        inner join kefu.reporting.rpt_metric_definitions using (metric_id)
        inner join kefu.reporting.kpi_monthly as base
            on now.month = base.month + interval {months} month and now.metric_id = base.metric_id
            and now.scope_type = base.scope_type and now.scope_id = base.scope_id
            and now.dimension = base.dimension and now.dimension_value = base.dimension_value
        where kind in ({kinds})
        """
    ).df()
    is_recorded = figures.claims_change & ~figures.status.eq("too_few") & ~figures.base_status.eq("too_few")
    is_recorded &= figures[["now_low", "base_low"]].notna().all(axis=1)
    assert figures.p[~is_recorded].isna().all()
    reported = figures[is_recorded]
    assert len(reported) > 1000
    rose = reported.now > reported.base
    facing = np.where(rose, reported.now - reported.now_low, reported.now_high - reported.now)
    facing = np.hypot(facing, np.where(rose, reported.base_high - reported.base, reported.base - reported.base_low))
    gap = (reported.now - reported.base).abs()
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(gap > 0, stats.norm.ppf(0.975) * gap / facing, 0)
    np.testing.assert_allclose(reported.p, 2 * stats.norm.sf(z), atol=2e-6)
    called = reported[reported.change.isin(["better", "worse"])]
    assert len(called) > 0
    assert (called.p <= 0.05).all()
    enough = called.least.fillna(called.least_share * called.base.abs())
    assert ((called.now - called.base).abs() >= enough - 1e-9).all()
    assert ((called.now < called.base) == ((called.direction == "down") == (called.change == "better"))).all()


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
    """The report prints these; docs/metrics is written from the same yml."""
    found = demo_warehouse.execute(
        "select metric_id, label, definition, unit from kefu.reporting.rpt_metric_definitions"
    ).fetchall()
    texts = [(m["id"], m["label"], m["definition"], m["unit"]) for m, _ in METRICS]
    assert sorted(found) == sorted(texts)
