"""How files are written: format, encoding, delimiter, header, places of fixed width, where a document has its records.

What is found is a FileMapping that the ingestion's readers can open, with what it was told by.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from orchestration.ingestion.errors import RefusedError
from orchestration.ingestion.likeness import likely_encodings
from orchestration.ingestion.mapping import FileMapping
from orchestration.ingestion.text import chunks, detect_encoding, utf8_chunks

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LINES = 200  # of a file that tell how it is written
_CHARACTERS = 1 << 20
_STEADY = 0.8  # share of lines that must have the same number of fields
_TITLES = 20  # lines that may stand before a header
_HEADERS = 3  # rows a header may have
_SUFFIX = {".csv", ".tsv", ".txt", ".dat", ".xlsx", ".xls", ".json", ".jsonl", ".ndjson", ".parquet"}
_DATA = re.compile(r"[^\w]{0,2}\d[\d.,:/\-+ T年月日时分秒]*\s?(%|[AaPp][Mm]|Z|UTC)?")


@dataclass
class Written:
    """How one file is written: the keys of its mapping, each with its evidence, and what a person must say."""

    path: Path
    keys: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)

    def say(self, key: str, value: Any, evidence: str) -> None:
        self.keys[key] = value
        self.evidence[key] = evidence

    @property
    def mapping(self) -> FileMapping:
        return FileMapping.model_validate({"pattern": "*", **self.keys})


def written(path: Path) -> Written:
    """Looks at one file. Raises RefusedError where nothing can be made of it."""
    if path.stat().st_size == 0:
        raise RefusedError("is empty: zero bytes; have it sent again")
    found = Written(path)
    head = _head(path)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):  # of today, and of the old kind
        _workbook(found)
    elif head.startswith(b"PAR1"):
        _format(found, "parquet", "by its first bytes")
    else:
        encoding = _encoding(found)
        text = next(utf8_chunks(path, encoding), b"").decode("utf-8", "ignore")[:_CHARACTERS].removeprefix("\ufeff")
        if text.lstrip()[:1] in ("{", "["):
            _json(found, text, encoding)
        else:
            _lines(found, text)
    return found


def _head(path: Path) -> bytes:
    return next(chunks(path, 8), b"")


def _format(found: Written, kind: str, evidence: str) -> None:
    """States the format where the suffix does not."""
    if FileMapping(pattern=("*",)).format_of(found.path.name) != kind or found.path.suffix.lower() not in (
        *_SUFFIX,
        ".gz",
    ):
        found.say("format", kind, evidence)


def _encoding(found: Written) -> str:
    try:
        encoding = detect_encoding(found.path)
    except RefusedError:
        sample = next(chunks(found.path), b"")[: 1 << 18]
        likely = likely_encodings(sample[: sample.rfind(b"\n") + 1] or sample)
        encoding = next((one for one in (*likely, "cp1252", "latin-1") if _decodes(found.path, one)), "latin-1")
        found.say("encoding", encoding, "a guess: it is no UTF-8, and its bytes do not tell")
        found.questions.append(
            f"In which encoding is {found.path.name}? It may be {', '.join(likely) or 'one of the Western ones'}; "
            f"{encoding} is taken. Look at names with accents in kefu source check --show-values."
        )
        return encoding
    if encoding != "utf-8":
        found.say("encoding", encoding, "by its bytes")
    return encoding


def _decodes(path: Path, encoding: str) -> bool:
    try:
        for _ in utf8_chunks(path, encoding):
            pass
    except RefusedError:
        return False
    return True


# --- documents and workbooks --------------------------------------------------------------------------------


def _json(found: Written, text: str, encoding: str) -> None:
    first = text.lstrip().splitlines()[0]
    try:
        is_lines = isinstance(json.loads(first), dict) and len(text.strip().splitlines()) > 1
    except json.JSONDecodeError:
        is_lines = False
    if is_lines:
        _format(found, "jsonl", "one object a line")
        return
    _format(found, "json", "one document")
    document = json.loads(b"".join(utf8_chunks(found.path, encoding)))
    arrays = sorted(_arrays(document), key=lambda one: -one[1])
    if not arrays:
        raise RefusedError("holds no array of records, so there are no rows in it")
    path, count = arrays[0]
    if path:
        found.say("root", path, f"the array of {count:,} records")
        for other, several in arrays[1:]:
            found.questions.append(f"{found.path.name} has records under {other} too ({several:,}); are they wanted?")


def _arrays(document: Any, path: str = "") -> Iterator[tuple[str, int]]:
    """Where a document has arrays of objects, and how many, not within arrays."""
    if isinstance(document, list):
        if document and all(isinstance(one, dict) for one in document):
            yield path, len(document)
    elif isinstance(document, dict):
        for key, inner in document.items():
            yield from _arrays(inner, f"{path}.{key}" if path else key)


def _workbook(found: Written) -> None:
    from python_calamine import CalamineWorkbook

    from orchestration.ingestion.readers import open_reader

    _format(found, "xlsx", "by its first bytes")
    sheets = CalamineWorkbook.from_path(str(found.path)).sheet_names
    if len(sheets) > 1:
        found.say("sheet", sheets[0], f"the first of {len(sheets)} sheets")
        found.questions.append(f"{found.path.name} has the sheets {', '.join(sheets)}; which ones are wanted?")
    reader = open_reader(found.path, FileMapping.model_validate({"pattern": "*", "header": "false", **found.keys}))
    batch = next(reader.batches(), None)
    if batch is None:
        raise RefusedError("holds no row in its first sheet")
    table = batch.slice(0, _LINES).to_pylist()
    rows = [[row[f"c{i}"] or "" for i in range(len(row) - 1)] for row in table]
    filled = Counter(sum(1 for cell in row if cell) for row in rows)
    usual = max(filled, key=lambda count: (filled[count], count))
    first = next(
        (place for place, row in enumerate(rows[:_TITLES]) if sum(1 for cell in row if cell) >= _STEADY * usual), 0
    )
    if table[first]["line"] > 1:
        found.say("skip_lines", str(table[first]["line"] - 1), "title rows before the header")
    _header_rows(found, rows[first:], [row["line"] for row in table[first:]])


# --- lines --------------------------------------------------------------------------------------------------


def _lines(found: Written, text: str) -> None:
    lines = text.split("\n")
    is_whole = len(text) < _CHARACTERS and len(lines) <= _LINES
    sample = "\n".join(lines if is_whole else lines[: min(_LINES, len(lines) - 1)])
    tried = {delimiter: _rows(sample, delimiter) for delimiter in _DELIMITERS}
    best = max(tried, key=lambda delimiter: _steadiness(tried[delimiter]))
    share, usual = _steadiness(tried[best])
    if usual == 1 or share < _STEADY:
        places = _places([line.rstrip("\r") for line in lines[: len(lines) - (not is_whole)] if line.strip()])
        if places:
            _fixed(found, places, lines)
            return
        if usual == 1:
            found.questions.append(
                f"{found.path.name} has one column by every delimiter tried; is it written in another way?"
            )
    if best != FileMapping(pattern=("*",)).separator(found.path.name):
        evidence = f"a {_DELIMITERS[best]}: {usual} fields in {share:.0%} of the first {len(tried[best])} rows"
        found.say("delimiter", best, evidence)
    if found.path.suffix.lower() not in _SUFFIX:
        found.say("format", "csv", "delimited text")
    rows = tried[best]
    first = next((place for place, (_, row) in enumerate(rows[:_TITLES]) if len(row) == usual), 0)
    if first:
        found.say("skip_lines", str(rows[first][0] - 1), f"{first} rows of a title before the header")
    _header_rows(found, [row for _, row in rows[first:] if len(row) == usual], [line for line, _ in rows[first:]])


def _rows(sample: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The first rows with the line on which each begins, counted from 1."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    found, line = [], 1
    try:
        for row in reader:
            if row:
                found.append((line, row))
            line = reader.line_num + 1
    except csv.Error:
        return found
    return found


def _steadiness(rows: Sequence[tuple[int, Sequence[str]]]) -> tuple[float, int]:
    """Which share of the rows has the usual number of fields, and how many that is; one field is no delimiter."""
    counts = Counter(len(row) for _, row in rows)
    if not counts:
        return 0, 1
    usual = max(counts, key=lambda fields: (counts[fields] * (fields > 1), fields))
    return (counts[usual] / len(rows), usual) if usual > 1 else (0, 1)


def _header_rows(found: Written, rows: list[list[str]], lines: list[int]) -> None:
    """Whether the first row names the columns, and whether more rows belong to it."""
    body = rows[_HEADERS:] or rows[1:]
    typed = [i for i in range(len(rows[0])) if body and _share(row[i] for row in body if row[i]) >= _STEADY]
    if len(rows) > 1 and _share(rows[0]) > 0.5 * max(_share(cell for row in body for cell in row if cell), 0.01):
        found.say("header", "false", "the first row holds data, not names")
        found.questions.append(f"{found.path.name} has no header; what are its columns?")
        return
    blank = sum(1 for name in rows[0] if not name.strip())
    more = 0
    for row in rows[1 : _HEADERS + 1]:
        cells = [row[i] for i in typed if row[i].strip()]
        if not cells or any(_is_data(cell) for cell in cells):
            break
        more += 1
    if more and more < len(rows) - 1:
        names = _folded(rows[: more + 1])
        found.say("header", "false", f"the names stand in {more + 1} rows, which are skipped")
        found.say("skip_lines", str(lines[more + 1] - 1), "lines of the header")
        found.say("columns", names, f"made of the {more + 1} rows of the header")
    elif blank > 1 and len(rows) > 1:
        names = _folded([rows[0], [""] * len(rows[0])])
        found.say("header", "false", f"{blank} columns have no name, and continue the one before")
        found.say("skip_lines", str(lines[1] - 1), "lines to the end of the header")
        found.say("columns", names, "the names, with the place of those that have none")


def _folded(rows: list[list[str]]) -> list[str]:
    """One name for each column: the first row's, with the second's where a question goes over several columns."""
    heads, below = rows[0], rows[1]
    filled = [heads[0]]
    for name in heads[1:]:
        filled.append(name if name.strip() else filled[-1])
    repeated = Counter(filled)
    names = [
        f"{name}: {below[i]}" if repeated[name] > 1 and below[i].strip() else name or f"column{i + 1}"
        for i, name in enumerate(filled)
    ]
    seen = Counter(names)
    clean = [re.sub(r"\s+", " ", name).strip() for name in names]
    return [f"{name} ({i + 1})" if seen[names[i]] > 1 else name for i, name in enumerate(clean)]


def _share(cells: Any) -> float:
    listed = list(cells)
    return sum(map(_is_data, listed)) / len(listed) if listed else 0


def _is_data(cell: str) -> bool:
    return _DATA.fullmatch(cell.strip()) is not None


# --- fixed width --------------------------------------------------------------------------------------------


def _places(lines: list[str]) -> list[tuple[int, int]]:
    """First and last place of each column, where the same places are blank in all lines but the first."""
    body = lines[1:_LINES]
    if len(body) < 3 or len({len(line.rstrip()) for line in body}) > 3:
        return []
    width = max(map(len, body))
    used = [any(len(line) > i and line[i] != " " for line in body) for i in range(width)]
    ends = [i for i in range(width) if used[i] and (i + 1 == width or not used[i + 1])]
    starts = [0, *(end + 1 for end in ends[:-1])]
    return list(zip(starts, ends, strict=True)) if len(ends) > 1 else []


def _fixed(found: Written, places: list[tuple[int, int]], lines: Sequence[str]) -> None:
    head = next(islice((line for line in lines if line.strip()), 1)).split()
    named = len(head) == len(places) and not any(_is_data(word) for word in head)
    names = head if named else [f"column{i + 1}" for i in range(len(places))]
    columns = [
        {"name": name, "start": str(start + 1), "width": str(end - start + 1)}
        for name, (start, end) in zip(names, places, strict=True)
    ]
    found.say("format", "fixed_width", f"the same {len(places) - 1} places are blank in every line")
    if named:
        found.say("header", "true", "the first line names the columns")
    else:
        found.questions.append(f"{found.path.name} has no header; what are its columns?")
    found.say(
        "columns", columns, "by the blanks between them; the last place of a column is where its longest value ends"
    )
