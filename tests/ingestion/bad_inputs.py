"""Bad inputs as a table of data: how each is made, its one outcome, and what is said of it.

`run` puts each into a source of its own, in one home, with good sources around them, and ingests them at once. Run as a
module it writes docs/bad-inputs.md; test_bad_inputs.py holds the page and every outcome against what happens.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from foundation.settings import REPOSITORY, Settings
from orchestration.ingestion import IngestReport, ingest

PAGE = REPOSITORY / "docs" / "bad-inputs.md"
DAY = date(2026, 1, 5)
SECRET = "S3CRET"  # noqa: S105 - stands in every record; no message may hold it
Outcome = Literal["loaded", "put aside", "refused", "held", "waits"]
OUTCOMES: dict[Outcome, str] = {
    "loaded": "all of it is taken in, perhaps without a value that cannot be",
    "put aside": "the file is taken in; the bad rows stand in quarantine",
    "refused": "the file or the source is not taken in; it is named, with what to do",
    "held": "a snapshot that lost too many keys waits for a person",
    "waits": "it is still being written; it is read the next time",
}
HEAD = "id,c,at,amount,note\n"
ROW = f"1,{SECRET},2026-01-02 10:00:00,1,ok\n"
ROWS = HEAD + "".join(f"{n},{SECRET},2026-01-02 10:00:00,{n},ok\n" for n in range(1, 4))
GOOD = {"id": "1", "c": SECRET, "at": "2026-01-02 10:00:00", "amount": 1, "note": "ok"}
MAPPING = """\
source: {source}
time_zone: {zone}
files:
  orders:
    pattern: "*orders*"
    {more}
    entities:
      - entity: orders
        {load_mode}
        columns:
          order_id: {key}
          customer_id: c
          ordered_at: {at}
          gross_amount: {amount}
          delay_reason: {{value: note, optional: true}}
"""
_FIELDS = {"zone": "Asia/Shanghai", "more": "", "load_mode": "", "key": "id", "at": "at", "amount": "amount"}


@dataclass(frozen=True)
class Bad:
    """One input."""

    kind: str
    name: str
    outcome: Outcome
    put: Callable[[Path], None]  # into the folder of the delivery
    said: str = ""  # part of what is said of it
    mapping: str | bytes | Callable[[Path], None] = MAPPING
    before: str | None = None  # orders.csv of the day before

    def source(self, number: int) -> str:
        return f"bad{number:03}"


def mapped(text: str = MAPPING, **fields: str) -> str:
    """A mapping with other fields; `{source}` is left to be filled in."""
    return text.format(source="{source}", **{**_FIELDS, **fields})


def file(content: str | bytes, name: str | bytes = "orders.csv") -> Callable[[Path], None]:
    """Puts one file."""

    def put(folder: Path) -> None:
        (folder / os.fsdecode(name)).write_bytes(content.encode() if isinstance(content, str) else content)

    return put


def files(**named: str | bytes) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        for name, content in named.items():
            file(content, name.replace("__", "."))(folder)

    return put


def lazily(make: Callable[[], bytes], name: str) -> Callable[[Path], None]:
    """Puts one file that is large, and only made when it is put."""
    return lambda folder: file(make(), name)(folder)


def row(**values: str) -> str:
    """A file of one good row and one with other values."""
    record = {**GOOD, "id": "2", **values}
    return HEAD + ROW + ",".join(str(record[name]) for name in ("id", "c", "at", "amount", "note")) + "\n"


def documents(*texts: str) -> str:
    return "[" + ", ".join(texts) + "]"


def document(**values: str) -> str:
    """A record of JSON in which some values are written as given."""
    return (
        "{"
        + ", ".join(f'"{k}": {v}' for k, v in {**{k: json.dumps(v) for k, v in GOOD.items()}, **values}.items())
        + "}"
    )


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook(*cells: tuple[int, int, object], change: Callable[[Any], None] = lambda _: None) -> bytes:
    """A workbook of two good rows, with some cells more."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for texts in (HEAD, ROW, ROW.replace("1,", "2,", 1)):
        sheet.append(texts.strip().split(","))
    for at, column, value in cells:
        sheet.cell(at, column, value)
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell(value: object, column: int) -> bytes:
    return workbook((3, column, value))


def parquet(rows: int = 2, **columns: Any) -> bytes:
    out = io.BytesIO()
    given = {
        "id": pa.array([str(n) for n in range(1, rows + 1)], pa.string()),
        "c": pa.array([SECRET] * rows, pa.string()),
        "at": pa.array(["2026-01-02 10:00:00"] * rows, pa.string()),
        "amount": pa.array(["1"] * rows, pa.string()),
        **columns,
    }
    options = given.pop("options", {})
    pq.write_table(pa.table(given), out, **options)
    return out.getvalue()


def gz(content: str | bytes) -> bytes:
    return gzip.compress(content.encode() if isinstance(content, str) else content, mtime=0)


