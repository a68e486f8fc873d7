"""Figures and tables of a bundle as the text that is printed. Sentences are made in story.py, drawings in charts/."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from reports.bundle.rows import Figure, TableExtract
from reports.registry import ColumnSpec, MembersSpec, TableSpec
from reports.text.language import DASH, Language, plain
from reports.text.layout import Listing, listing
from reports.text.names import own_part
from reports.text.wording import Comparison, Wording


@dataclass(frozen=True)
class Row:
    """One printed line of a table of figures."""

    label: str
    value: str
    interval: str
    n: str
    target: str
    status: str  # met, missed, too_few, short_history, no_target: picks the mark
    status_text: str
    previous: str
    change_previous: str  # better, worse, changed, no_clear_change or empty: picks the mark
    year_ago: str
    change_year_ago: str
    against: tuple[tuple[str, str], ...] = ()  # the change on each period, and that in words: what a tile says
    previous_n: str = ""  # cases behind what is usual, in a report of days
    note: str = ""  # that the window is longer than the history

    @property
    def prominence(self) -> int:
        """How much it asks to be read: 3 off its target, 2 worse, 1 otherwise changed, 0 as usual."""
        changes = {self.change_previous, self.change_year_ago}
        if self.status == "missed":
            return 3
        return 2 if "worse" in changes else int(bool(changes & {"better", "changed"}))


def printed(wording: Wording, figure: Figure) -> Row:
    """A figure as the tables print it."""
    words = wording.words
    metric = wording.bundle.metric(figure.metric_id)
    few = figure.is_withheld

    def number(value: Any) -> str:
        return words.figure(value, metric.unit, wording.bundle.meta.currency, like=figure.value)

    return Row(
        label=wording.label(figure.metric_id),
        value=printed_value(words, figure, metric.unit, wording.bundle.meta.currency),
        interval=DASH if few else wording.interval(figure),
        n=DASH if figure.n is None else words.count(figure.n),
        target=number(figure.target),
        status=figure.status or "no_target",
        status_text=_status(words, figure),
        previous=DASH if few else number(figure.previous),
        change_previous="" if few else figure.change_previous or "",
        year_ago=DASH if few else number(figure.year_ago),
        change_year_ago="" if few else figure.change_year_ago or "",
        against=tuple((one.change, _against(wording, figure.metric_id, one)) for one in wording.comparisons(figure)),
        previous_n=DASH if few or figure.previous_n is None else words.count(figure.previous_n),
        note=wording.history(figure.metric_id) if figure.status == "short_history" else "",
    )


MARKS = {"worse": "▼", "better": "▲", "changed": "◆", "no_clear_change": "≈"}


def _against(wording: Wording, metric_id: str, one: Comparison) -> str:
    """A change as a tile says it: how it is called, against what, and by how much."""
    say = wording.words.say
    values = {"mark": MARKS[one.change], "difference": wording.difference(metric_id, one.difference)}
    if one.period == "year_ago":
        return say("%(mark)s\u00a0a year ago %(difference)s", **values)
    if wording.is_daily:
        return say("%(mark)s\u00a0against usual %(difference)s", **values)
    return say("%(mark)s\u00a0last month %(difference)s", **values)


def printed_value(words: Language, figure: Figure, unit: str, currency: str) -> str:
    """The value of a figure, or why it is not printed."""
    return _status(words, figure) if figure.is_withheld else words.figure(figure.value, unit, currency)


def _status(words: Language, figure: Figure) -> str:
    marks = {
        "met": words.say("met"),
        "missed": words.say("missed"),
        "too_few": words.say("too few to say"),
        "suppressed": words.say("not shown"),
    }
    return marks.get(figure.status or "", "")


def printed_table(wording: Wording, spec: TableSpec, table: TableExtract) -> Listing:
    """A table of the bundle as text."""
    words, currency = wording.words, wording.bundle.meta.currency

    shown = [column for column in spec.columns if column.printed]
    texts = (
        value
        for row in table.rows
        for column, value in zip(spec.columns, row, strict=False)
        if value and column.unit == "text"
    )
    names = {text: plain(read) for text, read in own_part(texts, words.locale).items()}

    def text(column: ColumnSpec, value: str | None, n: str | None, metric: str | None) -> str:
        if column.judged and n is not None and int(n) < wording.bundle.meta.min_n:
            return words.say("too few to say")
        if not value:
            return DASH
        match column.unit:
            case "code":
                return wording.value_name(column.of or column.name, value)
            case "scope":
                return _place(wording, value)
            case "metric":
                known = {metric.metric_id for metric in wording.bundle.metrics}
                return wording.label(value) if value in known else words.name(value)
            case "date":
                return words.day(date.fromisoformat(value))
            case "month":
                return words.month_short(date.fromisoformat(value))
            case "text":
                return names.get(value, plain(value))
            case "count":  # a mean of them too: 28.08 customers are none
                return words.count(Decimal(value))
            case "figure":
                return words.figure(Decimal(value), wording.bundle.unit_of(metric), currency)
            case "difference":
                return words.difference(Decimal(value), wording.bundle.unit_of(metric), currency)
            case unit:
                return words.figure(Decimal(value), unit, currency)

    withheld = set(table.withheld)

    def line(at: int, *values: str | None) -> tuple[str, ...]:
        cells = list(zip(spec.columns, values, strict=False))  # the last value is n, which is no column
        metric = next((value for column, value in cells if column.unit == "metric"), None)
        return tuple(
            words.say("not shown") if (at, i) in withheld else text(column, value, values[-1], metric)
            for i, (column, value) in enumerate(cells)
            if column in shown
        )

    short = wording.history(title=spec.title)
    return listing(
        words.say("%(title)s (%(note)s)", title=words.say(spec.title), note=short) if short else words.say(spec.title),
        [(words.say(column.title), column.is_number) for column in shown],
        [line(at, *row) for at, row in enumerate(table.rows)],
        table.total - len(table.rows),
    )


def members_table(wording: Wording, spec: MembersSpec) -> Listing | None:
    """A line per member, those with most of the first metric first; a dash where too few cases stand behind it."""
    bundle, words = wording.bundle, wording.words
    metrics = [metric for metric in spec.metrics if bundle.figure(metric)]
    cells: dict[str, dict[str, Figure]] = {}
    for metric in metrics:
        for part in bundle.parts(metric, spec.scope):
            if part.month == bundle.period_start:
                cells.setdefault(part.scope_id, {})[metric] = part
    if not cells:
        return None

    def rank(scope_id: str) -> tuple[Decimal, str]:
        first = cells[scope_id].get(metrics[0])
        return (-(first.value or Decimal(0)) if first else Decimal(1), scope_id)

    def text(figure: Figure | None) -> str:
        if figure is None or figure.is_withheld:
            return DASH
        mark = "▼\u00a0" * (figure.change_previous == "worse")
        return mark + wording.value(figure)

    rows = [
        (wording.scope_name(spec.scope, scope_id), *(text(cells[scope_id].get(metric)) for metric in metrics))
        for scope_id in sorted(cells, key=rank)
    ]
    columns = [(words.name(spec.scope), False), *((wording.label(metric), True) for metric in metrics)]
    return listing(words.say(spec.title), columns, rows[: spec.most], max(0, len(rows) - spec.most))


def _place(wording: Wording, scope_id: str) -> str:
    """A scope by its id alone, for a table that does not say of which type it is."""
    known = next((key for key in wording.scope_names if key[1] == scope_id), ("", scope_id))
    return wording.scope_name("company", "") if scope_id == "company" else wording.scope_name(*known)
