"""A home that pulls."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from foundation.settings import Settings
from orchestration.pulling import api, run
from tests.pulling.systems import System, serving

DAY = date(2026, 3, 9)
NEXT = DAY + timedelta(days=1)


@dataclass
class Home:
    """What a person does, and what lies there afterwards."""

    settings: Settings

    def declare(self, pull: str, source: str = "crm", files: str = "") -> Path:
        self.settings.sources.mkdir(parents=True, exist_ok=True)
        path = self.settings.sources / f"{source}.yml"
        path.write_text(f"source: {source}\ntime_zone: Asia/Shanghai\n{pull}\n{files}", encoding="utf-8")
        return path

    def pull(self, day: date = DAY, *only: str) -> run.PullReport:
        return run.pull(self.settings, day, only)

    def pulled(self, day: date = DAY, *only: str) -> run.PullReport:
        """A pull of which nothing was refused."""
        report = self.pull(day, *only)
        assert report.refusals == []
        return report

    def files(self, day: date = DAY, source: str = "crm") -> list[str]:
        return sorted(path.name for path in (self.settings.landing / source / str(day)).glob("*"))

    def rows(self, name: str, day: date = DAY, source: str = "crm") -> list[dict[str, Any]]:
        """The landed rows of an object, in the order of its files."""
        found = sorted((self.settings.landing / source / str(day)).glob(f"{name}.*"))
        return [json.loads(line) for path in found for line in gzip.open(path).read().splitlines()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(api, "BACKOFF_SECONDS", 0.01)
    return Home(Settings(home=tmp_path / "home"))


@pytest.fixture
def serve() -> Iterator[Callable[[System], System]]:
    """Brings systems up for the length of a test."""
    with ExitStack() as stack:
        yield lambda system: stack.enter_context(serving(system))
