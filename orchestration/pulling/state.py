"""How far the pulls of a source are: one file, replaced in one step after what it speaks of has landed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from foundation.settings import Settings
from orchestration.pulling.errors import PullError

_KINDS: dict[str, Any] = {
    "int": int,
    "float": float,
    "str": str,
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


class Place(BaseModel):
    """A place in a sequence: a value of a cursor column, of a field, or a word of the system's own."""

    model_config = ConfigDict(frozen=True)

    kind: str
    text: str

    @classmethod
    def of(cls, value: Any) -> Place:
        kind = type(value).__name__
        if kind not in _KINDS:
            raise PullError(f"a cursor of the kind {kind} has no order to follow; take a time or a number")
        return cls(kind=kind, text=value.isoformat() if isinstance(value, date) else str(value))

    @property
    def value(self) -> Any:
        return _KINDS[self.kind](self.text)


class Progress(BaseModel):
    """How far one object is."""

    place: Place | None = None  # from where the next pull goes on
    seen: tuple[str, ...] = ()  # digests of the rows at that place and within the lag, which come again
    rows: int = 0  # of the last snapshot


class State(BaseModel):
    """How far a source is."""

    day: date | None = None  # the last for which it was pulled
    done: date | None = None  # the last for which all of it was
    objects: dict[str, Progress] = Field(default_factory=dict)


def _path(settings: Settings, source: str) -> Path:
    return settings.pulls / f"{source}.json"


def read(settings: Settings, source: str) -> State:
    path = _path(settings, source)
    try:
        return State.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return State()
    except ValidationError:
        raise PullError(
            f"{path} is not what a pull has written; put back a copy, or take it away to pull everything again"
        ) from None


def write(settings: Settings, source: str, state: State) -> None:
    path = _path(settings, source)
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w", encoding="utf-8") as file:
        file.write(state.model_dump_json(indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone(settings: Settings, source: str) -> Iterator[None]:
    """One pull of a source at a time; the kernel ends it with the process."""
    settings.pulls.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.pulls / f".{source}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PullError("another pull of it runs; wait until that is done") from None
        yield
