"""The figures of one report, period (month or day) and scope, read from the `reporting` schema as hashed JSON.

Nothing is computed here: rows are selected, small cells are left out, and the ledger of loads is added up. Rendering
needs the bundle alone. How bundles are issued and restated is in revisions.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import duckdb
import pyarrow as pa
from pydantic import BaseModel, BeforeValidator, ConfigDict

from reports.bundle.identities import read_of
from reports.bundle.inference import Sums
from reports.bundle.numbers import (
    Asked,
    Shape,
    column_key,
    read_identities,
    read_numbers,
    row_key,
    shortest,
    tied_splits,
)
from reports.bundle.suppression import Cell, Hiding, Key, hidden_days, hidden_months
from reports.periods import CALENDARS, Schedule, months_before
from reports.registry import ReportSpec, TableSpec, report

MOST_PARTS = 40  # members of a scope type kept per metric: those that call for attention first, then the largest
MOST_PARTS_OVER_TIME = 12  # of them, those whose last months are kept as well
MOST_EXCEPTIONS = 40  # figures that missed their target or got worse, of which the bundle keeps the first
TREND_MONTHS = 13  # months of a trend: a year and the month itself

Change = Literal["better", "worse", "changed", "no_clear_change"]
# confidential: of few cases nothing is shown, anywhere; operational: not beyond those who handle them; none: no cases
Disclosure = Literal["confidential", "operational", "none"]
Status = Literal["met", "missed", "too_few", "short_history", "no_target", "suppressed"]


Number = Annotated[Decimal, BeforeValidator(shortest)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(_Frozen):
    """Whose figures these are."""

    type: str = "company"
    id: str = "company"

    @property
    def key(self) -> tuple[str, str]:
        return (self.type, self.id)

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
    disclosure: Disclosure = "confidential"
    counts_cases: bool = True  # of bundles that were issued before metrics declared their disclosure
    made_of: str | None = None  # columns of the contract, by entity


class Figure(_Frozen):
    """One figure; one row of kpi_monthly or kpi_daily. Rates 0-1, money in the company's currency, times in minutes.

    A `suppressed` one stands on too few cases, or would tell such a one by subtraction: nothing of it is known here.
    """

    month: date  # or the day, in a report of days: then previous is what is usual
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
    previous_n: int | None = None  # of a day: the cases behind what is usual

    @property
    def is_withheld(self) -> bool:
        """Whether no value is printed: too few cases to say, or suppressed."""
        return self.status in {"too_few", "suppressed"}


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


class Contribution(_Frozen):
    """What a member of the company adds to a called change of its figure; one row of contributions."""

    metric_id: str
    period: Literal["previous", "year_ago"]
    scope_type: str
    scope_id: str  # empty: cases of no member
    name: str
    n: int | None
    value: Number | None
    base_value: Number | None
    contribution: Number


class Table(_Frozen):
    """Rows of a table with a shape of its own, as its specification selects them; numbers as text without loss.

    The last value of each row is the number of cases it stands on, where the table says it.
    """

    id: str
    title: str  # of the specification: a table may be printed in several cuts
    rows: tuple[tuple[str | None, ...], ...]
    total: int  # rows there are, of which the first are kept
    withheld: tuple[tuple[int, int], ...] = ()  # row and column of figures that are not shown


class Load(_Frozen):
    """What one source has delivered of one entity up to known_at, in rows; the counts are the company's to know."""

    entity: str
    source_system: str
    last_load_date: date
    rows_read: int | None
    rows_loaded: int | None
    rows_filtered: int | None
    rows_duplicate: int | None
    rows_quarantined: int | None
    rows_nulled: int | None = None  # loaded without a value that cannot be
    rows_refused: int | None
    rows_late: int | None = None  # rows of the month that came after its last day and the day after
    is_stale: bool


class Warned(_Frozen):
    """What the warehouse says of its own data; one row of warnings."""

    warning: str
    subject: str
    cases: int
    message_en: str
    message_zh: str


class Unmet(_Frozen):
    """What a metric without figures stands on and nobody gives; rows of metric_needs. One of the columns will do."""

    metric_id: str
    columns: tuple[str, ...]  # entity.column, or reference.table


class Withheld(_Frozen):
    """Something of which cells are not shown, because they are too few or would tell others."""

    metric_id: str = ""  # a split of a metric
    dimension: str = ""
    table: str = ""  # or rows of a table, by its title


