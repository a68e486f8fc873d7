"""A report's bundles and files. What they say and look like is the reports package's work."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from foundation.settings import Settings
from orchestration.assets.warehouse import PUBLISHED
from orchestration.partitions import of_schedule
from orchestration.progress import step
from orchestration.reporting import published
from reports.bundle.rows import Scope
from reports.issuing.issue import compare_issued, issue_period
from reports.issuing.wanted import renderings
from reports.page.archive import write_archive
from reports.page.render import write_reports
from reports.periods import first_day
from reports.registry import DEFAULT, ReportSpec, report, reports

GROUP = "reports"
REPORT_TAG = "kefu/report"  # of a run: which report it makes
DIFFERENCES = dg.AssetKey(["reports", DEFAULT, "differences"])


def bundle_key(report_id: str) -> dg.AssetKey:
    return dg.AssetKey(["reports", report_id, "bundle"])


def files_key(report_id: str) -> dg.AssetKey:
    return dg.AssetKey(["reports", report_id, "files"])


def report_of(tags: Mapping[str, str]) -> ReportSpec:
    """The report that a run with these tags makes."""
    return report(tags.get(REPORT_TAG, DEFAULT))


class Issue(dg.Config):
    """How bundles are issued."""

    revise: bool = False  # issue the period anew where printed figures changed
    reason: str = ""  # why, in a person's words; printed in the note


def report_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Bundles and files of each report, cut by its months or days; and what the night finds of issued months."""

    @dg.asset(key=DIFFERENCES, group_name=GROUP, deps=[PUBLISHED], required_resource_keys={"writer"}, kinds={"json"})
    def differences(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """What tonight's warehouse says otherwise than the reports issued of the last months: recorded, not issued."""
        home: Settings = context.resources.writer
        with step("compare reports") as running:
            with published(home) as inputs:
                found = compare_issued(inputs)
            running.count(f"{sum(one.total for one in found)} printed figures differ in {len(found)} issued reports")
        return dg.MaterializeResult(
            metadata={"reports": [f"{d.period_start:%Y-%m} {d.scope.folder}: {d.total}" for d in found]}
        )

    return [differences, *(asset for spec in reports().values() for asset in _assets_of(spec, settings))]


def _assets_of(spec: ReportSpec, settings: Settings) -> list[dg.AssetsDefinition]:
    periods = of_schedule(settings, spec.schedule)

    @dg.asset(
        key=bundle_key(spec.id),
        group_name=GROUP,
        partitions_def=periods,
        deps=[PUBLISHED],
        required_resource_keys={"writer"},
        kinds={"json"},
    )
    def bundle(context: dg.AssetExecutionContext, config: Issue) -> dg.MaterializeResult[None]:
        """The figures of one period, frozen for each scope; with a month the revisions of the months before."""
        home: Settings = context.resources.writer
        with step("bundle") as running:
            first = first_day(context.partition_key)
            with published(home) as inputs:
                outcome = issue_period(inputs, first, spec.id, revise_it=config.revise, reason=config.reason)
            running.count(outcome.summary())
        for line in outcome.reported():
            context.log.warning(line)
        return dg.MaterializeResult(
            metadata={
                "scopes": len(outcome.issued),
                "sha256": outcome.issued[0].bundle.sha256,
                "revised": [f"{one.bundle.folder} {one.bundle.revision}" for one in outcome.revised],
                "not_issued": list(outcome.reported()),
            }
        )

    @dg.asset(
        key=files_key(spec.id),
        group_name=GROUP,
        partitions_def=periods,
        deps=[bundle],
        required_resource_keys={"writer"},
        kinds={"html", "pdf"},
    )
    def files(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """HTML and PDF of the bundles, in the languages and formats that somebody wants; the archive of all."""
        home: Settings = context.resources.writer
        with step("render") as running:
            paths = write_reports(renderings(home, first_day(context.partition_key), spec.id))
            write_archive(home.reports)
            running.count(f"{len(paths)} files")
        return dg.MaterializeResult(metadata={"bytes": sum(path.stat().st_size for path in paths)})

    return [bundle, files]


def report_folder(home: Settings, period: str, report_id: str = DEFAULT) -> Path:
    """Where the company's report of a period (2026-10, or a day) lies."""
    return home.reports / report_id / period / Scope().folder
