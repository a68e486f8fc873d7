"""`kefu metric sql` and `kefu metric explain`: the statement that makes a figure, for who looks into one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from foundation.declarations import metrics, models
from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.cli import cli
from orchestration.metric_statement import explanation, statement

LINES_MAX = 250
LARGEST = ("complaint_handling", "fct_customer_month", "service_category")  # by lines
AREAS = {model["name"]: path.parent.name for path, model in models() if metrics(model)}


@pytest.mark.slow
@pytest.mark.parametrize("model", ["sla", *LARGEST])
def test_the_printed_statement_makes_the_very_cells_of_the_build(demo_home: Settings, model: str) -> None:
    sql = statement(demo_home, model)
    assert len(sql.splitlines()) <= LINES_MAX
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for attach in sql.splitlines()[:2]:
            connection.execute(attach)
        connection.execute("create table printed as " + sql.split(";\n", 2)[2])
        cells = f"work.intermediate.int_reporting__{AREAS[model]}_cells"
        built = f"select * from {cells} where metric_id in (select metric_id from printed)"
        (missing,) = connection.execute(f"select count(*) from ({built} except all from printed)").fetchone() or (None,)
        (added,) = connection.execute(f"select count(*) from (from printed except all {built})").fetchone() or (None,)
        (rows,) = connection.execute("select count(*) from printed").fetchone() or (0,)
    assert rows > 0
    assert (missing, added) == (0, 0)


@pytest.mark.slow
def test_two_people_may_ask_for_a_statement_at_once(demo_home: Settings) -> None:
    asked = [
        subprocess.Popen(
            [Path(sys.executable).with_name("kefu"), "metric", "sql", model],
            env=os.environ | {"KEFU_HOME": str(demo_home.home)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for model in ("sla", "sla")
    ]
    printed = [process.communicate()[0] for process in asked]
    assert [process.returncode for process in asked] == [0, 0]
    assert printed[0] == printed[1]
    assert not list(demo_home.build.glob("compile-*"))  # whoever ends last has cleared up as well


def test_what_a_metric_counts_is_said_from_its_declaration() -> None:
    reported = CliRunner().invoke(cli, ["metric", "explain", "sla_first_reply"]).output
    assert "One row per ticket, metric and instance" in reported  # what a row of the model is
    assert "share of rows with `not is_breached`" in reported
    assert "sla_policies (" in reported  # of which columns of the exports it is made
    assert "`sla_minutes_late`" not in reported
    assert "`sla_minutes_late`" in CliRunner().invoke(cli, ["metric", "explain", "sla"]).output


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(CommandFailedError, match=r"^no metric and no measured model is called csatt; .* csat, "):
        explanation("csatt")
