"""What may stand under `pull:`, and what is told of the rest: with file and line, and without a secret."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.mapping import load_mapping, load_pull
from orchestration.ingestion.mapping_schema import mapping_schema
from orchestration.pulling.declaration import PRESETS, Preset
from tests.pulling.conftest import Home

DATABASE = """pull:
  database:
    url: {url}
    objects:
      orders: {orders}
"""
API = """pull:
  api:
    url: {url}
    auth: {auth}
    objects:
      tickets: {tickets}
"""
DEFAULTS = {
    "url": "https://crm.example",
    "orders": "{table: orders}",
    "auth": "{bearer: {env: TOKEN}}",
    "tickets": "{path: /tickets}",
}
OAUTH = "{client_credentials: {token_url: 'http://other.example/t', client_id: a, client_secret: {env: B}}}"
WRONG = [
    (DATABASE, {"url": "postgresql://kefu:c4nary@host/crm"}, 5, "holds a password; write the whole URL elsewhere"),
    (DATABASE, {"url": "{env: A, file: b}"}, 5, "say where it is"),
    (DATABASE, {"orders": "{table: orders, query: select 1}"}, 7, "either `table` or `query`"),
    (DATABASE, {"orders": "{table: orders, lag: 60}"}, 7, "`lag` is of a `cursor`"),
    (DATABASE, {"orders": "{table: orders, curser: id}"}, 7, "did you mean 'cursor'"),
    (API, {"auth": "{bearer: c4nary}"}, 6, "a secret does not stand in this file"),
    (API, {"auth": "{basic: {user: me, password: c4nary}}"}, 6, "a secret does not stand in this file"),
    (API, {"auth": "{}"}, 6, "give one of bearer, basic, header, client_credentials"),
    (API, {"url": "http://crm.example"}, 4, "write https://"),
    (API, {"url": "file:///etc/passwd"}, 5, "must begin with https://"),
    (API, {"url": "https://me:c4nary@crm.example"}, 5, "holds a user, a password or a query"),
    (API, {"url": "https://crm.example?key=c4nary"}, 5, "holds a user, a password or a query"),
    (API, {"auth": OAUTH}, 4, "write https://"),
    (API, {"tickets": "{path: 'https://other.example/tickets'}"}, 8, "is a path below `url`"),
    (API, {"tickets": "{path: /t, since: {field: at, start: '0'}, resume: {path: c, param: c}}"}, 8, "either `since`"),
    (API, {"tickets": "{path: /t, paginator: {type: magic}}"}, 8, "must be 'single_page'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "given", "line", "said"), WRONG)
def test_what_is_wrong_is_told_with_its_line_and_without_its_text(
    home: Home, text: str, given: dict[str, str], line: int, said: str
) -> None:
    path = home.declare(text.format(**{**DEFAULTS, **given}))
    with pytest.raises(MappingError) as caught:
        load_pull(path)
    assert said in str(caught.value)
    assert f"crm.yml, line {line}: pull." in str(caught.value)
    assert "c4nary" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", "https://crm.example"])
def test_a_secret_may_go_to_this_machine_or_over_tls(home: Home, url: str) -> None:
    assert load_pull(home.declare(API.format(**{**DEFAULTS, "url": f'"{url}"'})))


def test_without_a_secret_an_open_host_may_be_asked(home: Home) -> None:
    text = API.format(**{**DEFAULTS, "url": "http://crm.example"}).replace("    auth: {bearer: {env: TOKEN}}\n", "")
    assert load_pull(home.declare(text))


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.yml")), ids=lambda path: path.stem)
def test_each_preset_is_a_whole_declaration(home: Home, path: Path) -> None:
    declared = f"pull: {{api: {{preset: {path.stem}, url: 'https://x.example', auth: {{bearer: {{env: T}}}}}}}}"
    found = load_pull(home.declare(declared))
    assert found
    assert found.api
    assert list(found.api.objects) == list(yaml.safe_load(path.read_text(encoding="utf-8"))["objects"])


def test_the_presets_of_the_schema_are_those_there_are() -> None:
    assert sorted(Preset.__args__) == sorted(path.stem for path in PRESETS.glob("*.yml"))  # type: ignore[attr-defined]


def test_an_object_of_a_preset_is_changed_key_by_key(home: Home) -> None:
    declared = """pull:
  api:
    preset: shopify
    url: https://x.example
    objects:
      orders: {params: {updated_at_min: "{since}", fields: id}}
      refunds: {path: /refunds.json}
"""
    found = load_pull(home.declare(declared))
    assert found
    assert found.api
    orders, refunds = found.api.objects["orders"], found.api.objects["refunds"]
    assert (orders.path, orders.params["fields"]) == ("/admin/api/2026-01/orders.json", "id")
    assert (orders.paginator.type, refunds.paginator.type) == ("header_link", "single_page")


def test_an_object_that_a_preset_lacks_is_refused(home: Home) -> None:
    declared = "pull: {api: {preset: shopify, url: 'https://x.example', objects: [order]}}"
    with pytest.raises(MappingError, match="the preset has no 'order'; it has orders, customers"):
        load_pull(home.declare(declared))


FILES = "files: {orders: {pattern: x, entities: []}}\n"


@pytest.mark.parametrize(
    "declared",
    [
        DATABASE.format(**{**DEFAULTS, "url": "{env: CRM_URL}"}),
        API.format(**DEFAULTS),
        "pull: {api: {preset: zendesk, url: 'https://x.example', auth: {bearer: {file: token}}, objects: [tickets]}}\n",
        "pull: {api: {preset: zendesk, url: 'https://x.example', auth: {bearer: {file: token}}}}\n",
        "pull: {api: {preset: zendesk, url: 'https://x.example', objects: {users: {params: {per_page: '50'}}}}}\n",
    ],
)
def test_the_schema_of_editors_takes_what_the_model_takes(home: Home, declared: str) -> None:
    path = home.declare(declared, files=FILES)
    assert load_mapping(path).pull
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.validate(document, mapping_schema(), jsonschema.Draft202012Validator)


def test_the_schema_of_editors_knows_what_is_missing(home: Home) -> None:
    path = home.declare("pull: {api: {url: 'https://x.example', objects: {users: {params: {}}}}}\n", files=FILES)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(jsonschema.Draft202012Validator(mapping_schema()).iter_errors(document))


def test_where_a_source_is_pulled_from_changes_nothing_of_its_mapping(home: Home) -> None:
    """Else a new token's name would have every file read again."""
    one = load_mapping(home.declare(API.format(**DEFAULTS), files=FILES)).version
    other = load_mapping(home.declare(API.format(**{**DEFAULTS, "url": "https://y.example"}), files=FILES)).version
    assert one == other == load_mapping(home.declare("", files=FILES)).version


def test_a_pull_needs_no_mapping_yet(home: Home) -> None:
    assert load_pull(home.declare(API.format(**DEFAULTS)))
