"""Which messages the catalogues must carry; `python -m reports.text.catalogue` brings the .po files up to date.

A message is looked up by its text and, where one text may mean different things, by its context: labels and definitions
of figures by the metric's id, texts of reference tables by the table's name, what a language needs of its own (patterns
of dates, words for large numbers) by its kind.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from foundation.declarations import metrics, models
from foundation.languages import LANGUAGES, SOURCE, LanguageCode
from foundation.seeds import BUILT_IN, seeds
from foundation.settings import REPOSITORY
from reports.registry import FOLDER, reports
from reports.text.language import (
    CURRENCIES,
    CURRENCY,
    CURRENCY_UNIT,
    DATE_PATTERN,
    DATE_PATTERNS,
    LARGE,
    LARGE_CONTEXT,
    catalogue_path,
)
from reports.text.terms import TERMS
from reports.text.units import SHAPE_UNITS

KEYWORDS = {"say": None, "say_n": (1, 2), "_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**.j2", "jinja2.ext.babel_extract")]
OPTIONS = {"**.j2": {"newstyle_gettext": "true"}}


@dataclass(frozen=True)
class Message:
    """A text to translate (or its two forms), where it is said and, where it needs one, in which context."""

    text: str | tuple[str, ...]
    place: str
    context: str | None = None


def messages() -> Iterator[Message]:
    """Every message: of code, templates and report.yml, codes of the warehouse, and what the warehouse carries."""
    found = extract_from_dir(FOLDER, METHODS, OPTIONS, KEYWORDS)
    yield from (Message(text, Path(name).as_posix()) for name, _, text, _, _ in found)
    yield from (Message(text, f"{spec.id}/report.yml") for spec in reports().values() for text in spec.messages)
    yield from (Message(text, "text/terms.py") for text in TERMS.values())
    yield from (Message(text, "text/units.py") for shape in SHAPE_UNITS for text in shape)
    yield from (Message(text, "text/language.py", DATE_PATTERN) for text in DATE_PATTERNS)
    yield Message(LARGE, "text/language.py", LARGE_CONTEXT)
    yield from (Message(code, "text/language.py", of) for code in CURRENCIES for of in (CURRENCY, CURRENCY_UNIT))
    yield from _of_metrics()
    yield from _of_reference_tables()


def _of_metrics() -> Iterator[Message]:
    """Labels and definitions of all figures, of months and of days."""
    for path, model in models(""):
        for metric in (*metrics(model), *metrics(model, "daily_metrics")):
            context = metric.get("id", metric.get("like"))
            yield from (Message(metric[text], _place(path), context) for text in ("label", "definition"))


def _of_reference_tables() -> Iterator[Message]:
    """Texts of the tables that come along (config.meta.texts)."""
    for seed in seeds().values():
        path = BUILT_IN / f"{seed.name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        yield from (Message(row[column], _place(path), seed.name) for row in rows for column in seed.texts)


def _place(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def template() -> Catalog:
    """All messages, untranslated."""
    catalogue = Catalog(project="kefu")
    for message in messages():
        catalogue.add(message.text, locations=[(message.place, 0)], context=message.context)
    return catalogue


def update(code: LanguageCode) -> Catalog:
    """The catalogue of a language with today's messages, a new one where there is none yet."""
    path, locale = catalogue_path(code), code.replace("-", "_")
    catalogue = Catalog(locale=locale, project="kefu")
    if path.exists():
        with path.open("rb") as source:
            catalogue = read_po(source, locale=locale)
    catalogue.update(template(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def untranslated(catalogue: Catalog) -> list[str]:
    """Messages of a catalogue with no text, or with a form of the plural missing."""
    return [
        str(message.id)
        for message in catalogue
        if message.id and not all(message.string if isinstance(message.string, tuple) else (message.string,))
    ]


def main() -> None:
    for code in LANGUAGES:
        if code == SOURCE:
            continue
        path, catalogue = catalogue_path(code), update(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as target:
            write_po(target, catalogue, include_lineno=False, sort_output=True, omit_header=False, width=120)
        lacking = untranslated(catalogue)
        print(f"{path}: {len(lacking)} of {len(catalogue)} messages lack a translation", *lacking, sep="\n  ")


if __name__ == "__main__":
    main()
