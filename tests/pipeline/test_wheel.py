"""The wheel alone, in an empty environment, is the whole application."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from foundation.settings import REPOSITORY

pytestmark = pytest.mark.slow

UV = REPOSITORY / ".setup" / "bin" / "uv"


def _run(*words: str | Path, cwd: Path) -> str:
    """What a command prints, run apart from the checkout; the whole of it where it fails."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("KEFU_", "PYTHON", "VIRTUAL"))
    }
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def _asked_again(*words: str | Path, cwd: Path) -> None:
    """A command that asks a registry; one that fails once is asked again."""
    try:
        _run(*words, cwd=cwd)
    except AssertionError:
        _run(*words, cwd=cwd)


@pytest.fixture(scope="module")
def kefu(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel with the locked versions into an environment of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    _asked_again(UV, "build", "--wheel", "--quiet", "--out-dir", folder, REPOSITORY, cwd=folder)
    locked = ["export", "--locked", "--no-dev", "--no-emit-project", "--no-hashes", "--quiet"]
    _run(UV, *locked, "--project", REPOSITORY, "--output-file", folder / "locked.txt", cwd=folder)
    _run(UV, "venv", "--quiet", "--python", REPOSITORY / ".venv" / "bin" / "python", folder / "env", cwd=folder)
    (wheel,) = folder.glob("*.whl")
    python = folder / "env" / "bin" / "python"
    _asked_again(UV, "pip", "install", "--quiet", "--python", python, "-c", folder / "locked.txt", wheel, cwd=folder)
    return folder / "env" / "bin" / "kefu"


def test_an_installed_wheel_runs_the_demo_and_finds_nothing_wrong_with_itself(kefu: Path, tmp_path: Path) -> None:
    _run(kefu, "demo", "--size", "xs", cwd=tmp_path)
    made = {path.suffix for path in (tmp_path / "var" / "reports").rglob("report.*")}
    assert made == {".html", ".pdf"}
    assert "\n✗" not in _run(kefu, "doctor", cwd=tmp_path)
