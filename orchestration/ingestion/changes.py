"""What changed in a source's files, and the edit of its mapping that would follow it.

A proposal names columns and formats alone, never a value; a person decides.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlglot import exp

from orchestration.ingestion.date_formats import formats_that_read
from orchestration.ingestion.expressions import Expression
from orchestration.ingestion.mapping import ColumnMapping, FileMapping
from orchestration.ingestion.notations import NumberStyle, styles_that_read

_ALIKE = 0.6  # of two names, by difflib's ratio


def new_columns(columns: Iterable[str], before: Iterable[str]) -> list[str]:
    """Columns without a place in the mapping that the last good file did not have."""
    known = {_folded(name) for name in before}
    return [name for name in columns if _folded(name) not in known]


def for_missing(missing: Sequence[str], unused: Sequence[str], before: Sequence[str] | None, file: FileMapping) -> str:
    """The edit for columns that the mapping uses and the file has no more, as far as names and novelty tell; `unused`
    are the file's columns without a place in the mapping, `before` those of the last good file."""
    new = new_columns(unused, before) if before is not None else []
    said = []
    for name in missing:
        alike = difflib.get_close_matches(_folded(name), [_folded(one) for one in unused], n=1, cutoff=_ALIKE)
        found = next((one for one in unused if alike and _folded(one) == alike[0]), None)
        why = "which has a like name"
        if found is None and len(missing) == 1 and len(new) == 1:
            found, why = new[0], "which the last good file did not have"
        if found is not None:
            edits = ", ".join(f"`{edit}`" for edit in _renamed(file, name, found))
            said.append(f"{name!r} may be called {found!r} now, {why}: {edits or 'name it so in the mapping'}")
    return f". Proposed edit: {'; '.join(said)}" if said else ""


def for_unread(kind: str, values: Sequence[str], name: str, how: ColumnMapping) -> str:
    """The edit for a column whose texts cannot be read any more as a time or a number."""
    texts = [value.strip() for value in values if value.strip()]
    if not texts or how.value is None:
        return ""
    value = how.value.tree.sql(dialect="duckdb")
    if kind in ("date", "timestamp"):
        formats = formats_that_read(texts)
        edits = [f"{name}: {{value: {_yaml(value)}, format: {_listed((*how.format, one))}}}" for one in formats[:2]]
        which = " or ".join(f"`{edit}`" for edit in edits)
        doubt = " (the values do not tell day from month; ask)" if len(edits) > 1 else ""
        return f". Proposed edit: {which}{doubt}" if edits else ""
    if kind in ("decimal", "bigint", "double") and how.value.is_text(frozenset()):
        styles = [_number(style) for style in styles_that_read(texts)]
        which = " or ".join(f"`{name}: {{value: {_yaml(value)}, number: {style}}}`" for style in styles)
        doubt = " (the values do not tell thousands from decimals; ask)" if len(styles) > 1 else ""
        return f". Proposed edit: {which}{doubt}" if styles else ""
    return ""


def _number(style: NumberStyle) -> str:
    signs = f", signs: [{', '.join(map(_quoted, style.signs))}]" if style.signs else ""
    group = f", group: {_quoted(style.group)}" if style.group else ""
    return f"{{decimal: {_quoted(style.decimal)}{group}{signs}}}"


def _renamed(file: FileMapping, old: str, new: str) -> Iterator[str]:
    """The lines of the mapping that name a column, with its new name."""
    for feed in file.entities:
        for column, how in feed.columns.items():
            if how.value is not None and _names(how.value, old):
                yield f"{column}: {_yaml(_with(how.value, old, new))}"
        if feed.when is not None and _names(feed.when, old):
            yield f"when: {_yaml(_with(feed.when, old, new))}"
    if file.filter is not None and _names(file.filter, old):
        yield f"filter: {_yaml(_with(file.filter, old, new))}"


def _names(expression: Expression, name: str) -> bool:
    return any(str(reference) == name for reference in expression.references)


def _with(expression: Expression, old: str, new: str) -> str:
    def renamed(node: exp.Expr) -> exp.Expr:
        is_it = isinstance(node, exp.Column) and ".".join(part.name for part in node.parts) == old
        return exp.column(exp.to_identifier(new, quoted=True)) if is_it else node

    change: Callable[[exp.Expr], exp.Expr] = renamed
    return str(expression.tree.copy().transform(change).sql(dialect="duckdb"))


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold() or name


def _yaml(text: str) -> str:
    """A text that YAML reads as it is."""
    return text if re.fullmatch(r"[A-Za-z]\w*", text) else _quoted(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _listed(formats: Sequence[str]) -> str:
    written = [f'"{one}"' for one in formats]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"
