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
from reports.text.wording import Period, Wording

Tone = Literal["worse", "changed", "better", "missed", "plain"]
MAX_STATEMENTS = 5
MAX_ADVICE = 6
LEAST_BETTER = 2  # of them that tell what got better, if as many did
MAX_MISSED = 3
MAX_PARTS_NAMED = 3
MAX_PLACES = 3
MAX_FINDINGS = 3  # at a place
MAX_VERDICTS = 2  # on campaigns, and on improvement actions
CAMPAIGN_MONTHS, ACTION_MONTHS = 3, 12  # how long ago one began whose effect is told
_VERDICTS = ("works", "better", "harms", "worse", "no_clear_effect")


@dataclass(frozen=True)
class Sentence:
    """A sentence, with its evidence or what else is known of it (empty when there is none)."""

    tone: Tone
    text: str
    detail: str = ""
    metric_id: str = ""
    period: Period | None = None  # with what the figure is compared


@dataclass(frozen=True)
class Hotspot:
    """A member of the company that calls for attention, with its figures."""

    name: str
    findings: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True)
class Story:
    lead: str
    changes: tuple[Sentence, ...]
    more_changes: int
    missed: tuple[Sentence, ...]
    more_missed: int
    places: tuple[Hotspot, ...]
    more_places: int
    advice: tuple[Sentence, ...]
    costs: tuple[Sentence, ...]
    verdicts: tuple[Sentence, ...]
    actions: tuple[Sentence, ...]


def story(wording: Wording) -> Story:
    reported = changes(wording)
    shown = _shown(reported)
    missed = sorted(
        (figure for figure in wording.own if figure.status == "missed"),
        key=lambda figure: (figure.metric_id not in wording.bundle.headlines, -short_of_target(figure)),
    )
    places = _places(wording)
    return Story(
        lead=headline(wording),
        changes=tuple(_change(wording, one) for one in shown),
        more_changes=len(reported) - len(shown),
        missed=tuple(_missed(wording, figure) for figure in missed[:MAX_MISSED]),
        more_missed=max(0, len(missed) - MAX_MISSED),
        places=tuple(places[:MAX_PLACES]),
        more_places=max(0, len(places) - MAX_PLACES),
        advice=tuple(_advised(one) for one in advice(wording)[:MAX_ADVICE]),
        costs=tuple(_stated(wording, wording.bundle.spec.costs)),
        verdicts=(*_campaigns(wording), *_improvements(wording)),
        actions=(*_stated(wording, wording.bundle.spec.actions), *_overdue(wording)),
    )


def _shown(reported: Sequence[Change]) -> list[Change]:
    """The first of them, with room for what got better."""
    better = [one for one in reported if one.tone == "better"]
    others = [one for one in reported if one.tone != "better"]
    room = MAX_STATEMENTS - min(LEAST_BETTER, len(better))
    return [*others[:room], *better[: MAX_STATEMENTS - len(others[:room])]]


def _change(wording: Wording, change: Change) -> Sentence:
    words, figure = wording.words, change.figure
    sentences = [changed(wording, figure, change.comparison)]
    other = next((one for one in wording.comparisons(figure) if one.period != change.comparison.period), None)
    if other and other.change == change.tone:
        sentences.append(words.say("A year ago it was %(year_ago)s.", year_ago=wording.number(figure, other.before)))
    sentences.append(lead_after(wording, change) or _behind(wording, change))
    evidence = wording.evidence(figure)
    return Sentence(
        tone="worse" if change.tone == "worse" else "better" if change.tone == "better" else "changed",
        text=words.sentences(*filter(None, sentences)),
        detail=words.say("(%(evidence)s)", evidence=evidence) if evidence else "",
        metric_id=figure.metric_id,
        period=change.comparison.period,
    )


def _behind(wording: Wording, change: Change) -> str:
    """Where no one member explains half of a change: its largest parts; where it has no parts, who moved alike."""
    figure, say = change.figure, wording.words.say
    for scope_type in wording.bundle.spec.parts:
        parts = contributions(wording, figure, change.comparison, scope_type)
        named = [part for part in parts if part.scope_id and part.contribution * change.comparison.difference > 0]
        if len(parts) > 1 and len(named) > 1:
            shown = [
                f"{wording.member(part)} {wording.difference(part.metric_id, part.contribution)}"
                for part in named[:MAX_PARTS_NAMED]
            ]
            return say("No one explains half of it; most come from %(parts)s.", parts=wording.words.join(shown))
    if change.comparison.period != "previous" or change.tone not in {"worse", "better"}:
        return ""
    alike = [part for part in parts_of(wording, figure.metric_id) if part.change_previous == change.tone]
    if not alike:
        return ""
    named_parts = _named(wording, alike)
    return (
        say("Worse too: %(parts)s.", parts=named_parts)
        if change.tone == "worse"
        else say("Better too: %(parts)s.", parts=named_parts)
    )


