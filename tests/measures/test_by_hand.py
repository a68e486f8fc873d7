"""Rates, a mean, a duration and amounts once more from the raw Parquet, by the words of their definitions.

Plain Python and pandas: no model, macro or SQL of the project is used. What is live, the manifest says; which version
of a row holds, the mode its source delivers it in; when a store is open, the reference tables.
"""

from __future__ import annotations

import csv
import json
import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pytest

from foundation.settings import Settings
from orchestration.reference import project_folder, seed_folder
from tests.persons import of_persons, one_row_a_person, persons

pytestmark = pytest.mark.slow
UTC = ZoneInfo("UTC")
Published = Callable[[str], dict[str, tuple[Decimal, int]]]  # value and n by month
MONTHS_BACK = (0, 1, 12)  # the last full month, the one before, the same a year ago


@dataclass(frozen=True)
class Raw:
    """The raw zone of a home, as it lies on disk."""

    settings: Settings
    as_of: pd.Timestamp  # UTC, without zone as all of raw

    @cached_property
    def person_of(self) -> dict[str, str]:
        """The person of each customer record."""
        return persons(self.sent("customers", "customer_id"))

    def rows(self, entity: str, *key: str) -> pd.DataFrame:
        """The rows that hold, of persons where they name customers."""
        rows = self.sent(entity, *key)
        if entity == "customers":
            return one_row_a_person(rows, self.person_of, self.as_of)
        return of_persons(entity, rows, self.person_of)

    def sent(self, entity: str, *key: str) -> pd.DataFrame:
        """The rows as sent that hold: of a snapshot the newest, else the last version, without versions the last
        arrival."""
        files = json.loads((self.settings.raw / "manifest.json").read_text(encoding="utf-8"))["files"]
        fed = [
            (one["load_date"], one["entities"][entity], feed["path"])
            for one in files
            if one["status"] == "loaded"
            for feed in one["feeds"]
            if feed["entity"] == entity
        ]
        newest = max(day for day, _, _ in fed)
        mode = {how for _, how, _ in fed}.pop()
        live = [path for day, _, path in fed if mode != "snapshot" or day == newest]
        rows = pd.concat([pd.read_parquet(self.settings.raw / path, partitioning=None) for path in live])
        order = [name for name in ("updated_at", "load_date") if name in rows]
        return rows.sort_values(order, na_position="first").drop_duplicates(list(key), keep="last")

    def local(self, moment: pd.Timestamp) -> pd.Timestamp:
        """A moment in UTC on the company's clocks."""
        return moment.tz_localize(UTC).tz_convert(self.settings.company.zone)

    def month_of(self, moment: pd.Timestamp) -> str:
        """First day of the local month."""
        return f"{self.local(moment):%Y-%m}-01"

    def table(self, name: str) -> list[dict[str, str]]:
        """A reference table."""
        with (seed_folder(self.settings) / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@dataclass(frozen=True)
class Meter:
    """Whether a schedule is open, minute for minute of UTC, and how many seconds it was up to each."""

    first: pd.Timestamp
    is_open: np.ndarray[Any, np.dtype[np.bool_]]
    seconds: np.ndarray[Any, np.dtype[np.int64]]  # open seconds before each minute

    def at(self, moment: pd.Timestamp) -> int:
        minute, second = divmod(int((moment - self.first).total_seconds()), 60)
        return int(self.seconds[minute]) + (second if self.is_open[minute] else 0)

    def reached(self, reading: int) -> pd.Timestamp:
        """The first moment at which so many seconds have been open."""
        minute = int(np.searchsorted(self.seconds, reading)) - 1
        return self.first + pd.Timedelta(minutes=minute, seconds=reading - int(self.seconds[minute]))


def meter(raw: Raw, schedule: str, first: date, last: date) -> Meter:
    """Counts the minutes of every day from `first` to `last` in which a shift is open."""
    shifts = [row for row in raw.table("schedules") if row["schedule_id"] == schedule]
    earliest = min(row["valid_from"] for row in shifts)
    closed = {row["holiday_date"] for row in raw.table("holidays") if row["schedule_id"] == schedule}
    start = pd.Timestamp(first) - pd.Timedelta(days=2)
    minutes = np.zeros((last - first).days * 1440 + 4 * 1440, dtype=bool)
    for day in (first + timedelta(days=number) for number in range((last - first).days + 1)):
        for shift in shifts:
            since = (
                "" if shift["valid_from"] == earliest else shift["valid_from"]
            )  # before the first version, the first
            in_force = since <= day.isoformat() <= (shift["valid_to"] or "9999")
            if not in_force or day.isoweekday() != int(shift["weekday"]) or day.isoformat() in closed:
                continue
            opens, closes = (_minute(shift[end]) for end in ("opens", "closes"))
            zone = ZoneInfo(shift["time_zone"])
            bounds = [_utc(day, at, zone) for at in (opens, closes if closes > opens else closes + 1440)]
            begin, end = (int((bound - start).total_seconds()) // 60 for bound in bounds)
            minutes[begin:end] = True
    return Meter(start, minutes, np.concatenate([[0], np.cumsum(minutes) * 60]))


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)


def _utc(day: date, minute: int, zone: ZoneInfo) -> pd.Timestamp:
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - the zone comes next
    return pd.Timestamp(wall.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None))


