"""What a dry run says of a mapping, what it keeps to itself, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from foundation.errors import CommandFailedError
from foundation.settings import REPOSITORY
from orchestration.ingestion import ingest
from orchestration.onboarding.dryrun import check
from orchestration.onboarding.listing import sources
from orchestration.onboarding.shown import masked
from tests.onboarding.desk import DAY, Desk

pytestmark = pytest.mark.slow

Kefu = Callable[..., subprocess.CompletedProcess[str]]
MAPPING = """
source: shop
time_zone: Asia/Shanghai
files:
  orders:
    pattern: "orders*.csv"
    filter: coalesce(test, '') <> 'x'
    entities:
      - entity: orders
        columns:
          order_id: no
          customer_id: buyer
          ordered_at: at
          gross_amount: amount
          channel: channel
      - entity: customers
        one_per: [customer_id]
        columns: {customer_id: buyer, name: name}
"""
HEAD = ["no", "buyer", "name", "at", "amount", "channel", "test"]


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """20 good orders, 2 of a test, 1 twice, 1 without an amount, 2 without a time; the channel is never told."""
    desk.settings.sources.mkdir(parents=True)
    (desk.settings.sources / "shop.yml").write_text(MAPPING)
    rows: list[list[object]] = [HEAD]
    rows += [
        [f"O{i}", f"B{i % 4}", f"Zhang Wei {i % 4}", f"2026-09-{i + 1:02} 10:00:00", "12.50", "", ""] for i in range(20)
    ]
    rows += [["T1", "B1", "Zhang Wei 1", "2026-09-01 10:00:00", "1", "", "x"]] * 2
    rows += [rows[1], ["O90", "B1", "Zhang Wei 1", "2026-09-01 10:00:00", "much", "", ""]]
    rows += [[f"O9{i}", "B1", "Zhang Wei 1", "soon", "1", "", ""] for i in (1, 2)]
    landed = desk.settings.landing / "shop" / str(DAY)
    landed.mkdir(parents=True)
    desk.exports = landed
    desk.export("orders_1.csv", rows)
    return desk


def test_every_row_is_accounted_for_with_the_first_of_each_reason(shop: Desk) -> None:
    found = check(shop.settings, "shop", None, [])
    (entry,) = found.files
    counts = (entry.read, entry.accepted, entry.filtered, entry.duplicate, entry.quarantined, entry.refused)
    assert counts == (26, 20, 2, 1, 3, 0)
    assert [(one.rows, one.column, one.line, one.value) for one in found.aside] == [
        (2, "orders.ordered_at", 26, "soon"),
        (1, "orders.gross_amount", 25, "much"),
    ]
    assert found.is_fine


def test_what_is_filled_is_told_by_the_values(shop: Desk) -> None:
    orders, customers = check(shop.settings, "shop", DAY, []).filled
    assert (orders.rows, orders.columns) == (20, ("order_id", "customer_id", "ordered_at", "gross_amount"))
    assert orders.empty == ("channel",)
    assert (customers.rows, customers.columns) == (4, ("customer_id", "name"))


def test_a_sample_row_is_shown_before_and_after(shop: Desk) -> None:
    orders, customers = check(shop.settings, "shop", DAY, []).samples
    reported = {cell.column: (cell.made_of, cell.before, cell.after) for cell in orders.cells}
    assert (orders.line, orders.entity) == (2, "orders")
    assert reported["ordered_at"] == ("at", "2026-09-01 10:00:00", "2026-09-01 02:00:00")
    assert reported["order_id"] == ("no", "O0", "shop:O0")
    assert reported["channel"] == ("channel", None, None)
    assert {cell.column: cell.after for cell in customers.cells} == {"customer_id": "shop:B0", "name": "Zhang Wei 0"}


def test_figures_that_lack_a_column_name_it(shop: Desk) -> None:
    outlook = check(shop.settings, "shop", DAY, []).outlook
    assert outlook is not None
    assert "orders" in outlook.there
    assert (("orders", "promised_at"),) in outlook.lacking["promise_kept"]


def test_nothing_is_loaded_and_nothing_left_behind(shop: Desk) -> None:
    before = sorted(shop.settings.home.rglob("*"))
    check(shop.settings, "shop", DAY, [])
    assert sorted(shop.settings.home.rglob("*")) == before


def test_files_that_are_refused_or_unmatched_are_problems(shop: Desk) -> None:
    shop.export("orders_2.csv", [["no", "buyer"], ["1", "2"]])
    shop.export("stock.csv", [["a"], ["1"]])
    found = check(shop.settings, "shop", DAY, [])
    assert not found.is_fine
    assert len(found.problems) == 2
    assert "stock.csv: no pattern of the mapping fits it" in found.problems[0]
    assert "has no column" in found.problems[1]


def test_the_newest_delivery_is_tried_unless_a_day_or_a_sample_is_named(shop: Desk, tmp_path: Path) -> None:
    older = shop.settings.landing / "shop" / "2026-09-01"
    older.mkdir()
    (older / "orders.csv").write_text("no,buyer,name,at,amount,channel,test\n1,2,N,2026-01-01,3,web,\n")
    sample = tmp_path / "orders_x.csv"
    sample.write_text("no,buyer,name,at,amount,channel,test\n1,2,N,2026-01-01,3,web,\n2,2,N,2026-01-01,3,web,\n")
    assert check(shop.settings, "shop", None, []).day == DAY
    assert check(shop.settings, "shop", date(2026, 9, 1), []).files[0].read == 1
    assert check(shop.settings, "shop", None, [sample]).files[0].read == 2
    with pytest.raises(CommandFailedError, match="no delivery"):
        check(shop.settings, "shop", date(2026, 9, 2), [])
    with pytest.raises(CommandFailedError, match="kefu source add web"):
        check(shop.settings, "web", None, [])


def test_rates_of_the_same_delivery_and_of_the_ledger_convert(desk: Desk) -> None:
    """12 dollars at 7 are 84 yuan by the rates sent beside them; euros have a rate from another source's load."""
    home, head = desk.settings, "order_id,ordered_at,gross_amount,currency\n"
    home.sources.mkdir(parents=True)
    rates = '{rates: {pattern: "rates*.csv", entities: [{entity: fx_rates, columns: contract}]}}'
    (home.sources / "bank.yml").write_text(f"source: bank\ntime_zone: UTC\nfiles: {rates}\n")
    orders = '{pattern: "orders*.csv", entities: [{entity: orders, columns: contract}]}'
    (home.sources / "shop.yml").write_text(f"source: shop\ntime_zone: UTC\nfiles: {rates[:-1]}, orders: {orders}}}\n")
    for source, name, text in (
        ("bank", "rates.csv", "currency,date,rate\nEUR,2026-09-30,8\n"),
        ("shop", "rates.csv", "currency,date,rate\nUSD,2026-09-30,7\n"),
        ("shop", "orders.csv", head + "1,2026-09-30,12,USD\n2,2026-09-30,1,EUR\n3,2026-09-30,1,GBP\n"),
    ):  # fmt: skip
        path = home.landing / source / str(DAY) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (home.landing / "shop").rename(home.home / "later")
    assert ingest(home, DAY, DAY).refusals == ()
    (home.home / "later").rename(home.landing / "shop")
    found = check(home, "shop", DAY, [])
    (sample,) = [one for one in found.samples if one.entity == "orders"]
    assert {cell.column: cell.after for cell in sample.cells}["gross_amount"] == "84.0000"
    assert [(one.rows, one.line) for one in found.aside] == [(1, 4)]


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_terminal_shows_no_value_unless_asked(shop: Desk, kefu: Kefu) -> None:
    done = kefu("source", "check", "shop")
    assert done.returncode == 0
    assert "Zhang" not in done.stdout
    assert "soon" not in done.stdout
    assert "Xxxxx" not in done.stdout
    assert "xxxxx xxx 9" in done.stdout
    shown = kefu("source", "check", "shop", "--show-values")
    assert "Zhang Wei 0" in shown.stdout
    assert "first: orders_1.csv, line 26, soon" in shown.stdout


