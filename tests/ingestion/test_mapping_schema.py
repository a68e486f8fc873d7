"""The JSON Schema of mapping files knows what the model knows; what is wrong is told with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from foundation.settings import BUILT_IN_MAPPINGS
from orchestration.cli import cli
from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.mapping import load_mapping
from orchestration.ingestion.mapping_schema import SCHEMA, mapping_schema, schema_text

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "sources"
GOOD = """\
source: crm
time_zone: UTC
files:
  orders:
    pattern: orders.csv
    skip_lines: 1
    joins:
      buyer: {file: orders, on: {c: id}}
    entities:
      - entity: orders
        one_per: [order_id]
        columns:
          order_id: id
          customer_id: {value: c}
          ordered_at: {value: at, format: "%Y"}
          gross_amount: amount
          status: {value: s, map: {a: placed}}
"""


class _Editor(yaml.SafeLoader):
    """YAML 1.2, as editors read it: `on` is no boolean."""


_Editor.yaml_implicit_resolvers = {
    letter: [
        (tag, regex) for tag, regex in some if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
    ]
    for letter, some in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Editor.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def complaints(text: str) -> list[Any]:
    document = yaml.load(text, _Editor)  # noqa: S506 - a safe loader
    return list(jsonschema.Draft202012Validator(mapping_schema()).iter_errors(document))


def test_the_file_is_that_of_today_s_model() -> None:
    """After an intended change: make docs."""
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "docs/mapping.schema.json is out of date: run make docs"
    assert CliRunner().invoke(cli, ["source", "schema"]).output == schema_text()


@pytest.mark.parametrize(
    "path", sorted([*BUILT_IN_MAPPINGS.glob("*.yml"), *EXAMPLES.glob("*.yml")]), ids=lambda path: path.stem
)
def test_an_editor_takes_every_mapping_that_comes_with_the_project(path: Path) -> None:
    assert complaints(path.read_text(encoding="utf-8")) == []


MISTAKES = [
    # what is replaced, by what, the line it is then on, what is said, and whether an editor sees it
    ("time_zone: UTC", "time_zone: Mars/Olympus", 2, "no IANA time zone; write one such as Asia/Shanghai", False),
    ("time_zone: UTC\n", "", 1, "time_zone: is missing; add it", True),
    ("pattern: orders", "patern: orders", 5, "there is no such key; did you mean 'pattern'?", True),
    ("skip_lines: 1", "skip_lines: many", 6, "valid integer", True),
    ("skip_lines: 1", "skip_lines: -1", 6, "greater than or equal to 0", True),
    ("file: orders", "file: order", 8, "there is no file 'order'; did you mean 'orders'?", False),
    ("entity: orders", "entity: order", 10, "did you mean 'orders'", True),
    ("one_per: [order_id]", "one_per: [id]", 11, "orders has no column 'id'", False),
    ("one_per: [order_id]", "order_by: [order_id]", 10, "`order_by` says which row is taken", False),
    ("order_id: id", "order_no: id", 13, "orders has no column 'order_no'; did you mean 'order_id'?", True),
    ("value: c}", "value: getenv('c')}", 14, "uses getenv(), which mappings may not call", False),
    ("value: c}", "value: c, constant: d}", 14, "give either `value` (an expression) or `constant`", False),
    ('format: "%Y"', "fromat: x", 15, "did you mean 'format'?", True),
    ("map: {a: placed}", "map: {a: {b: c}}", 17, "must be a valid string", True),
    ("map: {a: placed}", "else: placed", 17, "`else` needs a `map`", False),
    ("map: {a: placed}", "map: {file: no.csv}", 17, "there is no file 'no.csv' beside the mapping", False),
    ("source: crm", "source: other", 1, "call it 'crm' as the file is called", False),
    ("source: crm", "source: crm\nextends: siebel", 2, "no built-in mapping 'siebel'", True),
    ("source: crm", "source: crm\nsource: crm", 2, "stands twice", False),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "said", "is_seen"), MISTAKES)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str, is_seen: bool
) -> None:
    path = tmp_path / "crm.yml"
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    path.write_text(text)
    with pytest.raises(MappingError) as reported:
        load_mapping(path)
    assert said in str(reported.value)
    lines = [re.search(r"line (\d+)", one) for one in str(reported.value).splitlines() if said in one or "line" in one]
    assert str(line) in {found[1] for found in lines if found}
    if is_seen:
        assert complaints(text)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "crm.yml"
    path.write_text(GOOD.replace("order_id: id", "order_id: getenv('x')").replace("skip_lines: 1", "skip_lines: x"))
    with pytest.raises(MappingError) as reported:
        load_mapping(path)
    assert [one.split(":")[0].rsplit(", ")[-1] for one in str(reported.value).splitlines()] == ["line 6", "line 13"]
