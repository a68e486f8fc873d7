"""Every rule that has worked numbers in a model's yml gives them; and the project builds where nothing was supplied."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from foundation.settings import Settings
from orchestration import warehouse

pytestmark = pytest.mark.slow


def test_every_rule_gives_its_worked_numbers(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    candidate = warehouse.prepare(settings, known_at=date(2026, 10, 31))
    assert warehouse.build(settings, candidate)
    results = warehouse.unit_test(settings, candidate)
    assert len(results) > 50
