"""Hidden numbers that identities tie to printed ones: nobody who holds every bundle of two months finds a small one.

Companies are made at random, customer by customer, so that every identity is true; what they say is counted here.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from foundation.declarations import models
from reports.bundle.identities import Identity, parse
from reports.bundle.inference import Sums
from reports.bundle.model import Bundle
from reports.bundle.numbers import read_numbers
from reports.bundle.reading import Source
from reports.bundle.rows import Scope
from reports.bundle.suppression import CellKey
from reports.bundle.table_rows import TableRow
from reports.periods import months_before
from reports.text.language import language
from reports.text.tables import printed_table
from reports.text.wording import Wording
from tests.declared_tables import create
from tests.reports.attacker import COMPANY, Attack, Leak, truth_of
from tests.reports.published import META, MONTH, insert, warehouse

pytestmark = pytest.mark.slow

SMALL = META.small_cell
SCOPE = ("scope_type", "scope_id")
LAST = months_before(MONTH, 1)
MONTHS = [months_before(MONTH, back) for back in (2, 1, 0)]
REGIONS = {"S1": "north", "S2": "north", "S3": "south", "S4": "south", "S5": "west"}
ACTIVE = ("new", "growing", "mature", "at_risk", "reactivated")
GONE = ("lost", "closed")
IDENTITIES = {model["name"]: model.get("config", {}).get("meta", {}).get("identities", []) for _, model in models("")}
Counts = Counter[tuple[object, ...]]


@dataclass(frozen=True)
class State:
    """A customer at the end of a month."""

    store: str | None
    stage: str
    rank: str  # the grade of the last purchases
    is_buyer: bool
    is_gap: bool | None  # of who has a cadence

    @property
    def is_active(self) -> bool:
        return self.stage in ACTIVE

    @property
    def grade(self) -> str | None:
        """Of who bought in the window."""
        return self.rank if self.is_buyer else None

    def scopes(self) -> list[tuple[str, str]]:
        of_store = [("store", self.store), ("region", REGIONS[self.store])] if self.store else []
        return [("company", "company"), *of_store]


def customers(seed: int, count: int) -> list[list[State]]:
    """As many customers, month after month."""
    rng = random.Random(seed)  # noqa: S311
    weights = [rng.random() ** 3 + 0.01 for _ in (None, *REGIONS)]
    leave, close, back, move = (rng.random() * share for share in (0.3, 0.1, 0.5, 0.05))

    def state(before: State | None) -> State:
        store = before.store if before else rng.choices([None, *REGIONS], weights)[0]
        if before and rng.random() < move:
            store = rng.choice(list(REGIONS))
        if before is None:
            stage = rng.choices(["mature", "growing", "prospect", "lost"], [6, 2, 2, 1])[0]
        elif before.is_active:
            stage = "closed" if rng.random() < close else "lost" if rng.random() < leave else rng.choice(ACTIVE[1:4])
        elif before.stage in GONE:
            stage = "reactivated" if before.stage == "lost" and rng.random() < back else before.stage
        else:
            stage = "new" if rng.random() < back else "prospect"
        rank = before.rank if before and rng.random() < 0.8 else rng.choices("ABCD", [1, 2, 4, 9])[0]
        is_buyer = stage in ACTIVE and rng.random() < 0.95
        return State(store, stage, rank, is_buyer, rng.random() < 0.3 if stage in ACTIVE and rank in "ABC" else None)

    found = []
    for _ in range(count):
        states: list[State] = []
        for _ in MONTHS:
            states.append(state(states[-1] if states else None))
        found.append(states)
    return found


class Company:
    """What is counted of its customers: cells of kpi_monthly, rows of tables."""

    def __init__(self, people: list[list[State]]) -> None:
        self.cases: Counts = Counter()  # metric, month, scope, dimension, value
        self.positive: Counts = Counter()
        self.flows: dict[tuple[date, str, str], Counter[str]] = {}
        self.moves: Counts = Counter()  # month, scope, previous grade, grade
        self.actions: Counts = Counter()  # month, stage, grade
        for person in people:
            for place, month in enumerate(MONTHS):
                self._count(month, person[place])
                if place:
                    self._count_change(month, person[place - 1], person[place])

    def _add(self, metric: str, month: date, state: State, value: bool | None = None, **cut: str) -> None:
        dimension, of = next(iter(cut.items()), ("", ""))
        for scope in state.scopes():
            self.cases[metric, month, *scope, dimension, of] += 1
            if value is not None:
                self.positive[metric, month, *scope, dimension, of] += value

    def _count(self, month: date, state: State) -> None:
        self._add("stage", month, state)
        if state.is_active:
            self._add("stage_flow", month, state)
        if month > MONTHS[0]:
            self._add("stage", month, state, stage=state.stage)
        if state.grade:
            for metric in ("rfm", "pyramid_customers"):
                self._add(metric, month, state)
            self._add("pyramid_customers", month, state, grade=state.grade)
        if state.is_gap is not None:
            self._add("care_gap_share", month, state, value=state.is_gap)
            if state.is_gap:
                self._add("care_gap", month, state)
        self.actions[month, state.stage, state.grade or "D"] += 1

    def _count_change(self, month: date, was: State, now: State) -> None:
        kind = ""
        if now.is_active and not was.is_active:
            kind = "reactivated" if was.stage in GONE else "new"
        elif was.is_active and not now.is_active:
            kind = now.stage
        if kind:
            self._add(f"stage_flow_{kind}", month, now)
        if was.is_active:
            self._add("retention_rate", month, now, value=now.is_active)
            self._add("retention_rate_churn", month, now, value=not now.is_active)
        for scope in {*was.scopes(), *now.scopes()}:
            flow = self.flows.setdefault((month, *scope), Counter())
            here, there = scope in now.scopes(), scope in was.scopes()
            flow["opening"] += was.is_active and there
            flow["closing"] += now.is_active and here
            flow["won"] += kind == "new" and here
            flow["reactivated"] += kind == "reactivated" and here
            flow["lost"] += kind == "lost" and there
            flow["closed"] += kind == "closed" and there
            flow["moved_in"] += was.is_active and now.is_active and here and not there
            flow["moved_out"] += was.is_active and now.is_active and there and not here
        if was.grade or now.grade:
            self._count_move(month, was, now)

    def _count_move(self, month: date, was: State, now: State) -> None:
        where = now if now.grade else was
        for scope in where.scopes():
            self.moves[month, *scope, was.grade or "not_in_base", now.grade or "not_in_base"] += 1
        if was.grade and now.grade:
            self._add("grade_migration", month, now, value=now.grade > was.grade)
            self._add("grade_migration_risen", month, now, value=now.grade < was.grade)


def direction(before: str, after: str) -> str:
    if "not_in_base" in (before, after):
        return "joined" if before == "not_in_base" else "left"
    return "stayed" if before == after else "risen" if after < before else "fallen"


RATES = ("retention_rate", "retention_rate_churn", "care_gap_share", "grade_migration", "grade_migration_risen")


def published(people: list[list[State]]) -> duckdb.DuckDBPyConnection:
    """The warehouse of a company with these customers."""
    con, company = warehouse(()), Company(people)
    con.execute("update reporting.rpt_metric_definitions set kind = 'count'")
    con.execute(f"update reporting.rpt_metric_definitions set kind = 'proportion' where metric_id in {RATES}")
    create(con, "rpt_figure_identities", "reporting")
    declared = [(model, i, text) for model, texts in IDENTITIES.items() for i, text in enumerate(texts)]
    insert(con, "rpt_figure_identities", declared)
    insert(con, "dim_store", list(REGIONS.items()), schema="customer")
    figures = []
    for key, n in company.cases.items():
        part = company.positive[key] if key[0] in RATES else None
        figures.append((*key, n, n if part is None else part / n, part))
    names = ["metric_id", "month", *SCOPE, "dimension", "dimension_value", "n", "value", "numerator"]
    _add(con, "kpi_monthly", pd.DataFrame(figures, columns=names))
    flows = [
        {"month": month, **dict(zip(SCOPE, scope, strict=True)), **flow}
        for (month, *scope), flow in company.flows.items()
    ]
    _add(con, "rpt_stage_flow", pd.DataFrame(flows).fillna(0))
    moves = [(*key, direction(str(key[3]), str(key[4])), n) for key, n in company.moves.items()]
    names = ["month", *SCOPE, "previous_grade", "grade", "direction", "customers"]
    _add(con, "rpt_grade_migration", pd.DataFrame(moves, columns=names))
    actions = [(month, *COMPANY, *key, f"do {key}", n) for (month, *key), n in company.actions.items()]
    names = ["month", *SCOPE, "stage", "grade", "action", "customers"]
    _add(con, "rpt_next_action", pd.DataFrame(actions, columns=names))
    return con


def _add(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> None:
    con.register("frame", frame)
    con.execute(f"insert into reporting.{table} by name select * replace (month::date as month) from frame")


def issued(con: duckdb.DuckDBPyConnection) -> tuple[list[Bundle], set[CellKey]]:
    """The bundles of both months, for everyone, one after the other as they are issued."""
    hidden: set[CellKey] = set()
    by_month: dict[date, set[CellKey]] = {}
    bundles = []
    for month in (LAST, MONTH):
        earlier = dict(by_month)
        source = Source(con, "service_quality", month, META, before=frozenset(hidden), earlier=earlier)
        hidden |= source.hidden
        by_month[month] = set(source.hidden)
        again = Source(con, "service_quality", month, META, before=frozenset(hidden), earlier=earlier)
        assert again.hidden <= hidden, "made again, an issue hides no more"
        bundles += [source.bundle(scope) for scope in (Scope(), *source.scopes({"region", "store"}))]
    return bundles, hidden


def identities(con: duckdb.DuckDBPyConnection) -> list[Identity]:
    rows = con.execute("select model, identity from reporting.rpt_figure_identities").fetchall()
    return [one for model, text in rows for one in parse(model, text)]


def leaks(con: duckdb.DuckDBPyConnection, bundles: list[Bundle]) -> list[Leak]:
    """What somebody who holds them all finds out."""
    declared = identities(con)
    return Attack(bundles, declared, truth_of(con, bundles[0].spec, declared, MONTHS[0], SMALL)).leaks(SMALL)


@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 2**32 - 1), st.sampled_from([25, 60, 150, 400]))
@example(449631239, 60)  # so small that a flow of none told, beside the month before, how few there were
def test_nobody_who_holds_every_bundle_finds_a_few_customers(seed: int, count: int) -> None:
    with published(customers(seed, count)) as con:
        bundles, _ = issued(con)
        assert [str(leak) for leak in leaks(con, bundles)] == []


def _nothing_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sums, "companions", lambda *_: set())
    monkeypatch.setattr(Sums, "further", lambda *_: set())


def _no_identities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.bundle.reading.read_identities", lambda *_: ())


def _printed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TableRow, "cut", lambda self, *_: self.values)


def _no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tables print is taken for unknown."""

    def metrics_only(con, asked, found, metrics):  # type: ignore[no-untyped-def]
        return read_numbers(con, asked, [one for one in found if all(term.part for term in one.terms)], metrics)

    monkeypatch.setattr("reports.bundle.reading.read_numbers", metrics_only)


