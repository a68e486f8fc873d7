"""Rows of a table that the report prints: by two of their columns, as a matrix, as a flow of customers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reports.bundle.rows import TableExtract
from reports.charts import vega
from reports.charts.canvas import Canvas
from reports.charts.chart import Chart
from reports.charts.looks import ACCENT, DATA, DATA_PALE, INK, MUTED, NAMES_AXIS, RULE
from reports.charts.vega import Declared, Rows
from reports.registry import ChartSpec, TableSpec
from reports.text.layout import FULL, HALF, Listing, width
from reports.text.tables import printed_table


def quadrants(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """Rows of a table by two of its columns, with a cross between the quadrants; a chart per value of `each`."""
    found = _table_rows(canvas, spec)
    kinds = list(dict.fromkeys(row[spec.each] for row in found)) if spec.each else [""]
    charts = []
    for kind in kinds:
        rows = [row for row in found if not spec.each or row[spec.each] == kind]
        title = canvas.words.say(spec.title)
        if len(kinds) > 1:
            title += canvas.words.say(": ") + canvas.wording.value_name(spec.each, kind or "")
        charts += _quadrants(canvas, spec, title, rows)
    return charts


def _quadrants(canvas: Canvas, spec: ChartSpec, title: str, found: list[dict[str, str | None]]) -> list[Chart]:
    points: list[dict[str, Any]] = [
        {"name": canvas.wording.value_name(spec.label, row[spec.label] or ""), "x": abs(float(x)), "y": abs(float(y))}
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
    data, lines = canvas.named(points), canvas.named([cross])
    across = vega.quantity("x", scale=scales["x"], axis=axis, title=_column_title(canvas, spec, spec.x))
    upwards = vega.quantity("y", scale=scales["y"], axis=axis, title=None)
    corners: Rows = [
        {
            "text": canvas.words.name(code),
            "x": ends["x"][side],
            "y": ends["y"][level],
            "align": "right" if side else "left",
        }
        for code, level, side in zip(spec.corners, (1, 1, 0, 0), (0, 1, 0, 1), strict=True)
    ]
    layers = [
        vega.marks("rule", lines, {name: vega.quantity(name, title=None)}, color=RULE, strokeWidth=1.2) for name in ends
    ]
    layers += [
        vega.marks(
            "text",
            canvas.named([corner]),
            {"text": vega.name("text"), "x": vega.quantity("x"), "y": vega.quantity("y")},
            align=corner["align"],
            baseline="top" if corner["y"] == ends["y"][1] else "bottom",
            dx=-3 if corner["align"] == "right" else 3,
            dy=2 if corner["y"] == ends["y"][1] else -2,
            color=MUTED,
            fontSize=10,
        )
        for corner in corners
    ]
    layers.append(vega.marks("circle", data, {"x": across, "y": upwards}, color=DATA, size=52, opacity=1))
    texts = {"text": vega.name("name"), "x": across, "y": vega.quantity("text_y")}
    looks: Declared = {"color": INK, "fontSize": 10, "baseline": "middle"}
    for where, align, dx in (("!datum.left", "left", 7), ("datum.left", "right", -7)):
        layers.append(vega.marks("text", data, texts, where=where, align=align, dx=dx, **looks))
    chart = vega.layered(*layers, width=HALF, height=height)
    said = [point["name"] for point in points]
    note = canvas.words.say(
        "Height: %(y)s; width: %(x)s; lines at %(lines)s.",
        y=_column_title(canvas, spec, spec.y),
        x=_column_title(canvas, spec, spec.x),
        lines=canvas.words.say("the means")
        if isinstance(spec.x_at, str)
        else canvas.words.figure(Decimal(str(spec.x_at)), "count", ""),
    )
    return [
        canvas.finish(
            chart,
            title=title,
            note=note,
            alt_text=title + canvas.words.say(": ") + canvas.words.join(said),
            width="half",
            table=_own_table(canvas, spec),
            is_tabulated=True,
        )
    ]


def matrix(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """A table of pairs as a heat map with its numbers, what was by what is."""
    found = [row for row in _table_rows(canvas, spec) if row[spec.value] is not None]
    if not found:
        return []
    rows: Rows = [
        {
            "x": canvas.wording.value_name(spec.x, row[spec.x] or ""),
            "y": canvas.wording.value_name(spec.x, row[spec.y] or ""),
            "value": float(row[spec.value] or 0),
            "text": canvas.words.count(Decimal(row[spec.value] or 0)),
        }
        for row in found
    ]
    most = max(float(row["value"]) for row in rows)
    for row in rows:
        row["dark"] = float(row["value"]) > most * 0.5
    places = {
        name: [
            canvas.wording.value_name(spec.x, code)
            for code in sorted(  # a grade is one letter; what stands outside the grades comes last
                {row[column] or "" for row in found},
                key=lambda code: (len(code) > 1, canvas.wording.value_place(spec.x, code)),
            )
        ]
        for name, column in (("x", spec.x), ("y", spec.y))
    }
    limit = vega.limit((name for names in places.values() for name in names), 90)
    side = {**NAMES_AXIS, "labelLimit": limit}
    top = {"orient": "top", "labelAngle": 0, **side}
    data = canvas.named(rows)
    axes = {
        "x": vega.name("x", sort=places["x"], axis=top, title=_column_title(canvas, spec, spec.x)),
        "y": vega.name("y", sort=places["y"], axis=side, title=None),
    }
    scale = {"type": "sqrt", "range": ["#eef3f8", DATA], "domain": [0, most]}
    colour = vega.quantity("value", legend=None, scale=scale)
    chart = vega.layered(
        vega.marks("rect", data, {"color": colour, **axes}, stroke="white", strokeWidth=2),
        vega.marks(
            "text", data, {"color": vega.either("dark", "white", INK), "text": vega.name("text"), **axes}, fontSize=11
        ),
        width=HALF,
        height=26 * len(places["y"]) + 40,
    )
    said = [f"{row['y']} → {row['x']} {row['text']}" for row in rows]
    note = canvas.words.say("Rows: %(rows)s.", rows=_column_title(canvas, spec, spec.y))
    return [
        canvas.declared(
            chart,
            spec,
            said,
            note=note,
            width="half",
            table=_own_table(canvas, spec),
        )
    ]


def stages(canvas: Canvas, spec: ChartSpec) -> list[Chart]:
    """What there was and what came, by what went and what there is: ribbons as wide as the number they carry. None
    where one of them is withheld: a gap would be as wide."""
    found = _table_rows(canvas, spec)
    if not found or _own_rows(canvas, spec).withheld:
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
                    "text": f"{_column_title(canvas, spec, name)} {canvas.words.count(int(value))}",
                    "right": bool(side),
                }
            )
            outer += value + gap
            inner += value
    kinds = {"domain": ["steady", "came", "went"], "range": [DATA_PALE, DATA, ACCENT]}
    flows_encoding = {
        "color": vega.name("kind", legend=None, scale=kinds),
        "detail": vega.name("flow"),
        "x": vega.quantity("x", axis=None, scale={"domain": [-0.95, 2.95], "nice": False}, title=None),
        "y": vega.quantity("low", axis=None, scale={"reverse": True, "nice": False, "zero": False}, title=None),
        "y2": {"field": "high"},
    }
    layers = [vega.marks("area", canvas.named(ribbons), flows_encoding, opacity=0.85)]
    names = canvas.named(_apart(texts, total * 0.075))
    names_encoding = {"text": vega.name("text"), "x": vega.quantity("x"), "y": vega.quantity("y")}
    looks: Declared = {"baseline": "middle", "fontSize": 11, "color": INK}
    for where, align, dx in (("!datum.right", "right", -6), ("datum.right", "left", 6)):
        layers.append(vega.marks("text", names, names_encoding, where=where, align=align, dx=dx, **looks))
    chart = vega.layered(*layers, width=FULL, height=150)
    said = [text["text"] for text in texts]
    return [
        canvas.declared(
            chart,
            spec,
            said,
            note=canvas.words.say(
                "Width: customers. Left: the month's beginning and who came. Right: who went and its end."
            ),
            width="full",
            table=_own_table(canvas, spec),
        )
    ]


def _table_spec(canvas: Canvas, spec: ChartSpec) -> TableSpec:
    return next(table for table in canvas.bundle.spec.tables if table.title == spec.table)


def _table_rows(canvas: Canvas, spec: ChartSpec) -> list[dict[str, str | None]]:
    """The rows of the chart's table that stand on enough cases, by column."""
    declared = _table_spec(canvas, spec)
    names = [column.name for column in declared.columns]
    return [
        dict(zip(names, row, strict=False))
        for table in canvas.bundle.tables
        if (table.id, table.title) == (declared.id, declared.title)
        for row in table.rows
        if row[-1] is None or int(row[-1]) >= canvas.bundle.meta.min_n
    ]


def _column_title(canvas: Canvas, spec: ChartSpec, name: str) -> str:
    return canvas.words.say(next(c.title for c in _table_spec(canvas, spec).columns if c.name == name))


def _own_table(canvas: Canvas, spec: ChartSpec) -> Listing:
    return printed_table(canvas.wording, _table_spec(canvas, spec), _own_rows(canvas, spec))


def _own_rows(canvas: Canvas, spec: ChartSpec) -> TableExtract:
    declared = _table_spec(canvas, spec)
    return next(t for t in canvas.bundle.tables if (t.id, t.title) == (declared.id, declared.title))


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
