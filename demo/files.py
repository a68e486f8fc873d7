"""Writes one export file in the shape its CRM would give it, and spoils a known number of rows.

What the rows are is decided elsewhere.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import duckdb
import xlsxwriter

if TYPE_CHECKING:
    from demo.generator import BrokenValue, Export

BROKEN_SHARE = 0.004  # of the rows of a file, so that no file comes near the share that refuses it
BROKEN_AT_MOST = 20
_CHUNK = 1 << 20


def write_file(
    connection: duckdb.DuckDBPyConnection, query: str, rows: int, path: Path, export: Export
) -> dict[str, int]:
    """Write the query's rows, of which there are `rows`, and add broken ones; return the latter by kind."""
    if path.suffix == ".xlsx":
        _write_xlsx(connection, query, path, export.sheet or "Sheet1")
        return {}
    is_json = path.suffix == ".jsonl"
    options = ["format json"] if is_json else ["header", f"delimiter '{export.delimiter}'"]
    if path.suffix == ".gz":
        options.append("compression gzip")
    plain = path.with_suffix(".plain") if export.encoding != "utf-8" or export.bom else path
    connection.execute(f"copy ({query}) to '{plain}' ({', '.join(options)})")
    lines, broken = _broken_lines(plain, rows, export, is_json)
    _append(plain, lines)
    if plain != path:
        _transcode(plain, path, "utf-8-sig" if export.bom else export.encoding)
        plain.unlink()
    return broken


def _broken_lines(path: Path, rows: int, export: Export, is_json: bool) -> tuple[str, dict[str, int]]:
    """As many broken rows as the file is large enough for, made from its first row, kind after kind."""
    wanted = min(BROKEN_AT_MOST, int(rows * BROKEN_SHARE)) if export.broken else 0
    if not wanted:
        return "", {}
    with _open_text(path) as file:
        head = [file.readline() for _ in range(2)]
    row = json.loads(head[0]) if is_json else next(csv.DictReader(head, delimiter=export.delimiter))
    ways: cycle[BrokenValue | None] = cycle([*export.broken, None])  # None: a line torn off
    counts: Counter[str] = Counter()
    lines = io.StringIO()
    key = next(iter(export.columns))
    for number, way in enumerate(islice(ways, wanted), 1):
        spoilt = {**row, key: f"BROKEN{number}"}
        if way:
            spoilt[way.column] = way.value
        counts[way.kind if way else "torn_line"] += 1
        if is_json:
            line = json.dumps(spoilt, ensure_ascii=False)
            lines.write((line if way else line[: len(line) // 2]) + "\n")
        else:
            values = list(spoilt.values())[: None if way else -2]
            csv.writer(lines, delimiter=export.delimiter, lineterminator="\n").writerow(values)
    return lines.getvalue(), dict(counts)


def _open_text(path: Path) -> IO[str]:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def _append(path: Path, lines: str) -> None:
    data = lines.encode()
    if data and path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)  # a second member of the same gzip file
    with path.open("ab") as file:
        file.write(data)


def _transcode(source: Path, target: Path, encoding: str) -> None:
    encode = codecs.getincrementalencoder(encoding)()
    with source.open(encoding="utf-8", newline="") as text, target.open("wb") as file:
        while chunk := text.read(_CHUNK):
            file.write(encode.encode(chunk))


def _write_xlsx(connection: duckdb.DuckDBPyConnection, query: str, path: Path, sheet: str) -> None:
    """Write a workbook with one sheet; its own dates are fixed, so that the same rows give the same bytes."""
    rows = connection.execute(query)
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        book.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC)})
        page = book.add_worksheet(sheet)
        page.write_row(0, 0, [column[0] for column in rows.description or []])
        for number, row in enumerate(rows.fetchall(), 1):
            page.write_row(number, 0, [float(v) if isinstance(v, Decimal) else v for v in row])
