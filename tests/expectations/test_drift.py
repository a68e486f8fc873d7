"""Drift against the last 28 loads: what is planted is found, and stable loads hardly ever raise an alarm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest

from expectations.context import SuppliedEntity
from expectations.suites import _environment, load_checks
from foundation.contract import contract, control_tables

SOURCES = 1_000  # loads judged, each against 28 of its own
DAYS = [date(2026, 9, 1) + timedelta(days=n) for n in range(29)]
DICE = np.random.default_rng(14)
SHOP = SuppliedEntity(contract()["returns"], "crm", "append")


@pytest.fixture
def work() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as work")
        for schema, tables in (("raw", contract()), ("control", control_tables())):
            con.execute(f"create schema work.{schema}")
            for name, table in tables.items():
                con.execute(f"create table work.{schema}.{name} ({table.ddl()})")
        yield con


def alarms(con: duckdb.DuckDBPyConnection, check_id: str) -> dict[str, bool | None]:
    check = load_checks("raw", {})[check_id]
    query = _environment("raw").get_template(f"{check.query}.sql").render(limits=check.limits, supplies=[SHOP])
    return dict(con.execute(f"select subject, is_broken from ({query})").fetchall())


def deliver(con: duckdb.DuckDBPyConnection, rows: np.ndarray) -> None:
    """A row of the matrix is a source, a column a day."""
    con.execute(
        """
        insert into work.control.loads (entity, source_system, load_date, load_mode, status, rows_loaded)
        select 'orders', 's' || source, date '2026-09-01' + day::int, 'delta', 'loaded', rows_loaded
        from (select unnest(?::int[]) as source, unnest(?::int[]) as day, unnest(?::int[]) as rows_loaded)
        """,
        [*(places.ravel().tolist() for places in np.indices(rows.shape)), rows.astype(int).ravel().tolist()],
    )


WEEK = np.array([0.3 if day.weekday() >= 5 else 1.0 for day in DAYS])  # quiet weekends


def stable(kind: str) -> np.ndarray:
    level = DICE.choice([3, 40, 500, 20_000], size=(SOURCES, 1))
    shape = {
        "chance alone": np.ones(len(DAYS)),
        "quiet weekends": WEEK,
        "a tenth up and down": DICE.lognormal(0, 0.1, (SOURCES, len(DAYS))),
        "growth of 1 % a day": 1.01 ** np.arange(len(DAYS)),
        "one load in 28 broken": np.where(np.arange(len(DAYS)) == DICE.integers(0, 28, (SOURCES, 1)), 0.0, 1.0),
    }[kind]
    return DICE.poisson(level * shape)


@pytest.mark.parametrize(
    "kind", ["chance alone", "quiet weekends", "a tenth up and down", "growth of 1 % a day", "one load in 28 broken"]
)
def test_stable_volumes_raise_at_most_one_alarm_in_two_hundred(work: duckdb.DuckDBPyConnection, kind: str) -> None:
    deliver(work, stable(kind))
    reported = alarms(work, "volume_unusual")
    assert len(reported) == SOURCES
    assert None not in reported.values()
    assert sum(reported.values()) <= SOURCES / 200, sum(reported.values())


@pytest.mark.parametrize("factor", [0.0, 0.4, 2.0, 10.0])
@pytest.mark.parametrize("kind", ["chance alone", "quiet weekends"])
def test_planted_drift_of_volume_is_found(work: duckdb.DuckDBPyConnection, kind: str, factor: float) -> None:
    shape = np.ones(len(DAYS)) if kind == "chance alone" else WEEK
    rows = DICE.poisson(np.full((SOURCES, 1), 500) * shape)
    rows[:, -1] = rows[:, -1] * factor
    deliver(work, rows)
    reported = alarms(work, "volume_unusual")
    assert sum(map(bool, reported.values())) >= 0.99 * SOURCES


def returns(con: duckdb.DuckDBPyConnection, rows: int, share: float, newest: float) -> None:
    """Returns of 29 days; a share of each day's is repairs, and has no reason; of the newest another share."""
    con.execute("select setseed(0.14)")
    con.execute(
        """
        insert into work.raw.returns by name
        select 'crm:' || day || '-' || i as return_id, 'crm:1' as order_id, 'crm' as source_system,
            date '2026-09-01' + day::int as load_date,
            if(random() < case when day = 28 then ? else ? end, 'repair', 'refund') as kind,
            if(random() < case when day = 28 then ? else ? end, null, 'late') as reason
        from range(29) as days(day), range(?) as rows(i)
        """,
        [newest, share, newest, share, rows],
    )


@pytest.mark.parametrize("rows", [60, 1_000])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.5])
def test_stable_shares_raise_no_alarm(work: duckdb.DuckDBPyConnection, rows: int, share: float) -> None:
    returns(work, rows, share, share)
    assert not any(alarms(work, "categories_drifted").values())
    assert not any(alarms(work, "nulls_drifted").values())


@pytest.mark.parametrize(("share", "newest"), [(0.02, 0.12), (0.3, 0.5), (0.5, 0.3), (0.0, 0.1), (1.0, 0.9)])
def test_planted_drift_of_shares_is_found_where_it_is(
    work: duckdb.DuckDBPyConnection, share: float, newest: float
) -> None:
    returns(work, 2_000, share, newest)
    categories = alarms(work, "categories_drifted")
    assert {subject for subject, broken in categories.items() if broken} == {
        "returns.kind = refund of crm",
        "returns.kind = repair of crm",
    }
    nulls = alarms(work, "nulls_drifted")
    assert {subject for subject, broken in nulls.items() if broken} == {"returns.reason of crm"}


def test_a_short_history_tells_nothing(work: duckdb.DuckDBPyConnection) -> None:
    deliver(work, np.full((1, len(DAYS)), 100))
    work.execute("delete from work.control.loads where load_date < date '2026-09-26'")
    assert alarms(work, "volume_unusual") == {"orders of s0": None}
