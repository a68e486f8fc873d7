"""The benchmark of pulls runs, and all its ways bring every row."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.postgresql import NotInstalledError
from benchmarks.pull import costs


@pytest.mark.slow
def test_every_way_brings_every_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_URL", "")  # which the benchmark sets, and this takes back
    try:
        found = list(costs(1_000, tmp_path))
    except NotInstalledError as error:
        pytest.skip(f"{error}: what runs on it is not tested")
    assert [(cost.step, cost.rows) for cost in found] == [
        ("COPY to CSV", 1_000),
        ("pull, whole", 1_000),
        ("pull, by cursor", 1_000),
    ]
