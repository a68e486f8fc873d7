"""A proposal as the YAML that a person edits: every guess with its evidence beside it, the questions at the end."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestration.onboarding.design import unused
from orchestration.onboarding.numerals import style_keys
from orchestration.onboarding.proposal import File, Proposal, ProposedFeed, ProposedLine, Spread
from orchestration.onboarding.terminal import cells, counted

_PLAIN = re.compile(r"[A-Za-z0-9_\u3400-\u9fff./%*][\w\u3400-\u9fff./%*()=<>|+ -]*")
_MEANT = re.compile(r"[:#] |: ?$| #|^[-?] |^[%*]|\s$")  # what YAML would read as its own
_WIDE = 88  # characters of a form beyond which it stands in several lines
_AT = 60  # where comments begin at most
_WIDTH = 112


def text(proposal: Proposal, about: str) -> str:
    """The whole file."""
    lines = [*_comment(about), f"source: {proposal.source}"]
    if proposal.extends:
        lines += _aligned([(f"extends: {proposal.extends[0]}", proposal.extends[1])])
    lines += _aligned([(f"time_zone: {proposal.zone}", proposal.zone_evidence)])
    kept = [file for file in proposal.files if not file.left]
    left = [file for file in proposal.files if file.left] if kept or proposal.extends else []
    if left:
        lines.append("ignore:")
        lines += _aligned([(f"  - {scalar(one)}", str(file.left)) for file in left for one in patterns(file, proposal)])
    if not proposal.extends:
        lines.append("files:")
        for file in kept or proposal.files:
            lines += ["", *_file(file, proposal)]
    if proposal.questions:
        lines += ["", "# Questions, for what the files do not tell:"]
        for number, question in enumerate(proposal.questions, 1):
            lines += _comment(f"{number}. {question}", "   ")
    return "\n".join(lines) + "\n"


def patterns(file: File, proposal: Proposal) -> list[str]:
    """Globs for the names of a file: numbers and dates stand for any, if no other file is meant too."""
    others = [one.path.name for other in proposal.files if other is not file for one in other.table.written]
    found = []
    for written in file.table.written:
        name = written.path.name.removesuffix(".gz")
        stem, dot, suffix = name.rpartition(".")
        loose = re.sub(r"[-_ (]*\d[\d\-_. ()]*$", "*", stem) if dot else name
        loose = re.sub(r"\d{4}[-_]?\d\d[-_]?\d\d|\d{6,}", "*", loose)
        loose = loose if loose.endswith("*") or not dot else f"{loose}*"
        glob = f"{loose}{dot}{suffix}"
        unlike = re.compile("".join(".*" if c == "*" else re.escape(c) for c in glob))
        found.append(name if loose.strip("*") == "" or any(unlike.fullmatch(one) for one in others) else glob)
    return list(dict.fromkeys(found))


def _file(file: File, proposal: Proposal) -> Iterator[str]:
    table = file.table
    names = ", ".join(one.path.name for one in table.written)
    reported = [f"{names}: {counted(table.rows, 'row')}, {counted(len(table.columns), 'column')}"]
    reported += [f"{table.broken:,} lines cannot be read"] if table.broken else []
    reported += [f"{table.repeated:,} rows repeat another"] if table.repeated else []
    keys = [column.name for column in table.columns if column.is_unique and column.name.strip()]
    reported += [f"each once: {', '.join(keys[:4])}"] if keys else []
    steady = [column.name for column in table.columns if column.is_constant]
    reported += [f"always the same: {', '.join(steady[:8])}"] if steady else []
    yield f"  {scalar(file.name)}:"
    yield from _comment("; ".join(reported), indent="    ")
    found = patterns(file, proposal)
    head = [(f"    pattern: {flow(found if len(found) > 1 else found[0])}", "")]
    written = table.written[0]
    head += [(f"    {key}: {flow(value)}", written.evidence[key]) for key, value in written.keys.items()]
    if table.number_style:
        stated_by = "; ".join(
            f"{column.name}: {column.number.evidence}"
            for column in table.columns
            if column.number and column.number.evidence
        )
        head.append((f"    number: {flow(style_keys(table.number_style))}", stated_by))
    if table.markers:
        rows = ", ".join(f"{text!r} in {n:,}" for text, n in table.markers.items())
        head.append((f"    null_values: {flow(sorted(table.markers))}", f"texts that mean nothing: {rows} fields"))
    yield from _aligned(head)
    if file.joins:
        yield "    joins:"
        yield from _aligned([(f"      {alias}: {flow(join)}", why) for alias, (join, why) in file.joins.items()])
    if file.left:
        yield from _comment(f"gives nothing yet: {file.left}; add `entities:`", indent="    ")
    if file.feeds:
        yield "    entities:"
    anchors: set[str] = set()
    for feed in file.feeds:
        yield from _feed(feed, anchors)
    rest = list(unused(file))
    if rest:
        yield from _comment(f"not used: {'; '.join(rest)}", "  ", "    ")


def _feed(feed: ProposedFeed, anchors: set[str]) -> Iterator[str]:
    yield from _aligned([(f"      - entity: {feed.entity}", feed.evidence)])
    for key, value in feed.options.items():
        if not isinstance(value, Spread):
            yield f"        {key}: {flow(value)}"
        elif value.anchor in anchors:
            yield f"        {key}: *{value.anchor}"
        else:
            anchors.add(value.anchor)
            yield from _spread(key, value)
    yield "        columns:"
    yield from _aligned([pair for one in feed.lines for pair in _line(one)])


def _line(one: ProposedLine) -> Iterator[tuple[str, str]]:
    lead = f"{'':10}{'# ' if one.is_off else ''}"
    short = f"{one.column}: {flow(one.form)}"
    if isinstance(one.form, Mapping) and len(short) > _WIDE and not one.is_off:
        yield f"{lead}{one.column}:", one.evidence
        for key, value in one.form.items():
            if isinstance(value, Mapping) and len(flow(value)) > _WIDE:
                yield f"{lead}  {key}:", ""
                yield from ((f"{lead}    {scalar(old)}: {scalar(new)}", "") for old, new in value.items())
            else:
                yield f"{lead}  {key}: {flow(value)}", ""
    else:
        yield lead + short, one.evidence


def _spread(key: str, value: Spread) -> Iterator[str]:
    yield f"        {key}: &{value.anchor}"
    if value.columns is not None:
        yield from _aligned([(f"          columns: {flow(value.columns)}", value.evidence)])
    if value.items:
        yield "          items:"
        yield from _aligned(
            [(f"            {scalar(name)}: {flow(facts)}", reported) for name, facts, reported in value.items]
        )


def flow(value: Any) -> str:
    """A value in one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key, True)}: {_inner(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_inner(one) for one in value) + "]"
    return scalar(str(value))


def _inner(value: Any) -> str:
    return (
        scalar(str(value), True) if isinstance(value, str) or not isinstance(value, Mapping | Sequence) else flow(value)
    )


def scalar(value: Any, within: bool = False) -> str:
    """A text as YAML reads it back; `within` brackets, where commas and brackets mean something too."""
    plain = str(value)
    is_plain = _PLAIN.fullmatch(plain) and not _MEANT.search(plain)
    if is_plain and not (within and re.search(r"[,\[\]{}]", plain)):
        return plain
    if "'" in plain and '"' not in plain and "\\" not in plain and plain.isprintable():
        return f'"{plain}"'
    if not plain.isprintable():
        return json.dumps(plain, ensure_ascii=False)
    return "'" + plain.replace("'", "''") + "'"


def _aligned(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Lines with their comments, which begin in one column where they can."""
    at = max((cells(line) for line, reported in pairs if reported and cells(line) <= _AT), default=0)
    return [
        f"{line}{' ' * max(at - cells(line), 0)}  # {_one_line(reported)}" if reported else line
        for line, reported in pairs
    ]


def _one_line(reported: str) -> str:
    return re.sub(r"\s+", " ", reported)


def _comment(reported: str, more: str = "", indent: str = "") -> list[str]:
    return textwrap.wrap(
        _one_line(reported), _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# {more}",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
