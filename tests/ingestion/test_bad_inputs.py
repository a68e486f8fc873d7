"""Every input of bad_inputs.py has its one outcome, is accounted for, and hurts no other; the page says the same."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from foundation.settings import REPOSITORY, Settings
from orchestration.ingestion import ingest, register_duckdb
from orchestration.ingestion.arrivals import Watch
from tests.ingestion import bad_inputs
from tests.ingestion.bad_inputs import DAY, SECRET, Result
from tests.ingestion.homes import Home

TABLE = bad_inputs.table()
NAMES = [f"{one.kind}: {one.name}" for one in TABLE]


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Result]:
    return bad_inputs.run(tmp_path_factory.mktemp("bad"), TABLE)


def test_the_page_is_current() -> None:
    assert bad_inputs.PAGE.read_text(encoding="utf-8") == bad_inputs.page(), (
        "write it anew: python -m tests.ingestion.bad_inputs"
    )


def test_the_table_has_no_input_twice() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 150
    assert {one.outcome for one in TABLE} == set(bad_inputs.OUTCOMES)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(TABLE)), ids=NAMES)
def test_a_bad_input_has_its_outcome(ingested: tuple[Settings, Result], number: int) -> None:
    _, result = ingested
    one = TABLE[number]
    source = one.source(number)
    said = result.said.get(source, ())
    assert result.outcome(source) == one.outcome, said
    # what is refused, held or waits makes the command exit 1, and nothing else does
    assert bool(said) == (one.outcome not in ("loaded", "put aside"))
    assert not said or any(one.said in message for message in said), said
    assert not any(SECRET in message or "nobody foresaw" in message for message in said), said
    entries = [entry for entry in result.report.files if entry.source == source]
    assert all(entry.balances() for entry in entries)
    assert one.outcome != "loaded" or any(entry.accepted or not entry.read for entry in entries)


@pytest.mark.slow
def test_all_of_them_hurt_no_good_source(ingested: tuple[Settings, Result]) -> None:
    settings, result = ingested
    assert not {"agood", "zgood"} & set(result.said)
    with duckdb.connect() as con:
        register_duckdb(con, settings)
        assert con.execute("select store_id from raw.stores order by all").fetchall() == [
            ("agood:1",),
            ("agood:2",),
            ("zgood:1",),
            ("zgood:2",),
        ]
        for entity, rows in con.execute("select entity, sum(rows_loaded) from control.loads group by 1").fetchall():
            assert con.execute(f"select count(*) from raw.{entity}").fetchone() == (rows,)
    totals = [(f.read, f.accepted + f.filtered + f.duplicate + f.quarantined + f.refused) for f in result.report.files]
    assert sum(read for read, _ in totals) == sum(reported for _, reported in totals) > 0
    for entry in result.report.files:  # what is put aside is there to be read, a line for each row at least
        if entry.quarantined:
            (path,) = (settings.quarantine / entry.source / str(entry.load_date)).glob("*.csv")
            assert path.read_text(encoding="utf-8").count("put aside") >= entry.quarantined


@pytest.mark.slow
def test_the_same_day_again_changes_nothing(ingested: tuple[Settings, Result]) -> None:
    settings, result = ingested
    before = (settings.raw / "manifest.json").read_bytes()
    again = ingest(settings, DAY - timedelta(days=1), DAY)
    assert sorted(map(str, again.refusals)) == sorted(map(str, result.report.refusals))
    assert (settings.raw / "manifest.json").read_bytes() == before


@pytest.mark.slow
def test_the_command_exits_1_without_a_traceback(tmp_path: Path) -> None:
    wanted = ("names of files", "mappings", "no files", "still being written")
    bad = tuple(one for one in TABLE if one.kind in wanted)
    settings, _ = bad_inputs.run(tmp_path, bad)
    (settings.raw / "manifest.json").unlink()
    kefu = Path(sys.executable).with_name("kefu")
    done = subprocess.run(
        [kefu, "ingest", "--date", str(DAY)],
        env={**os.environ, "KEFU_HOME": str(tmp_path), "PYTHONIOENCODING": "utf-8:strict"},
        capture_output=True,
        check=False,
        cwd=REPOSITORY,
    )
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert SECRET not in said


# --- files that are still being written -------------------------------------------------------------------------------


def _orders(home: Home) -> list[tuple[str]]:
    return home.ask("select order_id from raw.orders order by all")


def test_a_file_that_grows_waits_and_is_read_once_it_is_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings = Settings.model_validate({"home": home.settings.home, "ingestion": {"settle_seconds": 5}})
    home.put("orders_1.csv", home.orders(1), source="shop")
    home.mapping((home.settings.sources / "crm.yml").read_text().replace("source: crm", "source: shop"), "shop")
    path = home.put("orders.csv", home.orders(1, 2))
    slept = []

    def write_on(seconds: float) -> None:
        slept.append(seconds)
        path.write_text(home.orders(1, 2, 3))

    monkeypatch.setattr(time, "sleep", write_on)
    (refusal,) = home.ingest().refusals
    (seconds,) = slept
    assert 4 < seconds <= 5
    assert refusal.waits
    assert "crm/2026-01-05/orders.csv: is still being written: it changed within seconds" in refusal.message
    assert _orders(home) == [("shop:1",)]
    assert home.ask("select source_system, status, is_stale from control.loads order by all") == [
        ("crm", "waits", True),
        ("shop", "loaded", False),
    ]
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert home.ingest().ok
    assert _orders(home) == [("crm:1",), ("crm:2",), ("crm:3",), ("shop:1",)]
    assert home.ask("select distinct status from control.loads") == [("loaded",)]


def test_a_file_that_changes_while_it_is_read_waits(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.ingestion import load

    path = home.put("orders.csv", home.orders(1, 2))
    real = load.open_reader

    def open_and_change(*given: object) -> object:
        reader = real(*given)  # type: ignore[arg-type]
        path.write_text(home.orders(1, 2, 3, 4))
        return reader

    monkeypatch.setattr(load, "open_reader", open_and_change)
    (refusal,) = home.ingest().refusals
    assert refusal.waits
    assert "it changed while it was read" in refusal.message
    monkeypatch.undo()
    os.environ["KEFU_INGESTION__SETTLE_SECONDS"] = "0"
    assert home.ingest().ok
    assert len(_orders(home)) == 4


def test_what_was_loaded_before_stays_while_a_corrected_file_is_on_its_way(home: Home) -> None:
    home.put("orders.csv", home.orders(1, 2))
    assert home.ingest().ok
    part = home.put("orders.csv.part", home.orders(1)[:20])
    assert [refusal.waits for refusal in home.ingest().refusals] == [True, True]
    assert _orders(home) == [("crm:1",), ("crm:2",)]
    part.unlink()
    assert home.ingest().ok


def test_what_needs_an_unfinished_file_waits_with_it(home: Home) -> None:
    home.mapping(bad_inputs.sums("sum(price::decimal(18,2))").replace("{source}", "crm"))
    home.put("orders.csv", bad_inputs.ROWS)
    home.put("lines.csv.part", bad_inputs.LINES)
    (refusal,) = home.ingest().refusals
    assert refusal.waits
    assert "orders.csv: needs the file lines.csv.part, which is still being written" in refusal.message


def test_old_files_cost_no_second_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("x")
    os.utime(path, (0, 0))

    def fail(_: float) -> None:
        raise AssertionError

    monkeypatch.setattr(time, "sleep", fail)
    assert not Watch.over([path, tmp_path / "nowhere.csv"], 2).is_growing(path)
