"""The demo company: the same seed gives the same files, and what is said of them is true."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from demo import DELIVERIES, HISTORY_DATE, SIZES, DemoFacts, generate, read_facts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kefu") / "landing"


@pytest.fixture(scope="session")
def facts(landing: Path) -> DemoFacts:
    return generate(landing, "xs")


@pytest.fixture(scope="session")
def loaded(landing: Path, facts: DemoFacts) -> Iterator[duckdb.DuckDBPyConnection]:
    """The plain CSV files as views: the good rows of all deliveries."""
    connection = duckdb.connect()
    for name in ("orders", "order_lines", "tickets", "ticket_events", "payments", "surveys",
                 "survey_answers", "stores", "coupons", "service_orders"):  # fmt: skip
        files = f"'{landing}/demo/*/{name}.csv', filename = true, all_varchar = true, ignore_errors = true"
        connection.execute(f"""
            create view {name} as
            select distinct * exclude (filename), split_part(filename, '/', -2)::date as delivery
            from read_csv({files})
            where not starts_with({key_of(name)}, 'BROKEN')
        """)
    yield connection
    connection.close()


def key_of(name: str) -> str:
    """The first column of a file, which tells a broken row."""
    return {"order_lines": "order_id", "survey_answers": "survey_id", "ticket_events": "ticket_id"}.get(
        name, f"{name.removesuffix('s')}_id"
    )


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(landing: Path, facts: DemoFacts, tmp_path: Path) -> None:
    again = generate(tmp_path / "landing", "xs")
    assert _digests(landing / "demo") == _digests(tmp_path / "landing" / "demo")
    assert again == facts


def test_another_seed_gives_another_company(landing: Path, facts: DemoFacts, tmp_path: Path) -> None:
    generate(tmp_path / "landing", "xs", seed=8)
    here, there = _digests(landing / "demo"), _digests(tmp_path / "landing" / "demo")
    assert here[f"{HISTORY_DATE}/orders.csv"] != there[f"{HISTORY_DATE}/orders.csv"]


def test_one_history_and_thirty_one_days(landing: Path, facts: DemoFacts) -> None:
    folders = sorted(path.name for path in (landing / "demo").iterdir())
    assert folders == [day.isoformat() for day in DELIVERIES]
    assert len(folders) == 32
    assert {file.path for file in facts.files} == set(_digests(landing / "demo"))
    assert read_facts(landing) == facts


def test_it_is_about_as_large_as_asked(facts: DemoFacts) -> None:
    size = SIZES["xs"]
    assert facts.rows["customers"] == size.customers
    assert facts.rows["orders"] == pytest.approx(size.orders, rel=0.1)
    assert facts.rows["tickets"] == pytest.approx(size.tickets, rel=0.1)


def test_every_file_holds_the_rows_that_are_stated(landing: Path, facts: DemoFacts) -> None:
    encodings = {"customers": "gb18030", "tickets": "utf-8-sig"}
    for file in facts.files:
        path = landing / "demo" / file.path
        if path.suffix == ".xlsx":
            continue
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = data.decode(encodings.get(file.entity, "utf-8")).splitlines()
        headers = 0 if path.suffix == ".jsonl" else 1
        assert len(lines) == file.rows + headers, file.path
        assert sum("BROKEN" in line for line in lines) == sum(file.broken.values()), file.path
        assert len(lines) - len(set(lines)) == file.duplicates, file.path


def test_broken_rows_stay_under_the_share_that_refuses_a_file(facts: DemoFacts) -> None:
    assert facts.broken > 50
    assert {kind for file in facts.files for kind in file.broken} == {
        "bad_date", "bad_number", "unknown_code", "missing_required", "torn_line",
    }  # fmt: skip
    assert all(sum(file.broken.values()) <= 0.01 * file.rows for file in facts.files)


def test_the_shapes_a_reader_must_cope_with(landing: Path, facts: DemoFacts) -> None:
    history = landing / "demo" / HISTORY_DATE.isoformat()
    assert (history / "customers.csv").read_bytes().decode("gb18030").startswith("客户编号,姓名")
    assert (history / "tickets.csv").read_bytes().startswith(b"\xef\xbb\xbfticket_id")
    assert (history / "products.xlsx").read_bytes().startswith(b"PK")
    assert gzip.decompress((history / "stock.csv.gz").read_bytes()).startswith(b"product_id,")
    assert (history / "interactions.jsonl").read_text(encoding="utf-8").startswith('{"interaction_id":')
    with (history / "points_ledger.tsv").open(encoding="utf-8") as file:
        assert "entry_id" in next(csv.reader(file, delimiter="\t"))


@pytest.mark.parametrize(
    ("child", "parent", "key"),
    [
        ("order_lines", "orders", "order_id"),
        ("payments", "orders", "order_id"),
        ("ticket_events", "tickets", "ticket_id"),
        ("survey_answers", "surveys", "survey_id"),
        ("tickets", "stores", "store_id"),
        ("coupons", "orders", "order_id"),
        ("service_orders", "orders", "order_id"),
    ],
)
def test_no_reference_is_left_hanging(loaded: duckdb.DuckDBPyConnection, child: str, parent: str, key: str) -> None:
    orphans = loaded.execute(f"""
        select count(*) from {child}
        where {key} is not null and {key} not in (select {key} from {parent})
    """).fetchone()
    assert orphans == (0,)


def test_orders_move_on_from_delivery_to_delivery(loaded: duckdb.DuckDBPyConnection) -> None:
    (resent,) = loaded.execute("""
        select count(*) from (select order_id from orders group by order_id having count(distinct status) > 1)
    """).fetchone() or (0,)
    assert resent > 20


def test_ticket_logs_agree_with_themselves(loaded: duckdb.DuckDBPyConnection) -> None:
    """Each status change starts from the status the one before it led to, and numbers follow time."""
    (wrong,) = loaded.execute("""
        with log as (
            select distinct ticket_id, seq::int as seq, "at", from_status, to_status from ticket_events
        ),
        moves as (
            select *, lag(to_status) over (partition by ticket_id order by seq) as before
            from log where to_status is not null
        ),
        order_of_time as (
            select "at" < lag("at") over (partition by ticket_id order by seq) as is_back from log
        )
        select
            (select count(*) from moves where from_status is distinct from before)
            + (select count(*) from order_of_time where is_back)
    """).fetchone() or (-1,)
    assert wrong == 0


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company of size s, large enough for effects to stand out from chance."""
    landing = tmp_path_factory.mktemp("small") / "landing"
    generate(landing, "s")
    return landing


