"""Figures of the month by member or by value of a dimension, as dots with their intervals or as bars."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reports.bundle.rows import Figure
from reports.charts import vega
from reports.charts.canvas import Canvas, printable
from reports.charts.chart import Chart
from reports.charts.looks import ACCENT, DATA, INK
from reports.charts.vega import Rows
from reports.registry import ChartSpec
from reports.text.layout import HALF, Listing, listing

MAX_BARS = 14


def scopes(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """A dot per member with its interval, the company's figure as a line."""
    metric_id = spec.metrics[0]
    own = canvas.bundle.figure(metric_id)
    parts = [p for p in printable(canvas.bundle.parts(metric_id, spec.scope)) if p.month == canvas.bundle.period_start]
    if not parts or own is None or own.value is None:
        return []
    kept = parts[:MAX_BARS]
    rows = [_dot(canvas, canvas.wording.scope_name(spec.scope, p.scope_id), p, own) for p in kept]
    reference = {
        "value": canvas.shown(metric_id, own.value, own.value),
        "text": canvas.wording.scope_name("company", "") + " " + canvas.wording.value(own),
    }
    note = canvas.words.say("Line: the company. ▼ clearly worse than last month.")
    if any(row["low"] is not None for row in rows):
        note = canvas.words.sentences(canvas.words.say("Bar: 95%% interval."), note)
    if len(parts) > len(kept):
        some = canvas.words.say(
            "%(shown)s of %(total)s are shown: those that call for attention, then the largest.",
            shown=canvas.words.count(len(kept)),
            total=canvas.words.count(canvas.bundle.members.get(spec.scope, len(parts))),
        )
        note = canvas.words.sentences(note, some)
    return [_dots(canvas, spec, metric_id, rows, reference, note, _parts_table(canvas, spec, parts))]


def bars(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """A bar per value of a dimension (counts), or a dot with its interval (everything else)."""
    metric_id = spec.metrics[0]
    parts = sorted(
        printable(canvas.bundle.split(metric_id, spec.dimension)),
        key=lambda p: canvas.wording.value_place(spec.dimension, p.dimension_value),
    )
    parts = parts[:MAX_BARS]
    if not parts:
        return []
    own = canvas.bundle.figure(metric_id) or parts[0]  # some figures mean something by part alone
    if canvas.bundle.metric(metric_id).unit not in {"count", "money", "points"}:
        rows = [_dot(canvas, canvas.wording.value_name(spec.dimension, p.dimension_value), p, own) for p in parts]
        note = canvas.words.say("Bar: 95%% interval.") if any(row["low"] is not None for row in rows) else ""
        return [_dots(canvas, spec, metric_id, rows, None, note, _parts_table(canvas, spec, parts))]
    unit, largest = canvas.bundle.metric(metric_id).unit, max(p.value or Decimal(0) for p in parts)
    bars = [
        {
            "name": canvas.wording.value_name(spec.dimension, p.dimension_value),
            "value": float(p.value or 0),
            "text": canvas.words.figure(p.value, unit, canvas.bundle.meta.currency, like=largest, brief=True),
        }
        for p in parts
    ]
    lengths = [float(bar["value"]) for bar in bars]  # type: ignore[arg-type]
    room = max([*lengths, 0.0]) * 1.5 or 1  # for the numbers behind the bars
    data, y = canvas.named(bars), canvas.names_axis(bars)
    scale = {"domain": [min([*lengths, 0.0]), room], "nice": False}
    x, text = vega.quantity("value"), vega.name("text")
    chart = vega.layered(
        vega.marks("bar", data, {"x": {**x, "axis": None, "scale": scale}, "y": y}, color=DATA, height={"band": 0.62}),
        vega.marks("text", data, {"text": text, "x": x, "y": y}, align="left", dx=5, color=INK, fontSize=11),
        width=HALF,
        height=18 * len(bars) + 8,
    )
    said = [f"{bar['name']} {bar['text']}" for bar in bars]
    return [
        canvas.declared(
            chart,
            spec,
            said,
            note="",
            width="half",
            table=_parts_table(canvas, spec, parts),
        )
    ]


def _parts_table(canvas: Canvas, spec: ChartSpec, parts: list[Figure]) -> Listing:
    say = canvas.words.say
    return listing(
        say(spec.title),
        [("", False), *canvas.evidence_heads()],
        [
            (
                canvas.wording.value_name(spec.dimension, p.dimension_value)
                if spec.dimension
                else canvas.wording.scope_name(spec.scope, p.scope_id),
                *canvas.evidence(p),
            )
            for p in parts
        ],
    )


def _dot(canvas: Canvas, name: str, figure: Figure, own: Figure) -> dict[str, Any]:
    like = abs(own.value or Decimal(0))
    flag = canvas.is_worse(figure)
    return {
        "name": ("▼ " if flag else "") + name,
        "value": canvas.shown(figure.metric_id, figure.value, like),
        "low": canvas.shown(figure.metric_id, figure.ci_low, like),
        "high": canvas.shown(figure.metric_id, figure.ci_high, like),
        "text": canvas.wording.value(figure),
        "flag": flag,
    }


def _dots(
    canvas: Canvas,
    spec: ChartSpec,
    metric_id: str,
    rows: Rows,
    reference: dict[str, Any] | None,
    note: str,
    table: Listing,
) -> Chart:
    own = canvas.bundle.figure(metric_id)
    like = abs(own.value) if own is not None and own.value is not None else Decimal(0)
    up = canvas.bundle.metric(metric_id).direction != "down"
    drawn = sorted(rows, key=lambda row: (row["value"] if up else -row["value"], row["name"]))
    data, y = canvas.named(drawn), canvas.names_axis(drawn, padding=58)
    colour = vega.either("flag", ACCENT, DATA)
    axis = canvas.value_axis(metric_id, like)
    x = vega.quantity("value", scale={"zero": False, "nice": True}, axis=axis, title=None)
    interval = {"color": colour, "x": vega.quantity("low", title=None), "x2": {"field": "high"}, "y": y}
    texts = {"text": vega.name("text"), "x": {"value": -10}, "y": y}
    has_interval = any(row["low"] is not None for row in rows)
    layers = [
        *([vega.marks("rule", data, interval, strokeWidth=4, opacity=0.28)] if has_interval else []),
        vega.marks("circle", data, {"color": colour, "x": x, "y": y}, size=58, opacity=1),
        vega.marks("text", data, texts, align="right", baseline="middle", fontSize=11, color=INK),
    ]
    if reference is not None:
        line = canvas.named([reference])
        layers.insert(0, vega.marks("rule", line, {"x": vega.quantity("value")}, color=INK, strokeWidth=1))
    chart = vega.layered(*layers, width=HALF, height=18 * len(rows) + 26)
    said = [f"{row['name']} {row['text']}" for row in rows]
    if reference is not None:
        said.append(reference["text"])
    return canvas.declared(
        chart,
        spec,
        said,
        note=note,
        width="half",
        table=table,
    )
