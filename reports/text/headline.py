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
from reports.text.wording import Wording


def headline(wording: Wording) -> str:
    reported = changes(wording)
    first = reported[0] if reported else None
    if first and first.tone == "worse":
        event = wording.words.sentences(*filter(None, (lead_in(wording, first), _also(wording, reported))))
    else:
        event = _member(wording) or _missed(wording) or _better(wording, reported) or _calm(wording)
    return wording.words.sentences(*filter(None, (event, _money(wording, first), _targets(wording))))


def _also(wording: Wording, reported: Sequence[Change]) -> str:
    """What else of the tiles got worse, where no one member explains the first."""
    others = [one for one in reported[1:] if one.tone == "worse" and one.figure.metric_id in wording.bundle.headlines]
    if reported[0].lead or not others:
        return ""
    labels = [wording.words.inside(wording.short_label(one.figure.metric_id)) for one in others]
    return wording.words.say("Worse too: %(parts)s.", parts=wording.words.join(labels))


def _member(wording: Wording) -> str:
    """A member that got worse in a figure of the tiles, and is off its target or has none: the one furthest from it."""
    for metric_id in wording.bundle.headlines:
        parts = [part for part in parts_of(wording, metric_id) if is_worse(part) and calls_for_action(part)]
        for part in worst_first(wording, parts):
            called = [one for one in wording.comparisons(part) if one.change == "worse"]
            if called:
                place = wording.scope_name(part.scope_type, part.scope_id)
                event = changed(wording, part, called[0])
                return wording.words.say(
                    "As a whole nothing got clearly worse, but %(place)s did: %(event)s",
                    place=place,
                    event=wording.words.inside(event),
                )
    return ""


def _missed(wording: Wording) -> str:
    """The target that is missed by most."""
    tiles = wording.bundle.headlines
    missed = [figure for figure in wording.own if figure.status == "missed"]
    missed.sort(key=lambda f: (f.metric_id not in tiles, -short_of_target(f)))
    if not missed:
        return ""
    values = {
        "label": wording.words.inside(wording.label(missed[0].metric_id)),
        "value": wording.brief(missed[0]),
        "target": wording.number(missed[0], missed[0].target, brief=True),
    }
    if not _is_compared(wording):
        return wording.words.say("A target is missed: %(label)s, %(value)s against %(target)s.", **values)
    return wording.words.say(
        "Nothing clearly changed, but a target is missed: %(label)s, %(value)s against %(target)s.",
        **values,
    )


def _better(wording: Wording, reported: Sequence[Change]) -> str:
    better = next((one for one in reported if one.tone == "better"), None)
    if better is None:
        return ""
    return wording.words.sentences(
        changed(wording, better.figure, better.comparison), wording.words.say("Nothing got clearly worse.")
    )


def _calm(wording: Wording) -> str:
    say = wording.words.say
    if _is_compared(wording):
        return (
            say("Nothing stands out: no figure is clearly other than usual.")
            if wording.is_daily
            else say("Nothing stands out: no figure clearly changed against last month or a year ago.")
        )
    best = _known_best(wording)
    if best is None:
        return say("There are too few cases to say anything yet.")
    return say(
        "There is nothing to compare with yet. Known best: %(label)s, %(value)s (%(evidence)s).",
        label=wording.words.inside(wording.label(best.metric_id)),
        value=wording.brief(best),
        evidence=wording.evidence(best),
    )


def _is_compared(wording: Wording) -> bool:
    return any(wording.comparisons(figure) for figure in wording.own)


def _known_best(wording: Wording) -> Figure | None:
    """A figure of the tiles before others, one with an interval before others, then the one of most cases."""
    known = [f for f in wording.own if f.value is not None and f.n and not f.is_withheld]
    tiles = wording.bundle.headlines
    return min(known, key=lambda f: (f.metric_id not in tiles, f.ci_low is None, -(f.n or 0)), default=None)


def _money(wording: Wording, first: Change | None) -> str:
    """The money at risk, and what of it is at the place of the headline."""
    stakes, say = wording.bundle.spec.stakes, wording.words.say
    whole = wording.bundle.figure(stakes.metric) if stakes else None
    if whole is None or not whole.value or whole.is_withheld:
        return ""
    part = first.lead.part if first and first.tone == "worse" and first.lead else None
    here = stake_at(wording, part.scope_type, part.scope_id) if part else None
    if here is None or here.value is None:
        return say("%(money)s of margin is at risk.", money=wording.brief(whole))
    return say(
        "%(money)s of margin is at risk there, of %(whole)s in all.",
        money=wording.number(whole, here.value, brief=True),
        whole=wording.brief(whole),
    )


def _targets(wording: Wording) -> str:
    """How many targets are missed."""
    judged = [figure.status for figure in wording.own if figure.status in {"met", "missed"}]
    missed = judged.count("missed")
    if not judged:
        return ""
    if not missed:
        return wording.words.say_n("The one target is met.", "All %(count)s targets are met.", len(judged))
    return wording.words.say_n(
        "The one target is missed.",
        "%(missed)s of %(count)s targets are missed.",
        len(judged),
        missed=wording.words.count(missed),
    )
