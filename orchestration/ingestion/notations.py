"""How people write numbers, lengths of time and the words of a date, as SQL of the plain text of them.

What does not fit to its last character gives null, and its row is put aside: "1.234" is a thousand or a little more
than one, and only the mapping knows which.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from babel.units import format_unit

from foundation.contract import literal

_BLANKS = r"[\s\x{00A0}\x{2009}\x{202F}]"  # no-break and thin ones too
_GROUPS = {" ": r"[ \x{00A0}\x{2009}\x{202F}]", "'": "['\N{RIGHT SINGLE QUOTATION MARK}]"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CURRENCIES = frozenset(  # besides the codes
    ["R$", "US$", "HK$", "NT$", "RMB", "KR", "KR.", "ZŁ", "KČ", "FT", "FR.", "LEI", "RS", "RS.", "RP", "元", "円", "원"]
)
_SHORTEST = 3  # letters of a month that say which it is
_CJK = r"^[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|^\d"  # words that nothing sets apart from what is before them

# forms of a length of time, and the pattern of those with colons: hours, minutes, seconds
CLOCKS = {
    "h:m": r"^(-)?(\d+):([0-5]\d)()$",
    "m:s": r"^(-)?()(\d+):([0-5]\d)$",
    "h:m:s": r"^(-)?(\d+):([0-5]?\d):([0-5]?\d(?:\.\d+)?)$",
}
LENGTHS = (*CLOCKS, "units")
_UNITS: dict[int, tuple[str, tuple[str, ...]]] = {  # seconds: the locale data's name, and how it is written anyway
    604_800: ("week", ("w", "wk", "wks", "week", "weeks", "周", "星期")),
    86_400: ("day", ("d", "day", "days", "天", "日")),
    3_600: ("hour", ("h", "hr", "hrs", "hour", "hours", "小时", "时")),
    60: ("minute", ("m", "min", "mins", "minute", "minutes", "分钟", "分")),
    1: ("second", ("s", "sec", "secs", "second", "seconds", "秒钟", "秒")),
}


@dataclass(frozen=True)
class NumberStyle:
    """The marks of numbers."""

    decimal: str = "."
    group: str | None = None
    signs: tuple[str, ...] = ()  # of currencies, which may stand before or after

    @property
    def _group(self) -> str:
        """A pattern of the mark between thousands."""
        return _GROUPS.get(self.group or "", re.escape(self.group or ""))

    @property
    def _pattern(self) -> str:
        """What a number is like: minus, a minus after the currency, digits, minus or percent at the end."""
        group = self._group
        whole = rf"\d+|\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}" if group else r"\d+"
        digits = rf"(?:{whole})(?:{re.escape(self.decimal)}\d+)?|{re.escape(self.decimal)}\d+"
        sign = f"(?:(?:{'|'.join(map(re.escape, self.signs))}){_BLANKS}*)?" if self.signs else ""
        minus = "[-+\N{MINUS SIGN}]"
        return rf"^{_BLANKS}*({minus}|\()?{_BLANKS}*{sign}({minus})?({digits}){_BLANKS}*{sign}([-%)])?{_BLANKS}*{sign}$"

    def fits(self, text: str) -> bool:
        """Whether a text is a number in this style."""
        found = re.match(re.sub(r"\\x\{(\w+)\}", r"\\u\1", self._pattern), text)
        return found is not None and (found[1] == "(") == (found[4] == ")")

    def plain(self, text: str) -> str:
        """With a point, without groups or signs; "12 %" is 0.12, "(5)" and "5-" are -5."""
        first, second, number, last = (f"parts[{n}]" for n in range(1, 5))
        bare = f"regexp_replace({number}, {literal(self._group)}, '', 'g')" if self.group else number
        bare = f"replace({bare}, {literal(self.decimal)}, '.')"
        share = f"(try_cast({bare} as decimal(24, 8)) * 0.01)::varchar"
        minuses = ", ".join(map(literal, ("-", "\N{MINUS SIGN}", "(")))
        is_negative = f"{first} in ({minuses}) or {second} in ({minuses}) or {last} = '-'"
        plain = (
            f"case when {number} <> '' and ({first} = '(') = ({last} = ')') then "
            f"case when {is_negative} then '-' else '' end || case when {last} = '%' then {share} else {bare} end end"
        )
        groups = ", ".join(f"regexp_extract(written, {literal(self._pattern)}, {n})" for n in range(1, 5))
        return let("written", text, let("parts", f"[{groups}]", plain))


# the sign before the decimals and between thousands, the likeliest first
STYLES = ((".", None), (".", ","), (",", None), (",", "."), (",", " "), (".", " "), (".", "'"))
# what stands in a number besides the signs of currencies
NO_SIGN = "[\\d.,'\u2019()%+\u2212\\s\u00a0\u2009\u202f-]+"


def styles_that_read(texts: Sequence[str]) -> list[NumberStyle]:
    """The styles by each of which all of the texts are numbers, none wider than it need be."""
    signs = tuple(dict.fromkeys(word for text in texts for word in re.sub(NO_SIGN, " ", text).split()))
    if not all(map(is_currency, signs)):
        return []
    fitting = [
        style
        for decimal, group in STYLES
        for style in [NumberStyle(decimal, group, signs)]
        if all(style.fits(text) for text in texts)
    ]
    return narrowest(fitting)


def is_currency(word: str) -> bool:
    """Whether what stands beside a number is a currency, and no part of a key such as K-17."""
    is_symbol = len(word) == 1 and unicodedata.category(word) == "Sc"
    return is_symbol or word.upper() in _CURRENCIES or word in list_currencies()


def narrowest(fitting: Sequence[NumberStyle]) -> list[NumberStyle]:
    """Of styles that read the same texts those that say no more than they must: no decimals, no sign before them."""
    plain = [one for one in fitting if not one.group]
    if len(plain) > 1:
        return plain[:1]
    known = {one.decimal for one in plain}
    grouped = {one.group: one for one in reversed(fitting) if one.group and one.decimal not in known}
    return [one for one in fitting if one in plain or one in grouped.values()]


def let(name: str, value: str, body: str) -> str:
    """SQL of a body that speaks of a value by a name, which is then written, planned and computed once."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"


