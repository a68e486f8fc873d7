"""A Kefu home to deliver into."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from foundation.settings import Settings
from orchestration.ingestion import FileEntry, IngestReport, ingest, register_duckdb

DAY = date(2026, 1, 5)

ORDERS = """
source: crm
time_zone: Asia/Shanghai
files:
  orders:
    pattern: "orders*"
    entities:
      - entity: orders
        columns: {order_id: id, customer_id: customer, ordered_at: at, gross_amount: amount, channel: channel}
"""


@dataclass
class Home:
    """What a person does to a home: writes mappings, puts files, ingests, asks."""

    settings: Settings
    day: date = DAY

    def mapping(self, text: str, source: str = "crm") -> Home:
        self.settings.sources.mkdir(parents=True, exist_ok=True)
        (self.settings.sources / f"{source}.yml").write_text(text, encoding="utf-8")
        return self

    def put(self, name: str, content: str | bytes, day: date = DAY, source: str = "crm") -> Path:
        path = self.settings.landing / source / str(day) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def ingest(self, first: date = DAY, last: date | None = None) -> IngestReport:
        return ingest(self.settings, first, last or first)

    def file(self) -> FileEntry:
        """The one file of the day, once ingested."""
        (entry,) = self.ingest().files
        return entry

    def ask(self, sql: str, known_at: date | None = None) -> list[tuple[Any, ...]]:
        with duckdb.connect() as con:
            register_duckdb(con, self.settings, known_at=known_at or date(2030, 1, 1))
            return con.execute(sql).fetchall()

    def put_aside(self, name: str, day: date = DAY, source: str = "crm") -> list[dict[str, str]]:
        path = self.settings.quarantine / source / str(day) / f"{name}.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @staticmethod
    def orders(*numbers: int) -> str:
        """A clean delivery of orders."""
        rows = (f"{n},c{n % 7},2026-01-0{1 + n % 4} 10:00:00,{n}.50,web" for n in numbers)
        return "\n".join(["id,customer,at,amount,channel", *rows]) + "\n"

    @property
    def manifest(self) -> bytes:
        return (self.settings.raw / "manifest.json").read_bytes()
