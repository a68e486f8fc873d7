"""The decisions a person can take: two records are one person, are two, or one is a person of its own again."""

from __future__ import annotations

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.identity.decisions import Row, decide, path_of
from orchestration.identity.likely import built


def confirm(settings: Settings, customer: str, other: str, reason: str) -> str:
    """Joins two; a split of either stays, for it speaks of keys."""
    _known(settings, customer, other)
    decide(settings, _row("join", customer, other, reason), lambda row: _is_of(row, customer, other))
    return f"{customer} and {other} are one person from the next build on: {path_of(settings)}"


def apart(settings: Settings, customer: str, other: str, reason: str) -> str:
    """Keeps two off the review, and takes back that they were joined by hand."""
    _known(settings, customer, other)
    decide(settings, _row("apart", customer, other, reason), lambda row: _is_of(row, customer, other))
    return f"{customer} and {other} are two persons, and not asked about again: {path_of(settings)}"


def split(settings: Settings, customer: str, reason: str) -> str:
    """Takes back every join by hand of a customer, and keeps its keys from joining it."""
    _known(settings, customer)

    def forget(row: Row) -> bool:
        is_split = row["action"] == "split" and row["customer_id"] == customer
        return is_split or (row["action"] == "join" and customer in (row["customer_id"], row["with_customer_id"]))

    decide(settings, _row("split", customer, "", reason), forget)
    return f"{customer} is a person of its own from the next build on: {path_of(settings)}"


def _row(action: str, customer: str, other: str, reason: str) -> Row:
    return {"customer_id": customer, "action": action, "with_customer_id": other, "reason": reason}


def _is_of(row: Row, customer: str, other: str) -> bool:
    return row["action"] != "split" and {row["customer_id"], row["with_customer_id"]} == {customer, other}


def _known(settings: Settings, *customers: str) -> None:
    if len(set(customers)) < len(customers):
        raise CommandFailedError("name two different customers")
    with built(settings) as con:
        for customer in customers:
            asked = "select 1 from work.intermediate.int_core__persons where customer_id = ?"
            if con.execute(asked, [customer]).fetchone() is None:
                raise CommandFailedError(f"{customer}: the last build knows no such customer; its key is source:id")
