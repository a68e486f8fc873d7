"""Files that are known by their shape: logs of events, registers of tickets with moments."""

from __future__ import annotations

import re
from dataclasses import replace

from foundation.contract import contract, literal
from orchestration.onboarding.profile import FileColumn, FileTable, Profile
from orchestration.onboarding.proposal import ProposedFeed, ProposedLine, assign, line, reference
from orchestration.onboarding.vocabulary import accepted, activity, context, fit, moments, names_fit, names_of

_EVENTS_PER_CASE = 1.5
_MANY_ACTIVITIES = 60
_BEGINS = 0.3  # share of an activity's rows that are the first of their case, from which it may be the creation
_TELLING = 0.3  # how few entities may have a key called so
_WIDE = 4  # questions that make a file a survey whatever it is called
_NPS = re.compile(r"\bnps\b|net.?promoter|recommend|推荐", re.IGNORECASE)
_ABOUT = {"ticket": "ticket", "case": "ticket", "order": "order", "agent": "agent", "工单": "ticket", "订单": "order"}
_OF_A_SURVEY = {"survey_id", "customer_id", "about_id", "channel", "sent_at", "responded_at"}


def agent_column(table: FileTable, taken: set[str]) -> FileColumn | None:
    """The column that says who worked on it."""
    fits = [
        (score, column)
        for column in table.columns
        if column.kind not in ("empty", "time", "decimal") and column.name not in taken
        and (score := names_fit(column.name, names_of("agents"))) >= 0.9
    ]  # fmt: skip
    return max(fits, key=lambda one: one[0])[1] if fits else None


def called(table: FileTable, what: str) -> FileColumn | None:
    fits = [
        (score, column)
        for column in table.columns
        if column.kind != "empty" and (score := names_fit(column.called, names_of(what))) >= 0.9
    ]
    return max(fits, key=lambda one: one[0])[1] if fits else None


# --- logs ---------------------------------------------------------------------------------------------------


def event_log(table: FileTable, profile: Profile) -> list[ProposedFeed] | None:
    """Tickets and their events from a log: one row a step of a case, with its time."""
    entity = contract()["ticket_events"]
    found = {made.column: made for made, _ in assign(table, entity, only={"ticket_id", "at"})}
    if len(found) < 2:
        return None
    case, at = found["ticket_id"].uses, found["at"].uses
    if changes := changes_of_status(table, list(found.values()), {}):
        return [changes]
    step = _activity_column(table, {case.name, at.name} if case and at else set())
    if case is None or at is None or step is None or table.rows < _EVENTS_PER_CASE * case.distinct:
        return None
    begins = profile.first_share(table, case, at, step)
    kinds = {text: _meant(text, begins.get(text, 0)) for text, _ in step.top}
    if sum(1 for kind in kinds.values() if kind) < 2:
        return None
    events = [
        replace(found["ticket_id"], evidence=f"{case.name!r} repeats: {table.rows:,} rows of {case.distinct:,} cases"),
        found["at"],
        *_steps(step, kinds),
    ]
    column = agent_column(table, {case.name, at.name, step.name})
    agent = (
        ProposedLine("agent_id", reference(column), f"by its name; {column.in_words}", uses=column) if column else None
    )
    events += [agent] if agent else []
    feeds = [
        _cases(table, profile, case, at),
        ProposedFeed("ticket_events", events, evidence="one row a step, with its time"),
    ]
    if agent:
        feeds.append(agents_of(agent, {}))
    return feeds


def activities(table: FileTable, taken: set[str]) -> list[ProposedLine] | None:
    """What the elements of a ticket's own array say that happened."""
    step = _activity_column(table, taken)
    kinds = {text: activity(text) for text, _ in step.top} if step else {}
    return _steps(step, kinds) if step and sum(1 for kind in kinds.values() if kind) > 1 else None


def changes_of_status(table: FileTable, base: list[ProposedLine], options: dict[str, object]) -> ProposedFeed | None:
    """The changes of the field `status` among those of all fields."""
    field, after = called(table, "changed_fields"), called(table, "changed_to")
    target = contract()["ticket_events"].by_name["to_status"]
    states = next((text for text, _ in field.top if text.lower() in ("status", "state")), None) if field else None
    if field is None or after is None or states is None:
        return None
    meant = {text: accepted("tickets", contract()["tickets"].by_name["status"], text) for text, _ in after.top}
    pairs = {text: to for text, to in meant.items() if to and to != text}
    value = reference(after)
    lines = [
        *base,
        ProposedLine("event", {"constant": "status"}, f"{field.called!r} says {states!r}", uses=field),
        ProposedLine(target.name, {"value": value, "map": pairs} if pairs else value, "what it becomes", uses=after),
    ]
    before = called(table, "changed_from")
    if before:
        value = reference(before)
        lines.append(
            ProposedLine("from_status", {"value": value, "map": pairs} if pairs else value, "what it was", uses=before)
        )
    return ProposedFeed("ticket_events", lines, {**options, "when": f"{reference(field)} = {literal(states)}"})


