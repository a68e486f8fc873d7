"""A figure over a window that is longer than the history: printed with what it covers, and nothing is claimed of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import duckdb
import pytest

from foundation.languages import LANGUAGES, LanguageCode
from reports.bundle.model import Bundle
from reports.bundle.reading import make_bundle
from reports.bundle.rows import History, Scope
from reports.delivery.mail import compose
from reports.delivery.recipients import Recipient
from reports.page.render import render_html, render_pdf
from reports.text.language import language
from tests.declared_tables import create
from tests.reports.published import META, MONTH, warehouse
from tests.reports.test_report import visible

NOTES = {"en": "history covers 3 of 12 months", "zh-CN": "历史仅覆盖12\u00a0个月中的3\u00a0个月"}


@pytest.fixture(scope="module")
def young() -> Bundle:
    """A company whose orders begin in August, its tickets a year before: of windows the report's month covers three."""
    with warehouse() as con:
        begin(con)
        return make_bundle(con, "service_quality", MONTH, META)


def begin(con: duckdb.DuckDBPyConnection, *metrics: str) -> None:
    con.execute(
        f"""
        update reporting.kpi_monthly
        set window_months = 12, covered_months = greatest(date_diff('month', date '2026-08-01', month) + 1, 0),
            status = 'short_history', previous = null, year_ago = null, change_previous = null, change_year_ago = null
        where metric_id in {metrics or ("repurchase_rate", "rfm", "revenue_at_risk", "pyramid_customers")}
        """
    )
    create(con, "rpt_histories", "reporting")
    con.execute(
        """
        insert into reporting.rpt_histories values
        ('orders', 'company', 'company', '2026-08-01'), ('orders', 'store', 'demo:S01', '2020-01-01'),
        ('tickets', 'company', 'company', '2025-11-01'), ('surveys', 'company', 'company', '2025-12-01')
        """
    )


def test_the_bundle_names_figures_and_tables_of_short_histories(young: Bundle) -> None:
    figures = {one.metric_id: (one.covered_months, one.window_months) for one in young.histories if one.metric_id}
    assert figures == dict.fromkeys(("repurchase_rate", "rfm", "revenue_at_risk", "pyramid_customers"), (3, 12))
    tables = {one.title: one.covered_months for one in young.histories if one.title}
    windowed = [spec for spec in (*young.spec.tables, *young.spec.charts) if spec.window]
    orders = {spec.title for spec in windowed if spec.window and "orders" in spec.window.of}
    surveys = {spec.title for spec in windowed if spec.window and spec.window.of == ("surveys",)}
    assert tables == dict.fromkeys(orders, 3) | dict.fromkeys(surveys, 11)
    assert len(orders) > 3


def test_a_scope_has_the_history_of_its_own_sources() -> None:
    with warehouse() as con:
        begin(con)
        con.execute(
            "insert into reporting.kpi_monthly"
            " (month, scope_type, scope_id, metric_id, dimension, dimension_value, n, status, value)"
            " values (?, 'store', 'demo:S01', 'nps', '', '', 90, 'no_target', 40)",
            [MONTH],
        )
        store = make_bundle(con, "service_quality", MONTH, META, Scope(type="store", id="demo:S01"))
    assert {one.covered_months for one in store.histories} == {11}  # of surveys, by the company's; its orders are old


def test_a_warehouse_that_does_not_tell_of_histories_gives_the_bundle_of_before(bundle: Bundle) -> None:
    assert bundle.histories == ()
    assert "histories" not in bundle.content


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_says_what_the_history_covers_and_draws_no_line(young: Bundle, code: LanguageCode) -> None:
    page = render_html(young, code)
    text = visible(page)
    label = {"en": "Repurchase rate", "zh-CN": "复购率"}[code]
    assert f"{label} {NOTES[code]}".replace("\u00a0", " ") in text
    row = re.search(rf'<th scope="row">{re.escape(label)} .*?</tr>', page, re.DOTALL)
    assert row is not None
    assert "mark" not in row.group()  # neither met nor missed, neither better nor worse
    assert not re.search(rf'class="chart-title">{re.escape(label)}<', page)  # no trend
    assert page.count(NOTES[code]) >= 9  # the four figures, their tables and charts
    title = language(code).say("Reasons for leaving, last twelve months")
    assert re.search(rf"<caption>{re.escape(title)}.{{1,2}}{re.escape(NOTES[code])}", page)
    assert re.search(rf"{re.escape(NOTES[code])}[^<]*</li>", page)  # page one: what it costs
    assert render_pdf(page).startswith(b"%PDF")


@pytest.mark.parametrize("code", LANGUAGES)
def test_tile_and_mail_say_it_too(code: LanguageCode) -> None:
    """Of a headline, which stands on the first page with its last months."""
    with warehouse() as con:
        begin(con, "csat", "nps")
        reported = make_bundle(con, "service_quality", MONTH, META)
    tile = re.search(r'<li class="tile">(?:(?!</li>).)*?' + NOTES[code], render_html(reported, code), re.DOTALL)
    assert tile is not None
    assert "<svg" not in tile.group()
    reader = Recipient(id="li", name="Li Lei", address="li@example.org", language=code)
    message = compose(
        reported, reader, {}, sender="k@example.org", unsubscribe="k@example.org", moment=datetime.now(UTC)
    )
    for part in ("plain", "html"):
        body = message.get_body((part,))
        assert body is not None
        assert NOTES[code] in body.get_content()


def test_history_of_a_figure_stands_by_its_name(young: Bundle) -> None:
    assert young.history(metric_id="rfm") == History(metric_id="rfm", covered_months=3, window_months=12)
    assert young.history(metric_id="csat") is None
