"""Whole nights over the demo company: order does not matter, nothing half-built is seen, one fault hurts one source."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from demo import DELIVERIES
from foundation.errors import CommandFailedError
from foundation.seeds import BUILT_IN, seeds
from foundation.settings import Settings
from orchestration import commands, loading, warehouse
from orchestration.ingestion import Manifest
from orchestration.onboarding.supply import of_loads, outlook
from orchestration.progress import PlainLines, reporting_to
from orchestration.reference import not_stated
from orchestration.warehouse import MARTS_FILE, WORK_FILE
from tests.pipeline.nights import Demo, published_differences

pytestmark = pytest.mark.slow

READER = """
import duckdb, sys
warehouse = duckdb.connect(sys.argv[1], read_only=True)
for _ in sys.stdin:
    print(warehouse.execute("select as_of_date from reporting.rpt_build").fetchone()[0], flush=True)
"""


@pytest.fixture(scope="module")
def all_at_once(demo: Demo, new_home: Callable[[], Settings]) -> Settings:
    """Every delivery in one backfill: what the other ways must come to."""
    home = new_home()
    demo.deliver(home, DELIVERIES[0], DELIVERIES[-1])
    commands.nightly(home, DELIVERIES[0], DELIVERIES[-1])
    return home


@pytest.mark.long
def test_day_by_day_and_a_day_twice_give_what_one_backfill_gives(
    demo: Demo, new_home: Callable[[], Settings], all_at_once: Settings
) -> None:
    home, last = new_home(), DELIVERIES[-1]
    demo.deliver(home, DELIVERIES[0], last)
    commands.nightly(home, DELIVERIES[0], last - timedelta(days=2))
    commands.nightly(home, last - timedelta(days=1), last - timedelta(days=1))
    commands.nightly(home, last, last)
    commands.nightly(home, last, last)
    assert published_differences(home, all_at_once) == {}


def test_a_night_with_nothing_new_builds_nothing_and_says_so(
    demo: Demo, new_home: Callable[[], Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    home, first = new_home(), DELIVERIES[0]
    demo.deliver(home, first, first)
    commands.nightly(home, first, first)
    files = [home.published / MARTS_FILE, home.build / WORK_FILE]
    before = [(path.stat().st_ino, path.read_bytes()) for path in files]
    with reporting_to(PlainLines(sys.stdout)):
        commands.nightly(home, first, first)
    assert [(path.stat().st_ino, path.read_bytes()) for path in files] == before
    steps = [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("✓")]
    assert [name for name in steps if name != "note"] == ["ingest", "prepare", "clean", "compare"]
    with dg.DagsterInstance.from_config(str(home.dagster_home)) as instance:
        for key in (["reporting", "kpi_monthly"], ["candidate"], ["published"]):
            event = instance.get_latest_materialization_event(dg.AssetKey(key))
            assert event is not None
            assert event.asset_materialization is not None
            assert event.asset_materialization.metadata["unchanged"].value is True


@pytest.mark.long
def test_deliveries_that_arrive_in_any_order_give_the_same_tables(
    demo: Demo, new_home: Callable[[], Settings], all_at_once: Settings
) -> None:
    home, first, last = new_home(), DELIVERIES[0], DELIVERIES[-1]
    middle = first + timedelta(days=10)
    demo.deliver(home, first, last)
    loading.ingest(home, middle, last)
    loading.ingest(home, first, middle - timedelta(days=1))
    commands.nightly(home, last, last)
    assert published_differences(home, all_at_once) == {}


def _kefu(settings: Settings, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [Path(sys.executable).with_name("kefu"), *words],
        env=os.environ | {"KEFU_HOME": str(settings.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait_for(path: Path, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never appeared"
        time.sleep(0.05)


@pytest.mark.long
def test_of_two_nights_at_once_one_is_refused_and_a_killed_one_leaves_the_last_good_state(
    demo: Demo, new_home: Callable[[], Settings]
) -> None:
    home, first = new_home(), DELIVERIES[0]
    demo.deliver(home, first, first + timedelta(days=1))
    commands.nightly(home, first, first)
    published = home.published / MARTS_FILE
    before = published.read_bytes()

    night = _kefu(home, "nightly", "--date", str(first + timedelta(days=1)))
    _wait_for(home.build / "candidate" / "kefu.duckdb")
    started = time.monotonic()
    second = _kefu(home, "nightly", "--date", str(first + timedelta(days=1)))
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 1, output
    assert f"process {night.pid} is writing to this home" in output
    assert time.monotonic() - started < 40
    night.send_signal(signal.SIGKILL)
    night.wait()
    assert published.read_bytes() == before

    commands.nightly(home, first + timedelta(days=1), first + timedelta(days=1))
    with duckdb.connect(str(published), read_only=True) as connection:
        assert connection.execute("select as_of_date from reporting.rpt_build").fetchone() == (
            first + timedelta(days=1),
        )


@pytest.mark.long
def test_a_reader_of_the_old_warehouse_is_not_disturbed(demo: Demo, new_home: Callable[[], Settings]) -> None:
    home, first = new_home(), DELIVERIES[0]
    demo.deliver(home, first, first + timedelta(days=1))
    commands.nightly(home, first, first)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(home.published / MARTS_FILE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask() -> str:
        assert reader.stdin is not None
        assert reader.stdout is not None
        reader.stdin.write("?\n")
        reader.stdin.flush()
        return reader.stdout.readline().strip()

    try:
        assert ask() == str(first)
        commands.nightly(home, first + timedelta(days=1), first + timedelta(days=1))
        assert ask() == str(first)
    finally:
        reader.kill()
        reader.wait()


@pytest.mark.long
def test_a_refused_load_hurts_no_other_and_is_told(demo: Demo, new_home: Callable[[], Settings]) -> None:
    home, first = new_home(), DELIVERIES[0]
    second = first + timedelta(days=1)
    demo.deliver(home, first, second)
    commands.nightly(home, first, first)
    orders = next((home.landing / "demo" / str(second)).glob("orders*"))
    orders.write_bytes(b"")
    with pytest.raises(CommandFailedError, match=orders.name):
        commands.nightly(home, second, second)
    with duckdb.connect(str(home.published / MARTS_FILE), read_only=True) as connection:
        stale = connection.execute("select distinct entity from reporting.rpt_loads where is_stale").fetchall()
        assert stale == [("orders",)]
        newest = connection.execute(
            "select max(load_date) from reporting.rpt_loads where entity = 'tickets'"
        ).fetchone()
        assert newest == (second,)
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in home.outbox.glob("*.eml")]
    assert [mail["To"] for mail in mails] == [home.mail.data_owner]
    assert orders.name in mails[0].get_body(("plain",)).get_content()


@pytest.mark.long
def test_a_company_s_own_tiers_make_the_figures_and_wrong_ones_stop_the_night(
    demo: Demo, new_home: Callable[[], Settings]
) -> None:
    """Told to the data owner by file, line and column; and a build never writes to the tables it reads."""
    home, first = new_home(), DELIVERIES[0]
    demo.deliver(home, first, first)
    home.reference.mkdir()
    given = home.reference / "tier_rules.csv"
    header = "tier,tier_rank,min_spend,valid_from,valid_to\n"
    given.write_text(header + "bronze,1,nought,2000-01-01,\n", encoding="utf-8")
    with pytest.raises(CommandFailedError, match=r"tier_rules\.csv line 2, min_spend: 'nought' is no number"):
        commands.nightly(home, first, first)
    assert not (home.published / MARTS_FILE).exists()
    (mail,) = (message_from_bytes(path.read_bytes(), policy=policy.default) for path in home.outbox.glob("*.eml"))
    assert "tier_rules.csv line 2, min_spend" in mail.get_body(("plain",)).get_content()
    given.write_text(header + "bronze,1,0,2000-01-01,\ndiamond,2,5000,2000-01-01,\n", encoding="utf-8")
    built_in = {path.name: path.read_bytes() for path in BUILT_IN.iterdir()}
    commands.nightly(home, first, first)
    assert {path.name: path.read_bytes() for path in BUILT_IN.iterdir()} == built_in
    with duckdb.connect(str(home.published / MARTS_FILE), read_only=True) as connection:
        tiers = connection.execute(
            "select distinct dimension_value from reporting.kpi_monthly"
            " where metric_id = 'tiers' and dimension = 'tier' order by all"
        ).fetchall()
    assert tiers == [("bronze",), ("diamond",)]


def test_a_failed_check_publishes_nothing_and_is_told(
    demo: Demo, new_home: Callable[[], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, first = new_home(), DELIVERIES[0]
    demo.deliver(home, first, first)
    build = warehouse.build

    def build_and_break(
        settings: Settings, candidate: warehouse.Candidate, on_node: Callable[[warehouse.NodeResult], None]
    ) -> list[warehouse.NodeResult]:
        results = build(settings, candidate, on_node)
        with duckdb.connect(str(candidate.marts)) as connection:
            connection.execute("update reporting.kpi_monthly set value = 2 where unit = 'rate'")
        return results

    monkeypatch.setattr(warehouse, "build", build_and_break)
    with pytest.raises(CommandFailedError, match="kpi_out_of_range"):
        commands.nightly(home, first, first)
    assert not (home.published / MARTS_FILE).exists()
    assert len(list(home.outbox.glob("*.eml"))) == 1


@pytest.mark.long
def test_what_a_dry_run_promises_is_what_a_build_supplies(all_at_once: Settings) -> None:
    waiting = {seed.name for seed in not_stated(all_at_once)}
    stated = {seed.name for seed in seeds().values() if seed.stated_by_company} - waiting
    supply = of_loads(Manifest.read(all_at_once.raw).known(date.max), stated)
    promised = {metric for source in supply.sent for metric in outlook(supply, source).there}
    with duckdb.connect(all_at_once.published / MARTS_FILE, read_only=True) as con:
        rows = con.execute("""
            with needs as (
                select metric_id, need_no, bool_or(is_met) as is_met from reporting.rpt_metric_needs group by all
            )
            select metric_id from needs group by metric_id having bool_and(is_met)
        """).fetchall()
    assert promised == {metric for (metric,) in rows}
