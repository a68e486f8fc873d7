"""Pulls from databases: SQLite for what is of any database, a real PostgreSQL for what it gives and refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestration.ingestion import ingest
from orchestration.pulling import run
from tests.pulling.conftest import DAY, NEXT, Home

PULL = """
pull:
  database:
    url: {{env: CRM_URL}}
    objects:
      {objects}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    url = f"sqlite:///{tmp_path}/shop.db"
    monkeypatch.setenv("CRM_URL", url)
    engine = sa.create_engine(url)
    _do(
        engine,
        "create table orders (id integer primary key, customer text, amount numeric(12, 2), updated_at timestamp)",
    )
    _do(engine, "insert into orders values (1, 'a', 10.5, '2026-03-01 10:00:00'), (2, 'b', 20, '2026-03-02 10:00:00')")
    return engine


def _do(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _ids(home: Home, name: str, day: object = DAY) -> list[int]:
    return [row["id"] for row in home.rows(name, day)]  # type: ignore[arg-type]


def test_a_table_without_a_cursor_comes_whole_each_time(home: Home, shop: sa.Engine) -> None:
    home.declare(PULL.format(objects="orders: {table: orders}"))
    home.pulled(DAY)
    _do(shop, "delete from orders where id = 1")
    home.pulled(NEXT)
    assert (_ids(home, "orders", DAY), _ids(home, "orders", NEXT)) == ([1, 2], [2])
    assert home.files(NEXT) == ["orders.jsonl.gz"]


@pytest.mark.parametrize("origin", ["table: orders", "query: 'select * from orders where customer <> '':x%'''"])
def test_by_a_cursor_comes_what_changed_and_ties_are_not_lost(home: Home, shop: sa.Engine, origin: str) -> None:
    home.declare(PULL.format(objects=f"orders: {{{origin}, cursor: updated_at}}"))
    home.pulled(DAY)
    _do(shop, "insert into orders values (3, 'c', 1, '2026-03-02 10:00:00')")  # at the very moment of the last one
    _do(shop, "update orders set amount = 11, updated_at = '2026-03-03 10:00:00' where id = 1")
    home.pulled(NEXT)
    assert _ids(home, "orders", NEXT) == [3, 1]
    assert home.pulled(NEXT).landed == []
    assert home.files(NEXT) == ["orders.0001.jsonl.gz"]


def test_by_a_key_comes_what_is_new(home: Home, shop: sa.Engine) -> None:
    home.declare(PULL.format(objects="orders: {table: orders, cursor: id}"))
    home.pulled(DAY)
    _do(shop, "insert into orders values (3, 'c', 1, null)")
    home.pulled(NEXT)
    assert _ids(home, "orders", NEXT) == [3]


def test_a_lag_brings_what_was_committed_late(home: Home, shop: sa.Engine) -> None:
    home.declare(PULL.format(objects="orders: {table: orders, cursor: id, lag: 5}"))
    _do(shop, "insert into orders values (10, 'c', 1, null)")
    home.pulled(DAY)
    _do(shop, "insert into orders values (7, 'late', 1, null), (11, 'new', 1, null)")
    home.pulled(NEXT)
    assert _ids(home, "orders", NEXT) == [7, 11]


def test_pulled_again_the_same_day_it_adds_a_file_and_takes_none_away(home: Home, shop: sa.Engine) -> None:
    home.declare(PULL.format(objects="orders: {table: orders, cursor: id}"))
    home.pulled(DAY)
    _do(shop, "delete from orders", "insert into orders values (3, 'c', 1, null)")
    home.pulled(DAY)
    assert home.files() == ["orders.0001.jsonl.gz", "orders.0002.jsonl.gz"]
    assert _ids(home, "orders") == [1, 2, 3]


def test_nothing_is_pulled_for_a_day_before_the_last_one(home: Home, shop: sa.Engine) -> None:
    home.declare(PULL.format(objects="orders: {table: orders}"))
    home.pulled(NEXT)
    report = home.pulled(DAY)
    assert report.notes == [f"crm: is pulled up to {NEXT}, and shows nothing of {DAY} any more"]
    assert home.files(DAY) == []


def test_a_table_that_was_emptied_is_refused_and_the_file_of_before_stays(home: Home, shop: sa.Engine) -> None:
    home.declare(PULL.format(objects="orders: {table: orders}"))
    home.pulled(DAY)
    _do(shop, "delete from orders")
    assert home.pull(DAY).refusals == ["crm: orders: gives no rows, where it gave 2 before; nothing of it is taken"]
    assert _ids(home, "orders") == [1, 2]


def test_rows_without_a_cursor_are_told_not_lost(home: Home, shop: sa.Engine) -> None:
    _do(shop, "insert into orders values (3, 'c', 1, null)")
    home.declare(PULL.format(objects="orders: {table: orders, cursor: updated_at}"))
    assert "there are rows without updated_at" in home.pull().refusals[0]
    assert home.files() == []


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ("orders: {table: nothing}", "there is no such table"),
        ("orders: {table: orders, cursor: changed}", "has no column 'changed'"),
        ("orders: {query: 'select 1 as id', cursor: changed}", "gives no column 'changed'"),
        ("orders: {query: 'select from where'}", "check the URL, and `table`"),
    ],
)
def test_what_the_database_does_not_have_is_refused_by_name(
    home: Home, shop: sa.Engine, objects: str, said: str
) -> None:
    home.declare(PULL.format(objects=objects))
    (refused,) = home.pull().refusals
    assert refused.startswith("crm: orders: ")
    assert said in refused


