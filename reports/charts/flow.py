"""What came and what went by month, and what there is."""

from __future__ import annotations

from datetime import date

from reports.bundle.rows import Figure
from reports.charts import vega
from reports.charts.canvas import Canvas, printable
from reports.charts.chart import Chart
from reports.charts.looks import DATA, DATA_PALE, INK
from reports.registry import ChartSpec
from reports.text.language import DASH
from reports.text.layout import HALF, Listing, listing


def flow(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """What came above the line, what went below it, what there is at month end as a line of its own."""
    stock = {f.month: f for f in printable(canvas.bundle.series(spec.metrics[0]))}
    moves = [
        (f.month, metric_id, direction)
        for direction, metric_ids in ((1, spec.came), (-1, spec.went))
        for metric_id in metric_ids
        for f in printable(canvas.bundle.series(metric_id))
    ]
    if not stock or not moves:
        return []
    months = sorted({month for month, _, _ in moves} | set(stock))
    known = {(f.month, m): f for m in (*spec.came, *spec.went) for f in canvas.bundle.series(m)}
    bars = [
        {
            "month": canvas.month(month),
            "label": canvas.wording.label(metric_id),
            "value": direction * float(known[month, metric_id].value or 0),
        }
        for month, metric_id, direction in moves
    ]
    line = [
        {"month": canvas.month(m), "value": float(f.value or 0), "text": canvas.wording.value(f)}
        for m, f in stock.items()
    ]
    colours = dict(zip([*spec.came, *spec.went], [DATA, "#86a1bd", DATA_PALE, "#e4ebf2"], strict=False))
    labels = [canvas.wording.label(m) for m in colours]
    order = [canvas.month(month) for month in months]
    x = vega.name("month", sort=order, axis={"labelAngle": 0, "ticks": False, "values": order[::-3]}, title=None)
    legend = {
        "orient": "top",
        "title": None,
        "labelColor": INK,
        "labelLimit": vega.limit(labels, 140),
        "symbolType": "square",
        "padding": 0,
        "columns": 2,
    }
    upper = vega.layered(
        vega.marks(
            "bar",
            canvas.named(bars),
            {
                "color": vega.name("label", scale={"domain": labels, "range": list(colours.values())}, legend=legend),
                "x": x,
                "y": vega.quantity("value", stack="zero", axis={"tickCount": 4, "format": ",d"}, title=None),
            },
            width={"band": 0.6},
        ),
        width=HALF - 44,
        height=104,
    )
    data = canvas.named(line)
    y = vega.quantity("value", scale={"zero": False}, axis={"tickCount": 3, "format": ",d"}, title=None)
    lower = vega.layered(
        vega.marks("line", data, {"x": x, "y": y}, color=INK, strokeWidth=1.5),
        vega.marks("circle", data, {"x": x, "y": y}, color=INK, size=22, opacity=1),
        width=HALF - 44,
        height=52,
    )
    last = [known[months[-1], m] for m in colours if (months[-1], m) in known] + [
        stock[m] for m in months[-1:] if m in stock
    ]
    said = [canvas.month(months[-1])] + [f"{canvas.wording.label(f.metric_id)} {canvas.wording.value(f)}" for f in last]
    note = canvas.words.say(
        "Above: what came; below: what went. Line: %(stock)s.", stock=canvas.wording.label(spec.metrics[0])
    )
    own = [canvas.bundle.figure(metric_id) for metric_id in (*spec.metrics, *spec.came, *spec.went)]
    if any(f is not None and f.status == "suppressed" for f in own):
        note += " " + canvas.words.say("What is not shown is left out.")
    return [
        canvas.declared(
            {"vconcat": [upper, lower], "spacing": 8},
            spec,
            said,
            note=note,
            width="half",
            table=_flow_table(canvas, spec, months, known, stock),
            sized=True,
        )
    ]


def _flow_table(
    canvas: Canvas,
    spec: ChartSpec,
    months: list[date],
    known: dict[tuple[date, str], Figure],
    stock: dict[date, Figure],
) -> Listing:
    moves = [*spec.came, *spec.went]
    return listing(
        canvas.words.say(spec.title),
        [
            (canvas.words.say("Month"), False),
            *((canvas.wording.label(metric_id), True) for metric_id in (*moves, spec.metrics[0])),
        ],
        [
            (
                canvas.month(month),
                *(canvas.value(known[month, m]) if (month, m) in known else DASH for m in moves),
                canvas.value(stock[month]) if month in stock else DASH,
            )
            for month in months
        ],
    )
