"""A cast that cannot read what is there costs the row, wherever it stands; where null is meant it is said."""

from __future__ import annotations

import random
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.ingestion.expressions import ColumnReference, ExpressionError, parse

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

LINES = """
source: crm
time_zone: Asia/Shanghai
files:
  orders:
    pattern: "orders*"
    joins:
      lines: {{file: lines, on: {{id: order}}, aggregate: {{total: "{aggregate}"}}}}
    entities:
      - entity: orders
        columns: {{order_id: id, customer_id: buyer, ordered_at: at, gross_amount: lines.total}}
  lines:
    pattern: "lines*"
"""
ORDERS = (
    "id,buyer,at\n1,a,2026-01-02 10:00:00\n2,b,2026-01-02 10:00:00\n3,c,2026-01-02 10:00:00\n4,d,2026-01-02 10:00:00\n"
)
PRICES = 'order,price,kind\n1,10.00,x\n1,"1,234.50",x\n2,5,x\n2,,x\n3,7.25,x\n3,free,gift\n'


def test_an_amount_that_cannot_be_read_is_not_left_out_of_a_sum(home: Home) -> None:
    home.mapping(LINES.format(aggregate="sum(price::decimal(18,2))"))
    home.put("orders.csv", ORDERS)
    home.put("lines.csv", PRICES)
    (entry,) = [file for file in home.ingest().files if file.mapping_file == "orders"]
    # order 4 has no line at all: its amount is missing
    assert (entry.accepted, entry.quarantined) == (1, 3)
    assert home.ask("select order_id, gross_amount::varchar from raw.orders") == [("crm:2", "5.0000")]
    assert [(row["line"], row["column"], row["value"]) for row in home.put_aside("orders.csv")] == [
        ("2", "orders.gross_amount", "1,234.50"),
        ("4", "orders.gross_amount", "free"),
        ("5", "orders.gross_amount", ""),
    ]


@pytest.mark.parametrize(
    ("aggregate", "loaded"),
    [
        ("sum(try_cast(price as decimal(18,2)))", [("crm:1", "10.0000"), ("crm:2", "5.0000"), ("crm:3", "7.2500")]),
        ("sum(try(price::decimal(18,2)))", [("crm:1", "10.0000"), ("crm:2", "5.0000"), ("crm:3", "7.2500")]),
        ("sum(if(kind = 'gift', 0, price::decimal(18,2)))", [("crm:2", "5.0000"), ("crm:3", "7.2500")]),
        (
            "sum(replace(if(kind = 'gift', '0', price), ',', '')::decimal(18,2))",
            [
                ("crm:1", "1244.5000"),
                ("crm:2", "5.0000"),
                ("crm:3", "7.2500"),
            ],
        ),
        ("if(count(*) > 1, max(price)::decimal(18,2), 0)", [("crm:1", "10.0000"), ("crm:2", "5.0000")]),
    ],
)
def test_null_is_meant_where_it_is_said_and_in_branches_not_taken(
    home: Home, aggregate: str, loaded: list[tuple[str, str]]
) -> None:
    home.mapping(LINES.format(aggregate=aggregate))
    home.put("orders.csv", ORDERS)
    home.put("lines.csv", PRICES)
    home.ingest()
    assert home.ask("select order_id, gross_amount::varchar from raw.orders order by 1") == loaded


def test_an_aggregate_that_cannot_run_refuses_its_file_by_name_and_no_other(home: Home) -> None:
    home.mapping(LINES.format(aggregate="sum(price)"))
    home.mapping(
        (home.settings.sources / "crm.yml")
        .read_text()
        .replace("source: crm", "source: shop")
        .replace("sum(price)", "count(*)"),
        source="shop",
    )
    for source in ("crm", "shop"):
        home.put("orders.csv", ORDERS, source=source)
        home.put("lines.csv", PRICES, source=source)
    report = home.ingest()
    (refusal,) = report.refusals
    assert refusal.message.startswith(
        "crm/2026-01-05/orders.csv: the aggregates of the join 'lines' cannot run (total: SUM(price))"
    )
    assert "sum(price::decimal(18,2))" in refusal.message
    assert home.ask("select count(*) from raw.orders") == [(3,)]


@pytest.mark.parametrize(
    ("more", "accepted", "filtered", "reported"),
    [
        ("filter: n::int > 1", 1, 1, [("3", "filter", "x")]),
        ("filter: try_cast(n as int) > 1", 1, 2, []),
        ("filter: id = '4' and n::int > 1", 0, 2, [("5", "filter", "")]),
    ],
)
def test_a_filter_does_not_hide_what_it_cannot_read(
    home: Home, more: str, accepted: int, filtered: int, reported: list[tuple[str, str, str]]
) -> None:
    mapping = (home.settings.sources / "crm.yml").read_text().replace("    entities:", f"    {more}\n    entities:")
    home.mapping(mapping.replace("channel: channel", "channel: n"))
    home.put("orders.csv", "id,customer,at,amount,n\n1,c,2026-01-02,1,1\n2,c,2026-01-02,1,x\n3,c,2026-01-02,1,2\n")
    entry = home.file()
    if reported and reported[0][0] == "5":  # nothing comes to the cast of the filter
        assert (entry.accepted, entry.filtered, home.put_aside("orders.csv")) == (0, 3, [])
        return
    assert (entry.accepted, entry.filtered) == (accepted, filtered)
    assert [(row["line"], row["column"], row["value"]) for row in home.put_aside("orders.csv")] == reported


