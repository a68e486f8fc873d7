"""YAML as people write it by hand: every scalar stays the text it is, and no key stands twice."""

from __future__ import annotations

from typing import Any

import yaml


class TextLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # libyaml where the wheel has it
    """Every scalar is the text that was written (Yes is no boolean, 007 no number); a key may stand once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            seen.add(str(key.value))
        return dict(super().construct_mapping(node, deep))


TextLoader.yaml_implicit_resolvers = {}
