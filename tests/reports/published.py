"""A small published warehouse by hand: the `reporting` schema with figures that read like a business.

Store S07 gets worse in the last two months; the rest is calm. No randomness: a figure is a function of its month.
"""

from __future__ import annotations

import csv
import gettext
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from reports.bundle.model import Meta
from reports.registry import ColumnSpec, TableSpec, report
from reports.text.language import language
from tests.declared_tables import create

MONTH = date(2026, 10, 1)
STORES = {f"demo:S{i:02d}": weight for i, weight in enumerate((9, 8, 7, 6, 6, 5, 5, 4, 3, 2), start=1)}
WORSE_STORE = "demo:S07"
REGIONS = {"north": tuple(STORES)[:5], "south": tuple(STORES)[5:]}
BY_STORE = {"csat", "sla", "first_reply"}
AREAS = ("customer", "lifecycle", "loyalty", "satisfaction", "service")
SPLITS: dict[str, tuple[str, dict[str, float]]] = {
    "stage": ("stage", {"prospect": 604, "new": 210, "growing": 402, "mature": 1290, "at_risk": 351, "lost": 890}),
    "pyramid_customers": ("grade", {"A": 31, "B": 125, "C": 468, "D": 2496}),
    "pyramid_revenue": ("grade", {"A": 1790000.0, "B": 4310000.0, "C": 4520000.0, "D": 2130000.0}),
    "tiers": ("tier", {"regular": 1203, "silver": 512, "gold": 211, "platinum": 54}),
    "csat": ("touch_point", {"order": 0.89, "delivery": 0.851, "service_order": 0.83, "ticket": 0.781}),
    "revenue_at_risk": ("reason", {"silent": 391200.0, "dissatisfied": 350400.0, "open_complaint": 52100.0}),
    "improvement_loop": ("state", {"collected": 12, "planned": 31, "implemented": 46, "verified": 35}),
}
META = Meta(
    company="Lantern Home 明灯家居",
    currency="CNY",
    time_zone="Asia/Shanghai",
    as_of=date(2026, 10, 31),
    known_at=date(2026, 10, 31),
    version="0.1.0",
)


