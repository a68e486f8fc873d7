"""Files in shapes that are not one plain table: what is proposed for them loads as it stands, counted by hand."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.ingestion.date_formats import formats_that_read, month_formats_of, shape
from orchestration.ingestion.notations import NumberStyle, styles_that_read
from tests.onboarding.conftest import Desk

LIKERT = ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"]


def documents(desk: Desk, name: str, records: list[Any]) -> Path:
    path = desk.exports / name
    lines = "".join(json.dumps(one) + "\n" for one in records)
    path.write_text(lines if name.endswith("l") else json.dumps({"page": 1, "cases": records}), encoding="utf-8")
    return path


def questions(desk: Desk, source: str) -> str:
    return " ".join(desk.text(source).partition("# Questions")[2].replace("#", "").split())


# --- arrays ---


def test_comments_and_changes_within_tickets_are_events(desk: Desk) -> None:
    """Case i has i % 3 notes, the first a customer's, the second an agent's and internal; all are solved at noon."""
    cases = [
        {
            "reference": f"HD-{i}",
            "openedAt": f"2026-05-{i + 1:02}T08:00:00Z",
            "state": "done",
            "client": {"id": f"c{i % 5}"},
            "notes": [
                {
                    "writtenAt": f"2026-05-{i + 1:02}T09:{k:02}:00Z",
                    "writer": {"kind": ("customer", "agent")[k], "id": f"w{k}"},
                    "text": "x",
                    "internal": k == 1,
                }
                for k in range(i % 3)
            ],
            "history": [
                {"when": f"2026-05-{i + 1:02}T12:00:00Z", "changes": [
                    {"field": "priority", "old": "low", "new": "high"},
                    {"field": "status", "old": "new", "new": "resolved"},
                ]}
            ],
        }
        for i in range(12)
    ]  # fmt: skip
    desk.add("own", documents(desk, "dump.json", cases))
    assert desk.mapping("own").files["dump"].root == "cases"
    events = "select event, actor_type, is_public, to_status, count(*) from raw.ticket_events group by all order by all"
    assert desk.loaded(events) == [
        ("comment", "agent", False, None, 4),
        ("comment", "customer", True, None, 8),
        ("created", "customer", True, "new", 12),
        ("status", None, None, "solved", 12),
    ]
    assert desk.loaded("select agent_id from raw.agents") == [("own:w1",)]
    assert desk.loaded("select count(distinct (ticket_id, seq)) from raw.ticket_events") == [(36,)]


def test_authors_are_told_by_the_file_of_people(desk: Desk) -> None:
    people = [{"id": i, "name": f"N{i}", "role": "agent" if i < 2 else "end-user"} for i in range(8)]
    tickets = [
        {
            "id": 100 + i,
            "created_at": f"2026-05-{i + 1:02}T08:00:00Z",
            "status": "open",
            "requester_id": 2 + i % 6,
            "comments": [
                {"author_id": a, "created_at": f"2026-05-{i + 1:02}T10:00:00Z", "body": "x"} for a in (2 + i % 6, i % 2)
            ],
        }
        for i in range(12)
    ]
    desk.add("zd", documents(desk, "people.jsonl", people), documents(desk, "tickets.jsonl", tickets))
    actors = (
        "select actor_type, agent_id, count(*) from raw.ticket_events where event = 'comment' group by all order by all"
    )
    assert desk.loaded(actors) == [("agent", "zd:0", 6), ("agent", "zd:1", 6), ("customer", None, 12)]
    assert desk.loaded("select (select count(*) from raw.customers), (select count(*) from raw.agents)") == [(6, 2)]


def test_lines_and_payments_within_orders_are_rows(desk: Desk) -> None:
    orders = [
        {
            "orderNumber": f"O{i}",
            "placedAt": f"2026-05-{i + 1:02}T08:00:00Z",
            "buyer": f"b{i % 3}",
            "total": 30,
            "positions": [{"sku": f"S{k}", "qty": k + 1, "price": 10} for k in range(2)],
            "payments": [{"id": f"p{i}", "paidAt": f"2026-05-{i + 1:02}T09:00:00Z", "value": 30, "kind": "card"}],
            "labels": ["a"],
        }
        for i in range(10)
    ]
    desk.add("web", documents(desk, "purchases.jsonl", orders))
    lines = "select count(*), sum(quantity)::int, count(distinct order_id), max(line_no) from raw.order_lines"
    assert desk.loaded(lines) == [(20, 30, 10, 2)]
    assert desk.loaded("select count(*), sum(amount)::int from raw.payments") == [(10, 300)]
    assert "labels" in questions(desk, "web")


# --- wide columns ---


def test_numbered_questions_are_one_block_and_one_more_is_taken(desk: Desk) -> None:
    """40 sheets of q1 to q6 on a scale to 7; all answer 4 to q3."""
    head = ["response_id", "submitted", *(f"q{k}" for k in range(1, 7))]
    rows: list[list[object]] = [head]
    for i in range(40):
        answers = [4 if k == 3 else 1 + (i + k) % 7 for k in range(1, 7)]
        rows.append([f"R{i}", f"2026-06-{i % 28 + 1:02}T10:00:00Z", *answers])
    path = desk.export("pulse.csv", rows)
    desk.add("pulse", path)
    (feed,) = [one for one in desk.mapping("pulse").files["pulse"].entities if one.entity == "survey_answers"]
    assert feed.unpivot is not None
    assert feed.unpivot.columns == ("q*",)
    expected = sum(4 if k == 3 else 1 + (i + k) % 7 for i in range(40) for k in range(1, 7))
    assert desk.loaded("select count(*), sum(score)::int, count(distinct item_id) from raw.survey_answers") == [
        (240, expected, 6)
    ]
    assert desk.loaded("select distinct scale_min::int, scale_max::int from raw.survey_items") == [(1, 7)]
    assert desk.loaded("select min(responded_at)::varchar from raw.surveys") == [("2026-06-01 10:00:00",)]


def test_two_rows_of_header_with_answers_in_words(desk: Desk) -> None:
    rows: list[list[object]] = [
        ["Answer No", "Collected", "How satisfied are you with", "", "", "", "Gender"],
        ["", "", "Speed", "Courtesy", "Price", "Parking", "Response"],
    ]
    for i in range(20):
        words = [LIKERT[(i + k) % 5] for k in range(3)] + ["N/A" if i % 4 == 0 else LIKERT[i % 5]]
        rows.append([11000 + i, f"03/{i + 1:02}/2026 09:{i:02}:00 AM", *words, "F"])
    desk.add("sm", desk.export("survey_may.csv", rows))
    header = desk.mapping("sm").files["survey_may"].header_rows
    assert header is not None
    assert (header.count, header.names) == (2, (1, 2))
    scores = "select item_id, count(*), sum(score)::int from raw.survey_answers group by 1 order by 1"
    # each of the first three has each of the five words four times; 5 of 20, one of each word, used no parking
    reported = desk.loaded(scores)
    assert reported == [("Courtesy", 20, 60), ("Parking", 15, 45), ("Price", 20, 60), ("Speed", 20, 60)]
    assert "month first" in desk.text("sm")


def test_a_column_for_each_month_is_a_row_for_each_month(desk: Desk) -> None:
    """Client i buys for 100 * i + month, and nothing in the months that are multiples of 5."""
    rows: list[list[object]] = [["Client No", *(f"2026-{month:02}" for month in range(1, 13))]]
    rows += [[f"C{i:02}", *("" if m % 5 == 0 else f"{100 * i + m}.50" for m in range(1, 13))] for i in range(9)]
    desk.add("sales", desk.export("monthly_sales.csv", rows))
    total = sum(100 * i + m + 0.5 for i in range(9) for m in range(1, 13) if m % 5)
    assert desk.loaded("select count(*), sum(gross_amount)::double from raw.orders") == [(90, total)]
    # the first of January in Shanghai
    assert desk.loaded("select min(ordered_at)::varchar from raw.orders") == [("2025-12-31 16:00:00",)]
    assert "is each month's number a row of orders" in questions(desk, "sales")


# --- titles, totals, merged cells, numbers, months in words ---


def test_titles_totals_and_merged_cells(desk: Desk) -> None:
    """Order i has two rows, the second without what the first says; a title before them, a total after."""
    rows: list[list[object]] = [
        ["Orders of May", "", "", "", ""],
        ["Order No", "Customer", "Order date", "SKU", "Price"],
    ]
    for i in range(15):
        rows += [[f"A-{i}", f"C{i % 4}", f"{i + 1:02}.05.2026", "tea", "1.250,50"], ["", "", "", "cup", "7"]]
    rows.append(["Total", "", "", "", "18.862,50"])
    desk.add("laden", desk.export("bestellungen.csv", rows, delimiter=";"))
    file = next(iter(desk.mapping("laden").files.values()))
    assert (file.skip_lines, file.skip_last) == (1, 1)
    assert file.fill_down is not None
    assert file.fill_down.columns == ("Order No", "Customer", "Order date")
    assert file.number is not None
    assert file.number.style == NumberStyle(",", ".", ())
    assert desk.loaded("select count(*), count(distinct order_id), sum(unit_price)::double from raw.order_lines") == [
        (30, 15, 15 * 1257.5)
    ]
    assert desk.loaded("select count(*), sum(gross_amount)::double from raw.orders") == [(15, 15 * 1257.5)]
    assert "mean what the cell above says" in questions(desk, "laden")


def test_a_file_of_decimal_commas_says_what_its_points_are(desk: Desk) -> None:
    """In one column every number has a point before three digits, which the other column tells to be thousands."""
    rows: list[list[object]] = [["Order ID", "Customer ID", "Order Date", "Total", "Discount"]]
    rows += [[f"O{i}", f"C{i % 3}", f"2026-02-{i + 1:02}", f"{1 + i % 3}.{i:03}", f"{i},50 €"] for i in range(20)]
    desk.add("shop", desk.export("orders.csv", rows, delimiter=";"))
    sums = "select sum(gross_amount)::int, sum(discount_amount)::double from raw.orders"
    assert desk.loaded(sums) == [(sum(1000 * (1 + i % 3) + i for i in range(20)), sum(i + 0.5 for i in range(20)))]


def test_months_in_another_language(desk: Desk) -> None:
    months = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"]
    rows: list[list[object]] = [["Ticket ID", "Created", "Status"]]
    rows += [[f"T{i}", f"{i + 1:02}/{months[i]}/26 9:10 AM", "open"] for i in range(12)]
    desk.add("es", desk.export("tickets.csv", rows))
    assert "locale: es" in desk.text("es")
    # 9:10 in Shanghai
    assert desk.loaded("select max(created_at)::varchar from raw.tickets") == [("2026-12-12 01:10:00",)]


# --- what columns tell beside their name ---


def test_a_rating_in_the_register_of_tickets_is_a_survey(desk: Desk) -> None:
    rows: list[list[object]] = [["Ticket ID", "Requester", "Created at", "Closed at", "Satisfaction rating"]]
    for i in range(24):
        at = date(2026, 3, 1) + timedelta(days=i)
        rows.append([f"T{i}", f"U{i % 5}", at, at + timedelta(days=1), ["good", "bad", "unoffered"][i % 3]])
    desk.add("desk", desk.export("tickets.csv", rows))
    assert desk.loaded("select score::int, count(*) from raw.survey_answers group by 1 order by 1") == [(0, 8), (1, 8)]
    assert desk.loaded("select distinct about_type, instrument from raw.surveys") == [("ticket", "csat")]
    assert "when was 'Satisfaction rating' given" in questions(desk, "desk")


def test_a_deal_is_won_by_its_stage_and_an_open_one_is_not_closed(desk: Desk) -> None:
    rows: list[list[object]] = [["Deal ID", "Deal Stage", "Amount", "Create Date", "Close Date"]]
    rows += [
        [f"D{i}", ["Closed Won", "Closed Lost", "Proposal"][i % 3], 100 + i, "2026-01-05", "2026-06-30"]
        for i in range(21)
    ]
    desk.add("deals", desk.export("deals.csv", rows))
    reported = "select won, count(*), count(closed_at) from raw.opportunities group by 1 order by 1"
    assert desk.loaded(reported) == [(False, 7, 7), (True, 7, 7), (None, 7, 0)]


def test_a_reference_by_another_unique_column_is_joined(desk: Desk) -> None:
    firms = [
        ["Company ID", "Company Name", "Domain"],
        *([f"F{i:03}", f"Firm {i}", f"firm{i}.example"] for i in range(9)),
    ]
    rows = [["Ticket ID", "Created at", "Contact Email", "Company Domain"]]
    rows += [[f"T{i}", f"2026-03-{i + 1:02}", f"p{i}@mail.example", f"firm{i % 9}.example"] for i in range(27)]
    desk.add("crm", desk.export("companies.csv", firms), desk.export("tickets.csv", rows))
    reported = (
        "select count(*), count(distinct customer_id) from raw.tickets semi join raw.customers using (customer_id)"
    )
    assert desk.loaded(reported) == [(27, 9)]


def test_lines_are_in_the_currency_of_their_order(desk: Desk) -> None:
    rows: list[list[object]] = [
        [
            "Order Number",
            "Email",
            "Created at",
            "Currency",
            "Total",
            "Lineitem sku",
            "Lineitem quantity",
            "Lineitem price",
        ]
    ]
    for i in range(12):
        rows.append([f"#{i}", f"p{i % 3}@x.example", f"2026-08-{i + 1:02}", "PKR", 30, "A", 1, 10])
        rows.append([f"#{i}", "", "", "", "", "B", 2, 10])
    desk.add("web", desk.export("orders_export.csv", rows), land=None)
    feeds = {one.entity: one.columns for one in desk.mapping("web").files["orders"].entities}
    assert str(next(iter(feeds["order_lines"]["currency"].value.references))) == "Currency"  # type: ignore[union-attr]
    fill = desk.mapping("web").files["orders"].fill_down
    assert fill is not None
    assert {"Email", "Created at", "Currency"} <= set(fill.columns)
    assert fill.within == ("Order Number",)


def test_a_log_without_a_header_is_asked_about(desk: Desk) -> None:
    rows = [[f"{i % 9:05}", f"202603{i + 1:02}", 1 + i % 4, f"{10 + i % 5}.25"] for i in range(28)]
    desk.add("log", desk.export("purchases_raw.csv", rows))
    assert "names no column" in questions(desk, "log")
    total = sum(10 + i % 5 + 0.25 for i in range(28))
    assert desk.loaded("select count(*), sum(gross_amount)::double, count(distinct customer_id) from raw.orders") == [
        (28, total, 9)
    ]


# --- one table of formats, one of styles ---


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["2026-09-01 10:00:00", "2026-09-02 10:00:00"], ["%Y-%m-%d %H:%M:%S"]),
        (["13/09/2026"], ["%d/%m/%Y"]),
        (["03/09/2026"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["03.09.2026"], ["%d.%m.%Y"]),
        (["Mar 5, 2026 1:05 PM"], ["%b %d, %Y %I:%M %p"]),
        (["20260901103000"], ["%Y%m%d%H%M%S"]),
        (["1772355600"], ["epoch_s"]),
        (["1772355600123", "1772355600124"], ["epoch_ms"]),
        (["2026年9月1日 9时05分"], ["%Y年%m月%d日 %H时%M分"]),
        (["soon"], []),
    ],
)
def test_the_formats_by_which_texts_are_times(texts: list[str], formats: list[str]) -> None:
    assert formats_that_read(texts) == formats


def test_a_month_alone() -> None:
    assert [month_formats_of(shape(text)) for text in ("2026-03", "Mar 2026", "March 2026", "2026年3月", "x")] == [
        ("%Y-%m",), ("%b %Y",), ("%B %Y",), ("%Y年%m月",), (),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "styles"),
    [
        (["1,234.50", "7"], [(".", ",")]),
        (["1.250,50 €", "7 €"], [(",", ".")]),
        (["1,234"], [(".", ","), (",", None)]),
        (["12", "1234"], [(".", None)]),
        (["12,5"], [(",", None)]),
        (["K-17"], []),
        (["USD 12"], [(".", None)]),
    ],
)
def test_the_styles_by_which_texts_are_numbers(texts: list[str], styles: list[tuple[str, str | None]]) -> None:
    assert [(one.decimal, one.group) for one in styles_that_read(texts)] == styles
