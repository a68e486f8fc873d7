"""One language of a reader: messages, numbers, money, dates. What is said is decided elsewhere; what a language needs
of its own (translations, patterns of dates, how sentences follow each other) is in its catalogue."""

from __future__ import annotations

import gettext
import io
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache, reduce
from pathlib import Path
from typing import TypeVar, cast

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent, get_currency_name, parse_pattern

from foundation.languages import LANGUAGES, SOURCE, LanguageCode
from reports.periods import Schedule
from reports.registry import FOLDER
from reports.text.terms import TERMS

LOCALES = FOLDER / "locales"
LONGEST = 120  # characters of a foreign string that are printed
LONGEST_DEFINITION = 800

DASH = "–"
NBSP = "\u00a0"  # between a number and its unit, which no end of a line may part
MINUTE, HOUR, DAY = Decimal(1), Decimal(60), Decimal(60 * 24)
DATE_PATTERN = "date pattern"  # context of the messages below in a catalogue
MONTH, MONTH_SHORT = "MMMM y", "MMM yy"
WEEKDAY, DAY_LONG, DAY_SHORT = "EEEE, d MMMM y", "d MMMM y", "d MMM"
DATE_PATTERNS = (MONTH, MONTH_SHORT, WEEKDAY, DAY_LONG, DAY_SHORT)
# what a language calls large numbers in sentences and on axes: the power of ten from which it does, and the word
LARGE_CONTEXT, LARGE = "large numbers", "6 m, 9 bn"
# currencies that a language names otherwise than Babel does: in a sentence, and behind a number
CURRENCY, CURRENCY_UNIT, CURRENCIES = "currency", "currency behind a number", ("CNY",)


def catalogue_path(code: LanguageCode) -> Path:
    """The .po file of a language; the source language has none."""
    return LOCALES / code.replace("-", "_") / "LC_MESSAGES" / "kefu.po"


_Formatter = TypeVar("_Formatter", bound=Callable[..., str])


def _kept(formatter: _Formatter) -> _Formatter:
    """The formatter with its last texts kept: a report prints most of its numbers and days more than once."""
    return cast(_Formatter, lru_cache(maxsize=20_000)(formatter))


_pattern = cache(parse_pattern)
_date, _decimal = _kept(format_date), _kept(format_decimal)
_percent = _kept(format_percent)
_JOINERS = "\u200c\u200d"  # Persian and Hindi are spelt with them, emoji of several people are made with them


@lru_cache(maxsize=10_000)
def plain(text: str, longest: int = LONGEST) -> str:
    """A string from outside, fit to print: no control or direction characters, one line, no longer than told."""
    kept = "".join(c if c in _JOINERS or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} else " " for c in text)
    line = " ".join(kept.split()).strip(f" {_JOINERS}")
    return line if len(line) <= longest else line[: longest - 1] + "…"


def place_of(code: str) -> tuple[int, str]:
    """Where a code of the warehouse stands among others: in the order of TERMS, then by the alphabet."""
    return (list(TERMS).index(code) if code in TERMS else len(TERMS), code)