@pytest.mark.parametrize("unprotect", [_nothing_further, _no_identities, _printed_all_the_same, _no_tables])
def test_with_a_protection_taken_away_the_attacker_finds_what_it_protected(
    unprotect: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with published(customers(7, 150)) as con:
        bundles, _ = issued(con)
        assert leaks(con, bundles) == []
        unprotect(monkeypatch)
        bundles, _ = issued(con)
        found = leaks(con, bundles)
        assert found
        assert all(0 < leak.cases < SMALL for leak in found)


def test_a_figure_of_few_cases_in_a_table_is_printed_as_not_shown() -> None:
    """The issue's cases: closed 4 of a company, a store's own new 11 stays."""
    with published(customers(7, 150)) as con:
        bundles, _ = issued(con)
        truth = truth_of(con, bundles[0].spec, identities(con), MONTHS[0], SMALL)
    seen = hidden = 0
    for bundle in bundles:
        spec, table = next((s, t) for s in bundle.spec.tables for t in bundle.tables if s.id == t.id == "stage_flow")
        for code, words in (("en", "not shown"), ("zh-CN", "不予显示")):
            printed = printed_table(Wording(bundle, language(code)), spec, table)
            for column, text in zip(spec.columns, printed.rows[0], strict=True):
                number = next(
                    value
                    for name, value in truth.numbers.items()
                    if (name.of, name.month, name.scope)
                    == (f"stage_flow.{column.name}", bundle.period_start, bundle.scope.key)
                )
                if 0 < number < SMALL or text == words:
                    assert text == words
                    hidden += 1
                else:
                    assert text == f"{int(number):,}"
                    seen += 1
    assert seen > hidden > 0


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a.n + b.n", "has no = or <="),
        ("a.n = b.n[by x]", "not every number is cut by as many columns"),
        ("a.sum = b.n", r"\.sum is none of n, numerator, value"),
        ("a.n = b.n[x ~ 1]", "neither by a column nor column=value"),
        ("a.n = + ", "is no number with a sign before it"),
    ],
)
def test_an_identity_that_cannot_be_read_is_refused_by_model_and_text(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=f"model some_model: .*{wrong}"):
        parse("some_model", text)
