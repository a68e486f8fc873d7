"""Figures of service once more from the rows the sources sent, by the words of METRICS.md: as test_from_facts.py.

Business minutes are counted from the shifts of the schedules, laid out in Python; what the project makes of them,
tests/dbt/test_service_business_minutes.py holds against a count of every minute. Here it is told between which moments
they run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from tests.measures.facts import (
    DONE,
    LOCAL,
    VARS,
    Cases,
    Facts,
    Reader,
    Readers,
    answers,
    cases,
    differences,
    histories,
)

pytestmark = pytest.mark.slow
reader = Readers()
WAITING_FOR_US = ["new", "open", "hold"]
STANDING = [*WAITING_FOR_US, "pending"]


@dataclass(frozen=True, eq=False)
class Hours:
    """When a schedule is open: the begin of each opening in UTC seconds, its length, and what was open before it."""

    begins: np.ndarray
    lengths: np.ndarray
    before: np.ndarray

    def used(self, moment: np.ndarray) -> np.ndarray:
        """Seconds open up to these moments."""
        place = np.maximum(np.searchsorted(self.begins, moment, side="right") - 1, 0)
        return self.before[place] + np.clip(moment - self.begins[place], 0, self.lengths[place])

    def reached(self, used: np.ndarray) -> np.ndarray:
        """The first moments with so many seconds open before them."""
        place = np.searchsorted(self.before, used, side="left") - 1
        return self.begins[place] + used - self.before[place]


def hours(facts: Facts) -> dict[str, Hours]:
    """The shifts of each schedule day by day on the clocks of its zone, but for its holidays; overlaps once."""
    shifts = facts.connection.execute("from work.reference.schedules").df()
    days_off = facts.connection.execute("from work.reference.holidays").df()
    closed = {(row.schedule_id, row.holiday_date) for row in days_off.itertuples()}
    days = pd.date_range("2024-01-01", facts.as_of + pd.Timedelta(days=90), freq="D")
    found = {}
    for schedule_id, of_one in shifts.groupby("schedule_id"):
        openings = []
        for shift in of_one.itertuples():
            begin, end = pd.Timedelta(f"{shift.opens}:00"), pd.Timedelta(f"{shift.closes}:00")
            end += pd.Timedelta(days=1) if end <= begin else pd.Timedelta(0)
            for day in days[days.dayofweek + 1 == shift.weekday]:
                in_force = not (day < shift.valid_from or day > shift.valid_to)  # NaT compares as false
                if in_force and (schedule_id, day) not in closed:
                    zone = ZoneInfo(shift.time_zone)
                    openings.append([(day + at).tz_localize(zone).timestamp() for at in (begin, end)])
        spans: list[list[float]] = []
        for begin, end in sorted(openings):
            if spans and begin <= spans[-1][1]:
                spans[-1][1] = max(end, spans[-1][1])
            else:
                spans.append([begin, end])
        begins, ends = np.array(spans).T
        found[str(schedule_id)] = Hours(begins, ends - begins, np.cumsum(ends - begins) - (ends - begins))
    return found


@cache
def schedules(facts: Facts) -> tuple[dict[str, Hours], pd.Series]:
    """The hours of each schedule, and the schedule of each store, which no store of the demo ever changed."""
    stores = facts.connection.execute("select distinct store_id, schedule_id from work.raw.stores").df()
    assert stores.store_id.is_unique
    return hours(facts), stores.set_index("store_id").schedule_id


def local_days(moment: pd.Series, zone: str) -> pd.Series:
    return moment.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()


def seconds(moment: pd.Series) -> np.ndarray:
    return ((moment - pd.Timestamp(0)) / pd.Timedelta(seconds=1)).to_numpy(float)


def business_minutes(facts: Facts, store_id: pd.Series, begin: pd.Series, end: pd.Series) -> pd.Series:
    open_hours, of_store = schedules(facts)
    minutes = pd.Series(np.nan, begin.index)
    for schedule_id, rows in begin.groupby(store_id.map(of_store)):
        used = open_hours[str(schedule_id)].used
        minutes[rows.index] = (used(seconds(end[rows.index])) - used(seconds(rows))) / 60
    return minutes


def business_due(facts: Facts, store_id: pd.Series, begin: pd.Series, minutes: pd.Series) -> pd.Series:
    open_hours, of_store = schedules(facts)
    due = pd.Series(pd.NaT, begin.index, dtype="datetime64[us]")
    for schedule_id, rows in begin.groupby(store_id.map(of_store)):
        clock = open_hours[str(schedule_id)]
        reached = clock.reached(clock.used(seconds(rows)) + 60 * minutes[rows.index].to_numpy(float))
        due[rows.index] = pd.to_datetime(reached, unit="s").astype("datetime64[us]")
    return due


def status_spans(facts: Facts) -> pd.DataFrame:
    """How long each ticket stood in each status: begin to the next move; the last until merged or as_of."""
    tickets, events = histories(facts)
    known_until = tickets.set_index("ticket_id").merged.fillna(facts.as_of)
    moves = events[events.to_status.notna()]
    end = moves.groupby("ticket_id")["at"].shift(-1).fillna(moves.ticket_id.map(known_until))
    return moves.assign(begin=moves["at"], end=end)[["ticket_id", "to_status", "begin", "end"]]


@reader
def resolutions(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    tickets, events = histories(facts)
    found = tickets.set_index("ticket_id")
    moves = events[events.to_status.notna()]
    solves, closes = (moves[moves.to_status == status].groupby("ticket_id")["at"] for status in DONE)
    first = solves.min().combine_first(closes.min()).reindex(found.index).dropna()
    kept = found.loc[first.index]
    minutes = business_minutes(facts, kept.store_id, kept.created_at, first)
    yield "first_resolution", "median", cases(facts.month(first), minutes)
    last = solves.max().combine_first(closes.max())
    now = moves.groupby("ticket_id").to_status.last()
    done = found[now.reindex(found.index).isin(DONE)]
    last = last[done.index]
    yield (
        "full_resolution",
        "median",
        cases(facts.month(last), business_minutes(facts, done.store_id, done.created_at, last)),
    )
    spans = status_spans(facts).merge(found[["store_id"]], left_on="ticket_id", right_index=True)
    spans["minutes"] = business_minutes(facts, spans.store_id, spans.begin, spans.end)
    for metric_id, states in (("agent_work", ["new", "open"]), ("requester_wait", WAITING_FOR_US)):
        spent = spans[spans.to_status.isin(states)].groupby("ticket_id").minutes.sum()
        yield metric_id, "median", cases(facts.month(last), spent.reindex(done.index).fillna(0))


def questions(facts: Facts) -> pd.DataFrame:
    """Per question of a customer after an agent's reply: the next reply, or the solve that came before it.

    Walked from step to step: while the ticket is open the first message asks; while it is solved, the last one before
    it is reopened or replied to. Solved again without a word, nothing was asked.
    """
    tickets, events = histories(facts)
    said = (events.event == "comment") & events.is_public.fillna(False).astype(bool)
    steps = events[(said & events.actor_type.isin(["customer", "agent"])) | events.to_status.notna()]
    what = steps.to_status.where(steps.to_status.notna(), steps.actor_type)
    found = []
    for ticket_id, story in zip_by_ticket(steps.ticket_id, steps["at"], what):
        is_done = replied = was_reopened = False
        waits = last = None
        for at, step in story:
            if step == "customer" and replied:
                last, waits = (at, waits) if is_done else (last, waits if waits is not None else at)
            elif step == "agent":
                asked = last if is_done else waits
                if asked is not None:
                    found.append((ticket_id, asked, at, pd.NaT))
                waits = last = None
                was_reopened, replied = False, True
            elif step in DONE and not is_done:
                if waits is not None and not was_reopened:
                    found.append((ticket_id, waits, pd.NaT, at))
                waits = last = None
                was_reopened, is_done = False, True
            elif step in STANDING and is_done:
                is_done, was_reopened, waits, last = False, True, last, None
        if waits is not None:
            found.append((ticket_id, waits, pd.NaT, pd.NaT))
    asked = pd.DataFrame(found, columns=["ticket_id", "at", "replied_at", "solved_at"])
    return asked.merge(tickets[["ticket_id", "store_id", "priority", "created_at"]], on="ticket_id")


def zip_by_ticket(ticket_id: pd.Series, at: pd.Series, what: pd.Series) -> Iterator[tuple[str, list[tuple[Any, Any]]]]:
    """The steps of each ticket, in order."""
    for ticket, rows in pd.DataFrame({"at": at, "what": what}).groupby(ticket_id, sort=False):
        yield str(ticket), list(zip(rows["at"], rows.what, strict=True))


@reader
def next_replies(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    answered = questions(facts).dropna(subset=["replied_at"])
    minutes = business_minutes(facts, answered.store_id, answered["at"], answered.replied_at)
    yield "next_reply", "median", cases(facts.month(answered.replied_at), minutes)


def solved_in_time(facts: Facts, applied: pd.DataFrame) -> pd.DataFrame:
    """When the clock of each ticket used up its target; it runs while the ticket waits for us, not for the customer.

    Nor does it between a solve and a reopening, as agent_work and requester_wait do not: METRICS.md leaves that open.
    """
    running: dict[str, list[tuple[pd.Timestamp, pd.Timestamp]]] = {}
    spans = status_spans(facts)
    spans = spans[spans.to_status.isin(WAITING_FOR_US)]
    for ticket_id, begin, end in zip(spans.ticket_id, spans.begin, spans.end, strict=True):
        running.setdefault(ticket_id, []).append((begin, end))
    due, used = {}, {}
    for row in applied.itertuples():
        target, clock, moment, runs_on = pd.Timedelta(minutes=row.target_minutes), pd.Timedelta(0), pd.NaT, False
        has_come = pd.notna(row.event_at)
        until = row.event_at if has_come else row.known_until
        for begin, end in running.get(row.ticket_id, []):
            if begin >= until:
                break
            spent = min(end, until) - begin
            if clock < target <= clock + spent:
                moment = begin + target - clock
            clock += spent
            runs_on = end >= until
        if clock < target and (has_come or runs_on):
            moment = until + target - clock
        due[row.Index], used[row.Index] = moment, clock / pd.Timedelta(minutes=1)
    return applied.assign(due_at=pd.Series(due), used=pd.Series(used))


@reader
def service_levels(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    tickets, events = histories(facts)
    moves = events[events.to_status.notna()]
    replies = events[(events.event == "comment") & (events.actor_type == "agent") & events.is_public.astype(bool)]
    solves = moves[moves.to_status.isin(DONE)].groupby("ticket_id")["at"]
    now = moves.groupby("ticket_id").to_status.last()
    reply = pd.concat([replies.groupby("ticket_id")["at"].min(), solves.min()], axis=1).min(axis=1)
    last = moves[moves.to_status == "solved"].groupby("ticket_id")["at"].max().combine_first(solves.max())
    tickets = tickets.assign(applied_at=tickets.created_at, known_until=tickets.merged.fillna(facts.as_of))
    asked = (
        questions(facts)
        .rename(columns={"at": "applied_at"})
        .merge(tickets[["ticket_id", "known_until"]], on="ticket_id")
    )
    promised = pd.concat([
        tickets.assign(metric="first_reply", event_at=tickets.ticket_id.map(reply)),
        tickets.assign(
            metric="full_resolution", event_at=tickets.ticket_id.map(last.where(now[last.index].isin(DONE)))
        ),
        asked.assign(metric="next_reply", event_at=asked[["replied_at", "solved_at"]].min(axis=1)),
    ])[["ticket_id", "metric", "priority", "store_id", "applied_at", "event_at", "known_until"]]  # fmt: skip
    policies = facts.rows("sla_policies")[["metric", "priority", "target_minutes", "clock", "valid_from", "valid_to"]]
    promised = promised.merge(policies, on=["metric", "priority"])
    day = (promised.applied_at + LOCAL).dt.normalize()
    in_force = ~(day < promised.valid_from) & ~(day > promised.valid_to)
    promised = promised[in_force].reset_index(drop=True)
    assert set(promised.clock[promised.metric == "full_resolution"]) == {"calendar"}
    assert set(promised.clock[promised.metric != "full_resolution"]) == {"business"}
    by_reply = promised[promised.metric != "full_resolution"]
    until = by_reply.event_at.fillna(by_reply.known_until)
    by_reply = by_reply.assign(
        due_at=business_due(facts, by_reply.store_id, by_reply.applied_at, by_reply.target_minutes),
        used=business_minutes(facts, by_reply.store_id, by_reply.applied_at, until),
    )
    judged = pd.concat([by_reply, solved_in_time(facts, promised[promised.metric == "full_resolution"])])
    late = judged.event_at.fillna(judged.known_until) > judged.due_at
    judged = judged.assign(late=late)[judged.event_at.notna() | late]
    month = facts.month(judged.due_at)
    yield "sla", "mean", cases(month, ~judged.late)
    yield "sla by metric", "mean", cases(month, ~judged.late, part=judged.metric)
    yield "sla by priority", "mean", cases(month, ~judged.late, part=judged.priority)
    beyond = (judged.used - judged.target_minutes)[judged.late]
    yield "sla_minutes_late by metric", "median", cases(month[judged.late], beyond, part=judged.metric[judged.late])


def first_promises(facts: Facts) -> pd.DataFrame:
    """Orders with the promise first made, where the source overwrote it."""
    reported = facts.connection.execute(
        "select order_id, promised_at from work.raw.orders where promised_at is not null order by updated_at, load_date"
    ).df()
    return facts.orders().drop(columns="promised_at").merge(reported.drop_duplicates("order_id"), "left", on="order_id")


def jobs_asked(facts: Facts) -> pd.DataFrame:
    jobs = facts.rows("service_orders", "requested_at")
    return jobs[jobs.status != "cancelled"]


def complaints_and_others(facts: Facts) -> pd.DataFrame:
    tickets, _ = histories(facts)
    return tickets[tickets.merged.isna()]


def failures(facts: Facts) -> pd.DataFrame:
    """Complaints, promises broken and scores of 1 or 2; of one order, job or ticket without an order the first."""
    tickets, jobs, orders = complaints_and_others(facts), jobs_asked(facts), first_promises(facts)
    own_order = tickets.set_index("ticket_id").order_id
    low = answers(facts, "csat").query("score <= 2")
    parts = [
        ("complaint", tickets[tickets.kind == "complaint"], "created_at", "ticket_id"),
        ("broken_promise", orders, "promised_at", "order_id"),
        ("broken_promise", jobs, "promised_at", "service_order_id"),
        ("low_csat", low, "responded_at", "about_id"),
    ]
    found = []
    for kind, rows, at, about in parts:
        if kind == "broken_promise":
            done = rows["delivered_at" if about == "order_id" else "completed_at"]
            rows = rows[(rows.promised_at < facts.as_of) & ~(done <= rows.promised_at)]
        incident = rows[about].map(own_order).fillna(rows[about])
        found.append(
            pd.DataFrame({"customer_id": rows.customer_id, "kind": kind, "at": rows[at], "incident": incident})
        )
    every = pd.concat(found).query("customer_id.notna()").sort_values(["at"], kind="stable")
    return every.drop_duplicates(["customer_id", "incident"]).reset_index(drop=True)


def bought_within(facts: Facts, after: pd.DataFrame) -> pd.Series:
    """Whether the customer bought within again_days after the moment, to the end of the last day."""
    pairs = after.reset_index(names="row").merge(facts.orders()[["customer_id", "ordered_at", "day"]], on="customer_id")
    last_day = (pairs["at"] + LOCAL).dt.normalize() + pd.Timedelta(days=VARS["again_days"])
    return after.index.isin(pairs[(pairs.ordered_at > pairs["at"]) & (pairs.day <= last_day)].row)


@reader
def tolerance(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    met = failures(facts)
    judged = (met["at"] + LOCAL).dt.normalize() + pd.Timedelta(days=VARS["again_days"])
    ripe = judged < (facts.as_of + LOCAL).normalize()
    month = judged.dt.to_period("M").dt.to_timestamp()
    again = pd.Series(bought_within(facts, met), met.index)
    yield "error_tolerance", "mean", cases(month[ripe], again[ripe])
    yield "error_tolerance by kind", "mean", cases(month[ripe], again[ripe], part=met.kind[ripe])
    yield "error_tolerance_unripe", "count", cases(facts.month(met["at"][~ripe]), 1)


@reader
def objections(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Won or lost, in the month in which the ticket was last solved, else made."""
    tickets, events = histories(facts)
    made = tickets[(tickets.kind == "objection") & tickets.outcome.isin(["won", "lost"])]
    solves, closes = (events[events.to_status == status].groupby("ticket_id")["at"].max() for status in DONE)
    decided_at = made.ticket_id.map(solves.combine_first(closes)).fillna(made.created_at)
    month = facts.month(decided_at)
    yield "objections", "mean", cases(month, made.outcome == "won")
    for facet in ("nature", "content", "technique", "handling"):
        yield f"objections by {facet}", "mean", cases(month, made.outcome == "won", part=made[facet])


