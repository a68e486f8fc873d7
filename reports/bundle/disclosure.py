"""Whose matter a figure's cases are, and what reports of days leave unsaid by the month."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import duckdb

from reports.bundle.days import hidden_months
from reports.bundle.grains import GRAINS
from reports.bundle.sql import COLUMNS, TABLES, query
from reports.bundle.suppression import Cell, CellKey
from reports.periods import CALENDARS

_STOCKS = "select metric_id from reporting.rpt_daily_metric_definitions where dated = 'snapshot'"
_INSIDE = "select store_id, region from customer.dim_store where region is not null order by store_id"


def stocks_of(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Metrics whose days do not add up to their month."""
    return frozenset(metric for (metric,) in con.execute(_STOCKS).fetchall())


def disclosure_of(con: duckdb.DuckDBPyConnection, definitions: str) -> dict[str, tuple[str, bool]]:
    """Per metric its disclosure, and whether its value is how many cases there are. Of a warehouse that does not say it
    yet, everything is confidential but what counts no cases."""
    has = {name for (name,) in con.execute(COLUMNS, [definitions.partition(".")[2]]).fetchall()}
    older = "case when counts_cases then 'confidential' else 'none' end" if "counts_cases" in has else "'confidential'"
    disclosure = "disclosure" if "disclosure" in has else older
    kind = "kind in ('count', 'distinct') or (kind = 'sum' and unit = 'count')" if "kind" in has else "unit = 'count'"
    rows = con.execute(f"select metric_id, {disclosure}, {kind} from {definitions}").fetchall()
    return {metric: (found, is_count) for metric, found, is_count in rows}


def revealed_by_days(
    con: duckdb.DuckDBPyConnection, month: date, hidden: Collection[CellKey], small: int
) -> frozenset[CellKey]:
    """Figures of a month that would tell, by subtraction, days of it that digests hid."""
    if not hidden:
        return frozenset()
    disclosed = disclosure_of(con, GRAINS["daily"].definitions)
    metrics = [metric for metric, (disclosure, _) in disclosed.items() if disclosure == "confidential"]
    values = {"month": month, "last": CALENDARS["monthly"].last_day(month), "metrics": metrics}
    records = con.execute(query("cells_of_days"), values).fetchall()
    cells = [Cell(CellKey(*record[:6]), record[6]) for record in records]
    return frozenset(hidden_months(cells, hidden, small, stocks_of(con), regions_of(con)))


def regions_of(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The region of each store."""
    there = con.execute(TABLES).fetchall()
    return dict(con.execute(_INSIDE).fetchall()) if ("customer.dim_store",) in there else {}
