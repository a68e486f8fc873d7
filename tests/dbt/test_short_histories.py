"""A company with three months of orders: what its figures say, what they leave open, and what is told of the rest."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

LAST_DAY = date(2026, 10, 31)
CUSTOMERS = 60


def young_company() -> dict[str, list[dict[str, Any]]]:
    """Orders from 1 August, every customer's some weeks apart; tickets for years, three of them before those kept."""
    rng = random.Random(3)  # noqa: S311 - data for a test
    people, orders = [], []
    for number in range(CUSTOMERS):
        key, at = f"crm:{number}", datetime(2026, 8, 1, 4) + timedelta(days=rng.randrange(60))  # noqa: DTZ001 - UTC
        known = datetime(2014, 1, 1)  # noqa: DTZ001 - UTC
        people.append({"customer_id": key, "type": "person", "first_known_at": known, "updated_at": known})
        while at.date() <= LAST_DAY:
            order = {"order_id": f"crm:{len(orders)}", "customer_id": key, "ordered_at": at, "updated_at": at}
            orders.append({**order, "status": "delivered", "gross_amount": Decimal(10)})
            at += timedelta(days=rng.randrange(8, 40))
    days = [date(2020, 1, 7), date(2020, 1, 8), date(2021, 3, 9), date(2023, 11, 3), date(2026, 10, 5)]
    made = [datetime.combine(day, datetime.min.time()) for day in days]
    tickets = [{"ticket_id": f"crm:{i}", "created_at": at, "updated_at": at} for i, at in enumerate(made)]
    return {"customers": people, "orders": orders, "tickets": tickets}


@pytest.mark.slow
def test_three_months_of_orders_claim_no_more_than_they_can(warehouse: Any) -> None:
    data = young_company()
    warehouse.load([(entity, date(2026, 11, 1), rows, None) for entity, rows in data.items()], as_of=LAST_DAY)
    wanted = ("+kpi_monthly", "+rpt_warnings", "+stage_flow")
    warehouse.dbt("build", "--select", *wanted, "--indirect-selection", "buildable")
    figures = warehouse.query(
        "select * from reporting.kpi_monthly where scope_type = 'company' and dimension = '' and month >= '2026-08-01'"
        " order by metric_id, month"
    ).set_index(["metric_id", "month"])

    # a window of twelve months of which three are there: its figure, and nothing claimed
    repurchase = figures.loc["repurchase_rate"]
    assert repurchase["covered_months"].tolist() == [1, 2, 3]
    assert set(repurchase["window_months"]) == {12}
    assert set(repurchase["status"]) <= {"short_history", "too_few"}
    assert repurchase["status"].iloc[-1] == "short_history"
    days = {key: set() for key in range(CUSTOMERS)}
    for order in data["orders"]:
        days[int(order["customer_id"].removeprefix("crm:"))].add((order["ordered_at"] + timedelta(hours=8)).date())
    repeated = sum(len(mine) >= 2 for mine in days.values())
    assert float(repurchase["value"].iloc[-1]) == pytest.approx(repeated / CUSTOMERS)
    assert figures.loc["rfm"][["previous", "year_ago", "change_previous"]].isna().all().all()
    assert figures.loc["rfm_movement_90"]["status"].tolist() == ["short_history", "short_history", "no_target"]

    # nobody is at risk, lost or active yet: not 0, absent
    people = warehouse.query("from customer.fct_customer_month where month = '2026-10-01'")
    assert len(people) == CUSTOMERS
    assert people["stage"].isna().all()
    assert people["is_active"].isna().all()
    assert people["at_risk_limit_days"].isna().all()
    absent = {"stage", "stage_flow", "stage_flow_new", "stage_flow_lost", "retention_rate", "next_purchase_due",
              "priority_visits_listed", "revenue_at_risk", "purchase_frequency", "cross_use"}  # fmt: skip
    october = figures.xs("2026-10-01", level="month")
    assert absent.isdisjoint(october.index[october["value"].notna()])
    assert warehouse.query("from lifecycle.stage_flow").empty

    # n of a cohort figure is people: those acquired in August and September
    acquired = [min(mine) for mine in days.values()]
    cohorts = figures.loc["cohort_retention"].loc["2026-10-01"]
    assert cohorts["n"] == sum(day < date(2026, 10, 1) for day in acquired)
    assert cohorts["ci_low"] < cohorts["value"] < cohorts["ci_high"]

    # and what is not shown is told
    reported = warehouse.query("from reporting.rpt_warnings").set_index(["warning", "subject"])
    assert reported.loc[("silence_not_known_yet", "person"), "cases"] == CUSTOMERS
    assert reported.loc[("months_not_kept", "tickets"), "cases"] == 3
    months = reported.loc[("months_not_kept", "tickets"), ["first_month", "last_month", "months_kept"]]
    assert list(months) == ["2020-01", "2021-03", 36]
    message = reported.loc[("months_not_kept", "tickets"), "message"]
    assert message.startswith("Rows of {first_month} to {last_month}, months before the {months_kept} that are kept")
    assert reported["message"].notna().all()
    assert ("months_not_kept", "customers") not in reported.index
    assert ("months_not_kept", "orders") not in reported.index
