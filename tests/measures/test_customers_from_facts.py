"""Care, loyalty and lifetime of customers once more from the rows the sources sent, by the words of METRICS.md.

As test_from_facts.py; besides stages, the grades and scores of customers at the ends of months are taken as they are,
which tests/dbt/test_core_rules.py proves by brute force.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from tests.measures.facts import (
    DONE,
    LOCAL,
    VARS,
    Cases,
    Facts,
    Reader,
    answers,
    cases,
    company,
    differences,
    histories,
)

pytestmark = pytest.mark.slow
READERS: list[Reader] = []
DAY = pd.Timedelta(days=1)


def reader(function: Reader) -> Reader:
    READERS.append(function)
    return function


def ranked(facts: Facts) -> pd.DataFrame:
    """Customers at the end of each month: stage, grade, score of spend and spend in the window."""
    return facts.connection.execute(
        "select month, customer_id, stage, grade, m_score, spend_in_window::double as spent, is_active"
        " from kefu.customer.fct_customer_month"
    ).df()


def known_since(facts: Facts) -> pd.Series:
    """When each customer was first known; an order before that shows the customer known."""
    stated = facts.rows("customers").set_index("customer_id").first_known_at
    return pd.concat([stated, facts.orders().groupby("customer_id").ordered_at.min()], axis=1).min(axis=1)


def calls_of_ours(facts: Facts) -> pd.DataFrame:
    """Calls, visits and messages that the company began and that came through, with their local month."""
    talks = facts.rows("interactions", "started_at").query("direction == 'outbound' and customer_id.notna()")
    talks = talks[~talks.abandoned.fillna(False).astype(bool)]
    return talks.assign(month=facts.month(talks.started_at), at=talks.started_at)[
        ["customer_id", "channel", "month", "at"]
    ]


def messages_of_campaigns(facts: Facts) -> pd.DataFrame:
    sent = facts.rows("campaign_contacts", "sent_at").query("not is_control")
    sent = sent[sent.delivered.fillna(True).astype(bool)]
    sent = sent.merge(facts.rows("campaigns")[["campaign_id", "channel"]], on="campaign_id")
    return sent.assign(month=facts.month(sent.sent_at), at=sent.sent_at)


def receivables(facts: Facts, end: pd.Timestamp) -> pd.DataFrame:
    """Orders made by then: what is still owed, and when it was last paid. The demo trades in one currency."""
    orders = facts.orders().query("ordered_at < @end").set_index("order_id")
    returns = facts.rows("returns", "returned_at").query("kind == 'refund' and returned_at < @end")
    payments = facts.rows("payments", "paid_at").query("paid_at < @end").groupby("order_id")
    settled = [returns.groupby("order_id").refund_amount.sum(), payments.amount.sum()]
    rest = orders.net - sum(amounts.reindex(orders.index).fillna(0) for amounts in settled)
    return orders.assign(rest=rest.round(4).clip(lower=0), paid_at=payments.paid_at.max())


@reader
def care(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Any contact of ours is care, a message of a campaign too; of several cadences of a grade the shortest counts."""
    cadence = facts.connection.execute("from work.reference.contact_cadence").df()
    days = cadence.groupby("grade").every_days.min()
    contacts = pd.concat([calls_of_ours(facts), messages_of_campaigns(facts)])
    known, ends, found = known_since(facts), facts.ends(), []
    cared_for = ranked(facts).query("is_active and grade in @days.index")
    for month, of in cared_for.groupby("month"):
        end = ends[month]
        last = contacts[contacts["at"] < end].groupby("customer_id")["at"].max()
        since = last.reindex(of.customer_id).fillna(known)
        age = (end + LOCAL - DAY).normalize() - (since + LOCAL).dt.normalize()
        found.append(cases(month, age.dt.days.to_numpy() > of.grade.map(days)))
    gaps = pd.concat(found)
    yield "care_gap_share", "mean", gaps
    yield "care_gap", "count", gaps[gaps.value.astype(bool)]