def _steps(step: FileColumn, kinds: dict[str, tuple[str, str | None] | None]) -> list[ProposedLine]:
    """The event of each activity, the status that it leads to, and those that are neither."""
    value = reference(step)
    others = [text for text, kind in kinds.items() if not kind]
    reported = f"{step.distinct} activities, {len(kinds) - len(others)} of them understood by their words"
    event_of = {text: kind[0] for text, kind in kinds.items() if kind}
    leads_to = {text: kind[1] for text, kind in kinds.items() if kind and kind[1]}
    lines = [
        ProposedLine("event", {"value": value, "map": event_of, "else": "step"}, reported, uses=step),
        ProposedLine(
            "to_status", {"value": value, "map": leads_to, "else": ""}, "what an activity leads to", uses=step
        ),
    ]
    listed = ", ".join(literal(text) for text in others)
    if others:
        is_step = f"if({value} in ({listed}), {value}, null)"
        lines.append(ProposedLine("step", is_step, "activities that are neither", uses=step))
    return lines


def _meant(text: str, begins: float) -> tuple[str, str | None] | None:
    """What an activity means by its words; what is created while a case goes on is something else."""
    found = activity(text)
    return None if found and found[0] == "created" and begins < _BEGINS else found


def _activity_column(table: FileTable, taken: set[str]) -> FileColumn | None:
    """The column whose values say most of what happened, by its name and by their words."""
    fits = []
    for column in table.columns:
        if column.name in taken or column.kind != "text" or not 1 < column.distinct <= _MANY_ACTIVITIES:
            continue
        found = fit(column.called, "ticket_events", "event")
        known = sum(1 for text, _ in column.top if activity(text)) / len(column.top)
        if found and known:
            fits.append((found.score + known, -found.rank, column))
    return max(fits, key=lambda one: one[:2])[2] if fits else None


def _cases(table: FileTable, profile: Profile, case: FileColumn, at: FileColumn) -> ProposedFeed:
    """One ticket a case, created with its first event; what its rows agree on describes it."""
    entity = contract()["tickets"]
    first = line(entity, entity.by_name["created_at"], at, "the first event of the case")
    lines = [ProposedLine("ticket_id", reference(case), f"{case.distinct:,} cases", uses=case)]
    stated = {made.column: made for made, _ in assign(table, entity, {case.name})}
    steady = profile.steady(table, case, [made.uses for made in stated.values() if made.uses])
    kept = [made for name, made in stated.items() if made.uses in steady and name not in ("ticket_id", "status")]
    if not any(made.column == "created_at" for made in kept) and first:
        lines.append(first)
    lines += [made for made in kept if made.column not in ("updated_at",)]
    options = {"one_per": ["ticket_id"], "order_by": ["created_at"]}
    return ProposedFeed("tickets", lines, options, "the cases of a log")


def agents_of(agent: ProposedLine, each: dict[str, object]) -> ProposedFeed:
    """The agents that a file names; `each` where the elements of an array do."""
    value = str(agent.form)
    reported = f"{agent.uses.distinct:,} different in {agent.uses.name!r}" if agent.uses else ""
    lines = [
        ProposedLine("agent_id", value, reported, uses=agent.uses),
        ProposedLine("name", value, "no other name is sent", uses=agent.uses),
    ]
    options = {**each, "one_per": ["agent_id"], "when": f"{value} is not null"}
    return ProposedFeed("agents", lines, options, "no file lists the agents")


# --- registers ----------------------------------------------------------------------------------------------


def moments_of_tickets(table: FileTable, tickets: ProposedFeed) -> list[ProposedFeed]:
    """The events that a register of tickets states by columns of time: created, replied to, solved, closed."""
    key, created = tickets.column("ticket_id"), tickets.column("created_at")
    if key is None or created is None:
        return []
    events = contract()["ticket_events"]
    taken = {one.uses.name for one in tickets.lines if one.uses}
    agent = agent_column(table, taken)
    at = line(events, events.by_name["at"], created, "")
    feeds = []
    if at:
        feeds.append(_event(key, at, "created", "new", "true", None, None))
    for moment in moments():
        fits = [
            (score, column) for column in table.columns
            if column.moment and column.name not in taken
            and (score := names_fit(column.name, moment.names, context("tickets"))) >= 0.8
        ]  # fmt: skip
        if not fits:
            continue
        column = max(fits, key=lambda one: one[0])[1]
        taken.add(column.name)
        made = line(events, events.by_name["at"], column, "by its name")
        if made:
            when = f"{reference(column)} is not null"
            feeds.append(_event(key, made, moment.event, moment.to, moment.public, agent, when))
    return feeds


def _event(
    key: FileColumn,
    at: ProposedLine,
    event: str,
    to: str | None,
    public: str,
    agent: FileColumn | None,
    when: str | None,
) -> ProposedFeed:
    lines = [
        ProposedLine("ticket_id", reference(key), "", uses=key),
        replace(at, column="at"),
        ProposedLine("event", {"constant": event}, "what the column states"),
    ]
    if to:
        lines.append(ProposedLine("to_status", {"constant": to}, "the status that it leads to"))
    actor = "customer" if event == "created" else "agent"
    lines.append(ProposedLine("actor_type", {"constant": actor}, f"a guess: {actor}s do so"))
    lines.append(ProposedLine("is_public", {"constant": public}, "a guess: whether the customer sees it"))
    if agent:
        lines.append(ProposedLine("agent_id", reference(agent), "by its name", uses=agent))
    options = {"when": when} if when else {}
    return ProposedFeed("ticket_events", lines, options, "what the register states by its columns of time")
