"""Why a customer is who it is, without a value of anybody: columns, records and decisions."""

from __future__ import annotations

from collections.abc import Iterator

from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.identity.decisions import TABLE, decisions
from orchestration.identity.likely import built

_COLUMN = {"tax_id": "customers.tax_id", "email": "customers.email", "phone": "customers.phone", "override": TABLE}
_LINKS = """
    select keys.customer_id, keys.key_type, others.customer_id as other
    from work.intermediate.int_customer__identity_keys as keys
    inner join work.intermediate.int_customer__identity_keys as others
        on keys.key_hash = others.key_hash and keys.customer_id < others.customer_id
    inner join work.intermediate.int_core__persons as persons on keys.customer_id = persons.customer_id
    where keys.is_used and others.is_used and persons.identity_id = ?
    order by all
"""
_UNUSED = """
    select customer_id, key_type, customers_with_key, is_destroyed
    from work.intermediate.int_customer__identity_keys
    inner join work.intermediate.int_core__persons using (customer_id)
    where not is_used and identity_id = ?
    order by all
"""


def explain(settings: Settings, customer_id: str) -> Iterator[str]:
    """The records of the customer's person, each link that joined them by its rule and column, what joined nobody, and
    the decisions by hand. Raises CommandFailedError where the last build knows no such customer."""
    with built(settings) as con:
        persons = "work.intermediate.int_core__persons"
        found = con.execute(f"select identity_id from {persons} where customer_id = ?", [customer_id]).fetchone()
        if found is None:
            raise CommandFailedError(f"{customer_id}: the last build knows no such customer; its key is source:id")
        person = found[0]
        of_person = f"select customer_id from {persons} where identity_id = ? order by 1"
        records = [row[0] for row in con.execute(of_person, [person]).fetchall()]
        links = con.execute(_LINKS, [person]).fetchall()
        unused = con.execute(_UNUSED, [person]).fetchall()
    yield f"{customer_id} is the person {person}: {len(records)} record{'s' if len(records) != 1 else ''}"
    yield from (f"  record {record}" for record in records)
    for one, kind, other in links:
        how = "joined by decision in" if kind == "override" else "the same value, as exact keys are compared, in"
        yield f"  {one} and {other}: {how} {_COLUMN[kind]}"
    for record, kind, count, is_destroyed in unused:
        why = "a spreadsheet destroyed the number" if is_destroyed else f"{count} records have it, a placeholder"
        yield f"  {record}: {_COLUMN[kind]} joins nobody, for {why}"
    for row in decisions(settings):
        if {row["customer_id"], row["with_customer_id"]} & {*records, customer_id}:
            other = f" {row['with_customer_id']}" if row["with_customer_id"] else ""
            yield f"  decided: {row['action']} {row['customer_id']}{other} ({row['reason'] or 'no reason given'})"
