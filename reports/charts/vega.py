"""Pieces of Vega-Lite: channels, marks and layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reports.text.layout import width

LARGEST_LABEL = 11 * 1.05  # font size in CSS pixels, with room for what another shaper makes wider

Rows = list[dict[str, Any]]
Declared = dict[str, Any]  # a piece of Vega-Lite


def quantity(field: str, **how: Any) -> Declared:
    """A channel that shows a number of the rows."""
    return {"field": field, "type": "quantitative", **how}


def name(field: str, **how: Any) -> Declared:
    """A channel that shows a text of the rows."""
    return {"field": field, "type": "nominal", **how}


def either(flag: str, yes: str, no: str) -> Declared:
    """The colour of a mark by a flag of its row."""
    return {"condition": {"test": f"datum.{flag}", "value": yes}, "value": no}


def limit(texts: Iterable[str], most: int) -> int:
    """A limit of so many pixels for texts on a chart, 0 (none) where they are all shorter.

    Vega measures a text that has a limit three times, and measuring is most of the time of a drawing.
    """
    return most if any(width(text, LARGEST_LABEL) > most for text in texts) else 0


def marks(kind: str, data: Declared, channels: Declared, *, where: str = "", **looks: Any) -> Declared:
    """A layer: a mark of that kind and looks for each row (where the condition holds), placed by the channels."""
    layer = {"data": data, "mark": {"type": kind, **looks}, "encoding": channels}
    return {**layer, "transform": [{"filter": where}]} if where else layer


def layered(*layers: Declared, **properties: Any) -> Declared:
    """Layers over each other."""
    return {"layer": list(layers), **properties}
