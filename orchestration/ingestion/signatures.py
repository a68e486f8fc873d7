"""What the beginning of a file says that it is, where that is another format than the mapping reads it as."""

from __future__ import annotations

import re

from orchestration.ingestion.mapping import Format

# the mark, what has it, which formats are read from such a file, and what to do where another was expected
_MARKS: tuple[tuple[bytes, str, tuple[Format, ...], str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old workbook (XLS)", ("xlsx",), "say `format: xlsx` in the mapping"),
    (b"PAR1", "a Parquet file", ("parquet",), "say `format: parquet` in the mapping"),
    (b"%PDF-", "a PDF", (), "have the table itself sent"),
    (b"\x1f\x8b", "gzip within gzip", (), "have it packed once"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", (), "unpack it before it is put here"),
    (b"Rar!\x1a\x07", "a RAR archive", (), "unpack it before it is put here"),
    (b"BZh", "a bzip2 archive", (), "unpack it before it is put here"),
    (b"\xfd7zXZ\x00", "an xz archive", (), "unpack it before it is put here"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", (), "unpack it before it is put here"),
    (b"SQLite format 3\x00", "an SQLite database", (), "have its tables sent"),
)
_ZIP = b"PK\x03\x04"
_WEB_PAGE = re.compile(rb"<(!doctype html|html|head|body|table|meta|style)\b", re.IGNORECASE)
_JSON = re.compile(rb'\[\s*\{\s*["}]|\{\s*"')
HEAD = 4096  # bytes that are looked at


def other_format(head: bytes, wanted: Format) -> str | None:
    """What to say of a file that begins so and is read as `wanted`; None where nothing speaks against it."""
    if head.startswith(_ZIP):
        return None if wanted == "xlsx" else _of_zip(head)
    for mark, what, formats, todo in _MARKS:
        if head.startswith(mark):
            return None if wanted in formats else f"is {what}, whatever its name says; {todo}"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _WEB_PAGE.match(text):
        return "is a web page (HTML), as a system sends for an error, or calls a workbook; have it sent as CSV or XLSX"
    if text.startswith(b"<?xml"):
        return "is XML, which is not read; have it sent as CSV, JSON or XLSX"
    if _JSON.match(text) and wanted in ("csv", "tsv", "xlsx", "parquet"):
        return "is JSON, whatever its name says; say `format: json` or `format: jsonl` in the mapping"
    if wanted == "xlsx" and b"\0" not in head:
        return "is text, such as CSV, called a workbook; say `format: csv` in the mapping"
    return None


def _of_zip(head: bytes) -> str:
    if b"[Content_Types].xml" in head or b"xl/" in head:
        return "is a workbook (XLSX), whatever its name says; say `format: xlsx` in the mapping"
    return "is a ZIP archive; unpack it before it is put here"
