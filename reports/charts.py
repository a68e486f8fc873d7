"""Charts of a bundle as SVG, declared in Vega-Altair, each with a text alternative and the figures it is drawn from.

Nothing is computed but positions on paper.
"""

from __future__ import annotations

import json
import re
import string
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode
from fontTools import subset
from markupsafe import Markup, escape
from pylopdf_fonts_zh_cn import sans_path

from reports.bundle import Bundle, Figure
from reports.language import DASH, LANGUAGES, Language, catalogue_path
from reports.layout import FULL, HALF, THIRD, Listing, listing, width
from reports.registry import ChartSpec, TableSpec
from reports.story import Teller
from reports.tables import printed_table

INK = "#1d2b3a"
MUTED = "#66727f"
RULE = "#d7dde3"
DATA = "#3f6186"  # measured figures
DATA_PALE = "#c9d6e4"  # their intervals
ACCENT = "#c2410c"  # what calls for attention, always with a word or shape beside it
FONTS = "Kefu Sans, system-ui, -apple-system, Segoe UI, Roboto, PingFang SC, Microsoft YaHei, Noto Sans SC, sans-serif"

MOST_BARS = 14
LARGEST_LABEL = 11 * 1.05  # font size in CSS pixels, with room for what another shaper makes wider
MOST_COHORTS = 13

Rows = list[dict[str, Any]]
Width = Literal["third", "half", "full"]  # of the text block


CONFIG: dict[str, Any] = {
    "font": FONTS,
    "background": "transparent",
    "aria": False,
    "view": {"stroke": None},
    "title": {"anchor": "start", "fontSize": 10, "fontWeight": "normal", "color": INK, "offset": 4},
    "axis": {
        "labelLimit": 0,  # a limit has each text measured three times: see _limit
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 10,
        "titleFontSize": 10,
        "titleFontWeight": "normal",
        "domainColor": RULE,
        "tickColor": RULE,
        "gridColor": "#eceff2",
    },
}


@dataclass(frozen=True)
class Chart:
    """A drawn chart."""

    title: str
    note: str  # latest figure, or what the marks mean
    svg: Markup
    alt: str
    width: Width
    table: Listing  # the figures it is drawn from
    told: bool = False  # the page prints that table beside it, or the drawing has every number of it
    specification: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


def png(chart: Chart, scale: float = 2.0) -> bytes:
    """The drawing as a PNG on white, for mail readers that show no SVG; `scale` is pixels per CSS pixel."""
    _whole_font()
    specification = {**chart.specification, "background": "white"}
    image: bytes = vl_convert.vegalite_to_png(specification, scale=scale)
    return image


