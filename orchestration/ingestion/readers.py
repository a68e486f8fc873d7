"""Files of any format as record batches of text, each row with its line; nothing is typed or judged here.

Every reader counts the records of its file without regard to how they were parsed, so that a lost one shows.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from foundation.contract import literal, quote
from orchestration.ingestion.errors import RefusedError
from orchestration.ingestion.mapping import FileMapping, FixedColumn, Format, HeaderRows
from orchestration.ingestion.signatures import HEAD, other_format
from orchestration.ingestion.text import (
    chunks,
    detect_encoding,
    is_packed,
    line_ends,
    utf8_chunks,
    whole_lines,
    without_last,
)

_ROWS = 20_000  # of a batch that Python makes row by row
_BLOCK = 8 << 20  # bytes that Arrow parses at once; no record may be longer
_LARGEST_DOCUMENT = 512 << 20  # bytes of a JSON document, which is parsed as a whole
_WORKBOOK_MEMORY = 2 << 30  # bytes
_WORKBOOK_SECONDS = 120  # of processor time
_WORKBOOK_CHILD = Path(__file__).with_name("workbook_child.py")
_LONGEST_RECORD = 1_000  # lines after which an open quote is taken for a broken one
_LONGEST_NUMBER = 1_000  # digits
_WIDEST = 16_384  # columns, as many as a workbook may have
_LARGEST_PACKED = 1 << 30  # bytes of a Parquet file within gzip, which is unpacked as a whole
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
csv.field_size_limit(_BLOCK)


@dataclass(frozen=True)
class BrokenRecord:
    """A record that no column can be read from."""

    line: int
    reason: str
    record: str


class Reader(ABC):
    """One file. After `batches` is exhausted, records = rows of the batches + broken."""

    columns: tuple[str, ...] | None = None  # None: any name may be asked for and is null where absent
    encoding: str | None = None
    cuts_numbers = False  # whether the file may hold numbers without all of their digits, written as `inexact` does

    def __init__(self) -> None:
        self.broken: list[BrokenRecord] = []
        self.records = 0

    prepared = "select * from batches"  # SQL that names what `column`, `record` and `broken_if` speak of
    broken_if: tuple[str, str] | None = None  # SQL of a condition that makes a row broken, and the reason

    @property
    @abstractmethod
    def schema(self) -> pa.Schema:
        """The schema of the batches; `line` is always there."""

    @property
    @abstractmethod
    def record(self) -> str:
        """SQL of a whole record as JSON."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """SQL of a number that equal records share."""

    @abstractmethod
    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows. Raises RefusedError when the file cannot be read to its end."""

    @abstractmethod
    def column(self, name: str) -> str | None:
        """SQL of a column over the batches, or None if the file has no such column."""

    def rows(self) -> Iterator[pa.RecordBatch]:
        """The rows as the mapping wants them. Raises what `batches` raises."""
        return self.batches()

    def count(self, name: str) -> int:  # noqa: ARG002 - only tables have columns that can share a name
        """How many columns are called so."""
        return 0

    def fitting(self, pattern: str) -> list[tuple[str, str, str]]:
        """SQL, name and label of the columns whose name fits a pattern, in which * stands for any text."""
        if self.columns is None:
            if "*" in pattern:
                raise RefusedError(f"has no header that {pattern!r} could fit; name each in `unpivot`")
            return [(str(self.column(pattern)), pattern, pattern)]
        return [(str(self.column(name)), name, name) for name in self.columns if _fits(name, pattern)]


def _fits(name: str, pattern: str) -> bool:
    wanted = ".*".join(re.escape(part) for part in pattern.strip().casefold().split("*"))
    return re.fullmatch(wanted, name.strip().casefold(), re.DOTALL) is not None


