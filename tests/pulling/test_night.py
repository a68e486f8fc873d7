"""The night pulls before it reads; what fails hurts no other source; who does not pull pays nothing for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from foundation.settings import Settings
from orchestration.assets.raw import raw_zone_asset
from orchestration.cli import cli
from orchestration.ingestion import ingest, register_duckdb
from orchestration.pulling import run
from tests.pulling import systems
from tests.pulling.conftest import DAY, Home
from tests.pulling.systems import Answer, System

Serve = Callable[[System], System]
ORDERS = """
files:
  orders:
    pattern: "orders.*"
    entities:
      - entity: orders
        columns: {order_id: id, ordered_at: updated_at, gross_amount: amount, channel: {constant: web}}
"""
PULL = "pull: {{database: {{url: 'sqlite:///{path}', objects: {{orders: {{table: orders, cursor: updated_at}}}}}}}}"


@pytest.fixture
def today() -> date:
    return datetime.now(Settings().company.zone).date()


def _shop(path: Path, *ids: int) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("create table orders (id integer, amount numeric, updated_at timestamp)")
        for number in ids:
            connection.exec_driver_sql(f"insert into orders values ({number}, {number}, '2026-03-0{number} 10:00:00')")
    return engine


def _night(home: Home, day: date) -> dg.AssetCheckEvaluation:
    """The first step of the night's job."""
    result = dg.materialize(
        [raw_zone_asset(home.settings)], resources={"writer": home.settings}, partition_key=str(day)
    )
    assert result.success
    (check,) = result.get_asset_check_evaluations()
    return check


def _orders(home: Home) -> list[tuple[str, str]]:
    with duckdb.connect() as con:
        register_duckdb(con, home.settings, known_at=date(2030, 1, 1))
        found = con.execute("select distinct source_system, order_id from raw.orders order by all").fetchall()
    return [(str(source), str(order)) for source, order in found]


def test_the_night_pulls_and_reads_and_a_source_that_fails_hurts_no_other(
    home: Home, serve: Serve, tmp_path: Path, today: date
) -> None:
    _shop(tmp_path / "shop.db", 1, 2)
    home.declare(PULL.format(path=tmp_path / "shop.db"), "shop", ORDERS)
    down = serve(System(lambda *_: Answer("", 404), []))
    home.declare(f"pull: {{api: {{preset: shopify, url: '{down.url}', objects: [orders]}}}}", "down", ORDERS)
    before = home.settings.landing / "down" / str(today) / "orders.csv"  # what a person dropped
    before.parent.mkdir(parents=True)
    before.write_text("id,amount,updated_at\n7,7,2026-03-01 10:00:00\n", encoding="utf-8")

    check = _night(home, today)
    assert not check.passed
    assert (
        check.description
        == f"down: orders: HTTP 404 from {down.url[7:]}: there is no such path; correct `url` or `path`"
    )
    assert _orders(home) == [("down", "down:7"), ("shop", "shop:1"), ("shop", "shop:2")]
    mails = list(home.settings.outbox.glob("*"))
    assert len(mails) == 1


def test_the_night_pulls_a_source_once_a_day_and_again_where_that_failed(
    home: Home, tmp_path: Path, today: date
) -> None:
    home.declare(PULL.format(path=tmp_path / "shop.db"), "shop", ORDERS)
    assert "no such table" in str(_night(home, today).description)
    shop = _shop(tmp_path / "shop.db", 1)
    assert _night(home, today).passed
    with shop.begin() as connection:
        connection.exec_driver_sql("insert into orders values (2, 2, '2026-03-02 10:00:00')")
    assert _night(home, today).passed
    assert _orders(home) == [("shop", "shop:1")]  # else its own files would start it again and again
    home.pulled(today)
    assert _night(home, today).passed
    assert _orders(home) == [("shop", "shop:1"), ("shop", "shop:2")]


