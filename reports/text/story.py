"""The first page in sentences: the headline, what changed, targets missed, what it costs, what worked, what to do.

A sentence is made only where the bundle carries it: changes as called by the warehouse, targets as judged there. What
comes first is decided in changes.py, the headline in headline.py, what to do in advice.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from reports.bundle.rows import Figure
from reports.periods import months_before
from reports.registry import StatedSpec
from reports.text.advice import Advice, advice, due_day
from reports.text.changes import Change, changes, contributions, parts_of, short_of_target, worst_first
from reports.text.headline import headline
from reports.text.language import plain
from reports.text.names import own_part
from reports.text.sentences import changed, lead_after, valued
from reports.text.table_rows import rows_of
from reports.text.teller import Period, Teller

Tone = Literal["worse", "changed", "better", "missed", "plain"]
MOST_STATEMENTS = 5
MOST_ADVICE = 6
LEAST_BETTER = 2  # of them that tell what got better, if as many did
MOST_MISSED = 3
MOST_PARTS_NAMED = 3
MOST_PLACES = 3
MOST_FINDINGS = 3  # at a place
MOST_VERDICTS = 2  # on campaigns, and on improvement actions
CAMPAIGN_MONTHS, ACTION_MONTHS = 3, 12  # how long ago one began whose effect is told
_VERDICTS = ("works", "better", "harms", "worse", "no_clear_effect")


@dataclass(frozen=True)
class Statement:
    """A sentence, with its evidence or what else is known of it (empty when there is none)."""

    tone: Tone
    text: str
    detail: str = ""
    metric_id: str = ""
    period: Period | None = None  # with what the figure is compared


@dataclass(frozen=True)
class Place:
    """A member of the company that calls for attention, with its figures."""

    name: str
    findings: tuple[str, ...]
    more: int = 0


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
    verdicts: tuple[Statement, ...]
    actions: tuple[Statement, ...]


def story(teller: Teller) -> Story:
    told = changes(teller)
    shown = _shown(told)
    missed = sorted(
        (figure for figure in teller.own if figure.status == "missed"),
        key=lambda figure: (figure.metric_id not in teller.bundle.headlines, -short_of_target(figure)),
    )
    places = _places(teller)
    return Story(
        lead=headline(teller),
        changes=tuple(_change(teller, one) for one in shown),
        more_changes=len(told) - len(shown),
        missed=tuple(_missed(teller, figure) for figure in missed[:MOST_MISSED]),
        more_missed=max(0, len(missed) - MOST_MISSED),
        places=tuple(places[:MOST_PLACES]),
        more_places=max(0, len(places) - MOST_PLACES),
        advice=tuple(_advised(one) for one in advice(teller)[:MOST_ADVICE]),
        costs=tuple(_stated(teller, teller.bundle.spec.costs)),
        verdicts=(*_campaigns(teller), *_improvements(teller)),
        actions=(*_stated(teller, teller.bundle.spec.actions), *_overdue(teller)),
    )


def _shown(told: Sequence[Change]) -> list[Change]:
    """The first of them, with room for what got better."""
    better = [one for one in told if one.tone == "better"]
    others = [one for one in told if one.tone != "better"]
    room = MOST_STATEMENTS - min(LEAST_BETTER, len(better))
    return [*others[:room], *better[: MOST_STATEMENTS - len(others[:room])]]


def _change(teller: Teller, change: Change) -> Statement:
    words, figure = teller.words, change.figure
    sentences = [changed(teller, figure, change.comparison)]
    other = next((one for one in teller.comparisons(figure) if one.period != change.comparison.period), None)
    if other and other.change == change.tone:
        sentences.append(words.say("A year ago it was %(year_ago)s.", year_ago=teller.number(figure, other.before)))
    sentences.append(lead_after(teller, change) or _behind(teller, change))
    evidence = teller.evidence(figure)
    return Statement(
        tone="worse" if change.tone == "worse" else "better" if change.tone == "better" else "changed",
        text=words.sentences(*filter(None, sentences)),
        detail=words.say("(%(evidence)s)", evidence=evidence) if evidence else "",
        metric_id=figure.metric_id,
        period=change.comparison.period,
    )


def _behind(teller: Teller, change: Change) -> str:
    """Where no one member explains half of a change: its largest parts; where it has no parts, who moved alike."""
    figure, say = change.figure, teller.words.say
    for scope_type in teller.bundle.spec.parts:
        parts = contributions(teller, figure, change.comparison, scope_type)
        named = [part for part in parts if part.scope_id and part.contribution * change.comparison.difference > 0]
        if len(parts) > 1 and len(named) > 1:
            shown = [
                f"{teller.member(part)} {teller.difference(part.metric_id, part.contribution)}"
                for part in named[:MOST_PARTS_NAMED]
            ]
            return say("No one explains half of it; most come from %(parts)s.", parts=teller.words.join(shown))
    if change.comparison.period != "previous" or change.tone not in {"worse", "better"}:
        return ""
    alike = [part for part in parts_of(teller, figure.metric_id) if part.change_previous == change.tone]
    if not alike:
        return ""
    named_parts = _named(teller, alike)
    return (
        say("Worse too: %(parts)s.", parts=named_parts)
        if change.tone == "worse"
        else say("Better too: %(parts)s.", parts=named_parts)
    )


def _missed(teller: Teller, figure: Figure) -> Statement:
    text = teller.words.say(
        "%(label)s: %(value)s, target %(target)s.",
        label=teller.label(figure.metric_id),
        value=teller.brief(figure),
        target=teller.number(figure, figure.target, brief=True),
    )
    parts = worst_first(teller, (part for part in parts_of(teller, figure.metric_id) if part.status == "missed"))
    if parts:
        furthest = _named(teller, parts[:1])
        text = teller.words.sentences(text, teller.words.say("Furthest from it: %(parts)s.", parts=furthest))
    return Statement("missed", text, metric_id=figure.metric_id)


def _advised(one: Advice) -> Statement:
    return Statement("missed", one.text, one.state, metric_id=one.metric_id)


def _named(teller: Teller, parts: Sequence[Figure]) -> str:
    """The first few members with their figures, and how many more there are."""
    named = [valued(teller, part) for part in parts[:MOST_PARTS_NAMED]]
    if len(parts) > MOST_PARTS_NAMED:
        named.append(teller.words.say_n("%(count)s more", "%(count)s more", len(parts) - MOST_PARTS_NAMED))
    return teller.words.join(named)


def _stated(teller: Teller, specs: Iterable[StatedSpec]) -> Iterator[Statement]:
    """Figures as they are, beside last month's: no change is claimed."""
    words = teller.words
    for spec in specs:
        figure = teller.bundle.figure(spec.metric)
        beside = {name: teller.bundle.figure(name) for name in spec.beside}
        if figure is None or figure.value is None or figure.is_withheld or not _are_told(beside.values()):
            continue
        n = figure.n or 0
        cases = round(figure.value * n) if teller.bundle.metric(spec.metric).unit == "rate" else n
        values = {
            "value": teller.brief(figure),
            "n": words.count(n),
            "cases": words.count(cases),
            **{name: teller.brief(other) for name, other in beside.items() if other},
        }
        if spec.none and not cases:
            text = words.say(spec.none, **values)
        elif spec.one:
            text = words.say_n(spec.one, spec.many, cases if spec.of == "cases" else n, **values)
        else:
            text = words.say(spec.many, **values)
        if before := _before(teller, figure):
            text = words.say("%(text)s, %(evidence)s", text=text, evidence=before)
        if parts := _parts(teller, spec, figure):
            text += words.say(": ") + parts
        text = words.say("%(text)s.", text=text)
        yield Statement("missed" if figure.status == "missed" else "plain", text, metric_id=spec.metric)


