"""Customer and economics measures over a random company against plain Python: a second way to the same figures."""

from __future__ import annotations

import itertools
import random
import statistics
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

LAST_DAY = date(2026, 10, 31)
END = datetime(2026, 10, 31, 16)  # noqa: DTZ001 - UTC, stored without zone; midnight in Shanghai

pytestmark = pytest.mark.slow


def random_company(seed: int) -> dict[str, list[dict[str, Any]]]:
    """Two years of a company whose customers share e-mails and telephones, return goods, pay late and complain."""
    rng = random.Random(seed)  # noqa: S311 - data for a test
    data: dict[str, list[dict[str, Any]]] = defaultdict(list)
    data["products"] = [{"product_id": f"crm:p{p}", "category": "tea", "unit_cost": Decimal(p)} for p in range(1, 6)]
    data["campaigns"] = [
        {"campaign_id": "crm:win", "goal": "acquire", "cost": Decimal(700), "starts_at": datetime(2026, 3, 1)},  # noqa: DTZ001
        {"campaign_id": "crm:keep", "goal": "retain", "cost": Decimal(300), "starts_at": datetime(2026, 4, 1)},  # noqa: DTZ001
    ]
    for c in range(80):
        customer = f"crm:{c:02d}"
        known = datetime(2024, 9, 1, 4) + timedelta(days=rng.randrange(500))  # noqa: DTZ001
        data["customers"].append(
            {
                "customer_id": customer,
                "type": "person",
                "email": rng.choice([None, f"Mail{rng.randrange(60)}@x.org", f"mail{rng.randrange(60)}@x.org "]),
                "phone": rng.choice([None, f"+86 139 0000 {rng.randrange(1000, 1050)}", f"139{rng.randrange(50):08}"]),
                "credit_limit": rng.choice([None, Decimal(300)]),
                "acquisition_cost": rng.choice([None, Decimal(25)]),
                "first_known_at": known,
                "updated_at": known,
            }
        )  # fmt: skip
        for campaign in data["campaigns"]:
            if rng.random() < 0.5:
                data["campaign_contacts"].append(
                    {
                        "campaign_id": campaign["campaign_id"], "customer_id": customer,
                        "is_control": rng.random() < 0.2, "assigned_at": campaign["starts_at"],
                        "sent_at": campaign["starts_at"] + timedelta(hours=1),
                    }
                )  # fmt: skip
        at, gap = known, rng.choice([10, 20, 40, 90])
        for _ in range(rng.choice([0, 1, 1, 2, 5, 12, 30])):
            at += timedelta(days=rng.randrange(0, 2 * gap))
            if at < END:
                _order(rng, data, customer, at)
    return data


def _order(rng: random.Random, data: dict[str, list[dict[str, Any]]], customer: str, at: datetime) -> None:
    order = f"crm:{len(data['orders'])}"
    quantity, product = rng.randrange(1, 4), rng.choice(data["products"])
    gross = Decimal(quantity * rng.choice([5, 10, 50]))
    data["orders"].append(
        {
            "order_id": order, "customer_id": customer, "ordered_at": at, "gross_amount": gross, "updated_at": at,
            "status": rng.choice(["delivered"] * 9 + ["cancelled"]), "payment_due_at": at + timedelta(days=14),
        }
    )  # fmt: skip
    data["order_lines"].append(
        {
            "order_id": order, "line_no": 1, "product_id": product["product_id"], "quantity": Decimal(quantity),
            "unit_price": gross / quantity, "updated_at": at,
        }
    )  # fmt: skip
    if rng.random() < 0.9:
        paid = at + timedelta(days=rng.randrange(1, 30))
        data["payments"].append(
            {"payment_id": f"{order}p", "order_id": order, "paid_at": paid, "amount": gross, "currency": "CNY"}
        )
    if rng.random() < 0.1:
        back = at + timedelta(days=rng.randrange(1, 20))
        refund = gross * rng.choice([1, 2]) / 2
        data["returns"].append(
            {
                "return_id": f"{order}r",
                "order_id": order,
                "returned_at": back,
                "kind": "refund",
                "refund_amount": refund,
            }
        )
    if rng.random() < 0.3:
        data["tickets"].append(
            {
                "ticket_id": f"{order}t", "customer_id": customer, "kind": "request", "created_at": at,
                "updated_at": at, "compensation_amount": rng.choice([None, Decimal(7)]),
            }
        )  # fmt: skip


