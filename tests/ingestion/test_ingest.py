"""Deliveries end to end: what is accepted, put aside, refused, held, and what is left when something breaks."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.ingestion import snapshots
from orchestration.ingestion.load import staging_connection

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

CUSTOMERS = """
source: crm
time_zone: UTC
files:
  customers:
    pattern: "customers*"
    entities:
      - entity: customers
        load_mode: snapshot
        columns: {customer_id: id, name: name, employees: employees}
"""


def customers(*numbers: int, bad: int | None = None) -> str:
    rows = (f"{n},Name {n},{'many' if n == bad else n}" for n in numbers)
    return "\n".join(["id,name,employees", *rows]) + "\n"


def test_a_clean_delivery_is_loaded(home: Home) -> None:
    home.put("orders.csv", home.orders(1, 2, 3))
    report = home.ingest()
    assert report.ok
    (load_entry,) = report.loads
    assert (load_entry.status, load_entry.rows_read, load_entry.rows_loaded) == ("loaded", 3, 3)
    assert home.ask("select order_id, customer_id, ordered_at::varchar, gross_amount::varchar from raw.orders") == [
        ("crm:1", "crm:c1", "2026-01-02 02:00:00", "1.5000"),
        ("crm:2", "crm:c2", "2026-01-03 02:00:00", "2.5000"),
        ("crm:3", "crm:c3", "2026-01-04 02:00:00", "3.5000"),
    ]
    assert not home.settings.quarantine.exists()


def test_bad_rows_are_put_aside_with_a_reason_in_words(home: Home) -> None:
    text = home.orders(1, 2, 3, 4, 5, 6, 7)
    text = text.replace("2.50", "two fifty").replace(",3.50", ",").replace("5,c5,2026-01-02", "5,c5,2026-13-02")
    home.put("orders.csv", text)
    report = home.ingest()
    assert report.ok
    assert [(row["line"], row["column"], row["value"]) for row in home.put_aside("orders.csv")] == [
        ("3", "orders.gross_amount", "two fifty"),
        ("4", "orders.gross_amount", ""),
        ("6", "orders.ordered_at", "2026-13-02 10:00:00"),
    ]
    first = home.put_aside("orders.csv")[0]
    assert first["reason"] == "is no number that decimal(18,4) holds; correct it at the source, or the mapping"
    assert '"customer":"c2"' in first["record"]
    (entry,) = report.files
    assert (entry.read, entry.accepted, entry.quarantined) == (7, 4, 3)
    path = home.settings.quarantine / "crm" / "2026-01-05"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((path / "orders.csv.csv").stat().st_mode) == 0o600


def test_too_many_bad_rows_refuse_the_load_and_the_last_good_one_stays(home: Home) -> None:
    home.put("orders.csv", home.orders(1, 2))
    home.ingest()
    tomorrow = home.day + timedelta(days=1)
    home.put("orders.csv", home.orders(3, 4, 5).replace(".50", "?"), tomorrow)
    report = home.ingest(tomorrow)
    assert not report.ok
    assert "3 of 3 rows are bad" in report.refusals[0].message
    assert "crm/2026-01-06/orders.csv" in report.refusals[0].message
    assert len(home.put_aside("orders.csv", tomorrow)) == 3
    assert home.ask("select count(*) from raw.orders") == [(2,)]
    assert home.ask("select status, rows_refused, is_stale from control.loads order by load_date") == [
        ("loaded", 0, True),
        ("refused", 3, True),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "zero bytes"),
        (b"\n\n", "without even a header"),
        (b"id,customer,at,amount\n1,2,3,4\n", "no column 'channel'"),
        (b"id,customer,at,amount,channel\n1,c,2026-01-01,5,caf\xe9\xff\n", "line 2, byte 51"),
        (b"\x1f\x8b\x08\x00broken", "damaged gzip"),
    ],
)
def test_an_unreadable_file_is_refused_and_hurts_no_other(home: Home, content: bytes, problem: str) -> None:
    home.mapping(
        (home.settings.sources / "crm.yml")
        .read_text()
        .replace('pattern: "orders*"', 'pattern: "orders*"\n    encoding: utf-8')
    )
    home.mapping(CUSTOMERS.replace("source: crm", "source: other"), source="other")
    home.put("orders.csv", content)
    home.put("customers.csv", customers(1, 2), source="other")
    report = home.ingest()
    assert [refusal.source for refusal in report.refusals] == ["crm"]
    assert problem in report.refusals[0].message
    assert home.ask("select count(*) from raw.customers") == [(2,)]


def test_a_header_alone_is_nothing_new_but_no_snapshot(home: Home) -> None:
    home.put("orders.csv", home.orders())
    assert home.ingest().ok
    home.mapping(CUSTOMERS)
    home.put("orders.csv", home.orders()).unlink()
    home.put("customers.csv", customers())
    assert "header and no row" in home.ingest().refusals[0].message


def test_rows_that_repeat_another_to_the_letter_count_once(home: Home) -> None:
    text = home.orders(1, 2)
    home.put("orders.csv", text + "1,c1,2026-01-02 10:00:00,1.50,web\n" + "1,c1,2026-01-02 10:00:00,1.50,shop\n")
    entry = home.file()
    assert (entry.read, entry.accepted, entry.duplicate) == (4, 3, 1)


def test_rows_without_a_key_count_each(home: Home) -> None:
    mapping = (home.settings.sources / "crm.yml").read_text().replace("order_id: id, ", "")
    home.mapping(mapping)
    home.put("orders.csv", home.orders(1, 1, 2))
    assert home.file().duplicate == 0
    assert home.ask("select count(*), count(distinct order_id) from raw.orders") == [(3, 3)]


def test_filtered_rows_are_counted(home: Home) -> None:
    mapping = (home.settings.sources / "crm.yml").read_text()
    home.mapping(mapping.replace("    entities:", "    filter: id <> '2'\n    entities:"))
    home.put("orders.csv", home.orders(1, 2, 3))
    assert (home.file().filtered, home.file().accepted) == (1, 2)


def test_the_same_file_twice_changes_nothing(home: Home) -> None:
    home.put("orders.csv", home.orders(1, 2))
    home.ingest()
    before = home.manifest, sorted(home.settings.raw.rglob("*.parquet"))
    assert home.ingest().ok
    assert (home.manifest, sorted(home.settings.raw.rglob("*.parquet"))) == before


@pytest.mark.slow
def test_days_in_any_order_leave_the_same(home: Home) -> None:
    """Also with a snapshot that is held because of the day before, and rates that come before or after."""
    home.mapping(
        CUSTOMERS
        + """
  orders:
    pattern: "orders*"
    entities:
      - entity: orders
        columns: {order_id: id, customer_id: c, ordered_at: at, gross_amount: amount, currency: currency}
  rates:
    pattern: "rates*"
    entities:
      - entity: fx_rates
        columns: {currency: currency, date: date, rate: rate}
