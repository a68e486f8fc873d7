"""What a person sees while a job runs: a step list on a terminal, one plain line a step elsewhere.

No logging lives here."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text


class Step:
    """One running step: `count` says how far it is, the last text stays beside the finished step."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = ""
        self.started = time.monotonic()

    def count(self, text: str) -> None:
        self.text = text

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


class Reporter(Protocol):
    def show(self, step: Step) -> None: ...

    def finish(self, step: Step, failed: bool) -> None: ...


class Silent:
    """Shows nothing: runs started from the Dagster UI, and tests."""

    def show(self, step: Step) -> None:
        pass

    def finish(self, step: Step, failed: bool) -> None:
        pass


class PlainLines:
    """One line per finished step, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, step: Step) -> None:
        pass

    def finish(self, step: Step, failed: bool) -> None:
        print(_line(step, failed), file=self._stream, flush=True)


class Terminal:
    """The running step with a spinner and its time, the finished ones above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    def show(self, step: Step) -> None:
        def running() -> Spinner:
            return Spinner("dots", Text(f"{step.name:<12} {step.text}  {step.seconds:.0f} s", style="bold"))

        self._live = Live(console=self._console, get_renderable=running, refresh_per_second=8, transient=True)
        self._live.start()

    def finish(self, step: Step, failed: bool) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._console.print(Text(_line(step, failed), style="red" if failed else ""))


def for_stream(stream: TextIO) -> Reporter:
    return Terminal(Console(file=stream)) if stream.isatty() else PlainLines(stream)


def _line(step: Step, failed: bool) -> str:
    return f"{'✗' if failed else '✓'} {step.name:<12} {step.text or '-'}  {step.seconds:.1f} s"


_SILENT = Silent()
_reporter: ContextVar[Reporter] = ContextVar("reporter", default=_SILENT)


@contextmanager
def reporting_to(reporter: Reporter | None = None) -> Iterator[None]:
    """Shows the steps taken inside on `reporter` (standard output when none is given)."""
    token = _reporter.set(reporter or for_stream(sys.stdout))
    try:
        yield
    finally:
        _reporter.reset(token)


@contextmanager
def step(name: str) -> Iterator[Step]:
    """A step of the running job; it is marked as failed when the block raises."""
    reporter, current = _reporter.get(), Step(name)
    reporter.show(current)
    failed = True
    try:
        yield current
        failed = False
    finally:
        reporter.finish(current, failed)
