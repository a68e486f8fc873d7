"""A bundle as one self-contained HTML file, and that as a PDF. Texts come from text/, drawings from charts/."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import jinja2
import typst
from fontTools.ttLib import TTFont
from jinja2.ext import Extension
from markupsafe import Markup
from pylopdf_fonts_zh_cn import sans_path

from foundation.languages import LanguageCode
from foundation.seals import seal_of, write_seal
from reports.bundle.model import Bundle
from reports.bundle.store import read_bundle, write_atomically
from reports.charts.chart import Chart
from reports.charts.renderer import ChartRenderer
from reports.registry import FOLDER, AreaSpec, report
from reports.text import provenance
from reports.text.language import Language, language, plain
from reports.text.layout import Listing, paddings
from reports.text.story import story
from reports.text.tables import Row, members_table, printed, printed_table
from reports.text.wording import Wording

BOX = "□"  # for a character that the font lacks
MAX_RENDERINGS = 60  # by one process
FEWEST_ROWS, MOST_ROWS = 6, 14  # of an area's page in the summary

Part = Literal["whole", "summary", "appendix"]  # of a report on paper

Block = Chart | Listing
Band = tuple[Block, ...]  # blocks that stand side by side


@dataclass(frozen=True)
class Tile:
    """A figure with the line of its last periods."""

    row: Row
    chart: Chart | None


@dataclass(frozen=True)
class Area:
    """One page of figures, or a part of one."""

    id: str
    title: str
    opening: tuple[Band, ...]  # before the table of figures
    lines: tuple[Tile, ...]
    bands: tuple[Band, ...]  # after it
    absent: str  # labels of the figures of which there was no case
    not_supplied: str  # and of those of which nobody sends what they stand on
    summary: frozenset[int] = frozenset()  # places of the rows that the summary prints; empty: it has no page there

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(line.row for line in self.lines)


def render_html(bundle: Bundle, code: LanguageCode) -> str:
    """The report as one HTML file: style and charts inline, no script, nothing fetched."""
    return environment(bundle.report, code).get_template("report.html.j2").render(_view(bundle, language(code)))


def render_pdf(page: str, part: Part = "whole") -> bytes:
    """A page of render_html, or a part of it, as a PDF/UA, the packaged font embedded, the same bytes each time.

    The summary has the story, targets and exceptions, and a page for each area that the page marks for it; the appendix
    has all but the story. Raises ValueError if the page is not well formed, has an element that styles/report.typ does
    not set, or asks for anything to be fetched.
    """
    strange = {ord(character): BOX for character in set(page) - _characters() if not character.isspace()}
    try:
        return typst.compile(
            FOLDER / "styles" / "report.typ",
            font_paths=_fonts(),
            sys_inputs={"page": page.translate(strange), "part": part},
            pdf_standards="ua-1",
            timestamp=0,  # else the time of making is written into the file
        )
    except typst.TypstError as error:
        raise ValueError(f"the page cannot be set as a PDF: {error.message}") from error


@dataclass(frozen=True)
class Rendering:
    """What one reader needs: an issued bundle in a language, as a PDF too where one is wanted."""

    path: Path  # of the bundle; the files lie in a folder of the language beside it
    code: LanguageCode
    pdf: bool = True


def write_reports(renderings: Sequence[Rendering], workers: int = 2) -> list[Path]:
    """Write <language>/report.html, report.pdf and appendix.pdf beside the bundles, each whole or not at all, and give
    their paths.

    In processes that serve all of them: drawing and typesetting are pure Python and keep a core busy each. One that has
    done a number of them is replaced, so that memory stays flat. Raises BundleDamagedError when a bundle is not what
    was written.
    """
    if not renderings:
        return []
    pool = ProcessPoolExecutor(
        min(workers, len(renderings)), mp_context=get_context("spawn"), max_tasks_per_child=MAX_RENDERINGS
    )
    with pool:
        return [path for paths in pool.map(write_rendering, renderings) for path in paths]


def write_rendering(wanted: Rendering) -> list[Path]:
    """Write one rendering and give its paths. A PDF that nobody wants any more would be an old one, so it goes."""
    bundle = read_bundle(wanted.path)
    page = render_html(bundle, wanted.code)
    folder = wanted.path.parent / wanted.code
    folder.mkdir(parents=True, exist_ok=True)
    contents = {folder / "report.html": page.encode()}
    parts: dict[str, Part] = {"report.pdf": "whole"}
    if bundle.spec.summary_pages:
        parts = {"report.pdf": "summary", "appendix.pdf": "appendix"}
    if wanted.pdf:
        contents |= {folder / name: render_pdf(page, part) for name, part in parts.items()}
    for old in {folder / "report.pdf", folder / "appendix.pdf"} - contents.keys():
        old.unlink(missing_ok=True)
        seal_of(old).unlink(missing_ok=True)
    for path, content in contents.items():
        write_atomically(path, content)
        write_seal(path, hashlib.sha256(content).hexdigest())
    return list(contents)


@cache
def _characters() -> frozenset[str]:
    """What the font can draw: a PDF/UA may hold nothing else."""
    with TTFont(sans_path(), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@cache
def _fonts() -> typst.Fonts:
    """The packaged font and none of the machine's: the same bundle gives the same PDF everywhere."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(sans_path().parent)])


