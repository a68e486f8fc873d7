"""Each expectation passes on a warehouse that meets it and fails on one where that thing alone is broken."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from expectations.results import ExpectationOutcome, Suite, SuiteResult
from expectations.suites import ExpectationError, load_checks

if TYPE_CHECKING:
    from tests.expectations.warehouse import Warehouse

pytestmark = pytest.mark.slow

AGAIN = "insert into raw.{0} select * replace ('other' as row_hash) from raw.{0} where "
TWICE = "insert into kefu.reporting.kpi_monthly from kefu.reporting.kpi_monthly where "
NEWEST = "load_date = date '2026-10-08'"
RAW = {
    "too small": (
        f"update control.loads set rows_loaded = 300 where entity = 'orders' and {NEWEST}",
        {"volume_unusual": "orders of crm"},
    ),
    "nearly empty": (
        f"update control.loads set rows_loaded = 3 where entity = 'orders' and {NEWEST}",
        {"volume_unusual": "orders of crm", "volume_collapsed": "orders of crm"},
    ),
    "flooded": (
        f"update control.loads set rows_loaded = 70000 where entity = 'stores' and {NEWEST}",
        {"volume_unusual": "stores of crm", "volume_collapsed": "stores of crm"},
    ),
    "silent for a week": (
        "update control.loads set status = 'held' where entity = 'returns' and load_date > date '2026-10-04'",
        {"late": "returns of crm"},
    ),
    "an event twice": (
        AGAIN.format("returns") + "return_id = 'crm:r3-7'",
        {"key_repeated": "returns of crm"},
    ),
    "a store twice in one snapshot": (
        AGAIN.format("stores") + f"store_id = 'crm:s1' and {NEWEST}",
        {"key_repeated": "stores of crm"},
    ),
    "events under few keys": (
        "update raw.returns set return_id = 'crm:r' || (abs(hash(return_id)) % 100)",
        {"key_repeated": "returns of crm", "key_repeated_often": "returns of crm"},
    ),
    "orders of unknown customers": (
        "update raw.orders set customer_id = customer_id || 'x' where order_id like '%-1_'",
        {"orphans": "orders.customer_id of crm"},
    ),
    "orders of another company": (
        "update raw.orders set customer_id = customer_id || 'x'",
        {"orphans": "orders.customer_id of crm", "orphans_many": "orders.customer_id of crm"},
    ),
    "phones partly gone": (
        f"update raw.customers set phone = null where {NEWEST} and regexp_matches(customer_id, '[12]')",
        {"nulls_drifted": "customers.phone of crm"},
    ),
    "refunds that became replacements": (
        f"update raw.returns set kind = 'replace' where {NEWEST} and regexp_matches(return_id, '[1-5]$')",
        {"categories_drifted": "returns.kind = refund of crm"},
    ),
    "phones gone": (
        f"update raw.customers set phone = null where {NEWEST}",
        {"nulls_drifted": "customers.phone of crm", "column_emptied": "customers.phone of crm"},
    ),
}
IN_OCTOBER = "month = date '2026-10-01'"
CSAT = f"metric_id = 'csat' and scope_type = 'company' and {IN_OCTOBER}"
MARTS = {
    "no figure": ("delete from kefu.reporting.kpi_monthly", {"kpi_empty": "reporting.kpi_monthly"}),
    "a figure twice": (
        TWICE + "scope_id = 'north' and metric_id = 'orders'",
        {"kpi_key_repeated": "orders", "kpi_scopes_off_company": "orders"},
    ),
    "two company figures": (
        TWICE + f"metric_id = 'first_reply' and {IN_OCTOBER}",
        {"kpi_key_repeated": "first_reply", "kpi_company_missing": "first_reply"},
    ),
    "a rate in per cent": (
        f"update kefu.reporting.kpi_monthly set value = 80, ci_high = 90 where {CSAT}",
        {"kpi_out_of_range": "csat", "contributions_open": "csat"},
    ),
    "a time below nought": (
        f"update kefu.reporting.kpi_monthly set value = -1 where metric_id = 'first_reply' and {IN_OCTOBER}",
        {"kpi_out_of_range": "first_reply"},
    ),
    "an interval beyond all": (
        f"update kefu.reporting.kpi_monthly set ci_high = 1.2 where {CSAT}",
        {"kpi_out_of_range": "csat"},
    ),
    "short of nothing": (
        "update kefu.reporting.kpi_monthly set covered_months = 12 where metric_id = 'repurchase_rate'",
        {"kpi_status_contradicted": "repurchase_rate"},
    ),
    "short and compared": (
        "update kefu.reporting.kpi_monthly set previous = 0.3 where metric_id = 'repurchase_rate'",
        {"kpi_status_contradicted": "repurchase_rate"},
    ),
    "above its interval": (
        f"update kefu.reporting.kpi_monthly set value = 0.95 where {CSAT}",
        {"kpi_outside_interval": "csat", "contributions_open": "csat"},
    ),
    "half an interval": (
        f"update kefu.reporting.kpi_monthly set ci_low = null where {CSAT}",
        {"kpi_outside_interval": "csat"},
    ),
    "more satisfied than asked": (
        f"update kefu.reporting.kpi_monthly set denominator = 79 where {CSAT}",
        {"kpi_more_than_all": "csat"},
    ),
    "no n": (
        f"update kefu.reporting.kpi_monthly set n = null where metric_id = 'first_reply' and {IN_OCTOBER}",
        {"kpi_without_n": "first_reply"},
    ),
    "met without a target": (
        f"update kefu.reporting.kpi_monthly set target = null where {CSAT}",
        {"kpi_status_contradicted": "csat"},
    ),
    "missed, they say": (
        f"update kefu.reporting.kpi_monthly set status = 'missed' where {CSAT}",
        {"kpi_status_contradicted": "csat"},
    ),
    "nobody knows what it is": (
        "delete from kefu.reporting.rpt_metric_definitions where metric_id = 'first_reply'",
        {"kpi_undefined": "first_reply"},
    ),
    "no name": (
        "update kefu.reporting.rpt_metric_definitions set label = '' where metric_id = 'first_reply'",
        {"kpi_undefined": "first_reply"},
    ),
    "better than nothing": (
        f"update kefu.reporting.kpi_monthly set change_previous = 'better' where {CSAT}",
        {"kpi_change_unfounded": "csat"},
    ),
    "of next month": (
        f"update kefu.reporting.kpi_monthly set month = date '2026-11-01' where {IN_OCTOBER}",
        {"kpi_in_future": "reporting.kpi_monthly"},
    ),
    "no company": (
        f"delete from kefu.reporting.kpi_monthly where {CSAT}",
        {"kpi_company_missing": "csat"},
    ),
    "regions off the company": (
        "update kefu.reporting.kpi_monthly set value = 31 where scope_id = 'north' and metric_id = 'orders'",
        {"kpi_scopes_off_company": "orders"},
    ),
    "a change that nobody made": (
        "delete from kefu.reporting.rpt_contributions where scope_id = 'south'",
        {"contributions_open": "csat"},
    ),
    "a customer came from nowhere": (
        "update kefu.lifecycle.stage_flow set closing = 12 where month = date '2026-09-01'",
        {"stage_flow_open": "lifecycle.stage_flow region"},
    ),
    "a month opens as none closed": (
        "update kefu.lifecycle.stage_flow set opening = 9, closing = 8 where month = date '2026-10-01'",
        {"stage_flow_open": "lifecycle.stage_flow region"},
    ),
    "a customer without a grade": (
        "update kefu.customer.pyramid set customers = 8 where grade = 'D'",
        {"pyramid_open": "customer.pyramid"},
    ),
    "points from nowhere": (
        "update kefu.loyalty.points_accounts set balance = 71, open_points = 71 where member_id = 'crm:m1'",
        {"points_open": "loyalty.points_accounts"},
    ),
    "a member without a balance": (
        "delete from kefu.loyalty.points_accounts where member_id = 'crm:m1'",
        {"points_open": "loyalty.points_accounts"},
    ),
    "lots off the balance": (
        "update kefu.loyalty.points_accounts set open_points = 69 where member_id = 'crm:m1'",
        {"points_open": "loyalty.points_accounts"},
    ),
    "a ticket lost": ("update kefu.service.backlog set closing = 3", {"backlog_open": "service.backlog"}),
    "a ticket nobody counted": (
        "update kefu.service.backlog set open_tickets = 5",
        {"backlog_open": "service.backlog"},
    ),
    "a phone among the profiles": (
        "create table kefu.customer.customer_profile as select 'crm:c1' as customer_id, '13800' as phone",
        {"personal_columns": "customer.customer_profile.phone"},
    ),
}


def outcome(result: SuiteResult, check_id: str) -> ExpectationOutcome:
    return next(one for one in result.outcomes if one.id == check_id)


@pytest.mark.parametrize("suite", ["raw", "marts"])
def test_intact_warehouse_passes_and_something_was_compared(warehouse: Warehouse, suite: Suite) -> None:
    result = warehouse.ask(suite)
    assert [one for one in result.outcomes if not one.success] == []
    assert {one.id: one.note for one in result.outcomes if not one.compared} == (
        {} if suite == "raw" else {"kpi_change_unfounded": "nothing to examine"}
    )
    assert result.passed
    assert result.summary() == f"{len(load_checks(suite, {}))} expectations, 0 failed, 0 warn"


@pytest.mark.parametrize(
    ("suite", "statement", "broken"),
    [
        pytest.param(suite, *case, id=f"{suite}: {name}")
        for suite, cases in (("raw", RAW), ("marts", MARTS))
        for name, case in cases.items()
    ],
)
def test_broken_warehouse_fails_where_it_is_broken(
    warehouse: Warehouse, suite: Suite, statement: str, broken: dict[str, str]
) -> None:
    warehouse.sql(statement)
    result = warehouse.ask(suite)
    assert {one.id: one.findings[0].subject for one in result.outcomes if not one.success} == broken
    severities = {check_id: check.severity for check_id, check in load_checks(suite, {}).items()}
    assert result.passed == ("error" not in {severities[check_id] for check_id in broken})


def test_every_expectation_is_seen_failing() -> None:
    """An expectation that no case breaks could be one that cannot fail."""
    for suite, cases in (("raw", RAW), ("marts", MARTS)):
        assert {check_id for _, broken in cases.values() for check_id in broken} == set(load_checks(suite, {}))


def test_finding_carries_counts_and_hashes_but_no_value(warehouse: Warehouse) -> None:
    warehouse.sql("update raw.orders set customer_id = 'crm:ghost' where order_id = 'crm:o3-7'")
    warehouse.sql(AGAIN.format("returns") + "return_id = 'crm:r3-7'")
    result = warehouse.ask("raw", overrides={"orphans": {"max_share": 0}})
    finding = outcome(result, "orphans").findings[0]
    assert (finding.compared, finding.broken) == (101, 1)
    with duckdb.connect() as connection:
        assert finding.hashed_keys == connection.execute("select md5('crm:ghost')").fetchone()
    reported = json.dumps(result.as_dict()) + result.summary()
    assert "crm:" not in reported
    assert "key_repeated: returns of crm (1 of 800)" in reported


def test_first_deliveries_pass_with_a_note(warehouse: Warehouse) -> None:
    warehouse.sql("delete from control.loads where load_date > date '2026-10-02'")
    warehouse.sql("update control.loads set rows_loaded = 1 where load_date = date '2026-10-02'")
    volume = outcome(warehouse.ask("raw"), "volume_collapsed")
    assert (volume.success, volume.examined, volume.compared) == (True, 4, 0)
    assert volume.note == "not enough history for 4 of 4"


def test_nothing_supplied_passes_with_a_note(warehouse: Warehouse) -> None:
    warehouse.sql("delete from control.loads")
    assert {one.note for one in warehouse.ask("raw").outcomes} == {"nothing to examine"}


def test_history_of_another_load_mode_is_not_compared(warehouse: Warehouse) -> None:
    """A full export followed by daily changes is no collapse."""
    warehouse.sql(f"update control.loads set load_mode = 'snapshot', rows_loaded = 100000 where not ({NEWEST})")
    assert outcome(warehouse.ask("raw"), "volume_collapsed").compared == 1  # the stores alone
    assert outcome(warehouse.ask("raw"), "volume_collapsed").examined == 4


@pytest.mark.parametrize(
    ("suite", "dropped"),
    [("raw", "raw.returns"), ("raw", "control.loads"), ("marts", "kefu.reporting.kpi_monthly")],
)
def test_missing_table_is_an_error_not_a_pass(warehouse: Warehouse, suite: Suite, dropped: str) -> None:
    warehouse.sql(f"drop table {dropped}")
    with pytest.raises(ExpectationError, match=dropped.rpartition(".")[2]):
        warehouse.ask(suite)


def test_missing_database_is_an_error_not_a_pass(warehouse: Warehouse) -> None:
    warehouse.marts.unlink()
    with pytest.raises(FileNotFoundError, match="kefu"):
        warehouse.ask("marts")
    assert warehouse.ask("raw").passed, "the raw border is before the marts are built"


def test_missing_great_expectations_is_an_error_not_a_pass(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "expectations.duckdb_source", raising=False)
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    with pytest.raises(ImportError):
        warehouse.ask("raw")


def test_every_handle_is_closed(warehouse: Warehouse) -> None:
    """DuckDB refuses a second opener with other rights, so the next step of the night would fail."""
    warehouse.ask("marts")
    warehouse.sql("create table main.written as select 1 as x")
    warehouse.sql("drop table raw.returns")
    with pytest.raises(ExpectationError):
        warehouse.ask("raw")
    warehouse.sql("create table main.written_again as select 1 as x")


def test_overrides_change_severity_and_limits(warehouse: Warehouse) -> None:
    warehouse.sql(RAW["nearly empty"][0])
    assert not warehouse.ask("raw").passed
    reported = warehouse.ask(
        "raw", overrides={"volume_collapsed": {"severity": "warn"}, "volume_unusual": {"min_change": 10}}
    )
    assert [one.id for one in reported.warned] == ["volume_collapsed"]
    assert reported.passed


@pytest.mark.parametrize("overrides", [{"volumes": {"min_ratio": 0}}, {"late": {"max_hours": 3}}])
def test_override_of_nothing_is_refused(overrides: dict[str, dict[str, float]]) -> None:
    with pytest.raises(ValueError, match="known ones are"):
        load_checks("raw", overrides)
