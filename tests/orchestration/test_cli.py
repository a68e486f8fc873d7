"""The command line: wrong use is exit code 2 and says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestration.cli import cli

WRONG_USE = 2


def _kefu(home: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, words, env={"KEFU_HOME": str(home)})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nightly"], "--date"),
        (["nightly", "--date", "31.10.2026"], "write it as 2026-10-31"),
        (["nightly", "--date", "2999-01-01"], "is in the future"),
        (["backfill", "--from", "2026-10-02", "--to", "2026-10-01"], "is after"),
        (["report", "--month", "October"], "write it as 2026-10"),
        (["demo", "--size", "xxl"], "xxl"),
    ],
)
def test_wrong_use_is_named(tmp_path: Path, words: list[str], says: str) -> None:
    result = _kefu(tmp_path, *words)
    assert result.exit_code == WRONG_USE
    assert says in result.output


def test_settings_that_make_no_sense_are_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "kefu.toml").write_text("[company]\ncurrency = 'yuan'\n", encoding="utf-8")
    result = _kefu(tmp_path, "doctor")
    assert result.exit_code == WRONG_USE
    assert "company.currency" in result.output


def test_help_names_every_command(tmp_path: Path) -> None:
    output = _kefu(tmp_path, "--help").output
    assert all(name in output for name in ("demo", "ingest", "nightly", "backfill", "report", "doctor"))
