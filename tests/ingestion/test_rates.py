"""Rates of exchange: which one an amount is converted by, and what becomes of a row for which there is none.

What is right is worked out here row by row, from the rates as they were written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.settings import Settings
from tests.ingestion.homes import DAY, Home

SHOP = """
source: {source}
time_zone: UTC
files:
  rates:
    pattern: "rates*"
    entities: [{{entity: fx_rates, columns: contract}}]
  orders:
    pattern: "orders*"
    entities: [{{entity: orders, columns: contract}}]
  products:
    pattern: "products*"
    entities: [{{entity: products, columns: contract}}]
  lines:
    pattern: "lines*"
    entities: [{{entity: order_lines, columns: contract}}]
  returns:
    pattern: "returns*"
    entities: [{{entity: returns, columns: contract}}]
"""
FRIDAY = date(2026, 1, 2)
SATURDAY = FRIDAY + timedelta(days=1)
Rate = tuple[str, date, str]
Order = tuple[str, date, str]  # number, day, currency: each over 100


def shop(tmp_path: Path, source: str = "shop", **ingestion: float) -> Home:
    home = Home(Settings.model_validate({"home": tmp_path, "company": {"currency": "CNY"}, "ingestion": ingestion}))
    return home.mapping(SHOP.format(source=source), source)


def rates(rows: Iterable[Rate]) -> str:
    return "\n".join(["currency,date,rate", *(",".join(map(str, row)) for row in rows)]) + "\n"


def orders(rows: Iterable[Order]) -> str:
    lines = (f"{number},{day}T04:00:00Z,100,{currency}" for number, day, currency in rows)
    return "\n".join(["order_id,ordered_at,gross_amount,currency", *lines]) + "\n"


def amounts(home: Home, known_at: date | None = None) -> dict[str, Decimal]:
    found = home.ask("select order_id, gross_amount from raw.orders", known_at)
    return {key.partition(":")[2]: amount for key, amount in found}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return shop(tmp_path)


def test_a_weekend_takes_the_rate_of_friday_and_is_told(home: Home) -> None:
    home.put("rates.csv", rates([("GBP", FRIDAY, "9"), ("GBP", FRIDAY - timedelta(days=1), "8")]), source="shop")
    own = [(f"own{n}", FRIDAY, "CNY") for n in range(20)]
    foreign = [("f", FRIDAY, "GBP"), ("s", SATURDAY, "GBP"), ("w", FRIDAY + timedelta(days=7), " gbp ")]
    home.put("orders.csv", orders([*own, *foreign, ("old", FRIDAY + timedelta(days=8), "GBP")]), source="shop")
    report = home.ingest()
    assert report.ok
    found = amounts(home)
    assert {found[key] for key in ("f", "s", "w")} == {900}
    assert "old" not in found
    entry = next(file for file in report.files if file.mapping_file == "orders")
    assert (entry.earlier_rate, entry.without_rate, entry.quarantined) == (2, 1, 1)
    (row,) = home.put_aside("orders.csv", source="shop")
    assert (row["line"], row["column"], row["value"]) == ("25", "orders.currency", "GBP")
    assert row["reason"].startswith("has no rate in fx_rates of its day or of the 7 days before it")
    reported = home.ask("select rows_earlier_rate, rows_without_rate from control.loads where entity = 'orders'")
    assert reported == [(2, 1)]


def test_a_file_is_never_refused_for_want_of_rates(home: Home) -> None:
    """Nor is a bad row forgiven for standing among those that wait."""
    home.put("orders.csv", orders([(str(n), FRIDAY, "GBP") for n in range(9)]), source="shop")
    report = home.ingest()
    assert report.ok
    assert [(load.rows_loaded, load.rows_without_rate) for load in report.loads] == [(0, 9)]
    text = orders([(str(n), FRIDAY, "GBP") for n in range(9)]).replace("100,GBP", "cheap,GBP", 6)
    home.put("orders.csv", text, source="shop")
    (refusal,) = home.ingest().refusals
    assert "6 of 9 rows are bad" in refusal.message
    assert "orders.gross_amount is no number" in refusal.message
    assert [row["value"] for row in home.put_aside("orders.csv", source="shop")] == ["cheap"] * 6


def test_a_rate_that_is_not_above_0_is_none(home: Home) -> None:
    home.put("rates.csv", rates([("GBP", FRIDAY, "9"), ("GBP", SATURDAY, "0")]), source="shop")
    home.put("orders.csv", orders([("s", SATURDAY, "GBP")]), source="shop")
    home.ingest()
    assert amounts(home) == {"s": 900}


def test_small_rates_keep_their_digits(home: Home) -> None:
    home.put("rates.csv", rates([("VND", FRIDAY, "0.0002813947")]), source="shop")
    home.put("orders.csv", orders([("v", FRIDAY, "VND")]), source="shop")
    home.ingest()
    assert amounts(home) == {"v": Decimal("0.0281")}


def test_the_rate_of_the_day_counts_once_it_arrives(home: Home) -> None:
    """In whichever delivery, and what was known before can still be had."""
    days = [DAY + timedelta(days=n) for n in range(3)]
    home.put("rates.csv", rates([("GBP", FRIDAY, "9")]), days[0], "shop")
    home.put("orders.csv", orders([("s", SATURDAY, "GBP"), ("u", SATURDAY, "USD")]), days[0], "shop")
    home.put("rates.csv", rates([("GBP", SATURDAY, "10")]), days[1], "shop")
    home.put("rates.csv", rates([("USD", SATURDAY, "7"), ("EUR", SATURDAY, "8")]), days[2], "shop")
    for day in days:
        assert home.ingest(day).ok
    assert [amounts(home, day) for day in days] == [{"s": 900}, {"s": 1000}, {"s": 1000, "u": 700}]
    assert home.put_aside("orders.csv", days[0], "shop") == []
    loads = home.ask("select rows_loaded, rows_earlier_rate from control.loads where entity = 'orders'")
    assert loads == [(2, 0)]
    before = home.manifest
    home.ingest(*days[::2])
    assert home.manifest == before


def test_a_rate_put_into_the_same_delivery_later_counts_too(home: Home) -> None:
    home.put("rates.csv", rates([("GBP", FRIDAY, "9")]), source="shop")
    home.put("orders.csv", orders([("s", SATURDAY, "GBP")]), source="shop")
    home.ingest()
    home.put("rates_2.csv", rates([("GBP", SATURDAY, "10")]), source="shop")
    home.ingest()
    assert amounts(home, DAY) == {"s": 1000}


def test_rates_of_another_source_serve_too_and_one_s_own_come_first(home: Home) -> None:
    home.mapping(SHOP.format(source="bank"), "bank").mapping(SHOP.format(source="atm"), "atm")
    home.put("orders.csv", orders([("f", FRIDAY, "GBP"), ("s", SATURDAY, "GBP"), ("e", FRIDAY, "EUR")]), source="shop")
    assert home.ingest().ok
    assert amounts(home) == {}
    home.put("rates.csv", rates([("GBP", FRIDAY, "9"), ("EUR", FRIDAY, "8")]), source="bank")
    home.put("rates.csv", rates([("EUR", FRIDAY, "7")]), source="atm")
    home.ingest()
    assert amounts(home) == {"f": 900, "s": 900, "e": 700}  # of two others the first by name
    home.put("rates.csv", rates([("GBP", FRIDAY, "5")]), source="shop")
    home.put("rates_2.csv", rates([("GBP", SATURDAY, "6")]), source="bank")
    home.ingest()
    assert amounts(home) == {"f": 500, "s": 600, "e": 700}  # the newer rate before one's own older one


def test_a_snapshot_waits_for_a_rate_too_and_nothing_of_it_is_taken_for_deleted(home: Home) -> None:
    """q never has a rate on the second day: it keeps what it was known by then, from the later reading of the first."""
    days = [DAY + timedelta(days=n) for n in range(3)]
    products = "product_id,list_price,currency\np,100,CNY\nq,100,EUR\n"
    home.put("products.csv", products, days[0], "shop")
    home.put("rates.csv", rates([("EUR", days[0], "8")]), days[1], "shop")
    home.put("products.csv", products.replace("EUR", "USD"), days[2], "shop")
    assert home.ingest(days[0], days[2]).ok
    newest = "select product_id, list_price from raw.products qualify load_date = max(load_date) over () order by 1"
    assert [home.ask(newest, day) for day in days] == [
        [("shop:p", 100)],
        [("shop:p", 100), ("shop:q", 800)],
        [("shop:p", 100), ("shop:q", 800)],
    ]
    assert [row["line"] for row in home.put_aside("products.csv", days[2], "shop")] == ["3"]
    before = home.manifest
    home.ingest(days[1])
    assert home.manifest == before


def test_what_has_no_day_of_its_own_is_converted_by_that_of_its_delivery(home: Home) -> None:
    """A line may state its order's day; a return has its own; where there is no money no rate is needed."""
    later = FRIDAY + timedelta(days=30)
    home.put("rates.csv", rates([("GBP", FRIDAY, "9"), ("GBP", later, "10")]), later, "shop")
    home.put("products.csv", "product_id,list_price,unit_cost,currency\np,100,,GBP\nq,,,EUR\n", later, "shop")
    lines = f"o,1,2,100,GBP,{FRIDAY}T04:00:00Z\no,2,1,100,GBP,\n"
    home.put("lines.csv", f"order_id,line_no,quantity,amount,currency,ordered_at\n{lines}", later, "shop")
    returns = f"r,{SATURDAY}T04:00:00Z,refund,50,GBP\n"
    home.put("returns.csv", f"return_id,returned_at,kind,refund_amount,currency\n{returns}", later, "shop")
    assert home.ingest(later).ok
    assert home.ask("select list_price from raw.products order by product_id") == [(1000,), (None,)]
    assert home.ask("select amount, currency from raw.order_lines order by line_no") == [(900, "GBP"), (1000, "GBP")]
    assert home.ask("select refund_amount from raw.returns") == [(450,)]


