"""What databases and APIs give alike: rows, each with its place in the order of change where there is one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from orchestration.pulling.errors import PullError
from orchestration.pulling.state import Place

Row = dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """Rows as they came."""

    rows: Sequence[Row]
    values: Sequence[Any] = ()  # of the cursor, one for each row
    place: Place | None = None  # where the system itself says that the next request goes on


@dataclass(frozen=True)
class Reading:
    """What is read of one object."""

    batches: Iterator[Batch]
    whole: bool  # all that there is: what it lacks is gone
    steps: bool = False  # in the order of change: what was read need not be read again
    is_sorted: bool = False  # by the source's own idea of order
    lag: int = 0


def _text(value: Any) -> str:
    """What JSON has no word for, without loss."""
    match value:
        case Decimal():
            return format(value, "f")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return format(Decimal(value // timedelta(microseconds=1)) / 10**6, "f")  # seconds
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case _:
            return str(value)


def line(row: Row) -> bytes:
    """A row as a line of JSON."""
    try:
        return orjson.dumps(row, default=_text)
    except TypeError:  # numbers beyond 64 bits, half characters
        return json.dumps(row, default=_text).encode("ascii")


def digest(written: bytes) -> str:
    return hashlib.sha256(written).hexdigest()[:32]


def before(value: Any, lag: int) -> Any:
    """The value that much earlier."""
    if not lag:
        return value
    if isinstance(value, datetime):
        return value - timedelta(seconds=lag)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value - lag
    raise PullError("`lag` is of a cursor with a time of day, or a number; leave it out")
