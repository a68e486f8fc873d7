"""What people see: texts against golden files, pages without holes, strangers' strings that stay strings."""

from __future__ import annotations

import ctypes
import html
import io
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import jinja2
import pypdfium2
import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError
from PIL import Image
from pypdfium2 import raw

from foundation.contract import contract
from foundation.declarations import metrics, models
from foundation.languages import LANGUAGES, LanguageCode
from reports.bundle.model import Bundle
from reports.bundle.store import write_bundle
from reports.charts import canvas
from reports.charts.chart import png
from reports.charts.looks import ACCENT, DATA, FONTS, INK, RULE
from reports.charts.renderer import KINDS, ChartRenderer
from reports.page.render import Part, Rendering, environment, render_html, render_pdf, write_reports
from reports.registry import FOLDER, report, reports
from reports.text.catalogue import messages, template, untranslated, update
from reports.text.language import LONGEST_DEFINITION, catalogue_path, language
from reports.text.layout import FULL, THIRD, listing, paddings, width
from reports.text.terms import TERMS

Pages = dict[LanguageCode, str]
HOSTILE = "</style></svg><script>alert(1)</script>\u202egnp.exe\x00'\"&" + "W" * 5000


def visible(page: str) -> str:
    """The text of a page, a line per block."""
    body = re.sub(r"<style>.*?</style>|<head>.*?</head>", "", page, flags=re.S)
    body = re.sub(r'<svg.*?</svg>|<details class="behind">.*?</details>', "", body, flags=re.S)
    body = re.sub(r"</(p|h\d|li|tr|dt|dd|figcaption|div)>", "\n", body)
    lines = (" ".join(html.unescape(re.sub(r"<[^>]+>", " ", line)).split()) for line in body.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_text_of_the_page(pages: Pages, code: LanguageCode, golden: Callable[[str, str], None]) -> None:
    golden(f"report.{code}.txt", visible(pages[code]))


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_every_message_is_translated(code: LanguageCode) -> None:
    known = {(message.context, message.id) for message in update(code)}
    assert len(known) > 1000
    assert known == {(message.context, message.id) for message in template()}
    assert untranslated(update(code)) == []


def test_catalogues_hold_the_messages_of_today() -> None:
    """Fails when someone changes a text and forgets `python -m reports.text.catalogue`."""
    said = {(message.context, message.text) for message in messages()}
    for code in LANGUAGES[1:]:
        with catalogue_path(code).open("rb") as source:
            there = {(message.context, message.id) for message in read_po(source) if message.id}
        assert there == said


def test_the_page_needs_nothing_else(pages: Pages) -> None:
    page = pages["en"]
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!#)', page)
    assert "url(" not in re.sub(r"url\(#[^)]*\)", "", page)
    assert "@import" not in page


def test_ids_of_charts_are_unique(pages: Pages) -> None:
    """Vega numbers its clip paths from 0 in every chart; two alike in one page would cut the wrong chart."""
    ids = re.findall(r'\bid="([^"]+)"', pages["en"])
    assert len(ids) == len(set(ids))


def test_every_chart_says_what_it_shows(pages: Pages) -> None:
    page = pages["zh-CN"]
    alternatives = re.findall(r'<svg role="img" aria-labelledby="(\S+)" [^>]*><title id="\1">([^<]*)</title>', page)
    assert len(alternatives) == page.count("<svg") > 10
    assert all(len(text) > 10 for _, text in alternatives)


def test_every_chart_has_its_figures_as_a_table(bundle: Bundle) -> None:
    """Who cannot see a chart reads its numbers: folded below it, or printed beside it."""
    draw = ChartRenderer(bundle, language("en"))
    drawn = [(spec, chart) for spec in bundle.spec.charts for chart in draw.charts(spec)]
    assert {spec.kind for spec, _ in drawn} == set(KINDS)
    for spec, chart in drawn:
        assert len(chart.table.columns) > 1, spec
        assert chart.table.rows, spec
    page = render_html(bundle, "en")
    folded = re.findall(r'<details class="behind">.*?</details>', page, flags=re.S)
    assert len(folded) == page.count("<svg") - sum(chart.is_tabulated for _, chart in drawn)
    assert all(table.count("<tr>") > 1 for table in folded)


@pytest.mark.slow
def test_charts_are_declared_as_vega_lite_has_it(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not of the schema is passed over when a chart is drawn: a misspelt property would go unseen."""
    shapes: list[str] = []
    monkeypatch.setattr(canvas, "_compiled", lambda shape: shapes.append(shape) or {"data": []})
    draw = ChartRenderer(bundle, language("en"))
    drawn = [chart for spec in bundle.spec.charts for chart in draw.charts(spec)] + draw.sparkline("csat")
    assert len(shapes) == len(drawn)
    for shape in shapes:
        alt.Chart.from_dict(json.loads(shape))
    with pytest.raises(ValidationError):
        alt.Chart.from_dict({"mark": {"type": "line", "strokeWide": 2}, "data": {"name": "rows_0"}})


def test_texts_of_charts_are_set_in_the_fonts_of_the_page(pages: Pages) -> None:
    assert set(re.findall(r'font-family="([^"]*)"', pages["en"])) == {FONTS}


def test_a_chart_is_a_picture_for_a_mail(bundle: Bundle) -> None:
    """Mail readers show no SVG. The same chart gives the same bytes."""
    chart = ChartRenderer(bundle, language("zh-CN")).sparkline("csat")[0]
    picture = png(chart)
    assert picture == png(chart)
    image = Image.open(io.BytesIO(picture))
    assert (image.format, image.width) == ("PNG", 2 * THIRD)
    assert len(picture) < 20_000


def hostile(bundle: Bundle) -> Bundle:
    """Every place a string from outside is printed, a few times each: layout of such strings is slow."""
    wild = {"label": HOSTILE, "definition": HOSTILE}
    metrics = tuple(m.model_copy(update=wild) if m.metric_id in {"csat", "sla", "tiers"} else m for m in bundle.metrics)
    figures = tuple(
        f.model_copy(update={"scope_id": f"demo:{HOSTILE}"}) if f.scope_id == "demo:S07" else f for f in bundle.figures
    )
    loads = tuple(load.model_copy(update={"source_system": HOSTILE}) for load in bundle.loads)
    meta = bundle.meta.model_copy(update={"company": HOSTILE})
    return bundle.model_copy(update={"metrics": metrics, "figures": figures, "loads": loads, "meta": meta})


def test_strings_from_outside_stay_strings(bundle: Bundle) -> None:
    page = render_html(hostile(bundle), "en")
    assert "alert(1)" in page
    assert "<script" not in page
    assert page.count("</style>") == 1
    assert page.count("</svg>") == page.count("<svg")
    assert not set(page) & {"\u202e", "\x00"}
    assert "W" * LONGEST_DEFINITION not in page


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        environment("service_quality", "en").from_string("{{ no_such_name }}").render()


def test_fewer_cases_than_needed_say_nothing(pages: Pages) -> None:
    """servqual rests on 18 answers: no value, no interval, no trend, no colour."""
    text = visible(pages["en"])
    assert "SERVQUAL gap (weighted)\ntoo few to say\n–\n18\n–\n–\n–\n" in text


@pytest.mark.parametrize("areas", [("service",), ("customer", "lifecycle", "loyalty")])
def test_a_company_that_supplies_little_gets_a_report(sparse: Callable[..., Bundle], areas: tuple[str, ...]) -> None:
    text = visible(render_html(sparse(*areas), "en"))
    named = "Customer satisfaction (CSAT), CSAT response rate, Net promoter score (NPS)"
    assert f"Not supplied (what to send is listed under Data behind the figures): {named}" in text
    assert "satisfaction.column Customer satisfaction (CSAT), Net promoter score (NPS), CSAT response rate" in text
    supplied = "Service level\n88.4%" if "service" in areas else "Repurchase rate\n46.2%"
    assert supplied in text


def test_calm_months_claim_nothing(sparse: Callable[..., Bundle]) -> None:
    text = visible(render_html(sparse("customer"), "en"))
    assert (
        "There is nothing to compare with yet. Known best: completeness of customer profiles, 71.0% (n = 4,870)."
        in text
    )
    assert "Nothing in the figures calls for action." in text


def test_minutes_read_as_hours_when_long() -> None:
    words = language("en")
    assert words.figure(Decimal("96"), "minutes", "CNY") == "96.0\u00a0min"
    assert words.figure(Decimal("1510"), "minutes", "CNY") == "25.2\u00a0h"
    assert words.figure(Decimal("90"), "minutes", "CNY", like=Decimal("1510")) == "1.5\u00a0h"
    assert words.figure(Decimal("1234.5"), "money", "CNY") == "CNY\u00a01,234"
    assert words.figure(Decimal("0.00042"), "rate", "CNY") == "0.04%"
    assert words.figure(Decimal("-0.42"), "score", "CNY") == "−0.42"
    assert words.figure(None, "rate", "CNY") == "–"


@cache
def declared(schedule: str) -> dict[str, dict[str, Any]]:
    """The metrics of the models' yml by id, of months or of days."""
    found = (
        metric
        for _, model in models("")
        for metric in metrics(model, "metrics" if schedule == "monthly" else "daily_metrics")
    )
    return {metric.get("id", metric.get("like")): metric for metric in found}


def test_every_metric_of_a_report_is_declared_by_a_model() -> None:
    for spec in reports().values():
        assert {*spec.metrics, *spec.drawn_metrics, *spec.advice} - set(declared(spec.schedule)) == set()


def test_entities_and_dimensions_have_names_for_readers() -> None:
    """Or a Chinese page tells of agent_shifts and of figures by cause in English."""
    metrics = [*declared("monthly").values(), *declared("daily").values()]
    dimensions = {dimension for metric in metrics for dimension in metric.get("dimensions", [])}
    assert "cause" in dimensions
    assert {*dimensions, *contract()} - set(TERMS) == set()


def test_reports_are_found_by_folder() -> None:
    assert "service_quality" in reports()
    with pytest.raises(ValueError, match="there are daily_digest, service_quality"):
        report("no_such_report")


PARTS: dict[Part, range] = {"whole": range(9, 21), "summary": range(3, 9), "appendix": range(8, 20)}  # pages


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf(bundle: Bundle, pages: Pages, code: LanguageCode, part: Part) -> None:
    """Embedded font only, the same bytes twice, no page blank, no glyph missing."""
    page = pages[code]
    pdf = render_pdf(page, part)
    if code == "en" and part == "summary":
        assert pdf == render_pdf(page, part)
    assert len(pdf) < 3_000_000
    document = pypdfium2.PdfDocument(pdf)
    month = language(code).month(bundle.period_start)
    appendix = language(code).say("Appendix: all figures, tables and definitions")
    assert document.get_metadata_value("Title").endswith(f"{month} · {appendix}" if part == "appendix" else month)
    assert len(document) in PARTS[part]
    assert next(document.get_toc()).get_title() == language(code).say("Monthly service-quality report")
    second = document[0 if part == "appendix" else 1].get_textpage().get_text_range()
    targets = language(code).say("Targets and exceptions")
    assert targets in second if part == "appendix" else second.startswith(targets), "the story is longer than its page"
    for sheet in document:
        text = sheet.get_textpage().get_text_range()
        assert len(text) > 100
        assert "\ufffd" not in text
        width, height = sheet.get_size()
        assert (round(width), round(height)) == (595, 842)
        grey = sheet.render(scale=0.5).to_pil().convert("L")
        ink = sum(grey.histogram()[:200]) / (grey.width * grey.height)
        assert 0.002 < ink < 0.5
        left_right = [grey.crop((0, 0, 12, grey.height)), grey.crop((grey.width - 12, 0, grey.width, grey.height))]
        assert all(edge.getextrema()[0] > 250 for edge in left_right), "something runs out of the text block"
    assert fonts(document) == {"NotoSansSC-Regular"}


def fonts(document: pypdfium2.PdfDocument) -> set[str]:
    """Names of the fonts of all text, each of which must be embedded."""
    names = set()
    for sheet in document:
        for item in sheet.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=4):
            font = raw.FPDFTextObj_GetFont(item.raw)
            assert raw.FPDFFont_GetIsEmbedded(font) == 1
            name = ctypes.create_string_buffer(raw.FPDFFont_GetBaseFontName(font, None, 0))
            raw.FPDFFont_GetBaseFontName(font, name, len(name))
            names.add(name.value.decode().split("+")[-1])
    return names


@pytest.mark.slow
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf_reads_aloud(pages: Pages, code: LanguageCode) -> None:
    """PDF/UA: marked, its language and title told, headings, tables and lists tagged, each drawing with its text."""
    pdf = render_pdf(pages[code])
    said = b"".join(
        zlib.decompressobj().decompress(stream) if stream[:1] == b"x" else stream
        for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, flags=re.S)
    )
    assert re.search(rb"pdfuaid:part(>|=\")1", said)
    assert b"/DisplayDocTitle true" in pdf + said
    document = pypdfium2.PdfDocument(pdf)
    assert raw.FPDFCatalog_IsTagged(document)
    assert pdf_text(raw.FPDFCatalog_GetLanguage, document) == code
    kinds: Counter[str] = Counter()
    silent = []
    for sheet in document:
        tree = raw.FPDF_StructTree_GetForPage(sheet)
        elements = [
            raw.FPDF_StructTree_GetChildAtIndex(tree, i) for i in range(raw.FPDF_StructTree_CountChildren(tree))
        ]
        while elements:
            element = elements.pop()
            if not element:
                continue
            kind = pdf_text(raw.FPDF_StructElement_GetType, element)
            kinds[kind] += 1
            if kind == "Figure" and len(pdf_text(raw.FPDF_StructElement_GetAltText, element)) < 10:
                silent.append(sheet)
            count = raw.FPDF_StructElement_CountChildren(element)
            elements += [raw.FPDF_StructElement_GetChildAtIndex(element, i) for i in range(count)]
        raw.FPDF_StructTree_Close(tree)
    assert silent == []
    assert kinds["Figure"] >= pages[code].count("<svg")
    assert {"H1", "H2", "H3", "P", "L", "Table", "TR", "TH", "TD", "Caption"} <= set(kinds)


