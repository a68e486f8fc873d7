"""What is wrong with a mapping file, each with its line and what to do: YAML's places beside the model's problems."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from foundation.yaml_text import TextLoader

Place = tuple[str | int, ...]


def misplaced(place: Sequence[str | int], message: str) -> PydanticCustomError:
    """A problem of which a model knows better than its own place where it lies."""
    return PydanticCustomError("misplaced", "{message}", {"message": message, "place": tuple(place)})


def meant(name: str, known: Iterable[str]) -> str:
    """The known name that somebody may have meant, as the end of a sentence."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def problems(path: Path, error: ValidationError, models: Iterable[type[BaseModel]]) -> list[str]:
    """One line of text for each thing that a validation found."""
    root = _root(path)
    names = {field.alias or name for model in models for name, field in model.model_fields.items()}
    return [_reported(path, root, dict(problem), names) for problem in error.errors(include_input=False)]


def at_line(path: Path, place: Place, message: str) -> str:
    """The message with the file and the line of a place in it."""
    return f"{path}, line {_line(_root(path), place)}: {message}"


def _reported(path: Path, root: yaml.Node | None, problem: Mapping[str, Any], names: Iterable[str]) -> str:
    place = tuple(problem["loc"]) + tuple(problem.get("ctx", {}).get("place", ()))
    kind, said = problem["type"], str(problem["msg"]).removeprefix("Value error, ")
    if kind == "missing":
        said = "is missing; add it"
    elif kind == "extra_forbidden":
        said = f"there is no such key{meant(str(place[-1]), names) or '; docs/mapping-language.md lists them'}"
    elif kind not in ("value_error", "misplaced"):
        said = said.replace("Input should", "must")
    shown = ".".join(str(part) for part in place) or "the mapping"
    return f"{path}, line {_line(root, place)}: {shown}: {said}"


def _root(path: Path) -> yaml.Node | None:
    node: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8"), TextLoader)  # a safe loader
    return node


def _line(root: yaml.Node | None, place: Place) -> int:
    """The line of the last part of a place that the file has, counted from 1."""
    node, line = root, 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                continue  # a name of the model's, such as that of a kind
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