def _are_told(figures: Iterable[Figure | None]) -> bool:
    return all(figure is not None and figure.value is not None and not figure.is_withheld for figure in figures)


def _before(teller: Teller, figure: Figure) -> str:
    """Last month's figure and how long the history is."""
    say, told = teller.words.say, []
    if figure.previous is not None:
        before = teller.number(figure, figure.previous, brief=True)
        told.append(
            say("usually %(before)s", before=before)
            if teller.is_daily
            else say("against %(before)s last month", before=before)
        )
    if history := teller.history(figure.metric_id):
        told.append(history)
    return teller.words.join(told)


def _parts(teller: Teller, spec: StatedSpec, whole: Figure) -> str:
    """What a dimension divides the figure into, the largest first, on the scale of the whole."""
    found = [f for f in teller.bundle.split(spec.metric, spec.by) if spec.by and f.value and not f.is_withheld]
    said = [
        teller.words.say_n(
            *spec.parts[f.dimension_value],
            f.n or 0,
            n=teller.words.count(f.n or 0),
            value=teller.number(whole, f.value, brief=True),
        )
        for f in sorted(found, key=lambda f: (-(f.value or 0), f.dimension_value))
        if f.dimension_value in spec.parts
    ]
    return teller.words.join(said)


def _overdue(teller: Teller) -> Iterator[Statement]:
    """Improvement actions that are past their day."""
    known = {metric.metric_id for metric in teller.bundle.metrics}
    late = [row for row in rows_of(teller.bundle, "improvement_actions") if row["timing"] == "overdue"]
    for row in [row for row in late if row["metric_id"] in known][:MOST_VERDICTS]:
        text = teller.words.say(
            "Overdue: %(label)s at %(place)s, due %(due)s.",
            label=teller.words.inside(teller.short_label(row["metric_id"] or "")),
            place=teller.scope_name(row["scope_type"] or "", row["scope_id"] or ""),
            due=due_day(teller, row["due_date"]),
        )
        yield Statement("missed", text)