def test_some_rows_arrive_in_the_month_after_theirs(small: Path) -> None:
    with duckdb.connect() as connection:
        (orders,) = connection.execute(f"""
            select count(*) from read_csv('{small}/demo/2026-10-0*/orders.csv', ignore_errors = true)
            where updated_at < timestamp '2026-10-01'
        """).fetchone() or (0,)
        (calls,) = connection.execute(f"""
            select count(*) from read_json('{small}/demo/2026-10-*/interactions.jsonl', ignore_errors = true)
            where started_at < '2026-10-01'
        """).fetchone() or (0,)
    assert orders > 0
    assert calls > 3


def test_the_planted_effects_are_there(small: Path) -> None:
    """The failing store and the working campaign stand far beyond chance."""
    planted = read_facts(small).planted
    with duckdb.connect() as connection:
        late = dict(
            connection.execute(f"""
            select store_id, avg((delivered_at > promised_at)::int)
            from read_csv('{small}/demo/*/orders.csv', ignore_errors = true)
            where status = 'delivered' and promised_at >= '{planted.failing_from + timedelta(days=31)}'
            group by store_id
        """).fetchall()
        )
        assert late.pop(planted.failing_store) > 0.2
        assert max(rate for store, rate in late.items() if store) < 0.18
        came = dict(
            connection.execute(f"""
            with orders as (select * from read_csv('{small}/demo/*/orders.csv', ignore_errors = true)),
            contacts as (select * from read_csv('{small}/demo/*/campaign_contacts.csv'))
            select
                campaign_id || case when is_control then '-control' else '' end,
                avg((exists (
                    select 1 from orders
                    where orders.customer_id = contacts.customer_id
                        and ordered_at between assigned_at and assigned_at + interval '30 days'
                ))::int)
            from contacts
            group by all
        """).fetchall()
        )
        assert came[planted.working_campaign] - came[f"{planted.working_campaign}-control"] > 0.06
        assert abs(came[planted.idle_campaign] - came[f"{planted.idle_campaign}-control"]) < 0.05


def test_an_unknown_size_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no demo size 'huge'; there are xs, s, m, l"):
        generate(tmp_path, "huge")