def _missed(wording: Wording, figure: Figure) -> Sentence:
    text = wording.words.say(
        "%(label)s: %(value)s, target %(target)s.",
        label=wording.label(figure.metric_id),
        value=wording.brief(figure),
        target=wording.number(figure, figure.target, brief=True),
    )
    parts = worst_first(wording, (part for part in parts_of(wording, figure.metric_id) if part.status == "missed"))
    if parts:
        furthest = _named(wording, parts[:1])
        text = wording.words.sentences(text, wording.words.say("Furthest from it: %(parts)s.", parts=furthest))
    return Sentence("missed", text, metric_id=figure.metric_id)


def _advised(one: Advice) -> Sentence:
    return Sentence("missed", one.text, one.state, metric_id=one.metric_id)


def _named(wording: Wording, parts: Sequence[Figure]) -> str:
    """The first few members with their figures, and how many more there are."""
    named = [valued(wording, part) for part in parts[:MAX_PARTS_NAMED]]
    if len(parts) > MAX_PARTS_NAMED:
        named.append(wording.words.say_n("%(count)s more", "%(count)s more", len(parts) - MAX_PARTS_NAMED))
    return wording.words.join(named)


def _stated(wording: Wording, specs: Iterable[StatedSpec]) -> Iterator[Sentence]:
    """Figures as they are, beside last month's: no change is claimed."""
    words = wording.words
    for spec in specs:
        figure = wording.bundle.figure(spec.metric)
        beside = {name: wording.bundle.figure(name) for name in spec.beside}
        if figure is None or figure.value is None or figure.is_withheld or not _are_told(beside.values()):
            continue
        n = figure.n or 0
        cases = round(figure.value * n) if wording.bundle.metric(spec.metric).unit == "rate" else n
        values = {
            "value": wording.brief(figure),
            "n": words.count(n),
            "cases": words.count(cases),
            **{name: wording.brief(other) for name, other in beside.items() if other},
        }
        if spec.none and not cases:
            text = words.say(spec.none, **values)
        elif spec.one:
            text = words.say_n(spec.one, spec.many, cases if spec.of == "cases" else n, **values)
        else:
            text = words.say(spec.many, **values)
        if before := _before(wording, figure):
            text = words.say("%(text)s, %(evidence)s", text=text, evidence=before)
        if parts := _parts(wording, spec, figure):
            text += words.say(": ") + parts
        text = words.say("%(text)s.", text=text)
        yield Sentence("missed" if figure.status == "missed" else "plain", text, metric_id=spec.metric)


def _are_told(figures: Iterable[Figure | None]) -> bool:
    return all(figure is not None and figure.value is not None and not figure.is_withheld for figure in figures)


def _before(wording: Wording, figure: Figure) -> str:
    """Last month's figure and how long the history is."""
    say, reported = wording.words.say, []
    if figure.previous is not None:
        before = wording.number(figure, figure.previous, brief=True)
        reported.append(
            say("usually %(before)s", before=before)
            if wording.is_daily
            else say("against %(before)s last month", before=before)
        )
    if history := wording.history(figure.metric_id):
        reported.append(history)
    return wording.words.join(reported)


def _parts(wording: Wording, spec: StatedSpec, whole: Figure) -> str:
    """What a dimension divides the figure into, the largest first, on the scale of the whole."""
    found = [f for f in wording.bundle.split(spec.metric, spec.by) if spec.by and f.value and not f.is_withheld]
    said = [
        wording.words.say_n(
            *spec.parts[f.dimension_value],
            f.n or 0,
            n=wording.words.count(f.n or 0),
            value=wording.number(whole, f.value, brief=True),
        )
        for f in sorted(found, key=lambda f: (-(f.value or 0), f.dimension_value))
        if f.dimension_value in spec.parts
    ]
    return wording.words.join(said)


def _overdue(wording: Wording) -> Iterator[Sentence]:
    """Improvement actions that are past their day."""
    known = {metric.metric_id for metric in wording.bundle.metrics}
    late = [row for row in rows_of(wording.bundle, "improvement_actions") if row["timing"] == "overdue"]
    for row in [row for row in late if row["metric_id"] in known][:MAX_VERDICTS]:
        text = wording.words.say(
            "Overdue: %(label)s at %(place)s, due %(due)s.",
            label=wording.words.inside(wording.short_label(row["metric_id"] or "")),
            place=wording.scope_name(row["scope_type"] or "", row["scope_id"] or ""),
            due=due_day(wording, row["due_date"]),
        )
        yield Sentence("missed", text)


