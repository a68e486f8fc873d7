"""Tickets whose events lie close together, statuses that only loads show, priorities that change: against a walk.

The stories are drawn at random and known before the warehouse sees them: what it says of a ticket is held against its
story, and figures of a month against all stories, walked step by step.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest

from tests.declared_tables import create

pytestmark = pytest.mark.slow

COMPANY_ZONE = ZoneInfo("Asia/Shanghai")  # where months end; what the project does when nothing is set
UTC = ZoneInfo("UTC")
AS_OF = date(2026, 4, 30)


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """A moment, naive as all of raw."""
    return datetime(year, month, day, hour, tzinfo=UTC).replace(tzinfo=None)


END = utc(2026, 4, 30, 16)  # as_of
MONTHS = [(2026, 2), (2026, 3), (2026, 4)]
DONE = ("solved", "closed")
STEPS = [
    timedelta(0), timedelta(0), timedelta(microseconds=1), timedelta(milliseconds=200), timedelta(seconds=1),
    timedelta(minutes=5), timedelta(hours=3), timedelta(hours=20), timedelta(days=9),
]  # fmt: skip
OPENINGS = [(9 * 3600, 12 * 3600), (13 * 3600, 17 * 3600)]  # of every day, UTC
TICKETS = 1_500


def month_of(moment: datetime) -> tuple[int, int]:
    local = moment.replace(tzinfo=UTC).astimezone(COMPANY_ZONE)
    return local.year, local.month


def month_end(month: tuple[int, int]) -> datetime:
    year, number = month
    first_of_next = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=COMPANY_ZONE)
    return min(first_of_next.astimezone(UTC).replace(tzinfo=None), END)


def day_start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=COMPANY_ZONE).astimezone(UTC).replace(tzinfo=None)


@dataclass
class Step:
    """Something that happened to a ticket."""

    at: datetime
    what: str  # created, customer, reply, note, and statuses
    status_before: str = ""


@dataclass
class Story:
    """What happened to a ticket, in order."""

    ticket_id: str
    customer_id: str
    created_at: datetime
    opened_by: str
    tells_from: bool
    steps: list[Step] = field(default_factory=list)
    removed_at: datetime | None = None
    removal: str = "merged"

    def seen(self) -> list[Step]:
        """Until it was removed: nothing of that moment counts but the creation."""
        until = self.removed_at or END
        return [step for step in self.steps if step.at < until]

    def turns(self) -> Iterator[tuple[str, datetime]]:
        """Solves and reopenings."""
        is_done = False
        for step in self.seen():
            if step.what in DONE and not is_done:
                yield "solve", step.at
                is_done = True
            elif step.what in ("open", "pending") and is_done:
                yield "reopening", step.at
                is_done = False

    def is_open_at(self, moment: datetime) -> bool:
        """Whether it stood open just before a moment."""
        if self.created_at >= moment or (self.removed_at is not None and self.removed_at < moment):
            return False
        before = [turn for turn, at in self.turns() if at < moment]
        return not before or before[-1] == "reopening"

    def solved_at(self) -> datetime | None:
        turns = list(self.turns())
        return turns[-1][1] if turns and turns[-1][0] == "solve" else None

    def replies(self) -> list[datetime]:
        return [step.at for step in self.seen() if step.what == "reply"]

    def questions(self) -> Iterator[tuple[datetime, datetime | None, datetime | None]]:
        """Asked, replied, solved without a word: walked from message to message."""
        steps = [step for step in self.seen() if step.what in ("customer", "reply", "open", "pending", *DONE)]
        for n, (one, next_one) in enumerate(pairwise(steps)):
            if one.what in DONE and next_one.what == "reply" and one.at == next_one.at:
                steps[n], steps[n + 1] = next_one, one  # replied as it was solved
        is_done = replied = was_reopened = False
        waits: datetime | None = None
        last: datetime | None = None  # message in the solved ticket
        for step in steps:
            if step.what == "customer" and replied:
                if is_done:
                    last = step.at
                elif waits is None:
                    waits = step.at
            elif step.what == "reply":
                asked = last if is_done else waits
                if asked is not None:
                    yield asked, step.at, None
                waits, last, was_reopened, replied = None, None, False, True
            elif step.what in DONE and not is_done:
                if waits is not None and not was_reopened:
                    yield waits, None, step.at
                waits, last, was_reopened, is_done = None, None, False, True
            elif step.what in ("open", "pending") and is_done:
                is_done, was_reopened, waits, last = False, True, last, None
        if waits is not None:
            yield waits, None, None


def reported(chance: random.Random, number: int) -> Story:
    """A ticket's story; most of it happens within seconds."""
    created_at = utc(2026, 2, 1) + timedelta(
        seconds=chance.randrange(86 * 86_400), microseconds=chance.choice([0, 900_000, 999_999])
    )
    opened_by = chance.choice(["customer", "customer", "agent"])
    story = Story(f"{number:05}", f"c{chance.randrange(60)}", created_at, opened_by, chance.random() < 0.5)
    at, status = created_at, "new"
    if opened_by == "agent" and chance.random() < 0.7:
        at += timedelta(seconds=chance.choice([0, 1, 60]))
        story.steps.append(Step(at, "note"))
    for _ in range(chance.randrange(9)):
        at += chance.choice(STEPS)
        choices = ["customer", "reply", "reply"]
        choices += ["open", "pending"] if status in DONE else ["solved", "solved", "closed", "pending", "open"]
        choices += ["closed"] if status == "solved" else []
        what = chance.choice(choices)
        if at >= END or what == status:
            continue
        story.steps.append(Step(at, what, status))
        status = what if what in ("open", "pending", *DONE) else status
        if what in DONE and chance.random() < 0.2:
            story.steps.append(Step(at, "reply"))
    said = [step for step in story.steps if step.what in ("note", "reply", "customer")]
    if opened_by == "agent" and said and said[0].what == "reply" and said[0].at <= created_at + timedelta(minutes=1):
        said[0].what = "note"  # what an agent writes first as he opens a ticket
    if chance.random() < 0.12:
        last = story.steps[-1].at if story.steps else created_at
        story.removed_at = max(last, min(last + chance.choice(STEPS), END - timedelta(seconds=1)))
        story.removal = chance.choice(["merged", "deleted"])
    return story


