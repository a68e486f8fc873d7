"""Cards: what each channel gets in each language, within its limits; previews and alarms."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.languages import LANGUAGES, LanguageCode
from foundation.settings import Mail
from reports.bundle.model import Bundle
from reports.delivery.card import Card, CardFigure, Link, Point, RunFailure, failure_card, report_card
from reports.delivery.chats import channels
from reports.delivery.preview import write_preview
from reports.delivery.recipients import read_recipients
from reports.delivery.sending import report_messages
from reports.delivery.webhook import unmarked, written
from reports.text.language import language
from reports.text.story import story
from reports.text.wording import Wording
from tests.reports.chatroom import GOOD
from tests.reports.postoffice import NOW, PERIOD, house

NAMES = sorted(GOOD)
ARCHIVE = "https://reports.example.com/"


def _card(bundle: Bundle, code: LanguageCode = "en", archive: str | None = ARCHIVE) -> Card:
    return report_card(bundle, code, archive=archive, ask="owner@example.com")


def _texts(value: Any) -> Iterator[str]:
    """Every string in a body, pictures left out."""
    if isinstance(value, str):
        yield "" if value.startswith("data:image") else value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_the_card_of_each_channel(
    bundle: Bundle, name: str, code: LanguageCode, golden: Callable[[str, str], None]
) -> None:
    body = json.dumps(written(channels()[name], _card(bundle, code)), ensure_ascii=False, indent=1)
    pictures = re.findall(r"data:image/png;base64,([^\"]+)", body)
    assert [base64.b64decode(one)[:8] for one in pictures] == [b"\x89PNG\r\n\x1a\n"] * (3 if name == "teams" else 0)
    golden(f"card.{name}.{code}.json", re.sub(r"(data:image/png;base64,)[^\"]+", r"\1…", body) + "\n")


def test_there_is_a_file_for_each_channel_and_a_server_for_each_file() -> None:
    assert sorted(channels()) == NAMES


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_card_tells_the_story_of_the_mail_three_figures_the_places_and_the_link(
    bundle: Bundle, name: str, code: LanguageCode
) -> None:
    told = story(Wording(bundle, language(code)))
    said = "\n".join(_texts(written(channels()[name], _card(bundle, code))))
    wide = unmarked if name in ("wecom", "dingtalk") else str
    assert wide(told.lead) in said
    assert all(wide(place.name) in said and wide(place.findings[0]) in said for place in told.places)
    assert f"{ARCHIVE}service_quality/2026-10/company/{code}/report.html" in said
    figures = _card(bundle, code).figures
    assert len(figures) == 3
    for figure in figures:
        assert figure.is_worse, "this company misses or loses in three of its tiles"
        for text in (figure.label, figure.value, *figure.notes):
            assert wide(text) in said
        assert figure.line in said or name in ("feishu", "teams")


def test_without_an_archive_the_card_says_whom_to_ask(bundle: Bundle) -> None:
    for name in NAMES:
        said = "\n".join(_texts(written(channels()[name], _card(bundle, archive=None))))
        assert "Ask owner" in said
        assert "http" not in said.replace("http://adaptivecards.io", "")


def test_a_line_of_characters_has_the_heights_of_its_values() -> None:
    points = tuple(Point(str(i), value) for i, value in enumerate((0.0, 7.0, None, 3.5, 1.0)))
    figure = CardFigure("a", "1", (), is_worse=False, points=points, chart=None)
    assert figure.line == "▁█·▅▂"  # 3.5 of 7 is half way up: the fifth of eight, for halves go to the even height
    assert replace(figure, points=points[2:4]).line == ""
    assert replace(figure, points=points[:1] * 3).line == "▄▄▄"


@pytest.mark.parametrize("name", NAMES)
def test_what_may_not_be_shown_is_in_no_card(bundle: Bundle, name: str) -> None:
    """A suppressed month of a figure is a gap in its line and not a number."""
    metric = bundle.headlines[0]
    hidden = [
        f.model_copy(update={"status": "suppressed", "value": None})
        if f.metric_id == metric and f.month.month == 8
        else f
        for f in bundle.figures
    ]
    card = _card(bundle.model_copy(update={"figures": tuple(hidden)}))
    gaps = [one for one in card.figures if any(point.value is None for point in one.points)]
    assert gaps
    assert all("·" in one.line for one in gaps)
    assert "null" not in json.dumps(written(channels()[name], card)["card"] if name == "feishu" else {})


LONG = st.text(alphabet=st.sampled_from("长aé*_[<&@ \n👩"), max_size=4000)


@given(st.sampled_from(NAMES), LONG, st.lists(LONG, max_size=3), st.lists(LONG, max_size=4))
def test_every_card_is_within_the_limits_of_its_channel(
    name: str, lead: str, lines: list[str], notes: list[str]
) -> None:
    figures = tuple(CardFigure("n" * 60, "1", tuple(notes), is_worse=True, points=(), chart=None) for _ in range(3))
    card = Card(
        "en", "Title", "Sub", lead, figures, "Places", tuple(lines), Link("Open", "https://x.example/" + "p" * 200), "b"
    )
    body = written(channels()[name], card)
    limits = {"wecom": 4096, "dingtalk": 20_000, "feishu": 20 * 1024, "slack": 40_000, "teams": 28 * 1024}
    assert len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()) <= limits[name]
    assert any("Title" in text for text in _texts(body))
    assert any("https://x.example" in text for text in _texts(body))
    if name == "slack":
        assert len(body["blocks"]) <= 50
        assert all(len(text) <= 3000 for text in _texts(body))


@pytest.mark.parametrize("name", ["wecom", "dingtalk"])
def test_a_name_is_no_mark_mention_or_link_where_markdown_has_no_escapes(name: str) -> None:
    evil = "<@all> [x](http://evil.example) **b** `c` <font color=red>"
    said = "\n".join(_texts(written(channels()[name], Card("en", "t", "", evil, lines=(evil,)))))
    assert "<@" not in said
    assert "](" not in said
    assert "**b" not in said
    assert "<font color=red" not in said


def test_a_preview_shows_each_card_and_asks_for_no_secret(tmp_path: Path, bundle: Bundle) -> None:
    home = house(tmp_path, bundle)
    (home.home / "recipients.yml").write_text(
        "recipients:\n"
        "  - {id: ann, name: Ann, address: ann@example.com}\n"
        "  - {id: room, name: 客服群, channel: teams, webhook: {env: NOT_SET}, language: zh-CN}\n",
        encoding="utf-8",
    )
    named = read_recipients(home.home / "recipients.yml")
    ready, _ = report_messages(home.home / "reports", "service_quality", PERIOD, named)
    index = write_preview(tmp_path / "preview", ready, [], Mail(archive=ARCHIVE), standing={}, held=[], moment=NOW)
    page = index.read_text(encoding="utf-8")
    assert all(text in page for text in ("客服群 (teams)", "服务质量月报", "ann@example.com"))
    assert json.loads((index.parent / "room.zh-CN.json").read_text(encoding="utf-8"))["type"] == "message"
    shown = (index.parent / "room.zh-CN.html").read_text(encoding="utf-8")
    assert "S07拖累整体服务" in shown
    assert (index.parent / "ann.en.eml").exists()


def test_an_alarm_is_a_card_in_every_channel() -> None:
    """However long what failed is, and in each language."""
    failures = [RunFailure(f"raw/orders_{i}", "orders.csv: column order_id is missing " * 20) for i in range(80)]
    for name in NAMES:
        for code in LANGUAGES:
            card = failure_card(code, failures, company="Lantern Home", job="nightly", run_id="1f0c")
            said = "\n".join(_texts(written(channels()[name], card)))
            assert "nightly" in said
            assert unmarked("raw/orders_0") in said or "raw/orders_0" in said
