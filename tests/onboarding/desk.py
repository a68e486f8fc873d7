"""A Kefu home, and a folder of made-up exports of systems that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from foundation.settings import Settings
from orchestration.ingestion import ingest, register_duckdb
from orchestration.ingestion.mapping import Mapping, load_mapping
from orchestration.onboarding.adding import Added, add

DAY = date(2026, 9, 30)


@dataclass
class Desk:
    """What a data engineer does: puts an export into a folder, adds it as a source, loads it, asks."""

    settings: Settings
    exports: Path

    def export(
        self, name: str, rows: Iterable[Sequence[object]], delimiter: str = ",", encoding: str = "utf-8"
    ) -> Path:
        lines = [delimiter.join(_cell(value, delimiter) for value in row) for row in rows]
        path = self.exports / name
        path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
        return path

    def add(self, source: str, *paths: Path, land: date | None = DAY) -> Added:
        return add(self.settings, source, paths, force=False, land=land)

    def text(self, source: str) -> str:
        return (self.settings.sources / f"{source}.yml").read_text(encoding="utf-8")

    def mapping(self, source: str) -> Mapping:
        return load_mapping(self.settings.sources / f"{source}.yml")

    def loaded(self, sql: str) -> list[tuple[Any, ...]]:
        """What the landed files give, once ingested by the mapping as it stands."""
        assert ingest(self.settings, DAY, DAY).refusals == ()
        with duckdb.connect() as con:
            register_duckdb(con, self.settings, known_at=date(2030, 1, 1))
            return con.execute(sql).fetchall()


def _cell(value: object, delimiter: str) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if delimiter in text or '"' in text or "\n" in text else text
