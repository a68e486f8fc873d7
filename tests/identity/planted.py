"""Customers of two systems with known truth: most are nobody else's, some stand in both, written as people write them.

Names are drawn from few, so that many who share one are two persons; families share an address, companies a mail domain.
"""  # noqa: E501

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

Record = dict[str, Any]
GIVEN = [
    "anna",
    "ben",
    "clara",
    "david",
    "emma",
    "felix",
    "greta",
    "hugo",
    "ines",
    "jonas",
    "katja",
    "lukas",
    "maria",
    "nils",
    "olga",
    "paul",
    "rosa",
    "simon",
    "tanja",
    "uwe",
]
FAMILY = ["schneider", "fischer", "weber", "wagner", "becker", "hoffmann", "schaefer", "koch", "bauer", "richter", "klein", "wolf", "schroeder", "neumann", "schwarz", "zimmermann", "braun", "krueger", "hofmann", "hartmann", "lange", "werner", "krause", "lehmann"]  # fmt: skip  # noqa: E501
STREETS = [
    "station road",
    "mill lane",
    "church street",
    "king street",
    "park avenue",
    "victoria road",
    "bridge street",
    "high street",
    "chapel lane",
    "river drive",
]
CITIES = ["bristol", "leeds", "york", "derby", "exeter", "lincoln"]
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
SIGNS = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华玉兰子涵梓轩雨"
ROADS = ["中山路", "人民路", "解放路", "建设路", "文三路", "延安路", "和平路", "新华街", "长江路", "学院路"]
TOWNS = ["北京", "上海", "广州", "杭州", "成都", "南京"]


def _stranger(dice: random.Random, number: int) -> Record:
    house = dice.randint(1, 400)
    born = date(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
    if number % 2:
        name = f"{dice.choice(GIVEN).title()} {dice.choice(FAMILY).title()}"
        joined = name.lower().replace(" ", dice.choice([".", "", "_"]))
        mail = f"{joined}{dice.randint(1, 9999)}@{dice.choice(['mail', 'post', 'web'])}.example"
        where = {"address": f"{house} {dice.choice(STREETS).title()}", "city": dice.choice(CITIES).title()}
        phone = f"+44 7{dice.randrange(10**9):09d}"
    else:
        name = dice.choice(SURNAMES) + "".join(dice.choices(SIGNS, k=dice.randint(1, 2)))
        mail = f"{dice.choice(['wx', 'qq', 'u'])}{dice.randrange(10**8):08d}@mail.example"
        where = {
            "address": f"{dice.choice(ROADS)}{house}号{dice.randint(1, 9)}幢{dice.randint(101, 999)}室",
            "city": dice.choice(TOWNS),
        }
        phone = f"+861{dice.randrange(3 * 10**9, 10**10):010d}"
    return {
        "customer_id": f"crm:{number:06d}", "type": "person", "name": name, "tax_id": None, "email": mail,
        "phone": phone, **where, "postal_code": None, "birth_date": born if dice.random() < 0.4 else None, "gender": None,  # noqa: E501
    }  # fmt: skip


def _digit_off(dice: random.Random, text: str) -> str:
    place = dice.randrange(len(text) - 7, len(text))
    return text[:place] + str((int(text[place]) + dice.randint(1, 9)) % 10) + text[place + 1 :]


def _letter_off(dice: random.Random, text: str) -> str:
    if not text.isascii():  # a sign less is another name
        return text
    place = dice.randrange(1, len(text) - 1)
    return text[:place] + text[place + 1 :]


def _address_anew(dice: random.Random, record: Record) -> str:
    text = str(record["address"])
    if text.isascii():
        return dice.choice(
            [text.replace("Road", "Rd.").replace("Street", "St").replace("Avenue", "Ave"), text.upper(), text + "."]
        )
    return dice.choice(
        [record["city"] + "市" + text, text.replace("幢", "栋"), text.replace("号", "号 ").replace("室", "")]
    )


def _again(dice: random.Random, record: Record, number: int) -> Record:
    """The same person in the other system: no exact key is left, and something that a person would know them by is."""
    twin = {**record, "customer_id": f"shop:{number:06d}", "email": None, "phone": None}
    name, mail = str(record["name"]), str(record["email"])
    parts = name.split()
    twin["name"] = dice.choice([name, name.upper(), " ".join(reversed(parts)), _letter_off(dice, name)])
    kind = dice.choice(["address", "phone", "mail", "local phone"])
    if kind == "address":
        twin["address"] = _address_anew(dice, record)
    if kind == "phone":
        twin["phone"] = _digit_off(dice, str(record["phone"]))
    if kind == "local phone":
        twin["phone"] = str(record["phone"]).replace("+44 ", "0").replace("+86", "")
    if kind == "mail":
        twin["email"] = f"{mail.split('@')[0]}@other.example"
    if kind != "address":
        twin["address"], twin["city"] = dice.choice([(None, None), (_address_anew(dice, record), record["city"])])
    if dice.random() < 0.5:
        twin["birth_date"] = None
    return twin


def planted(size: int, share: float = 0.1, seed: int = 7) -> tuple[list[Record], set[tuple[str, str]]]:
    """Records of `size` persons, and the pairs that are one person. A tenth share a house with somebody of another
    given name, or are called as a neighbour is."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    records = [_stranger(dice, number) for number in range(size)]
    for record in records[: size // 10]:  # a family, or a namesake in the city: not one person
        other = records[dice.randrange(size // 2, size)]
        if dice.random() < 0.5:
            record.update(address=other["address"], city=other["city"])
        else:
            record.update(name=other["name"], city=other["city"])
    twins = [_again(dice, record, number) for number, record in enumerate(records) if dice.random() < share]
    truth = {("crm:" + twin["customer_id"].split(":")[1], twin["customer_id"]) for twin in twins}
    return records + twins, truth
