"""Nights of the demo company at its smallest, and what two published homes differ in."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from demo import DemoFacts, furnish
from foundation.settings import Settings
from orchestration.warehouse import MARTS_FILE

BUILD_ID_ONLY = {("reporting", "rpt_build")}  # names the build by the loads it stands on, byte for byte


@dataclass(frozen=True)
class Demo:
    """Generated deliveries that homes copy from."""

    landing: Path
    facts: DemoFacts

    def deliver(self, settings: Settings, first: date, last: date) -> None:
        """Puts deliveries into the landing folder of a home, and what the company states besides."""
        furnish(settings.home)
        for folder in sorted((self.landing / "demo").iterdir()):
            if first <= date.fromisoformat(folder.name) <= last:
                shutil.copytree(folder, settings.landing / "demo" / folder.name, dirs_exist_ok=True)


def published_differences(left: Settings, right: Settings) -> dict[str, int]:
    """Rows that stand in one home's published tables and not in the other's, by table; empty when they are equal."""
    with duckdb.connect() as connection:
        for name, settings in (("l", left), ("r", right)):
            connection.execute(f"attach '{settings.published / MARTS_FILE}' as {name} (read_only)")
        listed = "select schema_name, table_name from duckdb_tables() where database_name = ?"
        tables = [set(connection.execute(listed, [name]).fetchall()) for name in ("l", "r")]
        assert tables[0] == tables[1]
        assert tables[0]
        counts = {}
        for schema, table in sorted(tables[0] - BUILD_ID_ONLY):
            one, other = f'l."{schema}"."{table}"', f'r."{schema}"."{table}"'
            row = connection.execute(
                f"select (select count(*) from (from {one} except all from {other}))"
                f" + (select count(*) from (from {other} except all from {one}))"
            ).fetchone()
            assert row is not None
            counts[f"{schema}.{table}"] = row[0]
    return {table: count for table, count in counts.items() if count}
