"""Tickets as different systems tell them, from their files to the published figures; all rows are made up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.settings import Settings
from orchestration import commands
from orchestration.warehouse import published_version

pytestmark = pytest.mark.slow

FIRST, SECOND, THIRD = date(2026, 2, 10), date(2026, 3, 12), date(2026, 4, 20)

SOURCES = {
    "desk": "source: desk\nextends: zendesk\n",
    "force": "source: force\nextends: salesforce\n",
    "hub": "source: hub\nextends: hubspot\n",
    "log": "source: log\nextends: canonical\n",
    "list": "source: list\nextends: canonical\n",
}

FORCE = (
    "Id,ContactId,AccountId,Origin,Type,Reason,Priority,IsDeleted,CreatedDate,LastModifiedDate,SystemModstamp,"
    "IsClosed,ClosedDate,LastModifiedById\n"
)
HUB = (
    "id,property_hs_ticket_category,property_hs_ticket_priority,is_deleted,_fivetran_synced,property_createdate,"
    "property_first_agent_reply_date,property_closed_date,property_hubspot_owner_id\n"
)


def case(number: str, closed: str, changed: str, kind: str = "Question") -> str:
    """A row of Salesforce, made on 2 February at noon."""
    return (
        f"{number},c{number},,Phone,{kind},Billing,High,false,2026-02-02T12:00:00Z,{changed},{changed},"
        f"{'true' if closed else 'FALSE'},{closed},u1\n"
    )


def deal(number: str, closed: str, synced: str) -> str:
    """A row of HubSpot, made on 2 February at noon."""
    return f"{number},Billing,HIGH,false,{synced},2026-02-02 12:00:00,2026-02-02 13:00:00,{closed},7\n"


DELIVERIES: dict[tuple[str, date], dict[str, str]] = {
    ("force", FIRST): {
        "Case.csv": FORCE
        + case("A", "2026-02-02T14:00:00Z", "2026-02-02T14:00:00Z")
        + case("B", "2026-02-02T14:00:00Z", "2026-02-02T14:00:00Z")
        + case("C", "2026-02-02T14:00:00Z", "2026-02-02T14:00:00Z", "Problem")
        + case("D", "", "2026-02-02T12:00:00Z", "Complaint")
    },
    # A and B are open again; C was opened and closed again since
    ("force", SECOND): {
        "Case.csv": FORCE
        + case("A", "", "2026-03-11T09:00:00Z")
        + case("B", "", "2026-03-11T09:00:00Z")
        + case("C", "2026-03-05T14:00:00Z", "2026-03-05T14:00:00Z", "Problem")
    },
    ("force", THIRD): {"Case.csv": FORCE + case("B", "2026-04-15T14:00:00Z", "2026-04-15T14:00:00Z")},
    ("hub", FIRST): {
        "ticket.csv": HUB
        + deal("1", "2026-02-02 14:00:00", "2026-02-10 00:00:00")
        + deal("2", "", "2026-02-10 00:00:00"),
        "ticket_contact.csv": "ticket_id,contact_id\n1,k1\n2,k2\n",
    },
    ("hub", SECOND): {
        "ticket.csv": HUB
        + deal("1", "", "2026-03-12 00:00:00")
        + deal("2", "2026-03-01 12:00:00", "2026-03-12 00:00:00"),
        "ticket_contact.csv": "ticket_id,contact_id\n1,k1\n2,k2\n",
    },
    ("desk", THIRD): {
        "user.csv": "id,name,role,email,phone,locale,created_at,updated_at\n"
        "1,Ann,end-user,,,en,2026-01-01 00:00:00,2026-01-01 00:00:00\n"
        "2,Bob,agent,,,en,2026-01-01 00:00:00,2026-01-01 00:00:00\n",
        "group.csv": "id,name\n5,Support\n",
        "ticket.csv": (
            "id,created_at,updated_at,requester_id,submitter_id,group_id,priority,status,type,via_channel,"
            "merged_ticket_ids,via_followup_source_id\n"
            # 11 follows 10 up; 12 and 13 were merged into 11 and touched long after; 14 was opened by an agent
            "10,2026-03-02 09:00:00,2026-03-06 09:00:00,1,1,5,high,closed,problem,email,[],\n"
            '11,2026-04-01 09:00:00,2026-04-03 09:00:00,1,1,5,urgent,open,incident,email,"[12, 13]",10\n'
            "12,2026-04-02 09:00:00,2026-04-18 09:00:00,1,1,5,high,closed,question,email,[],\n"
            "13,2026-04-02 09:30:00,2026-04-18 09:00:00,1,1,5,high,closed,question,email,,\n"
            "14,2026-04-06 09:00:00,2026-04-06 12:00:00,1,2,5,high,solved,question,email,[],\n"
        ),
        "ticket_comment.csv": (
            "id,body,created,public,ticket_id,user_id\n"
            "1,b,2026-03-02 09:00:00,true,10,1\n2,b,2026-03-02 10:00:00,true,10,2\n"
            "3,b,2026-04-01 09:00:00,true,11,1\n4,b,2026-04-02 09:00:00,true,12,1\n5,b,2026-04-02 09:30:00,true,13,1\n"
            "6,b,2026-04-06 09:00:20,true,14,2\n7,b,2026-04-06 11:00:00,true,14,2\n"
        ),
        "ticket_field_history.csv": (
            "field_name,ticket_id,updated,user_id,value\n"
            "status,10,2026-03-02 10:00:00,2,solved\nstatus,10,2026-03-06 09:00:00,,closed\n"
            "status,11,2026-04-01 10:00:00,2,open\n"
            "priority,11,2026-04-01 09:00:00,1,high\npriority,11,2026-04-03 09:00:00,2,urgent\n"
            "status,12,2026-04-02 11:00:00,2,closed\nstatus,13,2026-04-02 11:00:00,2,closed\n"
            "status,14,2026-04-06 12:00:00,2,solved\n"
        ),
    },
    # made and solved in one moment, half of them by a clock of whole seconds; a source's own verdicts
    ("log", THIRD): {
        "tickets.csv": "ticket_id,kind,category,created_at\n"
        + "".join(f"m{n},request,x,2026-03-{n + 1:02}T10:00:00.4Z\n" for n in range(20)),
        "ticket_events.csv": "ticket_id,seq,at,event,to_status,actor_type\n"
        + "".join(f"m{n},2,2026-03-{n + 1:02}T10:00:00.4Z,created,new,customer\n" for n in range(20))
        + "".join(
            f"m{n},1,2026-03-{n + 1:02}T10:00:00{'.4' if n % 2 else ''}Z,status,solved,agent\n" for n in range(20)
        ),
        "ticket_outcomes.csv": "ticket_id,metric,is_met,minutes\n"
        + "".join(f"m{n},overall,{'yes' if n < 15 else 'no'},{n}.5\n" for n in range(19))
        + "m19,overall,,\n",
    },
    # a register of current states: 30 tickets of January and February, what is open changes from load to load
    **{
        ("list", day): {
            "tickets.csv": "ticket_id,kind,category,status,created_at\n"
            + "".join(
                f"r{n},request,x,{'open' if n % modulus == 0 else 'closed'},2026-0{1 + n % 2}-0{1 + n % 5}T10:00:00Z\n"
                for n in range(30)
            )
        }
        for day, modulus in ((FIRST, 2), (SECOND, 3), (THIRD, 5))
    },
}


@pytest.fixture(scope="module")
def published(new_home: Callable[[], Settings]) -> Path:
    home = new_home()
    home.sources.mkdir(parents=True)
    for source, text in SOURCES.items():
        (home.sources / f"{source}.yml").write_text(text, encoding="utf-8")
    for (source, day), files in DELIVERIES.items():
        folder = home.landing / source / str(day)
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")
    commands.nightly(home, FIRST, THIRD)
    return published_version(home)


def asked(published: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(published), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def flows(published: Path, ticket_prefix: str) -> dict[str, list[tuple[Any, ...]]]:
    """What came and went, by ticket, from the work file beside the published one."""
    work = published.parents[2] / "build" / "work.duckdb"
    found: dict[str, list[tuple[Any, ...]]] = {}
    for ticket_id, month, *counts in asked(
        work,
        "select ticket_id, strftime(month, '%m'), received::int, reopened::int, solved::int, removed::int, untimed::int"
        f" from intermediate.int_service__backlog_flows where ticket_id like '{ticket_prefix}%'"
        " order by ticket_id, happened_at, net desc",
    ):
        names = ("received", "reopened", "solved", "removed", "untimed")
        found.setdefault(ticket_id, []).extend(
            (month, name, count) for name, count in zip(names, counts, strict=True) if count
        )
    return found


def test_a_case_that_was_reopened_is_open_from_the_load_that_shows_it(published: Path) -> None:
    """Prevents a solve that was taken back from standing for ever, and one that was sent anew from being lost."""
    tickets = asked(
        published,
        "select ticket_id, status, reopens, strftime(first_resolved_at, '%m-%d'), strftime(solved_at, '%m-%d'), kind"
        " from service.fct_ticket where source_system in ('force', 'hub') order by ticket_id",
    )
    assert tickets == [
        ("force:A", "open", 1, "02-02", None, "request"),
        ("force:B", "solved", 1, "02-02", "04-15", "request"),
        ("force:C", "solved", 1, "02-02", "03-05", "request"),
        ("force:D", "new", 0, None, None, "complaint"),
        ("hub:1", "open", 1, "02-02", None, "request"),
        ("hub:2", "solved", 0, "03-01", "03-01", "request"),
    ]
    came = ("02", "received", 1)
    assert flows(published, "force") == {
        "force:A": [came, ("02", "solved", 1), ("03", "reopened", 1)],
        "force:B": [came, ("02", "solved", 1), ("03", "reopened", 1), ("04", "solved", 1)],
        "force:C": [came, ("02", "solved", 1), ("03", "reopened", 1), ("03", "solved", 1)],
        "force:D": [came],
    }
    assert flows(published, "hub") == {
        "hub:1": [came, ("02", "solved", 1), ("03", "reopened", 1)],
        "hub:2": [came, ("03", "solved", 1)],
    }


def test_a_follow_up_is_a_ticket_of_its_own_and_merged_is_what_another_lists(published: Path) -> None:
    tickets = asked(
        published,
        "select ticket_id, kind, status, is_merged, strftime(solved_at, '%m-%d'), replies,"
        " first_reply_calendar_minutes::int from service.fct_ticket where source_system = 'desk' order by ticket_id",
    )
    assert tickets == [
        ("desk:10", "request", "closed", False, "03-02", 1, 60),
        ("desk:11", "request", "open", False, None, 0, None),
        ("desk:12", "request", "new", True, None, 0, None),
        ("desk:13", "request", "new", True, None, 0, None),
        ("desk:14", "request", "solved", False, "04-06", 1, 120),
    ]
    assert flows(published, "desk:1") == {
        "desk:10": [("03", "received", 1), ("03", "solved", 1)],
        "desk:11": [("04", "received", 1)],
        "desk:12": [("04", "received", 1), ("04", "removed", 1)],
        "desk:13": [("04", "received", 1), ("04", "removed", 1)],
        "desk:14": [("04", "received", 1), ("04", "solved", 1)],
    }


def test_tickets_made_and_solved_in_one_moment_are_received_and_solved(published: Path) -> None:
    assert flows(published, "log") == {f"log:m{n}": [("03", "received", 1), ("03", "solved", 1)] for n in range(20)}
    (minutes,) = asked(
        published,
        "select count(*), max(full_resolution_calendar_minutes), sum(reopens)::int from service.fct_ticket"
        " where source_system = 'log' and solved_at is not null",
    )
    assert minutes == (20, 0, 0)


def test_a_register_tells_what_is_open_from_its_first_load_and_no_solve(published: Path) -> None:
    loads = {"02": 2, "03": 3, "04": 5}
    found = flows(published, "list")
    assert len(found) == 30
    for n in range(30):
        is_open = [n % modulus == 0 for modulus in loads.values()]
        came = f"0{1 + n % 2}"
        expected: list[tuple[str, str, int]] = [(came, "received", 1), (came, "untimed", -1)]
        was_open, was_shown = False, False
        for month, opened in zip(loads, is_open, strict=True):
            if opened and not was_open:
                expected.append((month, "reopened" if was_shown else "untimed", 1))
            elif was_open and not opened:
                expected.append((month, "untimed", -1))
            was_open, was_shown = opened, True
        assert found[f"list:r{n}"] == expected
    (reported,) = asked(
        published,
        "select count(status), count(solved_at), count(full_resolution_calendar_minutes),"
        " count(agent_work_calendar_minutes), bool_or(is_status_recorded)"
        " from service.fct_ticket where source_system = 'list'",
    )
    assert reported == (30, 0, 0, 0, False)


def test_figures_balance_over_all_of_them(published: Path) -> None:
    months = asked(
        published,
        "select strftime(month, '%m'), opening::int, received::int, reopened::int, solved::int, removed::int,"
        " untimed::int, closing::int from reporting.rpt_backlog_flow where scope_type = 'company' order by month",
    )
    assert [month for month, *_ in months] == ["01", "02", "03", "04"]
    for _, opening, received, reopened, solved, removed, untimed, closing in months:
        assert opening + received + reopened - solved - removed + untimed == closing
    # open at the end of April: A, D, hub 1, desk 11 and those the last load of the register shows
    assert months[-1][-1] == 4 + sum(n % 5 == 0 for n in range(30))


def test_the_source_s_own_verdict_is_quoted_beside_ours(published: Path) -> None:
    figures = asked(
        published,
        "select strftime(month, '%m'), n, numerator::int, value::double from reporting.kpi_monthly"
        " where metric_id = 'sla_by_source' and scope_type = 'company' and dimension = ''",
    )
    assert figures == [("03", 19, 15, pytest.approx(15 / 19, abs=1e-8))]
    assert asked(published, "select count(*), sum(source_minutes)::double from service.sla_source_verdicts") == [
        (19, sum(n + 0.5 for n in range(19)))
    ]


def test_the_priority_of_the_moment_is_that_of_the_log(published: Path) -> None:
    work = published.parents[2] / "build" / "work.duckdb"
    assert asked(
        work,
        "select priority, valid_from < '2026-01-01', strftime(valid_to, '%m-%d') from"
        " intermediate.int_service__ticket_priorities where ticket_id = 'desk:11' order by valid_from",
    ) == [("high", True, "04-03"), ("urgent", False, "12-31")]


REGISTER_DAYS = [date(2026, 3, 5), date(2026, 4, 6)]


def test_a_register_alone_says_nothing_of_the_time_before_it(new_home: Callable[[], Settings]) -> None:
    """Prevents "all open" of months that nobody told of, and 0 solved of a source that tells no solve."""
    home = new_home()
    home.sources.mkdir(parents=True)
    (home.sources / "list.yml").write_text(SOURCES["list"], encoding="utf-8")
    for day, still_open in zip(REGISTER_DAYS, (40, 25), strict=True):
        folder = home.landing / "list" / str(day)
        folder.mkdir(parents=True)
        rows = (
            f"r{n},request,x,{'open' if n < still_open else 'solved'},{came}T10:00:00Z\n"
            for n, came in enumerate(date(2026, 1, 2) + timedelta(days=n) for n in range(60))
            if came < day
        )
        (folder / "tickets.csv").write_text(
            "ticket_id,kind,category,status,created_at\n" + "".join(rows), encoding="utf-8"
        )
        (folder / "interactions.csv").write_text(
            "interaction_id,started_at\n" + f"i{day},{day}T01:00:00Z\n", encoding="utf-8"
        )
    commands.nightly(home, REGISTER_DAYS[0], REGISTER_DAYS[-1])
    figures = asked(
        published_version(home),
        "select metric_id, strftime(month, '%m'), value::int from reporting.kpi_monthly"
        " where scope_type = 'company' and dimension = '' and (metric_id like 'backlog%' or metric_id like '%resol%')"
        " and metric_id <> 'backlog_old' order by all",
    )
    assert figures == [
        ("backlog", "03", 40),
        ("backlog", "04", 25),
        ("backlog_received", "01", 30),
        ("backlog_received", "02", 28),
        ("backlog_received", "03", 2),
        ("backlog_received", "04", 0),
        ("backlog_reopened", "03", 0),
        ("backlog_reopened", "04", 0),
    ]
    days = asked(
        published_version(home),
        "select strftime(min(day), '%m-%d'), max(value)::int, min(value)::int from reporting.kpi_daily"
        " where metric_id = 'backlog' and scope_type = 'company' and dimension = ''",
    )
    assert days == [("03-05", 40, 25)]
