"""The figures of one report, period (month or day) and scope, read from the `reporting` schema.

Nothing is computed here: rows are selected, small cells are left out, and the ledger of loads is added up. How bundles
are issued and restated is in issuing/revisions.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
from pydantic import BaseModel

from reports.bundle.days import hidden_days
from reports.bundle.disclosure import disclosure_of, regions_of, stocks_of
from reports.bundle.grains import GRAINS, usual_weeks
from reports.bundle.identities import read_of
from reports.bundle.inference import Sums
from reports.bundle.model import Bundle, Meta
from reports.bundle.numbers import Asked, Shape, read_identities, read_numbers, tied_splits
from reports.bundle.rows import (
    Code,
    CohortCell,
    Contribution,
    Figure,
    History,
    Load,
    MatrixCell,
    Metric,
    Scope,
    ScopeName,
    ServqualDimension,
    TableExtract,
    Unmet,
    Warned,
    Withheld,
)
from reports.bundle.sql import COLUMNS, EXCEPTIONS, FIGURES, FIGURES_OF, IS_PART, MEMBERS, METRICS, OWN, TABLES, query
from reports.bundle.suppression import Cell, CellKey, Hiding
from reports.bundle.table_rows import read_table
from reports.periods import months_before
from reports.registry import report

MAX_PARTS = 40  # members of a scope type kept per metric: those that call for attention first, then the largest
MAX_PARTS_OVER_TIME = 12  # of them, those whose last months are kept as well
MAX_EXCEPTIONS = 40  # figures that missed their target or got worse, of which the bundle keeps the first


_Row = TypeVar("_Row", bound=BaseModel)

# rows with a model of their own
_SHAPES: tuple[tuple[Shape, str, type[BaseModel]], ...] = (
    (Shape("servqual", "servqual_monthly", "dimension", "n", divides=False), query("servqual"), ServqualDimension),
    (Shape("value_matrix", "value_matrix", "cell", "customers", divides=True), query("value_matrix"), MatrixCell),
    (Shape("cohorts", "cohort_retention", "cohort_month", "customers", divides=False), query("cohorts"), CohortCell),
)


@dataclass(frozen=True)
class EntitySupply:
    """What the raw zone knows and the warehouse does not."""

    not_supplied: tuple[str, ...] = ()
    late: Mapping[tuple[str, str], int] = field(
        default_factory=dict
    )  # (entity, source) -> rows of the month that came late


class Source:
    """A report's month or day in an open published warehouse, from which the bundles of its scopes are cut.

    Small cells are found once over all scopes, so that no two bundles tell what one of them hides. `before` are the
    cells that any issue hid, `earlier` those that the reports of earlier months did, month by month. Raises ValueError
    when no model declares a metric of the report.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        report_id: str,
        month: date,
        meta: Meta,
        *,
        before: Collection[CellKey] = (),
        earlier: Mapping[date, Collection[CellKey]] | None = None,
        supply: EntitySupply | None = None,
    ) -> None:
        self._earlier = earlier or {}
        self.con, self.spec, self.month, self.meta = con, report(report_id), month, meta
        self._supply = supply or EntitySupply()
        self._grain = GRAINS[self.spec.schedule]
        con.execute(FIGURES_OF.format(figures=self._grain.figures))
        weeks = usual_weeks(con) if self.spec.schedule == "daily" else 0
        self._values: dict[str, Any] = {
            "first": self._grain.trend(month),
            "previous": self._grain.compared(month, weeks),
            "year_ago": [months_before(month, 12)] if self._grain.compared_with_year_ago else [],
            "month": month,
            "since": min(self._grain.trend(month), month.replace(day=1)),  # days of a month are weighed together
            "metrics": list(dict.fromkeys((*self.spec.metrics, *self.spec.drawn_metrics))),
            "printed": list(self.spec.metrics),
            "over_time": [
                m for area in self.spec.areas for c in area.charts if c.kind == "parts_over_time" for m in c.metrics
            ],
            "most_parts": MAX_PARTS,
            "most_over_time": MAX_PARTS_OVER_TIME,
            "known_at": meta.known_at,
            "declared": list(Metric.model_fields),
            "windowed": list(dict.fromkeys((*self.spec.metrics, *self.spec.drawn_metrics))),
        }
        self._there = {name for (name,) in con.execute(TABLES).fetchall()}
        self._metrics = self._read(Metric, METRICS.format(definitions=self._grain.definitions))
        unknown = set(self._values["metrics"]) - {metric.metric_id for metric in self._metrics}
        if unknown:
            raise ValueError(
                f"report {report_id}: no model declares the metrics {', '.join(sorted(unknown))}; mend its report.yml"
            )
        self._disclosed = disclosure_of(con, self._grain.definitions)
        self._values["counted"] = [
            metric
            for metric, (disclosure, is_count) in self._disclosed.items()
            if disclosure == "confidential"
            or (disclosure == "operational" and not is_count and self.spec.readers == "anyone")
        ]
        self.regions = regions_of(con)
        monthly = self.spec.schedule == "monthly"  # what has a shape of its own is known by month
        self._identities = read_identities(con)
        read = read_of(self._identities)
        self._values["splits"] = tied_splits(read, self.spec, month)
        self._shapes = {one.name: self._shape(one, sql, row) if monthly else [] for one, sql, row in _SHAPES}
        self._tables = [
            (table, read_table(con, table, month, self._values["first"] if table.id in read.tied else month))
            for table in self.spec.tables
        ]
        self.hidden = frozenset(self._hidden(frozenset(before)))
        _cut(con, self.hidden, self._values)
        self._names = {(name.scope_type, name.scope_id): name for name in self._read(ScopeName, query("scope_names"))}
        self._codes = self._read(Code, query("codes"))
        self._loads = self._read(Load, query("loads"))
        self._warnings = self._read(Warned, query("warnings")) if "reporting.rpt_warnings" in self._there else ()
        self._unmet = self._read(Unmet, query("unmet")) if "reporting.rpt_metric_needs" in self._there else ()

    def bundle(self, scope: Scope | None = None) -> Bundle:
        """The bundle of a scope. Raises ValueError when the scope has no figure of the month."""
        scope = scope or Scope()
        is_company = scope.type == "company"
        inside = [store for store, region in self.regions.items() if scope.type == "region" and region == scope.id]
        values = {
            **self._values,
            "scope_type": scope.type,
            "scope_id": scope.id,
            "parts": list(self.spec.parts) if is_company else [p for p in self.spec.parts if inside and p == "store"],
            "everyone": is_company,
            "inside": inside,
        }
        # with no parts the own rows lie together, and nothing else is looked at
        whose = f"({OWN} or (dimension = '' and not is_hidden and {IS_PART}))" if values["parts"] else OWN
        more = self._grain.more
        figures = self._read(Figure, FIGURES.format(whose=whose, more=more), values)
        if not any(f.month == self.month and (f.scope_type, f.scope_id) == scope.key for f in figures):
            raise ValueError(
                f"report {self.spec.id}: the warehouse has no figure of {self.spec.calendar.name(self.month)} "
                f"for {scope.type} {scope.id}"
            )
        exceptions = self._read(Figure, EXCEPTIONS.format(whose=whose, more=more), values)
        shown = sorted({(f.scope_type, f.scope_id) for f in (*figures, *exceptions[:MAX_EXCEPTIONS])})
        shapes = {
            name: tuple(row for key, row in rows if self._shows(key, scope)) for name, rows in self._shapes.items()
        }
        tables, gaps = self._cut_tables(scope)
        hidden = [Withheld(metric_id=m, dimension=d) for m, d in self._rows(query("withheld"), values)]
        short = (*self._figure_histories(values), *self._table_histories(scope))
        return Bundle(
            format=3,
            report=self.spec.id,
            period_start=self.month,
            scope=scope,
            meta=self.meta,
            metrics=self._metrics,
            figures=figures,
            members=dict(self._rows(MEMBERS, values)) if values["parts"] else {},
            scope_names=tuple(self._names[one] for one in shown if one in self._names),
            codes=self._codes,
            **shapes,
            contributions=self._read(Contribution, query("contributions"), values)
            if is_company and self.spec.schedule == "monthly"
            else (),
            tables=tables,
            loads=tuple(_load(load, self._supply, is_company) for load in self._loads),
            exceptions=exceptions[:MAX_EXCEPTIONS],
            exceptions_total=len(exceptions),
            withheld=(*hidden, *gaps),
            not_supplied=self._supply.not_supplied,
            unmet=self._unmet,
            warnings=self._warnings if is_company else (),
            **({"histories": short} if short else {}),
        )

    def _figure_histories(self, values: Mapping[str, Any]) -> tuple[History, ...]:
        """Of figures, those whose window the history does not cover; days have no such window."""
        has = {name for (name,) in self.con.execute(COLUMNS, ["kpi_monthly"]).fetchall()}
        is_recorded = self.spec.schedule == "monthly" and "covered_months" in has
        return self._read(History, query("histories"), values) if is_recorded else ()

    def _table_histories(self, scope: Scope) -> Iterator[History]:
        """Of tables and charts with a window of their own, those whose window the scope's history does not cover."""
        tables = [(table.title, table.window) for table in self.spec.tables]
        charts = [(chart.title, chart.window) for chart in self.spec.charts]
        for title, window in (*tables, *charts):
            if window and "reporting.rpt_histories" in self._there:
                values = {"scope_type": scope.type, "scope_id": scope.id, "entities": list(window.of)}
                for (covered,) in self._rows(query("table_history"), {**values, "month": self.month}):
                    if covered < window.months:
                        yield History(title=title, covered_months=covered, window_months=window.months)

    def has(self, scope: Scope) -> bool:
        """Whether the scope has a figure of the month."""
        sql = "select 1 from cut_figures where month = $month and scope_type = $type and scope_id = $id limit 1"
        return bool(self._rows(sql, {"month": self.month, "type": scope.type, "id": scope.id}))

    def scopes(self, types: Collection[str]) -> list[Scope]:
        """The scopes of these types that have figures of the month."""
        sql = "select distinct scope_type, scope_id from cut_figures where month = $month order by all"
        found = self._rows(sql, self._values)
        return [Scope(type=scope_type, id=scope_id) for scope_type, scope_id in found if scope_type in types]

    def _rows(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        used = {name: value for name, value in values.items() if re.search(rf"\${name}\b", sql)}
        return self.con.execute(sql, used).fetchall()

    def _read(self, row: type[_Row], sql: str, values: Mapping[str, Any] | None = None) -> tuple[_Row, ...]:
        records = self._rows(sql, self._values if values is None else values)
        names = [column[0] for column in self.con.description or ()]
        return tuple(row.model_validate(dict(zip(names, record, strict=True))) for record in records)

    def _hidden(self, before: frozenset[CellKey]) -> set[CellKey]:
        """What no bundle may hold: small cells, what would tell them by subtraction, and what would tell them by the
        identities that the models declare."""
        cells, small = self._cells(), self.meta.small_cell
        sums = self._sums()
        if self.spec.schedule == "monthly":
            hiding = Hiding(cells, small, self.regions, before)
            hidden = hiding.hidden
            sums.hide(hidden | before)
            if self._earlier:
                sums.keep(frozenset().union(*self._earlier.values()), max(self._earlier))
            own = hiding.by_itself({(key.metric_id, key.month) for key in sums.cells})
            for further in chain([sums.companions(own)], iter(sums.further, set())):
                fresh = hiding.more(further)
                hidden |= fresh
                sums.hide(fresh)
            return hidden
        stocks, required = stocks_of(self.con), set(before)
        hidden = hidden_days(cells, small, self.month, self.regions, required, stocks)
        sums.hide(hidden | required)
        while further := sums.further():
            required |= further
            hidden = hidden_days(cells, small, self.month, self.regions, required, stocks) | further
            sums.hide(hidden)
        # of what is operational nothing is hidden any more, but what an issue hid stays so
        first = self._values["since"]
        return hidden | {key for key in before if first <= key.month <= self.month}

    def _sums(self) -> Sums:
        """What adds up to what among the numbers of the report."""
        metrics = {metric: disclosure == "confidential" for metric, (disclosure, _) in self._disclosed.items()}
        monthly = self.spec.schedule == "monthly"
        first, shapes = (self._values["first"], [shape for shape, *_ in _SHAPES]) if monthly else (self.month, [])
        asked = Asked(self.spec, first, self.month, self.meta.small_cell, shapes)
        reported = read_numbers(self.con, asked, self._identities, metrics)
        return Sums(reported, self._identities, self.regions, self.meta.small_cell)

    def _shape(self, shape: Shape, sql: str, row: type[BaseModel]) -> list[tuple[Cell, Any]]:
        """Rows of all scopes, each with its cell."""
        records = self._rows(sql, self._values)
        columns = [column[0] for column in self.con.description or ()]
        found = []
        for record in records:
            content = dict(zip(columns, record, strict=True))
            scope = (content.pop("scope_type"), content.pop("scope_id"))
            key = shape.key(self.month, scope, content)
            found.append((Cell(key, int(content[shape.counts])), row.model_validate(content)))
        return found

    def _cells(self) -> list[Cell]:
        figures = [Cell(CellKey(*record[:6]), record[6]) for record in self._rows(query("cells"), self._values)]
        shapes = (cell for found in self._shapes.values() for cell, _ in found)
        tables = (cell for _, rows in self._tables for row in rows for cell in row.cells)
        merged: dict[CellKey, int] = {}
        for cell in chain(shapes, tables):  # rows that are cut finer than their names are as small as the smallest
            if cell.n > 0:
                merged[cell.key] = min(cell.n, merged.get(cell.key, cell.n))
        return figures + [Cell(key, n) for key, n in merged.items()]

    def _shows(self, cell: Cell, scope: Scope) -> bool:
        return (cell.key.scope_type, cell.key.scope_id) == scope.key and cell.key not in self.hidden

    def _cut_tables(self, scope: Scope) -> tuple[tuple[TableExtract, ...], list[Withheld]]:
        """The scope's tables, and those of which rows are missing. One whose figures nobody ever told is none."""
        tables, gaps = [], []
        for spec, found in self._tables:
            own = [row for row in found if row.cell.key[1:4] == (self.month, *scope.key)]
            shown = [row for row in own if row.cell.key not in self.hidden]
            rows = [row.cut(self.hidden) for row in shown]
            withheld = tuple((i, place) for i, row in enumerate(shown) for place in row.hidden(self.hidden))
            if any(spec.tells(row) for row in rows):
                kept = tuple(one for one in withheld if one[0] < spec.most)
                reported = TableExtract(id=spec.id, title=spec.title, rows=tuple(rows[: spec.most]), total=len(rows))
                tables.append(reported.model_copy(update={"withheld": kept}) if kept else reported)
            if withheld or len(rows) < len(own):
                gaps.append(Withheld(table=spec.title))
        return tuple(tables), gaps


def _cut(con: duckdb.DuckDBPyConnection, hidden: Collection[CellKey], values: Mapping[str, Any]) -> None:
    """The figures without what is hidden, as the table that bundles are cut from."""
    names = CellKey._fields
    columns = {name: [getattr(key, name) for key in hidden] for name in names}
    types = {name: pa.date32() if name == "month" else pa.string() for name in names}
    con.register("hidden_keys", pa.table({n: pa.array(c, type=types[n]) for n, c in columns.items()}))
    used = {name: values[name] for name in ("first", "previous", "year_ago", "month", "metrics")}
    con.execute(query("cut_figures"), used)
    con.unregister("hidden_keys")


def _load(load: Load, supply: EntitySupply, is_company: bool) -> Load:
    if is_company:
        return load.model_copy(update={"rows_late": supply.late.get((load.entity, load.source_system), 0)})
    counts = (name for name in Load.model_fields if name.startswith("rows_"))
    return load.model_copy(update=dict.fromkeys(counts))


def make_bundle(
    con: duckdb.DuckDBPyConnection, report_id: str, month: date, meta: Meta, scope: Scope | None = None
) -> Bundle:
    """Select the figures of one scope's report from an open published warehouse.

    Raises ValueError when no model declares a metric of the report, or the scope has no figure of the month.
    """
    return Source(con, report_id, month, meta).bundle(scope)
