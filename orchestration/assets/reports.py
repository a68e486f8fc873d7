"""The monthly report: bundle and rendering. What they say and look like is the reports package's work."""

from datetime import date
from pathlib import Path

import dagster as dg

from orchestration.assets.warehouse import PUBLISHED
from orchestration.partitions import monthly
from orchestration.progress import step
from orchestration.reporting import REPORT, compare_issued, issue_month, renderings
from orchestration.settings import Settings
from reports.archive import write_archive
from reports.bundle import Scope
from reports.render import write_reports

GROUP = "reports"
BUNDLE = dg.AssetKey(["reports", REPORT, "bundle"])
DIFFERENCES = dg.AssetKey(["reports", REPORT, "differences"])
FILES = dg.AssetKey(["reports", REPORT, "files"])


class Issue(dg.Config):
    """How bundles are issued."""

    revise: bool = False  # issue the month anew where printed figures changed
    reason: str = ""  # why, in a person's words; printed in the note


def report_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Bundles and files of the monthly report, cut by month; and what the night finds of issued months."""
    months = monthly(settings)

    @dg.asset(
        key=BUNDLE,
        group_name=GROUP,
        partitions_def=months,
        deps=[PUBLISHED],
        required_resource_keys={"writer"},
        kinds={"json"},
    )
    def bundle(context: dg.AssetExecutionContext, config: Issue) -> dg.MaterializeResult[None]:
        """The figures of one month, frozen for each scope; with them the revisions of the months before."""
        home: Settings = context.resources.writer
        with step("bundle") as running:
            outcome = issue_month(home, _month(context.partition_key), revise_it=config.revise, reason=config.reason)
            running.count(outcome.summary())
        for line in outcome.told():
            context.log.warning(line)
        return dg.MaterializeResult(
            metadata={
                "scopes": len(outcome.issued),
                "sha256": outcome.issued[0].bundle.sha256,
                "revised": [f"{one.bundle.folder} {one.bundle.revision}" for one in outcome.revised],
                "not_issued": list(outcome.told()),
            }
        )

    @dg.asset(key=DIFFERENCES, group_name=GROUP, deps=[PUBLISHED], required_resource_keys={"writer"}, kinds={"json"})
    def differences(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """What tonight's warehouse says otherwise than the reports issued of the last months: recorded, not issued."""
        home: Settings = context.resources.writer
        with step("compare reports") as running:
            found = compare_issued(home)
            running.count(f"{sum(one.total for one in found)} printed figures differ in {len(found)} issued reports")
        return dg.MaterializeResult(
            metadata={"reports": [f"{d.month:%Y-%m} {d.scope.folder}: {d.total}" for d in found]}
        )

    @dg.asset(
        key=FILES,
        group_name=GROUP,
        partitions_def=months,
        deps=[bundle],
        required_resource_keys={"writer"},
        kinds={"html", "pdf"},
    )
    def files(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """HTML and PDF of the bundles, in the languages and formats that somebody wants; the archive of all."""
        home: Settings = context.resources.writer
        with step("render") as running:
            paths = write_reports(renderings(home, _month(context.partition_key)))
            write_archive(home.reports)
            running.count(f"{len(paths)} files")
        return dg.MaterializeResult(metadata={"bytes": sum(path.stat().st_size for path in paths)})

    return [bundle, differences, files]


def report_folder(home: Settings, month: str) -> Path:
    """Where the company's report of a month (YYYY-MM) lies."""
    return home.reports / REPORT / month / Scope().folder


def _month(key: str) -> date:
    return date.fromisoformat(f"{key}-01")
