"""The floor that a night is measured against: it must do the work it claims, or every ratio is flattery."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from benchmarks import floor
from benchmarks.meter import measured
from demo import generate


def test_the_floor_lands_every_good_row(tmp_path: Path) -> None:
    """All shapes are read; a row that cannot be read is left out, as ingestion leaves it out."""
    facts = generate(tmp_path / "landing", "xs")
    rows = floor.land(tmp_path / "landing" / "demo", tmp_path / "raw")
    stated = sum(file.rows for file in facts.files)
    assert stated - facts.broken <= rows <= stated
    with duckdb.connect() as connection:
        history = tmp_path / "raw" / "2026-09-30-"
        for name in ("customers.csv", "interactions.jsonl", "stock.csv.gz", "points_ledger.tsv", "products.xlsx"):
            (count,) = connection.execute(f"select count(*) from '{history}{name}.parquet'").fetchone() or (0,)
            expected = next(file for file in facts.files if file.path == f"2026-09-30/{name}")
            broken = sum(expected.broken.values())
            assert expected.rows - broken <= count <= expected.rows, name


def test_models_come_after_those_they_stand_on(tmp_path: Path) -> None:
    nodes = {
        "model.kefu.b": {
            "name": "b",
            "depends_on": {"nodes": ["model.kefu.a", "seed.kefu.s"]},
            "materialized": "table",
        },
        "model.kefu.a": {"name": "a", "depends_on": {"nodes": ["source.kefu.raw.x"]}, "materialized": "view"},
        "seed.kefu.s": {"name": "s", "depends_on": {}, "materialized": "seed"},
    }
    manifest = {
        "nodes": {
            name: {
                "name": node["name"],
                "depends_on": node["depends_on"],
                "language": "sql",
                "relation_name": f'"work"."main"."{node["name"]}"',
                "config": {"materialized": node["materialized"]},
            }
            for name, node in nodes.items()
        }
    }
    results = [
        {"unique_id": name, "compiled_code": f"select '{node['name']}' as it", "execution_time": 0.1}
        for name, node in nodes.items()
    ]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "run_results.json").write_text(json.dumps({"results": results}), encoding="utf-8")
    code = floor.compiled(tmp_path)
    assert [model.name for model in code.models] == ["a", "b"]
    assert [model.is_view for model in code.models] == [True, False]
    assert code.seeds == ('"work"."main"."s"',)


def test_a_python_model_is_made_by_its_own_code_as_well() -> None:
    code = """
import pyarrow as pa

class dbtObj:
    def __init__(self, load): self.ref = load
def model(dbt, session):
    return pa.table({"i": [row[0] + 1 for row in dbt.ref("main.s").fetchall()]})
"""
    model = floor.Model("m", "model.kefu.m", "main.m", is_view=False, sql=code, is_python=True, dbt_seconds=0)
    with duckdb.connect() as connection:
        connection.execute("create table s as select 1 as i")
        assert floor.build(connection, model) == 1
        assert connection.execute("from m").fetchall() == [(2,)]


def test_fast_and_wrong_is_no_floor() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table model as select i from range(3) as t (i)")
        floor.build_tuned(connection, "select i from range(3) as t (i) order by i desc")
        floor.compare(connection, "model")
        floor.build_tuned(connection, "select i from range(4) as t (i)")
        with pytest.raises(ValueError, match="differs from model in 1 rows"):
            floor.compare(connection, "model")


def test_every_hand_tuned_model_is_a_mart() -> None:
    marts = {path.stem for path in (Path(floor.__file__).parents[1] / "dbt_project/models/marts").rglob("*.sql")}
    names = {name for name, _ in floor.tuned()}
    assert len(names) == 5
    assert names <= marts


def test_the_peak_of_one_step_is_not_that_of_the_step_before() -> None:
    with measured("large") as large:
        held = bytearray(b"x") * (200 << 20)
    del held
    with measured("small") as small:
        pass
    assert large.peak_mib > small.peak_mib + 150
    assert large.wall_seconds > 0
