"""What a message to a chat says: the story of a report in short, or what went wrong in a run. Channels give it a form.

The same words as the mail and page one: headline, three figures with their change and line, places to look at, link.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from foundation.languages import LanguageCode
from reports.bundle.model import Bundle
from reports.charts.canvas import comparable
from reports.charts.chart import Chart
from reports.charts.renderer import ChartRenderer
from reports.text.language import language, plain
from reports.text.story import story
from reports.text.tables import Row, printed
from reports.text.wording import Wording

MAX_FIGURES = 3
_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_FEWEST_POINTS = 2
_SHORTEST_LEAD, _LONGEST_FAILURE = 200, 400  # characters


@dataclass(frozen=True)
class Point:
    """A month or day of a figure's line, and its value where it is known and may be shown."""

    period: str
    value: float | None


@dataclass(frozen=True)
class CardFigure:
    """A figure with its change in words, whether it calls for attention, and its line."""

    label: str
    value: str
    notes: tuple[str, ...]  # against which target and which months
    is_worse: bool
    points: tuple[Point, ...]
    chart: Chart | None

    @property
    def line(self) -> str:
        """The last periods as a line of characters, for channels that show no pictures; empty where there is no line.

        Eight heights from the least to the greatest value that is known, a dot where there is none.
        """
        known = [point.value for point in self.points if point.value is not None]
        if len(known) < _FEWEST_POINTS:
            return ""
        least, span = min(known), max(known) - min(known)
        top = len(_BARS) - 1
        return "".join(
            _GAP if p.value is None else _BARS[round((p.value - least) / span * top) if span else top // 2]
            for p in self.points
        )


@dataclass(frozen=True)
class Link:
    """Words, and where they lead."""

    text: str
    url: str


@dataclass(frozen=True)
class Card:
    """A message in parts, none of which is marked up. Parts that a report or failure does not have are empty."""

    language: LanguageCode
    title: str
    subtitle: str
    lead: str
    figures: tuple[CardFigure, ...] = ()
    heading: str = ""  # above the lines
    lines: tuple[str, ...] = ()
    link: Link | None = None
    foot: str = ""


@dataclass(frozen=True)
class RunFailure:
    """What failed in a run: the name of a step, asset or check, and what it said (never a value of a row)."""

    name: str
    message: str


def report_card(bundle: Bundle, code: LanguageCode, *, archive: str | None, ask: str) -> Card:
    """The card of a report. `archive` is where reports are served; without it the card says whom to `ask`."""
    words = language(code)
    wording = Wording(bundle, words)
    told, is_company = story(wording), bundle.scope.type == "company"
    scope = "" if is_company else wording.scope_name(bundle.scope.type, bundle.scope.id)
    revised = words.say("revision %(number)s", number=bundle.revision) if bundle.revision > 1 else ""
    foot = [f"{words.say('Bundle')} {bundle.sha256[:12]}", revised]
    if not archive:
        foot.append(words.say("Ask %(sender)s for the file.", sender=ask))
    return Card(
        language=code,
        title=words.say(bundle.spec.title),
        subtitle=" · ".join(
            filter(
                None,
                (wording.scope_name("company", ""), scope, words.period(bundle.spec.schedule, bundle.period_start)),
            )
        ),
        lead=told.lead,
        figures=_figures(wording),
        heading=words.say("Where to look first") if told.places else "",
        lines=tuple(f"{place.name}{words.say(': ')}{words.say('; ').join(place.findings)}" for place in told.places),
        link=Link(words.say("This report online"), page_of(bundle, code, archive)) if archive else None,
        foot=" · ".join(filter(None, foot)),
    )


def failure_card(code: LanguageCode, failures: Sequence[RunFailure], *, company: str, job: str, run_id: str) -> Card:
    """What failed in a run, for whoever looks after it; the mail to the data owner says the same at length."""
    words = language(code)
    return Card(
        language=code,
        title=words.say("%(job)s failed · %(company)s", job=plain(job), company=plain(company)),
        subtitle="",
        lead="",
        lines=tuple(f"{plain(one.name)}{words.say(': ')}{plain(one.message, _LONGEST_FAILURE)}" for one in failures),
        foot=plain(run_id),
    )


def hold_card(code: LanguageCode, title: str, period: str, reasons: Sequence[str], *, company: str) -> Card:
    """Why a report was not sent."""
    words = language(code)
    values = {"report": words.say(title), "month": period, "company": plain(company)}
    return Card(
        language=code,
        title=words.say("Held back: %(report)s %(month)s · %(company)s", **values),
        subtitle="",
        lead="",
        lines=tuple(plain(reason, _LONGEST_FAILURE) for reason in reasons),
    )


def shorter(card: Card) -> Iterator[Card]:
    """The card, and ever shorter ones where it is too large for a channel: first the drawings go, then lines from the
    end, which are counted, then notes of the figures and the end of the lead. Title, figures and link stay."""
    yield card
    bare = replace(card, figures=tuple(replace(one, points=(), chart=None) for one in card.figures))
    if card.figures:
        yield bare
    for kept in range(len(card.lines) - 1, -1, -1):
        yield replace(bare, lines=(*card.lines[:kept], f"… +{len(card.lines) - kept}"))
    bare = replace(bare, lines=(), heading="", figures=tuple(replace(one, notes=()) for one in bare.figures))
    yield bare
    longest = len(card.lead) // 2
    while longest > _SHORTEST_LEAD:
        yield replace(bare, lead=plain(card.lead, longest))
        longest //= 2
    yield replace(bare, lead=plain(card.lead, _SHORTEST_LEAD))


def _figures(wording: Wording) -> tuple[CardFigure, ...]:
    """Three of the tiles: those that call for attention before others, else in the order of the page."""
    draw = ChartRenderer(wording.bundle, wording.words)
    found = []
    for metric in wording.bundle.headlines:
        figure = wording.bundle.figure(metric)
        if figure is None:
            continue
        row, chart = printed(wording, figure), next(iter(draw.sparkline(metric)), None)
        is_worse = row.status == "missed" or any(kind == "worse" for kind, _ in row.against)
        points = _points(wording, metric) if chart else ()
        found.append(CardFigure(row.label, row.value, _notes(wording, row), is_worse, points, chart))
    return tuple(sorted(found, key=lambda one: not one.is_worse)[:MAX_FIGURES])


def _notes(wording: Wording, row: Row) -> tuple[str, ...]:
    words = wording.words
    target = {
        "missed": words.say("target %(target)s missed", target=row.target),
        "met": words.say("target %(target)s met", target=row.target),
    }.get(row.status, "")
    usual = words.say("usually %(usual)s", usual=row.previous) if wording.is_daily and row.previous != "–" else ""
    return tuple(filter(None, (row.note, target, *(text for _, text in row.against), usual)))


def _points(wording: Wording, metric_id: str) -> tuple[Point, ...]:
    """What the line of the page is drawn from."""
    words, daily = wording.words, wording.is_daily
    return tuple(
        Point(
            words.day(figure.month) if daily else words.month_short(figure.month),
            None if figure.value is None or figure.is_withheld else float(figure.value),
        )
        for figure in comparable(wording.bundle.series(metric_id))
    )


def page_of(bundle: Bundle, code: LanguageCode, archive: str) -> str:
    """Where the archive has the page of a bundle: below the folder of its index."""
    folder = archive if archive.endswith("/") else archive.rsplit("/", 1)[0] if archive.endswith(".html") else archive
    return f"{folder.rstrip('/')}/{quote(bundle.folder.as_posix())}/{code}/report.html"
