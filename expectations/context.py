"""What the queries are rendered with: what is supplied (raw), what is personal (marts)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from foundation.contract import Entity, contract

_SUPPLIED = """
    select entity, source_system, arg_max(load_mode, load_date) as load_mode
    from work.control.loads
    where status = 'loaded'
    group by all
    order by all
"""


@dataclass(frozen=True)
class SuppliedEntity:
    """An entity that a source has delivered at least once."""

    entity: Entity
    source_system: str
    load_mode: str

    @property
    def once_per(self) -> list[str]:
        """The columns within which a key must not come twice with different contents."""
        keys = [column.name for column in self.entity.keys]
        versions = [column.name for column in self.entity.columns if column.version]
        return ["source_system", *keys, "load_date", *(versions if self.load_mode == "delta" else [])]

    @property
    def optional(self) -> list[str]:
        """The columns that may be null."""
        return [column.name for column in self.entity.mapped if not (column.key or column.required)]

    @property
    def categories(self) -> list[tuple[str, str]]:
        """Columns whose values the contract lists, with each of them."""
        return [(column.name, value) for column in self.entity.mapped for value in column.accepted_values]


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key whose parent the same source supplies."""

    entity: str
    column: str
    parent: str
    parent_key: str
    source_system: str


def raw_context(connection: sa.Connection) -> dict[str, Any]:
    """The supplied entities and their references. Raises KeyError for an entity that the contract lacks."""
    supplies = [
        SuppliedEntity(contract()[row.entity], row.source_system, row.load_mode)
        for row in connection.exec_driver_sql(_SUPPLIED)
    ]
    supplied = {(supply.entity.name, supply.source_system) for supply in supplies}
    references = [
        ForeignKey(supply.entity.name, column.name, parent, parent_key, supply.source_system)
        for supply in supplies
        for column in supply.entity.columns
        for parent, _, parent_key in [(column.references or "").partition(".")]
        if (parent, supply.source_system) in supplied
    ]
    return {"supplies": supplies, "references": references}


def marts_context() -> dict[str, Any]:
    """The names that personal columns go by."""
    return {"personal": personal_names()}


def personal_names() -> list[str]:
    """Names that only personal columns have: `email`, but `customer_name`, as products have a `name`."""
    columns = [(entity.name, column) for entity in contract().values() for column in entity.columns]
    harmless = {column.name for _, column in columns if not column.pii}
    personal = {
        f"{entity.removesuffix('s')}_{column.name}" if column.name in harmless else column.name
        for entity, column in columns
        if column.pii
    }
    return sorted(personal)
