"""Sentences on one figure and one change, as headline, bullets and places have them."""

from __future__ import annotations

from decimal import Decimal

from reports.bundle.rows import Figure
from reports.text.changes import Change
from reports.text.wording import Comparison, Wording


def valued(wording: Wording, part: Figure) -> str:
    """A member with its figure."""
    place = wording.scope_name(part.scope_type, part.scope_id)
    return wording.words.say("%(place)s (%(value)s)", place=place, value=wording.brief(part))


def changed(wording: Wording, figure: Figure, comparison: Comparison) -> str:
    """What a figure was and is."""
    say = wording.words.say
    values = {
        "label": wording.label(figure.metric_id),
        "value": wording.brief(figure),
        "before": wording.number(figure, comparison.before, brief=True),
    }
    rose = comparison.difference > 0
    if comparison.period == "year_ago":
        return (
            say("%(label)s rose to %(value)s from %(before)s a year ago.", **values)
            if rose
            else say("%(label)s fell to %(value)s from %(before)s a year ago.", **values)
        )
    if wording.is_daily:
        return (
            say("%(label)s is up: %(value)s, usually %(before)s.", **values)
            if rose
            else say("%(label)s is down: %(value)s, usually %(before)s.", **values)
        )
    return (
        say("%(label)s rose to %(value)s from %(before)s last month.", **values)
        if rose
        else say("%(label)s fell to %(value)s from %(before)s last month.", **values)
    )


def lead_in(wording: Wording, change: Change) -> str:
    """That one member accounts for most of a change, with the change."""
    if change.lead is None:
        return changed(wording, change.figure, change.comparison)
    say, part = wording.words.say, change.lead.part
    values = {
        "place": wording.opening(part),
        "kind": wording.words.name(part.scope_type),
        "move": _move(wording, change.figure, change.comparison),
    }
    if change.lead.is_all:
        return say("%(place)s is dragging service down: it accounts for the whole of %(move)s.", **values)
    amount = unsigned(wording, change.figure, part.contribution)
    if wording.bundle.metric(change.figure.metric_id).unit == "rate":
        return say(
            "%(place)s is dragging service down: it accounts for %(points)s of %(move)s.", points=amount, **values
        )
    return say("%(place)s is dragging service down: it accounts for %(part)s of %(move)s.", part=amount, **values)


def lead_after(wording: Wording, change: Change) -> str:
    """The same behind the sentence on the change; empty where no one member explains half of it."""
    if change.lead is None:
        return ""
    say, part = wording.words.say, change.lead.part
    place = wording.opening(part)
    if change.lead.is_all:
        return say("%(place)s alone accounts for the whole of it.", place=place)
    amounts = {
        "part": unsigned(wording, change.figure, part.contribution),
        "whole": unsigned(wording, change.figure, change.comparison.difference),
    }
    if wording.bundle.metric(change.figure.metric_id).unit == "rate":
        return say("%(place)s alone accounts for %(part)s of the %(whole)s points.", place=place, **amounts)
    return say("%(place)s alone accounts for %(part)s of %(whole)s.", place=place, **amounts)


def unsigned(wording: Wording, figure: Figure, difference: Decimal) -> str:
    """A difference without its sign; of shares as points without their name."""
    unit = wording.bundle.metric(figure.metric_id).unit
    return wording.words.figure(abs(difference), unit, wording.bundle.meta.currency, bare=unit == "rate", brief=True)


def _move(wording: Wording, figure: Figure, comparison: Comparison) -> str:
    """A change as what something accounts for."""
    say = wording.words.say
    values = {
        "label": wording.words.inside(wording.short_label(figure.metric_id)),
        "change": unsigned(wording, figure, comparison.difference),
        "since": say("since last year") if comparison.period == "year_ago" else say("since last month"),
    }
    rose = comparison.difference > 0
    if wording.bundle.metric(figure.metric_id).unit == "rate":
        return (
            say("the %(change)s-point rise in %(label)s %(since)s", **values)
            if rose
            else say("the %(change)s-point fall in %(label)s %(since)s", **values)
        )
    return (
        say("the rise of %(change)s in %(label)s %(since)s", **values)
        if rose
        else say("the fall of %(change)s in %(label)s %(since)s", **values)
    )
