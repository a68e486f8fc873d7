"""A build whose inputs are those of the last good one is that one: nothing is built, and any changed input ends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from foundation.settings import Settings
from orchestration import warehouse
from orchestration.ingestion import LoadEntry, Manifest
from orchestration.warehouse import MARTS_FILE, WORK_FILE, WarehouseBuildError

DAY = date(2026, 10, 31)


def deliver(home: Settings, *days: int) -> None:
    loads = [
        LoadEntry(
            entity="orders",
            source="crm",
            load_date=date(2026, 10, day),
            load_mode="delta",
            status="loaded",
            mapping_version="1",
        )
        for day in days
    ]
    Manifest.of([], loads).write(home.raw)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home whose last good build is as of DAY; its one mart is the table that names the build."""
    settings = Settings(home=tmp_path)
    deliver(settings, 30, 31)
    made = warehouse.prepare(settings, as_of=DAY)
    with duckdb.connect(str(made.marts)) as connection:
        connection.execute(f"attach '{made.work}' as work (read_only)")
        connection.execute("create schema reporting; create table reporting.rpt_build as from work.control.build")
    warehouse.publish(settings, made)
    return settings


def files(home: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home.build / WORK_FILE, home.published / MARTS_FILE)}


def test_the_same_inputs_are_the_same_build_and_nothing_is_written(home: Settings) -> None:
    before = files(home)
    made = warehouse.prepare(home, as_of=DAY)
    assert (made.is_unchanged, made.as_of_date, made.known_at) == (True, DAY, DAY)
    assert warehouse.open_candidate(home) == made
    assert warehouse.build(home, made) == []
    with pytest.raises(WarehouseBuildError, match="last good build itself"):
        warehouse.unit_test(home, made)
    assert warehouse.publish(home, made) == home.published / MARTS_FILE
    assert files(home) == before
    assert not (home.build / "candidate").exists()
    assert len(list((home.published / "versions").glob("*.duckdb"))) == 1


def test_a_crash_before_the_end_leaves_the_last_good_build(home: Settings) -> None:
    before = files(home)
    warehouse.prepare(home, as_of=DAY)
    again = warehouse.prepare(home, as_of=date(2026, 11, 1))  # throws the links away, and what they lead to not
    assert (again.is_unchanged, again.is_full) == (False, False)
    assert files(home) == before


def _measures(home: Settings) -> Settings:
    return Settings(home=home.home, measures={"min_n": 31})


def _expectations(home: Settings) -> Settings:
    return Settings(home=home.home, expectations={"late": {"max_days": 9}})


def _reference(home: Settings) -> Settings:
    home.reference.mkdir()
    (home.reference / "holidays.csv").write_text("schedule_id,holiday_date,name\n", encoding="utf-8")
    return home


def _delivery(home: Settings) -> Settings:
    deliver(home, 30, 31, 29)
    return home


def _lost_file(home: Settings) -> Settings:
    (home.build / WORK_FILE).unlink()
    return home


def _crash_between_the_renames(home: Settings) -> Settings:
    with duckdb.connect(str(home.published / MARTS_FILE)) as connection:
        connection.execute("update reporting.rpt_build set build_id = 'a later one'")
    return home


@pytest.mark.parametrize(
    "change", [_measures, _expectations, _reference, _delivery, _lost_file, _crash_between_the_renames]
)
def test_any_changed_input_is_built(home: Settings, change: Callable[[Settings], Settings]) -> None:
    assert not warehouse.prepare(change(home), as_of=DAY).is_unchanged


def test_changed_code_is_built(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse, "code_version", lambda: "another")
    assert not warehouse.prepare(home, as_of=DAY).is_unchanged


def test_a_build_of_an_older_knowledge_is_never_the_last_good_one(home: Settings) -> None:
    assert not warehouse.prepare(home, as_of=DAY, known_at=DAY).is_unchanged


def test_the_parsed_project_is_kept_and_read_as_it_was(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = warehouse.project(home)
    of_dbt = warehouse.manifest(home).writable_manifest().to_dict(omit_none=False)
    assert parsed["nodes"] == json.loads(json.dumps(of_dbt["nodes"]))
    assert parsed["child_map"] == of_dbt["child_map"]

    def unwanted(_: Settings) -> None:
        raise AssertionError("parsed once more")

    monkeypatch.setattr(warehouse, "manifest", unwanted)
    assert warehouse.project(home) == parsed
    with pytest.raises(AssertionError, match="once more"):
        warehouse.project(_measures(home))