def events_of(story: Story) -> Iterator[dict[str, Any]]:
    created = Step(story.created_at, "created")
    steps = [created, *story.steps]
    if story.removed_at is not None:
        steps.append(Step(story.removed_at, story.removal))
    for seq, step in enumerate(steps):
        is_status = step.what in ("open", "pending", *DONE)
        event = "status" if is_status else step.what if step.what in ("created", "merged", "deleted") else "comment"
        actor = "customer" if step.what == "customer" else story.opened_by if step.what == "created" else "agent"
        yield {
            "ticket_id": story.ticket_id,
            "seq": seq,
            "at": step.at,
            "event": event,
            "from_status": step.status_before if is_status and story.tells_from else None,
            "to_status": step.what if is_status else "new" if step.what == "created" else None,
            "actor_type": actor,
            "agent_id": f"a{seq % 3}" if actor == "agent" else None,
            "is_public": event in ("comment", "created"),
        }


def open_seconds(moment: datetime) -> Fraction:
    """Seconds open since 2026-01-01."""
    since = moment - utc(2026, 1, 1)
    of_day = Fraction(since.seconds) + Fraction(since.microseconds, 1_000_000)
    today = sum((max(Fraction(0), min(of_day, Fraction(to)) - since_) for since_, to in OPENINGS), Fraction(0))
    return since.days * Fraction(sum(to - since_ for since_, to in OPENINGS)) + today


def set_hours(warehouse: Any) -> None:
    """The test's own schedule where the seeds would be."""
    with duckdb.connect(str(warehouse.work)) as con:
        create(con, "schedules", "reference")
        create(con, "holidays", "reference")
        for since, to in OPENINGS:
            con.execute(
                "insert into reference.schedules select 'office', null, null, 'UTC', weekday, ?, ?"
                " from range(1, 8) as days(weekday)",
                [f"{since // 3600:02}:00", f"{to // 3600:02}:00"],
            )


BUILD = ["--indirect-selection", "buildable", "--exclude", "schedules", "holidays"]
OFFICE = [{"store_id": "s", "schedule_id": "office"}]
AGENTS = [{"agent_id": f"a{n}", "team": f"team {n % 2}"} for n in range(3)]


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    chance = random.Random(20261128)  # noqa: S311
    return [reported(chance, number) for number in range(TICKETS)]


