"""Which figures a source's columns are enough for, and what the others lack: the rule of int_core__metric_sources, over
what the ledger and a dry run say. The declarations of the figures are the only list of what they stand on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from foundation.declarations import REFERENCE, declared_metrics, stands_on
from orchestration.ingestion.manifest import LoadEntry

Column = tuple[str, str]  # entity and column, or `reference` and table
Need = tuple[Column, ...]  # one of them will do


@dataclass(frozen=True)
class EntityColumns:
    """What the sources send: by source the entities with rows and the columns that hold a value; tables stated."""

    sent: Mapping[str, Set[str]]
    given: Mapping[str, Set[Column]]
    stated: Set[str] = frozenset()

    @cached_property
    def given_by_anyone(self) -> set[Column]:
        return {column for columns in self.given.values() for column in columns} | {
            (REFERENCE, table) for table in self.stated
        }

    def lacks(self, source: str, needs: Iterable[Need]) -> tuple[Need, ...]:
        """The needs that are not met for a source: what it sends itself must have the column, what it leaves to another
        one, somebody must give. Of alternatives those decide that it sends itself."""
        sent, given = self.sent.get(source, set()), self.given.get(source, set())

        def is_met(need: Need) -> bool:
            own = [column for column in need if column[0] in sent]
            left = [column for column in need if column[0] == REFERENCE or not own]
            return any(one in given for one in own) or any(one in self.given_by_anyone for one in left)

        return tuple(need for need in needs if not is_met(need))


@dataclass(frozen=True)
class Outlook:
    """The figures by id that there will be by a source's own columns, and what each other one lacks."""

    there: tuple[str, ...]
    lacking: Mapping[str, tuple[Need, ...]]

    def one_step_away(self) -> dict[Need, list[str]]:
        """The figures that one thing more would give, by that thing; what gives most stands first."""
        found: dict[Need, list[str]] = {}
        for metric, needs in self.lacking.items():
            if len(needs) == 1:
                found.setdefault(needs[0], []).append(metric)
        return dict(sorted(found.items(), key=lambda one: (-len(one[1]), one[0])))


def of_loads(loads: Iterable[LoadEntry], stated: Set[str]) -> EntityColumns:
    """What the ledger says is supplied, in the way of control.supply."""
    sent: dict[str, set[str]] = {}
    given: dict[str, set[Column]] = {}
    for load in loads:
        if load.status == "loaded" and load.rows_loaded:
            sent.setdefault(load.source, set()).add(load.entity)
            given.setdefault(load.source, set()).update((load.entity, column) for column in load.filled or ())
    return EntityColumns(sent, given, stated)


def outlook(supply: EntityColumns, source: str) -> Outlook:
    """Which of all declared figures a source counts in."""
    lacking = {metric: supply.lacks(source, needs) for metric, needs in all_needs().items()}
    return Outlook(
        tuple(sorted(metric for metric, needs in lacking.items() if not needs)),
        {metric: needs for metric, needs in sorted(lacking.items()) if needs},
    )


def all_needs() -> dict[str, list[Need]]:
    """What every declared figure stands on, by its id; a daily one stands on the same as the monthly one of its id."""
    found: dict[str, list[Need]] = {}
    for _, metric in declared_metrics():
        found.setdefault(metric["id"], [tuple(need) for need in stands_on(metric)])
    return found


def in_words(need: Need) -> str:
    """A need as a person reads it: orders.promised_at or orders.delivered_at, table schedules."""
    return " or ".join(f"table {name}" if entity == REFERENCE else f"{entity}.{name}" for entity, name in need)
