"""Which reports there are: each is a folder here with a report.yml and its templates.

No figure is read and nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from foundation.settings import measure_defaults
from reports.periods import CALENDARS, Calendar, Schedule

FOLDER = Path(__file__).resolve().parent
REPORT_SCOPES: tuple[str, ...] = tuple(measure_defaults()["report_scopes"])
DEFAULT = "service_quality"  # the report that a command means which names none


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WindowSpec(_Spec):
    """What a table looks back over: while the history of the entities is shorter, it says so."""

    months: int
    of: tuple[str, ...]  # entities


class ChartSpec(_Spec):
    """One chart: a kind drawn in charts/ and what it is drawn from."""

    kind: Literal[
        "trends",
        "scopes",
        "parts_over_time",
        "bars",
        "servqual",
        "cohorts",
        "value_matrix",
        "flow",
        "bullets",
        "quadrants",
        "matrix",
        "stages",
    ]
    title: str  # a message of the catalogue
    metrics: tuple[str, ...] = ()
    scope: str = ""  # scope type whose members are compared
    dimension: str = ""
    # of a flow (metrics) or of stages (columns): what adds to the stock, and what takes from it
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    # of charts drawn from a table of the same report: its title, and the columns that say where a row stands
    table: str = ""
    x: str = ""  # of stages: the stock before
    y: str = ""  # of stages: the stock after
    label: str = ""
    value: str = ""
    each: str = ""  # a chart per value of that column
    x_at: str | float = 0.0  # where the cross of quadrants stands: a number, or the column that has it
    y_at: str | float = 0.0
    window: WindowSpec | None = None  # of what is drawn, where it is no metric's
    corners: tuple[str, ...] = ()  # codes of the quadrants: upper left, upper right, lower left, lower right

    @property
    def drawn(self) -> tuple[str, ...]:
        """Metrics that the chart is drawn from."""
        return (*self.metrics, *self.came, *self.went) if not self.table else ()


Name = Annotated[str, StringConstraints(pattern=r"^\w+$")]


class ColumnSpec(_Spec):
    """One printed column of a table."""

    name: Name
    title: str  # a message of the catalogue
    # a unit of figures (figure: that of the metric its row is of, difference: of two such figures), or how a text is
    # printed: code (in words, if there are any), metric (by its label), scope (by its name), text, date, month
    unit: Literal[
        "code",
        "scope",
        "metric",
        "text",
        "date",
        "month",
        "figure",
        "difference",
        "rate",
        "money",
        "count",
        "seconds",
        "minutes",
        "days",
        "months",
        "score",
        "points",
    ] = "count"
    of: Name | None = None  # whose names a code takes, where it is not those of the column's own name
    cases: Name | None = None  # the column that counts whom it is about, itself where it counts them: few are not shown
    judged: bool = False  # too few to say where the table's n is below min_n
    printed: bool = True  # or only drawn from

    @property
    def is_number(self) -> bool:
        return self.unit not in {"code", "metric", "scope", "text", "date", "month"}


class TableSpec(_Spec):
    """A table of the `reporting` schema with a shape of its own, printed as it is: its rows of the month and scope."""

    id: str  # the table's name without its prefix rpt_
    title: str  # a message of the catalogue
    columns: tuple[ColumnSpec, ...]
    order: tuple[Annotated[str, StringConstraints(pattern=r"^\w+( desc)?$")], ...]
    where: dict[Name, str | int] = {}  # rows with these values alone
    until: bool = False  # rows of all months up to the report's, not of that month alone
    all_scopes: bool = False  # the company's report prints the rows of every scope
    n: Name | None = None  # the column that says how many cases a row stands on
    counts: Name | None = None  # the column that counts whom a row is about, where its rows divide a printed whole
    # of its rows, as metrics declare it; none: they are about the company's own doing, not about cases
    disclosure: Literal["confidential", "operational", "none"] = "confidential"
    most: int = 20  # rows that are printed; how many more there are is told
    window: WindowSpec | None = None

    def tells(self, row: Sequence[str | None]) -> bool:
        """Whether a row, a value per column, has any figure beside what names it and the cases it stands on. One of a
        table that only counts always has."""
        named = {self.n, self.counts, *(key.removesuffix(" desc") for key in self.order)}
        figures = [i for i, column in enumerate(self.columns) if column.is_number and column.name not in named]
        return not figures or any(row[i] is not None for i in figures)


class MembersSpec(_Spec):
    """A line per member of the scope with a column per metric; those with most of the first metric first."""

    title: str  # a message of the catalogue
    scope: str  # scope type of the members
    metrics: tuple[str, ...]
    most: int = 14  # lines that are printed; how many more there are is told


class AreaSpec(_Spec):
    """One page: its metrics in printed order, its charts and tables."""

    id: str
    title: str  # a message of the catalogue
    metrics: tuple[str, ...] = ()
    charts: tuple[ChartSpec, ...] = ()
    tables: tuple[TableSpec, ...] = ()
    members: tuple[MembersSpec, ...] = ()
    sparklines: bool = False  # a line of the last periods beside each of its figures


class StatedSpec(_Spec):
    """A sentence of the first page on one figure.

    In its messages stand %(value)s, %(n)s, of a share %(cases)s (those of the n that it counts) and, by its metric, the
    value of another figure: %(cost_to_serve)s. What a dimension divides it into stands behind it.
    """

    metric: str
    one: str = ""  # where it is of one case
    many: str  # a message of the catalogue
    none: str = ""  # where of a share none are counted
    of: Literal["n", "cases"] = "n"  # what decides between the two
    by: str = ""  # dimension of the parts
    parts: dict[str, tuple[str, str]] = {}  # by code of the dimension: of one case and of many; %(n)s, %(value)s
    beside: tuple[str, ...] = ()  # metrics whose values stand in it


class AdviceSpec(_Spec):
    """What to do about a figure that is off target or got worse."""

    text: str  # a message of the catalogue
    first: str = ""  # where a value of a dimension stands out: a message with %(what)s
    by: str = ""  # that dimension: the value that is furthest from its target; servqual: the widest gap
    of: str = ""  # the metric divided by it, if it is not the figure itself
    stake: str = ""  # which part of the margin at risk the figure speaks of: a value of the dimension of `stakes`


def _advice(given: Any) -> Any:
    return {"text": given} if isinstance(given, str) else given


class StakesSpec(_Spec):
    """The money at risk, by which what to do is ordered."""

    metric: str
    dimension: str


class ReportSpec(_Spec):
    """What a report selects and prints; report.yml of its folder."""

    id: str
    title: str  # a message of the catalogue
    schedule: Schedule = "monthly"  # how often it is made
    readers: Literal["anyone", "handlers"] = "anyone"  # handlers: those who handle the very cases, a day's work
    scopes: tuple[str, ...] = ("company", *REPORT_SCOPES)  # types of scopes it is made for
    # metrics of the first page, in order; of several in one place the first of which there is a figure
    headlines: tuple[str | tuple[str, ...], ...]
    parts: tuple[str, ...] = ()  # scope types whose members may explain a company figure
    overview: tuple[ChartSpec, ...] = ()  # charts of the second page
    summary_pages: int = 0  # most pages of its PDF, all else going to an appendix; 0: the PDF is whole
    stakes: StakesSpec | None = None
    costs: tuple[StatedSpec, ...] = ()  # of the first page: what service cost in the period, or puts at risk
    actions: tuple[StatedSpec, ...] = ()  # of the first page: what is being done about it
    areas: tuple[AreaSpec, ...]
    advice: dict[str, Annotated[AdviceSpec, BeforeValidator(_advice)]] = {}  # by metric

    @property
    def folder(self) -> Path:
        return FOLDER / self.id

    @property
    def calendar(self) -> Calendar:
        """Of the periods it speaks of."""
        return CALENDARS[self.schedule]

    def command(self, first: date) -> str:
        """What makes it at a terminal."""
        which = "" if self.id == DEFAULT else f" --report {self.id}"
        return f"kefu report{which} --{self.calendar.noun} {self.calendar.name(first)}"

    @property
    def places(self) -> tuple[tuple[str, ...], ...]:
        """The metrics of each headline, the wanted one first."""
        return tuple((one,) if isinstance(one, str) else one for one in self.headlines)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric of a table, once, in order."""
        areas = (
            metric for area in self.areas for metric in (*area.metrics, *(m for t in area.members for m in t.metrics))
        )
        stated = (metric for one in (*self.costs, *self.actions) for metric in (one.metric, *one.beside))
        return tuple(dict.fromkeys((*chain(*self.places), *stated, *areas)))

    @property
    def drawn_metrics(self) -> tuple[str, ...]:
        """Those of charts, of which some stand in no table."""
        return tuple(dict.fromkeys(metric for chart in self.charts for metric in chart.drawn))

    @property
    def charts(self) -> tuple[ChartSpec, ...]:
        return (*self.overview, *(chart for area in self.areas for chart in area.charts))

    @property
    def tables(self) -> tuple[TableSpec, ...]:
        return tuple(table for area in self.areas for table in area.tables)

    def within(self, known: frozenset[str]) -> ReportSpec:
        """The report as far as these metrics go: one issued before some of the report's existed stays printable."""

        def of(metrics: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(metric for metric in metrics if metric in known)

        def stated(all_of_them: tuple[StatedSpec, ...]) -> tuple[StatedSpec, ...]:
            return tuple(one for one in all_of_them if known.issuperset((one.metric, *one.beside)))

        def charts(all_of_them: tuple[ChartSpec, ...]) -> tuple[ChartSpec, ...]:
            return tuple(
                chart if chart.table else chart.model_copy(update={"metrics": of(chart.metrics)})
                for chart in all_of_them
                if not chart.drawn or (known.issuperset((*chart.came, *chart.went)) and of(chart.metrics))
            )

        areas = tuple(
            area.model_copy(
                update={
                    "metrics": of(area.metrics),
                    "charts": charts(area.charts),
                    "members": tuple(
                        table.model_copy(update={"metrics": of(table.metrics)})
                        for table in area.members
                        if of(table.metrics)
                    ),
                }
            )
            for area in self.areas
        )
        return self.model_copy(
            update={
                "headlines": tuple(kept if len(kept) > 1 else kept[0] for place in self.places if (kept := of(place))),
                "costs": stated(self.costs),
                "actions": stated(self.actions),
                "overview": charts(self.overview),
                "areas": areas,
            }
        )

    @property
    def messages(self) -> tuple[str | tuple[str, str], ...]:
        """Texts of this report that the catalogues must carry, some in two forms."""
        areas = (*(area.title for area in self.areas), *(chart.title for chart in self.charts))
        members = (table.title for area in self.areas for table in area.members)
        tables = (text for table in self.tables for text in (table.title, *(column.title for column in table.columns)))
        stated = (text for one in (*self.costs, *self.actions) for text in _forms(one))
        advice = (text for one in self.advice.values() for text in (one.text, one.first) if text)
        return tuple(dict.fromkeys((self.title, *areas, *members, *tables, *stated, *advice)))


def _forms(one: StatedSpec) -> tuple[str | tuple[str, str], ...]:
    return ((one.one, one.many) if one.one else one.many, *filter(None, (one.none,)), *one.parts.values())


@cache
def reports() -> dict[str, ReportSpec]:
    """All reports by id. Raises ValueError naming the report.yml that is wrong."""
    found: dict[str, ReportSpec] = {}
    for path in sorted(FOLDER.glob("*/report.yml")):
        try:
            spec = ReportSpec.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except ValidationError as error:
            raise ValueError(f"{path}: {error}") from error
        if spec.id != path.parent.name:
            raise ValueError(f"{path}: id is {spec.id!r}; it must be the folder's name, {path.parent.name!r}")
        found[spec.id] = spec
    return found


def report(report_id: str) -> ReportSpec:
    """The report of that id. Raises ValueError naming the known ones."""
    known = reports()
    if report_id not in known:
        raise ValueError(f"no report is called {report_id!r}; there are {', '.join(known)}")
    return known[report_id]
