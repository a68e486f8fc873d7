"""What the figures stand on and what stands out, as text: exceptions, loads, warnings, restatements.

Everything is read from the bundle; the rows of loads are added up, nothing else is computed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from reports.bundle.rows import Cause, Changed, Contribution, Load, Restatement, Warned
from reports.text.language import DASH, plain
from reports.text.layout import Listing, listing
from reports.text.tables import printed
from reports.text.terms import TERMS
from reports.text.units import unit_of
from reports.text.wording import Wording

MAX_EXCEPTIONS = 28  # printed; with the targets they fill a page
MAX_LOADS = 60  # rows of the table of loads
MAX_CONTRIBUTIONS = 40  # members behind the changes: those that add the largest part of one


@dataclass(frozen=True)
class Restated:
    """What a revision changed, with its reasons in sentences."""

    title: str
    reasons: tuple[str, ...]
    table: Listing


def exceptions(wording: Wording) -> Listing | None:
    """Figures that missed their target or got clearly worse, here and at members; how many more there are is told."""
    bundle, say = wording.bundle, wording.words.say
    shown = bundle.exceptions[:MAX_EXCEPTIONS]
    if not shown:
        return None
    rows = []
    for figure in shown:
        row = printed(wording, figure)
        marks = ["▼\u00a0" + say("worse")] * (row.change_previous == "worse")
        marks += ["×\u00a0" + say("missed")] * (row.status == "missed")
        where = wording.scope_name(figure.scope_type, figure.scope_id)
        rows.append((where, row.label, row.value, row.interval, row.n, row.target, row.previous, "\u00a0".join(marks)))
    columns = [(say("Where"), False), (say("Figure"), False), (say("Value"), True), (say("95%% interval"), True)]
    columns += [(say("n"), True), (say("Target"), True), (say("Last month"), True), ("", False)]
    return listing(
        say("Missed targets and clear changes for the worse"),
        columns,
        rows,
        bundle.exceptions_total - len(shown),
    )


def contributions(wording: Wording) -> Listing | None:
    """What members add to the changes that page one calls, the largest parts of a change; how many more is told."""
    bundle, words, say = wording.bundle, wording.words, wording.words.say
    called = {(figure.metric_id, wording.called(figure)) for figure in wording.own}
    behind = [part for part in bundle.contributions if (part.metric_id, part.period) in called]
    changes: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for part in behind:
        changes[part.metric_id, part.period, part.scope_type] += part.contribution

    def share(part: Contribution) -> Decimal:
        change = changes[part.metric_id, part.period, part.scope_type]
        return abs(part.contribution / change) if change else Decimal(0)

    largest = sorted(behind, key=share, reverse=True)[:MAX_CONTRIBUTIONS]
    against = {"previous": say("Last month"), "year_ago": say("A year ago")}
    rows = [
        (
            wording.label(part.metric_id),
            against[part.period],
            words.name(part.scope_type),
            wording.member(part),
            wording.difference(part.metric_id, part.contribution),
            wording.difference(part.metric_id, changes[part.metric_id, part.period, part.scope_type]),
            DASH if part.n is None else words.count(part.n),
        )
        for part in behind
        if part in largest
    ]
    columns = [(say("Figure"), False), (say("Against"), False), (say("By"), False), (say("Where"), False)]
    columns += [(say("Adds"), True), (say("To a change of"), True), (say("n"), True)]
    return listing(say("Who adds what to a change"), columns, rows, len(behind) - len(rows)) if rows else None


def _counts(wording: Wording) -> list[tuple[str, str]]:
    """Columns of a load that this reader knows, with their headings."""
    say = wording.words.say
    headings = [
        ("rows_read", say("Read")),
        ("rows_loaded", say("Loaded")),
        ("rows_filtered", say("Filtered")),
        ("rows_duplicate", say("Duplicate")),
        ("rows_quarantined", say("Quarantined")),
        ("rows_nulled", say("Without a value")),
        ("rows_refused", say("Refused")),
        ("rows_late", say("Late")),
    ]
    reported = {name: {getattr(load, name) for load in wording.bundle.loads} - {None} for name, _ in headings}
    # that rows came without a value is told where any did: at most companies none does
    return [
        (name, said) for name, said in headings if reported[name] and (name != "rows_nulled" or any(reported[name]))
    ]


def _lost(load: Load) -> int:
    """Rows that are not there, or not with all that they said."""
    return sum(number or 0 for number in (load.rows_quarantined, load.rows_nulled, load.rows_refused))


def loads(wording: Wording) -> Listing | None:
    """What each source delivered, in rows; sources that are stale or lost rows first."""
    say, words = wording.words.say, wording.words
    ordered = sorted(
        wording.bundle.loads,
        key=lambda load: (not load.is_stale, -_lost(load), load.entity),
    )
    counts = _counts(wording)

    def cells(load: Load) -> tuple[str, ...]:
        last = load.last_load_date.isoformat() + (" " + say("stale") if load.is_stale else "")
        numbers = (getattr(load, name) for name, _ in counts)
        return (
            words.name(load.entity),
            plain(load.source_system),
            last,
            *(DASH if number is None else words.count(number) for number in numbers),
        )

    if not ordered:
        return None
    columns = [(say("Entity"), False), (say("Source"), False), (say("Last load"), False)]
    return listing(
        say("Loads"),
        columns + [(title, True) for _, title in counts],
        [cells(load) for load in ordered[:MAX_LOADS]],
        max(0, len(ordered) - MAX_LOADS),
    )


def quality(wording: Wording) -> list[tuple[str, str]]:
    """Rows over all sources, by what became of them; none where the counts are not this reader's to know."""
    known = wording.bundle.loads
    totals = [(title, sum(getattr(load, name) or 0 for load in known)) for name, title in _counts(wording)]
    say, count = wording.words.say, wording.words.count
    sources = {(load.source_system, load.entity) for load in known}
    stale = [(say("Sources not up to date"), f"{count(sum(load.is_stale for load in known))} / {count(len(sources))}")]
    return [(title, count(total)) for title, total in totals] + (stale if known else [])


