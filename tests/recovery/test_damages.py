"""Every pair of damages.py has its one outcome, and the page says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recovery import damages

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[str, str]]:
    return damages.try_all(Path(tmp_path_factory.mktemp("damages")))


def test_every_damage_is_seen_and_has_its_outcome(found: dict[tuple[str, str], tuple[str, str]]) -> None:
    wanted = {file.name: file.outcome for file in damages.FILES}
    assert {pair: outcome for pair, (outcome, _) in found.items() if outcome != wanted[pair[0]]} == {}
    assert len(found) == len(damages.FILES) * len(damages.DAMAGES) - len(damages.NOT_MISSED)


def test_the_page_says_what_happens(found: dict[tuple[str, str], tuple[str, str]]) -> None:
    assert damages.PAGE.read_text(encoding="utf-8") == damages.page(found), (
        "write it anew: python -m tests.recovery.damages"
    )
