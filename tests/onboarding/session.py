"""A page of docs/tutorials as a session: its commands typed, its edits made, its outputs told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foundation.settings import REPOSITORY

TUTORIALS = REPOSITORY / "docs" / "tutorials"
BLOCK = re.compile(r"^```(sh|text|diff)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS = re.compile(r"  \d+\.\d s$", re.MULTILINE)  # what a step took is another each time


@dataclass(frozen=True)
class Said:
    """An output that a page states, and what the commands before it said."""

    stated: str
    said: str


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def edits(page: Path) -> int:
    """The lines that a person changes: of a changed one, the old and the new are one."""
    hunks = [text.splitlines() for kind, text in blocks(page) if kind == "diff"]
    return sum(max(sum(line.startswith(sign) for line in hunk) for sign in "-+") for hunk in hunks)


def replayed(page: Path, folder: Path) -> Iterator[Said]:
    """Types the commands of a page in a folder, and makes its edits in the one mapping that there is."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(folder),
        "KEFU_HOME": str(folder / "home"),
        "KEFU_COMPANY__TIME_ZONE": "Asia/Shanghai",
    }
    said = ""
    for kind, text in blocks(page):
        if kind == "sh":
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", text],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            said = SECONDS.sub("", done.stdout.replace(str(folder), "~"))
        elif kind == "diff":
            (mapping,) = (folder / "home" / "sources").glob("*.yml")
            mapping.write_text(edited(mapping.read_text(encoding="utf-8"), text), encoding="utf-8")
        else:
            yield Said(text, said)


def edited(text: str, hunk: str) -> str:
    """A text with the one place changed that the lines of a hunk describe, with or without the comments there."""
    lines, wanted = text.splitlines(), hunk.splitlines()
    old = [line[1:] for line in wanted if line[:1] in " -"]
    places = [
        start
        for start in range(len(lines))
        if all(_is(line, one) for line, one in zip(lines[start : start + len(old)], old, strict=False))
        and len(lines) - start >= len(old)
    ]
    assert len(places) == 1, f"{len(places)} places fit\n{hunk}"
    kept = iter(lines[places[0] : places[0] + len(old)])
    new = []
    for line in wanted:
        if line[:1] == "+":
            new.append(line[1:])
        elif line[:1] == "-":
            next(kept)
        else:
            new.append(next(kept))
    return "\n".join([*lines[: places[0]], *new, *lines[places[0] + len(old) :]]) + "\n"


def _is(line: str, one: str) -> bool:
    return line == one or re.fullmatch(re.escape(one) + r"\s+# .*", line) is not None