@pytest.fixture(scope="module")
def reporting_warehouse(stories: list[Story], tmp_path_factory: Any, dbt_target: Any, dbt_project: Any) -> Any:
    from tests.dbt.warehouse import Warehouse

    warehouse = Warehouse(tmp_path_factory.mktemp("told"), dbt_target, dbt_project)
    tickets = [
        {
            "ticket_id": story.ticket_id,
            "customer_id": story.customer_id,
            "store_id": "s",
            "priority": "normal",
            "created_at": story.created_at,
        }
        for story in stories
    ]
    events = [event for story in stories for event in events_of(story)]
    policy = {"policy_id": "p", "metric": "next_reply", "priority": "normal", "clock": "calendar", "target_minutes": 60}
    loads = [
        ("tickets", AS_OF, tickets, None),
        ("ticket_events", AS_OF, events, None),
        ("stores", AS_OF, OFFICE, None),
        ("agents", AS_OF, AGENTS, None),
        ("sla_policies", AS_OF, [policy], None),
    ]
    warehouse.load(loads, AS_OF)
    set_hours(warehouse)
    models = ["+backlog", "+next_reply", "+sla", "+first_contact_resolution", "+full_resolution", "+business_minutes"]
    warehouse.dbt("build", "--select", *models, *BUILD)
    return warehouse


def differing(found: dict[Any, Any], expected: dict[Any, Any]) -> list[tuple[Any, Any, Any]]:
    keys = sorted(set(found) | set(expected), key=str)
    return [(key, found.get(key), expected.get(key)) for key in keys if found.get(key) != expected.get(key)][:5]


def verdict(row: Any) -> bool | None:
    return None if pd.isna(row.is_breached) else bool(row.is_breached)


def plain(moment: Any) -> datetime | None:
    return None if pd.isna(moment) else moment.to_pydatetime()


def test_every_ticket_is_received_once_and_solved_as_often_as_it_is_solved(
    reporting_warehouse: Any, stories: list[Story]
) -> None:
    """Prevents tickets created, solved or reopened in one moment from missing in what came and went."""
    expected: dict[tuple[int, int], dict[str, int]] = {month: defaultdict(int) for month in MONTHS}
    for story in stories:
        expected[month_of(story.created_at)]["received"] += 1
        for turn, at in story.turns():
            expected[month_of(at)]["solved" if turn == "solve" else "reopened"] += 1
        turns = [turn for turn, _ in story.turns()]
        if story.removed_at is not None and (not turns or turns[-1] == "reopening"):
            expected[month_of(story.removed_at)]["removed"] += 1
    for month in MONTHS:
        expected[month]["closing"] = sum(story.is_open_at(month_end(month)) for story in stories)
    rows = reporting_warehouse.query(
        "select month, sum(received) as received, sum(reopened) as reopened, sum(solved) as solved,"
        " sum(removed) as removed, sum(closing) as closing, sum(opening) as opening, count(untimed) as untimed"
        " from service.backlog group by month order by month"
    )
    flows = ("received", "reopened", "solved", "removed", "closing")
    found = {
        (row.month.year, row.month.month): {flow: int(getattr(row, flow)) for flow in flows}
        for row in rows.itertuples()
    }
    assert found == {month: {flow: expected[month][flow] for flow in flows} for month in MONTHS}
    assert rows.untimed.sum() == 0
    assert sum(expected[month]["solved"] for month in MONTHS) > TICKETS / 2