def _campaigns(teller: Teller) -> Iterator[Statement]:
    """Campaigns of the last months that were judged against their control group."""
    words, say = teller.words, teller.words.say
    since = months_before(teller.bundle.period_start, CAMPAIGN_MONTHS - 1)
    rows = [row for row in rows_of(teller.bundle, "campaign_results") if row["verdict"] in _VERDICTS]
    names = own_part((plain(row["name"] or "") for row in rows), words.locale)
    recent = [row for row in rows if date.fromisoformat(row["start_date"] or "0001-01-01") >= since]
    recent = [row for row in recent if row["control_conversion_rate"] and row["lift_low"] and row["lift_high"]]
    for row in sorted(recent, key=lambda row: _VERDICTS.index(row["verdict"] or ""))[:MOST_VERDICTS]:
        values = {
            "name": names[plain(row["name"] or "")],
            "bought": words.figure(Decimal(row["conversion_rate"] or 0), "rate", ""),
            "control": words.figure(Decimal(row["control_conversion_rate"] or 0), "rate", ""),
            "low": words.difference(Decimal(row["lift_low"] or 0), "rate", ""),
            "high": words.difference(Decimal(row["lift_high"] or 0), "rate", ""),
        }
        if row["verdict"] == "works":
            text = say("%(name)s works: %(bought)s bought, %(control)s of the control group.", **values)
        elif row["verdict"] == "harms":
            text = say("%(name)s does harm: %(bought)s bought, %(control)s of the control group.", **values)
        else:
            text = say("%(name)s shows no clear effect: %(bought)s bought, %(control)s of the control group.", **values)
        yield Statement(_tone(row["verdict"]), text, say("(lift %(low)s to %(high)s, 95%%)", **values))


def _improvements(teller: Teller) -> Iterator[Statement]:
    """Improvement actions whose effect was judged against scopes that no action touched."""
    words, say = teller.words, teller.words.say
    since = months_before(teller.bundle.period_start, ACTION_MONTHS - 1)
    known = {metric.metric_id for metric in teller.bundle.metrics}
    rows = [
        row
        for row in rows_of(teller.bundle, "improvement_effects")
        if row["verdict"] in _VERDICTS
        and row["metric_id"] in known
        and date.fromisoformat(row["implemented_month"] or "0001-01-01") >= since
        and row["effect_low"]
        and row["effect_high"]
    ]
    for row in sorted(rows, key=lambda row: _VERDICTS.index(row["verdict"] or ""))[:MOST_VERDICTS]:
        metric_id, currency = row["metric_id"] or "", teller.bundle.meta.currency
        unit = teller.bundle.metric(metric_id).unit
        values = {
            "place": teller.scope_name(row["scope_type"] or "", row["scope_id"] or ""),
            "label": words.inside(teller.label(metric_id)),
            "before": words.figure(Decimal(row["before_value"] or 0), unit, currency),
            "after": words.figure(Decimal(row["after_value"] or 0), unit, currency),
            "low": teller.difference(metric_id, Decimal(row["effect_low"] or 0)),
            "high": teller.difference(metric_id, Decimal(row["effect_high"] or 0)),
        }
        if row["verdict"] == "better":
            text = say("The action at %(place)s held: %(label)s %(after)s after %(before)s.", **values)
        elif row["verdict"] == "worse":
            text = say("After the action at %(place)s it got worse: %(label)s %(after)s after %(before)s.", **values)
        else:
            text = say("The action at %(place)s shows no clear effect: %(label)s %(after)s after %(before)s.", **values)
        detail = say("(%(low)s to %(high)s beyond places without an action, 95%%)", **values)
        yield Statement(_tone(row["verdict"]), text, detail)


def _tone(verdict: str | None) -> Tone:
    return "better" if verdict in {"works", "better"} else "worse" if verdict in {"harms", "worse"} else "plain"


def _places(teller: Teller) -> list[Place]:
    """Members that got worse in some figure, those with the most such figures first."""
    findings: dict[tuple[str, str], list[str]] = defaultdict(list)
    for metric_id in teller.bundle.spec.metrics:
        for part in parts_of(teller, metric_id):
            if part.change_previous != "worse":
                continue
            values = {
                "label": teller.label(metric_id),
                "value": teller.brief(part),
                "before": teller.number(part, part.previous, brief=True),
            }
            finding = (
                teller.words.say("%(label)s %(value)s, usually %(before)s", **values)
                if teller.is_daily
                else teller.words.say("%(label)s %(value)s after %(before)s", **values)
            )
            if part.status == "missed":
                finding += teller.words.say(", target %(target)s missed", target=teller.number(part, part.target))
            findings[part.scope_type, part.scope_id].append(finding)
    ordered = sorted(findings, key=lambda key: (-len(findings[key]), key))
    return [
        Place(
            teller.scope_name(*key),
            tuple(findings[key][:MOST_FINDINGS]),
            max(0, len(findings[key]) - MOST_FINDINGS),
        )
        for key in ordered
    ]
