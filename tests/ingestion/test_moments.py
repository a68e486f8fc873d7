"""Texts that state a time, against Python's own calendar: right to the microsecond, or nothing."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.ingestion.moments import formatted_instant, iso_instant, local_day, local_stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.ingestion.homes import Home

ZONES = ["Asia/Shanghai", "America/Bogota", "America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe"]


def read(sql: str, texts: Sequence[str | None]) -> list[object]:
    """What an expression over `text` makes of texts."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(
            "create table texts as select unnest(range(?)) as place, unnest(?::varchar[]) as text",
            [
                len(texts),
                texts,
            ],
        )
        return [row[0] for row in con.execute(f"select {sql} from texts order by place").fetchall()]


def naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


@pytest.mark.parametrize("zone", ZONES)
def test_any_stamp_is_the_instant_that_it_states(zone: str) -> None:
    """Python says which instant, from the offset, the word for UTC, or the clock of the zone; whole hours or not."""
    dice = random.Random(zone)  # noqa: S311 - no secret
    texts, expected = [], []
    for _ in range(4000):
        at = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=dice.randrange(50 * 365 * 86_400 * 10**6))
        local = at.astimezone(ZoneInfo(zone))
        ahead = timedelta(minutes=dice.choice([-720, -210, -60, 0, 60, 330, 480, 840]))
        elsewhere = (at + ahead).replace(tzinfo=None)
        sign = "-" if ahead < timedelta() else "+"
        hours, minutes = divmod(abs(ahead) // timedelta(minutes=1), 60)
        stamp, there = local.replace(tzinfo=None).isoformat(" "), elsewhere.isoformat(dice.choice(" T"))
        ways = {
            stamp: None,
            f"{there}{sign}{hours:02}:{minutes:02}": at,
            f"{there} {sign}{hours:02}:{minutes:02}": at,
            f"{there}{sign}{hours:02}{minutes:02}": at,
            at.replace(tzinfo=None).isoformat("T") + dice.choice(["Z", " Z", " UTC", " GMT", "UTC", " utc", "z"]): at,
        }
        text, instant = dice.choice(list(ways.items()))
        if instant is None:
            # an hour that the clock of the zone shows twice is either; which one is nobody's to know
            twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
            instant = None if twice else local
        if instant is not None:
            texts.append(text)
            expected.append(naive(instant))
    assert read(iso_instant("text", zone), texts) == expected
    plain = read(iso_instant("text", zone, odd=False), texts)
    assert all(found in (None, right) for found, right in zip(plain, expected, strict=True))
    assert sum(found is not None for found in plain) > len(texts) / 2


@pytest.mark.parametrize(
    ("zone", "text", "utc"),
    [
        ("Europe/London", "2026-07-01 14:05:00 BST", "2026-07-01 13:05:00"),
        ("Europe/London", "2026-01-01 14:05:00 GMT", "2026-01-01 14:05:00"),
        ("Europe/London", "2026-07-01 14:05:00 GMT", "2026-07-01 14:05:00"),  # out of season, but it says so
        ("Asia/Shanghai", "2026-07-01 14:05:00 CST", "2026-07-01 06:05:00"),
        ("America/Chicago", "2026-01-01 14:05:00 CST", "2026-01-01 20:05:00"),
        ("America/Chicago", "2026-07-01 14:05:00 CDT", "2026-07-01 19:05:00"),
        ("Asia/Kolkata", "2026-07-01 14:05:00 IST", "2026-07-01 08:35:00"),
        ("Europe/Moscow", "2013-07-01 14:05:00 MSK", "2013-07-01 10:05:00"),  # four hours ahead from 2011 to 2014
        ("Europe/Moscow", "2026-07-01 14:05:00 MSK", "2026-07-01 11:05:00"),
        ("Asia/Shanghai", "2026-07-01 14:05:00 Europe/London", "2026-07-01 13:05:00"),
        ("Asia/Shanghai", "2026-07-01 14:05:00+08:00", "2026-07-01 06:05:00"),
        ("Asia/Shanghai", "2026-07-01 14:05:00.123456 UTC", "2026-07-01 14:05:00.123456"),
        ("America/New_York", "2026-07-01 14:05:00 CST", None),  # whose?
        ("Asia/Shanghai", "2026-07-01 14:05:00 BST", None),
        ("Asia/Shanghai", "2026-07-01 02:05 PM", None),
        ("Asia/Shanghai", "2026-07-01 14:05:00 XYZ", None),
        ("Asia/Shanghai", "2026-07-01 14:05:00+08:00 CST", None),
        ("Asia/Shanghai", "infinity", None),
        ("Asia/Shanghai", "epoch", None),
        ("Asia/Shanghai", "20260701", None),
        ("Asia/Shanghai", "", None),
    ],
)
def test_letters_mean_what_they_mean_in_the_zone_or_nothing(zone: str, text: str, utc: str | None) -> None:
    expected = utc and datetime.fromisoformat(utc)
    assert read(iso_instant("text", zone), [text]) == [expected]
    if text and text[-1].isalpha() and "/" not in text:
        assert read(formatted_instant("text", ["%Y-%m-%d %H:%M:%S.%f %Z", "%Y-%m-%d %H:%M:%S %Z"], zone), [text]) == [
            expected
        ]


def test_every_letter_of_every_zone_is_right_through_the_years() -> None:
    """Wherever Python's zone calls an instant by letters, those letters give that instant, or nothing."""
    for zone in [*ZONES, "America/Los_Angeles", "Asia/Manila", "Europe/Dublin", "Asia/Jerusalem", "Europe/Istanbul"]:
        texts, expected = [], []
        for week in range(52 * 60):
            at = datetime(1972, 1, 3, 11, 17, tzinfo=UTC) + timedelta(weeks=week)
            local = at.astimezone(ZoneInfo(zone))
            if str(local.tzname()).isalpha():
                texts.append(f"{local:%d/%m/%Y %H:%M} {local.tzname()}")
                expected.append(naive(at))
        assert read(formatted_instant("text", ["%d/%m/%Y %H:%M %Z"], zone), texts) == expected


def test_numbers_that_count_from_1970() -> None:
    dice = random.Random(3)  # noqa: S311 - no secret
    moments = [datetime(1970, 1, 1) + timedelta(microseconds=dice.randrange(-(10**15), 4 * 10**15)) for _ in range(500)]  # noqa: DTZ001
    micros = [round((at - datetime(1970, 1, 1)) / timedelta(microseconds=1)) for at in moments]  # noqa: DTZ001
    for form, scale in (("epoch_s", 1_000_000), ("epoch_ms", 1_000), ("epoch_us", 1)):
        texts = [
            f"{'-' if count < 0 else ''}{abs(count) // scale}.{abs(count) % scale:0{len(str(scale)) - 1}}".rstrip(".")
            for count in micros
        ]
        if scale == 1:
            texts = [str(count) for count in micros]
        assert read(formatted_instant("text", [form], "America/New_York"), texts) == moments
    for text in ("1.7723556E+12", "soon", "99999999999999999999999999", "", "12:30"):
        assert read(formatted_instant("text", ["epoch_ms"], "UTC"), [text]) == [None]


def test_formats_are_tried_in_their_order() -> None:
    formats = ["epoch_ms", "%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S%z", "%m/%d/%Y %H:%M"]
    texts = [
        "1772355600123",
        "03/04/2026 09:30",
        "13/04/2026 09:30",
        "04/13/2026 09:30",
        "2026-03-01T10:00:00+0200",
        "x",
    ]
    texts += ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00UTC"]
    assert [str(one) for one in read(formatted_instant("text", formats, "Asia/Shanghai"), texts)] == [
        "2026-03-01 09:00:00.123000",
        "2026-04-03 01:30:00",
        "2026-04-13 01:30:00",
        "2026-04-13 01:30:00",
        "2026-03-01 08:00:00",
        "None",
        "2026-03-01 10:00:00",
        "2026-03-01 10:00:00",
    ]


def test_a_year_of_two_digits_is_the_last_one_that_was() -> None:
    """For any day: the year of the century that ends with the delivery, worked out by counting."""
    latest = date(2026, 4, 8)
    days = [date(1927, 1, 1) + timedelta(days=n * 37) for n in range(980)]
    days = [day for day in days if day <= latest and day > latest.replace(year=1926)]
    texts = [f"{day:%m/%d/%y}" for day in days] + ["04/08/26", "04/09/26"]
    expected = [*days, latest, date(1926, 4, 9)]
    found = read(f"({formatted_instant('text', ['%m/%d/%y'], 'UTC', latest)})::date", texts)
    assert found == expected
    assert read(f"({formatted_instant('text', ['%m/%d/%y'], 'UTC')})::date", ["03/01/55"]) == [date(2055, 3, 1)]


def test_a_cast_to_a_stamp_or_a_day_is_local() -> None:
    texts = [
        "2026-07-01 23:30:00",
        "2026-07-01T23:30:00Z",
        "2026-07-01 23:30:00+02:00",
        "2026-07-01",
        "2026-07-01 23:30:00 XYZ",
    ]
    assert [str(one) for one in read(local_stamp("text", "Asia/Shanghai"), texts)] == [
        "2026-07-01 23:30:00",
        "2026-07-02 07:30:00",
        "2026-07-02 05:30:00",
        "2026-07-01 00:00:00",
        "None",
    ]
    assert [str(one) for one in read(local_day("text", "Asia/Shanghai"), texts)] == [
        "2026-07-01",
        "2026-07-02",
        "2026-07-02",
        "2026-07-01",
        "None",
    ]


STAMPS = """
source: crm
time_zone: {zone}
files:
  tickets:
    pattern: tickets.csv
    entities:
      - entity: tickets
        columns: {{ticket_id: id, created_at: {column}}}
"""


@pytest.mark.parametrize(
    ("zone", "column", "text", "utc"),
    [
        ("America/Bogota", "at", "2026-07-18 09:10:00", "2026-07-18 14:10:00"),
        ("America/St_Johns", "at", "2026-01-18 09:10:00", "2026-01-18 12:40:00"),
        ("Asia/Shanghai", "at", "2026-09-01 10:00:00 UTC", "2026-09-01 10:00:00"),
        ("Asia/Shanghai", "at::timestamp", "2026-09-01 10:00:00 UTC", "2026-09-01 10:00:00"),
        ("Asia/Shanghai", "at::timestamptz", "2026-09-01 10:00:00", "2026-09-01 02:00:00"),
        ("America/New_York", "epoch_ms(at::bigint)", "1772355600123", "2026-03-01 09:00:00.123"),
        ("America/New_York", "to_timestamp(at::bigint / 1000)", "1772355600123", "2026-03-01 09:00:00.123"),
        ("America/New_York", "make_timestamp(at::bigint)", "1772355600123456", "2026-03-01 09:00:00.123456"),
        ("America/New_York", "{value: at, format: epoch_ms}", "1772355600123", "2026-03-01 09:00:00.123"),
        (
            "America/New_York",
            '{value: at, format: ["%d/%b/%y %I:%M %p", epoch_s]}',
            "1772355600",
            "2026-03-01 09:00:00",
        ),
        ("Europe/London", '{value: at, format: "%d/%m/%Y %H:%M %Z"}', "01/07/2026 14:05 BST", "2026-07-01 13:05:00"),
        ("Europe/London", '{value: at, format: "%d/%m/%Y %H:%M %Z"}', "01/07/2026 14:05 CST", None),
        ("Europe/London", '{value: at, format: "%d/%m/%Y %H:%M"}', "01/07/2026 14:05 BST", None),
    ],
)
def test_what_a_mapping_reads_is_the_instant_or_put_aside(
    home: Home, zone: str, column: str, text: str, utc: str | None
) -> None:
    home.mapping(STAMPS.format(zone=zone, column=column))
    home.put("tickets.csv", f"id,at\n1,{text}\n2,\n")
    home.put("tickets.csv", f"id,at\n1,{text}\n")
    home.ingest()
    found = [str(row[0]) for row in home.ask("select created_at::varchar from raw.tickets")]
    assert found == ([utc] if utc else [])
    assert [row["value"] for row in home.put_aside("tickets.csv")] == ([] if utc else [text])


def test_nobody_is_born_in_the_future(home: Home) -> None:
    home.mapping("""
source: crm
time_zone: UTC
files:
  people:
    pattern: people.csv
    entities:
      - entity: customers
        columns: {customer_id: id, birth_date: {value: b, format: ["%m/%d/%y", "%m/%d/%Y"]}}
""")
    home.put("people.csv", "id,b\n1,03/01/55\n2,03/01/1955\n3,03/01/2055\n4,01/05/26\n5,01/06/26\n")
    assert home.ingest().ok
    assert home.ask("select birth_date::varchar from raw.customers order by customer_id") == [
        ("1955-03-01",),
        ("1955-03-01",),
        (None,),
        ("2026-01-05",),
        ("1926-01-06",),
    ]
    (row,) = home.put_aside("people.csv")
    assert (row["line"], row["outcome"]) == ("4", "loaded without birth_date")
