"""The statistics macros against independent values: the standard library, brute force, published tables.

The macros are plain Jinja, so they are rendered without dbt and asked of DuckDB as they stand. Numbers given
with their digits come from scipy 1.17 (binomtest, chi2, ttest_ind_from_stats, chi2_contingency,
false_discovery_control).
"""

from __future__ import annotations

import csv
import itertools
import math
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MACROS: Any = (
    jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
    .from_string((DBT_PROJECT / "macros" / "statistics.sql").read_text(encoding="utf-8"))
    .module
)


def ask(expression: str, **columns: float | int | None) -> float | None:
    """The value of a rendered macro over one row of these columns."""
    row = ", ".join(
        f"cast(${name} as {'bigint' if isinstance(value, int) else 'double'}) as {name}"
        for name, value in columns.items()
    )
    answer = duckdb.execute(f"select {expression} from (select {row})", columns).fetchone()
    assert answer is not None
    value: float | None = answer[0]
    return value


@pytest.mark.parametrize("z", [0.0, 0.5, 1.0, 1.959963984540054, -2.5, 3.0, 6.0, 7.05, 7.08, 8.0, 12.0, -30.0])
def test_p_values_are_those_of_the_error_function_on_both_sides_of_the_switch(z: float) -> None:
    assert ask(MACROS.two_sided_p("z"), z=z) == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), rel=2e-12)


def test_p_of_nothing_is_nothing_and_of_certainty_zero() -> None:
    assert ask(MACROS.two_sided_p("z"), z=None) is None
    assert ask(MACROS.two_sided_p("z"), z=38.0) == 0


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (0, 30, 0.0, 0.11351339317396875),
        (1, 30, 0.005908590381612441, 0.16670390991409173),
        (15, 30, 0.3315412564053377, 0.6684587435946623),
        (191, 2904, 0.05731710682863661, 0.07537288479737736),
        (30, 30, 0.8864866068260312, 1.0),
    ],
)
def test_wilson(successes: int, n: int, low: float, high: float) -> None:
    assert ask(MACROS.wilson_bound("x", "n", "low"), x=successes, n=n) == pytest.approx(low, abs=1e-14)
    assert ask(MACROS.wilson_bound("x", "n", "high"), x=successes, n=n) == pytest.approx(high, abs=1e-14)


def test_an_interval_of_no_cases_is_null() -> None:
    assert ask(MACROS.wilson_bound("x", "n", "low"), x=0, n=0) is None
    assert ask(MACROS.poisson_bound("x", "high"), x=None) is None
    assert ask(MACROS.mean_variance("x", "q", "n"), x=0.0, q=0.0, n=0) is None


@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998), table II, method 10: examples a to h
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_difference_of_proportions_as_published(x1: int, n1: int, x2: int, n2: int, low: float, high: float) -> None:
    for side, bound in (("low", low), ("high", high)):
        sql = MACROS.difference_bound("x1", "n1", "x2", "n2", side)
        assert ask(sql, x1=x1, n1=n1, x2=x2, n2=n2) == pytest.approx(bound, abs=6e-5)


@pytest.mark.parametrize(
    ("events", "low", "high", "tolerance"),
    [
        (0, 0.0, 3.6888794541139354, 0.02),
        (1, 0.025317807984289876, 5.571643390938898, 0.6),
        (3, 0.6186721228956014, 8.767273069742323, 0.03),
        (5, 1.6234863901184207, 11.66833207932267, 0.01),
        (10, 4.7953886961324335, 18.39035604201778, 0.003),
        (30, 20.240874021420915, 42.82686539480766, 0.001),
        (100, 81.36399125092314, 121.62679379242638, 0.0005),
    ],
)
def test_poisson_bounds_are_near_the_exact_ones(events: int, low: float, high: float, tolerance: float) -> None:
    assert ask(MACROS.poisson_bound("x", "low"), x=events) == pytest.approx(low, rel=tolerance)
    assert ask(MACROS.poisson_bound("x", "high"), x=events) == pytest.approx(high, rel=min(tolerance, 0.02))


@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2", "p"),
    [
        (45, 100, 60, 100, 0.033672068856345896),
        (191, 2904, 150, 2904, 0.022110100685840843),
        (5, 40, 1, 50, 0.04722090400357709),
        (0, 40, 0, 50, 1.0),
        (40, 40, 50, 50, 1.0),
    ],
)
def test_two_proportions(x1: int, n1: int, x2: int, n2: int, p: float) -> None:
    z = MACROS.z_two_proportions("x1", "n1", "x2", "n2")
    assert ask(MACROS.two_sided_p(z), x1=x1, n1=n1, x2=x2, n2=n2) == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize(
    ("one", "two", "p"),
    [
        ((10.0, 2.0, 40), (11.0, 3.0, 35), 0.09965505037468057),
        ((5.0, 1.0, 30), (5.6, 1.1, 31), 0.02955127666307197),
        ((100.0, 30.0, 500), (104.0, 25.0, 450), 0.02532593077738051),
    ],
)
def test_welch(one: tuple[float, float, int], two: tuple[float, float, int], p: float) -> None:
    z = MACROS.z_welch("m1", "v1", "n1", "m2", "v2", "n2")
    columns = {
        "m1": one[0], "v1": one[1] ** 2 / one[2], "n1": one[2],
        "m2": two[0], "v2": two[1] ** 2 / two[2], "n2": two[2],
    }  # fmt: skip
    assert ask(MACROS.two_sided_p(z), **columns) == pytest.approx(p, rel=0.002)


