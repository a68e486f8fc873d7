"""Each sees their part: a canary is planted in every scope, and nobody finds one of another's in anything they get.

A canary is a name, an id, a word and an amount that stand nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage

import duckdb
import pypdfium2
import pytest

from foundation.languages import LANGUAGES
from reports.bundle.model import Bundle
from reports.bundle.reading import Source
from reports.bundle.rows import Scope
from reports.delivery.card import report_card
from reports.delivery.chats import channels
from reports.delivery.mail import compose
from reports.delivery.recipients import Recipient
from reports.delivery.webhook import written
from reports.page.render import render_html, render_pdf
from reports.registry import report
from tests.reports.published import META, MONTH, insert, warehouse

MANY, FEW = 60, 3
MOMENT = datetime(2026, 11, 3, 8, tzinfo=UTC)
PLANTED = ("rfm", "csat", "sla", "stage_flow")


@dataclass(frozen=True)
class Canary:
    """What gives a scope away."""

    scope: Scope
    number: int
    n: int = MANY

    @property
    def amount(self) -> int:
        return 7_310_000 + 1009 * self.number

    @property
    def name(self) -> str:
        return f"Canaria{self.number:02d} 金丝雀{self.number:02d}店"

    @property
    def word(self) -> str:
        return f"wordofcanary{self.number:02d}"

    @property
    def marks(self) -> set[str]:
        """How it may be written."""
        amount = str(self.amount)
        found = {f"Canaria{self.number:02d}", f"金丝雀{self.number:02d}", self.word, amount, f"{self.amount:,}"}
        found |= {f"{self.amount / 10_000:.1f}"}  # a large number may be told in ten thousands
        return found | ({self.scope.id} if self.scope.type != "company" else set())


REGION_OF = {"demo:CANARYSTORE1": "canaryregion1", "demo:CANARYSTORE2": "canaryregion1"}
REGION_OF |= {f"demo:CANARYSTORE{i}": "canaryregion2" for i in (3, 4, 5)}
CANARIES = (
    Canary(Scope(), 0),
    *(Canary(Scope(type="store", id=store), i, FEW if i == 5 else MANY) for i, store in enumerate(REGION_OF, start=1)),
    Canary(Scope(type="region", id="canaryregion1"), 6),
    Canary(Scope(type="region", id="canaryregion2"), 7),
    Canary(Scope(type="team", id="canaryteam1"), 8),
    Canary(Scope(type="team", id="canaryteam2"), 9),
)
RECIPIENTS = tuple(
    Recipient(id=f"r{c.number}", name="A Reader", address=f"r{c.number}@example.com", scope=c.scope, language=language)
    for c in CANARIES
    if c.n == MANY
    for language in ("en", "zh-CN")
)


def allowed(scope: Scope) -> set[Scope]:
    """Whose figures a recipient may see."""
    if scope.type == "company":
        return {c.scope for c in CANARIES if c.n == MANY}
    inside = {Scope(type="store", id=store) for store, region in REGION_OF.items() if region == scope.id}
    return {scope} | {one for one in inside if one.id != "demo:CANARYSTORE5"}


def foreign(scope: Scope) -> dict[str, Scope]:
    """The marks that must not be found, with whose they are."""
    own = set().union(*(c.marks for c in CANARIES if c.scope in allowed(scope)))
    return {mark: c.scope for c in CANARIES if c.scope not in allowed(scope) for mark in c.marks - own}


def leaks(text: str, scope: Scope) -> dict[str, Scope]:
    plain = re.sub(r"<[^>]+>", " ", text)
    return {mark: whose for mark, whose in foreign(scope).items() if mark in text or mark in plain}


@pytest.fixture(scope="module")
def bundles() -> Iterator[dict[Scope, Bundle]]:
    """The bundles of a company with a canary in each scope."""
    with warehouse() as con:
        for canary in CANARIES:
            plant(con, canary)
        stores = [(store, region) for store, region in REGION_OF.items()]
        insert(con, "dim_store", stores, schema="customer")
        source = Source(con, "service_quality", MONTH, META)
        yield {one.scope: source.bundle(one.scope) for one in RECIPIENTS}


def plant(con: duckdb.DuckDBPyConnection, canary: Canary) -> None:
    """Rows in every table that has scopes: figures of two months, a split, and each of the report's own shapes."""
    scope = canary.scope.key
    if canary.scope.type != "company":
        insert(con, "rpt_scope_names", [(*scope, canary.name)])
    con.execute(
        """
        insert into reporting.kpi_monthly by name
        select distinct on (metric_id, month)
            month, ? as scope_type, ? as scope_id, metric_id, '' as dimension, '' as dimension_value, ?::bigint as n,
            'no_target' as status, 'worse' as change_previous, 'worse' as change_year_ago, ?::int as value,
            ?::int as previous, ?::int as year_ago
        from reporting.kpi_monthly
        where list_contains(?, metric_id) and month >= date '2026-09-01' and dimension = ''
        """,
        [*scope, canary.n, *[canary.amount] * 3, list(PLANTED)],
    ) if canary.scope.type != "company" else con.execute(
        "update reporting.kpi_monthly set value = ?, previous = ? where scope_type = 'company' and metric_id = 'rfm'",
        [canary.amount] * 2,
    )
    con.execute(
        "insert into reporting.kpi_monthly by name select date '2026-10-01' as month, ? as scope_type, ? as scope_id, "
        "'csat' as metric_id, 'touch_point' as dimension, ? as dimension_value, ?::bigint as n, ?::int as value",
        [*scope, canary.word, canary.n, canary.amount],
    )
    insert(con, "rpt_servqual_monthly", [(MONTH, *scope, canary.word, canary.n, canary.amount, 1, 1, 1)])
    insert(con, "rpt_value_matrix", [(MONTH, *scope, canary.word, canary.n, 2, canary.amount, canary.amount)])
    about_cases = (
        spec.id for spec in report("service_quality").tables if spec.disclosure != "none" or canary.n == MANY
    )
    for table in dict.fromkeys(about_cases):
        columns = con.execute(f"describe reporting.rpt_{table}").fetchall()
        values: dict[str, object] = {
            name: canary.amount if kind.startswith("DECIMAL") else canary.n if kind == "BIGINT" else canary.word
            for name, kind, *_ in columns
        }
        values |= {"month": MONTH, "scope_type": scope[0], "scope_id": scope[1]}
        for spec in report("service_quality").tables:
            values |= {**spec.where, **({spec.n: canary.n} if spec.n else {})} if spec.id == table else {}
            values |= {spec.counts: canary.n} if spec.id == table and spec.counts else {}
        values |= {
            c.name: "2026-10-01"
            for s in report("service_quality").tables
            for c in s.columns
            if c.unit in {"date", "month"}
        }
        row = tuple(values[name] for name, *_ in columns)
        insert(con, f"rpt_{table}", [row])


