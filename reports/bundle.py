"""The figures of one report, month and scope, read from the published `reporting` schema and frozen as hashed JSON.

Nothing is computed here: rows are selected, and the ledger of loads is added up. Rendering needs the bundle alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import duckdb
from pydantic import BaseModel, BeforeValidator, ConfigDict

from reports.registry import ReportSpec, TableSpec, report

MOST_PARTS = 40  # members of a scope type kept per metric: those that call for attention first, then the largest
MOST_PARTS_OVER_TIME = 12  # of them, those whose last months are kept as well
TREND_MONTHS = 13  # months of a trend: a year and the month itself

Change = Literal["better", "worse", "changed", "no_clear_change"]
Status = Literal["met", "missed", "too_few", "no_target"]


def _shortest(value: object) -> object:
    """A decimal without trailing zeros, so that equal figures are written alike."""
    if isinstance(value, Decimal | float):
        text = format(Decimal(str(value)), "f")
        return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
    return value


Number = Annotated[Decimal, BeforeValidator(_shortest)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(_Frozen):
    """Whose figures these are."""

    type: str = "company"
    id: str = "company"

    @property
    def folder(self) -> str:
        """A safe folder name: `company`, `store=demo_S07`; a hash keeps apart ids that would look alike."""
        if self.type == "company":
            return "company"
        slug = re.sub(r"[^A-Za-z0-9.-]+", "_", self.id).strip("._")[:60]
        if slug != self.id.replace(":", "_"):
            slug = f"{slug}-{hashlib.sha256(self.id.encode()).hexdigest()[:8]}"
        return f"{self.type}={slug}"


class Metric(_Frozen):
    """How a metric is called and defined; one row of metric_definitions."""

    metric_id: str
    label_en: str
    label_zh: str
    definition_en: str
    definition_zh: str
    unit: str
    direction: Literal["up", "down", "none"]
    claims_change: bool


class Figure(_Frozen):
    """One figure; one row of kpi_monthly. Rates 0-1, money in the company's currency, times in minutes."""

    month: date
    scope_type: str
    scope_id: str
    metric_id: str
    dimension: str
    dimension_value: str
    value: Number | None
    n: int | None
    ci_low: Number | None
    ci_high: Number | None
    target: Number | None
    status: Status | None
    previous: Number | None
    year_ago: Number | None
    change_previous: Change | None
    change_year_ago: Change | None


class ScopeName(_Frozen):
    """How a scope is printed; one row of scope_names."""

    scope_type: str
    scope_id: str
    name: str


class Code(_Frozen):
    """How a value of a dimension is printed, where reference data say it; one row of codes."""

    dimension: str
    code: str
    place: int
    label_en: str
    label_zh: str


class ServqualDimension(_Frozen):
    """Expected and perceived quality of one SERVQUAL dimension in the month, scale 1-7."""

    dimension: str
    expectation: Number | None
    perception: Number | None
    gap: Number | None
    n: int


class CohortCell(_Frozen):
    """Share of an acquisition cohort that bought in its n-th month."""

    cohort_month: date
    month_number: int
    customers: int
    rate: Number | None


class MatrixCell(_Frozen):
    """One cell of the customer value matrix at the month's end."""

    cell: str
    customers: int
    mean_orders: Number | None
    mean_order_value: Number | None
    spend: Number | None


class Table(_Frozen):
    """Rows of a table with a shape of its own, as its specification selects them; numbers as text without loss.

    The last value of each row is the number of cases it stands on, where the table says it.
    """

    id: str
    title: str  # of the specification: a table may be printed in several cuts
    rows: tuple[tuple[str | None, ...], ...]
    total: int  # rows there are, of which the first are kept


class Load(_Frozen):
    """What one source has delivered of one entity up to known_at, in rows."""

    entity: str
    source_system: str
    last_load_date: date
    rows_read: int
    rows_loaded: int
    rows_filtered: int
    rows_duplicate: int
    rows_quarantined: int
    rows_refused: int
    is_stale: bool


class Meta(_Frozen):
    """What the caller knows and the warehouse does not."""

    company: str
    currency: str
    time_zone: str
    as_of: date  # last local day the figures speak of
    known_at: date  # last load they stand on
    version: str  # of this software
    min_n: int = 30


