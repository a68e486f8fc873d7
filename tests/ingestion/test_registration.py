"""What a build sees of the raw zone at a day."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.contract import contract
from foundation.settings import Settings
from orchestration.ingestion import LoadEntry, Manifest, live_files, register_duckdb
from orchestration.ingestion.registration import NothingLoadedError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def load(day: int, status: str = "loaded", entity: str = "orders", **fields: Any) -> LoadEntry:
    return LoadEntry.model_validate(
        {
            "entity": entity,
            "source": "crm",
            "load_date": date(2026, 1, day),
            "load_mode": "delta",
            "status": status,
            "mapping_version": "1",
            **fields,
        }
    )


def parquet(settings: Settings, name: str, columns: str) -> str:
    settings.raw.mkdir(parents=True, exist_ok=True)
    duckdb.connect().execute(f"copy (select {columns}) to '{settings.raw / name}' (format parquet)")
    return name


def test_without_any_load_there_is_no_newest_day(settings: Settings) -> None:
    with pytest.raises(NothingLoadedError, match="landing"):
        register_duckdb(duckdb.connect(), settings)


def test_absent_entities_are_empty_and_typed(settings: Settings) -> None:
    con = duckdb.connect()
    register_duckdb(con, settings, known_at=date(2026, 1, 1))
    for entity in contract().values():
        described = con.execute(f"describe raw.{entity.name}").fetchall()
        assert [(row[0], row[1].lower()) for row in described] == [
            (column.name, column.data_type) for column in entity.columns
        ]
        assert con.execute(f"select count(*) from raw.{entity.name}").fetchone() == (0,)


def test_the_day_ends_in_the_company_zone(settings: Settings) -> None:
    Manifest.of([], [load(1), load(3)]).write(settings.raw)
    con = duckdb.connect()
    run = register_duckdb(con, settings)
    assert (run.known_at, run.as_of_date, run.as_of) == (
        date(2026, 1, 3),
        date(2026, 1, 3),
        datetime(2026, 1, 3, 16),  # noqa: DTZ001 - stamps in the warehouse are UTC without a zone
    )
    assert con.execute("select as_of, as_of_date, known_at from control.run").fetchall() == [
        (run.as_of, run.as_of_date, run.known_at)
    ]


def test_an_older_known_at_sees_the_loads_of_its_time_alone(settings: Settings) -> None:
    first = parquet(settings, "a.parquet", "'crm:1' as order_id, 5::decimal(18,4) as gross_amount")
    second = parquet(settings, "b.parquet", "'crm:2' as order_id, 'web' as channel, 'x' as dropped_column")
    Manifest.of([], [load(1, live=(first,)), load(2, live=(second,)), load(3, "refused", error="bad")]).write(
        settings.raw
    )
    con = duckdb.connect()
    register_duckdb(con, settings, known_at=date(2026, 1, 1))
    assert con.execute("select order_id, channel from raw.orders").fetchall() == [("crm:1", None)]
    assert con.execute("select is_stale from control.loads").fetchall() == [(False,)]

    register_duckdb(con, settings)
    orders = con.execute("select order_id, channel, gross_amount from raw.orders order by 1").fetchall()
    assert [row[:2] for row in orders] == [("crm:1", None), ("crm:2", "web")]
    assert con.execute("select status, is_stale, error from control.loads order by load_date").fetchall() == [
        ("loaded", True, None),
        ("loaded", True, None),
        ("refused", True, "bad"),
    ]
    assert live_files(settings, "orders", date(2026, 1, 1)) == [settings.raw / first]


def test_a_manifest_survives_a_writer_that_died(settings: Settings) -> None:
    Manifest.of([], [load(1)]).write(settings.raw)
    (settings.raw / ".manifest.json").write_text("{ half a")
    assert Manifest.read(settings.raw).newest == date(2026, 1, 1)
