"""The distributed engine: the same raw Parquet and the same dbt project in a Spark session (docs/spark.md).

Needs the `spark` dependency group and Java 17 or newer. What is computed, dbt says; which files are live, the manifest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.base.impl import PythonJobHelper
from dbt.adapters.spark.impl import SparkAdapter
from pyspark.sql import SparkSession

from foundation.contract import Entity, contract, quote
from foundation.settings import Settings
from orchestration.ingestion.manifest import live_files
from orchestration.reference import project_folder

AREAS = ("customer", "lifecycle", "loyalty", "satisfaction", "service", "economics", "reporting")
_INNER = ("raw", "control", "staging", "intermediate", "reference")
_TYPES = {"varchar": "string", "timestamp": "timestamp_ntz"}  # the others go by the same name
_JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseParallelGC", "-XX:ReservedCodeCacheSize=256m")


class SparkBuildError(RuntimeError):
    """dbt could not build the project on Spark."""


def local_session(scratch: Path, threads: int) -> SparkSession:
    """A session on this machine for small data: everything under `scratch`, no port but the loopback's, no web page.

    On a cluster the session is the cluster's; time zone and ANSI mode must be as here, the rest is its own affair.
    """
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = (
        SparkSession.builder.master(f"local[{threads}]")
        .appName("kefu")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.cteRecursionLevelLimit", "-1")  # reversals of reversals end by themselves
        .config("spark.sql.cteRecursionRowLimit", "-1")
        .config("spark.sql.catalogImplementation", "in-memory")
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.adaptive.enabled", "false")  # it plans anew after each of hundreds of stages
        .config("spark.sql.codegen.cache.maxEntries", "10000")  # figures of a kind share code
        .config("spark.sql.codegen.wholeStage", "false")  # compiling a query costs more than running it on this little
        .config("spark.driver.memory", "3g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.extraJavaOptions", " ".join(_JAVA_OPTIONS))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    return session


def register_spark(spark: SparkSession, settings: Settings, work_db: Path, scratch: Path) -> None:
    """Shows the build in `work_db` to Spark: raw.* over the live files as known then, control.* as registered there.

    `scratch` holds links to the live files, one folder per entity, as an external table is a folder.
    """
    for schema in (*_INNER, *AREAS):
        spark.sql(f"create database if not exists {schema}")
    with duckdb.connect(str(work_db), read_only=True) as connection:
        known_at = connection.execute("select known_at from control.run").fetchall()[0][0]
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'control'"
        ).fetchall()
        for (name,) in tables:
            rows = connection.execute(f"select * from control.{quote(name)}").to_arrow_table()
            spark.createDataFrame(rows).write.mode("overwrite").saveAsTable(f"control.{name}")
    for entity in contract().values():
        _link_entity(spark, settings, entity, known_at, scratch / "raw" / entity.name)


def _link_entity(spark: SparkSession, settings: Settings, entity: Entity, known_at: date, folder: Path) -> None:
    folder.mkdir(parents=True)
    for number, path in enumerate(live_files(settings, entity.name, known_at)):
        (folder / f"{number:06}.parquet").symlink_to(path.resolve())
    types = {column.name: _TYPES.get(column.data_type, column.data_type) for column in entity.columns}
    columns = ", ".join(f"`{name}` {data_type}" for name, data_type in types.items())
    spark.sql(f"create table raw.{entity.name} ({columns}) using parquet location '{folder.as_uri()}'")


class SessionJob(PythonJobHelper):
    """Runs a Python model in this process. Stock dbt-spark sends them to Databricks alone, though the session that
    takes its SQL can run them as well."""

    def __init__(self, _model: dict[str, Any], _credentials: Any) -> None:
        pass

    def submit(self, compiled_code: str) -> None:
        exec(compiled_code, {"spark": SparkSession.builder.getOrCreate()})  # noqa: S102 - the project's own code, as dbt made it


def build_spark(settings: Settings, scratch: Path, on_node: Callable[[str, str, float], None]) -> None:
    """One dbt call over the project in the current session: seeds and models, no tests (DuckDB's build ran them).

    `on_node` is told name, status and seconds of each node. Raises SparkBuildError naming what failed and why.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    def watch(event: Any) -> None:
        if event.info.name == "NodeFinished":
            node, seconds = event.data.node_info, event.data.run_result.execution_time
            on_node(node.node_name, node.node_status, seconds)

    SparkAdapter.default_python_submission_method = "session"  # type: ignore[assignment, method-assign]
    SparkAdapter.python_submission_helpers = {"session": SessionJob}  # type: ignore[assignment, method-assign]
    project = str(project_folder(settings))
    outcome = dbtRunner(callbacks=[watch]).invoke(
        [
            *("build", "--target", "spark", "--full-refresh"),
            *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(scratch / "dbt"), "--log-path", str(scratch / "dbt")),
            *("--vars", json.dumps(settings.dbt_vars, sort_keys=True, default=str)),
            *("--log-level", "none", "--no-use-colors"),
        ]
    )
    if outcome.exception:
        raise SparkBuildError(f"dbt could not run: {outcome.exception}") from outcome.exception
    if not isinstance(outcome.result, RunExecutionResult):
        raise SparkBuildError(f"dbt build gave no results but {outcome.result!r}")
    failed = [result for result in outcome.result.results if result.status in {"error", "fail", "runtime error"}]
    if failed:
        reported = "\n".join(f"  {result.node.unique_id}: {result.message}" for result in failed)
        raise SparkBuildError(f"{len(failed)} of {len(outcome.result.results)} dbt nodes failed on Spark:\n{reported}")
