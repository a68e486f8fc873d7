"""What the ledger tells: deliveries, claims, holds and its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from foundation.errors import CommandFailedError

State = Literal["claimed", "sent", "failed", "unknown"]
Happening = Literal["claimed", "sent", "failed", "unknown", "released", "confirmed", "held", "hold released"]
OUTBOX = "outbox"  # how a mail went that only became a file


@dataclass(frozen=True, order=True)
class DeliveryKey:
    """What is delivered at most once."""

    report: str
    period: str  # 2026-10, or 2026-10-31
    scope: str  # its folder: company, store=demo_S07
    revision: int
    recipient: str  # the id in the recipients file
    language: str

    def __str__(self) -> str:
        return (
            f"{self.recipient} ({self.report} {self.period}, {self.scope}, revision {self.revision}, {self.language})"
        )


@dataclass(frozen=True)
class DeliveryRecord:
    """How it stands with one key."""

    key: DeliveryKey
    state: State
    may_send: bool
    via: str
    content_sha256: str
    attempts: int
    changed_at: datetime
    reason: str

    @property
    def needs_a_person(self) -> bool:
        """Whether nobody knows if it arrived, or it did not and is not tried again by itself."""
        return self.state in ("claimed", "unknown") or (self.state == "failed" and not self.may_send)


@dataclass(frozen=True)
class Claim:
    """The right to send one mail once."""

    key: DeliveryKey
    claim_id: str


@dataclass(frozen=True)
class Hold:
    """A report that is held back, or was until a person released it."""

    report: str
    period: str
    asked: str  # the check that found the reasons
    reasons: tuple[str, ...]
    released: tuple[str, ...]
    changed_at: datetime
    released_by: str | None
    release_reason: str | None

    @property
    def open(self) -> tuple[str, ...]:
        """Reasons that nobody has let pass."""
        return tuple(reason for reason in self.reasons if reason not in self.released)


@dataclass(frozen=True)
class Entry:
    """One line of the history, which only grows."""

    at: datetime
    happening: Happening
    report: str
    period: str
    recipient: str | None
    by: str | None
    reason: str


class LedgerError(CommandFailedError):
    """The ledger cannot do what is asked of it; says what to do."""