class History(_Frozen):
    """A figure, table or chart of the month whose window is longer than the history it stands on."""

    metric_id: str = ""
    title: str = ""  # of a table or chart, which has a window of its own
    covered_months: int
    window_months: int


class Cause(_Frozen):
    """Why figures of a month changed after they were issued: loads that came since and touch the month, or what changed
    in the software or its settings."""

    kind: Literal["late_rows", "code", "settings"]
    entity: str = ""
    source_system: str = ""
    first_load_date: date | None = None
    last_load_date: date | None = None
    rows: int | None = None  # of those loads, that speak of the month


class Place(_Frozen):
    """Where a figure stands in a report.

    Of a table, `metric_id` is empty, `row` says which row and `column` which column: titles are messages. Of a day's
    figure, `column` is "Usual" where what it stands beside is meant.
    """

    metric_id: str = ""
    scope_type: str = "company"
    scope_id: str = "company"
    dimension: str = ""
    dimension_value: str = ""
    table: str = ""
    row: tuple[str | None, ...] = ()
    column: str = ""


class Changed(Place):
    """One printed figure that is not what was issued; None where there was or is none."""

    old: str | None
    new: str | None
    old_n: int | None = None
    new_n: int | None = None


class Restatement(_Frozen):
    """What a revision changed of the one before it, and why."""

    month: date  # whose report was revised
    revision: int  # that the changes made
    known_at: date
    reason: str  # in the words of whoever revised it; empty when it came with the next month's report
    changes: tuple[Changed, ...]  # the first of them
    total: int
    causes: tuple[Cause, ...] = ()


class Meta(_Frozen):
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


class Bundle(_Frozen):
    """All that a rendering of one report needs."""

    format: Literal[1] = 1
    revision: int = 1
    report: str
    month: date  # its first day; of a report of days the day itself
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
    tables: tuple[Table, ...] = ()
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
        return self.spec.calendar.name(self.month)

    @property
    def sha256(self) -> str:
        """Hash of the canonical JSON, as the file holds it."""
        return hashlib.sha256(_canonical(self.content)).hexdigest()

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
        return next((f for f in self.series(metric_id) if f.month == self.month), None)

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


class BundleDamagedError(Exception):
    """A bundle on disk is not what was written."""


_Row = TypeVar("_Row", bound=BaseModel)


_COLUMNS = "select column_name from duckdb_columns() where schema_name = 'reporting' and table_name = ?"


@dataclass(frozen=True)
class _Grain:
    """Where the figures of one kind of periods are read, all with the columns of months."""

    figures: str
    definitions: str  # table
    trend: Callable[[date], date]  # the first period of a trend
    compared: Callable[[date, int], list[date]]  # what a figure is compared with; the weeks that make a usual day
    compared_with_year_ago: bool
    more: str = ""  # columns of a figure that only these have


TREND_DAYS = 29  # days of a trend: four weeks and the day itself

_GRAINS: dict[Schedule, _Grain] = {
    "monthly": _Grain(
        figures="select *, null::bigint as previous_n from reporting.kpi_monthly",
        definitions="reporting.metric_definitions",
        trend=lambda month: months_before(month, TREND_MONTHS - 1),
        compared=lambda month, _: [months_before(month, 1)],
        compared_with_year_ago=True,
    ),
    "daily": _Grain(
        figures="""
            select
                day as month, * exclude (day, usual, usual_n, change_usual), usual as previous, usual_n as previous_n,
                change_usual as change_previous, null::decimal(28, 8) as year_ago, null::varchar as change_year_ago
            from reporting.kpi_daily
        """,
        definitions="reporting.daily_metric_definitions",
        trend=lambda day: day - timedelta(days=TREND_DAYS - 1),
        compared=lambda day, weeks: [day - timedelta(weeks=week) for week in range(1, weeks + 1)],
        compared_with_year_ago=False,
        more=", chosen.previous_n",
    ),
}

_FIGURES_OF = "create or replace temp view report_figures as {figures}"

_CELLS = """
select metric_id, month, scope_type, scope_id, dimension, dimension_value, n
from report_figures
where
    month between $since and $month and list_contains($counted, metric_id) and n > 0
    and (dimension = '' or month = $month or list_contains($splits, concat_ws('/', metric_id, dimension, month)))
"""


