"""Mappings proposed for made-up exports: what they load without an edit, what they say of it, what they ask."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from foundation.errors import CommandFailedError
from tests.onboarding.desk import DAY, Desk

BEGIN = datetime(2026, 3, 1, 9, 0)  # noqa: DTZ001 - written as local time


def test_a_register_of_tickets_gives_tickets_events_customers_and_agents(desk: Desk) -> None:
    """40 tickets, one every 7 hours; every second is replied to after 30 minutes, every fourth solved after 5 hours."""
    rows: list[list[object]] = [
        ["Case Number", "Opened", "First Response", "Resolved", "State", "Urgency", "Assigned to", "Requester", "Topic"]
    ]
    for i in range(40):
        at = BEGIN + timedelta(hours=7 * i)
        replied = at + timedelta(minutes=30) if i % 2 == 0 else None
        solved = at + timedelta(hours=5) if i % 4 == 0 else None
        state = "Resolved" if solved else "Waiting on customer" if i % 2 else "In Progress"
        urgency = ["Low", "Medium", "Critical"][i % 3]
        rows.append([f"CS{i:05}", at, replied, solved, state, urgency, f"Agent {i % 3}", f"U{i % 11}", "Billing"])
    desk.add("desk", desk.export("cases_2026-03.csv", rows))
    loaded = desk.loaded(
        """
        select event, to_status, count(*), min("at")::varchar from raw.ticket_events group by all order by all
        """
    )
    # 09:00 in Shanghai is 01:00 UTC
    assert loaded == [
        ("comment", None, 20, "2026-03-01 01:30:00"),
        ("created", "new", 40, "2026-03-01 01:00:00"),
        ("status", "solved", 10, "2026-03-01 06:00:00"),
    ]
    states = Counter(
        ("solved" if i % 4 == 0 else "pending" if i % 2 else "open", ["low", "normal", "urgent"][i % 3])
        for i in range(40)
    )
    assert desk.loaded("select status, priority, count(*) from raw.tickets group by all order by all") == sorted(
        (*state, count) for state, count in states.items()
    )
    assert desk.loaded("select count(*) from raw.customers") == [(11,)]
    assert desk.loaded("select agent_id, name from raw.agents order by 1")[0] == ("desk:Agent 0", "Agent 0")
    asked = desk.text("desk").partition("# Questions")[2]
    assert "time zone" in asked
    assert "complaints" in asked


def test_a_chinese_register_in_gb18030_reads_alike(desk: Desk) -> None:
    """30 tickets at noon, replied to two hours later; a third of them complaints."""
    rows: list[list[object]] = [
        ["工单编号", "客户编号", "工单类型", "优先级", "状态", "创建时间", "首次回复时间", "处理人"]
    ]
    for i in range(30):
        at = datetime(2026, 4, 1 + i % 28, 12, 0)  # noqa: DTZ001
        kind, priority = ["投诉", "咨询", "建议"][i % 3], ["高", "中", "低"][i % 3]
        state, opened, replied = "已解决" if i % 2 else "处理中", at, at + timedelta(hours=2)
        stamps = [f"{one:%Y年%m月%d日 %H:%M}" for one in (opened, replied)]
        rows.append([f"GD{i:04}", f"K{i % 7}", kind, priority, state, *stamps, f"坐席{i % 2}"])
    desk.add("gongdan", desk.export("工单导出.csv", rows, encoding="gb18030"))
    assert desk.mapping("gongdan").files["file"].encoding == "gb18030"
    assert desk.loaded("select kind, priority, count(*) from raw.tickets group by all order by all") == [
        ("complaint", "high", 10), ("request", "normal", 10), ("suggestion", "low", 10),
    ]  # fmt: skip
    assert desk.loaded("select status, count(*) from raw.tickets group by all order by all") == [
        ("open", 15),
        ("solved", 15),
    ]
    replies = """select count(*), min("at")::varchar from raw.ticket_events where event = 'comment' """
    assert desk.loaded(replies) == [(30, "2026-04-01 06:00:00")]
    assert desk.loaded("select count(distinct agent_id) from raw.ticket_events") == [(2,)]


def test_orders_take_their_amount_from_the_lines_and_their_customer_by_value(desk: Desk) -> None:
    """Order i has two lines, 2 pieces of i and 1 of 10; its buyer is a key of the clients."""
    orders: list[list[object]] = [["Order No", "Order date", "Client", "State"]]
    lines: list[list[object]] = [["Order No", "Pos", "SKU", "Qty", "Unit price"]]
    clients: list[list[object]] = [["Client No", "Full name", "E-mail", "City"]]
    for i in range(1, 31):
        orders.append(
            [f"B-{i:03}", f"2026-05-{i % 28 + 1:02} 10:00:00", f"CL{i % 9:02}", "shipped" if i % 2 else "new"]
        )
        lines += [[f"B-{i:03}", 1, f"P{i % 5}", 2, i], [f"B-{i:03}", 2, "P9", 1, 10]]
    clients += [[f"CL{i:02}", f"Person {i}", f"p{i}@example.com", "Town"] for i in range(9)]
    paths = [
        desk.export(f"{name}.csv", rows)
        for name, rows in (("orders", orders), ("order_lines", lines), ("clients", clients))
    ]
    desk.add("shop", *paths)
    totals = "select count(*), sum(gross_amount)::int, min(gross_amount)::int from raw.orders"
    assert desk.loaded(totals) == [(30, sum(2 * i + 10 for i in range(1, 31)), 12)]
    assert desk.loaded("select count(*), sum(quantity)::int from raw.order_lines") == [(60, 90)]
    bought = "select count(*) from raw.orders semi join raw.customers using (customer_id)"
    assert desk.loaded(bought) == [(30,)]
    assert "100% of its values stand in clients.Client No" in desk.text("shop")
    assert any("sum of its lines" in one for one in desk.text("shop").partition("# Questions")[2].splitlines())


def test_semicolons_decimal_commas_and_days_before_months(desk: Desk) -> None:
    """Amounts of 1.000,50 and more, 60 orders over two months with the day first."""
    rows: list[list[object]] = [["Order Number", "Customer ID", "Order Date", "Total Amount", "Discount"]]
    for i in range(60):
        at = date(2026, 1, 1) + timedelta(days=i)
        rows.append([f"O{i:03}", f"C{i % 8}", f"{at:%d.%m.%y}", f"{1 + i // 50}.{i:03},50", f"{i % 5},25"])
    added = desk.add("laden", desk.export("orders.csv", rows, delimiter=";"))
    assert added.tried.is_fine
    text = desk.text("laden")
    assert 'delimiter: ";"' in text or "delimiter: ';'" in text
    # 1 January to 1 March: the 13th to the 31st of January, the 13th to the 28th of February
    assert "day first" in text
    total = sum(1000 * (1 + i // 50) + i + 0.5 for i in range(60))
    assert desk.loaded("select count(*), sum(gross_amount)::double, sum(discount_amount)::double from raw.orders") == [
        (60, total, sum(i % 5 + 0.25 for i in range(60)))
    ]
    # midnight in Shanghai
    days = "select min(ordered_at)::varchar, max(ordered_at)::varchar from raw.orders"
    assert desk.loaded(days) == [("2025-12-31 16:00:00", "2026-02-28 16:00:00")]


def test_the_evidence_for_the_day_is_how_many_values_are_above_12(desk: Desk) -> None:
    """Of 100 days 60 are the 13th or later."""
    days = [f"{1 + i % 12:02}/{1 + i % 12:02}/2026" for i in range(40)] + [f"{13 + i % 16}/02/2026" for i in range(60)]
    rows = [
        ["Order ID", "Customer ID", "Order Date", "Total"],
        *([f"O{i}", "C1", day, "1.5"] for i, day in enumerate(days)),
    ]
    desk.add("shop", desk.export("orders.csv", rows))
    (line,) = [one for one in desk.text("shop").splitlines() if one.strip().startswith("ordered_at")]
    assert "%d/%m/%Y" in line
    assert "day first: 60 values above 12" in line


def test_what_could_be_either_is_asked(desk: Desk) -> None:
    days = [f"{1 + i % 12:02}/{1 + i // 12:02}/2026" for i in range(100)]
    rows = [
        ["Order ID", "Customer ID", "Order Date", "Total"],
        *([f"O{i}", "C1", day, "1.5"] for i, day in enumerate(days)),
    ]
    added = desk.add("shop", desk.export("orders.csv", rows))
    assert any("day first or month first" in question for question in added.proposal.questions)


def test_a_wide_survey_gives_an_item_and_an_answer_for_each_question(desk: Desk) -> None:
    """50 answers to five questions from 1 to 5, and how likely from 0 to 10."""
    questions = ["Speed of service", "Friendliness", "Clean rooms", "Price", "Signage"]
    rows: list[list[object]] = [["Response ID", "Submitted at", *questions, "How likely are you to recommend us?"]]
    for i in range(50):
        answers = [1 + (i + question) % 5 for question in range(5)]
        rows.append([f"R{i}", f"2026-06-01T10:{i:02}:00Z", *answers, i % 11])
    desk.add("visit", desk.export("survey_june.csv", rows))
    assert desk.loaded("select instrument, count(*) from raw.surveys group by all order by all") == [
        ("nps", 50),
        ("visit", 50),
    ]
    assert desk.loaded("select count(*), sum(score)::int from raw.survey_answers where survey_id not like '%-nps'") == [
        (250, 50 * 15)
    ]
    assert desk.loaded("select sum(score)::int from raw.survey_answers where survey_id like '%-nps'") == [
        (sum(i % 11 for i in range(50)),)
    ]
    assert desk.loaded(
        "select attribute, scale_min::int, scale_max::int from raw.survey_items where instrument = 'visit' order by 1"
    ) == [(question, 1, 5) for question in sorted(questions)]
    assert desk.loaded("select min(responded_at)::varchar from raw.surveys") == [("2026-06-01 10:00:00",)]


def test_a_log_of_activities_gives_cases_with_their_events(desk: Desk) -> None:
    """25 cases of four steps; the step that no word tells is kept as a step."""
    rows: list[list[object]] = [["case_id", "activity", "timestamp", "resource"]]
    for i in range(25):
        at = datetime(2026, 7, 1 + i, 8, 0)  # noqa: DTZ001
        for hours, step in enumerate(("Register ticket", "Assign to team", "Ask warehouse", "Close ticket")):
            rows.append([f"T{i}", step, f"{at + timedelta(hours=hours)}+00:00", f"R{hours % 2}"])
    desk.add("log", desk.export("eventlog.csv", rows))
    events = "select event, to_status, step, count(*) from raw.ticket_events group by all order by 1, 2, 3"
    assert desk.loaded(events) == [
        ("assigned", None, None, 25),
        ("created", "new", None, 25),
        ("status", "closed", None, 25),
        ("step", None, "Ask warehouse", 25),
    ]
    assert desk.loaded("select count(*), min(created_at)::varchar from raw.tickets") == [(25, "2026-07-01 08:00:00")]
    assert desk.loaded("select count(*) from raw.agents") == [(2,)]
    assert not any("time zone" in question for question in desk.text("log").partition("# Questions")[2].splitlines())


def test_an_order_in_several_rows_is_one_order_and_a_line_each(desk: Desk) -> None:
    """20 orders of three rows; the total stands on the first row alone, as a shop's export has it."""
    rows: list[list[object]] = [
        ["Order Number", "Email", "Created at", "Total", "Lineitem sku", "Lineitem quantity", "Lineitem price"]
    ]
    for i in range(20):
        for line in range(3):
            total = 30 + i if line == 0 else None
            rows.append(
                [
                    f"#{i}",
                    f"p{i % 4}@example.com",
                    f"2026-08-{i + 1:02} 10:00:00 +0500",
                    total,
                    f"S{line}",
                    1,
                    10 + line,
                ]
            )
    desk.add("web", desk.export("orders_export_1.csv", rows))
    assert desk.loaded("select count(*), sum(gross_amount)::int from raw.orders") == [
        (20, sum(30 + i for i in range(20)))
    ]
    assert desk.loaded("select count(*), sum(unit_price)::int from raw.order_lines") == [(60, 20 * 33)]
    assert desk.loaded("select count(*) from raw.customers") == [(4,)]
    assert desk.loaded("select min(ordered_at)::varchar from raw.orders") == [("2026-08-01 05:00:00",)]


