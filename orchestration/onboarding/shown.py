"""What the commands print: short, aligned, and without a value of the data unless it is asked for."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from foundation.contract import contract
from orchestration.onboarding.adding import Added
from orchestration.onboarding.dryrun import DryRun, Sample, SampleCell
from orchestration.onboarding.listing import SourceStatus
from orchestration.onboarding.supply import in_words
from orchestration.onboarding.terminal import table, wrapped

_LONGEST = 40  # characters of a value
_LISTED = 12  # reasons, and things that are missing
_NEWLINE = re.compile(r"\s+")


def check_lines(found: DryRun, *, show_values: bool) -> Iterator[str]:
    """A dry run on the terminal."""
    yield f"{found.source}, files of {found.day}, mapping {found.mapping}"
    yield ""
    yield from table(
        [("file", "read", "in", "filtered", "duplicate", "put aside", "refused")]
        + [
            (f.file, *(f"{n:,}" for n in (f.read, f.accepted, f.filtered, f.duplicate, f.quarantined, f.refused)))
            for f in found.files
        ]
    )
    if found.lookups:
        yield f"for joins alone: {', '.join(found.lookups)}"
    if found.problems:
        yield from _headed("refused", (line for problem in found.problems for line in wrapped(problem)))
    if found.aside:
        yield from _headed("put aside, or loaded without a value", _aside_lines(found, show_values))
    if found.samples:
        yield from _headed(
            "before and after" + ("" if show_values else " (masked; --show-values shows the text)"),
            (line for sample in found.samples for line in _sample_lines(sample, show_values)),
        )
    if found.filled:
        yield from _headed("columns filled", (line for entity in found.filled for line in _filled_lines(entity)))
    yield from _outlook_lines(found)
    yield ""
    if found.is_fine:
        yield "fine: nothing is refused. kefu ingest --date <day> loads it"
    elif found.problems:
        yield f"not yet: {len(found.problems)} refused"
    else:
        yield "not yet: no file fills an entity; add `entities:` to the mapping"


def list_lines(found: Sequence[SourceStatus]) -> Iterator[str]:
    """The sources on the terminal."""
    if not found:
        yield "no source yet; propose a mapping from some files with kefu source add NAME FILE..."
        return
    head = ("source", "mapping", "landed", "last load", "status", "rows", "put aside", "entities")
    rows = [
        (s.name, s.mapping, str(s.landed or "-"), str(s.last_load or "-"), s.status, f"{s.rows:,}", f"{s.put_aside:,}",
         textwrap.shorten(", ".join(s.entities), 50, placeholder=" ..."))
        for s in found
    ]  # fmt: skip
    yield from table([head, *rows], left=(0, 1, 2, 3, 4, 7))
    for source in found:
        if source.problem:
            yield from wrapped(f"{source.name}: {source.problem}")


def add_lines(found: Added) -> Iterator[str]:
    """What was proposed, on the terminal."""
    proposal = found.proposal
    if proposal.extends:
        yield f"these are files of {proposal.extends[0]}: {proposal.extends[1]}"
    rows = [
        (
            ", ".join(one.path.name for one in file.table.written),
            f"{file.table.rows:,}" if file.table.columns else "",
            ", ".join(dict.fromkeys(feed.entity for feed in file.feeds)) if not file.left else f"left out: {file.left}",
        )
        for file in proposal.files
    ]
    if rows:
        yield from table([("file", "rows", "what it is"), *rows], left=(0, 2))
    if proposal.questions:
        yield from _headed(
            "questions",
            (line for n, one in enumerate(proposal.questions, 1) for line in wrapped(f"{n:>4}. {one}", 6)),
        )
    entries = found.tried.files
    yield ""
    yield (
        f"tried on these files: {sum(e.read for e in entries):,} rows read, {sum(e.accepted for e in entries):,} in, "
        f"{sum(e.quarantined + e.refused for e in entries):,} not"
    )
    yield f"written: {found.path}"
    if found.landed:
        yield f"copied to {found.landed}"
    where = "" if found.landed else f", put the files into landing/{proposal.source}/<day>/ (or name them by --sample)"
    yield f"next: answer the questions there{where}, then kefu source check {proposal.source}"


def check_json(found: DryRun, *, show_values: bool) -> dict[str, Any]:
    """The same as the terminal's, for programs; values are masked alike."""
    counts = ("file", "mapping_file", "status", "read", "accepted", "filtered", "duplicate", "quarantined", "refused")
    return {
        "source": found.source,
        "mapping": found.mapping,
        "day": found.day.isoformat(),
        "is_fine": found.is_fine,
        "files": [{name: getattr(entry, name) for name in counts} for entry in found.files],
        "problems": found.problems,
        "put_aside": [{**asdict(one), "value": _value(one.value, show_values)} for one in found.aside],
        "samples": [
            {
                "file": one.file,
                "line": one.line,
                "entity": one.entity,
                "cells": [
                    {
                        "column": cell.column,
                        "made_of": cell.made_of,
                        "before": _before(cell, show_values),
                        "after": _after(one.entity, cell, show_values),
                    }
                    for cell in one.cells
                ],
            }
            for one in found.samples
        ],
        "entities": [asdict(one) for one in found.filled],
        "figures": list(found.outlook.there) if found.outlook else [],
        "figures_lacking": {
            metric: [in_words(need) for need in needs] for metric, needs in found.outlook.lacking.items()
        }
        if found.outlook
        else {},
    }


