"""Secrets stand in the environment or a private file, and nowhere else: a canary is looked for in all that is left."""

from __future__ import annotations

import base64
import gzip
import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from orchestration.cli import cli
from tests.pulling import systems
from tests.pulling.conftest import DAY, Home
from tests.pulling.systems import Answer, System

Serve = Callable[[System], System]
BEARER = "{{bearer: {{{place}}}}}"
API = """
pull:
  api:
    preset: zendesk
    url: {url}
    auth: {auth}
    attempts: 2
    objects: [tickets]
"""
ROW = {"id": 1, "updated_at": "2026-03-01T00:00:00Z"}


def test_a_private_file_is_read_and_its_line_end_is_no_part_of_it(home: Home, serve: Serve, tmp_path: Path) -> None:
    system = serve(System(systems.zendesk, [ROW], "Bearer of-a-file"))
    file = tmp_path / "token"
    file.write_text("of-a-file\n", encoding="utf-8")
    file.chmod(0o600)
    home.declare(API.format(url=system.url, auth=BEARER.format(place=f"file: {file}")))
    home.pulled()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_can_read_is_refused_with_what_to_run(
    home: Home, serve: Serve, tmp_path: Path, mode: int
) -> None:
    system = serve(System(systems.zendesk, [ROW]))
    file = tmp_path / "token"
    file.write_text("of-a-file", encoding="utf-8")
    file.chmod(mode)
    home.declare(API.format(url=system.url, auth=BEARER.format(place=f"file: {file}")))
    assert home.pull().refusals == [f"crm: {file} can be read by others; run: chmod 600 {file}"]
    assert system.asked == []


@pytest.mark.parametrize("place", ["env: NOT_SET_ANYWHERE", "file: nothing.here"])
def test_a_secret_that_is_not_there_is_told_by_its_place(home: Home, serve: Serve, place: str) -> None:
    system = serve(System(systems.zendesk, [ROW]))
    home.declare(API.format(url=system.url, auth=BEARER.format(place=place)))
    (said,) = home.pull().refusals
    assert place.split(": ")[1] in said
    assert "put the secret there" in said
    assert system.asked == []


CANARY = f"C4NARY-{uuid.uuid4().hex}"
AUTHS = {
    "bearer": BEARER.format(place="env: CANARY"),
    "basic": "{basic: {user: me, password: {env: CANARY}}}",
    "header": "{header: {name: X-Token, value: {env: CANARY}}}",
    "oauth": "{client_credentials: {token_url: 'URL/token', client_id: me, client_secret: {env: CANARY}}}",
}


def _echo(system: System, asked: systems.Asked) -> Answer:
    """A server that says again what it was sent, as some do in their errors."""
    if asked.path == "/token":
        return Answer({"access_token": CANARY, "expires_in": 3600})
    return Answer({"error": [asked.headers, asked.body]}, system.__dict__["status"])


FATES: dict[str, Callable[[], System]] = {
    "well": lambda: System(systems.with_tokens(systems.zendesk), [ROW]),
    "cut off": lambda: System(systems.zendesk, [ROW], accidents=[Answer(cut=True)] * 9),
    "elsewhere": lambda: System(lambda *_: Answer("", 307, {"Location": "http://127.0.0.2:9/steal"}), []),
    "no JSON": lambda: System(lambda *_: Answer(f"<html>{CANARY}</html>"), []),
    **{f"HTTP {status}": (lambda status=status: _failing(status)) for status in (400, 401, 403, 429, 500)},  # type: ignore[misc]
}


def _failing(status: int) -> System:
    system = System(_echo, [])
    system.__dict__["status"] = status
    return system


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("auth", AUTHS)
def test_a_secret_of_an_api_is_left_nowhere(
    home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], auth: str, fate: str
) -> None:
    system = serve(FATES[fate]())
    home.declare(API.format(url=system.url, auth=AUTHS[auth].replace("URL", system.url)))
    said = _run(home, monkeypatch, capfd)
    assert (fate == "well" and auth != "oauth") == ("refused" not in said)
    assert system.asked


URLS = {
    "wrong port": "postgresql://clerk:{}@127.0.0.1:1/crm",
    "no URL": "postgresql://clerk:{}@127.0.0.1:port/crm",
    "no driver": "nosuchdb://clerk:{}@127.0.0.1/crm",
    "in words": "postgresql://127.0.0.1:1/crm?password={}",
    "no database at all": "{}",
    "a file": "sqlite:////{}/nowhere.db",
}


@pytest.mark.parametrize("kind", URLS)
def test_a_url_of_a_database_is_left_nowhere(
    home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    home.declare("pull: {database: {url: {env: THE_URL}, objects: {orders: {table: orders}}}}")
    monkeypatch.setenv("THE_URL", URLS[kind].format(CANARY))
    assert "refused" in _run(home, monkeypatch, capfd)


def _run(home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> str:
    """`kefu pull`, with all that could speak of it speaking; what it said, once nothing of the canary was found."""
    monkeypatch.setenv("CANARY", CANARY)
    monkeypatch.setenv("KEFU_HOME", str(home.settings.home))
    result = CliRunner().invoke(cli, ["pull", "--date", str(DAY)])
    assert result.exception is None or result.exit_code
    captured = capfd.readouterr()
    said = "\n".join([result.output, str(result.exception), captured.out, captured.err])
    forms = [CANARY, quote(CANARY), base64.b64encode(f"me:{CANARY}".encode()).decode()]
    for form in forms:
        assert form not in said
        for path in home.settings.home.rglob("*"):
            assert form not in str(path)
            if path.is_file():
                content = path.read_bytes()
                assert form.encode() not in (gzip.decompress(content) if path.suffix == ".gz" else content)
    assert json.dumps(dict(os.environ)).count(CANARY)  # it was there to be found
    return "refused\n" + said if result.exception else said
