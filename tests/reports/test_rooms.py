"""Who may import whom: the packages among each other, then the rooms of the reports package, whose files stay short and
which each say what lives in them."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import reports
from foundation.settings import REPOSITORY

FOLDER = Path(reports.__file__).parent
ROOMS = ("bundle", "text", "charts", "page", "delivery", "issuing")  # each may import those before it
MAX_LINES = 400
LONGER: dict[str, str] = {}  # file -> why it may be longer; the list is not to grow
MAX_LINES_OF_A_CLASS = 250
# every package with those of ours that it may import; what dbt's Python models call is one too
PACKAGES: dict[str, set[str]] = {
    "foundation": set(),
    "dbt_project": set(),
    "reports": {"foundation"},
    "expectations": {"foundation"},
    "demo": {"foundation"},
    "orchestration": {"foundation", "reports", "expectations", "demo"},
}
FILES = sorted(FOLDER.rglob("*.py"), key=lambda path: path.as_posix())


def _name(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def _room(name: str) -> int:
    """The place of a room among the others; -1 for what stands at the top, which they all may import."""
    return ROOMS.index(name) if name in ROOMS else -1


def _imported(tree: ast.Module) -> Iterator[str]:
    """What a file imports, wherever in it: the names themselves too, for they may be modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, "an import by place hides where it leads"
            assert not node.level, "an import by place hides where it leads"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _back(path: Path, text: str) -> list[str]:
    """Imports of a file that lead to a room behind its own, or from the top into any."""
    own = _room(path.relative_to(FOLDER).parts[0])
    imported = [name for name in _imported(ast.parse(text)) if name.startswith("reports.")]
    return [name for name in imported if _room(name.split(".")[1]) > own]


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_imports_point_one_way(path: Path) -> None:
    assert _back(path, path.read_text(encoding="utf-8")) == []


def _others(package: str, text: str) -> set[str]:
    """The other packages of ours that a file imports."""
    return {name.split(".")[0] for name in _imported(ast.parse(text))} & {*PACKAGES, "benchmarks", "tests"} - {package}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_one_way(package: str) -> None:
    files = sorted((REPOSITORY / package).rglob("*.py"))
    assert files
    for path in files:
        assert _others(package, path.read_text(encoding="utf-8")) <= PACKAGES[package], path


def test_the_wheel_holds_every_package() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES)


def test_an_import_of_another_package_is_found() -> None:
    inside = "def f() -> None:\n    from orchestration import warehouse\n"
    assert _others("reports", inside) == {"orchestration"}
    assert _others("reports", "import reports.registry, foundation.settings") == {"foundation"}


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_files_stay_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert (lines > MAX_LINES) == (_name(path) in LONGER), f"{lines} lines"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            assert (node.end_lineno or 0) - node.lineno < MAX_LINES_OF_A_CLASS, node.name


def test_each_room_says_what_lives_in_it() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/__init__.py")} == set(ROOMS)
    for room in ROOMS:
        tree = ast.parse((FOLDER / room / "__init__.py").read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), room
        assert len(tree.body) == 1, f"{room} gives names on; they are imported from where they live"


@pytest.mark.parametrize(
    ("path", "line", "back"),
    [
        ("text/story.py", "from reports.page import render", ["reports.page.render"]),
        ("bundle/model.py", "def f() -> None:\n    from reports.text.story import story", ["reports.text.story.story"]),
        ("charts/renderer.py", "import reports.issuing.revisions", ["reports.issuing.revisions"]),
        ("registry.py", "from reports import bundle", ["reports.bundle"]),
        ("issuing/revisions.py", "from reports.bundle.model import Bundle", []),
        ("bundle/model.py", "from reports.registry import report", []),
    ],
)
def test_an_import_that_points_back_is_found(path: str, line: str, back: list[str]) -> None:
    assert _back(FOLDER / path, line) == back