def _usual_weeks(con: duckdb.DuckDBPyConnection) -> int:
    """Of how many weeks before a day's usual figures are, as the build was told (usual_weeks)."""
    rows = con.execute("select coalesce(max(usual_weeks), 0) from reporting.daily_metric_definitions").fetchall()
    return int(rows[0][0])


_STOCKS = "select metric_id from reporting.daily_metric_definitions where dated = 'snapshot'"

_CELLS_OF_DAYS = """
select metric_id, day, scope_type, scope_id, dimension, dimension_value, n
from reporting.kpi_daily
where day between $month and $last and dimension = '' and n > 0 and list_contains($metrics, metric_id)
"""

# Figures of the months of a trend, splits of the month alone: what is compared belongs to the month too.
_CUT = """
create or replace temp table cut_figures as
with
chosen as (
    select
        report_figures.*,
        dimension = '' and month = $month as is_compared,
        list_position($metrics, metric_id) as metric_place
    from report_figures
    where month between $first and $month and list_contains($metrics, metric_id) and (dimension = '' or month = $month)
),

hidden_previously as (
    select distinct metric_id, scope_type, scope_id
    from hidden_keys
    where dimension = '' and list_contains($previous, month)
),

hidden_a_year_ago as (
    select distinct metric_id, scope_type, scope_id
    from hidden_keys
    where dimension = '' and list_contains($year_ago, month)
),

marked as (
    select
        chosen.*,
        hidden.metric_id is not null as is_hidden,
        chosen.is_compared and previously.metric_id is not null as is_previous_hidden,
        chosen.is_compared and a_year_ago.metric_id is not null as is_year_ago_hidden
    from chosen
    left join hidden_keys as hidden
        on
            chosen.metric_id = hidden.metric_id and chosen.month = hidden.month
            and chosen.scope_type = hidden.scope_type and chosen.scope_id = hidden.scope_id
            and chosen.dimension = hidden.dimension and chosen.dimension_value = hidden.dimension_value
    left join hidden_previously as previously
        on
            chosen.metric_id = previously.metric_id
            and chosen.scope_type = previously.scope_type and chosen.scope_id = previously.scope_id
    left join hidden_a_year_ago as a_year_ago
        on
            chosen.metric_id = a_year_ago.metric_id
            and chosen.scope_type = a_year_ago.scope_type and chosen.scope_id = a_year_ago.scope_id
)

select
    month, scope_type, scope_id, metric_id, dimension, dimension_value, is_hidden, metric_place,
    case when not is_hidden then value end as value,
    case when not is_hidden then n end as n,
    case when not is_hidden then ci_low end as ci_low,
    case when not is_hidden then ci_high end as ci_high,
    target,
    case when is_hidden then 'suppressed' else status end as status,
    case when is_compared and not is_hidden and not is_previous_hidden then previous end as previous,
    case when is_compared and not is_hidden and not is_previous_hidden then previous_n end as previous_n,
    case when is_compared and not is_hidden and not is_year_ago_hidden then year_ago end as year_ago,
    case when not is_hidden and not is_previous_hidden then change_previous end as change_previous,
    case when not is_hidden and not is_year_ago_hidden then change_year_ago end as change_year_ago
from marked
order by scope_type, scope_id
"""

# Those inside a scope: the company's parts are all, a region's are its stores.
_IS_PART = "list_contains($parts, scope_type) and ($everyone or list_contains($inside, scope_id))"

_OWN = "(scope_type = $scope_type and scope_id = $scope_id)"

_FIGURES = """
with
chosen as (
    select
        *,
        scope_type = $scope_type and scope_id = $scope_id as is_own
    from cut_figures
    where {whose}
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
    where month = $month and not is_own
)

select
    chosen.month, chosen.scope_type, chosen.scope_id, chosen.metric_id, chosen.dimension, chosen.dimension_value,
    chosen.value, chosen.n, chosen.ci_low, chosen.ci_high, chosen.target, chosen.status,
    chosen.previous, chosen.year_ago, chosen.change_previous, chosen.change_year_ago{more}
from chosen
left join ranked_parts using (metric_id, scope_type, scope_id)
where
    -- a suppressed figure of the month says that there is one; a chart leaves it out
    (chosen.is_own and (not chosen.is_hidden or (chosen.month = $month and chosen.dimension = '')))
    or (chosen.month = $month and ranked_parts.place <= $most_parts)
    or (list_contains($over_time, chosen.metric_id) and ranked_parts.place <= $most_over_time)
order by
    metric_place, not chosen.is_own, chosen.scope_type, chosen.scope_id,
    chosen.dimension, chosen.dimension_value, chosen.month
"""

