"""The daily digest: one page that holds its scope's figures alone, beside what is usual; and reports in general.

A third report is made of a folder with a report.yml and a template, from bundle to mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pypdfium2
import pytest
from pydantic import ValidationError

from foundation.languages import LANGUAGES, LanguageCode
from reports import registry
from reports.bundle.disclosure import revealed_by_days
from reports.bundle.model import Bundle, Meta
from reports.bundle.reading import Source, make_bundle
from reports.bundle.rows import Scope, Withheld
from reports.bundle.store import write_bundle
from reports.bundle.suppression import CellKey
from reports.delivery.recipients import Recipient
from reports.issuing.revisions import hidden_before, remember_hidden
from reports.page.archive import write_archive
from reports.page.render import environment, render_html, render_pdf
from tests.reports.days import DAY, add_days
from tests.reports.published import META, WORSE_STORE, warehouse
from tests.reports.test_mail import LI, mail
from tests.reports.test_report import visible

DIGEST = "daily_digest"
SMALL_STORE = "demo:S10"


@pytest.fixture(scope="module")
def daily() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with daily figures."""
    with warehouse(()) as con:
        add_days(con)
        yield con


@pytest.fixture(scope="module")
def digest(daily: duckdb.DuckDBPyConnection) -> Bundle:
    return make_bundle(daily, DIGEST, DAY, META)


@pytest.fixture(scope="module")
def store(daily: duckdb.DuckDBPyConnection) -> Bundle:
    return make_bundle(daily, DIGEST, DAY, META, Scope(type="store", id=WORSE_STORE))


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_text_of_the_digest(digest: Bundle, code: LanguageCode, golden: Callable[[str, str], None]) -> None:
    golden(f"digest.{code}.txt", visible(render_html(digest, code)))


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_text_of_its_mail(digest: Bundle, code: LanguageCode, golden: Callable[[str, str], None]) -> None:
    message = mail(digest, code, to=LI.model_copy(update={"report": DIGEST, "schedule": "daily"}))
    body = message.get_body(("plain",))
    assert body is not None
    golden(f"digest-mail.{code}.txt", body.get_content().replace("\r\n", "\n"))
    assert "2026-10-31" in str(next(iter(message.iter_attachments())).get_filename())


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_worst_day_is_still_one_page(daily: duckdb.DuckDBPyConnection, digest: Bundle, code: LanguageCode) -> None:
    """All figures missed and worse, all sources stale: what is too much is left out, not put on page 2."""
    bad = [
        f.model_copy(update={"status": "missed", "change_previous": "worse", "target": f.value})
        if f.month == DAY and f.value is not None
        else f
        for f in digest.figures
    ]
    stale = tuple(load.model_copy(update={"is_stale": True}) for load in digest.loads) * 3
    worst = digest.model_copy(
        update={
            "figures": tuple(f for f in bad if f.metric_id != "calls"),
            "loads": stale,
            "withheld": (Withheld(metric_id="overdue", dimension="team"),),
            "revision": 2,
        }
    )
    for one in (worst, digest):
        pdf = pypdfium2.PdfDocument(render_pdf(render_html(one, code)))
        assert len(pdf) == 1


def test_a_bundle_holds_its_scope_s_figures_alone(digest: Bundle, store: Bundle) -> None:
    assert {(f.scope_type, f.scope_id) for f in store.figures} == {("store", WORSE_STORE)}
    assert {f.scope_type for f in digest.figures} == {"company", "store"}
    assert store.contributions == store.tables == store.warnings == ()
    assert "demo:S01" not in store.model_dump_json()


def test_a_day_stands_beside_what_is_usual_with_its_n(digest: Bundle) -> None:
    received = digest.figure("backlog_received")
    assert received is not None
    assert (received.value, received.n, received.previous, received.previous_n) == (140, 140, 147, 560)
    assert digest.folder == Path(DIGEST) / "2026-10-31" / "company"
    assert [f.month for f in digest.series("backlog_received")] == [DAY - timedelta(days=d) for d in range(28, -1, -1)]


def test_small_cells_are_hidden_and_with_them_what_would_tell_them(daily: duckdb.DuckDBPyConnection) -> None:
    """S10 broke fewer than 5 promises: neither its day nor what is usual there stands in any bundle."""
    source = Source(daily, DIGEST, DAY, META)
    small = source.bundle(Scope(type="store", id=SMALL_STORE)).figure("promises_broken")
    assert small is not None
    assert (small.status, small.value, small.n, small.previous, small.previous_n) == ("suppressed",) + (None,) * 4
    shown = [f for f in source.bundle().parts("promises_broken", "store") if f.month == DAY]
    assert all(f.n is None or f.n == 0 or f.n >= META.small_cell for f in shown)
    assert SMALL_STORE not in {f.scope_id for f in shown}


