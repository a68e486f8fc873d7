"""What runs as one: ingestion alone, the night, the monthly report."""

from __future__ import annotations

import dagster as dg

from orchestration.alerts import mail_on_failure
from orchestration.assets.delivery import DELIVERY
from orchestration.assets.reports import BUNDLE, DIFFERENCES, FILES
from orchestration.assets.warehouse import PUBLISHED
from orchestration.partitions import daily, monthly
from orchestration.settings import Settings

NIGHTLY = "nightly"
INGEST = "ingest"
MONTHLY_REPORT = "monthly_report"


def jobs(settings: Settings) -> list[dg.UnresolvedAssetJobDefinition]:
    hooks = {mail_on_failure(settings)}
    raw = dg.AssetSelection.groups("raw")
    reports = dg.AssetSelection.assets(BUNDLE, FILES, DELIVERY)
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
        dg.define_asset_job(
            MONTHLY_REPORT,
            reports | guards,
            partitions_def=monthly(settings),
            hooks=hooks,
            executor_def=dg.in_process_executor,
            description="Freeze the figures of a month, render them, deliver them.",
        ),
    ]
