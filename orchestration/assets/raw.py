"""The raw zone: one asset, cut by day of delivery. Reading files is ingestion's work.

A delivery is the unit, not an entity: one file may feed several entities, and the files of a day are accounted for
together.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

from foundation.settings import Settings
from orchestration.alerts import notify_data_owner
from orchestration.ingestion.deliveries import IngestReport
from orchestration.loading import pull_first, read_days
from orchestration.partitions import daily
from reports.delivery.card import RunFailure

RAW_ZONE = dg.AssetKey("raw_zone")
ACCEPTED = "every_load_accepted"
# A run over a range of partitions plans one event per partition for every asset of the job, the unpartitioned ones of
# dbt too: 4,352 events and 40 s for a month. A command's run has one partition, its last day, and names the first here.
FIRST_DAY_TAG = "kefu/first_day"
REBUILD_TAG = "kefu/rebuild"  # of a run that builds from the raw zone as it is


def raw_zone_asset(settings: Settings) -> dg.AssetsDefinition:
    """A run over a range of days reads all of it in one go; each day gets its own counts as metadata."""

    @dg.asset(
        key=RAW_ZONE,
        group_name="raw",
        partitions_def=daily(settings),
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[
            dg.AssetCheckSpec(ACCEPTED, asset=RAW_ZONE, description="No load of these days was refused or held.")
        ],
        required_resource_keys={"writer"},
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL),
        kinds={"parquet"},
    )
    def raw_zone(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """Typed loads in Parquet with a manifest, by entity of the contract."""
        home: Settings = context.resources.writer
        days = days_asked_for(context)
        if REBUILD_TAG in context.run.tags:  # nothing is pulled, and nothing read but what is damaged
            not_pulled, days = [], []
            report = read_days(home, date.min, date.min)
        else:
            not_pulled = pull_first(home, days[-1])
            report = read_days(home, days[0], days[-1])
        for day in days:
            key, metadata = day.isoformat(), counts(report, home, day)
            if key in context.partition_keys:
                context.add_asset_metadata(metadata, partition_key=key)
            else:
                context.log_event(dg.AssetMaterialization(RAW_ZONE, partition=key, metadata=metadata))
        yield dg.MaterializeResult()
        # a file that neither can use is told of once
        refused = list(dict.fromkeys([*not_pulled, *(refusal.message for refusal in report.refusals)]))
        if refused:
            steps = dict.fromkeys(not_pulled, "pull")
            failures = [RunFailure(steps.get(message, "ingest"), message) for message in refused]
            notify_data_owner(home, context.job_name, context.run_id, failures)
        # not blocking: what did load is built and published, the refused entities stay at their last good load
        yield dg.AssetCheckResult(
            check_name=ACCEPTED,
            passed=not refused,
            description="\n".join(refused) or "\n".join(("all accepted", *report.notes)),
        )

    return raw_zone


def days_asked_for(context: dg.AssetExecutionContext) -> list[date]:
    """The days of delivery of a run: its partitions, and with FIRST_DAY_TAG all days from that one on."""
    keys = context.partition_key_range
    first = date.fromisoformat(context.run.tags.get(FIRST_DAY_TAG, keys.start))
    return [first + timedelta(days=offset) for offset in range((date.fromisoformat(keys.end) - first).days + 1)]


def counts(report: IngestReport, home: Settings, day: date) -> dict[str, int]:
    """What one day's delivery came to."""
    files = [file for file in report.files if file.load_date == day]
    loads = [load for load in report.loads if load.load_date == day]
    return {
        "files": len(files),
        "rows_read": sum(file.read for file in files),
        "rows_rejected": sum(file.quarantined + file.refused for file in files),
        "dagster/row_count": sum(load.rows_loaded for load in loads),
        "bytes": sum((home.raw / path).stat().st_size for load in loads for path in load.live),
    }