"""
    )
    days = [home.day + timedelta(days=n) for n in range(4)]
    home.put("customers.csv", customers(*range(100)), days[0])
    home.put("customers.csv", customers(*range(99), bad=7), days[1])
    home.put("customers.csv", customers(*range(50)), days[2])
    home.put("customers.csv", customers(*range(1, 99)), days[3])
    home.put("rates.csv", "currency,date,rate\nUSD,2026-01-01,7.1\nUSD,2026-01-02,7.2\n", days[1])
    orders = "id,c,at,amount,currency\n1,1,2026-01-01 10:00:00,2,USD\n2,1,2026-01-02 10:00:00,2,\n"
    home.put("orders.csv", orders, days[0])
    home.put("orders.csv", orders, days[3])
    manifests = set()
    for number, order in enumerate(permutations(days)):
        if number % 5:
            continue
        home.settings.raw.mkdir(exist_ok=True)
        for day in (*order, order[0]):
            home.ingest(day)
        manifests.add(home.manifest)
        home.settings.raw.rename(home.settings.home / f"raw{number}")
    home.ingest(days[0], days[-1])
    manifests.add(home.manifest)
    assert len(manifests) == 1
    statuses = home.ask(
        "select load_date, status, rows_loaded from control.loads where entity = 'customers' order by 1"
    )
    assert [row[1:] for row in statuses] == [("loaded", 100), ("loaded", 98), ("held", 0), ("loaded", 98)]
    both = ["14.2000", "2.0000"]
    orders_known = "select gross_amount::varchar from raw.orders where load_date = '{}' order by 1"
    for day, known_at, amounts in (
        (days[0], days[0], ["2.0000"]),  # the rates arrived the day after
        (days[0], days[1], both),
        (days[3], days[3], both),
    ):
        assert [row[0] for row in home.ask(orders_known.format(day), known_at)] == amounts
    kept = home.ask(
        f"select name, employees from raw.customers where load_date = '{days[1]}' and customer_id = 'crm:7'"
    )
    assert kept == [("Name 7", 7)]


def test_a_person_can_accept_many_deletions(home: Home) -> None:
    home.mapping(CUSTOMERS)
    tomorrow = home.day + timedelta(days=1)
    home.put("customers.csv", customers(*range(10)))
    home.put("customers.csv", customers(*range(5)), tomorrow)
    report = home.ingest(home.day, tomorrow)
    assert "5 of 10 customers are gone" in report.refusals[0].message
    assert home.ask("select count(*) from raw.customers") == [(10,)]
    snapshots.accepts_deletions(home.settings, "crm", tomorrow, "customers").touch()
    assert home.ingest(tomorrow).ok
    assert home.ask("select count(*) from raw.customers") == [(15,)]


def test_foreign_money_becomes_the_company_s(home: Home) -> None:
    mapping = (home.settings.sources / "crm.yml").read_text().replace("channel: channel", "currency: channel")
    rates = """  rates:
    pattern: rates.csv
    entities:
      - {entity: fx_rates, columns: {currency: currency, date: date, rate: rate}}
