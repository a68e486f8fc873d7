"""One language of a reader: messages, numbers, money, dates. What is said is decided elsewhere."""

from __future__ import annotations

import gettext
import io
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal, TypeVar, cast

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, parse_pattern

from reports.periods import Schedule
from reports.registry import FOLDER

LanguageCode = Literal["en", "zh-CN"]
LANGUAGES: tuple[LanguageCode, ...] = ("en", "zh-CN")
LOCALES = FOLDER / "locales"
LONGEST = 120  # characters of a foreign string that are printed
LONGEST_DEFINITION = 800

DASH = "–"
MINUTE, HOUR, DAY = Decimal(1), Decimal(60), Decimal(60 * 24)

# codes of the warehouse that a reader sees, with the message of the catalogues
TERMS = {
    "prospect": "Prospect",
    "new": "New",
    "growing": "Growing",
    "mature": "Mature",
    "declining": "Declining",
    "at_risk": "At risk",
    "reactivated": "Reactivated",
    "active": "Active",
    "lost": "Lost",
    "closed": "Closed",
    "best": "Best",
    "spender": "Spender",
    "frequent": "Frequent",
    "uncertain": "Uncertain",
    "tangibles": "Tangibles",
    "reliability": "Reliability",
    "promptness": "Promptness",
    "accuracy": "Accuracy",
    "responsiveness": "Responsiveness",
    "assurance": "Assurance",
    "empathy": "Empathy",
    "order": "Order",
    "relationship": "Relationship",
    "agent": "Agent",
    "delivery": "Delivery",
    "service_order": "Service order",
    "ticket": "Request",
    "regular": "Regular",
    "silver": "Silver",
    "gold": "Gold",
    "platinum": "Platinum",
    "billing": "Billing",
    "warranty": "Warranty",
    "product": "Product",
    "loyalty": "Loyalty",
    "advice": "Advice",
    "account": "Account",
    "installation": "Installation",
    "reception": "Reception and visits",
    "consulting": "Consulting",
    "spare_parts": "Spare parts",
    "training": "Training",
    "patrol_inspection": "Patrol inspection",
    "special": "Special service",
    "functionality": "Functionality",
    "economy": "Economy",
    "safety": "Safety",
    "timeliness": "Timeliness",
    "comfort": "Comfort",
    "courtesy": "Courtesy",
    "kept": "Promise kept",
    "broken": "Promise broken",
    "on_the_spot": "Resolved on the spot",
    "later": "Resolved later",
    "unresolved": "Unresolved",
    "silent": "Silent",
    "no_failure": "No failure",
    "open_complaint": "Complaint open",
    "dissatisfied": "Dissatisfied",
    "agent_satisfaction": "Agents' satisfaction",
    "service_quality": "Service quality",
    "satisfaction": "Satisfaction",
    "revenue_growth": "Growth of revenue",
    "r": "Recency",
    "f": "Frequency",
    "m": "Monetary value",
    "not_in_base": "Not in base",
    "joined": "Joined",
    "left": "Left",
    "risen": "Risen",
    "fallen": "Fallen",
    "stayed": "Stayed",
    "concentrate_here": "Concentrate here",
    "keep_up": "Keep up",
    "low_priority": "Low priority",
    "possible_overkill": "Possible overkill",
    "attractive": "Attractive",
    "one_dimensional": "The more the better",
    "must_be": "Must be there",
    "indifferent": "Indifferent",
    "reverse": "Reverse",
    "questionable": "Questionable",
    "collected": "Collected",
    "analysed": "Analysed",
    "planned": "Planned",
    "implemented": "Implemented",
    "verified": "Verified",
    "works": "Works",
    "harms": "Harms",
    "no_clear_effect": "No clear effect",
    "no_control": "No control group",
    "not_yet": "Not yet to be judged",
    "unknown_metric": "Unknown figure",
    "too_few": "too few to say",
    "nothing_to_compare": "Nothing to compare",
    "better": "Better",
    "worse": "Worse",
    "changed": "Changed",
    "hours": "Hours",
    "minutes": "Minutes",
    "working_days": "Working days",
    "calendar_days": "Calendar days",
    "rings": "Rings",
    "rate": "Share",
    "servqual": "SERVQUAL",
    "company": "Company",
    "region": "Region",
    "store": "Store",
    "team": "Team",
    "channel": "Channel",
    "category": "Category",
    "grade": "Grade",
    "person": "Person",
    # dimensions that figures are split by
    "action": "next action",
    "age_band": "age band",
    "attribute": "attribute",
    "behaviour": "behaviour",
    "brand": "brand",
    "cause": "cause",
    "clock": "clock",
    "content": "content",
    "delay_reason": "reason of delay",
    "department": "department",
    "escalation_reason": "reason of escalation",
    "fault": "whose fault",
    "familiarity": "familiarity",
    "feedback": "feedback",
    "gap_subject": "subject of the gap",
    "goal": "goal",
    "handling": "handling",
    "incidents_band": "number of incidents",
    "instrument": "questionnaire",
    "journey_step": "step of the journey",
    "key_type": "kind of key",
    "kind": "kind",
    "major_type": "kind of major complaint",
    "manner": "manner",
    "matrix_cell": "cell of the value matrix",
    "method": "method",
    "method_step": "step of the method",
    "metric": "figure",
    "month_number": "number of months",
    "nature": "nature",
    "need": "kind of need",
    "part": "part",
    "phase": "phase",
    "priority": "priority",
    "product_id": "product",
    "promise": "promise",
    "purpose": "purpose",
    "quality": "quality",
    "reason": "reason",
    "resolution_class": "kind of resolution",
    "rfm_segment": "RFM segment",
    "scale": "scale",
    "score": "score",
    "served_by": "served by",
    "service_type": "kind of service",
    "servqual_dimension": "SERVQUAL dimension",
    "severity": "severity",
    "source_tier": "tier kept by the source",
    "stage": "life-cycle stage",
    "standard_id": "service standard",
    "state": "state",
    "technique": "technique",
    "tier": "tier",
    "to_link": "link of the chain",
    "touch_point": "touch point",
    "type": "type",
    # entities of the contract
    "customers": "customers",
    "products": "products",
    "stores": "stores",
    "store_hours": "opening hours",
    "promises": "promises",
    "agents": "agents",
    "agent_shifts": "shifts of agents",
    "agent_training": "training of agents",
    "orders": "orders",
    "order_lines": "order lines",
    "returns": "returns",
    "payments": "payments",
    "credit_applications": "credit applications",
    "stock": "stock",
    "fx_rates": "exchange rates",
    "interactions": "interactions",
    "tickets": "tickets",
    "ticket_events": "ticket events",
    "sla_policies": "SLA policies",
    "ticket_outcomes": "verdicts of sources on service levels",
    "service_orders": "service orders",
    "standard_counts": "counts of standards",
    "surveys": "surveys",
    "survey_items": "survey items",
    "survey_answers": "survey answers",
    "loyalty_members": "loyalty members",
    "points_ledger": "points ledger",
    "coupons": "coupons",
    "campaigns": "campaigns",
    "campaign_contacts": "campaign contacts",
    "opportunities": "opportunities",
    "inspections": "inspections",
    "improvement_actions": "improvement actions",
    # priorities of tickets
    "urgent": "Urgent",
    "high": "High",
    "normal": "Normal",
    "low": "Low",
}


