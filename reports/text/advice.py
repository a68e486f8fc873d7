"""What to do: about what is off its target or, without one, got worse; where; and how far the actions on it are.

First what has most money at risk behind it, then what is furthest, in half intervals, from its target or from where it
was. Nothing is advised about what is on target.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reports.bundle.rows import Figure
from reports.registry import AdviceSpec
from reports.text.changes import (
    calls_for_action,
    is_worse,
    leader,
    parts_of,
    reach,
    short_of_target,
    stake_of,
    worst_first,
)
from reports.text.sentences import valued
from reports.text.table_rows import rows_of
from reports.text.wording import Wording

MAX_PLACES = 2
_WIDEST_GAP = "servqual"  # of the table of its own shape


@dataclass(frozen=True)
class Advice:
    """One thing to do, with the state of what is being done."""

    text: str
    state: str
    metric_id: str
    money: Decimal
    size: Decimal


def advice(wording: Wording) -> list[Advice]:
    found = (_on(wording, metric_id, spec) for metric_id, spec in wording.bundle.spec.advice.items())
    return sorted((one for one in found if one), key=lambda one: (-one.money, -one.size))


def _on(wording: Wording, metric_id: str, spec: AdviceSpec) -> Advice | None:
    own = wording.bundle.figure(metric_id)
    if own is not None and (own.is_withheld or not calls_for_action(own)):
        own = None
    where = _places(wording, metric_id, own)
    if own is None and not where:
        return None
    say, words, label = wording.words.say, wording.words, wording.label(metric_id)
    named = words.join([valued(wording, part) for part in where])
    what = _stands_out(wording, metric_id, spec) if own and spec.by else ""
    to_do = say(spec.first, what=what) if what else say(spec.text)
    if own and named:
        to_do = words.sentences(to_do, say("Begin at %(places)s.", places=named))
    title = label if own else say("%(label)s at %(places)s", label=wording.short_label(metric_id), places=named)
    scopes = {("company", "company"), wording.bundle.scope.key, *((p.scope_type, p.scope_id) for p in where)}
    return Advice(
        text=title + say(": ") + to_do,
        state=_state(wording, metric_id, scopes),
        metric_id=metric_id,
        money=stake_of(wording, spec.stake),
        size=max(max(reach(wording, f), short_of_target(f)) for f in (*([own] if own else []), *where)),
    )


def _places(wording: Wording, metric_id: str, own: Figure | None) -> Sequence[Figure]:
    """The member that explains most of the change of the whole, else those that are off target and worse."""
    parts = [part for part in parts_of(wording, metric_id) if calls_for_action(part)]
    for comparison in wording.comparisons(own) if own else ():
        lead = leader(wording, own, comparison) if own and comparison.change == "worse" else None
        leading = [
            p for p in parts if lead and (p.scope_type, p.scope_id) == (lead.part.scope_type, lead.part.scope_id)
        ]
        if leading:
            return leading
    return worst_first(wording, filter(is_worse, parts))[:MAX_PLACES]


def _stands_out(wording: Wording, metric_id: str, spec: AdviceSpec) -> str:
    """The value of a dimension that is furthest from where it should be, of enough cases; empty where there is none."""
    bundle, words = wording.bundle, wording.words
    if spec.by == _WIDEST_GAP:
        gaps = [
            (row.gap, row.dimension) for row in bundle.servqual if row.gap is not None and row.n >= bundle.meta.min_n
        ]
        if not gaps or min(gaps)[0] >= 0:
            return ""
        gap, code = min(gaps)
        value = words.figure(gap, "score", "")
        return words.say("%(name)s (%(value)s)", name=words.inside(words.name(code)), value=value)
    of = spec.of or metric_id
    known = [f for f in bundle.split(of, spec.by) if f.value is not None and not f.is_withheld and f.status != "met"]
    known = [f for f in known if (f.n or 0) >= bundle.meta.min_n]
    if not known:
        return ""
    turned = -1 if bundle.metric(of).direction == "down" else 1
    worst = min(known, key=lambda f: (turned * ((f.value or 0) - (f.target or 0)), f.dimension_value))
    name = wording.value_name(spec.by, worst.dimension_value)
    return words.say("%(name)s (%(value)s)", name=words.inside(name), value=wording.brief(worst))


def _state(wording: Wording, metric_id: str, scopes: Collection[tuple[str, str]]) -> str:
    """How far the open improvement actions on a figure are."""
    words, say = wording.words, wording.words.say
    reported = []
    for row in rows_of(wording.bundle, "improvement_actions"):
        if row["metric_id"] != metric_id or (row["scope_type"] or "", row["scope_id"] or "") not in scopes:
            continue
        values = {"state": words.inside(words.name(row["state"] or "")), "due": due_day(wording, row["due_date"])}
        reported.append(
            say("An action is %(state)s, due %(due)s: overdue.", **values)
            if row["timing"] == "overdue"
            else say("An action is %(state)s, due %(due)s.", **values)
        )
    return words.sentences(*reported) if reported else ""


def due_day(wording: Wording, day: str | None) -> str:
    return wording.words.day(date.fromisoformat(day)) if day else wording.words.say("on no stated day")
