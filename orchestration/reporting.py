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
from reports.bundle import Bundle, BundleDamagedError, Cause, Meta, Scope, Source, Supply, months_before, read_bundle
from reports.language import LANGUAGES, LanguageCode
from reports.recipients import read_recipients
from reports.render import Rendering
from reports.revisions import (
    BUNDLE_FILE,
    RESTATED_MONTHS,
    Differences,
    Issued,
    NoSuchEditionError,
    edition,
    hidden_before,
    issue,
    issued_scopes,
    recorded,
    remember_hidden,
    restatements_since_last,
    revise,
)

REPORT = "service_quality"


@dataclass
class Outcome:
    """What became of a month: its own bundles, the company's first, and the revisions that came with them."""

    month: date
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
            yield f"{self.month:%Y-%m}: no figure for {scope.type} {scope.id}, so no report; mend recipients.yml"


def issue_month(home: Settings, month: date, *, revise_it: bool = False, reason: str = "") -> Outcome:
    """Issues the month for the company and each recipient's scope, and revisions of the last months where a printed
    figure changed. What was issued before stands, unless `revise_it` says otherwise."""
    outcome = Outcome(month)
    with published(home) as connection:
        if not revise_it:
            for back in range(RESTATED_MONTHS, 0, -1):
                outcome.revised += _restate(home, connection, months_before(month, back), "")
        source = _source(home, connection, month)
        remember_hidden(source.hidden, home.reports, REPORT, month)
        since: dict[date, tuple[Cause, ...]] = {}
        for scope in dict.fromkeys([*wanted(home), *issued_scopes(home.reports, REPORT, month)]):
            if scope != Scope() and not source.has(scope):  # of the company, a month without figures is an error
                outcome.missing.append(scope)
                continue
            made = source.bundle(scope)
            notes = restatements_since_last(home.reports, REPORT, month, scope)
            made = made.model_copy(update={"restatements": notes})
            one = issue(made, home.reports)
            if revise_it and one.pending:
                known_at = one.bundle.meta.known_at
                if known_at not in since:
                    since[known_at] = causes(home, month, known_at, made.meta.known_at)
                one = revise(made, home.reports, reason, since[known_at])
            outcome.issued.append(one)
    return outcome


def compare_issued(home: Settings) -> list[Differences]:
    """Records what the published warehouse says otherwise than the issued reports of the last months, and gives it."""
    folder = home.reports / REPORT
    months = sorted((path.name for path in folder.glob("????-??")), reverse=True)[:RESTATED_MONTHS]
    if months:
        with published(home) as connection:
            for name in reversed(months):
                month = date.fromisoformat(f"{name}-01")
                for made in _again(home, connection, month):
                    issue(made, home.reports)
    return list(recorded(home.reports))


def pending(home: Settings, month: date) -> list[str]:
    """What a person should know after a month was issued, in words: differences that the issued reports do not say."""
    found = [one for one in recorded(home.reports) if one.report == REPORT and one.month == month]
    if not found:
        return []
    figures = sum(one.total for one in found)
    name = f"{month:%Y-%m}"
    return [
        f"{name}: the warehouse gives {figures} printed figures of {len(found)} issued reports otherwise; they stand.",
        f"kefu report differences lists them; kefu report --month {name} --revise --reason TEXT restates them.",
    ]


def issued(home: Settings, scope: Scope, month: date, revision: int | None = None) -> Bundle:
    """An issued report of the home. Raises CommandFailedError naming what there is."""
    try:
        return edition(home.reports, REPORT, month, scope, revision)
    except (NoSuchEditionError, BundleDamagedError) as error:
        raise CommandFailedError(str(error)) from error


def _restate(home: Settings, connection: duckdb.DuckDBPyConnection, month: date, reason: str) -> list[Issued]:
    """Revisions of an earlier month where a printed figure changed; none where it was never issued."""
    revised = []
    since: dict[date, tuple[Cause, ...]] = {}
    for made in _again(home, connection, month):
        known_at = read_bundle(home.reports / made.folder / BUNDLE_FILE).meta.known_at
        if known_at not in since:
            since[known_at] = causes(home, month, known_at, made.meta.known_at)
        one = revise(made, home.reports, reason, since[known_at])
        if one.is_new:
            revised.append(one)
    return revised


