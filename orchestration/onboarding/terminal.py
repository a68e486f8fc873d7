"""Lines and tables for a terminal, where a Chinese character takes two places."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

WIDTH = 110


def wrapped(text: str, indent: int = 2) -> list[str]:
    lead = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text.strip(), WIDTH, initial_indent=lead, subsequent_indent=" " * indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def table(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> Iterator[str]:
    """Columns as wide as their widest cell; numbers to the right."""
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        aligned = [
            text + " " * (width - cells(text)) if place in left else " " * (width - cells(text)) + text
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(aligned).rstrip()


def cells(text: str) -> int:
    """How many places of a terminal a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def counted(n: int, what: str) -> str:
    """A number of things: 1 row, 2,000 rows."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
