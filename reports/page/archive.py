"""All issued reports as a static site above their folders: by month, scope and language, and each metric through the
months; those of days in a section of their own. It opens from a folder or any web server, and holds what the company's
reports hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from foundation.languages import LANGUAGES, SOURCE, LanguageCode
from reports.bundle.rows import Figure, Metric, Scope, ScopeName
from reports.bundle.store import FORMAT, write_atomically
from reports.page.render import environment
from reports.registry import DEFAULT, report
from reports.text.language import Language, language, plain
from reports.text.tables import printed_value

FILES = ("report.html", "report.pdf", "appendix.pdf")


@dataclass(frozen=True)
class ArchivedReport:
    """An issued bundle, as far as the archive prints it: one report, month and scope."""

    folder: str  # below the folder of all reports
    report: str
    period_start: date
    scope: Scope
    scope_name: str
    revision: int
    company: str
    currency: str
    metrics: tuple[Metric, ...]  # of the company's bundles of today's format alone, as are the figures
    figures: tuple[Figure, ...]  # its own of the month
    files: tuple[tuple[LanguageCode, str], ...]  # language and name of each file that is there


def write_archive(reports: Path) -> list[Path]:
    """Write the index in every language over all bundles below the folder, whole or not at all; give their paths.

    Raises OSError or ValueError where a bundle cannot be read.
    """
    issued = sorted(
        _issued(reports), key=lambda one: (one.report != DEFAULT, one.report, one.scope.type != "company", one.folder)
    )
    return [_write(reports, issued, code) for code in LANGUAGES]


def _issued(reports: Path) -> Iterator[ArchivedReport]:
    for path in reports.glob("*/*/*/bundle.json"):
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        scope = Scope.model_validate(content["scope"])
        start: str = content["period_start" if "period_start" in content else "month"]  # month: before format 3
        is_company = scope.type == "company"
        tells = is_company and content.get("format") == FORMAT
        own = (
            record
            for record in content["figures"]
            if record["month"] == start and record["scope_type"] == "company" and not record["dimension"]
        )
        names = map(ScopeName.model_validate, content.get("scope_names", ()))
        yield ArchivedReport(
            folder=path.parent.relative_to(reports).as_posix(),
            report=content["report"],
            period_start=date.fromisoformat(start),
            scope=scope,
            scope_name=next((n.name for n in names if (n.scope_type, n.scope_id) == scope.key), scope.id),
            revision=content.get("revision", 1),
            company=content["meta"]["company"],
            currency=content["meta"]["currency"],
            metrics=tuple(map(Metric.model_validate, content["metrics"])) if tells else (),
            figures=tuple(map(Figure.model_validate, own)) if tells else (),
            files=tuple((code, name) for code in LANGUAGES for name in FILES if (path.parent / code / name).exists()),
        )


def _write(reports: Path, issued: Sequence[ArchivedReport], code: LanguageCode) -> Path:
    words = language(code)
    page = environment("", code).get_template("archive.html.j2").render(
        lang=code,
        company=plain(issued[-1].company) if issued else "",
        others=[(language(other).locale.language_name, _index(other)) for other in LANGUAGES if other != code],
        reports=[
            (report(report_id), words.say(report(report_id).title), list(_months(list(of_report), words)))
            for report_id, of_report in groupby(issued, key=lambda one: one.report)
        ],
        metrics=list(_metrics(issued, words)),
    )  # fmt: skip
    path = reports / _index(code)
    write_atomically(path, page.encode())
    return path


def _months(issued: Iterable[ArchivedReport], words: Language) -> Iterator[dict[str, Any]]:
    """The newest month first, with a line for each scope, and in a report of days for each day and scope."""
    labels = dict(zip(FILES, ("HTML", "PDF", words.say("Appendix")), strict=True))
    newest = sorted(issued, key=lambda one: one.period_start, reverse=True)
    for month, of_month in groupby(newest, key=lambda one: one.period_start.replace(day=1)):
        yield {
            "title": words.month(month),
            "lines": [
                {
                    "day": words.day(one.period_start) if report(one.report).schedule == "daily" else "",
                    "scope": words.say("Company")
                    if one.scope.type == "company"
                    else f"{words.name(one.scope.type)} {plain(one.scope_name)}",
                    "revision": one.revision,
                    "links": [
                        (f"{language(code).locale.language_name} {labels[name]}", _link(one, code, name))
                        for code, name in one.files
                    ],
                }
                for one in of_month
            ],
        }


def _metrics(
    issued: Sequence[ArchivedReport], words: Language
) -> Iterator[tuple[str, list[tuple[str, str, str, str]]]]:
    """Each metric of the company's monthly reports with month, value, n and where it is printed, the newest first."""
    monthly = (one for one in issued if one.figures and report(one.report).schedule == "monthly")
    newest = sorted(monthly, key=lambda one: one.period_start, reverse=True)
    labels: dict[str, str] = {}
    lines: dict[str, list[tuple[str, str, str, str]]] = {}
    for one in newest:
        metrics = {metric.metric_id: metric for metric in one.metrics}
        page = (words.code, FILES[0])
        link = _link(one, *page) if page in one.files else ""
        for figure in one.figures:
            metric = metrics[figure.metric_id]
            labels.setdefault(metric.metric_id, plain(words.text(metric.label, metric.metric_id)))
            value = printed_value(words, figure, metric.unit, one.currency)
            n = "" if figure.n is None else words.count(figure.n)
            lines.setdefault(metric.metric_id, []).append((words.month(one.period_start), value, n, link))
    yield from sorted((labels[metric_id], found) for metric_id, found in lines.items())


def _index(code: LanguageCode) -> str:
    """The file of the archive in a language; a browser opens that of the source language by itself."""
    return "index.html" if code == SOURCE else f"index.{code}.html"


def _link(one: ArchivedReport, code: LanguageCode, name: str) -> str:
    return quote(f"{one.folder}/{code}/{name}")
