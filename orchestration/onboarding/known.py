"""Whether files are those of a system that Kefu has a mapping for: names fit its patterns, columns its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from foundation.settings import BUILT_IN_MAPPINGS
from orchestration.ingestion.errors import RefusedError
from orchestration.ingestion.mapping import FileMapping, Mapping, load_mapping
from orchestration.ingestion.readers import open_reader
from orchestration.ingestion.statement import LOAD_DATE, Statement, StatementContext
from orchestration.onboarding.files import written
from orchestration.onboarding.profile import Profile

_NOT_A_SYSTEM = {"demo", "zendesk"}  # the latter is another name of zendesk_fivetran
# what the files of a system begin with whose other columns are whatever somebody asked
_FIRST = {"google_forms": "Timestamp", "surveymonkey": "Respondent ID"}
_USED = 0.6  # share of a file's columns that a mapping must use where its names are anybody's


@dataclass(frozen=True)
class Known:
    """A built-in mapping that fits, the files it takes and those that it does not know."""

    name: str
    fits: tuple[Path, ...]
    unknown: tuple[Path, ...]
    zone: str


def known_system(paths: Sequence[Path]) -> Known | None:
    """The built-in mapping that takes most of the files and refuses none."""
    found = [known for path in sorted(BUILT_IN_MAPPINGS.glob("*.yml")) if path.stem not in _NOT_A_SYSTEM
             if (known := _fitting(load_mapping(path), paths))]  # fmt: skip
    return max(found, key=lambda known: len(known.fits), default=None)


def _fitting(mapping: Mapping, paths: Sequence[Path]) -> Known | None:
    fits, unknown = [], []
    gives = False  # whether any file gives rows: one for joins alone, or that no block fits, says nothing
    for path in paths:
        files = [file for file in mapping.files.values() if file.matches(path.name)]
        if not files:
            unknown.append(path)
            continue
        taken = [_taken(mapping, file, path) for file in files]
        if None in taken:
            return None
        fits.append(path)
        gives = gives or any(taken)
    if len(fits) <= len(unknown) / 2 or not gives or _lacks_a_file(mapping, fits):
        return None
    return Known(mapping.source, tuple(fits), tuple(unknown), mapping.time_zone)


def _lacks_a_file(mapping: Mapping, paths: Sequence[Path]) -> bool:
    """Whether a file that is there would be refused for want of another, which a join needs."""
    there = {name for name, file in mapping.files.items() if any(file.matches(path.name) for path in paths)}
    return any(
        join.file is not None and not join.optional and join.file not in there
        for name in there
        for join in (mapping.files[name].joins.values() if mapping.files[name].entities else ())
    )


def _taken(mapping: Mapping, file: FileMapping, path: Path) -> int | None:
    """How many blocks a file feeds; None where it lacks a column that the mapping uses, or the mapping uses few of a
    file's."""
    around = StatementContext(mapping.source, date(2000, 1, 1), mapping.time_zone, mapping.time_zone, "XXX", 0)
    try:
        reader = open_reader(path, file)
        statement = Statement(file, reader, around)
    except RefusedError:
        return None
    fed = len(statement.feeds)
    if mapping.source in _FIRST:
        return fed if reader.column(_FIRST[mapping.source]) == "c0" else None
    if reader.columns is None:  # of documents any name may be asked for, so what they have must say it
        table = Profile(mapping.time_zone).add(path.stem, [written(path)])
        there = {name.split(".")[0] for name in (*(column.name for column in table.columns), *table.arrays)}
        used = {name.split(".")[0] for name in statement.names} - {LOAD_DATE}
        is_alike = len(used & there) >= _USED * len(used)
        is_alike &= mapping.source != "canonical" or len(used & there) >= _USED * len(there)
        return fed if is_alike else None
    if mapping.source != "canonical":
        return fed
    read = {sql for name in statement.names if (sql := reader.column(name))}
    return fed if len(read) >= _USED * len(reader.columns) else None


def left_out(known: Known) -> Iterator[str]:
    """What to ask about files that the system's mapping does not know."""
    for path in known.unknown:
        yield f"{path.name} is none of the files that the mapping {known.name} reads; it is left out. Is it wanted?"
