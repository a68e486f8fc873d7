"""What a home's reports are issued from: its published warehouse, its raw zone's ledger, its recipients.

How a bundle is made, compared and written is the reports package's work; Dagster's is in assets/reports.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import duckdb

from orchestration import warehouse
from orchestration.errors import CommandFailedError
from orchestration.ingestion.contract import contract, literal, quote
from orchestration.ingestion.ledger import LoadEntry, Manifest
from orchestration.ingestion.registration import end_of_day
from orchestration.settings import Settings
from reports.bundle.disclosure import told_by_days
from reports.bundle.model import Bundle, Meta
from reports.bundle.reading import Source, Supply
from reports.bundle.rows import Cause, Scope
from reports.bundle.store import BundleDamagedError, read_bundle
from reports.delivery.recipients import read_recipients
from reports.issuing.revisions import (
    BUNDLE_FILE,
    RESTATED,
    Differences,
    Issued,
    NoSuchEditionError,
    edition,
    hidden_before,
    hidden_by_period,
    issue,
    issued_scopes,
    recorded,
    remember_hidden,
    restatements_since_last,
    revise,
)
from reports.languages import LANGUAGES, LanguageCode
from reports.page.render import Rendering
from reports.periods import first_day
from reports.registry import DEFAULT, ReportSpec, report, reports


@dataclass
class Outcome:
    """What became of a period: its own bundles, the company's first, and the revisions that came with them."""

    report: str
    period: str
    issued: list[Issued] = field(default_factory=list)
    revised: list[Issued] = field(default_factory=list)
    missing: list[Scope] = field(default_factory=list)  # scopes of recipients without a figure of the month

    def summary(self) -> str:
        new = sum(one.is_new for one in self.issued)
        text = f"{len(self.issued)} scopes, {new} issued now"
        return text + (f", {len(self.revised)} earlier reports restated" if self.revised else "")

    def told(self) -> Iterator[str]:
        """What a person should know, in words."""
        for scope in self.missing:
            yield f"{self.period}: no figure for {scope.type} {scope.id}, so no report; mend recipients.yml"


def issue_period(
    home: Settings, first: date, report_id: str = DEFAULT, *, revise_it: bool = False, reason: str = ""
) -> Outcome:
    """Issues the period that begins on a day for the company and each recipient's scope, and revisions of the last
    months where a printed figure changed (a digest of a day stands). What was issued before stands, unless `revise_it`
    says otherwise."""
    spec = report(report_id)
    outcome = Outcome(report_id, spec.calendar.name(first))
    with published(home) as connection:
        if not revise_it:
            for back in range(RESTATED[spec.schedule], 0, -1):
                outcome.revised += _restate(home, connection, report_id, spec.calendar.before(first, back))
        source = _source(home, connection, report_id, first)
        remember_hidden(source.hidden, home.reports, report_id, first)
        since: dict[date, tuple[Cause, ...]] = {}
        for scope in dict.fromkeys([*wanted(home, report_id), *issued_scopes(home.reports, report_id, first)]):
            if scope != Scope() and not source.has(scope):  # of the company, a period without figures is an error
                outcome.missing.append(scope)
                continue
            made = source.bundle(scope)
            notes = restatements_since_last(home.reports, report_id, first, scope)
            made = made.model_copy(update={"restatements": notes})
            one = issue(made, home.reports)
            outcome.issued.append(_revised(home, made, one, since, reason) if revise_it and one.pending else one)
    return outcome


def compare_issued(home: Settings) -> list[Differences]:
    """Records what the published warehouse says otherwise than the issued reports of the last months, and gives it.

    Digests of days are not compared: nobody reads them again, and each morning's stands beside what is usual by then.
    """
    issued_lately = [
        (spec.id, first_day(name))
        for spec in reports().values()
        for name in reversed(_last_periods(home, spec, RESTATED[spec.schedule]))
    ]
    if issued_lately:
        with published(home) as connection:
            for report_id, first in issued_lately:
                for made in _again(home, connection, report_id, first):
                    issue(made, home.reports)
    return list(recorded(home.reports))


