"""The warehouse: the run's control tables, the dbt project as one group of assets, and the published file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
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
            running.count(f"as of {made.as_of_date}, {'full' if made.is_full else 'incremental'} build")
        return dg.MaterializeResult(
            metadata={
                "as_of": str(made.as_of_date),
                "known_at": str(made.known_at),
                "is_full": made.is_full,
                "build_id": made.build_id,
            }
        )

    return candidate


def dbt_project_assets(settings: Settings) -> dg.AssetsDefinition:
    """Every model and seed of the project, built by one dbt call in this process."""
    translator = _Translator()
    project = warehouse.manifest(settings).writable_manifest().to_dict(omit_none=False)

    @dbt_assets(
        manifest=project,
        name="dbt",
        dagster_dbt_translator=translator,
        required_resource_keys={"writer"},
    )
    def dbt(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        made = warehouse.open_candidate(context.resources.writer)
        done: Counter[str] = Counter()
        with step("dbt") as running:

            def on_node(node: warehouse.NodeResult) -> None:
                done[node.unique_id.split(".")[0]] += 1
                running.count(f"{done['model']} models, {done['test']} tests")

            results = warehouse.build(context.resources.writer, made, on_node)
        rows = row_counts(made)
        for result in results:
            node = project["nodes"].get(result.unique_id)  # exposures are told among the results, and are none
            if node and node["resource_type"] in {"model", "seed"}:
                count = rows.get((node["schema"], node["name"]))  # a view has none
                yield dg.MaterializeResult(
                    asset_key=translator.get_asset_key(node),
                    metadata={"seconds": result.seconds} | ({} if count is None else {"dagster/row_count": count}),
                )

    return dbt


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
        with step("publish") as running:
            made = warehouse.open_candidate(context.resources.writer)
            path = warehouse.publish(context.resources.writer, made)
            size = path.stat().st_size
            running.count(f"{size / 1e6:,.1f} MB")
        with step("clean up") as running:
            home: Settings = context.resources.writer
            removed, runs = clean(home), old_runs(context.instance, home.retention.runs_days)
            running.count(f"{removed}; {runs} old runs removed" if runs else str(removed))
        return dg.MaterializeResult(metadata={"bytes": size, "build_id": made.build_id})

    return published


def row_counts(candidate: warehouse.Candidate) -> dict[tuple[str, str], int]:
    """Rows of every table of the candidate by schema and name, from DuckDB's own bookkeeping."""
    with duckdb.connect(str(candidate.work)) as connection:
        connection.execute(f"attach '{candidate.marts}' as kefu (read_only)")
        found = connection.execute("select schema_name, table_name, estimated_size from duckdb_tables()").fetchall()
    return {(schema, name): rows for schema, name, rows in found}


def last_day(context: dg.AssetExecutionContext) -> date:
    """The last day of delivery that the run is asked for."""
    tags = context.run.tags
    return date.fromisoformat(tags.get("dagster/asset_partition_range_end") or tags["dagster/partition"])