def test_tickets_say_of_themselves_what_happened(reporting_warehouse: Any, stories: list[Story]) -> None:
    rows = reporting_warehouse.query(
        "select ticket_id, first_reply_at, replies, first_resolved_at, solved_at, reopens,"
        " full_resolution_calendar_minutes::double as calendar, full_resolution_business_minutes::double as business,"
        " first_reply_calendar_minutes::double as reply_calendar from service.fct_ticket"
    ).set_index("ticket_id")
    assert len(rows) == TICKETS
    wrong = []
    for story in stories:
        row = rows.loc[story.ticket_id]
        turns = list(story.turns())
        solves = [at for turn, at in turns if turn == "solve"]
        replies, solved_at = story.replies(), story.solved_at()
        said = (
            plain(row.first_reply_at),
            int(row.replies),
            plain(row.first_resolved_at),
            plain(row.solved_at),
            int(row.reopens),
        )
        known = (
            replies[0] if replies else None,
            len(replies),
            solves[0] if solves else None,
            solved_at,
            sum(turn == "reopening" for turn, _ in turns),
        )
        minutes_fit = solved_at is None or (
            row.calendar == pytest.approx((solved_at - story.created_at) / timedelta(minutes=1), abs=1e-8)
            and row.business
            == pytest.approx(float(open_seconds(solved_at) - open_seconds(story.created_at)) / 60, abs=1e-8)
        )
        if said != known or not minutes_fit:
            wrong.append((story, said, known))
    assert wrong == []
    assert (rows.reply_calendar.dropna() >= 0).all()


def test_questions_are_those_of_a_walk_from_message_to_message(reporting_warehouse: Any, stories: list[Story]) -> None:
    """Prevents figures and service levels of further replies from standing on different questions."""
    asked = {
        (story.ticket_id, number): question
        for story in stories
        for number, question in enumerate(story.questions(), start=1)
    }
    standing = {story.ticket_id for story in stories if not (story.removed_at and story.removal == "deleted")}
    rows = reporting_warehouse.query("select ticket_id, instance_no, asked_at, replied_at from service.next_reply")
    found = {(r.ticket_id, r.instance_no): (plain(r.asked_at), plain(r.replied_at)) for r in rows.itertuples()}
    answered = {
        key: (question[0], question[1]) for key, question in asked.items() if question[1] and key[0] in standing
    }
    assert len(answered) > 100
    assert differing(found, answered) == []
    cases = reporting_warehouse.query(
        "select ticket_id, instance_no, applied_at, event_at, is_breached from service.sla where metric = 'next_reply'"
    )
    judged = {
        (r.ticket_id, r.instance_no): (plain(r.applied_at), plain(r.event_at), verdict(r)) for r in cases.itertuples()
    }
    until = {story.ticket_id: story.removed_at or END for story in stories}
    expected = {}
    for key, (asked_at, replied_at, solved_at) in asked.items():
        event_at, due_at = replied_at or solved_at, asked_at + timedelta(minutes=60)
        late = event_at > due_at if event_at else True if due_at < until[key[0]] else None
        if key[0] in standing:
            expected[key] = (asked_at, event_at, late)
    assert differing(judged, expected) == []


def test_first_contacts_resolve_unless_the_customer_comes_back(reporting_warehouse: Any, stories: list[Story]) -> None:
    contacts = defaultdict(list)
    for story in stories:
        if story.removal != "deleted" or story.removed_at is None:
            contacts[story.customer_id].append((story.created_at, "new"))
            reopened = (at for turn, at in story.turns() if turn == "reopening")
            contacts[story.customer_id] += [(at, "reopening") for at in reopened]
    expected = {}
    for story in stories:
        solves = [at for turn, at in story.turns() if turn == "solve"]
        if story.removed_at is None and solves and solves[0] + timedelta(days=7) <= END:
            back = [
                at
                for at, kind in contacts[story.customer_id]
                if (at >= solves[0] if kind == "reopening" else at > solves[0]) and at < solves[0] + timedelta(days=7)
            ]
            expected[story.ticket_id] = not back
    rows = reporting_warehouse.query(
        "select ticket_id, is_first_contact_resolved from service.first_contact_resolution where is_ripe"
    )
    assert differing({r.ticket_id: bool(r.is_first_contact_resolved) for r in rows.itertuples()}, expected) == []
    assert set(expected.values()) == {True, False}


def test_business_time_is_never_more_than_time(reporting_warehouse: Any) -> None:
    rows = reporting_warehouse.query(
        "select count(*) as clocks, count(*) filter (where business_minutes > calendar_minutes) as too_much,"
        " count(*) filter (where calendar_minutes between 1e-8 and 0.01) as short from service.business_minutes"
    )
    assert rows.clocks[0] > TICKETS
    assert rows.short[0] > 100
    assert rows.too_much[0] == 0


# --- whatever is sent ------------------------------------------------------------------------------------------------


