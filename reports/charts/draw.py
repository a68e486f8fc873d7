"""Charts of a bundle as SVG, declared in Vega-Lite, each with a text alternative and the figures it is drawn from.

Nothing is computed but positions on paper.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from typing import Any, Literal

import vl_convert
from markupsafe import Markup, escape
from pylopdf_fonts_zh_cn import sans_path

from reports.bundle.model import Bundle
from reports.bundle.rows import Figure, Table
from reports.registry import ChartSpec, TableSpec
from reports.text.language import DASH, Language
from reports.text.layout import FULL, HALF, THIRD, Listing, listing, width
from reports.text.tables import printed_table
from reports.text.teller import Teller

INK = "#1d2b3a"
MUTED = "#66727f"
RULE = "#d7dde3"
DATA = "#3f6186"  # measured figures
DATA_PALE = "#c9d6e4"  # their intervals
ACCENT = "#c2410c"  # what calls for attention, always with a word or shape beside it
FONT = "Noto Sans SC"  # that charts are measured with
FONTS = "system-ui, -apple-system, Segoe UI, Roboto, PingFang SC, Microsoft YaHei, Noto Sans SC, sans-serif"

MOST_BARS = 14
MOST_SHAPES = 500  # that are kept compiled, some 10 kB each
LARGEST_LABEL = 11 * 1.05  # font size in CSS pixels, with room for what another shaper makes wider
MOST_COHORTS = 13

Rows = list[dict[str, Any]]
Declared = dict[str, Any]  # a piece of Vega-Lite
Width = Literal["third", "half", "full"]  # of the text block


CONFIG: dict[str, Any] = {
    "font": FONT,
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


NAMES_AXIS: Declared = {"domain": False, "ticks": False, "labelFontSize": 11}


@dataclass(frozen=True)
class Chart:
    """A chart: what is said of it, and its drawing, made when it is asked for."""

    title: str
    note: str  # latest figure, or what the marks mean
    alt: str
    width: Width
    table: Listing  # the figures it is drawn from
    told: bool  # the page prints that table beside it, or the drawing has every number of it
    vega: str = field(repr=False)  # the drawing, rows and all; a text, for pictures are kept by chart
    prefix: str  # of its ids, for all charts of a report stand in one document

    @cached_property
    def svg(self) -> Markup:
        """An SVG element that tells its text alternative, in a browser and as a figure of a tagged PDF."""
        _with_font()
        svg = vl_convert.vega_to_svg(_read(self.vega)).replace(f'font-family="{FONT}"', f'font-family="{FONTS}"')
        # one picture with one text: Vega calls each group of marks a graphics symbol, of which nothing is said
        svg = re.sub(r' role="graphics-\w+"| aria-roledescription="[\w ]*"', "", svg)
        svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{self.prefix}-", svg)
        says = f"{self.prefix}-says"
        svg = svg.replace("<svg ", f'<svg role="img" aria-labelledby="{says}" focusable="false" ', 1)
        svg = svg.replace(">", f'><title id="{says}">{escape(self.alt)}</title>', 1)
        return Markup(svg)  # noqa: S704 - vl-convert escapes all text; a test feeds it markup


def png(chart: Chart, scale: float = 2.0) -> bytes:
    """The drawing as a PNG on white, for mail readers that show no SVG; `scale` is pixels per CSS pixel."""
    _with_font()
    image: bytes = vl_convert.vega_to_png({**_read(chart.vega), "background": "white"}, scale=scale)
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
        charts = KINDS[spec.kind](self, spec)
        metric_id = spec.metrics[0] if spec.kind in {"bars", "scopes"} else ""
        short = self.teller.history(metric_id) or self.teller.history(title=spec.table or spec.title)
        if not short:
            return charts
        more = self.words.say(" (%(evidence)s)", evidence=short)
        return [replace(one, note=one.note + more if one.note else short) for one in charts]

    def trends(self, spec: ChartSpec) -> list[Chart]:
        """One small line per metric: figures with their intervals, and the target."""
        charts = []
        for metric_id in spec.metrics:
            series = _comparable(self.bundle.series(metric_id))
            latest = self.bundle.figure(metric_id)
            if latest is None or latest not in series or latest.is_withheld or len(_told(series)) < 2:
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
        series = _comparable(self.bundle.series(metric_id))
        latest = self.bundle.figure(metric_id)
        if latest is None or latest not in series or latest.is_withheld or len(_told(series)) < 2:
            return []
        data = self._named(self._points(metric_id, series, Decimal(1)))
        places = {
            "x": _quantity("month", axis=None, scale={"nice": False, "zero": False, "padding": 4}),
            "y": _quantity("value", axis=None, scale={"zero": False, "padding": 4}),
        }
        attention = self._is_worse(latest) or latest.status == "missed"
        colour = ACCENT if attention else DATA
        chart = _layered(
            _marks("line", data, places, color=DATA, strokeWidth=1.5),
            _marks("circle", data, places, where="datum.last", size=30, opacity=1, color=colour),
            width=THIRD,
            height=34,
        )
        return [
            self._finish(
                chart,
                title="",
                note="",
                alt_text=self._series_alt(metric_id, series),
                width="third",
                table=self._series_table(metric_id, series),
                padding=0,
            )
        ]

    def parts_over_time(self, spec: ChartSpec) -> list[Chart]:
        """Small multiples: the same figure for the members, on one scale."""
        metric_id = spec.metrics[0]
        parts = _comparable(self.bundle.parts(metric_id, spec.scope))
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
        scale = {"domain": domain, "zero": False, "nice": True}
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
            }
            for p in parts
        ]
        lengths = [float(bar["value"]) for bar in bars]  # type: ignore[arg-type]
        room = max([*lengths, 0.0]) * 1.5 or 1  # for the numbers behind the bars
        data, y = self._named(bars), self._names_axis(bars)
        scale = {"domain": [min([*lengths, 0.0]), room], "nice": False}
        x, text = _quantity("value"), _name("text")
        chart = _layered(
            _marks("bar", data, {"x": {**x, "axis": None, "scale": scale}, "y": y}, color=DATA, height={"band": 0.62}),
            _marks("text", data, {"text": text, "x": x, "y": y}, align="left", dx=5, color=INK, fontSize=11),
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
            }
            for row in self.bundle.servqual
            if row.expectation is not None
            and row.perception is not None
            and row.gap is not None
            and row.n >= self.bundle.meta.min_n
        ]
        if not rows:
            return []
        data, y = self._named(rows), self._names_axis(rows)
        scale, axis = {"zero": False, "nice": True}, {"tickCount": 6, "grid": True}
        expected = _quantity("expected", scale=scale, axis=axis, title=None)
        perceived = _quantity("perceived")
        colour = _either("short", ACCENT, DATA)
        hollow: Declared = {
            "filled": False,
            "size": 70,
            "color": INK,
            "strokeWidth": 1.6,
            "fill": "white",
            "opacity": 1,
        }
        texts = {"text": _name("text"), "x": perceived, "y": y}
        chart = _layered(
            _marks(
                "rule", data, {"color": colour, "x": expected, "x2": {"field": "perceived"}, "y": y}, strokeWidth=2.5
            ),
            _marks("point", data, {"x": expected, "y": y}, **hollow),
            _marks("circle", data, {"color": colour, "x": perceived, "y": y}, size=80, opacity=1),
            _marks("text", data, texts, align="center", dy=-10, fontSize=10, color=INK),
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
        data = self._named(rows)
        places = {
            "x": {
                "field": "number",
                "type": "ordinal",
                "axis": {"orient": "top", "labelAngle": 0, "domain": False, "ticks": False},
                "title": self.words.say("Months since the first order"),
            },
            "y": _name(
                "cohort",
                sort=None,
                axis={"domain": False, "ticks": False, "labelLimit": _limit(order, 140)},
                title=None,
            ),
        }
        colour = _quantity("rate", legend=None, scale={"range": ["#eef3f8", DATA], "zero": True})
        chart = _layered(
            _marks("rect", data, {"color": colour, **places}, stroke="white"),
            _marks(
                "text", data, {"color": _either("dark", "white", INK), "text": _name("text"), **places}, fontSize=10
            ),
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
        data = self._named(rows)
        scales = {name: {"domain": [0, value * 1.15], "nice": True} for name, value in most.items()}
        places = {
            "x": _quantity(
                "orders",
                title=self.words.say("Orders per customer in the window"),
                scale=scales["orders"],
                axis={"tickCount": 5},
            ),
            "y": _quantity("money", title=None, scale=scales["money"], axis={"tickCount": 5, "format": ",d"}),
        }
        size = _quantity("customers", legend=None, scale={"range": [30, 700], "zero": True})
        texts = {"text": _name("text"), **places}
        looks: Declared = {"color": INK, "fontSize": 10}
        chart = _layered(
            _marks("circle", data, {"size": size, **places}, color=DATA, opacity=0.75),
            _marks("text", data, texts, where="!datum.left", align="left", dx=17, **looks),
            _marks("text", data, texts, where="datum.left", align="right", dx=-12, **looks),
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
        labels = [self.teller.label(m) for m in colours]
        order = [self._month(month) for month in months]
        x = _name("month", sort=order, axis={"labelAngle": 0, "ticks": False, "values": order[::-3]}, title=None)
        legend = {
            "orient": "top",
            "title": None,
            "labelColor": INK,
            "labelLimit": _limit(labels, 140),
            "symbolType": "square",
            "padding": 0,
            "columns": 2,
        }
        upper = _layered(
            _marks(
                "bar",
                self._named(bars),
                {
                    "color": _name("label", scale={"domain": labels, "range": list(colours.values())}, legend=legend),
                    "x": x,
                    "y": _quantity("value", stack="zero", axis={"tickCount": 4, "format": ",d"}, title=None),
                },
                width={"band": 0.6},
            ),
            width=HALF - 44,
            height=104,
        )
        data = self._named(line)
        y = _quantity("value", scale={"zero": False}, axis={"tickCount": 3, "format": ",d"}, title=None)
        lower = _layered(
            _marks("line", data, {"x": x, "y": y}, color=INK, strokeWidth=1.5),
            _marks("circle", data, {"x": x, "y": y}, color=INK, size=22, opacity=1),
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
        own = [self.bundle.figure(metric_id) for metric_id in (*spec.metrics, *spec.came, *spec.went)]
        if any(f is not None and f.status == "suppressed" for f in own):
            note += " " + self.words.say("What is not shown is left out.")
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
        for figure in (f for f in judged if f.value is not None and f.target is not None):
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
                    "metric_id": figure.metric_id,
                }
            )
        if not rows:
            return []
        say = self.words.say
        limit = _limit((row["name"] for row in rows), 230)
        axis = {**NAMES_AXIS, "labelLimit": limit, "labelPadding": 8, "labelColor": INK}
        data, y = self._named(rows), _name("name", sort=None, axis=axis, title=None)
        before = {"x": _quantity("before_low", title=None), "x2": {"field": "before_high"}, "y": y}
        x = _quantity("value", axis=None, scale={"domain": [-0.03, 1.75], "nice": False}, title=None)
        colour = _either("missed", ACCENT, DATA)
        interval = {"color": colour, "x": _quantity("low"), "x2": {"field": "high"}, "y": y}
        texts = {"text": _name("text"), "x": {"datum": 1.38}, "y": y}
        aims = {"color": {"value": MUTED}, "text": _name("aim"), "x": {"datum": 1.73}, "y": y}
        looks: Declared = {"baseline": "middle", "align": "right", "fontSize": 11, "color": INK}
        chart = _layered(
            _marks("bar", data, before, color="#eef1f5", height=15),
            _marks("rule", data, interval, strokeWidth=5, opacity=0.35),
            _marks("tick", data, {"x": _quantity("target"), "y": y}, color=INK, thickness=2, height=17),
            _marks("circle", data, {"color": colour, "x": x, "y": y}, size=62, opacity=1),
            _marks("text", data, texts, **looks),
            _marks("text", data, aims, **looks),
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
        scales = {name: {"domain": list(ends[name]), "nice": False, "zero": False} for name in ends}
        axis = {"tickCount": 4, "grid": False, "format": "~g"}
        data, lines = self._named(points), self._named([cross])
        across = _quantity("x", scale=scales["x"], axis=axis, title=self._column_title(spec, spec.x))
        upwards = _quantity("y", scale=scales["y"], axis=axis, title=None)
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
            _marks("rule", lines, {name: _quantity(name, title=None)}, color=RULE, strokeWidth=1.2) for name in ends
        ]
        layers += [
            _marks(
                "text",
                self._named([corner]),
                {"text": _name("text"), "x": _quantity("x"), "y": _quantity("y")},
                align=corner["align"],
                baseline="top" if corner["y"] == ends["y"][1] else "bottom",
                dx=-3 if corner["align"] == "right" else 3,
                dy=2 if corner["y"] == ends["y"][1] else -2,
                color=MUTED,
                fontSize=10,
            )
            for corner in corners
        ]
        layers.append(_marks("circle", data, {"x": across, "y": upwards}, color=DATA, size=52, opacity=1))
        texts = {"text": _name("name"), "x": across, "y": _quantity("text_y")}
        looks: Declared = {"color": INK, "fontSize": 10, "baseline": "middle"}
        for where, align, dx in (("!datum.left", "left", 7), ("datum.left", "right", -7)):
            layers.append(_marks("text", data, texts, where=where, align=align, dx=dx, **looks))
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
        side = {**NAMES_AXIS, "labelLimit": limit}
        top = {"orient": "top", "labelAngle": 0, **side}
        data = self._named(rows)
        axes = {
            "x": _name("x", sort=places["x"], axis=top, title=self._column_title(spec, spec.x)),
            "y": _name("y", sort=places["y"], axis=side, title=None),
        }
        scale = {"type": "sqrt", "range": ["#eef3f8", DATA], "domain": [0, most]}
        colour = _quantity("value", legend=None, scale=scale)
        chart = _layered(
            _marks("rect", data, {"color": colour, **axes}, stroke="white", strokeWidth=2),
            _marks("text", data, {"color": _either("dark", "white", INK), "text": _name("text"), **axes}, fontSize=11),
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
        """What there was and what came, by what went and what there is: ribbons as wide as the number they carry. None
        where one of them is withheld: a gap would be as wide."""
        found = self._table_rows(spec)
        if not found or self._own_rows(spec).withheld:
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
        kinds = {"domain": ["steady", "came", "went"], "range": [DATA_PALE, DATA, ACCENT]}
        flows_encoding = {
            "color": _name("kind", legend=None, scale=kinds),
            "detail": _name("flow"),
            "x": _quantity("x", axis=None, scale={"domain": [-0.95, 2.95], "nice": False}, title=None),
            "y": _quantity("low", axis=None, scale={"reverse": True, "nice": False, "zero": False}, title=None),
            "y2": {"field": "high"},
        }
        layers = [_marks("area", self._named(ribbons), flows_encoding, opacity=0.85)]
        names = self._named(_apart(texts, total * 0.075))
        names_encoding = {"text": _name("text"), "x": _quantity("x"), "y": _quantity("y")}
        looks: Declared = {"baseline": "middle", "fontSize": 11, "color": INK}
        for where, align, dx in (("!datum.right", "right", -6), ("datum.right", "left", 6)):
            layers.append(_marks("text", names, names_encoding, where=where, align=align, dx=dx, **looks))
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
        return printed_table(self.teller, self._table_spec(spec), self._own_rows(spec))

    def _own_rows(self, spec: ChartSpec) -> Table:
        declared = self._table_spec(spec)
        return next(t for t in self.bundle.tables if (t.id, t.title) == (declared.id, declared.title))

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

    def _named(self, rows: Rows) -> Declared:
        """Data by name, apart from the shape of the chart, which is compiled once for all of that shape."""
        name = f"rows_{len(self.rows)}"
        self.rows[name] = rows
        return {"name": name}

    def _is_worse(self, figure: Figure) -> bool:
        return figure.month == self.bundle.month and figure.change_previous == "worse"

    def _points(self, metric_id: str, series: list[Figure], like: Decimal) -> Rows:
        """Points of a line; a month with too few cases is a hole in it."""
        known = {f.month: f for f in _told(series)}
        last = list(known)[-1]

        def shown(value: Decimal | None) -> float | None:
            return self._shown(metric_id, value, like)

        return [
            {
                "month": self._place(f.month),
                "value": shown(f.value) if f.month in known else None,
                "low": shown(f.ci_low) if f.month in known else None,
                "high": shown(f.ci_high) if f.month in known else None,
                "target": shown(f.target),
                "last": f.month == last,
            }
            for f in series
        ]

    def _shown(self, metric_id: str, value: Decimal | None, like: Decimal) -> float | None:
        if value is None:
            return None
        return float(value / self.words.divisor(like, self.bundle.metric(metric_id).unit))

    def _value_axis(self, metric_id: str, like: Decimal) -> Declared:
        unit = self.bundle.metric(metric_id).unit
        if unit == "rate":
            return {"tickCount": 3, "labelExpr": "format(datum.value * 100, '~g') + '%'"}
        return {"tickCount": 3, "format": "~s" if like >= 10000 else ",~f"}

    def _month_axis(self, labels: int) -> Declared:
        months = sorted({figure.month for figure in self.bundle.figures})
        step = max(1, (len(months) - 1) // labels)
        ticks = months[::-1][::step][::-1]
        names = json.dumps({self._place(month): self._month(month) for month in ticks}, ensure_ascii=False)
        axis = {
            "values": [self._place(month) for month in ticks],
            "labelExpr": f"({names})[datum.value]",
            "grid": False,
            "labelFlush": True,
        }
        return _quantity("month", title=None, axis=axis, scale={"nice": False, "zero": False})

    def _place(self, month: date) -> int:
        """Months or days before the report's own; a number, for a time axis would depend on the machine's time zone."""
        if self.bundle.spec.schedule == "daily":
            return (month - self.bundle.month).days
        return (month.year - self.bundle.month.year) * 12 + month.month - self.bundle.month.month

    def _lines(self, rows: Rows, axis: Declared, attention: bool, scale: Declared | None = None) -> Declared:
        data, x = self._named(rows), self._month_axis(labels=2)
        y = _quantity("value", axis=axis, scale=scale or {"zero": False, "nice": True}, title=None)
        interval = {"x": x, "y": _quantity("low", title=None), "y2": {"field": "high"}}
        target = {"x": x, "y": _quantity("target")}
        colour = ACCENT if attention else DATA
        layers = {
            "low": _marks("area", data, interval, color=DATA_PALE, opacity=0.7),
            "target": _marks("line", data, target, color=MUTED, strokeDash=[4, 3], strokeWidth=1),
            "value": _marks("line", data, {"x": x, "y": y}, color=DATA, strokeWidth=1.8),
            "last": _marks("circle", data, {"x": x, "y": y}, where="datum.last", size=38, opacity=1, color=colour),
        }
        return _layered(*(layer for name, layer in layers.items() if any(row[name] is not None for row in rows)))

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
        drawn = sorted(rows, key=lambda row: (row["value"] if up else -row["value"], row["name"]))
        data, y = self._named(drawn), self._names_axis(drawn, padding=58)
        colour = _either("flag", ACCENT, DATA)
        axis = self._value_axis(metric_id, like)
        x = _quantity("value", scale={"zero": False, "nice": True}, axis=axis, title=None)
        interval = {"color": colour, "x": _quantity("low", title=None), "x2": {"field": "high"}, "y": y}
        texts = {"text": _name("text"), "x": {"value": -10}, "y": y}
        has_interval = any(row["low"] is not None for row in rows)
        layers = [
            *([_marks("rule", data, interval, strokeWidth=4, opacity=0.28)] if has_interval else []),
            _marks("circle", data, {"color": colour, "x": x, "y": y}, size=58, opacity=1),
            _marks("text", data, texts, align="right", baseline="middle", fontSize=11, color=INK),
        ]
        if reference is not None:
            line = self._named([reference])
            layers.insert(0, _marks("rule", line, {"x": _quantity("value")}, color=INK, strokeWidth=1))
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

    def _names_axis(self, rows: Rows, padding: int = 8) -> Declared:
        """Names in the order of the rows."""
        limit = _limit((row["name"] for row in rows), 120)
        axis = {**NAMES_AXIS, "labelLimit": limit, "labelPadding": padding}
        return _name("name", sort=None, axis=axis, title=None)

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
        chart: Declared,
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
        schema = "https://vega.github.io/schema/vega-lite/v6.json"
        vega = _compiled(json.dumps({"$schema": schema, **chart, **fit, "padding": padding, "config": CONFIG}))
        data = [
            {**kept, "values": self.rows[kept["name"]]} if kept["name"] in self.rows else kept for kept in vega["data"]
        ]
        self.rows = {}
        drawing = json.dumps({**vega, "data": data})
        return Chart(title, note, alt_text, width, table, told, drawing, f"c{self.drawn}")


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


def _quantity(field: str, **how: Any) -> Declared:
    """A channel that shows a number of the rows."""
    return {"field": field, "type": "quantitative", **how}


def _name(field: str, **how: Any) -> Declared:
    """A channel that shows a text of the rows."""
    return {"field": field, "type": "nominal", **how}


def _either(flag: str, yes: str, no: str) -> Declared:
    """The colour of a mark by a flag of its row."""
    return {"condition": {"test": f"datum.{flag}", "value": yes}, "value": no}


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


def _comparable(figures: Iterable[Figure]) -> list[Figure]:
    """Those that may stand on one line over time: half a window beside a whole one would rise by itself."""
    return [figure for figure in figures if figure.status != "short_history"]


def _marks(kind: str, data: Declared, channels: Declared, *, where: str = "", **looks: Any) -> Declared:
    """A layer: a mark of that kind and looks for each row (where the condition holds), placed by the channels."""
    layer = {"data": data, "mark": {"type": kind, **looks}, "encoding": channels}
    return {**layer, "transform": [{"filter": where}]} if where else layer


def _layered(*layers: Declared, **properties: Any) -> Declared:
    """Layers over each other."""
    return {"layer": list(layers), **properties}


@cache
def _with_font() -> None:
    """Let vl-convert measure and draw text with the font of the PDF."""
    vl_convert.register_font_directory(str(sans_path().parent))


@lru_cache(maxsize=MOST_SHAPES)
def _compiled(shape: str) -> Declared:
    """A chart of Vega-Lite without its rows as Vega. Charts of one shape stand in all reports of a month."""
    compiled: Declared = vl_convert.vegalite_to_vega(_read(shape))
    return compiled


def _read(declared: str) -> Any:
    """A declaration as vl-convert wants it: of a text it reads some numbers wrong by their last bit."""
    return json.loads(declared)