def test_certain_means_differ_or_do_not() -> None:
    z = MACROS.two_sided_p(MACROS.z_welch("m1", "v1", "n1", "m2", "v2", "n2"))
    certain = {"v1": 0.0, "v2": 0.0, "n1": 30, "n2": 30}
    assert ask(z, m1=4.0, m2=4.0, **certain) == 1
    assert ask(z, m1=4.0, m2=5.0, **certain) == 0
    assert ask(z, m1=4.0, m2=5.0, v1=0.0, v2=0.0, n1=1, n2=30) is None


@pytest.mark.parametrize(
    ("t", "df", "p"),
    [(2.0, 10, 0.07338803477074037), (2.5, 29, 0.018325344338426086), (-4.0, 29, 0.00040006394565249173),
     (1.0, 29, 0.32558198801619365), (3.0, 100, 0.0034079153433294465)],
)  # fmt: skip
def test_t_to_z_keeps_the_p_value(t: float, df: int, p: float) -> None:
    assert ask(MACROS.two_sided_p(MACROS.t_to_z("t", "df")), t=t, df=df) == pytest.approx(p, rel=0.02)


def exact_rate_test(x1: int, e1: float, x2: int, e2: float) -> float:
    """Conditional test of two Poisson rates: x1 of x1 + x2 events is binomial; mid-p, doubled one-sided."""
    n, share = x1 + x2, e1 / (e1 + e2)
    mass = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    at = mass[x1] / 2
    return min(1.0, 2 * min(sum(mass[:x1]) + at, sum(mass[x1 + 1 :]) + at))


@pytest.mark.parametrize(
    ("x1", "e1", "x2", "e2"),
    [
        (30, 1000.0, 15, 1000.0),
        (12, 500.0, 30, 700.0),
        (100, 2000.0, 80, 2100.0),
        (3, 100.0, 9, 120.0),
        (5, 50.0, 5, 50.0),
    ],
)
def test_two_rates_against_the_conditional_binomial(x1: int, e1: float, x2: int, e2: float) -> None:
    z = MACROS.z_two_rates("x1", "e1", "x2", "e2")
    assert ask(MACROS.two_sided_p(z), x1=x1, e1=e1, x2=x2, e2=e2) == pytest.approx(
        exact_rate_test(x1, e1, x2, e2), abs=0.012
    )


def test_variances_of_estimates_from_sums() -> None:
    answers = [9, 10, 7, 3, 10, 8, 6, 9]
    signs = [1 if a >= 9 else -1 if a <= 6 else 0 for a in answers]
    n, mean = len(signs), sum(signs) / len(signs)
    population = sum((s - mean) ** 2 for s in signs) / n
    sums = {"s": float(sum(signs)), "q": float(sum(s * s for s in signs)), "n": n}
    assert ask(MACROS.nps_variance("s", "q", "n"), **sums) == pytest.approx(population / n)
    assert ask(MACROS.mean_variance("s", "q", "n"), **sums) == pytest.approx(population / (n - 1))
    assert ask(MACROS.proportion_variance("x", "n"), x=45, n=100) == pytest.approx(0.45 * 0.55 / 100)


def test_benjamini_hochberg_adjusts_within_each_family() -> None:
    values = ", ".join(f"('a', {p})" for p in (0.01, 0.04, 0.03, 0.005, 0.5, 0.03)) + ", ('b', 0.04)"
    place, tests = MACROS.bh_place("p", "family"), MACROS.bh_tests("p", "family")
    adjusted = duckdb.execute(f"""
        with tested as (select family, cast(p as double) as p from (values {values}) as t (family, p)),
        placed as (select *, {place} as place, {tests} as tests from tested)
        select family, p, {MACROS.bh_adjusted_p("p", "place", "tests", "family")}
        from placed
        order by family, p
    """).fetchall()
    expected = [0.03, 0.03, 0.045, 0.045, 0.048, 0.5, 0.04]
    assert [q for _, _, q in adjusted] == pytest.approx(expected)


def test_t_quantiles_are_the_published_ones_and_leave_no_gap() -> None:
    rows = list(csv.DictReader((DBT_PROJECT / "seeds" / "t_quantiles.csv").open(encoding="utf-8")))
    by_df = {int(row["df_from"]): float(row["t_975"]) for row in rows}
    published = {1: 12.706, 2: 4.303, 5: 2.571, 10: 2.228, 29: 2.045, 30: 2.042, 60: 2.000, 100: 1.984}
    assert {df: round(by_df[df], 3) for df in published} == published
    assert all(int(row["df_to"]) + 1 == int(after["df_from"]) for row, after in itertools.pairwise(rows))
    quantiles = [float(row["t_975"]) for row in rows]
    assert quantiles == sorted(quantiles, reverse=True)
    assert quantiles[-1] > 1.959963
