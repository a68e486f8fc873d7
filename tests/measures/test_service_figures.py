"""Tickets, complaints and recovery once more from the rows below them, by pandas and scipy: no SQL of the project."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest
from scipy import stats

pytestmark = pytest.mark.slow
LOCAL = pd.Timedelta(hours=8)  # the demo company's zone, without changes of the clock


def months_of(moments: pd.Series) -> pd.Series:
    """First day of the local month."""
    local = (moments + LOCAL).dt.normalize()
    return local - pd.to_timedelta(local.dt.day - 1, unit="D")


def company(connection: duckdb.DuckDBPyConnection, metric_id: str) -> pd.DataFrame:
    """The company's figure by month: n and numerator."""
    return (
        connection.execute(
            "select month, n, numerator::double as numerator from kefu.reporting.kpi_monthly"
            " where metric_id = ? and scope_type = 'company' and dimension = '' order by month",
            [metric_id],
        )
        .df()
        .set_index("month")
    )


def as_of(connection: duckdb.DuckDBPyConnection) -> pd.Timestamp:
    (moment,) = connection.execute("select as_of from work.control.run").fetchone() or (None,)
    return pd.Timestamp(moment)


def test_first_contact_resolution_is_every_solve_held_against_every_later_contact(
    demo_warehouse: duckdb.DuckDBPyConnection,
) -> None:
    tickets = demo_warehouse.execute("""
        select found.ticket_id, found.customer_id, coalesce(found.category, '') as category, found.created_at,
            found.first_resolved_at, found.is_merged, sent.need
        from kefu.service.fct_ticket as found
        inner join work.staging.stg_crm__tickets as sent using (ticket_id)
        where not found.is_deleted and found.customer_id is not null
    """).df()
    reopened = demo_warehouse.execute("""
        select ticket_id, events.at from work.staging.stg_crm__ticket_events as events
        where from_status in ('solved', 'closed') and to_status not in ('solved', 'closed')
    """).df()
    contacts = pd.concat(
        [
            tickets[["customer_id", "category", "created_at"]].rename(columns={"created_at": "at"}),
            reopened.merge(tickets, on="ticket_id")[["customer_id", "category", "at"]],
        ]
    )
    solved = tickets[tickets.first_resolved_at.notna() & ~tickets.is_merged].copy()
    solved["ripe_at"] = solved.first_resolved_at + pd.Timedelta(days=7)
    solved = solved[solved.ripe_at <= as_of(demo_warehouse)]
    pairs = solved.merge(contacts, on=["customer_id", "category"])
    came_back = set(pairs[(pairs["at"] > pairs.first_resolved_at) & (pairs["at"] < pairs.ripe_at)].ticket_id)
    solved["month"] = months_of(solved.ripe_at)
    solved["resolved"] = ~solved.ticket_id.isin(came_back)
    counted = solved.groupby("month").resolved.agg(["size", "sum"])
    found = company(demo_warehouse, "first_contact_resolution")
    counted = counted.loc[counted.index.isin(found.index)]
    assert counted["size"].tolist() == found.n.tolist()
    assert counted["sum"].tolist() == found.numerator.tolist()
    by_need = solved.groupby(["month", "need"]).resolved.agg(["size", "sum"])
    parts = demo_warehouse.execute("""
        select month, dimension_value as need, n, numerator::double as numerator from kefu.reporting.kpi_monthly
        where metric_id = 'needs_resolved' and scope_type = 'company' and dimension = 'need' order by month, need
    """).df()
    assert parts.need.nunique() == 4
    by_need = by_need.loc[by_need.index.isin(pd.MultiIndex.from_frame(parts[["month", "need"]]))]
    assert by_need["size"].tolist() == parts.n.tolist()
    assert by_need["sum"].tolist() == parts.numerator.tolist()
    # a ticket of which nobody noted the need is in the whole alone
    assert parts.groupby("month").n.sum().lt(found.n.reindex(parts.month.unique())).all()


