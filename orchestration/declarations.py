"""What the yml beside the models declares, read without dbt. No figure is defined here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from orchestration.settings import DBT_PROJECT_DIR


def models(layer: str = "marts") -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every declared model of a layer (of all: empty) with the file that declares it."""
    for path in sorted((DBT_PROJECT_DIR / "models" / layer).rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            yield path, model


def metrics(model: dict[str, Any], of: Literal["metrics", "daily_metrics"] = "metrics") -> list[dict[str, Any]]:
    """The figures made of a model's rows, of months or of days."""
    found: list[dict[str, Any]] = model.get("config", {}).get("meta", {}).get(of, [])
    return found


@cache
def metric_ids() -> tuple[str, ...]:
    """The ids of all monthly figures, those of `reporting.metric_definitions`."""
    return tuple(sorted(metric["id"] for _, model in models() for metric in metrics(model)))
