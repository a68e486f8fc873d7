"""Whose reports a home makes, in which languages and formats, and which pages are to be rendered for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from foundation.languages import LANGUAGES, LanguageCode
from foundation.settings import Settings
from reports.bundle.rows import Scope
from reports.bundle.store import read_bundle
from reports.delivery.recipients import read_recipients
from reports.issuing.revisions import BUNDLE_FILE, RESTATED
from reports.page.render import Rendering
from reports.registry import DEFAULT, report


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