@dataclass(frozen=True)
class Declared:
    """A metric as the models would declare it, and how its figures go; a line of fixture/metrics.csv."""

    id: str
    area: str
    en: str
    zh: str
    unit: str
    direction: str
    level: float
    swing: float
    n: int
    half: float | None  # half an interval
    target: float | None
    drift: float  # of the last month
    change: str | None
    claims: bool

    @classmethod
    def of(cls, line: dict[str, str]) -> Declared:
        texts = {name: line[name] for name in ("id", "area", "en", "zh", "unit", "direction")}
        numbers = {name: float(line[name]) for name in ("level", "swing", "drift")}
        maybe = {name: float(line[name]) if line[name] else None for name in ("half", "target")}
        return cls(
            **texts, **numbers, **maybe, n=int(line["n"]), change=line["change"] or None, claims=line["claims"] == "1"
        )

    def at(self, place: int) -> float:
        """The company's figure, so many months before MONTH."""
        value = self.level + self.swing * math.sin(place * 1.7) + (0 if place else self.drift)
        return round(value) if self.unit in {"count", "points"} else value

    def at_store(self, place: int, number: int, store: str) -> float:
        worse = {0: 3.2, 1: 1.3}.get(place, 0) * self.drift if store == WORSE_STORE else 0
        return self.level + self.swing * math.sin(place * 1.3 + number) + worse

    def row(
        self,
        place: int,
        value: float,
        *,
        scope: tuple[str, str] = ("company", "company"),
        n: int | None = None,
        previous: float | None = None,
        year_ago: float | None = None,
        change: str | None = None,
        dimension: tuple[str, str] = ("", ""),
    ) -> tuple[object, ...]:
        """A row of kpi_monthly without the columns that no report reads."""
        cases = self.n if n is None else n
        half = self.half * math.sqrt(self.n / cases) if self.half else None
        status = "no_target"
        if cases < META.min_n:
            status, change = "too_few", None
        elif self.target is not None:
            status = "met" if (value >= self.target) == (self.direction == "up") else "missed"
        numbers = (value, half and value - half, half and value + half, self.target, previous, year_ago)
        decimals = [None if number is None else Decimal(str(round(number, 4))) for number in numbers]
        month = MONTH.year * 12 + MONTH.month - 1 - place
        at = date(month // 12, month % 12 + 1, 1)
        return (at, *scope, self.id, *dimension, cases, status, change, None, *decimals, None)


with (Path(__file__).parent / "fixture" / "metrics.csv").open(encoding="utf-8") as source:
    METRICS = tuple(Declared.of(line) for line in csv.DictReader(source))

LONG_EN, LONG_ZH = "is defined in a sentence long enough to take two lines on paper", "的口径用一句足够长的话说明"


class MadeUp(gettext.NullTranslations):
    """Chinese for texts of this company that no catalogue has."""

    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__()
        self.texts = texts

    def pgettext(self, context: str, message: str) -> str:
        return self.texts.get(message) or super().pgettext(context, message)


def translate(texts: dict[str, str]) -> None:
    """Says these texts in Chinese too, where the catalogue does not."""
    language("zh-CN").translations.add_fallback(MadeUp(texts))


translate({m.en: m.zh for m in METRICS} | {f"How {m.en} {LONG_EN}.": f"{m.zh}{LONG_ZH}。" for m in METRICS})

TABLES = (
    *("kpi_monthly", "rpt_metric_definitions", "rpt_metric_needs", "rpt_servqual_monthly", "rpt_value_matrix"),
    *("rpt_cohort_retention", "rpt_contributions", "rpt_scope_names", "rpt_codes", "rpt_code_names", "rpt_warnings"),
    "rpt_loads",
)
# what the rows of a table give, where they leave columns out that no report reads
GIVEN = {
    "kpi_monthly": (
        "month, scope_type, scope_id, metric_id, dimension, dimension_value, n, status, change_previous,"
        " change_year_ago, value, ci_low, ci_high, target, previous, year_ago, numerator"
    ),
    "rpt_metric_definitions": "metric_id, label, definition, unit, direction, claims_change, disclosure, made_of",
    "rpt_loads": (
        "entity, source, load_date, rows_read, rows_loaded, rows_filtered, rows_duplicate, rows_quarantined,"
        " rows_nulled, rows_refused, is_stale"
    ),
    "rpt_daily_metric_definitions": (
        "metric_id, label, definition, unit, direction, dated, claims_change, usual_weeks, disclosure, kind"
    ),
    "dim_store": "store_id, region",
}
MAX_AT_ONCE = 2000  # rows of one statement
LOADS = {"customers": (4902, 2, 0), "orders": (61204, 14, 0), "tickets": (15031, 3, 0), "surveys": (9120, 0, 88)}


def warehouse(areas: tuple[str, ...] = AREAS) -> duckdb.DuckDBPyConnection:
    """The warehouse of a company that supplies what these areas need."""
    con = duckdb.connect()
    for table in TABLES:
        create(con, table, "reporting")
    create(con, "dim_store", "customer")
    insert(
        con,
        "rpt_metric_definitions",
        [(m.id, m.en, f"How {m.en} {LONG_EN}.", m.unit, m.direction, m.claims, "confidential", None) for m in METRICS],
    )
    spec, reported = report("service_quality"), {m.id for m in METRICS}
    others = [metric for metric in dict.fromkeys((*spec.metrics, *spec.drawn_metrics)) if metric not in reported]
    if others:  # declared, and not supplied
        insert(con, "rpt_metric_definitions", [(m, m, m, "count", "none", False, "confidential", None) for m in others])
    con.execute(
        "update reporting.rpt_metric_definitions set made_of = 'surveys (responded_at)' where metric_id = 'csat'"
    )
    con.execute(
        "update reporting.rpt_metric_definitions set kind = case when unit = 'count' then 'count' else 'mean' end"
    )
    supplied = [metric for metric in METRICS if metric.area in areas]
    insert(con, "rpt_metric_needs", [(m.id, 1, m.area, "column", m in supplied) for m in METRICS])
    waiting = [
        ("identity", "customers", "email"),
        ("identity", "customers", "phone"),
        ("care_gap", "reference", "cadence"),
    ]
    insert(con, "rpt_metric_needs", [(metric, 1, entity, column, False) for metric, entity, column in waiting])
    insert(con, "kpi_monthly", [row for metric in supplied for row in _rows(metric)])
    insert(con, "dim_store", [(s, region) for region, stores in REGIONS.items() for s in stores], schema="customer")
    company = (MONTH, "company", "company")
    if "satisfaction" in areas:
        gaps = {"tangibles": 0.2, "reliability": -0.31, "responsiveness": -0.92, "assurance": -0.4, "empathy": -0.67}
        insert(con, "rpt_servqual_monthly", [(*company, d, 112, 5.9, 5.9 + gap, gap, 20) for d, gap in gaps.items()])
    if "customer" in areas:
        cells = {
            "best": (262, 14, 4100),
            "spender": (1032, 2, 5600),
            "frequent": (288, 15, 3700),
            "uncertain": (1406, 2, 2600),
        }
        insert(con, "rpt_value_matrix", [(*company, cell, c, f, m, c * f * m) for cell, (c, f, m) in cells.items()])
    if "lifecycle" in areas:
        insert(con, "rpt_cohort_retention", list(_cohorts()))
    if "satisfaction" in areas:
        changed = (MONTH, "csat", "previous")
        shares = {WORSE_STORE: -0.041, "demo:S01": 0.004, "demo:S02": -0.003, "demo:S03": 0.002, "": -0.001}
        insert(con, "rpt_contributions", [(*changed, "store", s, 60, 61, 0.8, 0.82, c) for s, c in shares.items()])
        insert(con, "rpt_contributions", [(*changed, "category", "delivery", 60, 61, 0.8, 0.82, -0.02)])
    for area in report("service_quality").areas:
        for table in area.tables:
            _tabulate(con, table, rows=3 if area.id in areas else 0)
    day = date(2026, 10, 31)
    insert(
        con,
        "rpt_loads",
        [
            (entity, "demo", day, read, read - bad - refused - 1, 0, 1, bad, 0, refused, refused > 0)
            for entity, (read, bad, refused) in LOADS.items()
        ],
    )
    return con


def _rows(metric: Declared) -> Iterator[tuple[object, ...]]:
    for place in range(26):
        change = (metric.change if place == 0 else "no_clear_change") if metric.claims else None
        yield metric.row(
            place, metric.at(place), previous=metric.at(place + 1), year_ago=metric.at(place + 12), change=change
        )
    if metric.id in BY_STORE:
        for number, (store, weight) in enumerate(STORES.items()):
            for place in range(13):
                yield metric.row(
                    place,
                    metric.at_store(place, number, store),
                    scope=("store", store),
                    n=metric.n * weight // sum(STORES.values()) // (3 if number == 9 else 1),
                    previous=metric.at_store(place + 1, number, store),
                    change="worse" if (store, place) == (WORSE_STORE, 0) else "no_clear_change",
                )
        for number, (region, stores) in enumerate(REGIONS.items()):
            cases = metric.n * sum(STORES[store] for store in stores) // sum(STORES.values()) + 10
            yield metric.row(0, metric.at_store(0, number, region), scope=("region", region), n=cases)
    if metric.id in SPLITS:
        dimension, values = SPLITS[metric.id]
        for name, value in values.items():
            yield metric.row(0, value, n=metric.n // 4, dimension=(dimension, name))


def _cohorts() -> Iterator[tuple[object, ...]]:
    for start in range(13):
        for number in range(start + 1):
            rate = Decimal(1) if number == 0 else Decimal(round(26 / (number + 1) + start, 1)) / 100
            cohort = date(2025 + (start < 10), (10 - start - 1) % 12 + 1, 1)
            month = MONTH.year * 12 + MONTH.month - 1 - start + number
            at = date(month // 12, month % 12 + 1, 1)
            yield (cohort, number, at, True, 120 + start, int(rate * (120 + start)), rate)


def _tabulate(con: duckdb.DuckDBPyConnection, table: TableSpec, rows: int) -> None:
    """Makes a table of the report as the report prints it; its last row stands on too few cases."""
    columns = {"month": "date", "scope_type": "varchar", "scope_id": "varchar"}
    columns |= {c.name: "decimal(28, 8)" if c.is_number else "varchar" for c in table.columns}
    columns |= {name: "varchar" if isinstance(value, str) else "bigint" for name, value in table.where.items()}
    columns |= {
        name: "bigint"
        for name in (*(o.partition(" ")[0] for o in table.order), table.n, *(c.cases for c in table.columns))
        if name not in columns and name
    }
    con.execute(
        f"create table reporting.rpt_{table.id} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
    )
    for number in range(rows):
        values: dict[str, object] = dict.fromkeys(columns, number)
        values |= {c.name: _cell(c, number) for c in table.columns}
        values |= {c.cases: 100 + number for c in table.columns if c.cases}
        values |= {"month": MONTH, "scope_type": "company", "scope_id": "company", **table.where}
        if table.counts:
            values[table.counts] = 100 + number
        if table.n:
            values[table.n] = 100 if number < rows - 1 else 12
        insert(con, f"rpt_{table.id}", [tuple(values.values())])


def _cell(column: ColumnSpec, number: int) -> object:
    if column.is_number:
        return Decimal(number + 1) / 4
    return "2026-10-01" if column.unit in {"date", "month"} else f"{column.name} {number}"


def insert(
    con: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[object, ...]], schema: str = "reporting"
) -> None:
    """Adds rows, whole ones in the order of the columns, or of those GIVEN."""
    columns = f"({GIVEN[table]})" if table in GIVEN else ""
    for start in range(0, len(rows), MAX_AT_ONCE):
        part = rows[start : start + MAX_AT_ONCE]
        line = f"({', '.join('?' * len(part[0]))})"
        con.execute(
            f"insert into {schema}.{table} {columns} values {', '.join([line] * len(part))}",
            [value for row in part for value in row],
        )
