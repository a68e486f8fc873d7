"""Charts of a bundle as SVG, declared in Vega-Lite, each with a text alternative and the figures it is drawn from.

Nothing is computed but positions on paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reports.bundle.model import Bundle
from reports.charts import flow, over_time, parts, shapes, tables, targets
from reports.charts.canvas import Canvas
from reports.charts.chart import Chart
from reports.registry import ChartSpec
from reports.text.language import Language

KINDS: dict[str, Callable[[Canvas, ChartSpec], list[Chart]]] = {
    "trends": over_time.trends,
    "scopes": parts.scopes,
    "parts_over_time": over_time.parts_over_time,
    "bars": parts.bars,
    "servqual": shapes.servqual,
    "cohorts": shapes.cohorts,
    "value_matrix": shapes.value_matrix,
    "flow": flow.flow,
    "bullets": targets.bullets,
    "quadrants": tables.quadrants,
    "matrix": tables.matrix,
    "stages": tables.stages,
}


class ChartRenderer:
    """Draws the charts of one bundle in one language."""

    def __init__(self, bundle: Bundle, words: Language) -> None:
        self.canvas = Canvas(bundle, words)

    def charts(self, spec: ChartSpec) -> list[Chart]:
        """The charts of a specification; none where the bundle has nothing to draw."""
        charts = KINDS[spec.kind](self.canvas, spec)
        metric_id = spec.metrics[0] if spec.kind in {"bars", "scopes"} else ""
        short = self.canvas.wording.history(metric_id) or self.canvas.wording.history(title=spec.table or spec.title)
        if not short:
            return charts
        more = self.canvas.words.say(" (%(evidence)s)", evidence=short)
        return [replace(one, note=one.note + more if one.note else short) for one in charts]

    def sparkline(self, metric_id: str) -> list[Chart]:
        """The last months of a figure as a bare line, for the first page."""
        return over_time.sparkline(self.canvas, metric_id)