def _again(home: Settings, connection: duckdb.DuckDBPyConnection, month: date) -> Iterator[Bundle]:
    """The issued reports of a month as the warehouse gives them now."""
    scopes = issued_scopes(home.reports, REPORT, month)
    if not scopes:
        return
    source = _source(home, connection, month)
    remember_hidden(source.hidden, home.reports, REPORT, month)
    for scope in scopes:
        if source.has(scope):
            yield source.bundle(scope)


def _source(home: Settings, connection: duckdb.DuckDBPyConnection, month: date) -> Source:
    made = meta(home, connection)
    return Source(
        connection,
        REPORT,
        month,
        made,
        before=hidden_before(home.reports),
        supply=supply(home, month, made.known_at),
    )


@contextmanager
def published(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse, open to read."""
    with duckdb.connect(str(warehouse.published_version(home)), read_only=True) as connection:
        yield connection


def meta(home: Settings, connection: duckdb.DuckDBPyConnection) -> Meta:
    """What a bundle says of itself: company, times, and versions of what made it."""
    build_id, code, chosen, as_of, known_at = connection.execute(
        "select build_id, code_version, settings_version, as_of_date, known_at from reporting.build"
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


def wanted(home: Settings) -> dict[Scope, dict[LanguageCode, bool]]:
    """Whose monthly reports are made, the company first: languages, each with whether a PDF of it is wanted.

    The company's page is made in every language; without any recipient its PDF too.
    """
    recipients = [one for one in read_recipients(home.recipients) if one.report == REPORT]
    scopes: dict[Scope, dict[LanguageCode, bool]] = defaultdict(dict)
    scopes[Scope()] = dict.fromkeys(LANGUAGES, not recipients)
    for one in recipients:
        languages = scopes[one.scope]
        languages[one.language] = languages.get(one.language, False) or "pdf" in one.formats
    return dict(scopes)


def renderings(home: Settings, month: date) -> list[Rendering]:
    """What is to be rendered: the month's reports, and those of earlier months whose pages are of an older revision."""
    found = []
    scopes = wanted(home)
    for back in range(RESTATED_MONTHS + 1):
        folder = home.reports / REPORT / f"{months_before(month, back):%Y-%m}"
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


def supply(home: Settings, month: date, known_at: date) -> Supply:
    """What the raw zone says of a month as known on a day: entities without a delivery, and rows that came late."""
    loads = Manifest.read(home.raw).known(known_at)
    delivered = {load.entity for load in loads if load.rows_loaded}
    due = last_day(month) + timedelta(days=1)
    return Supply(
        not_supplied=tuple(sorted(set(contract()) - delivered)),
        late=_rows_of(home, month, [load for load in loads if load.load_date > due]),
    )


def causes(home: Settings, month: date, since: date, known_at: date) -> tuple[Cause, ...]:
    """Loads after one day, up to another, that brought rows of the month: by entity and source, most rows first."""
    loads = [load for load in Manifest.read(home.raw).known(known_at) if load.load_date > since]
    rows = _rows_of(home, month, loads)
    days: dict[tuple[str, str], list[date]] = defaultdict(list)
    for load in loads:
        days[load.entity, load.source].append(load.load_date)
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


def _rows_of(home: Settings, month: date, loads: list[LoadEntry]) -> dict[tuple[str, str], int]:
    """Rows of these loads that speak of the month, by entity and source, where there are any."""
    first, after = end_of_day(month - timedelta(days=1), home), end_of_day(last_day(month), home)
    files: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for load in loads:
        if load.event_from and load.event_to and load.event_from < after and load.event_to >= first:
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
                [first, after],
            ).fetchall()[0][0]
            if count:
                found[entity, source] = count
    return found


def last_day(month: date) -> date:
    """The last day of the month that begins on `month`."""
    return months_before(month, -1) - timedelta(days=1)