class _Table(Reader):
    """A format with columns, which are c0, c1, ... in the batches."""

    mapping: FileMapping
    columns: tuple[str, ...]
    labels: tuple[str, ...] = ()  # what the columns are called in words, where the file says so

    @property
    def schema(self) -> pa.Schema:
        fields = [pa.field(f"c{i}", pa.string()) for i in range(len(self.columns))]
        return pa.schema([*fields, pa.field("line", pa.int64())])

    def _head(self, header: HeaderRows, rows: list[tuple[str, ...]]) -> int:
        """Names the columns, and says how many of the rows do so. One row does as it is written."""
        if len(rows) < header.count and not header.while_blank:
            raise RefusedError(f"has {len(rows)} rows where the mapping's `header_rows` says {header.count}")
        header = header.of(rows)
        rows = rows[: header.count]
        if header.count == 1 and not header.fill:
            self.columns = self.labels = rows[0]
        else:
            self.columns, self.labels = header.columns(rows)
        return header.count

    def column(self, name: str) -> str | None:
        """A column by its header, or "Comment[2]": the second one of that header."""
        found = self._called(name)
        numbered = re.fullmatch(r"(.+)\[([1-9]\d*)\]", name, re.DOTALL)
        if not found and numbered:
            found = self._called(numbered[1])[int(numbered[2]) - 1 : int(numbered[2])]
        if len(found) > 1:
            raise RefusedError(
                f'has {len(found)} columns called {name!r}; say which by its place as "{name}[2]", or all of them as '
                f'"{name}[*]"'
            )
        return f"c{found[0]}" if found else None

    def count(self, name: str) -> int:
        return len(self._called(name))

    def rows(self) -> Iterator[pa.RecordBatch]:
        fill = self.mapping.fill_down
        if not fill:
            return self.batches()
        return filled_down(self.batches(), self._places(fill.columns), self._places(fill.within))

    def _places(self, names: Iterable[str]) -> list[int]:
        places = {name: self.column(name) for name in names}
        lacking = ", ".join(repr(name) for name, place in places.items() if place is None)
        if lacking:
            raise RefusedError(f"has no column {lacking}, which `fill_down` names; have it sent or change the mapping")
        return [int(str(place).removeprefix("c")) for place in places.values()]

    def fitting(self, pattern: str) -> list[tuple[str, str, str]]:
        labels = self.labels or self.columns
        return [(f"c{i}", name, labels[i]) for i, name in enumerate(self.columns) if _fits(name, pattern)]

    def _called(self, name: str) -> list[int]:
        """The places of the columns of a name, to the letter, else but for case and blanks; else of the first of the
        other names that the mapping knows for it."""
        for one in (name, *self.mapping.names.get(name, ())):
            found = [i for i, column in enumerate(self.columns) if column == one]
            folded = one.strip().casefold()
            found = found or [i for i, column in enumerate(self.columns) if column.strip().casefold() == folded]
            if found:
                return found
        return []

    @staticmethod
    def _check_places(named: tuple[str, ...], written: list[str], line: int) -> None:
        """Holds the mapping's columns by their places against the file's header. Raises RefusedError if shifted."""
        header, mine = ([name.strip().casefold() for name in names] for names in (written, named))
        for place, name in enumerate(mine):
            there = header[place] if place < len(header) else ""
            if name == there or (name not in header and (not there or there not in mine)):
                continue
            found = f"calls its column {place + 1} {written[place]!r}" if there else f"has no column {place + 1}"
            raise RefusedError(
                f"{found} in line {line}, where the mapping's `columns` says {named[place]!r}; take `columns` and "
                "`skip_lines` out, so that columns go by their header wherever they stand: one of several as "
                '"Comment[2]", all as "Comment[*]"'
            )

    @property
    def record(self) -> str:
        pairs = (f"{literal(name)}, c{i}" for i, name in enumerate(self.columns))
        return f"json_object({', '.join(pairs)})"

    @property
    def fingerprint(self) -> str:
        return f"hash({', '.join(f'c{i}' for i in range(len(self.columns)))})"

    def _from_rows(self, rows: Iterable[tuple[int, list[str]]]) -> Iterator[pa.RecordBatch]:
        held: list[tuple[int, list[str]]] = []
        for row in rows:
            held.append(row)
            if len(held) == _ROWS:
                yield self._batch(held)
                held = []
        if held:
            yield self._batch(held)

    def _batch(self, rows: list[tuple[int, list[str]]]) -> pa.RecordBatch:
        values = list(zip(*(row for _, row in rows), strict=True))
        arrays = [pa.array(column, pa.string()) for column in values]
        return pa.record_batch([*arrays, pa.array([line for line, _ in rows])], schema=self.schema)


