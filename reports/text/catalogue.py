"""Which messages the catalogues must carry; `python -m reports.text.catalogue` brings the .po files up to date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from reports.registry import FOLDER, reports
from reports.text.language import LANGUAGES, LanguageCode, catalogue_path
from reports.text.terms import TERMS
from reports.text.units import SHAPE_UNITS

KEYWORDS = {"say": None, "say_n": (1, 2), "_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**.j2", "jinja2.ext.babel_extract")]
OPTIONS = {"**.j2": {"newstyle_gettext": "true"}}


def messages() -> Iterator[tuple[str | tuple[str, ...], str]]:
    """Every message with where it is said: in code, in templates, in report.yml, and the codes of the warehouse."""
    found = extract_from_dir(FOLDER, METHODS, OPTIONS, KEYWORDS)
    yield from ((message, str(Path(name).as_posix())) for name, _, message, _, _ in found)
    yield from ((message, f"{spec.id}/report.yml") for spec in reports().values() for message in spec.messages)
    yield from ((message, "text/terms.py") for message in TERMS.values())
    yield from ((message, "text/units.py") for shape in SHAPE_UNITS for message in shape)


def template() -> Catalog:
    """All messages, untranslated."""
    catalogue = Catalog(project="kefu")
    for message, place in messages():
        catalogue.add(message, locations=[(place, 0)])
    return catalogue


def update(code: LanguageCode) -> Catalog:
    """The catalogue of a language with today's messages; English says what the code says."""
    with catalogue_path(code).open("rb") as source:
        catalogue = read_po(source, locale=code.replace("-", "_"))
    catalogue.update(template(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    if code == "en":
        for message in catalogue:
            message.string = message.id
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
        catalogue = update(code)
        with catalogue_path(code).open("wb") as target:
            write_po(target, catalogue, include_lineno=False, sort_output=True, omit_header=False, width=120)
        lacking = untranslated(catalogue)
        print(
            f"{catalogue_path(code)}: {len(lacking)} of {len(catalogue)} messages lack a translation",
            *lacking,
            sep="\n  ",
        )


if __name__ == "__main__":
    main()