class Bundle(_Frozen):
    """All that a rendering of one report needs."""

    format: Literal[1] = 1
    report: str
    month: date
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
    tables: tuple[Table, ...] = ()
    loads: tuple[Load, ...] = ()

    @property
    def spec(self) -> ReportSpec:
        return report(self.report)

    @property
    def folder(self) -> Path:
        """Where the bundle lies below the folder of all reports."""
        return Path(self.report) / f"{self.month:%Y-%m}" / self.scope.folder

    @property
    def sha256(self) -> str:
        """Hash of the canonical JSON."""
        return hashlib.sha256(_canonical(self.model_dump(mode="json"))).hexdigest()

    def metric(self, metric_id: str) -> Metric:
        return next(metric for metric in self.metrics if metric.metric_id == metric_id)

    def figure(self, metric_id: str) -> Figure | None:
        """The scope's own figure of the month, None when nothing was supplied for it."""
        return next((f for f in self.series(metric_id) if f.month == self.month), None)

    def series(self, metric_id: str) -> list[Figure]:
        """The scope's own figures of the last months, oldest first."""
        return [
            f
            for f in self.figures
            if f.metric_id == metric_id
            and (f.scope_type, f.scope_id) == (self.scope.type, self.scope.id)
            and not f.dimension
        ]

    def parts(self, metric_id: str, scope_type: str) -> list[Figure]:
        """The figures of the scope's members in the last months, oldest first."""
        return [
            f
            for f in self.figures
            if f.metric_id == metric_id and f.scope_type == scope_type and f.scope_type != self.scope.type
        ]

    def split(self, metric_id: str, dimension: str) -> list[Figure]:
        """The scope's own figure of the month by a dimension."""
        return [f for f in self.figures if f.metric_id == metric_id and f.dimension == dimension]


class BundleChangedError(Exception):
    """A month was issued with other figures than the warehouse gives now."""

    def __init__(self, path: Path, metric_ids: Iterable[str]) -> None:
        self.path = path
        self.metric_ids = tuple(sorted(metric_ids))
        super().__init__(
            f"{path} was issued with other figures of {', '.join(self.metric_ids)}; "
            "it stays as it is. Replace it explicitly if the issued report is to be taken back."
        )


class BundleDamagedError(Exception):
    """A bundle on disk is not what was written."""


_Row = TypeVar("_Row", bound=BaseModel)


def _read(con: duckdb.DuckDBPyConnection, row: type[_Row], sql: str, values: dict[str, Any]) -> tuple[_Row, ...]:
    used = {name: value for name, value in values.items() if re.search(rf"\${name}\b", sql)}
    result = con.execute(sql, used)
    names = [column[0] for column in result.description]
    return tuple(row.model_validate(dict(zip(names, record, strict=True))) for record in result.fetchall())


def _table(con: duckdb.DuckDBPyConnection, spec: TableSpec, values: dict[str, Any]) -> Table | None:
    """The rows of the month and scope, as far as the table is cut by them; None where there is none.

    A table that is not cut by scope is the company's.
    """
    has = {name for (name,) in con.execute(_COLUMNS, [spec.id]).fetchall()}
    missing = {*(column.name for column in spec.columns), *spec.where, *([spec.n] if spec.n else [])} - has
    if missing:
        raise ValueError(f"reporting.{spec.id} has no column {', '.join(sorted(missing))}; mend the report.yml")
    by_scope = "scope_type" in has and not spec.all_scopes
    if not by_scope and values["scope_type"] != "company":
        return None
    used = ["month"] * ("month" in has) + ["scope_type", "scope_id"] * by_scope
    wanted = {**{name: values[name] for name in used}, **spec.where}
    where = (
        " and ".join(f"{name} {'<=' if name == 'month' and spec.until else '='} ${name}" for name in wanted) or "true"
    )
    selected = ", ".join([*(column.name for column in spec.columns), spec.n or "null"])
    found = con.execute(
        f"select {selected} from reporting.{spec.id} where {where} order by {', '.join(spec.order)}", wanted
    ).fetchall()
    rows = tuple(tuple(None if value is None else str(_shortest(value)) for value in row) for row in found[: spec.most])
    return Table(id=spec.id, title=spec.title, rows=rows, total=len(found)) if rows else None


