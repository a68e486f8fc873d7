"""The documentation speaks of what there is: links lead to files, commands and make targets exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from foundation.settings import REPOSITORY
from orchestration.cli import cli

PAGES = [
    *(REPOSITORY / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY", "CODE_OF_CONDUCT")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
_FENCED = re.compile(r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_COMMAND = re.compile(r"^ *(?:\.venv/bin/)?kefu (?P<words>.+)$", re.MULTILINE)
_MAKE = re.compile(r"^ *make (?P<words>[^#`\n]+)", re.MULTILINE)
_SHELL = {"sh", "bash", ""}  # a block that names no language may hold commands too


def _prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def _shell(page: Path) -> Iterator[str]:
    """What a page tells to type: its blocks of shell, and its inline code, a line each."""
    text = page.read_text(encoding="utf-8")
    yield from (found["text"] for found in _FENCED.finditer(text) if found["language"] in _SHELL)
    yield from re.findall(r"`([^`\n]+)`", _prose(page))


def _wrong(words: list[str]) -> str | None:
    """What is wrong with the words after `kefu`: a command or an option that there is not."""
    command: click.Command = cli
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.commands.get(words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
    if isinstance(command, click.Group) and not command.invoke_without_command and "--version" not in words:
        return "names a group and none of its commands"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    own = words[: words.index("--")] if "--" in words else words  # what follows is of another command
    unknown = [word for word in own if word.startswith("--") and word.split("=")[0] not in known]
    return f"no option {unknown[0]}" if unknown else None


def _words(line: str) -> list[str]:
    """The words of a command line, without its comment and the brackets of what may be left out."""
    return re.sub(r"[\[\]]", " ", line.split("#")[0].split("   ")[0]).split()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_relative_links_lead_to_files(page: Path) -> None:
    targets = [found["target"].split("#")[0] for found in _LINK.finditer(_prose(page))]
    relative = [target for target in targets if target and not re.match(r"[a-z]+:", target)]
    assert [target for target in relative if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_quoted_commands_exist(page: Path) -> None:
    lines = [found["words"] for text in _shell(page) for found in _COMMAND.finditer(text)]
    assert {line: wrong for line in lines if (wrong := _wrong(_words(line)))} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_quoted_make_targets_exist(page: Path) -> None:
    there = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    quoted = {
        word
        for text in _shell(page)
        for found in _MAKE.finditer(text)
        for word in found["words"].split()
        if "=" not in word and not word.startswith("-")
    }
    assert quoted - there == set()


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("nightly --date 2026-10-31", None),
        ("report --month YYYY-MM [--send or --dry-run]", None),
        ("report verify 2026-10", None),
        ("delivery [--month M]     what was sent", None),
        ("nightly --day 2026-10-31", "no option --day"),
        ("report show 2026-10", "no command show"),
        ("metric", "names a group and none of its commands"),
        ("night", "no command night"),
    ],
)
def test_a_wrong_command_is_seen(line: str, wrong: str | None) -> None:
    assert _wrong(_words(line)) == wrong
