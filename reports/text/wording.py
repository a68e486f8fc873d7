"""What a bundle carries, in the words of one language: names, figures with their intervals, differences."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reports.bundle.model import Bundle
from reports.bundle.rows import Code, Contribution, Figure
from reports.text.language import LONGEST_DEFINITION, Language, place_of, plain
from reports.text.names import own_part

EVERY = "*"  # a value of a dimension that stands for all of them
LONGEST_NAME = 24  # characters of a scope's name

Period = Literal["previous", "year_ago"]  # with what a figure is compared: of a day, previous is what is usual


@dataclass(frozen=True)
class Comparison:
    """A figure beside an earlier one, and what the warehouse calls the difference: all that a page says of a change, in
    tiles, bullets and tables, is read from here."""

    period: Period
    change: str  # better, worse, changed or no_clear_change
    before: Decimal
    difference: Decimal


class Wording:
    """Says what a bundle carries, in one language."""

    def __init__(self, bundle: Bundle, words: Language) -> None:
        self.bundle = bundle
        self.words = words
        self.names = {
            (known.dimension, known.code): (known.place, plain(self._called(known))) for known in bundle.codes
        }
        self.scope_names = _scope_names(bundle, words)
        self.read = _values(bundle, words)
        self.is_daily = bundle.spec.schedule == "daily"
        self.own = [figure for metric in bundle.spec.metrics if (figure := bundle.figure(metric))]

    def label(self, metric_id: str) -> str:
        metric = self.bundle.metric(metric_id)
        return plain(self.words.text(metric.label, metric_id))

    def short_label(self, metric_id: str) -> str:
        """A label without what stands in brackets at its end, for a sentence: how it is measured is told elsewhere."""
        return re.sub(r"\s*[(（][^()（）]*[)）]$", "", self.label(metric_id))

    def definition(self, metric_id: str) -> str:
        metric = self.bundle.metric(metric_id)
        return plain(self.words.text(metric.definition, metric_id), LONGEST_DEFINITION)

    def made_of(self, metric_id: str) -> str:
        """The columns that a figure is made of, in a sentence; empty where the bundle does not say."""
        columns = self.bundle.metric(metric_id).made_of
        return self.words.say("Made of: %(columns)s", columns=plain(columns, LONGEST_DEFINITION)) if columns else ""

    def _called(self, known: Code) -> str:
        """A code as the company calls it in this language, else by the catalogue."""
        return known.names.get(self.words.code) or self.words.text(known.label, known.taxonomy)

    def value_name(self, dimension: str, code: str) -> str:
        """A value of a dimension in words: as reference data name it, else by the glossary."""
        if code == EVERY:
            return self.words.say("all")
        known = self.names.get((dimension, code))
        return known[1] if known else self.words.name(self.read.get((dimension, code), code))

    def value_place(self, dimension: str, code: str) -> tuple[int, str]:
        """Where it stands among the others."""
        known = self.names.get((dimension, code))
        return (known[0], code) if known else place_of(code)

    def value(self, figure: Figure) -> str:
        return self.number(figure, figure.value)

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
            return self.words.say("n\u00a0=\u00a0%(n)s", n=self.words.count(figure.n))
        return self.words.say(
            "95%% interval %(interval)s, n\u00a0=\u00a0%(n)s", interval=low_high, n=self.words.count(figure.n)
        )

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

    @staticmethod
    def called(figure: Figure) -> Literal["previous", "year_ago"] | None:
        """Against which month a change of a figure is called: the year before only where not the month before."""
        if figure.change_previous not in {None, "no_clear_change"}:
            return "previous"
        return "year_ago" if figure.change_year_ago not in {None, "no_clear_change"} else None

    def opening(self, part: Contribution) -> str:
        """A member at the beginning of a sentence; a code without a name of its own gets a capital."""
        name = self.member(part)
        return name[:1].upper() + name[1:]

    def member(self, part: Contribution) -> str:
        """A member of the company by its name; cases of none are called so."""
        if not part.scope_id:
            return self.words.say("without %(member)s", member=self.words.name(part.scope_type))
        return self.scope_name(part.scope_type, part.scope_id)

    def difference(self, metric_id: str, value: Decimal) -> str:
        """A difference with its sign; one of shares in percentage points."""
        unit = self.bundle.metric(metric_id).unit
        return self.words.difference(value, unit, self.bundle.meta.currency)

    def number(self, figure: Figure, value: Decimal | None, *, brief: bool = False) -> str:
        unit = self.bundle.metric(figure.metric_id).unit
        return self.words.figure(value, unit, self.bundle.meta.currency, like=figure.value, brief=brief)

    def brief(self, figure: Figure) -> str:
        """The value of a figure in a sentence."""
        return self.number(figure, figure.value, brief=True)

    def comparisons(self, figure: Figure) -> tuple[Comparison, ...]:
        """A figure beside those it is compared with, as far as the comparison was judged."""
        pairs: tuple[tuple[Period, str | None, Decimal | None], ...] = (
            ("previous", figure.change_previous, figure.previous),
            ("year_ago", figure.change_year_ago, figure.year_ago),
        )
        return tuple(
            Comparison(period, change, before, figure.value - before)
            for period, change, before in pairs
            if change and before is not None and figure.value is not None and not figure.is_withheld
        )


def _values(bundle: Bundle, words: Language) -> dict[tuple[str, str], str]:
    """Values of dimensions that a company names in two scripts, as the reader's language has them."""
    values: dict[str, set[str]] = defaultdict(set)
    for figure in bundle.figures:
        values[figure.dimension].add(figure.dimension_value)
    specs = {(spec.id, spec.title): spec.columns for spec in bundle.spec.tables}
    for table in bundle.tables:
        for i, column in enumerate(specs.get((table.id, table.title), ())):
            if column.unit == "code":
                values[column.of or column.name] |= {row[i] or "" for row in table.rows}
    return {
        (dimension, code): name
        for dimension, codes in values.items()
        for code, name in own_part(sorted(codes), words.locale).items()
        if name != code
    }


def _scope_names(bundle: Bundle, words: Language) -> dict[tuple[str, str], str]:
    """Names of the scopes, as the reader's language has them."""
    names: dict[str, dict[str, str]] = defaultdict(dict)
    for scope in bundle.scope_names:
        names[scope.scope_type][scope.scope_id] = scope.name
    for part in bundle.contributions:
        if part.scope_id:
            names[part.scope_type].setdefault(part.scope_id, part.name)
    read = {kind: own_part(known.values(), words.locale) for kind, known in names.items()}
    return {(kind, one): read[kind][name] for kind, known in names.items() for one, name in known.items()}
