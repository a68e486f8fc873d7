"""A run that skips what it should not have to skip fails, and says what was skipped and why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from foundation.settings import REPOSITORY


def _run(folder: Path, reason: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    skipping = f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n"
    (folder / "test_one.py").write_text(skipping, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir", folder]
    return subprocess.run([*command, folder, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reason", "arguments", "code"),
    [
        ("no browser here", (), 0),
        ("no browser here", ("--strict-skips",), 1),
        ("the real exports are not here: /data", ("--strict-skips",), 0),
    ],
)
def test_a_skip_is_told_and_fails_a_strict_run_unless_its_reason_is_accepted(
    tmp_path: Path, reason: str, arguments: tuple[str, ...], code: int
) -> None:
    done = _run(tmp_path, reason, *arguments)
    assert done.returncode == code, done.stdout
    assert f"skipped 1: {reason}" in done.stdout
