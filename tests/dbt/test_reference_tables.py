"""Reference tables that make no sense are refused by name: cuts that do not rise to 1, weights that do not make 100."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import duckdb
import jinja2
import pytest

import demo
from foundation.settings import Settings
from orchestration.reference import project_folder, seed_folder
from tests.dbt.warehouse import Warehouse
from tests.declared_tables import create, declared

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
TABLES = ("grade_cuts", "servqual_weights", "tier_rules")


def problems(edits: str = "") -> list[str]:
    """What the dbt test says of the tables as delivered, after these edits."""
    macros = (DBT_PROJECT / "macros" / "customer_rules.sql").read_text(encoding="utf-8")
    test = (DBT_PROJECT / "tests" / "reference_tables_make_sense.sql").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701 - SQL, not HTML
    with duckdb.connect() as connection:
        for table in TABLES:
            create(connection, table)
            of_demo = Path(demo.__file__).with_name("reference") / f"{table}.csv"  # what ships for it is empty
            path = of_demo if of_demo.exists() else DBT_PROJECT / "seeds" / f"{table}.csv"
            with path.open(encoding="utf-8") as file:
                columns = declared(table)
                rows = [[row[name] or None for name in columns] for row in csv.DictReader(file)]
            connection.executemany(f"insert into {table} values ({', '.join('?' for _ in columns)})", rows)
        connection.execute(edits or "select 1")
        rendered = environment.from_string(macros + test).render(
            ref=lambda name: name, add_days=lambda day, days: f"({day} + {days})"
        )
        return [f"{problem.split(':')[0]} {day}" for problem, day in connection.execute(rendered).fetchall()]


def test_the_tables_as_delivered_make_sense() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("edits", "reported"),
    [
        ("update grade_cuts set up_to_share = 0.9 where grade = 'D'", ["grade_cuts 1900-01-01"]),
        ("update grade_cuts set up_to_share = 0.05 where grade = 'C'", ["grade_cuts 1900-01-01"]),
        ("update grade_cuts set up_to_share = 0 where grade = 'A'", ["grade_cuts 1900-01-01"]),
        (
            "insert into grade_cuts values ('E', 'E', 0.5, date '2026-01-01', null)",
            ["grade_cuts 2026-01-01"],
        ),
        (
            "update servqual_weights set weight = 30 where servqual_dimension = 'empathy'",
            ["servqual_weights 2000-01-01"],
        ),
        (
            "update servqual_weights set weight = case servqual_dimension when 'empathy' then -10 else 27.5 end",
            ["servqual_weights 2000-01-01"],
        ),
        (
            "update servqual_weights set valid_to = date '2025-12-31' where servqual_dimension = 'empathy'",
            ["servqual_weights 2026-01-01"],
        ),
        (
            "update servqual_weights set valid_from = date '2026-01-01' where servqual_dimension = 'empathy'",
            ["servqual_weights 2000-01-01"],
        ),
        ("update tier_rules set min_spend = 20000 where tier = 'silver'", ["tier_rules 2000-01-01"]),
        ("update tier_rules set min_spend = 100 where tier = 'regular'", ["tier_rules 2000-01-01"]),
    ],
)
def test_an_edit_that_makes_no_sense_is_told_by_table_and_day(edits: str, reported: list[str]) -> None:
    assert sorted(problems(edits)) == reported


def test_a_name_of_a_code_that_there_is_not_is_told() -> None:
    """A code mistyped in names.csv would leave its name unprinted without a word. Price is a code of two tables."""
    test = (DBT_PROJECT / "tests" / "names_belong_to_codes.sql").read_text(encoding="utf-8")
    rendered = jinja2.Template(test).render(ref=lambda name: name.rpartition("_")[2])
    with duckdb.connect() as connection:
        connection.execute("create table codes as from (values ('a', 'price'), ('b', 'price')) as t(taxonomy, code)")
        connection.execute(
            "create table names as from (values ('a', 'price', 'zh-CN'), ('a', 'prise', 'zh-CN'), ('c', 'price', 'ko'))"
            " as t(reference_table, code, language)"
        )
        assert sorted(connection.execute(rendered).fetchall()) == [("a", "prise", "zh-CN"), ("c", "price", "ko")]


@pytest.mark.slow
def test_a_company_s_own_table_decides_instead_of_the_built_in_one(tmp_path: Path) -> None:
    """A holiday, and a schedule that is called by a number: dbt must neither read the built-in file nor guess types."""
    settings = Settings(home=tmp_path / "home")
    settings.reference.mkdir(parents=True)
    (settings.reference / "holidays.csv").write_text(
        "name,holiday_date,schedule_id\nFounder's day,2026/10/14,101\n", encoding="utf-8"
    )
    (settings.reference / "schedules.csv").write_text(
        "schedule_id,valid_from,valid_to,time_zone,weekday,opens,closes\n101,,,Asia/Shanghai,3,09:00,17:00\n",
        encoding="utf-8",
    )
    warehouse = Warehouse(tmp_path, tmp_path / "target", project_folder(settings))
    warehouse.load([], as_of=date(2026, 9, 30))
    given = {path.name: path.read_bytes() for path in seed_folder(settings).iterdir()}
    warehouse.dbt("build", "--select", "+int_service__working_days", "--indirect-selection", "cautious")
    assert {path.name: path.read_bytes() for path in seed_folder(settings).iterdir()} == given
    days = warehouse.work_query(
        "select distinct schedule_id, local_date from intermediate.int_service__working_days"
        " where local_date between '2026-10-01' and '2026-10-31' and is_working_day order by all"
    )
    found = [(row.schedule_id, row.local_date.day) for row in days.itertuples()]
    assert found == [("101", 7), ("101", 21), ("101", 28)]
