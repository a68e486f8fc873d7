"""Rows put aside: one CSV per file, in words, readable by its owner alone. Values stand here and nowhere else."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class RejectedRow:
    """One row that was not taken in."""

    file: str
    line: int
    column: str  # entity.column, empty when no column can be read
    value: str | None
    reason: str  # what is wrong and what to do
    record: str  # the row as JSON


def whole_record(text: str) -> str:
    """A record whose columns cannot be told apart, as JSON."""
    return json.dumps({"line": text}, ensure_ascii=False)


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