def test_json_says_the_same_and_masks_alike(shop: Desk, kefu: Kefu) -> None:
    done = kefu("source", "check", "shop", "--json")
    found = json.loads(done.stdout)
    assert found["files"][0]["quarantined"] == 3
    assert found["put_aside"][0]["value"] == "xxxx"
    assert "Zhang" not in done.stdout
    assert "orders.promised_at" in found["figures_lacking"]["promise_kept"]


def test_a_refused_file_or_a_wrong_mapping_fails(shop: Desk, kefu: Kefu) -> None:
    shop.export("unknown.csv", [["a"], ["1"]])
    assert kefu("source", "check", "shop").returncode == 1
    (shop.settings.sources / "shop.yml").write_text(MAPPING.replace("order_id: no", "order_idd: no"))
    done = kefu("source", "check", "shop")
    assert done.returncode == 1
    assert "did you mean 'order_id'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_changed_mapping_is_checked_again_at_once(shop: Desk) -> None:
    command = [str(Path(sys.executable).with_name("kefu")), "source", "check", "shop", "--watch", "--json"]
    environment = os.environ | {"KEFU_HOME": str(shop.settings.home), "PYTHONUNBUFFERED": "1"}
    path = shop.settings.sources / "shop.yml"
    out = shop.settings.home.parent / "watched.txt"
    with out.open("w") as sink, subprocess.Popen(command, env=environment, stdout=sink, stderr=sink) as running:
        try:
            _wait_for(out, "watching", 1)
            path.write_text(MAPPING.replace("channel: channel", "channel: {constant: online}"))
            _wait_for(out, "watching", 2)
        finally:
            running.terminate()
    first, second = out.read_text().split("watching")[:2]
    assert '"channel"' in first.partition('"empty"')[2].partition("]")[0]
    assert '"channel"' not in second.partition('"empty"')[2].partition("]")[0]