def test_no_clock_runs_backwards_whatever_is_sent(warehouse: Any) -> None:
    """Stamps in any order, before the creation and long after, statuses that contradict each other and the loads."""
    chance = random.Random(16)  # noqa: S311
    days = [date(2026, 3, 4), date(2026, 4, 1), date(2026, 4, 29)]
    statuses = ["new", "open", "pending", "hold", "solved", "closed"]
    tickets: dict[date, list[dict[str, Any]]] = {day: [] for day in days}
    events: list[dict[str, Any]] = []
    apart = [0, 1e-6, 0.2, 1, 30, 60, 61, 3600, 86_400, 40 * 86_400]
    for number in range(1_200):
        created_at = utc(2026, 2, 2) + timedelta(seconds=chance.randrange(80 * 86_400))

        def near(moment: datetime = created_at) -> datetime:
            return moment + timedelta(seconds=chance.choice([-1, 1, 1]) * chance.choice(apart))

        events += [
            {
                "ticket_id": str(number),
                "seq": chance.choice([seq, 100 - seq]) * 1000 + seq,
                "at": near(),
                "event": chance.choice(["created", "comment", "comment", "status", "status", "merged", "step"]),
                "from_status": chance.choice([None, None, *statuses]),
                "to_status": chance.choice([None, *statuses, *DONE]),
                "actor_type": chance.choice([None, "customer", "agent", "agent", "system"]),
                "agent_id": chance.choice([None, "a0", "a1"]),
                "priority": chance.choice([None, None, *TARGETS]),
                "is_public": chance.choice([None, True, True, False]),
            }
            for seq in range(chance.randrange(7))
        ]
        sent = [day for day in days if created_at < day_start(day) + timedelta(days=1) and chance.random() < 0.8]
        for day in sent or days[-1:]:
            tickets[day].append(
                {
                    "ticket_id": str(number),
                    "customer_id": f"c{number % 90}",
                    "store_id": "s",
                    "priority": chance.choice([None, *TARGETS]),
                    "status": chance.choice([None, None, *statuses]),
                    "merged_into": chance.choice([None] * 8 + ["1"]),
                    "deleted_at": near() if chance.random() < 0.05 else pd.NaT,
                    "created_at": created_at,
                    "updated_at": near() if chance.random() < 0.7 else pd.NaT,
                }
            )
    clocks = [("first_reply", "calendar"), ("next_reply", "business"), ("full_resolution", "business")]
    policies = [
        {"policy_id": f"{metric} {name}", "metric": metric, "priority": name, "clock": clock, "target_minutes": target}
        for metric, clock in [*clocks, ("agent_work", "calendar"), ("first_resolution", "calendar")]
        for name, target in TARGETS.items()
    ]
    loads: list[Any] = [("tickets", day, rows, None) for day, rows in tickets.items()]
    loads += [("ticket_events", days[1], events, None), ("stores", days[0], OFFICE, None)]
    loads += [("agents", days[0], AGENTS, None), ("sla_policies", days[0], policies, None)]
    warehouse.load(loads, AS_OF)
    set_hours(warehouse)
    models = ["+backlog", "+next_reply", "+sla", "+first_contact_resolution", "+full_resolution", "+business_minutes"]
    models += ["+first_reply", "+first_resolution", "+int_service__open_tickets"]
    warehouse.dbt("build", "--select", *models, *BUILD)  # every test of the project on these models is part of it
    counted = warehouse.query(
        "select sum(received)::int as received, sum(solved)::int as solved, sum(opening)::int as opening,"
        " max_by(month, month) as last, sum(closing - open_tickets)::int as apart from service.backlog"
    )
    known = warehouse.query(
        "select count(*) as tickets, min(first_reply_calendar_minutes) as least from service.fct_ticket"
    )
    assert counted.received[0] == known.tickets[0]
    assert counted.solved[0] > 300
    assert counted.apart[0] == 0
    assert known.least[0] >= 0
    solves = warehouse.work_query(
        "select count(*) as solves from intermediate.int_service__status_periods where resolves"
    )
    assert counted.solved[0] <= solves.solves[0]


# --- statuses that only loads show -----------------------------------------------------------------------------------


