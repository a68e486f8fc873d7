"""The whole dbt project gives the same published tables on Spark as on DuckDB, from the same raw Parquet.

What would slip through otherwise: a function that the engines share by name and not by meaning.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from demo import DELIVERIES, HISTORY_DATE, furnish, generate
from foundation.settings import Settings
from orchestration.ingestion.deliveries import ingest
from orchestration.progress import reporting_to, step

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def differences(connection: duckdb.DuckDBPyConnection, left: str, right: str) -> list[str]:
    """How two tables differ as multisets of rows, in words; empty when they do not.

    Decimals may differ by one unit of their last place, doubles by one part in 10^9, variances and ends of intervals by
    one in 10^8, all else not at all.
    """
    columns = {
        side: dict(connection.execute(f"select column_name, column_type from (describe {side})").fetchall())
        for side in (left, right)
    }
    if list(columns[left]) != list(columns[right]):
        return [f"columns {', '.join(columns[left])} on the left, {', '.join(columns[right])} on the right"]
    tolerances = {name: tolerance for name, kind in columns[left].items() if (tolerance := _tolerance(name, kind))}
    exact = [f'"{name}"' for name in columns[left] if name not in tolerances]
    keys = ", ".join(exact) or "0"
    reported = []
    for side, other in ((left, right), (right, left)):
        only = connection.execute(
            f"""
            select {keys}, count(*) over ()
            from (select {keys} from {side} except all select {keys} from {other})
            limit 1
            """
        ).fetchone()
        if only:
            reported.append(f"{only[-1]} rows only in {side}, such as {dict(zip(exact, only, strict=False))}")
    if reported:
        return reported
    numbered = "select *, row_number() over (order by {}) as nth from {}"
    order = ", ".join([*exact, *(f'"{name}"' for name in tolerances)])
    for name, tolerance in tolerances.items():
        off = connection.execute(
            f"""
            with l as ({numbered.format(order, left)}), r as ({numbered.format(order, right)})
            select l."{name}", r."{name}", count(*) over () {"".join(f", l.{column}" for column in exact)}
            from l inner join r on l.nth = r.nth
            where (l."{name}" is null) <> (r."{name}" is null) or {tolerance}
            limit 1
            """
        ).fetchone()
        if off:
            example = dict(zip(exact, off[3:], strict=True))
            reported.append(f"{name} is off in {off[2]} rows, such as {off[0]} and {off[1]} at {example}")
    return reported


def compare(connection: duckdb.DuckDBPyConnection, spark: SparkSession) -> dict[str, list[str]]:
    """The differences of every published table, by name; both engines must have the same ones."""
    listed = "select schema_name, table_name from duckdb_tables() where database_name = 'kefu' order by all"
    names = [f"{schema}.{table}" for schema, table in connection.execute(listed).fetchall()]
    found = {}
    for name in names:
        connection.register("on_spark", spark.table(name).toArrow())
        connection.execute(f"create or replace temp view on_duckdb as from kefu.{name}")
        found[name] = differences(connection, "on_duckdb", "on_spark")
    areas = {name.partition(".")[0] for name in names}
    on_spark = {f"{area}.{row.tableName}" for area in areas for row in spark.sql(f"show tables in {area}").collect()}
    return found | {name: ["only on Spark"] for name in on_spark - set(names)}


SQUARED = {"variance", "ci_low", "ci_high"}  # made of squares, which carry on what the last place of a row may be off


def _tolerance(name: str, kind: str) -> str | None:
    if kind.startswith("DECIMAL") and name in SQUARED:
        return f'abs(l."{name}" - r."{name}") > greatest(1e-8, 1e-8 * abs(l."{name}")::double)'
    if kind.startswith("DECIMAL"):
        scale = int(kind.rstrip(")").partition(",")[2])
        return f'abs(l."{name}" - r."{name}") > 1e-{scale}::decimal(38, {scale})'
    if kind in {"DOUBLE", "FLOAT"}:
        return f'abs(l."{name}" - r."{name}") > 1e-9 * greatest(abs(l."{name}"), abs(r."{name}"))'
    return None


@pytest.mark.parametrize(
    ("right", "reported"),
    [
        ("select 1 as id, 'a' as name, 0.50000001::decimal(28, 8) as value", ""),
        ("select 1 as id, 'a' as name, 0.50000002::decimal(28, 8) as value", "value is off in 1 rows"),
        ("select 1 as id, 'a' as name, null::decimal(28, 8) as value", "value is off in 1 rows"),
        ("select 1 as id, 'b' as name, 0.5::decimal(28, 8) as value", "1 rows only in l_side"),
        ("select 1 as id, null as name, 0.5::decimal(28, 8) as value", "1 rows only in l_side"),
        ("select 1 as id, 'a' as name, 0.5::decimal(28, 8) as value from range(2)", "1 rows only in r_side"),
        ("select 1 as id, 'a' as label, 0.5::decimal(28, 8) as value", "columns"),
    ],
)
def test_differences_are_seen(right: str, reported: str) -> None:
    """Parity that is judged by a blind comparison would be no parity."""
    with duckdb.connect() as connection:
        connection.execute("create table l_side as select 1 as id, 'a' as name, 0.5::decimal(28, 8) as value")
        connection.execute(f"create table r_side as {right}")
        found = differences(connection, "l_side", "r_side")
    assert "; ".join(found).startswith(reported)
    assert bool(found) == bool(reported)


@pytest.mark.spark
def test_published_tables_are_equal_on_both_engines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints its steps: minutes of silence look like a hang."""
    from orchestration.spark import build_spark, local_session, register_spark
    from orchestration.warehouse import build, prepare

    settings = Settings(home=tmp_path, measures={"drivers_max_attributes": 6})  # each one more doubles that model
    scratch = tmp_path / "spark"
    scratch.mkdir()
    with capsys.disabled(), reporting_to():
        with step("exports"):
            generate(settings.landing, "xs")
            furnish(settings.home)
        with step("ingest") as running:
            for day in (HISTORY_DATE, *DELIVERIES[-2:]):  # enough for late rows, changes and deletions
                ingest(settings, day, day, progress=lambda file, *_: running.count(f"{file.load_date} {file.file}"))
        with step("duckdb") as running:
            candidate = prepare(settings)
            build(settings, candidate, lambda node: running.count(node.unique_id))
        with step("spark"):
            spark = local_session(scratch, threads=2)
            register_spark(spark, settings, candidate.work, scratch)
        with step("spark dbt") as running:
            build_spark(
                settings, scratch, lambda name, status, seconds: running.count(f"{name} {status} {seconds:.1f} s")
            )
        with step("compare") as running:
            with duckdb.connect() as connection:
                connection.execute(f"attach '{candidate.marts}' as kefu (read_only)")
                found = compare(connection, spark)
            running.count(f"{len(found)} tables")
    assert {table: reported for table, reported in found.items() if reported} == {}
