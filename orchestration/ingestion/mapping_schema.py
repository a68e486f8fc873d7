"""The JSON Schema of mapping files, by which an editor completes and checks them: made of the model that reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from foundation.contract import contract
from foundation.settings import BUILT_IN_MAPPINGS
from orchestration.ingestion.mapping import Mapping

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "mapping.schema.json"


def mapping_schema() -> dict[str, Any]:
    """What a mapping may say, with the entities and columns of the contract."""
    made = Mapping.model_json_schema(by_alias=True)
    made["title"] = "A mapping of Kefu: docs/mapping-language.md"
    entity = made["$defs"]["EntityMapping"]
    entity["properties"]["entity"] = {"enum": sorted(contract())}
    columns = entity["properties"]["columns"]
    entity["properties"]["columns"] = {"anyOf": [columns, {"const": "contract"}]}
    entity["allOf"] = [
        {
            "if": {"properties": {"entity": {"const": name}}},
            "then": {"properties": {"columns": {"propertyNames": {"enum": [column.name for column in one.mapped]}}}},
        }
        for name, one in sorted(contract().items())
    ]
    # what a mapping that extends another leaves out stands there
    made["properties"]["extends"] = {"enum": sorted(path.stem for path in BUILT_IN_MAPPINGS.glob("*.yml"))}
    made["if"] = {"required": ["extends"]}
    made["then"] = {"required": ["source"]}
    made["else"] = {"required": made.pop("required")}
    return made


def schema_text() -> str:
    """The schema as its file has it."""
    return json.dumps(mapping_schema(), indent=1, ensure_ascii=False) + "\n"
