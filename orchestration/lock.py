"""The one writer: an flock on build/.lock, taken before the Dagster instance is opened.

The kernel frees it on death, which a lock kept in a table would not survive.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundation.settings import Settings

WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.1
_held: dict[Path, int] = {}  # how often this process holds each lock: a job inside a command takes it again


class WarehouseBusyError(RuntimeError):
    """Another process writes to this Kefu home."""


@contextmanager
def single_writer(settings: Settings, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Holds the home's writer lock. Raises WarehouseBusyError, naming the holder, when it is not free in time."""
    path = settings.build / ".lock"
    if _held.get(path):
        _held[path] += 1
        try:
            yield
        finally:
            _held[path] -= 1
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as handle:
        _acquire(handle.fileno(), path, wait_seconds)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        _held[path] = 1
        try:
            yield
        finally:
            del _held[path]


def _acquire(descriptor: int, path: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = path.read_text(encoding="utf-8").strip() or "unknown"
                raise WarehouseBusyError(
                    f"{path}: process {holder} is writing to this home; wait until it is done and run again"
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return
