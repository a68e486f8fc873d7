"""Charts of a bundle as SVG, declared in Vega-Altair, each with a text alternative.

Nothing is computed but positions on paper.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode
from markupsafe import Markup
from pylopdf_fonts_zh_cn import sans_path

from reports.bundle import Bundle, Figure
from reports.language import Language
from reports.registry import ChartSpec
from reports.story import Teller

INK = "#1d2b3a"
MUTED = "#66727f"
RULE = "#d7dde3"
DATA = "#3f6186"  # measured figures
DATA_PALE = "#c9d6e4"  # their intervals
ACCENT = "#c2410c"  # what calls for attention, always with a word or shape beside it
FONTS = "Kefu Sans, system-ui, -apple-system, Segoe UI, Roboto, PingFang SC, Microsoft YaHei, Noto Sans SC, sans-serif"

FULL, HALF, THIRD = 680, 326, 214  # widths in CSS pixels: the text block of an A4 page, and parts of it
MOST_BARS = 14
MOST_COHORTS = 13

Rows = list[dict[str, Any]]
Width = Literal["third", "half", "full"]  # of the text block


CONFIG: dict[str, Any] = {
    "font": FONTS,
    "background": "transparent",
    "aria": False,
    "view": {"stroke": None},
    "title": {"anchor": "start", "fontSize": 10, "fontWeight": "normal", "color": INK, "offset": 4, "limit": 140},
    "axis": {
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
            if latest is None or latest.status == "too_few" or len(_told(series)) < 2:
                continue
            like = max(abs(figure.value or Decimal(0)) for figure in _told(series))
            rows = self._points(metric_id, series, like)
            chart = self._lines(
                rows, self._value_axis(metric_id, like), self._is_worse(latest) or latest.status == "missed"
            )
            charts.append(
                self._finish(
                    chart.properties(width=THIRD, height=118),
                    title=self.teller.label(metric_id),
                    note=self.teller.value(latest),
                    alt_text=self._series_alt(metric_id, series),
                    width="third",
                )
            )
        return charts

    def sparkline(self, metric_id: str) -> list[Chart]:
        """The last months of a figure as a bare line, for the first page."""
        series = self.bundle.series(metric_id)
        latest = self.bundle.figure(metric_id)
        if latest is None or latest.status == "too_few" or len(_told(series)) < 2:
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
        chart = alt.layer(
            base.mark_line(color=DATA, strokeWidth=1.5),
            base.mark_circle(size=30, opacity=1, color=ACCENT if attention else DATA).transform_filter("datum.last"),
        ).properties(width=THIRD, height=34)
        return self._finish(
            chart, title="", note="", alt_text=self._series_alt(metric_id, series), width="third", padding=0
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
        panels = [
            {
                **_declared(self._lines(self._points(metric_id, ps, like), axis, self._is_worse(ps[-1]), scale)),
                "width": 122,
                "height": 58,
                "title": ("▼ " if self._is_worse(ps[-1]) else "") + self.teller.scope_name(spec.scope, ps[-1].scope_id),
            }
            for ps in shown
        ]
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
        return [self._dots(spec, metric_id, rows, reference, note)]

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
            return [self._dots(spec, metric_id, rows, None, self.words.say("Bar: 95%% interval."))]
        bars = [
            {
                "name": self.teller.value_name(spec.dimension, p.dimension_value),
                "value": float(p.value or 0),
                "text": self.teller.value(p),
                "order": i,
            }
            for i, p in enumerate(parts)
        ]
        base = alt.Chart(self._named(bars)).encode(y=self._names_axis())
        chart = alt.layer(
            base.mark_bar(color=DATA, height={"band": 0.62}).encode(
                x=alt.X("value:Q", axis=None, scale=alt.Scale(zero=True, padding=88))
            ),
            base.mark_text(align="left", dx=5, color=INK, fontSize=11).encode(x="value:Q", text="text:N"),
        ).properties(width=HALF, height=21 * len(bars) + 8)
        said = [f"{bar['name']} {bar['text']}" for bar in bars]
        return [
            self._finish(chart, title=self.words.say(spec.title), note="", alt_text=self._alt(spec, said), width="half")
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
        base = alt.Chart(self._named(rows)).encode(y=self._names_axis())
        x = alt.X(
            "expected:Q", scale=alt.Scale(zero=False, nice=True), axis=alt.Axis(tickCount=6, grid=True), title=None
        )
        colour = alt.condition("datum.short", alt.value(ACCENT), alt.value(DATA))
        chart = alt.layer(
            base.mark_rule(strokeWidth=2.5).encode(x=x, x2="perceived:Q", color=colour),
            base.mark_point(filled=False, size=70, color=INK, strokeWidth=1.6, fill="white", opacity=1).encode(x=x),
            base.mark_circle(size=80, opacity=1).encode(x="perceived:Q", color=colour),
            base.mark_text(align="center", dy=-10, fontSize=10, color=INK).encode(x="perceived:Q", text="text:N"),
        ).properties(width=HALF, height=34 * len(rows) + 24)
        said = [f"{row['name']} {row['text']}" for row in rows]
        note = self.words.say(
            "Hollow: expected. Filled: perceived. Number: gap, negative is a shortfall. Scale 1 to 7."
        )
        return [
            self._finish(
                chart, title=self.words.say(spec.title), note=note, alt_text=self._alt(spec, said), width="half"
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
        rows = [
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
        base = alt.Chart(self._named(rows)).encode(
            x=alt.X(
                "number:O",
                axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
                title=self.words.say("Months since the first order"),
            ),
            y=alt.Y("cohort:N", sort=order, axis=alt.Axis(domain=False, ticks=False, labelLimit=140), title=None),
        )
        chart = alt.layer(
            base.mark_rect(stroke="white").encode(
                color=alt.Color("rate:Q", legend=None, scale=alt.Scale(range=["#eef3f8", DATA], zero=True))
            ),
            base.mark_text(fontSize=10).encode(
                text="text:N", color=alt.condition("datum.dark", alt.value("white"), alt.value(INK))
            ),
        ).properties(width=FULL, height=20 * len(order) + 40)
        said = [f"{row['cohort']}, {row['number']}: {row['text']}%" for row in rows[-3:]]
        note = self.words.say("Per cent of the customers won in that month (their number in brackets).")
        return [
            self._finish(
                chart, title=self.words.say(spec.title), note=note, alt_text=self._alt(spec, said), width="full"
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
        chart = alt.layer(
            base.mark_circle(color=DATA, opacity=0.75).encode(
                size=alt.Size("customers:Q", legend=None, scale=alt.Scale(range=[30, 700], zero=True))
            ),
            base.mark_text(color=INK, fontSize=10, align="left", dx=17)
            .encode(text="text:N")
            .transform_filter("!datum.left"),
            base.mark_text(color=INK, fontSize=10, align="right", dx=-12)
            .encode(text="text:N")
            .transform_filter("datum.left"),
        ).properties(width=HALF, height=190)
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
            orient="top", title=None, labelColor=INK, labelLimit=140, symbolType="square", padding=0, columns=2
        )
        upper = alt.layer(
            alt.Chart(self._named(bars))
            .mark_bar(width={"band": 0.6})
            .encode(
                x=x,
                y=alt.Y("value:Q", stack="zero", axis=alt.Axis(tickCount=4, format=",d"), title=None),
                color=alt.Color("label:N", scale=scale, legend=legend),
            )
        ).properties(width=HALF - 44, height=104)
        base = alt.Chart(self._named(line)).encode(
            x=x,
            y=alt.Y("value:Q", scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=3, format=",d"), title=None),
        )
        lower = alt.layer(
            base.mark_line(color=INK, strokeWidth=1.5),
            base.mark_circle(color=INK, size=22, opacity=1),
            base.mark_text(fontSize=9, dy=-9, color=INK).encode(text="text:N").transform_filter("datum.last"),
        ).properties(width=HALF - 44, height=52)
        last = [known[months[-1], m] for m in colours if (months[-1], m) in known] + [
            stock[m] for m in months[-1:] if m in stock
        ]
        said = [self._month(months[-1])] + [f"{self.teller.label(f.metric_id)} {self.teller.value(f)}" for f in last]
        note = self.words.say(
            "Above: what came; below: what went. Line: %(stock)s.", stock=self.teller.label(spec.metrics[0])
        )
        return [
            self._finish(
                {"vconcat": [_declared(upper), _declared(lower)], "spacing": 8},
                title=self.words.say(spec.title),
                note=note,
                alt_text=self._alt(spec, said),
                width="half",
                sized=True,
            )
        ]

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
        """Months before the report's own; a number, for a time axis would depend on the machine's time zone."""
        return (month.year - self.bundle.month.year) * 12 + month.month - self.bundle.month.month

    def _lines(self, rows: Rows, axis: alt.Axis, attention: bool, scale: alt.Scale | None = None) -> Any:
        base = alt.Chart(self._named(rows)).encode(x=self._month_axis(labels=2))
        y = alt.Y("value:Q", axis=axis, scale=scale or alt.Scale(zero=False, nice=True), title=None)
        return alt.layer(
            base.mark_area(color=DATA_PALE, opacity=0.7).encode(y=alt.Y("low:Q", title=None), y2="high:Q"),
            base.mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1).encode(y="target:Q"),
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

    def _dots(self, spec: ChartSpec, metric_id: str, rows: Rows, reference: dict[str, Any] | None, note: str) -> Chart:
        own = self.bundle.figure(metric_id)
        like = abs(own.value) if own is not None and own.value is not None else Decimal(0)
        up = self.bundle.metric(metric_id).direction != "down"
        order = [
            row["name"] for row in sorted(rows, key=lambda row: (row["value"] if up else -row["value"], row["name"]))
        ]
        base = alt.Chart(self._named(rows)).encode(y=self._names_axis(order, padding=58))
        colour = alt.condition("datum.flag", alt.value(ACCENT), alt.value(DATA))
        x = alt.X("value:Q", scale=alt.Scale(zero=False, nice=True), axis=self._value_axis(metric_id, like), title=None)
        layers: list[alt.Chart] = [
            base.mark_rule(strokeWidth=4, opacity=0.28).encode(x=alt.X("low:Q", title=None), x2="high:Q", color=colour),
            base.mark_circle(size=58, opacity=1).encode(x=x, color=colour),
            base.mark_text(align="right", baseline="middle", fontSize=11, color=INK).encode(
                x=alt.value(-10), text="text:N"
            ),
        ]
        if reference is not None:
            line = alt.Chart(self._named([reference]))
            layers.insert(0, line.mark_rule(color=INK, strokeWidth=1).encode(x="value:Q"))
        chart = alt.layer(*layers).properties(width=HALF, height=21 * len(rows) + 26)
        said = [f"{row['name']} {row['text']}" for row in rows]
        if reference is not None:
            said.append(reference["text"])
        return self._finish(
            chart, title=self.words.say(spec.title), note=note, alt_text=self._alt(spec, said), width="half"
        )

    def _names_axis(self, order: list[str] | None = None, padding: int = 8) -> alt.Y:
        axis = alt.Axis(domain=False, ticks=False, labelLimit=120, labelFontSize=11, labelPadding=padding)
        sort: Any = order if order is not None else alt.EncodingSortField("order")
        return alt.Y("name:N", sort=sort, axis=axis, title=None)

    def _month(self, month: date) -> str:
        return self.words.month_short(month)

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
            first=self.words.month(known[0].month),
            last=self.words.month(known[-1].month),
            value=self.teller.value(known[-1]),
            low=self.teller.value(low),
            low_month=self.words.month(low.month),
            high=self.teller.value(high),
            high_month=self.words.month(high.month),
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
        sized: bool = False,
        padding: int = 2,
    ) -> Chart:
        self.drawn += 1
        declared = chart if isinstance(chart, dict) else _declared(chart)
        fit = {} if sized else {"autosize": {"type": "fit", "contains": "padding"}}
        specification = {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            **declared,
            **fit,
            "padding": padding,
            "config": CONFIG,
            "datasets": self.rows,
        }
        self.rows = {}
        return Chart(title, note, _svg(specification, f"c{self.drawn}"), alt_text, width)


KINDS: dict[str, Callable[[Draw, ChartSpec], list[Chart]]] = {
    "trends": Draw.trends,
    "scopes": Draw.scopes,
    "parts_over_time": Draw.parts_over_time,
    "bars": Draw.bars,
    "servqual": Draw.servqual,
    "cohorts": Draw.cohorts,
    "value_matrix": Draw.value_matrix,
    "flow": Draw.flow,
}


def _told(figures: Iterable[Figure]) -> list[Figure]:
    """Those of the figures that are known and rest on enough cases to be drawn."""
    return [figure for figure in figures if figure.value is not None and figure.status != "too_few"]


def _declared(chart: Any) -> dict[str, Any]:
    """A chart as Vega-Lite, to be put into another one. Altair's own ways of doing so copy it each time."""
    return {name: value for name, value in chart.to_dict(validate=False).items() if name not in {"$schema", "config"}}


@cache
def _fonts() -> None:
    """Text is measured with the font that the PDF prints."""
    vl_convert.register_font_directory(str(sans_path().parent))


def _svg(specification: dict[str, Any], prefix: str) -> Markup:
    """The chart as an SVG element; its ids get a prefix, for all charts of a report stand in one document."""
    _fonts()
    svg = vl_convert.vegalite_to_svg(specification)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    return Markup(svg)  # noqa: S704 - vl-convert escapes all text; a test feeds it markup