def _last_periods(home: Settings, spec: ReportSpec, count: int) -> list[str]:
    """Names of the last issued periods, the newest first."""
    names = [path.name for path in (home.reports / spec.id).glob("*") if spec.calendar.has(path.name)]
    return sorted(names, reverse=True)[:count]


def pending(home: Settings, first: date, report_id: str = DEFAULT) -> list[str]:
    """What a person should know after a period was issued, in words: differences that the issued reports do not say."""
    found = [one for one in recorded(home.reports) if one.report == report_id and one.month == first]
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


def _restate(home: Settings, connection: duckdb.DuckDBPyConnection, report_id: str, first: date) -> list[Issued]:
    """Revisions of an earlier period where a printed figure changed; none where it was never issued."""
    revised = []
    since: dict[date, tuple[Cause, ...]] = {}
    for made in _again(home, connection, report_id, first):
        one = issue(made, home.reports)
        if one.pending:
            revised.append(_revised(home, made, one, since))
    return revised


def _revised(
    home: Settings, made: Bundle, one: Issued, since: dict[date, tuple[Cause, ...]], reason: str = ""
) -> Issued:
    """The revision of what was issued; `since` keeps the causes by the load that an issue stands on."""
    known_at = one.bundle.meta.known_at
    if known_at not in since:
        since[known_at] = causes(home, made.report, made.month, known_at, made.meta.known_at)
    return revise(made, home.reports, reason, since[known_at], one)


def _again(home: Settings, connection: duckdb.DuckDBPyConnection, report_id: str, first: date) -> Iterator[Bundle]:
    """The issued reports of a period as the warehouse gives them now."""
    scopes = issued_scopes(home.reports, report_id, first)
    if not scopes:
        return
    source = _source(home, connection, report_id, first)
    remember_hidden(source.hidden, home.reports, report_id, first)
    for scope in scopes:
        if source.has(scope):
            yield source.bundle(scope)


def _source(home: Settings, connection: duckdb.DuckDBPyConnection, report_id: str, first: date) -> Source:
    made, schedule = meta(home, connection), report(report_id).schedule
    by_period = hidden_by_period(home.reports, schedule)
    before = frozenset().union(*by_period.values())
    if schedule == "monthly":
        before |= told_by_days(connection, first, hidden_before(home.reports, "daily"), made.small_cell)
    return Source(
        connection,
        report_id,
        first,
        made,
        before=before,
        earlier={period: hidden for period, hidden in by_period.items() if period < first},
        supply=supply(home, report_id, first, made.known_at),
    )


