"""`kefu identity`: a list that its owner alone can read, merges explained without a value, decisions in the override file."""  # noqa: E501

from __future__ import annotations

import csv
import stat
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from orchestration import reference
from orchestration.cli import cli
from tests.identity.planted import planted

KEYS = [
    ("a:1", "email", "h1", 2, False, True),
    ("b:1", "email", "h1", 2, False, True),
    ("b:1", "phone", "h2", 2, False, True),
    ("c:1", "phone", "h2", 2, False, True),
    ("c:1", "tax_id", "h3", 40, False, False),
]
PERSONS = {"a:1": "a:1", "b:1": "a:1", "c:1": "a:1", "d:1": "d:1", "e:1": "e:1"}
SECRET = ("Quentin", "Elm Street", "quentin@")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose last build knows a chain of three records, two that are likely one, and strangers."""
    (tmp_path / "build").mkdir()
    same = {"name": "Quentin Lee", "address": "12 Elm Street", "city": "Bath", "email": None, "phone": None}
    records = [{"customer_id": key, **same} if key in ("d:1", "e:1") else {"customer_id": key} for key in PERSONS]
    names = (
        "customer_id",
        "type",
        "name",
        "tax_id",
        "email",
        "phone",
        "address",
        "city",
        "postal_code",
        "birth_date",
        "gender",
    )
    rows = [[row.get(name) for name in names] for row in [*records, *planted(500, share=0)[0]]]
    with duckdb.connect(str(tmp_path / "build" / "work.duckdb")) as con:
        con.execute("create schema intermediate")
        types = ", ".join(f"{name} {'date' if name == 'birth_date' else 'varchar'}" for name in names)
        con.execute(f"create table intermediate.int_core__customers_ever ({types})")
        con.executemany(f"insert into intermediate.int_core__customers_ever values (?{', ?' * (len(names) - 1)})", rows)
        con.execute("create table intermediate.int_core__persons (customer_id varchar, identity_id varchar)")
        people = [[row[0], PERSONS.get(str(row[0]), row[0])] for row in rows]
        con.executemany("insert into intermediate.int_core__persons values (?, ?)", people)
        con.execute(
            "create table intermediate.int_customer__identity_keys (customer_id varchar, key_type varchar, "
            "key_hash varchar, customers_with_key bigint, is_destroyed boolean, is_used boolean)"
        )
        con.executemany("insert into intermediate.int_customer__identity_keys values (?, ?, ?, ?, ?, ?)", KEYS)
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    return tmp_path


def kefu(*words: str) -> Result:
    return CliRunner().invoke(cli, ["identity", *words])


def overrides(home: Path) -> list[list[str]]:
    path = home / "reference" / "identity_overrides.csv"
    assert reference.faults(path) == []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("given", [False, True])
def test_the_review_is_for_its_owner_alone(home: Path, given: bool) -> None:
    path = home / "elsewhere" / "it's.csv" if given else home / "identity" / "review.csv"
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o644)
    result = kefu("review", *(["--out", str(path)] if given else []))
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    with path.open(encoding="utf-8", newline="") as file:
        (pair,) = csv.DictReader(file)
    assert (pair["customer_id"], pair["with_customer_id"], pair["in_common"]) == (
        "d:1",
        "e:1",
        "same name, same address",
    )
    assert (pair["name"], pair["with_address"]) == ("Quentin Lee", "12 Elm Street")
    assert "1 likely pairs" in result.output
    assert not any(value in result.output for value in SECRET)


def test_every_merge_is_explained_by_rule_and_column(home: Path) -> None:
    kefu("split", "c:1", "--reason", "two people in one office")
    result = kefu("explain", "b:1")
    assert result.output.splitlines() == [
        "b:1 is the person a:1: 3 records",
        "  record a:1",
        "  record b:1",
        "  record c:1",
        "  a:1 and b:1: the same value, as exact keys are compared, in customers.email",
        "  b:1 and c:1: the same value, as exact keys are compared, in customers.phone",
        "  c:1: customers.tax_id joins nobody, for 40 records have it, a placeholder",
        "  decided: split c:1 (two people in one office)",
    ]


def test_a_decision_is_a_line_and_takes_the_earlier_one_back(home: Path) -> None:
    path = home / "reference" / "identity_overrides.csv"
    path.parent.mkdir()
    head = ["# ours", "customer_id,action,with_customer_id,reason", 'x:1,join,x:2,"said, by phone"']
    path.write_text("\n".join(head), encoding="utf-8-sig")
    rows = [["# ours"], head[1].split(","), ["x:1", "join", "x:2", "said, by phone"]]
    assert kefu("confirm", "e:1", "d:1", "--reason", "met them").exit_code == 0
    assert overrides(home) == [*rows, ["e:1", "join", "d:1", "met them"]]
    assert "0 likely pairs" in kefu("review").output
    assert kefu("apart", "d:1", "e:1", "--reason", "brothers").exit_code == 0
    assert overrides(home) == [*rows, ["d:1", "apart", "e:1", "brothers"]]
    assert "0 likely pairs" in kefu("review").output
    kefu("confirm", "d:1", "e:1", "--reason", "one after all")
    assert kefu("split", "d:1", "--reason", "no").exit_code == 0
    assert overrides(home) == [*rows, ["d:1", "split", "", "no"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("confirm", "d:1", "nobody:1"), "nobody:1: the last build knows no such customer"),
        (("confirm", "d:1", "d:1"), "name two different customers"),
        (("split", "nobody:1"), "knows no such customer"),
        (("explain", "nobody:1"), "knows no such customer"),
    ],
)
def test_what_cannot_be_decided_is_said(home: Path, words: tuple[str, ...], said: str) -> None:
    result = kefu(*words, *(() if words[0] == "explain" else ("--reason", "x")))
    assert result.exit_code != 0
    assert said in str(result.exception)
    assert not (home / "reference" / "identity_overrides.csv").exists()


def test_a_faulty_file_is_told_and_left_as_it_is(home: Path) -> None:
    path = home / "reference" / "identity_overrides.csv"
    path.parent.mkdir()
    path.write_text("customer_id,action,with_customer_id,reason\na:1,melt,,x\n")
    result = kefu("split", "d:1", "--reason", "x")
    assert "line 2, action: 'melt' is not known; write one of join, split, apart" in str(result.exception)
    assert "melt" in path.read_text()


def test_nothing_built_yet_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    assert "nothing is built yet; run `kefu nightly" in str(kefu("review").exception)
