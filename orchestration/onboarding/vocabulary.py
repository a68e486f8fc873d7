"""What other systems call things (vocabulary.yml), and how well a name or a value fits what the contract calls it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from foundation.contract import Column, contract

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z0-9à-ÿ]+|[\u3400-\u9fff]+")
_OF_THE_CASE = frozenset(
    ("ticket", "case", "request", "issue", "incident", "complaint", "call", "claim", "to", "by", "for", "from", "on",
     "the", "a", "at", "with", "after", "and", "customer", "agent")
)  # fmt: skip
_ENDS = 2  # steps of a scale that says good or bad
_LEAST = 0.6  # how well a name must fit
_PLAIN = frozenset(
    ("the", "of", "a", "an", "in", "is", "was", "dataset", "data", "export", "exports", "list", "report", "all", "full")
) | {"csv", "my", "tbl", "table", "dim", "fact"}


@dataclass(frozen=True)
class NameFit:
    """How well a name fits a column of an entity: 1 is its usual name; `weight` is less where many entities have it."""

    score: float
    weight: float
    synonym: str
    rank: int


@dataclass(frozen=True)
class MomentWord:
    """A column of a register that states when something happened."""

    event: str
    names: tuple[str, ...]
    to: str | None
    public: str


@cache
def _vocabulary() -> dict[str, Any]:
    text = Path(__file__).with_suffix(".yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    return found


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in small letters, without a plural's s; a run of Chinese characters is one word."""
    spaced = _CAMEL.sub(" ", name).lower()
    return tuple(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word
        for word in _WORD.findall(spaced)
    )


@cache
def entity_names(entity: str) -> tuple[str, ...]:
    """What files of an entity are called."""
    return tuple(dict.fromkeys((entity.replace("_", " "), *_vocabulary()["entities"].get(entity, {}).get("names", ()))))


@cache
def synonyms(entity: str) -> dict[str, tuple[str, ...]]:
    """By column of the entity: what it is called, the contract's own name first."""
    known = _vocabulary()["entities"].get(entity, {}).get("columns") or {}
    return {
        column.name: tuple(dict.fromkeys((column.name.replace("_", " "), *map(str, known.get(column.name, ())))))
        for column in contract()[entity].mapped
    }


@cache
def context(entity: str) -> frozenset[str]:
    """Words that say only which entity is meant."""
    return frozenset(word for name in entity_names(entity) for word in words(name))


@cache
def _spread() -> Counter[tuple[str, ...]]:
    """In how many entities a name means something, as it is or without the words for the entity."""
    return Counter(
        name
        for entity in contract()
        for name in {
            form
            for known in synonyms(entity).values()
            for one in known
            for form in (words(one), _without(words(one), context(entity)))
        }
    )


def constants(entity: str) -> Mapping[str, Mapping[str, str]]:
    """What a required column is where no column of the file says it."""
    found: Mapping[str, Mapping[str, str]] = _vocabulary()["entities"].get(entity, {}).get("constants", {})
    return found


def file_score(stem: str, entity: str) -> float:
    """How much the name of a file speaks for an entity; the last of its words is what it is about."""
    of_file = [word for word in words(stem) if word not in _PLAIN and not word.isdigit()]
    best = 0.0
    for name in entity_names(entity):
        of_name = list(words(name))
        if not of_name:
            continue
        if _is_chinese(of_name[0]):
            best = max(best, 1.5 + 0.5 * len(name) + stem.endswith(name) if name in stem else 0)
        else:
            for place in range(len(of_file) - len(of_name) + 1):
                if of_file[place : place + len(of_name)] == of_name:
                    is_last = place + len(of_name) == len(of_file)
                    best = max(best, 1 + len(of_name) + is_last)
    return best


def fit(name: str, entity: str, column: str) -> NameFit | None:
    """How well a name fits a column."""
    around = context(entity)
    best: NameFit | None = None
    for rank, synonym in enumerate(synonyms(entity)[column]):
        score = _score(name, synonym, around)
        if score >= _LEAST and (best is None or score > best.score):
            theirs = words(synonym)
            matched = theirs if set(theirs) <= set(words(name)) else _without(theirs, around)
            best = NameFit(score, 1 / max(_spread()[matched], 1), synonym, rank)
    return best


def names_fit(name: str, known: Iterable[str], around: frozenset[str] = frozenset()) -> float:
    """How well a name fits the best of some."""
    return max((_score(name, one, around) for one in known), default=0)