class Draw:
    """Draws the charts of one bundle in one language."""

    def __init__(self, bundle: Bundle, words: Language) -> None:
        self.bundle = bundle
        self.words = words
        self.teller = Teller(bundle, words)
        self.drawn = 0
        self.rows: dict[str, Rows] = {}  # of the chart being drawn

    def charts(self, spec: ChartSpec) -> list[Chart]:
        """The charts of a specification; none where the bundle has nothing to draw."""
        with debug_mode(
            False
        ):  # a schema check of each piece as it is made is most of the time; a test checks the whole
            return KINDS[spec.kind](self, spec)

    def trends(self, spec: ChartSpec) -> list[Chart]:
        """One small line per metric: figures with their intervals, and the target."""
        charts = []
        for metric_id in spec.metrics:
            series = self.bundle.series(metric_id)
            latest = self.bundle.figure(metric_id)
            if latest is None or latest.is_withheld or len(_told(series)) < 2:
                continue
            like = max(abs(figure.value or Decimal(0)) for figure in _told(series))
            rows = self._points(metric_id, series, like)
            chart = self._lines(
                rows, self._value_axis(metric_id, like), self._is_worse(latest) or latest.status == "missed"
            )
            charts.append(
                self._finish(
                    {**chart, "width": THIRD, "height": 118},
                    title=self.teller.label(metric_id),
                    note=self.teller.value(latest),
                    alt_text=self._series_alt(metric_id, series),
                    width="third",
                    table=self._series_table(metric_id, series),
                )
            )
        return charts

    def sparkline(self, metric_id: str) -> list[Chart]:
        """The last months of a figure as a bare line, for the first page."""
        series = self.bundle.series(metric_id)
        latest = self.bundle.figure(metric_id)
        if latest is None or latest.is_withheld or len(_told(series)) < 2:
            return []
        with debug_mode(False):
            return [self._sparkline(metric_id, series, latest)]

    def _sparkline(self, metric_id: str, series: list[Figure], latest: Figure) -> Chart:
        rows = self._points(metric_id, series, Decimal(1))
        base = alt.Chart(self._named(rows)).encode(
            x=alt.X("month:Q", axis=None, scale=alt.Scale(nice=False, zero=False, padding=4)),
            y=alt.Y("value:Q", axis=None, scale=alt.Scale(zero=False, padding=4)),
        )
        attention = self._is_worse(latest) or latest.status == "missed"
        chart = _layered(
            base.mark_line(color=DATA, strokeWidth=1.5),
            base.mark_circle(size=30, opacity=1, color=ACCENT if attention else DATA).transform_filter("datum.last"),
            width=THIRD,
            height=34,
        )
        return self._finish(
            chart,
            title="",
            note="",
            alt_text=self._series_alt(metric_id, series),
            width="third",
            table=self._series_table(metric_id, series),
            padding=0,
        )

    def parts_over_time(self, spec: ChartSpec) -> list[Chart]:
        """Small multiples: the same figure for the members, on one scale."""
        metric_id = spec.metrics[0]
        parts = self.bundle.parts(metric_id, spec.scope)
        months: dict[str, list[Figure]] = {}
        for part in parts:
            months.setdefault(part.scope_id, []).append(part)
        shown = [ps for ps in months.values() if len(_told(ps)) > 1]
        if not shown:
            return []
        shown.sort(key=lambda ps: not self._is_worse(ps[-1]))
        bounds = [
            bound for ps in shown for p in _told(ps) for bound in (p.value, p.ci_low, p.ci_high) if bound is not None
        ]
        like = max(abs(bound) for bound in bounds)
        domain = [self._shown(metric_id, bound, like) for bound in (min(bounds), max(bounds))]
        scale = alt.Scale(domain=domain, zero=False, nice=True)
        axis = self._value_axis(metric_id, like)
        panels = []
        for ps in shown:
            is_worse = self._is_worse(ps[-1])
            name = ("▼ " if is_worse else "") + self.teller.scope_name(spec.scope, ps[-1].scope_id)
            panel = self._lines(self._points(metric_id, ps, like), axis, is_worse, scale)
            panels.append({**panel, "width": 122, "height": 58, "title": {"text": name, "limit": _limit([name], 140)}})
        chart = {"concat": panels, "columns": 4, "spacing": {"row": 6, "column": 12}}
        said = [f"{self.teller.scope_name(spec.scope, ps[-1].scope_id)} {self.teller.value(ps[-1])}" for ps in shown]
        total = self.bundle.members.get(spec.scope, len(shown))
        note = self.words.say("▼ clearly worse than last month. Band: 95%% interval.")
        if total > len(shown):
            note += self.words.space + self.words.say(
                "%(shown)s of %(total)s are shown: those that call for attention, then the largest.",
                shown=self.words.count(len(shown)),
                total=self.words.count(total),
            )
        return [
            self._finish(
                chart,
                title=self.words.say(spec.title),
                note=note,
                alt_text=self._alt(spec, said),
                width="full",
                table=self._months_table(spec, shown),
                sized=True,
            )
        ]

    def scopes(self, spec: ChartSpec) -> list[Chart]:
        """A dot per member with its interval, the company's figure as a line."""
        metric_id = spec.metrics[0]
        own = self.bundle.figure(metric_id)
        parts = [p for p in _told(self.bundle.parts(metric_id, spec.scope)) if p.month == self.bundle.month]
        if not parts or own is None or own.value is None:
            return []
        kept = parts[:MOST_BARS]
        rows = [self._dot(self.teller.scope_name(spec.scope, p.scope_id), p, own) for p in kept]
        reference = {
            "value": self._shown(metric_id, own.value, own.value),
            "text": self.teller.scope_name("company", "") + " " + self.teller.value(own),
        }
        note = self.words.say("Bar: 95%% interval. Line: the company. ▼ clearly worse than last month.")
        if len(parts) > len(kept):
            note += self.words.space + self.words.say(
                "%(shown)s of %(total)s are shown: those that call for attention, then the largest.",
                shown=self.words.count(len(kept)),
                total=self.words.count(self.bundle.members.get(spec.scope, len(parts))),
            )
        return [self._dots(spec, metric_id, rows, reference, note, self._parts_table(spec, parts))]

    def bars(self, spec: ChartSpec) -> list[Chart]:
        """A bar per value of a dimension (counts), or a dot with its interval (everything else)."""
        metric_id = spec.metrics[0]
        parts = sorted(
            _told(self.bundle.split(metric_id, spec.dimension)),
            key=lambda p: self.teller.value_place(spec.dimension, p.dimension_value),
        )
        parts = parts[:MOST_BARS]
        if not parts:
            return []
        own = self.bundle.figure(metric_id) or parts[0]  # some figures mean something by part alone
        if self.bundle.metric(metric_id).unit not in {"count", "money", "points"}:
            rows = [self._dot(self.teller.value_name(spec.dimension, p.dimension_value), p, own) for p in parts]
            note = self.words.say("Bar: 95%% interval.")
            return [self._dots(spec, metric_id, rows, None, note, self._parts_table(spec, parts))]
        bars = [
            {
                "name": self.teller.value_name(spec.dimension, p.dimension_value),
                "value": float(p.value or 0),
                "text": self.teller.value(p),
                "order": i,
            }
            for i, p in enumerate(parts)
        ]
        lengths = [float(bar["value"]) for bar in bars]  # type: ignore[arg-type]
        room = max([*lengths, 0.0]) * 1.5 or 1  # for the numbers behind the bars
        base = alt.Chart(self._named(bars)).encode(y=self._names_axis(bars))
        chart = _layered(
            base.mark_bar(color=DATA, height={"band": 0.62}).encode(
                x=alt.X("value:Q", axis=None, scale=alt.Scale(domain=[min([*lengths, 0.0]), room], nice=False))
            ),
            base.mark_text(align="left", dx=5, color=INK, fontSize=11).encode(
                x=alt.X("value:Q"), text=alt.Text("text:N")
            ),
            width=HALF,
            height=18 * len(bars) + 8,
        )
        said = [f"{bar['name']} {bar['text']}" for bar in bars]
        return [
            self._finish(
                chart,
                title=self.words.say(spec.title),
                note="",
                alt_text=self._alt(spec, said),
                width="half",
                table=self._parts_table(spec, parts),
            )
        ]

    def servqual(self, spec: ChartSpec) -> list[Chart]:
        """Expected against perceived, per dimension."""
        rows = [
            {
                "name": self.words.name(row.dimension),
                "expected": float(row.expectation),
                "perceived": float(row.perception),
                "text": self.words.figure(row.gap, "score", self.bundle.meta.currency),
                "short": row.gap < 0,
                "order": i,
            }
            for i, row in enumerate(self.bundle.servqual)
            if row.expectation is not None
            and row.perception is not None
            and row.gap is not None
            and row.n >= self.bundle.meta.min_n
        ]
        if not rows:
            return []
        base = alt.Chart(self._named(rows)).encode(y=self._names_axis(rows))
        x = alt.X(
            "expected:Q", scale=alt.Scale(zero=False, nice=True), axis=alt.Axis(tickCount=6, grid=True), title=None
        )
        colour = _either("short", ACCENT, DATA)
        chart = _layered(
            base.mark_rule(strokeWidth=2.5).encode(x=x, x2=alt.X2("perceived:Q"), color=colour),
            base.mark_point(filled=False, size=70, color=INK, strokeWidth=1.6, fill="white", opacity=1).encode(x=x),
            base.mark_circle(size=80, opacity=1).encode(x=alt.X("perceived:Q"), color=colour),
            base.mark_text(align="center", dy=-10, fontSize=10, color=INK).encode(
                x=alt.X("perceived:Q"), text=alt.Text("text:N")
            ),
            width=HALF,
            height=30 * len(rows) + 24,
        )
        said = [f"{row['name']} {row['text']}" for row in rows]
        note = self.words.say(
            "Hollow: expected. Filled: perceived. Number: gap, negative is a shortfall. Scale 1 to 7."
        )
        return [
            self._finish(
                chart,
                title=self.words.say(spec.title),
                note=note,
                alt_text=self._alt(spec, said),
                width="half",
                table=self._servqual_table(spec),
            )
        ]

    def cohorts(self, spec: ChartSpec) -> list[Chart]:
        """Heat map: acquisition month by month number, share who bought."""
        months = sorted({cell.cohort_month for cell in self.bundle.cohorts})[-MOST_COHORTS:]
        cells = [
            cell
            for cell in self.bundle.cohorts
            if cell.cohort_month in months and cell.rate is not None and cell.month_number > 0
        ]
        if not cells:
            return []
        most = max(cell.rate or Decimal(0) for cell in cells)
        rows: Rows = [
            {
                "cohort": self._cohort(cell.cohort_month, cell.customers),
                "number": cell.month_number,
                "rate": float(cell.rate or 0),
                "text": self.words.figure(cell.rate, "rate", "", bare=True),
                "dark": (cell.rate or Decimal(0)) > most * Decimal("0.55"),
            }
            for cell in cells
        ]
        order = list(dict.fromkeys(self._cohort(cell.cohort_month, cell.customers) for cell in cells))
        cohort_axis = alt.Axis(domain=False, ticks=False, labelLimit=_limit(order, 140))
        base = alt.Chart(self._named(rows)).encode(
            x=alt.X(
                "number:O",
                axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
                title=self.words.say("Months since the first order"),
            ),
            y=alt.Y("cohort:N", sort=order, axis=cohort_axis, title=None),
        )
        chart = _layered(
            base.mark_rect(stroke="white").encode(
                color=alt.Color("rate:Q", legend=None, scale=alt.Scale(range=["#eef3f8", DATA], zero=True))
            ),
            base.mark_text(fontSize=10).encode(text=alt.Text("text:N"), color=_either("dark", "white", INK)),
            width=FULL,
            height=20 * len(order) + 40,
        )
        said = [f"{row['cohort']}, {row['number']}: {row['text']}%" for row in rows[-3:]]
        note = self.words.say("Per cent of the customers won in that month (their number in brackets).")
        say, numbers = self.words.say, sorted({row["number"] for row in rows})
        by_place = {(row["cohort"], row["number"]): row["text"] + "%" for row in rows}
        table = listing(
            say(spec.title),
            [(say("Month of the first order (customers)"), False), *((self.words.count(n), True) for n in numbers)],
            [(cohort, *(by_place.get((cohort, n), DASH) for n in numbers)) for cohort in order],
        )
        return [
            self._finish(
                chart,
                title=say(spec.title),
                note=note,
                alt_text=self._alt(spec, said),
                width="full",
                table=table,
            )
        ]

    def value_matrix(self, spec: ChartSpec) -> list[Chart]:
        """Mean frequency by mean order value, a bubble per cell with the number of its customers."""
        rows: list[dict[str, Any]] = [
            {
                "name": self.words.name(cell.cell),
                "orders": float(cell.mean_orders),
                "money": float(cell.mean_order_value),
                "customers": cell.customers,
                "text": f"{self.words.name(cell.cell)} {self.words.count(cell.customers)}",
            }
            for cell in self.bundle.value_matrix
            if cell.mean_orders is not None and cell.mean_order_value is not None
        ]
        if not rows:
            return []
        most = {name: max(row[name] for row in rows) for name in ("orders", "money")}
        for row in rows:  # names stand beside their bubbles, on the side of the middle
            row["left"] = row["orders"] > most["orders"] / 2
        scales = {name: alt.Scale(domain=[0, value * 1.15], nice=True) for name, value in most.items()}
        base = alt.Chart(self._named(rows)).encode(
            x=alt.X(
                "orders:Q",
                title=self.words.say("Orders per customer in the window"),
                scale=scales["orders"],
                axis=alt.Axis(tickCount=5),
            ),
            y=alt.Y("money:Q", title=None, scale=scales["money"], axis=alt.Axis(tickCount=5, format=",d")),
        )
        chart = _layered(
            base.mark_circle(color=DATA, opacity=0.75).encode(
                size=alt.Size("customers:Q", legend=None, scale=alt.Scale(range=[30, 700], zero=True))
            ),
            base.mark_text(color=INK, fontSize=10, align="left", dx=17)
            .encode(text=alt.Text("text:N"))
            .transform_filter("!datum.left"),
            base.mark_text(color=INK, fontSize=10, align="right", dx=-12)
            .encode(text=alt.Text("text:N"))
            .transform_filter("datum.left"),
            width=HALF,
            height=190,
        )
        note = self.words.say(
            "Height: mean order value, %(currency)s. Area of a circle: number of customers.",
            currency=self.bundle.meta.currency,
        )
        return [
            self._finish(
                chart,
                title=self.words.say(spec.title),
                note=note,
                alt_text=self._alt(spec, [row["text"] for row in rows]),
                width="half",
                table=self._value_matrix_table(spec),
            )
        ]

    def flow(self, spec: ChartSpec) -> list[Chart]:
        """What came above the line, what went below it, what there is at month end as a line of its own."""
        stock = {f.month: f for f in _told(self.bundle.series(spec.metrics[0]))}
        moves = [
            (f.month, metric_id, direction)
            for direction, metric_ids in ((1, spec.came), (-1, spec.went))
            for metric_id in metric_ids
            for f in _told(self.bundle.series(metric_id))
        ]
        if not stock or not moves:
            return []
        months = sorted({month for month, _, _ in moves} | set(stock))
        known = {(f.month, m): f for m in (*spec.came, *spec.went) for f in self.bundle.series(m)}
        bars = [
            {
                "month": self._month(month),
                "label": self.teller.label(metric_id),
                "value": direction * float(known[month, metric_id].value or 0),
            }
            for month, metric_id, direction in moves
        ]
        line = [
            {"month": self._month(m), "value": float(f.value or 0), "text": self.teller.value(f)}
            for m, f in stock.items()
        ]
        colours = dict(zip([*spec.came, *spec.went], [DATA, "#86a1bd", DATA_PALE, "#e4ebf2"], strict=False))
        scale = alt.Scale(domain=[self.teller.label(m) for m in colours], range=list(colours.values()))
        order = [self._month(month) for month in months]
        x = alt.X("month:N", sort=order, axis=alt.Axis(labelAngle=0, ticks=False, values=order[::-3]), title=None)
        legend = alt.Legend(
            orient="top",
            title=None,
            labelColor=INK,
            labelLimit=_limit((self.teller.label(m) for m in colours), 140),
            symbolType="square",
            padding=0,
            columns=2,
        )
        upper = _layered(
            alt.Chart(self._named(bars))
            .mark_bar(width={"band": 0.6})
            .encode(
                x=x,
                y=alt.Y("value:Q", stack="zero", axis=alt.Axis(tickCount=4, format=",d"), title=None),
                color=alt.Color("label:N", scale=scale, legend=legend),
            ),
            width=HALF - 44,
            height=104,
        )
        base = alt.Chart(self._named(line)).encode(
            x=x,
            y=alt.Y("value:Q", scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=3, format=",d"), title=None),
        )
        lower = _layered(
            base.mark_line(color=INK, strokeWidth=1.5),
            base.mark_circle(color=INK, size=22, opacity=1),
            base.mark_text(fontSize=9, dy=-9, color=INK).encode(text=alt.Text("text:N")).transform_filter("datum.last"),
            width=HALF - 44,
            height=52,
        )
        last = [known[months[-1], m] for m in colours if (months[-1], m) in known] + [
            stock[m] for m in months[-1:] if m in stock
        ]
        said = [self._month(months[-1])] + [f"{self.teller.label(f.metric_id)} {self.teller.value(f)}" for f in last]
        note = self.words.say(
            "Above: what came; below: what went. Line: %(stock)s.", stock=self.teller.label(spec.metrics[0])
        )
        return [
            self._finish(
                {"vconcat": [upper, lower], "spacing": 8},
                title=self.words.say(spec.title),
                note=note,
                alt_text=self._alt(spec, said),
                width="half",
                table=self._flow_table(spec, months, known, stock),
                sized=True,
            )
        ]

    def bullets(self, spec: ChartSpec) -> list[Chart]:
        """A row per figure with a target: what the last months were, the interval, the figure, the target as a mark.

        Each row has a scale of its own, turned so that better is to the right.
        """
        judged = [
            figure
            for metric_id in spec.metrics or self.bundle.spec.metrics
            if (figure := self.bundle.figure(metric_id)) and figure.status in {"met", "missed"}
        ]
        rows: Rows = []
        for order, figure in enumerate(f for f in judged if f.value is not None and f.target is not None):
            series = [f.value for f in _told(self.bundle.series(figure.metric_id)) if f.value is not None]
            marks = {
                "before_low": min(series),
                "before_high": max(series),
                "low": figure.ci_low if figure.ci_low is not None else figure.value,
                "high": figure.ci_high if figure.ci_high is not None else figure.value,
                "value": figure.value,
                "target": figure.target,
            }
            known = [mark for mark in marks.values() if mark is not None]
            least, span = min(known), max(known) - min(known) or Decimal(1)
            turned = self.bundle.metric(figure.metric_id).direction == "down"
            places = {name: float((mark - least) / span) for name, mark in marks.items() if mark is not None}
            rows.append(
                {
                    **{name: 1 - place if turned else place for name, place in places.items()},
                    "name": ("× " if figure.status == "missed" else "✓ ") + self.teller.label(figure.metric_id),
                    "text": self.teller.value(figure),
                    "aim": self.words.figure(
                        figure.target,
                        self.bundle.metric(figure.metric_id).unit,
                        self.bundle.meta.currency,
                        like=figure.value,
                    ),
                    "missed": figure.status == "missed",
                    "order": order,
                    "metric_id": figure.metric_id,
                }
            )
        if not rows:
            return []
        say = self.words.say
        limit = _limit((row["name"] for row in rows), 230)
        axis = alt.Axis(domain=False, ticks=False, labelLimit=limit, labelFontSize=11, labelPadding=8, labelColor=INK)
        base = alt.Chart(self._named(rows)).encode(
            y=alt.Y("name:N", sort=alt.EncodingSortField("order"), axis=axis, title=None)
        )
        x = alt.X("value:Q", axis=None, scale=alt.Scale(domain=[-0.03, 1.75], nice=False), title=None)
        colour = _either("missed", ACCENT, DATA)
        texts = base.mark_text(baseline="middle", align="right", fontSize=11, color=INK)
        chart = _layered(
            base.mark_bar(color="#eef1f5", height=15).encode(
                x=alt.X("before_low:Q", title=None), x2=alt.X2("before_high:Q")
            ),
            base.mark_rule(strokeWidth=5, opacity=0.35).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"), color=colour),
            base.mark_tick(color=INK, thickness=2, height=17).encode(x=alt.X("target:Q")),
            base.mark_circle(size=62, opacity=1).encode(x=x, color=colour),
            texts.encode(x=alt.XDatum(1.38), text=alt.Text("text:N")),
            texts.encode(x=alt.XDatum(1.73), text=alt.Text("aim:N"), color=alt.ColorValue(MUTED)),
            width=FULL,
            height=20 * len(rows) + 8,
        )
        said = [f"{row['name']} {row['text']}{say(', target ')}{row['aim']}" for row in rows]
        figures = {figure.metric_id: figure for figure in judged}
        table = listing(
            say(spec.title),
            [(say("Figure"), False), (say("Value"), True), (say("95%% interval"), True), (say("Target"), True)],
            [(row["name"], row["text"], self.teller.interval(figures[row["metric_id"]]), row["aim"]) for row in rows],
        )
        note = say(
            "Dot: the figure; thick line: its 95%% interval; upright: the target. Grey: the last 13 months. "
            "Right is better, each row has its own scale. Numbers: figure, target."
        )
        return [
            self._finish(
                chart,
                title=say(spec.title),
                note=note,
                alt_text=self._alt(spec, said),
                width="full",
                table=table,
                told=True,
            )
        ]

    def quadrants(self, spec: ChartSpec) -> list[Chart]:
        """Rows of a table by two of its columns, with a cross between the quadrants; a chart per value of `each`."""
        found = self._table_rows(spec)
        kinds = list(dict.fromkeys(row[spec.each] for row in found)) if spec.each else [""]
        charts = []
        for kind in kinds:
            rows = [row for row in found if not spec.each or row[spec.each] == kind]
            title = self.words.say(spec.title)
            if len(kinds) > 1:
                title += self.words.say(": ") + self.teller.value_name(spec.each, kind or "")
            charts += self._quadrants(spec, title, rows)
        return charts

    def _quadrants(self, spec: ChartSpec, title: str, found: list[dict[str, str | None]]) -> list[Chart]:
        points: list[dict[str, Any]] = [
            {"name": self.teller.value_name(spec.label, row[spec.label] or ""), "x": abs(float(x)), "y": abs(float(y))}
            for row in found
            if (x := row[spec.x]) is not None and (y := row[spec.y]) is not None
        ]
        if len(points) < 2:
            return []
        cross = {
            name: float(found[0][at] or 0) if isinstance(at, str) else at
            for name, at in (("x", spec.x_at), ("y", spec.y_at))
        }
        ends = {name: _around([point[name] for point in points], cross[name]) for name in ("x", "y")}
        height = 210
        _beside(points, ends, HALF - 30, height - 40)
        scales = {name: alt.Scale(domain=list(ends[name]), nice=False, zero=False) for name in ends}
        axis = alt.Axis(tickCount=4, grid=False, format="~g")
        base = alt.Chart(self._named(points)).encode(
            x=alt.X("x:Q", scale=scales["x"], axis=axis, title=self._column_title(spec, spec.x)),
            y=alt.Y("y:Q", scale=scales["y"], axis=axis, title=None),
        )
        lines = alt.Chart(self._named([cross]))
        corners: Rows = [
            {
                "text": self.words.name(code),
                "x": ends["x"][side],
                "y": ends["y"][level],
                "align": "right" if side else "left",
            }
            for code, level, side in zip(spec.corners, (1, 1, 0, 0), (0, 1, 0, 1), strict=True)
        ]
        layers = [
            lines.mark_rule(color=RULE, strokeWidth=1.2).encode(x=alt.X("x:Q", title=None)),
            lines.mark_rule(color=RULE, strokeWidth=1.2).encode(y=alt.Y("y:Q", title=None)),
        ]
        layers += [
            alt.Chart(self._named([corner]))
            .mark_text(
                align=corner["align"],
                baseline="top" if corner["y"] == ends["y"][1] else "bottom",
                dx=-3 if corner["align"] == "right" else 3,
                dy=2 if corner["y"] == ends["y"][1] else -2,
                color=MUTED,
                fontSize=10,
            )
            .encode(x=alt.X("x:Q"), y=alt.Y("y:Q"), text=alt.Text("text:N"))
            for corner in corners
        ]
        layers.append(base.mark_circle(color=DATA, size=52, opacity=1))
        aligned: list[tuple[bool, Any, int]] = [(False, "left", 7), (True, "right", -7)]
        for side, align, dx in aligned:
            layers.append(
                base.mark_text(color=INK, fontSize=10, align=align, baseline="middle", dx=dx)
                .encode(y=alt.Y("text_y:Q"), text=alt.Text("name:N"))
                .transform_filter("datum.left" if side else "!datum.left")
            )
        chart = _layered(*layers, width=HALF, height=height)
        said = [point["name"] for point in points]
        note = self.words.say(
            "Height: %(y)s. Lines: %(lines)s.",
            y=self._column_title(spec, spec.y),
            lines=self.words.say("the means") if isinstance(spec.x_at, str) else self.words.say("one half"),
        )
        return [
            self._finish(
                chart,
                title=title,
                note=note,
                alt_text=title + self.words.say(": ") + self.words.join(said),
                width="half",
                table=self._own_table(spec),
                told=True,
            )
        ]

    def matrix(self, spec: ChartSpec) -> list[Chart]:
        """A table of pairs as a heat map with its numbers, what was by what is."""
        found = [row for row in self._table_rows(spec) if row[spec.value] is not None]
        if not found:
            return []
        rows: Rows = [
            {
                "x": self.teller.value_name(spec.x, row[spec.x] or ""),
                "y": self.teller.value_name(spec.x, row[spec.y] or ""),
                "value": float(row[spec.value] or 0),
                "text": self.words.count(Decimal(row[spec.value] or 0)),
            }
            for row in found
        ]
        most = max(float(row["value"]) for row in rows)
        for row in rows:
            row["dark"] = float(row["value"]) > most * 0.5
        places = {
            name: [
                self.teller.value_name(spec.x, code)
                for code in sorted(  # a grade is one letter; what stands outside the grades comes last
                    {row[column] or "" for row in found},
                    key=lambda code: (len(code) > 1, self.teller.value_place(spec.x, code)),
                )
            ]
            for name, column in (("x", spec.x), ("y", spec.y))
        }
        limit = _limit((name for names in places.values() for name in names), 90)
        side: dict[str, Any] = {"domain": False, "ticks": False, "labelFontSize": 11, "labelLimit": limit}
        base = alt.Chart(self._named(rows)).encode(
            x=alt.X(
                "x:N",
                sort=places["x"],
                axis=alt.Axis(orient="top", labelAngle=0, **side),
                title=self._column_title(spec, spec.x),
            ),
            y=alt.Y("y:N", sort=places["y"], axis=alt.Axis(**side), title=None),
        )
        chart = _layered(
            base.mark_rect(stroke="white", strokeWidth=2).encode(
                color=alt.Color(
                    "value:Q", legend=None, scale=alt.Scale(type="sqrt", range=["#eef3f8", DATA], domain=[0, most])
                )
            ),
            base.mark_text(fontSize=11).encode(text=alt.Text("text:N"), color=_either("dark", "white", INK)),
            width=HALF,
            height=26 * len(places["y"]) + 40,
        )
        said = [f"{row['y']} → {row['x']} {row['text']}" for row in rows]
        note = self.words.say("Rows: %(rows)s.", rows=self._column_title(spec, spec.y))
        return [
            self._finish(
                chart,
                title=self.words.say(spec.title),
                note=note,
                alt_text=self._alt(spec, said),
                width="half",
                table=self._own_table(spec),
            )
        ]

    def stages(self, spec: ChartSpec) -> list[Chart]:
        """What there was and what came, by what went and what there is: ribbons as wide as the number they carry."""
        found = self._table_rows(spec)
        if not found:
            return []
        row = {name: float(value) for name, value in found[0].items() if value is not None}
        before = [(name, row.get(name, 0.0)) for name in (spec.x, *spec.came)]
        after = [(name, row.get(name, 0.0)) for name in (spec.y, *spec.went)]
        total = sum(value for _, value in before)
        if total <= 0:
            return []
        gap = total * 0.06
        ribbons: Rows = []
        texts: Rows = []
        for side, (flows, start, end) in enumerate(((before, 0.0, 1.0), (after, 2.0, 1.0))):
            flows = [(name, value) for name, value in flows if value]
            outer, inner = 0.0, gap * (len(before) - 1) / 2
            for name, value in flows:
                steady = name in {spec.x, spec.y}
                for step in range(21):
                    part = step / 20
                    bend = part * part * (3 - 2 * part)
                    base_y = outer + (inner - outer) * bend
                    ribbons.append(
                        {
                            "flow": f"{side}{name}",
                            "x": start + (end - start) * part,
                            "low": base_y,
                            "high": base_y + value,
                            "kind": "steady" if steady else ("went" if side else "came"),
                        }
                    )
                texts.append(
                    {
                        "x": start,
                        "y": outer + value / 2,
                        "text": f"{self._column_title(spec, name)} {self.words.count(int(value))}",
                        "right": bool(side),
                    }
                )
                outer += value + gap
                inner += value
        base = alt.Chart(self._named(ribbons)).encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.95, 2.95], nice=False), title=None),
            y=alt.Y("low:Q", axis=None, scale=alt.Scale(reverse=True, nice=False, zero=False), title=None),
            y2=alt.Y2("high:Q"),
            detail=alt.Detail("flow:N"),
            color=alt.Color(
                "kind:N",
                legend=None,
                scale=alt.Scale(domain=["steady", "came", "went"], range=[DATA_PALE, DATA, ACCENT]),
            ),
        )
        names = alt.Chart(self._named(_apart(texts, total * 0.075)))
        layers = [base.mark_area(opacity=0.85)]
        aligned: list[tuple[bool, Any, int]] = [(False, "right", -6), (True, "left", 6)]
        for right, align, dx in aligned:
            layers.append(
                names.mark_text(align=align, baseline="middle", dx=dx, fontSize=11, color=INK)
                .encode(x=alt.X("x:Q"), y=alt.Y("y:Q"), text=alt.Text("text:N"))
                .transform_filter("datum.right" if right else "!datum.right")
            )
        chart = _layered(*layers, width=FULL, height=150)
        said = [text["text"] for text in texts]
        return [
            self._finish(
                chart,
                title=self.words.say(spec.title),
                note=self.words.say(
                    "Width: customers. Left: the month's beginning and who came. Right: who went and its end."
                ),
                alt_text=self._alt(spec, said),
                width="full",
                table=self._own_table(spec),
            )
        ]

    def _table_spec(self, spec: ChartSpec) -> TableSpec:
        return next(table for table in self.bundle.spec.tables if table.title == spec.table)

    def _table_rows(self, spec: ChartSpec) -> list[dict[str, str | None]]:
        """The rows of the chart's table that stand on enough cases, by column."""
        declared = self._table_spec(spec)
        names = [column.name for column in declared.columns]
        return [
            dict(zip(names, row, strict=False))
            for table in self.bundle.tables
            if (table.id, table.title) == (declared.id, declared.title)
            for row in table.rows
            if row[-1] is None or int(row[-1]) >= self.bundle.meta.min_n
        ]

    def _column_title(self, spec: ChartSpec, name: str) -> str:
        return self.words.say(next(c.title for c in self._table_spec(spec).columns if c.name == name))

    def _own_table(self, spec: ChartSpec) -> Listing:
        declared = self._table_spec(spec)
        table = next(t for t in self.bundle.tables if (t.id, t.title) == (declared.id, declared.title))
        return printed_table(self.teller, declared, table)

    def _value(self, figure: Figure) -> str:
        return self.words.say("too few to say") if figure.status == "too_few" else self.teller.value(figure)

    def _evidence_heads(self) -> list[tuple[str, bool]]:
        say = self.words.say
        return [(say("Value"), True), (say("95%% interval"), True), (say("n"), True)]

    def _evidence(self, figure: Figure) -> tuple[str, str, str]:
        """A figure, its interval and its n."""
        return (
            self._value(figure),
            DASH if figure.is_withheld else self.teller.interval(figure),
            DASH if figure.n is None else self.words.count(figure.n),
        )

    def _series_table(self, metric_id: str, series: list[Figure]) -> Listing:
        say = self.words.say
        has_target = any(figure.target is not None for figure in series)
        columns = [(say("Month"), False), *self._evidence_heads()]
        unit, currency = self.bundle.metric(metric_id).unit, self.bundle.meta.currency
        rows = []
        for figure in series:
            aim = [self.words.figure(figure.target, unit, currency, like=figure.value)] if has_target else []
            rows.append((self._month(figure.month), *self._evidence(figure), *aim))
        return listing(self.teller.label(metric_id), columns + [(say("Target"), True)] * has_target, rows)

    def _months_table(self, spec: ChartSpec, shown: list[list[Figure]]) -> Listing:
        by_month = [{figure.month: figure for figure in series} for series in shown]
        months = sorted({month for series in by_month for month in series})
        names = [self.teller.scope_name(spec.scope, series[-1].scope_id) for series in shown]
        return listing(
            self.words.say(spec.title),
            [(self.words.say("Month"), False), *((name, True) for name in names)],
            [
                (self._month(month), *(self._value(s[month]) if month in s else DASH for s in by_month))
                for month in months
            ],
        )

    def _parts_table(self, spec: ChartSpec, parts: list[Figure]) -> Listing:
        say = self.words.say
        return listing(
            say(spec.title),
            [("", False), *self._evidence_heads()],
            [
                (
                    self.teller.value_name(spec.dimension, p.dimension_value)
                    if spec.dimension
                    else self.teller.scope_name(spec.scope, p.scope_id),
                    *self._evidence(p),
                )
                for p in parts
            ],
        )

    def _servqual_table(self, spec: ChartSpec) -> Listing:
        say, words = self.words.say, self.words
        return listing(
            say(spec.title),
            [
                (say("Dimension"), False),
                (say("Expected"), True),
                (say("Perceived"), True),
                (say("Gap, negative is a shortfall"), True),
                (say("n"), True),
            ],
            [
                (
                    words.name(row.dimension),
                    *(words.figure(v, "score", "") for v in (row.expectation, row.perception, row.gap)),
                    words.count(row.n),
                )
                for row in self.bundle.servqual
                if row.n >= self.bundle.meta.min_n
            ],
        )

    def _value_matrix_table(self, spec: ChartSpec) -> Listing:
        say, words, currency = self.words.say, self.words, self.bundle.meta.currency
        return listing(
            say(spec.title),
            [
                (say("Cell"), False),
                (say("Customers"), True),
                (say("Orders per customer in the window"), True),
                (say("Mean order value"), True),
                (say("Spend"), True),
            ],
            [
                (
                    words.name(cell.cell),
                    words.count(cell.customers),
                    words.figure(cell.mean_orders, "score", currency),
                    words.figure(cell.mean_order_value, "money", currency),
                    words.figure(cell.spend, "money", currency),
                )
                for cell in self.bundle.value_matrix
            ],
        )

    def _flow_table(
        self,
        spec: ChartSpec,
        months: list[date],
        known: dict[tuple[date, str], Figure],
        stock: dict[date, Figure],
    ) -> Listing:
        moves = [*spec.came, *spec.went]
        return listing(
            self.words.say(spec.title),
            [
                (self.words.say("Month"), False),
                *((self.teller.label(metric_id), True) for metric_id in (*moves, spec.metrics[0])),
            ],
            [
                (
                    self._month(month),
                    *(self._value(known[month, m]) if (month, m) in known else DASH for m in moves),
                    self._value(stock[month]) if month in stock else DASH,
                )
                for month in months
            ],
        )

    def _named(self, rows: Rows) -> Any:
        """Data by name: Altair copies a chart, rows and all, each time it is put into another."""
        name = f"rows_{len(self.rows)}"
        self.rows[name] = rows
        return alt.NamedData(name=name)

    def _is_worse(self, figure: Figure) -> bool:
        return figure.month == self.bundle.month and figure.change_previous == "worse"

    def _points(self, metric_id: str, series: list[Figure], like: Decimal) -> Rows:
        """Points of a line; a month with too few cases is a hole in it."""
        known = _told(series)
        return [
            {
                "month": self._place(f.month),
                "value": self._shown(metric_id, f.value if f in known else None, like),
                "low": self._shown(metric_id, f.ci_low if f in known else None, like),
                "high": self._shown(metric_id, f.ci_high if f in known else None, like),
                "target": self._shown(metric_id, f.target, like),
                "last": f is known[-1],
            }
            for f in series
        ]

    def _shown(self, metric_id: str, value: Decimal | None, like: Decimal) -> float | None:
        if value is None:
            return None
        return float(value / self.words.divisor(like, self.bundle.metric(metric_id).unit))

    def _value_axis(self, metric_id: str, like: Decimal) -> alt.Axis:
        unit = self.bundle.metric(metric_id).unit
        if unit == "rate":
            return alt.Axis(tickCount=3, labelExpr="format(datum.value * 100, '~g') + '%'")
        return alt.Axis(tickCount=3, format="~s" if like >= 10000 else ",~f")

    def _month_axis(self, labels: int) -> alt.X:
        months = sorted({figure.month for figure in self.bundle.figures})
        step = max(1, (len(months) - 1) // labels)
        ticks = months[::-1][::step][::-1]
        names = json.dumps({self._place(month): self._month(month) for month in ticks}, ensure_ascii=False)
        axis = alt.Axis(
            values=[self._place(month) for month in ticks],
            labelExpr=f"({names})[datum.value]",
            grid=False,
            labelFlush=True,
        )
        return alt.X("month:Q", title=None, axis=axis, scale=alt.Scale(nice=False, zero=False))

    def _place(self, month: date) -> int:
        """Months or days before the report's own; a number, for a time axis would depend on the machine's time zone."""
        if self.bundle.spec.schedule == "daily":
            return (month - self.bundle.month).days
        return (month.year - self.bundle.month.year) * 12 + month.month - self.bundle.month.month

    def _lines(self, rows: Rows, axis: alt.Axis, attention: bool, scale: alt.Scale | None = None) -> Any:
        base = alt.Chart(self._named(rows)).encode(x=self._month_axis(labels=2))
        y = alt.Y("value:Q", axis=axis, scale=scale or alt.Scale(zero=False, nice=True), title=None)
        return _layered(
            base.mark_area(color=DATA_PALE, opacity=0.7).encode(y=alt.Y("low:Q", title=None), y2=alt.Y2("high:Q")),
            base.mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1).encode(y=alt.Y("target:Q")),
            base.mark_line(color=DATA, strokeWidth=1.8).encode(y=y),
            base.mark_circle(size=38, opacity=1, color=ACCENT if attention else DATA)
            .encode(y=y)
            .transform_filter("datum.last"),
        )

    def _dot(self, name: str, figure: Figure, own: Figure) -> dict[str, Any]:
        like = abs(own.value or Decimal(0))
        flag = self._is_worse(figure)
        return {
            "name": ("▼ " if flag else "") + name,
            "value": self._shown(figure.metric_id, figure.value, like),
            "low": self._shown(figure.metric_id, figure.ci_low, like),
            "high": self._shown(figure.metric_id, figure.ci_high, like),
            "text": self.teller.value(figure),
            "flag": flag,
        }

    def _dots(
        self, spec: ChartSpec, metric_id: str, rows: Rows, reference: dict[str, Any] | None, note: str, table: Listing
    ) -> Chart:
        own = self.bundle.figure(metric_id)
        like = abs(own.value) if own is not None and own.value is not None else Decimal(0)
        up = self.bundle.metric(metric_id).direction != "down"
        order = [
            row["name"] for row in sorted(rows, key=lambda row: (row["value"] if up else -row["value"], row["name"]))
        ]
        base = alt.Chart(self._named(rows)).encode(y=self._names_axis(rows, order, padding=58))
        colour = _either("flag", ACCENT, DATA)
        x = alt.X("value:Q", scale=alt.Scale(zero=False, nice=True), axis=self._value_axis(metric_id, like), title=None)
        layers: list[alt.Chart] = [
            base.mark_rule(strokeWidth=4, opacity=0.28).encode(
                x=alt.X("low:Q", title=None), x2=alt.X2("high:Q"), color=colour
            ),
            base.mark_circle(size=58, opacity=1).encode(x=x, color=colour),
            base.mark_text(align="right", baseline="middle", fontSize=11, color=INK).encode(
                x=alt.XValue(-10),  # type: ignore[no-untyped-call]
                text=alt.Text("text:N"),
            ),
        ]
        if reference is not None:
            line = alt.Chart(self._named([reference]))
            layers.insert(0, line.mark_rule(color=INK, strokeWidth=1).encode(x=alt.X("value:Q")))
        chart = _layered(*layers, width=HALF, height=18 * len(rows) + 26)
        said = [f"{row['name']} {row['text']}" for row in rows]
        if reference is not None:
            said.append(reference["text"])
        return self._finish(
            chart,
            title=self.words.say(spec.title),
            note=note,
            alt_text=self._alt(spec, said),
            width="half",
            table=table,
        )

    def _names_axis(self, rows: Rows, order: list[str] | None = None, padding: int = 8) -> alt.Y:
        limit = _limit((row["name"] for row in rows), 120)
        axis = alt.Axis(domain=False, ticks=False, labelLimit=limit, labelFontSize=11, labelPadding=padding)
        sort: Any = order if order is not None else alt.EncodingSortField("order")
        return alt.Y("name:N", sort=sort, axis=axis, title=None)

    def _month(self, month: date) -> str:
        return self.words.period_short(self.bundle.spec.schedule, month)

    def _period(self, first: date) -> str:
        return self.words.period(self.bundle.spec.schedule, first)

    def _cohort(self, month: date, customers: int) -> str:
        return f"{self._month(month)} ({self.words.count(customers)})"

    def _series_alt(self, metric_id: str, series: list[Figure]) -> str:
        known = _told(series)
        low = min(known, key=lambda f: f.value or Decimal(0))
        high = max(known, key=lambda f: f.value or Decimal(0))
        return self.words.say(
            "Line: %(label)s, %(first)s to %(last)s; last %(value)s, "
            "lowest %(low)s in %(low_month)s, highest %(high)s in %(high_month)s.",
            label=self.teller.label(metric_id),
            first=self._period(known[0].month),
            last=self._period(known[-1].month),
            value=self.teller.value(known[-1]),
            low=self.teller.value(low),
            low_month=self._period(low.month),
            high=self.teller.value(high),
            high_month=self._period(high.month),
        )

    def _alt(self, spec: ChartSpec, said: list[str]) -> str:
        return self.words.say(spec.title) + self.words.say(": ") + self.words.join(said)

    def _finish(
        self,
        chart: Any,
        *,
        title: str,
        note: str,
        alt_text: str,
        width: Width,
        table: Listing,
        told: bool = False,
        sized: bool = False,
        padding: int = 2,
    ) -> Chart:
        self.drawn += 1
        fit = {} if sized else {"autosize": {"type": "fit", "contains": "padding"}}
        specification = {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            **chart,
            **fit,
            "padding": padding,
            "config": CONFIG,
            "datasets": self.rows,
        }
        self.rows = {}
        drawing = _svg(specification, f"c{self.drawn}", alt_text)
        return Chart(title, note, drawing, alt_text, width, table, told, specification)


