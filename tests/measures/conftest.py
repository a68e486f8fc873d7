"""The demo company as `make demo` left it: large enough for its figures to say something."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.settings import REPOSITORY, Settings
from orchestration.warehouse import MARTS_FILE, WORK_FILE, code_version
from tests.measures.facts import Facts


@pytest.fixture(scope="session")
def demo_home() -> Settings:
    """Home of the demo (var beside the code, or KEFU_TEST_DEMO), built by the code of today; skips where it is not."""
    settings = Settings(home=Path(os.environ.get("KEFU_TEST_DEMO", REPOSITORY / "var")))
    published = settings.published / MARTS_FILE
    if not published.exists():
        pytest.skip(f"{published} is not there: run make demo first, or name its home in KEFU_TEST_DEMO")
    with duckdb.connect(str(published), read_only=True) as connection:
        (built_by,) = connection.execute("select code_version from reporting.build").fetchone() or ("",)
    if built_by != code_version() and "KEFU_TEST_DEMO" not in os.environ:
        pytest.skip(f"{published} was built by other code ({built_by}): run make demo again")
    return settings


@pytest.fixture(scope="session")
def demo_warehouse(demo_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Its published marts, attached as kefu, and what lies below them, as work."""
    connection = duckdb.connect()
    connection.execute(f"attach '{demo_home.published / MARTS_FILE}' as kefu (read_only)")
    connection.execute(f"attach '{demo_home.build / WORK_FILE}' as work (read_only)")
    return connection


@pytest.fixture(scope="session")
def facts(demo_warehouse: duckdb.DuckDBPyConnection) -> Facts:
    (moment,) = demo_warehouse.execute("select as_of from work.control.run").fetchone() or (None,)
    return Facts(demo_warehouse, pd.Timestamp(moment))
