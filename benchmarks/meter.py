"""Measures a step of this process: wall and CPU seconds, peak memory. Needs Linux; prints nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cost:
    """What a step took; the figures are there once the step is over."""

    step: str
    rows: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0  # of all threads, and of child processes that have ended
    peak_mib: float = 0.0  # most memory the process held during the step


@contextmanager
def measured(step: str) -> Iterator[Cost]:
    """Measure the block; it sets `rows` itself."""
    cost = Cost(step)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    wall, cpu = time.perf_counter(), _cpu_seconds()
    try:
        yield cost
    finally:
        cost.wall_seconds = time.perf_counter() - wall
        cost.cpu_seconds = _cpu_seconds() - cpu
        cost.peak_mib = _peak_mib()


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kib) / 1024
