"""`kefu report verify`: a period recomputed from raw, as known when it was issued, beside what was issued.

How the warehouse is built again is the caller's work.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from reports.bundle.model import Bundle, Meta
from reports.bundle.reading import Source
from reports.bundle.rows import Changed
from reports.issuing.inputs import Inputs, meta, supply
from reports.issuing.revisions import HIDDEN_FILE, changed, edition, issued_scopes, read_hidden
from reports.registry import DEFAULT, report

Rebuilt = Callable[[date, date], AbstractContextManager[Inputs]]  # the warehouse by known_at and as_of


@dataclass(frozen=True)
class Verdict:
    """Each issued report of a period with the figures that came out otherwise, and what else to know."""

    compared: tuple[tuple[Bundle, tuple[Changed, ...]], ...]
    notes: tuple[str, ...] = ()


def verify(settings: Settings, first: date, rebuilt: Rebuilt, report_id: str = DEFAULT) -> Verdict:
    """Has the warehouse rebuilt once for each known_at of a period's reports and compares every figure.

    Raises CommandFailedError when nothing was issued.
    """
    spec = report(report_id)
    period = spec.calendar.name(first)
    issued = [
        edition(settings.reports, report_id, first, scope)
        for scope in issued_scopes(settings.reports, report_id, first)
    ]
    if not issued:
        raise CommandFailedError(f"{period}: no report was issued; run {spec.command(first)} first")
    compared: list[tuple[Bundle, tuple[Changed, ...]]] = []
    notes: list[str] = []
    for known_at, as_of in sorted({(one.meta.known_at, one.meta.as_of) for one in issued}):
        of_it = [one for one in issued if (one.meta.known_at, one.meta.as_of) == (known_at, as_of)]
        with rebuilt(known_at, as_of) as inputs:
            made = meta(settings, inputs.connection)
            notes += [note for one in of_it for note in _versions(one.meta, made)]
            hidden = read_hidden(settings.reports / report_id / period / HIDDEN_FILE)
            supplied = supply(inputs, report_id, first, known_at)
            source = Source(inputs.connection, report_id, first, made, before=hidden, supply=supplied)
            compared += [(one, changed(one, source.bundle(one.scope), exact=True)) for one in of_it]
    return Verdict(tuple(compared), tuple(dict.fromkeys(notes)))


def _versions(issued: Meta, made: Meta) -> list[str]:
    """Why equal loads may give other figures."""
    pairs = {
        "software": (issued.version, made.version),
        "models": (issued.code_version, made.code_version),
        "settings": (issued.settings_version, made.settings_version),
    }
    return [
        f"issued with {name} {was}, recomputed with {now}: figures may differ for that alone"
        for name, (was, now) in pairs.items()
        if was != now
    ]
