"""The rooms of the reports package: imports point one way, files stay short, each room says what lives in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reports

FOLDER = Path(reports.__file__).parent
ROOMS = ("bundle", "text", "charts", "page", "delivery", "issuing")  # each may import those before it
MOST_LINES = 400
LONGER: dict[str, str] = {}  # file -> why it may be longer; the list is not to grow
# what comes from outside: settings of the home, YAML read as text; for the tool that collects messages, declarations
OUTSIDE = {
    "text/catalogue.py": {"orchestration.declarations", "orchestration.reference", "orchestration.settings"},
    "registry.py": {"orchestration.settings"},
    "delivery/channels.py": {"orchestration.settings"},
    "delivery/sending.py": {"orchestration.settings"},
    "delivery/preview.py": {"orchestration.settings"},
    "delivery/recipients.py": {"orchestration.yaml_text"},
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


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_nothing_else_of_orchestration_is_imported(path: Path) -> None:
    imported = _imported(ast.parse(path.read_text(encoding="utf-8")))
    outside = {name.rpartition(".")[0] for name in imported if name.split(".")[0] == "orchestration"}
    assert outside == OUTSIDE.get(_name(path), set())


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_files_stay_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert (lines > MOST_LINES) == (_name(path) in LONGER), f"{lines} lines"


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
        ("charts/draw.py", "import reports.issuing.revisions", ["reports.issuing.revisions"]),
        ("registry.py", "from reports import bundle", ["reports.bundle"]),
        ("issuing/revisions.py", "from reports.bundle.model import Bundle", []),
        ("bundle/model.py", "from reports.registry import report", []),
    ],
)
def test_an_import_that_points_back_is_found(path: str, line: str, back: list[str]) -> None:
    assert _back(FOLDER / path, line) == back
