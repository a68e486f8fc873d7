"""Figures of the company once more from the rows the sources sent, by the words of METRICS.md.

pandas over staging (one row per key, as it holds), every month that is published; no mart, macro or expression of the
project is read but the stages and scores of customers, which tests/dbt/test_core_rules.py proves by brute force. What
customers spend in a window (for tiers) test_by_hand.py proves.
"""

from __future__ import annotations

import itertools
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


@reader
def surveys_of_one_item(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    nps = answers(facts, "nps")
    yield "nps", "nps", cases(nps.month, nps.score)
    ces = answers(facts, "ces")
    yield "ces", "mean", cases(ces.month, ces.score >= 5)
    yield "ces_mean", "mean", cases(ces.month, ces.score)
    csat = answers(facts, "csat")
    yield "csat", "mean", cases(csat.month, csat.score >= 4)
    yield "csat by touch_point", "mean", cases(csat.month, csat.score >= 4, part=csat.about_type)
    tickets = facts.rows("tickets", "created_at")[["ticket_id", "need"]].dropna()
    about = csat[csat.about_type == "ticket"].merge(tickets, left_on="about_id", right_on="ticket_id")
    yield "needs_csat by need", "mean", cases(about.month, about.score >= 4, part=about.need)
    sent = facts.rows("surveys", "sent_at")
    sent = sent[(sent.instrument == "csat") & (sent.respondent_type == "customer")]
    yield "csat_response_rate", "mean", cases(facts.month(sent.sent_at), sent.responded_at < facts.as_of)
    loyalty = answers(facts, "loyalty")
    for question in ("competitor_immunity", "programme_awareness"):
        reported = loyalty[loyalty.dimension == question]
        yield question, "mean", cases(reported.month, reported.score == 1)


@reader
def surveys_of_several_items(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    def wide(found: pd.DataFrame, by: str) -> pd.DataFrame:
        return found.pivot(index=["month", "survey_id"], columns=by, values="score")

    whole = wide(answers(facts, "relationship").query("dimension != 'attribute'"), "dimension").dropna()
    yield (
        "satisfaction_index",
        "mean",
        cases(whole.index.get_level_values(0), ((whole - 1) / 9 * 100).mean(axis=1).values),
    )
    product = answers(facts, "product")
    product["positive"] = product.score >= 4
    for subject, rows in product.groupby(np.where(product.dimension == "service", "csat_service", "csat_product")):
        share = rows.groupby(["month", "survey_id"]).positive.mean().reset_index()
        yield subject, "mean", cases(share.month, share.positive)
    facets = product[product.dimension != "service"]
    yield "csat_product_facet by part", "mean", cases(facets.month, facets.positive, part=facets.dimension)
    items = pd.concat([answers(facts, instrument) for instrument in ("product", "relationship")])
    items = items[items.product_level.notna()]
    items = items.assign(positive=items.score >= items.scale_max.astype(float) - 1)
    share = items.groupby(["month", "survey_id", "product_level"]).positive.mean().reset_index()
    assert set(share.product_level) == {"core", "expected", "augmented", "potential"}
    yield "csat_product_level by part", "mean", cases(share.month, share.positive, part=share.product_level)
    value = wide(answers(facts, "perceived_value"), "dimension").dropna()
    gains, costs = (value[parts].mean(axis=1) for parts in (
        ["product", "service", "personnel", "image"], ["money", "time", "energy", "psychic"]))  # fmt: skip
    yield "delivered_value", "mean", cases(value.index.get_level_values(0), (gains - costs).values)


@reader
def servqual_gaps(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    sides = [
        answers(facts, "servqual", side).set_index(["month", "survey_id", "dimension", "item_id"]).score
        for side in ("perception", "expectation")
    ]
    gaps = (sides[0] - sides[1]).dropna()
    of_dimension = gaps.groupby(level=["month", "survey_id", "dimension"]).mean().unstack()
    long = of_dimension.stack().reset_index(name="value")
    yield "servqual_gap by servqual_dimension", "mean", cases(long.month, long.value, part=long.dimension)
    whole = of_dimension.dropna()
    yield "servqual", "mean", cases(whole.index.get_level_values("month"), whole.mean(axis=1).values)
    points = answers(facts, "servqual", "importance").set_index(["month", "survey_id", "dimension"]).score.unstack()
    weighted = (whole * points.reindex(whole.index) / 100).sum(axis=1, skipna=False).dropna()
    yield "servqual_weighted", "mean", cases(weighted.index.get_level_values("month"), weighted.values)


@reader
def six_qualities_of_every_survey(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    found = pd.concat([
        answers(facts, "servqual", "perception"), answers(facts, "relationship"), answers(facts, "product")
    ])  # fmt: skip
    found = found[found.quality.notna()]
    found["level"] = 100 * (found.score - found.scale_min) / (found.scale_max - found.scale_min)
    means = found.groupby(["month", "survey_id", "quality"])["level"].mean().reset_index()
    yield "six_qualities by quality", "mean", cases(means.month, means.level, part=means.quality)


@reader
def satisfaction_of_each_customer(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Of the active at the last month's end: the newest score, and who was never asked or kept silent."""
    month, end = list(facts.ends().items())[-1]
    active = facts.active().query("month == @month").set_index("customer_id")
    sent = facts.rows("surveys", "sent_at")
    asked = set(sent[(sent.instrument == "csat") & (sent.respondent_type == "customer")].customer_id)
    given = answers(facts, "csat").sort_values(["responded_at", "survey_id"]).groupby("customer_id")
    newest = given.last().reindex(active.index)
    reported, was_asked = newest.score.notna(), active.index.isin(asked)
    yield "satisfaction_by_customer", "mean", cases(month, newest[reported].score >= 4)
    yield "satisfaction_by_customer_never_asked", "mean", cases(month, ~was_asked, index=active.index)
    yield "satisfaction_by_customer_silent", "mean", cases(month, ~reported[was_asked])
    days = ((end + LOCAL).normalize() - pd.Timedelta(days=1)) - (newest[reported].responded_at + LOCAL).dt.normalize()
    yield "satisfaction_by_customer_days", "median", cases(month, days.dt.days)
    last_two = given.score.apply(lambda scores: scores.iloc[-1] - scores.iloc[-2] if len(scores) > 1 else np.nan)
    step = last_two.reindex(active.index).dropna()
    yield "satisfaction_by_customer_worse", "mean", cases(month, step < 0)


@reader
def purchases(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    orders, active = facts.orders(), facts.active()
    lines = facts.rows("order_lines").merge(orders[["order_id", "customer_id", "month"]], on="order_id")
    lines = lines.merge(facts.rows("products")[["product_id", "category"]], "left", on="product_id")
    repeat, frequency, units, categories = [], [], [], []
    for month in facts.ends():
        start = month - pd.DateOffset(months=11)
        window = orders[orders.month.between(start, month)].groupby("customer_id")
        repeat.append(cases(month, window.day.nunique() >= 2))
        customers = active[active.month == month].customer_id
        frequency.append(cases(month, window.size().reindex(customers).fillna(0)))
        bought = lines[lines.month.between(start, month)].groupby("customer_id")
        units.append(cases(month, bought.quantity.sum().reindex(customers).fillna(0)))
        categories.append(cases(month, bought.category.nunique().reindex(customers).fillna(0) >= 2))
    yield "repurchase_rate", "mean", pd.concat(repeat)
    yield "purchase_frequency", "mean", pd.concat(frequency)
    yield "purchase_volume", "mean", pd.concat(units)
    yield "cross_use", "mean", pd.concat(categories)
    first = orders.groupby("customer_id").day.transform("min")
    again = orders[orders.day > first]
    of_lines = lines[lines.discount_amount > 0].order_id
    full = (again.discount_amount.fillna(0) <= 0) & again.coupon_id.isna() & ~again.order_id.isin(of_lines)
    yield "price_tolerance", "mean", cases(again.month, full)
    for days, metric_id in ((30, "rfm_movement"), (90, "rfm_movement_90")):
        recent = [
            cases(month, pd.Series(1, orders[(age >= 0) & (age < days)].customer_id.unique()))
            for month, end in facts.ends().items()
            for age in [((end + LOCAL - pd.Timedelta(days=1)) - orders.day).dt.days]
        ]
        yield metric_id, "count", pd.concat(recent)


@reader
def value_matrix_and_scores(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Cells by the means of who bought in the window; scores as test_core_rules proves them, month against month."""
    orders, cells = facts.orders(), []
    returns = facts.rows("returns", "returned_at").query("kind == 'refund'").merge(orders, on="order_id")
    refunded = pd.DataFrame({
        "customer_id": returns.customer_id, "month": facts.month(returns.returned_at), "net": -returns.refund_amount
    })  # fmt: skip
    moved = pd.concat([orders[["customer_id", "month", "net"]], refunded])
    for month in facts.ends():
        start = month - pd.DateOffset(months=11)
        count = orders[orders.month.between(start, month)].groupby("customer_id").size()
        spent = moved[moved.month.between(start, month)].groupby("customer_id").net.sum().reindex(count.index)
        value = spent / count
        often, dear = count >= count.mean(), value >= value.mean()
        names = np.select([often & dear, dear, often], ["best", "spender", "frequent"], "uncertain")
        cells.append(cases(month, 1, part=pd.Series(names, count.index)))
    yield "value_matrix by matrix_cell", "count", pd.concat(cells)
    scores = facts.connection.execute(
        "select customer_id, month, r_score as r, f_score as f, m_score as m from kefu.customer.fct_customer_month"
        " where is_buyer"
    ).df()
    before = scores.assign(month=scores.month + pd.DateOffset(months=1))
    both = scores.merge(before, on=["customer_id", "month"], suffixes=("", "_before"))
    steps = pd.concat([cases(both.month, both[one] - both[f"{one}_before"], part=one) for one in "rfm"])
    for metric_id, moved_so in (("rfm_shift", steps.value < 0), ("rfm_shift_risen", steps.value > 0)):
        yield f"{metric_id} by score", "ratio", steps.assign(numerator=moved_so, denominator=1).drop(columns="value")


@reader
def members(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Who had joined and not left by the month's end: of the active, and by the tier that a year's spend earns."""
    joined = facts.rows("loyalty_members")
    left = joined.updated_at.where(joined.status == "left")
    spends = facts.connection.execute(
        "select month, customer_id, spend_in_window::double as spent, coalesce(is_active, false) as is_active"
        " from kefu.customer.fct_customer_month"
    ).df()
    rules = facts.connection.execute("from work.reference.tier_rules order by min_spend").df()
    assert rules.valid_to.isna().all()
    enrolled, tiers = [], []
    for month, end in facts.ends().items():
        there = joined[(joined.joined_at < end) & ~(left < end)][["customer_id"]]
        known = spends[spends.month == month]
        active = known[known.is_active]
        enrolled.append(cases(month, active.customer_id.isin(there.customer_id)).assign(denominator=1))
        of = there.merge(known, on="customer_id")  # a person may hold two memberships
        place = np.searchsorted(rules.min_spend.astype(float), of.spent.fillna(0).clip(lower=0), side="right") - 1
        tiers.append(cases(month, 1, part=pd.Series(rules.tier.to_numpy()[place], of.index)))
    yield "programme_effect_enrolled", "ratio", pd.concat(enrolled).rename(columns={"value": "numerator"})
    yield "tiers by tier", "count", pd.concat(tiers)


@reader
def reasons_for_leaving(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """As told in the exit survey, else as noted at closure; which wordings are ours, the reference tables say."""
    gone = facts.rows("customers", "closed_at").query("status == 'closed'").set_index("customer_id")
    reported = facts.rows("surveys", "responded_at").query("instrument == 'exit'")
    reported = reported.merge(facts.rows("survey_answers")[["survey_id", "item_id", "text"]], on="survey_id")
    reported = reported[(reported.item_id == "reason") & reported.text.notna()].sort_values("responded_at")
    stated = reported.groupby("customer_id").text.last().reindex(gone.index).fillna(gone.closure_reason)
    wordings = facts.connection.execute("from work.reference.churn_reasons").df().set_index("raw_reason").reason
    groups = facts.connection.execute("from work.reference.churn_reason_groups").df().set_index("reason")
    reason = stated.str.strip().str.lower().map(wordings).fillna("other").where(stated.notna())
    month = facts.month(gone.closed_at)
    yield "churn_reason_known", "mean", cases(month, reason.notna())
    known = reason.dropna()
    yield "churn_reason", "count", cases(month[known.index], 1)
    yield "churn_reason_caused_by_us", "mean", cases(month[known.index], known.map(groups.is_caused_by_us))


@reader
def completeness(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    customers, bought = facts.rows("customers"), set(facts.orders().customer_id)
    filled = customers.notna() & (customers.astype("string").apply(lambda column: column.str.strip()) != "").fillna(
        False
    )
    fields = {
        "basic": ["name", "address", "phone", "bank_account"],
        "commercial": ["industry", "growth_plan", "fiscal_year_end"],
        "personal": ["birth_date", "interests", "preferences"],
        "logistics": ["delivery_priority"],
    }
    groups = [filled[names].mean(axis=1) for names in fields.values()] + [
        customers.customer_id.isin(bought).astype(float)
    ]
    last = list(facts.ends())[-1]
    yield "customer_profile", "mean", cases(last, sum(groups) / 5)


@reader
def cohorts_and_retention(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    active = facts.active()
    sets = active.groupby("month").customer_id.agg(set)
    kept = [
        cases(month, pd.Series([customer in sets[month] for customer in sorted(sets[before])]))
        for before, month in itertools.pairwise(sets.index)
    ]
    yield "retention_rate", "mean", pd.concat(kept)
    yield "retention_rate_churn", "mean", pd.concat([one.assign(value=~one.value.astype(bool)) for one in kept])
    won = facts.rows("customers", "acquired_at")
    reported = won[won.referred_by.notna() | won.acquisition_channel.notna()]
    bought = facts.orders().merge(won[["customer_id", "acquired_at"]], on="customer_id")
    bought["cohort"] = facts.month(bought.acquired_at)
    (first,) = facts.connection.execute("select min(month) from work.intermediate.int_core__months").fetchone() or ("",)
    later = bought[(bought.month > bought.cohort) & (bought.cohort >= pd.Timestamp(first))]
    later = later.drop_duplicates(["customer_id", "month"]).month.value_counts()
    size = facts.month(won.acquired_at).value_counts().sort_index()[first:]
    earlier = pd.Series({month: size[size.index < month].sum() for month in facts.ends()})
    share = pd.DataFrame({"numerator": later, "denominator": earlier}).fillna(0).rename_axis("month").reset_index()
    yield "cohort_retention", "ratio", share
    by_word = reported.referred_by.notna() | (reported.acquisition_channel == "referral")
    yield "word_of_mouth", "mean", cases(facts.month(reported.acquired_at), by_word)


@reader
def promises(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Judged where they fell due, the first one, the overdue as late."""
    orders = facts.orders().drop(columns="promised_at").merge(first_promises(facts), on="order_id")
    due = orders[orders.promised_at < facts.as_of]
    yield "promise_kept", "mean", cases(facts.month(due.promised_at), due.delivered_at <= due.promised_at)
    jobs = facts.rows("service_orders", "requested_at")
    jobs = jobs[jobs.status != "cancelled"]
    owed = jobs[jobs.promised_at < facts.as_of]
    yield "promise_kept_service", "mean", cases(facts.month(owed.promised_at), owed.completed_at <= owed.promised_at)
    calls = facts.rows("interactions", "follow_up_due_at")
    calls = calls[calls.started_at < facts.as_of]
    yield (
        "follow_up",
        "mean",
        cases(facts.month(calls.follow_up_due_at), calls.follow_up_done_at <= calls.follow_up_due_at),
    )


@reader
def jobs_done(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    jobs = facts.rows("service_orders", "requested_at")
    jobs = jobs[jobs.status != "cancelled"]
    yield "service_category", "count", cases(facts.month(jobs.requested_at), 1)
    done = jobs[jobs.completed_at < facts.as_of]
    month, came_back, ours = (
        facts.month(done.completed_at),
        done.returned_reason.notna(),
        done.our_data_error.fillna(False),
    )
    right = done.right_first_time.astype("boolean").mask(came_back | ours.astype(bool), False)
    yield "first_time_right", "mean", cases(month, right.astype(float))
    yield "first_time_right_our_errors", "mean", cases(month, ours.astype(bool))
    yield "service_category_returned", "mean", cases(month, came_back)
    supplied = done[["quantity_supplied", "quantity_requested"]].min(axis=1).where(done.quantity_requested > 0)
    parts = pd.DataFrame({"month": month, "numerator": supplied, "denominator": done.quantity_requested})
    yield "service_category_parts_filled", "ratio", parts[parts.denominator > 0]


@reader
def telephone(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    calls = facts.rows("interactions", "started_at")
    calls = calls[(calls.channel == "phone") & (calls.direction == "inbound")]
    answered = calls.answered_at < facts.as_of
    over = (calls.ended_at < facts.as_of) | calls.abandoned.fillna(False).astype(bool)
    waited = calls.queue_seconds.astype(float)
    waited = waited.fillna((facts.by(calls.answered_at).fillna(calls.ended_at) - calls.started_at).dt.total_seconds())
    given_up = ~answered & over & (waited >= VARS["short_abandon_seconds"])
    month, offered = facts.month(calls.started_at), answered | given_up
    yield "calls", "count", cases(month[offered], 1)
    yield "calls_answered", "mean", cases(month[offered], answered[offered])
    yield "calls_abandoned", "mean", cases(month[offered], given_up[offered])
    in_time = answered & (waited <= VARS["service_level_seconds"])
    yield "calls_service_level", "mean", cases(month[offered], in_time[offered])
    yield "calls_speed_of_answer", "mean", cases(month[answered], waited[answered])
    talked = (facts.by(calls.ended_at) - calls.answered_at).dt.total_seconds() + calls.wrap_up_seconds.fillna(0)
    yield "calls_handle_time", "mean", cases(month[answered], talked[answered] / 60)
    yield "calls_rings", "mean", cases(month[answered], calls.rings[answered])
    items = facts.rows("inspections", "inspected_at")
    yield "inspections", "mean", cases(facts.month(items.inspected_at), items.passed)


@reader
def tickets_solved(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    tickets, events = histories(facts)
    moves = events[events.to_status.notna()]
    now = moves.groupby("ticket_id").to_status.last()
    solves = moves[moves.to_status == "solved"].groupby("ticket_id")["at"]
    closes = moves[moves.to_status == "closed"].groupby("ticket_id")["at"]
    replies = events[(events.event == "comment") & (events.actor_type == "agent") & events.is_public.astype(bool)]
    reopened = moves[moves.from_status.isin(DONE) & ~moves.to_status.isin(DONE)].groupby("ticket_id").size()
    found = tickets.set_index("ticket_id")
    last = solves.max().combine_first(closes.max()).reindex(found.index)
    solved = found[now.reindex(found.index).isin(DONE)].index
    month = facts.month(last[solved])
    yield "reopen_rate", "mean", cases(month, reopened.reindex(solved).fillna(0) > 0)
    yield "one_touch", "mean", cases(month, replies.groupby("ticket_id").size().reindex(solved).fillna(0) == 1)
    minutes = (last[solved] - found.created_at[solved]).dt.total_seconds() / 60
    yield "full_resolution_calendar", "median", cases(month, minutes)
    until = moves.groupby("ticket_id")["at"].shift(-1)
    spent = moves.assign(minutes=(until - moves["at"]).dt.total_seconds() / 60)
    for status, metric_id in (("pending", "agent_wait"), ("hold", "on_hold")):
        waited = spent[spent.to_status == status].groupby("ticket_id").minutes.sum()
        yield metric_id, "mean", cases(month, waited.reindex(solved).fillna(0))


@reader
def open_tickets(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    every, ends = facts.rows("tickets", "created_at"), facts.ends()
    events_of_all = facts.rows("ticket_events", "at").sort_values(["at", "seq"])
    removed = events_of_all[events_of_all.event.isin(["deleted", "merged"])].groupby("ticket_id")["at"].min()
    moves = events_of_all[events_of_all.to_status.notna()]
    backlog = []
    for month, end in ends.items():
        status = moves[moves["at"] < end].groupby("ticket_id").to_status.last()
        left = every[(every.created_at < end) & ~(every.ticket_id.map(removed) < end)]
        is_open = ~left.ticket_id.map(status).isin(DONE)
        old = (end - left.created_at) >= pd.Timedelta(days=7)
        backlog.append({"month": month, "value": is_open.sum(), "numerator": (is_open & old).sum()})
    found = pd.DataFrame(backlog)
    yield "backlog", "sum", found
    yield "backlog_old", "ratio", found.rename(columns={"value": "denominator"})
    yield "backlog_received", "sum", cases(facts.month(every.created_at), 1)


@reader
def complaints(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    tickets, events = histories(facts)
    found = tickets[(tickets.kind == "complaint") & tickets.merged.isna()].set_index("ticket_id")
    came = facts.month(found.created_at)
    yield "complaints_received", "count", cases(came, 1)
    for dimension in ("severity", "cause", "behaviour", "manner", "purpose", "phase", "fault", "priority"):
        yield f"complaints_received by {dimension}", "count", cases(came, 1, found[dimension])
    orders = facts.orders().month.value_counts()
    received = facts.month(found[found.severity == "serious"].created_at).value_counts()
    rate = pd.DataFrame({"numerator": 1000 * received, "denominator": orders}).fillna(0).rename_axis("month")
    yield "complaint_rate_serious", "ratio", rate.reset_index()
    moves = events[events.to_status.notna()].groupby("ticket_id")
    solved = events[events.to_status == "solved"].groupby("ticket_id")["at"].max()
    closed = events[events.to_status == "closed"].groupby("ticket_id")["at"].max()
    found = found.assign(status=moves.to_status.last(), solved_at=solved.combine_first(closed))
    done = found[found.status.isin(DONE)]
    month = facts.month(done.solved_at)
    judged = done.fault.notna()
    for fault, metric_id in (
        ("ours", "complaint_fault"),
        ("customer_misuse", "complaint_fault_customer_misuse"),
        ("unknown", "complaint_fault_unknown"),
    ):
        yield metric_id, "mean", cases(month[judged], done.fault[judged] == fault)
    is_major = done.is_major.fillna(False).astype(bool)
    converted = is_major & (done.major_type == "converted")
    yield "complaint_escalation_major", "mean", cases(month, is_major)
    ordinary = ~is_major | converted
    yield "complaint_escalation", "mean", cases(month[ordinary], converted[ordinary])
    yield (
        "complaint_handling_closed",
        "median",
        cases(month, (done.solved_at - done.created_at).dt.total_seconds() / 60),
    )
    taken = events[events.step.notna()].groupby("ticket_id").step.agg(set).reindex(done.index)
    taken = taken.map(lambda steps: steps if isinstance(steps, set) else set())
    clear = {"control", "listen", "establish", "apologise", "resolve"}
    plain = {"listen", "share", "clarify", "state", "ask"}
    left_out = [len((clear if major else plain) - steps) for major, steps in zip(is_major, taken, strict=True)]
    skipped = pd.Series(left_out, done.index)
    yield "complaint_handling", "mean", cases(month, skipped == 0)
    yield "complaint_handling_steps_skipped", "mean", cases(month, skipped)
    yield "complaint_handling_looked_into", "mean", cases(month, taken.map({"facts_asked", "cause_analysed"}.issubset))
    owned = taken.map({"handler_named", "responsibility_accepted"}.issubset)
    yield "complaint_handling_owned", "mean", cases(month, owned)


@reader
def needs(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """By kind of need, and the whole: what nobody noted a need of is in neither."""
    tickets, _ = histories(facts)
    tickets = tickets[tickets.merged.isna() & tickets.need.notna()]
    complaints = tickets[tickets.kind == "complaint"]
    interactions = facts.rows("interactions", "started_at")
    interactions = interactions[interactions.need.notna()]
    for metric_id, rows, moment in (
        ("needs_tickets", tickets, "created_at"),
        ("needs_complaints", complaints, "created_at"),
        ("needs_interactions", interactions, "started_at"),
    ):
        month = facts.month(rows[moment])
        assert set(rows.need) == {"information", "environment", "emotion", "convenience"}
        yield metric_id, "count", cases(month, 1)
        yield f"{metric_id} by need", "count", cases(month, 1, part=rows.need)


@reader
def improvement(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    actions = facts.rows("improvement_actions")
    count, states, overdue, on_time = [], [], [], []
    reached = ["analysed", "planned", "implemented", "verified"]
    for month, end in facts.ends().items():
        known = actions[actions.collected_at.isna() | (actions.collected_at < end)]
        state = pd.Series("collected", known.index)
        for name in reached:
            state = state.mask(known[f"{name}_at"] < end, name)
        done_at = known.implemented_at.fillna(known.verified_at)
        count.append(cases(month, pd.Series(1, known.index)))
        states.append(cases(month, 1, part=state))
        overdue.append(cases(month, (known.due_at < end) & ~(done_at < end)))
        due = known[(known.due_at < end) & (facts.month(known.due_at) == month)]
        on_time.append(cases(month, done_at[due.index] <= due.due_at))
    yield "improvement_loop", "count", pd.concat(count)
    yield "improvement_loop by state", "count", pd.concat(states)
    yield "improvement_loop_overdue", "sum", pd.concat(overdue)
    yield "improvement_loop_on_time", "mean", pd.concat(on_time)


@reader
def trade(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    deals = facts.rows("opportunities", "closed_at")
    month, won = facts.month(deals.closed_at), deals.won.astype(bool)
    yield "sales_efficiency", "mean", cases(month, won)
    yield (
        "sales_efficiency_days",
        "median",
        cases(month, (deals.closed_at - deals.created_at).dt.total_seconds() / 86400),
    )
    yield "sales_efficiency_won_amount", "sum", cases(month[won], deals.amount[won])
    touches = facts.rows("interactions", "started_at").opportunity_id.value_counts()
    spent = deals.opportunity_id.map(touches).fillna(0)
    yield (
        "sales_efficiency_interactions",
        "ratio",
        pd.DataFrame({"month": month, "numerator": spent, "denominator": won}),
    )
    asked = facts.rows("credit_applications", "decided_at")
    month, granted = facts.month(asked.decided_at), asked.granted.astype(bool)
    yield "credit_approval", "mean", cases(month, granted)
    yield (
        "credit_approval_days",
        "median",
        cases(month, (asked.decided_at - asked.applied_at).dt.total_seconds() / 86400),
    )
    yield "credit_approval_amount", "sum", cases(month[granted], asked.amount[granted])


@reader
def coupons_and_campaigns(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    issued = facts.rows("coupons", "issued_at")
    yield "coupons_issued", "count", cases(facts.month(issued.issued_at), 1)
    used = issued[issued.redeemed_at < facts.as_of]
    yield "coupons_redeemed", "count", cases(facts.month(used.redeemed_at), 1)
    sent = facts.rows("campaign_contacts", "sent_at")
    reported = sent[sent.delivered.notna()]
    yield "campaign_results_delivered", "mean", cases(facts.month(reported.sent_at), reported.delivered.astype(bool))
    reached = sent[sent.delivered.fillna(True).astype(bool)]
    month = facts.month(reached.sent_at)
    yield "campaign_results_opened", "mean", cases(month, reached.opened_at < facts.as_of)
    yield "campaign_results_clicked", "mean", cases(month, reached.clicked_at < facts.as_of)
    ripe_days = pd.Timedelta(days=VARS["campaign_days"])
    addressed = facts.rows("campaign_contacts", "assigned_at").query("not is_control and not in_both").reset_index()
    addressed["until"] = (addressed.assigned_at + LOCAL).dt.normalize() + ripe_days
    addressed = addressed[addressed.until < facts.as_of + LOCAL]
    pairs = addressed.merge(facts.orders()[["customer_id", "ordered_at", "day"]], on="customer_id")
    bought = pairs[(pairs.ordered_at > pairs.assigned_at) & (pairs.day <= pairs.until)]["index"]
    month = addressed.until.dt.to_period("M").dt.to_timestamp()
    yield "campaign_results", "mean", cases(month, addressed["index"].isin(bought))
    over = issued[issued.expires_at < facts.as_of]
    yield "coupons", "mean", cases(facts.month(over.expires_at), over.redeemed_at < facts.as_of)


@reader
def cost_of_serving(facts: Facts) -> Iterator[tuple[str, str, Cases]]:
    """Time of interactions, tickets and compensation, jobs, by the company's unit costs; of customers known by then."""
    talks = facts.rows("interactions", "started_at").query("customer_id.notna()")
    minutes = (talks.ended_at - talks.answered_at.fillna(talks.started_at)).dt.total_seconds() / 60
    costs = (minutes + talks.wrap_up_seconds.fillna(0).astype(float) / 60) / 60 * UNIT_COSTS["agent_hour"]
    costs = costs.fillna(UNIT_COSTS["interaction"]).mask(talks.abandoned.fillna(False).astype(bool), 0)
    tickets, _ = histories(facts)
    tickets = tickets[tickets.merged.isna() & tickets.customer_id.notna()]
    jobs = facts.rows("service_orders", "completed_at")
    jobs = jobs[jobs.customer_id.notna()]
    per_ticket = UNIT_COSTS["ticket"] + tickets.compensation_amount.fillna(0)
    parts = [
        cases(facts.month(talks.started_at), costs, talks.customer_id),
        cases(facts.month(tickets.created_at), per_ticket, tickets.customer_id),
        cases(facts.month(jobs.completed_at), jobs.cost.fillna(0), jobs.customer_id),
    ]
    known = facts.rows("customers").set_index("customer_id").first_known_at
    known = pd.concat([known, facts.orders().groupby("customer_id").ordered_at.min()], axis=1).min(axis=1)
    every = pd.concat(parts)
    spent = every[facts.month(every.part.map(known)) <= every.month].groupby("month").value.sum()
    active = facts.active().groupby("month").size()
    rate = pd.DataFrame({"numerator": spent, "denominator": active}).dropna().rename_axis("month").reset_index()
    yield "cost_to_serve", "ratio", rate
    orders = facts.orders()
    returns = facts.rows("returns", "returned_at").query("kind == 'refund'").merge(orders, on="order_id")
    sales = orders.groupby("month").net.sum()
    sales = sales.sub(returns.refund_amount.groupby(facts.month(returns.returned_at)).sum(), fill_value=0)
    share = pd.DataFrame({"numerator": spent, "denominator": sales}).dropna().rename_axis("month").reset_index()
    yield "cost_to_serve_share", "ratio", share


@pytest.mark.parametrize("read", reader, ids=lambda read: read.__name__)
def test_figures_are_those_counted_from_the_rows_sent(facts: Facts, read: Reader) -> None:
    assert differences(facts, read) == []


def test_what_retention_is_worth_is_what_year_after_year_gives(facts: Facts) -> None:
    """Customers are carried from year to year in a loop; who stayed, counted from the stages of both ends."""
    years = (
        facts.connection.execute("from kefu.economics.retention_whatif order by year_number")
        .df()
        .astype({"profit": float, "profit_raised": float, "earnings_per_customer": float, "acquisition_cost": float})
    )
    now = years.month.iloc[0]
    sets = facts.active().groupby("month").customer_id.agg(set)
    there, before = sets[now], sets[now - pd.DateOffset(years=1)]
    kept = len(there & before) / len(before)
    assert float(years.retention.iloc[0]) == pytest.approx(kept, abs=1e-7)
    for retention, column in ((kept, "profit"), (kept + VARS["whatif_retention_points"], "profit_raised")):
        customers: float = len(there)
        for year in years.itertuples():
            customers = customers * retention + len(there - before)
            earned = customers * year.earnings_per_customer - year.acquisition_cost
            discounted = earned / (1 + VARS["clv_monthly_discount"]) ** (12 * year.year_number)
            assert getattr(year, column) == pytest.approx(discounted, rel=1e-6)
    assert len(years) == VARS["whatif_years"]


def test_links_of_the_service_profit_chain_are_pearsons_within_the_stores(facts: Facts) -> None:
    """scipy's r of a link and the next a month later, each store's mean taken out."""
    links = facts.connection.execute("select store_id, month, link, value::double as value"
                                     " from work.intermediate.int_economics__store_months").df()  # fmt: skip
    chain = ["agent_satisfaction", "service_quality", "satisfaction", "loyalty", "revenue_growth"]
    published = company(facts.connection, "service_profit_chain", "to_link").droplevel(0)
    for one, other in itertools.pairwise(chain):
        earlier = links[links.link == one].assign(month=lambda rows: rows.month + pd.DateOffset(months=1))
        pairs = earlier.merge(links[links.link == other], on=["store_id", "month"])
        centred = pairs.groupby("store_id")[["value_x", "value_y"]].transform(lambda values: values - values.mean())
        r = stats.pearsonr(centred.value_x, centred.value_y).statistic
        assert published.loc[other, "n"] == len(pairs)
        assert published.loc[other, "value"] == pytest.approx(r, abs=1e-7)
