"""What is planted in the demo company (docs/demo.md) is found: the store that gets worse, the campaigns."""

from __future__ import annotations

import duckdb
import pytest

from demo import read_facts
from foundation.settings import Settings

pytestmark = pytest.mark.slow
# what the failing store does worse; complaints per order rise as well, deliveries are late, replies slow
SYMPTOMS = ("promise_kept", "csat", "complaint_rate", "sla_first_reply")


def test_the_failing_store_is_called_worse_and_no_other(
    demo_home: Settings, demo_warehouse: duckdb.DuckDBPyConnection
) -> None:
    """After correction for many comparisons, in the last month against the year before."""
    planted = read_facts(demo_home.landing).planted
    found = dict(
        demo_warehouse.execute(
            """
            select scope_id, list(metric_id order by metric_id) from kefu.reporting.kpi_monthly
            where month = '2026-10-01' and scope_type = 'store' and dimension = '' and change_year_ago = 'worse'
                and list_contains($symptoms, metric_id)
            group by scope_id
            """,
            {"symptoms": list(SYMPTOMS)},
        ).fetchall()
    )
    store = f"demo:{planted.failing_store}"
    assert found.pop(store, []) == sorted(SYMPTOMS)
    assert {other: metrics for other, metrics in found.items() if len(metrics) > 1} == {}


def test_before_it_failed_the_store_was_like_the_others(demo_warehouse: duckdb.DuckDBPyConnection) -> None:
    (called,) = demo_warehouse.execute(
        """
        select count(*) from kefu.reporting.kpi_monthly
        where month between '2026-02-01' and '2026-07-01' and scope_id = 'demo:S07' and dimension = ''
            and change_previous = 'worse' and list_contains($symptoms, metric_id)
        """,
        {"symptoms": list(SYMPTOMS)},
    ).fetchone() or (-1,)
    assert called <= 1  # of 24 comparisons, at 5 %


def test_the_working_campaign_lifts_and_the_idle_one_does_not(
    demo_home: Settings, demo_warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Against the control group, from the assignment on."""
    planted = read_facts(demo_home.landing).planted
    verdicts = dict(demo_warehouse.execute("select campaign_id, verdict from kefu.loyalty.campaign_results").fetchall())
    assert verdicts[f"demo:{planted.working_campaign}"] == "works"
    assert verdicts[f"demo:{planted.idle_campaign}"] == "no_clear_effect"
    assert "harms" not in verdicts.values()