def filled_down(batches: Iterator[pa.RecordBatch], columns: list[int], within: list[int]) -> Iterator[pa.RecordBatch]:
    """Gives blank cells of some columns the text above them, from rows that are equal `within` others."""
    above: dict[int, str | None] = {}  # what the last row of the batch before says

    def from_above(place: int, batch: pa.RecordBatch, starts: npt.NDArray[np.int64]) -> pa.Array:
        cells = pa.concat_arrays([pa.array([above.get(place)], pa.string()), batch.column(place)])
        is_blank = pc.equal(pc.utf8_trim_whitespace(pc.fill_null(cells, "")), "").to_numpy(zero_copy_only=False)
        here = np.arange(len(cells))
        last = np.maximum.accumulate(np.where(is_blank, -1, here))
        return cells.take(pa.array(np.where(last >= starts, last, here)))

    for batch in batches:
        if not len(batch):
            continue
        starts = np.zeros(len(batch) + 1, np.int64)
        groups = [from_above(place, batch, starts) for place in within]
        for group in groups:  # a row with nothing in it, nor above, is of no group
            group = pc.if_else(pc.equal(pc.utf8_trim_whitespace(group), ""), None, group)
            is_new = pc.fill_null(pc.not_equal(group[1:], group[:-1]), True).to_numpy(zero_copy_only=False)
            starts[1:] = np.maximum(starts[1:], np.where(is_new, np.arange(1, len(group)), 0))
        starts = np.maximum.accumulate(starts)
        filled = {place: from_above(place, batch, starts) for place in columns}
        above = {place: cells[-1].as_py() for place, cells in (*zip(within, groups, strict=True), *filled.items())}
        arrays = [filled[place][1:] if place in filled else batch.column(place) for place in range(batch.num_columns)]
        yield pa.record_batch(arrays, schema=batch.schema)


class NotPlainError(Exception):
    """The quoting of a file is not what RFC 4180 asks for; it must be read with more care."""