def ticket_steps(facts: Facts) -> pd.DataFrame:
    """Tickets with their step of the journey, and whether they came open again; not known while open the first time."""
    tickets = complaints_and_others(facts)
    _, events = histories(facts)
    moves = events[events.to_status.notna()]
    reopened = moves[moves.from_status.isin(DONE) & ~moves.to_status.isin(DONE)].ticket_id
    now = tickets.ticket_id.map(moves.groupby("ticket_id").to_status.last())
    again = tickets.ticket_id.isin(reopened)
    step = np.select([tickets.kind == "complaint", tickets.phase == "before_sale"], ["complained", "enquired"], "asked")
    return tickets.assign(step=step, failed=again.where(again | now.isin(DONE)))


def touches(facts: Facts) -> pd.DataFrame:
    """Every touch of a known customer: when, where, its step of the journey, whether it failed as far as known."""
    delivered = first_promises(facts).query("delivered_at < @facts.as_of")
    done = jobs_asked(facts).query("completed_at < @facts.as_of")
    calls = facts.rows("interactions", "started_at")
    gave_up = calls.abandoned.astype(bool)
    inbound = calls.direction == "inbound"
    sent = facts.rows("campaign_contacts", "sent_at").query("not is_control")
    orders = facts.rows("orders", "ordered_at")
    returned = facts.rows("returns", "returned_at").merge(orders, on="order_id")
    not_right = ~done.right_first_time.fillna(True).astype(bool) | done.returned_reason.notna()
    not_right |= done.our_data_error.fillna(False).astype(bool)
    reported = done.promised_at.notna() | done.right_first_time.notna() | not_right
    late = (delivered.delivered_at > delivered.promised_at).where(delivered.promised_at.notna())
    tickets = ticket_steps(facts)
    parts = [
        ("reached", sent.assign(store_id=None), "sent_at", ~sent.delivered.astype(bool)),
        ("reached", calls[~inbound].assign(store_id=None), "started_at", gave_up[~inbound]),
        ("enquired", calls[inbound], "started_at", gave_up[inbound]),
        ("ordered", orders, "ordered_at", orders.status == "unavailable"),
        ("delivered", delivered, "delivered_at", late),
        ("served", done, "completed_at", ((done.completed_at > done.promised_at) | not_right).where(reported)),
        (tickets.step, tickets, "created_at", tickets.failed),
        ("returned", returned, "returned_at", np.nan),
    ]
    every = [
        rows[["customer_id", "store_id"]].assign(at=rows[at], step=step, failed=failed)
        for step, rows, at, failed in parts
    ]
    found = pd.concat(every, ignore_index=True).query("customer_id.notna()")
    return found.assign(failed=found.failed.astype(float), day=(found["at"] + LOCAL).dt.normalize())


