"""The first page: a headline that is true for any company, tiles that say what the bullets say, advice on what is off
target alone."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.languages import LANGUAGES, LanguageCode
from reports.bundle.model import Bundle
from reports.bundle.rows import Contribution, Figure, ScopeName, TableExtract
from reports.page.render import MOST_ROWS, render_html, render_pdf
from reports.registry import report
from reports.text.advice import advice
from reports.text.changes import calls_for_action, changes
from reports.text.headline import headline
from reports.text.language import NBSP, language
from reports.text.names import own_part
from reports.text.story import MAX_STATEMENTS, story
from reports.text.tables import MARKS, printed
from reports.text.wording import Wording
from tests.reports.published import STORES

CALM = {"change_previous": "no_clear_change", "change_year_ago": "no_clear_change"}
MOVES = st.sampled_from(["better", "worse", "changed", "no_clear_change", None])
STATES = st.sampled_from(["met", "missed", "too_few", "suppressed", "no_target"])


def reported(bundle: Bundle, code: str = "en") -> Wording:
    return Wording(bundle, language("en" if code == "en" else "zh-CN"))


def said(bundle: Bundle) -> str:
    return headline(reported(bundle)).replace(NBSP, " ")


def with_figures(bundle: Bundle, change: Callable[[Figure], dict[str, object]]) -> Bundle:
    """The bundle with figures of its month changed, and nothing known of who adds what."""
    figures = tuple(f.model_copy(update=change(f)) if f.month == bundle.period_start else f for f in bundle.figures)
    return bundle.model_copy(update={"figures": figures})


def is_own(figure: Figure) -> bool:
    return figure.scope_type == "company" and not figure.dimension


def test_the_headline_names_the_place_its_part_and_the_cost(bundle: Bundle) -> None:
    """CSAT fell from 88.0 to 83.3 %, 4.1 points of it at S07; 2 of 7 targets are missed; CNY 793,700 at risk."""
    assert said(bundle) == (
        "S07 is dragging service down: it accounts for 4.1 of the 4.7-point fall in customer satisfaction since "
        "last month. CNY 793,700 of margin is at risk. 2 of 7 targets are missed."
    )


def test_a_member_that_adds_more_than_the_change_accounts_for_the_whole(bundle: Bundle) -> None:
    parts = tuple(
        c.model_copy(update={"contribution": Decimal("-0.06")}) if c.scope_id == "demo:S07" else c
        for c in bundle.contributions
    )
    assert "it accounts for the whole of the 4.7-point fall" in said(bundle.model_copy(update={"contributions": parts}))


@pytest.mark.parametrize(("contribution", "n"), [("-0.02", 60), ("-0.041", 29), ("0.041", 60)])
def test_nobody_is_named_for_less_than_half_few_cases_or_the_other_direction(
    bundle: Bundle, contribution: str, n: int
) -> None:
    def changed(part: Contribution) -> Contribution:
        is_it = part.scope_id == "demo:S07"
        return part.model_copy(update={"contribution": Decimal(contribution), "n": n}) if is_it else part

    parts = tuple(changed(c) for c in bundle.contributions if c.scope_type == "store")
    text = said(bundle.model_copy(update={"contributions": parts}))
    assert text.startswith("Customer satisfaction (CSAT) fell to 83.3% from 88.0% last month.")
    assert "S07" not in text


def test_money_at_risk_decides_between_places_then_size(bundle: Bundle) -> None:
    """The service level fell at S02, where more margin is at risk than at S07: it comes first."""
    stake = next(
        f for f in bundle.figures if f.metric_id == "revenue_at_risk" and is_own(f) and f.month == bundle.period_start
    )
    stakes = tuple(
        stake.model_copy(update={"scope_type": "store", "scope_id": store, "value": Decimal(money)})
        for store, money in (("demo:S02", 500_000), ("demo:S07", 90_000))
    )
    first = next(c for c in bundle.contributions if c.scope_id == "demo:S07")
    slower = first.model_copy(
        update={"metric_id": "sla", "scope_id": "demo:S02", "name": "S02", "contribution": Decimal("-0.03")}
    )
    rest = slower.model_copy(update={"scope_id": "", "contribution": Decimal("-0.004")})
    both = bundle.model_copy(
        update={"figures": (*bundle.figures, *stakes), "contributions": (*bundle.contributions, slower, rest)}
    )
    text = said(both)
    assert text.startswith("S02 is dragging service down: it accounts for 3.0 of the 3.4-point fall in service level")
    assert "CNY 500,000 of margin is at risk there, of CNY 793,700 in all." in text
    less = with_figures(
        both, lambda f: {"value": Decimal(1)} if f.scope_id == "demo:S02" and f.metric_id == stake.metric_id else {}
    )
    assert said(less).startswith("S07 is dragging service down")


def test_a_store_that_got_worse_while_the_whole_did_not(bundle: Bundle) -> None:
    text = said(with_figures(bundle, lambda f: CALM if is_own(f) else {}))
    assert text.startswith(
        "As a whole nothing got clearly worse, but S07 did: "
        "customer satisfaction (CSAT) fell to 74.1% from 82.6% last month."
    )


def test_a_missed_target_where_nothing_changed(bundle: Bundle) -> None:
    calm = with_figures(bundle, lambda _: CALM)
    assert said(calm).startswith("Nothing clearly changed, but a target is missed: service level, 88.4% against 90.0%.")


def test_a_better_figure_where_nothing_else_is_to_be_told(bundle: Bundle) -> None:
    def only_better(figure: Figure) -> dict[str, object]:
        better = figure.metric_id == "csat" and is_own(figure)
        return {
            **CALM,
            "status": "met",
            **({"change_previous": "better", "previous": Decimal("0.7")} if better else {}),
        }

    text = said(with_figures(bundle, only_better))
    assert text.startswith(
        "Customer satisfaction (CSAT) rose to 83.3% from 70.0% last month. Nothing got clearly worse."
    )


def test_that_nothing_stands_out_is_said_plainly(bundle: Bundle) -> None:
    calm = with_figures(bundle, lambda f: {**CALM, "status": "met" if f.target is not None else "no_target"})
    assert said(calm).startswith("Nothing stands out: no figure clearly changed against last month or a year ago.")
    assert said(calm).endswith("All 7 targets are met.")
    assert story(reported(calm)).advice == ()


def test_a_first_month_has_nothing_to_compare_with(bundle: Bundle) -> None:
    nothing = {"change_previous": None, "change_year_ago": None, "previous": None, "year_ago": None}
    first = with_figures(bundle, lambda _: {**nothing, "status": "no_target", "target": None})
    assert said(first).startswith("There is nothing to compare with yet. Known best: complaints per 1,000 orders, 6.80")
    few = with_figures(bundle, lambda _: {**nothing, "status": "too_few"})
    assert said(few) == "There are too few cases to say anything yet."


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), code=st.sampled_from(LANGUAGES))
def test_no_page_contradicts_itself(bundle: Bundle, data: st.DataObject, code: str) -> None:
    """Whatever the warehouse calls: tiles and bullets say the same of the same figure against the same period, nothing
    is said of few cases, and nothing is advised about what is on target."""
    ids = set(bundle.headlines) | {"reopen_rate", "standards"}

    def drawn(figure: Figure) -> dict[str, object]:
        if figure.metric_id not in ids or figure.dimension:
            return {}
        return {
            "change_previous": data.draw(MOVES),
            "change_year_ago": data.draw(MOVES),
            "status": data.draw(STATES),
            "target": figure.value,
        }

    wording = reported(with_figures(bundle, drawn), code)
    page = story(wording)
    own = {figure.metric_id: figure for figure in wording.own}
    called = {"previous": "change_previous", "year_ago": "change_year_ago"}
    assert page.lead
    assert len(page.changes) <= MAX_STATEMENTS
    for statement in page.changes:
        figure = own[statement.metric_id]
        assert not figure.is_withheld
        assert statement.period
        assert getattr(figure, called[statement.period]) == statement.tone
        marks = {one.period: printed(wording, figure).against[i] for i, one in enumerate(wording.comparisons(figure))}
        assert marks[statement.period][0] == statement.tone
        assert marks[statement.period][1].startswith(MARKS[statement.tone])
    for metric_id in bundle.headlines:
        row = printed(wording, own[metric_id])
        judged = [] if own[metric_id].is_withheld else [own[metric_id].change_previous, own[metric_id].change_year_ago]
        assert [kind for kind, _ in row.against] == [kind for kind in judged if kind]
    parts = {f.metric_id for f in wording.bundle.figures if not is_own(f) and not f.dimension and calls_for_action(f)}
    for one in advice(wording):
        assert calls_for_action(own[one.metric_id]) or one.metric_id in parts


def test_better_figures_have_their_place_however_many_are_worse(bundle: Bundle) -> None:
    def mostly_worse(figure: Figure) -> dict[str, object]:
        if not is_own(figure) or figure.previous is None:
            return {}
        return {**CALM, "change_previous": "better" if figure.metric_id in {"standards", "reopen_rate"} else "worse"}

    tones = [statement.tone for statement in story(reported(with_figures(bundle, mostly_worse))).changes]
    assert tones == ["worse", "worse", "worse", "better", "better"]


def test_advice_goes_by_money_and_names_dimension_place_and_action(bundle: Bundle) -> None:
    """SERVQUAL misses its target: its widest gap is named. An overdue action on CSAT at S07 is told with its day."""
    spec = next(spec for spec in report("service_quality").tables if spec.id == "improvement_actions")
    rows = (
        ("csat", "store", "demo:S07", "satisfaction falls", "staff left", "planned", "2026-10-29", "overdue", None),
        ("csat", "store", "demo:S01", "another store", "", "planned", "2026-11-29", "in_time", None),
    )
    actions = TableExtract(id=spec.id, title=spec.title, rows=rows, total=2)
    others = tuple(table for table in bundle.tables if table.id != spec.id)
    missed = with_figures(
        bundle, lambda f: {"status": "missed", "target": Decimal(0), "n": 112} if f.metric_id == "servqual" else {}
    )
    wording = reported(missed.model_copy(update={"tables": (*others, actions)}))
    found = {one.metric_id: one for one in advice(wording)}
    assert "Begin at S07 (74.1%)." in found["csat"].text
    assert found["csat"].state == "An action is planned, due 29 October 2026: overdue."
    assert [one.money for one in advice(wording)] == sorted((one.money for one in found.values()), reverse=True)
    if "servqual" in found:
        assert "Start with responsiveness (−0.92)" in found["servqual"].text


def test_names_in_two_scripts_are_shown_in_the_reader_s(bundle: Bundle) -> None:
    two = tuple(
        ScopeName(scope_type="store", scope_id=store, name=f"青岛{i}号店 Seaside {i}") for i, store in enumerate(STORES)
    )
    names = bundle.model_copy(update={"scope_names": two})
    for code, pattern in (("en", r"Seaside \d+"), ("zh-CN", r"青岛\d+号店")):
        shown = {reported(names, code).scope_name("store", one.scope_id) for one in two}
        assert shown
        assert all(re.fullmatch(pattern, name) for name in shown)


@given(st.lists(st.text(max_size=12), max_size=6))
def test_a_shorter_name_never_hides_which_one_it_is(names: list[str]) -> None:
    for code in LANGUAGES:
        read = own_part(names, language(code).locale)
        assert set(read) == set(names)
        assert len(set(read.values())) == len(set(names))
        assert all(short in name for name, short in read.items())


def test_a_name_that_alone_would_not_tell_it_apart_stays_whole() -> None:
    towers = ["上海店 Tower One", "上海店 Tower Two"]
    assert own_part(towers, language("zh-CN").locale) == {name: name for name in towers}
    assert own_part(towers, language("en").locale) == {"上海店 Tower One": "Tower One", "上海店 Tower Two": "Tower Two"}


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        ("37.756", "CNY 37.76", "37.76 元"),
        ("8036.4", "CNY 8,036", "8,036 元"),
        ("103526.93", "CNY 103,527", "10.4 万元"),
        ("7980804.98", "CNY 8.0 m", "798 万元"),
        ("127984075", "CNY 128 m", "1.3 亿元"),
        ("-1366.94", "CNY −1,367", "−1,367 元"),
    ],
)
def test_money_in_sentences(value: str, en: str, zh: str) -> None:
    for code, wanted in (("en", en), ("zh-CN", zh)):
        shown = told_money(code, Decimal(value))
        assert shown.replace(NBSP, " ") == wanted
        assert " " not in shown, "a line could end between a number and its unit"


def told_money(code: str, value: Decimal) -> str:
    return language("en" if code == "en" else "zh-CN").figure(value, "money", "CNY", brief=True)


def test_an_interval_has_its_currency_once() -> None:
    low, high = Decimal("1318"), Decimal("1849.1")
    assert language("en").interval(low, high, "money", "CNY", high) == "CNY 1,318–1,849".replace(" ", NBSP)
    assert language("zh-CN").interval(low, high, "money", "CNY", high) == "1,318–1,849 元".replace(" ", NBSP)
    assert language("zh-CN").figure(Decimal(5), "money", "USD") == "5.00 美元".replace(" ", NBSP)


def test_changes_come_in_the_order_that_is_told(bundle: Bundle) -> None:
    """For the worse first; of them the tiles first."""
    found = changes(reported(bundle))
    ranks = [(one.tone != "worse", one.figure.metric_id not in bundle.headlines) for one in found]
    assert ranks == sorted(ranks)
    assert found == [replace(one) for one in found]


def rows(table_id: str, *given: dict[str, str]) -> TableExtract:
    """A table of the report with these values, and none in its other columns."""
    spec = next(spec for spec in report("service_quality").tables if spec.id == table_id)
    made = tuple((*(row.get(column.name) for column in spec.columns), None) for row in given)
    return TableExtract(id=spec.id, title=spec.title, rows=made, total=len(made))


CAMPAIGN = {"start_date": "2026-09-01", "conversion_rate": "0.2", "control_conversion_rate": "0.1"}
LIFT = {"lift_low": "-0.0401", "lift_high": "0.1212"}
EFFECT = {"scope_type": "store", "implemented_month": "2026-03-01", "before_value": "0.5", "after_value": "0.7"}
EFFECT |= {"effect_low": "0.1", "effect_high": "0.3"}


def judged(bundle: Bundle) -> Bundle:
    """With campaigns and improvement actions of every verdict, and actions overdue at every store."""
    campaigns = [
        {**CAMPAIGN, **LIFT, "name": f"Campaign {verdict}", "verdict": verdict}
        for verdict in ("no_clear_effect", "no_control", "works", "harms", "too_few")
    ]
    old = {**CAMPAIGN, **LIFT, "name": "Old", "verdict": "works", "start_date": "2026-07-31"}
    withheld = {**CAMPAIGN, "name": "Withheld", "verdict": "works"}
    effects = [
        {**EFFECT, "metric_id": "csat", "scope_id": store, "verdict": verdict}
        for store, verdict in zip(STORES, ("not_yet", "no_clear_effect", "better", "worse"), strict=False)
    ]
    unknown = {**EFFECT, "metric_id": "no_such_metric", "scope_id": "demo:S09", "verdict": "better"}
    actions = [
        {"metric_id": metric, "scope_type": "store", "scope_id": store, "state": "planned", "due_date": "2026-10-02",
         "timing": "overdue"}
        for store in STORES
        for metric in ("csat", "sla", "first_reply")
    ]  # fmt: skip
    ids = {"campaign_results", "improvement_effects", "improvement_actions"}
    tables = (
        *(table for table in bundle.tables if table.id not in ids),
        rows("campaign_results", *campaigns, old, withheld),
        rows("improvement_effects", *effects, unknown),
        rows("improvement_actions", *actions),
    )
    return bundle.model_copy(update={"tables": tables})


def test_what_was_judged_is_told_and_nothing_else(bundle: Bundle) -> None:
    """Two campaigns and two actions, those that work first; none without a control group, too old or withheld."""
    page = story(reported(judged(bundle)))
    said_of = [statement.text.replace(NBSP, " ") for statement in page.verdicts]
    assert said_of == [
        "Campaign works works: 20.0% bought, 10.0% of the control group.",
        "Campaign harms does harm: 20.0% bought, 10.0% of the control group.",
        "The action at S03 held: customer satisfaction (CSAT) 70.0% after 50.0%.",
        "After the action at S04 it got worse: customer satisfaction (CSAT) 70.0% after 50.0%.",
    ]
    assert [statement.tone for statement in page.verdicts] == ["better", "worse", "better", "worse"]
    assert page.verdicts[0].detail.replace(NBSP, " ") == "(lift −4.0 pp to +12.1 pp, 95%)"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_worst_month_has_its_story_on_one_page(bundle: Bundle, code: LanguageCode) -> None:
    """Every figure worse and off its target, here and at every member, with names of some length."""

    def worst(figure: Figure) -> dict[str, object]:
        if figure.dimension or figure.value is None:
            return {}
        before = figure.value * Decimal("0.9") + 1
        both = {"change_previous": "worse", "change_year_ago": "worse", "previous": before, "year_ago": before}
        return {**both, "status": "missed", "target": before, "n": 100}

    named = tuple(
        ScopeName(scope_type="store", scope_id=store, name=f"Shopping centre north {i}")
        for i, store in enumerate(STORES)
    )
    bad = judged(with_figures(bundle, worst)).model_copy(update={"scope_names": named, "revision": 2})
    pages = pypdfium2.PdfDocument(render_pdf(render_html(bad, code), "summary"))
    assert len(pages) == bundle.spec.summary_pages
    second = pages[1].get_textpage().get_text_range()
    assert second.startswith(language(code).say("Targets and exceptions"))
    for sheet in pages:  # 53 targets would run over the foot of their page
        grey = sheet.render(scale=1).to_pil().convert("L")
        above_foot = grey.crop((0, int(grey.height * 282.5 / 297), grey.width, int(grey.height * 286 / 297)))
        assert above_foot.getextrema()[0] > 250


@pytest.mark.slow
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_summary_has_what_stands_out_and_no_page_half_empty(bundle: Bundle, code: LanguageCode) -> None:
    """An executive would look for a missed target among forty figures, or turn pages of white."""
    bad = with_figures(
        bundle, lambda figure: {"status": "missed", "target": Decimal(1)} if figure.metric_id == "nps" else {}
    )
    page = render_html(bad, code)
    document = pypdfium2.PdfDocument(render_pdf(page, "summary"))
    assert_no_page_half_empty(document)
    missed = re.findall(r"<tr([^>]*)>\s*<th[^>]*>(?:(?!</tr>).)*?mark missed", page, flags=re.S)
    assert missed
    assert set(missed) == {' class="summary"'}
    for area in page.split("<section ")[2:]:
        assert area.count('<tr class="summary">') <= MOST_ROWS
    areas = [
        html.unescape(title)
        for title in re.findall(r'<section class="page flows summary" id="\w+">\s*<h2>([^<]+)', page)
    ]
    titles = [entry.get_title() for entry in document.get_toc() if entry.level == 1]
    assert [title for title in titles if title in areas] == areas
    assert language(code).say("Customer satisfaction") in areas


@pytest.mark.slow
def test_the_summary_of_a_first_month_has_its_figures(bundle: Bundle) -> None:
    """With nothing to compare nothing stands out, and the reader would get two pages of white."""
    new = {"status": "no_target", "target": None, "previous": None, "year_ago": None}
    first = with_figures(bundle, lambda _: {**new, "change_previous": None, "change_year_ago": None})
    first = first.model_copy(update={"exceptions": (), "contributions": ()})
    document = pypdfium2.PdfDocument(render_pdf(render_html(first, "en"), "summary"))
    text = " ".join(sheet.get_textpage().get_text_range() for sheet in document)
    assert "Service quality" in text
    assert "83.3%" in text  # customer satisfaction
    assert 2 <= len(document) <= bundle.spec.summary_pages
    assert_no_page_half_empty(document)


def assert_no_page_half_empty(document: pypdfium2.PdfDocument) -> None:
    for sheet in document:
        grey = sheet.render(scale=0.5).to_pil().convert("L")
        body = grey.crop((0, 0, grey.width, grey.height - 30))  # without the foot
        lowest = body.point(lambda shade: 255 if shade < 200 else 0).getbbox()[3]
        assert lowest > grey.height / 2
