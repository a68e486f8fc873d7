"""`kefu status`, `verify` and `doctor` of a home made by hand: what is well, what is held, what is damaged."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from foundation.settings import Settings
from orchestration.cli import cli
from orchestration.ingestion import Manifest, ingest
from orchestration.recovery.status import status
from tests.recovery.damages import DAY, furnish


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return furnish(tmp_path / "home")


def _kefu(home: Settings, *words: str) -> Result:
    return CliRunner().invoke(cli, words, env={"KEFU_HOME": str(home.home)})


def test_a_home_that_is_well(home: Settings) -> None:
    reported = status(home, today=date(2026, 1, 8))
    assert reported["is_well"]
    assert reported["warehouse"]["as_of"] == "2026-01-05"
    assert reported["warehouse"]["age_days"] == 3
    assert [(one["name"], one["age_days"], one["status"]) for one in reported["sources"]] == [
        ("crm", 3, "loaded"),
        ("erp", 3, "loaded"),
    ]
    assert reported["held"] == []
    assert reported["ledger"] == {"deliveries": {"sent": 1}, "holds": []}
    assert reported["reports_that_differ"] == 1
    assert reported["disk"]["free_bytes"] > 0
    answer = _kefu(home, "status", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.output)["schema"] == 1
    assert "last good night  2026-01-05" in _kefu(home, "status").output
    answer = _kefu(home, "verify")
    assert (answer.exit_code, answer.output.count("\n")) == (0, 1)


def test_what_is_lost_is_held_and_told(home: Settings) -> None:
    shutil.rmtree(home.landing / "crm")
    (home.raw / Manifest.read(home.raw).files[0].feeds[0].path).unlink()
    assert not ingest(home, DAY, DAY).ok
    (held,) = status(home)["held"]
    assert (held["entity"], held["source"], held["day"]) == ("orders", "crm", "2026-01-05")
    assert "5 rows of orders are lost" in held["why"]


def test_damage_is_told_without_a_traceback(home: Settings) -> None:
    (home.raw / "manifest.json").write_bytes(b"{")
    (home.published / "kefu.duckdb").write_bytes(b"noise")
    (home.home / "delivery.db").write_bytes(b"")
    for words in (["status"], ["verify"], ["doctor"]):
        answer = _kefu(home, *words)
        assert answer.exit_code == 1, answer.output
        assert isinstance(answer.exception, SystemExit)
        assert "raw/manifest.json" in answer.output
        assert "kefu.duckdb" in answer.output
        assert "delivery.db" in answer.output


def test_an_empty_home_has_nothing_to_tell(tmp_path: Path) -> None:
    home = Settings(home=tmp_path)
    assert status(home)["warehouse"] is None
    assert not (tmp_path / "delivery.db").exists()
    assert _kefu(home, "verify").output == "nothing to check yet\n"
