"""Business minutes and business due times against a counter that looks at every minute."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.declared_tables import create

pytestmark = pytest.mark.slow

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


def count_minutes() -> dict[str, list[int]]:
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


def create_reference(con: duckdb.DuckDBPyConnection) -> None:
    """The test's own schedules where the seeds would be."""
    create(con, "schedules", "reference")
    con.executemany(
        "insert into reference.schedules values (?, ?, ?, ?, ?, ?, ?)",
        [(s.schedule_id, s.valid_from, s.valid_to, s.time_zone, s.weekday, s.opens, s.closes) for s in SHIFTS],
    )
    create(con, "holidays", "reference")
    con.executemany("insert into reference.holidays values (?, ?, 'holiday')", sorted(HOLIDAYS))


def deliveries() -> Iterator[tuple[str, date, list[dict[str, Any]], None]]:
    """One ticket per interval, created at its begin and answered at its end, whole minutes apart."""
    chance = random.Random(20261122)  # noqa: S311
    last_start = int((AS_OF - FIRST_MINUTE).total_seconds()) // 60 - 1
    tickets: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for n in range(INTERVALS):
        start = chance.randrange(last_start)
        end = start + chance.randint(0, min(chance.choice([0, 1, 30, 600, 5_000, 50_000]), last_start - start))
        created_at, replied_at = (FIRST_MINUTE.replace(tzinfo=None) + timedelta(minutes=m) for m in (start, end))
        ticket = {"ticket_id": str(n), "created_at": created_at}
        tickets.append({**ticket, "store_id": chance.choice(SCHEDULES), "priority": chance.choice(sorted(TARGETS))})
        for seq, at, event, actor in ((1, created_at, "created", "customer"), (2, replied_at, "comment", "agent")):
            events.append(
                {"ticket_id": str(n), "seq": seq, "at": at, "event": event, "actor_type": actor, "is_public": True}
            )
    loaded_on = AS_OF.date() - timedelta(days=1)
    yield "tickets", loaded_on, tickets, None
    yield "ticket_events", loaded_on, events, None
    yield "stores", loaded_on, [{"store_id": name, "schedule_id": name} for name in SCHEDULES], None
    policies = [
        {
            "policy_id": priority,
            "metric": "first_reply",
            "priority": priority,
            "clock": "business",
            "target_minutes": target,
        }
        for priority, target in TARGETS.items()
    ]
    yield "sla_policies", loaded_on, policies, None


def minute_of(moment: datetime) -> int:
    """Whole minutes since FIRST_MINUTE of a naive UTC time; it must lie on a minute."""
    seconds = (moment - FIRST_MINUTE.replace(tzinfo=None)).total_seconds()
    assert seconds % 60 == 0
    return int(seconds) // 60


def test_business_minutes_and_due_times_equal_a_count_of_every_minute(warehouse: Any) -> None:
    """Prevents a minute too many or too few, and a due time that is not the first minute to use up the target."""
    warehouse.load(deliveries(), AS_OF.date())
    with duckdb.connect(str(warehouse.work)) as con:
        create_reference(con)
    warehouse.dbt(
        "build", "--select", "+sla", "--indirect-selection", "buildable", "--exclude", "schedules", "holidays"
    )
    rows = warehouse.query(
        """
        select schedule_id, created_at, first_reply_at, first_reply_business_minutes, due_at, target_minutes,
            is_breached
        from service.fct_ticket inner join service.sla using (ticket_id)
        """
    )
    assert len(rows) == INTERVALS

    counted = count_minutes()
    wrong = []
    for schedule_id, created_at, replied_at, minutes, due_at, target, is_breached in rows.itertuples(index=False):
        counts, start, end = counted[schedule_id], minute_of(created_at), minute_of(replied_at)
        due = bisect_left(counts, counts[start] + target)
        if (counts[end] - counts[start], due, end > due) != (minutes, minute_of(due_at), is_breached):
            wrong.append((schedule_id, created_at, replied_at, minutes, due_at, target))
    assert wrong == []
