"""The page on the language of mappings is true: each of its examples gives the rows that it says."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from foundation.contract import quote

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mapping-language.md"
_EXAMPLES = PAGE.read_text(encoding="utf-8").split("\n## By example\n")[1]
SECTIONS = dict(section.split("\n", 1) for section in _EXAMPLES.split("\n### ")[1:])
_FILE = re.compile(
    r"^(?P<what>gives |beside it )?`(?P<name>[^`]+)`\n\n```\w+\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL
)
_MAPPING = re.compile(r"^```yaml\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("title", SECTIONS)
def test_an_example_gives_the_rows_that_it_says(home: Home, title: str) -> None:
    mapping = _MAPPING.search(SECTIONS[title])
    assert mapping
    home.mapping(f"source: crm\ntime_zone: UTC\n{mapping['text']}")
    given = {}
    for found in _FILE.finditer(SECTIONS[title]):
        if found["what"] == "gives ":
            given[found["name"]] = found["text"]
        elif found["what"]:
            (home.settings.sources / found["name"]).write_text(found["text"], encoding="utf-8")
        else:
            home.put(found["name"], found["text"])
    report = home.ingest()
    assert report.ok, report.refusals
    assert given
    for entity, text in given.items():
        header, *rows = csv.reader(io.StringIO(text))
        columns = ", ".join(f"coalesce({quote(name)}::varchar, '')" for name in header)
        assert [list(row) for row in home.ask(f"select {columns} from raw.{entity} order by all")] == rows