@pytest.fixture(scope="module")
def raw(demo_home: Settings, demo_warehouse: duckdb.DuckDBPyConnection) -> Raw:
    (moment,) = demo_warehouse.execute("select as_of from kefu.reporting.rpt_build").fetchone() or (None,)
    return Raw(demo_home, pd.Timestamp(moment))


@pytest.fixture(scope="module")
def months(raw: Raw) -> list[str]:
    """First days of the months that are looked at, as text."""
    last = pd.Period(raw.month_of(raw.as_of), freq="M") - 1
    return [f"{last - back}-01" for back in MONTHS_BACK]


@pytest.fixture
def published(demo_warehouse: duckdb.DuckDBPyConnection, months: list[str]) -> Published:
    """Value and n of a figure of the company by month, as published."""

    def figure(metric_id: str) -> dict[str, tuple[Decimal, int]]:
        found = demo_warehouse.execute(
            "select strftime(month, '%Y-%m-%d'), value, n from kefu.reporting.kpi_monthly"
            " where metric_id = ? and scope_type = 'company' and dimension = ''"
            " and list_contains(?, strftime(month, '%Y-%m-%d'))",
            [metric_id, months],
        ).fetchall()
        return {month: (value, n) for month, value, n in found}

    return figure


def rounded(value: Decimal | Fraction) -> Decimal:
    """To the eight decimals in which figures are kept."""
    exact = Fraction(value)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("1e-8"), ROUND_HALF_UP)


