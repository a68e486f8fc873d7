"""What was delivered to whom: SQLite by default, PostgreSQL by URL. Deciding what to send is sending.py's part.

A row is claimed and committed before a mail is handed to a server, so that whoever dies meanwhile leaves a trace, and
nobody gets a mail twice. Addresses are kept as hashes. Times are UTC, as ISO 8601 text.
"""

from __future__ import annotations

import fcntl
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reports.delivery.ledger_tables import KEY as _KEY
from reports.delivery.ledger_tables import delivery as _delivery
from reports.delivery.ledger_tables import history as _history
from reports.delivery.ledger_tables import hold as _hold
from reports.delivery.ledger_tables import opened
from reports.delivery.records import (
    OUTBOX,
    Claim,
    DeliveryKey,
    DeliveryRecord,
    Entry,
    Happening,
    Hold,
    LedgerError,
    State,
)

_ADVISORY_LOCK = 0x6B656675  # one number for all senders of a PostgreSQL ledger


class Ledger:
    """The table of deliveries of one home, or of several that share a PostgreSQL."""

    def __init__(self, url: str | Path) -> None:
        self._file = url if isinstance(url, Path) else None
        self._engine = opened(url)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def sole_sender(self) -> Iterator[None]:
        """Nobody else sends meanwhile; freed by the system on death. Raises LedgerError when another process does."""
        busy = LedgerError("another process is sending; wait until it is done and run again")
        if self._file is not None:
            with self._file.with_name(f"{self._file.name}.lock").open("a") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise busy from None
                yield
            return
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_ADVISORY_LOCK))):
                raise busy
            try:
                yield
            finally:
                connection.scalar(sa.select(sa.func.pg_advisory_unlock(_ADVISORY_LOCK)))

    def claim(
        self, key: DeliveryKey, *, address_hash: str, content_sha256: str, via: str, now: datetime
    ) -> Claim | DeliveryRecord:
        """The right to send, committed; or how it stands with the mail where that right is not given.

        It is given once, and again after a refusal for the time being, after a release by hand, and to send what only
        became a file in the outbox.
        """
        claim = Claim(key, uuid.uuid4().hex)
        values = {
            "state": "claimed",
            "may_send": False,
            "via": via,
            "address_hash": address_hash,
            "content_sha256": content_sha256,
            "claim_id": claim.claim_id,
            "changed_at": _text(now),
            "reason": "",
        }
        only_a_file = sa.and_(_delivery.c.state == "sent", _delivery.c.via == OUTBOX, sa.literal(via) != OUTBOX)
        free = sa.and_(_is(key), sa.or_(_delivery.c.may_send, only_a_file))
        try:
            with self._engine.begin() as connection:
                again = sa.update(_delivery).where(free).values(**values, attempts=_delivery.c.attempts + 1)
                if not connection.execute(again).rowcount:
                    connection.execute(sa.insert(_delivery).values(**asdict(key), **values, attempts=1))
                _note(connection, now, "claimed", key, reason=via)
        except sa.exc.IntegrityError:
            return self._standing(key, address_hash)
        return claim

    def finish(
        self,
        claim: Claim,
        state: State,
        *,
        now: datetime,
        reason: str = "",
        may_send: bool = False,
        content_sha256: str | None = None,
    ) -> None:
        """What came of a claim. Raises LedgerError where the claim is no longer this sender's."""
        values = {"state": state, "may_send": may_send, "reason": reason, "changed_at": _text(now)}
        if content_sha256:
            values["content_sha256"] = content_sha256
        mine = sa.and_(
            _is(claim.key),
            _delivery.c.claim_id == claim.claim_id,
            _delivery.c.state.in_(("claimed", "unknown")),
            sa.not_(_delivery.c.may_send),
        )
        with self._engine.begin() as connection:
            if not connection.execute(sa.update(_delivery).where(mine).values(**values)).rowcount:
                raise LedgerError(f"{claim.key}: its claim was taken back while it was sent; see kefu delivery")
            _note(connection, now, state, claim.key, reason=reason)

    def abandon(self, now: datetime) -> tuple[DeliveryKey, ...]:
        """Claims that a dead process left become unknown; only within sole_sender, where no claim is a living one's."""
        with self._engine.begin() as connection:
            left = connection.execute(sa.select(_delivery).where(_delivery.c.state == "claimed")).mappings().all()
            keys = tuple(sorted(_key(row) for row in left))
            reason = "whoever sent it died before the answer was written down"
            values = {"state": "unknown", "reason": reason, "changed_at": _text(now)}
            connection.execute(sa.update(_delivery).where(_delivery.c.state == "claimed").values(**values))
            for key in keys:
                _note(connection, now, "unknown", key, reason=reason)
        return keys

    def deliveries(self, *, report: str | None = None, period: str | None = None) -> tuple[DeliveryRecord, ...]:
        """All rows, or those of a report and period; in the order of their keys."""
        given = {"report": report, "period": period}
        wanted = [_delivery.c[name] == value for name, value in given.items() if value is not None]
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_delivery).where(*wanted)).mappings().all()
        return tuple(sorted((_row(row) for row in rows), key=lambda one: one.key))

    def release(
        self, report: str, period: str, recipient: str, *, by: str, reason: str, now: datetime
    ) -> tuple[DeliveryKey, ...]:
        """Lets the failed and unknown mails of a recipient go again. Raises LedgerError where there is none."""
        return self._by_hand("released", {"may_send": True}, (report, period, recipient), by, reason, now)

    def confirm(
        self, report: str, period: str, recipient: str, *, by: str, reason: str, now: datetime
    ) -> tuple[DeliveryKey, ...]:
        """A person knows that it arrived: sent. Raises LedgerError where nothing is in doubt."""
        values = {"state": "sent", "may_send": False}
        return self._by_hand("confirmed", values, (report, period, recipient), by, reason, now)

    def _by_hand(
        self,
        happening: Happening,
        values: dict[str, Any],
        named: tuple[str, str, str],
        by: str,
        reason: str,
        now: datetime,
    ) -> tuple[DeliveryKey, ...]:
        by, reason = _signed(by, reason)
        wanted = sa.and_(
            *(_delivery.c[name] == value for name, value in zip(("report", "period", "recipient"), named, strict=True)),
            _delivery.c.state.in_(("failed", "unknown")),
        )
        with self._engine.begin() as connection:
            keys = tuple(sorted(_key(row) for row in connection.execute(sa.select(_delivery).where(wanted)).mappings()))
            if not keys:
                raise LedgerError(
                    f"{' '.join(named)}: nothing of it is failed or unknown; kefu delivery shows what there is"
                )
            reported = {**values, "reason": f"{happening} by {by}: {reason}", "changed_at": _text(now)}
            connection.execute(sa.update(_delivery).where(wanted).values(**reported))
            for key in keys:
                _note(connection, now, happening, key, by=by, reason=reason)
        return keys

    def hold(self, report: str, period: str, asked: str, reasons: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Records why a check holds a report back and gives the reasons that nobody has let pass; without any it may
        go."""
        where = sa.and_(_hold.c.report == report, _hold.c.period == period, _hold.c.asked == asked)
        with self._engine.begin() as connection:
            row = connection.execute(sa.select(_hold).where(where)).mappings().one_or_none()
            released = json.loads(row["released"]) if row else []
            still = tuple(reason for reason in reasons if reason not in released)
            if row is None and not reasons:
                return ()
            if row is None or json.loads(row["reasons"]) != list(reasons):
                # what was mended and breaks again is a new doubt
                kept = _json([reason for reason in released if reason in reasons])
                values = {"reasons": _json(reasons), "released": kept, "changed_at": _text(now)}
                if row:
                    connection.execute(sa.update(_hold).where(where).values(**values))
                else:
                    key = {"report": report, "period": period, "asked": asked}
                    connection.execute(sa.insert(_hold).values(**key, **values))
                if still:
                    _note_of_report(connection, now, "held", report, period, reason="; ".join(still))
        return still

    def release_hold(self, report: str, period: str, *, by: str, reason: str, now: datetime) -> tuple[str, ...]:
        """Lets the reasons pass that were found last, and gives them. A reason found later holds the report again.

        Raises LedgerError where nothing is held.
        """
        by, reason = _signed(by, reason)
        held = [one for one in self.holds() if (one.report, one.period) == (report, period) and one.open]
        passed = tuple(reason for one in held for reason in one.open)
        if not held:
            raise LedgerError(f"{report} {period} is not held back; kefu delivery shows what is")
        with self._engine.begin() as connection:
            for one in held:
                as_shown = sa.and_(
                    *(_hold.c[name] == getattr(one, name) for name in ("report", "period", "asked")),
                    _hold.c.reasons == _json(one.reasons),
                )
                values = {"released": _json((*one.released, *one.open)), "changed_at": _text(now)}
                signed = {"released_by": by, "release_reason": reason}
                if not connection.execute(sa.update(_hold).where(as_shown).values(**values, **signed)).rowcount:
                    raise LedgerError(f"{report} {period}: the reasons have just changed; look at kefu delivery again")
            reported = f"{reason} (let pass: {'; '.join(passed)})"
            _note_of_report(connection, now, "hold released", report, period, by=by, reason=reported)
        return passed

    def holds(self) -> tuple[Hold, ...]:
        with self._engine.connect() as connection:
            rows = (
                connection.execute(sa.select(_hold).order_by(_hold.c.report, _hold.c.period, _hold.c.asked))
                .mappings()
                .all()
            )
        return tuple(
            Hold(
                row["report"],
                row["period"],
                row["asked"],
                tuple(json.loads(row["reasons"])),
                tuple(json.loads(row["released"])),
                datetime.fromisoformat(row["changed_at"]),
                row["released_by"],
                row["release_reason"],
            )
            for row in rows
        )

    def history(self) -> tuple[Entry, ...]:
        """All that happened, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_history).order_by(_history.c.number)).mappings().all()
        return tuple(
            Entry(
                datetime.fromisoformat(row["at"]),
                row["happening"],
                row["report"],
                row["period"],
                row["recipient"],
                row["by_name"],
                row["reason"],
            )
            for row in rows
        )

    def _standing(self, key: DeliveryKey, address_hash: str) -> DeliveryRecord:
        same_mailbox = sa.and_(
            *(_delivery.c[name] == getattr(key, name) for name in _KEY if name != "recipient"),
            _delivery.c.address_hash == address_hash,
        )
        with self._engine.connect() as connection:
            for where in (_is(key), same_mailbox):
                row = connection.execute(sa.select(_delivery).where(where)).mappings().one_or_none()
                if row and not (row["recipient"] == key.recipient and row["may_send"]):
                    return _row(row)
        raise LedgerError(f"{key}: the ledger changed meanwhile; run again")