@reader
def moments_of_truth(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    every = touches(facts)
    month = facts.month(every["at"])
    known = every[every.failed.notna()]
    moments = every.drop_duplicates(["customer_id", "store_id", "step", "day"]).reset_index(drop=True)
    ripe_at = moments.day + pd.Timedelta(days=VARS["again_days"])
    moments = moments[ripe_at < (facts.as_of + LOCAL).normalize()]
    pairs = moments.reset_index(names="row").merge(facts.orders()[["customer_id", "day"]], on="customer_id")
    waited = (pairs.day_y - pairs.day_x).dt.days
    again = moments.index.isin(pairs[(waited > 0) & (waited <= VARS["again_days"])].row)
    ripe_month = ripe_at[moments.index].dt.to_period("M").dt.to_timestamp()
    csat = answers(facts, "csat")
    of_ticket = csat.about_id.map(ticket_steps(facts).set_index("ticket_id").step)
    of_others = {"order": "ordered", "delivery": "delivered", "service_order": "served"}
    about = csat.about_type.map(of_others).fillna(of_ticket)
    for suffix, one in (("", False), (" by journey_step", True)):
        yield "moments_of_truth" + suffix, "sum", cases(month, 1, every.step if one else "")
        yield (
            "moments_of_truth_failed" + suffix,
            "share",
            cases(month[known.index], known.failed, known.step if one else ""),
        )
        yield "moments_of_truth_bought_again" + suffix, "share", cases(ripe_month, again, moments.step if one else "")
        yield "moments_of_truth_csat" + suffix, "share", cases(csat.month, csat.score >= 4, about if one else "")


def service_standards(facts: Facts) -> pd.DataFrame:
    found = facts.connection.execute("from work.reference.service_standards").df()
    assert found.valid_from.isna().all()
    assert found.valid_to.isna().all()
    return found.astype({"limit_value": float, "mean_target": float})


def in_working_days(facts: Facts, jobs: pd.DataFrame) -> pd.DataFrame:
    """The end of the limit's last day, from the day after the request on, and the working days that were needed."""
    open_hours, of_store = schedules(facts)
    zones = facts.rows("stores").set_index("store_id").time_zone
    parts = []
    for store_id, rows in jobs.groupby("store_id"):
        zone = zones[store_id]
        opened = pd.Series(pd.to_datetime(open_hours[of_store[store_id]].begins, unit="s"))
        days = local_days(opened, zone).unique()
        before = np.searchsorted(days, local_days(rows.requested_at, zone), side="right")
        last_day = pd.DatetimeIndex(days[before + rows.limit_value.astype(int) - 1]) + pd.Timedelta("23:59:59")
        needed = np.searchsorted(days, local_days(rows.completed_at.fillna(facts.as_of), zone), side="right") - before
        parts.append(
            rows.assign(due_at=last_day.tz_localize(zone).tz_convert("UTC").tz_localize(None), delivered=needed)
        )
    found = pd.concat(parts)
    return found.assign(delivered=found.delivered.where(found.completed_at.notna()))


def standard_cases(facts: Facts) -> pd.DataFrame:
    """Jobs and calls under a standard: what was delivered in its unit, the month its limit ended, whether in time."""
    standards = service_standards(facts)
    jobs = jobs_asked(facts).merge(standards[standards.source == "service_orders"], on="service_type")
    jobs = jobs.assign(completed_at=facts.by(jobs.completed_at))
    by_day = in_working_days(facts, jobs[jobs.limit_unit == "working_days"])
    by_clock = jobs[jobs.limit_unit != "working_days"]
    unit = by_clock.limit_unit.map({"hours": pd.Timedelta(hours=1), "minutes": pd.Timedelta(minutes=1)})
    by_clock = by_clock.assign(
        due_at=by_clock.requested_at + unit * by_clock.limit_value,
        delivered=(by_clock.completed_at - by_clock.requested_at) / unit,
    )
    calls = facts.rows("interactions", "started_at")
    calls = calls[(calls.channel == "phone") & (calls.direction == "inbound") & calls.rings.notna()]
    answered = calls.answered_at < facts.as_of
    waited = calls.queue_seconds.astype(float).fillna((calls.ended_at - calls.started_at).dt.total_seconds())
    calls = calls[answered | (waited >= VARS["short_abandon_seconds"])]
    calls = calls.assign(requested_at=calls.started_at, due_at=calls.started_at, standard_id="calls_answered")
    calls = calls.assign(delivered=calls.rings.astype(float).where(answered)).merge(standards, on="standard_id")
    found = pd.concat([by_day, by_clock, calls], ignore_index=True)
    in_time = (found.completed_at <= found.due_at).where(found.source != "calls", found.delivered <= found.limit_value)
    found = found.assign(month=facts.month(found.due_at), in_time=in_time)
    return found[found.delivered.notna() | (found.due_at < facts.as_of)]


@reader
def standards(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    found = standard_cases(facts)
    done = found[found.delivered.notna()]
    share = done.delivered / done.limit_value
    counts = facts.rows("standard_counts")
    month = counts.period_date.dt.to_period("M").dt.to_timestamp()
    right = {"numerator": counts.opportunities - counts.defects, "denominator": counts.opportunities}
    yield "standards", "mean", cases(found.month, found.in_time)
    yield "standards by standard_id", "mean", cases(found.month, found.in_time, found.standard_id)
    yield "standards_used", "mean", cases(done.month, share)
    yield "standards_used by standard_id", "mean", cases(done.month, share, done.standard_id)
    yield (
        "standards_without_defect by standard_id",
        "ratio",
        pd.DataFrame({"month": month, "part": counts.standard_id, **right}),
    )


@reader
def promise_coverage(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    stores, promises = facts.rows("stores"), facts.rows("promises")
    department = promises.department.fillna(promises.store_id.map(stores.set_index("store_id").department))
    covered, made = [], []
    for month, end in facts.ends().items():
        last_day = (end + LOCAL).normalize() - pd.Timedelta(days=1)
        in_force = ~(promises.valid_from > last_day) & ~(promises.valid_to < last_day)
        of_each = promises[in_force].groupby(department).standard_id.nunique()
        of_each = of_each.reindex(sorted({*stores.department, *department})).fillna(0)
        covered.append(cases(month, of_each >= VARS["promises_per_department"]))
        made.append(cases(month, of_each, part=of_each.index))
    yield "promise_coverage", "mean", pd.concat(covered)
    yield "promise_coverage_promises by department", "sum", pd.concat(made)


@reader
def hours_kept(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Of each opening promised by the schedule, up to as_of, the seconds really open, by the local day it began."""
    reported = facts.rows("store_hours", "opened_at").sort_values("opened_at")
    open_hours, of_store = schedules(facts)
    zones = facts.rows("stores").set_index("store_id").time_zone
    last_day = max(local_days(rows.opened_at, zones[store_id]).max() for store_id, rows in reported.groupby("store_id"))
    found = []
    for store_id, rows in reported.groupby("store_id"):
        promised = open_hours[of_store[store_id]]
        begins, lengths = seconds(rows.opened_at), seconds(rows.closed_at) - seconds(rows.opened_at)
        really = Hours(begins, lengths, np.cumsum(lengths) - lengths)
        ends = np.minimum(promised.begins + promised.lengths, seconds(pd.Series([facts.as_of])))
        kept = really.used(ends) - really.used(promised.begins)
        day = local_days(pd.Series(pd.to_datetime(promised.begins, unit="s")), zones[store_id])
        month = day.dt.to_period("M").dt.to_timestamp()
        one = pd.DataFrame({"month": month, "numerator": kept, "denominator": ends - promised.begins})
        found.append(one[day.between(local_days(rows.opened_at, zones[store_id]).min(), last_day)])
    yield "promise_coverage_hours", "ratio", pd.concat(found)


def report_windows(facts: Facts) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """The last month, the month before and the month a year ago, with the first month of the window each ends."""
    last = list(facts.ends())[-1]
    for back in (0, 1, 12):
        month = last - pd.DateOffset(months=back)
        yield month, month - pd.DateOffset(months=VARS["window_months"] - 1)


@reader
def importance_and_performance(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """What is weighed above the mean weight and rated below the mean rating; of SERVQUAL the dimensions."""
    weighed = {name: answers(facts, name, "importance") for name in ("relationship", "servqual")}
    rated = {"relationship": answers(facts, "relationship"), "servqual": answers(facts, "servqual", "perception")}
    found = []
    for month, start in report_windows(facts):
        for name, by in (("relationship", "item_id"), ("servqual", "dimension")):
            means = [rows[rows.month.between(start, month)].groupby(by).score for rows in (weighed[name], rated[name])]
            both = pd.DataFrame({"weight": means[0].mean(), "rating": means[1].mean()}).dropna()
            urgent = both[(both.weight >= both.weight.mean()) & (both.rating < both.rating.mean())].index
            labels = weighed[name].drop_duplicates(by).set_index(by).attribute
            found.append(cases(month, 1, part=labels[urgent].to_numpy()))
    every = pd.concat(found)
    yield "ipa", "count", every.assign(part="")
    yield "ipa by attribute", "count", every


def promised_then(facts: Facts, found: pd.DataFrame) -> pd.Series:
    """What was promised when it was asked for, in the standard's unit: by the store itself, else by all."""
    promises = facts.rows("promises").astype({"value": float})
    pairs = found.reset_index(names="row").merge(promises, on="standard_id", suffixes=("", "_promise"))
    day = (pairs.requested_at + LOCAL).dt.normalize()
    fits = (pairs.unit == pairs.limit_unit) & ~(day < pairs.valid_from_promise) & ~(day > pairs.valid_to_promise)
    own = pairs.store_id_promise == pairs.store_id
    best = pairs[fits & (own | pairs.store_id_promise.isna())].assign(own=own).sort_values("own", ascending=False)
    return best.drop_duplicates("row").set_index("row").value.reindex(found.index)


@reader
def gaps(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Each gap as a share of what it is measured against, less being better of all standards but the counted."""
    reported = {
        "belief": answers(facts, "standards", "expectation", "manager"),
        "expected": answers(facts, "standards", "expectation"),
        "perceived": answers(facts, "standards", "perception"),
    }
    sides = [answers(facts, "servqual", side) for side in ("perception", "expectation")]
    sides = [rows.set_index(["month", "survey_id", "dimension", "item_id"]).score for rows in sides]
    pairs = pd.concat(sides, axis=1, keys=["perceived", "expected"]).dropna()
    surveys = pairs.groupby(level=["month", "survey_id", "dimension"]).mean().unstack().dropna()
    surveys = surveys.T.groupby(level=0).mean().T.reset_index()
    delivered = standard_cases(facts).dropna(subset=["delivered"])
    delivered = delivered.assign(promised=promised_then(facts, delivered))
    limits = service_standards(facts).set_index("standard_id")
    counts = facts.rows("standard_counts")
    counts = counts.assign(month=counts.period_date.dt.to_period("M").dt.to_timestamp())
    found = []
    for month, start in report_windows(facts):
        inside = {name: rows[rows.month.between(start, month)] for name, rows in reported.items()}
        mean = {name: rows.groupby("standard_id").score.mean() for name, rows in inside.items()}
        done = delivered[delivered.month.between(start, month)]
        both = done[done.promised.notna()].groupby("standard_id")[["delivered", "promised"]].mean()
        counted = counts[counts.month.between(start, month)].groupby("standard_id")[["opportunities", "defects"]].sum()
        rates = 1 - counted.defects / counted.opportunities
        asked = surveys[surveys.month.between(start, month)].mean(numeric_only=True)
        sign_and_sides = [
            (1, -1, mean["belief"], mean["expected"]),
            (2, -1, limits.limit_value, mean["belief"]),
            (3, -1, done.groupby("standard_id").delivered.mean(), limits.limit_value),
            (3, 1, rates, limits.on_time_target.astype(float)),
            (4, -1, both.delivered, both.promised),
            (5, -1, mean["perceived"], mean["expected"]),
            (5, 1, pd.Series({"servqual": asked.perceived}), pd.Series({"servqual": asked.expected})),
        ]
        for gap, sign, first, second in sign_and_sides:
            share = (sign * (first - second) / second.abs()).dropna()
            found.append(cases(month, share, part=f"{gap} " + share.index.astype(str)))
    yield "gap_model by gap_subject", "sum", pd.concat(found)


@reader
def lack_of_stock(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    due = first_promises(facts).query("promised_at < @facts.as_of")
    late = ~(due.delivered_at <= due.promised_at) & (due.delay_reason == "out_of_stock")
    yield "sales_efficiency_late_for_stock", "mean", cases(facts.month(due.promised_at), late)
    counted = facts.rows("stock")
    month = counted.date.dt.to_period("M").dt.to_timestamp()
    out = counted.on_hand.astype(float) <= 0
    yield "sales_efficiency_stock_out", "ratio", pd.DataFrame({"month": month, "numerator": out, "denominator": 1})
    yield "sales_efficiency_stock_out_days", "sum", cases(month, out)


@reader
def claims_under_warranty(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Claims by the month of the return; units under warranty in a month, less those given back before."""
    orders = facts.orders()
    orders = orders[orders.delivered_at < facts.as_of][["order_id", "delivered_at"]]
    lines = facts.rows("order_lines").merge(orders, on="order_id").merge(facts.rows("products"), on="product_id")
    lines = lines[lines.warranty_months.notna()]
    began = (lines.delivered_at + LOCAL).dt.normalize()
    ends = began.copy()
    for months, rows in began.groupby(lines.warranty_months):
        ends[rows.index] = rows + pd.DateOffset(months=int(months))
    returned = facts.rows("returns", "returned_at").astype({"quantity": float})
    given_back = returned[returned.kind == "refund"].merge(lines[["order_id", "line_no"]], on=["order_id", "line_no"])
    units = {}
    for month, end in facts.ends().items():
        there = lines.quantity[(lines.delivered_at < end) & (ends >= month)].sum()
        before = given_back[given_back.returned_at < month - LOCAL].merge(
            lines.assign(ends=ends)[["order_id", "line_no", "ends"]], on=["order_id", "line_no"]
        )
        units[month] = there - before.quantity[before.ends >= month].sum()
    claimed = returned[returned.under_warranty.fillna(False).astype(bool)]
    claimed = claimed.merge(lines[["order_id", "line_no"]], on=["order_id", "line_no"])
    for metric_id, kinds in (
        ("warranty", ["repair", "replace", "refund"]),
        ("warranty_repair", ["repair"]),
        ("warranty_replace", ["replace"]),
        ("warranty_return", ["refund"]),
    ):
        of_kind = claimed[claimed.kind.isin(kinds)]
        claims = of_kind.quantity.groupby(facts.month(of_kind.returned_at)).sum().reindex(list(units)).fillna(0)
        rate = pd.DataFrame({"numerator": 1000 * claims, "denominator": pd.Series(units)})
        yield metric_id, "ratio", rate.rename_axis("month").reset_index()


@pytest.mark.parametrize("read", reader, ids=lambda read: read.__name__)
def test_figures_of_service_are_those_counted_from_the_rows_sent(facts: Facts, read: Reader) -> None:
    assert differences(facts, read) == []


def test_links_of_a_store_and_month_are_those_of_its_agents_answers_and_customers(facts: Facts) -> None:
    """Service profit chain: what its agents and customers answered, who of them stayed and what they spent."""
    owners = [
        ("agents", "agent_id"),
        ("orders", "order_id"),
        ("service_orders", "service_order_id"),
        ("tickets", "ticket_id"),
    ]
    place = pd.concat([facts.rows(entity).set_index(key).store_id for entity, key in owners])
    agents = answers(facts, "agent_satisfaction", by="agent")
    level = (agents.score - agents.scale_min.astype(float)) / (agents.scale_max - agents.scale_min).astype(float)
    sides = [answers(facts, "servqual", side) for side in ("perception", "expectation")]
    key = ["month", "about_id", "survey_id", "dimension", "item_id"]
    gap = (sides[0].set_index(key).score - sides[1].set_index(key).score).dropna()
    gap = gap.groupby(level=key[:4]).mean().unstack().dropna().mean(axis=1).rename("value").reset_index()
    csat = answers(facts, "csat")
    active = facts.connection.execute(
        "select month, customer_id, store_id, spend::double as spend,"
        " is_active::int::double as value from kefu.customer.fct_customer_month"
    ).df()
    before = active[active.value == 1].assign(month=lambda rows: rows.month + pd.DateOffset(months=1))
    kept = active.merge(before[["month", "customer_id"]], on=["month", "customer_id"])
    spend = active.groupby(["store_id", "month"]).spend.sum()
    earlier = spend.rename(lambda month: month + pd.DateOffset(months=1), level="month").reindex(spend.index)
    growth = (spend / earlier - 1)[earlier > 0].reset_index()
    links = {
        "agent_satisfaction": cases(agents.month, level, agents.respondent_id.map(place)),
        "service_quality": cases(gap.month, gap.value, gap.about_id),
        "satisfaction": cases(csat.month, csat.score >= 4, csat.about_id.map(place)),
        "revenue_growth": cases(growth.month, growth.spend, growth.store_id),
        "loyalty": cases(kept.month, kept.value, kept.store_id),
    }
    published = facts.connection.execute(
        "select link, month, store_id as part, value::double as value"
        " from work.intermediate.int_economics__store_months"
    ).df()
    for link, found in links.items():
        counted = found.assign(value=found.value.astype(float)).groupby(["month", "part"]).value.mean()
        of_link = published[published.link == link].set_index(["month", "part"]).value
        assert len(of_link) > 0
        assert of_link.to_numpy() == pytest.approx(counted.reindex(of_link.index).to_numpy(), abs=1e-7), link
