"""The staging models' yml files against the contract: the one place where the contract is written twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

STAGING = Path(__file__).parents[2] / "dbt_project" / "models" / "staging"
CONTRACT = yaml.safe_load((STAGING / "_sources.yml").read_text(encoding="utf-8"))["sources"][0]["tables"]


@pytest.mark.parametrize("entity", CONTRACT, ids=lambda entity: entity["name"])
def test_staging_documents_the_columns_of_the_contract(entity: dict) -> None:
    """Prevents documentation that lags behind a change of the contract."""
    beside = yaml.safe_load((STAGING / f"stg_crm__{entity['name']}.yml").read_text(encoding="utf-8"))
    documented = [(c["name"], c["data_type"], c["description"]) for c in beside["models"][0]["columns"]]
    assert documented == [(c["name"], c["data_type"], c["description"]) for c in entity["columns"]]


def test_every_entity_has_a_staging_model() -> None:
    # besides, the versions of a survey that no longer hold: an answer belongs to the one it was given to
    wanted = {f"stg_crm__{e['name']}" for e in CONTRACT} | {"stg_crm__surveys_superseded"}
    assert {p.stem for p in STAGING.glob("stg_crm__*.sql")} == wanted
