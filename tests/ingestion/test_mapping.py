"""Mapping files: what is wrong is said with its place; what is hostile is not run."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from foundation.settings import BUILT_IN_MAPPINGS
from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.expressions import ExpressionError, parse
from orchestration.ingestion.mapping import load_mapping

if TYPE_CHECKING:
    from tests.ingestion.homes import Home

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "sources"
GOOD = """
source: crm
time_zone: UTC
files:
  orders:
    pattern: orders.csv
    entities:
      - entity: orders
        columns: {order_id: id, customer_id: c, ordered_at: at, gross_amount: amount}
"""


@pytest.mark.parametrize(
    "path", sorted([*BUILT_IN_MAPPINGS.glob("*.yml"), *EXAMPLES.glob("*.yml")]), ids=lambda p: p.stem
)
def test_every_mapping_that_comes_with_the_project_is_valid(path: Path) -> None:
    assert load_mapping(path).source == path.stem


@pytest.mark.parametrize(
    "hostile",
    [
        "(select 1)",
        "id in (select 1)",
        "exists(select 1)",
        "getenv('HOME')",
        "read_text('/etc/passwd')",
        "(from read_csv('/etc/passwd'))",
        "id; drop table mapped",
        "id from mapped",
        "1) as x, (2",
        "row_number() over ()",
        "sum(id)",
        "now()",
        "current_date",
        "random()",
        "nextval('s')",
        "query('select 1')",
        "current_setting('home_directory')",
        "*",
        "columns('.*')",
        "unnest([1, 2])",
        "list_transform([1], x -> x)",
        "getvariable('x')",
        "repeat('x', 1000000000)",
        "cast(id as struct(a int))",
        "attach 'x.db'",
        "copy mapped to 'x.csv'",
        "set threads = 1",
        "$1",
        "",
    ],
)
def test_an_expression_is_one_scalar_of_known_functions(hostile: str) -> None:
    with pytest.raises(ExpressionError):
        parse(hostile)


def test_a_cast_that_fails_gives_null_and_columns_keep_their_names() -> None:
    expression = parse("""coalesce("a.b c"::int, strptime(x.y, '%Y'), 'it''s')""")
    assert {str(reference) for reference in expression.references} == {"a.b c", "x.y"}
    assert (
        expression.render(lambda reference: f"n_{reference}", "UTC")
        == """(COALESCE(TRY_CAST("n_a.b c" AS INT), TRY_STRPTIME("n_x.y", '%Y'), 'it''s'))"""
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("entity: orders", "entity: order", "did you mean 'orders'"),
        ("gross_amount: amount", "gross_amount: amount, chanel: x", "did you mean 'channel'"),
        (", gross_amount: amount", "", "orders needs gross_amount"),
        ("gross_amount: amount", "gross_amount: getenv('HOME')", "columns.gross_amount.value: "),
        ("time_zone: UTC", "time_zone: Mars/Olympus", "no IANA time zone"),
        ("pattern: orders.csv", "pattern: orders.csv\n    encoding: utf-9", "there is no encoding 'utf-9'"),
        ("pattern: orders.csv", "patern: orders.csv", "files.orders.patern"),
        ("source: crm", "source: other", "call it 'crm'"),
        ("source: crm", "source: crm\nsource: crm", "stands twice"),
        ("source: crm", "source: crm\nextends: siebel", "no built-in mapping 'siebel'"),
        ("order_id: id", "order_id: {value: id, constant: x}", "either `value`"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "crm.yml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(MappingError) as reported:
        load_mapping(path)
    assert str(path) in str(reported.value)
    assert said in str(reported.value)


def test_the_version_is_that_of_the_meaning(tmp_path: Path) -> None:
    path = tmp_path / "crm.yml"
    versions = []
    for text in (GOOD, "# a comment\n" + GOOD, GOOD.replace("c,", "buyer,")):
        path.write_text(text)
        versions.append(load_mapping(path).version)
    assert versions[0] == versions[1] != versions[2]


def test_words_stay_words(tmp_path: Path) -> None:
    """YAML would read Yes as a boolean and 007 as a number."""
    path = tmp_path / "crm.yml"
    path.write_text(GOOD.replace("order_id: id", "order_id: id, status: {value: s, map: {Yes: placed, 007: shipped}}"))
    (feed,) = load_mapping(path).files["orders"].entities
    assert feed.columns["status"].map == {"Yes": "placed", "007": "shipped"}


def test_a_built_in_mapping_names_what_it_does_not_take() -> None:
    """With `*` among them the export of another version of the system would be no files, no rows and no error."""
    for path in BUILT_IN_MAPPINGS.glob("*.yml"):
        mapping = load_mapping(path)
        assert not [one for one in mapping.ignore if fnmatch("hs_tickets.csv", one) or fnmatch("Export 2026.csv", one)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hs_tickets.csv", "hubspot/2026-01-05/hs_tickets.csv: no pattern of the mapping fits it"),
        ("team_data.csv", "hubspot/2026-01-05: all files of the delivery are among those that the mapping ignores"),
    ],
)
def test_a_delivery_of_which_nothing_is_taken_is_an_error(home: Home, name: str, said: str) -> None:
    home.put(name, "Ticket ID\n1\n", source="hubspot")
    report = home.ingest()
    assert not report.ok
    assert [refusal.message for refusal in report.refusals if said in refusal.message]