def pdf_text(ask: Callable[..., int], about: object) -> str:
    """What PDFium tells of a document or an element."""
    size = ask(about, None, 0)
    reported = (ctypes.c_ushort * (size // 2))()
    ask(about, reported, size)
    return bytes(reported).decode("utf-16-le").rstrip("\0")


@pytest.mark.parametrize("strange", ["한국 매장", "😀 ✿", "𠮷野家", "ไทย", "العربية"])
def test_no_font_of_the_machine_gets_into_a_pdf(strange: str) -> None:
    """Characters that the packaged font lacks (Hangul, Thai, emoji, rare Han) were set in whatever font there was, so
    that the same bundle gave another PDF elsewhere. They are boxes now, everywhere."""
    document = pypdfium2.PdfDocument(render_pdf(paper(f"<p>北京 {strange}</p>")))
    assert document[0].get_textpage().get_text_range().startswith("北京 □")
    assert fonts(document) == {"NotoSansSC-Regular"}


@pytest.mark.slow
def test_hostile_strings_do_not_break_the_pdf(bundle: Bundle) -> None:
    document = pypdfium2.PdfDocument(render_pdf(render_html(hostile(bundle), "en")))
    for sheet in document:
        grey = sheet.render(scale=0.5).to_pil().convert("L")
        assert grey.crop((grey.width - 12, 0, grey.width, grey.height)).getextrema()[0] > 250


@pytest.mark.parametrize("element", ["<img src='file:///etc/hostname'/>", "<object data='http://127.0.0.1:9/x'/>"])
def test_an_element_that_paper_has_no_rule_for_is_refused_by_name(element: str) -> None:
    with pytest.raises(ValueError, match=f"how <{element[1:].split()[0]}> is set on paper"):
        render_pdf(paper(element))


def test_a_page_that_is_not_well_formed_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be set as a PDF: failed to parse XML"):
        render_pdf(paper("<p>torn"))


def test_what_a_page_says_is_never_run_by_the_typesetter() -> None:
    said = '#read("report.typ") $x$ *b* [c] \\u{41} @ref <label> // no'
    document = pypdfium2.PdfDocument(render_pdf(paper(f"<p>{html.escape(said)}</p>")))
    assert document[0].get_textpage().get_text_range().startswith(said)


@pytest.mark.parametrize("address", ["file:///etc/hostname", "/etc/hostname", "x.png", "http://127.0.0.1:9/x.png"])
def test_a_drawing_fetches_nothing(address: str) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
    with pytest.raises(ValueError, match="failed to load linked image"):
        render_pdf(paper(f'{svg}<title>a</title><image href="{address}" width="40" height="40"/></svg>'))


def paper(body: str) -> str:
    """The least page that has a style sheet, a title and a language."""
    head = "<head><title>t</title><style>{{ style }}</style></head>"
    page = environment("", "en").from_string(f"<html lang='en'>{head}<body>{{{{ body | safe }}}}</body></html>")
    return page.render(body=body)


@pytest.mark.slow
def test_a_report_is_written_whole(bundle: Bundle, tmp_path: Path) -> None:
    """Half a file, or a PDF that nobody wants, would lie beside the bundle."""
    path = tmp_path / "bundle.json"
    write_bundle(bundle, path)
    paths = write_reports([Rendering(path, "en"), Rendering(path, "zh-CN", pdf=False)])
    written = ["en/report.html", "en/report.pdf", "en/appendix.pdf", "zh-CN/report.html"]
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == written
    seals = sorted(f"{Path(name).parent}/.{Path(name).name}.sha256" for name in written)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*")) == sorted(written + seals)


@given(
    st.lists(st.sampled_from(["5", "86.6%", "1,405", "CN¥37.67", "12.3 min", "−0.60", "–", "too few to say", "1–2%"]))
)
def test_decimal_points_of_a_column_stand_under_each_other(cells: list[str]) -> None:
    """A reader compares numbers down a column; right-aligned fractions of other lengths would mislead the eye."""
    places = set()
    for cell, padding in zip(cells, paddings(cells), strict=True):
        assert padding >= 0
        if re.fullmatch(r"[^\d]*\d[\d,]*(\.\d+)?\D*", cell):
            behind = re.search(r"(?:\.\d+)?\D*$", cell)
            places.add(round(padding + width(behind.group() if behind else "", 1), 1))
    assert len(places) <= 1


@given(st.lists(st.lists(st.text(max_size=30), min_size=3, max_size=3), max_size=5))
def test_shares_of_columns_fill_the_table(cells: list[list[str]]) -> None:
    made = listing("t", [("a", False), ("bb", True), ("", True)], [tuple(row) for row in cells])
    assert sum(column.share for column in made.columns) == pytest.approx(100, abs=0.1)
    assert all(column.share > 0 for column in made.columns)
    assert [len(row) for row in made.padded] == [3] * len(cells)


def test_a_narrow_page_takes_room_from_texts_that_wrap() -> None:
    """A number or a single word that is cut in two cannot be read."""
    long = "What was promised to the customer and when it was kept"
    made = listing(
        "t",
        [("Scope", False), (long, False), (long, False), *[("n", True)] * 6],
        [("Company", long * 3, long * 3, *["CN¥1,234,567.89"] * 6)],
    )
    assert made.width == "full"
    for column, cell in zip(made.columns, made.rows[0], strict=True):
        longest = max(width(word) for word in cell.split())
        assert column.share / 100 * FULL >= longest


# Machado, Oliveira and Fernandes 2009, severity 1, on linear light
BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


@pytest.mark.parametrize("kind", BLIND)
def test_what_calls_for_attention_is_seen_by_the_colour_blind(kind: str) -> None:
    def seen(colour: str) -> list[float]:
        light = [((int(colour[i : i + 2], 16) / 255 + 0.055) / 1.055) ** 2.4 for i in (1, 3, 5)]
        return [sum(part * value for part, value in zip(row, light, strict=True)) for row in BLIND[kind]]

    def lab(light: list[float]) -> tuple[float, float, float]:
        to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
        xyz = [sum(part * value for part, value in zip(row, light, strict=True)) for row in to_xyz]
        x, y, z = (max(value / white, 1e-6) ** (1 / 3) for value, white in zip(xyz, (0.9505, 1, 1.089), strict=True))
        return 116 * y - 16, 500 * (x - y), 200 * (y - z)

    assert math.dist(lab(seen(ACCENT)), lab(seen(DATA))) > 30  # a difference of 10 is plain to see


def test_one_accent_and_no_colour_beside_the_palette() -> None:
    """Colours of the page and of the charts are the same few; one in a colour of its own would mislead."""
    style = (FOLDER / "styles" / "report.css").read_text(encoding="utf-8")
    declared = set(re.findall(r"#[0-9a-f]{6}", style.split("}")[0]))
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", style)) - declared <= {"#fff"}
    assert {INK, RULE, DATA, ACCENT} <= declared