@pytest.fixture
def data() -> dict[str, list[dict[str, Any]]]:
    return random_company(11)


def test_customer_measures_equal_a_brute_force(warehouse: Any, data: dict[str, list[dict[str, Any]]]) -> None:
    """Prevents sums that count a refund, a campaign or a customer twice, and windows that are a day too long."""
    warehouse.load([(entity, date(2026, 11, 1), rows, None) for entity, rows in data.items()], as_of=LAST_DAY)
    wanted = (
        "identity",
        "profitability",
        "pyramid_concentration",
        "next_purchase_due",
        "loyal_multiple",
        "credit",
        "grade_migration",
    )
    warehouse.dbt("build", "--select", *(f"+{model}" for model in wanted), "--indirect-selection", "buildable")

    persons = warehouse.query("from customer.identity").set_index("customer_id")["person_id"].to_dict()
    assert persons == expected_persons(data["customers"])
    assert max(Counter(persons.values()).values()) > 2  # chains are among them
    data = of_persons(data, persons)

    profits = warehouse.query("from customer.profitability").set_index("customer_id")["profit"].astype(float)
    assert profits.to_dict() == pytest.approx(expected_profits(data))

    orders = [order for order in data["orders"] if order["status"] != "cancelled"]
    spends = expected_spends(data, orders)
    concentration = warehouse.query("from customer.pyramid_concentration order by month").iloc[-1]
    assert concentration["gini"] == pytest.approx(expected_gini(list(spends.values())), abs=1e-6)
    assert concentration["customers_for_80_percent"] == expected_most(list(spends.values()))

    days = defaultdict(set)
    for order in orders:
        days[order["customer_id"]].add(order["ordered_at"].date())
    due = warehouse.query("from customer.next_purchase_due").set_index("customer_id")
    assert pd.to_datetime(due["due_date"]).dt.date.to_dict() == expected_due(days)
    in_window = {c: len([d for d in of if d > date(2025, 10, 31)]) for c, of in days.items()}
    repeat = [float(spends[c]) for c in spends if in_window[c] >= 2]
    once = [float(spends[c]) for c in spends if in_window[c] == 1]
    multiple = warehouse.query("from customer.loyal_multiple order by month").iloc[-1]["multiple"]
    assert float(multiple) == pytest.approx(statistics.mean(repeat) / statistics.mean(once), abs=1e-6)

    credit = warehouse.query("from customer.credit").set_index("customer_id")
    assert credit["open_amount"].astype(float).to_dict() == pytest.approx(expected_open(data, orders, credit.index))

    months = warehouse.query(
        "select month, customer_id, coalesce(grade, 'not_in_base') as grade from customer.fct_customer_month"
    )
    wide = months.pivot(index="customer_id", columns="month", values="grade").fillna("not_in_base")
    expected: Counter[tuple[Any, str, str]] = Counter()
    for before, now in itertools.pairwise(wide.columns):
        expected.update((now, a, b) for a, b in zip(wide[before], wide[now], strict=True) if {a, b} != {"not_in_base"})
    moves = warehouse.query(
        "select month, previous_grade, grade, sum(customers)::int as n from customer.grade_migration group by all"
    )
    assert {(r.month, r.previous_grade, r.grade): r.n for r in moves.itertuples()} == dict(expected)


def expected_persons(customers: list[dict[str, Any]]) -> dict[str, str]:
    """The smallest customer of each connected set, by joining sets until none share a key."""
    groups: list[tuple[set[str], set[str]]] = []
    for customer in customers:
        keys = {customer["email"].strip().lower()} if customer["email"] else set()
        if customer["phone"] and customer["phone"].startswith("+"):
            keys.add(customer["phone"].replace(" ", ""))
        members = {customer["customer_id"]}
        for group in [g for g in groups if g[1] & keys]:
            groups.remove(group)
            members |= group[0]
            keys |= group[1]
        groups.append((members, keys))
    return {member: min(members) for members, _ in groups for member in members}


