"""Which changes a report tells first, and whose they are: decided from the bundle, said elsewhere.

A change is told where the warehouse called it. The order is: for the worse before the better; figures of the first
page's tiles before others; then by the money at risk at the place that explains most of the change; then by its size
against what the figure usually does from one period to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from statistics import median

from reports.bundle.rows import Contribution, Figure
from reports.text.wording import Comparison, Wording

LEADS_FROM = Decimal("0.5")  # part of a change from which one member explains it
FEWEST_STEPS = 3  # between periods, from which on there is something usual
_TONES = ("worse", "changed", "better")


@dataclass(frozen=True)
class Lead:
    """A member that explains at least half of a change of the whole."""

    part: Contribution
    is_all: bool  # or more than all: the others together moved the other way


@dataclass(frozen=True)
class Change:
    """A called change of a figure of the report's own scope."""

    figure: Figure
    comparison: Comparison
    lead: Lead | None
    money: Decimal  # at risk at the leading member, none where there is no such figure
    size: Decimal  # in usual steps

    @property
    def tone(self) -> str:
        return self.comparison.change


def changes(wording: Wording) -> list[Change]:
    """Called changes in the order in which they are told, each figure once: against the period before where that is
    called, else against the year."""
    tiles = set(wording.bundle.headlines)
    found = []
    for figure in wording.own:
        called = [one for one in wording.comparisons(figure) if one.change != "no_clear_change"]
        if called:
            lead = leader(wording, figure, called[0])
            found.append(
                Change(
                    figure, called[0], lead, money_at(wording, lead.part) if lead else Decimal(0), size(wording, figure)
                )
            )
    return sorted(
        found,
        key=lambda one: (_TONES.index(one.tone), one.figure.metric_id not in tiles, -one.money, -one.size),
    )


def leader(wording: Wording, figure: Figure, comparison: Comparison) -> Lead | None:
    """The member that explains most of a change, where one explains at least half of it: of the first kind of members
    with such a one. A member of few cases explains nothing."""
    for scope_type in wording.bundle.spec.parts:
        parts = contributions(wording, figure, comparison, scope_type)
        named = [part for part in parts if part.scope_id and (part.n or 0) >= wording.bundle.meta.min_n]
        if not named or not comparison.difference:
            continue
        first = max(named, key=lambda part: part.contribution / comparison.difference)
        share = first.contribution / comparison.difference
        if len(parts) > 1 and share >= LEADS_FROM:
            shown = wording.difference(figure.metric_id, first.contribution)
            whole = wording.difference(figure.metric_id, comparison.difference)
            return Lead(first, is_all=share >= 1 or shown == whole)
    return None


def contributions(wording: Wording, figure: Figure, comparison: Comparison, scope_type: str) -> list[Contribution]:
    """What members of a kind add to a change, the largest first."""
    wanted = (figure.metric_id, comparison.period, scope_type)
    return [c for c in wording.bundle.contributions if (c.metric_id, c.period, c.scope_type) == wanted]


def money_at(wording: Wording, part: Contribution) -> Decimal:
    """Money at risk at a member, as far as it is told."""
    figure = stake_at(wording, part.scope_type, part.scope_id)
    return (figure.value or Decimal(0)) if figure else Decimal(0)


def stake_at(wording: Wording, scope_type: str, scope_id: str) -> Figure | None:
    """The figure of the money at risk at a member."""
    stakes = wording.bundle.spec.stakes
    if stakes is None:
        return None
    parts = wording.bundle.parts(stakes.metric, scope_type)
    here = (part for part in parts if part.scope_id == scope_id and part.month == wording.bundle.period_start)
    return next((part for part in here if not part.is_withheld and part.value is not None), None)


def stake_of(wording: Wording, value: str) -> Decimal:
    """The part of the money at risk that is due to one reason."""
    stakes = wording.bundle.spec.stakes
    if stakes is None or not value:
        return Decimal(0)
    split = wording.bundle.split(stakes.metric, stakes.dimension)
    return next((f.value or Decimal(0) for f in split if f.dimension_value == value), Decimal(0))


def size(wording: Wording, figure: Figure) -> Decimal:
    """How large the largest called change of the scope's own figure is: in the median step of its last periods, where
    there are enough of them, else in half its interval; 0 where neither is known."""
    move = _largest_move(wording, figure)
    series = wording.bundle.series(figure.metric_id)
    known = [f.value for f in series if f.value is not None and not f.is_withheld and f.status != "short_history"]
    steps = [abs(after - before) for before, after in pairwise(known[:-1])]
    usual = median(steps) if len(steps) >= FEWEST_STEPS else half_interval(figure)
    return move / usual if usual else Decimal(0)


def reach(wording: Wording, figure: Figure) -> Decimal:
    """How large the largest called change of any figure is, in half its interval; 0 where it has none."""
    half = half_interval(figure)
    return _largest_move(wording, figure) / half if half else Decimal(0)


def _largest_move(wording: Wording, figure: Figure) -> Decimal:
    called = (one for one in wording.comparisons(figure) if one.change != "no_clear_change")
    return max((abs(one.difference) for one in called), default=Decimal(0))


def half_interval(figure: Figure) -> Decimal:
    if figure.ci_low is None or figure.ci_high is None:
        return Decimal(0)
    return (figure.ci_high - figure.ci_low) / 2


def short_of_target(figure: Figure) -> Decimal:
    """How far a figure is from its target, in half intervals or, where it has none, in parts of the target."""
    if figure.value is None or figure.target is None or figure.status != "missed":
        return Decimal(0)
    unit = half_interval(figure) or abs(figure.target)
    return abs(figure.value - figure.target) / unit if unit else Decimal(0)


def parts_of(wording: Wording, metric_id: str) -> list[Figure]:
    """Members' figures of the period that may be spoken of."""
    return [
        part
        for scope_type in wording.bundle.spec.parts
        for part in wording.bundle.parts(metric_id, scope_type)
        if part.month == wording.bundle.period_start and not part.is_withheld and part.value is not None
    ]


def is_worse(figure: Figure) -> bool:
    return "worse" in (figure.change_previous, figure.change_year_ago)


def calls_for_action(figure: Figure) -> bool:
    """Off its target; where it has none, worse. What is on target calls for nothing."""
    if figure.status in {"met", "missed"}:
        return figure.status == "missed"
    return is_worse(figure)


def worst_first(wording: Wording, figures: Iterable[Figure]) -> list[Figure]:
    return sorted(figures, key=lambda f: (-max(short_of_target(f), reach(wording, f)), f.scope_type, f.scope_id))
