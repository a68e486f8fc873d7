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

from orchestration.ingestion.date_formats import formats_of, month_formats_of, shape
from orchestration.ingestion.errors import RefusedError
from orchestration.ingestion.likeness import likely_encodings
from orchestration.ingestion.mapping import FileMapping
from orchestration.ingestion.text import chunks, detect_encoding, is_packed, utf8_chunks
from orchestration.onboarding.terminal import counted

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LINES = 200  # of a file that tell how it is written
_CHARACTERS = 1 << 20
_TELLING = 8  # different characters beyond ASCII, from which the bytes of a text tell its encoding
_STEADY = 0.8  # share of lines that must have the same number of fields
_TITLES = 20  # lines that may stand before a header
_HEADERS = 3  # rows a header may have
_TRAILERS = 4  # rows that may stand after the data
_TAIL = 1 << 16  # bytes at the end of a file that hold them
_TOTAL = re.compile(
    r"(grand |sub)?totals?\b|sums?\b|summe\b|gesamt\w*|totale?s?\b|suma\b|合计|总计|小计|共计|"
    r"\d[\d,. ]* (rows?|records?|entries)\b|(end|confidential|generated|copyright)\b", re.IGNORECASE
)  # fmt: skip
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
        text = next(chunks(found.path), b"")[:_CHARACTERS].decode(encoding, "ignore")
        odd = {character for character in text if not character.isascii()}
        if len(odd) < _TELLING and not encoding.startswith("utf"):
            found.evidence["encoding"] = f"a guess: no more than {counted(len(odd), 'character')} of its bytes tell"
            found.questions.append(
                f"Is {found.path.name} in {encoding}? Only {counted(len(odd), 'character')} beyond ASCII tell; look at "
                "them in kefu source check --show-values."
            )
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
    batches = reader.batches()
    batch = next(batches, None)
    if batch is None:
        raise RefusedError("holds no row in its first sheet")
    rows = [
        (row["line"], [row[f"c{i}"] or "" for i in range(len(row) - 1)]) for row in batch.slice(0, _LINES).to_pylist()
    ]
    for later in batches:
        batch = later
    last = batch.slice(max(len(batch) - _TRAILERS, 0)).to_pylist()
    _head_and_foot(found, rows, [[row[f"c{i}"] or "" for i in range(len(row) - 1)] for row in last])


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
    _head_and_foot(found, tried[best], _last_rows(found.path, found.keys.get("encoding", "utf-8"), best), usual)


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


def _last_rows(path: Path, encoding: str, delimiter: str) -> list[list[str]]:
    """The last rows of a file that is not packed."""
    if is_packed(path) or encoding.startswith(("utf-16", "utf-32")):
        return []
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _TAIL, 0))
        text = file.read().decode(encoding, "ignore")
    return [row for _, row in _rows(text[text.find("\n") + 1 :], delimiter)][-_TRAILERS:]


def _head_and_foot(
    found: Written, rows: list[tuple[int, list[str]]], last: list[list[str]], fields: int | None = None
) -> None:
    """Where the header begins, how many rows it has, and what comes after the data; `fields` in each row."""
    first = _first(rows, fields)
    if first:
        found.say("skip_lines", str(rows[first][0] - 1), f"{counted(first, 'row')} of a title before the header")
    trailers = 0
    for row in reversed(last):
        cells = [cell.strip() for cell in row if cell.strip()]
        is_total = bool(cells) and _TOTAL.match(cells[0]) is not None and len(cells) < len(row)
        is_remark = bool(cells) and len(row) == 1 and (fields or 0) > len(cells) + 1
        if not (is_total or is_remark):  # a row that is cut short is data, and told as such
            break
        trailers += 1
    if 0 < trailers < len(last):
        word = next((cell for cell in last[-1] if cell.strip()), "").strip()
        total = _TOTAL.match(word)
        reported = f"begins with {total[0]!r}" if total else "is a text without columns"
        found.say("skip_last", str(trailers), f"{counted(trailers, 'row')} after the data: the last one {reported}")
    kept = [row for _, row in rows[first:] if fields is None or len(row) == fields]
    _header_rows(found, kept)