def test_counts_of_work_are_shown_to_those_who_do_it_and_answers_of_few_are_not() -> None:
    with warehouse(()) as con:
        add_days(con)
        con.execute("update reporting.rpt_daily_metric_definitions set disclosure = 'operational'")
        con.execute(
            "update reporting.rpt_daily_metric_definitions set disclosure = 'confidential'"
            " where metric_id = 'low_scores'"
        )
        con.execute(
            "update reporting.kpi_daily set n = 3, value = 3 where metric_id = 'low_scores' and scope_id = ?",
            [SMALL_STORE],
        )
        bundle = make_bundle(con, DIGEST, DAY, META, Scope(type="store", id=SMALL_STORE))
    broken, low = bundle.figure("promises_broken"), bundle.figure("low_scores")
    assert broken is not None
    assert low is not None
    assert 0 < (broken.n or 0) < META.small_cell
    assert broken.value == broken.n
    assert (low.status, low.value, low.n) == ("suppressed", None, None)


def test_what_was_hidden_of_a_day_hides_no_month_that_begins_on_it(tmp_path: Path) -> None:
    key = CellKey("sla", date(2026, 10, 1), "company", "company")
    remember_hidden({key}, tmp_path, DIGEST, date(2026, 10, 1))
    assert hidden_before(tmp_path, "monthly") == frozenset()
    assert hidden_before(tmp_path, "daily") == {key}


def test_a_month_that_would_tell_its_only_hidden_day_is_hidden(daily: duckdb.DuckDBPyConnection) -> None:
    month = date(2026, 10, 1)
    one, two = (CellKey("sla", date(2026, 10, d), "store", WORSE_STORE) for d in (3, 4))
    assert revealed_by_days(daily, month, {one}, 5) == {one._replace(month=month)}
    assert revealed_by_days(daily, month, {one, two}, 5) == frozenset()
    stock = CellKey("backlog", DAY, "store", WORSE_STORE)
    assert revealed_by_days(daily, month, {stock}, 5) == {stock._replace(month=month)}
    assert revealed_by_days(daily, month, {stock._replace(month=date(2026, 10, 3))}, 5) == frozenset()


def test_what_nobody_supplies_is_said() -> None:
    with warehouse(()) as con:
        add_days(con, {"backlog_received", "sla"})
        text = visible(render_html(make_bundle(con, DIGEST, DAY, META), "en"))
    assert "Supplied by nobody:" in text
    assert "Calls offered" in text.partition("Supplied by nobody:")[2]


def test_a_day_without_figures_is_refused_by_name(daily: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="no figure of 2026-11-01"):
        make_bundle(daily, DIGEST, date(2026, 11, 1), META)


def test_digests_have_a_section_of_their_own_in_the_archive(digest: Bundle, bundle: Bundle, tmp_path: Path) -> None:
    for one in (digest, bundle):
        folder = tmp_path / one.folder
        write_bundle(one, folder / "bundle.json")
        (folder / "en").mkdir()
        (folder / "en" / "report.html").write_text("a report", encoding="utf-8")
    english, _ = (page.read_text(encoding="utf-8") for page in write_archive(tmp_path))
    monthly, days = re.findall(r"<section>\s*<h2>(.*?)</section>", english, re.S)
    assert monthly.startswith("Monthly service-quality report")
    assert "daily_digest/2026-10-31/company/en/report.html" in days
    assert "31 October 2026" in days
    assert "daily_digest" not in english.partition('id="metrics"')[2]


def test_a_region_gets_no_digest() -> None:
    with pytest.raises(ValidationError, match="made for company or store"):
        Recipient.model_validate(
            {"id": "a", "name": "A", "address": "a@example.com", "report": DIGEST, "scope": {"region": "north"}}
        )


def test_a_third_report_is_a_folder_with_a_template_and_metric_ids(
    daily: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/guides/add-a-report.md, done."""
    folder = tmp_path / "desk_note"
    (folder / "templates").mkdir(parents=True)
    (folder / "report.yml").write_text(
        "id: desk_note\ntitle: Desk note\nschedule: daily\nheadlines: [sla]\n"
        "areas:\n  - {id: desk, title: Desk, metrics: [sla, calls]}\n",
        encoding="utf-8",
    )
    (folder / "templates" / "report.html.j2").write_text(
        "<!doctype html><html lang='{{ lang }}'><head><title>{{ title }}</title><style>{{ style }}</style></head>"
        "<body><h1>{{ title }}, {{ month }}</h1>"
        "{% for row in areas[0].rows %}<p>{{ row.label }} {{ row.value }}</p>{% endfor %}"
        "<p>{{ hash }}</p></body></html>",
        encoding="utf-8",
    )
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    registry.reports.cache_clear()
    environment.cache_clear()
    try:
        made = make_bundle(daily, "desk_note", DAY, Meta(**META.model_dump()))
        write_bundle(made, tmp_path / made.folder / "bundle.json")
        page = render_html(made, "en")
        assert visible(page).splitlines()[:3] == [
            "Desk note, Saturday, 31 October 2026",
            "Time limits kept 78.0%",
            "Calls offered 210",
        ]
        assert render_pdf(page).startswith(b"%PDF")
        message = mail(made, to=LI.model_copy(update={"report": "desk_note", "schedule": "daily"}))
        assert message["Subject"] == "Desk note · Lantern Home 明灯家居 · Saturday, 31 October 2026"
    finally:
        monkeypatch.undo()
        registry.reports.cache_clear()
        environment.cache_clear()
