"""Figures with a target, each on a scale of its own."""

from __future__ import annotations

from decimal import Decimal

from reports.charts import vega
from reports.charts.canvas import Canvas, printable
from reports.charts.chart import Chart
from reports.charts.looks import ACCENT, DATA, INK, MUTED, NAMES_AXIS
from reports.charts.vega import Declared, Rows
from reports.registry import ChartSpec
from reports.text.layout import FULL, listing


def bullets(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """A row per figure with a target: what the last months were, the interval, the figure, the target as a mark.

    Each row has a scale of its own, turned so that better is to the right.
    """
    judged = [
        figure
        for metric_id in spec.metrics or canvas.bundle.spec.metrics
        if (figure := canvas.bundle.figure(metric_id)) and figure.status in {"met", "missed"}
    ]
    rows: Rows = []
    for figure in (f for f in judged if f.value is not None and f.target is not None):
        series = [f.value for f in printable(canvas.bundle.series(figure.metric_id)) if f.value is not None]
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
        turned = canvas.bundle.metric(figure.metric_id).direction == "down"
        places = {name: float((mark - least) / span) for name, mark in marks.items() if mark is not None}
        rows.append(
            {
                **{name: 1 - place if turned else place for name, place in places.items()},
                "name": ("× " if figure.status == "missed" else "✓ ") + canvas.wording.label(figure.metric_id),
                "text": canvas.wording.value(figure),
                "aim": canvas.words.figure(
                    figure.target,
                    canvas.bundle.metric(figure.metric_id).unit,
                    canvas.bundle.meta.currency,
                    like=figure.value,
                ),
                "missed": figure.status == "missed",
                "metric_id": figure.metric_id,
            }
        )
    if not rows:
        return []
    say = canvas.words.say
    limit = vega.limit((row["name"] for row in rows), 230)
    axis = {**NAMES_AXIS, "labelLimit": limit, "labelPadding": 8, "labelColor": INK}
    data, y = canvas.named(rows), vega.name("name", sort=None, axis=axis, title=None)
    before = {"x": vega.quantity("before_low", title=None), "x2": {"field": "before_high"}, "y": y}
    x = vega.quantity("value", axis=None, scale={"domain": [-0.03, 1.75], "nice": False}, title=None)
    colour = vega.either("missed", ACCENT, DATA)
    interval = {"color": colour, "x": vega.quantity("low"), "x2": {"field": "high"}, "y": y}
    texts = {"text": vega.name("text"), "x": {"datum": 1.38}, "y": y}
    aims = {"color": {"value": MUTED}, "text": vega.name("aim"), "x": {"datum": 1.73}, "y": y}
    looks: Declared = {"baseline": "middle", "align": "right", "fontSize": 11, "color": INK}
    chart = vega.layered(
        vega.marks("bar", data, before, color="#eef1f5", height=15),
        vega.marks("rule", data, interval, strokeWidth=5, opacity=0.35),
        vega.marks("tick", data, {"x": vega.quantity("target"), "y": y}, color=INK, thickness=2, height=17),
        vega.marks("circle", data, {"color": colour, "x": x, "y": y}, size=62, opacity=1),
        vega.marks("text", data, texts, **looks),
        vega.marks("text", data, aims, **looks),
        width=FULL,
        height=20 * len(rows) + 8,
    )
    said = [f"{row['name']} {row['text']}{say(', target ')}{row['aim']}" for row in rows]
    figures = {figure.metric_id: figure for figure in judged}
    table = listing(
        say(spec.title),
        [(say("Figure"), False), (say("Value"), True), (say("95%% interval"), True), (say("Target"), True)],
        [(row["name"], row["text"], canvas.wording.interval(figures[row["metric_id"]]), row["aim"]) for row in rows],
    )
    note = say(
        "Dot: the figure; thick line: its 95%% interval; upright: the target. Grey: the last 13 months. "
        "Right is better, each row has its own scale. Numbers: figure, target."
    )
    return [
        canvas.declared(
            chart,
            spec,
            said,
            note=note,
            width="full",
            table=table,
            is_tabulated=True,
        )
    ]
