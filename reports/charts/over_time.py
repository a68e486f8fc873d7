"""Figures by month or day: trends, the bare line of page one, and members beside each other."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from reports.bundle.rows import Figure
from reports.charts import vega
from reports.charts.canvas import Canvas, comparable, printable
from reports.charts.chart import Chart
from reports.charts.looks import ACCENT, DATA, DATA_PALE, MUTED
from reports.charts.vega import Declared, Rows
from reports.registry import ChartSpec
from reports.text.language import DASH
from reports.text.layout import THIRD, Listing, listing


def trends(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """One small line per metric: figures with their intervals, and the target."""
    charts = []
    for metric_id in spec.metrics:
        series = comparable(canvas.bundle.series(metric_id))
        latest = canvas.bundle.figure(metric_id)
        if latest is None or latest not in series or latest.is_withheld or len(printable(series)) < 2:
            continue
        like = max(abs(figure.value or Decimal(0)) for figure in printable(series))
        rows = _points(canvas, metric_id, series, like)
        chart = _lines(
            canvas, rows, canvas.value_axis(metric_id, like), canvas.is_worse(latest) or latest.status == "missed"
        )
        charts.append(
            canvas.finish(
                {**chart, "width": THIRD, "height": 118},
                title=canvas.wording.label(metric_id),
                note=canvas.wording.brief(latest),
                alt_text=_series_alt(canvas, metric_id, series),
                width="third",
                table=_series_table(canvas, metric_id, series),
            )
        )
    return charts


def sparkline(canvas: Canvas, metric_id: str) -> list[Chart]:
    """The last months of a figure as a bare line, for the first page."""
    series = comparable(canvas.bundle.series(metric_id))
    latest = canvas.bundle.figure(metric_id)
    if latest is None or latest not in series or latest.is_withheld or len(printable(series)) < 2:
        return []
    data = canvas.named(_points(canvas, metric_id, series, Decimal(1)))
    places = {
        "x": vega.quantity("month", axis=None, scale={"nice": False, "zero": False, "padding": 4}),
        "y": vega.quantity("value", axis=None, scale={"zero": False, "padding": 4}),
    }
    attention = canvas.is_worse(latest) or latest.status == "missed"
    colour = ACCENT if attention else DATA
    aims = [figure for figure in series if figure.target is not None]
    target = {"x": places["x"], "y": vega.quantity("target", axis=None)}
    chart = vega.layered(
        *([vega.marks("line", data, target, color=MUTED, strokeDash=[4, 3], strokeWidth=1)] if aims else []),
        vega.marks("line", data, places, color=DATA, strokeWidth=1.5),
        vega.marks("circle", data, places, where="datum.last", size=30, opacity=1, color=colour),
        width=THIRD,
        height=34,
    )
    return [
        canvas.finish(
            chart,
            title="",
            note="",
            alt_text=_series_alt(canvas, metric_id, series),
            width="third",
            table=_series_table(canvas, metric_id, series),
            padding=0,
        )
    ]


def parts_over_time(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """Small multiples: the same figure for the members, on one scale."""
    metric_id = spec.metrics[0]
    parts = comparable(canvas.bundle.parts(metric_id, spec.scope))
    months: dict[str, list[Figure]] = {}
    for part in parts:
        months.setdefault(part.scope_id, []).append(part)
    shown = [ps for ps in months.values() if len(printable(ps)) > 1]
    if not shown:
        return []
    shown.sort(key=lambda ps: not canvas.is_worse(ps[-1]))
    bounds = [
        bound for ps in shown for p in printable(ps) for bound in (p.value, p.ci_low, p.ci_high) if bound is not None
    ]
    like = max(abs(bound) for bound in bounds)
    domain = [canvas.shown(metric_id, bound, like) for bound in (min(bounds), max(bounds))]
    scale = {"domain": domain, "zero": False, "nice": True}
    axis = canvas.value_axis(metric_id, like)
    panels = []
    for ps in shown:
        is_worse = canvas.is_worse(ps[-1])
        name = ("▼ " if is_worse else "") + canvas.wording.scope_name(spec.scope, ps[-1].scope_id)
        panel = _lines(canvas, _points(canvas, metric_id, ps, like), axis, is_worse, scale, labels=1)
        panels.append({**panel, "width": 122, "height": 58, "title": {"text": name, "limit": vega.limit([name], 140)}})
    chart = {"concat": panels, "columns": 4, "spacing": {"row": 6, "column": 12}}
    said = [f"{canvas.wording.scope_name(spec.scope, ps[-1].scope_id)} {canvas.wording.value(ps[-1])}" for ps in shown]
    total = canvas.bundle.members.get(spec.scope, len(shown))
    note = canvas.words.say("▼ clearly worse than last month. Band: 95%% interval.")
    if total > len(shown):
        some = canvas.words.say(
            "%(shown)s of %(total)s are shown: those that call for attention, then the largest.",
            shown=canvas.words.count(len(shown)),
            total=canvas.words.count(total),
        )
        note = canvas.words.sentences(note, some)
    return [
        canvas.declared(
            chart,
            spec,
            said,
            note=note,
            width="full",
            table=_months_table(canvas, spec, shown),
            sized=True,
        )
    ]


def _series_table(canvas: Canvas, metric_id: str, series: list[Figure]) -> Listing:
    say = canvas.words.say
    has_target = any(figure.target is not None for figure in series)
    columns = [(say("Month"), False), *canvas.evidence_heads()]
    unit, currency = canvas.bundle.metric(metric_id).unit, canvas.bundle.meta.currency
    rows = []
    for figure in series:
        aim = [canvas.words.figure(figure.target, unit, currency, like=figure.value)] if has_target else []
        rows.append((canvas.month(figure.month), *canvas.evidence(figure), *aim))
    return listing(canvas.wording.label(metric_id), columns + [(say("Target"), True)] * has_target, rows)


def _months_table(canvas: Canvas, spec: ChartSpec, shown: list[list[Figure]]) -> Listing:
    by_month = [{figure.month: figure for figure in series} for series in shown]
    months = sorted({month for series in by_month for month in series})
    names = [canvas.wording.scope_name(spec.scope, series[-1].scope_id) for series in shown]
    return listing(
        canvas.words.say(spec.title),
        [(canvas.words.say("Month"), False), *((name, True) for name in names)],
        [
            (canvas.month(month), *(canvas.value(s[month]) if month in s else DASH for s in by_month))
            for month in months
        ],
    )


def _points(canvas: Canvas, metric_id: str, series: list[Figure], like: Decimal) -> Rows:
    """Points of a line; a month with too few cases is a hole in it."""
    known = {f.month: f for f in printable(series)}
    last = list(known)[-1]

    def shown(value: Decimal | None) -> float | None:
        return canvas.shown(metric_id, value, like)

    return [
        {
            "month": _place(canvas, f.month),
            "value": shown(f.value) if f.month in known else None,
            "low": shown(f.ci_low) if f.month in known else None,
            "high": shown(f.ci_high) if f.month in known else None,
            "target": shown(f.target),
            "last": f.month == last,
        }
        for f in series
    ]


def _month_axis(canvas: Canvas, labels: int) -> Declared:
    months = sorted({figure.month for figure in canvas.bundle.figures})
    step = max(1, (len(months) - 1) // labels)
    ticks = months[::-1][::step][::-1]
    names = json.dumps({_place(canvas, month): canvas.month(month) for month in ticks}, ensure_ascii=False)
    axis = {
        "values": [_place(canvas, month) for month in ticks],
        "labelExpr": f"({names})[datum.value]",
        "grid": False,
        "labelFlush": True,
    }
    return vega.quantity("month", title=None, axis=axis, scale={"nice": False, "zero": False})


def _place(canvas: Canvas, month: date) -> int:
    """Months or days before the report's own; a number, for a time axis would depend on the machine's time zone."""
    if canvas.bundle.spec.schedule == "daily":
        return (month - canvas.bundle.period_start).days
    return (month.year - canvas.bundle.period_start.year) * 12 + month.month - canvas.bundle.period_start.month


def _lines(
    canvas: Canvas, rows: Rows, axis: Declared, attention: bool, scale: Declared | None = None, labels: int = 2
) -> Declared:
    data, x = canvas.named(rows), _month_axis(canvas, labels)
    y = vega.quantity("value", axis=axis, scale=scale or {"zero": False, "nice": True}, title=None)
    interval = {"x": x, "y": vega.quantity("low", title=None), "y2": {"field": "high"}}
    target = {"x": x, "y": vega.quantity("target")}
    colour = ACCENT if attention else DATA
    layers = {
        "low": vega.marks("area", data, interval, color=DATA_PALE, opacity=0.7),
        "target": vega.marks("line", data, target, color=MUTED, strokeDash=[4, 3], strokeWidth=1),
        "value": vega.marks("line", data, {"x": x, "y": y}, color=DATA, strokeWidth=1.8),
        "last": vega.marks("circle", data, {"x": x, "y": y}, where="datum.last", size=38, opacity=1, color=colour),
    }
    return vega.layered(*(layer for name, layer in layers.items() if any(row[name] is not None for row in rows)))


def _series_alt(canvas: Canvas, metric_id: str, series: list[Figure]) -> str:
    known = printable(series)
    low = min(known, key=lambda f: f.value or Decimal(0))
    high = max(known, key=lambda f: f.value or Decimal(0))
    return canvas.words.say(
        "Line: %(label)s, %(first)s to %(last)s; last %(value)s, "
        "lowest %(low)s in %(low_month)s, highest %(high)s in %(high_month)s.",
        label=canvas.wording.label(metric_id),
        first=canvas.period(known[0].month),
        last=canvas.period(known[-1].month),
        value=canvas.wording.value(known[-1]),
        low=canvas.wording.value(low),
        low_month=canvas.period(low.month),
        high=canvas.wording.value(high),
        high_month=canvas.period(high.month),
    )