_EXCEPTIONS = """
select
    month, scope_type, scope_id, metric_id, dimension, dimension_value, value, n, ci_low, ci_high, target, status,
    previous, year_ago, change_previous, change_year_ago{more}
from cut_figures as chosen
where
    month = $month and dimension = '' and list_contains($printed, metric_id)
    and {whose}
    and (status = 'missed' or change_previous = 'worse')
order by
    (coalesce(status = 'missed', false))::int + (coalesce(change_previous = 'worse', false))::int * 2 desc,
    metric_place, n desc nulls last, scope_type, scope_id
"""

_MEMBERS = f"""
select scope_type, count(distinct scope_id)
from cut_figures
where month = $month and dimension = '' and {_IS_PART}
group by scope_type
order by scope_type
"""

_WITHHELD = """
select distinct metric_id, dimension
from cut_figures
where is_hidden and dimension <> '' and scope_type = $scope_type and scope_id = $scope_id
order by metric_id, dimension
"""

_METRICS = """
select
    -- a warehouse that was built before a column was declared does not have it yet
    columns(lambda name: list_contains($declared, name))
from {definitions}
where list_contains($metrics, metric_id)
order by list_position($metrics, metric_id)
"""

_SCOPE_NAMES = """
select scope_type, scope_id, name
from reporting.scope_names
order by scope_type, scope_id
"""

_CODES = """
select dimension, code, place, label_en, label_zh
from reporting.codes
order by dimension, place, code
"""

_SERVQUAL = """
select scope_type, scope_id, dimension, expectation, perception, gap, n
from reporting.servqual_monthly
where month = $month
order by list_position(['tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy'], dimension), dimension
"""

_VALUE_MATRIX = """
select scope_type, scope_id, cell, customers, mean_orders, mean_order_value, spend
from reporting.value_matrix
where month = $month
order by list_position(['best', 'spender', 'frequent', 'uncertain'], cell), cell
"""

_COHORTS = """
select 'company' as scope_type, 'company' as scope_id, cohort_month, month_number, customers, rate
from reporting.cohort_retention
where cohort_month between $first and $month and month <= $month and is_complete
order by cohort_month, month_number
"""

# rows with a model of their own
_SHAPES: tuple[tuple[Shape, str, type[BaseModel]], ...] = (
    (Shape("servqual", "servqual_monthly", "dimension", "n", divides=False), _SERVQUAL, ServqualDimension),
    (Shape("value_matrix", "value_matrix", "cell", "customers", divides=True), _VALUE_MATRIX, MatrixCell),
    (Shape("cohorts", "cohort_retention", "cohort_month", "customers", divides=False), _COHORTS, CohortCell),
)

_WARNINGS = """
select warning, subject, cases, message_en, message_zh
from reporting.warnings
order by cases desc, warning, subject
"""

_UNMET = """
select metric_id, list(entity || '.' || column_name order by entity, column_name) as columns
from reporting.metric_needs
where not is_met and list_contains($metrics, metric_id)
group by metric_id, need_no
order by list_position($metrics, metric_id), need_no
"""

