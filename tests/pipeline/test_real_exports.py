"""Exports that nobody here wrote: the example mapping and the files in the landing folder are all it takes.

The expected figures were published with the data or counted by hand.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from foundation.settings import REPOSITORY, Settings
from orchestration import commands
from orchestration.warehouse import published_version

pytestmark = pytest.mark.slow
SHORTEST = {"olist_sample", "zh_messages"}  # one of a shop, one of requests; make test-long takes the others too

DELIVERED_ON = date(2026, 1, 31)


@dataclass(frozen=True)
class Export:
    """A trial source: what its published warehouse must answer, a month that its report must open with, and the columns
    of the reporting tables with a shape of their own that say 0 and nothing else: measured, not for want of a word."""

    source: str
    month: str
    answers: dict[str, tuple[object, ...]]
    zeros: frozenset[str] = frozenset()


EXPORTS = [
    Export(
        "olist_sample",
        "2018-03",
        {
            "select count(*), count(*) filter (status = 'delivered') from customer.fct_order": (3000, 2904),
            "select count(*) from customer.fct_order where status = 'delivered' and is_late": (191,),
            "select count(*) from customer.dim_customer": (2995,),
            "select count(*), sum(quantity * unit_price)::decimal(18, 2) from customer.fct_order_line": (
                3397,
                Decimal("392468.58"),
            ),
            "select round(avg(score), 4)::decimal(8, 4) from satisfaction.fct_survey_answer": (Decimal("4.0695"),),
            # counted with pandas: 193 delivered late and 50 never delivered though due; 62 of the 243 gave 4 or 5
            "select count(is_positive), sum(is_positive::int)::int from satisfaction.csat where promise = 'broken'": (
                243,
                62,
            ),
            "select count(is_positive), sum(is_positive::int)::int from satisfaction.csat where promise = 'kept'": (
                2709,
                2225,
            ),
            # no product cost, ticket, reason of a delay or second promise is in the export: not 0, but not known
            "select count(*) from reporting.kpi_monthly where metric_id in ('cost_to_serve', 'cost_to_serve_share',"
            " 'profitability', 'profitability_monthly', 'profitability_unprofitable', 'revenue_at_risk',"
            " 'sales_efficiency_late_for_stock', 'promise_kept_repromised')": (0,),
        },
    ),
    Export(
        "cdnow",
        "1998-06",
        {
            "select count(*), sum(gross_amount)::decimal(18, 2) from customer.fct_order": (
                69659,
                Decimal("2500315.63"),
            ),
            "select count(*) from customer.dim_customer": (23570,),
            # 18 months of one quarter's customers: how long a silence is long is not known, and so not who is active
            "select sum(cases)::bigint from reporting.rpt_warnings where warning = 'silence_not_known_yet'": (23570,),
            "select count(stage), count(is_active) from customer.fct_customer_month": (0, 0),
            "select count(*) from lifecycle.stage_flow": (0,),
        },
    ),
    Export(
        "telco_churn",
        "",
        {
            "select count(*), count(*) filter (status = 'closed') from customer.dim_customer": (7043, 1869),
            "select closure_reason, count(*) from customer.dim_customer where status = 'closed'"
            " group by all order by 2 desc limit 1": ("Attitude of support person", 192),
        },
        # without orders nobody can be lost by silence, so that is told of nobody
        frozenset({"rpt_stage_flow.moved_in", "rpt_stage_flow.moved_out", "rpt_stage_flow.reactivated"}),
    ),
    Export(
        "salesforce_demo_org",
        "",
        {"select count(*), count(solved_at) from service.fct_ticket": (3340, 3249)},
        # cases of one desk: none is handed on, removed or told to have been open again
        frozenset(f"rpt_backlog_flow.{name}" for name in ("moved_in", "moved_out", "removed", "reopened")),
    ),
    Export(
        "airline_satisfaction",
        "",
        {
            "select count(*), round(100 * avg(is_positive::int), 2)::decimal(8, 2) from satisfaction.csat": (
                25976,
                Decimal("43.90"),
            ),
            # zeros of the 14 items, counted in the file: 813 of wifi, none of seat comfort
            "select count(*), count(*) filter (score is null), count(*) filter (score is null and item_id = 'wifi'),"
            " count(*) filter (score is null and item_id = 'seat_comfort')"
            " from satisfaction.fct_survey_answer where instrument = 'airline' and item_id <> 'satisfied'": (
                14 * 25976,
                4202,
                813,
                0,
            ),
            # numpy: R² of the 23,863 sheets without a zero
            "select distinct n, round(r2, 6)::decimal(8, 6) from satisfaction.drivers": (
                23863,
                Decimal("0.491145"),
            ),
            "select count(*), round(sum(r2_share), 6)::decimal(8, 6) from satisfaction.drivers": (
                14,
                Decimal("1.000000"),
            ),
        },
    ),
    Export(
        "helpdesk",
        "",
        {
            # walked with pandas from event to event: 12 cases end open, 161 times one is opened again
            "select count(*), count(solved_at), sum(reopens)::int from service.fct_ticket": (4580, 4568, 161),
        },
        # requests of one desk: none is handed on or removed
        frozenset({"rpt_backlog_flow.moved_in", "rpt_backlog_flow.moved_out", "rpt_backlog_flow.removed"}),
    ),
    Export(
        "zh_messages",
        "",
        {
            "select count(*), round(median(first_reply_calendar_minutes) / 1440, 3)::decimal(8, 3)"
            " from service.fct_ticket": (2816, Decimal("11.208")),
            # no order is in the export
            "select count(*) from reporting.kpi_monthly where metric_id = 'moments_of_truth_bought_again'": (0,),
        },
    ),
]


def all_zero(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Columns of numbers of the tables with a shape of their own in which nothing but 0 stands."""
    numbers = connection.execute(
        """select table_name, column_name from duckdb_columns()
        where schema_name = 'reporting' and data_type similar to '(DECIMAL|DOUBLE|.*INT).*'
        and table_name not in ('kpi_monthly', 'kpi_daily', 'rpt_loads', 'rpt_build', 'rpt_warnings')
        and not ends_with(table_name, '_definitions')"""
    ).fetchall()
    reported = {
        f"{table}.{column}": connection.execute(
            f'select count("{column}") > 0 and count(nullif("{column}", 0)) = 0 from reporting."{table}"'
        ).fetchone()
        for table, column in numbers
    }
    return {name for name, found in reported.items() if found == (True,)}