def _campaigns(wording: Wording) -> Iterator[Sentence]:
    """Campaigns of the last months that were judged against their control group."""
    words, say = wording.words, wording.words.say
    since = months_before(wording.bundle.period_start, CAMPAIGN_MONTHS - 1)
    rows = [row for row in rows_of(wording.bundle, "campaign_results") if row["verdict"] in _VERDICTS]
    names = own_part((plain(row["name"] or "") for row in rows), words.locale)
    recent = [row for row in rows if date.fromisoformat(row["start_date"] or "0001-01-01") >= since]
    recent = [row for row in recent if row["control_conversion_rate"] and row["lift_low"] and row["lift_high"]]
    for row in sorted(recent, key=lambda row: _VERDICTS.index(row["verdict"] or ""))[:MAX_VERDICTS]:
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
        yield Sentence(_tone(row["verdict"]), text, say("(lift %(low)s to %(high)s, 95%%)", **values))


def _improvements(wording: Wording) -> Iterator[Sentence]:
    """Improvement actions whose effect was judged against scopes that no action touched."""
    words, say = wording.words, wording.words.say
    since = months_before(wording.bundle.period_start, ACTION_MONTHS - 1)
    known = {metric.metric_id for metric in wording.bundle.metrics}
    rows = [
        row
        for row in rows_of(wording.bundle, "improvement_effects")
        if row["verdict"] in _VERDICTS
        and row["metric_id"] in known
        and date.fromisoformat(row["implemented_month"] or "0001-01-01") >= since
        and row["effect_low"]
        and row["effect_high"]
    ]
    for row in sorted(rows, key=lambda row: _VERDICTS.index(row["verdict"] or ""))[:MAX_VERDICTS]:
        metric_id, currency = row["metric_id"] or "", wording.bundle.meta.currency
        unit = wording.bundle.metric(metric_id).unit
        values = {
            "place": wording.scope_name(row["scope_type"] or "", row["scope_id"] or ""),
            "label": words.inside(wording.label(metric_id)),
            "before": words.figure(Decimal(row["before_value"] or 0), unit, currency),
            "after": words.figure(Decimal(row["after_value"] or 0), unit, currency),
            "low": wording.difference(metric_id, Decimal(row["effect_low"] or 0)),
            "high": wording.difference(metric_id, Decimal(row["effect_high"] or 0)),
        }
        if row["verdict"] == "better":
            text = say("The action at %(place)s held: %(label)s %(after)s after %(before)s.", **values)
        elif row["verdict"] == "worse":
            text = say("After the action at %(place)s it got worse: %(label)s %(after)s after %(before)s.", **values)
        else:
            text = say("The action at %(place)s shows no clear effect: %(label)s %(after)s after %(before)s.", **values)
        detail = say("(%(low)s to %(high)s beyond places without an action, 95%%)", **values)
        yield Sentence(_tone(row["verdict"]), text, detail)


def _tone(verdict: str | None) -> Tone:
    return "better" if verdict in {"works", "better"} else "worse" if verdict in {"harms", "worse"} else "plain"


def _places(wording: Wording) -> list[Hotspot]:
    """Members that got worse in some figure, those with the most such figures first."""
    findings: dict[tuple[str, str], list[str]] = defaultdict(list)
    for metric_id in wording.bundle.spec.metrics:
        for part in parts_of(wording, metric_id):
            if part.change_previous != "worse":
                continue
            values = {
                "label": wording.label(metric_id),
                "value": wording.brief(part),
                "before": wording.number(part, part.previous, brief=True),
            }
            finding = (
                wording.words.say("%(label)s %(value)s, usually %(before)s", **values)
                if wording.is_daily
                else wording.words.say("%(label)s %(value)s after %(before)s", **values)
            )
            if part.status == "missed":
                finding += wording.words.say(", target %(target)s missed", target=wording.number(part, part.target))
            findings[part.scope_type, part.scope_id].append(finding)
    ordered = sorted(findings, key=lambda key: (-len(findings[key]), key))
    return [
        Hotspot(
            wording.scope_name(*key),
            tuple(findings[key][:MAX_FINDINGS]),
            max(0, len(findings[key]) - MAX_FINDINGS),
        )
        for key in ordered
    ]
