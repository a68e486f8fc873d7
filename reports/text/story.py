"""The first page in sentences: what changed, which targets were missed, where to look first, what to do.

A sentence is made only where the bundle carries it: changes as called by the warehouse, targets as judged there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reports.bundle.model import Bundle
from reports.bundle.rows import Contribution, Figure
from reports.text.language import LONGEST_DEFINITION, Language, place_of, plain

Tone = Literal["worse", "changed", "better", "missed"]
MOST_STATEMENTS = 5
MOST_PARTS_NAMED = 3
MOST_PLACES = 5
LONGEST_NAME = 24  # characters of a scope's name


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


class Teller:
    """Says what a bundle carries, in one language."""

    def __init__(self, bundle: Bundle, words: Language) -> None:
        self.bundle = bundle
        self.words = words
        self.names = {
            (name.dimension, name.code): (name.place, plain(name.label_zh if words.code == "zh-CN" else name.label_en))
            for name in bundle.codes
        }
        self.scope_names = {(scope.scope_type, scope.scope_id): scope.name for scope in bundle.scope_names}
        self.is_daily = bundle.spec.schedule == "daily"
        self.own = [figure for metric in bundle.spec.metrics if (figure := bundle.figure(metric))]

    def label(self, metric_id: str) -> str:
        metric = self.bundle.metric(metric_id)
        return plain(metric.label_zh if self.words.code == "zh-CN" else metric.label_en)

    def definition(self, metric_id: str) -> str:
        metric = self.bundle.metric(metric_id)
        text = metric.definition_zh if self.words.code == "zh-CN" else metric.definition_en
        return plain(text, LONGEST_DEFINITION)

    def made_of(self, metric_id: str) -> str:
        """The columns that a figure is made of, in a sentence; empty where the bundle does not say."""
        columns = self.bundle.metric(metric_id).made_of
        return self.words.say("Made of: %(columns)s", columns=plain(columns, LONGEST_DEFINITION)) if columns else ""

    def value_name(self, dimension: str, code: str) -> str:
        """A value of a dimension in words: as reference data name it, else by the glossary."""
        known = self.names.get((dimension, code))
        return known[1] if known else self.words.name(code)

    def value_place(self, dimension: str, code: str) -> tuple[int, str]:
        """Where it stands among the others."""
        known = self.names.get((dimension, code))
        return (known[0], code) if known else place_of(code)

    def value(self, figure: Figure) -> str:
        return self._number(figure, figure.value)

    def history(self, metric_id: str = "", title: str = "") -> str:
        """That the window of a figure (or a table, by its title) is longer than the history; empty where it is not."""
        short = self.bundle.history(metric_id=metric_id, title=title)
        if short is None:
            return ""
        return self.words.say(
            "history covers %(covered)s of %(window)s months",
            covered=self.words.count(short.covered_months),
            window=self.words.count(short.window_months),
        )

    def evidence(self, figure: Figure) -> str:
        """Interval and n of a figure, as far as it has them."""
        low_high = self.interval(figure)
        if figure.n is None:
            return ""
        if low_high == self.words.interval(None, None, "", "", None):
            return self.words.say("n = %(n)s", n=self.words.count(figure.n))
        return self.words.say("95%% interval %(interval)s, n = %(n)s", interval=low_high, n=self.words.count(figure.n))

    def interval(self, figure: Figure) -> str:
        unit = self.bundle.metric(figure.metric_id).unit
        return self.words.interval(figure.ci_low, figure.ci_high, unit, self.bundle.meta.currency, figure.value)

    def scope_name(self, scope_type: str, scope_id: str) -> str:
        if scope_type == "company":
            return plain(self.bundle.meta.company)
        return self._named_scope(scope_id, self.scope_names.get((scope_type, scope_id), scope_id))

    def _named_scope(self, scope_id: str, name: str) -> str:
        """A scope's own name; where it has none, its id without the source."""
        return self.words.name(scope_id.split(":", 1)[-1]) if name == scope_id else plain(name, LONGEST_NAME)

    def story(self) -> Story:
        changes = self._changes()
        missed = [self._missed(figure) for figure in self.own if figure.status == "missed"]
        places = self._places()
        return Story(
            lead=self._lead(),
            changes=tuple(changes[:MOST_STATEMENTS]),
            more_changes=max(0, len(changes) - MOST_STATEMENTS),
            missed=tuple(missed[:MOST_STATEMENTS]),
            more_missed=max(0, len(missed) - MOST_STATEMENTS),
            places=tuple(places[:MOST_PLACES]),
            more_places=max(0, len(places) - MOST_PLACES),
            advice=tuple(self._advice()),
            costs=tuple(self._stated(self.bundle.spec.costs)),
            actions=tuple(self._stated(self.bundle.spec.actions)),
        )

    def _lead(self) -> str:
        say_n = self.words.say_n
        base = self.words.say("what is usual") if self.is_daily else self.words.say("last month")
        worse = sum(figure.change_previous == "worse" for figure in self.own)
        better = sum(figure.change_previous == "better" for figure in self.own)
        yearly = sum(f.change_year_ago == "worse" and f.change_previous != "worse" for f in self.own)
        targets = [figure for figure in self.own if figure.status in {"met", "missed"}]
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
            sentences.append(self.words.say("No clear change against %(base)s.", base=base))
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
                self.words.say_n(
                    "The one target was missed.",
                    "%(missed)s of %(count)s targets missed.",
                    len(targets),
                    missed=self.words.count(missed),
                )
                if missed
                else self.words.say("No target was missed.")
            )
        return self.words.space.join(sentences)

    @staticmethod
    def called(figure: Figure) -> Literal["previous", "year_ago"] | None:
        """Against which month a change of a figure is called: the year before only where not the month before."""
        if figure.change_previous not in {None, "no_clear_change"}:
            return "previous"
        return "year_ago" if figure.change_year_ago not in {None, "no_clear_change"} else None

    def _changes(self) -> list[Statement]:
        """Called changes, the bad ones first."""
        statements = []
        for figure in self.own:
            period = self.called(figure)
            tone = figure.change_year_ago if period == "year_ago" else figure.change_previous
            if period and tone and tone != "no_clear_change":
                statements.append(self._change(figure, tone, yearly=period == "year_ago"))
        return sorted(statements, key=lambda statement: ("worse", "changed", "better").index(statement.tone))

    def _change(self, figure: Figure, tone: Tone, *, yearly: bool) -> Statement:
        say = self.words.say
        before = figure.year_ago if yearly else figure.previous
        rose = figure.value is not None and before is not None and figure.value > before
        values = {
            "label": self.label(figure.metric_id),
            "value": self.value(figure),
            "before": self._number(figure, before),
            "evidence": self.evidence(figure),
        }
        if yearly:
            text = (
                say("%(label)s is up on a year ago: %(value)s after %(before)s (%(evidence)s).", **values)
                if rose
                else say("%(label)s is down on a year ago: %(value)s after %(before)s (%(evidence)s).", **values)
            )
        elif self.is_daily:
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
            text += self.words.space + say(
                "A year ago it was %(year_ago)s.", year_ago=self._number(figure, figure.year_ago)
            )
        return Statement(tone, text, self._behind(figure, "year_ago" if yearly else "previous"))

    def _behind(self, figure: Figure, period: Literal["previous", "year_ago"]) -> str:
        """The members that add most to a change, of the kind whose foremost one adds most, and all others together.

        Where a case counts for two members they are no parts of a whole: those that moved alike are named instead.
        """
        added = [c for c in self.bundle.contributions if (c.metric_id, c.period) == (figure.metric_id, period)]
        if not added:
            change = figure.change_previous if period == "previous" else None
            alike = [part for part in self._parts(figure.metric_id) if change and part.change_previous == change]
            return self.words.say("Likewise: %(parts)s.", parts=self._named(alike)) if alike else ""
        scope_type = max(added, key=lambda c: abs(c.contribution)).scope_type
        parts = [c for c in added if c.scope_type == scope_type]
        named = [
            f"{self.member(part)} {self.difference(figure.metric_id, part.contribution)}"
            for part in parts[:MOST_PARTS_NAMED]
        ]
        rest = sum((part.contribution for part in parts[MOST_PARTS_NAMED:]), Decimal(0))
        if parts[MOST_PARTS_NAMED:]:
            named.append(
                self.words.say("all others together %(difference)s", difference=self.difference(figure.metric_id, rest))
            )
        return self.words.say(
            "Behind the change of %(difference)s: %(parts)s.",
            difference=self.difference(figure.metric_id, sum((part.contribution for part in parts), Decimal(0))),
            parts=self.words.join(named),
        )

    def member(self, part: Contribution) -> str:
        """A member of the company by its name; cases of none are called so."""
        if not part.scope_id:
            return self.words.say("without %(member)s", member=self.words.name(part.scope_type))
        return self._named_scope(part.scope_id, part.name)

    def difference(self, metric_id: str, value: Decimal) -> str:
        """A difference with its sign; one of shares in percentage points."""
        unit = self.bundle.metric(metric_id).unit
        return self.words.difference(value, unit, self.bundle.meta.currency)

    def _stated(self, metric_ids: Iterable[str]) -> Iterator[Statement]:
        """Figures as they are, with interval and n, beside last month's: no change is claimed."""
        for metric_id in metric_ids:
            figure = self.bundle.figure(metric_id)
            if figure is None or figure.value is None or figure.status == "too_few":
                continue
            evidence = self.words.join([text for text in (self.evidence(figure), self.history(metric_id)) if text])
            more = self.words.say(" (%(evidence)s)", evidence=evidence) if evidence else ""
            split = [
                f"{self.value_name(f.dimension, f.dimension_value)} {self.value(f)}" for f in self._divided(metric_id)
            ]
            if split:
                more += self.words.say(", of which %(parts)s", parts=self.words.join(split))
            if figure.previous is not None:
                before = self._number(figure, figure.previous)
                more += (
                    self.words.say("; usually %(before)s", before=before)
                    if self.is_daily
                    else self.words.say("; last month %(before)s", before=before)
                )
            text = self.words.say(
                "%(label)s: %(value)s%(more)s.", label=self.label(metric_id), value=self.value(figure), more=more
            )
            yield Statement("missed" if figure.status == "missed" else "changed", text)

    def _divided(self, metric_id: str) -> list[Figure]:
        """The figure by its dimension, the largest parts first."""
        parts = [f for f in self.bundle.of(metric_id) if f.dimension and f.value]
        return sorted(parts, key=lambda f: (-(f.value or 0), f.dimension_value))[:MOST_PARTS_NAMED]

    def _missed(self, figure: Figure) -> Statement:
        text = self.words.say(
            "%(label)s: %(value)s against a target of %(target)s (%(evidence)s).",
            label=self.label(figure.metric_id),
            value=self.value(figure),
            target=self._number(figure, figure.target),
            evidence=self.evidence(figure),
        )
        parts = [part for part in self._parts(figure.metric_id) if part.status == "missed"]
        return Statement(
            "missed", text, self.words.say("Missed by: %(parts)s.", parts=self._named(parts)) if parts else ""
        )

    def _named(self, parts: list[Figure]) -> str:
        """The first few members with their figures, and how many more there are."""
        named = [f"{self.scope_name(p.scope_type, p.scope_id)} {self.value(p)}" for p in parts[:MOST_PARTS_NAMED]]
        if len(parts) > MOST_PARTS_NAMED:
            named.append(self.words.say_n("%(count)s more", "%(count)s more", len(parts) - MOST_PARTS_NAMED))
        return self.words.join(named)

    def _places(self) -> list[Place]:
        """Members that got worse in some figure, those with the most such figures first."""
        findings: dict[tuple[str, str], list[str]] = defaultdict(list)
        for metric_id in self.bundle.spec.metrics:
            for part in self._parts(metric_id):
                if part.change_previous != "worse":
                    continue
                values = {
                    "label": self.label(metric_id),
                    "value": self.value(part),
                    "before": self._number(part, part.previous),
                    "evidence": self.evidence(part),
                }
                finding = (
                    self.words.say("%(label)s %(value)s, usually %(before)s (%(evidence)s)", **values)
                    if self.is_daily
                    else self.words.say("%(label)s %(value)s after %(before)s (%(evidence)s)", **values)
                )
                if part.status == "missed":
                    finding += self.words.say(", target %(target)s missed", target=self._number(part, part.target))
                findings[part.scope_type, part.scope_id].append(finding)
        ordered = sorted(findings, key=lambda key: (-len(findings[key]), key))
        return [Place(self.scope_name(*key), tuple(findings[key])) for key in ordered]

    def _advice(self) -> list[Statement]:
        """What the report's advice says on figures missed or worse here, or worse at a member."""
        statements = []
        for metric_id, advice in self.bundle.spec.advice.items():
            figure = self.bundle.figure(metric_id)
            behind = [part for part in self._parts(metric_id) if part.change_previous == "worse"]
            called = figure is not None and (
                figure.status == "missed" or "worse" in (figure.change_previous, figure.change_year_ago)
            )
            if not called and not behind:
                continue
            say = self.words.say
            where = say("Begin with %(parts)s.", parts=self._named(behind)) if behind else ""
            statements.append(Statement("missed", self.label(metric_id) + say(": ") + say(advice), where))
        return statements[:MOST_STATEMENTS]

    def _parts(self, metric_id: str) -> list[Figure]:
        """Members' figures of the month that may be spoken of, worst judged first by the bundle's order."""
        return [
            part
            for scope_type in self.bundle.spec.parts
            for part in self.bundle.parts(metric_id, scope_type)
            if part.month == self.bundle.month and part.status != "too_few"
        ]

    def _number(self, figure: Figure, value: Decimal | None) -> str:
        unit = self.bundle.metric(figure.metric_id).unit
        return self.words.figure(value, unit, self.bundle.meta.currency, like=figure.value)
