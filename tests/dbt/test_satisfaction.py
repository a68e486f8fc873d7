"""Measures of satisfaction against published examples and brute force, through the whole way from the raw answers."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytestmark = pytest.mark.slow

Floats = npt.NDArray[np.float64]
Score = tuple[str, str, float]  # item, side, score
Item = tuple[str, str, float, float]  # item, dimension, scale

DAY = date(2026, 10, 31)
ANSWERED = datetime(2026, 10, 15, 4)  # noqa: DTZ001 - UTC, stored without zone
DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")


def sheets(instrument: str, answers: Iterable[Iterable[Score]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Raw rows of one survey per sheet."""
    for number, sheet in enumerate(answers):
        survey_id = f"crm:{instrument}-{number}"
        yield (
            "surveys",
            {
                "survey_id": survey_id,
                "instrument": instrument,
                "respondent_type": "customer",
                "customer_id": f"crm:{number}",
                "about_type": "relationship",
                "sent_at": ANSWERED,
                "responded_at": ANSWERED,
                "updated_at": ANSWERED,
            },
        )
        for item_id, side, score in sheet:
            yield "survey_answers", {"survey_id": survey_id, "item_id": item_id, "side": side, "score": score}


def items(instrument: str, described: Iterable[Item]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item_id, dimension, low, high in described:
        yield (
            "survey_items",
            {
                "instrument": instrument,
                "item_id": item_id,
                "dimension": dimension,
                "attribute": item_id,
                "scale_min": low,
                "scale_max": high,
            },
        )


def built(warehouse: Any, rows: Iterable[tuple[str, dict[str, Any]]], *models: str) -> Any:
    by_entity: dict[str, list[dict[str, Any]]] = {}
    for entity, row in rows:
        by_entity.setdefault(entity, []).append(row)
    warehouse.load([(entity, DAY, part, None) for entity, part in by_entity.items()], as_of=DAY)
    warehouse.dbt("build", "--select", *(f"+{model}" for model in models), "--indirect-selection", "buildable")
    return warehouse


def r_squared(correlation: Floats, subset: tuple[int, ...]) -> float:
    """Of the regression of variable 0 on a subset of the others."""
    if not subset:
        return 0.0
    own, with_outcome = correlation[np.ix_(subset, subset)], correlation[0, list(subset)]
    return float(with_outcome @ np.linalg.solve(own, with_outcome))


def shapley(correlation: Floats) -> list[float]:
    """Mean over all orders of what each regressor adds to R², order by order."""
    regressors = range(1, len(correlation))
    orders = list(itertools.permutations(regressors))
    added = dict.fromkeys(regressors, 0.0)
    for order in orders:
        for place, regressor in enumerate(order):
            added[regressor] += r_squared(correlation, order[: place + 1]) - r_squared(correlation, order[:place])
    return [added[regressor] / len(orders) for regressor in regressors]


def swiss() -> tuple[list[str], Floats]:
    """R's data set `swiss`: fertility and five measures of 47 provinces in 1888."""
    with (Path(__file__).with_name("swiss.csv")).open(encoding="utf-8") as lines:
        header, *rows = csv.reader(lines)
    return header, np.array(rows, dtype=float)


def test_drivers_are_the_published_lmg_shares_of_swiss(warehouse: Any) -> None:
    """Groemping, Journal of Statistical Software 17(1), 2006: lmg of Fertility, R² 70.67 %; and all 120 orders."""
    names, data = swiss()
    rows = [
        *items("swiss", [(name, "overall" if name == "Fertility" else "x", 0, 100) for name in names]),
        *sheets("swiss", ([(n, "score", v) for n, v in zip(names, row, strict=True)] for row in data.tolist())),
    ]
    found = built(warehouse, rows, "drivers").query(
        "from satisfaction.drivers where month = date '2026-10-01' and instrument = 'swiss'"
    )
    parts = dict(zip(found["attribute"], found["r2_part"].astype(float), strict=True))
    published = {
        "Agriculture": 0.0570912207681,
        "Examination": 0.1711730289002,
        "Education": 0.2601346786244,
        "Catholic": 0.1055701503735,
        "Infant.Mortality": 0.1127659229265,
    }
    assert parts == pytest.approx(published, abs=2e-8)
    assert set(found["n"]) == {47}
    assert found["r2"].astype(float).tolist() == pytest.approx([0.706735001593] * 5, abs=2e-8)
    assert parts == pytest.approx(dict(zip(names[1:], shapley(np.corrcoef(data.T)), strict=True)), abs=2e-8)
    assert found.sort_values("place")["attribute"].iloc[0] == "Education"


def test_alpha_equals_its_definition_over_complete_respondents(warehouse: Any) -> None:
    """Prevents variances over different respondents: a fifth of the answers is missing."""
    random = np.random.default_rng(11)
    printed = dict(
        zip((f"q{n:02}" for n in range(1, 23)), np.repeat(DIMENSIONS, (4, 5, 4, 4, 5)).tolist(), strict=True)
    )
    scores = np.clip(np.round(5 + random.normal(size=(80, 1)) + random.normal(size=(80, 22))), 1, 7)
    given = random.random(scores.shape) > 0.05
    answers = [
        [(q, "perception", float(s)) for q, s, g in zip(printed, row, reported, strict=True) if g]
        for row, reported in zip(scores, given, strict=True)
    ]
    warehouse = built(warehouse, sheets("servqual", answers), "servqual_reliability")
    found = warehouse.query("from satisfaction.servqual_reliability where month = date '2026-10-01'").set_index(
        "servqual_dimension"
    )
    dimension_of = np.array(list(printed.values()))
    assert set(found.index) == set(DIMENSIONS)
    for dimension in DIMENSIONS:
        columns = dimension_of == dimension
        whole = scores[given[:, columns].all(axis=1)][:, columns]
        k = whole.shape[1]
        alpha = k / (k - 1) * (1 - whole.var(axis=0, ddof=1).sum() / whole.sum(axis=1).var(ddof=1))
        assert found.loc[dimension, "n"] == len(whole) < len(scores)
        assert float(found.loc[dimension, "alpha"]) == pytest.approx(alpha, abs=1e-7)


# Share of A, O, M, I, R, Q in per mille, the coefficients that follow, and the category: the ski of Sauerwein, Bailom,
# Matzler and Hinterhuber, "The Kano model: how to delight your customers" (1996)
SKI = {
    "edge grip": ((70, 323, 493, 95, 3, 15), 0.40, -0.83, "must_be"),
    "ease of turn": ((104, 451, 305, 115, 12, 12), 0.57, -0.78, "one_dimensional"),
    "service": ((638, 216, 29, 85, 7, 25), 0.88, -0.25, "attractive"),
}
PAIR = ((1, 3), (1, 5), (3, 5), (3, 3), (5, 1), (1, 1))  # answers that give A, O, M, I, R, Q


def test_kano_gives_the_coefficients_of_a_published_example(warehouse: Any) -> None:
    answers = [
        [(item, "functional", functional), (item, "dysfunctional", dysfunctional)]
        for item, (counts, *_) in SKI.items()
        for (functional, dysfunctional), count in zip(PAIR, counts, strict=True)
        for _ in range(math.ceil(count / 5))
    ]
    warehouse = built(warehouse, sheets("kano", answers), "rpt_kano")
    found = warehouse.query("from reporting.rpt_kano where month = date '2026-10-01'").set_index("item_id")
    for item, (_, better, worse, category) in SKI.items():
        assert float(found.loc[item, "better"]) == pytest.approx(better, abs=0.011)
        assert float(found.loc[item, "worse"]) == pytest.approx(worse, abs=0.011)
        assert found.loc[item, "category"] == category
