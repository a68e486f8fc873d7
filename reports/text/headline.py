"""The headline: what happened, where, how much and what it costs, true for any company.

What happened is the first of these that there is: a change for the worse, with the member that explains at least half
of it (changes.py decides which change); a member that got worse while the whole did not; a target missed; a change for
the better; that nothing stands out. Where nothing can be compared yet, what is known best is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.bundle.rows import Figure
from reports.text.changes import (
    Change,
    calls_for_action,
    changes,
    is_worse,
    parts_of,
    short_of_target,
    stake_at,
    worst_first,
)
from reports.text.sentences import changed, lead_in
from reports.text.teller import Teller


def headline(teller: Teller) -> str:
    told = changes(teller)
    first = told[0] if told else None
    if first and first.tone == "worse":
        event = teller.words.sentences(*filter(None, (lead_in(teller, first), _also(teller, told))))
    else:
        event = _member(teller) or _missed(teller) or _better(teller, told) or _calm(teller)
    return teller.words.sentences(*filter(None, (event, _money(teller, first), _targets(teller))))


def _also(teller: Teller, told: Sequence[Change]) -> str:
    """What else of the tiles got worse, where no one member explains the first."""
    others = [one for one in told[1:] if one.tone == "worse" and one.figure.metric_id in teller.bundle.headlines]
    if told[0].lead or not others:
        return ""
    labels = [teller.words.inside(teller.short_label(one.figure.metric_id)) for one in others]
    return teller.words.say("Worse too: %(parts)s.", parts=teller.words.join(labels))


def _member(teller: Teller) -> str:
    """A member that got worse in a figure of the tiles, and is off its target or has none: the one furthest from it."""
    for metric_id in teller.bundle.headlines:
        parts = [part for part in parts_of(teller, metric_id) if is_worse(part) and calls_for_action(part)]
        for part in worst_first(teller, parts):
            called = [one for one in teller.comparisons(part) if one.change == "worse"]
            if called:
                place = teller.scope_name(part.scope_type, part.scope_id)
                event = changed(teller, part, called[0])
                return teller.words.say(
                    "As a whole nothing got clearly worse, but %(place)s did: %(event)s",
                    place=place,
                    event=teller.words.inside(event),
                )
    return ""


def _missed(teller: Teller) -> str:
    """The target that is missed by most."""
    tiles = teller.bundle.headlines
    missed = [figure for figure in teller.own if figure.status == "missed"]
    missed.sort(key=lambda f: (f.metric_id not in tiles, -short_of_target(f)))
    if not missed:
        return ""
    values = {
        "label": teller.words.inside(teller.label(missed[0].metric_id)),
        "value": teller.brief(missed[0]),
        "target": teller.number(missed[0], missed[0].target, brief=True),
    }
    if not _is_compared(teller):
        return teller.words.say("A target is missed: %(label)s, %(value)s against %(target)s.", **values)
    return teller.words.say(
        "Nothing clearly changed, but a target is missed: %(label)s, %(value)s against %(target)s.",
        **values,
    )


def _better(teller: Teller, told: Sequence[Change]) -> str:
    better = next((one for one in told if one.tone == "better"), None)
    if better is None:
        return ""
    return teller.words.sentences(
        changed(teller, better.figure, better.comparison), teller.words.say("Nothing got clearly worse.")
    )


def _calm(teller: Teller) -> str:
    say = teller.words.say
    if _is_compared(teller):
        return (
            say("Nothing stands out: no figure is clearly other than usual.")
            if teller.is_daily
            else say("Nothing stands out: no figure clearly changed against last month or a year ago.")
        )
    best = _known_best(teller)
    if best is None:
        return say("There are too few cases to say anything yet.")
    return say(
        "There is nothing to compare with yet. Known best: %(label)s, %(value)s (%(evidence)s).",
        label=teller.words.inside(teller.label(best.metric_id)),
        value=teller.brief(best),
        evidence=teller.evidence(best),
    )


def _is_compared(teller: Teller) -> bool:
    return any(teller.comparisons(figure) for figure in teller.own)


def _known_best(teller: Teller) -> Figure | None:
    """A figure of the tiles before others, one with an interval before others, then the one of most cases."""
    known = [f for f in teller.own if f.value is not None and f.n and not f.is_withheld]
    tiles = teller.bundle.headlines
    return min(known, key=lambda f: (f.metric_id not in tiles, f.ci_low is None, -(f.n or 0)), default=None)


def _money(teller: Teller, first: Change | None) -> str:
    """The money at risk, and what of it is at the place of the headline."""
    stakes, say = teller.bundle.spec.stakes, teller.words.say
    whole = teller.bundle.figure(stakes.metric) if stakes else None
    if whole is None or not whole.value or whole.is_withheld:
        return ""
    part = first.lead.part if first and first.tone == "worse" and first.lead else None
    here = stake_at(teller, part.scope_type, part.scope_id) if part else None
    if here is None or here.value is None:
        return say("%(money)s of margin is at risk.", money=teller.brief(whole))
    return say(
        "%(money)s of margin is at risk there, of %(whole)s in all.",
        money=teller.number(whole, here.value, brief=True),
        whole=teller.brief(whole),
    )


def _targets(teller: Teller) -> str:
    """How many targets are missed."""
    judged = [figure.status for figure in teller.own if figure.status in {"met", "missed"}]
    missed = judged.count("missed")
    if not judged:
        return ""
    if not missed:
        return teller.words.say_n("The one target is met.", "All %(count)s targets are met.", len(judged))
    return teller.words.say_n(
        "The one target is missed.",
        "%(missed)s of %(count)s targets are missed.",
        len(judged),
        missed=teller.words.count(missed),
    )