class Language:
    """Everything that differs between readers of two languages."""

    def __init__(self, code: LanguageCode) -> None:
        self.code: LanguageCode = code
        self.locale = Locale.parse(code, sep="-")
        self.translations = gettext.NullTranslations() if code == SOURCE else _translations(code, self.locale)

    def say(self, message: str, **values: object) -> str:
        """The message in this language with its %(name)s filled in; a per cent sign is written %% in a message."""
        return self.translations.gettext(message) % values

    def say_n(self, one: str, many: str, count: int, **values: object) -> str:
        """The message in the form that the count calls for; %(count)s is the formatted count."""
        return self.translations.ngettext(one, many, count) % {"count": self.count(count), **values}

    def text(self, source: str, context: str) -> str:
        """A text that the warehouse carries in the source language; as it is where the catalogue has no translation of
        just this text. The context is the metric's id or the reference table's name."""
        return self.translations.pgettext(context, source)

    def sentences(self, *sentences: str) -> str:
        """Sentences as running text."""
        return reduce(lambda first, second: self.say("%(first)s %(second)s", first=first, second=second), sentences)

    def join(self, items: list[str]) -> str:
        """A list as running text."""
        return self.say(", ").join(items)

    def either(self, items: list[str]) -> str:
        """Alternatives as running text."""
        return self.say(" or ").join(items)

    def month(self, month: date) -> str:
        return self._dated(month, MONTH)

    def month_short(self, month: date) -> str:
        return self._dated(month, MONTH_SHORT)

    def period(self, schedule: Schedule, first: date) -> str:
        """A month, or a day with its weekday."""
        if schedule == "monthly":
            return self.month(first)
        return self._dated(first, WEEKDAY)

    def period_short(self, schedule: Schedule, first: date) -> str:
        if schedule == "monthly":
            return self.month_short(first)
        return self._dated(first, DAY_SHORT)

    def day(self, day: date) -> str:
        return self._dated(day, DAY_LONG)

    def _dated(self, day: date, pattern: str) -> str:
        return _date(day, self.text(pattern, DATE_PATTERN), self.locale)

    def moment(self, moment: datetime) -> str:
        return format_datetime(moment, "y-MM-dd HH:mm", locale=self.locale)

    def count(self, value: int | Decimal) -> str:
        return _decimal(value, _pattern("#,##0"), self.locale)

    def figure(
        self,
        value: Decimal | None,
        unit: str,
        currency: str,
        *,
        like: Decimal | None = None,
        bare: bool = False,
        brief: bool = False,
        sign: str = "",
    ) -> str:
        """A figure with its unit, a dash for none. `like` fixes the scale so that a figure and its interval read alike;
        `bare` leaves the unit out, `brief` names large numbers by their thousands or millions, `sign` stands before the
        number."""
        if value is None:
            return DASH
        value += 0  # equal numbers are kept as one, so there is no negative nought
        scale = abs(value if like is None else like)
        match unit:
            case "rate":
                digits = "0.00" if 0 < scale < Decimal("0.01") else "0.0"
                if bare:
                    return sign + self._number(value * 100, digits)
                return sign + _percent(value, _pattern(digits + "%"), self.locale).replace("-", "−")
            case "money":
                number, word = self._large(value, scale, "#,##0.00" if scale < 1000 else "#,##0", brief=brief)
                if bare:
                    return sign + NBSP.join(filter(None, (number, word)))
                return self.amount(sign + number, currency, word)
            case "minutes":
                divisor = self.divisor(scale, unit)
                number = sign + self._number(value / divisor, "#,##0.0" if scale / divisor < 100 else "#,##0")
                return number if bare else self.time(number, divisor)
            case "days":
                number = sign + self._number(value, "#,##0.0")
                return number if bare else self.time(number, DAY)
            case "count" | "points":
                parts = self._large(value, scale, "#,##0" if scale >= 100 else "#,##0.##", brief=brief)
                return sign + NBSP.join(filter(None, parts))
            case _:
                return sign + self._number(value, "#,##0.00" if scale < 10 else "#,##0.0")

    def amount(self, number: str, currency: str, word: str = "") -> str:
        """A number of money (of thousands or millions: the word for them) with its currency."""
        unit = self.text(currency, CURRENCY_UNIT)
        name = get_currency_name(currency, locale=self.locale) if unit == currency else unit
        values = {"code": currency, "number": number, "name": name}
        if word:
            return self.say("%(code)s\u00a0%(number)s\u00a0%(large)s", large=word, **values)
        return self.say("%(code)s\u00a0%(number)s", **values)

    def currency(self, code: str) -> str:
        """What money is counted in, in a sentence."""
        return self.text(code, CURRENCY)

    @property
    def large(self) -> list[tuple[Decimal, str]]:
        """From which number on a language counts in what, the largest first."""
        steps = [step.split(" ", 1) for step in self.text(LARGE, LARGE_CONTEXT).split(", ")]
        return [(Decimal(10) ** int(power), word) for power, word in reversed(steps)]

    def _large(self, value: Decimal, scale: Decimal, pattern: str, *, brief: bool) -> tuple[str, str]:
        """A number and, in brief, the word for what it counts in."""
        if brief:
            for step, word in self.large:
                if scale >= step:
                    return self._number(value / step, "#,##0.0" if scale / step < 100 else "#,##0"), word
        return self._number(value, pattern), ""

    def interval(
        self, low: Decimal | None, high: Decimal | None, unit: str, currency: str, like: Decimal | None
    ) -> str:
        """The 95 % interval of a figure with its unit once, a dash for none."""
        if low is None or high is None:
            return DASH
        is_money = unit == "money"
        lowest = self.figure(low, unit, currency, like=like, bare=True)
        highest = self.figure(high, unit, currency, like=like, bare=is_money)
        both = self.say("%(low)s to %(high)s", low=lowest, high=highest) if low < 0 else f"{lowest}{DASH}{highest}"
        return self.amount(both, currency) if is_money else both

    def difference(self, value: Decimal, unit: str, currency: str, *, brief: bool = False) -> str:
        """A difference of two figures with its sign; of two shares in percentage points."""
        sign = "+" if value > 0 else ""
        if unit == "rate":
            return self.say("%(number)s\u00a0pp", number=self.figure(value, unit, currency, bare=True, sign=sign))
        return self.figure(value, unit, currency, sign=sign, brief=brief)

    def inside(self, label: str) -> str:
        """A label as it stands within a sentence: in the source language without its capital, unless it is a name."""
        begins = self.code == SOURCE and len(label) > 1 and label[1].islower()
        return label[0].lower() + label[1:] if begins else label

    def _number(self, value: Decimal, pattern: str) -> str:
        return _decimal(value, _pattern(pattern), self.locale).replace("-", "−")

    def time(self, number: str, divisor: Decimal) -> str:
        """A number of minutes, hours or days with its unit."""
        if divisor == MINUTE:
            return self.say("%(number)s\u00a0min", number=number)
        return (
            self.say("%(number)s\u00a0h", number=number)
            if divisor == HOUR
            else self.say("%(number)s\u00a0d", number=number)
        )

    @staticmethod
    def divisor(scale: Decimal, unit: str) -> Decimal:
        """By what a figure of that size is divided before it is printed: minutes may read better as hours or days."""
        if unit != "minutes" or scale < 2 * HOUR:
            return MINUTE
        return HOUR if scale < 3 * DAY else DAY

    def name(self, code: str) -> str:
        """A code of the warehouse in words; one that the glossary does not know (a company's own) as it is."""
        return self.say(TERMS[code]) if code in TERMS else plain(code.replace("_", " "))


def _translations(code: LanguageCode, locale: Locale) -> gettext.GNUTranslations:
    with catalogue_path(code).open("rb") as source:
        catalogue = read_po(source, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def language(code: LanguageCode) -> Language:
    """The language of that code, read once. Raises ValueError naming the known ones."""
    if code not in LANGUAGES:
        raise ValueError(f"no language {code!r}; there are {', '.join(LANGUAGES)}")
    return Language(code)
