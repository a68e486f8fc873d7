"""Orders, returns and refunds of a random company against plain Python: what is a purchase, and what of it is left.

Among them guests, orders below 0 and of 0, lines that state an amount, refunds without amount, of too much or no order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from tests.dbt.warehouse import Warehouse

pytestmark = pytest.mark.slow

Row = dict[str, Any]
LAST_DAY = date(2026, 6, 30)
END = datetime.fromisoformat("2026-06-30T16:00:00")  # its end in Shanghai
START = datetime.fromisoformat("2025-12-01T04:00:00")
CATEGORIES = ["tea", "cups", None]
TOLERANCE = 1e-6
PARTS_TOLERANCE = 5e-3  # half a cent a month: a sale's parts by category are rounded to 4 places each
Month = date
Part = tuple[str, str | None]  # a scope type and its member


def local(at: datetime) -> date:
    return (at + timedelta(hours=8)).date()


def month(at: datetime) -> Month:
    return local(at).replace(day=1)


def company(random: Random) -> dict[str, list[Row]]:
    """Half a year of twelve customers, their guests, two stores and three products."""
    data: dict[str, list[Row]] = defaultdict(list)
    data["products"] = [{"product_id": f"p{n}", "category": one} for n, one in enumerate(CATEGORIES)]
    data["customers"] = [
        {"customer_id": f"c{n}", "type": "person", "first_known_at": START, "updated_at": START} for n in range(12)
    ]
    for number in range(400):
        at = START + timedelta(days=random.randrange(205), hours=random.choice([0, 13]))
        lines = [
            {
                "order_id": f"o{number}", "line_no": line, "product_id": f"p{random.randrange(3)}", "updated_at": at,
                "quantity": Decimal(random.choice([1, 1, 2, 3])), "unit_price": Decimal(random.choice([0, 5, 10, 33])),
                "discount_amount": random.choice([None, None, Decimal(1)]), "amount": None,
            }
            for line in range(random.choice([0, 1, 1, 2, 3]))
        ]  # fmt: skip
        for line in lines:
            if random.random() < 0.2:
                line |= {"amount": Decimal(random.choice([7, 20])), "unit_price": None}
        data["order_lines"] += lines
        gross = sum((line_amount(line) for line in lines), Decimal(0)) if lines else Decimal(random.choice([0, 50, 99]))
        kind = random.choices(["plain", "delivery", "below 0"], [6, 2, 2])[0]
        if kind == "delivery":
            gross += 8
        if kind == "below 0":
            gross = -gross
        data["orders"].append(
            {
                "order_id": f"o{number}", "ordered_at": at, "updated_at": at, "gross_amount": gross,
                "customer_id": random.choice([None, *[f"c{random.randrange(12)}"] * 4]),
                "discount_amount": random.choice([None, None, None, Decimal(2)]),
                "status": random.choice(["delivered"] * 9 + ["cancelled"]),
                "store_id": random.choice(["s1", "s2", None]), "channel": random.choice(["web", "shop"]),
            }
        )  # fmt: skip
        for _ in range(random.choice([0, 0, 1, 2])):
            data["returns"].append(
                {
                    "return_id": f"r{len(data['returns']):03}",
                    "order_id": random.choice([*[f"o{number}"] * 9, None]),
                    "line_no": random.choice([None, 0, 1, 7]),
                    "returned_at": at + timedelta(days=random.randrange(60)),
                    "quantity": random.choice([None, *map(Decimal, (0, 1, 1, 2, 9))]),
                    "kind": random.choice(["refund", "refund", "repair"]),
                    "refund_amount": random.choice([None, None, Decimal(3), Decimal(40)]),
                }
            )
    return data


def line_amount(line: Row) -> Decimal:
    if line["amount"] is not None:
        return line["amount"]
    return line["quantity"] * line["unit_price"] - (line["discount_amount"] or 0)


@dataclass
class Order:
    row: Row
    lines: list[Row]
    refunds: list[tuple[Row, float | None, Row | None]] = field(default_factory=list)  # return, money, line

    @property
    def sold(self) -> float:
        return float(self.row["gross_amount"] - (self.row["discount_amount"] or 0))

    @property
    def counts(self) -> bool:
        return self.row["status"] != "cancelled" and self.row["ordered_at"] < END

    @property
    def is_purchase(self) -> bool:
        return self.counts and self.sold >= 0

    @property
    def is_known(self) -> bool:
        return all(money is not None for _, money, _ in self.refunds)

    @property
    def net(self) -> float:
        return self.sold - sum(money or 0 for _, money, _ in self.refunds)

    def paid(self, line: Row) -> float:
        """What was paid for a line, after its part of the order's own discount."""
        return float(line_amount(line)) * self.sold / float(self.row["gross_amount"])

    def refund(self, row: Row) -> None:
        """Books a refund, in order of time; one without amount by its units, and no more than is left."""
        named = [line for line in self.lines if line["line_no"] == row["line_no"]]
        line = named[0] if named else self.lines[0] if row["line_no"] is None and len(self.lines) == 1 else None
        if row["refund_amount"] is not None:
            self.refunds.append((row, float(row["refund_amount"]), line if row["line_no"] is not None else None))
        elif self.sold <= 0:
            self.refunds.append((row, 0.0, line))
        else:
            unit = self._unit_price(row, line)
            money = None
            if unit is not None and row["quantity"] is not None:
                earlier = [(m or 0, of) for _, m, of in self.refunds]
                left = max(self.sold - sum(m for m, _ in earlier), 0)
                if line is not None:
                    left = min(left, max(self.paid(line) - sum(m for m, of in earlier if of is line), 0))
                money = min(float(row["quantity"]) * unit, left)
            self.refunds.append((row, money, line))

    def _unit_price(self, row: Row, line: Row | None) -> float | None:
        if row["line_no"] is not None:
            return None if line is None else self.paid(line) / float(line["quantity"])
        units = [self.paid(one) / float(one["quantity"]) for one in self.lines]
        return units[0] if units and max(units) - min(units) < 5e-5 else None

    def parts(self, amount: float, category_of: dict[str, str | None]) -> dict[str | None, float]:
        """An amount of the order by category of its goods, as the lines say; what no line tells is of none."""
        total = float(sum(line_amount(line) for line in self.lines))
        gross = float(self.row["gross_amount"])
        found: dict[str | None, float] = defaultdict(float)
        if total and gross:
            for line in self.lines:
                share = float(line_amount(line)) / total * min(1, abs(total / gross))
                found[category_of[line["product_id"]]] += amount * share
        found[None] += amount - sum(found.values())
        return found


