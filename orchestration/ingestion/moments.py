"""Texts that state a time, as SQL of the instant in UTC: offsets, letters of a zone, formats, epochs.

A text that states where it was written is taken at its word or not at all; only one that states nothing is local time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from foundation.contract import literal
from orchestration.ingestion.notations import in_english, let

# formats besides strptime's: a number that counts from 1970, and how many microseconds one of it is
EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
SERIAL = "excel_serial"  # the days since the end of 1899 that a spreadsheet shows for a date which has no format
_LAST_SERIAL = 2_958_466  # the year 9999
_UNIVERSAL = {"UTC": 0, "GMT": 0, "UT": 0, "Z": 0}
_LATEST_MICROS = 10**17  # beyond the year 5000, where no epoch of ours ends
_OFFSET = "'([+-](0?[0-9]|1[0-5])(:?[0-5][0-9]){0,2}|[Zz])$'"
_NAMED_ZONE = "'[A-Za-z_]+/[A-Za-z_]+'"


def iso_instant(text: str, zone: str, *, odd: bool = True) -> str:
    """Of ISO 8601, or a stamp in its manner: with an offset, UTC, or letters of the zone as they say, else local.

    Without `odd` what ends in letters or sets its offset apart by a blank gives null: `is_odd` tells such texts, which
    few files hold, and a statement that looks for them costs every file a third more.
    """
    tail = f"substr({text}, 11)"
    has_offset = f"contains({tail}, '+') or contains({tail}, '-')"
    local = f"when right({text}, 1) between '0' and '9' then {to_utc(f'try_cast({text} as timestamp)', zone)}"
    if not odd:
        # a plain timestamp ignores the offset
        absolute = _absolute(text, text)
        return f"case when right({text}, 1) = 'Z' or {has_offset} then {absolute} {local} end"
    joined = f"regexp_replace({text}, '\\s+([+-][0-9:]+|[Zz])$', '\\1')"
    absolute = _absolute(joined, f"upper({joined})")
    return (
        f"case when contains({tail}, '/') then timezone('UTC', try_cast({text} as timestamptz)) "  # Europe/London
        f"when {has_offset} or regexp_matches({text}, '[0-9]\\s*[Zz]$') then {absolute} {local} "
        f"else {_by_letters(text, zone)} end"
    )


def _absolute(text: str, stamp: str) -> str:
    """The instant of a stamp with an offset; none where no zone has that one, which DuckDB takes up to 99 hours."""
    return f"case when regexp_matches({text}, {_OFFSET}) then timezone('UTC', try_cast({stamp} as timestamptz)) end"


def local_stamp(text: str, zone: str) -> str:
    """Of the same texts, the local time: what a cast to a timestamp without zone means in a mapping of the zone."""
    zoned = (
        f"regexp_matches({text}, '[A-Za-z]$') or contains(substr({text}, 11), '+') or contains(substr({text}, 11), '-')"
    )
    return f"case when {zoned} then {to_local(iso_instant(text, zone), zone)} else try_cast({text} as timestamp) end"


def local_day(text: str, zone: str) -> str:
    """The same as a day, which states no zone where it stands alone."""
    return f"case when length({text}) <= 10 then try_cast({text} as date) else ({local_stamp(text, zone)})::date end"


def is_odd(text: str) -> str:
    """Whether `iso_instant` must look for what is odd to read the text."""
    return f"regexp_matches({text}, '[A-Za-z]$|\\s[+-][0-9]')"


def _by_letters(text: str, zone: str) -> str:
    local = f"try_cast(regexp_replace({text}, '\\s*[A-Za-z]+$', '') as timestamp)"
    whens = " ".join(
        f"when {literal(word)} then {_ahead(local, zone, ahead)}" for word, ahead in _letters(zone).items()
    )
    return f"case upper(regexp_extract({text}, '[A-Za-z]+$')) {whens} end"


def formatted_instant(
    text: str, formats: Sequence[str], zone: str, latest: date | None = None, locale: str | None = None
) -> str:
    """By the first of the formats that fits; a year of two digits is the last such one not after `latest`. Months and
    halves of the day are those of the locale."""
    written = [in_english(text, form, locale) if locale else (text, form) for form in formats]
    tries = (
        one
        for (in_words, kind, is_short), group in groupby(written, lambda pair: (pair[0], *_kind(pair[1])))
        for one in _in_words(
            text,
            in_words,
            _tries(
                kind,
                [form for _, form in group],
                "in_words" if in_words != text else text,
                zone,
                latest if is_short else None,
            ),
        )
    )
    read = ", ".join(tries)
    return f"case when regexp_matches({text}, '[0-9]') then coalesce({read}) end"  # DuckDB knows 'epoch'


def _in_words(text: str, in_words: str, tries: Iterator[str]) -> Iterator[str]:
    """Readings of a text in English words, which is long, by a name."""
    yield from (tries if in_words == text else (let("in_words", in_words, one) for one in tries))


def _kind(form: str) -> tuple[str, bool]:
    """How a format states its zone, and whether its year has two digits."""
    if form in EPOCHS:
        return "epoch", False
    if form == SERIAL:
        return "serial", False
    return next((mark for mark in ("%Z", "%z") if _has(form, mark)), "local"), _has(form, "%y")


def _has(form: str, mark: str) -> bool:
    return re.search(rf"(?<!%){mark}", form) is not None


def _tries(kind: str, formats: list[str], text: str, zone: str, latest: date | None) -> Iterator[str]:
    def parsed(forms: Iterable[str]) -> str:
        listed = list(forms)
        local = f"try_strptime({text}, [{', '.join(map(literal, listed))}])"
        if latest is None:
            return local
        too_late = f"{local} >= date '{latest + timedelta(days=1)}'"
        return f"case when {too_late} then {local} - interval 100 year else {local} end"

    if kind == "epoch":
        yield from (_since_1970(text, EPOCHS[form]) for form in formats)
        return
    if kind == "serial":
        yield to_utc(_since_1899(text), zone)
        return
    if kind == "local":
        yield to_utc(parsed(formats), zone)
        return
    letters = _letters(zone) if kind == "%Z" else _UNIVERSAL
    if kind == "%z":
        yield f"timezone('UTC', {parsed(formats)})"
    else:
        # DuckDB takes BST for Bangladesh's: letters mean what they mean in the zone, a whole name speaks for itself
        yield f"case when regexp_matches({text}, {_NAMED_ZONE}) then timezone('UTC', {parsed(formats)}) end"
    for word, ahead in letters.items():
        yield _ahead(parsed(re.sub(rf"(?<!%){kind}", word, form) for form in formats), zone, ahead)


def _since_1970(text: str, micros: int) -> str:
    # 1.7723556E+12 is what a spreadsheet left of a number, hours off
    number = f"case when not contains(lower({text}), 'e') then try_cast({text} as decimal(24, 6)) end"
    fits = f"{number} between {-_LATEST_MICROS // micros} and {_LATEST_MICROS // micros}"
    return f"case when {fits} then make_timestamp((({number}) * {micros})::bigint) end"


def _since_1899(text: str) -> str:
    """Rounded to the millisecond: a day's fraction of ten digits is no second exactly."""
    number = f"try_cast({text} as decimal(28, 10))"
    micros = f"((round({number} * 86400000)::bigint) * 1000)"
    return (
        f"case when {number} >= 1 and {number} < {_LAST_SERIAL} then "
        f"timestamp '1899-12-30' + to_microseconds({micros}) end"
    )


