"""A small warehouse that meets every expectation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.expectations.warehouse import Warehouse, intact_warehouse


@pytest.fixture(scope="session")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return intact_warehouse(tmp_path_factory.mktemp("intact"))


@pytest.fixture
def warehouse(intact: Warehouse, tmp_path: Path) -> Warehouse:
    """A copy of the intact warehouse, for a test to break."""
    made = Warehouse(tmp_path / "work.duckdb", tmp_path / "kefu.duckdb")
    made.work.write_bytes(intact.work.read_bytes())
    made.marts.write_bytes(intact.marts.read_bytes())
    return made