def sales(orders: dict[str, Order], data: dict[str, list[Row]]) -> dict[tuple[Month, Part], Counter[str]]:
    """By month and part of the company: money sold, given back, and purchases."""
    category_of = {row["product_id"]: row["category"] for row in data["products"]}
    found: dict[tuple[Month, Part], Counter[str]] = defaultdict(Counter)

    def book(at: Month, what: str, amount: float, row: Row, by_category: dict[str | None, float]) -> None:
        for part in (("company", ""), ("store", row.get("store_id")), ("channel", row.get("channel"))):
            found[at, part][what] += amount
        for category, its_amount in by_category.items():
            found[at, ("category", category)][what] += its_amount

    for order in orders.values():
        if order.is_purchase:
            for part in (("company", ""), ("store", order.row["store_id"]), ("channel", order.row["channel"])):
                found[month(order.row["ordered_at"]), part]["orders"] += 1
        if order.counts and order.is_known:
            what = "sold" if order.sold >= 0 else "back"
            amount = abs(order.sold)
            book(month(order.row["ordered_at"]), what, amount, order.row, order.parts(amount, category_of))
            for row, money, line in order.refunds:
                given = money or 0.0
                by = order.parts(given, category_of) if line is None else {category_of[line["product_id"]]: given}
                book(month(row["returned_at"]), "back", given, order.row, by)
    for row in data["returns"]:
        is_stated = row["order_id"] is None and row["kind"] == "refund" and row["refund_amount"] is not None
        if is_stated and row["returned_at"] < END:
            money = float(row["refund_amount"])
            book(month(row["returned_at"]), "back", money, {}, {None: money})
    return found


