"""A bundle as one self-contained HTML file, and that as a PDF. Texts come from story.py, drawings from charts.py."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, partial
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import jinja2
import weasyprint
from jinja2.ext import Extension
from markupsafe import Markup
from PIL import ImageFont
from pylopdf_fonts_zh_cn import sans_path
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from reports.bundle import Bundle, Figure, Table, write_whole
from reports.charts import Chart, Draw
from reports.language import DASH, LANGUAGES, Language, LanguageCode, language, plain
from reports.registry import FOLDER, ColumnSpec, TableSpec, report
from reports.story import Teller

MOST_LOADS = 60  # rows of the table of loads; WeasyPrint is slow on long tables
MEASURED_AT = 100  # font size in pixels at which widths are taken
FONT_URL = "kefu-font:sans"
PDF_STYLE = f"""
@font-face {{ font-family: "Kefu Sans"; src: url("{FONT_URL}"); }}
:root {{ --sans: "Kefu Sans"; }}
"""


@dataclass(frozen=True)
class Row:
    """One printed line of a table of figures."""

    label: str
    value: str
    interval: str
    n: str
    target: str
    status: str  # met, missed, too_few, no_target: picks the mark
    status_text: str
    previous: str
    change_previous: str  # better, worse, changed, no_clear_change or empty: picks the mark
    year_ago: str
    change_year_ago: str


@dataclass(frozen=True)
class PrintedTable:
    """A table with a shape of its own."""

    title: str
    columns: tuple[tuple[str, bool], ...]  # heading, and whether numbers stand below it
    rows: tuple[tuple[str, ...], ...]
    more: int


@dataclass(frozen=True)
class Area:
    """One page of figures."""

    id: str
    title: str
    rows: tuple[Row, ...]
    bands: tuple[tuple[Chart, ...], ...]  # charts that stand side by side
    tables: tuple[PrintedTable, ...]
    absent: str  # labels of the figures that nobody supplied


@dataclass(frozen=True)
class Tile:
    """A headline figure of the first page."""

    row: Row
    chart: Chart | None


def render_html(bundle: Bundle, code: LanguageCode) -> str:
    """The report as one HTML file: style and charts inline, no script, nothing fetched."""
    return environment(bundle.report, code).get_template("report.html.j2").render(_view(bundle, language(code)))


def render_pdf(page: str, fetcher: URLFetcher | None = None) -> bytes:
    """A page of render_html as a PDF, fonts embedded, the same bytes each time. Raises
    ValueError if the page asks for anything to be fetched."""
    fetch = fetcher or ClosedFetcher()
    fonts = FontConfiguration()
    style = weasyprint.CSS(string=PDF_STYLE, font_config=fonts, url_fetcher=fetch)
    document = weasyprint.HTML(string=_ANCHORED.sub(_shifted, page), url_fetcher=fetch)
    try:
        pdf: bytes = document.write_pdf(stylesheets=[style], font_config=fonts, pdf_tags=True)
    except FatalURLFetchingError as error:  # a BaseException, which would end the process
        raise ValueError(f"a report fetches nothing, but its page asks for it: {error}") from error
    return pdf


def write_report(bundle: Bundle, folder: Path, codes: Sequence[LanguageCode] = LANGUAGES) -> list[Path]:
    """Write <language>/report.html and report.pdf below the folder, each whole or not at all, and give their paths.

    A process per language: drawing and typesetting are pure Python and keep a core busy each.
    """
    with ProcessPoolExecutor(len(codes), mp_context=get_context("spawn")) as pool:
        return [path for paths in pool.map(partial(_write_language, bundle, folder), codes) for path in paths]


def _write_language(bundle: Bundle, folder: Path, code: LanguageCode) -> list[Path]:
    page = render_html(bundle, code)
    (folder / code).mkdir(parents=True, exist_ok=True)
    contents = {folder / code / "report.html": page.encode(), folder / code / "report.pdf": render_pdf(page)}
    for path, content in contents.items():
        write_whole(path, content)
    return list(contents)


class ClosedFetcher(URLFetcher):  # type: ignore[misc]
    """Gives the packaged font and data: URLs, and nothing else: no file, no network."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if url == FONT_URL:
            return URLFetcherResponse(url, _font(), {"Content-Type": "font/otf"})
        return super().fetch(url, headers)


@cache
def _font() -> bytes:
    return sans_path().read_bytes()


# WeasyPrint makes a transparency group of every text of an SVG that is anchored at its middle or end, and PDFium, which
# draws in browsers, cuts the first letter of such a group. The font is known, so it starts where it should.
_ANCHORED = re.compile(r'<text text-anchor="(middle|end)"([^>]*) font-size="([\d.]+)px"([^>]*)>([^<]*)</text>')


def _shifted(match: re.Match[str]) -> str:
    anchor, before, size, after, text = match.groups()
    width = _measure().getlength(html.unescape(text)) / MEASURED_AT * float(size)
    shift = width if anchor == "end" else width / 2
    return f'<text dx="{-shift:.3f}"{before} font-size="{size}px"{after}>{text}</text>'


@cache
def _measure() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(sans_path(), MEASURED_AT, layout_engine=ImageFont.Layout.BASIC)


