"""How wide a text is and how wide the columns of a table should be, measured with the font that the PDF embeds.

Positions on paper only: what is printed is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from PIL import ImageFont
from pylopdf_fonts_zh_cn import sans_path

FULL, HALF, THIRD = 680, 330, 213  # CSS pixels: the text block of an A4 page and its parts, with gutters of 20
CELL = 10.0  # font size of a cell in CSS pixels
BETWEEN = 11.0  # white between two columns
LONGEST_TEXT = 180.0  # a text column may be that wide before it wraps
MEASURED_AT = 100  # font size at which widths are taken

# where the PDF puts white between Han and Latin or digits, and how much of the font size
_SCRIPTS = re.compile(r"(?<=[\u3400-\u9fff])(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%])(?=[\u3400-\u9fff])")
BETWEEN_SCRIPTS = 0.25

# the part of a printed number behind its last digit before the point: fraction and unit
_TAIL = re.compile(r"(?:\.\d+)?\D*$")


@dataclass(frozen=True)
class TableColumn:
    """A column of a table: heading, whether numbers stand below it, and its share of the width in per cent."""

    title: str
    is_number: bool
    share: float = 0.0


@dataclass(frozen=True)
class Listing:
    """A table as text, with what the page needs to set it."""

    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0
    width: str = "full"  # or half: two stand side by side

    @property
    def padded(self) -> list[list[tuple[str, float]]]:
        """Cells with the white behind them, in em, that puts decimal points of a column under each other."""
        by_column = [
            paddings([row[i] for row in self.rows]) if column.is_number else [0.0] * len(self.rows)
            for i, column in enumerate(self.columns)
        ]
        return [[(cell, by_column[i][r]) for i, cell in enumerate(row)] for r, row in enumerate(self.rows)]


def listing(title: str, columns: Sequence[tuple[str, bool]], rows: Sequence[tuple[str, ...]], more: int = 0) -> Listing:
    """A table with columns as wide as their content needs, half a page wide where that is enough."""
    needs = [_needs(heading, is_number, [row[i] for row in rows]) for i, (heading, is_number) in enumerate(columns)]
    natural = _fitted(needs)
    total = sum(natural)
    return Listing(
        title=title,
        columns=tuple(
            TableColumn(heading, is_number, round(100 * width / total, 2))
            for (heading, is_number), width in zip(columns, natural, strict=True)
        ),
        rows=tuple(rows),
        more=more,
        width="half" if total <= HALF * 1.06 else "full",
    )


def _fitted(needs: Sequence[tuple[float, float]]) -> list[float]:
    """Widths of columns, from the least and the wanted one of each: what can wrap gives way."""
    excess = sum(wanted for _, wanted in needs) - FULL
    spare = sum(wanted - least for least, wanted in needs)
    part = min(1.0, excess / spare) if excess > 0 and spare > 0 else 0.0
    return [wanted - (wanted - least) * part for least, wanted in needs]


def _needs(heading: str, is_number: bool, cells: Sequence[str]) -> tuple[float, float]:
    """The least width of a column, with its longest word on a line, and the one it wants."""
    word = max((width(word) for word in _words(heading)), default=0.0)
    widest = max((width(cell) for cell in cells), default=0.0)
    if is_number:  # decimal points under each other need room on both sides
        tails = [_tail(cell) for cell in cells]
        heads = max((width(c) - width(t) for c, t in zip(cells, tails, strict=True)), default=0.0)
        wanted = max(widest, heads + max(map(width, tails), default=0.0), word, width(heading) / 2) + BETWEEN
        return wanted, wanted
    word = max(word, *(width(w) for cell in cells for w in _words(cell)), 0.0)
    wanted = max(min(widest, LONGEST_TEXT), min(word, LONGEST_TEXT)) + BETWEEN
    return min(word, LONGEST_TEXT) + BETWEEN, wanted


def _words(text: str) -> list[str]:
    return re.split(r"(?<=[ /-])", text)


def paddings(cells: Sequence[str]) -> list[float]:
    """White behind each right-aligned number, in em, so that its decimal point stands under those of the others."""
    tails = [width(_tail(cell), 1) if _is_number(cell) else None for cell in cells]
    widest = max((tail for tail in tails if tail is not None), default=0.0)
    return [0.0 if tail is None else round(widest - tail, 2) for tail in tails]


def _is_number(cell: str) -> bool:
    """A single number with its unit; an interval, a dash or words keep to the edge."""
    return len(re.findall(r"\d[\d,.]*", cell)) == 1


def _tail(cell: str) -> str:
    found = _TAIL.search(cell)
    return found.group() if found and _is_number(cell) else ""


def width(text: str, size: float = CELL) -> float:
    """Width of a text at that font size: that of its characters, set without kerning, and of the white that the PDF
    puts between Han and what is not."""
    return sum(map(_advance, text)) / MEASURED_AT * size + len(_SCRIPTS.findall(text)) * BETWEEN_SCRIPTS * size


@lru_cache(maxsize=10_000)
def _advance(character: str) -> float:
    return measure().getlength(character)


@cache
def measure() -> ImageFont.FreeTypeFont:
    """The font of the PDF, to measure with."""
    return ImageFont.truetype(sans_path(), MEASURED_AT, layout_engine=ImageFont.Layout.BASIC)
