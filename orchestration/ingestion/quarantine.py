"""Rows put aside, and values that rows were loaded without: one CSV per file, in words, readable by its owner alone.

Values stand here and nowhere else.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

_LONGEST_NAME = 240  # bytes; file systems take 255, and a dot goes before while it is written


@dataclass(frozen=True)
class RejectedRow:
    """One row that was not taken in, or not with all that it said."""

    file: str
    line: int
    column: str  # entity.column, empty when no column can be read
    value: str | None
    reason: str  # what is wrong and what to do
    record: str  # the row as JSON
    outcome: str = "put aside"  # what was done


def outcome(without: tuple[str, ...]) -> str:
    """What was done with a row that is loaded without some columns, or with none."""
    return f"loaded without {', '.join(without)}" if without else "put aside"


def whole_record(text: str) -> str:
    """A record whose columns cannot be told apart, as JSON."""
    return json.dumps({"line": text}, ensure_ascii=False)


def quarantine_file(folder: Path, name: str) -> Path:
    """Where the rows of a file are put aside: its name, or the beginning and a hash of one that leaves no room."""
    path = folder / f"{name}.csv"
    if len(os.fsencode(path.name)) < _LONGEST_NAME:
        return path
    beginning = os.fsencode(path.name)[: _LONGEST_NAME // 2].decode("utf-8", "ignore")
    return path.with_name(f"{beginning}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.csv")


def write_quarantine(path: Path, root: Path, rows: Iterable[RejectedRow]) -> None:
    """Replaces the quarantine of one file; none is left when there is no row."""
    rows = sorted(rows, key=lambda row: (row.line, row.column))
    if not rows:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = path.parent
    while folder.is_relative_to(root):
        folder.chmod(0o700)
        folder = folder.parent
    aside = path.with_name(f".{path.name}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8", newline="") as out:  # noqa: PTH123 - the mode is set as it is made
        writer = csv.writer(out)
        writer.writerow([field.name for field in fields(RejectedRow)])
        writer.writerows(astuple(row) for row in rows)
    aside.replace(path)
