"""The operations figures once more: by pandas and scipy from what the sources say, not from the marts' own rows."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.slow
MONTH, START, END = "2026-10-01", "2026-09-30 16:00:00", "2026-10-31 16:00:00"


def test_the_planted_improvement_is_found_beyond_what_untouched_stores_do(
    demo_warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """Store S05, March 2026: the interval is scipy's prediction interval of one more store's change."""
    asked = "select store_id, month, is_passed::int as passed from kefu.service.inspection_items"
    rows = demo_warehouse.execute(asked).df()
    month = rows["month"].astype(str).str[:10]
    before = rows[month.isin(["2025-12-01", "2026-01-01", "2026-02-01"])].groupby("store_id")["passed"].mean()
    after = rows[month.isin(["2026-04-01", "2026-05-01", "2026-06-01"])].groupby("store_id")["passed"].mean()
    changes = after - before
    others = changes.drop("demo:S05")
    effect = changes["demo:S05"] - others.mean()
    reach = stats.t.ppf(0.975, len(others) - 1) * others.std(ddof=1) * np.sqrt(1 + 1 / len(others))
    found = demo_warehouse.execute(
        "select effect::double, effect_low::double, effect_high::double, verdict"
        " from kefu.reporting.rpt_improvement_effects where action_id = 'demo:IA009'"
    ).fetchone()
    assert found is not None
    assert found[:3] == pytest.approx((effect, effect - reach, effect + reach), abs=1e-7)
    assert found[3] == "better"


def test_the_first_promise_is_judged_where_the_source_overwrote_it(demo_warehouse: duckdb.DuckDBPyConnection) -> None:
    orders = demo_warehouse.execute(
        "select order_id, promised_at, updated_at, load_date from work.raw.orders where promised_at is not null"
    ).df()
    orders = orders.sort_values(["updated_at", "load_date"], kind="stable")
    reported = orders.groupby("order_id")["promised_at"].agg(["first", "nunique"])
    moved = reported[reported["nunique"] > 1]
    found = demo_warehouse.execute(
        "select order_id, promised_at, re_promises, is_late from kefu.customer.fct_order where re_promises > 0"
    ).df()
    assert len(moved) > 20
    assert dict(zip(found["order_id"], found["promised_at"], strict=True)) == moved["first"].to_dict()
    assert set(found["re_promises"]) == {1}
    assert found["is_late"].all()  # planted: only late orders get a new promise


def test_units_under_warranty_are_counted_one_by_one(demo_warehouse: duckdb.DuckDBPyConnection) -> None:
    """Delivered by the month's end, the warranty's last month not before it, not given back in an earlier month."""
    units = demo_warehouse.execute(
        f"""
        with lines as (
            select
                lines.order_id, lines.line_no, lines.quantity, products.warranty_months,
                date_trunc('month', orders.delivered_at + interval 8 hour)::date as started
            from work.staging.stg_crm__order_lines as lines
            inner join work.staging.stg_crm__orders as orders using (order_id)
            inner join work.staging.stg_crm__products as products using (product_id)
            where products.warranty_months is not null and orders.delivered_at < timestamp '{END}'
        ),
        given_back as (
            select order_id, line_no, sum(quantity) as quantity
            from work.staging.stg_crm__returns
            where kind = 'refund' and returned_at < timestamp '{START}'
            group by all
        )
        select sum(lines.quantity - coalesce(given_back.quantity, 0))::double
        from lines left join given_back using (order_id, line_no)
        where started + to_months(warranty_months::int) >= date '{MONTH}'
        """
    ).fetchone()
    counted = demo_warehouse.execute(
        f"select sum(units_under_warranty)::double from kefu.service.warranty where month = '{MONTH}'"
    ).fetchone()
    assert counted == units


def test_occupancy_and_training_by_hand(demo_warehouse: duckdb.DuckDBPyConnection) -> None:
    shifts = demo_warehouse.execute(
        f"select agent_id, logged_in_seconds from work.staging.stg_crm__agent_shifts"
        f" where started_at >= '{START}' and started_at < '{END}'"
    ).df()
    calls = demo_warehouse.execute(
        f"select agent_id, date_diff('second', answered_at, ended_at) + coalesce(wrap_up_seconds, 0) as seconds"
        f" from work.staging.stg_crm__interactions where channel = 'phone' and answered_at is not null"
        f" and started_at >= '{START}' and ended_at < '{END}'"
    ).df()
    busy = calls[calls["agent_id"].isin(shifts["agent_id"])]["seconds"].sum() / shifts["logged_in_seconds"].sum()
    trained = demo_warehouse.execute(
        f"""
        select avg((agent_id in (
            select training.agent_id from work.staging.stg_crm__agent_training as training
            where training.at >= timestamp '2025-10-31 16:00:00' and training.at < timestamp '{END}'
        ))::int)
        from work.staging.stg_crm__agents
        where hired_at < timestamp '{END}' and (left_at is null or left_at >= timestamp '{END}')
        """
    ).fetchone()
    assert trained is not None
    found = demo_warehouse.execute(
        f"""
        select
            (
                select sum(handle_seconds) / sum(logged_in_seconds)
                from kefu.service.occupancy_agent_months where month = '{MONTH}'
            ),
            (select avg(is_trained::int) from kefu.service.training where month = '{MONTH}')
        """
    ).fetchone()
    assert found == pytest.approx((busy, trained[0]), abs=1e-9)
