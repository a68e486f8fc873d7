"""Care, loyalty and lifetime of customers once more from the rows the sources sent, by the words of METRICS.md.

As test_from_facts.py; besides stages, the grades and scores of customers at the ends of months are taken as they are,
which tests/dbt/test_core_rules.py proves by brute force.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.measures.facts import (
    DONE,
    LOCAL,
    UNIT_COSTS,
    VARS,
    Cases,
    Facts,
    Reader,
    Readers,
    answers,
    cases,
    company,
    differences,
    first_promises,
    histories,
)

pytestmark = pytest.mark.slow
reader = Readers()
DAY = pd.Timedelta(days=1)


def ranked(facts: Facts) -> pd.DataFrame:
    """Customers at the end of each month: stage, grade, score of spend and spend in the window."""
    return facts.connection.execute(
        "select month, customer_id, stage, grade, m_score, spend_in_window::double as spent,"
        " coalesce(is_active, false) as is_active"
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
    """Orders made by then: what is still owed, and when it was last paid. What little is left of a paid order in pounds
    is the difference of two days' rates, and settled."""
    orders = facts.orders().query("ordered_at < @end").set_index("order_id")
    returns = facts.rows("returns", "returned_at").query("kind == 'refund' and returned_at < @end")
    payments = facts.rows("payments", "paid_at").query("paid_at < @end").groupby("order_id")
    settled = [returns.groupby("order_id").refund_amount.sum(), payments.amount.sum()]
    given_back, paid = (amounts.reindex(orders.index).fillna(0) for amounts in settled)
    rest = orders.net - given_back - paid
    is_settled = (orders.currency == "GBP") & (paid > 0)
    is_settled &= rest <= VARS["exchange_difference_share"] * (orders.net - given_back)
    rest = rest.mask(is_settled, 0)
    return orders.assign(rest=rest.round(4).clip(lower=0), paid_at=payments.paid_at.max())


