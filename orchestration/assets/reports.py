"""The monthly report: bundle and rendering. What they say and look like is the reports package's work."""

from datetime import date
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import duckdb

from orchestration import warehouse
from orchestration.assets.warehouse import PUBLISHED
from orchestration.partitions import monthly
from orchestration.progress import step
from orchestration.settings import Settings
from reports.bundle import Meta, Scope, freeze, make_bundle, read_bundle
from reports.render import write_report

REPORT = "service_quality"
GROUP = "reports"
BUNDLE = dg.AssetKey(["reports", REPORT, "bundle"])
FILES = dg.AssetKey(["reports", REPORT, "files"])


class Issue(dg.Config):
    """How a bundle is issued."""

    replace: bool = False  # issue it anew where the issued figures differ from today's


def report_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Bundle and files of the monthly report, cut by month."""
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
        """The figures of one month, frozen."""
        home: Settings = context.resources.writer
        with (
            step("bundle") as running,
            duckdb.connect(str(warehouse.published_version(home)), read_only=True) as connection,
        ):
            made = make_bundle(connection, REPORT, _month(context.partition_key), _meta(home, connection))
            issued = freeze(made, home.reports, replace=config.replace)
            running.count(f"{len(issued.figures):,} figures")
        return dg.MaterializeResult(metadata={"figures": len(issued.figures), "sha256": issued.sha256})

    @dg.asset(
        key=FILES,
        group_name=GROUP,
        partitions_def=months,
        deps=[bundle],
        required_resource_keys={"writer"},
        kinds={"html", "pdf"},
    )
    def files(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """HTML and PDF of the bundle in every language."""
        home: Settings = context.resources.writer
        with step("render") as running:
            folder = report_folder(home, context.partition_key)
            paths = write_report(read_bundle(folder / "bundle.json"), folder)
            running.count(f"{len(paths)} files")
        return dg.MaterializeResult(metadata={"bytes": sum(path.stat().st_size for path in paths)})

    return [bundle, files]


def report_folder(home: Settings, month: str) -> Path:
    """Where the company's report of a month (YYYY-MM) lies."""
    return home.reports / REPORT / month / Scope().folder


def _month(key: str) -> date:
    return date.fromisoformat(f"{key}-01")


def _meta(home: Settings, connection: duckdb.DuckDBPyConnection) -> Meta:
    as_of, known_at = connection.execute("select as_of_date, known_at from reporting.build").fetchall()[0]
    return Meta(
        company=home.company.name,
        currency=home.company.currency,
        time_zone=home.company.time_zone,
        as_of=as_of,
        known_at=known_at,
        version=version("kefu"),
        min_n=home.dbt_vars["min_n"],
    )
