"""The dbt project by its own rules (docs/architecture.md): who reads whom, names, macros. No dbt runs."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.warehouse import code_files

PROJECT = Path(__file__).parents[2] / "dbt_project"
MODELS = PROJECT / "models"
_MACRO = re.compile(r"\{%-? macro (\w+)\(")
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_REFERENCE = re.compile(r"\bref\(\s*['\"](\w+)['\"]\s*\)|\bsource\(\s*['\"](\w+)['\"]")
# by folder below models, how a name begins
PREFIXES = {"staging": ("stg_crm__",), "marts/reporting": ("rpt_", "kpi_")}
LAYERS = ("stg_", "int_", "rpt_", "kpi_")


def _code(path: Path) -> str:
    return _COMMENT.sub("", path.read_text(encoding="utf-8"))


def _sql(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.sql"))


def models(under: str = "") -> list[Path]:
    """The models below a folder, whether in SQL or in Python."""
    return sorted(path for kind in ("sql", "py") for path in (MODELS / under).rglob(f"*.{kind}"))


@cache
def macros() -> dict[str, tuple[Path, str]]:
    """File and text of each macro by its name; the text goes on to the next macro of the file."""
    found = {}
    for path in _sql("macros"):
        parts = _MACRO.split(_code(path))
        found |= {name: (path, text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    return found


def _called(code: str) -> Counter[str]:
    """Which macros a text names as a function or asks of the adapter, and how many times."""
    names = re.findall(r"\b(\w+)\(", code) + re.findall(r"dispatch\('(\w+)'\)", code)
    return Counter(name for name in names if name in macros())


def read_by(path: Path) -> set[str]:
    """Models and sources that a model reads, by itself or through the macros it calls."""
    code, seen = _code(path), set[str]()
    texts = [code]
    while new := set().union(*(_called(text) for text in texts)) - seen:
        seen |= new
        texts = [macros()[name][1] for name in new]
    whole = "\n".join([code, *(macros()[name][1] for name in seen)])
    return {model or source for model, source in _REFERENCE.findall(whole)}


@pytest.mark.parametrize("path", models("marts"), ids=lambda path: path.stem)
def test_a_mart_reads_neither_staging_nor_raw(path: Path) -> None:
    """What a source's rows mean at as_of is said once, in an intermediate model."""
    assert {name for name in read_by(path) if name.startswith("stg_") or name == "raw"} == set()


def test_references_through_macros_are_seen() -> None:
    assert "fct_ticket" in read_by(MODELS / "marts" / "service" / "first_reply.sql")
    assert "raw" in read_by(MODELS / "staging" / "stg_crm__stores.sql")


@pytest.mark.parametrize("path", models(), ids=lambda path: path.stem)
def test_a_name_says_the_layer(path: Path) -> None:
    folder = path.parent.relative_to(MODELS)
    area = folder.name
    if folder.parts[0] == "intermediate":
        assert path.stem.startswith(f"int_{area}__")
    elif prefixes := PREFIXES.get(folder.as_posix()):
        assert path.stem.startswith(prefixes)
    else:
        assert folder.parts[0] == "marts"
        assert not path.stem.startswith(LAYERS)
    assert not re.search(r"\balias\s*=", path.read_text(encoding="utf-8")), "a table is called as its model is"


@cache
def _yml(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


def _declared(path: Path) -> dict[str, Any]:
    (model,) = _yml(path.with_suffix(".yml"))["models"]
    return dict(model)


@pytest.mark.parametrize("path", [*(MODELS / "marts").rglob("dim_*.sql")], ids=lambda path: path.stem)
def test_a_dimension_has_a_row_per_thing_that_it_names(path: Path) -> None:
    (rules,) = [test["row_contract"]["arguments"] for test in _declared(path)["data_tests"] if "row_contract" in test]
    assert rules["key"] == [f"{path.stem.removeprefix('dim_')}_id"]


@pytest.mark.parametrize("path", models(), ids=lambda path: path.stem)
def test_a_model_says_beside_it_what_a_row_is(path: Path) -> None:
    declared = _declared(path)
    assert declared["name"] == path.stem
    assert re.match(r"(One row|The rows|Rows)\b", declared["description"].strip()), "say first what a row is"


def _tables() -> Iterator[str]:
    yield from (path.stem for path in models())
    yield from (path.stem for path in (PROJECT / "seeds").glob("*.csv"))
    for path in MODELS.rglob("*.yml"):
        for source in _yml(path).get("sources", []):
            yield from (table["name"] for table in source["tables"])


def test_no_two_tables_have_one_name_in_whatever_schema() -> None:
    assert [name for name, count in Counter(_tables()).items() if count > 1] == []


def _texts() -> Iterator[str]:
    """All texts that may call a macro: models and tests of dbt, unit tests that replace one, other macros, pytest."""
    yield from (_code(path) for path in _sql("models", "tests"))
    for path in MODELS.rglob("*.yml"):
        replaced = re.findall(r"^ {8}(\w+): ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        yield "".join(f"{name}()\n" for name in replaced)
    yield from (_MACRO.sub("", _code(path)) for path in _sql("macros"))
    yield from (path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py"))


@cache
def _calls() -> Counter[str]:
    return sum((_called(text) for text in _texts()), Counter[str]())


def _is_of_dbt(name: str) -> bool:
    """Whether dbt itself calls it: one of its own macros replaced, a strategy, or what an adapter does its own way."""
    spec = importlib.util.find_spec("dbt")
    assert spec is not None
    roots = [Path(place) / "include" for place in spec.submodule_search_locations or ()]
    own = {
        found
        for root in roots
        for path in root.rglob("*.sql")
        for found in re.findall(r"macro (\w+)\(", path.read_text(encoding="utf-8"))
    }
    asked = re.findall(r"dispatch\('(\w+)'\)", "\n".join(_code(path) for path in _sql("macros")))
    plain = name.partition("__")[2] or name
    return plain in own or plain in asked or bool(re.fullmatch(r"get_incremental_\w+_sql", name))


def test_every_macro_is_called() -> None:
    assert sorted(name for name in macros() if not _calls()[name] and not _is_of_dbt(name)) == []


def test_a_macro_that_is_called_once_stands_where_it_is_called() -> None:
    """Steps of a larger macro are called by it alone; hooks are called by dbt; engine.sql is where engines differ."""
    of_models = Counter[str]()
    for path in _sql("models", "tests"):
        of_models += _called(re.sub(r"_hook=\"[^\"]*\"", "", _code(path)))
    once = {name for name, count in of_models.items() if count == 1 and _calls()[name] == 1}
    assert sorted(name for name in once if macros()[name][0].name != "engine.sql") == []


def test_what_python_models_call_is_part_of_the_version_of_the_code() -> None:
    """A likelihood that changes builds its tables anew."""
    models_in_python = [path for path in models() if path.suffix == ".py"]
    assert any("from dbt_project.python" in path.read_text(encoding="utf-8") for path in models_in_python)
    called = sorted((PROJECT / "python").rglob("*.py"))
    assert {path.stem for path in called} >= {"frames", "purchases"}
    assert {*models_in_python, *called} <= {*code_files()}
