"""Rows of a bundle's table by the names of their columns, for sentences that speak of them."""

from __future__ import annotations

from reports.bundle.model import Bundle


def rows_of(bundle: Bundle, table_id: str) -> list[dict[str, str | None]]:
    """The rows that the bundle has of a table, none where it has not got it; what is withheld is none."""
    specs = {spec.title: spec for spec in bundle.spec.tables if spec.id == table_id}
    return [
        {column.name: value for column, value in zip(specs[table.title].columns, row, strict=False)}
        for table in bundle.tables
        if table.id == table_id and table.title in specs
        for row in table.rows
    ]
