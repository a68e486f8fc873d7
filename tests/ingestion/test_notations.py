"""How numbers, lengths of time and dates are written, held against Babel, Python or what a person reads there."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pytest
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.mapping import load_mapping
from orchestration.ingestion.moments import formatted_instant
from orchestration.ingestion.notations import NumberStyle, length_in_seconds

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingestion.homes import Home

CON = duckdb.connect()
GERMAN = NumberStyle(",", ".", ("€", "EUR"))
DOLLARS = NumberStyle(".", ",", ("$", "US$"))
FRENCH = NumberStyle(",", " ")
SWISS = NumberStyle(".", "'")


def read(sql: str, text: str | None) -> str | None:
    row = CON.execute(f"select ({sql})::varchar from (select ?::varchar as text)", [text]).fetchone()
    assert row is not None
    found: str | None = row[0]
    return found


LOCALES = ["es", "de", "fr", "pt_BR", "it", "nl", "pl", "ru", "tr", "sv", "zh_CN", "ja", "ko", "en"]


def read_all(sql: str, texts: list[str]) -> list[str | None]:
    rows = CON.execute(f"select ({sql})::varchar from (select unnest(?::varchar[]) as text)", [texts]).fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("style", "text", "number"),
    [
        (GERMAN, "1.234,50", "1234.50"),
        (GERMAN, "1.234", "1234"),
        (GERMAN, "1234,5", "1234.5"),
        (GERMAN, "1.23", None),  # neither groups nor a decimal
        (GERMAN, "1,234.50", None),
        (GERMAN, "€ 5", "5"),
        (GERMAN, "5,00 EUR", "5.00"),
        (GERMAN, "5,00 USD", None),  # a currency that nobody spoke of
        (GERMAN, "-€3", "-3"),
        (GERMAN, "12,5 %", "0.125"),
        (GERMAN, "(1.000,00)", "-1000.00"),
        (GERMAN, "(5", None),
        (GERMAN, "12-", "-12"),
        (GERMAN, "\N{MINUS SIGN}5", "-5"),
        (GERMAN, "5 5", None),
        (GERMAN, "1e3", None),
        (DOLLARS, "$1,234.50", "1234.50"),
        (DOLLARS, "US$ 5", "5"),
        (DOLLARS, "1,23,456.00", "123456.00"),  # lakhs
        (DOLLARS, "1,23", None),
        (DOLLARS, ".5", "0.5"),
        (FRENCH, "1\u202f234,5", "1234.5"),
        (FRENCH, "1 234", "1234"),
        (SWISS, "1\N{RIGHT SINGLE QUOTATION MARK}234.5", "1234.5"),
        (NumberStyle(","), "1.234", None),
        (NumberStyle(","), None, None),
    ],
)
def test_a_number_is_read_by_its_marks_or_not_at_all(style: NumberStyle, text: str | None, number: str | None) -> None:
    found = read(style.plain("text"), text)
    assert (None if found is None else Decimal(found)) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("locale", "style"), [("de", GERMAN), ("en", DOLLARS), ("fr", FRENCH), ("de_CH", SWISS), ("en_IN", DOLLARS)]
)
@settings(max_examples=10, deadline=None)
@given(numbers=st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=50))
def test_a_number_as_babel_writes_it_is_that_number(locale: str, style: NumberStyle, numbers: list[Decimal]) -> None:
    written = [format_decimal(number, locale=locale) for number in numbers]
    assert [Decimal(str(one)) for one in read_all(style.plain("text"), written)] == numbers


@pytest.mark.parametrize(
    ("form", "locale", "text", "seconds"),
    [
        ("h:m", None, "22:17", 22 * 3600 + 17 * 60),
        ("h:m", None, "-0:30", -1800),
        ("h:m", None, "22:77", None),
        ("h:m", None, "1:02:03", None),
        ("m:s", None, "05:30", 330),
        ("h:m:s", None, "01:02:03", 3723),
        ("h:m:s", None, "100:00:00", 360_000),
        ("units", None, "1h 30m", 5400),
        ("units", None, "2 天", 172_800),
        ("units", None, "2天3小时5分钟", 183_900),
        ("units", None, "1 day, 3 hours and 2 min", 97_320),
        ("units", None, "1.5 H", 5400),
        ("units", None, "-3 d", -259_200),
        ("units", None, "1h 2h", None),
        ("units", None, "1h30", None),
        ("units", None, "3 moons", None),
        ("units", None, "", None),
        ("units", "es", "3 horas y 2 minutos", 10_920),
        ("units", "de", "1 Std. 5 Min.", 3900),
        ("units", "de", "2 Tage", 172_800),
    ],
)
def test_a_length_of_time(form: str, locale: str | None, text: str, seconds: int | None) -> None:
    found = read(length_in_seconds("text", form, locale), text)
    assert (None if found is None else float(found)) == seconds


@pytest.mark.parametrize(
    ("locale", "form", "text", "local"),
    [
        ("es", "%d/%b/%y %I:%M %p", "18/jul/26 9:10 AM", "2026-07-18 09:10:00"),
        ("es", "%d/%b/%y", "3/sept./26", "2026-09-03 00:00:00"),
        ("es", "%d/%b/%y", "3/sep/26", "2026-09-03 00:00:00"),
        ("es", "%d/%m/%Y %I:%M %p", "3/3/2026 4:05 p.\u202fm.", "2026-03-03 16:05:00"),
        ("zh_CN", "%Y/%m/%d %p%I:%M", "2026/3/1 下午2:05", "2026-03-01 14:05:00"),
        ("zh_CN", "%Y年%m月%d日 %p%I:%M", "2026年3月1日 上午12:05", "2026-03-01 00:05:00"),
        ("zh_CN", "%Y/%m/%d %p %I:%M", "2026/3/1 晚上 12:05", None),  # noon or midnight
        ("zh_CN", "%Y年%B%d日", "2026年十二月1日", "2026-12-01 00:00:00"),
        ("fr", "%d %b %Y", "3 jui 2026", None),  # June or July
        ("fr", "%d %b %Y", "3 janv. 2026", "2026-01-03 00:00:00"),
        (None, "%d %b %Y", "3 janv. 2026", None),
        (None, "excel_serial", "46082.4166666667", "2026-03-01 10:00:00"),
        (None, "excel_serial", "46082", "2026-03-01 00:00:00"),
        (None, "excel_serial", "0", None),
        (None, "excel_serial", "20260301", None),
        (None, "excel_serial", "2026-03-01", None),
    ],
)
def test_a_date_in_words_or_as_a_spreadsheet_counts(
    locale: str | None, form: str, text: str, local: str | None
) -> None:
    assert read(formatted_instant("text", [form], "UTC", locale=locale), text) == local
    far = read(formatted_instant("text", [form], "Asia/Shanghai", locale=locale), text)
    wanted = None if local is None else str(datetime.fromisoformat(local) - timedelta(hours=8))
    assert far == wanted


@pytest.mark.parametrize("locale", LOCALES)
def test_months_and_halves_of_the_day_as_babel_writes_them(locale: str) -> None:
    times = [datetime(2026, month, 9, hour, 5) for month in range(1, 13) for hour in (0, 9, 12, 23)]  # noqa: DTZ001
    for width in ("MMM", "MMMM"):
        written = [format_date(at, f"dd {width} yyyy", locale=locale) for at in times]
        read_as = read_all(formatted_instant("text", ["%d %b %Y"], "UTC", locale=locale), written)
        assert read_as == [f"{at.date()} 00:00:00" for at in times]
    written = [format_datetime(at, "yyyy-MM-dd a hh:mm", locale=locale) for at in times]
    assert read_all(formatted_instant("text", ["%Y-%m-%d %p %I:%M"], "UTC", locale=locale), written) == list(
        map(str, times)
    )


FILE = """
source: crm
time_zone: UTC
files:
  lines:
    pattern: "lines*"
    number: {decimal: ",", group: "."}
  orders:
    pattern: "orders*"
    locale: es
    number: {decimal: ",", group: ".", signs: "€"}
    joins:
      lines: {file: lines, on: {id: id}, aggregate: {total: "sum(price::decimal(18,2))"}}
    entities:
      - entity: orders
        columns:
          order_id: id
          ordered_at: {value: at, format: "%d %B %Y"}
          gross_amount: lines.total
      - entity: order_lines
        columns:
          order_id: id
          product_id: {constant: p}
          quantity: {value: pieces, number: {group: ","}}
          unit_price: net::decimal(18,2) * 2
          amount: coalesce(nullif(net, '-'), '0')