def test_texts_and_numbers_that_mean_nothing_are_told(desk: Desk) -> None:
    rows: list[list[object]] = [["Order ID", "Customer ID", "Order Date", "Total", "Delivered"]]
    for i in range(40):
        total = -100 if i < 4 else 10 + i
        rows.append(
            [
                f"O{i}",
                "?" if i % 10 == 0 else f"C{i % 6}",
                f"2026-02-{i % 28 + 1:02}",
                total,
                "N/A" if i % 2 else "2026-03-01",
            ]
        )
    desk.add("shop", desk.export("orders.csv", rows))
    assert set(desk.mapping("shop").files["orders"].null_values) == {"?", "N/A", "-100"}
    assert "'N/A' in 20" in desk.text("shop")


def test_a_file_that_says_less_of_the_same_keys_is_left_out(desk: Desk) -> None:
    more = [["Customer ID", "Name", "City", "Country"], *([f"C{i}", f"N {i}", "X", "DE"] for i in range(20))]
    less = [["Client No", "City"], *([f"C{i}", "X"] for i in range(20))]
    added = desk.add("crm", desk.export("customers.csv", more), desk.export("clients.csv", less))
    left = [file.table.written[0].path.name for file in added.proposal.files if file.left]
    assert left == ["clients.csv"]
    assert desk.loaded("select count(*) from raw.customers") == [(20,)]