def read(data: dict[str, list[Row]]) -> dict[str, Order]:
    lines: dict[str, list[Row]] = defaultdict(list)
    for line in data["order_lines"]:
        lines[line["order_id"]].append(line)
    orders = {row["order_id"]: Order(row, lines[row["order_id"]]) for row in data["orders"]}
    for row in sorted(data["returns"], key=lambda one: (one["returned_at"], one["return_id"])):
        if row["kind"] == "refund" and row["order_id"] and row["returned_at"] < END:
            orders[row["order_id"]].refund(row)
    return orders


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_sales_by_month_and_customers_purchases_equal_a_brute_force(warehouse: Warehouse) -> None:
    data = company(Random(7))  # noqa: S311 - the same company every time
    orders = read(data)
    warehouse.load([(entity, date(2026, 7, 1), rows, None) for entity, rows in data.items()], as_of=LAST_DAY)
    wanted = ("+fct_sale", "+fct_customer_month", "+int_customer__purchase_history")
    warehouse.dbt("build", "--select", *wanted, "--exclude-resource-type", "test")
    warehouse.dbt("test", "--select", "fct_sale", "fct_order", "fct_order_line", "fct_customer_month")

    reported = ask(warehouse.marts, "select order_id, is_purchase, net_amount, is_amount_known from customer.fct_order")
    assert len(reported) == sum(order.row["ordered_at"] < END for order in orders.values())
    for order_id, is_purchase, net_amount, is_known in reported:
        order = orders[order_id]
        assert (is_purchase, is_known) == (order.is_purchase, order.is_known), order_id
        assert net_amount is None if not order.is_known else abs(float(net_amount) - order.net) < TOLERANCE, order_id
    assert {order.is_known for order in orders.values()} == {True, False}

    expected = sales(orders, data)
    for scope in ("company", "store", "channel", "category"):
        column = {"company": "''", "store": "store_id"}.get(scope, scope)
        rows = ask(
            warehouse.marts,
            f"""
            select month, {column}, sum(case when kind = 'order' then amount else 0 end)::double,
                -sum(case when kind <> 'order' then amount else 0 end)::double
            from customer.fct_sale group by all
            """,
        )
        found = {(at, (scope, of)): (sold, back) for at, of, sold, back in rows}
        for (at, part), amounts in expected.items():
            if part[0] == scope:
                sold, back = found.get((at, part), (0, 0))
                tolerance = PARTS_TOLERANCE if scope == "category" else TOLERANCE
                assert abs(sold - amounts["sold"]) < tolerance, (at, part)
                assert abs(back - amounts["back"]) < tolerance, (at, part)
    counted = ask(
        warehouse.marts, "select order_month, store_id, count(*) from customer.fct_order where is_purchase group by all"
    )
    assert {(at, store): n for at, store, n in counted} == {
        (at, store): amounts["orders"] for (at, (scope, store)), amounts in expected.items()
        if scope == "store" and amounts["orders"]
    }  # fmt: skip
    cases = ask(
        warehouse.marts, "select max(n), min(n) from (select sum(cases) n from customer.fct_sale group by sale_id)"
    )
    assert cases == [(1, 1)]

    _customers(warehouse, orders)


def _customers(warehouse: Warehouse, orders: dict[str, Order]) -> None:
    """Of each customer what was bought, on which days, for how much; guests are nobody."""
    spend: Counter[tuple[str, Month]] = Counter()
    counts: Counter[tuple[str, Month]] = Counter()
    days: dict[str, set[date]] = defaultdict(set)
    takings: dict[str, dict[date, list[float | None]]] = defaultdict(lambda: defaultdict(list))
    for order in sorted(orders.values(), key=lambda one: local(one.row["ordered_at"])):
        customer = order.row["customer_id"]
        if customer is None or not order.counts:
            continue
        if order.is_known:
            spend[customer, month(order.row["ordered_at"])] += order.sold
            for row, money, _ in order.refunds:
                spend[customer, month(row["returned_at"])] -= money or 0
        if order.is_purchase:
            counts[customer, month(order.row["ordered_at"])] += 1
            days[customer].add(local(order.row["ordered_at"]))
    for order in orders.values():
        customer, day = order.row["customer_id"], local(order.row["ordered_at"])
        if customer is not None and order.counts:
            before = [one for one in days[customer] if one <= day]
            if before:
                takings[customer][max(before)].append(order.net if order.is_known else None)

    columns = "customer_id, month, orders_count, spend, orders_in_window, order_days_in_window, last_order_date"
    for customer, at, n, money, n_window, days_window, last in ask(
        warehouse.marts, f"select {columns} from customer.fct_customer_month"
    ):
        until = [day for day in days[customer] if day.replace(day=1) <= at]
        assert n == counts[customer, at], (customer, at)
        assert abs(float(money) - spend[customer, at]) < TOLERANCE, (customer, at)
        assert n_window == sum(counts[customer, one] for one in {d.replace(day=1) for d in until}), (customer, at)
        assert (days_window, last) == (len(until), max(until, default=None)), (customer, at)

    history = ask(
        warehouse.work,
        "select customer_id, repeat_days, valued_repeat_days, repeat_amount "
        "from intermediate.int_customer__purchase_history",
    )
    assert {row[0] for row in history} == {customer for customer, its in days.items() if its}
    for customer, repeats, valued, amount in history:
        later = sorted(days[customer])[1:]
        known = [sum(filter(None, takings[customer][day])) for day in later if None not in takings[customer][day]]
        assert (repeats, valued) == (len(later), len(known)), customer
        assert abs(float(amount or 0) - sum(known)) < TOLERANCE, customer
