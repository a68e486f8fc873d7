"""Empty warehouses of the demo company."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import furnish
from foundation.settings import Settings
from orchestration.reference import project_folder
from tests.dbt.warehouse import Warehouse


@pytest.fixture(scope="session")
def dbt_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dbt_target")


@pytest.fixture(scope="session")
def dbt_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the demo company's reference tables: its opening hours, standards, tiers, costs."""
    settings = Settings(home=tmp_path_factory.mktemp("company"))
    furnish(settings.home)
    return project_folder(settings)


@pytest.fixture
def warehouse(tmp_path: Path, dbt_target: Path, dbt_project: Path) -> Warehouse:
    return Warehouse(tmp_path, dbt_target, dbt_project)