def mail_text(message: EmailMessage) -> str:
    """All that a mail says: headers and every text part, decoded."""
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in message.items()), *parts])


def test_canaries_are_seen_by_their_own(bundles: dict[Scope, Bundle]) -> None:
    """A canary that nobody is shown would prove nothing."""
    for canary in CANARIES:
        if canary.n == MANY:
            page = render_html(bundles[canary.scope], "en")
            assert f"{canary.amount:,}" in page
            assert canary.scope.type == "company" or canary.name.split()[0] in page
    assert bundles[Scope()].tables


def test_bundles_hold_keys_of_their_scope_alone(bundles: dict[Scope, Bundle]) -> None:
    for scope, bundle in bundles.items():
        keys = {(f.scope_type, f.scope_id) for f in (*bundle.figures, *bundle.exceptions)}
        if scope.type != "company":
            assert keys <= {one.key for one in allowed(scope)}
        assert {(name.scope_type, name.scope_id) for name in bundle.scope_names} <= keys
        assert leaks(bundle.model_dump_json(), scope) == {}


@pytest.mark.parametrize("recipient", RECIPIENTS, ids=lambda one: f"{one.scope.id}-{one.language}")
def test_no_page_no_mail_and_no_card_tells_of_others(bundles: dict[Scope, Bundle], recipient: Recipient) -> None:
    bundle = bundles[recipient.scope]
    page = render_html(bundle, recipient.language)
    assert leaks(page, recipient.scope) == {}
    message = compose(bundle, recipient, {}, sender="kefu@example.com", unsubscribe="kefu@example.com", moment=MOMENT)
    assert leaks(mail_text(message), recipient.scope) == {}
    card = report_card(bundle, recipient.language, archive="https://x.example/", ask="kefu@example.com")
    for channel in channels().values():
        written_card = json.dumps(written(channel, card), ensure_ascii=False)
        assert leaks(re.sub(r"base64,[^\"]+", "", written_card), recipient.scope) == {}


@pytest.mark.slow
@pytest.mark.parametrize("canary", [one for one in CANARIES if one.n == MANY], ids=lambda one: one.scope.id)
def test_no_pdf_tells_of_others(bundles: dict[Scope, Bundle], canary: Canary) -> None:
    """In one of the languages: both are the same bundle, and a PDF is slow."""
    scope, language = canary.scope, LANGUAGES[canary.number % len(LANGUAGES)]
    document = pypdfium2.PdfDocument(render_pdf(render_html(bundles[scope], language)))
    text = "\n".join(sheet.get_textpage().get_text_range() for sheet in document)
    reported = text + str(document.get_metadata_dict()) + "".join(item.get_title() for item in document.get_toc())
    assert leaks(reported, scope) == {}
