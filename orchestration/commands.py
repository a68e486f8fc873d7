"""What each command does: the Dagster jobs of definitions.py, run in this process under the writer's lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.assets.raw import FIRST_DAY_TAG, REBUILD_TAG
from orchestration.assets.reports import REPORT_TAG, bundle_key, files_key
from orchestration.definitions import build_defs
from orchestration.ingestion.manifest import make_way
from orchestration.ingestion.soundness import recovered
from orchestration.jobs import NIGHTLY, report_job
from orchestration.lock import single_writer
from orchestration.progress import step
from orchestration.recovery.build import WORK, published_day
from orchestration.recovery.runs import move_damaged
from reports.registry import DEFAULT

_CHECK_FAILED = "DagsterAssetCheckFailedError"  # the step error beside a failed check, which is told by itself
DAGSTER_YAML = """\
# written by kefu at every start; the settings of this home belong in kefu.toml
telemetry:
  enabled: false
concurrency:
  pools:
    default_limit: 1
# what a step prints is progress, meant for the terminal: captured, it would come late or not at all
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def nightly(settings: Settings, first: date, last: date) -> None:
    """Ingest, dbt, checks, publish for the days `first` to `last` in one run. A refused load does not stop the others:
    they are published, and CommandFailedError names the refused ones afterwards."""
    _run(settings, NIGHTLY, _days(first, last))


def rebuild(settings: Settings) -> None:
    """The night without reading a delivery, from nothing but the raw zone. Raises CommandFailedError as it does."""
    with single_writer(settings):
        day = published_day(settings) or recovered(settings.raw).manifest.newest
        if day is None:
            raise CommandFailedError(f"nothing is in {settings.raw} yet, so there is nothing to build from")
        make_way(settings.build / WORK)
        (settings.build / WORK).unlink(missing_ok=True)
        _run(settings, NIGHTLY, {**_days(day, day), REBUILD_TAG: "yes"})


def report(
    settings: Settings, period: str, report_id: str = DEFAULT, *, send: bool, revise: bool = False, reason: str = ""
) -> None:
    """Bundles and files of a period (2026-10, or a day); with `send` the mails too, unless the report is held back.
    With `revise` printed figures that differ from the issued ones are issued anew, for that reason."""
    bundle, files = bundle_key(report_id), files_key(report_id)
    config = {"ops": {bundle.to_python_identifier(): {"config": {"revise": revise, "reason": reason}}}}
    tags = {"dagster/partition": period, REPORT_TAG: report_id}
    _run(settings, report_job(report_id), tags, None if send else [bundle, files], config)


def prepare_dagster_home(settings: Settings) -> Path:
    """The folder of the Dagster instance, with its configuration written."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    for name in move_damaged(settings.dagster_home):
        with step("note") as reported:
            reported.count(f"dagster/{name} was no sound database: moved aside, its history begins anew")
    (settings.dagster_home / "dagster.yaml").write_text(DAGSTER_YAML, encoding="utf-8")
    return settings.dagster_home


@contextmanager
def _instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The home's Dagster instance, opened under the lock: two first runs on an empty folder can break its SQLite."""
    with single_writer(settings), dg.DagsterInstance.from_config(str(prepare_dagster_home(settings))) as instance:
        yield instance


def _days(first: date, last: date) -> Mapping[str, str]:
    return {"dagster/partition": last.isoformat(), FIRST_DAY_TAG: first.isoformat()}


def _run(
    settings: Settings,
    job: str,
    tags: Mapping[str, str],
    assets: Sequence[dg.AssetKey] | None = None,
    config: Mapping[str, Any] | None = None,
) -> None:
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # the event log keeps what was logged
    with _instance(settings) as instance:
        definition = build_defs(settings).resolve_job_def(job)
        result = definition.execute_in_process(
            instance=instance,
            tags=dict(tags),
            asset_selection=assets,
            run_config={**quiet, **(config or {})},
            raise_on_error=False,
        )
    faults = list(_faults(result))
    if faults or not result.success:
        raise CommandFailedError("\n".join(faults) or f"{job} failed; see the run in `kefu dev`")


def _faults(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """What went wrong: checks that failed, blocking or not, then steps that failed for another reason."""
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            yield f"{evaluation.check_name}: {evaluation.description}"
    for event in result.all_events:
        error = event.step_failure_data.error if event.is_step_failure else None
        if error and error.cls_name != _CHECK_FAILED:
            cause = error.cause or error
            yield f"{event.step_key}: {cause.message.strip()}"
        if event.event_type == dg.DagsterEventType.HOOK_ERRORED:
            unreported = event.hook_errored_data.error
            yield f"the data owner could not be told: {(unreported.cause or unreported).message.strip()}"