def test_a_status_without_a_time_holds_from_the_load_that_shows_it(warehouse: Any) -> None:
    """Prevents a register of current states from saying that all was open before, or when anything was solved."""
    chance = random.Random(4)  # noqa: S311
    days = [date(2026, 3, 4), date(2026, 3, 20), date(2026, 4, 1), date(2026, 4, 18), date(2026, 4, 29)]
    rows_of: dict[date, list[dict[str, Any]]] = {day: [] for day in days}
    shown: dict[str, list[tuple[date, bool]]] = {}  # whether each load shows it open
    created: dict[str, datetime] = {}
    for number in range(300):
        ticket_id = f"{number:04}"
        created[ticket_id] = utc(2026, 2, 2) + timedelta(seconds=chance.randrange(80 * 86_400))
        dates_rows = chance.random() < 0.5
        shown[ticket_id] = []
        for day in days:
            if created[ticket_id] >= day_start(day):
                continue
            status = chance.choice(["new", "open", "pending", "hold", "solved", "closed"])
            shown[ticket_id].append((day, status not in DONE))
            changed_at = max(created[ticket_id], day_start(day) + timedelta(hours=chance.randrange(-400, 20)))
            rows_of[day].append(
                {
                    "ticket_id": ticket_id,
                    "status": status,
                    "store_id": "s",
                    "created_at": created[ticket_id],
                    "updated_at": changed_at if dates_rows else pd.NaT,
                }
            )
    loads = [("tickets", day, rows, None) for day, rows in rows_of.items()]
    warehouse.load([*loads, ("stores", days[0], OFFICE, None)], AS_OF)
    set_hours(warehouse)
    warehouse.dbt("build", "--select", "+backlog", "+full_resolution", *BUILD)

    # a row whose change is dated earlier than that of a load before tells nothing new
    stale = {
        (row["ticket_id"], day)
        for day in days
        for row in rows_of[day]
        if not pd.isna(row["updated_at"])
        and any(
            row["updated_at"] < earlier["updated_at"]
            for before in days
            if before < day
            for earlier in rows_of[before]
            if earlier["ticket_id"] == row["ticket_id"]
        )
    }
    expected: dict[tuple[int, int], dict[str, int | None]] = {}
    for month in MONTHS:
        came = sum(month_of(moment) == month for moment in created.values())
        expected[month] = {"received": came, "closing": None, "reopened": None, "solved": None}
        if month_end(month) > day_start(days[0]):
            is_open: dict[str, bool] = {}
            reopened = 0
            for ticket_id, looks in shown.items():
                was_open: bool | None = None
                for day, looks_open in looks:
                    if (ticket_id, day) in stale or day_start(day) >= month_end(month):
                        continue
                    if looks_open and was_open is False and month_of(day_start(day)) == month:
                        reopened += 1
                    was_open = looks_open
                is_open[ticket_id] = bool(was_open)
            expected[month] |= {"closing": sum(is_open.values()), "reopened": reopened}
    rows = warehouse.query(
        "select month, sum(received)::int as received, sum(closing)::int as closing, sum(reopened)::int as reopened,"
        " sum(solved)::int as solved, sum(opening)::int as opening from service.backlog group by month order by month"
    )
    found = {
        (row.month.year, row.month.month): {
            name: None if pd.isna(getattr(row, name)) else int(getattr(row, name))
            for name in ("received", "closing", "reopened", "solved")
        }
        for row in rows.itertuples()
    }
    assert found == expected
    assert expected[2026, 2]["closing"] is None
    assert pd.isna(rows.opening[0])
    assert pd.isna(rows.opening[1])  # the first load lies in March
    assert rows.opening[2] == expected[2026, 3]["closing"]
    facts = warehouse.query(
        "select count(*) as tickets, count(solved_at) as solved, count(first_resolved_at) as resolved,"
        " count(agent_work_calendar_minutes) as timed, count(status) as known from service.fct_ticket"
    )
    assert facts.iloc[0].tolist() == [300, 0, 0, 0, sum(bool(looks) for looks in shown.values())]


# --- priorities that change ------------------------------------------------------------------------------------------

TARGETS = {"low": 2_400, "normal": 480, "high": 60, "urgent": 10}


@dataclass(frozen=True)
class Regime:
    """On which days a ticket was exported, and whether the log tells its priorities."""

    name: str
    days: tuple[date, ...]
    tells: bool