def test_a_line_needs_a_price_or_an_amount(home: Home) -> None:
    home.put(
        "lines.csv",
        "order_id,line_no,quantity,unit_price,amount\n" + "o,1,1,5,\no,2,1,,5\n" * 60 + "o,3,1,,\n",
        source="shop",
    )
    assert home.ingest().ok
    (row,) = home.put_aside("lines.csv", source="shop")
    assert (row["line"], row["column"]) == ("122", "order_lines.unit_price")
    assert row["reason"] == "is missing, and so is amount; one of them is required"


CURRENCIES = st.sampled_from(["USD", "GBP", "EUR"])
DAYS = st.integers(0, 40).map(lambda n: FRIDAY + timedelta(days=n))
RATES = st.dictionaries(st.tuples(CURRENCIES, DAYS), st.integers(1, 10**7), max_size=12)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    own=st.lists(RATES, min_size=1, max_size=3),
    others=st.lists(RATES, min_size=1, max_size=3),
    sold=st.lists(st.tuples(CURRENCIES | st.just("CNY"), DAYS), min_size=1, max_size=15),
    max_age=st.integers(0, 12),
    order=st.permutations(range(3)),
)
def test_every_amount_is_converted_by_the_newest_rate_known(
    own: list[dict[tuple[str, date], int]],
    others: list[dict[tuple[str, date], int]],
    sold: list[tuple[str, date]],
    max_age: int,
    order: list[int],
) -> None:
    """Orders in the first delivery, rates in three of this source and of another, ingested in any order."""
    days = [FRIDAY + timedelta(days=50 + n) for n in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        home = shop(Path(folder), fx_max_age_days=max_age).mapping(SHOP.format(source="bank"), "bank")
        home.put("orders.csv", orders((str(n), day, code) for n, (code, day) in enumerate(sold)), days[0], "shop")
        for source, deliveries in (("shop", own), ("bank", others)):
            for day, reported in zip(days, deliveries, strict=False):
                rows = [(code, at, str(Decimal(millionths) / 10**6)) for (code, at), millionths in reported.items()]
                home.put("rates.csv", rates(rows), day, source)
        for number in order:
            home.ingest(days[number])
        for number, known_at in enumerate(days):
            assert amounts(home, known_at) == _expected(own[: number + 1], others[: number + 1], sold, max_age)


def _expected(
    own: list[dict[tuple[str, date], int]],
    others: list[dict[tuple[str, date], int]],
    sold: list[tuple[str, date]],
    max_age: int,
) -> dict[str, Decimal]:
    found = {}
    for number, (code, day) in enumerate(sold):
        for age in range(max_age + 1):
            reported = [
                d[code, day - timedelta(days=age)] for d in (*others, *own) if (code, day - timedelta(days=age)) in d
            ]
            if code == "CNY":
                reported = [10**6]
            if reported:
                exact = Decimal(100) * reported[-1] / 10**6
                found[str(number)] = exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)
                break
    return found