def of_persons(data: dict[str, list[dict[str, Any]]], persons: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The same company as if each person had one record: what was paid to win it adds up, one limit holds, and a
    message to any of its records was sent to it."""
    found = {entity: [dict(row) for row in rows] for entity, rows in data.items()}
    for row in (row for rows in found.values() for row in rows if "customer_id" in row):
        row["customer_id"] = persons[row["customer_id"]]
    together: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in found["customers"]:
        together[row["customer_id"]].append(row)
    for rows in together.values():
        costs = [row["acquisition_cost"] for row in rows if row["acquisition_cost"] is not None]
        rows[0]["acquisition_cost"] = sum(costs) if costs else None
        rows[0]["credit_limit"] = max((row["credit_limit"] for row in rows if row["credit_limit"]), default=None)
    found["customers"] = [rows[0] for rows in together.values()]
    addressed: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(found["campaign_contacts"], key=lambda one: one["is_control"]):
        addressed.setdefault((row["campaign_id"], row["customer_id"]), row)
    found["campaign_contacts"] = list(addressed.values())
    return found


def expected_profits(data: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    costs = {product["product_id"]: product["unit_cost"] for product in data["products"]}
    lines = {line["order_id"]: line for line in data["order_lines"]}
    stated = {c["customer_id"]: c["acquisition_cost"] for c in data["customers"]}
    profits = {customer: -(cost or Decimal(0)) for customer, cost in stated.items()}
    valid = {order["order_id"]: order for order in data["orders"] if order["status"] != "cancelled"}
    for order in valid.values():
        line = lines[order["order_id"]]
        profits[order["customer_id"]] += order["gross_amount"] - line["quantity"] * costs[line["product_id"]]
    for back in data["returns"]:
        if back["order_id"] in valid and back["returned_at"] < END:
            profits[valid[back["order_id"]]["customer_id"]] -= back["refund_amount"]
    for ticket in data["tickets"]:
        profits[ticket["customer_id"]] -= 15 + (ticket["compensation_amount"] or 0)
    sent = [contact for contact in data["campaign_contacts"] if not contact["is_control"]]
    for campaign in data["campaigns"]:
        reached = [contact["customer_id"] for contact in sent if contact["campaign_id"] == campaign["campaign_id"]]
        for customer in reached:
            if campaign["goal"] != "acquire" or stated[customer] is None:
                profits[customer] -= campaign["cost"] / len(reached)
    return {customer: float(profit) for customer, profit in profits.items()}


def expected_spends(data: dict[str, list[dict[str, Any]]], orders: list[dict[str, Any]]) -> dict[str, Decimal]:
    """Net spend from November 2025 on of those who ordered in that time; a refund counts when given."""
    start = datetime(2025, 10, 31, 16)  # noqa: DTZ001
    owners = {order["order_id"]: order["customer_id"] for order in orders}
    spends = {order["customer_id"]: Decimal(0) for order in orders if order["ordered_at"] >= start}
    for order in orders:
        if order["ordered_at"] >= start:
            spends[order["customer_id"]] += order["gross_amount"]
    for back in data["returns"]:
        if start <= back["returned_at"] < END and owners.get(back["order_id"]) in spends:
            spends[owners[back["order_id"]]] -= back["refund_amount"]
    return spends


def expected_gini(spends: list[Decimal]) -> float:
    """Half the mean absolute difference over the mean, of the values that are not negative."""
    values = np.array([float(value) for value in spends if value >= 0])
    return float(np.abs(values[:, None] - values[None, :]).mean() / (2 * values.mean()))


def expected_most(spends: list[Decimal]) -> int:
    running = np.cumsum(sorted((float(value) for value in spends), reverse=True))
    return int(np.argmax(running >= 0.8 * running[-1])) + 1


def expected_due(days: dict[str, set[date]]) -> dict[str, date]:
    due = {}
    for customer, of in days.items():
        ordered = sorted(of)
        gaps = [(b - a).days for a, b in itertools.pairwise(ordered)]
        if len(gaps) >= 3:
            due[customer] = ordered[-1] + timedelta(days=-int(-statistics.median(gaps) // 1))
    return due


def expected_open(
    data: dict[str, list[dict[str, Any]]], orders: list[dict[str, Any]], listed: pd.Index
) -> dict[str, float]:
    open_amounts = dict.fromkeys(listed, 0.0)
    limits = {c["customer_id"] for c in data["customers"] if c["credit_limit"]}
    for order in orders:
        refunds = sum(
            b["refund_amount"] for b in data["returns"] if b["order_id"] == order["order_id"] and b["returned_at"] < END
        )
        paid = sum(p["amount"] for p in data["payments"] if p["order_id"] == order["order_id"] and p["paid_at"] < END)
        rest = order["gross_amount"] - refunds - paid
        if rest > 0:
            open_amounts[order["customer_id"]] += float(rest)
    assert {customer for customer, amount in open_amounts.items() if amount} | limits == set(listed)
    return open_amounts