@reader
def care(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Any contact of ours is care, a message of a campaign too; of several cadences of a grade the shortest counts.

    What came before the first month of contacts sent is not known: a cadence counts once they reach back as far.
    """
    reported = [facts.rows("interactions").started_at, facts.rows("campaign_contacts").assigned_at]
    begin = min(facts.month(moments).min() for moments in reported)
    cadence = facts.connection.execute("from work.reference.contact_cadence").df()
    days = cadence.groupby("grade").every_days.min()
    contacts = pd.concat([calls_of_ours(facts), messages_of_campaigns(facts)])
    known, ends, found = known_since(facts), facts.ends(), []
    cared_for = ranked(facts).query("is_active and grade in @days.index")
    for month, of in cared_for.groupby("month"):
        end = ends[month]
        of = of[of.grade.map(days) <= ((end + LOCAL - DAY).normalize() - begin).days]
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
        cases(facts.month(redeemed["at"]), redeemed.points * UNIT_COSTS["point"], part="kept"),
        cases(facts.month(back["at"]), -back.points * UNIT_COSTS["point"], part="kept"),
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
        reported = of & score.notna()
        yield f"customised_service_csat{name}", "mean", cases(month[reported], score[reported] >= 4)
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


def happenings(facts: Facts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What went wrong (complaint, broken promise, low CSAT) with the incident it tells of, and orders that went well.

    An order is one incident with its tickets and surveys; a job is one of its own, but its order did not
    go well either.
    """
    orders, jobs = facts.orders(), facts.rows("service_orders", "requested_at").query("status != 'cancelled'")
    tickets, _ = histories(facts)
    tickets = tickets[tickets.merged.isna()]
    matters = [
        (["order", "delivery"], orders.order_id, orders.order_id, orders),
        (["service_order"], jobs.service_order_id, jobs.service_order_id, jobs),
        (["ticket"], tickets.ticket_id, tickets.order_id.fillna(tickets.ticket_id), tickets),
    ]
    known = pd.concat(
        of[["order_id", "store_id"]].assign(about_type=kind, about_id=key, incident=incident)
        for kinds, key, incident, of in matters
        for kind in kinds
    )
    owed = orders.drop(columns="promised_at").merge(first_promises(facts), on="order_id")
    late = owed[(owed.promised_at < facts.as_of) & ~(owed.delivered_at <= owed.promised_at)]
    late_jobs = jobs[(jobs.promised_at < facts.as_of) & ~(jobs.completed_at <= jobs.promised_at)]
    low = answers(facts, "csat").query("score <= 2")
    complaints = tickets[tickets.kind == "complaint"]
    reported = [
        ("complaint", "ticket", complaints.ticket_id, complaints.created_at, complaints),
        ("broken_promise", "order", late.order_id, late.promised_at, late),
        ("broken_promise", "service_order", late_jobs.service_order_id, late_jobs.promised_at, late_jobs),
        ("low_csat", low.about_type, low.about_id, low.responded_at, low),
    ]
    wrong = pd.concat(
        of[["customer_id"]].assign(part=part, about_type=kind, about_id=key, at=at)
        for part, kind, key, at, of in reported
    ).merge(known, on=["about_type", "about_id"])
    wrong = wrong.dropna(subset=["customer_id", "store_id"])
    well = orders[~orders.order_id.isin(wrong.order_id) & (orders.delivered_at < facts.as_of)]
    return wrong.sort_values("at"), well.assign(at=well.delivered_at)


@reader
def gone_after_experiences(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """An incident counts once, from what told of it first; an order that went well from its delivery."""
    wrong, well = happenings(facts)
    orders = facts.orders()[["customer_id", "store_id", "ordered_at", "day"]]
    bad = wrong.drop_duplicates(["customer_id", "incident"])
    for of, metric_id in ((bad, "bad_experience_exit"), (well.assign(part=""), "bad_experience_exit_none")):
        until = (of["at"] + LOCAL).dt.normalize() + VARS["exit_days"] * DAY
        of = of[["customer_id", "store_id", "at", "part"]].assign(until=until).reset_index(drop=True)
        ripe = of.until < facts.as_of + LOCAL
        pairs = of.reset_index().merge(orders, on=["customer_id", "store_id"])
        back = pairs[(pairs.ordered_at > pairs["at"]) & (pairs.day <= pairs.until)]["index"]
        gone = cases(of.until.dt.to_period("M").dt.to_timestamp(), ~of.index.isin(back), part=of.part)[ripe]
        yield metric_id, "mean", gone.assign(part="")
        if metric_id == "bad_experience_exit":
            yield f"{metric_id} by kind", "mean", gone
            yield f"{metric_id}_unripe", "count", cases(facts.month(of["at"])[~ripe], 1)


def net_spend(facts: Facts) -> pd.DataFrame:
    """Orders and, in the month they were paid back, refunds."""
    orders = facts.orders()
    returns = facts.rows("returns", "returned_at").query("kind == 'refund'").merge(orders, on="order_id")
    back = returns.assign(month=facts.month(returns.returned_at), net=-returns.refund_amount)
    return pd.concat([orders, back])[["order_id", "customer_id", "month", "net"]]


@reader
def sales(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Every refund of the demo states its amount, no order is below 0."""
    orders = facts.orders()
    returns = facts.rows("returns", "returned_at").query("kind == 'refund'").merge(orders[["order_id"]], on="order_id")
    back = facts.month(returns.returned_at)
    yield "orders", "count", cases(orders.month, 1)
    yield "revenue", "sum", pd.concat([cases(orders.month, orders.net), cases(back, -returns.refund_amount)])
    yield "refund_amount", "sum", cases(back, returns.refund_amount)
    given = pd.DataFrame({"month": back, "numerator": returns.refund_amount, "denominator": 0.0})
    sold = pd.DataFrame({"month": orders.month, "numerator": 0.0, "denominator": orders.net})
    yield "refund_rate", "ratio", pd.concat([given, sold])


@reader
def tiers_of_the_source(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """The tier last told by the month's end, by its own stamp; who rose or fell since the end of the month before."""
    reported = facts.connection.execute(
        "select member_id, tier, updated_at from work.raw.loyalty_members order by updated_at, load_date"
    ).df()
    joined = facts.rows("loyalty_members").set_index("member_id")
    left = joined.updated_at.where(joined.status == "left")
    place = facts.connection.execute("from work.reference.tier_rules").df().set_index("tier").tier_rank
    known = ranked(facts)[["month", "customer_id"]]
    members, moved, before = [], [], pd.Series(dtype=float)
    for month, end in facts.ends().items():
        there = joined.index[(joined.joined_at < end) & ~(left < end)]
        there = there[joined.customer_id[there].isin(known.customer_id[known.month == month])]
        last = reported[reported.updated_at < end].groupby("member_id").tier.last()
        tier = last.reindex(there).fillna(reported.groupby("member_id").tier.first())
        members.append(cases(month, 1, part=tier.reindex(there), index=there))
        rank = tier.map(place).astype(float)
        old = before.reindex(there)[facts.month(joined.joined_at[there]) < month].dropna()
        moved.append(pd.DataFrame({"month": month, "change": rank.reindex(old.index) - old}))
        before = rank
    changes = pd.concat(moved)
    yield "tiers_source by source_tier", "count", pd.concat(members)
    yield "tiers_source_upgraded", "mean", cases(changes.month, changes.change > 0)
    yield "tiers_source_downgraded", "mean", cases(changes.month, changes.change < 0)


def alike(facts: Facts) -> pd.DataFrame:
    """Active customers with a grade, of six months before each month: what decides the stratum, and the spend since.

    The type, the grade, the tenure (cut at 6, 12 and 24 months) and the six months' spend by powers of two.
    """
    joined, spends, found = facts.rows("loyalty_members"), net_spend(facts), []
    left = joined.updated_at.where(joined.status == "left")
    won = facts.rows("customers").set_index("customer_id")
    won_in = facts.month(won.acquired_at.fillna(facts.orders().groupby("customer_id").ordered_at.min()))
    ends = facts.ends()
    for base, of in ranked(facts).query("is_active and grade.notna()").groupby("month"):
        who, month = pd.Index(of.customer_id), base + pd.DateOffset(months=6)
        before, after = (
            spends[spends.month.between(since, since + pd.DateOffset(months=5))].groupby("customer_id").net.sum()
            for since in (base - pd.DateOffset(months=5), base + pd.DateOffset(months=1))
        )
        there = joined[(joined.joined_at < ends[base]) & ~(left < ends[base])].customer_id
        tenure = 12 * (base.year - won_in.dt.year) + base.month - won_in.dt.month
        found.append(pd.DataFrame({
            "month": month, "type": won.type.reindex(who).array, "grade": of.grade.array,
            "tenure": np.digitize(tenure.reindex(who), [6, 12, 24]),
            "spend": np.floor(np.log2(before.reindex(who).fillna(0).clip(lower=1))).array,
            "spent": after.reindex(who).fillna(0).array, "is_member": who.isin(there),
        }))  # fmt: skip
    return pd.concat(found)


def matched_sides(facts: Facts) -> pd.DataFrame:
    """Customers, mean and variance of the spend of members and of others, by stratum with two or more of both."""
    strata = alike(facts).groupby(["month", "type", "grade", "tenure", "spend", "is_member"])
    sides = strata.spent.agg(["size", "mean", "var"]).unstack()
    return sides[(sides["size"] >= 2).all(axis=1)]


@reader
def members_and_others_alike(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    sides = matched_sides(facts)
    members = sides["size"][True]
    weighted = (sides["mean"][True] - sides["mean"][False]) * members
    found = pd.DataFrame({"numerator": weighted, "denominator": members})
    yield "programme_effect", "ratio", found.reset_index()


@reader
def coupon_orders(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    lines = facts.rows("order_lines").merge(
        facts.rows("products")[["product_id", "unit_cost"]], "left", on="product_id"
    )
    cost = (
        (lines.quantity * lines.unit_cost_x.fillna(lines.unit_cost_y))
        .groupby(lines.order_id)
        .agg(lambda costs: costs.sum(skipna=False))
    )
    margin = net_spend(facts).groupby("order_id").net.sum() - cost
    used = facts.rows("coupons", "redeemed_at")
    yield "coupons_margin", "mean", cases(facts.month(used.redeemed_at), margin.reindex(used.order_id).to_numpy())


@reader
def purchase_rhythm(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Gaps between purchase days that ended within twelve months: sample standard deviation over mean."""
    days = facts.orders().drop_duplicates(["customer_id", "day"]).sort_values("day")
    days["gap"] = days.groupby("customer_id").day.diff().dt.days
    lines = facts.rows("order_lines").merge(facts.orders()[["order_id", "customer_id", "day", "month"]], on="order_id")
    lines = lines.merge(facts.rows("products")[["product_id", "category", "brand"]], on="product_id")
    regular, repeat = [], {"category": [], "brand": []}
    for month in facts.ends():
        start = month - pd.DateOffset(months=11)
        gaps = days[days.month.between(start, month)].groupby("customer_id").gap
        regular.append(cases(month, gaps.std() / gaps.mean()))
        for by, found in repeat.items():
            bought = lines[lines.month.between(start, month)].groupby([by, "customer_id"]).day.nunique().reset_index()
            found.append(cases(month, bought.day >= 2, part=bought[by]))
    yield "repurchase_rate_regularity", "median", pd.concat(regular)
    for by, found in repeat.items():
        shares = pd.concat(found).rename(columns={"value": "numerator"}).assign(denominator=1)
        yield f"repurchase_rate_by_product by {by}", "ratio", shares


@reader
def money_owed(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """At the last month's end: of all orders that are not fully paid, and of those past their due day the oldest."""
    month, end = list(facts.ends().items())[-1]
    owed = receivables(facts, end).query("rest > 0")
    limits = facts.rows("customers").set_index("customer_id").credit_limit.astype(float).dropna()
    late = owed[owed.payment_due_at < end]
    yield "credit_open", "sum", cases(month, owed.rest)
    yield "credit_overdue", "sum", cases(month, late.rest)
    oldest = (late.groupby("customer_id").payment_due_at.min() + LOCAL).dt.normalize()
    yield "credit_overdue_days", "median", cases(month, ((end + LOCAL - DAY).normalize() - oldest).dt.days)
    of = owed.groupby("customer_id").rest.sum().reindex(limits.index).fillna(0)
    yield "credit_limits_exceeded", "mean", cases(month, of > limits)
    yield (
        "credit",
        "ratio",
        pd.DataFrame({"month": month, "numerator": of, "denominator": limits}).query("denominator > 0"),
    )


@pytest.mark.parametrize("read", reader, ids=lambda read: read.__name__)
def test_figures_of_customers_are_those_counted_from_the_rows_sent(facts: Facts, read: Reader) -> None:
    assert differences(facts, read) == []


def test_the_interval_of_what_members_spend_more_is_that_of_a_weighted_difference(facts: Facts) -> None:
    """Variances of the two means of each stratum, weighted by the square of its share of the members."""
    sides = matched_sides(facts)
    variance = (sides["var"] / sides["size"]).sum(axis=1)
    members = sides["size"][True]
    share = members / members.groupby("month").transform("sum")
    margin = stats.norm.ppf(0.975) * np.sqrt((share**2 * variance).groupby("month").sum())
    published = facts.connection.execute(
        "select month, difference::double as difference, ci_low::double as low, ci_high::double as high"
        " from kefu.reporting.rpt_programme_effect"
    ).df().set_index("month")  # fmt: skip
    assert (published.high - published.difference).to_dict() == pytest.approx(margin[published.index].to_dict())
    assert (published.difference - published.low).to_dict() == pytest.approx(margin[published.index].to_dict())
