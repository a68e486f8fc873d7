"""The numbers of a published warehouse that identities speak of, each with where a report prints it.

Rows are selected and named; what follows from them is worked out in inference.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import numpy as np

from reports.bundle.identities import (
    PARTS,
    Bools,
    Floats,
    Identity,
    IdentityColumn,
    IdentityNumbers,
    Ints,
    Name,
    Read,
    parse,
    read_of,
)
from reports.bundle.printed_numbers import Absent, PrintedNumbers, Printing
from reports.bundle.sql import table_of
from reports.bundle.suppression import CellKey
from reports.registry import ReportSpec, TableSpec

_IDENTITIES = "select model, identity from reporting.rpt_figure_identities order by model, place"
_TABLES = "select table_name from duckdb_tables() where schema_name = 'reporting'"
# of a model that no table of reports shows, its mart
_COLUMNS = """
select concat(schema_name, '.', table_name) as name, list(column_name)
from duckdb_columns()
where table_name in (?, ?) and not internal
group by schema_name, table_name
order by schema_name <> 'reporting', name
"""
_FIGURES = """
select metric_id, month, scope_type, scope_id, dimension, dimension_value, n, numerator, value
from report_figures
where
    month between $first and $month and list_contains($metrics, metric_id) and n is not null
    and (dimension = '' or list_contains($splits, concat_ws('/', metric_id, dimension, month)))
order by metric_id, dimension, month, scope_type, scope_id, dimension_value
"""
_Scope = tuple[str, str]


@dataclass(frozen=True)
class Shape:
    """A table of bundles with rows of a model of its own: what its rows are cut by, which column counts whom they are
    about, and whether they divide them."""

    name: str  # of the bundle's field
    table: str
    by: str
    counts: str
    divides: bool

    def key(self, month: date, scope: _Scope, record: Mapping[str, Any]) -> CellKey:
        """The cell of a row."""
        row = record[self.by]
        if isinstance(row, date):  # a cohort stays itself, whichever month's report prints it
            return CellKey(f"table:{self.name}", row, *scope)
        if self.divides:
            return CellKey(f"table:{self.name}", month, *scope, "row", str(row))
        return CellKey(f"table:{self.name}:{row}", month, *scope)


class Asked(NamedTuple):
    """Of which report and periods numbers are read."""

    spec: ReportSpec
    first: date
    month: date  # or day
    small: int
    shapes: Collection[Shape] = ()

    def places(self, days: Any) -> Ints:
        """Periods as numbers, one after the other."""
        unit = "datetime64[M]" if self.spec.schedule == "monthly" else "datetime64[D]"
        return np.asarray(days, dtype="datetime64[D]").astype(unit).astype(np.int64)

    def tables(self, table: str) -> list[TableSpec]:
        """The report's tables of that name whose rows are of one period and scope."""
        return [one for one in self.spec.tables if one.id == table and not one.until and not one.all_scopes]


def read_identities(con: duckdb.DuckDBPyConnection) -> tuple[Identity, ...]:
    """All that the models of the warehouse declare; none of a warehouse that was built before they did."""
    there = {name for (name,) in con.execute(_TABLES).fetchall()}
    if table_of("figure_identities") not in there:
        return ()
    return tuple(one for model, text in con.execute(_IDENTITIES).fetchall() for one in parse(model, text))


def row_key(spec: TableSpec, month: date, scope: _Scope, record: Mapping[str, Any]) -> CellKey:
    """The cell of a table's row: one among others that make up a whole, or one by itself."""
    name = _row_name(spec, record)
    if spec.counts:
        return CellKey(f"table:{spec.id}:{spec.title}", month, *scope, "row", name)
    return CellKey(f"table:{spec.id}:{spec.title}:{name}", month, *scope)


def column_key(spec: TableSpec, column: str, month: date, scope: _Scope, record: Mapping[str, Any]) -> CellKey:
    """The cell of one column of a row that stands on cases of its own."""
    return CellKey(f"table:{spec.id}:{spec.title}:{_row_name(spec, record)}:{column}", month, *scope)


def shortest(value: object) -> object:
    """A decimal without trailing zeros, so that equal figures are written alike."""
    if isinstance(value, Decimal | float):
        text = format(Decimal(str(value)), "f")
        return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
    return value


