"""The demo company's deliveries, generated once, and homes to deliver them into."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demo import generate
from foundation.settings import Settings
from tests.pipeline.nights import Demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    landing = tmp_path_factory.mktemp("demo") / "landing"
    return Demo(landing, generate(landing, "xs"))


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Settings]:
    return lambda: Settings(home=tmp_path_factory.mktemp("home"))
