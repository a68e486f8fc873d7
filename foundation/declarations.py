"""What the yml beside the models declares, read without dbt. No figure is defined here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from foundation.settings import DBT_PROJECT_DIR


def models(layer: str = "marts") -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every declared model of a layer (of all: empty) with the file that declares it."""
    for path in sorted((DBT_PROJECT_DIR / "models" / layer).rglob("*.yml")):
        for model in _read(path):
            yield path, model


@cache
def _read(path: Path) -> list[dict[str, Any]]:
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    models: list[dict[str, Any]] = found.get("models") or []
    return models


def metrics(model: dict[str, Any], of: Literal["metrics", "daily_metrics"] = "metrics") -> list[dict[str, Any]]:
    """The figures made of a model's rows, of months or of days, each with the columns of its scopes by their names."""
    meta = model.get("config", {}).get("meta", {})
    scopes: dict[str, str] = meta.get("scopes", {})
    return [
        metric
        if "like" in metric
        else metric | {"scopes": {name: scopes[name] for name in metric.get("scopes", scopes)}}
        for metric in meta.get(of, [])
    ]


def _measured() -> Iterator[dict[str, Any]]:
    """Every model of a file that declares a figure; the other files, most of them, need not be parsed."""
    for path in sorted((DBT_PROJECT_DIR / "models").rglob("*.yml")):
        if "metrics:" in path.read_text(encoding="utf-8"):
            yield from _read(path)


REFERENCE = "reference"  # stands for the entity where a figure stands on a table that the company states


def stands_on(metric: dict[str, Any]) -> list[list[tuple[str, str]]]:
    """What a figure stands on, each with its alternatives as entity and column (or reference and table)."""
    needs = metric.get("stands_on", [])
    return [[(one.split(".")[0], one.split(".")[1]) for one in need.split(" or ")] for need in needs]


def declared_metrics() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every figure declared with an id, of months before those of days, with the name of its model. What a daily figure
    takes over from a monthly one (`like`) is declared there."""
    of: Literal["metrics", "daily_metrics"]
    for of in ("metrics", "daily_metrics"):
        for model in _measured():
            yield from ((model["name"], metric) for metric in metrics(model, of) if "id" in metric)


@cache
def metric_ids() -> tuple[str, ...]:
    """The ids of all monthly figures, those of `reporting.rpt_metric_definitions`."""
    return tuple(sorted(metric["id"] for _, model in models() for metric in metrics(model)))