@pytest.mark.parametrize(
    "export",
    [
        pytest.param(export, id=export.source, marks=[] if export.source in SHORTEST else pytest.mark.long)
        for export in EXPORTS
    ],
)
def test_a_real_export_gives_its_known_figures_and_a_report(
    export: Export, new_home: Callable[[], Settings], real_exports: Path
) -> None:
    home = new_home()
    home.sources.mkdir(parents=True)
    shutil.copy(REPOSITORY / "examples" / "sources" / f"{export.source}.yml", home.sources)
    shutil.copytree(real_exports / export.source, home.landing / export.source / str(DELIVERED_ON))
    commands.nightly(home, DELIVERED_ON, DELIVERED_ON)
    with duckdb.connect(str(published_version(home)), read_only=True) as connection:
        found = {query: connection.execute(query).fetchone() for query in export.answers}
        zeros = all_zero(connection)
        month = (
            export.month
            or connection.execute("select strftime(max(month), '%Y-%m') from reporting.kpi_monthly").fetchall()[0][0]
        )
    assert found == export.answers
    assert zeros == export.zeros, "what nobody told is null, a 0 is measured"

    commands.report(home, month, send=False)
    folder = home.reports / "service_quality" / month / "company"
    for name in ("en/report.html", "en/report.pdf", "zh-CN/report.html", "zh-CN/report.pdf", "bundle.json"):
        assert (folder / name).stat().st_size > 0
