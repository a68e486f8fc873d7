"""What runs as one: ingestion alone, the night, each report."""

from __future__ import annotations

import dagster as dg

from foundation.settings import Settings
from orchestration.alerts import mail_on_failure
from orchestration.assets.delivery import delivery_key
from orchestration.assets.reports import DIFFERENCES, REPORT_TAG, bundle_key, files_key
from orchestration.assets.warehouse import PUBLISHED
from orchestration.partitions import daily, of_schedule
from reports.registry import DEFAULT, ReportSpec, reports

NIGHTLY = "nightly"
INGEST = "ingest"
MONTHLY_REPORT = "monthly_report"


def report_job(report_id: str) -> str:
    """The name of the job that makes a report."""
    return MONTHLY_REPORT if report_id == DEFAULT else report_id


def jobs(settings: Settings) -> list[dg.UnresolvedAssetJobDefinition]:
    hooks = {mail_on_failure(settings)}
    raw = dg.AssetSelection.groups("raw")
    guards = dg.AssetSelection.checks_for_assets(PUBLISHED)
    compared = dg.AssetSelection.assets(DIFFERENCES)
    return [
        dg.define_asset_job(
            INGEST, raw, partitions_def=daily(settings), hooks=hooks, executor_def=dg.in_process_executor
        ),
        dg.define_asset_job(
            NIGHTLY,
            (raw | dg.AssetSelection.groups("warehouse", "dbt") | compared) - guards,
            partitions_def=daily(settings),
            hooks=hooks,
            executor_def=dg.in_process_executor,
            description="Ingest a day or a range of days, build the warehouse, check it, publish it, compare reports.",
        ),
        *(_of_report(spec, settings, hooks, guards) for spec in reports().values()),
    ]


def _of_report(
    spec: ReportSpec, settings: Settings, hooks: set[dg.HookDefinition], guards: dg.AssetSelection
) -> dg.UnresolvedAssetJobDefinition:
    made = dg.AssetSelection.assets(bundle_key(spec.id), files_key(spec.id), delivery_key(spec.id))
    return dg.define_asset_job(
        report_job(spec.id),
        made | guards,
        partitions_def=of_schedule(settings, spec.schedule),
        hooks=hooks,
        executor_def=dg.in_process_executor,
        tags={REPORT_TAG: spec.id},
        description=f"Freeze the figures of a {spec.calendar.noun}, render them, deliver them.",
    )
