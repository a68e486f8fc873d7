"""What is planted in the demo company (docs/demo.md) is found: the store that gets worse, the campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from demo import read_facts
from foundation.languages import LANGUAGES
from foundation.settings import Settings
from orchestration.warehouse import MARTS_FILE
from reports.bundle.model import Meta
from reports.bundle.reading import make_bundle
from reports.text.language import language
from reports.text.story import Story, story
from reports.text.wording import Wording

pytestmark = pytest.mark.slow
# what the failing store does worse; complaints per order rise as well, deliveries are late, replies slow
SYMPTOMS = ("promise_kept", "csat", "complaint_rate", "sla_first_reply")


def test_the_failing_store_is_called_worse_and_no_other(
    demo_home: Settings, demo_warehouse: duckdb.DuckDBPyConnection
) -> None:
    """After correction for many comparisons, in the last month against the year before."""
    planted = read_facts(demo_home.landing).planted
    found = dict(
        demo_warehouse.execute(
            """
            select scope_id, list(metric_id order by metric_id) from kefu.reporting.kpi_monthly
            where month = '2026-10-01' and scope_type = 'store' and dimension = '' and change_year_ago = 'worse'
                and list_contains($symptoms, metric_id)
            group by scope_id
            """,
            {"symptoms": list(SYMPTOMS)},
        ).fetchall()
    )
    store = f"demo:{planted.failing_store}"
    assert found.pop(store, []) == sorted(SYMPTOMS)
    assert {other: metrics for other, metrics in found.items() if len(metrics) > 1} == {}


def test_before_it_failed_the_store_was_like_the_others(demo_warehouse: duckdb.DuckDBPyConnection) -> None:
    (called,) = demo_warehouse.execute(
        """
        select count(*) from kefu.reporting.kpi_monthly
        where month between '2026-02-01' and '2026-07-01' and scope_id = 'demo:S07' and dimension = ''
            and change_previous = 'worse' and list_contains($symptoms, metric_id)
        """,
        {"symptoms": list(SYMPTOMS)},
    ).fetchone() or (-1,)
    assert called <= 1  # of 24 comparisons, at 5 %


def test_the_working_campaign_lifts_and_the_idle_one_does_not(
    demo_home: Settings, demo_warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Against the control group, from the assignment on."""
    planted = read_facts(demo_home.landing).planted
    verdicts = dict(demo_warehouse.execute("select campaign_id, verdict from kefu.loyalty.campaign_results").fetchall())
    assert verdicts[f"demo:{planted.working_campaign}"] == "works"
    assert verdicts[f"demo:{planted.idle_campaign}"] == "no_clear_effect"
    assert "harms" not in verdicts.values()


MONTH = date(2026, 10, 1)
META = Meta(
    company="Kefu",
    currency="CNY",
    time_zone="Asia/Shanghai",
    as_of=date(2026, 10, 31),
    known_at=date(2026, 10, 31),
    version="0",
)


@pytest.fixture(scope="module")
def pages(demo_home: Settings) -> dict[str, Story]:
    """The first page of the company's report in each language."""
    with duckdb.connect(str(demo_home.published / MARTS_FILE), read_only=True) as con:
        bundle = make_bundle(con, "service_quality", MONTH, META)
    return {code: story(Wording(bundle, language(code))) for code in LANGUAGES}


def called(whole: str) -> Iterator[str]:
    """A name in two scripts, in parts: one of them is what a reader sees."""
    yield whole
    words = whole.split(" ")
    yield from (" ".join(part) for i in range(1, len(words)) for part in (words[:i], words[i:]))


def is_named(name: str, text: str) -> bool:
    return any(part in text for part in called(name))


def test_the_planted_story_is_told_first(
    demo_home: Settings, pages: dict[str, Story], demo_warehouse: duckdb.DuckDBPyConnection
) -> None:
    """The failing store in the headline, the first bullets and what to do; the campaigns and the action that held."""
    planted = read_facts(demo_home.landing).planted
    names = dict(
        demo_warehouse.execute(
            """
            select scope_id, name from kefu.reporting.rpt_scope_names where scope_type = 'store'
            union all
            select campaign_id, name from kefu.loyalty.campaign_results
            """
        ).fetchall()
    )
    failing, improved = names[f"demo:{planted.failing_store}"], names[f"demo:{planted.improved_store}"]
    others = {name for name in names.values() if name != failing}
    working, idle = names[f"demo:{planted.working_campaign}"], names[f"demo:{planted.idle_campaign}"]
    for page in pages.values():
        assert any(page.lead.startswith(part) for part in called(failing))
        assert not any(is_named(other, page.lead) for other in others)
        assert all(is_named(failing, one.text) for one in page.changes[:3])
        assert {one.tone for one in page.changes[:3]} == {"worse"}
        assert sum(is_named(failing, one.text) for one in page.advice) >= 3
        verdicts = {
            one.tone: [other.text for other in page.verdicts if other.tone == one.tone] for one in page.verdicts
        }
        assert any(is_named(working, text) for text in verdicts["better"])
        assert any(is_named(idle, text) for text in verdicts["plain"])
        assert any(is_named(improved, text) for text in verdicts["better"])


def test_the_headline_gives_the_share_of_the_fall(
    pages: dict[str, Story], demo_warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Worked out from the tickets' targets by store, not from the table of contributions: of the fall in service level
    since last year, the store's own number of broken limits beyond the company's rate of a year ago."""
    now, before = (
        dict(
            demo_warehouse.execute(
                """
                select scope_id, [numerator, denominator] from kefu.reporting.kpi_monthly
                where metric_id = 'sla' and month = $month and dimension = '' and scope_id in ('company', 'demo:S07')
                """,
                {"month": month},
            ).fetchall()
        )
        for month in (MONTH, date(2025, 10, 1))
    )
    rate, rate_before = (float(side["company"][0] / side["company"][1]) for side in (now, before))
    part, part_before = (
        (float(side["demo:S07"][0]) - float(side["demo:S07"][1]) * rate_before) / float(side["company"][1])
        for side in (now, before)
    )
    share, fall = 100 * abs(part - part_before), 100 * abs(rate - rate_before)
    assert f"{share:.1f} of the {fall:.1f}-point fall in service level since last year" in pages["en"].lead
