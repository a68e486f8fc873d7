"""Tables with a column for each month: which columns those are, what day each stands for, and what a cell may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from foundation.contract import contract
from orchestration.ingestion.date_formats import month_formats_of, shape
from orchestration.onboarding.moments import Moment
from orchestration.onboarding.profile import FileColumn, FileTable
from orchestration.onboarding.proposal import ProposedFeed, ProposedLine, Spread, chosen, reference
from orchestration.onboarding.terminal import counted
from orchestration.onboarding.vocabulary import names_fit, words

_FEWEST = 3  # months that make a table wide
_NUMBER = re.compile(r"(?P<head>.*?)[\s_-]*(?:month|mon|m)?[\s_-]*(?P<month>0?[1-9]|1[0-2])月?", re.IGNORECASE)
_YEAR_MONTH = re.compile(r"(?P<head>.*?)[\s_-]*(?P<year>(?:19|20)\d\d)[-_./年]?(?P<month>0[1-9]|1[0-2]|[1-9](?=月))月?")
_AS_NUMBERS = "regexp_extract(item.name, '(\\d{4})\\D?\\d{1,2}\\D*$', 1)::int"
_MONTH = "regexp_extract(item.name, '(\\d{1,2})\\D*$', 1)::int"
_YEARLESS = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}


@dataclass(frozen=True)
class Months:
    """The columns of the months, what is before their names, and how the day of one is told."""

    columns: tuple[FileColumn, ...]
    head: str
    sql: str  # of the day, or of the text that the format reads
    formats: tuple[str, ...]
    evidence: str


def months(table: FileTable) -> Months | None:
    """The months of a wide table; None where it has none, or their year stands nowhere."""
    numbers = [column for column in table.columns if column.kind in ("whole", "decimal", "empty", "truth")]
    year = next(
        (
            c
            for c in table.columns
            if c.kind == "whole" and names_fit(c.name, ("year", "fiscal year", "年", "年份")) >= 0.9
        ),
        None,
    )
    for found in _families(numbers, year):
        if len(found.columns) >= _FEWEST and any(column.kind != "empty" for column in found.columns):
            return found
    return None


def _families(numbers: list[FileColumn], year: FileColumn | None) -> Iterator[Months]:
    for head, some in _by_head(numbers, _YEAR_MONTH):
        yield Months(some, head, f"make_date({_AS_NUMBERS}, {_MONTH}, 1)", (), "years and months")
    by_form: dict[str, list[FileColumn]] = {}
    for column in numbers:
        forms = month_formats_of(shape(column.name))
        if forms and column.name[:3].lower() in _YEARLESS:
            by_form.setdefault(forms[0], []).append(column)
    for form, named in by_form.items():
        yield Months(tuple(named), "", "item.name", (form,), f"months in words, {form}")
    if year is None:
        return
    words_alone = tuple(c for c in numbers if c.name[:3].lower() in _YEARLESS and c.name.isalpha())
    if len(words_alone) >= _FEWEST:
        form = "%b %Y" if all(len(column.name) == 3 for column in words_alone) else "%B %Y"
        text = f"item.name || ' ' || {reference(year)}"
        yield Months(words_alone, "", text, (form,), f"months in words, of the year in {year.name!r}")
    rest = [column for column in numbers if column is not year]
    for head, some in _by_head(rest, _NUMBER):
        day = f"make_date({reference(year)}::int, {_MONTH}, 1)"
        yield Months(some, head, day, (), f"months by number, of the year in {year.name!r}")


def _by_head(numbers: list[FileColumn], pattern: re.Pattern[str]) -> Iterator[tuple[str, tuple[FileColumn, ...]]]:
    found: dict[str, list[FileColumn]] = {}
    for column in numbers:
        match = pattern.fullmatch(column.name.strip())
        if match:
            found.setdefault(match["head"], []).append(column)
    yield from ((head, tuple(some)) for head, some in sorted(found.items(), key=lambda one: -len(one[1])))


def by_month(table: FileTable, found: Months) -> tuple[list[ProposedFeed], list[str]]:
    """What a cell of a month is: a row of an entity with its day and its number; nothing where no entity fits."""
    stems = [one.path.name.partition(".")[0] for one in table.written]
    named = tuple(filter(None, (found.head, *stems, *(word for stem in stems for word in words(stem)), "amount")))
    first = next(column for column in found.columns if column.number)
    rows = sum(column.filled for column in found.columns)
    day = FileColumn(
        "item.name", rows, rows, len(found.columns), 9, [], aliases=("date", "ordered at", "at"), kind="time",
        moment=Moment(found.formats, found.evidence), sql=found.sql,
    )  # fmt: skip
    least, most = min(c.least or 0 for c in found.columns), max(c.most or 0 for c in found.columns)
    cell = replace(first, name="item.value", rows=rows, filled=rows, aliases=named, kind="decimal", least=least,
                   most=most, sql="item.value")  # fmt: skip
    rest = [column for column in table.columns if column not in found.columns]
    long = replace(table, columns=[*(replace(c, rows=max(rows, 2), filled=max(rows, 2)) for c in rest), day, cell])
    best = chosen(long, lambda _table, _columns: 0)
    if (
        best is None
        or not any(one.uses is cell for one in best.lines)
        or not any(one.uses is day for one in best.lines)
    ):
        return [], []
    entity = contract()[best.entity]
    lines = [replace(one, uses=table.by_name.get(one.uses.name)) if one.uses else one for one in best.lines]
    key = entity.keys[0]
    by = next(
        (one for one in lines if one.column != key.name and one.uses and entity.by_name[one.column].references), None
    )
    if len(entity.keys) == 1 and by is None:
        return [], []
    if len(entity.keys) == 1 and by:
        lines = [one for one in lines if one.column != key.name]
        reported = f"a guess: one {best.entity.rstrip('s')} for each month of {by.uses.name if by.uses else ''}"
        lines.insert(0, ProposedLine(key.name, f"{by.form} || '-' || item.name", reported))
    spread = Spread("months", _pattern(table, found), (), found.evidence)
    order = [column.name for column in entity.mapped]
    lines.sort(key=lambda one: order.index(one.column))
    reported = f"{counted(len(found.columns), 'column')}, {found.evidence}"
    feed = ProposedFeed(
        best.entity, lines, {"unpivot": spread, "when": "item.value is not null"}, reported, found.columns
    )
    asked = (
        f"{table.name}: is each month's number a row of {best.entity}, on the first day of the month? It is taken so; "
        "what a company counts by month is no single event."
    )
    return [feed], [asked]


def _pattern(table: FileTable, found: Months) -> str | tuple[str, ...]:
    """What the headers of the months, and no others, begin with; else all of them."""
    names = [column.name for column in found.columns]
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    head = "".join(letters[0] for letters in same)
    begin = [column for column in table.columns if column.name.casefold().startswith(head.casefold())]
    return f"{head}*" if len(head) > 1 and len(begin) == len(names) else tuple(names)