_COLUMNS = "select column_name from duckdb_columns() where schema_name = 'reporting' and table_name = ?"

_FIGURES = """
with
chosen as (
    select
        *,
        scope_type = $scope_type and scope_id = $scope_id as is_own
    from reporting.kpi_monthly
    where month between $first and $month and list_contains($metrics, metric_id)
),

ranked_parts as (
    select
        metric_id,
        scope_type,
        scope_id,
        row_number() over (
            partition by metric_id, scope_type
            order by coalesce(status = 'missed' or change_previous = 'worse', false) desc, n desc nulls last, scope_id
        ) as place
    from chosen
    where month = $month and not is_own and dimension = '' and list_contains($parts, scope_type)
)

select
    chosen.month, chosen.scope_type, chosen.scope_id, chosen.metric_id, chosen.dimension, chosen.dimension_value,
    chosen.value, chosen.n, chosen.ci_low, chosen.ci_high, chosen.target, chosen.status,
    chosen.previous, chosen.year_ago, chosen.change_previous, chosen.change_year_ago
from chosen
left join ranked_parts using (metric_id, scope_type, scope_id)
where
    (chosen.is_own and (chosen.dimension = '' or chosen.month = $month))
    or (
        chosen.dimension = ''
        and (
            (chosen.month = $month and ranked_parts.place <= $most_parts)
            or (list_contains($over_time, chosen.metric_id) and ranked_parts.place <= $most_over_time)
        )
    )
order by
    list_position($metrics, chosen.metric_id), not chosen.is_own, chosen.scope_type, chosen.scope_id,
    chosen.dimension, chosen.dimension_value, chosen.month
"""

_MEMBERS = """
select scope_type, count(distinct scope_id)
from reporting.kpi_monthly
where month = $month and dimension = '' and list_contains($parts, scope_type)
group by scope_type
order by scope_type
"""

_METRICS = """
select metric_id, label_en, label_zh, definition_en, definition_zh, unit, direction, claims_change
from reporting.metric_definitions
where list_contains($metrics, metric_id)
order by list_position($metrics, metric_id)
"""

_SCOPE_NAMES = """
select scope_type, scope_id, name
from reporting.scope_names
where list_contains($scopes, struct_pack(scope_type := scope_type, scope_id := scope_id))
order by scope_type, scope_id
"""

_CODES = """
select dimension, code, place, label_en, label_zh
from reporting.codes
order by dimension, place, code
"""

_SERVQUAL = """
select dimension, expectation, perception, gap, n
from reporting.servqual_monthly
where month = $month and scope_type = $scope_type and scope_id = $scope_id
order by list_position(['tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy'], dimension), dimension
"""

_VALUE_MATRIX = """
select cell, customers, mean_orders, mean_order_value, spend
from reporting.value_matrix
where month = $month and scope_type = $scope_type and scope_id = $scope_id
order by list_position(['best', 'spender', 'frequent', 'uncertain'], cell), cell
"""

_COHORTS = """
select cohort_month, month_number, customers, rate
from reporting.cohort_retention
where cohort_month between $first and $month and month <= $month and is_complete
order by cohort_month, month_number
"""

_LOADS = """
select
    entity, source as source_system, max(load_date) as last_load_date,
    sum(rows_read)::bigint as rows_read, sum(rows_loaded)::bigint as rows_loaded,
    sum(rows_filtered)::bigint as rows_filtered, sum(rows_duplicate)::bigint as rows_duplicate,
    sum(rows_quarantined)::bigint as rows_quarantined, sum(rows_refused)::bigint as rows_refused,
    arg_max(is_stale, load_date) as is_stale
from reporting.loads
where load_date <= $known_at
group by entity, source
order by entity, source
"""