# The company's changes alone: no other scope is divided further. Members of which a figure is hidden, in either month,
# are told with the cases of none.
_CONTRIBUTIONS = """
with
visible as (
    select distinct metric_id, month, scope_type, scope_id
    from cut_figures
    where dimension = '' and not is_hidden
),

named as (
    select
        parts.* exclude (scope_id),
        case
            when
                (coalesce(parts.n, 0) = 0 or now.metric_id is not null)
                and (coalesce(parts.base_n, 0) = 0 or base.metric_id is not null)
                then parts.scope_id
            else ''
        end as scope_id
    from reporting.contributions as parts
    left join visible as now
        on
            parts.metric_id = now.metric_id and parts.month = now.month
            and parts.scope_type = now.scope_type and parts.scope_id = now.scope_id
    left join visible as base
        on
            parts.metric_id = base.metric_id
            and base.month
            = parts.month - case parts.period when 'previous' then interval 1 month else interval 1 year end
            and parts.scope_type = base.scope_type and parts.scope_id = base.scope_id
    where parts.month = $month and list_contains($metrics, parts.metric_id) and list_contains($parts, parts.scope_type)
)

select
    metric_id, period, scope_type, scope_id, coalesce(any_value(name), scope_id) as name,
    case when scope_id <> '' then any_value(n) end as n,
    case when scope_id <> '' then any_value(value) end as value,
    case when scope_id <> '' then any_value(base_value) end as base_value,
    sum(contribution) as contribution
from named
left join reporting.scope_names using (scope_type, scope_id)
group by metric_id, period, scope_type, scope_id
order by
    list_position($metrics, metric_id), period, list_position($parts, scope_type), abs(sum(contribution)) desc, scope_id
"""

_HISTORIES = """
select metric_id, max(covered_months) as covered_months, max(window_months) as window_months
from report_figures
where
    month = $month and scope_type = $scope_type and scope_id = $scope_id
    and covered_months < window_months and list_contains($windowed, metric_id)
group by metric_id
order by list_position($windowed, metric_id)
"""

_TABLE_HISTORY = """
with
begun as (
    select
        coalesce(
            max(from_month) filter (where scope_type = $scope_type and scope_id = $scope_id),
            max(from_month) filter (where scope_type = 'company')
        ) as from_month
    from reporting.histories
    where list_contains($entities, entity)
    group by entity
)

select greatest(date_diff('month', max(from_month), $month) + 1, 0)
from begun
having max(from_month) is not null
"""

_LOADS = """
select
    entity, source as source_system, max(load_date) as last_load_date,
    sum(rows_read)::bigint as rows_read, sum(rows_loaded)::bigint as rows_loaded,
    sum(rows_filtered)::bigint as rows_filtered, sum(rows_duplicate)::bigint as rows_duplicate,
    sum(rows_quarantined)::bigint as rows_quarantined, sum(rows_nulled)::bigint as rows_nulled,
    sum(rows_refused)::bigint as rows_refused,
    arg_max(is_stale, load_date) as is_stale
from reporting.loads
where load_date <= $known_at
group by entity, source
order by entity, source
"""

_INSIDE = "select store_id, region from customer.dim_store where region is not null order by store_id"
_TABLES = "select schema_name || '.' || table_name from duckdb_tables() where not internal"


@dataclass(frozen=True)
class Supply:
    """What the raw zone knows and the warehouse does not."""

    not_supplied: tuple[str, ...] = ()
    late: Mapping[tuple[str, str], int] = field(
        default_factory=dict
    )  # (entity, source) -> rows of the month that came late


@dataclass(frozen=True)
class _TableRow:
    """A row of a table of its own shape, with its cell and those of columns that stand on cases of their own."""

    cell: Cell
    values: tuple[str | None, ...]
    inner: tuple[tuple[int, Cell], ...]

    @property
    def cells(self) -> Iterator[Cell]:
        yield self.cell
        yield from (cell for _, cell in self.inner)

    def hidden(self, hidden: Collection[Key]) -> list[int]:
        """Columns that are not shown."""
        return [i for i, cell in self.inner if cell.key in hidden]

    def cut(self, hidden: Collection[Key]) -> tuple[str | None, ...]:
        """Its values without what is hidden."""
        gone = self.hidden(hidden)
        return tuple(None if i in gone else value for i, value in enumerate(self.values)) if gone else self.values