@contextmanager
def published(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse, open to read."""
    with duckdb.connect(str(warehouse.published_version(home)), read_only=True) as connection:
        yield connection


def meta(home: Settings, connection: duckdb.DuckDBPyConnection) -> Meta:
    """What a bundle says of itself: company, times, and versions of what made it."""
    build_id, code, chosen, as_of, known_at = connection.execute(
        "select build_id, code_version, settings_version, as_of_date, known_at from reporting.rpt_build"
    ).fetchall()[0]
    return Meta(
        company=home.company.name,
        currency=home.company.currency,
        time_zone=home.company.time_zone,
        as_of=as_of,
        known_at=known_at,
        version=version("kefu"),
        min_n=home.dbt_vars["min_n"],
        small_cell=home.disclosure.small_cell,
        build_id=build_id,
        code_version=code,
        settings_version=chosen,
    )


def wanted(home: Settings, report_id: str = DEFAULT) -> dict[Scope, dict[LanguageCode, bool]]:
    """Whose reports are made, the company first: languages, each with whether a PDF of it is wanted.

    The company's page is made in every language; without any recipient its PDF too.
    """
    recipients = [one for one in read_recipients(home.recipients) if one.report == report_id]
    scopes: dict[Scope, dict[LanguageCode, bool]] = defaultdict(dict)
    scopes[Scope()] = dict.fromkeys(LANGUAGES, not recipients)
    for one in recipients:
        languages = scopes[one.scope]
        languages[one.language] = languages.get(one.language, False) or "pdf" in one.formats
    return dict(scopes)


def renderings(home: Settings, first: date, report_id: str = DEFAULT) -> list[Rendering]:
    """What is to be rendered: the period's reports, and those of earlier ones whose pages are of an older revision."""
    found = []
    scopes, calendar = wanted(home, report_id), report(report_id).calendar
    for back in range(RESTATED[report(report_id).schedule] + 1):
        folder = home.reports / report_id / calendar.name(calendar.before(first, back))
        for scope, languages in scopes.items():
            path = folder / scope.folder / BUNDLE_FILE
            if path.exists():
                due = _outdated(path, languages) if back else languages
                found += [Rendering(path, code, languages[code]) for code in due]
    return found


def _outdated(path: Path, languages: Iterable[LanguageCode]) -> list[LanguageCode]:
    """In which of these languages there is a page, but of another revision than the bundle in force."""
    pages = {code: page for code in languages if (page := path.parent / code / "report.html").exists()}
    if not pages:
        return []
    bundle = read_bundle(path)
    return [code for code, page in pages.items() if not bundle.is_printed_on(page)]


def supply(home: Settings, report_id: str, first: date, known_at: date) -> Supply:
    """What the raw zone says of a period as known on a day: entities without a delivery, and rows that came late."""
    loads = Manifest.read(home.raw).known(known_at)
    delivered = {load.entity for load in loads if load.rows_loaded}
    last = report(report_id).calendar.last_day(first)
    due = last + timedelta(days=1)
    return Supply(
        not_supplied=tuple(sorted(set(contract()) - delivered)),
        late=_rows_of(home, first, last, [load for load in loads if load.arrived > due]),
    )


def causes(home: Settings, report_id: str, first: date, since: date, known_at: date) -> tuple[Cause, ...]:
    """Loads after one day, up to another, that brought rows of the period: by entity and source, most rows first."""
    loads = [load for load in Manifest.read(home.raw).known(known_at) if load.arrived > since]
    rows = _rows_of(home, first, report(report_id).calendar.last_day(first), loads)
    days: dict[tuple[str, str], list[date]] = defaultdict(list)
    for load in loads:
        days[load.entity, load.source].append(load.arrived)
    return tuple(
        Cause(
            kind="late_rows",
            entity=entity,
            source_system=source,
            first_load_date=min(days[entity, source]),
            last_load_date=max(days[entity, source]),
            rows=count,
        )
        for (entity, source), count in sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    )


def _rows_of(home: Settings, first: date, last: date, loads: list[LoadEntry]) -> dict[tuple[str, str], int]:
    """Rows of these loads that speak of the days from `first` to `last`, by entity and source, where there are any."""
    begin, after = end_of_day(first - timedelta(days=1), home), end_of_day(last, home)
    files: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for load in loads:
        if load.event_from and load.event_to and load.event_from < after and load.event_to >= begin:
            files[load.entity, load.source] += [home.raw / path for path in load.live]
    found = {}
    with duckdb.connect() as connection:
        for (entity, source), paths in sorted(files.items()):
            time = contract()[entity].event_time
            if not (time and paths):
                continue
            listed = ", ".join(literal(str(path)) for path in paths)
            count = connection.execute(
                f"select count(*) from read_parquet([{listed}], union_by_name = true, hive_partitioning = false) "
                f"where {quote(time)} >= ? and {quote(time)} < ?",
                [begin, after],
            ).fetchall()[0][0]
            if count:
                found[entity, source] = count
    return found
