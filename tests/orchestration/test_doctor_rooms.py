"""`kefu doctor` says what is wrong with a room's address, never what it is, and posts nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from foundation.settings import Alarms, Settings
from orchestration.doctor import _alarms, _recipients

FOUND = "channel: dingtalk, webhook: {env: ROOM}, secret: {env: SIGN}"


@pytest.mark.parametrize(
    ("room", "sign", "says"),
    [
        (None, "s", "room: the variable ROOM is not set or empty; put the secret there"),
        ("https://chat.example/S3CRET", None, "room: the variable SIGN is not set or empty"),
        ("http://chat.example/S3CRET", "s", "room: the webhook begins with http://"),
        ("https://chat.example/S3CRET", "s", None),
    ],
)
def test_a_room_s_address_and_secret_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str | None, sign: str | None, says: str | None
) -> None:
    for name, value in (("ROOM", room), ("SIGN", sign)):
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    (tmp_path / "recipients.yml").write_text(f"recipients:\n  - {{id: room, name: R, {FOUND}}}\n", encoding="utf-8")
    home = Settings(home=tmp_path)
    found = _recipients(home)
    assert found.is_fine == (says is None)
    assert (says or "1 of them rooms of chats; cards have no link: set mail.archive") in found.text
    assert "S3CRET" not in found.text


@pytest.mark.parametrize(
    ("alarms", "good", "says"),
    [
        ({}, True, "by mail alone"),
        ({"channel": "slack", "webhook": {"env": "ROOM"}}, True, "a room of slack"),
        ({"channel": "slack", "webhook": {"env": "NOT_SET"}}, False, "the variable NOT_SET"),
        ({"channel": "fax", "webhook": {"env": "ROOM"}}, False, "fax is no channel; there are dingtalk"),
    ],
)
def test_the_room_of_alarms_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alarms: dict[str, object], good: bool, says: str
) -> None:
    monkeypatch.setenv("ROOM", "https://chat.example/S3CRET")
    found = _alarms(Settings(home=tmp_path, alarms=Alarms.model_validate(alarms)))
    assert (found.is_fine, says in found.text) == (good, True)
    assert "S3CRET" not in found.text