KINDS: dict[str, Callable[[Draw, ChartSpec], list[Chart]]] = {
    "trends": Draw.trends,
    "scopes": Draw.scopes,
    "parts_over_time": Draw.parts_over_time,
    "bars": Draw.bars,
    "servqual": Draw.servqual,
    "cohorts": Draw.cohorts,
    "value_matrix": Draw.value_matrix,
    "flow": Draw.flow,
    "bullets": Draw.bullets,
    "quadrants": Draw.quadrants,
    "matrix": Draw.matrix,
    "stages": Draw.stages,
}


def _either(flag: str, yes: str, no: str) -> alt.ColorValue:
    """The colour of a mark by a flag of its row."""
    return alt.ColorValue(no, condition={"test": f"datum.{flag}", "value": yes})


def _limit(texts: Iterable[str], most: int) -> int:
    """A limit of so many pixels for texts on a chart, 0 (none) where they are all shorter.

    Vega measures a text that has a limit three times, and measuring is most of the time of a drawing.
    """
    return most if any(width(text, LARGEST_LABEL) > most for text in texts) else 0


def _around(values: list[float], cross: float) -> tuple[float, float]:
    """Ends of an axis that has all values, the cross and some room for names."""
    low, high = min(*values, cross), max(*values, cross)
    room = (high - low) * 0.14 or 0.5
    return low - room, high + room