def bomb(megabytes: int, piece: bytes = b"\0") -> bytes:
    """A gzip of so many megabytes of one byte, or one text again and again."""
    whole = gzip.compress(piece * ((1 << 20) // len(piece)), mtime=0)
    return whole * megabytes  # archives one after the other are one archive


CHINESE = HEAD + "".join(
    f"{n},{SECRET},2026-01-02 10:00:00,1,{text}\n"
    for n, text in enumerate(("客户要求改期配送", "仓库缺货等待补货", "地址错误无法联系收件人"))
)
TAIWAN = HEAD + "".join(
    f"{n},{SECRET},2026-01-02 10:00:00,1,{text}\n"
    for n, text in enumerate(("客戶要求改期配送", "倉庫缺貨等待補貨", "地址錯誤無法聯絡收件人"))
)
JAPANESE = HEAD + "".join(
    f"{n},{SECRET},2026-01-02 10:00:00,1,{text}\n"
    for n, text in enumerate(("お客様のご都合により延期", "倉庫の在庫が足りません", "住所が間違っています"))
)
WESTERN = HEAD + "".join(
    f"{n},{SECRET},2026-01-02 10:00:00,1,{text}\n"
    for n, text in enumerate(("Kunde möchte später", "Straße geschlossen", "état non confirmé à temps"))
)
RUSSIAN = HEAD + f"1,{SECRET},2026-01-02 10:00:00,1,клиент просит перенести доставку\n"


# --- names of files -----------------------------------------------------------------------------------------------------

NAMES: tuple[tuple[str, bytes, Outcome, str], ...] = (
    ("GBK bytes", "客户orders.csv".encode("gb18030"), "loaded", ""),
    ("255 bytes", b"orders" + b"x" * 245 + b".csv", "loaded", ""),
    ("a line end", b"orders\n.csv", "loaded", ""),
    ("escape codes of a terminal", b"orders\x1b[2J\x1b[31m.csv", "loaded", ""),
    ("half a UTF-8 character", b"orders\xe5\xae.csv", "loaded", ""),
    ("half a surrogate pair", b"orders\xed\xa0\xbd.csv", "loaded", ""),
    ("a mark that turns the direction", "orders\u202evsc.csv".encode(), "loaded", ""),
    ("quotes and semicolons", b"orders'; drop table x; --\".csv", "loaded", ""),
    ("the wildcards of a shell", b"orders[*]?.csv", "loaded", ""),
    ("a leading dash", b"-orders.csv", "loaded", ""),
    ("nothing but blanks before the suffix", b"orders  .csv", "loaded", ""),
    ("upper case", b"orders.CSV", "loaded", ""),
    ("bytes that no pattern fits", b"\xff\xfe.csv", "refused", "no pattern of the mapping fits"),
    ("the suffix of another format", b"orders.pdf", "loaded", ""),
    ("no suffix", b"orders", "loaded", ""),
)

# --- files by their bytes -----------------------------------------------------------------------------------------------

CSV: tuple[tuple[str, str, str | bytes, Outcome, str], ...] = (
    ("size", "zero bytes", b"", "refused", "zero bytes"),
    ("size", "one byte", b"x", "refused", "has no column 'id'"),
    ("size", "one line end", b"\n", "refused", "without even a header"),
    ("size", "a header and no row", HEAD, "loaded", ""),
    ("size", "a header without a line end", HEAD.strip(), "loaded", ""),
    ("size", "a mark and nothing else", b"\xef\xbb\xbf", "refused", "without even a header"),
    ("size", "10,000 empty lines", HEAD + "\n" * 10_000 + ROW, "loaded", ""),
    ("encoding", "UTF-8 with a mark", b"\xef\xbb\xbf" + ROWS.encode(), "loaded", ""),
    ("encoding", "a mark in the middle", HEAD + ROW + "\ufeff2" + ROW[1:], "loaded", ""),
    ("encoding", "two files with marks, one after the other", "\ufeff" + HEAD + ROW + "\ufeff" + HEAD + ROW, "put aside", ""),
    ("encoding", "UTF-16 with a mark", ROWS.encode("utf-16"), "loaded", ""),
    ("encoding", "UTF-16 without a mark", ROWS.encode("utf-16-le"), "loaded", ""),
    ("encoding", "UTF-16 of Chinese without a mark", CHINESE.encode("utf-16-le"), "loaded", ""),
    ("encoding", "UTF-16 cut in half", ROWS.encode("utf-16")[:-1], "refused", "is no utf-16"),
    ("encoding", "UTF-32 with a mark", ROWS.encode("utf-32"), "loaded", ""),
    ("encoding", "UTF-32 without a mark", ROWS.encode("utf-32-le"), "loaded", ""),
    ("encoding", "undeclared GB18030", CHINESE.encode("gb18030"), "loaded", ""),
    ("encoding", "undeclared Big5", TAIWAN.encode("big5"), "loaded", ""),
    ("encoding", "undeclared Shift-JIS", JAPANESE.encode("shift_jis"), "loaded", ""),
    ("encoding", "undeclared EUC-JP", JAPANESE.encode("euc_jp"), "refused", "state the right one"),
    ("encoding", "undeclared Windows-1252", WESTERN.encode("cp1252"), "loaded", ""),
    ("encoding", "undeclared Windows-1251", RUSSIAN.encode("cp1251"), "refused", "state the right one"),
    ("encoding", "two encodings in one file", (CHINESE + JAPANESE).encode("gb18030") + JAPANESE.encode("shift_jis"), "refused", ""),
    ("encoding", "random bytes", bytes(range(128, 256)) * 20, "refused", "state the right one"),
    ("encoding", "UTF-8 with one broken byte at its end", ROWS.encode() + b"\xff", "refused", "state the right one"),
    ("encoding", "an overlong form of UTF-8", ROWS.encode() + b"\xc0\xaf\n", "refused", "state the right one"),
    ("bytes", "NUL bytes at the end", ROWS.encode() + b"\0\0\0\0\n", "put aside", ""),
    ("bytes", "NUL bytes within a field", row(note="a\0b"), "loaded", ""),
    ("bytes", "nothing but NUL bytes", b"\0" * 1000, "refused", ""),
    ("bytes", "control characters within a field", row(note="a\x1b[31m\x07\x08b"), "loaded", ""),
    ("bytes", "the end-of-file character of DOS", ROWS + "\x1a", "put aside", ""),
    ("lines", "line ends of old Macs", ROWS.replace("\n", "\r"), "loaded", ""),
    ("lines", "line ends of Windows", ROWS.replace("\n", "\r\n"), "loaded", ""),
    ("lines", "line ends of three kinds", HEAD.strip() + "\r\n" + ROW + ROW.strip().replace("1,", "2,", 1) + "\r", "loaded", ""),
    ("lines", "no line end at the end", ROWS.strip(), "loaded", ""),
    ("lines", "a line end within quotes", row(note='"a\nb"'), "loaded", ""),
    ("quotes", "a quote never closed", HEAD + ROW + '2,"' + ROW[2:] + ROW.replace("1,", "3,", 1), "put aside", ""),
    ("quotes", "a quote never closed in the header", '"' + ROWS, "refused", "the header"),
    ("quotes", "a quote within a field", row(note='5" pipe'), "loaded", ""),
    ("quotes", "a quote escaped by a backslash", row(note='"a \\" b"'), "put aside", ""),
    ("quotes", "curly quotes", row(note="“a”"), "loaded", ""),
    ("quotes", "a delimiter within a field that is not quoted", row(note="a,b"), "put aside", ""),
    ("rows", "a field too few", HEAD + ROW + "2,x\n", "put aside", ""),
    ("rows", "a field too many", HEAD + ROW + ROW.strip() + ",x\n", "put aside", ""),
    ("rows", "a comma at the end of each row", HEAD + ROW.replace("\n", ",\n") * 9, "refused", "fields where the header has"),
    ("rows", "the header once more in the middle", HEAD + ROW + HEAD, "put aside", ""),
    ("rows", "a row of totals", HEAD + ROW + "Total,,,1,\n", "put aside", ""),
    ("rows", "a title above the header", "Orders of January\n" + ROWS, "refused", "has no column 'id'"),
    ("rows", "the same row three times", HEAD + ROW * 3, "loaded", ""),
    ("rows", "the same key with two contents", HEAD + ROW + ROW.replace("ok", "no"), "loaded", ""),
    ("rows", "semicolons for commas", ROWS.replace(",", ";"), "refused", "has no column 'id'"),
    ("rows", "tabs for commas", ROWS.replace(",", "\t"), "refused", "has no column 'id'"),
    ("header", "a column that the mapping uses is gone", ROWS.replace("amount", "sum", 1), "refused", "has no column 'amount'"),
    ("header", "two columns of one name", HEAD.replace("note", "id") + ROW, "refused", "has 2 columns called 'id'"),
    ("header", "columns in another order", "note,amount,at,c,id\n" + f"ok,1,2026-01-02,{SECRET},1\n", "loaded", ""),
    ("header", "a new column", ROWS.replace("\n", ",\n").replace("note,", "note,new", 1), "loaded", ""),
    ("header", "a column without a name", ROWS.replace("\n", ",\n"), "loaded", ""),
    ("header", "names with blanks and in upper case", ROWS.replace("id,c", " ID , C", 1), "loaded", ""),
    ("header", "names in quotes", ROWS.replace("id,c", '"id","c"', 1), "loaded", ""),
    ("header", "no header", ROWS.removeprefix(HEAD), "refused", "has no column 'id'"),
    ("header", "rows of another table", "name,phone\nA,1\n", "refused", "has no column 'id'"),
    ("numbers", "5,000 digits", row(amount="1" * 5_000), "put aside", ""),
    ("numbers", "1e400", row(amount="1e400"), "put aside", ""),
    ("numbers", "NaN", row(amount="NaN"), "put aside", ""),
    ("numbers", "Infinity", row(amount="Infinity"), "put aside", ""),
    ("numbers", "-0", row(amount="-0"), "loaded", ""),
    ("numbers", "a comma for a point", row(amount='"1234,5"'), "put aside", ""),
    ("numbers", "grouped digits", row(amount='"1,234.50"'), "put aside", ""),
    ("numbers", "a sign of a currency", row(amount="¥12"), "put aside", ""),
    ("numbers", "digits of full width", row(amount="１２"), "put aside", ""),
    ("numbers", "hexadecimal", row(amount="0x1F"), "put aside", ""),
    ("numbers", "an amount beyond reason", row(amount="9" * 16), "put aside", ""),
    ("numbers", "words", row(amount="twelve"), "put aside", ""),
    ("times", "year 0", row(at="0000-01-01"), "put aside", ""),
    ("times", "before Christ", row(at="-0044-03-15"), "put aside", ""),
    ("times", "the year 9999", row(at="9999-12-31"), "put aside", ""),
    ("times", "the year 10000", row(at="10000-01-01"), "put aside", ""),
    ("times", "the year 294247, where DuckDB's calendar ends", row(at="294247-01-10 04:00:54"), "put aside", ""),
    ("times", "the year 5000000000", row(at="5000000000-01-01"), "put aside", ""),
    ("times", "the 30th of February", row(at="2026-02-30"), "put aside", ""),
    ("times", "the 29th of February of no leap year", row(at="2025-02-29"), "put aside", ""),
    ("times", "month 13", row(at="2026-13-01"), "put aside", ""),
    ("times", "25 o'clock", row(at="2026-01-01 25:00:00"), "put aside", ""),
    ("times", "a leap second", row(at="2016-12-31 23:59:60"), "put aside", ""),
    ("times", "another order of day and month", row(at="31/12/2025"), "put aside", ""),
    ("times", "an offset that no zone has", row(at="2026-01-01 10:00:00+99:00"), "put aside", ""),
    ("times", "infinity", row(at="infinity"), "put aside", ""),
    ("times", "epoch", row(at="epoch"), "put aside", ""),
    ("times", "a serial number of Excel", row(at="46024.5"), "put aside", ""),
    ("keys", "an empty key", row(id=""), "put aside", ""),
    ("keys", "a key of blanks", row(id="   "), "put aside", ""),
    ("keys", "a key of 10,000 characters", row(id="k" * 10_000), "loaded", ""),
    ("keys", "a key with a quote and a line end", row(id='"a\'\n""b"'), "loaded", ""),
    ("other formats", "a web page called CSV", f"<!DOCTYPE html><html><body>{SECRET}</body></html>", "refused", "web page"),
    ("other formats", "XML called CSV", f'<?xml version="1.0"?><a>{SECRET}</a>', "refused", "XML"),
    ("other formats", "a workbook called CSV", workbook(), "refused", "a workbook"),
    ("other formats", "an old workbook called CSV", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "refused", "workbook"),
    ("other formats", "a ZIP archive called CSV", zipped(orders=ROWS.encode()), "refused", "ZIP"),
    ("other formats", "Parquet called CSV", parquet(), "refused", "Parquet"),
    ("other formats", "JSON called CSV", json.dumps([GOOD]), "refused", "JSON"),
    ("other formats", "a PDF called CSV", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "refused", "PDF"),
    ("archives", "gzip under the name of CSV", gz(ROWS), "loaded", ""),
    ("archives", "gzip cut short", gz(ROWS * 50)[:-9], "refused", "damaged gzip"),
    ("archives", "gzip with a wrong checksum", gz(ROWS)[:-8] + b"\0" * 8, "refused", "damaged gzip"),
    ("archives", "gzip followed by rubbish", gz(ROWS) + b"rubbish", "refused", "damaged gzip"),
    ("archives", "gzip of nothing", gz(b""), "refused", "without even a header"),
    ("archives", "gzip within gzip", gz(gz(ROWS)), "refused", "gzip within gzip"),
    ("archives", "the mark of gzip and nothing else", b"\x1f\x8b", "refused", "damaged gzip"),
)  # fmt: skip

OTHER: tuple[tuple[str, str, str, str | bytes, Outcome, str], ...] = (
    ("archives", "CSV under the name of gzip", "orders.csv.gz", ROWS, "loaded", ""),
    ("archives", "a ZIP archive of CSV", "orders.zip", zipped(orders=ROWS.encode()), "refused", "ZIP"),
    ("JSON", "an empty array", "orders.json", "[]", "loaded", ""),
    ("JSON", "an array of numbers", "orders.json", "[1, 2]", "refused", "no JSON object"),
    ("JSON", "null in the array", "orders.json", documents(json.dumps(GOOD), "null"), "put aside", ""),
    ("JSON", "a text alone", "orders.json", '"text"', "refused", "no array of records"),
    ("JSON", "an object without a root", "orders.json", json.dumps({"data": [GOOD]}), "refused", "root"),
    ("JSON", "cut short", "orders.json", json.dumps([GOOD] * 3)[:-20], "refused", "no JSON document"),
    ("JSON", "a NUL byte before it", "orders.json", "\0" + documents(document()), "refused", "no JSON document"),
    ("JSON", "a comma too many", "orders.json", documents(document()) + ",", "refused", "no JSON document"),
    ("JSON", "half an emoji", "orders.json", documents(document(), document(note='"\\ud83d"')), "put aside", ""),
    ("JSON", "a number of 5,000 digits", "orders.json", documents(document(), document(id="2", amount="1" * 5000)), "put aside", ""),
    ("JSON", "1e400", "orders.json", documents(document(), document(id="2", amount="1e400")), "put aside", ""),
    ("JSON", "NaN", "orders.json", documents(document(), document(id="2", amount="NaN")), "put aside", ""),
    ("JSON", "-Infinity", "orders.json", documents(document(), document(id="2", amount="-Infinity")), "put aside", ""),
    ("JSON", "a million brackets", "orders.json", "[" * 10**6, "refused", "too deeply nested"),
    ("JSON", "a record nested 5,000 deep", "orders.json", documents(document(), document(note="[" * 5000 + "]" * 5000)), "refused", "too deeply nested"),
    ("JSON", "one key twice in a record", "orders.json", documents(document(), document(id="2", note='"a", "note": "b"')), "loaded", ""),
    ("JSON", "a key with a dot", "orders.json", documents(document(**{"a.b": "1"})), "loaded", ""),
    ("JSON", "NUL as an escape", "orders.json", documents(document(note='"a\\u0000b"')), "loaded", ""),
    ("JSON", "JSON Lines called JSON", "orders.json", f"{document()}\n{document(id='2')}\n", "refused", "JSON Lines"),
    ("JSON", "CSV called JSON", "orders.json", ROWS, "refused", "no JSON document"),
    ("JSON", "a mark before it", "orders.json", "\ufeff" + documents(document()), "loaded", ""),
    ("JSON", "UTF-16", "orders.json", documents(document()).encode("utf-16"), "loaded", ""),
    ("JSON Lines", "a line cut short", "orders.jsonl", f"{document()}\n{document()[:-9]}\n", "put aside", ""),
    ("JSON Lines", "half an emoji", "orders.jsonl", f"{document()}\n{document(note=chr(34) + chr(92) + 'ud83d' + chr(34))}\n", "put aside", ""),
    ("JSON Lines", "a line nested a million deep", "orders.jsonl", document() + '\n{"id": ' + "[" * 10**6 + "\n", "put aside", ""),
    ("JSON Lines", "one key twice in a line", "orders.jsonl", document() + "\n" + document(id="2", note='"a", "note": "b"'), "loaded", ""),
    ("JSON Lines", "a document over many lines", "orders.jsonl", json.dumps([GOOD], indent=1), "refused", "no JSON object"),
    ("JSON Lines", "1e400", "orders.jsonl", document() + "\n" + document(id="2", amount="1e400"), "put aside", ""),
    ("JSON Lines", "a number of 5,000 digits", "orders.jsonl", document() + "\n" + document(id="2", amount="1" * 5000), "put aside", ""),
    ("workbooks", "cut short", "orders.xlsx", workbook()[:-200], "refused", "no readable"),
    ("workbooks", "CSV called XLSX", "orders.xlsx", ROWS, "refused", "CSV"),
    ("workbooks", "a web page called XLSX", "orders.xlsx", "<html><table></table></html>", "refused", "web page"),
    ("workbooks", "a ZIP archive that is no workbook", "orders.xlsx", zipped(a=b"b"), "refused", "no readable"),
    ("workbooks", "zero bytes", "orders.xlsx", b"", "refused", "zero bytes"),
    ("workbooks", "an old workbook without content", "orders.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "refused", "no readable"),
    ("workbooks", "a web page called XLS", "orders.xls", "<html><table></table></html>", "refused", "web page"),
    ("workbooks", "one with macros", "orders.xlsm", workbook(), "loaded", ""),
    ("workbooks", "without any cell", "orders.xlsx", workbook(change=lambda book: book.active.delete_rows(1, 9)), "refused", "empty"),
    ("workbooks", "a stray cell in XFD1048576", "orders.xlsx", workbook((1_048_576, 16_384, "x")), "refused", "lies far outside"),
    ("workbooks", "a stray cell in A1048576", "orders.xlsx", workbook((1_048_576, 3, "2026-01-02")), "put aside", ""),
    ("workbooks", "a stray cell in XFD1", "orders.xlsx", workbook((1, 16_384, "x")), "loaded", ""),
    ("workbooks", "a merged title above the header", "orders.xlsx", workbook(change=lambda book: (book.active.insert_rows(1), book.active.merge_cells("A1:E1"), book.active.__setitem__("A1", "Orders"))), "refused", "has no column 'id'"),
    ("workbooks", "merged cells in a column of keys", "orders.xlsx", workbook(change=lambda book: book.active.merge_cells("A2:A3")), "put aside", ""),
    ("workbooks", "#N/A as a key", "orders.xlsx", cell("#N/A", 1), "put aside", ""),
    ("workbooks", "#REF! as an amount", "orders.xlsx", cell("#REF!", 4), "put aside", ""),
    ("workbooks", "a formula without its result", "orders.xlsx", cell("=1+1", 4), "put aside", ""),
    ("workbooks", "a date as a date", "orders.xlsx", cell(datetime(2026, 1, 2, 10), 3), "loaded", ""),  # noqa: DTZ001
    ("workbooks", "a date as a serial number", "orders.xlsx", cell(46024.5, 3), "put aside", ""),
    ("workbooks", "a key beyond 2^53", "orders.xlsx", cell(12345678901234567890, 1), "put aside", ""),
    ("workbooks", "a key of 2^53 - 1", "orders.xlsx", cell(2**53 - 1, 1), "loaded", ""),
    ("workbooks", "a reference beyond 2^53", "orders.xlsx", cell(12345678901234567890, 2), "put aside", ""),
    ("workbooks", "a number that is infinite", "orders.xlsx", cell(float("1e308"), 4), "put aside", ""),
    ("workbooks", "yes and no for amounts", "orders.xlsx", cell(True, 4), "put aside", ""),
    ("Parquet", "cut short", "orders.parquet", parquet()[:-20], "refused", "no readable Parquet"),
    ("Parquet", "a damaged page", "orders.parquet", parquet().replace(SECRET.encode(), b"\xff" * 6), "refused", "damaged"),
    ("Parquet", "its mark and nothing else", "orders.parquet", b"PAR1PAR1", "refused", "no readable Parquet"),
    ("Parquet", "CSV called Parquet", "orders.parquet", ROWS, "refused", "no readable Parquet"),
    ("Parquet", "gzip of Parquet", "orders.parquet.gz", gz(parquet()), "loaded", ""),
    ("Parquet", "no row", "orders.parquet", parquet(0), "loaded", ""),
    ("Parquet", "no column", "orders.parquet", parquet(0, options={})[:0] + (lambda out: (pq.write_table(pa.table({}), out), out.getvalue())[1])(io.BytesIO()), "refused", "has no column"),
    ("Parquet", "a nested column that nobody uses", "orders.parquet", parquet(tags=pa.array([["a"], None])), "loaded", ""),
    ("Parquet", "a nested column that is used", "orders.parquet", parquet(id=pa.array([["a"], None])), "refused", "nested"),
    ("Parquet", "bytes that nobody uses", "orders.parquet", parquet(img=pa.array([b"\xff", None])), "loaded", ""),
    ("Parquet", "bytes that are used", "orders.parquet", parquet(note=pa.array([b"\xff", None])), "refused", "holds binary"),
    ("Parquet", "decimals", "orders.parquet", parquet(amount=pa.array([Decimal("1.25"), None])), "put aside", ""),
    ("Parquet", "decimals of 76 digits", "orders.parquet", parquet(amount=pa.array([Decimal(10) ** 70, Decimal(1)], pa.decimal256(76, 0))), "put aside", ""),
    ("Parquet", "stamps of 96 bits", "orders.parquet", parquet(at=pa.array([datetime(2026, 1, 2), datetime(2026, 1, 3)]), options={"use_deprecated_int96_timestamps": True}), "loaded", ""),  # noqa: DTZ001
    ("Parquet", "stamps in nanoseconds with a zone", "orders.parquet", parquet(at=pa.array([1, 2], pa.timestamp("ns", "Asia/Shanghai"))), "loaded", ""),
    ("Parquet", "times of a day", "orders.parquet", parquet(at=pa.array([1, 2], pa.time64("us"))), "refused", "orders.ordered_at"),
    ("Parquet", "spans of time", "orders.parquet", parquet(amount=pa.array([1, 2], pa.duration("s"))), "loaded", ""),
    ("Parquet", "categories", "orders.parquet", parquet(note=pa.array(["a", "b"]).dictionary_encode()), "loaded", ""),
    ("Parquet", "a column of nulls without a type", "orders.parquet", parquet(note=pa.nulls(2)), "loaded", ""),
    ("Parquet", "keys as numbers with a point", "orders.parquet", parquet(id=pa.array([1.0, 2.0])), "loaded", ""),
    ("Parquet", "keys as numbers with a point beyond 2^53", "orders.parquet", parquet(id=pa.array([1.0, 1.2345678901234567e17])), "put aside", ""),
    ("Parquet", "keys as numbers of 32 bits with a point beyond 2^24", "orders.parquet", parquet(id=pa.array([1.0, 16777217.0], pa.float32())), "put aside", ""),
    ("Parquet", "keys as whole numbers beyond 2^53", "orders.parquet", parquet(id=pa.array([2**53 + 1, 2**62])), "loaded", ""),
    ("Parquet", "NaN as an amount", "orders.parquet", parquet(amount=pa.array([1.0, float("nan")])), "put aside", ""),
    ("Parquet", "infinity as an amount", "orders.parquet", parquet(amount=pa.array([1.0, float("inf")])), "put aside", ""),
    ("Parquet", "two columns of one name", "orders.parquet", (lambda out: (pq.write_table(pa.table([pa.array(["1"])] * 5, names=["id", "id", "c", "at", "amount"]), out), out.getvalue())[1])(io.BytesIO()), "refused", "columns called"),
    ("Parquet", "years beyond every calendar", "orders.parquet", parquet(at=pa.array([0, 2**62], pa.timestamp("us"))), "put aside", ""),
)  # fmt: skip

# --- mappings -----------------------------------------------------------------------------------------------------------


def sums(aggregate: str) -> str:
    """A mapping that joins lines of the delivery to the orders."""
    joins = f'joins: {{l: {{file: lines, on: {{id: id}}, aggregate: {{total: "{aggregate}"}}}}}}'
    return mapped(more=joins, amount="l.total") + '  lines:\n    pattern: "lines.csv"\n'


def laughs(levels: int) -> str:
    """Names for nine of the name before, again and again."""
    lines = ["source: {source}", "a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(
        lines
    ) + f"\ntime_zone: UTC\nfiles: {{{{o: {{{{pattern: o, entities: *a{levels - 1}}}}}}}}}\n".replace(
        "{{", "{"
    ).replace("}}", "}")


LINES = 'id,price\n1,10.00\n2,10.00\n3,10.00\n1,"1,234.50"\n'
MAPPINGS: tuple[tuple[str, str | bytes | Callable[[Path], None], Outcome, str], ...] = (
    ("not there", lambda _: None, "refused", "there is no mapping"),
    ("a folder", lambda path: path.mkdir(), "refused", "is a folder"),
    ("a pipe", os.mkfifo, "refused", "is no file"),
    ("a link that leads nowhere", lambda path: path.symlink_to("nowhere"), "refused", "is no file"),
    ("zero bytes", b"", "refused", "must be a mapping"),
    ("no YAML", "a: [", "refused", "is no YAML"),
    ("bytes that are no UTF-8", b"source: \xff\xfe", "refused", "is no YAML"),
    ("UTF-16", mapped().encode("utf-16"), "refused", "is no YAML"),
    ("NUL bytes", b"source: a\0b", "refused", "is no YAML"),
    ("tabs", "source:\t{source}\n\ttime_zone: UTC\n", "refused", "is no YAML"),
    ("a list", "- a\n", "refused", "must be a mapping"),
    ("two documents", "a: b\n---\na: b\n", "refused", "is no YAML"),
    ("a key twice", "source: {source}\nsource: {source}\n", "refused", "stands twice"),
    ("an object of Python", "source: !!python/object/apply:os.system [true]\n", "refused", "is no YAML"),
    ("five megabytes", "#" * (5 << 20), "refused", "larger than"),
    ("5,000 brackets", "[" * 5000, "refused", "YAML"),
    ("a name for itself", "source: {source}\na: &a [*a]\n", "refused", "unfold to"),
    ("names that unfold to billions", laughs(12), "refused", "unfold to"),
    ("an unknown key", mapped(more="colour: red"), "refused", "colour"),
    ("a list where a text belongs", mapped(more="sheet: [a]"), "refused", "sheet"),
    ("a text where a number belongs", mapped(more="skip_lines: many"), "refused", "skip_lines"),
    ("another name of the source", "source: other\nextends: canonical\n", "refused", "source is 'other'"),
    ("no files", "source: {source}\ntime_zone: UTC\nfiles: {}\n", "refused", "files"),
    ("no time zone", mapped(zone="Mars/Base"), "refused", "no IANA time zone"),
    ("an encoding that there is not", mapped(more="encoding: klingon"), "refused", "no encoding"),
    ("an encoding of bytes", mapped(more="encoding: hex"), "refused", "no encoding"),
    ("a delimiter of two characters", mapped(more="delimiter: ';;'"), "refused", "delimiter"),
    ("extends itself", "source: {source}\nextends: {source}\n", "refused", "no built-in mapping"),
    ("extends a path", "source: {source}\nextends: ../mappings/canonical\n", "refused", "no built-in mapping"),
    ("an entity that there is not", mapped().replace("entity: orders", "entity: ordres"), "refused", "did you mean 'orders'"),
    ("a column that there is not", mapped().replace("customer_id", "custmer_id"), "refused", "did you mean 'customer_id'"),
    ("no column that is the key: the content is", mapped().replace("order_id: id", "channel: id"), "loaded", ""),
    ("an expression that is none", mapped(key='"id +"'), "refused", "is no SQL expression"),
    ("two expressions", mapped(key='"id; drop table x"'), "refused", "exactly one expression"),
    ("a sub-select", mapped(key='"(select 1)"'), "refused", "mappings may not"),
    ("a function that reads files", mapped(key="\"read_text('/etc/passwd')\""), "refused", "mappings may not"),
    ("a function that there is not", mapped(key='"frobnicate(id)"'), "refused", "mappings may not"),
    ("an aggregate outside of a join", mapped(amount='"sum(amount)"'), "refused", "mappings may not"),
    ("a window", mapped(key='"row_number() over ()"'), "refused", "mappings may not"),
    ("an expression 5,000 levels deep", mapped(key='"' + "(" * 5000 + "id" + ")" * 5000 + '"'), "refused", "nested"),
    ("an expression of 10,000 terms", mapped(key='"' + " || ".join(["id"] * 10_000) + '"'), "refused", "nested"),
    ("an expression of the wrong types", mapped(amount='"amount - interval 1 day"'), "refused", "expression"),
    ("a filter that is a text", mapped(more="filter: \"'maybe'\""), "refused", "expression"),
    ("an expression that overflows", mapped(more='filter: "id::bigint * (9223372036854775807::bigint - length(c)) > 0"'), "put aside", ""),
    ("an expression that divides by zero", mapped(amount='"1 / (id::int - id::int)"'), "refused", "orders.gross_amount"),
    ("a format that is none", mapped(at="{{value: at, format: '%Q'}}".replace("{{", "{").replace("}}", "}")), "refused", ""),
    ("a column of the file that there is not", mapped(key="nummer"), "refused", "has no column 'nummer'"),
    ("an aggregate that cannot run", sums("sum(price)"), "refused", "cannot run"),
    ("an aggregate that cannot read a text", sums("sum(price::decimal(18,2))"), "put aside", ""),
    ("an aggregate of a column that there is not", sums("sum(prize::int)"), "refused", "'prize'"),
    ("a join to a file that there is not", mapped(more="joins: {l: {file: lines, on: {id: id}}}"), "refused", "there is no file 'lines'"),
    ("a join to itself", mapped(more="joins: {l: {file: orders, on: {id: id}}}", amount="l.amount"), "loaded", ""),
    ("a pattern that fits nothing", mapped().replace("*orders*", "invoices*"), "refused", "no pattern"),
    ("a pattern that is a broken class", mapped().replace("*orders*", "[orders*"), "refused", "no pattern"),
    ("patterns of two blocks that fit one file", mapped() + "  again:\n    pattern: '*.csv'\n    entities: [{entity: returns, columns: {return_id: id, order_id: id, returned_at: at, kind: {constant: refund}}}]\n", "loaded", ""),
    ("`ignore` of everything", "ignore: ['*']\n" + mapped().replace("*orders*", "invoices*"), "refused", "ignore"),
    ("JSON in place of CSV", mapped(more="format: json"), "refused", "no JSON document"),
    ("a sheet that there is not", mapped(more="format: xlsx"), "refused", "CSV"),
    ("files that are a number", "source: {source}\nextends: canonical\nfiles: 5\n", "refused", "files: must hold"),
    ("extends nothing", "source: {source}\nextends:\n", "refused", "no built-in mapping"),
    ("a list for the time zone", "source: {source}\ntime_zone: [a]\nfiles: {}\n", "refused", "time_zone"),
    ("a list for the entity", mapped().replace("entity: orders", "entity: [orders]"), "refused", "entity"),
    ("UTF-7 for an encoding", mapped(more="encoding: utf-7"), "loaded", ""),
    ("an expression of signs alone", mapped(key="'->'"), "refused", "is no SQL expression"),
    ("an encoding that lies", mapped(more="encoding: utf-16"), "refused", "is not in utf-16"),
    ("fixed width beyond the line", mapped(more="format: fixed_width\n    columns: [{name: id, start: 1, width: 1}, {name: c, start: 500, width: 9}, {name: at, start: 900, width: 9}, {name: amount, start: 1000000, width: 1000000}]"), "refused", "orders.ordered_at"),
    ("a column of fixed width that no integer holds", mapped(more="format: fixed_width\n    columns: [{name: id, start: 1, width: 99999999999999999999}, {name: c, start: 1, width: 9}, {name: at, start: 1, width: 9}, {name: amount, start: 1, width: 1}]"), "refused", "width"),
    ("more lines to skip than there are", mapped(more="skip_lines: 1000"), "refused", "without even a header"),
    ("a map of the wrong kind", mapped(key="{{value: id, map: [a]}}".replace("{{", "{").replace("}}", "}")), "refused", "map"),
    ("names of files that are no names", mapped().replace("  orders:", "  'or\"ders; --':"), "loaded", ""),
    ("a name of a join that is no name", mapped(more="joins: {'l; --': {file: orders, on: {id: id}}}"), "refused", "joins"),
)  # fmt: skip

# --- what is no file ----------------------------------------------------------------------------------------------------


def beside(add: Callable[[Path], object], content: str = ROWS) -> Callable[[Path], None]:
    """Puts a good file, and something more."""

    def put(folder: Path) -> None:
        file(content)(folder)
        add(folder)

    return put


def _socket(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # the name of a socket may have 107 bytes
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("orders_socket.csv")
    os.chdir(here)


def _linked(folder: Path) -> None:
    aside = folder.parent.parent.parent / f"elsewhere-{folder.parent.name}.csv"
    aside.write_text(ROWS)
    (folder / "orders_link.csv").symlink_to(aside)


def _device(folder: Path) -> None:
    try:
        os.mknod(folder / "orders_null.csv", 0o600 | 0o020000, os.makedev(1, 3))
    except PermissionError:  # only root makes devices; a link to one is told in the same words
        (folder / "orders_null.csv").symlink_to("/dev/null")


def _folder_link(folder: Path) -> None:
    (folder / "orders_folder").symlink_to("/tmp")  # noqa: S108 - leads somewhere


def _loop(folder: Path) -> None:
    (folder / "orders_loop.csv").symlink_to("orders_loop.csv")


NO_FILES: tuple[tuple[str, Callable[[Path], None], Outcome, str], ...] = (
    ("a pipe", beside(lambda folder: os.mkfifo(folder / "orders_pipe.csv")), "refused", "orders_pipe.csv"),
    ("a socket", beside(_socket), "refused", "orders_socket.csv"),
    ("a device", beside(_device), "refused", "orders_null.csv"),
    ("a link to a file", beside(_linked), "refused", "orders_link.csv"),
    ("a link to a folder", beside(_folder_link), "refused", "orders_folder"),
    ("a link to itself", beside(_loop), "refused", "orders_loop.csv"),
    ("a file in a folder within the delivery", beside(lambda folder: ((folder / "more").mkdir(), file(ROWS, "more/orders_2.csv")(folder))), "loaded", ""),
    ("a file in 30 folders", beside(lambda folder: ((folder / "/".join(["d"] * 30)).mkdir(parents=True), file(ROWS, "d/" * 30 + "orders.csv")(folder))), "loaded", ""),
    ("a folder called as a file", beside(lambda folder: (folder / "orders_3.csv").mkdir()), "refused", "orders_3.csv"),
    ("a hidden file", beside(lambda folder: file("x", ".DS_Store")(folder)), "loaded", ""),
    ("a folder that is no day beside the days", beside(lambda folder: (folder.parent / "2026-1-5").mkdir()), "refused", "2026-1-5"),
    ("a file beside the days", beside(lambda folder: file(ROWS, "orders.csv")(folder.parent)), "refused", "orders.csv"),
    ("a file called as a day", beside(lambda folder: file(ROWS, "2026-01-06")(folder.parent)), "refused", "2026-01-06"),
)  # fmt: skip

PARTS: tuple[tuple[str, Callable[[Path], None], Outcome, str], ...] = (
    *(
        (f"a file called {name}", file(ROWS, name), "waits", name)
        for name in (
            "orders.csv.filepart",
            "orders.csv.part",
            "orders.csv.tmp",
            "orders.csv.crdownload",
            "orders.csv.partial",
            "Unconfirmed 123.crdownload",
            ".orders.csv.x7Kf9Q",
        )
    ),
    ("a file beside its own .part", beside(file("", "orders.csv.part")), "waits", "orders.csv"),
    ("the lock of a workbook that is open", beside(file("x" * 165, "~$orders.xlsx")), "waits", "~$orders.xlsx"),
)  # fmt: skip


@cache
def table() -> tuple[Bad, ...]:
    """All of them."""
    bad = [Bad("names of files", name, outcome, file(ROWS, raw), said, mapped()) for name, raw, outcome, said in NAMES]
    bad += [Bad(kind, name, outcome, file(content), said, mapped()) for kind, name, content, outcome, said in CSV]
    bad += [
        Bad(kind, name, outcome, file(content, as_name), said, mapped())
        for kind, name, as_name, content, outcome, said in OTHER
    ]
    bad += [
        Bad("mappings", name, outcome, files(orders__csv=ROWS, lines__csv=LINES) if "aggregate that" in name or "aggregate of" in name else file(ROWS), said, text)
        for name, text, outcome, said in MAPPINGS
    ]  # fmt: skip
    bad += [Bad("no files", name, outcome, put, said, mapped()) for name, put, outcome, said in NO_FILES]
    bad += [Bad("still being written", name, outcome, put, said, mapped()) for name, put, outcome, said in PARTS]
    bad += list(_large())
    bad += list(_of_their_own())
    return tuple(bad)


def _large() -> Iterator[Bad]:
    large: tuple[tuple[str, str, Callable[[], bytes], Outcome, str], ...] = (
        ("a line of 50 MB", "orders.csv", lambda: (ROWS + "9,").encode() + b"x" * (50 << 20), "put aside", ""),
        ("a line of 70 MB", "orders.csv", lambda: HEAD.encode() + b"x" * (70 << 20), "refused", "longer than 64 MB"),
        ("100,000 columns", "orders.csv", lambda: (HEAD.strip() + "".join(f",x{n}" for n in range(100_000)) + "\n" + ROW.strip() + "," * 100_000 + "\n").encode(), "refused", "columns"),
        ("a gzip that unpacks to 600 MB", "orders.csv.gz", lambda: bomb(600), "refused", "unpacks to"),
        ("a gzip of JSON that unpacks to 600 MB", "orders.json.gz", lambda: bomb(600, b" "), "refused", "unpacks to"),
        ("a gzip of Parquet that unpacks to 600 MB", "orders.parquet.gz", lambda: bomb(600), "refused", "unpacks to"),
        ("a workbook that unpacks to a gigabyte", "orders.xlsx", lambda: zipped(**{"[Content_Types].xml": b" " * 10**9}), "refused", "workbook"),
    )  # fmt: skip
    for name, as_name, make, outcome, said in large:
        yield Bad("size", name, outcome, lazily(make, as_name), said, mapped())


def _of_their_own() -> Iterator[Bad]:
    lying = file(ROWS.encode() + b"\xff\n")
    yield Bad("encoding", "a stated UTF-8 that lies", "refused", lying, "line 5", mapped(more="encoding: utf-8"))
    dst = {"zone": "Europe/Berlin"}
    yield Bad(
        "times", "an hour that summer time skips", "loaded", file(row(at="2026-03-29 02:30:00")), "", mapped(**dst)
    )
    yield Bad("times", "an hour that is there twice", "loaded", file(row(at="2025-10-26 02:30:00")), "", mapped(**dst))
    snapshot = mapped(load_mode="load_mode: snapshot")
    many = HEAD + "".join(f"{n},{SECRET},2026-01-02 10:00:00,1,ok\n" for n in range(100))
    yield Bad(
        "snapshots",
        "half of the keys gone",
        "held",
        file(HEAD + "".join(many.splitlines(True)[1:51])),
        "50 of 100",
        snapshot,
        many,
    )
    yield Bad("snapshots", "a header and no row", "refused", file(HEAD), "all is gone", snapshot, many)
    yield Bad(
        "snapshots",
        "one key in a hundred gone",
        "loaded",
        file("".join(many.splitlines(True)[:100])),
        "",
        snapshot,
        many,
    )
    gone = "".join(
        many.splitlines(True)[:91] + [line.replace("2026-01-02", "soon") for line in many.splitlines(True)[91:]]
    )
    yield Bad(
        "snapshots", "nine rows in a hundred that cannot be read", "refused", file(gone), "rows are bad", snapshot, many
    )


# --- the run ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """What became of all of them."""

    report: IngestReport
    said: dict[str, tuple[str, ...]]  # by source

    def outcome(self, source: str) -> str:
        loads = {load.status for load in self.report.loads if load.source == source and load.load_date == DAY}
        entries = [entry for entry in self.report.files if entry.source == source and entry.load_date == DAY]
        refusals = [refusal for refusal in self.report.refusals if refusal.source == source]
        if any(refusal.waits for refusal in refusals):
            return "waits"
        if "held" in loads:
            return "held"
        if refusals:
            return "refused"
        if any(entry.quarantined for entry in entries):
            return "put aside"
        return "loaded" if entries else "nothing is said"


def deliver(settings: Settings, bad: Bad, source: str, day: date = DAY) -> None:
    """Puts one bad input and its mapping into a home."""
    path = settings.sources / f"{source}.yml"
    if callable(bad.mapping):
        bad.mapping(path)
    elif isinstance(bad.mapping, bytes):
        path.write_bytes(bad.mapping)
    else:
        path.write_text(bad.mapping.replace("{source}", source), encoding="utf-8")
    folder = settings.landing / source / str(day)
    folder.mkdir(parents=True)
    bad.put(folder)
    if bad.before is not None:
        (folder.parent / str(day - timedelta(days=1))).mkdir()
        file(bad.before)(folder.parent / str(day - timedelta(days=1)))


def settled(landing: Path) -> None:
    """Makes all that lies there as old as yesterday's, so that nothing looks as if it were still being written."""
    old = time.time() - 86_400
    for path in landing.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (old, old))


def run(home: Path, bad: tuple[Bad, ...]) -> tuple[Settings, Result]:
    """All of them in one home, with a good source of the day before the first and after the last."""
    settings = Settings(home=home)
    settings.sources.mkdir(parents=True)
    for source in ("agood", "zgood"):
        (settings.sources / f"{source}.yml").write_text(f"source: {source}\nextends: canonical\n", encoding="utf-8")
        folder = settings.landing / source / str(DAY)
        folder.mkdir(parents=True)
        file("store_id\n1\n2\n", "stores.csv")(folder)
    for number, one in enumerate(bad):
        deliver(settings, one, one.source(number))
    settled(settings.landing)
    report = ingest(settings, DAY - timedelta(days=1), DAY)
    said: dict[str, tuple[str, ...]] = {}
    for refusal in report.refusals:
        said[refusal.source] = (*said.get(refusal.source, ()), refusal.message)
    return settings, Result(report, said)


# --- the page -----------------------------------------------------------------------------------------------------------


def page() -> str:
    """docs/bad-inputs.md."""
    bad = table()
    lines = [
        "# Bad inputs",
        "",
        f"{len(bad)} inputs and what becomes of each, when it is delivered beside good sources. The good ones load, every",
        "row read is accounted for, no message holds a value, and `kefu ingest` exits 1 where something was refused, held or",
        "waits. This page is written by `python -m tests.ingestion.bad_inputs`, and tests hold it against what happens.",
        "",
        "| outcome | meaning | inputs |",
        "|---|---|---|",
        *(f"| {name} | {text} | {sum(one.outcome == name for one in bad)} |" for name, text in OUTCOMES.items()),
    ]
    for kind in dict.fromkeys(one.kind for one in bad):
        lines += ["", f"## {kind[0].upper()}{kind[1:]}", "", "| input | outcome | said |", "|---|---|---|"]
        lines += [f"| {_cell(one.name)} | {one.outcome} | {_cell(one.said)} |" for one in bad if one.kind == kind]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("~", "\\~")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
