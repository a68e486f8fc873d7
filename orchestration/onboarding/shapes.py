"""Files that are known by their shape: logs of events, registers of tickets with moments, answers to surveys."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from foundation.contract import contract
from orchestration.onboarding.profile import Column, Profile, Table
from orchestration.onboarding.proposal import Feed, Line, assign, line, reference
from orchestration.onboarding.terminal import counted
from orchestration.onboarding.vocabulary import activity, context, file_score, fit, moments, names_fit, names_of, words

_EVENTS_PER_CASE = 1.5
_MANY_ACTIVITIES = 60
_BEGINS = 0.3  # share of an activity's rows that are the first of their case, from which it may be the creation
_TELLING = 0.3  # how few entities may have a key called so
_WIDE = 4  # questions that make a file a survey whatever it is called
_NPS = re.compile(r"\bnps\b|net.?promoter|recommend|推荐", re.IGNORECASE)
_ABOUT = {"ticket": "ticket", "case": "ticket", "order": "order", "agent": "agent", "工单": "ticket", "订单": "order"}
_OF_A_SURVEY = {"survey_id", "customer_id", "about_id", "channel", "sent_at", "responded_at"}


def agent_column(table: Table, taken: set[str]) -> Column | None:
    """The column that says who worked on it."""
    fits = [
        (score, column)
        for column in table.columns
        if column.kind not in ("empty", "time", "decimal") and column.name not in taken
        and (score := names_fit(column.name, names_of("agents"))) >= 0.9
    ]  # fmt: skip
    return max(fits, key=lambda one: one[0])[1] if fits else None


# --- logs ---------------------------------------------------------------------------------------------------


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
    begins = profile.first_share(table, case, at, step)
    kinds = {text: _meant(text, begins.get(text, 0)) for text, _ in step.top}
    if sum(1 for kind in kinds.values() if kind) < 2:
        return None
    value = reference(step)
    others = [text for text, kind in kinds.items() if not kind]
    told = f"{step.distinct} activities, {len(kinds) - len(others)} of them understood by their words"
    event_of = {text: kind[0] for text, kind in kinds.items() if kind}
    leads_to = {text: kind[1] for text, kind in kinds.items() if kind and kind[1]}
    events = [
        replace(found["ticket_id"], evidence=f"{case.name!r} repeats: {table.rows:,} rows of {case.distinct:,} cases"),
        found["at"],
        Line("event", {"value": value, "map": event_of, "else": "step"}, told, uses=step),
        Line("to_status", {"value": value, "map": leads_to, "else": ""}, "what an activity leads to", uses=step),
    ]
    agent = agent_column(table, {case.name, at.name, step.name})
    if agent:
        events.append(Line("agent_id", reference(agent), f"by its name; {agent.in_words}", uses=agent))
    if others:
        listed = ", ".join("'" + text.replace("'", "''") + "'" for text in others)
        events.append(
            Line("step", f"if({value} in ({listed}), {value}, null)", "activities that are neither", uses=step)
        )
    feeds = [_cases(table, profile, case, at), Feed("ticket_events", events, evidence="one row a step, with its time")]
    if agent:
        feeds.append(agents_of(agent))
    return feeds


def _meant(text: str, begins: float) -> tuple[str, str | None] | None:
    """What an activity means by its words; what is created while a case goes on is something else."""
    found = activity(text)
    return None if found and found[0] == "created" and begins < _BEGINS else found


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


# --- registers ----------------------------------------------------------------------------------------------


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
        lines.append(Line("agent_id", reference(agent), "by its name", uses=agent))
    options = {"when": when} if when else {}
    return Feed("ticket_events", lines, options, "what the register states by its columns of time")


# --- surveys ------------------------------------------------------------------------------------------------


def survey(table: Table, profile: Profile, source: str) -> tuple[list[Feed], list[str]] | None:
    """Surveys with their answers and items: one score a row, or one column a question."""
    named = max((file_score(one.path.name.partition(".")[0], "surveys") for one in table.written), default=0)
    found = {made.column: made for made, _ in assign(table, contract()["surveys"], only=_OF_A_SURVEY)}
    told = {made.column: fit.weight for made, fit in assign(table, contract()["surveys"], only=_OF_A_SURVEY)}
    is_survey = named > 0 or told.get("survey_id", 0) >= _TELLING
    taken = {made.uses.name for made in found.values() if made.uses}
    scores = [
        column for column in table.columns if column.is_score and column.name not in taken and _is_question(column)
    ]
    usual = Counter(column.most for column in scores).most_common(1)
    of_one_scale = [column for column in scores if column.most == usual[0][0]] if usual else []
    items = scores if is_survey else of_one_scale if len(of_one_scale) >= _WIDE else []
    if not items:
        return None
    key = found.get("survey_id") or found.get("customer_id")
    if key is None or key.uses is None:
        return None
    answers = _Answers(table, profile, source, found, key.uses, is_wide=len(items) > 1)
    return answers.feeds(items), answers.questions


@dataclass
class _Answers:
    """The blocks of one file of answers."""

    table: Table
    profile: Profile
    source: str
    found: dict[str, Line]
    key: Column
    is_wide: bool
    questions: list[str] = field(default_factory=list)

    def feeds(self, items: list[Column]) -> list[Feed]:
        of_nps = [item for item in items if _is_nps(item)] if self.is_wide else []
        others = [item for item in items if item not in of_nps]
        own = reference(self.key)
        feeds = []
        if others:
            instrument = (
                "nps" if not self.is_wide and _is_nps(others[0]) else "csat" if not self.is_wide else self._instrument
            )
            feeds += self._of_instrument(instrument, own, others, is_named=self.is_wide)
        for item in of_nps[:1]:
            feeds += self._of_instrument("nps", f"{own} || '-nps'" if others else own, [item], is_named=False)
        if self.is_wide:
            self.questions.append(
                f"{self.table.name}: which dimension (survey_items.dimension, quality) does each question ask for?"
            )
        return feeds

    @property
    def _instrument(self) -> str:
        return self.source if len(self.profile.tables) == 1 else f"{self.source}_{self.table.name}"

    def _of_instrument(self, instrument: str, own: str, items: list[Column], *, is_named: bool) -> list[Feed]:
        feeds = [self._survey(instrument, own, items)]
        taken = {item.name for item in items}
        text = next((made for made, _ in assign(self.table, contract()["survey_answers"], taken, {"text"})), None)
        names: set[str] = set()
        for item in items:
            name = _unlike(_item(item.name), names) if is_named else "overall"
            names.add(name)
            answers = [
                Line("survey_id", own, "", uses=self.key),
                Line("item_id", {"constant": name}, f"the question {item.name!r}"),
                Line("side", {"constant": "score"}, "a score, not an expectation"),
                Line("score", reference(item), item.in_words, uses=item),
            ]
            if text and not is_named:
                answers.append(text)
            when = {"when": f"{reference(item)} is not null"} if item.filled < item.rows else {}
            feeds.append(Feed("survey_answers", answers, when))
            feeds.append(self._item(instrument, name, item, is_named=is_named))
        return feeds

    def _survey(self, instrument: str, own: str, items: list[Column]) -> Feed:
        table, found = self.table, self.found
        spans = sorted({f"{item.least:g} to {item.most:g}" for item in items})
        why = f"{counted(len(items), 'column')} of answers, whole numbers {', '.join(spans)}"
        lines = [
            Line("survey_id", own, found["survey_id"].evidence if "survey_id" in found else "", uses=self.key),
            Line("instrument", {"constant": instrument}, why),
            Line("respondent_type", {"constant": "customer"}, "a guess: customers answer"),
        ]
        customer = found.get("customer_id")
        if customer is None and self.is_wide and words(self.key.name) == ("id",):
            customer = Line("customer_id", reference(self.key), "a guess: an answer is a customer's", uses=self.key)
        if customer:
            lines += [replace(customer, column="respondent_id"), replace(customer, column="customer_id")]
        if "about_id" in found:
            lines += [_about(found["about_id"]), found["about_id"]]
        else:
            lines.append(Line("about_type", {"constant": "relationship"}, "a guess: no column says what it is about"))
        lines += [found[name] for name in ("channel", "sent_at", "responded_at") if name in found]
        if "responded_at" not in found and "sent_at" not in found:
            day = "no column says when it was answered; the day of the delivery stands for it"
            lines += [Line("sent_at", "load_date", day), Line("responded_at", "load_date", day)]
            question = f"{table.name}: {day}. Is there a better one?"
            self.questions += [question] if question not in self.questions else []
        options = {"one_per": ["survey_id"]} if self.profile.is_key(table, [self.key]) else {}
        return Feed("surveys", lines, options, why)

    def _item(self, instrument: str, name: str, item: Column, *, is_named: bool) -> Feed:
        least, most = _bounds(item)
        attribute = " ".join(item.name.split())[:120] if is_named else "overall"
        about = [
            Line("instrument", {"constant": instrument}, ""),
            Line("item_id", {"constant": name}, ""),
            Line("attribute", {"constant": attribute}, ""),
            Line("scale_min", {"constant": f"{least:g}"}, f"the answers go from {item.least:g} to {item.most:g}"),
            Line("scale_max", {"constant": f"{most:g}"}, ""),
        ]
        if item.least == 0 and least == 1:
            zeros = next((n for text, n in item.top if text == "0"), 0)
            about.append(
                Line(
                    "not_applicable_value",
                    {"constant": "0"},
                    f"a guess: {counted(zeros, 'answer')} of 0 on a scale from 1",
                )
            )
            question = f"{self.table.name}: some answers are 0 on a scale from 1; 0 is taken as not applicable. Is it?"
            self.questions += [question] if question not in self.questions else []
        return Feed("survey_items", about, {"one_per": ["item_id"]})


def _is_question(column: Column) -> bool:
    """Whether whole numbers are answers, not counts or numbers of something else."""
    return names_fit(column.name, names_of("no_answers")) < 0.6


def _about(about: Line) -> Line:
    name = about.uses.name if about.uses else ""
    kind = next((kind for word, kind in _ABOUT.items() if word in words(name) or word in name), "relationship")
    return Line("about_type", {"constant": kind}, f"{name!r} says what it is about")


def _is_nps(column: Column) -> bool:
    return bool(_NPS.search(column.name.replace("_", " "))) or ((column.most or 0) > 7 and column.least == 0)


def _bounds(item: Column) -> tuple[float, float]:
    """The ends of the scale: what was answered where every answer was, else the next of 5, 7, 10."""
    most = item.most or 0
    if most <= 1:
        return 0, 1
    is_whole = item.distinct == most - (item.least or 0) + 1
    top = most if is_whole and most >= 5 else next((end for end in (5, 7, 10) if most <= end), 10)
    return (0 if top == 10 and (item.least == 0 or _is_nps(item)) else 1), top


def _item(name: str) -> str:
    """A short name for a question."""
    return "_".join(words(name)[:6])[:60] or "item"


def _unlike(name: str, others: set[str]) -> str:
    return next(one for one in (name, *(f"{name}_{n}" for n in range(2, 1000))) if one not in others)