def test_files_of_a_known_system_extend_its_mapping(desk: Desk) -> None:
    head = [
        "Id",
        "Name",
        "Phone",
        "BillingStreet",
        "BillingCity",
        "BillingState",
        "BillingCountry",
        "BillingPostalCode",
        "Industry",
        "NumberOfEmployees",
        "CreatedDate",
        "OwnerId",
        "LastModifiedDate",
        "SystemModstamp",
    ]
    stamp = "2026-01-06 10:00:00"
    row = ["001", "Acme", "1", "S", "C", "CA", "US", "9", "Energy", "5", stamp, "005", stamp, stamp]
    desk.add("sf", desk.export("Account.csv", [head, row]))
    assert "extends: salesforce" in desk.text("sf")
    assert desk.loaded("select customer_id, name from raw.customers") == [("sf:001", "Acme")]


def test_a_file_of_nothing_known_is_asked_about_and_the_mapping_still_loads(desk: Desk) -> None:
    added = desk.add("misc", desk.export("weather.csv", [["wind", "rain"], ["1.5", "2.5"], ["1.0", "3.5"]]))
    assert desk.mapping("misc").modes == {}
    assert any(question.startswith("What is weather") for question in added.proposal.questions)


def test_a_mapping_that_is_there_stays(desk: Desk) -> None:
    path = desk.export("customers.csv", [["Customer ID", "Name"], ["1", "A"], ["2", "B"]])
    desk.add("crm", path, land=None)
    before = desk.text("crm")
    with pytest.raises(CommandFailedError, match="--force"):
        desk.add("crm", path)
    assert desk.text("crm") == before
    assert not desk.settings.landing.exists()