def masked(text: str) -> str:
    """The shape of a text: each letter an x, each digit a 9."""
    return "".join("9" if c.isdigit() else "x" if c.isalpha() else c for c in text)


# --- parts --------------------------------------------------------------------------------------------------


def _aside_lines(found: DryRun, show_values: bool) -> Iterator[str]:
    for one in found.aside[:_LISTED]:
        kind = "" if one.outcome == "put aside" else f" ({one.outcome})"
        yield from wrapped(f"{one.rows:>7,}  {one.column or 'the row'} {one.reason}{kind}", 9)
        value = f", {_value(one.value, show_values)}" if one.value else ""
        yield f"{'':9}first: {one.file}, line {one.line}{value}"
    if len(found.aside) > _LISTED:
        yield f"{'':9}and {len(found.aside) - _LISTED} reasons more (--json has all)"


def _sample_lines(sample: Sample, show_values: bool) -> Iterator[str]:
    yield f"  {sample.entity}, from {sample.file}, line {sample.line}"
    rows = [
        (
            f"    {cell.column}",
            _short(cell.made_of),
            _before(cell, show_values),
            cell.is_of_element,
            _after(sample.entity, cell, show_values),
        )
        for cell in sample.cells
    ]
    yield from table(
        [
            (name, made_of, before or ("(one of several)" if is_one else "(nothing)"), "-> " + (after or "(nothing)"))
            for name, made_of, before, is_one, after in rows
        ],
        left=(0, 1, 2, 3),
    )


def _filled_lines(one: Any) -> Iterator[str]:
    yield from wrapped(f"  {one.entity} ({one.rows:,} rows): {', '.join(one.columns)}", 4)
    if one.empty:
        yield from wrapped(f"    mapped, but empty in every row: {', '.join(one.empty)}", 6)


def _outlook_lines(found: DryRun) -> Iterator[str]:
    if found.outlook is None:
        return
    there, lacking = found.outlook.there, found.outlook.lacking
    lines = list(wrapped(f"  {', '.join(there)}", 2)) if there else []
    yield from _headed(f"figures: {len(there)} of {len(there) + len(lacking)} will be there", lines)
    near = found.outlook.one_step_away()
    if near:
        rows = [
            (f"  {in_words(need)}", str(len(metrics)), textwrap.shorten(", ".join(metrics), 60, placeholder=" ..."))
            for need, metrics in list(near.items())[:_LISTED]
        ]
        more = len(near) - _LISTED
        yield from _headed("one thing more gives", table(rows, left=(0, 2)))
        if more > 0:
            yield f"  and {more} things more that give {sum(len(m) for m in list(near.values())[_LISTED:])}"
    further = sum(1 for needs in lacking.values() if len(needs) > 1)
    if further:
        yield f"{further} figures lack more than one thing (--json says what each lacks)"


def _value(text: str | None, show: bool) -> str | None:
    if text is None:
        return None
    whole = _NEWLINE.sub(" ", text if show else masked(text)).strip()
    return whole if len(whole) <= _LONGEST else whole[: _LONGEST - 3] + "..."


def _before(cell: SampleCell, show: bool) -> str | None:
    return _value(cell.before, show or cell.made_of == "constant")


def _after(entity: str, cell: SampleCell, show: bool) -> str | None:
    """What the contract accepts, and what the mapping says itself, is no secret; a key keeps its source."""
    column = contract()[entity].by_name[cell.column]
    if cell.after is None:
        return None
    if show or column.accepted_values or cell.made_of == "constant" or column.data_type == "boolean":
        return _value(cell.after, True)
    prefix, colon, rest = cell.after.partition(":") if contract()[entity].is_prefixed(column) else ("", "", cell.after)
    return f"{prefix}{colon}{_value(rest, False)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _headed(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title[0].upper() + title[1:]
    yield from lines
