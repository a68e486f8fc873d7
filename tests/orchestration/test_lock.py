"""The writer's lock: two nights at once, and a night that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from foundation.settings import Settings
from orchestration.lock import WarehouseBusyError, single_writer

HOLD = """
import sys, time
from orchestration.lock import single_writer
from foundation.settings import Settings
with single_writer(Settings(home=sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_second_writer_is_refused_and_told_who_holds_the_lock(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(WarehouseBusyError, match=f"process {holder.pid} is writing"),
        single_writer(Settings(home=tmp_path), wait_seconds=0.2),
    ):
        pass


def test_lock_of_a_killed_writer_is_free_at_once(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with single_writer(Settings(home=tmp_path), wait_seconds=0):
        pass


def test_the_holder_may_take_its_own_lock_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with single_writer(settings), single_writer(settings, wait_seconds=0):
        pass
    with single_writer(settings, wait_seconds=0):
        pass