def _view(bundle: Bundle, words: Language) -> dict[str, Any]:
    """Everything the template prints, as text."""
    wording, draw = Wording(bundle, words), ChartRenderer(bundle, words)
    areas = _summarised([_area(area, wording, draw) for area in bundle.spec.areas], bundle.spec.summary_pages)
    return {
        "lang": words.code,
        "title": words.say(bundle.spec.title),
        "company": wording.scope_name("company", ""),
        "scope": None
        if bundle.scope.type == "company"
        else f"{words.name(bundle.scope.type)} {wording.scope_name(bundle.scope.type, bundle.scope.id)}",
        "month": words.period(bundle.spec.schedule, bundle.period_start),
        "meta": bundle.meta,
        "as_of": words.day(bundle.meta.as_of),
        "known_at": words.day(bundle.meta.known_at),
        "currency": words.currency(bundle.meta.currency),
        "hash": bundle.mark,
        "story": story(wording),
        "headlines": lambda: _lines(bundle.headlines, wording, draw),  # drawn only where a template asks
        "areas": areas,
        "has_appendix": bundle.spec.summary_pages > 0,
        "only_in_appendix": words.join([area.title for area in areas if not area.summary]),
        "overview": [chart for spec in bundle.spec.overview for chart in draw.charts(spec)],
        "exceptions": provenance.exceptions(wording),
        "contributions": provenance.contributions(wording),
        "quality": provenance.quality(wording),
        "loads": provenance.loads(wording),
        "stale": [load for load in bundle.loads if load.is_stale],
        "not_supplied": words.join([words.name(entity) for entity in bundle.not_supplied]),
        "unmet": provenance.unmet(wording),
        "warnings": provenance.warnings(wording),
        "withheld": provenance.withheld(wording),
        "restatements": provenance.restatements(wording),
        "revision": bundle.revision,
        "small_cell": words.count(bundle.meta.small_cell),
        "day": words.day,
        "plain": plain,
        "definitions": _definitions(wording),
        "min_n": words.count(bundle.meta.min_n),
    }


def _lines(metrics: Sequence[str], wording: Wording, draw: ChartRenderer | None) -> tuple[Tile, ...]:
    """The figures that there are of these metrics, with their last periods where they are to be drawn."""
    return tuple(
        Tile(printed(wording, figure), next(iter(draw.sparkline(metric)), None) if draw else None)
        for metric in metrics
        if (figure := wording.bundle.figure(metric))
    )


