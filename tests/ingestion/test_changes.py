"""What changes in a source: new columns are noted, others stop it with a proposed edit, a mapping reads again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import yaml
from click.testing import CliRunner

from foundation.errors import CommandFailedError
from orchestration.cli import cli
from orchestration.ingestion import Manifest
from orchestration.reload import reload
from tests.ingestion.homes import DAY, Home

NEXT = DAY + timedelta(days=1)


def after_a_good_day(home: Home, head: str, row: str) -> str:
    """What is said of a file of the next day, whose rows are 8 of one kind."""
    home.put("orders.csv", home.orders(1, 2))
    assert home.ingest().ok
    home.put("orders.csv", head + "".join(row.format(n=n) for n in range(10, 18)), day=NEXT)
    messages = [refusal.message for refusal in home.ingest(NEXT).refusals]
    assert len(messages) <= 1
    return messages[0] if messages else ""


def applied(home: Home, line: str) -> None:
    """The mapping with one line of a column replaced, as a person follows a proposal."""
    path = home.settings.sources / "crm.yml"
    document = yaml.safe_load(path.read_text())
    document["files"]["orders"]["entities"][0]["columns"] |= yaml.safe_load(line)
    path.write_text(yaml.safe_dump(document, allow_unicode=True))


def proposed(message: str) -> list[str]:
    return message.split("Proposed edit: ")[1].split("`")[1::2]


def test_a_new_column_is_noted_once_and_stops_nothing(home: Home) -> None:
    assert after_a_good_day(home, "id,customer,at,amount,channel,coupon\n", "{n},c,2026-01-06,1,web,x\n") == ""
    (note,) = home.ingest(NEXT).notes
    assert note.startswith("crm/2026-01-06/orders.csv: has new columns, 'coupon', which the mapping does not use")
    home.put(
        "orders.csv", "id,customer,at,amount,channel,coupon\n30,c,2026-01-07,1,web,x\n", day=DAY + timedelta(days=2)
    )
    report = home.ingest(DAY + timedelta(days=2))
    assert (report.ok, report.notes) == (True, ())


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("id,customer,at,Amount (CNY),channel\n", "gross_amount: '\"Amount (CNY)\"'"),  # by its name
        ("id,customer,at,order_amount,channel\n", "gross_amount: '\"order_amount\"'"),
        ("id,customer,at,实付金额,channel\n", "gross_amount: '\"实付金额\"'"),  # the one that is new
    ],
)
def test_a_renamed_column_stops_its_source_with_an_edit_that_mends_it(home: Home, head: str, line: str) -> None:
    home.mapping("source: shop\nextends: canonical\n", source="shop")
    home.put("stores.csv", "store_id\n1\n", day=NEXT, source="shop")
    message = after_a_good_day(home, head, "{n},c,2026-01-06,7.25,web\n")
    assert "has no column 'amount'" in message
    assert proposed(message) == [line]
    assert home.ask("select store_id from raw.stores") == [("shop:1",)]
    assert home.ask("select count(*) from raw.orders") == [(2,)]
    applied(home, line)
    assert home.ingest(NEXT).ok
    assert home.ask("select count(*), sum(gross_amount)::double from raw.orders") == [(10, 8 * 7.25 + 1.5 + 2.5)]


def test_a_column_that_is_gone_without_a_like_one_proposes_nothing(home: Home) -> None:
    message = after_a_good_day(home, "id,customer,at,channel\n", "{n},c,2026-01-06,web\n")
    assert "has no column 'amount', which the mapping uses" in message
    assert "Proposed" not in message


@pytest.mark.parametrize(
    ("row", "lines", "counted"),
    [
        ('{n},c,31/12/2025 10:00,"1",web\n', ['ordered_at: {value: \'"at"\', format: "%d/%m/%Y %H:%M"}'], 8.0),
        ("{n},c,05.01.2026,1,web\n", ['ordered_at: {value: \'"at"\', format: "%d.%m.%Y"}'], 8.0),
        ("{n},c,1767600000,1,web\n", ['ordered_at: {value: \'"at"\', format: "epoch_s"}'], 8.0),
        (
            "{n},c,05/01/2026,1,web\n",
            ['ordered_at: {value: \'"at"\', format: "%d/%m/%Y"}', 'ordered_at: {value: \'"at"\', format: "%m/%d/%Y"}'],
            8.0,
        ),
        (
            '{n},c,2026-01-06,"1,234.50",web\n',
            ["gross_amount: {value: amount, number: {decimal: '.', group: ','}}"],
            8 * 1234.5,
        ),
        (
            '{n},c,2026-01-06,"1.234,50",web\n',
            ["gross_amount: {value: amount, number: {decimal: ',', group: '.'}}"],
            8 * 1234.5,
        ),
        (
            '{n},c,2026-01-06,"€ 1,234",web\n',
            [
                "gross_amount: {value: amount, number: {decimal: '.', group: ',', signs: ['€']}}",
                "gross_amount: {value: amount, number: {decimal: ',', signs: ['€']}}",
            ],
            8 * 1234,
        ),
    ],
)
def test_a_retyped_column_stops_its_source_with_an_edit_that_mends_it(
    home: Home, row: str, lines: list[str], counted: float
) -> None:
    message = after_a_good_day(home, "id,customer,at,amount,channel\n", row)
    assert "rows are bad" in message
    assert [line.casefold() for line in proposed(message)] == [line.casefold() for line in lines]
    assert ("ask" in message) == (len(lines) > 1)
    applied(home, proposed(message)[0])
    assert home.ingest(NEXT).ok
    sums = "select count(*), sum(gross_amount)::double from raw.orders where load_date = '2026-01-06'"
    assert home.ask(sums) == [(8, counted)]


# --- reload ---


def three_days(home: Home) -> list[date]:
    days = [DAY + timedelta(days=n) for n in range(3)]
    home.mapping((home.settings.sources / "crm.yml").read_text().replace("source: crm", "source: shop"), "shop")
    for n, day in enumerate(days):
        home.put("orders.csv", home.orders(n * 10, n * 10 + 1), day=day)
        home.put("orders.csv", home.orders(n), day=day, source="shop")
    assert home.ingest(days[0], days[2]).ok
    return days


def test_a_changed_mapping_reads_the_days_of_a_range_again_and_no_others(home: Home) -> None:
    days = three_days(home)
    before = Manifest.read(home.settings.raw).files
    for source in ("crm", "shop"):
        path = home.settings.sources / f"{source}.yml"
        path.write_text(path.read_text().replace("gross_amount: amount", 'gross_amount: "amount::decimal(18,2) * 2"'))
    lines = list(reload(home.settings, "crm", days[1], days[2]))
    assert lines == [
        "2026-01-06 orders.csv: loaded, 2 read, 2 taken in, 0 not (2 taken in before)",
        "2026-01-07 orders.csv: loaded, 2 read, 2 taken in, 0 not (2 taken in before)",
        "2 of 2 files read anew; the figures follow with the next night, or kefu backfill",
    ]
    assert home.ask(
        "select source_system, load_date, sum(gross_amount)::double from raw.orders group by all order by all"
    ) == [
        ("crm", days[0], 0.5 + 1.5),
        ("crm", days[1], 2 * (10.5 + 11.5)),
        ("crm", days[2], 2 * (20.5 + 21.5)),
        ("shop", days[0], 0.5),
        ("shop", days[1], 1.5),
        ("shop", days[2], 2.5),
    ]
    after = Manifest.read(home.settings.raw).files
    changed = [(f.source, f.load_date) for f in after if f not in before]
    assert changed == [("crm", days[1]), ("crm", days[2])]
    assert list(reload(home.settings, "crm", days[1], days[2]))[-1].startswith("0 of 2 files read anew")


def test_reloading_what_is_not_there_is_told(home: Home) -> None:
    days = three_days(home)
    with pytest.raises(CommandFailedError, match="nothing of 'crm' lies in"):
        list(reload(home.settings, "crm", days[2] + timedelta(days=1), days[2] + timedelta(days=9)))
    with pytest.raises(CommandFailedError, match="nothing of 'nobody' lies in"):
        list(reload(home.settings, "nobody", *days[:2]))


def test_a_mapping_that_refuses_when_reloading_is_told_and_leaves_the_last_good_load(home: Home) -> None:
    days = three_days(home)
    path = home.settings.sources / "crm.yml"
    path.write_text(path.read_text().replace("gross_amount: amount", "gross_amount: amuont"))
    words = ["source", "reload", "crm", "--from", str(days[0]), "--to", str(days[2])]
    result = CliRunner(env={"KEFU_HOME": str(home.settings.home)}).invoke(cli, words)
    assert isinstance(result.exception, CommandFailedError)
    assert str(result.exception).count("'amuont' may be called 'amount' now, which has a like name") == 3
    assert "orders.csv: refused" in result.output
    assert home.ask("select count(*) from raw.orders where source_system = 'crm'") == [(6,)]
