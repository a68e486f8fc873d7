"""How the numbers of a column and of a file are written: the sign of the decimals, between thousands, of a currency."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from foundation.contract import literal
from orchestration.ingestion.notations import NO_SIGN, STYLES, NumberStyle, is_currency, narrowest

_MAX_SIGNS = 6  # currencies of a column
_SIGNS = {",": "comma", ".": "point", " ": "blank", "'": "apostrophe"}
# what may be a number in some style
LIKE = r"[-+(]?\D{0,5}\d[\d.,'\x{2019}\s\x{00A0}\x{2009}\x{202F}]*\D{0,6}"
One = Callable[[str], tuple[Any, ...]]  # the one row of an aggregate over the distinct values v with n rows


@dataclass(frozen=True)
class Numerals:
    """How a column writes its numbers; `others` are styles that would read as many."""

    style: NumberStyle
    evidence: str = ""
    others: tuple[NumberStyle, ...] = ()
    is_of_file: bool = False  # the file's own `number:` says it already
    has_decimals: bool = False  # of plain ones

    @property
    def is_sure(self) -> bool:
        return not self.others

    @property
    def is_plain(self) -> bool:
        return self.style == NumberStyle()

    @property
    def form(self) -> dict[str, Any]:
        """What a column of a mapping must say."""
        return {} if self.is_plain or self.is_of_file else {"number": style_keys(self.style)}

    def sql(self, text: str) -> str:
        """An expression of a mapping that a cast can read."""
        if self.is_plain or self.is_of_file:
            return text
        if self.style.signs:
            text = f"regexp_replace({text}, '[^0-9.,+-]', '', 'g')"
        if self.style.group:
            text = f"replace({text}, {literal(self.style.group)}, '')"
        return f"replace({text}, ',', '.')" if self.style.decimal == "," else text


PLAIN = Numerals(NumberStyle())  # whole numbers, which stand in any style
DECIMALS = Numerals(NumberStyle(), has_decimals=True)


def style_keys(style: NumberStyle) -> dict[str, Any]:
    """A style as a mapping says it."""
    group = {"group": style.group} if style.group else {}
    return {"decimal": style.decimal, **group, **({"signs": list(style.signs)} if style.signs else {})}


def numerals(one: One, enough: float) -> Numerals | None:
    """The style that reads most of a column's values, at least `enough` rows; None where they are no numbers."""
    (words,) = one(
        "coalesce(list_distinct(flatten(list(string_split(trim("
        f"regexp_replace(v, {literal(NO_SIGN)}, ' ', 'g')), ' ')))), [])"
    )
    signs = tuple(sorted(word for word in words if word))
    if len(signs) > _MAX_SIGNS or not all(map(is_currency, signs)):
        return None
    styles = [NumberStyle(decimal, group, signs) for decimal, group in STYLES]
    counts = one(", ".join(f"coalesce(sum(n) filter ({style.plain('v')} is not null), 0)" for style in styles))
    best = max(counts)
    if best < enough:
        return None
    chosen, *others = narrowest([style for style, n in zip(styles, counts, strict=True) if n == best])
    return Numerals(chosen, _reported(chosen, one, bool(others)), tuple(others))


def _reported(style: NumberStyle, one: One, is_open: bool) -> str:
    patterns = (rf"{re.escape(style.decimal)}\d+[^0-9]*$", rf"\d{re.escape(style.group or ',')}\d")
    decimals, groups = one(
        ", ".join(f"coalesce(sum(n) filter (regexp_matches(v, {literal(pattern)})), 0)" for pattern in patterns)
    )
    reported = [f"decimal {_SIGNS[style.decimal]} in {int(decimals):,}"] if decimals else []
    if style.group and groups:
        doubt = f", if it is no decimal {_SIGNS[style.group]}" if is_open else ""
        reported.append(f"a {_SIGNS[style.group]} between thousands in {int(groups):,}{doubt}")
    return ", ".join([*reported, *([f"with {', '.join(style.signs)}"] if style.signs else [])])


def of_file(columns: Sequence[Numerals]) -> NumberStyle | None:
    """The one style that all numbers of a file can be read by; None where that is the plain one, or there is none."""
    found = [one.style for one in columns if one.is_sure and not one.is_plain]
    found = found or [one.style for one in columns if not one.is_plain]
    decimals = {one.decimal for one in found}
    groups = {one.group for one in found if one.group}
    groups |= {
        each.group
        for one in columns
        for each in (one.style, *one.others)
        if not one.is_sure and each.group and each.decimal in decimals
    }
    if not found or len(decimals) > 1 or len(groups) > 1:
        return None
    signs = tuple(sorted({sign for one in columns for sign in one.style.signs}))
    style = NumberStyle(decimals.pop(), groups.pop() if groups else None, signs)
    return style if all(_can_be(one, style) for one in columns) else None


def _can_be(one: Numerals, style: NumberStyle) -> bool:
    if one.is_plain and one.is_sure:
        return style.decimal == "." or not one.has_decimals
    return any(each.decimal == style.decimal and each.group in (None, style.group) for each in (one.style, *one.others))


def agreed_number(one: Numerals, style: NumberStyle) -> Numerals:
    """A column in the style of its file, which decides what its own values leave open."""
    reported = one.evidence
    if one.others and style.group and one.style.decimal != style.decimal:
        reported = f"a {_SIGNS[style.group]} between thousands, as elsewhere in the file"
    return replace(one, style=style, others=(), evidence=reported, is_of_file=True)
