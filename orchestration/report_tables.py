"""What `kefu report diff`, `differences` and `verify` show on the terminal. What differs is found elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from foundation.languages import LanguageCode
from foundation.settings import Settings
from reports.bundle.model import Bundle
from reports.bundle.rows import Changed
from reports.issuing.comparison import compared
from reports.issuing.revisions import recorded
from reports.issuing.verification import Verdict
from reports.registry import report
from reports.text.language import plain

_LINE = 200  # characters of a line where the output is no terminal: a file keeps whole lines


def show_diff(old: Bundle, new: Bundle, code: LanguageCode) -> None:
    """What two issued reports tell of their periods otherwise."""
    found = compared(old, new, code)
    if not found.rows:
        _print(found.empty)
        return
    table = Table(title=found.title)
    for heading, justify in zip(found.headings, ("left", "right", "right", "right"), strict=True):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for row in found.rows:
        table.add_row(*row)
    _print(table)
    if found.reason:
        _print(found.reason)


def show_recorded(settings: Settings) -> None:
    """What the nights found and no revision says yet."""
    found = list(recorded(settings.reports))
    for one in found:
        period = report(one.report).calendar.name(one.period_start)
        title = f"{one.report} {period} {one.scope.folder}, revision {one.revision}, known at {one.known_at}"
        _print(_plain_table(title, "now", one.changes))
        if one.total > len(one.changes):
            _print(f"{one.total - len(one.changes)} more")
    if not found:
        _print("no printed figure differs from the issued reports")


def show_verdict(verdict: Verdict) -> bool:
    """What recomputing found; whether everything is equal."""
    for note in verdict.notes:
        _print(note)
    for bundle, changes in verdict.compared:
        name = f"{bundle.period} {bundle.scope.folder}, revision {bundle.revision}"
        title = f"{name}: {len(changes)} figures differ"
        _print(_plain_table(title, "recomputed", changes) if changes else f"{name}: equal")
    return all(not changes for _, changes in verdict.compared)


def _plain_table(title: str, now: str, changes: Iterable[Changed]) -> Table:
    """Figures by their ids, numbers in full."""
    table = Table("figure", "issued", "n", now, "n", title=title)
    for change in changes:
        key = (change.metric_id, change.scope_id, change.dimension, change.dimension_value, change.column)
        parts = (change.table, *change.row, change.column) if change.table else key
        name = plain(" · ".join(part for part in parts if part), _LINE)
        table.add_row(name, *(_text(v) for v in (change.old, change.old_n, change.new, change.new_n)))
    return table


def _text(value: str | int | None) -> str:
    return "–" if value is None else str(value)


def _print(what: Table | str) -> None:
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_LINE)
    console.print(what, soft_wrap=isinstance(what, str))
