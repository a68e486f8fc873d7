"""The first page in sentences: what changed, which targets were missed, where to look first, what to do.

A sentence is made only where the bundle carries it: changes as called by the warehouse, targets as judged there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reports.bundle.rows import Figure
from reports.text.teller import Teller

Tone = Literal["worse", "changed", "better", "missed"]
MOST_STATEMENTS = 5
MOST_PARTS_NAMED = 3
MOST_PLACES = 5


@dataclass(frozen=True)
class Statement:
    """One sentence, with a second one on the members behind it (empty when there is none)."""

    tone: Tone
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Place:
    """A member of the company that calls for attention, with its figures."""

    name: str
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Story:
    lead: str
    changes: tuple[Statement, ...]
    more_changes: int
    missed: tuple[Statement, ...]
    more_missed: int
    places: tuple[Place, ...]
    more_places: int
    advice: tuple[Statement, ...]
    costs: tuple[Statement, ...]
    actions: tuple[Statement, ...]


def story(teller: Teller) -> Story:
    changes = _changes(teller)
    missed = [_missed(teller, figure) for figure in teller.own if figure.status == "missed"]
    places = _places(teller)
    return Story(
        lead=_lead(teller),
        changes=tuple(changes[:MOST_STATEMENTS]),
        more_changes=max(0, len(changes) - MOST_STATEMENTS),
        missed=tuple(missed[:MOST_STATEMENTS]),
        more_missed=max(0, len(missed) - MOST_STATEMENTS),
        places=tuple(places[:MOST_PLACES]),
        more_places=max(0, len(places) - MOST_PLACES),
        advice=tuple(_advice(teller)),
        costs=tuple(_stated(teller, teller.bundle.spec.costs)),
        actions=tuple(_stated(teller, teller.bundle.spec.actions)),
    )


def _lead(teller: Teller) -> str:
    say_n = teller.words.say_n
    base = teller.words.say("what is usual") if teller.is_daily else teller.words.say("last month")
    worse = sum(figure.change_previous == "worse" for figure in teller.own)
    better = sum(figure.change_previous == "better" for figure in teller.own)
    yearly = sum(f.change_year_ago == "worse" and f.change_previous != "worse" for f in teller.own)
    targets = [figure for figure in teller.own if figure.status in {"met", "missed"}]
    missed = sum(figure.status == "missed" for figure in targets)
    sentences = []
    if worse:
        sentences.append(
            say_n(
                "%(count)s figure is clearly worse than %(base)s.",
                "%(count)s figures are clearly worse than %(base)s.",
                worse,
                base=base,
            )
        )
    if better and worse:
        sentences.append(say_n("%(count)s is clearly better.", "%(count)s are clearly better.", better))
    elif better:
        sentences.append(
            say_n(
                "%(count)s figure is clearly better than %(base)s.",
                "%(count)s figures are clearly better than %(base)s.",
                better,
                base=base,
            )
        )
    if not worse and not better:
        sentences.append(teller.words.say("No clear change against %(base)s.", base=base))
    if yearly:
        sentences.append(
            say_n(
                "%(count)s is worse than a year ago, but not than last month.",
                "%(count)s are worse than a year ago, but not than last month.",
                yearly,
            )
        )
    if targets:
        sentences.append(
            teller.words.say_n(
                "The one target was missed.",
                "%(missed)s of %(count)s targets missed.",
                len(targets),
                missed=teller.words.count(missed),
            )
            if missed
            else teller.words.say("No target was missed.")
        )
    return teller.words.sentences(*sentences)


def _changes(teller: Teller) -> list[Statement]:
    """Called changes, the bad ones first."""
    statements = []
    for figure in teller.own:
        period = teller.called(figure)
        tone = figure.change_year_ago if period == "year_ago" else figure.change_previous
        if period and tone and tone != "no_clear_change":
            statements.append(_change(teller, figure, tone, yearly=period == "year_ago"))
    return sorted(statements, key=lambda statement: ("worse", "changed", "better").index(statement.tone))


def _change(teller: Teller, figure: Figure, tone: Tone, *, yearly: bool) -> Statement:
    say = teller.words.say
    before = figure.year_ago if yearly else figure.previous
    rose = figure.value is not None and before is not None and figure.value > before
    values = {
        "label": teller.label(figure.metric_id),
        "value": teller.value(figure),
        "before": teller.number(figure, before),
        "evidence": teller.evidence(figure),
    }
    if yearly:
        text = (
            say("%(label)s is up on a year ago: %(value)s after %(before)s (%(evidence)s).", **values)
            if rose
            else say("%(label)s is down on a year ago: %(value)s after %(before)s (%(evidence)s).", **values)
        )
    elif teller.is_daily:
        text = (
            say("%(label)s is up: %(value)s, usually %(before)s (%(evidence)s).", **values)
            if rose
            else say("%(label)s is down: %(value)s, usually %(before)s (%(evidence)s).", **values)
        )
    else:
        text = (
            say("%(label)s rose to %(value)s from %(before)s (%(evidence)s).", **values)
            if rose
            else say("%(label)s fell to %(value)s from %(before)s (%(evidence)s).", **values)
        )
    if not yearly and figure.change_year_ago == tone:
        year_ago = say("A year ago it was %(year_ago)s.", year_ago=teller.number(figure, figure.year_ago))
        text = teller.words.sentences(text, year_ago)
    return Statement(tone, text, _behind(teller, figure, "year_ago" if yearly else "previous"))


def _behind(teller: Teller, figure: Figure, period: Literal["previous", "year_ago"]) -> str:
    """The members that add most to a change, of the kind whose foremost one adds most, and all others together.

    Where a case counts for two members they are no parts of a whole: those that moved alike are named instead.
    """
    added = [c for c in teller.bundle.contributions if (c.metric_id, c.period) == (figure.metric_id, period)]
    if not added:
        change = figure.change_previous if period == "previous" else None
        alike = [part for part in _parts(teller, figure.metric_id) if change and part.change_previous == change]
        return teller.words.say("Likewise: %(parts)s.", parts=_named(teller, alike)) if alike else ""
    scope_type = max(added, key=lambda c: abs(c.contribution)).scope_type
    parts = [c for c in added if c.scope_type == scope_type]
    named = [
        f"{teller.member(part)} {teller.difference(figure.metric_id, part.contribution)}"
        for part in parts[:MOST_PARTS_NAMED]
    ]
    rest = sum((part.contribution for part in parts[MOST_PARTS_NAMED:]), Decimal(0))
    if parts[MOST_PARTS_NAMED:]:
        named.append(
            teller.words.say("all others together %(difference)s", difference=teller.difference(figure.metric_id, rest))
        )
    return teller.words.say(
        "Behind the change of %(difference)s: %(parts)s.",
        difference=teller.difference(figure.metric_id, sum((part.contribution for part in parts), Decimal(0))),
        parts=teller.words.join(named),
    )


def _stated(teller: Teller, metric_ids: Iterable[str]) -> Iterator[Statement]:
    """Figures as they are, with interval and n, beside last month's: no change is claimed."""
    for metric_id in metric_ids:
        figure = teller.bundle.figure(metric_id)
        if figure is None or figure.value is None or figure.status == "too_few":
            continue
        evidence = teller.words.join([text for text in (teller.evidence(figure), teller.history(metric_id)) if text])
        more = teller.words.say(" (%(evidence)s)", evidence=evidence) if evidence else ""
        split = [
            f"{teller.value_name(f.dimension, f.dimension_value)} {teller.value(f)}"
            for f in _divided(teller, metric_id)
        ]
        if split:
            more += teller.words.say(", of which %(parts)s", parts=teller.words.join(split))
        if figure.previous is not None:
            before = teller.number(figure, figure.previous)
            more += (
                teller.words.say("; usually %(before)s", before=before)
                if teller.is_daily
                else teller.words.say("; last month %(before)s", before=before)
            )
        text = teller.words.say(
            "%(label)s: %(value)s%(more)s.", label=teller.label(metric_id), value=teller.value(figure), more=more
        )
        yield Statement("missed" if figure.status == "missed" else "changed", text)


