"""What each chart of a bundle is drawn on: its rows, its words, the figures it stands on, and how it is finished."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

import vl_convert

from reports.bundle.model import Bundle
from reports.bundle.rows import Figure
from reports.charts import vega
from reports.charts.chart import Chart, Width, read
from reports.charts.looks import CONFIG, NAMES_AXIS
from reports.charts.vega import Declared, Rows
from reports.registry import ChartSpec
from reports.text.language import DASH, NBSP, Language
from reports.text.layout import Listing
from reports.text.wording import Wording

MAX_SHAPES = 500  # that are kept compiled, some 10 kB each


class Canvas:
    """What the charts of one bundle in one language are drawn with."""

    def __init__(self, bundle: Bundle, words: Language) -> None:
        self.bundle = bundle
        self.words = words
        self.wording = Wording(bundle, words)
        self.drawn = 0
        self.rows: dict[str, Rows] = {}  # of the chart being drawn

    def value(self, figure: Figure) -> str:
        return self.words.say("too few to say") if figure.status == "too_few" else self.wording.value(figure)

    def evidence_heads(self) -> list[tuple[str, bool]]:
        say = self.words.say
        return [(say("Value"), True), (say("95%% interval"), True), (say("n"), True)]

    def evidence(self, figure: Figure) -> tuple[str, str, str]:
        """A figure, its interval and its n."""
        return (
            self.value(figure),
            DASH if figure.is_withheld else self.wording.interval(figure),
            DASH if figure.n is None else self.words.count(figure.n),
        )

    def named(self, rows: Rows) -> Declared:
        """Data by name, apart from the shape of the chart, which is compiled once for all of that shape."""
        name = f"rows_{len(self.rows)}"
        self.rows[name] = rows
        return {"name": name}

    def is_worse(self, figure: Figure) -> bool:
        return figure.month == self.bundle.period_start and figure.change_previous == "worse"

    def shown(self, metric_id: str, value: Decimal | None, like: Decimal) -> float | None:
        if value is None:
            return None
        return float(value / self.words.divisor(like, self.bundle.metric(metric_id).unit))

    def value_axis(self, metric_id: str, like: Decimal) -> Declared:
        unit = self.bundle.metric(metric_id).unit
        if unit == "rate":
            return {"tickCount": 3, "labelExpr": "format(datum.value * 100, '~g') + '%'"}
        for step, word in self.words.large:
            if like >= step:
                return {"tickCount": 3, "labelExpr": f"format(datum.value / {step}, '~g') + '{NBSP}{word}'"}
        return {"tickCount": 3, "format": "~s" if like >= 10000 else ",~f"}

    def names_axis(self, rows: Rows, padding: int = 8) -> Declared:
        """Names in the order of the rows."""
        limit = vega.limit((row["name"] for row in rows), 120)
        axis = {**NAMES_AXIS, "labelLimit": limit, "labelPadding": padding}
        return vega.name("name", sort=None, axis=axis, title=None)

    def month(self, month: date) -> str:
        return self.words.period_short(self.bundle.spec.schedule, month)

    def period(self, first: date) -> str:
        return self.words.period(self.bundle.spec.schedule, first)

    def declared(
        self,
        chart: Declared,
        spec: ChartSpec,
        said: list[str],
        *,
        note: str,
        width: Width,
        table: Listing,
        is_tabulated: bool = False,
        sized: bool = False,
        padding: int = 2,
    ) -> Chart:
        """The drawing of a chart under the title of its specification; its text alternative says what it shows."""
        title = self.words.say(spec.title)
        alt_text = title + self.words.say(": ") + self.words.join(said)
        return self.finish(
            chart,
            title=title,
            note=note,
            alt_text=alt_text,
            width=width,
            table=table,
            is_tabulated=is_tabulated,
            sized=sized,
            padding=padding,
        )

    def finish(
        self,
        chart: Declared,
        *,
        title: str,
        note: str,
        alt_text: str,
        width: Width,
        table: Listing,
        is_tabulated: bool = False,
        sized: bool = False,
        padding: int = 2,
    ) -> Chart:
        self.drawn += 1
        fit = {} if sized else {"autosize": {"type": "fit", "contains": "padding"}}
        schema = "https://vega.github.io/schema/vega-lite/v6.json"
        compiled = _compiled(json.dumps({"$schema": schema, **chart, **fit, "padding": padding, "config": CONFIG}))
        data = [
            {**kept, "values": self.rows[kept["name"]]} if kept["name"] in self.rows else kept
            for kept in compiled["data"]
        ]
        self.rows = {}
        drawing = json.dumps({**compiled, "data": data})
        return Chart(title, note, alt_text, width, table, is_tabulated, drawing, f"c{self.drawn}")


def printable(figures: Iterable[Figure]) -> list[Figure]:
    """Those of the figures that are known and rest on enough cases to be drawn."""
    return [figure for figure in figures if figure.value is not None and figure.status != "too_few"]


def comparable(figures: Iterable[Figure]) -> list[Figure]:
    """Those that may stand on one line over time: half a window beside a whole one would rise by itself."""
    return [figure for figure in figures if figure.status != "short_history"]


@lru_cache(maxsize=MAX_SHAPES)
def _compiled(shape: str) -> Declared:
    """A chart of Vega-Lite without its rows as Vega. Charts of one shape stand in all reports of a month."""
    compiled: Declared = vl_convert.vegalite_to_vega(read(shape))
    return compiled
