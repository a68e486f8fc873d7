"""Issuing a period: its bundles, the revisions that come with them, and what the nights find of issued reports.

What bundles are read from stands in inputs.py; how one is written, kept and revised, in revisions.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from reports.bundle.model import Bundle
from reports.bundle.rows import Cause, Scope
from reports.bundle.store import BundleDamagedError
from reports.issuing.inputs import Inputs, causes, source
from reports.issuing.revisions import (
    RESTATED,
    Differences,
    IssueResult,
    NoSuchEditionError,
    edition,
    issue,
    issued_scopes,
    recorded,
    remember_hidden,
    restatements_since_last,
    revise,
)
from reports.issuing.wanted import wanted
from reports.periods import first_day
from reports.registry import DEFAULT, ReportSpec, report, reports


@dataclass
class Outcome:
    """What became of a period: its own bundles, the company's first, and the revisions that came with them."""

    report: str
    period: str
    issued: list[IssueResult] = field(default_factory=list)
    revised: list[IssueResult] = field(default_factory=list)
    missing: list[Scope] = field(default_factory=list)  # scopes of recipients without a figure of the month

    def summary(self) -> str:
        new = sum(one.is_new for one in self.issued)
        text = f"{len(self.issued)} scopes, {new} issued now"
        return text + (f", {len(self.revised)} earlier reports restated" if self.revised else "")

    def reported(self) -> Iterator[str]:
        """What a person should know, in words."""
        for scope in self.missing:
            yield f"{self.period}: no figure for {scope.type} {scope.id}, so no report; mend recipients.yml"


def issue_period(
    inputs: Inputs, first: date, report_id: str = DEFAULT, *, revise_it: bool = False, reason: str = ""
) -> Outcome:
    """Issues the period that begins on a day for the company and each recipient's scope, and revisions of the last
    months where a printed figure changed (a digest of a day stands). What was issued before stands, unless `revise_it`
    says otherwise."""
    spec = report(report_id)
    outcome = Outcome(report_id, spec.calendar.name(first))
    if not revise_it:
        for back in range(RESTATED[spec.schedule], 0, -1):
            outcome.revised += _restate(inputs, report_id, spec.calendar.before(first, back))
    home, figures = inputs.home, source(inputs, report_id, first)
    remember_hidden(figures.hidden, home.reports, report_id, first)
    since: dict[date, tuple[Cause, ...]] = {}
    for scope in dict.fromkeys([*wanted(home, report_id), *issued_scopes(home.reports, report_id, first)]):
        if scope != Scope() and not figures.has(scope):  # of the company, a period without figures is an error
            outcome.missing.append(scope)
            continue
        made = figures.bundle(scope)
        notes = restatements_since_last(home.reports, report_id, first, scope)
        made = made.model_copy(update={"restatements": notes})
        one = issue(made, home.reports)
        outcome.issued.append(_revised(inputs, made, one, since, reason) if revise_it and one.pending else one)
    return outcome


def compare_issued(inputs: Inputs) -> list[Differences]:
    """Records what the warehouse says otherwise than the issued reports of the last months, and gives it.

    Digests of days are not compared: nobody reads them again, and each morning's stands beside what is usual by then.
    """
    folder = inputs.home.reports
    for spec in reports().values():
        for name in reversed(_last_periods(folder, spec, RESTATED[spec.schedule])):
            for made in _again(inputs, spec.id, first_day(name)):
                issue(made, folder)
    return list(recorded(folder))


def _last_periods(folder: Path, spec: ReportSpec, count: int) -> list[str]:
    """Names of the last issued periods, the newest first."""
    names = [path.name for path in (folder / spec.id).glob("*") if spec.calendar.has(path.name)]
    return sorted(names, reverse=True)[:count]


def pending(home: Settings, first: date, report_id: str = DEFAULT) -> list[str]:
    """What a person should know after a period was issued, in words: differences that the issued reports do not say."""
    found = [one for one in recorded(home.reports) if one.report == report_id and one.period_start == first]
    if not found:
        return []
    figures = sum(one.total for one in found)
    spec = report(report_id)
    name = spec.calendar.name(first)
    return [
        f"{name}: the warehouse gives {figures} printed figures of {len(found)} issued reports otherwise; they stand.",
        f"kefu report differences lists them; {spec.command(first)} --revise --reason TEXT restates them.",
    ]


def issued(home: Settings, scope: Scope, first: date, revision: int | None = None, report_id: str = DEFAULT) -> Bundle:
    """An issued report of the home. Raises CommandFailedError naming what there is."""
    try:
        return edition(home.reports, report_id, first, scope, revision)
    except (NoSuchEditionError, BundleDamagedError) as error:
        raise CommandFailedError(str(error)) from error


def _restate(inputs: Inputs, report_id: str, first: date) -> list[IssueResult]:
    """Revisions of an earlier period where a printed figure changed; none where it was never issued."""
    revised = []
    since: dict[date, tuple[Cause, ...]] = {}
    for made in _again(inputs, report_id, first):
        one = issue(made, inputs.home.reports)
        if one.pending:
            revised.append(_revised(inputs, made, one, since))
    return revised


def _revised(
    inputs: Inputs, made: Bundle, one: IssueResult, since: dict[date, tuple[Cause, ...]], reason: str = ""
) -> IssueResult:
    """The revision of what was issued; `since` keeps the causes by the load that an issue stands on."""
    known_at = one.bundle.meta.known_at
    if known_at not in since:
        since[known_at] = causes(inputs, made.report, made.period_start, known_at, made.meta.known_at)
    return revise(made, inputs.home.reports, reason, since[known_at], one)


def _again(inputs: Inputs, report_id: str, first: date) -> Iterator[Bundle]:
    """The issued reports of a period as the warehouse gives them now."""
    folder = inputs.home.reports
    scopes = issued_scopes(folder, report_id, first)
    if not scopes:
        return
    figures = source(inputs, report_id, first)
    remember_hidden(figures.hidden, folder, report_id, first)
    for scope in scopes:
        if figures.has(scope):
            yield figures.bundle(scope)