def length_in_seconds(text: str, form: str, locale: str | None) -> str:
    """A length of time as a number of seconds."""
    if form in CLOCKS:
        hours, minutes, seconds = (_number("written", CLOCKS[form], group) for group in (2, 3, 4))
        value = f"{hours} * 3600 + {minutes} * 60 + {seconds}"
        is_form = f"regexp_matches(written, {literal(CLOCKS[form])})"
    else:
        number = r"(\d+(?:\.\d+)?)"
        words = {size: _alternatives(_unit_words(size, locale)) for size in _UNITS}
        all_words = "|".join(words.values())
        parts = {
            size: f"regexp_extract_all(written, {literal(f'(?i){number}{_BLANKS}*(?:{word})')}, 1)"
            for size, word in words.items()
        }
        value = " + ".join(
            f"coalesce(try_cast({part}[1] as decimal(18, 4)), 0) * {size}" for size, part in parts.items()
        )
        once = " and ".join(f"len({part}) <= 1" for part in parts.values())
        between = f"(?:{_BLANKS}|,|and|y|et|und)*"
        whole = rf"(?i)^{_BLANKS}*-?{_BLANKS}*(?:{number}{_BLANKS}*(?:{all_words}){between})+$"
        is_form = f"regexp_matches(written, {literal(whole)}) and {once}"
    sign = "case when starts_with(trim(written), '-') then -1 else 1 end"
    return let("written", text, f"case when {is_form} then ({value}) * {sign} end")


def _number(text: str, pattern: str, group: int) -> str:
    return f"coalesce(try_cast(regexp_extract({text}, {literal(pattern)}, {group}) as decimal(18, 4)), 0)"