@reader
def contacts_planned(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    cadence = facts.connection.execute("from work.reference.contact_cadence").df()
    of = ranked(facts).query("is_active and grade.notna()")[["month", "customer_id", "grade"]]
    plan = of.merge(cadence[["grade", "channel", "every_days"]], on="grade")
    planned = plan.month.dt.days_in_month / plan.every_days
    contacts = pd.concat([calls_of_ours(facts), messages_of_campaigns(facts)])
    made = contacts.merge(of, on=["month", "customer_id"])
    yield "communication_plan_made", "count", cases(made.month, 1)
    yield "communication_plan_made by channel", "count", cases(made.month, 1, part=made.channel)
    on_plan = made.merge(cadence[["grade", "channel"]], on=["grade", "channel"])
    both = pd.concat([
        pd.DataFrame({"month": plan.month, "part": plan.channel, "numerator": 0.0, "denominator": planned}),
        pd.DataFrame({"month": on_plan.month, "part": on_plan.channel, "numerator": 1.0, "denominator": 0.0}),
    ])  # fmt: skip
    yield "communication_plan by channel", "ratio", both
    yield "communication_plan", "ratio", both.assign(part="")


@reader
def customers_to_visit(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    listed = ranked(facts).query("stage == 'at_risk' and m_score == 5")
    yield "priority_visits_listed", "count", cases(listed.month, 1)
    yield "priority_visits_spend", "sum", cases(listed.month, listed.spent)
    judged = listed.assign(month=listed.month + pd.DateOffset(months=1))
    reached = calls_of_ours(facts)[["month", "customer_id"]].drop_duplicates().assign(reached=True)
    judged = judged.merge(reached, "left", on=["month", "customer_id"])
    yield "priority_visits", "mean", cases(judged.month, judged.reached.notna())


@reader
def actions(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """The last grade held counts, else the lowest; prospects go by stage alone."""
    table = facts.connection.execute("from work.reference.next_actions").df().set_index(["stage", "grade"]).action
    history = ranked(facts).sort_values("month")
    held = history.groupby("customer_id").grade.ffill().fillna("D").where(history.stage != "prospect", "*")
    named = [table.get((stage, grade)) for stage, grade in zip(history.stage, held, strict=True)]
    yield "next_action by action", "count", cases(history.month, 1, part=named)


@reader
def winning_and_keeping(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Of twelve months; a redemption that was reversed cost nothing."""
    campaigns = facts.rows("campaigns", "starts_at")
    won = facts.rows("customers", "acquired_at")
    entries = facts.rows("points_ledger", "at").set_index("entry_id")
    redeemed = entries[entries.kind == "redeem"]
    back = entries[(entries.kind == "reverse") & entries.reverses_entry_id.isin(redeemed.index)]
    tickets, _ = histories(facts)
    tickets = tickets[tickets.merged.isna()]
    goals = campaigns.goal.map({"acquire": "won", "retain": "kept", "win_back": "kept"})
    spent = pd.concat([
        cases(facts.month(campaigns.starts_at), campaigns.cost, part=goals),
        cases(facts.month(won.acquired_at), won.acquisition_cost.astype(float), part="won"),
        cases(facts.month(redeemed["at"]), redeemed.points * VARS["cost_per_point"], part="kept"),
        cases(facts.month(back["at"]), -back.points * VARS["cost_per_point"], part="kept"),
        cases(facts.month(tickets.created_at), tickets.compensation_amount, part="kept"),
    ])  # fmt: skip
    by_month = spent.groupby(["month", "part"]).value.sum().unstack(fill_value=0)
    new, active = facts.month(won.acquired_at).value_counts().sort_index(), facts.active().groupby("month").size()
    rows = []
    for month in facts.ends():
        start = month - pd.DateOffset(months=11)
        costs = by_month[start:month].sum()
        rows.append((month, costs.won, new[start:month].sum(), costs.kept, active.get(month)))
    found = pd.DataFrame(rows, columns=["month", "won", "new", "kept", "active"]).astype({"active": float})
    winning = pd.DataFrame({"month": found.month, "numerator": found.won, "denominator": found.new})
    keeping = pd.DataFrame({"month": found.month, "numerator": found.kept, "denominator": found.active})
    yield "acquisition_vs_retention_won", "ratio", winning
    yield "acquisition_vs_retention_kept", "ratio", keeping
    dear = winning.numerator / winning.denominator / (keeping.numerator / keeping.denominator)
    yield "acquisition_vs_retention", "ratio", pd.DataFrame({"month": found.month, "numerator": dear, "denominator": 1})


@reader
def index_of_loyalty(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """From the monthly figures of the parts, each proved by itself: pooled over twelve months where they add up."""
    parts = (
        facts.connection.execute("from work.reference.loyalty_index_parts")
        .df()
        .set_index("part")
        .astype({"floor_value": float, "ceiling_value": float})
    )
    scaled = []
    for part, row in parts.iterrows():
        monthly = company(facts.connection, str(part), "").droplevel("part")
        if part not in ("repurchase_rate", "purchase_frequency", "cross_use"):  # those look back a window themselves
            pooled = (monthly.value * monthly.n).reindex(facts.ends()).fillna(0).rolling(12).sum()
            monthly = pd.DataFrame({"value": pooled / monthly.n.reindex(facts.ends()).fillna(0).rolling(12).sum()})
        share = ((monthly.value - row.floor_value) / (row.ceiling_value - row.floor_value)).clip(0, 1)
        scaled.append(share.rename(part))
    index = pd.concat(scaled, axis=1).mean(axis=1)
    yield "loyalty_index", "sum", cases(index.index, index.values)


@reader
def customised(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Orders and service orders of which it is told; the newest answer about each, an order's delivery included."""
    orders = facts.orders().rename(columns={"order_id": "about_id", "ordered_at": "at"}).assign(by="order")
    jobs = facts.rows("service_orders", "requested_at").query("status != 'cancelled'")
    jobs = jobs.rename(columns={"service_order_id": "about_id", "requested_at": "at"}).assign(by="service_order")
    served = pd.concat([orders, jobs])[["about_id", "at", "by", "customer_id", "is_customised"]]
    served = served[served.is_customised.notna()].reset_index(drop=True)
    wanted, month = served.is_customised.astype(bool), facts.month(served["at"])
    yield "customised_service", "mean", cases(month, wanted)
    yield "customised_service by served_by", "mean", cases(month, wanted, part=served.by)
    csat = answers(facts, "csat").sort_values(["responded_at", "survey_id"])
    csat["by"] = csat.about_type.replace("delivery", "order")
    newest = csat.groupby(["by", "about_id"]).score.last().rename("score").reset_index()
    score = served.merge(newest, "left", on=["by", "about_id"]).score
    bought = facts.orders()[["customer_id", "ordered_at", "day"]]
    until = (served["at"] + LOCAL).dt.normalize() + VARS["again_days"] * DAY
    ripe = (until < facts.as_of + LOCAL) & served.customer_id.notna()
    pairs = served.assign(until=until).reset_index().merge(bought, on="customer_id")
    again = pairs[(pairs.ordered_at > pairs["at"]) & (pairs.day <= pairs.until)]["index"]
    for of, name in ((wanted, ""), (~wanted, "_rest")):
        told = of & score.notna()
        yield f"customised_service_csat{name}", "mean", cases(month[told], score[told] >= 4)
        judged = until.dt.to_period("M").dt.to_timestamp()[of & ripe]
        yield f"customised_service_again{name}", "mean", cases(judged, judged.index.isin(again))


@reader
def lifetimes(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """An open ticket or receivable keeps the relationship open: its last one has not been resolved or paid."""
    customers = facts.rows("customers", "closed_at").query("status == 'closed'").set_index("customer_id")
    tickets, events = histories(facts)
    tickets = tickets[tickets.merged.isna()].set_index("ticket_id")
    solved = events[events.to_status == "solved"].groupby("ticket_id")["at"].max()
    shut = events[events.to_status == "closed"].groupby("ticket_id")["at"].max()
    tickets["status"] = events[events.to_status.notna()].groupby("ticket_id").to_status.last()
    tickets["done_at"] = solved.combine_first(shut)
    owed = receivables(facts, facts.as_of).query("payment_due_at.notna()")
    waiting = set(tickets[~tickets.status.isin(DONE)].customer_id) | set(owed[owed.rest > 0].customer_id)
    parts = [tickets.groupby("customer_id").done_at.max(), owed.groupby("customer_id").paid_at.max()]
    ended = pd.concat([customers.closed_at, *parts], axis=1).max(axis=1).reindex(customers.index)
    ended = ended[~ended.index.isin(waiting)]
    days = (ended - known_since(facts)[ended.index]).dt.total_seconds() / 86400
    yield "lifetime_individual", "median", cases(facts.month(ended), days)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_figures_of_customers_are_those_counted_from_the_rows_sent(facts: Facts, read: Reader) -> None:
    assert differences(facts, read) == []