def _view(bundle: Bundle, words: Language) -> dict[str, Any]:
    """Everything the template prints, as text."""
    teller, draw = Teller(bundle, words), Draw(bundle, words)
    printed_ids = {figure.metric_id for figure in bundle.figures}
    loads = sorted(
        bundle.loads, key=lambda load: (not load.is_stale, -load.rows_quarantined - load.rows_refused, load.entity)
    )
    return {
        "lang": words.code,
        "title": words.say(bundle.spec.title),
        "company": teller.scope_name("company", ""),
        "scope": None
        if bundle.scope.type == "company"
        else f"{words.name(bundle.scope.type)} {teller.scope_name(bundle.scope.type, bundle.scope.id)}",
        "month": words.month(bundle.month),
        "meta": bundle.meta,
        "as_of": words.day(bundle.meta.as_of),
        "known_at": words.day(bundle.meta.known_at),
        "hash": bundle.sha256[:12],
        "story": teller.story(),
        "tiles": [
            Tile(printed(teller, figure), next(iter(draw.sparkline(metric_id)), None))
            for metric_id in bundle.spec.headlines
            if (figure := bundle.figure(metric_id))
        ],
        "areas": [
            Area(
                id=area.id,
                title=words.say(area.title),
                rows=tuple(printed(teller, figure) for metric in area.metrics if (figure := bundle.figure(metric))),
                bands=_bands([chart for spec in area.charts for chart in draw.charts(spec)]),
                tables=tuple(
                    printed_table(teller, spec, table)
                    for spec in area.tables
                    for table in bundle.tables
                    if (table.id, table.title) == (spec.id, spec.title)
                ),
                absent=words.join([teller.label(metric) for metric in area.metrics if bundle.figure(metric) is None]),
            )
            for area in bundle.spec.areas
        ],
        "loads": loads[:MOST_LOADS],
        "more_loads": max(0, len(loads) - MOST_LOADS),
        "stale": [load for load in loads if load.is_stale],
        "count": words.count,
        "day": words.day,
        "plain": plain,
        "definitions": [
            (teller.label(m.metric_id), teller.definition(m.metric_id))
            for m in bundle.metrics
            if m.metric_id in printed_ids
        ],
        "min_n": words.count(bundle.meta.min_n),
    }


def _bands(charts: list[Chart]) -> tuple[tuple[Chart, ...], ...]:
    """Neighbours of one width in rows of as many as fit."""
    fitting = {"third": 3, "half": 2, "full": 1}
    runs = (list(run) for _, run in groupby(charts, key=lambda chart: chart.width))
    return tuple(
        tuple(run[i : i + fitting[run[0].width]]) for run in runs for i in range(0, len(run), fitting[run[0].width])
    )


def printed(teller: Teller, figure: Figure) -> Row:
    """A figure as the tables print it."""
    words = teller.words
    metric = teller.bundle.metric(figure.metric_id)
    few = figure.status == "too_few"

    def number(value: Any) -> str:
        return words.figure(value, metric.unit, teller.bundle.meta.currency, like=figure.value)

    marks = {
        "met": words.say("met"),
        "missed": words.say("missed"),
        "too_few": words.say("too few to say"),
        "no_target": "",
        None: "",
    }
    return Row(
        label=teller.label(figure.metric_id),
        value=words.say("too few to say") if few else number(figure.value),
        interval=DASH if few else teller.interval(figure),
        n=DASH if figure.n is None else words.count(figure.n),
        target=number(figure.target),
        status=figure.status or "no_target",
        status_text=marks[figure.status],
        previous=DASH if few else number(figure.previous),
        change_previous="" if few else figure.change_previous or "",
        year_ago=DASH if few else number(figure.year_ago),
        change_year_ago="" if few else figure.change_year_ago or "",
    )


def printed_table(teller: Teller, spec: TableSpec, table: Table) -> PrintedTable:
    """A table of the bundle as text."""
    words, currency = teller.words, teller.bundle.meta.currency

    shown = [column for column in spec.columns if column.language in (None, words.code)]

    def text(column: ColumnSpec, value: str | None, n: str | None) -> str:
        if column.judged and n is not None and int(n) < teller.bundle.meta.min_n:
            return words.say("too few to say")
        if value is None:
            return DASH
        match column.unit:
            case "code":
                return teller.value_name(column.name, value)
            case "metric":
                known = {metric.metric_id for metric in teller.bundle.metrics}
                return teller.label(value) if value in known else words.name(value)
            case "date":
                return words.day(date.fromisoformat(value))
            case "text":
                return plain(value)
            case unit:
                return words.figure(Decimal(value), unit, currency)

    def line(*values: str | None) -> tuple[str, ...]:
        cells = zip(spec.columns, values, strict=False)  # the last value is n, which is no column
        return tuple(text(column, value, values[-1]) for column, value in cells if column in shown)

    return PrintedTable(
        title=words.say(spec.title),
        columns=tuple((words.say(column.title), column.is_number) for column in shown),
        rows=tuple(line(*row) for row in table.rows),
        more=table.total - len(table.rows),
    )


@cache
def environment(report_id: str, code: LanguageCode) -> jinja2.Environment:
    """Templates of a report (of none: the common ones) in one language: escaped, strict about unknown names."""
    folders = [*([report(report_id).folder / "templates"] if report_id else []), FOLDER / "templates"]
    i18n: Sequence[str | type[Extension]] = ["jinja2.ext.i18n"]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=jinja2.StrictUndefined,
        extensions=i18n,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(language(code).translations, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["style"] = Markup((FOLDER / "styles" / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return environment
