"""The demo company's bundles in the hands of an attacker: everything that two months' reports print, of all scopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import pytest

from foundation.settings import Settings
from orchestration.warehouse import MARTS_FILE
from reports.bundle.identities import Identity, holds, instances, name_of
from reports.bundle.model import Bundle
from reports.bundle.numbers import Asked, read_identities, read_numbers
from reports.bundle.reading import Source
from reports.bundle.rows import Scope
from reports.bundle.suppression import CellKey
from reports.issuing.inputs import meta
from reports.periods import months_before
from reports.registry import report
from tests.reports.attacker import Attack, Truth, truth_of

pytestmark = pytest.mark.slow
LAST = date(2026, 10, 1)
MEMBERS = {"region", "store", "team"}


@dataclass(frozen=True)
class Issued:
    """The bundles of two months, and what there is to find out."""

    con: duckdb.DuckDBPyConnection
    bundles: list[Bundle]
    identities: tuple[Identity, ...]
    small: int

    @property
    def truth(self) -> Truth:
        return truth_of(self.con, self.bundles[0].spec, self.identities, months_before(LAST, 13), self.small)


@pytest.fixture(scope="module")
def published(demo_home: Settings) -> Iterator[tuple[Settings, duckdb.DuckDBPyConnection]]:
    with duckdb.connect(str(demo_home.published / MARTS_FILE), read_only=True) as con:
        yield demo_home, con


def issued(home: Settings, con: duckdb.DuckDBPyConnection) -> Issued:
    """One month after the other, as they are issued: what the first hid stays hidden."""
    about = meta(home, con)
    bundles: list[Bundle] = []
    hidden: dict[date, frozenset[CellKey]] = {}
    for month in (months_before(LAST, 1), LAST):
        before = frozenset().union(*hidden.values())
        source = Source(con, "service_quality", month, about, before=before, earlier=dict(hidden))
        hidden[month] = source.hidden
        bundles += [source.bundle(scope) for scope in (Scope(), *source.scopes(MEMBERS))]
    return Issued(con, bundles, read_identities(con), about.small_cell)


@pytest.fixture(scope="module")
def attack(published: tuple[Settings, duckdb.DuckDBPyConnection]) -> tuple[Attack, int]:
    made = issued(*published)
    return Attack(made.bundles, made.identities, made.truth), made.small


def test_nobody_who_holds_all_bundles_of_two_months_finds_a_few_customers(attack: tuple[Attack, int]) -> None:
    attacker, small = attack
    hidden = [number for number in attacker.targets if number not in attacker.known]
    assert {"csat", "stage_flow_closed", "stage_flow.closed", "grade_migration.customers"} <= {
        number.of for number in hidden
    }
    assert [str(leak) for leak in attacker.leaks(small)] == []


def test_one_more_printed_number_beside_hidden_ones_would_tell_some(attack: tuple[Attack, int]) -> None:
    """The attacker is able: of a sum of which two numbers are hidden, the other is told."""
    attacker, small = attack
    pairs = (
        (target, other)
        for row in attacker.rows
        for unknown in [[number for number in row if not attacker.is_known(number)]]
        if len(unknown) == 2
        for target, other in (unknown, unknown[::-1])
        if target in attacker.targets and other not in attacker.targets and other in attacker.truth.numbers
    )
    target, other = next(pairs)
    attacker.known[other] = attacker.truth.numbers[other]
    try:
        assert target in {number for leak in attacker.leaks(small, bounds=False) for number in leak.numbers}
    finally:
        del attacker.known[other]


def test_every_declared_identity_holds_wherever_its_numbers_are_told(
    published: tuple[Settings, duckdb.DuckDBPyConnection],
) -> None:
    _, con = published
    spec = report("service_quality")
    metrics = {metric for (metric,) in con.execute("select metric_id from reporting.rpt_metric_definitions").fetchall()}
    con.execute("create or replace temp view report_figures as from reporting.kpi_monthly")
    declared = read_identities(con)
    asked = Asked(spec, months_before(LAST, 12), LAST, 5)
    reported = read_numbers(con, asked, declared, dict.fromkeys(metrics, True))
    broken = []
    for identity in declared:
        rows = instances(identity, reported.numbers)
        terms = [term for term in identity.terms if not term.name.startswith("{")]
        if all(
            term.name in metrics if term.part else name_of(term, identity) in reported.numbers.columns for term in terms
        ):  # of days, or of what the demo company has none of
            assert rows.count, f"{identity.model}: no month and scope has all numbers of {identity.text}"
            if not holds(rows, reported.value, at_most=identity.at_most).all():
                broken.append((identity.model, identity.text))
    assert broken == []
