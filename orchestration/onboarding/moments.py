"""Which format the stamps of a column are in, with the order of day and month and what it was told by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from foundation.contract import literal
from orchestration.onboarding.terminal import counted

_ENOUGH = 0.95  # share of the values that the formats of a column must read
_TIMES = re.compile(
    r"(?P<gap>T|, ?| +|)(?P<hour>9{1,2})(?P<colon>[:.时])99(?P<second>[:.分]99(?P<fraction>\.9+)?)?秒?"
    r"(?P<half> ?aa)?(?P<zone> ?(?:[+-]99:?99|aaa|Z|a(?!a)))?"
)
# what a shape begins with, and the formats it may be in; {s} is the sign between the parts
DATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"9999(?P<s>[-/.])9{1,2}(?P=s)9{1,2}", ("%Y{s}%m{s}%d", "%Y{s}%d{s}%m")),
    (r"9{1,2}(?P<s>[-/.])9{1,2}(?P=s)9999", ("%d{s}%m{s}%Y", "%m{s}%d{s}%Y")),
    (r"9{1,2}(?P<s>[-/.])9{1,2}(?P=s)99", ("%d{s}%m{s}%y", "%m{s}%d{s}%y", "%y{s}%m{s}%d")),
    (r"99999999", ("%Y%m%d", "%d%m%Y")),
    (r"9999年9{1,2}月9{1,2}日", ("%Y年%m月%d日",)),
    (r"9{1,2}(?P<s>[-/ .])aaa(?P=s)9999", ("%d{s}%b{s}%Y",)),
    (r"9{1,2}(?P<s>[-/ .])aaa(?P=s)99", ("%d{s}%b{s}%y",)),
    (r"aaa 9{1,2}, ?9999", ("%b %d, %Y",)),
    (r"9{1,2} a{4,9} 9999", ("%d %B %Y",)),
    (r"a{4,9} 9{1,2}, ?9999", ("%B %d, %Y",)),
)
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
    for form, factor in (("epoch_s", 1), ("epoch_ms", 1_000), ("epoch_us", 1_000_000)):
        if 6.3e8 * factor <= least and most <= 4.1e9 * factor:
            return Moment((form,), f"numbers that count from 1970 ({form.removeprefix('epoch_')})", has_zone=True)
    return None


def by_shapes(shapes: list[tuple[str, int, str]], filled: int, one: One) -> Moment | None:
    """The formats of a column by the shapes of its values (digits as 9, letters as a), the most usual first."""
    families: dict[tuple[str, ...], int] = {}
    for shape, rows, _ in shapes:
        candidates = _candidates(shape)
        if candidates:
            families[candidates] = families.get(candidates, 0) + rows
    if not families or sum(families.values()) < _ENOUGH * filled:
        return None
    chosen: list[str] = []
    told: list[str] = []
    is_sure = True
    for candidates in sorted(families, key=lambda one: -families[one]):
        form, evidence, sure = _ordered(candidates, one)
        chosen.append(form)
        told.append(evidence)
        is_sure &= sure
    listed = ", ".join(literal(form) for form in dict.fromkeys(chosen))
    (read,) = one(f"coalesce(sum(n) filter (try_strptime(v, [{listed}]) is not null), 0)")
    if read < _ENOUGH * filled:
        return None
    rest = f", {filled - int(read):,} are no such time" if read < filled else ""
    return Moment(
        tuple(dict.fromkeys(chosen)), "; ".join(dict.fromkeys(told)) + rest, shapes[0][2], is_sure,
        any("%z" in form or "%Z" in form for form in chosen),
    )  # fmt: skip


def _candidates(shape: str) -> tuple[str, ...]:
    for pattern, formats in DATES:
        found = re.match(pattern, shape)
        if not found:
            continue
        rest = shape[found.end() :]
        time = _TIMES.fullmatch(rest) if rest else None
        if rest and not time:
            continue
        sign = found.groupdict().get("s") or ""
        return tuple(form.format(s=sign) + (_time(time) if time else "") for form in formats)
    return ()


def _time(found: re.Match[str]) -> str:
    colon, second = found["colon"], found["second"]
    is_chinese = colon == "时"
    hour = "%I" if found["half"] else "%H"
    text = f"{found['gap']}{hour}{colon}%M"
    if second:
        text += f"{second[0]}%S" + (".%f" if found["fraction"] else "")
        text += "秒" if is_chinese else ""
    elif is_chinese:
        text += "分"
    if half := found["half"]:
        text += f"{half[: half.index('a')]}%p"
    if zone := found["zone"]:
        blank = " " if zone.startswith(" ") else ""
        text += blank + ("%z" if "9" in zone else "%Z")
    return text


def _ordered(candidates: tuple[str, ...], one: One) -> tuple[str, str, bool]:
    """The format of a family that reads most, why, and whether another order of day and month would do as well."""
    if candidates[0].startswith("%Y"):
        (year_first,) = one(f"coalesce(sum(n) filter (try_strptime(v, {literal(candidates[0])}) is not null), 0)")
        (other,) = one(f"coalesce(sum(n) filter (try_strptime(v, {literal(candidates[-1])}) is not null), 0)")
        return (
            (candidates[0], "year, month, day", True)
            if year_first >= other
            else (candidates[-1], "not year first", True)
        )
    if len(candidates) == 1:
        return candidates[0], f"{candidates[0]}", True
    counts = one(
        ", ".join(f"coalesce(sum(n) filter (try_strptime(v, {literal(form)}) is not null), 0)" for form in candidates)
    )
    best = max(counts)
    fit = [form for form, n in zip(candidates, counts, strict=True) if n == best]
    if len(fit) == 1:
        others = max(n for n in counts if n != best)
        above = int(best - others)
        return fit[0], f"{_name(fit[0])}: {counted(above, 'value')} above 12", True
    if any(form.startswith("%y") for form in fit):
        parts = one(
            "count(distinct regexp_extract(v, '^(\\d+)', 1)), "
            "count(distinct regexp_extract(v, '^\\d+\\D\\d+\\D(\\d+)', 1))"
        )
        is_year_first = parts[0] < parts[1]
        form = next(f for f in fit if f.startswith("%y") == is_year_first)
        told = f"{_name(form)}: {parts[0]:,} different first numbers, {parts[1]:,} last ones, and years are the fewer"
        rest = [f for f in fit if f.startswith("%y") == is_year_first]
        return form, told, len(rest) == 1 and abs(parts[0] - parts[1]) > 2
    return fit[0], f"{_name(fit[0])} is a guess: no value is above 12", False


def _name(form: str) -> str:
    first = re.match(r"%\w", form)
    return f"{_ORDER.get(first[0], 'day') if first else 'day'} first"