def _divided(teller: Teller, metric_id: str) -> list[Figure]:
    """The figure by its dimension, the largest parts first."""
    parts = [f for f in teller.bundle.of(metric_id) if f.dimension and f.value]
    return sorted(parts, key=lambda f: (-(f.value or 0), f.dimension_value))[:MOST_PARTS_NAMED]


def _missed(teller: Teller, figure: Figure) -> Statement:
    text = teller.words.say(
        "%(label)s: %(value)s against a target of %(target)s (%(evidence)s).",
        label=teller.label(figure.metric_id),
        value=teller.value(figure),
        target=teller.number(figure, figure.target),
        evidence=teller.evidence(figure),
    )
    parts = [part for part in _parts(teller, figure.metric_id) if part.status == "missed"]
    return Statement(
        "missed", text, teller.words.say("Missed by: %(parts)s.", parts=_named(teller, parts)) if parts else ""
    )


def _named(teller: Teller, parts: list[Figure]) -> str:
    """The first few members with their figures, and how many more there are."""
    named = [f"{teller.scope_name(p.scope_type, p.scope_id)} {teller.value(p)}" for p in parts[:MOST_PARTS_NAMED]]
    if len(parts) > MOST_PARTS_NAMED:
        named.append(teller.words.say_n("%(count)s more", "%(count)s more", len(parts) - MOST_PARTS_NAMED))
    return teller.words.join(named)


