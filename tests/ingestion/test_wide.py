"""Files that fill many columns are judged by several statements; what comes out is what one would have given."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from foundation.settings import Settings
from orchestration.ingestion import statement

if TYPE_CHECKING:
    from tests.ingestion.homes import Home


def survey(questions: int) -> str:
    """A mapping of one row per respondent to an answer for each question, as a wide export has it."""
    blocks = "".join(
        f"      - entity: survey_answers\n        when: q{n} is not null\n"
        f"        columns: {{survey_id: id, item_id: {{constant: q{n}}}, side: {{constant: score}}, score: q{n}}}\n"
        for n in range(questions)
    )
    return (
        "source: crm\ntime_zone: UTC\nfiles:\n  wide:\n    pattern: wide.csv\n    filter: id <> 'test'\n    entities:\n"
        "      - entity: surveys\n"
        "        columns: {survey_id: id, instrument: {constant: csat}, sent_at: sent, responded_at: done}\n"
        "      - entity: survey_items\n        one_per: [instrument, item_id]\n        order_by: [attribute]\n"
        "        columns: {instrument: {constant: csat}, item_id: {constant: q0}, attribute: words}\n"
        f"{blocks}"
    )


def answers(questions: int, rows: int) -> tuple[str, list[tuple[int, ...]]]:
    dice = random.Random(questions)  # noqa: S311 - no secret
    lines = [",".join(["id", "sent", "done", "words", *(f"q{n}" for n in range(questions))])]
    given = []
    for row in range(rows):
        scores = [dice.randint(1, 7) for _ in range(questions)]
        lines.append(",".join([str(row), "2026-01-02", "2026-01-03", f"w{row % 3}", *map(str, scores)]))
        given.append(tuple(scores))
    return "\n".join(lines) + "\n", given


@pytest.mark.slow
def test_hundreds_of_columns_load_in_little_memory(home: Home) -> None:
    """240 questions; DuckDB may have 256 MB, of which one statement for them all took more than 4 GB."""
    home.settings = Settings.model_validate(
        {"home": home.settings.home, "engine": {"memory_limit": "256MB", "threads": 2}}
    )
    home.mapping(survey(240))
    text, given = answers(240, 30)
    home.put("wide.csv", text)
    report = home.ingest()
    assert report.ok, report.refusals
    assert home.ask(
        "select survey_id, item_id, score::int from raw.survey_answers order by survey_id, item_id"
    ) == sorted((f"crm:{row}", f"q{n}", score) for row, scores in enumerate(given) for n, score in enumerate(scores))
    assert home.ask("select count(*) from raw.surveys") == [(30,)]


def test_too_little_memory_refuses_the_file_by_name_and_no_other(home: Home) -> None:
    home.settings = Settings.model_validate(
        {"home": home.settings.home, "engine": {"memory_limit": "12MB", "threads": 1}}
    )
    home.mapping(survey(40))
    home.mapping("source: small\nextends: canonical\n", source="small")
    home.put("wide.csv", answers(40, 5)[0])
    home.put("stores.csv", "store_id\n1\n", source="small")
    (refusal,) = home.ingest().refusals
    assert "crm/2026-01-05/wide.csv: needs more memory than engine.memory_limit allows (12MB)" in refusal.message
    assert home.ask("select count(*) from raw.stores") == [(1,)]


def _outcome(home: Home) -> list[Any]:
    (entry,) = home.ingest().files
    tables = [
        home.ask(f"select * exclude (load_date) from raw.{entity} order by all")
        for entity in ("surveys", "survey_items", "survey_answers")
    ]
    counted = entry.model_dump(exclude={"feeds", "inputs"})
    fed = sorted((feed.entity, feed.rows, feed.nulled, feed.event_from, feed.quarantined_keys) for feed in entry.feeds)
    return [counted, fed, *tables, home.put_aside("wide.csv")]


@pytest.mark.parametrize("widest", [1, 12, 30])
def test_several_statements_give_what_one_gives(home: Home, monkeypatch: pytest.MonkeyPatch, widest: int) -> None:
    """Filtered, repeated, unreadable, contradicting rows, and entities of which the first row of each is taken."""
    home.mapping(survey(9))
    lines = answers(9, 40)[0].splitlines()
    lines.insert(3, "test" + ",2026-01-02,2026-01-03,w,1,2,3,4,5,6,7,8,x")
    lines.insert(5, lines[1])
    lines.insert(9, "a,2026-01-02,2026-01-03,w,1,2,3,4,5,6,7,8,many")
    lines.insert(12, "b,soon,2026-01-03,,1,two,3,4,5,6,7,8,9")
    lines.insert(15, "c,2026-01-04,2026-01-03,w0,1,,3,4,5,6,7,8,9")
    lines.insert(18, "d,2026-01-04,2026-01-03,w0,,,,,,,,,")
    lines.insert(21, "d,2026-01-04,2026-01-03,w0,,,,,,,,,")
    lines.insert(24, "e,2026-01-04 UTC,2026-01-05 10:00:00 UTC,a,1,2,3,4,5,6,7,8,9")
    home.put("wide.csv", "\n".join(lines) + "\n")
    monkeypatch.setattr(statement, "_WIDEST", 10_000)
    expected = _outcome(home)
    counted, fed = expected[:2]
    assert (counted["read"], counted["filtered"], counted["duplicate"], counted["quarantined"]) == (48, 1, 2, 2)
    assert [(entity, nulled) for entity, _, nulled, *_ in fed if nulled] == [("surveys", 2)]
    (home.settings.raw / "manifest.json").unlink()
    monkeypatch.setattr(statement, "_WIDEST", widest)
    assert _outcome(home) == expected


def test_a_snapshot_keeps_the_keys_that_could_not_be_read(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "_WIDEST", 1)
    home.mapping("""
source: crm
time_zone: UTC
files:
  both:
    pattern: both.csv
    entities:
      - {entity: stores, columns: {store_id: id, name: name}}
      - {entity: agents, columns: {agent_id: id, hired_at: hired}}
""")
    home.put("both.csv", "id,name,hired\n1,a,2026-01-02\n2,b,soon\n3,c,\n")
    entry = home.file()
    assert {feed.entity: feed.quarantined_keys for feed in entry.feeds} == {"stores": ("crm:2",), "agents": ("crm:2",)}
    assert home.ask("select count(*) from raw.stores") == [(2,)]