def _beside(points: Rows, ends: dict[str, tuple[float, float]], wide: int, high: int) -> None:
    """Puts each point's name on the side where there is room, and lower where it would lie on another name."""
    left, right = ends["x"]
    line = 12 * (ends["y"][1] - ends["y"][0]) / high
    placed: list[tuple[float, float, float]] = []  # from, to and height of each name
    for point in sorted(points, key=lambda p: -p["y"]):
        point["left"] = point["x"] > (left + right) / 2
        at, long = (point["x"] - left) / (right - left) * wide, width(point["name"]) + 12
        start, end = (at - long, at) if point["left"] else (at, at + long)
        text_y = point["y"]
        for other_start, other_end, other_y in placed:
            if start < other_end and other_start < end and abs(text_y - other_y) < line:
                text_y = other_y - line
        point["text_y"] = text_y
        placed.append((start, end, text_y))


def _apart(texts: list[dict[str, Any]], line: float) -> list[dict[str, Any]]:
    """Names of each side at least a line apart."""
    below: dict[bool, float] = {}
    for text in texts:
        side = text["right"]
        text["y"] = max(text["y"], below[side] + line) if side in below else text["y"]
        below[side] = text["y"]
    return texts


def _told(figures: Iterable[Figure]) -> list[Figure]:
    """Those of the figures that are known and rest on enough cases to be drawn."""
    return [figure for figure in figures if figure.value is not None and figure.status != "too_few"]


