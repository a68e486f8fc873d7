"""The floor: the same work by the shortest means, one bare DuckDB connection and no checks, ledger or framework.

What the floor leaves out (quarantine, duplicates, keys, time zones, tests) is what the real steps are paid for.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from foundation.contract import contract

TUNED = Path(__file__).resolve().parent / "tuned"


def land(folder: Path, target: Path) -> int:
    """Turn every file of the demo's deliveries into one Parquet file of the contract's types; return the rows."""
    target.mkdir(parents=True)
    with duckdb.connect() as connection:
        return sum(
            _land_file(connection, path, target / f"{path.parent.name}-{path.name}.parquet")
            for path in sorted(folder.glob("*/*"))
        )


def _land_file(connection: duckdb.DuckDBPyConnection, path: Path, target: Path) -> int:
    entity = path.name.split(".")[0]
    if path.suffix == ".xlsx":
        head, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        columns = {str(name): [str(row[i]) for row in rows] for i, name in enumerate(head)}
        pq.write_table(pa.table(columns), target)
        return len(rows)
    if entity == "customers":
        path, original = target.with_suffix(".csv"), path
        path.write_text(original.read_text(encoding="gb18030"), encoding="utf-8")
    types = {column.name: column.data_type for column in contract()[entity].columns}
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as file:
            headers = list(json.loads(file.readline()))
        reader, options = "read_json", "format = 'newline_delimited', ignore_errors = true"
    else:
        delimiter = "\t" if path.suffix == ".tsv" else ","
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig") as file:
            headers = next(csv.reader(file, delimiter=delimiter))
        reader = "read_csv"
        options = f"header = true, auto_detect = false, quote = '\"', ignore_errors = true, delim = '{delimiter}'"
    columns_of = ", ".join(f"'{header}': '{types.get(header, 'varchar')}'" for header in headers)
    read = f"{reader}('{path}', columns = {{{columns_of}}}, {options})"
    (rows_written,) = connection.execute(f"copy (from {read}) to '{target}' (format parquet)").fetchone() or (0,)
    return int(rows_written)


@dataclass(frozen=True)
class Model:
    """A model as dbt compiled it."""

    name: str
    unique_id: str
    relation: str
    is_view: bool
    sql: str  # or Python, of the few models that are
    is_python: bool
    dbt_seconds: float


@dataclass(frozen=True)
class Compiled:
    """One dbt build: its models in an order in which they can be made, its tests, the seeds they stand on."""

    models: tuple[Model, ...]
    tests: tuple[str, ...]
    seeds: tuple[str, ...]


def compiled(target: Path) -> Compiled:
    """What the build that wrote to dbt's target folder ran."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    ran = {result["unique_id"]: result for result in results}
    nodes: dict[str, Any] = manifest["nodes"]
    graph = {name: nodes[name]["depends_on"].get("nodes", []) for name in ran if name.startswith("model.")}
    models = [
        Model(
            name=nodes[name]["name"],
            unique_id=name,
            relation=nodes[name]["relation_name"],
            is_view=nodes[name]["config"]["materialized"] == "view",
            sql=ran[name]["compiled_code"],
            is_python=nodes[name]["language"] == "python",
            dbt_seconds=ran[name]["execution_time"],
        )
        for name in TopologicalSorter(graph).static_order()
        if name in graph
    ]
    tests = [ran[name]["compiled_code"] for name in ran if name.startswith("test.")]
    seeds = [nodes[name]["relation_name"] for name in ran if name.startswith("seed.")]
    return Compiled(tuple(models), tuple(tests), tuple(seeds))


def bare_connection(folder: Path, built: Path, seeds: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    """A connection to the prepared but unbuilt files in `folder`, with the seeds of the build in `built` copied in."""
    connection = duckdb.connect(folder / "work.duckdb")
    connection.execute(f"attach '{folder / 'kefu.duckdb'}' as kefu")
    connection.execute(f"attach '{built / 'work.duckdb'}' as built_work (read_only)")
    connection.execute(f"attach '{built / 'kefu.duckdb'}' as built_kefu (read_only)")
    for seed in seeds:
        database, schema, table = (part.strip('"') for part in seed.split("."))
        connection.execute(f'create schema if not exists "{database}"."{schema}"')
        connection.execute(f'create table {seed} as from built_{database}."{schema}"."{table}"')
    return connection


def build(connection: duckdb.DuckDBPyConnection, model: Model) -> int:
    """Make one model by its own compiled code; return its rows, none for a view."""
    connection.execute(f"create schema if not exists {model.relation.rsplit('.', 1)[0]}")
    if model.is_view:
        connection.execute(f"create view {model.relation} as {model.sql}")
        return 0
    if model.is_python:
        names: dict[str, Any] = {}
        exec(model.sql, names)  # noqa: S102 - the project's own code, as dbt runs it
        reader = names["dbtObj"](lambda name: connection.query(f"select * from {name}"))
        connection.register("returned", names["model"](reader, connection))
        return _create(connection, model.relation, "select * from returned")
    return _create(connection, model.relation, model.sql)


def failures(connection: duckdb.DuckDBPyConnection, test: str) -> int:
    """Run one dbt test by its own compiled SQL; return the rows it finds fault with."""
    return int(connection.execute(f"select count(*) from ({test})").fetchall()[0][0])


def tuned() -> Iterator[tuple[str, str]]:
    """The models for which somebody wrote the fastest SQL they could, and that SQL."""
    for path in sorted(TUNED.glob("*.sql")):
        yield path.stem, path.read_text(encoding="utf-8")


def build_tuned(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Make the hand-tuned version of a model beside it; return its rows."""
    connection.execute("drop table if exists main.tuned")
    return _create(connection, "main.tuned", sql)


def compare(connection: duckdb.DuckDBPyConnection, relation: str, tuned: str = "main.tuned") -> None:
    """Raises ValueError when the hand-tuned rows are not those of the model: fast and wrong is no floor."""
    (different,) = connection.execute(f"""
        select
            (select count(*) from (from {tuned} except all from {relation}))
            + (select count(*) from (from {relation} except all from {tuned}))
    """).fetchone() or (-1,)
    if different:
        raise ValueError(f"the hand-tuned SQL differs from {relation} in {different:,} rows; mend benchmarks/tuned")


def _create(connection: duckdb.DuckDBPyConnection, relation: str, sql: str) -> int:
    (rows,) = connection.execute(f"create table {relation} as {sql}").fetchone() or (0,)
    return int(rows)
