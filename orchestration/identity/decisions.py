"""What was decided on who is who: rows of KEFU_HOME/reference/identity_overrides.csv, which the next build obeys."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from foundation.errors import CommandFailedError
from foundation.seeds import seeds
from foundation.settings import Settings
from orchestration import reference

TABLE = "identity_overrides"
Row = dict[str, str]


def path_of(settings: Settings) -> Path:
    return settings.reference / f"{TABLE}.csv"


def decisions(settings: Settings) -> list[Row]:
    """The rows of the file as it stands, which the last build may not know yet. Raises CommandFailedError naming what
    is wrong with it."""
    path = path_of(settings)
    if not path.exists():
        return []
    if faults := reference.faults(path):
        raise CommandFailedError("\n".join(faults))
    header: list[str] = []
    rows = []
    for _, cells in _records(path.read_text("utf-8-sig")):
        if header:
            rows.append(dict.fromkeys(seeds()[TABLE].types, "") | dict(zip(header, cells, strict=True)))
        else:
            header = cells
    return rows


def decide(settings: Settings, new: Row, forget: Callable[[Row], bool]) -> None:
    """Adds a decision and takes away those that it replaces; other lines stay as they are written."""
    if any(mark in value for value in new.values() for mark in "\r\n"):
        raise CommandFailedError("a decision is one line; leave the line end out")
    before = decisions(settings)
    path = path_of(settings)
    text = path.read_text("utf-8-sig") if path.exists() else ",".join(seeds()[TABLE].types) + "\n"
    header: list[str] = []
    kept = []
    number = 0
    for raw, cells in _all_records(text):
        is_row = bool(header) and _is_record(cells)
        if is_row:
            number += 1
        elif not header and _is_record(cells):
            header = cells
        if not is_row or not forget(before[number - 1]):
            kept.append(raw if raw.endswith("\n") else raw + "\n")
    missing = [name for name, value in new.items() if value and name not in header]
    if missing:
        raise CommandFailedError(f"{path} line 1: lacks {', '.join(missing)}; add the column")
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([new.get(name, "") for name in header])
    _replace(path, "".join([*kept, line.getvalue()]))


def _replace(path: Path, text: str) -> None:
    """Writes the file at once or not at all; one that would make no sense is not written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        tried = Path(folder) / path.name
        tried.write_text(text, encoding="utf-8")
        if faults := reference.faults(tried):
            raise CommandFailedError("\n".join(fault.replace(str(tried), str(path)) for fault in faults))
        tried.replace(path)


def _is_record(cells: Sequence[str]) -> bool:
    return any(cells) and not cells[0].startswith("#")


def _records(text: str) -> list[tuple[str, list[str]]]:
    return [(raw, cells) for raw, cells in _all_records(text) if _is_record(cells)]


def _all_records(text: str) -> list[tuple[str, list[str]]]:
    """Every record of a CSV as it is written, and its cells."""
    lines = text.splitlines(keepends=True)
    reader = csv.reader(io.StringIO(text, newline=""))
    found = []
    begin = 0
    for cells in reader:
        found.append(("".join(lines[begin : reader.line_num]), [cell.strip() for cell in cells]))
        begin = reader.line_num
    return found
