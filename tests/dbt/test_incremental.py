"""The incremental build equals the full one, and a full build of an older day equals the build of that day."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

FIRST_NIGHT, SECOND_NIGHT = date(2026, 10, 30), date(2026, 10, 31)
STORES = [{"store_id": f"crm:s{n}", "region": f"region {n % 2}", "name": f"Store {n}"} for n in range(3)]
PROJECT = ("build", "--exclude-resource-type", "test")


def first_delivery() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Customers and orders of 2025 and 2026; all of May 2026 is one order. Times are noon in Shanghai."""
    rng = random.Random(11)  # noqa: S311 - data for a test
    people: list[dict[str, Any]] = []
    orders: list[dict[str, Any]] = []
    for c in range(40):
        known = datetime(2025, 1, 1, 4) + timedelta(days=rng.randrange(500))  # noqa: DTZ001 - UTC, stored without zone
        store = rng.choice(STORES)["store_id"]
        people.append({"customer_id": f"crm:{c}", "store_id": store, "first_known_at": known, "updated_at": known})
        at = known
        while (at := at + timedelta(days=rng.choice([3, 9, 30, 60, 150]))).date() < FIRST_NIGHT:
            if (at.year, at.month) != (2026, 5):
                orders.append(order(len(orders), c, store, at, rng.choice([10, 25, 25, 400])))
    orders.append(order(len(orders), 0, "crm:s0", datetime(2026, 5, 9, 4), 77))  # noqa: DTZ001
    return people, orders


def order(number: int, customer: int, store: str, at: datetime, amount: int) -> dict[str, Any]:
    return {
        "order_id": f"crm:o{number}",
        "customer_id": f"crm:{customer}",
        "store_id": store,
        "ordered_at": at,
        "status": "delivered",
        "gross_amount": Decimal(amount),
        "promised_at": at + timedelta(days=3),
        "delivered_at": at + timedelta(days=4),
        "updated_at": at,
    }


def second_delivery(people: list[dict[str, Any]], orders: list[dict[str, Any]]) -> tuple[Any, Any]:
    """A night on which rows of June and later move, go and come, and May is left without its one order."""
    later = datetime(2026, 10, 31, 2)  # noqa: DTZ001 - UTC, stored without zone
    recent = [o for o in orders if o["ordered_at"] >= datetime(2026, 6, 1)]  # noqa: DTZ001
    moved_month, moved_store, deleted = recent[0], recent[1], recent[2]
    changed = {
        orders[-1]["order_id"]: None,
        deleted["order_id"]: None,
        moved_month["order_id"]: {"ordered_at": datetime(2026, 9, 2, 4), "updated_at": later},  # noqa: DTZ001
        moved_store["order_id"]: {"store_id": "crm:s2", "updated_at": later},
    }
    kept = [o | (changed.get(o["order_id"]) or {}) for o in orders if changed.get(o["order_id"], {}) is not None]
    new = order(len(orders), 99, "crm:s1", datetime(2026, 10, 30, 5), 60)  # noqa: DTZ001
    at_home = [p | {"store_id": "crm:s1", "updated_at": later} if p["customer_id"] == "crm:3" else p for p in people]
    gone = [p for p in at_home if p["customer_id"] != "crm:7"]
    closed = [p | {"closed_at": later, "updated_at": later} if p["customer_id"] == "crm:5" else p for p in gone]
    won = {"customer_id": "crm:99", "store_id": "crm:s1", "first_known_at": new["ordered_at"], "updated_at": later}
    return [*closed, won], [*kept, new]


def differences(left: Path, right: Path) -> dict[str, int]:
    """Rows of one marts file that the other lacks, by table, both ways."""
    with duckdb.connect() as con:
        con.execute(f"attach '{left}' as l (read_only); attach '{right}' as r (read_only)")
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'l' order by all"
        ).fetchall()
        assert len(tables) >= 12
        counts = {}
        for schema, table in tables:
            name = f'{schema}."{table}"'
            both_ways = f"((from l.{name} except all from r.{name}) union all (from r.{name} except all from l.{name}))"
            counted = con.execute(f"select count(*) from {both_ways}").fetchone()
            assert counted is not None
            if counted[0]:
                counts[name] = counted[0]
        return counts


@pytest.mark.slow
def test_incremental_equals_full_and_an_older_day_is_as_it_was(warehouse: Any, tmp_path: Path) -> None:
    """Prevents ghosts of rows that moved to another month or store, were deleted, or left their month empty."""
    people, orders = first_delivery()
    later_people, later_orders = second_delivery(people, orders)
    loads = [
        ("stores", FIRST_NIGHT, STORES, "snapshot"),
        ("customers", FIRST_NIGHT, people, "snapshot"),
        ("orders", FIRST_NIGHT, orders, "snapshot"),
        ("customers", SECOND_NIGHT, later_people, "snapshot"),
        ("orders", SECOND_NIGHT, later_orders, "snapshot"),
    ]
    warehouse.load(loads, as_of=FIRST_NIGHT, known_at=FIRST_NIGHT)
    warehouse.dbt(*PROJECT)
    first_night = warehouse.copy(tmp_path / "first_night")

    warehouse.load(loads, as_of=SECOND_NIGHT)
    warehouse.dbt(*PROJECT)
    built = warehouse.work_query("select month from intermediate.int_core__build_months where not is_lead_in")
    kept = warehouse.work_query("select month from intermediate.int_core__months")
    assert built["month"].min().date() == date(2026, 5, 1)
    assert len(built) < len(kept)

    full = warehouse.empty(tmp_path / "full")
    full.load(loads, as_of=SECOND_NIGHT)
    full.dbt(*PROJECT)
    assert differences(warehouse.marts, full.marts) == {}
    assert differences(warehouse.marts, first_night.marts) != {}

    older = warehouse.empty(tmp_path / "older")
    older.load(loads, as_of=FIRST_NIGHT, known_at=FIRST_NIGHT)
    older.dbt(*PROJECT)
    assert differences(older.marts, first_night.marts) == {}


@pytest.mark.slow
@pytest.mark.long
def test_a_night_without_news_builds_no_month(warehouse: Any) -> None:
    """Prevents fingerprints that differ between two builds of the same rows."""
    people, orders = first_delivery()
    loads = [("customers", FIRST_NIGHT, people, "snapshot"), ("orders", FIRST_NIGHT, orders, "snapshot")]
    warehouse.load(loads, as_of=FIRST_NIGHT)
    warehouse.dbt(*PROJECT)
    before = warehouse.query("select count(*) as n from customer.fct_customer_month")["n"][0]
    warehouse.dbt(*PROJECT)
    assert warehouse.work_query("select month from intermediate.int_core__build_months").empty
    assert warehouse.query("select count(*) as n from customer.fct_customer_month")["n"][0] == before > 0