def _area(area: AreaSpec, wording: Wording, draw: ChartRenderer) -> Area:
    """A page: small multiples, the table of figures, then charts and tables, those of one matter beside each other."""
    words, bundle = wording.words, wording.bundle
    unmet = {need.metric_id for need in bundle.unmet}
    tables = {
        spec.title: printed_table(wording, spec, table)
        for spec in area.tables
        for table in bundle.tables
        if (table.id, table.title) == (spec.id, spec.title)
    }
    opening: list[Block] = []
    blocks: list[Block] = []
    for spec in area.charts:
        charts = draw.charts(spec)
        (opening if spec.kind == "trends" else blocks).extend(charts)
        if charts and spec.table in tables:
            table = tables.pop(spec.table)
            blocks += [table] if charts[0].is_tabulated else []
    blocks += tables.values()
    blocks += [listed for members in area.members if (listed := members_table(wording, members))]
    return Area(
        id=area.id,
        title=words.say(area.title),
        opening=_bands(opening),
        lines=_lines(area.metrics, wording, draw if area.sparklines else None),
        bands=_bands(blocks),
        absent=words.join([wording.label(m) for m in area.metrics if bundle.figure(m) is None and m not in unmet]),
        not_supplied=words.join([wording.label(m) for m in area.metrics if bundle.figure(m) is None and m in unmet]),
    )


def _summarised(areas: Sequence[Area], most_pages: int) -> list[Area]:
    """The areas, with the rows that the summary prints of those that have most to tell.

    Two pages are the story and the targets. A page has what stands out, and further figures where that is little: of a
    first month, with nothing to compare, they are all there is.
    """
    prominent = {area.id: _prominent(area.rows) for area in areas if area.rows}
    chosen = sorted(prominent, key=lambda area_id: -len(prominent[area_id]))[: max(most_pages - 2, 0)]
    return [
        replace(area, summary=_summary_rows(len(area.rows), prominent[area.id])) if area.id in chosen else area
        for area in areas
    ]


def _prominent(rows: Sequence[Row]) -> list[int]:
    """Places of the rows that stand out, the most prominent first."""
    ranked = sorted(range(len(rows)), key=lambda place: -rows[place].prominence)
    return [place for place in ranked if rows[place].prominence]


def _summary_rows(count: int, prominent: Sequence[int]) -> frozenset[int]:
    """Places of the rows that are printed, of so many."""
    first = [*prominent[:MOST_ROWS], *(place for place in range(count) if place not in prominent)]
    return frozenset(first[: max(FEWEST_ROWS, min(len(prominent), MOST_ROWS))])


def _definitions(wording: Wording) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What each printed figure means and is made of, by area; a figure of several areas once."""
    printed_ids = {figure.metric_id for figure in wording.bundle.figures}
    reported: set[str] = set()
    groups = []
    for area in wording.bundle.spec.areas:
        ids = dict.fromkeys((*area.metrics, *(drawn for chart in area.charts for drawn in chart.drawn)))
        new = [metric_id for metric_id in ids if metric_id in printed_ids - reported]
        groups.append((wording.words.say(area.title), [_defined(wording, m) for m in new]))
        reported |= set(new)
    rest = [m.metric_id for m in wording.bundle.metrics if m.metric_id in printed_ids - reported]
    groups.append((wording.words.say("Further figures"), [_defined(wording, m) for m in rest]))
    return [group for group in groups if group[1]]


def _defined(wording: Wording, metric_id: str) -> tuple[str, str, str]:
    return wording.label(metric_id), wording.definition(metric_id), wording.made_of(metric_id)


FITTING = {"third": 3, "half": 2, "full": 1}


def _bands(blocks: Sequence[Block]) -> tuple[Band, ...]:
    """Blocks in rows of as many of one width as fit; a half one waits for the next, so that no row is half empty."""
    bands: list[list[Block]] = []
    open_bands: dict[str, list[Block]] = {}
    for block in blocks:
        band = open_bands.get(block.width)
        if band is None:
            band = open_bands[block.width] = []
            bands.append(band)
        band.append(block)
        if len(band) == FITTING[block.width]:
            del open_bands[block.width]
    return tuple(map(tuple, bands))


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
    environment.filters["paddings"] = paddings
    environment.globals["style"] = Markup((FOLDER / "styles" / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return environment