def to_utc(local: str, zone: str) -> str:
    """UTC of a local time."""
    offset = _offset_since_2000(zone)
    exact = f"timezone('UTC', timezone({literal(zone)}, {local}))"
    if offset is None:
        return exact
    # four times faster than asking for the zone row by row
    return f"case when {local} >= timestamp '2000-01-02' then {local} - interval ({offset}) second else {exact} end"


def to_local(instant: str, zone: str) -> str:
    """The local time of an instant in UTC."""
    return f"timezone({literal(zone)}, timezone('UTC', {instant}))"


def _ahead(local: str, zone: str, seconds: int | None) -> str:
    return to_utc(local, zone) if seconds is None else f"{local} - interval ({seconds}) second"


@lru_cache(maxsize=64)
def _letters(zone: str) -> dict[str, int | None]:
    """Seconds ahead of UTC by the letters that stand for a time of the zone; None where that changed over the years,
    so that the zone's own clock must tell. Letters of other zones are ambiguous (CST is China's and Chicago's)."""
    weeks = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(weeks=week) for week in range(52 * 70))
    found: dict[str, int | None] = {}
    for at in (week.astimezone(ZoneInfo(zone)) for week in weeks):
        word, ahead = at.tzname(), at.utcoffset()
        if word and ahead is not None and word.isalpha():
            seconds = int(ahead.total_seconds())
            found[word.upper()] = None if found.get(word.upper(), seconds) != seconds else seconds
    return _UNIVERSAL | found


@lru_cache(maxsize=64)
def _offset_since_2000(zone: str) -> int | None:
    """Seconds ahead of UTC of a zone that never changed its clock since 2000, nor plans to; else None."""
    weeks = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(weeks=week) for week in range(52 * 110))
    offsets = {at.astimezone(ZoneInfo(zone)).utcoffset() for at in weeks}
    only = offsets.pop()
    return int(only.total_seconds()) if not offsets and only is not None else None
