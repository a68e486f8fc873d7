"""Which sources there are: those with a mapping of the company's own, files in the landing folder, or loads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from foundation.settings import Settings
from orchestration.ingestion.deliveries import day_of
from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.manifest import LoadEntry, Manifest
from orchestration.ingestion.mapping import load_mapping, mapping_path


@dataclass(frozen=True)
class SourceStatus:
    """One source: where its mapping is, what lies there for it, and what was last loaded of it."""

    name: str
    mapping: str  # own, built-in, missing or wrong
    entities: tuple[str, ...]
    landed: date | None  # the newest delivery in the landing folder
    last_load: date | None
    status: str  # of the last load's worst entity; "never loaded"
    rows: int  # loaded then
    put_aside: int
    problem: str | None


def sources(settings: Settings) -> list[SourceStatus]:
    """All of them by name."""
    loads: dict[str, list[LoadEntry]] = {}
    for load in Manifest.read(settings.raw).known(date.max):
        loads.setdefault(load.source, []).append(load)
    landed = {
        folder.name: [day for one in folder.iterdir() if (day := day_of(one))]
        for folder in settings.landing.glob("*")
        if folder.is_dir()
    }
    names = {path.stem for path in settings.sources.glob("*.yml")} | landed.keys() | loads.keys()
    return [_source(settings, name, landed.get(name, []), loads.get(name, [])) for name in sorted(names)]


def _source(settings: Settings, name: str, landed: list[date], loads: list[LoadEntry]) -> SourceStatus:
    path = mapping_path(settings, name)
    kind, problem = "missing", None
    entities: tuple[str, ...] = ()
    if path is None:
        problem = f"there is no mapping; propose one with kefu source add {name} FILE..."
    else:
        try:
            entities = tuple(load_mapping(path).modes)
            kind = "own" if path.parent == settings.sources else "built-in"
        except MappingError as error:
            kind, problem = "wrong", str(error)
    last = max((load.load_date for load in loads), default=None)
    newest = [load for load in loads if load.load_date == last]
    worst = next((load for load in newest if load.status != "loaded"), None)
    return SourceStatus(
        name=name,
        mapping=kind,
        entities=entities,
        landed=max(landed, default=None),
        last_load=last,
        status=worst.status if worst else "loaded" if newest else "never loaded",
        rows=sum(load.rows_loaded for load in newest),
        put_aside=sum(load.rows_quarantined for load in newest),
        problem=problem or (worst.error if worst else None),
    )