def test_a_condition_of_an_entity_is_told_as_such(home: Home) -> None:
    mapping = (home.settings.sources / "crm.yml").read_text()
    home.mapping(mapping.replace("- entity: orders", "- entity: orders\n        when: channel::int = 1"))
    home.put(
        "orders.csv", home.orders(1, 2, 3).replace("web", "1").replace("2.50,1", "2.50,one").replace("3.50,1", "3.50,2")
    )
    entry = home.file()
    assert (entry.accepted, entry.quarantined) == (2, 1)
    (row,) = home.put_aside("orders.csv")
    assert (row["column"], row["value"]) == ("orders.when", "one")
    assert home.ask("select order_id from raw.orders") == [("crm:1",)]


def test_a_row_that_cannot_be_computed_goes_alone(home: Home) -> None:
    """Arithmetic that overflows ends a statement of DuckDB; here it costs the one row."""
    mapping = (
        (home.settings.sources / "crm.yml")
        .read_text()
        .replace("gross_amount: amount", "gross_amount: amount::bigint * 1000000000")
    )
    home.mapping(mapping)
    home.put(
        "orders.csv",
        "id,customer,at,amount,channel\n1,c,2026-01-02,1,a\n2,c,2026-01-02,9223372036854775807,b\n3,c,2026-01-02,2,\n",
    )
    entry = home.file()
    assert (entry.status, entry.accepted, entry.quarantined) == ("loaded", 2, 1)
    (row,) = home.put_aside("orders.csv")
    assert (row["line"], row["column"]) == ("3", "orders.gross_amount")
    assert row["reason"].startswith("cannot be computed")


@pytest.mark.parametrize("number", ["1" * 5000, "1e400", "1e30", "-1e30", "NaN", "Infinity", "１２", "9" * 39])
def test_numbers_beyond_all_bounds_cost_their_row(home: Home, number: str) -> None:
    home.mapping(
        (home.settings.sources / "crm.yml")
        .read_text()
        .replace("entity: orders", "entity: agent_shifts")
        .replace(
            "{order_id: id, customer_id: customer, ordered_at: at, gross_amount: amount, channel: channel}",
            "{agent_id: id, started_at: at, logged_in_seconds: amount}",
        )
    )
    home.put("orders.csv", f"id,at,amount\n1,2026-01-02,60\n2,2026-01-02,{number}\n")
    entry = home.file()
    assert (entry.status, entry.accepted, entry.quarantined) == ("loaded", 1, 1)


def _python(text: str | None, places: int) -> Decimal | None:
    """What a cast to decimal makes of a text, by Python; raises where there is a text that is no number."""
    if text is None or not text.strip():
        return None
    return round(Decimal(text.strip()), places)


def test_any_row_is_unread_when_python_comes_to_a_number_that_is_none() -> None:
    """Expressions with branches, evaluated by Python as SQL evaluates them, on random texts."""
    texts = [None, "", " ", "1", "2.5", "x", "-3", "1,0", "4 "]

    def case(a: str | None, b: str | None, k: str) -> object:
        return _python(a, 2) if k == "a" else _python(b, 2) if k == "b" else None

    def first(a: str | None, b: str | None, _: str) -> object:
        one = _python(a, 2)
        return _python(b, 2) if one is None else one

    def both(a: str | None, b: str | None, k: str) -> object:
        return (_python(a, 2) or 0) + 1 if k == "a" and (_python(b, 2) or 0) > 0 else None

    ways = {
        "case k when 'a' then a::decimal(9,2) when 'b' then b::decimal(9,2) end": case,
        "if(k = 'a', a::decimal(9,2), if(k = 'b', b::decimal(9,2), null))": case,
        "coalesce(a::decimal(9,2), b::decimal(9,2))": first,
        "case when k = 'a' and coalesce(b::decimal(9,2), 0) > 0 then coalesce(a::decimal(9,2), 0) + 1 end": both,
    }
    dice = random.Random(11)  # noqa: S311 - no secret
    rows = [(dice.choice(texts), dice.choice(texts), dice.choice("abc")) for _ in range(600)]

    def name(reference: ColumnReference) -> str:
        return f"n_{reference}"

    for text, python in ways.items():
        expression = parse(text)
        conditions = [unread.condition for unread in expression.unread(name, "UTC")]
        sql = f"select {' or '.join(f'coalesce({one}, false)' for one in conditions)}, {expression.render(name, 'UTC')}"
        with duckdb.connect() as con:
            con.execute("create table t (n_a varchar, n_b varchar, n_k varchar)")
            con.executemany("insert into t values (?, ?, ?)", rows)
            found = con.execute(f"{sql} from t").fetchall()
        for row, (unread, value) in zip(rows, found, strict=True):
            try:
                expected = python(*row)
            except InvalidOperation:
                assert unread, (text, row)
            else:
                assert (unread, value) == (False, expected), (text, row)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(" * 200 + "a" + ")" * 200, "nested more than"),
        ("+".join(["a"] * 3000), "nested more than"),
        ("strptime(a, '%d/%m/%Y %H:%M %Z')", "by %Z"),
        ("try_strptime(a, ['%Y', '%d/%m/%Y %Z'])", "by %Z"),
    ],
)
def test_what_no_expression_may_be_is_said_when_the_mapping_is_read(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        parse(text)
