"""A chart as an SVG or a PNG, with what is said of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal

import vl_convert
from markupsafe import Markup, escape
from pylopdf_fonts_zh_cn import sans_path

from reports.charts.looks import FONT, FONTS
from reports.text.layout import Listing

Width = Literal["third", "half", "full"]  # of the text block


@dataclass(frozen=True)
class Chart:
    """A chart: what is said of it, and its drawing, made when it is asked for."""

    title: str
    note: str  # latest figure, or what the marks mean
    alt: str
    width: Width
    table: Listing  # the figures it is drawn from
    is_tabulated: bool  # the page prints that table beside it, or the drawing has every number of it
    vega: str = field(repr=False)  # the drawing, rows and all; a text, for pictures are kept by chart
    prefix: str  # of its ids, for all charts of a report stand in one document

    @cached_property
    def svg(self) -> Markup:
        """An SVG element that tells its text alternative, in a browser and as a figure of a tagged PDF."""
        with_font()
        svg = vl_convert.vega_to_svg(read(self.vega)).replace(f'font-family="{FONT}"', f'font-family="{FONTS}"')
        # one picture with one text: Vega calls each group of marks a graphics symbol, of which nothing is said
        svg = re.sub(r' role="graphics-\w+"| aria-roledescription="[\w ]*"', "", svg)
        svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{self.prefix}-", svg)
        says = f"{self.prefix}-says"
        svg = svg.replace("<svg ", f'<svg role="img" aria-labelledby="{says}" focusable="false" ', 1)
        svg = svg.replace(">", f'><title id="{says}">{escape(self.alt)}</title>', 1)
        return Markup(svg)  # noqa: S704 - vl-convert escapes all text; a test feeds it markup


def png(chart: Chart, scale: float = 2.0) -> bytes:
    """The drawing as a PNG on white, for mail readers that show no SVG; `scale` is pixels per CSS pixel."""
    with_font()
    image: bytes = vl_convert.vega_to_png({**read(chart.vega), "background": "white"}, scale=scale)
    return image


@cache
def with_font() -> None:
    """Let vl-convert measure and draw text with the font of the PDF."""
    vl_convert.register_font_directory(str(sans_path().parent))


def read(declared: str) -> Any:
    """A declaration as vl-convert wants it: of a text it reads some numbers wrong by their last bit."""
    return json.loads(declared)