def catalogue_path(code: LanguageCode) -> Any:
    """The .po file of a language."""
    return LOCALES / code.replace("-", "_") / "LC_MESSAGES" / "kefu.po"


_Formatter = TypeVar("_Formatter", bound=Callable[..., str])


def _kept(formatter: _Formatter) -> _Formatter:
    """The formatter with its last texts kept: a report prints most of its numbers and days more than once."""
    return cast(_Formatter, lru_cache(maxsize=20_000)(formatter))


_pattern = cache(parse_pattern)
_date, _decimal = _kept(format_date), _kept(format_decimal)
_percent, _currency = _kept(format_percent), _kept(format_currency)


@lru_cache(maxsize=10_000)
def plain(text: str, longest: int = LONGEST) -> str:
    """A string from outside, fit to print: no control or direction characters, one line, no longer than told."""
    kept = "".join(c if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} else " " for c in text)
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def place_of(code: str) -> tuple[int, str]:
    """Where a code of the warehouse stands among others: in the order of TERMS, then by the alphabet."""
    return (list(TERMS).index(code) if code in TERMS else len(TERMS), code)


class Language:
    """Everything that differs between readers of two languages."""

    def __init__(self, code: LanguageCode) -> None:
        self.code: LanguageCode = code
        self.locale = Locale.parse(code, sep="-")
        with catalogue_path(code).open("rb") as source:
            catalogue = read_po(source, locale=self.locale)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        self.translations = gettext.GNUTranslations(compiled)

    def say(self, message: str, **values: object) -> str:
        """The message in this language with its %(name)s filled in; a per cent sign is written %% in a message."""
        return self.translations.gettext(message) % values

    def say_n(self, one: str, many: str, count: int, **values: object) -> str:
        """The message in the form that the count calls for; %(count)s is the formatted count."""
        return self.translations.ngettext(one, many, count) % {"count": self.count(count), **values}

    @property
    def space(self) -> str:
        """What stands between two sentences."""
        return "" if self.code == "zh-CN" else " "

    def join(self, items: list[str]) -> str:
        """A list as running text."""
        return self.say(", ").join(items)

    def either(self, items: list[str]) -> str:
        """Alternatives as running text."""
        return self.say(" or ").join(items)

    def month(self, month: date) -> str:
        return _date(month, "y年M月" if self.code == "zh-CN" else "MMMM y", self.locale)

    def month_short(self, month: date) -> str:
        return _date(month, "yy/M" if self.code == "zh-CN" else "MMM yy", self.locale)

    def period(self, schedule: Schedule, first: date) -> str:
        """A month, or a day with its weekday."""
        if schedule == "monthly":
            return self.month(first)
        return _date(first, "y年M月d日 EEEE" if self.code == "zh-CN" else "EEEE, d MMMM y", self.locale)

    def period_short(self, schedule: Schedule, first: date) -> str:
        if schedule == "monthly":
            return self.month_short(first)
        return _date(first, "M/d" if self.code == "zh-CN" else "d MMM", self.locale)

    def day(self, day: date) -> str:
        return _date(day, "long" if self.code == "zh-CN" else "d MMMM y", self.locale)

    def moment(self, moment: datetime) -> str:
        return format_datetime(moment, "y-MM-dd HH:mm", locale=self.locale)

    def count(self, value: int | Decimal) -> str:
        return _decimal(value, _pattern("#,##0"), self.locale)

    def figure(
        self, value: Decimal | None, unit: str, currency: str, *, like: Decimal | None = None, bare: bool = False
    ) -> str:
        """A figure with its unit, a dash for none. `like` fixes the scale so that a figure and its interval read alike;
        `bare` leaves the unit sign out."""
        if value is None:
            return DASH
        value += 0  # equal numbers are kept as one, so there is no negative nought
        scale = abs(value if like is None else like)
        match unit:
            case "rate":
                digits = "0.00" if 0 < scale < Decimal("0.01") else "0.0"
                if bare:
                    return self._number(value * 100, digits)
                return _percent(value, _pattern(digits + "%"), self.locale)
            case "money":
                digits = "#,##0.00" if scale < 1000 else "#,##0"
                if bare:
                    return self._number(value, digits)
                pattern = _pattern("¤" + digits)
                return _currency(value, currency, pattern, self.locale, currency_digits=False)
            case "minutes":
                divisor = self.divisor(scale, unit)
                number = self._number(value / divisor, "#,##0.0" if scale / divisor < 100 else "#,##0")
                return number if bare else self.time(number, divisor)
            case "days":
                number = self._number(value, "#,##0.0")
                return number if bare else self.time(number, DAY)
            case "count" | "points":
                return self._number(value, "#,##0" if scale >= 100 else "#,##0.##")
            case _:
                return self._number(value, "#,##0.00" if scale < 10 else "#,##0.0")

    def interval(
        self, low: Decimal | None, high: Decimal | None, unit: str, currency: str, like: Decimal | None
    ) -> str:
        """The 95 % interval of a figure, a dash for none."""
        if low is None or high is None:
            return DASH
        lowest = self.figure(low, unit, currency, like=like, bare=True)
        highest = self.figure(high, unit, currency, like=like)
        return self.say("%(low)s to %(high)s", low=lowest, high=highest) if low < 0 else f"{lowest}{DASH}{highest}"

    def difference(self, value: Decimal, unit: str, currency: str) -> str:
        """A difference of two figures with its sign; of two shares in percentage points."""
        sign = "+" if value > 0 else ""
        if unit == "rate":
            return sign + self.say("%(number)s pp", number=self.figure(value, unit, currency, bare=True))
        return sign + self.figure(value, unit, currency)

    def _number(self, value: Decimal, pattern: str) -> str:
        return _decimal(value, _pattern(pattern), self.locale).replace("-", "−")

    def time(self, number: str, divisor: Decimal) -> str:
        """A number of minutes, hours or days with its unit."""
        if divisor == MINUTE:
            return self.say("%(number)s min", number=number)
        return self.say("%(number)s h", number=number) if divisor == HOUR else self.say("%(number)s d", number=number)

    @staticmethod
    def divisor(scale: Decimal, unit: str) -> Decimal:
        """By what a figure of that size is divided before it is printed: minutes may read better as hours or days."""
        if unit != "minutes" or scale < 2 * HOUR:
            return MINUTE
        return HOUR if scale < 3 * DAY else DAY

    def name(self, code: str) -> str:
        """A code of the warehouse in words; one that the glossary does not know (a company's own) as it is."""
        return self.say(TERMS[code]) if code in TERMS else plain(code.replace("_", " "))


@cache
def language(code: LanguageCode) -> Language:
    """The language of that code, read once. Raises ValueError naming the known ones."""
    if code not in LANGUAGES:
        raise ValueError(f"no language {code!r}; there are {', '.join(LANGUAGES)}")
    return Language(code)
