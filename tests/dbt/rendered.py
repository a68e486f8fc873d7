"""Models as dbt would compile them for DuckDB, without dbt: quick enough to be asked hundreds of times."""

from __future__ import annotations

from typing import Any

import jinja2

from foundation.settings import DBT_PROJECT_DIR, measure_defaults

MACROS = ("engine.sql", "attribute_versions.sql", "customer_rules.sql")


class Rendered:
    """The intermediate models of one area. `this` is what a model calls itself, `variables` what is set otherwise."""

    def __init__(self, area: str, this: str = "", **variables: Any) -> None:
        self.area = area
        settings = measure_defaults() | variables
        self.macros = "".join((DBT_PROJECT_DIR / "macros" / name).read_text(encoding="utf-8") for name in MACROS)
        self.environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701 - SQL
        self.environment.globals |= {
            "ref": lambda name: name,
            "source": lambda *names: "_".join(names),
            "var": lambda name: settings[name],
            "config": lambda **_: "",
            "this": this,
            "target": {"type": "duckdb"},
            "adapter": self,
        }
        self.module = self.environment.from_string(self.macros).module

    def quote(self, name: str) -> str:
        return f'"{name}"'

    def dispatch(self, name: str) -> Any:
        return getattr(self.module, f"duckdb__{name}")

    def sql(self, name: str) -> str:
        folder = DBT_PROJECT_DIR / "models" / "intermediate" / self.area
        text = (folder / f"int_{self.area}__{name}.sql").read_text(encoding="utf-8")
        return self.environment.from_string(self.macros + text).render()
