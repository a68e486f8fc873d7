"""A damaged raw zone or manifest is made again from landing and parts; what cannot be is named, and hurts no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from foundation.errors import CommandFailedError
from orchestration.ingestion import Manifest
from orchestration.ingestion.manifest import PARTS
from tests.ingestion.homes import DAY, ORDERS, Home

NEXT = DAY + timedelta(days=1)
ALL = "select source_system, order_id, gross_amount, load_date from raw.orders order by all"
Damage = Callable[[Path], None]


def _noise(at: float) -> Damage:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        place = int(at * (len(content) - 16))
        content[place : place + 16] = bytes(255 - one for one in content[place : place + 16])
        path.write_bytes(bytes(content))

    return damage


def _cut(share: float) -> Damage:
    return lambda path: path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("else", encoding="utf-8")


DAMAGES: dict[str, Damage] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut at 5%": _cut(0.05),
    "cut in the middle": _cut(0.5),
    "cut before its end": _cut(0.98),
    "noise at its head": _noise(0),
    "noise in the middle": _noise(0.5),
    "noise at its end": _noise(1),
    "zeros alone": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "a folder in its place": _folder,
}


@pytest.fixture
def two_days(home: Home) -> Home:
    """Two days of two sources, taken in."""
    home.mapping(ORDERS.replace("source: crm", "source: erp"), "erp")
    home.put("orders.csv", home.orders(1, 2, 3))
    home.put("orders.csv", home.orders(4, 5), NEXT)
    home.put("orders.csv", home.orders(7, 8, 9), source="erp")
    assert home.ingest(DAY, NEXT).ok
    return home


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_raw_file_is_read_again_from_landing(two_days: Home, damage: Damage) -> None:
    rows, manifest = two_days.ask(ALL), two_days.manifest
    path = two_days.settings.raw / Manifest.read(two_days.settings.raw).files[0].feeds[0].path
    damage(path)
    report = two_days.ingest(NEXT)
    assert report.ok
    (note,) = report.notes
    assert path.name in note
    assert note.endswith("read again from landing/crm/2026-01-05/orders.csv")
    assert two_days.ask(ALL) == rows
    assert two_days.manifest == manifest


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_manifest_is_made_again_from_its_parts(two_days: Home, damage: Damage) -> None:
    rows, manifest = two_days.ask(ALL), two_days.manifest
    damage(two_days.settings.raw / "manifest.json")
    if damage is not DAMAGES["gone"]:
        with pytest.raises(CommandFailedError, match=r"manifest\.json: .*next night"):
            Manifest.read(two_days.settings.raw)
    shutil.rmtree(two_days.settings.landing)  # nothing is read again
    report = two_days.ingest(NEXT)
    assert report.ok
    assert any("made again from 3 parts" in note for note in report.notes)
    assert two_days.ask(ALL) == rows
    assert two_days.manifest == manifest


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_part_is_written_again(two_days: Home, damage: Damage) -> None:
    part = two_days.settings.raw / PARTS / "crm" / f"{DAY}.json"
    was, manifest = part.read_bytes(), two_days.manifest
    damage(part)
    assert two_days.ingest(NEXT).ok
    assert part.read_bytes() == was
    assert two_days.manifest == manifest


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_without_manifest_and_part_the_day_is_read_again(two_days: Home, damage: Damage) -> None:
    rows, manifest = two_days.ask(ALL), two_days.manifest
    damage(two_days.settings.raw / PARTS / "crm" / f"{DAY}.json")
    (two_days.settings.raw / "manifest.json").write_text("{", encoding="utf-8")
    report = two_days.ingest(NEXT)
    assert report.ok
    assert any(note.startswith("crm/2026-01-05: read again") for note in report.notes)
    assert two_days.ask(ALL) == rows
    assert two_days.manifest == manifest


def test_without_manifest_and_any_part_all_is_read_again(two_days: Home) -> None:
    """As a home of before there were parts."""
    rows, manifest = two_days.ask(ALL), two_days.manifest
    shutil.rmtree(two_days.settings.raw / PARTS)
    (two_days.settings.raw / "manifest.json").write_bytes(two_days.manifest[:100])
    assert two_days.ingest(NEXT).ok
    assert two_days.ask(ALL) == rows
    assert two_days.manifest == manifest


def test_what_is_lost_is_named_every_night_and_comes_back_with_its_file(two_days: Home) -> None:
    rows, manifest = two_days.ask(ALL), two_days.manifest
    landed = two_days.settings.landing / "crm" / str(DAY) / "orders.csv"
    content = landed.read_bytes()
    landed.write_text("id\n", encoding="utf-8")
    _cut(0.5)(two_days.settings.raw / Manifest.read(two_days.settings.raw).files[0].feeds[0].path)
    for _ in range(2):
        report = two_days.ingest(NEXT)
        (refusal,) = report.refusals
        assert "3 rows of orders are lost" in refusal.message
        assert "landing/crm/2026-01-05/orders.csv is not there, or not as it was delivered" in refusal.message
        assert "kefu ingest --date 2026-01-05" in refusal.message
        assert two_days.ask(ALL) == [row for row in rows if (row[0], row[3]) != ("crm", DAY)]
    landed.write_bytes(content)
    assert two_days.ingest(NEXT).ok
    assert two_days.ask(ALL) == rows
    assert two_days.manifest == manifest


def test_a_lost_snapshot_leaves_the_one_before(home: Home) -> None:
    snapshot = ORDERS.replace("entity: orders", "entity: orders\n        load_mode: snapshot")
    home.mapping(snapshot)
    home.put("orders_1.csv", home.orders(1, 2))
    home.put("orders_1.csv", home.orders(1, 2), NEXT)
    home.put("orders_2.csv", home.orders(3, 4), NEXT)
    assert home.ingest(DAY, NEXT).ok
    lost = Manifest.read(home.settings.raw).files[-1]
    (home.settings.raw / lost.feeds[0].path).unlink()
    (home.settings.landing / "crm" / str(NEXT) / lost.file).unlink()
    assert not home.ingest(DAY).ok
    assert [(row[1], row[3]) for row in home.ask(ALL)] == [("crm:1", DAY), ("crm:2", DAY)]


def test_a_file_whose_mapping_has_changed_is_read_by_the_new_one(two_days: Home) -> None:
    two_days.mapping(ORDERS.replace(", channel: channel", ""))
    (two_days.settings.raw / Manifest.read(two_days.settings.raw).files[0].feeds[0].path).unlink()
    report = two_days.ingest(NEXT + timedelta(days=1))  # on which nothing was delivered
    assert report.ok
    rows = two_days.ask("select order_id, channel from raw.orders where source_system = 'crm' order by order_id")
    assert rows == [("crm:1", None), ("crm:2", None), ("crm:3", None), ("crm:4", "web"), ("crm:5", "web")]


def test_rows_carried_between_snapshots_are_carried_again(home: Home) -> None:
    home.mapping(ORDERS.replace("entity: orders", "entity: orders\n        load_mode: snapshot"))
    home.put("orders.csv", home.orders(*range(1, 21)))
    home.put("orders.csv", home.orders(*range(1, 21)).replace("7.50", "x"), NEXT)
    home.ingest(DAY, NEXT)
    rows, manifest = home.ask(ALL), home.manifest
    (carried,) = home.settings.raw.glob("orders/*/*/carried-*.parquet")
    _noise(0.5)(carried)
    assert home.ingest(NEXT).ok
    assert home.ask(ALL) == rows
    assert home.manifest == manifest


def test_a_manifest_of_before_the_hashes_is_migrated(two_days: Home) -> None:
    manifest, path = two_days.manifest, two_days.settings.raw / "manifest.json"
    older = json.loads(manifest)
    for name in ("schema", "seal", "hashes"):
        del older[name]
    path.write_text(json.dumps(older, indent=1), encoding="utf-8")
    shutil.rmtree(two_days.settings.raw / PARTS)
    assert two_days.ingest(NEXT).ok
    assert two_days.manifest == manifest
    assert len(list((two_days.settings.raw / PARTS).glob("*/*.json"))) == 3


def test_a_manifest_of_a_newer_version_is_refused_and_left_alone(two_days: Home) -> None:
    path = two_days.settings.raw / "manifest.json"
    newer = two_days.manifest.replace(b'"schema": 2', b'"schema": 3')
    path.write_bytes(newer)
    with pytest.raises(CommandFailedError, match=r"is of schema 3, and this version of Kefu knows 2"):
        two_days.ingest(NEXT)
    assert path.read_bytes() == newer


def test_a_clock_that_jumps_back_takes_nothing_out(two_days: Home) -> None:
    manifest = two_days.manifest
    assert two_days.ingest(date(1999, 1, 1)).ok
    assert two_days.manifest == manifest