def test_a_state_that_is_damaged_is_refused(home: Home, shop: sa.Engine) -> None:
    home.declare(PULL.format(objects="orders: {table: orders, cursor: id}"))
    home.pulled()
    (home.settings.pulls / "crm.json").write_text("{", encoding="utf-8")
    assert "is not what a pull has written" in home.pull().refusals[0]


def test_one_pull_of_a_source_at_a_time(home: Home, shop: sa.Engine) -> None:
    home.declare(PULL.format(objects="orders: {table: orders}"))
    with run.state.alone(home.settings, "crm"):
        assert home.pull().refusals == ["crm: another pull of it runs; wait until that is done"]


# --- deletions, from the source to the raw zone -------------------------------------------------------------

ORDERS = """
files:
  orders:
    pattern: "orders.*"
    entities:
      - entity: orders
        load_mode: {mode}
        {when}columns: {{order_id: id, ordered_at: updated_at, gross_amount: amount, channel: {{constant: web}}}}
"""


def test_a_row_that_is_gone_from_a_snapshot_is_gone_from_the_raw_zone(home: Home, shop: sa.Engine) -> None:
    _do(shop, *(f"insert into orders values ({n}, 'x', 1, '2026-03-01 10:00:00')" for n in range(3, 41)))
    home.declare(PULL.format(objects="orders: {table: orders}"), files=ORDERS.format(mode="snapshot", when=""))
    home.pulled(DAY)
    assert ingest(home.settings, DAY, DAY).ok
    _do(shop, "delete from orders where id = 7")
    home.pulled(NEXT)
    report = ingest(home.settings, NEXT, NEXT)
    assert report.ok
    assert [(load.load_mode, load.rows_loaded) for load in report.loads] == [("snapshot", 39)]


def test_a_row_marked_as_deleted_arrives_by_its_mark(home: Home, shop: sa.Engine) -> None:
    _do(shop, "alter table orders add column deleted integer default 0")
    files = """
files:
  tickets:
    pattern: "orders.*"
    entities:
      - entity: tickets
        columns:
          ticket_id: id
          kind: {constant: request}
          channel: {constant: web}
          created_at: updated_at
          deleted_at: if(deleted = '1', updated_at, null)
"""
    home.declare(PULL.format(objects="orders: {table: orders, cursor: updated_at}"), files=files)
    home.pulled(DAY)
    assert ingest(home.settings, DAY, DAY).ok
    _do(shop, "update orders set deleted = 1, updated_at = '2026-03-09 10:00:00' where id = 2")
    home.pulled(NEXT)
    report = ingest(home.settings, NEXT, NEXT)
    assert report.ok
    (path,) = [path for load in report.loads for path in load.live]
    import duckdb

    found = duckdb.sql(f"select ticket_id, deleted_at from '{home.settings.raw / path}'").fetchall()
    assert found == [("crm:2", datetime.fromisoformat("2026-03-09 02:00"))]


# --- PostgreSQL ---------------------------------------------------------------------------------------------