def _places(teller: Teller) -> list[Place]:
    """Members that got worse in some figure, those with the most such figures first."""
    findings: dict[tuple[str, str], list[str]] = defaultdict(list)
    for metric_id in teller.bundle.spec.metrics:
        for part in _parts(teller, metric_id):
            if part.change_previous != "worse":
                continue
            values = {
                "label": teller.label(metric_id),
                "value": teller.value(part),
                "before": teller.number(part, part.previous),
                "evidence": teller.evidence(part),
            }
            finding = (
                teller.words.say("%(label)s %(value)s, usually %(before)s (%(evidence)s)", **values)
                if teller.is_daily
                else teller.words.say("%(label)s %(value)s after %(before)s (%(evidence)s)", **values)
            )
            if part.status == "missed":
                finding += teller.words.say(", target %(target)s missed", target=teller.number(part, part.target))
            findings[part.scope_type, part.scope_id].append(finding)
    ordered = sorted(findings, key=lambda key: (-len(findings[key]), key))
    return [Place(teller.scope_name(*key), tuple(findings[key])) for key in ordered]


def _advice(teller: Teller) -> list[Statement]:
    """What the report's advice says on figures missed or worse here, or worse at a member."""
    statements = []
    for metric_id, advice in teller.bundle.spec.advice.items():
        figure = teller.bundle.figure(metric_id)
        behind = [part for part in _parts(teller, metric_id) if part.change_previous == "worse"]
        called = figure is not None and (
            figure.status == "missed" or "worse" in (figure.change_previous, figure.change_year_ago)
        )
        if not called and not behind:
            continue
        say = teller.words.say
        where = say("Begin with %(parts)s.", parts=_named(teller, behind)) if behind else ""
        statements.append(Statement("missed", teller.label(metric_id) + say(": ") + say(advice), where))
    return statements[:MOST_STATEMENTS]


def _parts(teller: Teller, metric_id: str) -> list[Figure]:
    """Members' figures of the month that may be spoken of, worst judged first by the bundle's order."""
    return [
        part
        for scope_type in teller.bundle.spec.parts
        for part in teller.bundle.parts(metric_id, scope_type)
        if part.month == teller.bundle.period_start and part.status != "too_few"
    ]
