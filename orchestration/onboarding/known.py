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
from orchestration.ingestion.statement import Statement, Surroundings

_NOT_A_SYSTEM = {"demo"}
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
    for path in paths:
        files = [file for file in mapping.files.values() if file.matches(path.name)]
        if not files:
            unknown.append(path)
        elif all(_takes(mapping, file, path) for file in files):
            fits.append(path)
        else:
            return None
    if len(fits) <= len(unknown) / 2 or not fits:
        return None
    return Known(mapping.source, tuple(fits), tuple(unknown), mapping.time_zone)


def _takes(mapping: Mapping, file: FileMapping, path: Path) -> bool:
    """Whether a file has all columns that the mapping uses, and the mapping uses most of a file's."""
    around = Surroundings(mapping.source, date(2000, 1, 1), mapping.time_zone, mapping.time_zone, "XXX", 0)
    try:
        reader = open_reader(path, file)
        statement = Statement(file, reader, around)
    except RefusedError:
        return False
    if mapping.source != "canonical" or reader.columns is None:
        return True
    used = {sql for name in statement.names if (sql := reader.column(name))}
    return len(used) >= _USED * len(reader.columns)


def left_out(known: Known) -> Iterator[str]:
    """What to ask about files that the system's mapping does not know."""
    for path in known.unknown:
        yield f"{path.name} is none of the files that the mapping {known.name} reads; it is left out. Is it wanted?"
