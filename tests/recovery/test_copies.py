"""A backup is whole, private and consistent while the home changes; a restore changes nothing before it is checked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.ingestion import Manifest, ingest
from orchestration.recovery.copies import INDEX, RESTORING, backup, restore
from orchestration.recovery.soundness import faults
from tests.recovery.damages import DAY, contents, furnish, publish

KILLS = 8


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return furnish(tmp_path_factory.mktemp("sound") / "home")


@pytest.fixture
def home(sound: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(sound.home, tmp_path / "home")
    return Settings(home=tmp_path / "home")


def _all(folder: Path) -> dict[str, bytes]:
    wanted = ("landing", "reports", "raw", "sources", "published/versions/2026-01-05-1.duckdb")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in wanted
        for path in ((folder / name).rglob("*") if (folder / name).is_dir() else [folder / name])
        if path.is_file()
    }


def test_what_is_restored_is_what_was_copied(home: Settings, tmp_path: Path) -> None:
    before = _all(home.home)
    backup(home, tmp_path / "copy")
    other = Settings(home=tmp_path / "other")
    reported = list(restore(other, tmp_path / "copy"))
    assert _all(other.home) == before
    assert faults(other) == [fault for fault in faults(other) if fault.file == "build/work.duckdb"]
    assert "files of 20" in reported[0]
    assert any("mails sent since then are not known" in line for line in reported)


def test_nobody_but_the_owner_reads_a_backup_or_a_restored_file(home: Settings, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        backup(home, tmp_path / "copy")
        other = Settings(home=tmp_path / "other")
        list(restore(other, tmp_path / "copy"))
    finally:
        os.umask(before)
    modes = {
        (path.is_dir(), oct(path.stat().st_mode & 0o777))
        for path in [tmp_path / "copy", *(tmp_path / "copy").rglob("*"), *(other.home / "raw").rglob("*")]
    }
    assert modes == {(True, "0o700"), (False, "0o600")}


def test_what_a_home_held_is_moved_aside(home: Settings, tmp_path: Path) -> None:
    backup(home, tmp_path / "copy")
    landed = home.landing / "crm" / str(DAY) / "orders.csv"
    landed.write_text("id,customer,at,amount\n9,c9,2026-01-09 10:00:00,9\n", encoding="utf-8")
    ingest(home, DAY, DAY)
    before = contents(home)
    list(restore(home, tmp_path / "copy"))
    assert contents(home) != before
    assert contents(Settings(home=home.home / "replaced-1")) == before


@pytest.mark.parametrize("name", [INDEX, "raw/manifest.json", "delivery.db", "published/kefu.duckdb"])
def test_a_damaged_backup_changes_nothing(home: Settings, tmp_path: Path, name: str) -> None:
    backup(home, tmp_path / "copy")
    content = (tmp_path / "copy" / name).read_bytes()
    (tmp_path / "copy" / name).write_bytes(content[: len(content) // 2] + b"x" + content[len(content) // 2 + 1 :])
    before = _all(home.home)
    with pytest.raises(CommandFailedError, match=name.replace(".", r"\.")):
        list(restore(home, tmp_path / "copy"))
    assert _all(home.home) == before
    assert not (home.home / "replaced-1").exists()


def test_a_backup_of_a_newer_version_is_refused(home: Settings, tmp_path: Path) -> None:
    backup(home, tmp_path / "copy")
    index = json.loads((tmp_path / "copy" / INDEX).read_text(encoding="utf-8"))
    (tmp_path / "copy" / INDEX).write_text(json.dumps({**index, "schema": 2}), encoding="utf-8")
    with pytest.raises(CommandFailedError, match="is of schema 2, and this version of Kefu knows 1"):
        list(restore(home, tmp_path / "copy"))


def test_what_is_damaged_is_not_kept_as_a_backup(home: Settings, tmp_path: Path) -> None:
    path = home.raw / Manifest.read(home.raw).files[0].feeds[0].path
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CommandFailedError, match="is not what was written"):
        backup(home, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_damaged_build_is_left_out_and_told(home: Settings, tmp_path: Path) -> None:
    path = home.published / "versions" / f"{DAY}-1.duckdb"
    path.write_bytes(b"x" * path.stat().st_size)
    shutil.copyfile(path, home.published / "kefu.duckdb")
    assert "kefu.duckdb is damaged and left out too" in backup(home, tmp_path / "copy")
    assert not (tmp_path / "copy" / "published").exists()


def test_a_backup_that_is_there_is_not_written_over(home: Settings, tmp_path: Path) -> None:
    backup(home, tmp_path / "copy")
    with pytest.raises(CommandFailedError, match="is there already"):
        backup(home, tmp_path / "copy")
    with pytest.raises(CommandFailedError, match="lies in the home"):
        backup(home, home.home / "copy")


def test_backups_while_nights_run_are_each_consistent(home: Settings, tmp_path: Path) -> None:
    """A writer takes in days and publishes builds without a pause; every copy is sound and of one moment."""
    stop, failed = threading.Event(), list[BaseException]()

    def nights() -> None:
        try:
            for number in range(1, 200):
                if stop.is_set():
                    return
                day = DAY + timedelta(days=number)
                landed = home.landing / "crm" / str(day) / "orders.csv"
                landed.parent.mkdir(parents=True)
                landed.write_text(f"id,customer,at,amount\n{number},c,2026-01-09 10:00:00,1\n", encoding="utf-8")
                ingest(home, day, day)
                publish(home, number + 10)
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    writer = threading.Thread(target=nights)
    writer.start()
    try:
        for number in range(3):
            backup(home, tmp_path / f"copy-{number}")
            other = Settings(home=tmp_path / f"other-{number}")
            list(restore(other, tmp_path / f"copy-{number}"))
            assert {fault.file for fault in faults(other)} <= {"build/work.duckdb"}
            reported = Manifest.read(other.raw)
            assert len(reported.files) == len(reported.loads)
    finally:
        stop.set()
        writer.join()
    assert failed == []


@pytest.mark.slow
def test_a_killed_backup_or_restore_is_simply_run_again(home: Settings, tmp_path: Path) -> None:
    before = _all(home.home)
    kefu = Path(sys.executable).with_name("kefu")
    environment = os.environ | {"KEFU_HOME": str(home.home)}
    backup(home, tmp_path / "good")
    for number in range(KILLS):
        for words in (["backup", str(tmp_path / "copy")], ["restore", str(tmp_path / "good")]):
            running = subprocess.Popen(
                [kefu, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(0.6 + number * 0.15)
            running.send_signal(signal.SIGKILL)
            running.wait()
            if (tmp_path / "copy").exists():  # it was done before the kill
                list(restore(Settings(home=tmp_path / "other"), tmp_path / "copy"))
                shutil.rmtree(tmp_path / "copy")
    list(restore(home, tmp_path / "good"))
    assert not (home.home / RESTORING).exists()
    assert _all(home.home) == before