"""
    home.mapping(mapping + rates)
    home.put("rates.csv", "currency,date,rate\nUSD,2026-01-02,7.123456\nUSD,2026-01-03,7\n")
    orders = home.orders(1, 2, 3, 4).split("web")
    home.put("orders.csv", "USD".join(orders[:3]) + "CNY".join(orders[2:4]).removeprefix(orders[2]) + "EUR" + orders[4])
    report = home.ingest()
    assert report.ok
    assert home.ask("select order_id, gross_amount::varchar, currency from raw.orders order by 1") == [
        ("crm:1", "10.6852", "USD"),  # 1.50 at 7.123456
        ("crm:2", "17.5000", "USD"),
        ("crm:3", "3.5000", "CNY"),
    ]
    (row,) = home.put_aside("orders.csv")
    assert (row["line"], row["value"], row["reason"].startswith("has no rate")) == ("5", "EUR", True)


def test_what_was_deliberately_left_out_is_said(home: Home) -> None:
    home.put("orders.csv", home.orders(1).replace("channel", "channel,note").replace("web", "web,hi"))
    assert home.file().unknown_columns == ("note",)
    home.put("surprise.txt", "x")
    assert "no pattern of the mapping fits" in home.ingest().refusals[0].message


def test_a_folder_without_mapping_is_named(home: Home) -> None:
    home.put("x.csv", "a\n1\n", source="unheard_of")
    home.put("orders.csv", home.orders(1))
    report = home.ingest()
    assert "unheard_of.yml" in report.refusals[0].message
    assert home.ask("select count(*) from raw.orders") == [(1,)]


def test_a_mapping_that_broke_makes_its_source_stale(home: Home) -> None:
    home.put("orders.csv", home.orders(1))
    home.ingest()
    tomorrow = home.day + timedelta(days=1)
    home.mapping("source: crm\n")
    home.put("orders.csv", home.orders(2), tomorrow)
    assert not home.ingest(tomorrow).ok
    assert home.ask("select status, is_stale from control.loads order by load_date") == [
        ("loaded", True),
        ("refused", True),
    ]


def test_a_corrected_file_replaces_the_day_s(home: Home) -> None:
    home.put("orders.csv", home.orders(1, 2))
    home.ingest()
    home.put("orders.csv", home.orders(1, 3, 4))
    home.ingest()
    assert home.ask("select order_id from raw.orders order by 1") == [("crm:1",), ("crm:3",), ("crm:4",)]
    home.put("orders.csv", b"")  # and a broken correction takes nothing away
    assert not home.ingest().ok
    assert home.ask("select count(*) from raw.orders") == [(3,)]
    assert home.ask("select status, is_stale from control.loads") == [("refused", True)]


def test_a_crash_leaves_the_last_good_state(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.put("orders.csv", home.orders(1))
    home.ingest()
    before = home.manifest
    tomorrow = home.day + timedelta(days=1)
    home.put("orders.csv", home.orders(2), tomorrow)
    real = os.replace

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for place in ("pathlib.Path.replace", "orchestration.ingestion.load.write_quarantine", "os.fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(place, crash)
            with pytest.raises(KeyboardInterrupt):
                home.ingest(tomorrow)
        assert home.manifest == before
    assert os.replace is real
    assert home.ingest(tomorrow).ok
    assert home.ask("select count(*) from raw.orders") == [(2,)]


def test_no_console_message_holds_a_value(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.mapping(CUSTOMERS.replace("name: name", "name: name, birth_date: name"))
    home.put("customers.csv", customers(1, 2).replace("Name", "Zhang Secret"))
    report = home.ingest()
    assert "Secret" not in repr(report)
    assert "Secret" not in home.manifest.decode()
    assert "Secret" not in "".join(capsys.readouterr())
    assert home.put_aside("customers.csv")[0]["value"] == "Zhang Secret 1"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('{secret}')",
        "select * from read_text('{secret}')",
        "attach '{folder}/x.db'",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "install httpfs",
        "copy (select 1) to '{folder}/out.csv'",
    ],
)
def test_duckdb_cannot_reach_beyond_its_folder(home: Home, statement: str) -> None:
    """Even a statement that got past the mapping's check could read nothing of the machine."""
    secret = home.put("secret.csv", "a\n1\n")
    with staging_connection(home.settings) as con, pytest.raises(duckdb.Error, match=r"(?i)permission|lock|disabled"):
        con.execute(statement.format(secret=secret, folder=secret.parent))
