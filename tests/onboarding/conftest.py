"""The desk of a data engineer, and the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from foundation.settings import Settings
from tests.onboarding.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    exports = tmp_path / "exports"
    exports.mkdir()
    return Desk(Settings(home=tmp_path / "home"), exports)


@pytest.fixture
def kefu(desk: Desk) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command itself, in the home of the desk."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("kefu"), *words],
            env={"KEFU_HOME": str(desk.settings.home), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