@dataclass
class _Scan:
    """Counts the records of delimited text and knows on which line each begins, whatever a parser makes of it."""

    delimiter: int
    quoted: bool  # whether quotes mean anything
    line: int  # of the next record
    records: int = 0
    _inside: int = 0
    _line_of_open_record: int = 0
    _jumps: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._line_of_open_record = self.line

    def __call__(self, data: bytes) -> bytes:
        """Takes note of a piece of whole lines and returns it without its blank lines.

        Raises NotPlainError.
        """
        buffer = np.frombuffer(data, np.uint8)
        ends = line_ends(data)
        closing = np.arange(len(ends))
        begins_inside = self._inside
        if self.quoted and (self._inside or b'"' in data):
            quotes = np.flatnonzero(buffer == 34)
            self._check(buffer, quotes)
            closing = np.flatnonzero((np.searchsorted(quotes, ends) + self._inside) % 2 == 0)
            self._inside = (self._inside + len(quotes)) % 2
        if not len(closing):
            self.line += len(ends)
            return data
        stops = ends[closing]
        starts = np.concatenate(([0], stops[:-1] + 1))
        lines = np.concatenate(([self._line_of_open_record], self.line + closing[:-1] + 1))
        blank = (stops == starts) | ((stops == starts + 1) & (buffer[starts] == 13))
        blank[0] &= not begins_inside
        self._line_of_open_record = self.line + int(closing[-1]) + 1
        self.line += len(ends)
        lines = lines[~blank]
        self._note(lines)
        self.records += len(lines)
        if blank.any():
            keep = np.ones(len(buffer), bool)
            for start, stop in zip(starts[blank], stops[blank], strict=True):
                keep[start : stop + 1] = False
            return buffer[keep].tobytes()
        return data

    def _check(self, buffer: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64]) -> None:
        """An opening quote follows a delimiter, a line end or an escaped quote; a closing one precedes one."""
        opening, closing = quotes[self._inside :: 2], quotes[1 - self._inside :: 2]
        neighbours = (self.delimiter, 10, 13, 34)
        before = buffer[opening[opening > 0] - 1]
        after = buffer[closing + 1]
        if not (np.isin(before, neighbours).all() and np.isin(after, neighbours).all()):
            raise NotPlainError

    def _note(self, lines: npt.NDArray[np.int64]) -> None:
        shift = lines - np.arange(self.records, self.records + len(lines))
        changed = np.flatnonzero(np.diff(shift, prepend=shift[:1] - 1))
        self._jumps.append((changed + self.records, shift[changed]))

    def finish(self) -> None:
        if self._inside:
            raise NotPlainError

    def lines(self, records: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The lines on which records begin, counted from 0."""
        at = np.concatenate([jump[0] for jump in self._jumps])
        shift = np.concatenate([jump[1] for jump in self._jumps])
        result: npt.NDArray[np.int64] = records + shift[np.searchsorted(at, records, "right") - 1]
        return result


class _Stream(io.RawIOBase):
    """Pieces of bytes as the file that Arrow wants; keeps the error that ended them."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._held = memoryview(b"")
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._held:
            try:
                self._held = memoryview(next(self._pieces))
            except StopIteration:
                return 0
            except (RefusedError, NotPlainError) as error:
                self.error = error
                raise
        size = min(len(target), len(self._held))
        target[:size] = self._held[:size]
        self._held = self._held[size:]
        return size


class DelimitedReader(_Table):
    """CSV, TSV and their kin.

    Clean files go through Arrow. A file with quotes that RFC 4180 does not know is read line by line (`is_plain` is
    false), so that one bad quote costs one row and swallows none.
    """

    def __init__(self, path: Path, mapping: FileMapping) -> None:
        super().__init__()
        self.path = path
        self.mapping = mapping
        self.encoding = mapping.encoding or detect_encoding(path)
        self.separator = mapping.separator(path.name)
        self.is_plain = True
        self._skipped = mapping.skip_lines
        named = tuple(str(column) for column in mapping.columns)
        header = mapping.header_of(path.name)
        rows = list(islice(self._records(), header.count if header else 1))
        for row in rows[:1] if header and header.while_blank else rows:
            if isinstance(row, BrokenRecord):
                raise RefusedError(f"line {row.line}: the header {row.reason}; have it sent again")
        head = [
            row
            for row in takewhile(lambda row: not isinstance(row, BrokenRecord), rows)
            if not isinstance(row, BrokenRecord)
        ]
        if not head and (header or not named):
            raise RefusedError("is empty, without even a header; have it sent again")
        first = head[0] if head else None
        if header:
            count = self._head(header, [fields for _, fields, _ in head])
            line, _, lines = head[count - 1]
            self._skipped = line - 1 + lines
        else:
            if named:
                self._check_places(named, self._last_skipped(), self._skipped)
            self.columns = named or tuple(f"column{i + 1}" for i in range(len(first[1]) if first else 0))

    def _last_skipped(self) -> list[str]:
        """The fields of the last line before the rows: the header, where the mapping names the columns itself."""
        if not self._skipped:
            return []
        lines = (line for piece in self._pieces() for line in io.StringIO(piece.decode(), newline=""))
        last = next(islice(lines, self._skipped - 1, None), "").rstrip("\r\n")
        if not self.mapping.quote:
            return last.split(self.separator)
        return next(csv.reader([last], delimiter=self.separator, quotechar=self.mapping.quote), [])

    def _pieces(self) -> Iterator[bytes]:
        return without_last(whole_lines(self.path, str(self.encoding)), self.mapping.skip_last)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows. Raises NotPlainError when the file turns out to need `is_plain = False`, from its start."""
        self.broken.clear()
        self.records = 0
        return self._plain() if self.is_plain else self._from_rows(self._careful())

    def _plain(self) -> Iterator[pa.RecordBatch]:
        scan = _Scan(ord(self.separator), bool(self.mapping.quote), self._skipped + 1)
        pieces = filter(None, self._scanned(scan))
        first = next(pieces, None)
        if first is None:
            return
        stream = _Stream(chain((first,), pieces))
        ragged: list[tuple[int, int, str]] = []

        def note(row: Any) -> str:
            ragged.append((row.number - 1, row.actual_columns, row.text))
            return "skip"

        done = 0
        try:
            for batch in self._arrow(stream, note):
                skipped = [number for number, _, _ in ragged]
                upto = done + len(batch)
                while (grown := done + len(batch) + bisect_left(skipped, upto) - bisect_left(skipped, done)) > upto:
                    upto = grown
                records = np.setdiff1d(np.arange(done, upto), skipped, assume_unique=True)
                done = upto
                yield pa.record_batch([*batch.columns, pa.array(scan.lines(records))], schema=self.schema)
        except pa.ArrowException as error:
            raise (stream.error or NotPlainError()) from error
        for number, found, text in ragged:
            line = int(scan.lines(np.array([number]))[0])
            self.broken.append(BrokenRecord(line, self._ragged(found), text))
        self.records = scan.records

    def _scanned(self, scan: _Scan) -> Iterator[bytes]:
        left = self._skipped
        for piece in self._pieces():
            if left:
                ends = line_ends(piece)
                cut = int(ends[min(left, len(ends)) - 1]) + 1
                left -= min(left, len(ends))
                yield scan(piece[cut:]) if cut < len(piece) else b""
            else:
                yield scan(piece)
        scan.finish()

    def _arrow(self, stream: _Stream, note: Any) -> Iterator[pa.RecordBatch]:
        names = [f"c{i}" for i in range(len(self.columns))]
        yield from pc_csv.open_csv(
            stream,
            # on one thread: only then are ragged rows numbered; decoding and DuckDB run beside it
            read_options=pc_csv.ReadOptions(use_threads=False, column_names=names, block_size=_BLOCK),
            parse_options=pc_csv.ParseOptions(
                delimiter=self.separator,
                quote_char=self.mapping.quote or False,
                newlines_in_values=bool(self.mapping.quote),
                invalid_row_handler=note,
            ),
            convert_options=pc_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), check_utf8=False, strings_can_be_null=False
            ),
        )

    def _ragged(self, found: int) -> str:
        return (
            f"has {found} fields where the header has {len(self.columns)}; "
            "look for a delimiter that is not quoted, or a field that is missing"
        )

    def _careful(self) -> Iterator[tuple[int, list[str]]]:
        for record in self._records():
            self.records += 1
            if isinstance(record, BrokenRecord):
                self.broken.append(record)
            elif len(record[1]) != len(self.columns):
                text = self.separator.join(record[1])
                self.broken.append(BrokenRecord(record[0], self._ragged(len(record[1])), text))
            else:
                yield record[0], list(record[1])

    def _lines(self) -> Iterator[tuple[int, str]]:
        number = 0
        for piece in self._pieces():
            for line in io.StringIO(piece.decode(), newline=""):
                number += 1
                if number > self._skipped:
                    yield number, line

    def _records(self) -> Iterator[tuple[int, tuple[str, ...], int] | BrokenRecord]:
        """Line, fields and number of lines of each record; a record with a broken quote is one line, no more."""
        lines = self._lines()
        ahead: deque[tuple[int, str]] = deque()
        while head := ahead.popleft() if ahead else next(lines, None):
            number, text = head
            if not text.rstrip("\r\n"):
                continue
            if not self.mapping.quote or self.mapping.quote not in text:
                yield number, tuple(text.rstrip("\r\n").split(self.separator)), 1
                continue
            taken = [head]
            while True:
                rows = csv.reader(
                    (line for _, line in taken),
                    delimiter=self.separator,
                    quotechar=self.mapping.quote,
                    strict=True,
                )
                try:
                    yield number, tuple(next(rows)), len(taken)
                    break
                except csv.Error as error:
                    is_open = "end of data" in str(error)
                # only a line with a quote can close what is open
                while is_open and len(taken) < _LONGEST_RECORD:
                    following = ahead.popleft() if ahead else next(lines, None)
                    if following is None:
                        is_open = False
                        break
                    taken.append(following)
                    if self.mapping.quote in following[1]:
                        break
                if not is_open or len(taken) >= _LONGEST_RECORD:
                    ahead.extendleft(reversed(taken[1:]))
                    reason = 'has a quote that is not closed or not doubled; write "" for a quote within quotes'
                    yield BrokenRecord(number, reason, text.rstrip("\r\n"))
                    break


class _LinesReader(Reader):
    """A format with one record a line, which is `text` in the batches."""

    schema = pa.schema([("text", pa.string()), ("line", pa.int64())])
    record = "json_object('line', text)"
    fingerprint = "hash(text)"

    def __init__(self, path: Path, mapping: FileMapping) -> None:
        super().__init__()
        self.path = path
        self.mapping = mapping
        self.encoding = mapping.encoding or detect_encoding(path)

    def _pieces(self) -> Iterator[bytes]:
        return without_last(whole_lines(self.path, str(self.encoding)), self.mapping.skip_last)

    def batches(self) -> Iterator[pa.RecordBatch]:
        self.records = 0
        line = 1
        skipped = self.mapping.skip_lines + self.mapping.has_header(self.path.name)
        for piece in self._pieces():
            ends = line_ends(piece)
            offsets = np.concatenate(([0], ends + 1)).astype(np.int32)
            text = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(piece))
            lines = np.arange(line, line + len(ends))
            line += len(ends)
            text = pc.utf8_rtrim(text, "\r\n")
            kept = pc.and_(pc.greater(pc.binary_length(text), 0), pa.array(lines > skipped))
            batch = pa.record_batch([text, pa.array(lines)], schema=self.schema).filter(kept)
            self.records += len(batch)
            yield batch


class FixedWidthReader(_LinesReader):
    """Columns at fixed places of a line."""

    def __init__(self, path: Path, mapping: FileMapping) -> None:
        super().__init__(path, mapping)
        self._places = {column.name: column for column in mapping.columns if isinstance(column, FixedColumn)}
        self.columns = tuple(self._places)

    def column(self, name: str) -> str | None:
        place = self._places.get(name)
        return f"trim(substr(text, {place.start}, {place.width}))" if place else None


class JsonLinesReader(_LinesReader):
    """One JSON object a line; a dotted name reaches into nested objects."""

    prepared = "select *, case when json_valid(text) then text end as document from batches"
    broken_if = (
        "document is null or json_type(document) <> 'OBJECT'",
        "is no JSON object, or not a valid one to its end; have it sent again",
    )

    def column(self, name: str) -> str | None:
        path = "$." + ".".join(quote(part) for part in name.split("."))
        return f"json_extract_string(document, {literal(path)})"


class JsonReader(JsonLinesReader):
    """A JSON document: an array of objects, or an object that holds it at `root`. A line is a position in it."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        self.records = 0
        parts = []
        size = 0
        for chunk in utf8_chunks(self.path, str(self.encoding)):
            size += len(chunk)
            if size > _LARGEST_DOCUMENT:
                raise RefusedError(
                    f"is a JSON document of more than {_LARGEST_DOCUMENT >> 20} MB; have it sent as JSON Lines"
                )
            parts.append(chunk)
        try:
            document = json.loads(b"".join(parts).decode(), parse_int=_whole_number)
        except (json.JSONDecodeError, RecursionError) as error:
            if (
                isinstance(error, json.JSONDecodeError)
                and error.msg == "Extra data"
                and error.doc[error.pos :][:1] in "[{"
            ):
                raise RefusedError(
                    f"holds more than one JSON document (line {error.lineno}); if each line is one, say "
                    "`format: jsonl` (JSON Lines) in the mapping, else have it sent again"
                ) from error
            where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "too deeply nested"
            raise RefusedError(f"is no JSON document ({where}); have it sent again") from error
        for part in self.mapping.root.split(".") if self.mapping.root else ():
            document = document.get(part) if isinstance(document, dict) else None
        if not isinstance(document, list):
            raise RefusedError("holds no array of records; say in the mapping under `root` where it is")
        self.records = len(document)
        for start in range(0, len(document), _ROWS):
            texts = [_as_text(item) for item in document[start : start + _ROWS]]
            lines = range(start + 1, start + 1 + len(texts))
            yield pa.record_batch([pa.array(texts, pa.string()), pa.array(lines, pa.int64())], schema=self.schema)


def _whole_number(text: str) -> int | str:
    """A number, as its text where it is longer than Python likes to read: it fits no column, which its row is told."""
    return int(text) if len(text) < _LONGEST_NUMBER else text


def _as_text(item: Any) -> str:
    """A record as JSON. Half of a character, which no encoding can hold, stays an escape: the record is broken."""
    text = json.dumps(item, ensure_ascii=False)
    return json.dumps(item) if _HALF_A_CHARACTER.search(text) else text


class ExcelReader(_Table):
    """One sheet of an XLSX workbook; cells that are dates come as ISO text, whatever the other cells are."""

    cuts_numbers = True

    def __init__(self, path: Path, mapping: FileMapping) -> None:
        super().__init__()
        self.mapping = mapping
        header = mapping.header_of(path.name)
        rows = header.count if header else 0
        skipped = (mapping.skip_lines, mapping.skip_last)
        arguments = (path, mapping.sheet or "", *skipped, rows, _WORKBOOK_MEMORY, _WORKBOOK_SECONDS)
        command = [os.fsencode(str(one)) for one in (sys.executable, "-I", _WORKBOOK_CHILD, *arguments)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:  # noqa: S603 - ours
            assert child.stdout is not None  # noqa: S101 - it is a pipe
            self._messages = list(child.stdout)
        last = json.loads(self._messages[-1]) if self._messages else None
        if isinstance(last, dict) and "refused" in last:
            raise RefusedError(last["refused"])
        if child.returncode != 0 or last is None:
            raise RefusedError(
                f"needs more than {_WORKBOOK_MEMORY >> 30} GB of memory or {_WORKBOOK_SECONDS} seconds to read, as a "
                "workbook does whose last cell lies far outside of its table: delete the empty columns and rows beside "
                "the table (Ctrl+End shows the last cell), or have it sent as CSV"
            )
        beginning = json.loads(self._messages.pop(0))
        head = [tuple(row) for _, row in beginning["head"]]
        named = tuple(str(column) for column in mapping.columns)
        if named and not header:
            self._check_places(named, beginning["skipped"], mapping.skip_lines)
        if header:
            self._messages.insert(0, json.dumps(beginning["head"][self._head(header, head) :]).encode())
        else:
            self.columns = named or tuple(f"column{i + 1}" for i in range(len(head[0])))

    def batches(self) -> Iterator[pa.RecordBatch]:
        self.records = 0
        for message in self._messages:
            rows = [(line, row) for line, row in json.loads(message)]
            self.records += len(rows)
            yield from self._from_rows(rows)


class ParquetReader(_Table):
    """Parquet; typed columns come as the text of their values."""

    def __init__(self, path: Path, mapping: FileMapping) -> None:
        super().__init__()
        self.mapping = mapping
        try:
            self._file = pq.ParquetFile(io.BytesIO(_unpacked(path)) if is_packed(path) else path)
        except (pa.ArrowException, OSError) as error:
            raise RefusedError("is no readable Parquet file; have it sent again") from error
        schema = self._file.schema_arrow
        self._nested = {field.name: field.type for field in schema if pa.types.is_nested(field.type)}
        self.cuts_numbers = any(pa.types.is_floating(field.type) for field in schema)
        self.columns = tuple(field.name for field in schema if not pa.types.is_nested(field.type))
        self._asked: set[str] = set()  # columns that somebody has asked for

    def column(self, name: str) -> str | None:
        found = super().column(name)
        if not found and name in self._nested:
            raise RefusedError(
                f"holds nested values ({self._nested[name]}) in the column {name!r}; have it sent flat, or as JSON"
            )
        if found:
            self._asked.add(self.columns[int(found.removeprefix("c"))])
        return found

    def fitting(self, pattern: str) -> list[tuple[str, str, str]]:
        found = super().fitting(pattern)
        self._asked.update(name for _, name, _ in found)
        return found

    def batches(self) -> Iterator[pa.RecordBatch]:
        self.records = self._file.metadata.num_rows
        line = 1
        try:
            for batch in self._file.iter_batches(columns=list(self.columns)):
                texts = [self._texts(*one) for one in zip(self.columns, batch.columns, strict=True)]
                lines = pa.array(range(line, line + len(batch)), pa.int64())
                line += len(batch)
                yield pa.record_batch([*texts, lines], schema=self.schema)
        except (pa.ArrowException, OSError) as error:
            raise RefusedError("is a damaged Parquet file; have it sent again") from error

    def _texts(self, name: str, values: pa.Array) -> pa.Array:
        try:
            texts = _inexact(values) if pa.types.is_floating(values.type) else pc.cast(values, pa.string())
            texts.validate(full=True)  # what is damaged or was never UTF-8 would end the statement
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
                raise RefusedError(f"holds bytes that are no text in the column {name!r}; it is damaged") from error
            if name in self._asked:
                raise RefusedError(
                    f"holds {values.type} in the column {name!r}, which is no text and cannot be made one; have it "
                    "sent as text, or do not map it"
                ) from error
            # only told apart by it, never loaded
            return pa.array([None if value is None else repr(value) for value in values.to_pylist()], pa.string())
        return texts


def _unpacked(path: Path) -> bytes:
    parts = []
    size = 0
    for chunk in chunks(path):
        size += len(chunk)
        if size > _LARGEST_PACKED:
            raise RefusedError("is Parquet of more than 1 GB within gzip; have it sent as it is, Parquet is packed")
        parts.append(chunk)
    return b"".join(parts)


def _inexact(values: pa.Array) -> pa.Array:
    """Numbers with a point as texts: whole ones without it, and those that may have lost digits with an exponent."""
    exact = 2 ** {16: 11, 32: 24, 64: 53}[values.type.bit_width]
    texts = pc.cast(values, pa.string())
    large = pc.and_(pc.is_finite(values), pc.greater_equal(pc.abs(values), min(exact, 10**15)))
    if not pc.any(large).as_py():
        return texts
    written = [
        text if not is_large else str(int(value)) if abs(value) < exact and value.is_integer() else f"{value:.16e}"
        for text, is_large, value in zip(texts.to_pylist(), large.to_pylist(), values.to_pylist(), strict=True)
    ]
    return pa.array(written, pa.string())


_READERS: dict[Format, Callable[[Path, FileMapping], Reader]] = {
    "csv": DelimitedReader,
    "tsv": DelimitedReader,
    "fixed_width": FixedWidthReader,
    "json": JsonReader,
    "jsonl": JsonLinesReader,
    "xlsx": ExcelReader,
    "parquet": ParquetReader,
}


def open_reader(path: Path, mapping: FileMapping) -> Reader:
    """The reader of a file. Raises RefusedError when it is empty or cannot be read."""
    if path.stat().st_size == 0:
        raise RefusedError("is empty: zero bytes; have it sent again")
    form = mapping.format_of(path.name)
    for name, is_asked, forms in (
        ("skip_last", mapping.skip_last, ("csv", "tsv", "fixed_width", "jsonl", "xlsx")),
        ("fill_down", mapping.fill_down, ("csv", "tsv", "xlsx", "parquet")),
        ("header_rows", mapping.header_rows, ("csv", "tsv", "xlsx")),
    ):
        if is_asked and form not in forms:
            raise RefusedError(f"is {form}, which has no use for `{name}`; take it out of the mapping")
    other = other_format(next(chunks(path, HEAD), b""), form)
    if other:
        raise RefusedError(other)
    reader = _READERS[form](path, mapping)
    if len(reader.columns or ()) > _WIDEST:
        raise RefusedError(
            f"has {len(reader.columns or ()):,} columns, more than the {_WIDEST:,} of the widest table; is the "
            "delimiter right, or does the header's line end?"
        )
    return reader