@pytest.mark.parametrize("metric_id", ["needs_tickets", "needs_complaints", "needs_interactions"])
def test_kinds_of_need_add_up_to_the_contacts_of_which_one_was_told(
    demo_warehouse: duckdb.DuckDBPyConnection, metric_id: str
) -> None:
    """In every scope and month of which the parts are kept; as many as rows below with a need, and fewer than all."""
    cells = demo_warehouse.execute(
        """
        select month, scope_type, scope_id,
            sum(value) filter (where dimension = 'need') as parts,
            any_value(value) filter (where dimension = '') as whole
        from kefu.reporting.kpi_monthly where metric_id = ? group by all
        """,
        [metric_id],
    ).df()
    kept = cells[cells.parts.notna()]
    assert {"company", "region", "store", "channel"} <= set(kept.scope_type)
    assert kept.parts.tolist() == kept.whole.tolist()
    rows = {
        "needs_tickets": "kefu.service.fct_ticket where not is_deleted and not is_merged",
        "needs_complaints": "kefu.service.fct_ticket where not is_deleted and not is_merged and kind = 'complaint'",
        "needs_interactions": "work.staging.stg_crm__interactions, work.control.run where started_at < run.as_of",
    }[metric_id]
    reported, contacts = demo_warehouse.execute(f"select count(need), count(*) from {rows}").fetchone() or (0, 0)
    assert cells[cells.scope_type == "company"].whole.sum() == reported
    assert 0 < reported < contacts


@pytest.mark.parametrize("days", [90, 180])
def test_recovery_is_every_incident_held_against_every_later_order(
    demo_warehouse: duckdb.DuckDBPyConnection, days: int
) -> None:
    complaints = demo_warehouse.execute("""
        select ticket_id, customer_id, coalesce(order_id, ticket_id) as incident, created_at
        from kefu.service.fct_ticket
        where kind = 'complaint' and not is_deleted and not is_merged and status is not null and customer_id is not null
        order by created_at, ticket_id
    """).df()
    complaints = complaints.drop_duplicates(["customer_id", "incident"])
    complaints["day"] = (complaints.created_at + LOCAL).dt.normalize()
    last_day = (as_of(demo_warehouse) + LOCAL).normalize() - pd.Timedelta(days=1)
    complaints = complaints[complaints.day + pd.Timedelta(days=days) <= last_day]
    orders = demo_warehouse.execute("select customer_id, order_date from kefu.customer.fct_order where is_valid").df()
    pairs = complaints.merge(orders, on="customer_id")
    waited = (pd.to_datetime(pairs.order_date) - pairs.day).dt.days
    complaints["again"] = complaints.ticket_id.isin(set(pairs[(waited > 0) & (waited <= days)].ticket_id))
    complaints["month"] = (complaints.day + pd.Timedelta(days=days)).dt.to_period("M").dt.to_timestamp()
    counted = complaints.groupby("month").again.agg(["size", "sum"])
    found = company(demo_warehouse, "recovery" if days == 90 else "recovery_180")
    counted = counted.loc[counted.index.isin(found.index)]
    assert counted["size"].tolist() == found.n.tolist()
    assert counted["sum"].tolist() == found.numerator.tolist()


