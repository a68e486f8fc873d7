"""`kefu dbt`: any dbt command, on a copy of the last good build."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from foundation.settings import Settings
from orchestration.cli import cli
from orchestration.warehouse import MARTS_FILE


def _dbt(home: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["dbt", *words], env={"KEFU_HOME": str(home)})


@pytest.mark.slow
def test_a_model_is_shown_and_built_beside_the_published_warehouse(demo_home: Settings) -> None:
    published = (demo_home.published / MARTS_FILE).stat()
    try:
        shown = _dbt(demo_home.home, "--fresh", "--", "show", "--select", "sla", "--limit", "3")
        assert shown.exit_code == 0
        assert "instance_no" in shown.output  # a column of it, among those that fit a line
        assert _dbt(demo_home.home, "--", "build", "--select", "sla").exit_code == 0
        assert (demo_home.published / MARTS_FILE).stat() == published
        assert _dbt(demo_home.home, "--", "run-operation", "no_such_macro").exit_code == 1
    finally:
        shutil.rmtree(demo_home.build / "sandbox")


def test_without_a_build_it_says_what_to_run(tmp_path: Path) -> None:
    refused = _dbt(tmp_path, "--", "ls")
    assert "no build to copy yet; run kefu nightly" in str(refused.exception)