def unmet(wording: Wording) -> Listing | None:
    """What has to be sent or stated, and the printed figures that wait for it; what most wait for first."""
    say, words = wording.words.say, wording.words
    waiting: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for need in wording.bundle.unmet:
        if need.metric_id in wording.bundle.spec.metrics:
            waiting[need.columns].append(wording.label(need.metric_id))
    ordered = sorted(waiting.items(), key=lambda found: (-len(found[1]), found[0]))
    rows = [(words.either([plain(one) for one in columns]), words.join(labels)) for columns, labels in ordered]
    columns = [(say("To send or state"), False), (say("Figures that wait for it"), False)]
    return listing(say("Not supplied"), columns, rows) if rows else None


def warnings(wording: Wording) -> Listing | None:
    """What the warehouse says of its own data."""
    say = wording.words.say
    rows = [
        (
            _subject(wording, w.subject),
            wording.words.count(w.cases),
            plain(_message(wording, w), 300),
        )
        for w in wording.bundle.warnings
    ]
    columns = [(say("Subject"), False), (say("Cases"), True), (say("What was found"), False)]
    return listing(say("Warnings"), columns, rows) if rows else None


def _message(wording: Wording, warned: Warned) -> str:
    """What a warning means, with the columns that stand in it in braces."""
    text = wording.words.text(warned.message, "warning_messages")
    for name in ("first_month", "last_month", "months_kept"):
        text = text.replace(f"{{{name}}}", str(getattr(warned, name)))
    return text


def _subject(wording: Wording, subject: str) -> str:
    """What a warning is about: a figure by its label, what the glossary knows in words, anything else as it is."""
    if any(metric.metric_id == subject for metric in wording.bundle.metrics):
        return wording.label(subject)
    return wording.words.name(subject) if subject in TERMS else plain(subject)


def withheld(wording: Wording) -> str:
    """Of what cells are not shown, in a list."""
    say = wording.words.say
    return wording.words.join(
        [
            say(gap.table)
            if gap.table
            else say(
                "%(label)s by %(dimension)s",
                label=wording.label(gap.metric_id),
                dimension=wording.words.name(gap.dimension),
            )
            for gap in wording.bundle.withheld
        ]
    )


def restatements(wording: Wording) -> list[Restated]:
    """What this revision changed of the one before it, and what was restated of earlier months."""
    bundle = wording.bundle
    notes = [*([bundle.restated] if bundle.restated else []), *bundle.restatements]
    return [_restated(wording, note) for note in notes]


def _restated(wording: Wording, note: Restatement) -> Restated:
    say, words = wording.words.say, wording.words
    columns = [(say("Where"), False), (say("Figure"), False), (say("Before"), True), (say("Now"), True)]
    columns += [(say("n before"), True), (say("n now"), True)]
    reasons = [plain(note.reason, 300)] if note.reason else []
    return Restated(
        title=say(
            "%(month)s, revision %(revision)s of %(day)s",
            month=words.period(wording.bundle.spec.schedule, note.period_start),
            revision=words.count(note.revision),
            day=words.day(note.known_at),
        ),
        reasons=(*reasons, *(_cause(wording, cause) for cause in note.causes)),
        table=listing(
            say("Figures that changed"),
            columns,
            [_change(wording, c) for c in note.changes],
            note.total - len(note.changes),
        ),
    )


def _cause(wording: Wording, cause: Cause) -> str:
    say, words = wording.words.say, wording.words
    if cause.kind == "code":
        return say("The definitions of figures changed.")
    if cause.kind == "settings":
        return say("The settings that shape figures changed.")
    return say(
        "%(entity)s from %(source)s: %(rows)s rows that speak of the month came between %(first)s and %(last)s.",
        entity=words.name(cause.entity),
        source=plain(cause.source_system),
        rows=DASH if cause.rows is None else words.count(cause.rows),
        first=words.day(cause.first_load_date) if cause.first_load_date else DASH,
        last=words.day(cause.last_load_date) if cause.last_load_date else DASH,
    )


def _change(wording: Wording, change: Changed) -> tuple[str, ...]:
    words, bundle = wording.words, wording.bundle
    if change.metric_id:
        label = wording.label(change.metric_id)
        if change.dimension:
            label += words.say(": ") + wording.value_name(change.dimension, change.dimension_value)
        if change.column:
            label += f" · {words.say(change.column)}"
    else:
        rows = words.join([wording.value_name("", value) for value in change.row if value])
        label = f"{words.say(change.table)} · {rows} · {words.say(change.column)}"

    unit = unit_of(change, bundle)

    def value(raw: str | None) -> str:
        return words.figure(None if raw is None else Decimal(raw), unit, bundle.meta.currency)

    def cases(n: int | None) -> str:
        return DASH if n is None else words.count(n)

    where = wording.scope_name(change.scope_type, change.scope_id)
    return (where, label, value(change.old), value(change.new), cases(change.old_n), cases(change.new_n))