def _score(name: str, synonym: str, around: frozenset[str]) -> float:
    mine, theirs = words(name), words(synonym)
    if not mine or not theirs:
        return 0
    if mine == theirs:
        return 1
    if _is_chinese(theirs[0]):
        text = "".join(mine)
        core = text
        for word in around:
            core = core.removeprefix(word) if _is_chinese(word) else core
        whole = "".join(theirs)
        if core == whole:
            return 0.95
        return 0.9 * len(whole) / len(text) if len(whole) > 1 and whole in text else 0
    short, short_theirs = _without(mine, around), _without(theirs, around)
    if short in (theirs, short_theirs) or mine == short_theirs:
        return 0.95
    if set(theirs) <= set(short):
        # the last word of a name says what it is: a date of creation is a date
        return (0.92 if short[-1] == theirs[-1] else 0.7) * len(theirs) / len(short) if len(theirs) > 1 else (
            0.65 if len(short) == 2 and short[-1] == theirs[0] else 0
        )  # fmt: skip
    return 0


def _without(some: tuple[str, ...], around: frozenset[str]) -> tuple[str, ...]:
    return tuple(word for word in some if word not in around and word not in _PLAIN) or some


def _is_chinese(word: str) -> bool:
    return "\u3400" <= word[0] <= "\u9fff"


def accepted(entity: str, column: Column, value: str) -> str | None:
    """Which accepted value of a column a text means."""
    known = {**{one: [one] for one in column.accepted_values}}
    for target, texts in (_vocabulary()["values"].get(f"{entity}.{column.name}") or {}).items():
        known.setdefault(str(target), []).extend(map(str, texts))
    own = " ".join(words(value)) or value.strip().lower()
    for target, texts in known.items():
        if any(own == (" ".join(words(text)) or text) for text in texts):
            return target
    return None


@cache
def moments() -> tuple[MomentWord, ...]:
    """The moments of a ticket register."""
    return tuple(
        MomentWord(one["event"], tuple(one["names"]), one["to"], one["public"]) for one in _vocabulary()["moments"]
    )


@cache
def names_of(what: str) -> tuple[str, ...]:
    """Names of columns that are told by them alone: agents, no_answers."""
    return tuple(map(str, _vocabulary()["names"][what]))


def scale_of(texts: Sequence[str], least: int = 2) -> tuple[dict[str, str], tuple[int, int]] | None:
    """The numbers that the words of one scale stand for, and its ends; None where they are of no scale, or say less
    than `least` of its steps."""
    known = _vocabulary()["scales"]
    nothing = {_plain_words(one) for one in known["none"]}
    own = {text: _plain_words(text) for text in texts}
    for steps in known["steps"]:
        first = 1 if len(steps) > _ENDS else 0
        places = {_plain_words(word): place for place, some in enumerate(steps, first) for word in some}
        meant = {text: str(places[plain]) for text, plain in own.items() if plain in places}
        left = [text for text, plain in own.items() if text not in meant and plain not in nothing]
        if not left and len(set(meant.values())) >= least:
            ends = first, first + len(steps) - 1
            return {text: meant.get(text, str(first - 1)) for text in texts}, ends
    return None


def _plain_words(text: str) -> str:
    """A text without signs and capital letters, and without a number before it."""
    return re.sub(r"^\d+\s+", "", re.sub(r"[\W_]+", " ", text.lower()).strip())


def owner_of(name: str) -> str | None:
    """Whose a column is, customers or agents, by the words before its own; None where none or both are named."""
    before = set(words(name)[:-1])
    found = [owner for owner, known in _vocabulary()["owners"].items() if before & set(known)]
    return found[0] if len(found) == 1 else None


def length_of(name: str) -> str | None:
    """The unit of a column that says how long a customer has been one."""
    return next((unit for unit, names in _vocabulary()["lengths"].items() if names_fit(name, names) >= 0.9), None)


def activity(text: str) -> tuple[str, str | None] | None:
    """The event of the contract that an activity of a log is, and the status it leads to."""
    mine = words(text)
    for one in _vocabulary()["activities"]:
        for known in one["words"]:
            theirs = words(known)
            if _is_chinese(theirs[0]):
                if known in text:
                    return one["event"], one["to"]
            elif any(
                mine[i : i + len(theirs)] == theirs and _is_of_the_case(theirs, mine[i + len(theirs) :])
                for i in range(len(mine) - len(theirs) + 1)
            ):
                return one["event"], one["to"]
    return None


def _is_of_the_case(verb: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether something is done to the case itself: to resolve an anomaly, or to assign a priority, is a step of it."""
    is_order = len(verb) == 1 and not verb[0].endswith(("ed", "ing"))
    return not is_order or not after or after[0] in _OF_THE_CASE
