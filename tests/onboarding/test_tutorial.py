"""docs/tutorials/onboard-an-export.md, typed as it stands: every command works and says what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from foundation.settings import REPOSITORY

PAGE = REPOSITORY / "docs" / "tutorials" / "onboard-an-export.md"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS = re.compile(r"  \d+\.\d s$", re.MULTILINE)  # what a step took is another each time


@pytest.mark.slow
def test_the_session_goes_as_the_page_says(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert [kind for kind, _ in blocks].count("text") >= 4
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "KEFU_HOME": str(tmp_path / "home"),
        "KEFU_COMPANY__TIME_ZONE": "Asia/Shanghai",
    }
    said = ""
    for kind, text in blocks:
        if kind == "sh":
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", text],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            said = SECONDS.sub("", done.stdout.replace(str(tmp_path), "~"))
        else:
            assert said.rstrip() == text.rstrip()
