"""The formats in which people write dates and times, by the shapes of their texts.

One table for what proposes a mapping and for what proposes the edit that mends one. A shape is the text with each digit
as 9 and each Latin letter as a.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

# what a date begins with, and the formats it may be in; {s} is the sign between the parts
_DATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"9999(?P<s>[-/.])9{1,2}(?P=s)9{1,2}", ("%Y{s}%m{s}%d", "%Y{s}%d{s}%m")),
    (r"9{1,2}(?P<s>[-/.])9{1,2}(?P=s)9999", ("%d{s}%m{s}%Y", "%m{s}%d{s}%Y")),
    (r"9{1,2}(?P<s>[-/.])9{1,2}(?P=s)99", ("%d{s}%m{s}%y", "%m{s}%d{s}%y", "%y{s}%m{s}%d")),
    (r"99999999", ("%Y%m%d", "%d%m%Y")),
    (r"9999年9{1,2}月9{1,2}日", ("%Y年%m月%d日",)),
    (r"9{1,2}(?P<s>[-/ .])a{3,4}(?P<dot>\.?)(?P=s)9999", ("%d{s}%b{dot}{s}%Y",)),
    (r"9{1,2}(?P<s>[-/ .])a{3,4}(?P<dot>\.?)(?P=s)99", ("%d{s}%b{dot}{s}%y",)),
    (r"a{3,4}(?P<dot>\.?) 9{1,2}, ?9999", ("%b{dot} %d, %Y",)),
    (r"9{1,2}(?P<dot>\.?) a{4,10} 9999", ("%d{dot} %B %Y",)),
    (r"9{1,2} aa a{3,10} aa 9999", ("%d de %B de %Y",)),
    (r"a{4,10} 9{1,2}, ?9999", ("%B %d, %Y",)),
)
# a month alone, which stands for its first day
_MONTHS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"9999(?P<s>[-/._]?)99", ("%Y{s}%m",)),
    (r"99(?P<s>[-/._])9999", ("%m{s}%Y",)),
    (r"9999年9{1,2}月", ("%Y年%m月",)),
    (r"a{3,4}(?P<s>[-/ ._])9999", ("%b{s}%Y",)),
    (r"a{3,4}(?P<s>[-/ ._])99", ("%b{s}%y",)),
    (r"a{4,10}(?P<s>[-/ ._])9999", ("%B{s}%Y",)),
)
_TIMES = re.compile(
    r"(?P<gap>T|, ?| +|)(?P<early>(?:上午|下午|凌晨|早上|晚上) ?)?"
    r"(?P<hour>9{1,2})(?P<colon>[:.时])99(?P<second>[:.分]99(?P<fraction>\.9+)?)?[秒分]?"
    r"(?P<half> ?a\.? ?a\.?)?(?P<zone> ?(?:[+-]99:?99|aaa|Z|a(?!a)))?|(?P<gap_only>)999999"
)
_EPOCHS = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}
_FIRST_SECOND, _LAST_SECOND = 6.3e8, 4.1e9  # of 1990 and of 2099


def shape(text: str) -> str:
    """A text with each digit as 9 and each Latin letter as a."""
    return re.sub(r"[A-Za-zÀ-ÿ]", "a", re.sub(r"\d", "9", text))


def shape_sql(text: str) -> str:
    """SQL of the same."""
    return f"regexp_replace(regexp_replace({text}, '[0-9]', '9', 'g'), '[A-Za-zÀ-ÿ]', 'a', 'g')"


def formats_of(one: str) -> tuple[str, ...]:
    """The formats that a text of a shape may be in; several differ in the order of day, month and year."""
    for pattern, formats in _DATES:
        found = re.match(pattern, one)
        rest = one[found.end() :] if found else ""
        time = _TIMES.fullmatch(rest) if rest else None
        if found and (time or not rest):
            return tuple(_written(form, found) + (_time(time) if time else "") for form in formats)
    return ()


def month_formats_of(one: str) -> tuple[str, ...]:
    """The formats that a text of a shape may be in where it names a month alone."""
    found = ((re.fullmatch(pattern, one), formats) for pattern, formats in _MONTHS)
    return next((tuple(_written(form, match) for form in formats) for match, formats in found if match), ())


def formats_that_read(texts: Sequence[str]) -> list[str]:
    """The formats, epochs among them, by each of which all of the texts are times."""
    if all(text.isascii() and text.isdigit() for text in texts):
        epoch = epoch_between(min(map(int, texts)), max(map(int, texts)))
        if epoch:
            return [epoch]
    return settled([form for form in formats_of(shape(texts[0])) if all(_fits(text, form) for text in texts)])


def settled(fitting: Sequence[str]) -> list[str]:
    """Of formats that read the same texts those that may be meant: whoever writes 05.01.2026 means the fifth, and
    nobody writes the day after the year."""
    is_recorded = len(fitting) > 1 and fitting[0].startswith(("%d.%m.%Y", "%Y"))
    return list(fitting[:1] if is_recorded else fitting)


def epoch_between(least: float, most: float) -> str | None:
    """What numbers count since 1970 where they lie in the years of our lives."""
    fitting = (
        form for form, factor in _EPOCHS.items() if _FIRST_SECOND * factor <= least and most <= _LAST_SECOND * factor
    )
    return next(fitting, None)


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def _written(form: str, found: re.Match[str]) -> str:
    return form.format(**{name: text or "" for name, text in {"s": "", "dot": "", **found.groupdict()}.items()})


def _time(found: re.Match[str]) -> str:
    if found["gap_only"] is not None:
        return "%H%M%S"
    colon, second = found["colon"], found["second"]
    is_chinese = colon == "时"
    early, half = found["early"], found["half"]
    text = f"{found['gap']}{'%p' + early[2:] if early else ''}{'%I' if half or early else '%H'}{colon}%M"
    if second:
        text += f"{second[0]}%S" + (".%f" if found["fraction"] else "")
        text += "秒" if is_chinese else ""
    elif is_chinese:
        text += "分"
    if half:
        text += f"{half[: half.index('a')]}%p"
    if zone := found["zone"]:
        blank = " " if zone.startswith(" ") else ""
        text += blank + ("%z" if "9" in zone else "%Z")
    return text