def _signed(by: str, reason: str) -> tuple[str, str]:
    if not by.strip() or not reason.strip():
        raise LedgerError("a release needs the name of who decides and the reason: --by NAME --reason TEXT")
    return by.strip(), reason.strip()


def _is(key: DeliveryKey) -> sa.ColumnElement[bool]:
    return sa.and_(*(_delivery.c[name] == value for name, value in asdict(key).items()))


def _key(row: sa.RowMapping) -> DeliveryKey:
    return DeliveryKey(**{name: row[name] for name in _KEY})


def _row(row: sa.RowMapping) -> DeliveryRecord:
    return DeliveryRecord(
        _key(row),
        row["state"],
        row["may_send"],
        row["via"],
        row["content_sha256"],
        row["attempts"],
        datetime.fromisoformat(row["changed_at"]),
        row["reason"],
    )


def _note(
    connection: sa.Connection, now: datetime, happening: str, key: DeliveryKey, *, reason: str, by: str | None = None
) -> None:
    values = {"at": _text(now), "happening": happening, "reason": reason, "by_name": by}
    connection.execute(sa.insert(_history).values(**asdict(key), **values))


def _note_of_report(
    connection: sa.Connection,
    now: datetime,
    happening: str,
    report: str,
    period: str,
    *,
    reason: str,
    by: str | None = None,
) -> None:
    values = {"at": _text(now), "happening": happening, "reason": reason, "by_name": by}
    connection.execute(sa.insert(_history).values(report=report, period=period, **values))


def _json(texts: Sequence[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