def _row_name(spec: TableSpec, record: Mapping[str, Any]) -> str:
    ordered = {key.removesuffix(" desc") for key in spec.order} - {spec.n, spec.counts}
    named = [record[one.name] for one in spec.columns if not one.is_number or one.name in ordered]
    return json.dumps([None if value is None else str(shortest(value)) for value in named], ensure_ascii=False)


def tied_splits(read: Read, spec: ReportSpec, month: date) -> list[str]:
    """The figures by a dimension of earlier periods that an identity ties to this one."""
    return _splits(read, spec, month, least=1)


def _splits(read: Read, spec: ReportSpec, month: date, least: int = 0) -> list[str]:
    return [
        f"{metric}/{dimension}/{spec.calendar.before(month, back)}"
        for metric, dimensions in sorted(read.metrics.items())
        for dimension, backs in sorted(dimensions.items())
        for back in sorted(backs)
        if dimension and back >= least
    ]


def read_numbers(
    con: duckdb.DuckDBPyConnection, asked: Asked, identities: Collection[Identity], metrics: Mapping[str, bool]
) -> PrintedNumbers:
    """The numbers that identities speak of, and those of what is confidential. `metrics` are those that there are, with
    whether nobody is to find out n of few cases.

    Of the periods before, tables and dimensions are read as far as an identity ties them to the last: what their own
    reports printed of the others tells nothing of it.
    """
    read = read_of(identities)
    printed = {metric for metric in (*asked.spec.metrics, *asked.spec.drawn_metrics) if metrics.get(metric)}
    wanted = (read.metrics.keys() | printed) & metrics.keys()
    gathered = _Gathered(asked)
    for table in sorted(read.tables):
        first = asked.first if table in read.tied else asked.month
        columns, cut = read.tables[table], read.cut[table] | {one.by for one in asked.shapes if one.table == table}
        records = _records(con, asked, table, columns | cut, first)
        for column in read.naming.get(table, ()):
            wanted |= {record[column] for record in records} & metrics.keys()
        for column in sorted(columns):
            gathered.add_column(table, column, sorted(cut), [one for one in records if one[column] is not None])
    splits = _splits(read, asked.spec, asked.month)
    if wanted:
        values = {"first": asked.first, "month": asked.month, "metrics": sorted(wanted), "splits": splits}
        gathered.add_figures(con.execute(_FIGURES, values).fetchnumpy(), metrics)
    return gathered.reported()


def _records(
    con: duckdb.DuckDBPyConnection, asked: Asked, table: str, columns: Collection[str], first: date
) -> list[dict[str, Any]]:
    """A table's rows of the periods, with what identities and the report's own tables name of it; none of one that this
    warehouse does not have so."""
    found = con.execute(_COLUMNS, [table_of(table), table]).fetchone()
    has = set(found[1]) if found else set()
    if not found or not {"month", *columns} <= has:
        return []
    printed = {name for one in asked.tables(table) for name in _read_by(one)}
    names = sorted(({*columns} | (printed & has)) - {"month", "scope_type", "scope_id"})
    scope = "scope_type, scope_id" if "scope_type" in has else "'company', 'company'"
    rows = con.execute(
        f"select month, {scope}, {', '.join(names)} from {found[0]} where month between ? and ? order by all",
        [first, asked.month],
    ).fetchall()
    return [dict(zip(("month", "scope_type", "scope_id", *names), row, strict=True)) for row in rows]


def _read_by(one: TableSpec) -> Iterator[str]:
    yield from (column.name for column in one.columns)
    yield from (column.cases for column in one.columns if column.cases)
    yield from one.where
    yield from (name for name in (one.n, one.counts) if name)


_Split = tuple[str, str, int, int]  # of a table or metric, its dimension, period and scope


