"""Nights remove what nothing stands on, and nothing else; a clock that jumps back removes nothing."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from foundation.settings import Settings
from orchestration.ingestion import Manifest
from orchestration.recovery.build import superseded
from orchestration.recovery.retention import clean
from orchestration.recovery.runs import move_damaged, old_runs
from orchestration.recovery.soundness import faults
from tests.recovery.damages import DAY, furnish

DAYS = 24 * 60 * 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return furnish(tmp_path_factory.mktemp("home") / "home")


def _file(path: Path, age_days: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 1000)
    os.utime(path, (time.time() - age_days * DAYS,) * 2)
    return path


def test_only_what_no_manifest_names_goes_and_only_when_it_is_old(home: Settings) -> None:
    live = [home.raw / path for path in Manifest.read(home.raw).paths]
    for path in live:
        os.utime(path, (time.time() - 1000 * DAYS,) * 2)
    old, new = _file(live[0].with_name("old.parquet"), 31), _file(live[0].with_name("new.parquet"), 29)
    unknown = _file(home.raw / "orders" / "load_date=2026-01-04" / "source=crm" / "lost.parquet", 1000)
    damaged = _file(home.raw / ".damaged" / "orders" / "x.parquet", 31)
    removed = clean(home)
    assert (removed.raw, removed.bytes) == (2, 2000)
    assert str(removed) == "2 raw files, 0 of quarantine removed, 0.0 MB"
    assert not old.exists()
    assert not damaged.exists()
    assert new.exists()
    assert unknown.exists()  # of a day of which the manifest says nothing it may be all that is left
    assert all(path.exists() for path in live)
    assert str(clean(home)) == "nothing to remove"
    unknown.unlink()
    new.unlink()
    assert faults(home) == []


def test_quarantine_goes_by_the_day_of_its_delivery(home: Settings) -> None:
    old = _file(home.quarantine / "crm" / str(DAY - timedelta(days=401)) / "orders.csv.csv", 0)
    new = _file(home.quarantine / "crm" / str(DAY - timedelta(days=399)) / "orders.csv.csv", 0)
    assert clean(home).quarantine == 1
    assert not old.exists()
    assert new.exists()


def test_a_clock_that_jumps_back_removes_nothing(home: Settings) -> None:
    path = Manifest.read(home.raw).files[0].feeds[0].path
    old = _file((home.raw / path).with_name("old.parquet"), 20_000)
    removed = clean(home, now=time.time() - 10_000 * DAYS)
    assert "the clock says a day before the newest load" in str(removed)
    assert old.exists()
    old.unlink()


def test_the_newest_published_versions_stay(tmp_path: Path) -> None:
    made = [_file(tmp_path / f"{number}.duckdb", age_days=10 - number) for number in range(5)]
    assert superseded(tmp_path, made[4], 3) == made[:2]
    assert superseded(tmp_path, made[4], 9) == []
    assert superseded(tmp_path, made[2], 1) == []  # what is current is older than another: the clock jumped back


def test_old_runs_go_with_their_events(tmp_path: Path) -> None:
    @dg.job
    def nothing() -> None:
        @dg.op
        def step() -> None:
            pass

        step()

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        for _ in range(3):
            nothing.execute_in_process(instance=instance)
        assert old_runs(instance, 90) == 0
        assert old_runs(instance, 90, now=datetime.now(UTC) - timedelta(days=1000)) == 0
        assert instance.get_runs_count() == 3
        assert old_runs(instance, 90, now=datetime.now(UTC) + timedelta(days=91)) == 3
        assert instance.get_runs_count() == 0


def test_damaged_records_of_dagster_make_way(tmp_path: Path) -> None:
    path = tmp_path / "history" / "runs.db"
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    assert move_damaged(tmp_path) == ["history/runs.db"]
    assert [one.name for one in path.parent.iterdir()] == ["runs.db.damaged-1"]
    assert move_damaged(tmp_path) == []
