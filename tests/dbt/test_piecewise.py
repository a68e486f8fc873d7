"""The three-piece line against numpy: least squares over the same grid of breaks, case by case.

The macro is rendered without dbt and asked of DuckDB as it stands.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from scipy.linalg import lstsq

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MACROS: Any = (
    jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
    .from_string((DBT_PROJECT / "macros" / "piecewise.sql").read_text(encoding="utf-8"))
    .module
)


def fit(cases: pd.DataFrame) -> pd.DataFrame:
    points = cases.groupby(["panel", "x"], as_index=False).agg(n=("y", "size"), successes=("y", "sum"))
    with duckdb.connect() as con:
        con.register("counted", points)
        return con.sql(
            f"""
            with points as (from counted),
            {MACROS.piecewise_ctes("points", ["panel"])}
            from piecewise_fit order by panel, x
            """
        ).df()


def brute_force(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float, float, np.ndarray]:
    """Breaks, BIC of line and pieces, and the fitted value at each level, from single cases."""

    def solve(columns: list[np.ndarray]) -> tuple[float, np.ndarray]:
        design = np.column_stack(columns)
        coefficients = lstsq(design, y)[0]
        return float(((y - design @ coefficients) ** 2).sum()), coefficients

    one, levels = np.ones_like(x), np.unique(x)
    line, _ = solve([one, x])
    found = []
    for b1, b2 in itertools.combinations(levels[1:-1], 2):
        rest, c = solve([one, x, np.maximum(x - b1, 0), np.maximum(x - b2, 0)])
        fitted = c[0] + c[1] * levels + c[2] * np.maximum(levels - b1, 0) + c[3] * np.maximum(levels - b2, 0)
        found.append((round(rest, 9), b1, b2, fitted))
    rest, b1, b2, fitted = min(found, key=lambda f: f[:3])
    n = len(x)
    return b1, b2, n * math.log(line / n) + 2 * math.log(n), n * math.log(rest / n) + 6 * math.log(n), fitted


@pytest.mark.parametrize("seed", range(8))
def test_breaks_fit_and_criterion_are_those_of_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    panels = []
    for panel, levels in (("ten", 10), ("seven", 7), ("eleven", 11)):
        x = rng.integers(1, levels + 1, 600).astype(float)
        chance = np.interp(x, [1, levels * 0.4, levels * 0.75, levels], rng.random(4))
        panels.append(pd.DataFrame({"panel": panel, "x": x, "y": (rng.random(600) < chance).astype(int)}))
    cases = pd.concat(panels)
    ours = fit(cases)
    for panel, mine in cases.groupby("panel"):
        b1, b2, line, pieces, fitted = brute_force(mine["x"].to_numpy(), mine["y"].to_numpy(float))
        built = ours[ours["panel"] == panel]
        assert (built["break_1"].unique().tolist(), built["break_2"].unique().tolist()) == ([b1], [b2])
        np.testing.assert_allclose(built["fitted"], fitted, atol=1e-9)
        assert built["bic_line"].iloc[0] == pytest.approx(line, abs=1e-6)
        assert built["bic_pieces"].iloc[0] == pytest.approx(pieces, abs=1e-6)


def test_a_straight_line_is_better_told_by_one_line() -> None:
    """Prevents zones read into noise: the two breaks cost four parameters."""
    rng = np.random.default_rng(1)
    x = rng.integers(1, 11, 2000).astype(float)
    cases = pd.DataFrame({"panel": "a", "x": x, "y": (rng.random(2000) < 0.05 + 0.08 * x).astype(int)})
    ours = fit(cases)
    assert (ours["bic_line"] < ours["bic_pieces"]).all()
