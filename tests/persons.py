"""Who is one person, worked out without the project: records that share an exact key, joined one after the other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pandas as pd

from foundation.contract import contract

MAX_RECORDS = 20  # a key of more is a placeholder


def persons(records: pd.DataFrame) -> dict[str, str]:
    """The person of each record: the smallest customer_id of those it shares a key with, and they with others."""
    holders: dict[str, set[str]] = defaultdict(set)
    for customer, tax_id, email, phone in zip(
        *(records[name] for name in ("customer_id", "tax_id", "email", "phone")), strict=True
    ):
        for key in keys(tax_id, email, phone):
            holders[key].add(customer)
    return united(records.customer_id, (one for one in holders.values() if len(one) <= MAX_RECORDS))


def keys(tax_id: str | None, email: str | None, phone: str | None) -> list[str]:
    """The exact keys of one record."""
    found = []
    if isinstance(tax_id, str) and _is_number(number := tax_id.replace(" ", "").upper()):
        found.append(f"tax {number}")
    if isinstance(email, str) and len(before_and_after := email.strip().lower().split("@", 1)) == 2:
        found += [f"mail {email.strip().lower()}"] if all(before_and_after) else []
    if isinstance(phone, str) and _is_number(phone.replace(" ", "")):
        number = re.sub(r"[-.() ]", "", phone)
        found += [f"phone {number}"] if re.fullmatch(r"\+.{8,15}", number) else []
    return found


def _is_number(text: str) -> bool:
    """Whether a spreadsheet left it as it was, and it is more than noughts and words."""
    in_powers = re.fullmatch(r"[+-]?\d+([.,]\d+)?[Ee]\+\d+", text)
    digits = re.sub(r"[.,]0+$", "", text).lstrip("+-")
    cut_short = digits.isdigit() and len(digits) > 15 and set(digits[15:]) == {"0"}
    return any(digit in text for digit in "123456789") and not in_powers and not cut_short


def united(records: Iterable[str], groups: Iterable[Iterable[str]]) -> dict[str, str]:
    """The smallest record of each connected set, by union and find."""
    above: dict[str, str] = {record: record for record in records}

    def top(record: str) -> str:
        while above[record] != record:
            above[record] = above[above[record]]
            record = above[record]
        return record

    for group in groups:
        first, *others = group
        for other in others:
            one, two = sorted((top(first), top(other)))
            above[two] = one
    return {record: top(record) for record in above}


def naming_customers(entity: str) -> list[str]:
    """The columns of an entity that name a customer."""
    return [column.name for column in contract()[entity].columns if column.references == "customers.customer_id"]


def of_persons(entity: str, rows: pd.DataFrame, person_of: Mapping[str, str]) -> pd.DataFrame:
    """Rows that name persons where they named customer records."""
    for name in naming_customers(entity):
        rows = rows.assign(**{name: rows[name].map(lambda one: person_of.get(one, one), na_action="ignore")})
    return rows


def one_row_a_person(records: pd.DataFrame, person_of: Mapping[str, str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Customers by person: described by an open record before a closed one, then the smallest; known and won since the
    earliest, closed once all are, since the last. What only says how much is known is taken from any record."""
    records = records.astype({"acquisition_cost": float, "credit_limit": float})
    known = records.assign(person=records.customer_id.map(person_of))
    gone = known.closed_at.where(known.closed_at < as_of)
    known = known.assign(gone=gone, open=gone.isna() & ~((known.status == "closed") & known.closed_at.isna()))
    known = known.sort_values(["open", "customer_id"], ascending=[False, True])
    groups = known.groupby("person", sort=False)
    found = groups.head(1).set_index("person")
    reported = ["name", "address", "phone", "bank_account", "growth_plan", "fiscal_year_end", "birth_date", "interests"]
    for column in [*reported, "preferences", "delivery_priority", "industry"]:
        found[column] = groups[column].first()
    for column in ("first_known_at", "acquired_at"):
        found[column] = groups[column].min()
    found["acquisition_cost"] = groups["acquisition_cost"].sum(min_count=1)
    found["credit_limit"] = groups["credit_limit"].max()
    ended = ~groups["open"].any()
    found["status"] = found["status"].where(ended, "active")
    found["closed_at"] = groups["gone"].max().where(ended)
    last = known.sort_values(["gone", "customer_id"], ascending=[False, True], na_position="last").groupby("person")
    found["closure_reason"] = last["closure_reason"].nth(0).set_axis(last["person"].nth(0))
    referrer = found.referred_by.map(lambda one: person_of.get(one, one), na_action="ignore")
    found["referred_by"] = referrer.where(referrer != found.index)
    return found.drop(columns=["customer_id", "gone", "open"]).reset_index(names="customer_id")
