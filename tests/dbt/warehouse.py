"""A warehouse for tests of the dbt project: raw and control tables filled by hand, built by the dbt command."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from foundation.contract import contract, control_tables, quote
from foundation.settings import Settings

Row = Mapping[str, Any]
Load = tuple[str, date, Iterable[Row], str | None]  # entity, load_date, rows, load mode where not the contract's


@dataclass(frozen=True)
class Warehouse:
    """Two database files and the loads they stand on. `known_at` hides later loads, as registration does."""

    directory: Path
    target: Path  # dbt's parse cache, shared by the warehouses of a session
    project: Path

    @property
    def work(self) -> Path:
        return self.directory / "work.duckdb"

    @property
    def marts(self) -> Path:
        return self.directory / "kefu.duckdb"

    def load(self, loads: Iterable[Load], as_of: date, known_at: date | None = None) -> None:
        """(Re)fills raw.* and control.* with deliveries of the source `crm`."""
        known = [load for load in loads if known_at is None or load[1] <= known_at]
        with duckdb.connect(str(self.work)) as con:
            for schema, tables in (("raw", contract()), ("control", control_tables())):
                con.execute(f"create schema if not exists {schema}")
                for table in tables.values():
                    con.execute(f"create or replace table {schema}.{quote(table.name)} ({table.ddl()})")
            for entity, load_date, rows, load_mode in known:
                self._deliver(con, entity, load_date, list(rows), load_mode or contract()[entity].load_mode)
            con.execute(
                "insert into control.run by name select ? as as_of, ? as as_of_date, ? as known_at",
                [Settings().company.end_of(as_of), as_of, max((load[1] for load in known), default=as_of)],
            )

    def _deliver(
        self, con: duckdb.DuckDBPyConnection, entity: str, load_date: date, rows: list[Row], load_mode: str
    ) -> None:
        table = contract()[entity]
        stamped = [
            {
                **row,
                "source_system": "crm",
                "load_date": load_date,
                "row_hash": hashlib.md5(json.dumps(row, default=str).encode(), usedforsecurity=False).hexdigest(),
            }
            for row in rows
        ]
        if stamped:
            delivery = pd.DataFrame(stamped)
            con.register("delivery", delivery)
            con.execute(f"insert into raw.{quote(entity)} by name select * from delivery")
            con.unregister("delivery")
            con.executemany(
                "insert into control.supply values (?, ?, 'crm', ?)",
                [(entity, name, load_date) for name in delivery.columns[delivery.notna().any()]],
            )
        event_time = quote(table.event_time) if table.event_time else "null"
        con.execute(
            f"""
            insert into control.loads by name
            select ? as entity, 'crm' as source_system, ? as load_date, ? as load_mode, 'loaded' as status,
                count(*) as rows_loaded, min({event_time}) as event_from, max({event_time}) as event_to
            from raw.{quote(entity)} where load_date = ?
            """,
            [entity, load_date, load_mode, load_date],
        )

    def dbt(self, *arguments: str) -> None:
        """Runs dbt on this warehouse. Fails with dbt's own words when a model or test does."""
        done = subprocess.run(
            [
                sys.executable, "-m", "dbt.cli.main", "--quiet", *arguments, "--exclude-resource-type", "unit_test",
                "--project-dir", self.project, "--profiles-dir", self.project,
                "--target-path", self.target, "--log-path", self.directory,
            ],
            env={**os.environ, "KEFU_WORK_DB": str(self.work), "KEFU_MARTS_DB": str(self.marts)},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def query(self, sql: str) -> pd.DataFrame:
        """The answer of the marts."""
        with duckdb.connect(str(self.marts), read_only=True) as con:
            return con.sql(sql).df()

    def work_query(self, sql: str) -> pd.DataFrame:
        """The answer of what lies below the marts."""
        with duckdb.connect(str(self.work), read_only=True) as con:
            return con.sql(sql).df()

    def empty(self, directory: Path) -> Warehouse:
        """Another warehouse with nothing in it."""
        directory.mkdir()
        return Warehouse(directory, self.target, self.project)

    def copy(self, directory: Path) -> Warehouse:
        """The same warehouse once more, as the nightly build works on a copy."""
        directory.mkdir()
        for path in (self.work, self.marts):
            shutil.copy(path, directory / path.name)
        return Warehouse(directory, self.target, self.project)
