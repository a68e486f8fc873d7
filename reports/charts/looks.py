"""Colours, fonts and axes that all charts have in common."""

from __future__ import annotations

from typing import Any

INK = "#1d2b3a"
MUTED = "#66727f"
RULE = "#d7dde3"
DATA = "#3f6186"  # measured figures
DATA_PALE = "#c9d6e4"  # their intervals
ACCENT = "#c2410c"  # what calls for attention, always with a word or shape beside it
FONT = "Noto Sans SC"  # that charts are measured with
FONTS = "system-ui, -apple-system, Segoe UI, Roboto, PingFang SC, Microsoft YaHei, Noto Sans SC, sans-serif"


CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "aria": False,
    "view": {"stroke": None},
    "title": {"anchor": "start", "fontSize": 10, "fontWeight": "normal", "color": INK, "offset": 4},
    "axis": {
        "labelLimit": 0,  # a limit has each text measured three times: see vega.limit
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 10,
        "titleFontSize": 10,
        "titleFontWeight": "normal",
        "domainColor": RULE,
        "tickColor": RULE,
        "gridColor": "#eceff2",
    },
}

NAMES_AXIS: dict[str, Any] = {"domain": False, "ticks": False, "labelFontSize": 11}
