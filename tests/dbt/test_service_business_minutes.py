"""Business minutes and business due times against a counter that looks at every minute."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2] / "dbt_project"
FIRST_MINUTE = datetime(2025, 10, 1, tzinfo=UTC)
AS_OF = datetime(2026, 5, 1, tzinfo=UTC)
MINUTES_COVERED = int((AS_OF + timedelta(days=30) - FIRST_MINUTE).total_seconds()) // 60
INTERVALS = 10_000
TARGETS = {"low": 2_400, "normal": 480, "high": 60, "urgent": 1}


@dataclass(frozen=True)
class Shift:
    schedule_id: str
    time_zone: str
    weekday: int
    opens: str
    closes: str
    valid_from: date | None = None
    valid_to: date | None = None


def week(schedule_id: str, zone: str, days: range, *hours: tuple[str, str], **valid: date) -> list[Shift]:
    return [Shift(schedule_id, zone, day, opens, closes, **valid) for day in days for opens, closes in hours]


# London changes its clocks on 26 October and 29 March, New York on 2 November and 8 March inside the night shift,
# Santiago goes back at midnight of 5 April inside its evening shift.
SHIFTS = [
    *week("two_shifts", "Asia/Shanghai", range(1, 6), ("09:00", "12:00"), ("13:30", "18:00")),
    *week("night", "America/New_York", range(1, 8), ("22:00", "06:00"), ("08:00", "09:15")),
    *week("dst_office", "Europe/London", range(1, 6), ("08:30", "17:00")),
    *week("always", "Europe/London", range(1, 8), ("00:00", "24:00")),
    *week("changed", "America/Santiago", range(1, 7), ("08:00", "16:00"), valid_to=date(2025, 12, 31)),
    *week(
        "changed", "America/Santiago", range(2, 8), ("20:00", "02:00"), ("01:00", "03:00"), valid_from=date(2026, 1, 1)
    ),
]
HOLIDAYS = {
    ("two_shifts", date(2025, 10, 1)),
    ("two_shifts", date(2026, 2, 17)),
    ("night", date(2025, 11, 27)),
    ("dst_office", date(2025, 12, 25)),
    ("changed", date(2026, 1, 2)),
}
SCHEDULES = sorted({shift.schedule_id for shift in SHIFTS})


def is_open(shifts: list[Shift], wall: datetime) -> bool:
    """Whether the wall clock lies in a shift of its day, or in one that began the day before."""
    time = f"{wall.hour:02}:{wall.minute:02}"
    for shift in shifts:
        over_night = shift.closes <= shift.opens
        if over_night and time < shift.closes:
            opened_on = wall.date() - timedelta(days=1)
        elif shift.opens <= time and (over_night or time < shift.closes):
            opened_on = wall.date()
        else:
            continue
        if (
            opened_on.isoweekday() == shift.weekday
            and (shift.schedule_id, opened_on) not in HOLIDAYS
            and (shift.valid_from is None or opened_on >= shift.valid_from)
            and (shift.valid_to is None or opened_on <= shift.valid_to)
        ):
            return True
    return False


@pytest.fixture(scope="module")
def counted() -> dict[str, list[int]]:
    """Per schedule, the minutes open before each minute since FIRST_MINUTE."""
    counts = {}
    for schedule_id in SCHEDULES:
        shifts = [shift for shift in SHIFTS if shift.schedule_id == schedule_id]
        zone = ZoneInfo(shifts[0].time_zone)
        minutes = (
            is_open(shifts, (FIRST_MINUTE + timedelta(minutes=n)).astimezone(zone)) for n in range(MINUTES_COVERED)
        )
        counts[schedule_id] = list(accumulate(minutes, initial=0))
    return counts


def create_sources(con: duckdb.DuckDBPyConnection) -> None:
    """The raw and control tables of the contract, empty."""
    for name in ("_sources.yml", "_control.yml"):
        declared = yaml.safe_load((PROJECT / "models" / "staging" / name).read_text(encoding="utf-8"))
        for source in declared["sources"]:
            con.execute(f"create schema if not exists {source['schema']}")
            for table in source["tables"]:
                columns = ", ".join(f'"{column["name"]}" {column["data_type"]}' for column in table["columns"])
                con.execute(f'create table {source["schema"]}."{table["name"]}" ({columns})')


def create_reference(con: duckdb.DuckDBPyConnection) -> None:
    """The test's own schedules where the seeds would be."""
    con.execute("create schema reference")
    con.execute(
        "create table reference.schedules (schedule_id varchar, valid_from date, valid_to date, time_zone varchar,"
        " weekday integer, opens varchar, closes varchar)"
    )
    con.executemany(
        "insert into reference.schedules values (?, ?, ?, ?, ?, ?, ?)",
        [(s.schedule_id, s.valid_from, s.valid_to, s.time_zone, s.weekday, s.opens, s.closes) for s in SHIFTS],
    )
    con.execute("create table reference.holidays (schedule_id varchar, holiday_date date, name varchar)")
    con.executemany("insert into reference.holidays values (?, ?, 'holiday')", sorted(HOLIDAYS))


