"""Medians, quantiles and means of skewed quantities: their intervals and the test of their change.

Places against the binomial distribution (scipy, and exact fractions), coverage and false calls by simulation with
fixed seeds. The macros are rendered without dbt and asked of DuckDB as they stand; numpy draws and orders the samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.dbt.test_statistics import MACROS, ask

pytestmark = pytest.mark.slow

Samples = npt.NDArray[np.float64]
ChartRenderer = Callable[[np.random.Generator, tuple[int, int]], Samples]

QUANTILES = {"median": 0.5, "p90": 0.9}
Z = 1.959963984540054

# what times and days of service look like: skewed, with many ties, with many zeros
SHAPES: dict[str, ChartRenderer] = {
    "lognormal": lambda rng, shape: rng.lognormal(4, 1, shape),
    "exponential": lambda rng, shape: rng.exponential(60, shape),
    "whole minutes": lambda rng, shape: np.round(rng.lognormal(2, 1, shape)),
    "half hours": lambda rng, shape: 30 * np.round(rng.exponential(60, shape) / 30),
    "whole days": lambda rng, shape: np.floor(rng.lognormal(1, 0.8, shape)),
    "half of them at once": lambda rng, shape: np.where(rng.random(shape) < 0.5, 0, rng.exponential(60, shape)),
}


def places(n: npt.NDArray[np.int64], q: float) -> pd.DataFrame:
    """low and high by the macro for each n."""
    with duckdb.connect() as con:
        con.register("given", pd.DataFrame({"n": n}))
        low, high = (MACROS.quantile_place("n", q, side) for side in ("low", "high"))
        return con.sql(f"select n, {low} as low, {high} as high from given order by n").df()


@pytest.mark.parametrize("q", QUANTILES.values(), ids=QUANTILES.keys())
def test_places_are_those_of_the_binomial_distribution(q: float) -> None:
    """Exact where cells are small; beyond a thousand cases never too narrow and at most one place too wide."""
    found = places(np.arange(1, 100_001), q)
    low, high = stats.binom.ppf(0.025, found.n, q), stats.binom.ppf(0.975, found.n, q) + 1
    there = (low >= 1) & (high <= found.n)
    assert there.idxmax() == {0.5: 5, 0.9: 35}[q]  # from 6 and 36 values on
    assert (there == ((found.low >= 1) & (found.high <= found.n))).all()
    small = there & (found.n <= 1000)
    assert (found.low[small] == low[small]).all()
    assert (found.high[small] == high[small]).all()
    too_low, too_high = (low - found.low)[there], (found.high - high)[there]
    assert set(too_low) | set(too_high) <= {0, 1}
    assert max(too_low.mean(), too_high.mean()) < 0.002


@given(st.integers(min_value=1, max_value=400), st.sampled_from([("median", 1, 2), ("p90", 9, 10)]))
def test_no_inner_place_would_do(n: int, quantile: tuple[str, int, int]) -> None:
    """By exact fractions: either tail is at most 2.5 %, and a place further in would leave it."""
    _, top, bottom = quantile
    share = Fraction(top, bottom)
    mass = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    low = ask(MACROS.quantile_place("n", top / bottom, "low"), n=n)
    high = ask(MACROS.quantile_place("n", top / bottom, "high"), n=n)
    assert low is not None
    assert high is not None
    if low < 1 or high > n:  # then no interval is told, and there is none
        assert mass[0] > Fraction(1, 40) or mass[n] > Fraction(1, 40)
        return
    tail = Fraction(1, 40)
    assert sum(mass[: int(low)]) <= tail < sum(mass[: int(low) + 1])
    assert sum(mass[int(high) :]) <= tail < sum(mass[int(high) - 1 :])


def estimates(samples: Samples, q: float) -> pd.DataFrame:
    """Figure and ends of the interval of each row of samples."""
    n = samples.shape[1]
    ordered = np.sort(samples, axis=1)
    low, high = int(stats.binom.ppf(0.025, n, q)), int(stats.binom.ppf(0.975, n, q)) + 1
    return pd.DataFrame(
        {"value": np.quantile(ordered, q, axis=1), "low": ordered[:, low - 1], "high": ordered[:, high - 1]}
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("q", "n"), [(0.5, 6), (0.5, 30), (0.5, 200), (0.9, 36), (0.9, 200)])
def test_intervals_cover_the_quantile_whatever_the_distribution(shape: str, q: float, n: int) -> None:
    rng = np.random.default_rng(20_261_105)
    true = np.quantile(SHAPES[shape](rng, (1, 2_000_001)), q)
    found = estimates(SHAPES[shape](rng, (10_000, n)), q)
    covered = ((found.low <= true) & (true <= found.high)).mean()
    assert covered > 0.945
    if shape in {"lognormal", "exponential"}:  # ties cover more; without, no more than the places are whole numbers
        assert covered < 0.985


def called(one: pd.DataFrame, two: pd.DataFrame) -> float:
    """Share of pairs that the test would call at 5 %."""
    pairs = pd.concat([one.add_suffix("_1"), two.add_suffix("_2")], axis=1)
    z = MACROS.z_of_quantiles("value_1", "low_1", "high_1", "value_2", "low_2", "high_2")
    with duckdb.connect() as con:
        con.register("pairs", pairs)
        found = con.sql(
            f"select avg(case when {MACROS.two_sided_p(z)} < 0.05 then 1e0 else 0e0 end) from pairs"
        ).fetchone()
    assert found is not None
    share: float = found[0]
    return share


SIZES = [(30, 30), (50, 200), (100, 100), (500, 500)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("q", QUANTILES.values(), ids=QUANTILES.keys())
def test_equal_months_are_called_in_at_most_one_of_twenty(shape: str, q: float) -> None:
    """The size of the test, cells of a small store and of the company: 2 to 5 % without ties, less with them.

    Prevents calls that are an effect of ties.
    """
    rng = np.random.default_rng(7)
    rates = [
        called(*(estimates(SHAPES[shape](rng, (4_000, n)), q) for n in sizes))
        for sizes in SIZES
        if q == 0.5 or min(sizes) >= 36
    ]
    assert max(rates) < 0.065, rates
    if shape in {"lognormal", "exponential"}:  # without ties it is no mere refusal to call
        assert rates[-1] > {0.5: 0.03, 0.9: 0.02}[q], rates


@pytest.mark.parametrize("q", QUANTILES.values(), ids=QUANTILES.keys())
def test_one_error_for_both_sides_would_call_ties(q: float) -> None:
    """Why the error is taken side by side: the plain one (half the interval's width / 1.96) calls far too many."""
    rng = np.random.default_rng(7)
    one, two = (estimates(SHAPES["half hours"](rng, (4_000, 300)), q) for _ in range(2))
    spread = np.hypot(one.high - one.low, two.high - two.low) / (2 * Z)
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = ((one.value - two.value).abs() / spread > Z).mean()
    assert plain > 3 * max(called(one, two), 0.03)


@pytest.mark.parametrize(("q", "n", "power"), [(0.5, 100, 0.5), (0.5, 500, 0.99), (0.9, 500, 0.85)])
def test_a_change_by_half_is_seen(q: float, n: int, power: float) -> None:
    rng = np.random.default_rng(11)
    one, two = (estimates(factor * rng.lognormal(4, 1, (2_000, n)), q) for factor in (1.0, 1.5))
    assert called(one, two) > power


def test_a_difference_that_only_just_reaches_is_none() -> None:
    z = MACROS.z_of_quantiles("a", "la", "ha", "b", "lb", "hb")
    reaches = {"a": 3.0, "la": 2.0, "ha": 4.0, "b": 2.0, "lb": 2.0, "hb": 2.0}
    p = ask(MACROS.two_sided_p(z), **reaches)
    assert p == pytest.approx(0.05, abs=1e-6)
    assert round(p or 0, 8) > 0.05
    assert ask(MACROS.two_sided_p(z), **(reaches | {"la": 3.0})) == 0  # certain on both sides
    assert ask(MACROS.two_sided_p(z), **(reaches | {"b": 3.0, "lb": 3.0, "hb": 3.0})) == 1
    assert ask(MACROS.two_sided_p(z), **(reaches | {"la": None, "ha": None})) is None


def covered_means(draw: ChartRenderer, true: float, n: int, **ends: float | None) -> dict[str, float]:
    """Share of intervals that hold the mean, by the macro (log) and the plain t, and how far down they reach."""
    rng = np.random.default_rng(3)
    samples = draw(rng, (10_000, n))
    given_rows = pd.DataFrame({"value": samples.mean(1), "variance": samples.var(1, ddof=1) / n})
    t = float(stats.t.ppf(0.975, n - 1))
    bounds = ", ".join(
        f"{MACROS.mean_bound('value', 'variance', t, 'least', 'most', side)} as {side}" for side in ("low", "high")
    )
    with duckdb.connect() as con:
        con.register("given_rows", given_rows)
        row = ", ".join(
            f"cast({'null' if value is None else value} as double) as {name}" for name, value in ends.items()
        )
        found = con.sql(f"select {bounds} from (select *, {row} from given_rows)").df()
    reach = t * np.sqrt(given_rows.variance)
    return {
        "log": float(((found.low <= true) & (true <= found.high)).mean()),
        "plain": float(((given_rows.value - true).abs() <= reach).mean()),
        "least": float(found.low.min()),
        "plain least": float((given_rows.value - reach).min()),
    }


SKEWED: list[tuple[ChartRenderer, float]] = [
    (lambda rng, shape: rng.exponential(1, shape), 1.0),
    (lambda rng, shape: rng.lognormal(0, 1, shape), math.exp(0.5)),
    (lambda rng, shape: rng.lognormal(0, 1.5, shape), math.exp(1.125)),
    (lambda rng, shape: np.where(rng.random(shape) < 0.9, 0, rng.exponential(1, shape)), 0.1),
]


@pytest.mark.parametrize(
    ("draw", "true"), SKEWED, ids=["exponential", "lognormal 1", "lognormal 1.5", "nine zeros of ten"]
)
@pytest.mark.parametrize("n", [30, 100])
def test_means_of_what_is_never_negative_have_no_negative_end_and_cover_more(
    draw: ChartRenderer, true: float, n: int
) -> None:
    found = covered_means(draw, true, n, least=0.0, most=None)
    assert found["least"] >= 0
    assert found["log"] > found["plain"] + 0.003


def test_a_scale_with_two_ends_and_an_open_one_keep_the_plain_interval() -> None:
    for ends in ({"least": 1.0, "most": 7.0}, {"least": None, "most": None}):
        found = covered_means(lambda rng, shape: rng.normal(4, 1, shape), 4.0, 50, **ends)
        assert found["log"] == found["plain"] == pytest.approx(0.95, abs=0.01)
        assert found["least"] == pytest.approx(found["plain least"])


@given(st.lists(st.integers(0, 10**8), min_size=2, max_size=60), st.integers(-50, 0))
def test_the_interval_of_a_mean_holds_it_and_stays_above_the_end(hundredths: list[int], least: int) -> None:
    values = [value / 100 for value in hundredths]
    n, mean = len(values), float(np.mean(values))
    columns: dict[str, Any] = {"m": mean, "v": float(np.var(values, ddof=1)) / n, "t": float(stats.t.ppf(0.975, n - 1))}
    low, high = (
        ask(MACROS.mean_bound("m", "v", "t", "least", "most", side), **columns, least=float(least), most=None)
        for side in ("low", "high")
    )
    assert low is not None
    assert high is not None
    assert least <= low <= mean + 1e-6
    assert mean - 1e-6 <= high