def test_a_verdict_does_not_depend_on_how_often_a_ticket_was_exported(warehouse: Any) -> None:
    """Prevents a promise from being kept or broken by the day on which an export was taken.

    What differs is told apart: by the row alone, the last priority judges; by a log of priorities, that of the moment.
    """
    chance = random.Random(8)  # noqa: S311
    last = AS_OF
    every_day = tuple(date(2026, 4, 1) + timedelta(days=n) for n in range(30))
    rows: dict[date, list[dict[str, Any]]] = defaultdict(list)
    log: dict[date, list[dict[str, Any]]] = defaultdict(list)
    expected: dict[tuple[str, bool], str | None] = {}
    for number in range(60):
        created_at = utc(2026, 4, 2) + timedelta(minutes=chance.randrange(20 * 1440))
        given = [(created_at, chance.choice([None, *TARGETS]))]
        for _ in range(chance.randrange(4)):
            given.append(
                (given[-1][0] + timedelta(minutes=chance.choice([0, 5, 700, 4000])), chance.choice([*TARGETS]))
            )
        replied_at = created_at + timedelta(minutes=chance.choice([5, 30, 300, 2_000]))
        given = [(at, priority) for at, priority in given if at < END]
        expected[str(number), False] = given[-1][1]
        expected[str(number), True] = next((priority for _, priority in given if priority), None)
        at_creation = [priority for at, priority in given if at == created_at and priority]
        if at_creation:
            expected[str(number), True] = at_creation[-1]
        for tells in (False, True):
            some_days = tuple(sorted({*chance.sample(every_day, 6), last}))
            for regime in (
                Regime("once", (last,), tells),
                Regime("daily", every_day, tells),
                Regime("some", some_days, tells),
                Regime("others", tuple(sorted({*chance.sample(every_day, 2), last})), tells),
            ):
                ticket_id = f"{number}-{regime.name}-{int(tells)}"
                for day in regime.days:
                    cut = day_start(day) + timedelta(days=1)
                    seen = [(at, priority) for at, priority in given if at < cut]
                    if created_at >= cut:
                        continue
                    rows[day].append(
                        {
                            "ticket_id": ticket_id,
                            "priority": seen[-1][1],
                            "store_id": "s",
                            "created_at": created_at,
                            "updated_at": max(at for at, _ in [*seen, (replied_at, "")] if at < cut),
                        }
                    )
                    happened = [(created_at, "created", None, "customer"), (replied_at, "comment", None, "agent")]
                    happened += [(at, "priority", priority, "system") for at, priority in given if tells and priority]
                    log[day] += [
                        {
                            "ticket_id": ticket_id,
                            "seq": seq,
                            "at": at,
                            "event": event,
                            "priority": priority,
                            "actor_type": actor,
                            "is_public": True,
                        }
                        for seq, (at, event, priority, actor) in enumerate(happened)
                        if at < cut
                    ]
    policies = [
        {
            "policy_id": priority,
            "metric": "first_reply",
            "priority": priority,
            "clock": "calendar",
            "target_minutes": target,
        }
        for priority, target in TARGETS.items()
    ]
    loads = [("tickets", day, rows[day], None) for day in every_day]
    loads += [("ticket_events", day, log[day], None) for day in every_day]
    loads += [("stores", last, OFFICE, None), ("sla_policies", last, policies, None)]
    warehouse.load(loads, AS_OF)
    set_hours(warehouse)
    warehouse.dbt("build", "--select", "+sla", *BUILD)
    found = warehouse.query("select ticket_id, policy_id, is_breached, due_at, event_at from service.sla")
    verdicts: dict[tuple[str, bool], set[Any]] = defaultdict(set)
    for row in found.itertuples():
        number, _, tells = row.ticket_id.split("-")
        verdicts[number, tells == "1"].add((row.policy_id, row.is_breached, row.due_at, row.event_at))
    assert {key: len(one) for key, one in verdicts.items() if len(one) != 1} == {}
    judged_by = {key: next(iter(one))[0] for key, one in verdicts.items()}
    assert judged_by == {key: priority for key, priority in expected.items() if priority}
    assert len(found) == 4 * len(judged_by)
    assert any(expected[number, True] != expected[number, False] for number, _ in expected)
