"""The bundle: what is selected, that it is frozen, and that nobody can change it unseen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reports.bundle.model import Bundle, Meta
from reports.bundle.reading import MAX_EXCEPTIONS, make_bundle
from reports.bundle.rows import Scope, Withheld
from reports.bundle.store import BundleDamagedError, read_bundle
from reports.issuing.revisions import issue
from tests.reports.published import REGIONS, STORES

MONTH = date(2026, 10, 1)


def make(con: duckdb.DuckDBPyConnection, meta: Meta, scope: Scope | None = None) -> Bundle:
    return make_bundle(con, "service_quality", MONTH, meta, scope)


def test_it_holds_the_month_a_year_back_and_the_stores(bundle: Bundle) -> None:
    assert [figure.month for figure in bundle.series("csat")][::12] == [date(2025, 10, 1), MONTH]
    stores = {figure.scope_id for figure in bundle.parts("sla", "store") if figure.month == MONTH}
    assert len(stores) == bundle.members["store"] == 10
    assert bundle.parts("sla", "store")[0].month == MONTH, "only charts over time need earlier months of the stores"
    assert {figure.dimension_value for figure in bundle.split("csat", "touch_point")} >= {"order", "ticket"}


def test_a_store_gets_its_own_figures_only(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    store = make(con, bundle.meta, Scope(type="store", id="demo:S07"))
    assert {(figure.scope_type, figure.scope_id) for figure in store.figures} == {("store", "demo:S07")}
    assert store.folder == Path("service_quality/2026-10/store=demo_S07")


def test_a_region_gets_itself_and_the_stores_inside(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """A regional manager would read the stores of another."""
    region = make(con, bundle.meta, Scope(type="region", id="north"))
    seen = {(figure.scope_type, figure.scope_id) for figure in (*region.figures, *region.exceptions)}
    assert seen == {("region", "north"), *(("store", store) for store in REGIONS["north"])}
    assert region.members == {"store": len(REGIONS["north"])}
    assert {name.scope_id for name in region.scope_names} <= {"north", *REGIONS["north"]}


def test_what_is_the_companys_only_stays_there(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """Counts of deliveries, cohorts and tables that no scope cuts say how large the company is."""
    con.execute("insert into reporting.rpt_warnings values ('orphans', 'orders', 3, 'a', null, null, null)")
    store = make(con, bundle.meta, Scope(type="store", id="demo:S07"))
    assert (store.cohorts, store.tables, store.warnings) == ((), (), ())
    assert {load.rows_read for load in store.loads} == {None}
    assert [load.entity for load in store.loads] == [load.entity for load in bundle.loads]
    company = make(con, bundle.meta)
    assert company.warnings
    assert company.loads[0].rows_late == 0


def test_a_small_figure_says_only_that_there_is_one(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """Three answers of one store are three persons; so are its last month and the points of its trend."""
    con.execute("update reporting.kpi_monthly set n = 3 where scope_id = 'demo:S07' and metric_id = 'csat'")
    store = make(con, bundle.meta, Scope(type="store", id="demo:S07"))
    (figure,) = store.series("csat")
    assert (figure.month, figure.status) == (MONTH, "suppressed")
    numbers = ("value", "n", "ci_low", "ci_high", "previous", "year_ago", "change_previous", "change_year_ago")
    assert {getattr(figure, name) for name in numbers} == {None}
    assert not [f for f in make(con, bundle.meta).parts("csat", "store") if f.scope_id == "demo:S07"]


def test_a_small_number_of_what_is_no_case_is_no_secret(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """Three departments keep no promise, three months make an occupancy: nobody is behind them."""
    con.execute("update reporting.kpi_monthly set n = 3 where scope_id = 'demo:S07' and metric_id = 'csat'")
    con.execute("update reporting.rpt_metric_definitions set disclosure = 'none' where metric_id = 'csat'")
    figure = make(con, bundle.meta, Scope(type="store", id="demo:S07")).figure("csat")
    assert figure is not None
    assert figure.n == 3
    con.execute("alter table reporting.rpt_metric_definitions drop column disclosure")
    figure = make(con, bundle.meta, Scope(type="store", id="demo:S07")).figure("csat")
    assert figure is not None
    assert figure.status == "suppressed", "of a warehouse that does not say it yet everything counts"


def test_of_work_the_count_is_shown_and_what_a_share_says_of_few_is_not(
    con: duckdb.DuckDBPyConnection, bundle: Bundle
) -> None:
    con.execute("update reporting.kpi_monthly set n = 3 where scope_id = 'demo:S07' and metric_id = 'csat'")
    con.execute("update reporting.rpt_metric_definitions set disclosure = 'operational' where metric_id = 'csat'")
    share = make(con, bundle.meta, Scope(type="store", id="demo:S07")).figure("csat")
    assert share is not None
    assert (share.status, share.n) == ("suppressed", None)
    con.execute("update reporting.rpt_metric_definitions set kind = 'count' where metric_id = 'csat'")
    count = make(con, bundle.meta, Scope(type="store", id="demo:S07")).figure("csat")
    assert count is not None
    assert count.n == 3


def test_a_hidden_month_is_not_told_as_the_month_before(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    con.execute("update reporting.kpi_monthly set n = 3 where scope_id = 'demo:S07' and month = date '2026-09-01'")
    figure = make(con, bundle.meta, Scope(type="store", id="demo:S07")).figure("csat")
    assert figure is not None
    assert figure.value is not None
    assert (figure.previous, figure.change_previous) == (None, None)


def test_small_rows_of_a_table_are_left_out_and_said(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    con.execute("update reporting.rpt_grade_migration set customers = case grade when 'grade 0' then 2 else 90 end")
    company = make(con, bundle.meta)
    (table,) = [table for table in company.tables if table.id == "grade_migration"]
    assert table.total == 1, "of three rows one is small, and one more goes so that it cannot be subtracted"
    assert Withheld(table=table.title) in company.withheld


def test_a_table_whose_figures_nobody_ever_told_is_not_printed(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """Grades and customers beside columns of dashes would look as if costs had been asked for."""
    (spec,) = (table for table in bundle.spec.tables if table.id == "cost_to_serve")
    con.execute(
        """insert into reporting.rpt_cost_to_serve by name
        select ? as month, 'company' as scope_type, 'company' as scope_id, 'A' as grade, 90 as mean_customers""",
        [MONTH],
    )
    assert spec.title not in {table.title for table in make(con, bundle.meta).tables}
    con.execute("update reporting.rpt_cost_to_serve set revenue = 0")
    assert spec.title in {table.title for table in make(con, bundle.meta).tables}, "a 0 that was measured is told"


def test_a_figure_that_is_hidden_is_hidden_in_tables_of_figures_too(
    con: duckdb.DuckDBPyConnection, bundle: Bundle
) -> None:
    """A table cut on its own would print what the figures withhold, or give it away by subtraction."""
    con.execute("update reporting.kpi_monthly set n = 3 where scope_id = 'demo:S09' and metric_id = 'sla'")
    con.execute("delete from reporting.kpi_monthly where scope_type = 'region' and metric_id = 'sla'")
    con.execute(
        """update reporting.kpi_monthly set n = (
            select sum(n) from reporting.kpi_monthly as s where scope_type = 'store' and metric_id = 'sla' and month = ?
        ) where scope_type = 'company' and metric_id = 'sla'""",
        [MONTH],
    )
    con.execute("delete from reporting.rpt_service_triad")
    con.execute(
        """insert into reporting.rpt_service_triad by name
        select month, scope_type, scope_id, 'promptness' as part, metric_id, '' as dimension_value, value, n, 1 as place
        from reporting.kpi_monthly where metric_id = 'sla' and month = ? and dimension = ''""",
        [MONTH],
    )
    shown, reported = set(), set()
    for store in STORES:
        made = make(con, bundle.meta, Scope(type="store", id=store))
        shown |= {store} if any(table.id == "service_triad" for table in made.tables) else set()
        reported |= {store} if (figure := made.figure("sla")) and not figure.is_withheld else set()
    assert shown == reported
    assert "demo:S09" not in shown
    assert len(shown) == len(STORES) - 2, "one more goes, so that nobody can subtract"


def test_exceptions_are_counted_beyond_those_kept(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """A list cut short without its total would read as all there is."""
    con.execute("update reporting.kpi_monthly set change_previous = 'worse' where scope_type = 'store' and n >= 30")
    con.execute(
        """insert into reporting.kpi_monthly by name
        select kpi.* replace (kpi.scope_id || 'x' || r.i as scope_id)
        from reporting.kpi_monthly as kpi cross join range(4) as r(i)
        where scope_type = 'store' and month = date '2026-10-01'"""
    )
    company = make(con, bundle.meta)
    assert len(company.exceptions) == MAX_EXCEPTIONS < company.exceptions_total
    assert all(one.status == "missed" or one.change_previous == "worse" for one in company.exceptions)


@pytest.mark.parametrize("wild", ["../../etc", "a/b", "店 一", "x" * 500, "demo:S07/..", ".", "demo:a b", "demo_a:b"])
def test_a_scope_cannot_leave_its_folder(wild: str) -> None:
    folder = Scope(type="store", id=wild).folder
    assert "/" not in folder
    assert folder.isascii()
    assert len(folder) < 100
    assert folder != Scope(type="store", id=wild + "2").folder


def test_a_changed_file_is_seen(bundle: Bundle, tmp_path: Path) -> None:
    issue(bundle, tmp_path)
    path = tmp_path / bundle.folder / "bundle.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"n":1312', '"n":1313', 1), encoding="utf-8")
    with pytest.raises(BundleDamagedError, match="restore it from a backup"):
        read_bundle(path)


def test_a_metric_nobody_declares_is_an_error(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    con.execute("delete from reporting.rpt_metric_definitions where metric_id = 'nps'")
    with pytest.raises(ValueError, match=r"no model declares the metrics nps; mend its report\.yml"):
        make(con, bundle.meta)


def test_a_month_without_figures_is_an_error(con: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="no figure of 2031-01 for company company"):
        make_bundle(con, "service_quality", date(2031, 1, 1), bundle.meta)


def test_a_member_with_a_hidden_figure_is_told_with_those_of_none(
    con: duckdb.DuckDBPyConnection, bundle: Bundle
) -> None:
    """What it adds to a change would tell its figure; the whole stays the change."""
    con.execute(
        "update reporting.kpi_monthly set n = 2 where metric_id = 'csat' and scope_id = 'demo:S03' and month = ?",
        [MONTH],
    )
    reported = [c for c in make(con, bundle.meta).contributions if c.scope_type == "store"]
    assert "demo:S03" not in {c.scope_id for c in reported}
    assert sum(c.contribution for c in reported) == Decimal("-0.039")
    assert make(con, bundle.meta, Scope(type="region", id="north")).contributions == ()
    assert next(c for c in reported if not c.scope_id).n is None


def test_a_copy_with_other_figures_is_asked_for_its_own(bundle: Bundle) -> None:
    """What was sorted out of the first must not answer for the copy, nor get into its file."""
    assert bundle.figure("csat")
    without = bundle.model_copy(update={"figures": tuple(f for f in bundle.figures if f.metric_id != "csat")})
    assert without.figure("csat") is None
    assert without.of("nps") == bundle.of("nps")
    assert without.sha256 == Bundle.model_validate(without.content).sha256


def test_where_nobody_stated_opening_hours_the_first_reply_is_told_by_the_calendar(bundle: Bundle) -> None:
    """The business-time figure has its place while there is one; the calendar's, by its own name, only without it."""
    business, calendar = "first_reply", "first_reply_calendar"
    by_clock = [metric for metric in bundle.headlines if metric in {business, calendar}]
    assert by_clock == [business]

    def instead(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        named = {business: calendar}
        return tuple(row.model_copy(update={"metric_id": named.get(row.metric_id, row.metric_id)}) for row in rows)

    without = bundle.model_copy(update={"figures": instead(bundle.figures), "metrics": instead(bundle.metrics)})
    place = bundle.headlines.index(business)
    assert without.headlines == (*bundle.headlines[:place], calendar, *bundle.headlines[place + 1 :])
    neither = bundle.model_copy(update={"figures": tuple(f for f in bundle.figures if f.metric_id != business)})
    assert neither.headlines == tuple(metric for metric in bundle.headlines if metric != business)