def create_tickets(con: duckdb.DuckDBPyConnection) -> None:
    """One ticket per interval, created at its begin and answered at its end, whole minutes apart."""
    chance = random.Random(20261122)  # noqa: S311
    con.execute("insert into control.run values (?, ?, ?)", [AS_OF.replace(tzinfo=None), AS_OF.date(), AS_OF.date()])
    con.executemany(
        "insert into raw.stores (store_id, schedule_id, load_date) values (?, ?, '2026-04-30')",
        [(schedule_id, schedule_id) for schedule_id in SCHEDULES],
    )
    con.executemany(
        "insert into raw.sla_policies (policy_id, metric, priority, target_minutes, clock, load_date)"
        " values (?, 'first_reply', ?, ?, 'business', '2026-04-30')",
        [(priority, priority, minutes) for priority, minutes in TARGETS.items()],
    )
    last_start = int((AS_OF - FIRST_MINUTE).total_seconds()) // 60 - 1
    first = FIRST_MINUTE.replace(tzinfo=None)
    tickets = []
    for n in range(INTERVALS):
        start = chance.randrange(last_start)
        end = start + chance.randint(0, min(chance.choice([0, 1, 30, 600, 5_000, 50_000]), last_start - start))
        created_at, replied_at = first + timedelta(minutes=start), first + timedelta(minutes=end)
        tickets.append((str(n), chance.choice(SCHEDULES), chance.choice(sorted(TARGETS)), created_at, replied_at))
    con.register("intervals", pd.DataFrame(tickets, columns=["id", "store_id", "priority", "created_at", "replied_at"]))
    con.execute(
        """
        insert into raw.tickets (ticket_id, store_id, priority, created_at, load_date)
        select id, store_id, priority, created_at, '2026-04-30' from intervals
        """
    )
    con.execute(
        """
        insert into raw.ticket_events (ticket_id, seq, "at", event, to_status, actor_type, is_public, load_date)
        select id, 1, created_at, 'created', 'new', 'customer', true, '2026-04-30' from intervals
        union all
        select id, 2, replied_at, 'comment', null, 'agent', true, '2026-04-30' from intervals
        """
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse that dbt builds of the intervals, as far as these clocks need it."""
    home = tmp_path_factory.mktemp("business_minutes")
    with duckdb.connect(str(home / "work.duckdb")) as con:
        create_sources(con)
        create_reference(con)
        create_tickets(con)
    command = [
        *(sys.executable, "-m", "dbt.cli.main", "run", "--select", "+business_minutes", "+sla"),
        *("--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", home / "target", "--log-path", home),
    ]
    databases = {"KEFU_WORK_DB": str(home / "work.duckdb"), "KEFU_MARTS_DB": str(home / "kefu.duckdb")}
    done = subprocess.run(command, env={**os.environ, **databases}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    with duckdb.connect(databases["KEFU_MARTS_DB"], read_only=True) as con:
        yield con


def minute_of(moment: datetime) -> int:
    """Whole minutes since FIRST_MINUTE of a naive UTC time; it must lie on a minute."""
    seconds = (moment - FIRST_MINUTE.replace(tzinfo=None)).total_seconds()
    assert seconds % 60 == 0
    return int(seconds) // 60


def test_business_minutes_equal_a_count_of_every_minute(
    built: duckdb.DuckDBPyConnection, counted: dict[str, list[int]]
) -> None:
    rows = built.execute(
        "select schedule_id, started_at, ended_at, business_minutes"
        " from service.business_minutes where clock = 'first_reply'"
    ).fetchall()
    assert len(rows) == INTERVALS
    wrong = [
        (schedule_id, start, end, minutes, expected)
        for schedule_id, start, end, minutes in rows
        if minutes != (expected := counted[schedule_id][minute_of(end)] - counted[schedule_id][minute_of(start)])
    ]
    assert wrong == []


def test_due_is_the_first_minute_at_which_the_target_is_counted(
    built: duckdb.DuckDBPyConnection, counted: dict[str, list[int]]
) -> None:
    rows = built.execute(
        "select stores.schedule_id, sla.applied_at, sla.due_at, sla.target_minutes, sla.event_at, sla.is_breached"
        " from service.sla as sla join service.fct_ticket as stores using (ticket_id)"
    ).fetchall()
    assert len(rows) == INTERVALS
    wrong = []
    for schedule_id, applied, due, target, event, is_breached in rows:
        counts = counted[schedule_id]
        expected = bisect_left(counts, counts[minute_of(applied)] + target)
        if minute_of(due) != expected or is_breached != (minute_of(event) > expected):
            wrong.append((schedule_id, applied, due, target, expected))
    assert wrong == []