def test_what_customers_usually_do_is_standardised_by_how_often_they_bought(
    demo_warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """Direct standardisation of the newest window by hand: the control's rate in each band, weighted by the class."""
    cases = demo_warehouse.execute("""
        select resolution_class, order_days_band, bought_again_90::int as again, ripe_month_90 as month
        from kefu.service.recovery where bought_again_90 is not null
    """).df()
    found = demo_warehouse.execute("""
        select month, dimension_value, cases, usual_rate::double as usual_rate from kefu.reporting.rpt_recovery
        where scope_type = 'company' and days = 90 and dimension = 'resolution_class'
            and month = (select max(month) from kefu.reporting.rpt_recovery)
    """).df()
    month = found.month.iloc[0]
    window = cases[(cases.month <= month) & (cases.month > month - pd.DateOffset(months=12))]
    usual = window[window.resolution_class == "no_failure"].groupby("order_days_band").again.mean()
    for row in found.itertuples():
        bands = window[window.resolution_class == row.dimension_value].order_days_band
        assert len(bands) == row.cases
        assert bands.map(usual).mean() == pytest.approx(row.usual_rate, abs=1e-7)


def test_the_iceberg_is_low_scores_held_against_every_complaint(demo_warehouse: duckdb.DuckDBPyConnection) -> None:
    answers = demo_warehouse.execute("""
        select customer_id, touch_point, about_id, score::double as score, responded_at
        from kefu.satisfaction.csat where score is not null and customer_id is not null
    """).df()
    complaints = demo_warehouse.execute("""
        select ticket_id, customer_id, created_at from kefu.service.fct_ticket
        where kind = 'complaint' and not is_deleted and not is_merged
    """).df()
    answers["month"] = months_of(answers.responded_at)
    low = answers[answers.score <= 2].reset_index()
    pairs = low.merge(complaints, on="customer_id")
    near = (pairs.created_at - pairs.responded_at).abs() <= pd.Timedelta(days=30)
    about = low.about_id.isin(complaints.ticket_id) & (low.touch_point == "ticket")
    low["complained"] = low["index"].isin(pairs[near]["index"]) | about
    reported = low.groupby(["customer_id", "month"]).complained.max().rename("complained")
    last = answers.groupby(["customer_id", "month"]).responded_at.max()
    ripe = (last + LOCAL).dt.normalize() + pd.Timedelta(days=30)
    last_day = (as_of(demo_warehouse) + LOCAL).normalize() - pd.Timedelta(days=1)
    rows = pd.concat([reported, ripe.rename("ripe")], axis=1, join="inner")
    rows = rows[rows.ripe <= last_day]
    counted = rows.groupby(rows.ripe.dt.to_period("M").dt.to_timestamp()).complained.agg(["size", "sum"])
    found = company(demo_warehouse, "iceberg")
    counted = counted.loc[counted.index.isin(found.index)]
    assert counted["size"].tolist() == found.n.tolist()
    assert counted["sum"].tolist() == found.numerator.tolist()


def test_intervals_of_shares_and_rates_are_scipys(demo_warehouse: duckdb.DuckDBPyConnection) -> None:
    """Wilson exactly; Byar's approximation within 1 % of the exact Poisson limits from 10 events on."""
    won = demo_warehouse.execute("""
        select won, objections, ci_low::double, ci_high::double from kefu.reporting.rpt_objections
        where month = (select max(month) from kefu.reporting.rpt_objections)
    """).fetchall()
    assert won
    for successes, n, low, high in won:
        interval = stats.binomtest(successes, n).proportion_ci(method="wilson")
        assert (low, high) == pytest.approx((interval.low, interval.high), abs=2e-7)
    rates = demo_warehouse.execute("""
        select numerator::double, denominator::double, ci_low::double, ci_high::double from kefu.reporting.kpi_monthly
        where metric_id in ('complaint_rate', 'complaint_rate_by') and numerator >= 10
    """).fetchall()
    assert rates
    for events, exposure, low, high in rates:
        exact = (stats.chi2.ppf(0.025, 2 * events) / 2, stats.chi2.ppf(0.975, 2 * events + 2) / 2)
        assert (low * exposure / 1000, high * exposure / 1000) == pytest.approx(exact, rel=0.01)


def test_parts_of_the_complaint_rate_add_up_to_the_whole(demo_warehouse: duckdb.DuckDBPyConnection) -> None:
    """Of every facet, in every scope: a complaint has one code of each, not_stated included."""
    rows = demo_warehouse.execute("""
        with parts as (
            select month, scope_type, scope_id, dimension, sum(numerator) as complaints
            from kefu.reporting.kpi_monthly where metric_id = 'complaint_rate_by' group by all
        )
        select count(*), count(*) filter (where parts.complaints <> whole.numerator)
        from parts
        inner join kefu.reporting.kpi_monthly as whole using (month, scope_type, scope_id)
        where whole.metric_id = 'complaint_rate' and whole.dimension = ''
    """).fetchone()
    assert rows is not None
    assert rows[0] > 0
    assert rows[1] == 0
