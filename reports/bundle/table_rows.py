"""Rows of tables of a shape of their own, read as a report's specification selects them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

import duckdb

from reports.bundle.numbers import column_key, row_key, shortest
from reports.bundle.sql import COLUMNS, table_of
from reports.bundle.suppression import Cell, CellKey
from reports.registry import TableSpec


@dataclass(frozen=True)
class TableRow:
    """A row of a table of its own shape, with its cell and those of columns that stand on cases of their own."""

    cell: Cell
    values: tuple[str | None, ...]
    inner: tuple[tuple[int, Cell], ...]

    @property
    def cells(self) -> Iterator[Cell]:
        yield self.cell
        yield from (cell for _, cell in self.inner)

    def hidden(self, hidden: Collection[CellKey]) -> list[int]:
        """Columns that are not shown."""
        return [i for i, cell in self.inner if cell.key in hidden]

    def cut(self, hidden: Collection[CellKey]) -> tuple[str | None, ...]:
        """Its values without what is hidden."""
        suppressed = self.hidden(hidden)
        return (
            tuple(None if i in suppressed else value for i, value in enumerate(self.values))
            if suppressed
            else self.values
        )


def _counted(cases: Any) -> int:
    """How many cases; none where it is not told. A mean of them is as small as the next whole number."""
    return 0 if cases is None else ceil(cases)


def read_table(con: duckdb.DuckDBPyConnection, spec: TableSpec, month: date, since: date) -> list[TableRow]:
    """Rows of the month and all scopes, in printed order, each with its cells. A table that is not cut by scope, or
    is asked for as a whole, is the company's. Of one that is tied to the months before, theirs too."""
    table = table_of(spec.id)
    has = {name for (name,) in con.execute(COLUMNS, [table]).fetchall()}
    extra = [name for name in (spec.n, spec.counts, *(column.cases for column in spec.columns)) if name]
    missing = {*(column.name for column in spec.columns), *spec.where, *extra} - has
    if missing:
        raise ValueError(f"reporting.{table} has no column {', '.join(sorted(missing))}; mend the report.yml")
    by_scope = "scope_type" in has and not spec.all_scopes
    period = next((name for name in ("month", "day") if name in has), "")
    wanted: dict[str, Any] = dict(spec.where)
    where = [f"{name} = ${name}" for name in wanted]
    if period:
        wanted["last"] = month
        where.append(f"{period} <= $last")
        if not spec.until:
            wanted["since"] = since
            where.append(f"{period} >= $since")
    names = list(dict.fromkeys([*(column.name for column in spec.columns), *extra]))
    scope = "scope_type, scope_id" if by_scope else "'company', 'company'"
    of_month = period if period and not spec.until else "$this_month"
    records = con.execute(
        f"select {of_month}, {scope}, {', '.join(names)} from reporting.{table} "
        f"where {' and '.join(where) or 'true'} order by {', '.join(spec.order)}",
        wanted if of_month == period else {**wanted, "this_month": month},
    ).fetchall()
    found = []
    for at_month, scope_type, scope_id, *values in records:
        record = dict(zip(names, values, strict=True))
        at = (at_month, (scope_type, scope_id))
        cases = record.get(spec.counts or spec.n or "")
        texts = [record[column.name] for column in spec.columns] + [record.get(spec.n or "")]
        found.append(
            TableRow(
                Cell(row_key(spec, *at, record), _counted(cases)),
                tuple(None if value is None else str(shortest(value)) for value in texts),
                tuple(
                    (i, Cell(column_key(spec, column.name, *at, record), _counted(record[column.cases])))
                    for i, column in enumerate(spec.columns)
                    if column.cases
                ),
            )
        )
    return found
