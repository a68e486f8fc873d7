"""The demo company at a size at which its figures say something."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from pydantic import ValidationError

from demo import DELIVERIES, code_fingerprint, furnish, generate, read_facts
from foundation.settings import REPOSITORY, Settings
from orchestration.ingestion.manifest import Manifest
from orchestration.lineage import Lineage, compiled
from orchestration.warehouse import MARTS_FILE, WORK_FILE, code_version
from tests.measures.facts import Facts

OWN_HOME = REPOSITORY / "var" / "test-demo"


@pytest.fixture(scope="session")
def demo_home() -> Settings:
    """Home of the demo of size s, built by the code of today.

    The one `make demo` left where it is that, else the tests' own, which is made once and carried on from run to run.
    KEFU_TEST_DEMO names another, which is taken as it is.
    """
    if named := os.environ.get("KEFU_TEST_DEMO"):
        return Settings(home=Path(named))
    made = Settings(home=REPOSITORY / "var")
    return made if _is_current(made) else _own_demo()


def _is_current(settings: Settings) -> bool:
    return _raw_is_current(settings) and _built_by(settings) == code_version()


def _raw_is_current(settings: Settings) -> bool:
    """Whether the demo was generated and ingested by the code of today, to its last day."""
    try:
        facts = read_facts(settings.landing)
    except (FileNotFoundError, ValidationError):  # none, or one of an older make
        return False
    is_whole = Manifest.read(settings.raw).newest == DELIVERIES[-1]
    return facts.size == "s" and facts.made_by == code_fingerprint() and is_whole


def _built_by(settings: Settings) -> str | None:
    published = settings.published / MARTS_FILE
    if not published.exists():
        return None
    with duckdb.connect(str(published), read_only=True) as connection:
        (version,) = connection.execute("select code_version from reporting.rpt_build").fetchone() or (None,)
    return version


def _own_demo() -> Settings:
    """Makes what is missing of the tests' own demo; of several processes the first does, the others wait."""
    from orchestration import commands  # with Dagster: a second and a half for every run of any test

    OWN_HOME.mkdir(parents=True, exist_ok=True)
    with (OWN_HOME.parent / f".{OWN_HOME.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        settings = Settings(home=OWN_HOME)
        if not _is_current(settings):
            first = DELIVERIES[-1]
            if not _raw_is_current(settings):
                shutil.rmtree(OWN_HOME)
                generate(settings.landing, "s")
                furnish(OWN_HOME)
                first = DELIVERIES[0]
            commands.nightly(settings, first, DELIVERIES[-1])
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


@pytest.fixture(scope="session")
def lineage(tmp_path_factory: pytest.TempPathFactory) -> Lineage:
    """Lineage of the project as a home would build it."""
    return compiled(Settings(home=tmp_path_factory.mktemp("home")))
