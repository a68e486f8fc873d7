"""metric_cells() on a small project of its own: every kind of metric against plain Python over the same rows."""

from __future__ import annotations

import itertools
import json
import shutil
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from scipy import stats

CONNECTIONS: Any = DuckDBConnectionManager  # untyped
DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
SCOPE_TYPES = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["scope_types"]
MONTHS = [date(2024, 1, 1), date(2024, 6, 1), date(2024, 12, 1), date(2025, 1, 1), date(2025, 2, 1)]
INCOMPLETE, WITHOUT_DIMENSIONS = date(2025, 2, 1), date(2024, 6, 1)


pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Case:
    """One row of the fact the metrics are declared on; nulls wherever a column may have them."""

    case_month: date | None
    region: str
    store_id: str | None
    topic: str | None
    is_good: bool | None
    minutes: float | None
    score: int | None
    complaints: int
    orders: int
    customer_id: str
    promised: float
    source_system: str


CASES = [
    Case(
        case_month=None if i == 7 else date(2019, 1, 1) if i == 8 else MONTHS[i * 3 % 5],
        region="NS"[i % 3 == 0],
        store_id=None if i % 10 == 9 else f"s{i % 8}",
        topic=None if i % 7 == 3 else f"t{i % 2}",
        is_good=None if i % 11 == 5 else i % 4 != i % 3,
        minutes=None if i % 13 == 2 else i * 1.25,
        score=None if i % 9 == 1 else i % 11,
        complaints=int(i % 5 == 0),
        orders=i % 4,
        customer_id=f"c{i % 17}",
        promised=0.9 if i % 3 else 0.8,
        source_system="web" if i % 4 == 1 else "crm",
    )
    for i in range(250)
]


LABEL = 'It\'s "so" called'
SCOPES = {"region": "region", "store": "store_id"}


