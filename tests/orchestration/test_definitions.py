"""Every asset, check, job, schedule and sensor by name: one that is lost or renamed shows in a diff.

After an intended change: KEFU_UPDATE_SNAPSHOTS=1 python -m pytest tests/orchestration/test_definitions.py
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from foundation.settings import Settings
from orchestration.definitions import build_defs

pytestmark = pytest.mark.slow

SNAPSHOT = Path(__file__).with_name("definitions.json")


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_defs(Settings(home=tmp_path_factory.mktemp("home")))


def _inventory(defs: dg.Definitions) -> dict[str, Any]:
    graph = defs.resolve_asset_graph()
    repository = defs.get_repository_def()
    return {
        "assets": {
            key.to_user_string(): {
                "group": node.group_name,
                "partitions": type(node.partitions_def).__name__ if node.partitions_def else None,
                # dbt's own lineage is dbt's to pin: a snapshot of it would change with every model
                "deps": sorted(
                    parent.to_user_string() for parent in node.parent_keys if graph.get(parent).group_name != "dbt"
                ),
            }
            for key in sorted(graph.get_all_asset_keys())
            for node in [graph.get(key)]
        },
        "checks": sorted(key.to_user_string() for key in graph.asset_check_keys),
        "jobs": {
            job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
            if job.name != "nightly"
            else sorted({graph.get(key).group_name for key in job.asset_layer.executable_asset_keys})
            for job in sorted(repository.get_all_jobs(), key=lambda job: job.name)
            if not job.name.startswith("__")
        },
        "schedules": {
            schedule.name: [schedule.job_name, schedule.cron_schedule, schedule.execution_timezone]
            for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name)
        },
        "sensors": {sensor.name: sensor.job_name for sensor in repository.sensor_defs},
    }


def test_nothing_scheduled_or_built_was_lost_unseen(defs: dg.Definitions) -> None:
    found = _inventory(defs)
    if os.environ.get("KEFU_UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_every_job_mails_the_data_owner_when_it_fails(defs: dg.Definitions) -> None:
    jobs = [job for job in defs.get_repository_def().get_all_jobs() if not job.name.startswith("__")]
    assert jobs
    assert all({hook.name for hook in job.hook_defs} == {"mail_data_owner"} for job in jobs)


def _evaluate(defs: dg.Definitions, name: str, instant: datetime) -> str | None:
    """The partition that a schedule asks for at an instant, or None when it asks for nothing."""
    repository = defs.get_repository_def()
    context = dg.build_schedule_context(scheduled_execution_time=instant, repository_def=repository)
    requests = repository.get_schedule_def(name).evaluate_tick(context).run_requests
    return requests[0].partition_key if requests else None


def test_the_night_asks_for_the_local_day_that_has_ended(defs: dg.Definitions) -> None:
    half_past_midnight_in_shanghai = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)
    assert _evaluate(defs, "nightly", half_past_midnight_in_shanghai) == "2026-10-31"


def test_the_report_goes_out_on_the_second_working_day_only(defs: dg.Definitions) -> None:
    assert _evaluate(defs, "monthly_report", datetime(2026, 11, 3, 0, 0, tzinfo=UTC)) == "2026-10"
    assert _evaluate(defs, "monthly_report", datetime(2026, 11, 2, 0, 0, tzinfo=UTC)) is None