def _first(rows: list[tuple[int, list[str]]], fields: int | None) -> int:
    """The place of the first row of the header: as full as the others, or the row before it that groups its names."""
    filled = [sum(1 for cell in row if cell.strip()) for _, row in rows]
    whole = [n for (_, row), n in zip(rows, filled, strict=True) if fields is None or len(row) == fields]
    usual = sorted(whole)[len(whole) // 2]
    first = next((i for i, n in enumerate(filled[:_TITLES]) if n in whole and n >= _STEADY * usual), 0)
    while first and filled[first - 1] > 1 and len(rows[first - 1][1]) == len(rows[first][1]):
        above, line = [cell for cell in rows[first - 1][1] if cell.strip()], rows[first - 1][0]
        if any(map(_is_data, above)) or line < rows[first][0] - 1:
            break
        first -= 1
    return first


def _header_rows(found: Written, rows: list[list[str]]) -> None:
    """Whether the first row names the columns, and whether more rows belong to it."""
    head, body = rows[0], rows[_HEADERS:] or rows[1:]
    below = [[row[i] for row in body if row[i].strip()] for i in range(len(head))]
    typed = [i for i, cells in enumerate(below) if cells and _share(cells) >= _STEADY]
    names = sum(1 for cell, cells in zip(head, below, strict=True) if not _is_data(cell) or _is_period(cell, cells))
    if len(rows) > 1 and 1 - names / len(head) > 0.5 * max(_share(cell for cells in below for cell in cells), 0.01):
        found.say("header", "false", "the first row holds data, not names")
        found.questions.append(f"{found.path.name} has no header; what are its columns?")
        return
    more = 0
    for row in rows[1 : _HEADERS + 1]:
        cells = [row[i] for i in typed if row[i].strip()]
        # without any of what all rows below have, but with a text for each column that the header leaves open
        goes_on = bool(typed) and all(row[i].strip() for i, name in enumerate(head) if not name.strip())
        if any(_is_data(cell) for cell in cells) or not (cells or (goes_on and not all(map(str.strip, head)))):
            break
        more += 1
    if more and more < len(rows) - 1:
        count = more + 1
        reported = f"{count} rows of text before the first row with numbers or dates"
        value, which = _of_several(rows[:count])
        found.say("header_rows", value, f"{reported}; {which}")
    elif sum(1 for name in head if not name.strip()) > 1 and len(rows) > 1:
        blank = sum(1 for name in head if not name.strip())
        found.say(
            "header_rows", {"count": "1", "fill": "true"}, f"{blank} columns have no name, and go on with the last"
        )


def _of_several(rows: list[list[str]]) -> tuple[Any, str]:
    """Which of the rows of a header name the columns."""
    count = len(rows)
    first, last = ([cell.strip() for cell in row] for row in (rows[0], rows[-1]))
    if all(first) and len(set(first)) == len(first):
        return str(count), "the first names the columns, the second says in words what they hold"
    if all(last) and len(set(last)) == len(last):
        labels = [str(row) for row in range(1, count + 1)]
        return {"count": str(count), "names": str(count), "labels": labels}, "the last names the columns"
    names = [str(row) for row in range(1, count + 1)]
    return {"count": str(count), "names": names, "labels": str(count)}, "together they name the columns"


def _share(cells: Any) -> float:
    listed = list(cells)
    return sum(map(_is_data, listed)) / len(listed) if listed else 0


def _is_data(cell: str) -> bool:
    return _DATA.fullmatch(cell.strip()) is not None


def _is_period(cell: str, below: list[str]) -> bool:
    """Whether a header that looks like data is a month or a year, of which the cells below are none."""

    def is_one(text: str) -> bool:
        one = shape(text.strip())
        return bool(formats_of(one) or month_formats_of(one)) or re.fullmatch(r"(19|20)\d\d", text.strip()) is not None

    return is_one(cell) and sum(map(is_one, below)) < _STEADY * max(len(below), 1)


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
