"""Two issued reports side by side, in words: what differs, by how much. How it is shown is for the caller to say."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from foundation.languages import LanguageCode
from reports.bundle.model import Bundle
from reports.bundle.rows import Changed
from reports.issuing.revisions import changed
from reports.text.language import language, plain
from reports.text.units import unit_of
from reports.text.wording import Wording

LONGEST_NAME = 200  # characters of a figure's name


@dataclass(frozen=True)
class Comparison:
    """A table of text: a name, the old figure, the new one, their difference."""

    title: str
    headings: tuple[str, str, str, str]
    rows: tuple[tuple[str, str, str, str], ...]
    reason: str  # why the new one was issued, if it revises the old one
    empty: str  # what to say where there is no row


def compared(old: Bundle, new: Bundle, code: LanguageCode) -> Comparison:
    """What two issued reports tell of their months otherwise, in printed order."""
    wording = Wording(new, language(code))
    say = wording.words.say
    note = new.restated if (old.period_start, old.revision) == (new.period_start, new.revision - 1) else None
    return Comparison(
        title=f"{say(new.spec.title)}, {wording.scope_name(*new.scope.key)}",
        headings=(say("Figure"), _edition(old, code), _edition(new, code), say("Difference")),
        rows=tuple(_line(change, wording) for change in changed(old, new, exact=True)),
        reason=""
        if note is None
        else say("Reason: %(reason)s", reason=plain(note.reason) or say("with the next report")),
        empty=say("No figure differs."),
    )


def named(change: Changed, wording: Wording) -> str:
    """Which figure a change is of."""
    say, bundle = wording.words.say, wording.bundle
    if change.table:
        codes = (wording.value_name("", value or "") for value in change.row)
        return plain(" · ".join((say(change.table), *codes, say(change.column))), LONGEST_NAME)
    parts = [wording.label(change.metric_id)]
    if (change.scope_type, change.scope_id) != bundle.scope.key:
        parts.append(wording.scope_name(change.scope_type, change.scope_id))
    if change.dimension:
        parts.append(wording.value_name(change.dimension, change.dimension_value))
    if change.column:
        parts.append(say(change.column))
    return plain(" · ".join(parts), LONGEST_NAME)


def _line(change: Changed, wording: Wording) -> tuple[str, str, str, str]:
    words, unit, currency = wording.words, unit_of(change, wording.bundle), wording.bundle.meta.currency
    old, new = (None if value is None else Decimal(value) for value in (change.old, change.new))
    like = new if old is None else old
    difference = None if old is None or new is None else new - old
    sign = "+" if difference and difference > 0 else ""
    first, second = (words.figure(value, unit, currency, like=like) for value in (old, new))
    return named(change, wording), first, second, sign + words.figure(difference, unit, currency, like=like)


def _edition(bundle: Bundle, code: LanguageCode) -> str:
    text = language(code).period(bundle.spec.schedule, bundle.period_start)
    return text if bundle.revision == 1 else f"{text} @{bundle.revision}"