def test_nothing_is_pulled_for_a_day_of_a_backfill_that_is_past(home: Home, tmp_path: Path, today: date) -> None:
    _shop(tmp_path / "shop.db", 1)
    home.declare(PULL.format(path=tmp_path / "shop.db"), "shop", ORDERS)
    report = run.pull_of_night(home.settings, today - timedelta(days=2))
    assert (report.landed, len(report.notes)) == ([], 1)
    assert not home.settings.landing.exists()


def test_what_came_twice_is_counted_once(home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that moved while its pages were read: both of its versions land, the later one stands."""
    rows = [{"id": n, "amount": n, "updated_at": f"2026-03-0{n}T10:00:00+08:00"} for n in range(1, 9)]

    def move(system: System, _: systems.Asked) -> None:
        if len(system.asked) == 2:
            system.rows[0] = {"id": 1, "amount": 100, "updated_at": "2026-03-09T10:00:00+08:00"}

    system = serve(System(systems.shopify, rows, before=move))
    home.declare(f"pull: {{api: {{preset: shopify, url: '{system.url}', objects: [orders]}}}}", files=ORDERS)
    home.pulled()
    assert len(home.rows("orders")) == 9
    report = ingest(home.settings, DAY, DAY)
    assert report.ok
    with duckdb.connect() as con:
        register_duckdb(con, home.settings)
        # as staging takes the last version of a key
        found = con.execute("""
            select order_id, arg_max(gross_amount, ordered_at)::int from raw.orders group by all order by all
        """).fetchall()
    assert found == [(f"crm:{n}", 100 if n == 1 else n) for n in range(1, 9)]


def test_a_source_that_does_not_pull_is_refused_by_name(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.declare("", files=ORDERS)
    monkeypatch.setenv("KEFU_HOME", str(home.settings.home))
    result = CliRunner().invoke(cli, ["pull", "--date", str(DAY), "crm", "other"])
    assert str(result.exception).count("says no `pull:`") == 2


@pytest.mark.parametrize("words", [["ingest"], ["pull"]])
def test_dlt_is_loaded_by_a_pull_alone(home: Home, words: list[str]) -> None:
    home.declare("", files=ORDERS)
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from orchestration.cli import cli\n"
        f"CliRunner().invoke(cli, {[*words, '--date', str(DAY)]}, env={{'KEFU_HOME': {str(home.settings.home)!r}}})\n"
        "heavy = {'dlt', 'requests', 'sqlalchemy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_pull_leaves_nothing_outside_the_home_and_calls_nobody_else(home: Home, serve: Serve, tmp_path: Path) -> None:
    """dlt has a folder of its own and counts its users unless it is kept from both."""
    system = serve(System(systems.zendesk, [{"id": 1, "updated_at": "2026-03-01T00:00:00Z"}]))
    home.declare(f"pull: {{api: {{preset: zendesk, url: '{system.url}', objects: [tickets]}}}}")
    _shop(tmp_path / "shop.db", 1)
    home.declare(PULL.format(path=tmp_path / "shop.db"), "shop")
    code = (
        "import socket, sys\n"
        "reached, connect = [], socket.socket.connect\n"
        "socket.socket.connect = lambda self, to: (reached.append(to), connect(self, to))[1]\n"
        "from datetime import date\n"
        "from orchestration.pulling.run import pull\n"
        "from foundation.settings import Settings\n"
        f"report = pull(Settings(home={str(home.settings.home)!r}), date({DAY.year}, {DAY.month}, {DAY.day}))\n"
        "assert not report.refusals and len(report.landed) == 2, report\n"
        "assert {to[0] for to in reached} == {'127.0.0.1'}, reached\n"
    )
    person = tmp_path / "person"
    person.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=person,
        env={"HOME": str(person), "PYTHONPATH": str(Path(__file__).parents[2]), "XDG_DATA_HOME": str(person)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(person.iterdir()) == []