@lru_cache(maxsize=64)
def _unit_words(size: int, locale: str | None) -> tuple[str, ...]:
    name, words = _UNITS[size]
    if not locale:
        return words
    lengths: tuple[Literal["short", "long", "narrow"], ...] = ("long", "short", "narrow")
    written = (
        format_unit(count, f"duration-{name}", length, locale=locale) for count in (1, 2, 5, 11) for length in lengths
    )
    local = {re.sub(r"^[\d\W]+", "", text).rstrip(".") for text in written}
    return (*words, *sorted(word for word in local if word and not word.startswith("duration")))


def locale_exists(locale: str) -> bool:
    """Whether the words of a locale are known."""
    try:
        Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return False
    return True


def in_english(text: str, form: str, locale: str) -> tuple[str, str]:
    """A text with the months and halves of the day that a format has in English, and the format of it."""
    if re.search("%[bB]", form):
        text = _translated(text, _months(locale))
        form = re.sub(r"%[bB]\.?", "%b", form)
    if "%p" in form:
        text = _translated(text, _halves(locale))
    return text, form


def _translated(text: str, words: dict[str, str]) -> str:
    """Words are known without dots and blanks, with which they may be written."""
    glued = [word for word in words if re.match(_CJK, word)]
    alone = [word for word in words if word not in glued]
    patterns = {
        rf"({_longest_first(glued)})": glued,
        rf"(?i)(?:^|[^\p{{L}}])({_longest_first(alone, dotted=True)})(?:[^\p{{L}}]|$)": alone,
    }
    for pattern in (pattern for pattern, known in patterns.items() if known):
        bare = f"regexp_replace(lower(word), {literal(f'{_BLANKS}|[.]')}, '', 'g')"
        whens = " ".join(f"when {literal(word)} then {literal(words[word])}" for word in patterns[pattern])
        english = f"case when word = '' then written else replace(written, word, case {bare} {whens} end) end"
        text = let("written", text, let("word", f"regexp_extract(written, {literal(pattern)}, 1)", english))
    return text


def _longest_first(words: Iterable[str], *, dotted: bool = False) -> str:
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    between = rf"\.?{_BLANKS}*"  # of two letters, as in p. m.

    def written(word: str) -> str:
        if not dotted:
            return re.escape(word)
        return (between.join(word) if len(word) <= len("pm") else re.escape(word)) + r"\.?"

    return "|".join(map(written, ordered))


def _alternatives(words: Iterable[str]) -> str:
    """A pattern of words, the longest first; those of letters stand alone."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    ends = {word: "" if re.match(_CJK, word) else r"(?:[^\p{L}]|$)" for word in ordered}
    return "|".join(re.escape(word) + ends[word] for word in ordered)


def _bare(word: object) -> str:
    return re.sub(r"[\s.\u00a0\u202f]", "", str(word).lower())


@lru_cache(maxsize=64)
def _months(locale: str) -> dict[str, str]:
    names = Locale.parse(locale).months
    found: dict[str, str] = {}
    wide = {number: _bare(name) for number, name in names["format"]["wide"].items()}
    for number, english in enumerate(_MONTHS, 1):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                found[_bare(names[context][width][number])] = english
        # an older list, or another system's, cuts the name elsewhere
        for length in range(_SHORTEST, len(wide[number])):
            short = wide[number][:length]
            if [other for other in wide.values() if other.startswith(short)] == [wide[number]]:
                found.setdefault(short, english)
    return found


@lru_cache(maxsize=64)
def _halves(locale: str) -> dict[str, str]:
    """Words of the two halves of a day. Those of its other parts (noon, evening) do not tell what hour 12 is."""
    periods = Locale.parse(locale).day_periods
    found = {"am": "AM", "pm": "PM"}
    for context in periods.values():
        for names in context.values():
            for half in ("am", "pm"):
                if name := _bare(names.get(half, "")):
                    found[name] = half.upper()
    return found
