"""What a failed test of the dbt project says: model, rule, how many rows and the hash of a key; never a value."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from orchestration.warehouse import MARTS_FILE, WORK_FILE, Candidate, _fault


@pytest.fixture
def candidate(tmp_path: Path) -> Candidate:
    with duckdb.connect(str(tmp_path / WORK_FILE)):
        pass
    with duckdb.connect(str(tmp_path / MARTS_FILE)) as connection:
        connection.execute("create table broken as select 'ann@example.com' as customer_id, 2 as rate")
    return Candidate(tmp_path, "build", None, None, True, "settings", 1)  # type: ignore[arg-type]


def failed(sql: str, name: str = "row_contract_fct_order_order_id.1a0a69b0e8", **more: Any) -> SimpleNamespace:
    node = SimpleNamespace(
        unique_id=f"test.kefu.{name}",
        name=name,
        resource_type="test",
        compiled_code=sql,
        depends_on=SimpleNamespace(nodes=["model.kefu.fct_order", "macro.kefu.test_row_contract"]),
    )
    return SimpleNamespace(**{"node": node, "status": "fail", "failures": 1, "message": "Got 1 result", **more})


def test_a_broken_row_contract_names_model_rule_rows_and_a_hashed_key(candidate: Candidate) -> None:
    sql = "select 'not rate <= 1' as rule, count(*) as broken_rows, min(md5(customer_id)) as key_hash from kefu.broken"
    reported = _fault(candidate, failed(sql))
    assert reported == f"  fct_order: not rate <= 1: 1 rows, one of key {_hash('ann@example.com')} (md5)"
    assert "ann" not in reported
    assert "1a0a69b0e8" not in reported  # the hash of the test, which says nothing


def test_a_test_of_another_shape_is_named_with_its_model_and_shows_no_row(candidate: Candidate) -> None:
    reported = _fault(candidate, failed("select * from kefu.broken", name="stage_flow_identity", failures=3))
    assert reported == "  stage_flow_identity (fct_order): does not hold for 3 rows"


def test_a_model_that_could_not_be_built_says_why(candidate: Candidate) -> None:
    reported = _fault(candidate, failed("", status="error", message="Parser Error: syntax error"))
    assert reported == "  test.kefu.row_contract_fct_order_order_id.1a0a69b0e8: Parser Error: syntax error"


def _hash(text: str) -> str:
    row = duckdb.sql(f"select md5('{text}')").fetchone()
    assert row is not None
    return str(row[0])[:12]
