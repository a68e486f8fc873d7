"""Files that appear whole in a delivery: written under a hidden name, which no reader looks at, then renamed."""

from __future__ import annotations

import filecmp
import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.pulling.state import sync_folder

SUFFIX = ".jsonl.gz"
_LEVEL = 1  # of compression: reading is what takes time


class Part:
    """A file that is being written."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.rows = 0
        self.landed = False
        self._aside = target.with_name(f".{target.name}.part")
        self._raw = self._aside.open("wb")
        # without a name and a time in its header: the same rows are the same bytes
        self._file = gzip.GzipFile("", "wb", _LEVEL, self._raw, mtime=0)

    def add(self, lines: list[bytes]) -> None:
        if lines:
            self._file.write(b"\n".join(lines) + b"\n")
            self.rows += len(lines)

    def _close(self) -> None:
        self._file.close()
        self._raw.close()

    def land(self) -> None:
        """Lets it appear, whole and for good; nothing does where there are no rows."""
        self._close()
        if not self.rows:
            self._aside.unlink()
            return
        if self.target.exists() and filecmp.cmp(self._aside, self.target, shallow=False):
            self._aside.unlink()  # what has not changed is no new delivery
            return
        with self._aside.open("rb") as written:
            os.fsync(written.fileno())
        self._aside.replace(self.target)
        self.landed = True
        sync_folder(self.target.parent)

    def drop(self) -> None:
        self._close()
        self._aside.unlink(missing_ok=True)


@contextmanager
def part(target: Path) -> Iterator[Part]:
    """A file to write, which is gone unless it landed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    opened = Part(target)
    try:
        yield opened
    finally:
        opened.drop()


def snapshot_name(name: str) -> str:
    return f"{name}{SUFFIX}"


def part_name(name: str, number: int = 1) -> str:
    return f"{name}.{number:04}{SUFFIX}"


def next_part(folder: Path, name: str) -> Path:
    """The first free name: what has landed is never written over, for it may hold rows that are gone at the source."""
    number = 1
    while (target := folder / part_name(name, number)).exists():
        number += 1
    return target
