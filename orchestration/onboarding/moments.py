"""Which format the stamps of a column are in, with the order of day and month and what it was told by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from foundation.contract import literal
from orchestration.ingestion.date_formats import epoch_between, formats_of, settled
from orchestration.ingestion.moments import formatted_instant
from orchestration.onboarding.terminal import counted

_ENOUGH = 0.95  # share of the values that the formats of a column must read
# whose months and halves of the day are tried, in turn, where they are not English
_LOCALES = ("es", "pt", "fr", "de", "it", "nl", "pl", "sv", "da", "nb", "tr", "zh_CN")
_ORDER = {"%d": "day", "%b": "month", "%B": "month", "%m": "month", "%y": "year", "%Y": "year"}
_NAMED_TIME = re.compile(r"(time|date|stamp|created|updated|closed|at)$|时间|日期", re.IGNORECASE)
One = Callable[[str], tuple[Any, ...]]  # the one row of an aggregate over the distinct values v with n rows


@dataclass(frozen=True)
class Moment:
    """How a column writes its times; no format means ISO 8601, which needs none."""

    formats: tuple[str, ...]
    evidence: str
    example: str = ""
    is_sure: bool = True
    has_zone: bool = False  # the stamps say where they are of
    locale: str | None = None  # whose words are in them, where those are not English

    @property
    def has_time_of_day(self) -> bool:
        return not self.formats or any("%H" in one or "%I" in one for one in self.formats)


def agreed(unsure: Moment, others: list[tuple[str, Moment]]) -> Moment:
    """A column that no value of its own decides, in the order of the first other one that writes its dates alike."""
    head = unsure.formats[0][:5]
    for name, other in others:
        for form in other.formats:
            if form[:5] == head or form[:5] == f"{head[3:5]}{head[2]}{head[:2]}":
                formats = tuple(f"{form[:5]}{own[5:]}" for own in unsure.formats)
                return replace(unsure, formats=formats, evidence=f"{_name(form)}, as {name!r} is", is_sure=True)
    return unsure


def epoch(name: str, least: float | None, most: float | None) -> Moment | None:
    """Numbers that count from 1970, in a column that is called like a time and holds years of 1990 to 2100."""
    if least is None or most is None or not _NAMED_TIME.search(name):
        return None
    form = epoch_between(least, most)
    if form is None:
        return None
    return Moment((form,), f"numbers that count from 1970 ({form.removeprefix('epoch_')})", has_zone=True)


def by_shapes(shapes: list[tuple[str, int, str]], filled: int, one: One) -> Moment | None:
    """The formats of a column by the shapes of its values (digits as 9, letters as a), the most usual first."""
    families: dict[tuple[str, ...], int] = {}
    for shape, rows, _ in shapes:
        candidates = formats_of(shape)
        if candidates:
            families[candidates] = families.get(candidates, 0) + rows
    if not families or sum(families.values()) < _ENOUGH * filled:
        return None
    chosen = [_ordered(candidates, one) for candidates in sorted(families, key=lambda one: -families[one])]
    formats = tuple(dict.fromkeys(form for form, _, _ in chosen))
    read, locale, reported = _in_words(formats, one)
    if read < _ENOUGH * filled:
        return None
    rest = f", {filled - read:,} are no such time" if read < filled else ""
    return Moment(
        formats, "; ".join(dict.fromkeys((*(why for _, why, _ in chosen), *reported))) + rest, shapes[0][2],
        all(is_sure for _, _, is_sure in chosen), any("%z" in form or "%Z" in form for form in formats), locale,
    )  # fmt: skip


def _in_words(formats: tuple[str, ...], one: One) -> tuple[int, str | None, list[str]]:
    """How many values the formats read, by the words of which language where those are not English, and why."""
    (read,) = one(_count(formats))
    if not any(re.search("%[bBp]", form) for form in formats):
        return int(read), None, []
    by_locale = {locale: int(one(_count(formats, locale))[0]) for locale in _LOCALES}
    best = max(by_locale.values())
    if best <= read:
        return int(read), None, []
    locale, *others = (locale for locale, n in by_locale.items() if n == best)
    also = f", as well as of {', '.join(others)}" if others else ""
    return best, locale, [f"words of {locale}{also}"]


def _count(formats: tuple[str, ...], locale: str | None = None) -> str:
    if locale is None:
        reads = f"try_strptime(v, [{', '.join(map(literal, formats))}])"
    else:
        reads = formatted_instant("v", formats, "UTC", None, locale)
    return f"coalesce(sum(n) filter ({reads} is not null), 0)"


def _ordered(candidates: tuple[str, ...], one: One) -> tuple[str, str, bool]:
    """The format of a family that reads most, why, and whether another order of day and month would do as well."""
    if len(candidates) == 1:
        return candidates[0], candidates[0], True
    counts = one(", ".join(_count((form,)) for form in candidates))
    if candidates[0].startswith("%Y"):
        is_year_first = counts[0] >= counts[-1]
        return candidates[0 if is_year_first else -1], "year, month, day" if is_year_first else "not year first", True
    best = max(counts)
    fit = settled([form for form, n in zip(candidates, counts, strict=True) if n == best])
    if len(fit) == 1:
        above = int(best - max((n for form, n in zip(candidates, counts, strict=True) if form != fit[0]), default=0))
        why = f"{counted(above, 'value')} above 12" if above else "as dates with points are"
        return fit[0], f"{_name(fit[0])}: {why}", True
    if any(form.startswith("%y") for form in fit):
        parts = one(
            "count(distinct regexp_extract(v, '^(\\d+)', 1)), "
            "count(distinct regexp_extract(v, '^\\d+\\D\\d+\\D(\\d+)', 1))"
        )
        is_year_first = parts[0] < parts[1]
        form = next(f for f in fit if f.startswith("%y") == is_year_first)
        reported = (
            f"{_name(form)}: {parts[0]:,} different first numbers, {parts[1]:,} last ones, and years are the fewer"
        )
        rest = [f for f in fit if f.startswith("%y") == is_year_first]
        return form, reported, len(rest) == 1 and abs(parts[0] - parts[1]) > 2
    return fit[0], f"{_name(fit[0])} is a guess: no value is above 12", False


def _name(form: str) -> str:
    first = re.match(r"%\w", form)
    return f"{_ORDER.get(first[0], 'day') if first else 'day'} first"