"""


def test_a_file_says_once_how_its_numbers_are_written(home: Home) -> None:
    home.mapping(FILE)
    home.put("lines.csv", 'id,price\n1,"1.000,10"\n1,"0,90"\n2,"1,5"\n3,1.5\n')
    home.put(
        "orders.csv",
        'id,at,pieces,net\n1,3 marzo 2026,"1,000","1.250,50 €"\n2,4 enero 2026,2,-\n3,4 enero 2026,2,"1,5"\n'
        '4,4 enero 2026,1.000,"3,5"\n5,4 enero 2026,"2,00","3,5"\n',
    )
    report = home.ingest()
    assert report.ok, report.refusals
    # the second order's net is no number where it is cast, though it means nothing where it is not
    assert [(row["line"], row["column"], row["value"]) for row in home.put_aside("orders.csv")] == [
        ("3", "order_lines.unit_price", "-"),
        ("4", "orders.gross_amount", "1.5"),
        ("5", "orders.gross_amount", ""),
        ("6", "orders.gross_amount", ""),
    ]
    assert home.ask("select order_id, ordered_at::date::varchar, gross_amount from raw.orders order by 1") == [
        ("crm:1", "2026-03-03", Decimal("1001.00"))
    ]
    assert home.ask("select order_id, quantity, unit_price, amount from raw.order_lines order by 1") == [
        ("crm:1", 1000, Decimal("2501.00"), Decimal("1250.50"))
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("locale: es", "locale: klingon", 10, "there is no locale 'klingon'; write one such as es, pt_BR or zh_CN"),
        ('group: ".", signs', 'group: ",", signs', 11, "must be one mark that is not the decimal's"),
        ('value: at, format: "%d %B %Y"', "value: at, format: units", 18, "'units' is of lengths of time; ordered_at"),
        ("value: pieces,", "value: pieces, format: '%Y',", 24, "quantity is no time"),
    ],
)
def test_a_notation_that_cannot_be_is_said(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    path = tmp_path / "crm.yml"
    assert old in FILE
    path.write_text(FILE.replace(old, new))
    with pytest.raises(MappingError) as reported:
        load_mapping(path)
    assert said in str(reported.value)
    assert f"line {line}:" in str(reported.value)


def test_lengths_of_time_fill_seconds_and_minutes(home: Home) -> None:
    home.mapping("""
source: crm
time_zone: UTC
files:
  verdicts:
    pattern: "verdicts*"
    entities:
      - entity: ticket_outcomes
        columns:
          ticket_id: id
          metric: {constant: first_reply}
          is_met: met
          minutes: {value: took, format: ["h:m", units]}
""")
    home.put("verdicts.csv", "id,met,took\n1,yes,22:17\n2,no,-0:30\n3,yes,2 天\n4,yes,soon\n5,yes,\n6,yes,45s\n")
    report = home.ingest()
    assert report.ok, report.refusals
    assert [(row["line"], row["column"]) for row in home.put_aside("verdicts.csv")] == [
        ("3", "ticket_outcomes.minutes"),
        ("5", "ticket_outcomes.minutes"),
    ]
    assert home.ask("select ticket_id, minutes from raw.ticket_outcomes order by 1") == [
        ("crm:1", Decimal(1337)),
        ("crm:2", None),
        ("crm:3", Decimal(2880)),
        ("crm:5", None),
        ("crm:6", Decimal("0.75")),
    ]
