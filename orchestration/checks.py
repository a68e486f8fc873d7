"""The expectations at both borders as asset checks (what a delivery may break warns and holds the report; what only our
own code can break blocks), and the check that guards what a report reads."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import dagster as dg
import duckdb

from expectations.results import SuiteResult
from expectations.suites import load_checks
from foundation.settings import Settings
from orchestration import warehouse
from orchestration.alerts import HELD, notify_data_owner
from orchestration.assets.reports import files_key, report_of
from orchestration.assets.warehouse import CANDIDATE, PUBLISHED
from orchestration.progress import step
from reports.delivery.card import RunFailure
from reports.delivery.ledger import Ledger
from reports.periods import first_day
from reports.registry import DEFAULT, report, reports

Suite = Literal["raw", "marts"]
SUITE = "published_suite"
MARTS_GUARD = dg.AssetKey(["reporting", "kpi_monthly"])  # the last model built: what it guards is the whole build


def border_checks() -> list[dg.AssetChecksDefinition]:
    """The raw suite before dbt, the mart suite before publication."""

    @dg.asset_check(asset=CANDIDATE, name="raw_suite", blocking=True, required_resource_keys={"writer"})
    def raw_suite(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """What no single row of a delivery can show: volume, freshness, keys across loads, orphans, drift.

        Whatever a company sends, its night is built and published: what fails here is reported, and holds reports back.
        """
        home: Settings = context.resources.writer
        made = warehouse.open_candidate(home)
        if made.is_unchanged:
            return _as_before(made)
        result = _ask("raw", home, made.work, made.marts)
        with duckdb.connect(str(made.work)) as connection:
            connection.execute("delete from control.doubts")
            doubts = [(one.id, str(one)) for one in result.failed]
            if doubts:
                connection.executemany("insert into control.doubts (expectation, reported) values (?, ?)", doubts)
        if doubts:  # the step does not fail, so that no hook tells of it
            failures = [RunFailure("raw_suite", reported) for _, reported in doubts]
            notify_data_owner(home, context.run.job_name, context.run.run_id, failures)
        return _checked(result, dg.AssetCheckSeverity.WARN)

    @dg.asset_check(asset=MARTS_GUARD, name="mart_suite", blocking=True, required_resource_keys={"writer"})
    def mart_suite(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """What executives must never see broken."""
        made = warehouse.open_candidate(context.resources.writer)
        if made.is_unchanged:  # it was published, so it passed
            return dg.AssetCheckResult(passed=True, description=f"passed by build {made.build_id}")
        return _checked(_ask("marts", context.resources.writer, made.work, made.marts))

    return [raw_suite, mart_suite]


def _as_before(unchanged: warehouse.Candidate) -> dg.AssetCheckResult:
    """What the raw suite found of the same loads when the build was made; the data owner was reported then."""
    with duckdb.connect(str(unchanged.work), read_only=True) as connection:
        doubts = [
            reported
            for (reported,) in connection.execute("select reported from control.doubts order by all").fetchall()
        ]
    return dg.AssetCheckResult(
        passed=not doubts,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"as found for build {unchanged.build_id}: {'; '.join(doubts) or 'no expectation failed'}",
    )


def report_checks() -> list[dg.AssetChecksDefinition]:
    """What a report's job asks before it freezes figures, and before it sends them. What they find holds the report
    back until it is mended, or until a person lets it pass (`kefu delivery release-hold`)."""

    @dg.asset_check(asset=PUBLISHED, name=SUITE, blocking=True, required_resource_keys={"writer"})
    def published_suite(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """The mart suite once more, on the file that the report reads."""
        home: Settings = context.resources.writer
        result = _ask("marts", home, home.build / warehouse.WORK_FILE, warehouse.published_version(home))
        return _held(context, SUITE, [str(one) for one in result.failed], result.summary())

    return [published_suite, *(_ready_to_send(report_id) for report_id in reports())]


def _ready_to_send(report_id: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=files_key(report_id), name="ready_to_send", blocking=True, required_resource_keys={"writer"})
    def ready_to_send(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """A report is held back while its period is not over, or a source it stands on is stale or silent."""
        period = context.run.tags["dagster/partition"]
        reasons = reasons_to_hold(context.resources.writer, period, report_id)
        return _held(context, "ready_to_send", reasons, "complete and fresh")

    return ready_to_send


def _held(context: dg.AssetCheckExecutionContext, asked: str, reasons: list[str], fine: str) -> dg.AssetCheckResult:
    """Passes without a reason, or when a person has let each one pass; the ledger remembers both."""
    home, period = context.resources.writer, context.run.tags["dagster/partition"]
    report_id = report_of(context.run.tags).id
    with closing(Ledger(home.ledger)) as ledger:
        still = ledger.hold(report_id, period, asked, reasons, datetime.now(UTC))
        signed = {
            one.released_by
            for one in ledger.holds()
            if (one.report, one.period, one.asked) == (report_id, period, asked)
        }
    if reasons and not still:
        return dg.AssetCheckResult(
            passed=True, description=f"{'; '.join(reasons)} (let pass by {', '.join(map(str, signed))})"
        )
    release = f"kefu delivery release-hold {report_id} {period} --by NAME --reason TEXT"
    reported = f"{'; '.join(still)}; mend it, or let it pass: {release}"
    held = {"report": report_id, "period": period, "reasons": still}
    return dg.AssetCheckResult(
        passed=not still,
        description=reported if still else fine,
        metadata={HELD: dg.MetadataValue.json(held)} if still else {},
    )


def reasons_to_hold(settings: Settings, period: str, report_id: str = DEFAULT) -> list[str]:
    """Why the report of a period (2026-10, or a day) must not be sent, in words; empty when it may."""
    last = report(report_id).calendar.last_day(first_day(period))
    limits = load_checks("raw", settings.expectations)["late"].limits
    with duckdb.connect(str(warehouse.published_version(settings)), read_only=True) as connection:
        as_of = connection.execute("select as_of_date from reporting.rpt_build").fetchall()[0][0]
        stale = connection.execute(
            "select distinct source, entity from reporting.rpt_loads where is_stale order by all"
        ).fetchall()
        silent = connection.execute(_SILENT, {"last": last, **limits}).fetchall()
        doubts = connection.execute("select reported from reporting.rpt_doubts order by all").fetchall()
    reasons = [] if as_of >= last else [f"{period} is not complete: the warehouse knows it up to {as_of}"]
    reasons += [f"{source}: {entity} stays at an older load" for source, entity in stale]
    reasons += [reported for (reported,) in doubts]
    mute = {source for source, entity, _ in silent if not entity}
    for source, entity, newest in silent:
        if not entity:
            reasons.append(f"{source} has delivered nothing since {newest}")
        elif source not in mute and (source, entity) not in stale:
            reasons.append(f"{source}: {entity} has not come since {newest}")
    return reasons


# A source is silent by the limits of the expectation `late`, counted to the period's end. Of its entities some come in
# bursts, so that one is silent only after a multiple of its longest pause, and only once it came as often as is looked
# back: of what comes by chance, a pause 3 times that of the 13 before has a chance of 3!/(14 x 15 x 16), 0.2 %; after
# 5 pauses it would have 1.8 %, and a small company's report would be held for nothing.
_SILENT = """
with days as (
    select distinct source, entity, load_date from reporting.rpt_loads
    union
    select distinct source, '' as entity, load_date from reporting.rpt_loads
),

paused as (
    select
        source, entity, load_date,
        load_date - lag(load_date) over (partition by source, entity order by load_date) as pause_days,
        row_number() over (partition by source, entity order by load_date desc) as nth
    from days
)

select source, entity, max(load_date) as newest
from paused
where nth <= $deliveries
group by source, entity
having
    $last - max(load_date) > greatest(
        $max_days,
        $times_usual_gap * coalesce(case when entity = '' then median(pause_days) else max(pause_days) end, 0)
    )
    and (entity = '' or count(*) >= $deliveries)
order by source, entity
"""


def _ask(suite: Suite, settings: Settings, work: Path, marts: Path) -> SuiteResult:
    from expectations.suites import run_suite

    with step(f"check {suite}") as running:
        result = run_suite(suite, work, marts, overrides=settings.expectations, config=settings.engine.duckdb)
        running.count(result.summary())
    return result


def _checked(result: SuiteResult, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=result.passed,
        severity=severity,
        description=result.summary(),
        metadata={"expectations": dg.MetadataValue.json(result.as_dict())},
    )