def _counted(cases: Any) -> int:
    """How many cases; none where it is not told. A mean of them is as small as the next whole number."""
    return 0 if cases is None else ceil(cases)


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
        before: Collection[Key] = (),
        earlier: Mapping[date, Collection[Key]] | None = None,
        supply: Supply | None = None,
    ) -> None:
        self._earlier = earlier or {}
        self.con, self.spec, self.month, self.meta = con, report(report_id), month, meta
        self._supply = supply or Supply()
        self._grain = _GRAINS[self.spec.schedule]
        con.execute(_FIGURES_OF.format(figures=self._grain.figures))
        weeks = _usual_weeks(con) if self.spec.schedule == "daily" else 0
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
            "most_parts": MOST_PARTS,
            "most_over_time": MOST_PARTS_OVER_TIME,
            "known_at": meta.known_at,
            "declared": list(Metric.model_fields),
            "windowed": list(dict.fromkeys((*self.spec.metrics, *self.spec.drawn_metrics))),
        }
        self._there = {name for (name,) in con.execute(_TABLES).fetchall()}
        self._metrics = self._read(Metric, _METRICS.format(definitions=self._grain.definitions))
        unknown = set(self._values["metrics"]) - {metric.metric_id for metric in self._metrics}
        if unknown:
            raise ValueError(
                f"report {report_id}: no model declares the metrics {', '.join(sorted(unknown))}; mend its report.yml"
            )
        self._disclosed = _disclosed(con, self._grain.definitions)
        self._values["counted"] = [
            metric
            for metric, (disclosure, is_count) in self._disclosed.items()
            if disclosure == "confidential"
            or (disclosure == "operational" and not is_count and self.spec.readers == "anyone")
        ]
        self.regions = _regions(con)
        monthly = self.spec.schedule == "monthly"  # what has a shape of its own is known by month
        self._identities = read_identities(con)
        read = read_of(self._identities)
        self._values["splits"] = tied_splits(read, self.spec, month)
        self._shapes = {one.name: self._shape(one, sql, row) if monthly else [] for one, sql, row in _SHAPES}
        self._tables = [(table, self._table(table, tied=table.id in read.tied)) for table in self.spec.tables]
        self.hidden = frozenset(self._hidden(frozenset(before)))
        self._cut()
        self._names = {(name.scope_type, name.scope_id): name for name in self._read(ScopeName, _SCOPE_NAMES)}
        self._codes = self._read(Code, _CODES)
        self._loads = self._read(Load, _LOADS)
        self._warnings = self._read(Warned, _WARNINGS) if "reporting.warnings" in self._there else ()
        self._unmet = self._read(Unmet, _UNMET) if "reporting.metric_needs" in self._there else ()

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
        whose = f"({_OWN} or (dimension = '' and not is_hidden and {_IS_PART}))" if values["parts"] else _OWN
        more = self._grain.more
        figures = self._read(Figure, _FIGURES.format(whose=whose, more=more), values)
        if not any(f.month == self.month and (f.scope_type, f.scope_id) == scope.key for f in figures):
            raise ValueError(
                f"report {self.spec.id}: the warehouse has no figure of {self.spec.calendar.name(self.month)} "
                f"for {scope.type} {scope.id}"
            )
        exceptions = self._read(Figure, _EXCEPTIONS.format(whose=whose, more=more), values)
        shown = sorted({(f.scope_type, f.scope_id) for f in (*figures, *exceptions[:MOST_EXCEPTIONS])})
        shapes = {
            name: tuple(row for key, row in rows if self._shows(key, scope)) for name, rows in self._shapes.items()
        }
        tables, gaps = self._cut_tables(scope)
        hidden = [Withheld(metric_id=m, dimension=d) for m, d in self._rows(_WITHHELD, values)]
        short = (*self._figure_histories(values), *self._table_histories(scope))
        return Bundle(
            report=self.spec.id,
            month=self.month,
            scope=scope,
            meta=self.meta,
            metrics=self._metrics,
            figures=figures,
            members=dict(self._rows(_MEMBERS, values)) if values["parts"] else {},
            scope_names=tuple(self._names[one] for one in shown if one in self._names),
            codes=self._codes,
            **shapes,
            contributions=self._read(Contribution, _CONTRIBUTIONS, values)
            if is_company and self.spec.schedule == "monthly"
            else (),
            tables=tables,
            loads=tuple(self._load(load, is_company) for load in self._loads),
            exceptions=exceptions[:MOST_EXCEPTIONS],
            exceptions_total=len(exceptions),
            withheld=(*hidden, *gaps),
            not_supplied=self._supply.not_supplied,
            unmet=self._unmet,
            warnings=self._warnings if is_company else (),
            **({"histories": short} if short else {}),
        )

    def _figure_histories(self, values: Mapping[str, Any]) -> tuple[History, ...]:
        """Of figures, those whose window the history does not cover; days have no such window."""
        has = {name for (name,) in self.con.execute(_COLUMNS, ["kpi_monthly"]).fetchall()}
        is_told = self.spec.schedule == "monthly" and "covered_months" in has
        return self._read(History, _HISTORIES, values) if is_told else ()

    def _table_histories(self, scope: Scope) -> Iterator[History]:
        """Of tables and charts with a window of their own, those whose window the scope's history does not cover."""
        tables = [(table.title, table.window) for table in self.spec.tables]
        charts = [(chart.title, chart.window) for chart in self.spec.charts]
        for title, window in (*tables, *charts):
            if window and "reporting.histories" in self._there:
                values = {"scope_type": scope.type, "scope_id": scope.id, "entities": list(window.of)}
                for (covered,) in self._rows(_TABLE_HISTORY, {**values, "month": self.month}):
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

    def _hidden(self, before: frozenset[Key]) -> set[Key]:
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
        stocks, stuck = _stocks(self.con), set(before)
        hidden = hidden_days(cells, small, self.month, self.regions, stuck, stocks)
        sums.hide(hidden | stuck)
        while further := sums.further():
            stuck |= further
            hidden = hidden_days(cells, small, self.month, self.regions, stuck, stocks) | further
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
        told = read_numbers(self.con, asked, self._identities, metrics)
        return Sums(told, self._identities, self.regions, self.meta.small_cell)

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

    def _table(self, spec: TableSpec, *, tied: bool = False) -> list[_TableRow]:
        """Rows of the month and all scopes, in printed order, each with its cells. A table that is not cut by scope, or
        is asked for as a whole, is the company's. Of one that is tied to the months before, theirs too."""
        has = {name for (name,) in self.con.execute(_COLUMNS, [spec.id]).fetchall()}
        extra = [name for name in (spec.n, spec.counts, *(column.cases for column in spec.columns)) if name]
        missing = {*(column.name for column in spec.columns), *spec.where, *extra} - has
        if missing:
            raise ValueError(f"reporting.{spec.id} has no column {', '.join(sorted(missing))}; mend the report.yml")
        by_scope = "scope_type" in has and not spec.all_scopes
        period = next((name for name in ("month", "day") if name in has), "")
        wanted: dict[str, Any] = dict(spec.where)
        where = [f"{name} = ${name}" for name in wanted]
        if period:
            wanted["last"] = self.month
            where.append(f"{period} <= $last")
            if not spec.until:
                wanted["since"] = self._values["first"] if tied else self.month
                where.append(f"{period} >= $since")
        names = list(dict.fromkeys([*(column.name for column in spec.columns), *extra]))
        scope = "scope_type, scope_id" if by_scope else "'company', 'company'"
        of_month = period if period and not spec.until else "$this_month"
        records = self.con.execute(
            f"select {of_month}, {scope}, {', '.join(names)} from reporting.{spec.id} "
            f"where {' and '.join(where) or 'true'} order by {', '.join(spec.order)}",
            wanted if of_month == period else {**wanted, "this_month": self.month},
        ).fetchall()
        found = []
        for month, scope_type, scope_id, *values in records:
            record = dict(zip(names, values, strict=True))
            at = (month, (scope_type, scope_id))
            cases = record.get(spec.counts or spec.n or "")
            texts = [record[column.name] for column in spec.columns] + [record.get(spec.n or "")]
            found.append(
                _TableRow(
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

    def _cells(self) -> list[Cell]:
        figures = [Cell(Key(*record[:6]), record[6]) for record in self._rows(_CELLS, self._values)]
        shapes = (cell for found in self._shapes.values() for cell, _ in found)
        tables = (cell for _, rows in self._tables for row in rows for cell in row.cells)
        merged: dict[Key, int] = {}
        for cell in chain(shapes, tables):  # rows that are cut finer than their names are as small as the smallest
            if cell.n > 0:
                merged[cell.key] = min(cell.n, merged.get(cell.key, cell.n))
        return figures + [Cell(key, n) for key, n in merged.items()]

    def _cut(self) -> None:
        names = Key._fields
        columns = {name: [getattr(key, name) for key in self.hidden] for name in names}
        types = {name: pa.date32() if name == "month" else pa.string() for name in names}
        self.con.register("hidden_keys", pa.table({n: pa.array(c, type=types[n]) for n, c in columns.items()}))
        used = {name: self._values[name] for name in ("first", "previous", "year_ago", "month", "metrics")}
        self.con.execute(_CUT, used)
        self.con.unregister("hidden_keys")

    def _shows(self, cell: Cell, scope: Scope) -> bool:
        return (cell.key.scope_type, cell.key.scope_id) == scope.key and cell.key not in self.hidden

    def _cut_tables(self, scope: Scope) -> tuple[tuple[Table, ...], list[Withheld]]:
        """The scope's tables, and those of which rows are missing. One whose figures nobody ever told is none."""
        tables, gaps = [], []
        for spec, found in self._tables:
            own = [row for row in found if row.cell.key[1:4] == (self.month, *scope.key)]
            shown = [row for row in own if row.cell.key not in self.hidden]
            rows = [row.cut(self.hidden) for row in shown]
            withheld = tuple((i, place) for i, row in enumerate(shown) for place in row.hidden(self.hidden))
            if any(spec.tells(row) for row in rows):
                kept = tuple(one for one in withheld if one[0] < spec.most)
                told = Table(id=spec.id, title=spec.title, rows=tuple(rows[: spec.most]), total=len(rows))
                tables.append(told.model_copy(update={"withheld": kept}) if kept else told)
            if withheld or len(rows) < len(own):
                gaps.append(Withheld(table=spec.title))
        return tuple(tables), gaps

    def _load(self, load: Load, is_company: bool) -> Load:
        if is_company:
            return load.model_copy(update={"rows_late": self._supply.late.get((load.entity, load.source_system), 0)})
        counts = (name for name in Load.model_fields if name.startswith("rows_"))
        return load.model_copy(update=dict.fromkeys(counts))


def _stocks(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Metrics whose days do not add up to their month."""
    return frozenset(metric for (metric,) in con.execute(_STOCKS).fetchall())


def _disclosed(con: duckdb.DuckDBPyConnection, definitions: str) -> dict[str, tuple[str, bool]]:
    """Per metric its disclosure, and whether its value is how many cases there are. Of a warehouse that does not say it
    yet, everything is confidential but what counts no cases."""
    has = {name for (name,) in con.execute(_COLUMNS, [definitions.partition(".")[2]]).fetchall()}
    older = "case when counts_cases then 'confidential' else 'none' end" if "counts_cases" in has else "'confidential'"
    disclosure = "disclosure" if "disclosure" in has else older
    kind = "kind in ('count', 'distinct') or (kind = 'sum' and unit = 'count')" if "kind" in has else "unit = 'count'"
    rows = con.execute(f"select metric_id, {disclosure}, {kind} from {definitions}").fetchall()
    return {metric: (found, is_count) for metric, found, is_count in rows}


def told_by_days(con: duckdb.DuckDBPyConnection, month: date, hidden: Collection[Key], small: int) -> frozenset[Key]:
    """Figures of a month that would tell, by subtraction, days of it that digests hid."""
    if not hidden:
        return frozenset()
    disclosed = _disclosed(con, _GRAINS["daily"].definitions)
    metrics = [metric for metric, (disclosure, _) in disclosed.items() if disclosure == "confidential"]
    values = {"month": month, "last": CALENDARS["monthly"].last_day(month), "metrics": metrics}
    records = con.execute(_CELLS_OF_DAYS, values).fetchall()
    cells = [Cell(Key(*record[:6]), record[6]) for record in records]
    return frozenset(hidden_months(cells, hidden, small, _stocks(con), _regions(con)))


def _regions(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The region of each store."""
    there = con.execute(_TABLES).fetchall()
    return dict(con.execute(_INSIDE).fetchall()) if ("customer.dim_store",) in there else {}


def make_bundle(
    con: duckdb.DuckDBPyConnection, report_id: str, month: date, meta: Meta, scope: Scope | None = None
) -> Bundle:
    """Select the figures of one scope's report from an open published warehouse.

    Raises ValueError when no model declares a metric of the report, or the scope has no figure of the month.
    """
    return Source(con, report_id, month, meta).bundle(scope)


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


def write_bundle(bundle: Bundle, path: Path) -> None:
    """Write a bundle with its hash, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = bundle.content
    digest = hashlib.sha256(_canonical(content)).hexdigest()
    write_whole(path, _canonical({**content, "sha256": digest}) + b"\n")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or the one before."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)


def _canonical(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
