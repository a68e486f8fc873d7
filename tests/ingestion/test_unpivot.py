"""Wide columns to rows: `unpivot`, with what is known of each column at hand."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.settings import Settings
from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.mapping import load_mapping
from tests.ingestion.test_headers import table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingestion.homes import Home

SURVEY = """
source: crm
time_zone: UTC
files:
  answers:
    pattern: "answers*"
    filter: id <> 'test'
    null_values: ["-100"]
    entities:
      - entity: surveys
        columns: {survey_id: id, instrument: {constant: csat}, sent_at: sent}
      - entity: survey_answers
        unpivot: &questions {columns: "q*"}
        when: item.value is not null
        columns: {survey_id: id, item_id: item.name, side: {constant: score}, score: item.value}
      - entity: survey_items
        unpivot: *questions
        one_per: [item_id]
        columns: {instrument: {constant: csat}, item_id: item.name, attribute: item.label}
"""


def text_of(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def scores(questions: int, rows: int) -> list[list[str]]:
    dice = random.Random(questions)  # noqa: S311 - no secret
    heads = ["id", *(f"q{n}" for n in range(questions)), "sent"]
    return [
        heads,
        *([str(row), *(str(dice.randint(1, 7)) for _ in range(questions)), "2026-01-02"] for row in range(rows)),
    ]


def test_each_question_is_an_answer_and_an_item(home: Home) -> None:
    home.mapping(SURVEY)
    home.put("answers.csv", "id,q1,sent,Q2,other\n1,5,2026-01-02,,x\ntest,5,2026-01-02,1,x\n2,-100,2026-01-02,3,x\n")
    report = home.ingest()
    assert report.ok, report.refusals
    (entry,) = report.files
    assert (entry.read, entry.accepted, entry.filtered, entry.unknown_columns) == (3, 2, 1, ("other",))
    assert home.ask("select survey_id, item_id, score::int from raw.survey_answers order by all") == [
        ("crm:1", "q1", 5),
        ("crm:2", "Q2", 3),
    ]
    assert home.ask("select item_id, attribute from raw.survey_items order by all") == [("Q2", "Q2"), ("q1", "q1")]


ITEMS = 'column,id,dimension\nq1,speed,service\n"q2, really?",price,value\n'


@pytest.mark.parametrize("is_beside", [False, True])
@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_what_is_known_of_the_columns_stands_in_a_table(home: Home, kind: str, is_beside: bool) -> None:
    inline = '{q1: {id: speed, dimension: service}, "q2, really?": {id: price, dimension: value}}'
    home.mapping(
        SURVEY.replace('{columns: "q*"}', f"{{items: {'items.csv' if is_beside else inline}}}")
        .replace("item_id: item.name", "item_id: item.id")
        .replace("attribute: item.label", "dimension: item.dimension")
    )
    (home.settings.sources / "items.csv").write_text(ITEMS)
    rows = [["id", "q2, really?", "q1", "sent"], ["1", "4", "5", "2026-01-02"]]
    if kind == "jsonl":
        home.put("answers.jsonl", json.dumps(dict(zip(*rows, strict=True))) + "\n")
    else:
        home.put(f"answers.{kind}", table(rows, is_workbook=kind == "xlsx"))
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask("select item_id, score::int from raw.survey_answers order by all") == [("price", 4), ("speed", 5)]
    assert home.ask("select item_id, dimension from raw.survey_items order by all") == [
        ("price", "value"),
        ("speed", "service"),
    ]


def test_the_words_of_the_header_are_at_hand(home: Home) -> None:
    home.mapping(SURVEY.replace('pattern: "answers*"', 'pattern: "answers*"\n    header_rows: 2'))
    home.put(
        "answers.csv",
        text_of([["id", "q1", "q2", "sent"], ["Id", "How fast?", "", "Sent"], ["1", "4", "5", "2026-01-02"]]),
    )
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask("select item_id, attribute from raw.survey_items order by all") == [
        ("q1", "How fast?"),
        ("q2", None),
    ]


def test_months_become_rows(home: Home) -> None:
    """A year's sheet: a column for each month, the rows numbered by it."""
    home.mapping("""
source: crm
time_zone: UTC
files:
  budget:
    pattern: "budget*"
    entities:
      - entity: orders
        unpivot: {columns: "month_*"}
        when: item.value <> '0'
        columns:
          order_id: shop || '-' || item.name
          customer_id: shop
          ordered_at: make_date(year::int, replace(item.name, 'month_', '')::int, 1)
          gross_amount: item.value::decimal(18,2) * 1000
""")
    home.put("budget.csv", "year,shop,month_01,month_02,month_12\n2026,a,1.5,0,2\n2025,b,,3,0\n")
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask("select order_id, ordered_at::date::varchar, gross_amount::int from raw.orders order by all") == [
        ("crm:a-month_01", "2026-01-01", 1500),
        ("crm:a-month_12", "2026-12-01", 2000),
        ("crm:b-month_02", "2025-02-01", 3000),
    ]