def _wait_for(path: Path, word: str, times: int) -> None:
    end = time.monotonic() + 60
    while path.read_text().count(word) < times:
        assert time.monotonic() < end, path.read_text()
        time.sleep(0.1)


@pytest.mark.parametrize(
    "words", [["check", "shop"], ["list"], ["add", "other", "--force", "{file}"]], ids=lambda w: w[0]
)
def test_no_command_of_sources_imports_the_warehouse(shop: Desk, words: list[str]) -> None:
    file = str(shop.settings.landing / "shop" / str(DAY) / "orders_1.csv")
    argv = ["kefu", "source", *(word.format(file=file) for word in words)]
    program = (
        f"import sys; sys.argv = {argv!r}\n"
        "from orchestration.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code, done.code\n"
        "heavy = {'dbt', 'dagster', 'great_expectations', 'scipy', 'typst'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    environment = os.environ | {"KEFU_HOME": str(shop.settings.home)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_ingest_imports_nothing_of_the_warehouse_either(shop: Desk) -> None:
    program = (
        f"import sys; sys.argv = ['kefu', 'ingest', '--date', '{DAY}']\n"
        "from orchestration.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code, done.code\n"
        "assert not {'dbt', 'dagster', 'great_expectations'} & set(sys.modules)\n"
    )
    environment = os.environ | {"KEFU_HOME": str(shop.settings.home)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (source,) = sources(shop.settings)
    assert (source.last_load, source.status, source.rows, source.put_aside) == (DAY, "loaded", 24, 6)


def test_the_list_tells_what_each_source_is_at(shop: Desk, kefu: Kefu) -> None:
    (shop.settings.landing / "crm" / "2026-09-02").mkdir(parents=True)
    (shop.settings.sources / "bad.yml").write_text("source: bad\n")
    reported = {one.name: (one.mapping, one.landed, one.status) for one in sources(shop.settings)}
    assert reported == {
        "bad": ("wrong", None, "never loaded"),
        "crm": ("missing", date(2026, 9, 2), "never loaded"),
        "shop": ("own", DAY, "never loaded"),
    }
    lines = kefu("source", "list").stdout.splitlines()
    assert (
        len(
            {line.index(column) for line, column in zip(lines[:4], ("mapping", "wrong", "missing", "own"), strict=True)}
        )
        == 1
    )


def test_a_mask_keeps_the_shape_alone() -> None:
    assert masked("Wei-7 王 12.50") == "xxx-9 x 99.99"
