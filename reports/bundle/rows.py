"""What a bundle is made of: figures, and rows of a shape of their own, as they are written."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from reports.bundle.numbers import shortest

Change = Literal["better", "worse", "changed", "no_clear_change"]
# confidential: of few cases nothing is shown, anywhere; operational: not beyond those who handle them; none: no cases
Disclosure = Literal["confidential", "operational", "none"]
Status = Literal["met", "missed", "too_few", "short_history", "no_target", "suppressed"]


Number = Annotated[Decimal, BeforeValidator(shortest)]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(Frozen):
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


class Metric(Frozen):
    """How a metric is called and defined, in the source language; one row of metric_definitions."""

    metric_id: str
    label: str
    definition: str
    unit: str
    direction: Literal["up", "down", "none"]
    claims_change: bool
    disclosure: Disclosure = "confidential"
    counts_cases: bool = True  # of bundles that were issued before metrics declared their disclosure
    made_of: str | None = None  # columns of the contract, by entity


class Figure(Frozen):
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


class ScopeName(Frozen):
    """How a scope is printed; one row of scope_names."""

    scope_type: str
    scope_id: str
    name: str


class Code(Frozen):
    """How a value of a dimension is printed, where reference data say it; one row of codes."""

    taxonomy: str  # the reference table
    dimension: str
    code: str
    place: int
    label: str
    names: dict[str, str] = {}  # by language, where the company gave any


class ServqualDimension(Frozen):
    """Expected and perceived quality of one SERVQUAL dimension in the month, scale 1-7."""

    dimension: str
    expectation: Number | None
    perception: Number | None
    gap: Number | None
    n: int


class CohortCell(Frozen):
    """Share of an acquisition cohort that bought in its n-th month."""

    cohort_month: date
    month_number: int
    customers: int
    rate: Number | None


class MatrixCell(Frozen):
    """One cell of the customer value matrix at the month's end."""

    cell: str
    customers: int
    mean_orders: Number | None
    mean_order_value: Number | None
    spend: Number | None


class Contribution(Frozen):
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


class TableExtract(Frozen):
    """Rows of a table with a shape of its own, as its specification selects them; numbers as text without loss.

    The last value of each row is the number of cases it stands on, where the table says it.
    """

    id: str
    title: str  # of the specification: a table may be printed in several cuts
    rows: tuple[tuple[str | None, ...], ...]
    total: int  # rows there are, of which the first are kept
    withheld: tuple[tuple[int, int], ...] = ()  # row and column of figures that are not shown


class Load(Frozen):
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


class Warned(Frozen):
    """What the warehouse says of its own data; one row of warnings."""

    warning: str
    subject: str
    cases: int
    message: str  # columns of this row stand in it in braces
    first_month: str | None = None
    last_month: str | None = None
    months_kept: int | None = None


class Unmet(Frozen):
    """What a metric without figures stands on and nobody gives; rows of metric_needs. One of the columns will do."""

    metric_id: str
    columns: tuple[str, ...]  # entity.column, or reference.table


class Withheld(Frozen):
    """Something of which cells are not shown, because they are too few or would tell others."""

    metric_id: str = ""  # a split of a metric
    dimension: str = ""
    table: str = ""  # or rows of a table, by its title


class History(Frozen):
    """A figure, table or chart of the month whose window is longer than the history it stands on."""

    metric_id: str = ""
    title: str = ""  # of a table or chart, which has a window of its own
    covered_months: int
    window_months: int


class Cause(Frozen):
    """Why figures of a month changed after they were issued: loads that came since and touch the month, or what changed
    in the software or its settings."""

    kind: Literal["late_rows", "code", "settings"]
    entity: str = ""
    source_system: str = ""
    first_load_date: date | None = None
    last_load_date: date | None = None
    rows: int | None = None  # of those loads, that speak of the month


class Place(Frozen):
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


class Restatement(Frozen):
    """What a revision changed of the one before it, and why."""

    period_start: date  # of the report that was revised
    revision: int  # that the changes made
    known_at: date
    reason: str  # in the words of whoever revised it; empty when it came with the next month's report
    changes: tuple[Changed, ...]  # the first of them
    total: int
    causes: tuple[Cause, ...] = ()
