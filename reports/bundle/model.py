"""A bundle: the figures of one report, period (month or day) and scope, with their hash. Rendering needs it alone."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from reports.bundle.rows import (
    Code,
    CohortCell,
    Contribution,
    Figure,
    Frozen,
    History,
    Load,
    MatrixCell,
    Metric,
    Restatement,
    Scope,
    ScopeName,
    ServqualDimension,
    TableExtract,
    Unmet,
    Warned,
    Withheld,
)
from reports.registry import ReportSpec, report


class Meta(Frozen):
    """What the caller knows and the warehouse does not."""

    company: str
    currency: str
    time_zone: str
    as_of: date  # last local day the figures speak of
    known_at: date  # last load they stand on
    version: str  # of this software
    min_n: int = 30
    small_cell: int = 5  # figures of fewer cases are suppressed
    build_id: str = ""  # of the warehouse: names the loads, settings and code it was made of
    code_version: str = ""  # hash of the models
    settings_version: str = ""  # hash of the settings that shape figures


@lru_cache(maxsize=32)
def _spec_within(report_id: str, known: frozenset[str]) -> ReportSpec:
    return report(report_id).within(known)


class Bundle(Frozen):
    """All that a rendering of one report needs."""

    format: Literal[3]  # 1 had a field per language, in 2 period_start was called month; no release wrote either
    revision: int = 1
    report: str
    period_start: date  # first day of its month; of a report of days the day itself
    scope: Scope
    meta: Meta
    metrics: tuple[Metric, ...]
    figures: tuple[Figure, ...]
    members: dict[str, int]  # scope type -> how many members have figures in the month
    scope_names: tuple[ScopeName, ...] = ()
    codes: tuple[Code, ...] = ()
    servqual: tuple[ServqualDimension, ...] = ()
    cohorts: tuple[CohortCell, ...] = ()
    value_matrix: tuple[MatrixCell, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    tables: tuple[TableExtract, ...] = ()
    loads: tuple[Load, ...] = ()
    exceptions: tuple[Figure, ...] = ()  # that missed their target or got worse, here or at a member; the first of them
    exceptions_total: int = 0
    withheld: tuple[Withheld, ...] = ()
    not_supplied: tuple[str, ...] = ()  # entities of which no source delivered anything
    unmet: tuple[Unmet, ...] = ()  # what figures wait for
    warnings: tuple[Warned, ...] = ()
    histories: tuple[History, ...] = ()  # figures, and what tables stand on, whose window the history does not cover
    restated: Restatement | None = None  # what this revision changed
    restatements: tuple[Restatement, ...] = ()  # of earlier months, since the last month's report

    @property
    def spec(self) -> ReportSpec:
        """What is printed of it, as far as the bundle knows the metrics."""
        return _spec_within(self.report, frozenset(self._by_metric("metrics")))

    @property
    def folder(self) -> Path:
        """Where the bundle lies below the folder of all reports."""
        return Path(self.report) / self.period / self.scope.folder

    @property
    def period(self) -> str:
        """The name of its month or day."""
        return self.spec.calendar.name(self.period_start)

    @property
    def sha256(self) -> str:
        """Hash of the canonical JSON, as the file holds it."""
        return hashlib.sha256(canonical(self.content)).hexdigest()

    @property
    def content(self) -> dict[str, Any]:
        """What is written: no field left to its default, so that a bundle of before a field existed keeps its hash."""
        return self.model_dump(mode="json", exclude_unset=True)

    def metric(self, metric_id: str) -> Metric:
        found: Metric = self._by_metric("metrics")[metric_id][0]
        return found

    def unit_of(self, metric_id: str | None) -> str:
        """The unit of a metric that a table speaks of; score where the report does not know it."""
        return next((metric.unit for metric in self.metrics if metric.metric_id == metric_id), "score")

    @property
    def mark(self) -> str:
        """The head of the hash, as pages and mails print it."""
        return self.sha256[:12]

    def is_printed_on(self, page: Path) -> bool:
        """Whether a page was rendered from this very bundle."""
        return self.mark in page.read_text(encoding="utf-8")

    def of(self, metric_id: str) -> list[Figure]:
        """All figures of a metric, in order."""
        return list(self._by_metric("figures").get(metric_id, ()))

    def _by_metric(self, name: Literal["metrics", "figures"]) -> dict[str, list[Any]]:
        """Rows of a field by metric. They are sorted out once: a report asks for each metric many times."""
        rows = getattr(self, name)
        by_metric: dict[str, list[Any]]
        sorted_out, by_metric = self.__dict__.get(f"_{name}", (None, {}))
        if sorted_out is not rows:  # a copy with other rows carries what was sorted out of the first
            by_metric = {}
            for row in rows:
                by_metric.setdefault(row.metric_id, []).append(row)
            self.__dict__[f"_{name}"] = (rows, by_metric)
        return by_metric

    def history(self, *, metric_id: str = "", title: str = "") -> History | None:
        """How much of its window the history of a figure, table or chart covers, where that is not all."""
        return next((one for one in self.histories if (one.metric_id, one.title) == (metric_id, title)), None)

    def figure(self, metric_id: str) -> Figure | None:
        """The scope's own figure of the month, None when nothing was supplied for it."""
        return next((f for f in self.series(metric_id) if f.month == self.period_start), None)

    @property
    def headlines(self) -> tuple[str, ...]:
        """The metrics of the first page of which there is a figure, one in each place."""
        found = (next((metric for metric in place if self.figure(metric)), None) for place in self.spec.places)
        return tuple(metric for metric in found if metric)

    def series(self, metric_id: str) -> list[Figure]:
        """The scope's own figures of the last months, oldest first."""
        return [f for f in self.of(metric_id) if (f.scope_type, f.scope_id) == self.scope.key and not f.dimension]

    def parts(self, metric_id: str, scope_type: str) -> list[Figure]:
        """The figures of the scope's members in the last months, oldest first."""
        return [f for f in self.of(metric_id) if f.scope_type == scope_type and f.scope_type != self.scope.type]

    def split(self, metric_id: str, dimension: str) -> list[Figure]:
        """The scope's own figure of the month by a dimension."""
        return [f for f in self.of(metric_id) if f.dimension == dimension]


def canonical(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
