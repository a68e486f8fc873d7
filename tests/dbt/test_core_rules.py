"""Customer measures over random orders against pandas and plain Python: a second way to the same figures."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

LAST_DAY = date(2026, 10, 31)


def random_company(seed: int, customers: int = 70) -> dict[str, list[dict[str, Any]]]:
    """Customers of no to many orders over three years, in round amounts so that ties occur, at noon in Shanghai."""
    rng = random.Random(seed)  # noqa: S311 - data for a test
    people, orders = [], []
    for c in range(customers):
        known = datetime(2024, 1, 1, 4) + timedelta(days=rng.randrange(900))  # noqa: DTZ001 - UTC, stored without zone
        people.append({"customer_id": f"crm:{c}", "type": "person", "first_known_at": known, "updated_at": known})
        at, gap = known, rng.choice([5, 20, 40, 90, 200])
        for _ in range(rng.choice([0, 1, 2, 5, 30, 80])):
            at += timedelta(days=rng.randrange(0, 2 * gap))
            if at.date() > LAST_DAY:
                break
            orders.append(
                {
                    "order_id": f"crm:{len(orders)}",
                    "customer_id": f"crm:{c}",
                    "ordered_at": at,
                    "status": rng.choice(["delivered"] * 9 + ["cancelled"]),
                    "gross_amount": Decimal(rng.choice([10, 20, 50, 100, 999])),
                    "updated_at": at,
                }
            )
    return {"customers": people, "orders": orders}


@pytest.mark.slow
def test_scores_grades_and_stages_equal_a_brute_force(warehouse: Any) -> None:
    """Prevents window, tie and rank rules that drift from METRICS.md."""
    data = random_company(7)
    warehouse.load([(entity, date(2026, 11, 1), rows, None) for entity, rows in data.items()], as_of=LAST_DAY)
    warehouse.dbt("build", "--select", "+fct_customer_month", "--indirect-selection", "buildable")
    built = warehouse.query("from customer.fct_customer_month").set_index(["month", "customer_id"])
    assert len(built) > 1000

    orders = pd.DataFrame(data["orders"])
    orders = orders[orders["status"] != "cancelled"]
    orders["day"] = orders["ordered_at"].dt.normalize()
    orders["amount"] = orders["gross_amount"].astype(float)
    for month in built.index.levels[0]:
        end = min(month + pd.offsets.MonthEnd(0), pd.Timestamp(LAST_DAY))
        start = end - pd.DateOffset(months=12) + pd.offsets.MonthEnd(0)
        window = orders[(orders["day"] > start) & (orders["day"] <= end)]
        base = window.groupby("customer_id").agg(r=("day", "max"), f=("day", "nunique"), m=("amount", "sum"))
        rows = built.loc[month]
        buyers = rows[rows["is_buyer"]]
        assert set(buyers.index) == set(base.index)
        better = base.rank(method="min", ascending=False).astype(int) - 1  # how many are strictly better
        for score, measure in (("r_score", "r"), ("f_score", "f"), ("m_score", "m")):
            assert buyers[score].to_dict() == (5 - better[measure] * 5 // len(base)).to_dict()
        grades = {customer: grade(better.loc[customer, "m"], len(base)) for customer in base.index}
        assert buyers["grade"].to_dict() == grades
        assert rows["rfm_segment"][~rows["is_buyer"]].isna().all()
        assert buyers["rfm_segment"].notna().all()

    expected = expected_stages(data["customers"], orders, built)
    assert built["stage"].astype(object).where(built["stage"].notna(), None).to_dict() == expected
    assert {None, "lost", "at_risk", "reactivated", "growing", "declining"} < set(expected.values())
    is_active = {key: stage not in ("prospect", "lost") for key, stage in expected.items()}
    known = built["at_risk_limit_days"].notna() | (built["stage"] == "prospect")
    assert built["is_active"][known].to_dict() == {key: is_active[key] for key in built.index[known]}
    assert built["is_active"][~known].isna().all()
    reported = built[["is_active", "was_active"]].astype(object).where(built[["is_active", "was_active"]].notna(), None)
    before = reported["is_active"].to_dict()
    for (month, customer), was_active in reported["was_active"].items():
        assert was_active == before.get((month - pd.DateOffset(months=1), customer), False)


def grade(better: int, n: int) -> str:
    return next(g for g, cut in zip("ABCD", (1, 5, 20, 100), strict=True) if better * 100 < cut * n)


def expected_stages(people: list[dict[str, Any]], orders: pd.DataFrame, built: pd.DataFrame) -> dict[Any, str | None]:
    days = {c: sorted(set(rows["day"])) for c, rows in orders.groupby("customer_id")}
    gaps = {c: [((b - a).days, b) for a, b in itertools.pairwise(d)] for c, d in days.items()}

    def limit(customer: str, end: pd.Timestamp) -> float:
        """Not known before ten gaps have ended and order days have been watched for six times their 90th percentile."""
        own = [g for g, at in gaps.get(customer, []) if at <= end]
        everyone = [g for pairs in gaps.values() for g, at in pairs if at <= end]
        watched = [(end - day).days for mine in days.values() for day in mine if day <= end]
        if len(everyone) < 10 or 2 * statistics.fmean(watched) < 6 * np.quantile(everyone, 0.9):
            return math.nan
        return float(np.quantile(own if len(own) >= 10 else everyone, 0.9))

    def silence(customer: str, end: pd.Timestamp) -> float:
        past = [d for d in days.get(customer, []) if d <= end]
        return (end - past[-1]).days if past else math.nan

    known = {p["customer_id"]: pd.Timestamp(p["first_known_at"]) for p in people}
    begin = min(day for mine in days.values() for day in mine)
    stages: dict[Any, str | None] = {}
    for month, customer in built.index:
        end, start = month + pd.offsets.MonthEnd(0), pd.Timestamp(month)
        before = start - pd.Timedelta(days=1)
        mine = orders[(orders["customer_id"] == customer)]
        past = [d for d in days.get(customer, []) if d <= end]
        half = mine[(mine["day"] <= end) & (mine["day"] > end - pd.DateOffset(months=6) - pd.offsets.MonthEnd(0))]
        year = mine[(mine["day"] <= end) & (mine["day"] > end - pd.DateOffset(months=12) - pd.offsets.MonthEnd(0))]
        now, then = half["amount"].sum(), year["amount"].sum() - half["amount"].sum()
        tenure = (start.year - past[0].year) * 12 + start.month - past[0].month if past else 0
        bought = bool(past) and past[-1] >= start
        at_risk = limit(customer, end)
        at_risk_before = limit(customer, before)
        stage: str | None
        if not past:
            stage = "prospect"
        elif math.isnan(at_risk):
            stage = None
        elif silence(customer, end) > 2 * at_risk:
            stage = "lost"
        elif silence(customer, end) > at_risk:
            stage = "at_risk"
        elif bought and silence(customer, before) > 2 * (at_risk if math.isnan(at_risk_before) else at_risk_before):
            stage = "reactivated"
        elif past[0] >= start:
            stage = "new"
        elif tenure >= 12 and (start.year - begin.year) * 12 + start.month - begin.month < 11:
            stage = None
        elif tenure >= 12 and now > then * 1.1:
            stage = "growing"
        elif tenure >= 12 and now < then * 0.9:
            stage = "declining"
        else:
            stage = "mature"
        assert known[customer] <= end + pd.Timedelta(days=1)
        stages[month, customer] = stage
    return stages