@pytest.fixture
def server(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    monkeypatch.setenv("CRM_URL", postgresql)
    engine = sa.create_engine(postgresql)
    _do(engine, "create schema shop")
    yield engine
    _do(engine, "drop schema shop cascade")
    engine.dispose()


@pytest.mark.slow
def test_every_type_of_postgresql_arrives_without_loss(home: Home, server: sa.Engine) -> None:
    _do(
        server,
        "create type shop.mood as enum ('glad')",
        """create table shop.kinds (id bigint primary key, n numeric, f float8, b boolean, t text, at timestamptz,
           local timestamp, d date, h time, u uuid, j jsonb, a text[], y bytea, i interval, e shop.mood, ip inet)""",
        """insert into shop.kinds values (9007199254740993, 0.12345678901234567890123, 0.1, true, '多谢 "x"' || chr(10),
           '2026-03-01 10:00:00.123456+08', '2026-03-01 10:00', '2026-03-01', '10:00',
           '00000000-0000-0000-0000-000000000001', '{"a": [1, null]}', array['x', null], '\\x00ff', '1 day 00:00:01.5',
           'glad', '10.0.0.1')""",
        "insert into shop.kinds (id) values (1)",
    )
    query = "select * from shop.kinds where coalesce(t, '') like '%'"
    home.declare(PULL.format(objects=f'kinds: {{table: shop.kinds}}\n      asked: {{query: "{query}"}}'))
    home.pulled()
    full, empty = home.rows("kinds")
    assert full == {
        "id": 9007199254740993, "n": "0.12345678901234567890123", "f": 0.1, "b": True, "t": '多谢 "x"\n',
        "at": full["at"], "local": "2026-03-01T10:00:00", "d": "2026-03-01", "h": "10:00:00",
        "u": str(uuid.UUID(int=1)), "j": {"a": [1, None]}, "a": ["x", None], "y": "00ff", "i": "86401.5",
        "e": "glad", "ip": "10.0.0.1",
    }  # fmt: skip
    assert datetime.fromisoformat(full["at"]) == datetime(2026, 3, 1, 2, 0, 0, 123456, tzinfo=UTC)
    assert empty == {name: 1 if name == "id" else None for name in full}
    assert home.rows("asked") == [full, empty]


def _fill(server: sa.Engine, rows: int) -> None:
    _do(
        server,
        """create table shop.orders
           (id bigint primary key, customer text, amount numeric(12, 2), updated_at timestamptz)""",
        f"""insert into shop.orders
            select n, 'c' || mod(n, 977), n / 7.0, timestamptz '2026-01-01' + n / 5 * interval '1 s'
            from generate_series(1, {rows}) n""",
        "create index on shop.orders (updated_at)",
    )


@pytest.mark.slow
@pytest.mark.parametrize("cursor", ["updated_at", "id"])
def test_a_hundred_thousand_rows_come_by_cursor_and_by_key(home: Home, server: sa.Engine, cursor: str) -> None:
    _fill(server, 100_001)
    home.declare(PULL.format(objects=f"orders: {{table: shop.orders, cursor: {cursor}}}"))
    home.pulled(DAY)
    assert home.files() == ["orders.0001.jsonl.gz", "orders.0002.jsonl.gz"]
    rows = home.rows("orders")
    with server.connect() as connection:
        expected = connection.exec_driver_sql("select count(*), sum(id), sum(amount)::text from shop.orders").one()
    cents = sum(round(float(row["amount"]) * 100) for row in rows)
    assert (len({row["id"] for row in rows}), sum(row["id"] for row in rows)) == (expected[0], expected[1])
    assert (len(rows), cents) == (expected[0], round(float(expected[2]) * 100))

    _do(server, "insert into shop.orders values (200000, 'new', 1, '2026-03-01')")
    home.pulled(NEXT)
    assert _ids(home, "orders", NEXT) == [200_000]


@pytest.mark.slow
def test_texts_have_the_order_of_the_database(home: Home, server: sa.Engine) -> None:
    """To Python, a comes after B."""
    _do(
        server,
        'create table shop.codes (id text collate "und-x-icu" primary key)',
        "insert into shop.codes values ('a'), ('B')",
    )
    home.declare(PULL.format(objects="codes: {table: shop.codes, cursor: id}"))
    home.pulled(DAY)
    assert home.pulled(DAY).landed == []
    _do(server, "insert into shop.codes values ('c')")
    home.pulled(NEXT)
    assert _ids(home, "codes", NEXT) == ["c"]


@pytest.mark.slow
def test_a_late_commit_within_the_lag_is_not_lost(home: Home, server: sa.Engine) -> None:
    _fill(server, 10)
    home.declare(PULL.format(objects="orders: {table: shop.orders, cursor: updated_at, lag: 600}"))
    with server.begin() as slow:
        slow.exec_driver_sql(
            "insert into shop.orders values (11, 'late', 1, timestamptz '2026-01-01' - interval '5 min')"
        )
        home.pulled(DAY)
    home.pulled(NEXT)
    assert _ids(home, "orders", NEXT) == [11]


_PULLING = """
import sys
from datetime import date
from orchestration.pulling import run
from foundation.settings import Settings
run.PART_ROWS = 20_000
run.pull(Settings(home=sys.argv[1]), date.fromisoformat(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("objects", ["{table: shop.orders, cursor: updated_at}", "{table: shop.orders}"])
def test_a_pull_that_was_killed_goes_on_where_it_was(home: Home, server: sa.Engine, objects: str) -> None:
    _fill(server, 150_000)
    home.declare(PULL.format(objects=f"orders: {objects}"))
    folder = home.settings.landing / "crm" / str(DAY)
    with subprocess.Popen([sys.executable, "-c", _PULLING, str(home.settings.home), str(DAY)]) as process:
        deadline = time.monotonic() + 60
        while not any(folder.glob("*.0002.*" if "cursor" in objects else ".*.part")):
            assert time.monotonic() < deadline
            assert process.poll() is None, "it was done before it could be killed"
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    landed = {path.name: path.read_bytes() for path in folder.glob("orders.*")}
    home.pulled(DAY)
    assert {name: (folder / name).read_bytes() for name in landed} == landed  # nothing is written twice
    rows = [row["id"] for row in home.rows("orders")]
    assert set(rows) == set(range(1, 150_001))
    assert not any(folder.glob(".*"))
    if "cursor" in objects:
        assert len(landed) >= 1
        assert len(rows) - 150_000 <= 20_000  # at most what one file holds comes twice


@pytest.mark.slow
def test_a_connection_that_breaks_leaves_what_was_read_and_the_next_pull_goes_on(
    home: Home, server: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PART_ROWS", 20_000)
    _fill(server, 100_000)
    home.declare(PULL.format(objects="orders: {table: shop.orders, cursor: updated_at}"))

    def cut(reported: str) -> None:
        if "20,000 rows" in reported:
            _do(server, "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")

    (refused,) = run.pull(home.settings, DAY, reported=cut).refusals
    assert refused.startswith("crm: orders: the server ended the connection")
    assert refused.endswith("it goes on where it was (SQLSTATE 57P01)")
    before = len(home.rows("orders"))
    assert before in range(20_000, 80_000)
    home.pulled()
    rows = _ids(home, "orders")
    assert (len(rows), set(rows)) == (100_000, set(range(1, 100_001)))


@pytest.mark.slow
def test_a_refusal_of_postgresql_says_what_to_do_and_nothing_of_the_url(
    home: Home, server: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(server, 3)
    secret = "pass-w0rd-" + uuid.uuid4().hex
    _do(server, f"create role clerk login password '{secret}'", "grant usage on schema shop to clerk")
    try:
        url = os.environ["CRM_URL"].replace("kefu@", f"clerk:{secret}@")
        home.declare(PULL.format(objects="orders: {table: shop.orders}"))
        cases = {
            url: "the user may not read it; grant select (SQLSTATE 42501)",
            url.replace("/postgres", "/nowhere"): "check the URL, and `table`",
            url.replace("127.0.0.1:", "127.0.0.1:1"): "check the URL, and `table`",
            f"postgresql://clerk:{secret}@127.0.0.1:port/x": "holds no URL of a database",
            f"nosuchdb://clerk:{secret}@127.0.0.1/x": "no driver is installed",
        }
        for given, said in cases.items():
            monkeypatch.setenv("CRM_URL", given)
            (refused,) = home.pull().refusals
            assert said in refused
            assert secret not in refused
    finally:
        _do(server, "drop owned by clerk", "drop role clerk")


def test_intervals_are_seconds() -> None:
    from orchestration.pulling.reading import line

    assert line({"i": timedelta(days=-1, microseconds=1)}) == b'{"i":"-86399.999999"}'
