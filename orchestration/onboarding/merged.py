"""Cells that are blank because the one above speaks for them: merged cells, and the further rows of one record."""

from __future__ import annotations

from typing import Any

from orchestration.onboarding.profile import FileColumn, FileTable, Profile
from orchestration.onboarding.terminal import counted

_LEAST_BLANK = 0.2  # share of the rows that are blank in a column of merged cells
_GROUPS = 3  # values that a column of merged cells has at least


def fill_down(profile: Profile, table: FileTable) -> tuple[Any, str, str] | None:
    """What `fill_down` of a file must say, what tells it and what to ask; None where nothing is merged."""
    formats = {written.mapping.format_of(written.path.name) for written in table.written}
    if len(table.columns) < 2 or formats & {"json", "jsonl", "fixed_width"}:
        return None
    partial = [c for c in table.columns if 0 < c.filled < c.rows and c.name.strip() and c.name in table.by_name]
    if not partial:
        return None
    return _merged(profile, table, partial) or _continued(profile, table, partial)


def _merged(profile: Profile, table: FileTable, partial: list[FileColumn]) -> tuple[Any, str, str] | None:
    """The first columns of a file are filled in the first row of each group alone."""
    if not any(column.filled == column.rows for column in table.columns):
        return None
    leading: list[FileColumn] = []
    for column in table.columns:
        if (
            column not in partial
            or column.rows - column.filled < _LEAST_BLANK * column.rows
            or column.distinct < _GROUPS
        ):
            break
        if not _begins_groups(profile, table, column, leading[-1:]):
            break
        leading.append(column)
    if not leading:
        return None
    alike = [c for c in partial if c not in leading and c.kind != "decimal" and _alike(profile, table, c, leading[0])]
    columns = [column.name for column in (*leading, *alike)]
    if len(columns) == 1 and any(column.is_unique and column.kind != "decimal" for column in table.columns):
        return None  # rows with a key of their own, of which some lack a value
    blank = leading[0].rows - leading[0].filled
    reported = f"{blank:,} cells of {leading[0].name!r} are blank below one of {leading[0].filled:,} that are not"
    asked = f"{table.name}: does a blank cell of {', '.join(columns)} mean what the cell above says? It is taken so."
    return (columns[0] if len(columns) == 1 else columns), reported, asked


def _continued(profile: Profile, table: FileTable, partial: list[FileColumn]) -> tuple[Any, str, str] | None:
    """A record goes over several rows with its key in each, and the rest in the first of them alone."""
    key = table.columns[0]
    if key.filled < key.rows or key.is_unique or key.distinct < _GROUPS or key.distinct > 0.95 * key.rows:
        return None
    columns = [c.name for c in partial if c.kind in ("text", "time", "truth") and _first_alone(profile, table, c, key)]
    if not columns:
        return None
    more = table.rows - key.distinct
    reported = f"{counted(more, 'row')} go on with the {key.name!r} above and leave these blank"
    asked = (
        f"{table.name}: rows that repeat {key.name!r} leave {', '.join(columns[:8])} blank; is it that of the first?"
    )
    return {"columns": columns, "within": key.name}, reported, asked


def _begins_groups(profile: Profile, table: FileTable, column: FileColumn, outer: list[FileColumn]) -> bool:
    """Whether the first row is filled, no value repeats the one before it, and each outer group begins with one."""
    name = f"c{table.place(column)}"
    before = f"c{table.place(outer[0])}" if outer else name
    (first, repeated, lacking) = profile.row(
        f"""
        with told as (select line, {name} as v, {before} as b from {table.sql}),
        filled as (select v, b, lag(v) over (order by line) as above from told where v is not null)
        select (select v is not null from told order by line limit 1),
            (select count(*) from filled where v = above and b is null),
            (select count(*) from told where b is not null and v is null)
        """
    )
    return bool(first) and not repeated and not lacking


def _alike(profile: Profile, table: FileTable, one: FileColumn, other: FileColumn) -> bool:
    """Whether two columns are blank in the same rows."""
    a, b = f"c{table.place(one)}", f"c{table.place(other)}"
    (differ,) = profile.row(f"select count(*) from {table.sql} where ({a} is null) <> ({b} is null)")
    return not differ


def _first_alone(profile: Profile, table: FileTable, column: FileColumn, key: FileColumn) -> bool:
    """Whether a column is filled in nothing but the first row of each key, and in most of those."""
    v, k = f"c{table.place(column)}", f"c{table.place(key)}"
    later, firsts, filled = profile.row(
        f"""
        with told as (select {v} as v, row_number() over (partition by {k} order by line) as n from {table.sql})
        select count(v) filter (n > 1), count(*) filter (n = 1), count(v) filter (n = 1) from told
        """
    )
    return not later and bool(filled >= 0.8 * firsts)