def test_landing_copies_the_files_alone(desk: Desk) -> None:
    path = desk.export("customers.csv", [["Customer ID", "Name"], ["1", "A"], ["2", "B"]])
    desk.add("crm", path)
    landed = desk.settings.landing / "crm" / str(DAY) / "customers.csv"
    assert landed.read_bytes() == path.read_bytes()


def test_every_line_of_a_guess_has_its_evidence(desk: Desk) -> None:
    rows = [
        ["Ticket ID", "Created at", "Status"],
        *([f"{i}", f"2026-01-{i:02}T10:00:00Z", "open"] for i in range(10, 28)),
    ]
    desk.add("desk", desk.export("tickets.csv", rows))
    block = desk.text("desk").partition("- entity: tickets")[2].partition("- entity")[0]
    columns = [line for line in block.splitlines() if line.startswith(" " * 10) and ":" in line]
    assert len(columns) >= 4
    assert [line for line in columns if "#" not in line] == []


def test_a_column_without_a_day_above_12_takes_the_order_of_another(desk: Desk) -> None:
    """Orders to the 20th, month first; each delivered by the 12th of the next month."""
    rows: list[list[object]] = [["Order ID", "Customer ID", "Order Date", "Total", "Delivery date"]]
    rows += [[f"O{i}", f"C{i % 4}", f"03/{i:02}/2026", "1.5", f"04/{i % 12 + 1:02}/2026"] for i in range(1, 21)]
    added = desk.add("shop", desk.export("orders.csv", rows))
    assert not any("month first?" in question for question in added.proposal.questions)
    assert "month first, as 'Order Date' is" in desk.text("shop")
    # midnight of 1 April in Shanghai, of the order for which i is 12
    assert desk.loaded("select min(delivered_at)::varchar from raw.orders") == [("2026-03-31 16:00:00",)]


