"""Rows of a shape of their own: service quality by dimension, cohorts, the matrix of customer value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from reports.charts import vega
from reports.charts.canvas import Canvas
from reports.charts.chart import Chart
from reports.charts.looks import ACCENT, DATA, INK
from reports.charts.vega import Declared, Rows
from reports.registry import ChartSpec
from reports.text.language import DASH
from reports.text.layout import FULL, HALF, Listing, listing

MAX_COHORTS = 13


def servqual(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """Expected against perceived, per dimension."""
    rows = [
        {
            "name": canvas.words.name(row.dimension),
            "expected": float(row.expectation),
            "perceived": float(row.perception),
            "text": canvas.words.figure(row.gap, "score", canvas.bundle.meta.currency),
            "short": row.gap < 0,
        }
        for row in canvas.bundle.servqual
        if row.expectation is not None
        and row.perception is not None
        and row.gap is not None
        and row.n >= canvas.bundle.meta.min_n
    ]
    if not rows:
        return []
    data, y = canvas.named(rows), canvas.names_axis(rows)
    scale, axis = {"zero": False, "nice": True}, {"tickCount": 6, "grid": True}
    expected = vega.quantity("expected", scale=scale, axis=axis, title=None)
    perceived = vega.quantity("perceived")
    colour = vega.either("short", ACCENT, DATA)
    hollow: Declared = {
        "filled": False,
        "size": 70,
        "color": INK,
        "strokeWidth": 1.6,
        "fill": "white",
        "opacity": 1,
    }
    texts = {"text": vega.name("text"), "x": perceived, "y": y}
    chart = vega.layered(
        vega.marks(
            "rule", data, {"color": colour, "x": expected, "x2": {"field": "perceived"}, "y": y}, strokeWidth=2.5
        ),
        vega.marks("point", data, {"x": expected, "y": y}, **hollow),
        vega.marks("circle", data, {"color": colour, "x": perceived, "y": y}, size=80, opacity=1),
        vega.marks("text", data, texts, align="center", dy=-10, fontSize=10, color=INK),
        width=HALF,
        height=30 * len(rows) + 24,
    )
    said = [f"{row['name']} {row['text']}" for row in rows]
    note = canvas.words.say("Hollow: expected. Filled: perceived. Number: gap, negative is a shortfall. Scale 1 to 7.")
    return [
        canvas.declared(
            chart,
            spec,
            said,
            note=note,
            width="half",
            table=_servqual_table(canvas, spec),
        )
    ]


def cohorts(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """Heat map: acquisition month by month number, share who bought."""
    months = sorted({cell.cohort_month for cell in canvas.bundle.cohorts})[-MAX_COHORTS:]
    cells = [
        cell
        for cell in canvas.bundle.cohorts
        if cell.cohort_month in months and cell.rate is not None and cell.month_number > 0
    ]
    if not cells:
        return []
    most = max(cell.rate or Decimal(0) for cell in cells)
    rows: Rows = [
        {
            "cohort": _cohort(canvas, cell.cohort_month, cell.customers),
            "number": cell.month_number,
            "rate": float(cell.rate or 0),
            "text": canvas.words.figure(cell.rate, "rate", "", bare=True),
            "dark": (cell.rate or Decimal(0)) > most * Decimal("0.55"),
        }
        for cell in cells
    ]
    order = list(dict.fromkeys(_cohort(canvas, cell.cohort_month, cell.customers) for cell in cells))
    data = canvas.named(rows)
    places = {
        "x": {
            "field": "number",
            "type": "ordinal",
            "axis": {"orient": "top", "labelAngle": 0, "domain": False, "ticks": False},
            "title": canvas.words.say("Months since the first order"),
        },
        "y": vega.name(
            "cohort",
            sort=None,
            axis={"domain": False, "ticks": False, "labelLimit": vega.limit(order, 140)},
            title=None,
        ),
    }
    colour = vega.quantity("rate", legend=None, scale={"range": ["#eef3f8", DATA], "zero": True})
    chart = vega.layered(
        vega.marks("rect", data, {"color": colour, **places}, stroke="white"),
        vega.marks(
            "text", data, {"color": vega.either("dark", "white", INK), "text": vega.name("text"), **places}, fontSize=10
        ),
        width=FULL,
        height=20 * len(order) + 40,
    )
    said = [f"{row['cohort']}, {row['number']}: {row['text']}%" for row in rows[-3:]]
    note = canvas.words.say("Per cent of the customers won in that month (their number in brackets).")
    say, numbers = canvas.words.say, sorted({row["number"] for row in rows})
    by_place = {(row["cohort"], row["number"]): row["text"] + "%" for row in rows}
    table = listing(
        say(spec.title),
        [(say("Month of the first order (customers)"), False), *((canvas.words.count(n), True) for n in numbers)],
        [(cohort, *(by_place.get((cohort, n), DASH) for n in numbers)) for cohort in order],
    )
    return [
        canvas.declared(
            chart,
            spec,
            said,
            note=note,
            width="full",
            table=table,
        )
    ]


def value_matrix(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """Mean frequency by mean order value, a bubble per cell with the number of its customers."""
    rows: list[dict[str, Any]] = [
        {
            "name": canvas.words.name(cell.cell),
            "orders": float(cell.mean_orders),
            "money": float(cell.mean_order_value),
            "customers": cell.customers,
            "text": f"{canvas.words.name(cell.cell)} {canvas.words.count(cell.customers)}",
        }
        for cell in canvas.bundle.value_matrix
        if cell.mean_orders is not None and cell.mean_order_value is not None
    ]
    if not rows:
        return []
    most = {name: max(row[name] for row in rows) for name in ("orders", "money")}
    for row in rows:  # names stand beside their bubbles, on the side of the middle
        row["left"] = row["orders"] > most["orders"] / 2
    data = canvas.named(rows)
    scales = {name: {"domain": [0, value * 1.15], "nice": True} for name, value in most.items()}
    places = {
        "x": vega.quantity(
            "orders",
            title=canvas.words.say("Orders per customer in the window"),
            scale=scales["orders"],
            axis={"tickCount": 5},
        ),
        "y": vega.quantity("money", title=None, scale=scales["money"], axis={"tickCount": 5, "format": ",d"}),
    }
    size = vega.quantity("customers", legend=None, scale={"range": [30, 700], "zero": True})
    texts = {"text": vega.name("text"), **places}
    looks: Declared = {"color": INK, "fontSize": 10}
    chart = vega.layered(
        vega.marks("circle", data, {"size": size, **places}, color=DATA, opacity=0.75),
        vega.marks("text", data, texts, where="!datum.left", align="left", dx=17, **looks),
        vega.marks("text", data, texts, where="datum.left", align="right", dx=-12, **looks),
        width=HALF,
        height=190,
    )
    note = canvas.words.say(
        "Height: mean order value, %(currency)s. Area of a circle: number of customers.",
        currency=canvas.words.currency(canvas.bundle.meta.currency),
    )
    return [
        canvas.declared(
            chart,
            spec,
            [row["text"] for row in rows],
            note=note,
            width="half",
            table=_value_matrix_table(canvas, spec),
        )
    ]


def _servqual_table(canvas: Canvas, spec: ChartSpec) -> Listing:
    say, words = canvas.words.say, canvas.words
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
            for row in canvas.bundle.servqual
            if row.n >= canvas.bundle.meta.min_n
        ],
    )


def _value_matrix_table(canvas: Canvas, spec: ChartSpec) -> Listing:
    say, words, currency = canvas.words.say, canvas.words, canvas.bundle.meta.currency
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
            for cell in canvas.bundle.value_matrix
        ],
    )


def _cohort(canvas: Canvas, month: date, customers: int) -> str:
    return f"{canvas.month(month)} ({canvas.words.count(customers)})"