@dataclass
class _Gathered:
    """What is read, before it is put together."""

    asked: Asked
    columns: dict[Name, IdentityColumn] = field(default_factory=dict)
    scopes: dict[_Scope, int] = field(default_factory=dict)
    keys: dict[CellKey, int] = field(default_factory=dict)
    value: list[Floats] = field(default_factory=list)
    secret: list[Bools] = field(default_factory=list)
    cases: list[Bools] = field(default_factory=list)
    printed: list[Ints] = field(default_factory=list)  # number, row, cell
    absent: list[tuple[int, int]] = field(default_factory=list)  # number, split
    splits: dict[_Split, int] = field(default_factory=dict)
    split_of: dict[int, int] = field(default_factory=dict)  # by cell
    count: int = 0

    def add_figures(self, rows: Mapping[str, Any], metrics: Mapping[str, bool]) -> None:
        """Figures of kpi_monthly, in the order of metrics and dimensions."""
        texts = {name: rows[name].tolist() for name in ("metric_id", "scope_type", "scope_id", "dimension")}
        values = rows["dimension_value"].tolist()
        scopes = zip(texts["scope_type"], texts["scope_id"], strict=True)
        scope = np.array([self.scopes.setdefault(one, len(self.scopes)) for one in scopes], dtype=np.int64)
        month, days = self.asked.places(rows["month"]), np.asarray(rows["month"], dtype="datetime64[D]").tolist()
        spec = self.asked.spec
        types, printed = {*spec.scopes, *spec.parts}, {*spec.metrics, *spec.drawn_metrics}
        numbers: dict[str, Floats] = {
            part: np.ma.filled(np.ma.asarray(rows[part], dtype=float), np.nan) for part in PARTS
        }
        few = (numbers["n"] > 0) & (numbers["n"] < self.asked.small)
        groups = list(zip(texts["metric_id"], texts["dimension"], strict=True))
        starts = [i for i, group in enumerate(groups) if not i or group != groups[i - 1]]
        for start, end in zip(starts, [*starts, len(groups)][1:], strict=True):
            metric, dimension = groups[start]
            here = slice(start, end)
            seen = [i for i in range(start, end) if metric in printed and texts["scope_type"][i] in types]
            cells = np.array(
                [
                    self._cell(
                        CellKey(metric, days[i], texts["scope_type"][i], texts["scope_id"][i], dimension, values[i])
                    )
                    for i in seen
                ],
                dtype=np.int64,
            )
            cut = {dimension: np.array(values[here], dtype=object)} if dimension else {}
            for part, all_values in numbers.items():
                if not np.isnan(all_values[here]).all():
                    name = Name(metric, part, dimension)
                    column = IdentityColumn(month[here], scope[here], self._places(end - start), cut)
                    self._add(
                        name,
                        column,
                        np.nan_to_num(all_values[here]),
                        few[here] & metrics[metric],
                        part == "n" and metrics[metric],
                    )
                    places = column.number[np.array(seen, dtype=np.int64) - start]
                    self.printed.append(np.stack([places, cells, np.full(len(cells), -1)]))
                    if dimension:
                        self._add_absent(name, metric, dimension, zip(places.tolist(), cells.tolist(), strict=True))

    def add_column(self, table: str, column: str, cut: Sequence[str], records: Sequence[Mapping[str, Any]]) -> None:
        """A column of a table. It counts people or cases of theirs where the report's own tables say so."""
        if not records:
            return
        specs = self.asked.tables(table)
        shapes = [one for one in self.asked.shapes if one.table == table]
        counts = {name for one in specs for name in (one.n, one.counts, *(c.cases for c in one.columns))}
        is_count = column in counts | {one.counts for one in shapes}
        is_count &= all(one.disclosure == "confidential" for one in specs)
        value = np.array([float(record[column]) for record in records])
        name = Name(f"{table}.{column}", "")
        scopes = [(record["scope_type"], record["scope_id"]) for record in records]
        added = IdentityColumn(
            self.asked.places([record["month"] for record in records]),
            np.array([self.scopes.setdefault(scope, len(self.scopes)) for scope in scopes]),
            self._places(len(value)),
            {label: np.array([str(record[label]) for record in records], dtype=object) for label in cut},
        )
        few = (np.ceil(value) < self.asked.small) & is_count
        self._add(name, added, value, few, is_count)
        printed = [
            (place, *cells)
            for place, scope, record in zip(added.number.tolist(), scopes, records, strict=True)
            for cells in self._cells_of(specs, shapes, column, scope, record)
        ]
        self.printed.append(np.array(printed, dtype=np.int64).reshape(len(printed), 3).T)
        if cut and any(one.counts for one in specs) | any(one.divides for one in shapes):
            self._add_absent(name, table, "", ((place, row) for place, row, _ in printed))

    def _cells_of(
        self,
        specs: Sequence[TableSpec],
        shapes: Sequence[Shape],
        column: str,
        scope: _Scope,
        record: Mapping[str, Any],
    ) -> Iterator[tuple[int, int]]:
        """The cells that print a column of a row: the row's, and the column's own."""
        month = record["month"]
        for spec in specs:
            of = next((one for one in spec.columns if one.name == column), None)
            if (of or column == spec.n) and all(record[name] == wanted for name, wanted in spec.where.items()):
                own = self._cell(column_key(spec, column, month, scope, record)) if of and of.cases else -1
                yield self._cell(row_key(spec, month, scope, record)), own
        for shape in shapes:
            yield self._cell(shape.key(month, scope, record)), -1

    def _cell(self, key: CellKey) -> int:
        return self.keys.setdefault(key, len(self.keys))

    def _places(self, count: int) -> Ints:
        """The places of so many more numbers."""
        self.count += count
        return np.arange(self.count - count, self.count)

    def _add(self, name: Name, column: IdentityColumn, value: Floats, few: Bools, is_cases: bool) -> None:
        """A number of none is no secret: there is nobody behind it."""
        self.columns[name] = column
        self.value.append(value)
        self.secret.append(few & (value > 0))
        self.cases.append(np.full(len(value), is_cases))

    def _add_absent(self, name: Name, of: str, dimension: str, printed: Any) -> None:
        """Numbers of none for the values that a printed split of some scope has and that of another lacks: whoever does
        not see a split whole does not see that they are none."""
        column = self.columns[name]
        first = int(column.number[0])
        split_of: dict[tuple[int, int], int] = {}
        for place, cell in printed:
            at = (int(column.month[place - first]), int(column.scope[place - first]))
            split_of[at] = self.splits.setdefault((of, dimension, *at), len(self.splits))
            self.split_of[cell] = split_of[at]
        labels = sorted(column.cut)
        of_month: dict[int, set[tuple[Any, ...]]] = {}
        there: dict[tuple[int, int], set[tuple[Any, ...]]] = {}
        values = zip(*(column.cut[label].tolist() for label in labels), strict=True)
        for month, scope, value in zip(column.month.tolist(), column.scope.tolist(), values, strict=True):
            of_month.setdefault(month, set()).add(value)
            there.setdefault((month, scope), set()).add(value)
        lacking = [
            (month, scope, value)
            for (month, scope), found in there.items()
            if (month, scope) in split_of
            for value in sorted(of_month[month] - found, key=str)
        ]
        if not lacking:
            return
        months, scopes, cuts = zip(*lacking, strict=True)
        more = IdentityColumn(
            np.array(months),
            np.array(scopes),
            self._places(len(lacking)),
            {label: np.array([cut[i] for cut in cuts], dtype=object) for i, label in enumerate(labels)},
        )
        self._add(name, column.with_more(more), np.zeros(len(lacking)), np.zeros(len(lacking), dtype=bool), False)
        self.absent += zip(more.number.tolist(), [split_of[month, scope] for month, scope, _ in lacking], strict=True)

    def reported(self) -> PrintedNumbers:
        absent = np.array(self.absent, dtype=np.int64).reshape(len(self.absent), 2)
        number, row, cell = np.concatenate([np.zeros((3, 0), dtype=np.int64), *self.printed], axis=1)
        return PrintedNumbers(
            IdentityNumbers(self.columns, list(self.scopes)),
            np.concatenate([np.zeros(0), *self.value]),
            np.concatenate([np.zeros(0, dtype=bool), *self.secret]),
            np.concatenate([np.zeros(0, dtype=bool), *self.cases]),
            Printing(number, row, cell),
            self.keys,
            Absent(
                absent[:, 0],
                absent[:, 1],
                np.array([self.split_of.get(i, -1) for i in range(len(self.keys))], dtype=np.int64),
            ),
        )
