"""Whatever rooms answer, run after run: nobody gets two cards, and what nobody has or may have is told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundation.settings import Mail
from reports.bundle.model import Bundle
from tests.reports.chatroom import Behaviour, Room, chat
from tests.reports.postoffice import House, house

pytestmark = pytest.mark.slow
NAMES = ("slack", "teams")
TAKEN_AND_CUT = Behaviour(takes=True, cuts=True)
ANSWERS = st.sampled_from(
    [
        TAKEN_AND_CUT,
        Behaviour(504, "", takes=True),
        Behaviour(cuts=True),
        Behaviour(429, "", {"Retry-After": "1"}),
        Behaviour(404, "no_service"),
        Behaviour(200, "ok", takes=True),
    ]
)
RUN = st.fixed_dictionaries({name: st.lists(ANSWERS, min_size=1, max_size=3) for name in NAMES})


@pytest.fixture(scope="module")
def rooms() -> Iterator[dict[str, Room]]:
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        found = {name: stack.enter_context(chat(name)) for name in NAMES}
        for name, room in found.items():
            patch.setenv(f"ROOM_{name.upper()}", room.url)
        yield found


@pytest.fixture(scope="module")
def issued(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a report for both rooms that nobody has had."""
    folder = tmp_path_factory.mktemp("issued")
    house(folder, bundle)
    lines = (f"  - {{id: {n}, name: R, channel: {n}, webhook: {{env: ROOM_{n.upper()}}}}}\n" for n in NAMES)
    (folder / "recipients.yml").write_text("recipients:\n" + "".join(lines), encoding="utf-8")
    return folder


@settings(deadline=None, max_examples=20)
@given(runs=st.lists(RUN, min_size=1, max_size=3))
@example(runs=[{name: [TAKEN_AND_CUT] for name in NAMES}] * 2)
def test_no_room_shows_a_card_twice_and_none_is_lost_silently(
    rooms: dict[str, Room], issued: Path, tmp_path_factory: pytest.TempPathFactory,
    runs: list[dict[str, list[Behaviour]]],
) -> None:  # fmt: skip
    home = House(shutil.copytree(issued, tmp_path_factory.mktemp("rooms") / "home"))
    mail = Mail(timeout_seconds=2, retry_seconds=0, attempts=3, data_owner="owner@example.com")
    before = {name: room.shown for name, room in rooms.items()}
    for run in runs:
        for name, room in rooms.items():
            room.behaviours = list(run[name])
        tally = home.send(mail)
        told = {line.partition(":")[0] for line in tally.not_sent}
        had = {key.recipient for key in (*tally.sent, *tally.already)}
        assert told | had == set(NAMES)
        assert not told & had
        states = home.states()
        for name, room in rooms.items():
            shown = room.shown - before[name]
            assert shown <= 1
            assert shown or name not in had
            assert not shown or states[name] in ("sent", "unknown")
    assert os.environ[f"ROOM_{NAMES[0].upper()}"] not in (home.home / "delivery.db").read_bytes().decode("latin-1")