@pytest.mark.parametrize(
    ("unpivot", "said"),
    [
        ('{columns: "x*"}', "has no column 'x*', which `unpivot` names"),
        ("{items: {q1: {id: a}, q3: {id: b}}}", "has no column 'q3', which `unpivot` names"),
        (
            '{columns: "q*", items: {q1: {id: a}}}',
            "has 'q2', which `unpivot.columns` takes and `unpivot.items` does not",
        ),
    ],
)
def test_a_column_that_came_or_went_is_never_loaded_silently(home: Home, unpivot: str, said: str) -> None:
    home.mapping(SURVEY.replace('{columns: "q*"}', unpivot))
    home.put("answers.csv", "id,q1,q2,sent\n1,5,3,2026-01-02\n")
    assert said in home.ingest().refusals[0].message


@pytest.mark.parametrize(
    ("unpivot", "beside", "said"),
    [
        ("{}", "", "name the columns in `columns` or `items`"),
        ("{items: other.csv}", "", "there is no file 'other.csv' beside the mapping"),
        ("{items: ../items.csv}", "a,b\nq1,x\n", "there is no file '../items.csv' beside the mapping"),
        ("{items: items.csv}", "a,b\nq1,x\nq1,y\n", "'q1' stands twice in the first column"),
        ("{items: items.csv}", "a,b\nq1\n", "row 2 has 1 fields"),
        ("{items: items.csv}", "a,b\n", "holds no row below its header"),
    ],
)
def test_a_table_beside_the_mapping_is_checked(tmp_path: Path, unpivot: str, beside: str, said: str) -> None:
    (tmp_path / "items.csv").write_text(beside)
    path = tmp_path / "crm.yml"
    path.write_text(SURVEY.replace('{columns: "q*"}', unpivot))
    with pytest.raises(MappingError, match=said.replace("*", r"\*")):
        load_mapping(path)


def test_the_table_beside_it_is_part_of_the_mapping(tmp_path: Path) -> None:
    path = tmp_path / "crm.yml"
    path.write_text(SURVEY.replace('{columns: "q*"}', "{items: items.csv}"))
    versions = []
    for text in ("a,b\nq1,x\n", "a,b\nq1,y\n"):
        (tmp_path / "items.csv").write_text(text)
        versions.append(load_mapping(path).version)
    assert versions[0] != versions[1]


@pytest.mark.slow
def test_240_columns_load_in_little_memory(home: Home) -> None:
    """1.2 million answers, with 256 MB for DuckDB."""
    home.settings = Settings.model_validate(
        {"home": home.settings.home, "engine": {"memory_limit": "256MB", "threads": 2}}
    )
    home.mapping(SURVEY)
    rows = scores(240, 500)
    home.put("answers.csv", text_of(rows))
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask("select count(*), sum(score)::int from raw.survey_answers") == [
        (240 * 500, sum(int(cell) for row in rows[1:] for cell in row[1:-1]))
    ]
    assert home.ask("select count(*) from raw.survey_items") == [(240,)]


CELLS = st.lists(
    st.tuples(
        st.sampled_from(["test", "a", "b"]),
        st.lists(st.sampled_from(["", "1", "7", "-100", "many", "1.5"]), min_size=3, max_size=3),
        st.sampled_from(["2026-01-02", "soon"]),
    ),
    min_size=1,
    max_size=10,
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CELLS)
def test_every_row_and_every_cell_is_accounted_for(home: Home, made: list[tuple[str, list[str], str]]) -> None:
    """Held against a count in Python of what each row must come to."""
    home.settings = home.settings.model_copy(
        update={"ingestion": home.settings.ingestion.model_copy(update={"bad_rows_allowed": 100})}
    )
    home.mapping(SURVEY)
    rows = [[identity, *cells, sent] for identity, cells, sent in [*made, ("good", ["1", "", "2"], "2026-01-02")]]
    home.put("answers.csv", text_of([["id", "q0", "q1", "q2", "sent"], *rows]))
    (entry,) = home.ingest().files
    seen: set[tuple[str, ...]] = set()
    counts = {"filtered": 0, "duplicate": 0, "quarantined": 0, "accepted": 0}
    answers = []
    for identity, *cells, sent in rows:
        row = (identity, *cells, sent)
        bad = "many" in cells or sent == "soon"
        outcome = (
            "filtered" if identity == "test" else "quarantined" if bad else "duplicate" if row in seen else "accepted"
        )
        counts[outcome] += 1
        seen.add(row)
        if outcome == "accepted":
            answers += [(f"crm:{identity}", f"q{n}", cell) for n, cell in enumerate(cells) if cell not in ("", "-100")]
    assert {name: getattr(entry, name) for name in counts} == counts
    assert entry.read == len(rows) == sum(counts.values())
    assert home.ask("select survey_id, item_id, score::double from raw.survey_answers order by all") == sorted(
        (survey, item, float(score)) for survey, item, score in answers
    )
