"""A late row changes the months of its declared look-back and no other.

Orders, tickets, surveys and calls of early March 2026, all over by its end, arrive late in the warehouse of the demo.
Every figure that changes belongs to March or to one of the `look_back_months` after it that its metric declares.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

import duckdb
import pytest

from foundation.contract import contract, quote
from foundation.settings import DBT_PROJECT_DIR, Settings
from orchestration.warehouse import MARTS_FILE, WORK_FILE

pytestmark = [pytest.mark.slow, pytest.mark.long]
MONTH = date(2026, 3, 1)
# what of them is cloned: parent, its condition, and the children that go with it
LATE = {
    "orders": (
        "ordered_at between '2026-03-01' and '2026-03-12'"
        + "".join(f" and {end} < '2026-03-28'" for end in ("delivered_at", "promised_at"))
        + " and coalesce(payment_due_at, ordered_at) < '2026-03-28'",
        ("order_lines",),
    ),
    "tickets": ("created_at between '2026-03-02' and '2026-03-10' and updated_at < '2026-03-28'", ("ticket_events",)),
    "surveys": ("sent_at between '2026-03-02' and '2026-03-10' and responded_at < '2026-03-28'", ("survey_answers",)),
    "interactions": ("started_at between '2026-03-02' and '2026-03-10'", ()),
    "service_orders": ("requested_at between '2026-03-02' and '2026-03-10' and completed_at < '2026-03-28'", ()),
}


def add_late_rows(work: Path) -> dict[str, int]:
    """Puts clones under new keys beside the live rows; returns how many per entity."""
    added = {}
    with duckdb.connect(str(work)) as connection:
        for parent, (condition, children) in LATE.items():
            key = contract()[parent].keys[0].name
            connection.execute(
                f"create or replace temp table chosen as select {key} from raw.{quote(parent)}"
                f" where {condition} group by {key} having count(*) = 1 order by {key} limit 12"
            )
            for entity in (parent, *children):
                connection.execute(f"create table control.late_{entity} as from raw.{quote(entity)} limit 0")
                connection.execute(
                    f"insert into control.late_{entity} select * replace ({key} || '-late' as {key})"
                    f" from raw.{quote(entity)} where {key} in (from chosen)"
                )
                (count,) = connection.execute(f"select count(*) from control.late_{entity}").fetchone() or (0,)
                added[entity] = count
                (definition,) = connection.execute(
                    "select sql from duckdb_views() where schema_name = 'raw' and view_name = ?", [entity]
                ).fetchone() or ("",)
                select = definition.partition(" AS ")[2].rstrip("; \n")
                connection.execute(
                    f"create or replace view raw.{quote(entity)} as ({select}) union all by name"
                    f" from control.late_{entity}"
                )
    return added


def months_after(month: date) -> int:
    return (month.year - MONTH.year) * 12 + month.month - MONTH.month


def test_a_late_row_changes_its_look_back_and_no_other_month(demo_home: Settings, tmp_path: Path) -> None:
    work, marts = tmp_path / WORK_FILE, tmp_path / MARTS_FILE
    shutil.copyfile(demo_home.build / WORK_FILE, work)
    shutil.copyfile(demo_home.published / MARTS_FILE, marts)
    added = add_late_rows(work)
    assert min(added.values()) > 0, added
    done = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "--quiet", "run"),
            *("--project-dir", DBT_PROJECT_DIR, "--profiles-dir", DBT_PROJECT_DIR),
            *("--target-path", tmp_path / "target", "--log-path", tmp_path),
        ],
        env={**os.environ, "KEFU_WORK_DB": str(work), "KEFU_MARTS_DB": str(marts)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo_home.published / MARTS_FILE}' as before (read_only)")
        connection.execute(f"attach '{marts}' as now (read_only)")
        columns = "month, scope_type, scope_id, metric_id, dimension, dimension_value, n, numerator, denominator, value"
        new, old = "now.reporting.kpi_monthly", "before.reporting.kpi_monthly"
        changed = connection.execute(
            f"""
            with changed as (
                (select {columns} from {new} except select {columns} from {old})
                union
                (select {columns} from {old} except select {columns} from {new})
            )
            select distinct metric_id, month, look_back_months
            from changed inner join now.reporting.rpt_metric_definitions using (metric_id)
            """
        ).fetchall()
    wrong = defaultdict(list)
    for metric, month, look_back in sorted(changed):
        if not 0 <= months_after(month) <= look_back:
            wrong[f"{metric} looks back {look_back} months"].append(f"{month:%Y-%m}")
    assert dict(wrong) == {}
    in_month = {metric for metric, month, _ in changed if month == MONTH}
    # clones come on the days of the orders they are made of: what is spent changes, how often somebody buys does not
    assert {"promise_kept", "csat", "complaint_rate", "first_reply", "rfm_spend"} <= in_month
    assert "repurchase_rate" not in {metric for metric, _, _ in changed}
