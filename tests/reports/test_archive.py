"""The archive: every issued report can be found, and a figure through the months, without a server or a script."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from reports.bundle.model import Bundle
from reports.bundle.rows import Scope
from reports.bundle.store import write_bundle
from reports.page.archive import write_archive


def put(reports: Path, bundle: Bundle, *files: str) -> None:
    folder = reports / bundle.folder
    write_bundle(bundle, folder / "bundle.json")
    for file in files:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text("a report", encoding="utf-8")


def test_every_file_of_every_report_is_linked_and_there(bundle: Bundle, tmp_path: Path) -> None:
    store = bundle.model_copy(update={"scope": Scope(type="store", id="demo:S07 & <b>")})
    put(tmp_path, bundle, "en/report.html", "en/report.pdf", "en/appendix.pdf", "zh-CN/report.html")
    put(tmp_path, store, "zh-CN/report.pdf")
    for page in write_archive(tmp_path):
        text = page.read_text(encoding="utf-8")
        links = {unquote(link) for link in re.findall(r'href="(service_quality[^"]*)"', text)}
        there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*/*/*/*.*")}
        assert links == there
        assert "<b>" not in text


def test_a_figure_is_found_by_its_name_with_its_value_as_issued(bundle: Bundle, tmp_path: Path) -> None:
    put(tmp_path, bundle, "en/report.html")
    english, chinese = (page.read_text(encoding="utf-8") for page in write_archive(tmp_path))
    (csat,) = re.findall(r"<summary>Customer satisfaction \(CSAT\)</summary>(.*?)</details>", english, re.S)
    assert "October 2026" in csat
    assert "83.3%" in csat
    assert "<summary>客户满意度</summary>" in chinese


def test_a_figure_that_is_not_shown_is_called_so(bundle: Bundle, tmp_path: Path) -> None:
    """Too few to say would be a word about its cases."""
    hidden = {"value": None, "n": None, "status": "suppressed"}
    figures = tuple(f.model_copy(update=hidden) if f.metric_id == "csat" else f for f in bundle.figures)
    put(tmp_path, bundle.model_copy(update={"figures": figures}), "en/report.html")
    english = write_archive(tmp_path)[0].read_text(encoding="utf-8")
    (csat,) = re.findall(r"<summary>Customer satisfaction \(CSAT\)</summary>(.*?)</details>", english, re.S)
    assert "not shown" in csat
    assert "too few" not in csat


def test_what_only_a_store_may_see_is_not_among_the_company_s_figures(bundle: Bundle, tmp_path: Path) -> None:
    put(tmp_path, bundle.model_copy(update={"scope": Scope(type="store", id="demo:S07")}), "en/report.html")
    for page in write_archive(tmp_path):
        assert "<summary>" not in page.read_text(encoding="utf-8")


def test_nothing_fetched_and_an_archive_of_nothing_says_so(tmp_path: Path) -> None:
    english, _ = (page.read_text(encoding="utf-8") for page in write_archive(tmp_path))
    assert "Nothing has been issued yet." in english
    assert not re.search(r"(src|href)=\"(https?:)?//", english)
