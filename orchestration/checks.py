"""The expectations at both borders as blocking asset checks, and the check that guards what a report reads."""

from calendar import monthrange
from datetime import date
from pathlib import Path
from typing import Literal

import dagster as dg
import duckdb

from orchestration import warehouse
from orchestration.assets.reports import FILES
from orchestration.assets.warehouse import CANDIDATE, PUBLISHED
from orchestration.progress import step
from orchestration.settings import Settings

Suite = Literal["raw", "marts"]
MARTS_GUARD = dg.AssetKey(["reporting", "kpi_monthly"])  # the last model built: what it guards is the whole build


def border_checks() -> list[dg.AssetChecksDefinition]:
    """The raw suite before dbt, the mart suite before publication."""

    @dg.asset_check(asset=CANDIDATE, name="raw_suite", blocking=True, required_resource_keys={"writer"})
    def raw_suite(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """What no single row of a delivery can show: volume, freshness, keys across loads, orphans, drift."""
        made = warehouse.open_candidate(context.resources.writer)
        return _run("raw", context.resources.writer, made.work, made.marts)

    @dg.asset_check(asset=MARTS_GUARD, name="mart_suite", blocking=True, required_resource_keys={"writer"})
    def mart_suite(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """What executives must never see broken."""
        made = warehouse.open_candidate(context.resources.writer)
        return _run("marts", context.resources.writer, made.work, made.marts)

    return [raw_suite, mart_suite]


def report_checks() -> list[dg.AssetChecksDefinition]:
    """What the monthly job asks before it freezes figures, and before it sends them."""

    @dg.asset_check(asset=PUBLISHED, name="published_suite", blocking=True, required_resource_keys={"writer"})
    def published_suite(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """The mart suite once more, on the file that the report reads."""
        home: Settings = context.resources.writer
        return _run("marts", home, home.build / warehouse.WORK_FILE, warehouse.published_version(home))

    @dg.asset_check(asset=FILES, name="ready_to_send", blocking=True, required_resource_keys={"writer"})
    def ready_to_send(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """A report is held back while its month is not over or a source it stands on is stale."""
        reasons = reasons_to_hold(context.resources.writer, context.run.tags["dagster/partition"])
        return dg.AssetCheckResult(passed=not reasons, description="; ".join(reasons) or "complete and fresh")

    return [published_suite, ready_to_send]


def reasons_to_hold(settings: Settings, month: str) -> list[str]:
    """Why the report of `month` (YYYY-MM) must not be sent, in words; empty when it may."""
    with duckdb.connect(str(warehouse.published_version(settings)), read_only=True) as connection:
        as_of = connection.execute("select as_of_date from reporting.build").fetchall()[0][0]
        stale = connection.execute(
            "select distinct source, entity from reporting.loads where is_stale order by all"
        ).fetchall()
    first = date.fromisoformat(f"{month}-01")
    last = first.replace(day=monthrange(first.year, first.month)[1])
    reasons = [f"{source}: {entity} stays at an older load" for source, entity in stale]
    if as_of < last:
        reasons.insert(0, f"{month} is not complete: the warehouse knows it up to {as_of}")
    return reasons


def _run(suite: Suite, settings: Settings, work: Path, marts: Path) -> dg.AssetCheckResult:
    from expectations.suites import run_suite

    with step(f"check {suite}") as running:
        result = run_suite(
            suite, work, marts, overrides=settings.expectations, config={"threads": settings.engine.threads}
        )
        running.count(result.summary())
    return dg.AssetCheckResult(
        passed=result.passed,
        description=result.summary(),
        metadata={"expectations": dg.MetadataValue.json(result.as_dict())},
    )