def test_a_review_of_an_order_is_its_buyers_and_buyers_are_customers_since_their_first_order(desk: Desk) -> None:
    """Customer i orders in month 1 + i % 5 and again in December; every order is reviewed."""
    customers: list[list[object]] = [["Customer ID", "City"], *([f"C{i:03}", "X"] for i in range(12))]
    orders: list[list[object]] = [["Order ID", "Customer ID", "Order date", "Total"]]
    reviews: list[list[object]] = [["Review ID", "Order ID", "Rating", "Review date"]]
    for i in range(12):
        orders += [
            [f"O{i:03}", f"C{i:03}", f"2026-0{1 + i % 5}-10 12:00:00", 5],
            [f"P{i:03}", f"C{i:03}", "2026-08-10 12:00:00", 5],
        ]
        reviews += [[f"R{i:03}", f"O{i:03}", 1 + i % 5, "2026-08-11"], [f"S{i:03}", f"P{i:03}", 5, "2026-08-12"]]
    named = {"customers": customers, "orders": orders, "reviews": reviews}
    desk.add("shop", *(desk.export(f"{name}.csv", rows) for name, rows in named.items()))
    reported = (
        "select customer_id, count(*) from raw.surveys where about_type = 'order' group by all order by all limit 2"
    )
    assert desk.loaded(reported) == [("shop:C000", 2), ("shop:C001", 2)]
    since = "select customer_id, acquired_at::varchar from raw.customers order by 1 limit 2"
    assert desk.loaded(since) == [("shop:C000", "2026-01-10 04:00:00"), ("shop:C001", "2026-02-10 04:00:00")]


def test_a_customer_for_each_order_is_asked_about(desk: Desk) -> None:
    customers = [
        ["customer_id", "customer_unique_id", "city"],
        *([f"K{i:03}", f"P{i // 2:03}", "X"] for i in range(40)),
    ]
    orders = [["order_id", "customer_id", "order_date", "total"]]
    orders += [[f"O{i:03}", f"K{i:03}", "2026-01-01", "5"] for i in range(40)]
    added = desk.add("shop", desk.export("customers.csv", customers), desk.export("orders.csv", orders))
    assert any("Is customer_unique_id the customer?" in question for question in added.proposal.questions)


def test_where_a_source_is_pulled_from_stays_in_the_file(desk: Desk) -> None:
    """First `pull:`, then what it brought is looked at: nothing that a person wrote is taken away."""
    path = desk.settings.sources / "pulled.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    pull = (
        "pull:\n  # the register\n  database:\n    url: {env: CRM_URL}\n    objects: {customers: {table: customers}}\n"
    )
    path.write_text(f"source: pulled\ntime_zone: UTC\n{pull}", encoding="utf-8")
    rows = [["customer_id", "name", "email"], *([n, f"Name {n}", f"n{n}@example.com"] for n in range(30))]
    desk.add("pulled", desk.export("customers.csv", rows))
    assert pull in desk.text("pulled")
    assert desk.mapping("pulled").pull
    with pytest.raises(CommandFailedError, match="is there already"):  # now there is something to lose
        desk.add("pulled", desk.export("customers.csv", rows))
