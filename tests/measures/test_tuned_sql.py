"""The bench compares models with SQL tuned by hand: the two must not part unseen."""

from __future__ import annotations

import duckdb
import pytest

from benchmarks import floor
from foundation.settings import Settings
from orchestration.warehouse import MARTS_FILE, WORK_FILE


@pytest.mark.slow
@pytest.mark.parametrize(("name", "sql"), list(floor.tuned()), ids=[name for name, _ in floor.tuned()])
def test_hand_tuned_sql_gives_the_rows_of_its_model(demo_home: Settings, name: str, sql: str) -> None:
    """Grain, columns and values; on the demo's tables, read as the bench reads them, and copied nowhere."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo_home.build / WORK_FILE}' as work (read_only)")
        connection.execute(f"attach '{demo_home.published / MARTS_FILE}' as kefu (read_only)")
        ((schema,),) = connection.execute(
            "select table_schema from information_schema.tables where table_catalog = 'kefu' and table_name = ?", [name]
        ).fetchall()
        connection.execute("use work")
        connection.execute(f"create temp table tuned as {sql}")
        floor.compare(connection, f"kefu.{schema}.{name}", "temp.main.tuned")