def _written(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As a yml has them: the scopes by name, where they are fewer than the model's."""
    return [
        {key: list(value) if key == "scopes" else value for key, value in one.items() if value is not SCOPES}
        for one in metrics
    ]


def metric(suffix: str, **declared: Any) -> dict[str, Any]:
    return {
        "id": f"cases_{suffix}", "label": LABEL, "definition": LABEL, "unit": "count", "direction": "up",
        "kind": suffix, "month": "case_month", "additivity": "ratio", "scopes": SCOPES, "dimensions": ["topic"],
        "claims_change": False, "stands_on": ["tickets.kind"],
    } | declared  # fmt: skip


METRICS = [
    metric("proportion", value="is_good", unit="rate", target="promised"),
    metric("mean", value="minutes", where="region = 'N'"),
    metric("median", value="minutes"),
    metric("p90", value="minutes", dimensions=[], scopes={}),
    metric("sum", value="minutes", scopes={"store": "store_id"}),
    metric("count"),
    metric("distinct", value="customer_id"),
    metric("nps", value="score"),
    metric("ratio", numerator="complaints", denominator="orders"),
    metric("share", numerator="complaints", denominator="orders"),
    metric("census", numerator="complaints", denominator="orders"),
    metric(
        "poisson",
        numerator="complaints",
        denominator="orders",
        unit="per_1000",
        dimensions=["topic", "region"],
    ),
    metric("parts", kind="count", whole=False),
    metric("absent", kind="count", stands_on=["tickets.kind", "orders.promised_at"]),
    metric("present", kind="count", stands_on=["orders.promised_at or tickets.kind"], target=5),
    metric("of_crm", kind="count", stands_on=["tickets.priority"]),
    metric("unsent", kind="sum", value="minutes", only_if_seen=["nullif(minutes, minutes)"]),
    metric("sent", kind="sum", value="minutes", only_if_seen=["nullif(minutes, 7)"]),
]
# figures of rows that are of no one source
SOURCELESS = [metric("somewhere", kind="count"), metric("nowhere", kind="count")]
# what int_core__metric_sources would say
SUPPLIED = [
    (
        m["id"],
        source,
        m["id"] not in ("cases_absent", "cases_nowhere") and not (m["id"] == "cases_of_crm" and source == "web"),
    )
    for m in METRICS + SOURCELESS
    for source in ("crm", "web")
    if not (m["id"] == "cases_somewhere" and source == "web")
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project: the real macros, one fact, the cells and the definitions."""
    project = tmp_path_factory.mktemp("kpi")
    shutil.copytree(DBT_PROJECT / "macros", project / "macros")
    files: dict[str, str] = {
        "dbt_project.yml": yaml.safe_dump({
            "name": "kefu", "version": "1.0", "config-version": 2, "profile": "kpi",
            "vars": {"reporting_time_zone": "UTC", "scope_types": SCOPE_TYPES},
            "flags": {"send_anonymous_usage_stats": False}, "models": {"+materialized": "table"},
        }),
        "profiles.yml": yaml.safe_dump({
            "kpi": {"target": "d", "outputs": {
                "d": {"type": "duckdb", "path": str(project / "kpi.duckdb"), "schema": "m"},
            }},
        }),
        "models/control.yml": (DBT_PROJECT / "models/staging/_control.yml").read_text(encoding="utf-8"),
        "models/raw.yml": (DBT_PROJECT / "models/staging/_sources.yml").read_text(encoding="utf-8"),
        "models/intermediate/core/int_core__metric_sources.sql": "select * from main.metric_sources",
        "models/metric_lineage.sql": "select 'cases_mean' as metric_id, 'cases (minutes)' as made_of",
        "models/intermediate/core/int_core__months.sql": "select month, is_complete from main.months",
        "models/marts/service/fct_case.sql": "select * from main.cases",
        "models/marts/service/fct_case.yml": yaml.safe_dump({"models": [{
            "name": "fct_case", "config": {"meta": {"scopes": SCOPES, "metrics": _written(METRICS)}},
            "columns": [{"name": name} for name in Case.__dataclass_fields__],
        }]}),
        "models/marts/service/sourceless.sql": "select * exclude (source_system) from main.cases",
        "models/marts/service/sourceless.yml": yaml.safe_dump({"models": [{
            "name": "sourceless", "config": {"meta": {"scopes": SCOPES, "metrics": _written(SOURCELESS)}},
            "columns": [{"name": name} for name in Case.__dataclass_fields__ if name != "source_system"],
        }]}),
        "models/intermediate/reporting/cells.sql": "".join(
            f"-- depends_on: {{{{ ref('{name}') }}}}\n"
            for name in ("fct_case", "sourceless", "int_core__metric_sources")
        ) + "{{ metric_cells('service') }}",
        "models/intermediate/reporting/no_cells.sql":
            "-- depends_on: {{ ref('int_core__metric_sources') }}\n{{ metric_cells('economics') }}",
        "models/marts/reporting/rpt_metric_definitions.sql":
            (DBT_PROJECT / "models/marts/reporting/rpt_metric_definitions.sql").read_text(encoding="utf-8"),
    }  # fmt: skip
    for name, content in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(content, encoding="utf-8")
    with duckdb.connect(project / "kpi.duckdb") as connection:
        connection.execute("create table metric_sources (metric_id text, source_system text, is_supplied boolean)")
        connection.executemany("insert into metric_sources values (?, ?, ?)", SUPPLIED)
        connection.execute("create table months (month date, is_complete boolean)")
        connection.executemany("insert into months values (?, ?)", [(m, m != INCOMPLETE) for m in MONTHS])
        connection.execute(
            "create table cases (case_month date, region text, store_id text, topic text, is_good boolean,"
            " minutes double, score int, complaints int, orders int, customer_id text, promised decimal(4, 2),"
            " source_system text)"
        )
        connection.executemany(
            f"insert into cases values ({', '.join('?' * 12)})", [list(vars(case).values()) for case in CASES]
        )
    return project


@pytest.fixture(scope="module")
def dbt(project: Path) -> Iterable[Callable[..., Any]]:
    """dbt on the small project, parsed once."""
    arguments = ["--project-dir", str(project), "--profiles-dir", str(project), "--quiet"]
    manifest: Any = dbtRunner().invoke(["parse", *arguments]).result
    runner = dbtRunner(manifest=manifest)
    yield lambda *words: runner.invoke([*words, *arguments])
    CONNECTIONS.close_all_connections()


@pytest.fixture(scope="module")
def built(dbt: Callable[..., Any], project: Path) -> Iterable[duckdb.DuckDBPyConnection]:
    outcome = dbt("run")
    assert outcome.success, outcome.result and [r.message for r in outcome.result]
    CONNECTIONS.close_all_connections()
    with duckdb.connect(project / "kpi.duckdb") as connection:
        yield connection


def p90(values: list[float]) -> float:
    at = 0.9 * (len(values) - 1)
    below = sorted(values)[int(at)]
    return below + (at - int(at)) * (sorted(values)[min(int(at) + 1, len(values) - 1)] - below)


def figure(kind: str, cases: list[Case]) -> tuple[int, float | None, float | None, float | None]:
    """n, numerator, denominator and value by the plain reading of the definitions."""
    good = [case.is_good for case in cases if case.is_good is not None]
    minutes = [case.minutes for case in cases if case.minutes is not None]
    scores = [case.score for case in cases if case.score is not None]
    net = sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)
    complaints, orders = sum(case.complaints for case in cases), sum(case.orders for case in cases)
    share = complaints / orders if orders else None
    return {
        "proportion": (len(good), sum(good), len(good), sum(good) / len(good) if good else None),
        "mean": (len(minutes), sum(minutes), len(minutes), statistics.fmean(minutes) if minutes else None),
        "median": (len(minutes), None, None, statistics.median(minutes) if minutes else None),
        "p90": (len(minutes), None, None, p90(minutes) if minutes else None),
        "sum": (len(minutes), None, None, sum(minutes) if minutes else None),
        "count": (len(cases), None, None, len(cases)),
        "distinct": (len(cases), None, None, len({case.customer_id for case in cases})),
        "nps": (len(scores), net, len(scores), 100 * net / len(scores) if scores else None),
        "ratio": (len(cases), complaints, orders, share),
        "share": (orders, complaints, orders, share),
        "census": (len(cases), complaints, orders, share),
        "poisson": (orders, complaints, orders, None if share is None else 1000 * share),
    }[kind]


def expected_cells(declared: dict[str, Any]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Every cell of a metric by its key: company and scopes for all months, dimensions for the latest ones."""
    scope_columns = {"company": None} | declared["scopes"]
    groups: dict[tuple[Any, ...], list[Case]] = defaultdict(list)
    for case in CASES:
        kept = case.case_month in MONTHS and not (declared["id"] == "cases_mean" and case.region != "N")
        kept = kept and not (declared["id"] == "cases_of_crm" and case.source_system != "crm")
        for (scope, column), split in itertools.product(scope_columns.items(), [None, *declared["dimensions"]]):
            scope_id = getattr(case, column) if column else "company"
            value = getattr(case, split) if split else ""
            seen = scope_id is not None and value is not None
            wanted = split or declared.get("whole", True)
            if kept and seen and wanted and not (split and case.case_month == WITHOUT_DIMENSIONS):
                groups[case.case_month, scope, scope_id, split or "", value].append(case)
    return {key: figure(declared["kind"], cases) for key, cases in groups.items()}


@pytest.mark.parametrize(
    "declared", [m for m in METRICS + SOURCELESS[:1] if not m["id"].endswith("sent")], ids=lambda m: m["id"]
)
def test_cells_equal_a_plain_aggregation(built: duckdb.DuckDBPyConnection, declared: dict[str, Any]) -> None:
    rows = built.execute(
        "select month, scope_type, scope_id, dimension, dimension_value,"
        " n, numerator::double, denominator::double, value from m.cells where metric_id = $id",
        {"id": declared["id"]},
    ).fetchall()
    cells = {row[:5]: row[5:] for row in rows}
    expected = expected_cells(declared)
    assert len(cells) == len(rows)
    assert cells.keys() == expected.keys()
    for key, value in expected.items():
        assert cells[key] == pytest.approx(value), key


def test_squares_serve_the_variance_of_a_mean(built: duckdb.DuckDBPyConnection) -> None:
    minutes = [
        c.minutes for c in CASES if c.region == "N" and c.case_month == date(2025, 1, 1) and c.minutes is not None
    ]
    answer = built.execute(
        "select sum_squares::double from m.cells where metric_id = 'cases_mean' and month = '2025-01-01'"
        " and scope_type = 'company' and dimension = ''"
    ).fetchone()
    assert answer == (pytest.approx(sum(m * m for m in minutes)),)


@pytest.mark.parametrize(("kind", "q"), [("median", 0.5), ("p90", 0.9)])
def test_medians_and_quantiles_carry_the_values_that_bound_them(
    built: duckdb.DuckDBPyConnection, kind: str, q: float
) -> None:
    """By the places of the binomial distribution; none where so few values have no interval of 95 %."""
    groups: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    scopes = ["company", "region", "store"] if kind == "median" else ["company"]
    for case, scope in itertools.product(CASES, scopes):
        scope_id = {"company": "company", "region": case.region, "store": case.store_id}[scope]
        if case.minutes is not None and case.case_month in MONTHS and scope_id is not None:
            groups[case.case_month, scope, scope_id].append(case.minutes)
    expected = {}
    for key, values in groups.items():
        low, high = (int(stats.binom.ppf(tail, len(values), q)) for tail in (0.025, 0.975))
        there = low >= 1 and high + 1 <= len(values)
        expected[key] = (sorted(values)[low - 1], sorted(values)[high]) if there else (None, None)
    assert (None, None) in expected.values() or kind == "p90"
    assert any(ends != (None, None) for ends in expected.values())
    rows = built.execute(
        "select month, scope_type, scope_id, rank_low, rank_high from m.cells where metric_id = $id and dimension = ''",
        {"id": f"cases_{kind}"},
    ).fetchall()
    assert {row[:3]: row[3:] for row in rows} == expected


def test_a_target_of_the_rows_holds_only_where_they_agree(built: duckdb.DuckDBPyConnection) -> None:
    targets = built.execute(
        "select distinct scope_id, target from m.cells where metric_id = 'cases_proportion'"
        " and scope_type in ('company', 'region') and dimension = '' order by all"
    ).fetchall()
    assert [(scope, None if target is None else float(target)) for scope, target in targets] == [
        ("N", 0.9), ("S", 0.8), ("company", None),
    ]  # fmt: skip


def test_a_metric_is_absent_while_no_source_gives_what_it_stands_on(built: duckdb.DuckDBPyConnection) -> None:
    assert built.execute("select count(*) from m.cells where metric_id = 'cases_nowhere'").fetchone() == (0,)
    found = built.execute("select distinct metric_id from m.cells where metric_id like '%sent' order by all").fetchall()
    assert found == [("cases_present",), ("cases_sent",)]
    assert built.execute("select count(*) from m.no_cells").fetchone() == (0,)


def test_definitions_carry_their_texts_to_the_letter(built: duckdb.DuckDBPyConnection) -> None:
    rows = built.execute("select metric_id, area, label, definition from m.rpt_metric_definitions").fetchall()
    assert sorted(rows) == sorted((m["id"], "service", LABEL, LABEL) for m in METRICS + SOURCELESS)


@pytest.mark.parametrize(
    ("wrong", "reported"),
    [
        (
            {"kind": "average"},
            "model fct_case, metric cases_proportion: kind is average; it may be proportion, mean",
        ),
        (
            {"scopes": {"shop": "store_id"}},
            "metric cases_proportion: unknown scope shop; it may be region, store",
        ),
        (
            {"scopes": {"store": "shop"}},
            "metric cases_proportion: fct_case documents no column shop in its yml",
        ),
        (
            {"dimensions": ["colour"]},
            "metric cases_proportion: fct_case documents no column colour in its yml",
        ),
        ({"material": 1}, "metric cases_proportion: unknown key material; known are id, label"),
        ({"kind": "poisson"}, "metric cases_proportion: kind poisson needs numerator"),
        (
            {"claims_change": True},
            "metric cases_proportion: give material_change or material_change_relative",
        ),
        ({"range": [7, 1]}, "metric cases_proportion: range is [7, 1]; give [least, most], null for an open end"),
        (
            {"kind": "median", "cases": "orders"},
            "metric cases_proportion: n of a median is its values, so it takes no cases",
        ),
        (
            {"window": {"months": 12}},
            "metric cases_proportion: window is {'months': 12}; give {months or days: number or setting, of:",
        ),
        ({"range": 7}, "metric cases_proportion: range is 7; give [least, most]"),
        ({"whole": False, "dimensions": []}, "metric cases_proportion: whole is false, so it needs dimensions"),
        (
            {"label": {"en": "Label"}},
            "label is {'en': 'Label'}; give the English text, other languages in reports/locales",
        ),
        (
            {"stands_on": ["tickets.kind or tickets.colour"]},
            "metric cases_proportion: stands_on names tickets.colour, which is neither a column of the contract nor",
        ),
    ],
)
def test_a_wrong_declaration_stops_the_build_and_says_where(
    dbt: Callable[..., Any], capsys: pytest.CaptureFixture[str], wrong: dict[str, Any], reported: str
) -> None:
    declared = METRICS[0] | wrong
    node = {"name": "fct_case", "columns": {name: {} for name in Case.__dataclass_fields__}}
    outcome = dbt(
        "run-operation",
        "check_metric",
        "--args",
        json.dumps({"metric": declared, "node": node, "suppliable": ["tickets.kind"]}),
    )
    assert not outcome.success
    assert reported in " ".join(capsys.readouterr().out.split())
