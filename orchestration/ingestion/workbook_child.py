"""Reads a workbook in a process of its own, with limits of memory and time, and writes its rows to standard output.

A small workbook can ask for any amount of memory (one stray cell in the last column of the last row, an archive that
unpacks without end), and then the library ends its process. Run as a script, so that it starts in 25 ms: standard
library and the reader of workbooks alone. It writes lines of JSON: {"head": the rows of the header, or the first one,
"skipped": the row before} and then lists of [line, texts], or at any place, as the last one, {"refused": why}.
"""

from __future__ import annotations

import gzip
import io
import json
import resource
import sys
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook

_LARGEST = 1 << 30  # bytes of text that are handed on
_ROWS = 2_000  # of a line
_EXACT = 2**53  # from here on not every whole number is one that a cell holds
_USUAL_WIDTH = 256  # columns; beyond, those without any cell are left out


def main(path: str, sheet: str, skip_lines: int, skip_last: int, header: int, memory: int, seconds: int) -> None:
    """Writes the sheet of the name, or the first one, without the first lines and without empty rows."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found = _sheet(path, sheet)
        wanted = _filled(found) if found.total_width > _USUAL_WIDTH else None
        _write(_rows(found, wanted), skip_lines, skip_last, header)
    except _RefusedError as error:
        _put({"refused": str(error)})
    except BaseException:  # noqa: BLE001 - the library's own panic is no Exception, and its text may hold a value
        _put({"refused": "is no readable XLSX workbook; have it sent again"})


class _RefusedError(Exception):
    """Why a workbook is not read."""


def _sheet(path: str, name: str) -> CalamineSheet:
    content = Path(path).read_bytes()
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    names = workbook.sheet_names
    if name and name not in names:
        raise _RefusedError(f"has no sheet {name!r} but {', '.join(names)}")
    return workbook.get_sheet_by_name(name or names[0])


def _filled(sheet: CalamineSheet) -> list[int]:
    filled: set[int] = set()
    for row in sheet.iter_rows():
        filled.update(place for place, cell in enumerate(row) if cell != "")
    left = sheet.start[1] if sheet.start else 0
    return [*range(left), *(left + place for place in sorted(filled))]


def _rows(sheet: CalamineSheet, wanted: list[int] | None) -> Iterator[tuple[int, list[str]]]:
    """Line and texts of each row, from the first column of the sheet on, whether it is filled or not."""
    top, left = sheet.start or (0, 0)
    margin = [""] * left
    for line, cells in enumerate(sheet.iter_rows(), top + 1):
        row = margin + [_text(cell) for cell in cells]
        yield line, row if wanted is None else [row[place] for place in wanted]


def _write(all_rows: Iterator[tuple[int, list[str]]], skip_lines: int, skip_last: int, header: int) -> None:
    skipped: list[str] = []
    last: deque[tuple[int, list[str]]] = deque()

    def wanted() -> Iterator[tuple[int, list[str]]]:
        nonlocal skipped
        for line, row in all_rows:
            if line == skip_lines:
                skipped = row
            elif line > skip_lines and any(row):
                last.append((line, row))
                if len(last) > skip_last:
                    yield last.popleft()

    rows = wanted()
    head = list(islice(rows, header or 1))
    if not head:
        raise _RefusedError("is empty, without even a header; have it sent again")
    _put({"head": head, "skipped": skipped})
    held = [] if header else head
    size = 0
    for row in rows:
        held.append(row)
        if len(held) == _ROWS:
            size += _put(held)
            held = []
            if size > _LARGEST:
                raise _RefusedError(f"holds more than {_LARGEST >> 30} GB of text; have it sent as CSV")
    _put(held)


def _text(value: Any) -> str:
    """The text of a cell: whole numbers without a point, dates and times as ISO, and a number that may have lost digits
    with an exponent (`Reader.cuts_numbers`)."""
    if isinstance(value, float | int) and abs(value) >= _EXACT:
        return f"{float(value):.16e}"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return str(value)


def _put(message: Any) -> int:
    return sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
