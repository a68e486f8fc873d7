"""Where nothing changed, the change macro says so as often as its level promises.

The model of comparisons itself is rendered and asked of DuckDB; 2,000 pairs of months are drawn without season or
trend.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
PAIRS = 2_000
LEVEL = 0.05
KINDS = ("proportion", "poisson", "mean", "nps", "median", "p90")
COLUMNS = [
    "month", "scope_type", "scope_id", "metric_id", "dimension", "dimension_value", "kind", "claims_change",
    "is_too_few", "is_short_history", "n", "numerator", "denominator", "rank_low", "rank_high", "value", "variance",
]  # fmt: skip


KEY = ("month", "scope_type", "scope_id", "metric_id", "dimension", "dimension_value")


def figure_key(alias: str = "", without: tuple[str, ...] = ()) -> str:
    """As the macro of that name, whose `return` dbt alone understands."""
    return ", ".join(f"{alias}.{name}" if alias else name for name in KEY if name not in without)


def same_figure(left: str, right: str, without: tuple[str, ...] = ()) -> str:
    return " and ".join(f"{left}.{name} = {right}.{name}" for name in KEY if name not in without)


def comparisons(estimates: pd.DataFrame) -> pd.DataFrame:
    """What int_reporting__comparisons makes of these estimates."""
    files = [DBT_PROJECT / "macros" / name for name in ("statistics.sql", "figures.sql")]
    macros = "".join(path.read_text(encoding="utf-8") for path in files)
    macros = re.sub(r"{% macro (figure_key\w*|same_figure)\(.*?endmacro %}", "", macros, flags=re.DOTALL)  # those above
    model = DBT_PROJECT / "models" / "intermediate" / "reporting" / "int_reporting__comparisons.sql"
    rendered = (
        jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
        .from_string(macros + model.read_text(encoding="utf-8"))
        .render(
            ref=lambda name: name,
            figure_key=figure_key,
            same_figure=same_figure,
            add_months=lambda date, months: f"cast({date} + to_months(cast({months} as integer)) as date)",
            measure=lambda x: f"cast({x} as decimal(28, 8))",
        )
    )
    with duckdb.connect() as connection:
        connection.register("int_reporting__estimates", estimates)
        return connection.execute(rendered).df()


def month(draw: np.random.Generator, kind: str) -> dict[str, Any]:
    """One month's estimate of an unchanging company: of 400 cases, 200 answers, 90 events or 500 times."""
    if kind == "proportion":
        good = int(draw.binomial(400, 0.7))
        return {"n": 400, "numerator": good, "denominator": 400, "value": good / 400, "variance": None}
    if kind == "poisson":
        events = int(draw.poisson(90))
        return {"n": 3000, "numerator": events, "denominator": 3000, "value": events / 3, "variance": events / 9}
    if kind == "mean":
        values = draw.lognormal(1.0, 0.5, 200)
        return {"n": 200, "numerator": values.sum(), "denominator": 200, "value": values.mean(),
                "variance": values.var(ddof=1) / 200}  # fmt: skip
    if kind in {"median", "p90"}:
        values, q = np.sort(draw.lognormal(4.0, 1.0, 500)), {"median": 0.5, "p90": 0.9}[kind]
        low, high = (int(binom.ppf(tail, 500, q)) for tail in (0.025, 0.975))
        return {"n": 500, "numerator": None, "denominator": None, "value": np.quantile(values, q),
                "rank_low": values[low - 1], "rank_high": values[high], "variance": None}  # fmt: skip
    answers = draw.choice([1, 0, -1], 200, p=[0.5, 0.3, 0.2])
    net = answers.mean()
    return {"n": 200, "numerator": answers.sum(), "denominator": 200, "value": 100 * net,
            "variance": 1e4 * (np.abs(answers).mean() - net**2) / 200}  # fmt: skip


def pairs(family_size: int) -> Iterator[list[Any]]:
    """Two months of each of PAIRS metrics, so many of them to a store."""
    draw = np.random.default_rng(20261122)
    for number in range(PAIRS):
        kind = KINDS[number % len(KINDS)]
        for first in ("2026-01-01", "2026-02-01"):
            key = {
                "month": pd.Timestamp(first).date(), "scope_type": "store", "scope_id": f"s{number // family_size}",
                "metric_id": f"{kind} {number}", "dimension": "", "dimension_value": "", "kind": kind,
                "claims_change": True, "is_too_few": False, "is_short_history": False,
                "rank_low": None, "rank_high": None,
            }  # fmt: skip
            row = key | month(draw, kind)
            yield [row[name] for name in COLUMNS]


def called(family_size: int) -> pd.DataFrame:
    """The comparisons with the month before, and whether each is called a change."""
    found = comparisons(pd.DataFrame(pairs(family_size), columns=COLUMNS))
    assert len(found) == PAIRS
    return found.assign(is_called=found["p_adjusted"].astype(float) <= LEVEL)


def test_of_2000_unchanged_figures_as_many_are_called_as_the_level_says() -> None:
    """Each figure alone in its family: rejections lie in the 99 % band of 2,000 draws at 5 %, of each kind too."""
    found = called(family_size=1)
    low, high = binom.interval(0.99, PAIRS, LEVEL)
    assert low <= found["is_called"].sum() <= high
    by_kind: dict[str, int] = defaultdict(int)
    for metric, is_called in zip(found["metric_id"], found["is_called"], strict=True):
        by_kind[metric.split()[0]] += is_called
    low, high = binom.interval(0.99, PAIRS // len(KINDS), LEVEL)
    assert {kind: count for kind, count in by_kind.items() if not low <= count <= high} == {}


@pytest.mark.parametrize("family_size", [5, 20])
def test_correction_keeps_whole_families_of_unchanged_figures_quiet(family_size: int) -> None:
    """Where all are null, Benjamini and Hochberg call anything at all in at most 5 % of the families."""
    found = called(family_size)
    loud = int(found.groupby("scope_id")["is_called"].any().sum())
    assert loud <= binom.ppf(0.995, PAIRS // family_size, LEVEL)