def make_bundle(
    con: duckdb.DuckDBPyConnection,
    report_id: str,
    month: date,
    meta: Meta,
    scope: Scope | None = None,
) -> Bundle:
    """Select the figures of a report from an open published warehouse.

    Raises ValueError when no model declares a metric of the report, or the scope has no figure of the month.
    """
    scope = scope or Scope()
    spec = report(report_id)
    is_company = scope.type == "company"
    values: dict[str, Any] = {
        "first": _months_before(month, TREND_MONTHS - 1),
        "month": month,
        "scope_type": scope.type,
        "scope_id": scope.id,
        "metrics": list(dict.fromkeys((*spec.metrics, *spec.drawn_metrics))),
        "parts": list(spec.parts) if is_company else [],
        "over_time": [m for area in spec.areas for c in area.charts if c.kind == "parts_over_time" for m in c.metrics],
        "most_parts": MOST_PARTS,
        "most_over_time": MOST_PARTS_OVER_TIME,
        "known_at": meta.known_at,
    }
    metrics = _read(con, Metric, _METRICS, values)
    unknown = set(values["metrics"]) - {metric.metric_id for metric in metrics}
    if unknown:
        raise ValueError(
            f"report {report_id}: no model declares the metrics {', '.join(sorted(unknown))}; mend its report.yml"
        )
    figures = _read(con, Figure, _FIGURES, values)
    if not any(f.month == month and (f.scope_type, f.scope_id) == (scope.type, scope.id) for f in figures):
        raise ValueError(
            f"report {report_id}: the warehouse has no figure of {month:%Y-%m} for {scope.type} {scope.id}"
        )
    values["scopes"] = [
        {"scope_type": scope_type, "scope_id": scope_id}
        for scope_type, scope_id in sorted({(f.scope_type, f.scope_id) for f in figures})
    ]
    members = con.execute(_MEMBERS, {name: values[name] for name in ("month", "parts")}).fetchall()
    return Bundle(
        report=report_id,
        month=month,
        scope=scope,
        meta=meta,
        metrics=metrics,
        figures=figures,
        members=dict(members),
        scope_names=_read(con, ScopeName, _SCOPE_NAMES, values),
        codes=_read(con, Code, _CODES, values),
        servqual=_read(con, ServqualDimension, _SERVQUAL, values),
        cohorts=_read(con, CohortCell, _COHORTS, values) if is_company else (),
        value_matrix=_read(con, MatrixCell, _VALUE_MATRIX, values),
        tables=tuple(table for one in spec.tables if (table := _table(con, one, values))),
        loads=_read(con, Load, _LOADS, values),
    )


def freeze(bundle: Bundle, reports: Path, *, replace: bool = False) -> Bundle:
    """Issue a bundle: write it once below the folder of all reports and give the bundle in force.

    Made again with equal figures, the issued one stands, whatever loads came since. Raises BundleChangedError when the
    figures differ and `replace` is not said, BundleDamagedError when the issued file is not what was written.
    """
    path = reports / bundle.folder / "bundle.json"
    if path.exists() and not replace:
        issued = read_bundle(path)
        differing = differences(issued, bundle)
        if differing:
            raise BundleChangedError(path, differing)
        return issued
    path.parent.mkdir(parents=True, exist_ok=True)
    content = bundle.model_dump(mode="json")
    write_whole(path, _canonical({**content, "sha256": bundle.sha256}) + b"\n")
    return bundle


def read_bundle(path: Path) -> Bundle:
    """The bundle in a file. Raises BundleDamagedError when its content does not give the hash written in it."""
    content = json.loads(path.read_text(encoding="utf-8"))
    written = content.pop("sha256", None)
    bundle = Bundle.model_validate(content)
    if bundle.sha256 != written:
        raise BundleDamagedError(
            f"{path}: the content has hash {bundle.sha256}, the file says {written}; restore it from a backup"
        )
    return bundle


def differences(issued: Bundle, made: Bundle) -> set[str]:
    """Metric ids (and names of other tables) whose printed content differs; loads and dates do not count."""
    differing = {figure.metric_id for figure in set(issued.figures) ^ set(made.figures)}
    differing |= {metric.metric_id for metric in set(issued.metrics) ^ set(made.metrics)}
    tables = ("members", "scope_names", "codes", "servqual", "cohorts", "value_matrix", "tables")
    differing |= {name for name in tables if getattr(issued, name) != getattr(made, name)}
    settings = ("company", "currency", "time_zone", "min_n")
    return differing | {name for name in settings if getattr(issued.meta, name) != getattr(made.meta, name)}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or the one before."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)


def _canonical(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _months_before(month: date, count: int) -> date:
    months = month.year * 12 + month.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)
