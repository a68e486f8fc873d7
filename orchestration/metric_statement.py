"""A metric, or all of one measured model, for who looks into a figure: the statement that makes it, and what it counts.

The statement is the build's own (dbt_project/macros/metric_cells.sql) for one model; the declarations are in its yml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foundation.declarations import metrics, models
from foundation.errors import CommandFailedError
from foundation.settings import REPOSITORY, Settings
from orchestration.metric_docs import described
from orchestration.warehouse import MARTS_FILE, WORK_FILE, compile_inline


def statement(settings: Settings, name: str) -> str:
    """SQL that makes every monthly cell of a measured model, or of the model of a metric; DuckDB runs it as it is.

    Grain: month, scope, metric, dimension and its value. It reads the last good build of this home.
    Raises CommandFailedError where no measured model and no metric has that name.
    """
    model = _model(name)[1]["name"]
    inline = (
        "-- depends_on: {{ ref('int_core__months') }} {{ ref('int_core__metric_sources') }} "
        f"{{{{ ref('{model}') }}}}\n{{{{ metric_cells(model='{model}') }}}}"
    )
    lines = [line.rstrip() for line in compile_inline(settings, inline).splitlines()]
    built = {"work": settings.build / WORK_FILE, "kefu": settings.published / MARTS_FILE}
    attached = [f"attach '{path}' as {name} (read_only);" for name, path in built.items()]
    return "\n".join([*attached, *(line for line in lines if line and not line.startswith("-- depends_on:"))]) + ";"


def explanation(name: str) -> str:
    """What a measured model's metrics count, over which rows, from which columns of the exports; or one metric.

    Raises CommandFailedError where no measured model and no metric has that name.
    """
    path, model = _model(name)
    lines = [f"{model['name']}: {' '.join(model['description'].split())}", f"({path.relative_to(REPOSITORY)})"]
    for metric in metrics(model):
        if name in (model["name"], metric["id"]):
            lines += ["", *described(metric)]
    return "\n".join(lines)


def _model(name: str) -> tuple[Path, dict[str, Any]]:
    measured = [(path, model) for path, model in models("") if metrics(model)]
    for path, model in measured:
        if name == model["name"] or name in {metric["id"] for metric in metrics(model)}:
            return path, model
    raise CommandFailedError(
        f"no metric and no measured model is called {name}; docs/metrics lists the metrics, the models are "
        + ", ".join(sorted(model["name"] for _, model in measured))
    )
