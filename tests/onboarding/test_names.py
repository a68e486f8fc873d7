"""What a column is by its name: whose it is, what stands in brackets, of the order or of its line."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from orchestration.onboarding.commands import check
from orchestration.onboarding.vocabulary import owner_of
from tests.onboarding.desk import DAY, Desk

BEGIN = datetime(2026, 8, 1, 8, 0)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("assignee.email", "agents"),
        ("primaryCustomer.id", "customers"),
        ("relationships.customer.data.id", "customers"),
        ("Owner", None),  # it is the agent, not something of theirs
        ("customer.owner.id", None),  # both
        ("attributes.name", None),
    ],
)
def test_the_words_before_a_name_say_whose_it_is(name: str, owner: str | None) -> None:
    assert owner_of(name) == owner


def test_an_assignee_s_address_is_no_customer_s(desk: Desk) -> None:
    """60 conversations of 20 customers, all worked on by one agent, each conversation with a name of its own."""
    path = desk.exports / "conversations.jsonl"
    rows = [
        {
            "id": f"c{i}",
            "status": "closed",
            "name": f"Question {i}",
            "createdAt": f"{BEGIN + timedelta(hours=i):%Y-%m-%dT%H:%M:%SZ}",
            "assignee": {"email": "agent@desk.example", "id": 3},
            "primaryCustomer": {"id": 500 + i % 20, "email": f"p{i % 20}@mail.example"},
        }
        for i in range(60)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    desk.add("desk", path)
    assert desk.loaded("select count(distinct customer_id) from raw.tickets") == [(20,)]
    customers = "select count(*), count(name), count_if(email like 'p%@mail.example') from raw.customers"
    assert desk.loaded(customers) == [(20, 0, 20)]


def test_what_stands_in_brackets_is_no_part_of_a_name_and_an_order_s_subtotal_no_line_s(desk: Desk) -> None:
    """30 orders of two lines each, 50 for the order; a line says no amount, so none is made up."""
    head = [
        "Order Number",
        "Order Date",
        "Email (Billing)",
        "Order Total Amount",
        "Order Subtotal Amount",
        "SKU",
        "Quantity",
    ]
    rows = [
        [2000 + i, BEGIN + timedelta(hours=i), f"a{i % 12}@mail.example", 55, 50, f"P{place}", 1]
        for i in range(30)
        for place in range(2)
    ]
    desk.add("shop", desk.export("orders.csv", [head, *rows]))
    orders = "select count(*), sum(gross_amount)::int, count(distinct customer_id) from raw.orders"
    assert desk.loaded(orders) == [(30, 30 * 55, 12)]
    assert "Order Subtotal Amount: " in desk.text("shop").partition("not used:")[2]


def test_a_stamp_is_no_key_and_the_one_that_each_row_has_is_when_it_was_answered(desk: Desk) -> None:
    """40 reviews an hour apart, every second one replied to."""
    head = ["Review Submit Date and Time", "Star Rating", "Device", "Developer Reply Date and Time"]
    rows = [
        [at := BEGIN + timedelta(hours=i), i % 5 + 1, f"d{i}", at + timedelta(days=1) if i % 2 else None]
        for i in range(40)
    ]
    desk.add("store", desk.export("reviews.csv", [head, *rows]))
    assert desk.loaded(
        """select count(*), min(responded_at)::varchar, max(responded_at)::varchar from raw.surveys"""
    ) == [
        (40, "2026-08-01 00:00:00", "2026-08-02 15:00:00")  # 08:00 in Shanghai is midnight UTC
    ]


def test_a_check_does_not_call_a_file_fine_that_gives_nothing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["Vorgangsnummer", "Eröffnet am"], *([f"V{i}", f"{i % 28 + 1:02}.08.2026"] for i in range(30))]
    desk.add("german", desk.export("vorgaenge.csv", rows, delimiter=";"))
    assert not check(desk.settings, "german", DAY, (), as_json=False, show_values=False)
    assert "not yet: no file fills an entity" in capsys.readouterr().out