def _layered(*charts: alt.Chart, **properties: Any) -> dict[str, Any]:
    """Charts over each other as Vega-Lite. Altair's own way of doing so copies them several times."""
    return {"layer": [_declared(chart) for chart in charts], **properties}


def _declared(chart: alt.Chart) -> dict[str, Any]:
    declared = chart.to_dict(validate=False)
    return {name: value for name, value in declared.items() if name not in {"$schema", "config"}}


@cache
def _measuring_font() -> tempfile.TemporaryDirectory[str]:
    """The font of the PDF, for vl-convert to measure text with: of its 30,000 characters those of the catalogues.

    Each measured text reads the font anew, so a small one halves the time of a chart. A Han character that it lacks is
    measured as the empty box, which is as wide.
    """
    folder = tempfile.TemporaryDirectory(prefix="kefu-font-")
    texts = (catalogue_path(code).read_text(encoding="utf-8") for code in LANGUAGES)
    options = subset.Options(layout_features=["*"], notdef_outline=True, hinting=False)
    font = subset.load_font(sans_path(), options)
    chosen = subset.Subsetter(options)
    chosen.populate(text=string.printable + "–−·…▼▲×✓≈→¥€£" + "".join(texts))
    chosen.subset(font)
    subset.save_font(font, Path(folder.name) / sans_path().name, options)
    vl_convert.register_font_directory(folder.name)
    return folder  # which lives as long as the process


@cache
def _whole_font() -> None:
    """A picture is drawn with the letters themselves."""
    vl_convert.register_font_directory(str(sans_path().parent))


def _svg(specification: dict[str, Any], prefix: str, alt_text: str) -> Markup:
    """The chart as an SVG element that tells its text alternative, in a browser and as a figure of a tagged PDF.

    Its ids get a prefix, for all charts of a report stand in one document.
    """
    _measuring_font()
    svg = vl_convert.vegalite_to_svg(specification)
    # one picture with one text: Vega calls each group of marks a graphics symbol, of which nothing is said
    svg = re.sub(r' role="graphics-\w+"| aria-roledescription="[\w ]*"', "", svg)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = svg.replace("<svg ", f'<svg role="img" aria-labelledby="{prefix}-says" focusable="false" ', 1)
    svg = svg.replace(">", f'><title id="{prefix}-says">{escape(alt_text)}</title>', 1)
    return Markup(svg)  # noqa: S704 - vl-convert escapes all text; a test feeds it markup
