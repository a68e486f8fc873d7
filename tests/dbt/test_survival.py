"""The survival macros against lifelines: random lives with ties, late entry, and a last step where all die.

The macros are rendered without dbt and asked of DuckDB as they stand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


def curve(lives: pd.DataFrame) -> pd.DataFrame:
    """The curve of each group as the macros draw it, with the bounds of its interval."""
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
    environment.globals["int_series"] = lambda first, last: f"unnest(generate_series({first}, {last}))"
    source = (DBT_PROJECT / "macros" / "survival.sql").read_text(encoding="utf-8")
    macros: Any = environment.from_string(source).module
    spans = lives.groupby(["cohort", "entered", "left_after", "is_event"], as_index=False).size()
    low, high = (macros.survival_bound("survival", "log_variance", side) for side in ("low", "high"))
    with duckdb.connect() as con:
        con.register("counted", spans)
        return con.sql(
            f"""
            with spans as (select cohort, entered, left_after, is_event, size as customers from counted),
            {macros.survival_ctes("spans", ["cohort"])}
            select *, {low} as ci_low, {high} as ci_high from survival_curve order by cohort, step
            """
        ).df()


def random_lives(seed: int, customers: int, *, late: bool) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    lifetimes = np.ceil(rng.exponential(9, customers)).astype(int)
    watched = rng.integers(1, 30, customers)
    entered = (
        np.where(rng.random(customers) < 0.4, rng.integers(1, 8, customers), 0) if late else np.zeros(customers, int)
    )
    lives = pd.DataFrame(
        {
            "cohort": rng.choice(["2024", "2025"], customers),
            "entered": entered,
            "left_after": np.minimum(lifetimes, watched),
            "is_event": lifetimes <= watched,
        }
    )
    return lives[lives["left_after"] > lives["entered"]]


@pytest.mark.parametrize("late", [False, True], ids=["all from the start", "some enter late"])
@pytest.mark.parametrize("seed", range(5))
def test_curves_intervals_medians_and_means_are_those_of_lifelines(seed: int, late: bool) -> None:
    lives = random_lives(seed, 400, late=late)
    ours = curve(lives)
    for cohort, mine in lives.groupby("cohort"):
        fitted = KaplanMeierFitter().fit(mine["left_after"], mine["is_event"], entry=mine["entered"])
        built = ours[ours["cohort"] == cohort].set_index("step")
        expected = fitted.survival_function_at_times(built.index)
        np.testing.assert_allclose(built["survival"], expected, atol=1e-12)
        bounds = fitted.confidence_interval_.reindex(built.index, method="ffill").loc[built["ci_low"].notna()]
        np.testing.assert_allclose(built["ci_low"].dropna(), bounds.iloc[:, 0], atol=1e-9)
        np.testing.assert_allclose(built["ci_high"].dropna(), bounds.iloc[:, 1], atol=1e-9)
        assert built.index[built["survival"] <= 0.5].min() == fitted.median_survival_time_
        horizon = int(min(24, built.index.max()))
        assert built.loc[: horizon - 1, "survival"].sum() == pytest.approx(
            restricted_mean_survival_time(fitted, t=horizon), rel=1e-9
        )


def test_a_last_step_where_all_die_is_zero_and_stays_zero() -> None:
    """Prevents the logarithm of 0 and a curve that rises from the dead."""
    lives = pd.DataFrame(
        {"cohort": "a", "entered": [0, 0, 0, 3], "left_after": [1, 2, 2, 5], "is_event": [True, True, True, False]}
    )
    built = curve(lives).set_index("step")
    assert built["survival"].tolist() == pytest.approx([1, 2 / 3, 0, 0, 0, 0])
    assert built["at_risk"].tolist() == [0, 3, 2, 0, 1, 1]
