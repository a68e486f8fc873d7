"""The warehouse: the run's control tables, the dbt project as one group of assets, and the published file."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from foundation.settings import Settings
from orchestration import warehouse
from orchestration.assets.raw import RAW_ZONE
from orchestration.progress import step
from orchestration.recovery.retention import clean
from orchestration.recovery.runs import old_runs

CANDIDATE = dg.AssetKey("candidate")
PUBLISHED = dg.AssetKey("published")
GROUP = "warehouse"


class _Translator(DagsterDbtTranslator):
    """The models are one group, built in one dbt call; their sources are the raw zone and the run's control tables."""

    def __init__(self) -> None:
        # a dbt test that fails fails the build, which names it: an asset check beside each would say nothing new
        super().__init__(
            DagsterDbtTranslatorSettings(enable_asset_checks=False, enable_duplicate_source_asset_keys=True)
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return CANDIDATE
        return super().get_asset_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:  # noqa: ARG002  one group for all
        return "dbt"


def candidate_asset() -> dg.AssetsDefinition:
    """The candidate build with the raw loads registered: everything downstream is cut by its as_of and known_at."""

    @dg.asset(key=CANDIDATE, group_name=GROUP, deps=[RAW_ZONE], required_resource_keys={"writer"}, kinds={"duckdb"})
    def candidate(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """A copy of the last good build that shows the raw zone as known on the day."""
        with step("prepare") as running:
            made = warehouse.prepare(context.resources.writer, as_of=last_day(context))
            running.count(
                f"nothing new since build {made.build_id}, which stands: nothing is built"
                if made.is_unchanged
                else f"as of {made.as_of_date}, {'full' if made.is_full else 'incremental'} build"
            )
        return dg.MaterializeResult(
            metadata={
                "as_of": str(made.as_of_date),
                "known_at": str(made.known_at),
                "is_full": made.is_full,
                "build_id": made.build_id,
                "unchanged": made.is_unchanged,
            }
        )

    return candidate


def dbt_project_assets(settings: Settings) -> dg.AssetsDefinition:
    """Every model and seed of the project, built by one dbt call in this process."""
    translator = _Translator()
    project = warehouse.project(settings)

    @dbt_assets(
        manifest=project,
        name="dbt",
        dagster_dbt_translator=translator,
        required_resource_keys={"writer"},
    )
    def dbt(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        made = warehouse.open_candidate(context.resources.writer)
        reported: list[tuple[str, dict[str, Any]]] = (
            [(unique_id, {"unchanged": True}) for unique_id in _in_order(project)]
            if made.is_unchanged
            else [(one.unique_id, {"seconds": one.seconds}) for one in _built(context.resources.writer, made)]
        )
        rows = row_counts(made)
        for unique_id, metadata in reported:
            node = project["nodes"].get(unique_id)  # exposures are told among the results, and are none
            if node and node["resource_type"] in {"model", "seed"}:
                count = rows.get((node["schema"], node["name"]))  # a view has none
                yield dg.MaterializeResult(
                    asset_key=translator.get_asset_key(node),
                    metadata=metadata | ({} if count is None else {"dagster/row_count": count}),
                )

    return dbt


def _in_order(project: Mapping[str, Any]) -> Iterable[str]:
    """The nodes of a project, each after those it reads: Dagster wants to be told of them so."""
    return TopologicalSorter(
        {unique_id: node["depends_on"].get("nodes", ()) for unique_id, node in project["nodes"].items()}
    ).static_order()


def _built(settings: Settings, candidate: warehouse.Candidate) -> list[warehouse.NodeResult]:
    done: Counter[str] = Counter()
    with step("dbt") as running:

        def on_node(node: warehouse.NodeResult) -> None:
            done[node.unique_id.split(".")[0]] += 1
            running.count(f"{done['model']} models, {done['test']} tests")

        return warehouse.build(settings, candidate, on_node)


def published_asset(dbt_project: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The warehouse that readers open; only a build that passed everything gets here."""

    @dg.asset(
        key=PUBLISHED,
        group_name=GROUP,
        deps=list(dbt_project.keys),
        required_resource_keys={"writer"},
        kinds={"duckdb"},
    )
    def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """The published DuckDB file, replaced by rename."""
        home: Settings = context.resources.writer
        made = warehouse.open_candidate(home)
        path = warehouse.publish(home, made) if made.is_unchanged else _published(home, made)
        with step("clean up") as running:
            removed, runs = clean(home), old_runs(context.instance, home.retention.runs_days)
            running.count(f"{removed}; {runs} old runs removed" if runs else str(removed))
        return dg.MaterializeResult(
            metadata={"bytes": path.stat().st_size, "build_id": made.build_id, "unchanged": made.is_unchanged}
        )

    return published


def _published(settings: Settings, candidate: warehouse.Candidate) -> Path:
    with step("publish") as running:
        path = warehouse.publish(settings, candidate)
        running.count(f"{path.stat().st_size / 1e6:,.1f} MB")
    return path


def row_counts(candidate: warehouse.Candidate) -> dict[tuple[str, str], int]:
    """Rows of every table of the candidate by schema and name, from DuckDB's own bookkeeping."""
    with duckdb.connect(str(candidate.work), read_only=True) as connection:
        connection.execute(f"attach '{candidate.marts}' as kefu (read_only)")
        found = connection.execute("select schema_name, table_name, estimated_size from duckdb_tables()").fetchall()
    return {(schema, name): rows for schema, name, rows in found}


def last_day(context: dg.AssetExecutionContext) -> date:
    """The last day of delivery that the run is asked for."""
    tags = context.run.tags
    return date.fromisoformat(tags.get("dagster/asset_partition_range_end") or tags["dagster/partition"])