def removed_at(raw: Raw, tickets: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """When each ticket was deleted and merged: as its events say, else as its row does."""
    said = events[events.event.isin(["deleted", "merged"])].groupby(["ticket_id", "event"])["at"].min().unstack()
    said = tickets[["ticket_id", "deleted_at", "merged_into", "updated_at"]].merge(said, "left", on="ticket_id")
    said["deleted"] = said[["deleted", "deleted_at"]].min(axis=1)
    said["merged"] = said["merged"].fillna(said.updated_at.where(said.merged_into.notna()))
    return said.set_index("ticket_id")[["deleted", "merged"]].where(lambda moments: moments < raw.as_of)


def test_complaints_per_thousand_orders(raw: Raw, months: list[str], published: Published) -> None:
    tickets = raw.rows("tickets", "ticket_id")
    removed = removed_at(raw, tickets, raw.rows("ticket_events", "ticket_id", "seq"))
    gone = set(removed.index[removed.notna().any(axis=1)])
    complaints = tickets[
        (tickets.kind == "complaint") & (tickets.created_at < raw.as_of) & ~tickets.ticket_id.isin(gone)
    ]
    orders = raw.rows("orders", "order_id")
    valid = orders[(orders.ordered_at < raw.as_of) & ~orders.status.isin(["cancelled", "unavailable"])]
    received, placed = (
        moments.map(raw.month_of).value_counts() for moments in (complaints.created_at, valid.ordered_at)
    )
    assert published("complaint_rate") == {
        month: (rounded(Fraction(1000 * int(received[month]), int(placed[month]))), placed[month]) for month in months
    }


def answered(raw: Raw, instrument: str) -> pd.DataFrame:
    """Customers' answers to the only item of an instrument, with its scale and the month of the answer."""
    surveys = raw.rows("surveys", "survey_id")
    of_customers = surveys[(surveys.instrument == instrument) & (surveys.respondent_type == "customer")]
    given = of_customers[of_customers.responded_at < raw.as_of]
    answers = raw.rows("survey_answers", "survey_id", "item_id", "side")
    items = raw.rows("survey_items", "instrument", "item_id")
    found = given.merge(answers[answers.side == "score"], on="survey_id").merge(items, on=["instrument", "item_id"])
    assert found.survey_id.is_unique
    found = found[found.score.notna() & (found.score != found.not_applicable_value)]
    return found.assign(month=found.responded_at.map(raw.month_of))


def test_satisfaction_is_the_share_of_the_two_best_scores(raw: Raw, months: list[str], published: Published) -> None:
    answers = answered(raw, "csat")
    by_month = (answers.score >= answers.scale_max - 1).groupby(answers.month)
    assert published("csat") == {
        month: (rounded(Fraction(int(by_month.sum()[month]), int(by_month.count()[month]))), by_month.count()[month])
        for month in months
    }


def test_effort_is_the_mean_answer(raw: Raw, months: list[str], published: Published) -> None:
    answers = answered(raw, "ces")
    assert set(zip(answers.scale_min, answers.scale_max, strict=True)) == {(1, 7)}
    scores = {month: [int(score) for score in of_it.score] for month, of_it in answers.groupby("month")}
    assert published("ces_mean") == {
        month: (rounded(Fraction(sum(scores[month]), len(scores[month]))), len(scores[month])) for month in months
    }


@dataclass(frozen=True)
class Wait:
    """The wait of a ticket that was not deleted for its first reply."""

    schedule: str
    priority: str
    created: pd.Timestamp
    replied: pd.Timestamp | None  # first public reply by an agent, the comment that opened the ticket left out
    ended: pd.Timestamp | None  # by that reply, or by a solve without one
    seen_until: pd.Timestamp  # when it was merged, or as_of


@pytest.fixture(scope="module")
def waits(raw: Raw) -> list[Wait]:
    tickets, events = raw.rows("tickets", "ticket_id"), raw.rows("ticket_events", "ticket_id", "seq")
    removed = removed_at(raw, tickets, events).to_dict("index")
    stores = pd.concat(pd.read_parquet(path) for path in (raw.settings.raw / "stores").rglob("*.parquet"))
    schedules = stores.drop_duplicates(["store_id", "schedule_id"]).set_index("store_id").schedule_id
    assert schedules.index.is_unique, "a store changed its schedule: take the one in force when a ticket was created"
    happened: dict[str, list[Any]] = defaultdict(list)
    for event in events.sort_values(["at", "seq"]).itertuples():
        happened[event.ticket_id].append(event)
    found = []
    for ticket in tickets[tickets.created_at < raw.as_of].itertuples():
        gone = removed[ticket.ticket_id]
        if pd.notna(gone["deleted"]):
            continue
        seen_until = raw.as_of if pd.isna(gone["merged"]) else gone["merged"]
        seen = [event for event in happened[ticket.ticket_id] if event.at < seen_until]
        opened = [event.at for event in seen if event.event == "created" and event.actor_type == "agent"]
        said = [event.at for event in seen if event.event in {"comment", "created"} and event.is_public is True
                and event.actor_type == "agent" and event.at not in opened]  # fmt: skip
        solved = [event.at for event in seen if event.to_status in {"solved", "closed"}]
        replied, ended = min(said, default=None), min([*said, *solved], default=None)
        schedule = schedules.get(ticket.store_id, "standard")
        found.append(Wait(schedule, ticket.priority, ticket.created_at, replied, ended, seen_until))
    return found


@pytest.fixture(scope="module")
def meters(raw: Raw, waits: list[Wait]) -> dict[str, Meter]:
    first, last = min(wait.created for wait in waits).date(), (raw.as_of + pd.Timedelta(days=90)).date()
    return {name: meter(raw, name, first, last) for name in {wait.schedule for wait in waits}}


def test_first_response_time_is_the_median_of_open_minutes(
    raw: Raw, months: list[str], published: Published, waits: list[Wait], meters: dict[str, Meter]
) -> None:
    minutes: dict[str, list[Fraction]] = defaultdict(list)
    for wait in waits:
        if wait.replied is not None:
            clock = meters[wait.schedule]
            minutes[raw.month_of(wait.replied)].append(Fraction(clock.at(wait.replied) - clock.at(wait.created), 60))
    assert published("first_reply") == {
        month: (rounded(statistics.median(minutes[month])), len(minutes[month])) for month in months
    }


def test_first_replies_in_time_are_those_within_the_limit_of_their_day(
    raw: Raw, months: list[str], published: Published, waits: list[Wait], meters: dict[str, Meter]
) -> None:
    """Prevents a limit that counts where it was kept, not where it fell due, and one that is taken as it is today."""
    rows = raw.rows("sla_policies", "policy_id")
    policies = list(rows[rows.metric == "first_reply"].itertuples())
    kept: dict[str, list[bool]] = defaultdict(list)
    for wait in waits:
        day = raw.local(wait.created).date()
        for policy in policies:
            until = date.max if pd.isna(policy.valid_to) else policy.valid_to
            if policy.priority != wait.priority or not policy.valid_from <= day <= until:
                continue
            clock = meters[wait.schedule]
            due = (
                clock.reached(clock.at(wait.created) + 60 * policy.target_minutes)
                if policy.clock == "business"
                else wait.created + pd.Timedelta(minutes=policy.target_minutes)
            )
            if wait.ended is not None or due < wait.seen_until:
                kept[raw.month_of(due)].append(wait.ended is not None and wait.ended <= due)
    assert published("sla_first_reply") == {
        month: (rounded(Fraction(sum(kept[month]), len(kept[month]))), len(kept[month])) for month in months
    }


def test_net_spend_is_orders_less_discounts_and_refunds_of_twelve_months(
    raw: Raw, months: list[str], published: Published
) -> None:
    orders = raw.rows("orders", "order_id")
    orders = orders[(orders.ordered_at < raw.as_of) & ~orders.status.isin(["cancelled", "unavailable"])]
    returns = raw.rows("returns", "return_id")
    refunds = returns[(returns.kind == "refund") & (returns.returned_at < raw.as_of)].merge(orders, on="order_id")
    moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    bought = set()
    for order, month in zip(orders.itertuples(), orders.ordered_at.map(raw.month_of), strict=True):
        moved[order.customer_id, month] += order.gross_amount - (order.discount_amount or Decimal(0))
        bought.add((order.customer_id, month))
    for refund, month in zip(refunds.itertuples(), refunds.returned_at.map(raw.month_of), strict=True):
        moved[refund.customer_id, month] -= refund.refund_amount or Decimal(0)
    for last in months:
        window = {f"{pd.Period(last, freq='M') - back}-01" for back in range(12)}
        buyers = {customer for customer, month in bought if month in window}
        spent = sum(amount for (customer, month), amount in moved.items() if customer in buyers and month in window)
        assert published("rfm_spend")[last] == (rounded(spent), len(buyers))


@dataclass(frozen=True)
class Standing:
    """Customers at the end of a month whose margin is at risk, by what each of the three signs says."""

    complaining: set[str]
    dissatisfied: set[str]
    silent: set[str]
    gone: set[str]  # closed, or silent for twice as long: nothing is left to be lost
    margins: dict[str, Decimal | None]  # of twelve months; None where no sale has a known cost

    @property
    def at_risk(self) -> set[str]:
        return (self.complaining | self.dissatisfied | self.silent) - self.gone

    @property
    def margin(self) -> Decimal:
        return sum((self.margins.get(customer, Decimal(0)) or Decimal(0) for customer in self.at_risk), Decimal(0))


def end_of(raw: Raw, month: str) -> pd.Timestamp:
    """The local midnight, in UTC, with which a month ends."""
    after = (pd.Period(month, freq="M") + 1).to_timestamp()
    return after.tz_localize(raw.settings.company.zone).tz_convert(UTC).tz_localize(None)


def complaining_at(raw: Raw, end: pd.Timestamp) -> set[str]:
    """Customers with a serious complaint that stood open then, as its events had left it."""
    tickets, events = raw.rows("tickets", "ticket_id"), raw.rows("ticket_events", "ticket_id", "seq")
    removed = removed_at(raw, tickets, events)
    gone = set(removed.index[removed.notna().any(axis=1)])
    serious = tickets[(tickets.kind == "complaint") & (tickets.severity == "serious") & (tickets.created_at < end)]
    moves = events[(events["at"] < end) & events.to_status.notna()].sort_values(["at", "seq"])
    left = moves.groupby("ticket_id").to_status.last()
    standing = serious[~serious.ticket_id.isin(gone)]
    standing = standing.assign(status=standing.ticket_id.map(left).to_numpy())
    is_open = standing.status.notna() & ~standing.status.isin(["solved", "closed"])
    return set(standing[is_open].customer_id.dropna())


def dissatisfied_at(raw: Raw, end: pd.Timestamp) -> set[str]:
    """Customers whose last satisfaction given by then is a 1 or 2 of 5."""
    answers = answered(raw, "csat")
    assert set(zip(answers.scale_min, answers.scale_max, strict=True)) == {(1, 5)}
    last = answers[answers.responded_at < end].sort_values(["responded_at", "survey_id"])
    last = last.drop_duplicates("customer_id", keep="last")
    return set(last[last.score <= 2].customer_id.dropna())


def silent_at(raw: Raw, end: pd.Timestamp, orders: pd.DataFrame) -> tuple[set[str], set[str]]:
    """Customers silent for longer than the 90th percentile of the gaps between their order days, of all customers of
    their type where they have fewer than 10; and those silent for more than twice as long."""
    types = raw.rows("customers", "customer_id").set_index("customer_id")["type"].fillna("unknown")
    days: dict[str, set[date]] = defaultdict(set)
    for order in orders[orders.ordered_at < end].itertuples():
        days[order.customer_id].add(raw.local(order.ordered_at).date())
    gaps = {customer: np.diff([day.toordinal() for day in sorted(ordered)]) for customer, ordered in days.items()}
    of_type: dict[str, list[int]] = defaultdict(list)
    for customer, own in gaps.items():
        of_type[types[customer]] += list(own)
    usual = {name: np.percentile(found, 90) for name, found in of_type.items() if found}
    last_day = (raw.local(end) - pd.Timedelta(days=1)).date()
    silent, lost = set(), set()
    for customer, own in gaps.items():
        limit = np.percentile(own, 90) if len(own) >= 10 else usual.get(types[customer], np.inf)
        quiet = (last_day - max(days[customer])).days
        (lost if quiet > 2 * limit else silent if quiet > limit else set()).add(customer)
    return silent, lost


def margins_of(raw: Raw, end: pd.Timestamp, orders: pd.DataFrame) -> dict[str, Decimal | None]:
    """Sales less discounts, refunds and product cost of twelve months up to then; sales of unknown cost left out."""
    lines = raw.rows("order_lines", "order_id", "line_no").merge(
        raw.rows("products", "product_id")[["product_id", "unit_cost"]], "left", on="product_id", suffixes=("", "_list")
    )
    lines["unit_cost"] = lines.unit_cost.where(lines.unit_cost.notna(), lines.unit_cost_list)
    costs: dict[str, Decimal | None] = {}
    for line in lines.itertuples():
        so_far = costs.get(line.order_id, Decimal(0))
        unknown = so_far is None or pd.isna(line.unit_cost)
        costs[line.order_id] = None if unknown else (so_far or Decimal(0)) + line.quantity * line.unit_cost
    returns = raw.rows("returns", "return_id")
    refunds = returns[(returns.kind == "refund") & (returns.returned_at < raw.as_of)].merge(orders, on="order_id")
    first = end_of(raw, f"{pd.Period(raw.month_of(end - pd.Timedelta(seconds=1)), freq='M') - 12}")
    moved = [
        (order.customer_id, order.order_id, order.gross_amount - (order.discount_amount or Decimal(0)), True)
        for order in orders[(orders.ordered_at >= first) & (orders.ordered_at < end)].itertuples()
    ] + [
        (refund.customer_id, refund.order_id, -(refund.refund_amount or Decimal(0)), False)
        for refund in refunds[(refunds.returned_at >= first) & (refunds.returned_at < end)].itertuples()
    ]
    margins: dict[str, Decimal] = defaultdict(Decimal)
    known, unknown_sales = set(), set()
    for customer, order_id, amount, is_sale in moved:
        cost = costs.get(order_id)
        if cost is None:
            unknown_sales.add(customer)
        else:
            known.add(customer)
            margins[customer] += amount - (cost if is_sale else 0)
    return dict(margins) | dict.fromkeys(unknown_sales - known)


@pytest.fixture(scope="module")
def standings(raw: Raw, months: list[str]) -> dict[str, Standing]:
    orders = raw.rows("orders", "order_id")
    orders = orders[(orders.ordered_at < raw.as_of) & ~orders.status.isin(["cancelled", "unavailable"])]
    customers = raw.rows("customers", "customer_id")
    found = {}
    for month in months:
        end = end_of(raw, month)
        silent, lost = silent_at(raw, end, orders)
        closed = set(customers[customers.closed_at < end].customer_id)
        found[month] = Standing(
            complaining=complaining_at(raw, end),
            dissatisfied=dissatisfied_at(raw, end),
            silent=silent,
            gone=lost | closed,
            margins=margins_of(raw, end, orders),
        )
    return found


def test_margin_at_risk_is_that_of_the_silent_the_complaining_and_the_dissatisfied_once(
    raw: Raw, months: list[str], standings: dict[str, Standing], demo_warehouse: duckdb.DuckDBPyConnection
) -> None:
    """The mart keeps the latest months alone, so that its own SQL is asked for the three."""
    project = project_folder(raw.settings)
    compiled = project / "target/compiled/kefu/models/marts/economics/revenue_at_risk.sql"
    sql = compiled.read_text("utf-8")
    kept = '"work"."intermediate"."int_core__report_months"'
    assert sql.count(kept) == 1
    demo_warehouse.execute(
        "create or replace temp table asked_months as select * from work.intermediate.int_core__months"
        " where list_contains(?, strftime(month, '%Y-%m-%d'))",
        [months],
    )
    listed = demo_warehouse.execute(
        "select strftime(month, '%Y-%m-%d'), count(*), sum(margin), count(*) filter (reason = 'open_complaint'),"
        " count(*) filter (is_dissatisfied), count(*) filter (is_silent)"
        f" from ({sql.replace(kept, 'asked_months')}) where is_at_risk group by all"
    ).fetchall()
    assert {month: tuple(figures) for month, *figures in listed} == {
        month: (
            len(one.at_risk),
            rounded(one.margin),
            len(one.complaining - one.gone),
            len(one.dissatisfied - one.gone),
            len(one.silent - one.gone),
        )
        for month, one in standings.items()
    }


def test_margin_at_risk_is_published_for_the_last_month(
    months: list[str], standings: dict[str, Standing], published: Published
) -> None:
    last = standings[months[0]]
    assert published("revenue_at_risk")[months[0]][0] == rounded(last.margin)
    assert published("revenue_at_risk_customers")[months[0]] == (len(last.at_risk), len(last.at_risk))
