"""Files that are known by their shape: logs of events, registers of tickets with moments, answers to surveys."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from orchestration.ingestion.contract import contract
from orchestration.onboarding.profile import Column, Profile, Table
from orchestration.onboarding.proposal import Feed, Line, assign, line, reference
from orchestration.onboarding.vocabulary import activity, context, file_score, fit, moments, names_fit, words

_AGENT_NAMES = ("agent", "agent id", "assignee", "assignee id", "assigned to", "owner", "owner id", "ticket owner", "resource",
                "agent name", "assigned agent", "handler", "operator", "坐席", "客服", "处理人", "受理人", "受理客服", "工号")  # fmt: skip
_EVENTS_PER_CASE = 1.5
_MANY_ACTIVITIES = 60
_WIDE = 4  # questions that make a file a survey whatever it is called
_NPS = re.compile(r"\bnps\b|net.?promoter|recommend|推荐", re.IGNORECASE)
_ABOUT = {"ticket": "ticket", "case": "ticket", "order": "order", "agent": "agent", "工单": "ticket", "订单": "order"}
_CSAT_SCALE = (1, 5)


def agent_column(table: Table, taken: set[str]) -> Column | None:
    """The column that says who worked on it."""
    fits = [
        (score, column)
        for column in table.columns
        if column.kind not in ("empty", "time", "decimal") and column.name not in taken
        and (score := names_fit(column.name, _AGENT_NAMES)) >= 0.9
    ]  # fmt: skip
    return max(fits, key=lambda one: one[0])[1] if fits else None


# --- logs -------------------------------------------------------------------------------------------------------------


def event_log(table: Table, profile: Profile) -> list[Feed] | None:
    """Tickets and their events from a log: one row a step of a case, with its time."""
    entity = contract()["ticket_events"]
    found = {made.column: made for made, _ in assign(table, entity, only={"ticket_id", "at"})}
    if len(found) < 2:
        return None
    case, at = found["ticket_id"].uses, found["at"].uses
    step = _activity_column(table, {case.name, at.name} if case and at else set())
    if case is None or at is None or step is None or table.rows < _EVENTS_PER_CASE * case.distinct:
        return None
    kinds = {text: activity(text) for text, _ in step.top}
    if sum(1 for kind in kinds.values() if kind) < 2:
        return None
    value = reference(step)
    others = [text for text, kind in kinds.items() if not kind]
    told = f"{step.distinct} activities, {len(kinds) - len(others)} of them understood by their words"
    events = [
        replace(found["ticket_id"], evidence=f"{case.name!r} repeats: {table.rows:,} rows of {case.distinct:,} cases"),
        found["at"],
        Line("event", {"value": value, "map": {t: k[0] for t, k in kinds.items() if k}, "else": "step"}, told, uses=step),
        Line("to_status", {"value": value, "map": {t: k[1] for t, k in kinds.items() if k and k[1]}, "else": ""},
             "the status that an activity leads to", uses=step),
    ]  # fmt: skip
    agent = agent_column(table, {case.name, at.name, step.name})
    if agent:
        events.append(Line("agent_id", reference(agent), f"by its name; {agent.in_words}", uses=agent))
    if others:
        listed = ", ".join("'" + text.replace("'", "''") + "'" for text in others)
        events.append(Line("step", f"if({value} in ({listed}), {value}, null)", "activities that are neither", uses=step))
    feeds = [_cases(table, profile, case, at), Feed("ticket_events", events, evidence="one row a step, with its time")]
    if agent:
        feeds.append(agents_of(agent))
    return feeds


def _activity_column(table: Table, taken: set[str]) -> Column | None:
    """The column whose values say most of what happened, by its name and by their words."""
    fits = []
    for column in table.columns:
        if column.name in taken or column.kind != "text" or not 1 < column.distinct <= _MANY_ACTIVITIES:
            continue
        found = fit(column.name, "ticket_events", "event")
        known = sum(1 for text, _ in column.top if activity(text)) / len(column.top)
        if found and known:
            fits.append((found.score + known, -found.rank, column))
    return max(fits, key=lambda one: one[:2])[2] if fits else None


def _cases(table: Table, profile: Profile, case: Column, at: Column) -> Feed:
    """One ticket a case, created with its first event; what its rows agree on describes it."""
    entity = contract()["tickets"]
    first = line(entity, entity.by_name["created_at"], at, "the first event of the case")
    lines = [Line("ticket_id", reference(case), f"{case.distinct:,} cases", uses=case)]
    stated = {made.column: made for made, _ in assign(table, entity, {case.name})}
    steady = profile.steady(table, case, [made.uses for made in stated.values() if made.uses])
    kept = [made for name, made in stated.items() if made.uses in steady and name not in ("ticket_id", "status")]
    if not any(made.column == "created_at" for made in kept) and first:
        lines.append(first)
    lines += [made for made in kept if made.column not in ("updated_at",)]
    options = {"one_per": ["ticket_id"], "order_by": ["created_at"]}
    return Feed("tickets", lines, options, "the cases of a log")


def agents_of(agent: Column) -> Feed:
    """The agents that a file names."""
    value = reference(agent)
    lines = [
        Line("agent_id", value, f"{agent.distinct:,} different in {agent.name!r}", uses=agent),
        Line("name", value, "no other name is sent", uses=agent),
    ]
    return Feed("agents", lines, {"one_per": ["agent_id"], "when": f"{value} is not null"}, "no file lists the agents")


# --- registers ----------------------------------------------------------------------------------------------------------


def moments_of_tickets(table: Table, tickets: Feed) -> list[Feed]:
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
    key: Column, at: Line, event: str, to: str | None, public: str, agent: Column | None, when: str | None
) -> Feed:
    lines = [
        Line("ticket_id", reference(key), "", uses=key),
        replace(at, column="at"),
        Line("event", {"constant": event}, "what the column states"),
    ]
    if to:
        lines.append(Line("to_status", {"constant": to}, "the status that it leads to"))
    actor = "customer" if event == "created" else "agent"
    lines.append(Line("actor_type", {"constant": actor}, f"a guess: {actor}s do so"))
    lines.append(Line("is_public", {"constant": public}, "a guess: whether the customer sees it"))
    if agent:
        lines.append(Line("agent_id", reference(agent), f"by its name", uses=agent))
    options = {"when": when} if when else {}
    return Feed("ticket_events", lines, options, "what the register states by its columns of time")


# --- surveys ------------------------------------------------------------------------------------------------------------


def survey(table: Table, profile: Profile) -> tuple[list[Feed], list[str]] | None:
    """Surveys with their answers and items, one answer a row or one column a question."""
    named = max((file_score(one.path.name.partition(".")[0], "surveys") for one in table.written), default=0)
    entity = contract()["surveys"]
    found = {made.column: made for made, _ in assign(table, entity, only={"survey_id", "customer_id", "about_id", "channel", "sent_at", "responded_at"})}  # fmt: skip
    taken = {made.uses.name for made in found.values() if made.uses}
    scores = [column for column in table.columns if column.is_score and column.name not in taken and _is_question(column)]
    usual = Counter(column.most for column in scores).most_common(1)
    group = [column for column in scores if column.most == usual[0][0]] if usual else []
    single = next((made.uses for made, _ in assign(table, contract()["survey_answers"], taken, {"score"})), None)
    if len(group) >= _WIDE or (named and len(group) > 1):
        return _answers(table, profile, found, group, is_wide=True)
    if single is not None and single.is_score and (named or "survey_id" in found):
        return (named and _answers(table, profile, found, [single], is_wide=False)) or None
    if named and len(scores) == 1:
        return _answers(table, profile, found, scores, is_wide=False)
    return None


def _is_question(column: Column) -> bool:
    """Whether whole numbers are answers, not counts or numbers of something else."""
    return not names_fit(column.name, ("age", "quantity", "qty", "count", "number of items", "line no", "tenure", "installments", "delay", "month", "year", "week", "day", "progress", "finished", "duration", "数量", "年龄", "件数", "序号", "行号")) >= 0.6  # fmt: skip


def _answers(
    table: Table, profile: Profile, found: dict[str, Line], items: list[Column], *, is_wide: bool
) -> tuple[list[Feed], list[str]]:
    questions = []
    key = found.get("survey_id") or found.get("customer_id")
    if key is None or key.uses is None:
        return [], [f"{table.name}: no column is a key of the answers; which one is it?"]
    own = reference(key.uses)
    is_key = profile.is_key(table, [key.uses]) == 0
    instrument = "nps" if len(items) == 1 and _is_nps(items[0]) else "csat" if not is_wide else table.name.lower()
    why = f"{len(items)} columns of one scale: {_scale(items)}" if is_wide else f"{items[0].name!r} is a score: {_scale(items)}"
    lines = [
        replace(key, column="survey_id"),
        Line("instrument", {"constant": instrument}, why),
        Line("respondent_type", {"constant": "customer"}, "a guess: customers answer"),
    ]
    customer = found.get("customer_id")
    if customer is None and is_wide and len(words(key.uses.name)) == 1:
        customer = replace(key, evidence="a guess: an answer is a customer's")
    if customer:
        lines += [replace(customer, column="respondent_id"), replace(customer, column="customer_id")]
    lines += [_about(found["about_id"])] if "about_id" in found else []
    lines += [found["about_id"]] if "about_id" in found else []
    lines += [found[name] for name in ("channel", "sent_at", "responded_at") if name in found]
    if "responded_at" not in found and "sent_at" not in found:
        day = "no column says when it was answered; the day of the delivery stands for it"
        lines += [Line("sent_at", "load_date", day), Line("responded_at", "load_date", day)]
        questions.append(f"{table.name}: {day}. Is there a better one?")
    one_per = {} if is_key else {"one_per": ["survey_id"]}
    feeds = [Feed("surveys", lines, one_per, why)]
    text = next((made.uses for made, _ in assign(table, contract()["survey_answers"], {i.name for i in items}, {"text"})), None)
    least, most = _bounds(items)
    for item in items:
        name = _item(item.name) if is_wide else "overall"
        answers = [
            Line("survey_id", own, "", uses=key.uses),
            Line("item_id", {"constant": name}, f"the question {item.name!r}"),
            Line("side", {"constant": "score"}, "a score, not an expectation"),
            Line("score", reference(item), item.in_words, uses=item),
        ]
        if not is_wide and text:
            answers.append(Line("text", reference(text), f"by its name; {text.in_words}", uses=text))
        about = [
            Line("instrument", {"constant": instrument}, ""),
            Line("item_id", {"constant": name}, ""),
            Line("attribute", {"constant": " ".join(item.name.split())[:120] if is_wide else "overall"}, ""),
            Line("scale_min", {"constant": f"{least:g}"}, f"the answers go from {item.least:g} to {item.most:g}"),
            Line("scale_max", {"constant": f"{most:g}"}, ""),
        ]
        if item.least == 0 and least == 1:
            about.append(Line("not_applicable_value", {"constant": "0"}, f"a guess: {_times(item, '0'):,} answers are 0 on a scale from 1"))
        feeds.append(Feed("survey_answers", answers, {"when": f"{reference(item)} is not null"} if item.filled < item.rows else {}))
        feeds.append(Feed("survey_items", about, {"one_per": ["item_id"]}))
    if any(item.least == 0 for item in items) and least == 1:
        questions.append(f"{table.name}: some answers are 0 where most scales begin at 1; 0 is taken as not applicable. Is it?")
    if is_wide:
        questions.append(f"{table.name}: which dimension (survey_items.dimension, quality) does each question ask for?")
    return feeds, questions


def _about(about: Line) -> Line:
    name = about.uses.name if about.uses else ""
    kind = next((kind for word, kind in _ABOUT.items() if word in words(name) or word in name), "relationship")
    return Line("about_type", {"constant": kind}, f"{name!r} says what it is about")


def _is_nps(column: Column) -> bool:
    return bool(_NPS.search(column.name)) or (column.most or 0) > 7


def _bounds(items: list[Column]) -> tuple[float, float]:
    """The ends of the scale: 0 or 1 to the most that was answered, or 5, 7, 10."""
    most = max(item.most or 0 for item in items)
    top = next((end for end in (5, 7, 10) if most <= end), 10)
    if top == 10:
        return 0, 10
    return (0 if most == 1 else 1), (1 if most == 1 else top)


def _scale(items: list[Column]) -> str:
    return f"whole numbers {min(i.least or 0 for i in items):g} to {max(i.most or 0 for i in items):g}"


def _times(column: Column, value: str) -> int:
    return next((n for text, n in column.top if text == value), 0)


def _item(name: str) -> str:
    """A short name for a question."""
    short = "_".join(words(name)[:6])
    return short[:60] or "item"
