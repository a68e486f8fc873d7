"""Answers to surveys: one score a row, or one column a question; in numbers or in the words of a scale."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from foundation.contract import contract, literal
from orchestration.onboarding.profile import FileColumn, FileTable, Profile
from orchestration.onboarding.proposal import ProposedFeed, ProposedLine, Spread, assign, line, reference
from orchestration.onboarding.terminal import counted
from orchestration.onboarding.vocabulary import file_score, names_fit, names_of, scale_of, words

_TELLING = 0.3  # how few entities may have a key called so
_WIDE = 4  # questions that make a file a survey whatever it is called
_NPS = re.compile(r"\bnps\b|net.?promoter|recommend|推荐", re.IGNORECASE)
_ABOUT = {"ticket": "ticket", "case": "ticket", "order": "order", "agent": "agent", "工单": "ticket", "订单": "order"}
_OF_A_SURVEY = {"survey_id", "customer_id", "about_id", "channel", "sent_at", "responded_at"}
_LONGEST_NAME = 120
_DIMENSION = "one for all questions; or give each its own under `items`, and `item.dimension` here"


@dataclass(frozen=True)
class Scale:
    """The ends of the answers, what stands for no answer, and the numbers that words stand for."""

    least: float
    most: float
    nothing: str | None = None
    meant: tuple[tuple[str, str], ...] = ()

    @property
    def facts(self) -> dict[str, str]:
        """As the contract's columns, with the names under which a mapping keeps them."""
        found = {"from": f"{self.least:g}", "to": f"{self.most:g}"}
        return {**found, "none": self.nothing} if self.nothing else found


@dataclass(frozen=True)
class Question:
    """A column of answers."""

    column: FileColumn
    scale: Scale

    @property
    def in_words(self) -> str:
        if self.scale.meant:
            return f"words from {self.scale.least:g} to {self.scale.most:g}"
        return f"whole numbers {self.column.least:g} to {self.column.most:g}"


def survey(table: FileTable, profile: Profile, source: str) -> tuple[list[ProposedFeed], list[str]] | None:
    """Surveys with their answers and items, and what to ask; None where a file holds none."""
    named = max((file_score(one.path.name.partition(".")[0], "surveys") for one in table.written), default=0)
    reported = {made.column: (made, fit) for made, fit in assign(table, contract()["surveys"], only=_OF_A_SURVEY)}
    found = {name: made for name, (made, _) in reported.items()}
    is_survey = named > 0 or ("survey_id" in reported and reported["survey_id"][1].weight >= _TELLING)
    taken = {made.uses.name for made in found.values() if made.uses}
    questions = [
        Question(column, scale)
        for column in table.columns
        if column.name not in taken and _is_question(column) and (scale := _scale(column))
    ]
    usual = Counter((one.scale.most, bool(one.scale.meant)) for one in questions).most_common(1)
    of_one = [one for one in questions if usual and (one.scale.most, bool(one.scale.meant)) == usual[0][0]]
    asked = questions if is_survey else of_one if len(of_one) >= _WIDE else []
    if not asked:
        return None
    answers = _Answers(table, profile, source, found, is_wide=len(asked) > 1)
    if not answers.has_key(is_survey):
        return None
    if not is_survey:
        rest = [one for one in questions if one not in of_one and one.scale.meant and _is_overall(one.column)]
        asked = [*asked, *rest]
    return answers.feeds(_with_families(table, asked)), answers.questions


def rating(table: FileTable, main: ProposedFeed, profile: Profile, source: str) -> tuple[list[ProposedFeed], list[str]]:
    """The score that a ticket or an order was given, in a column of its own register."""
    entity = contract()[main.entity]
    key = main.line(entity.keys[0].name)
    used = {one.uses.name for one in main.lines if one.uses}
    scored = [
        Question(column, scale)
        for column in table.columns
        if column.name not in used and names_fit(column.name.rpartition(".")[2], names_of("ratings")) >= 0.9
        and (scale := _scale(column, least_words=1) or _whole(column))
    ]  # fmt: skip
    if not scored or key is None:
        return [], []
    kind = "order" if main.entity == "orders" else "service_order" if main.entity == "service_orders" else "ticket"
    found = {
        "survey_id": key,
        "about_type": ProposedLine("about_type", {"constant": kind}, "its own register"),
        "about_id": replace(key, column="about_id", evidence="what was rated"),
    }
    customer = main.line("customer_id")
    found |= {"customer_id": customer} if customer else {}
    when = next((one for name in ("updated_at", entity.event_time) if name and (one := main.line(name))), None)
    if when:
        reported = f"a guess: no column says when it was rated; {when.column} stands for it"
        found["responded_at"] = replace(when, column="responded_at", evidence=reported)
    answers = _Answers(table, profile, source, found, is_wide=False, key=replace(key, column="survey_id"))
    given = scored[0]
    texts = [text for text, to in given.scale.meant if to != given.scale.nothing]
    if given.scale.meant:  # what was asked and not answered is no answer
        given = replace(
            given, scale=replace(given.scale, nothing=None, meant=tuple(p for p in given.scale.meant if p[0] in texts))
        )
    feeds = answers._of_one("nps" if _is_nps(given.column) else "csat", str(key.form), given)
    for feed in feeds:
        listed = ", ".join(map(literal, texts))
        value = reference(given.column)
        feed.options["when"] = f"{value} in ({listed})" if texts else f"{value} is not null"
    asked = f"{table.name}: when was {given.column.name!r} given? {when.column if when else 'No time'} is taken for it."
    return feeds, [asked]


def _whole(column: FileColumn) -> Scale | None:
    """Few answers, all the same: of the usual scale that holds them."""
    if column.kind not in ("whole", "truth") or not 0 <= (column.least or 0) <= (column.most or 0) <= 10:
        return None
    return Scale(*_bounds(column))


@dataclass
class _Answers:
    """The blocks of one file of answers."""

    table: FileTable
    profile: Profile
    source: str
    found: dict[str, ProposedLine]
    is_wide: bool
    questions: list[str] = field(default_factory=list)
    key: ProposedLine = field(default_factory=lambda: ProposedLine("survey_id", "", ""))

    def has_key(self, is_survey: bool) -> bool:
        """Finds what tells the sheets apart: a key, whose they are, or all that stands in them."""
        key = self.found.get("survey_id") or self.found.get("customer_id")
        if key and key.uses:
            self.key = replace(key, column="survey_id", form=reference(key.uses))
            return True
        if not is_survey:
            return False
        only = next(
            (column for column in self.table.columns if column.is_unique and column.kind not in ("decimal", "time")),
            None,
        )
        if only:
            self.key = ProposedLine(
                "survey_id", reference(only), "a guess: no column is called a key, and this is each once", uses=only
            )
        else:
            listed = ", ".join(reference(column) for column in self.table.columns[:8])
            self.key = ProposedLine(
                "survey_id", f"md5(concat_ws('|', {listed}))", "a guess: no key, so made of what it says"
            )
        self.questions.append(f"{self.table.name}: no column is the key of an answer. Is what stands for it right?")
        return True

    def feeds(self, asked: list[Question]) -> list[ProposedFeed]:
        of_nps = [one for one in asked if _is_nps(one.column)] if self.is_wide else []
        overall = [one for one in asked if one not in of_nps and one.scale.meant and _is_overall(one.column)]
        overall = overall[:1] if self.is_wide and len(asked) - len(of_nps) > 1 else []
        others = [one for one in asked if one not in of_nps and one not in overall]
        own = str(self.key.form)
        feeds: list[ProposedFeed] = []
        if others and not self.is_wide:
            feeds += self._of_one("nps" if _is_nps(others[0].column) else "csat", own, others[0])
        elif others:
            feeds += self._of_many(own, others)
        for one in of_nps[:1]:
            feeds += self._of_one("nps", f"{own} || '-nps'" if others else own, one)
        for one in overall:
            feeds += self._of_one("csat", f"{own} || '-overall'" if others else own, one)
        return feeds

    @property
    def _instrument(self) -> str:
        return self.source if len(self.profile.tables) == 1 else f"{self.source}_{self.table.name}"

    def _of_one(self, instrument: str, own: str, one: Question) -> list[ProposedFeed]:
        """A score for the whole."""
        text = next(
            (made for made, _ in assign(self.table, contract()["survey_answers"], {one.column.name}, {"text"})), None
        )
        value = reference(one.column)
        form: Any = {"value": value, "map": dict(one.scale.meant)} if one.scale.meant else value
        reported = f"{one.column.in_words}" if not one.scale.meant else _told_words(one)
        answers = [
            ProposedLine("survey_id", own, "", uses=self.key.uses),
            ProposedLine("item_id", {"constant": "overall"}, f"the question {one.column.name!r}"),
            ProposedLine("side", {"constant": "score"}, "a score, not an expectation"),
            ProposedLine("score", form, reported, uses=one.column),
            *([text] if text else []),
        ]
        when = {"when": f"{value} is not null"} if one.column.filled < one.column.rows else {}
        scale = one.scale if instrument == "nps" else replace(one.scale, least=min(one.scale.least, 1))
        about = [
            ProposedLine("instrument", {"constant": instrument}, ""),
            ProposedLine("item_id", {"constant": "overall"}, ""),
            ProposedLine("attribute", {"constant": "overall"}, ""),
            *self._ends([replace(one, scale=scale)]),
        ]
        return [
            self._survey(instrument, own, [one]),
            ProposedFeed("survey_answers", answers, when),
            ProposedFeed("survey_items", about, {"one_per": ["item_id"]}),
        ]

    def _of_many(self, own: str, asked: list[Question]) -> list[ProposedFeed]:
        """A column for each question: the answers and the items of one block each, whatever their number."""
        instrument = self._instrument
        self.questions.append(
            f"{self.table.name}: which dimension (survey_items.dimension, quality) does each question ask for?"
        )
        feeds = [self._survey(instrument, own, asked)]
        blocks = list(_blocks(self.table, asked))
        for number, block in enumerate(blocks):
            anchor = "questions" if len(blocks) == 1 else f"questions_{number + 1}"
            spread = Spread(anchor, block.columns, block.items, block.evidence)
            columns = tuple(one.column for one in block.questions)
            meant = {text: to for one in block.questions for text, to in one.scale.meant}
            score: Any = {"value": "item.value", "map": meant} if meant else "item.value"
            answers = [
                ProposedLine("survey_id", own, "", uses=self.key.uses),
                ProposedLine("item_id", block.item_id, block.named),
                ProposedLine("side", {"constant": "score"}, "a score, not an expectation"),
                ProposedLine("score", score, _told_words(block.questions[0]) if meant else "the cell"),
            ]
            options = {"unpivot": spread, "when": "item.value is not null"}
            feeds.append(ProposedFeed("survey_answers", answers, options, block.evidence, columns))
            about = [
                ProposedLine("instrument", {"constant": instrument}, ""),
                ProposedLine("item_id", block.item_id, ""),
                ProposedLine("dimension", {"constant": "service"}, _DIMENSION, is_off=True),
                ProposedLine("attribute", block.attribute, ""),
                *self._ends(block.questions),
            ]
            feeds.append(ProposedFeed("survey_items", about, {"unpivot": spread, "one_per": ["item_id"]}, "", columns))
        return feeds

    def _ends(self, asked: list[Question]) -> Iterator[ProposedLine]:
        """The ends of the scale: for all questions the same, or as the items say."""
        scales = {tuple(one.scale.facts.items()) for one in asked}
        zeros = sum(n for one in asked for text, n in one.column.top if text == "0" and one.scale.nothing == "0")
        if zeros and not asked[0].scale.meant:
            question = f"{self.table.name}: some answers are 0 on a scale from 1; 0 is taken as not applicable. Is it?"
            self.questions += [question] if question not in self.questions else []
        reported = f"a guess: {counted(zeros, 'answer')} of 0 on a scale from 1"
        if len(scales) > 1:
            yield ProposedLine("scale_min", "item.from", "by the answers there are")
            yield ProposedLine("scale_max", "item.to", "")
            if any(one.scale.nothing for one in asked):
                yield ProposedLine("not_applicable_value", "item.none", reported)
            return
        scale = asked[0].scale
        numbers = [one.column for one in asked if not one.scale.meant]
        told_ends = ""
        if numbers:
            ends = min(one.least or 0 for one in numbers), max(one.most or 0 for one in numbers)
            told_ends = f"the answers go from {ends[0]:g} to {ends[1]:g}"
        yield ProposedLine("scale_min", {"constant": f"{scale.least:g}"}, told_ends)
        yield ProposedLine("scale_max", {"constant": f"{scale.most:g}"}, "")
        if scale.nothing:
            yield ProposedLine("not_applicable_value", {"constant": scale.nothing}, reported if zeros else "")

    def _survey(self, instrument: str, own: str, asked: list[Question]) -> ProposedFeed:
        table, found = self.table, self.found
        why = f"{counted(len(asked), 'column')} of answers, {', '.join(sorted({one.in_words for one in asked}))}"
        lines = [
            replace(self.key, form=own),
            ProposedLine("instrument", {"constant": instrument}, why),
            ProposedLine("respondent_type", {"constant": "customer"}, "a guess: customers answer"),
        ]
        customer = found.get("customer_id")
        key = self.key.uses
        if customer is None and self.is_wide and key and words(key.name) == ("id",):
            customer = ProposedLine("customer_id", reference(key), "a guess: an answer is a customer's", uses=key)
        if customer:
            lines += [replace(customer, column="respondent_id"), replace(customer, column="customer_id")]
        if "about_id" in found:
            lines += [found.get("about_type") or _about(found["about_id"]), found["about_id"]]
        else:
            lines.append(
                ProposedLine("about_type", {"constant": "relationship"}, "a guess: no column says what it is about")
            )
        lines += [found[name] for name in ("channel", "sent_at", "responded_at") if name in found]
        if "responded_at" not in found and "sent_at" not in found:
            lines += self._when()
        options = {"one_per": ["survey_id"]} if key and self.profile.is_key(table, [key]) else {}
        return ProposedFeed("surveys", lines, options, why)

    def _when(self) -> list[ProposedLine]:
        times = [column for column in self.table.columns if column.moment]
        target = contract()["surveys"].by_name["responded_at"]
        one, why = times, "the only time of the file"
        if len(times) > 1:
            one = [column for column in times if column.filled == column.rows]  # not of a reply, which some have
            why = "a guess: the only time that each row has"
        only = line(contract()["surveys"], target, one[0], why) if len(one) == 1 else None
        if only:
            return [only]
        day = "no column says when it was answered; the day of the delivery stands for it"
        question = f"{self.table.name}: {day}. Is there a better one?"
        self.questions += [question] if question not in self.questions else []
        return [ProposedLine("sent_at", "load_date", day), ProposedLine("responded_at", "load_date", day)]


# --- which columns go together ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Block:
    """Questions that one `unpivot` takes, and how their names are made."""

    questions: list[Question]
    columns: str | None  # a pattern of headers; None where they are listed
    items: tuple[tuple[str, dict[str, str], str], ...]  # header, facts, evidence
    item_id: str
    attribute: str
    named: str
    evidence: str


def _blocks(table: FileTable, asked: list[Question]) -> Iterator[_Block]:
    """Questions under one header several times, by their place; all others by a pattern or by their names."""
    repeated: dict[str, list[Question]] = {}
    for one in asked:
        found = re.fullmatch(r"(.+)\[\d+\]", one.column.name, re.DOTALL)
        if found and found[1] not in table.by_name:
            repeated.setdefault(found[1], []).append(one)
    rest = [one for one in asked if not any(one in some for some in repeated.values())]
    has_labels = any("header_rows" in written.keys for written in table.written)
    for header, some in repeated.items():
        if len({tuple(one.scale.facts.items()) for one in some}) == 1 and _all_of(table, f"{header}[", some):
            name = _slug(header)
            label = "left(item.name, 100) || ' ' || position" if not has_labels else "item.label || ' ' || position"
            yield _Block(some, header, (), f"'{name}_' || position", label, "one header for all; by their places",
                         f"{counted(len(some), 'column')} called so")  # fmt: skip
    pattern = _pattern(table, rest)
    if pattern:
        reported = f"{counted(len(rest), 'column')} fit it, all questions of one scale; one more would be taken too"
        label = "coalesce(item.label, item.name)" if has_labels else "item.name"
        name = "item.label" if " / " in pattern else "item.name"
        yield _Block(rest, pattern, (), name, label, "the header", reported)
    elif rest:
        yield _listed(rest, has_labels)


def _listed(asked: list[Question], has_labels: bool) -> _Block:
    is_one_scale = len({tuple(one.scale.facts.items()) for one in asked}) == 1
    names: set[str] = set()
    items = []
    for one in asked:
        name = _unlike(_slug(one.column.name.rpartition(" / ")[2] or one.column.name), names)
        names.add(name)
        items.append((one.column.name, {"id": name, **({} if is_one_scale else one.scale.facts)}, one.in_words))
    label = "coalesce(item.label, item.name)" if has_labels else "item.name"
    label = f"left({label}, {_LONGEST_NAME})" if any(len(one.column.name) > _LONGEST_NAME for one in asked) else label
    reported = f"{counted(len(asked), 'question')}, each a column"
    return _Block(asked, None, tuple(items), "item.id", label, "a short name of the header", reported)


def _pattern(table: FileTable, asked: list[Question]) -> str | None:
    """What all headers of some questions, and no other, begin with: q1 to q30, or "How satisfied / Speed"."""
    names = [one.column.name for one in asked]
    if len(names) < _WIDE or len({tuple(one.scale.facts.items()) for one in asked}) > 1:
        return None
    heads = {re.sub(r"\d+$", "", name) for name in names} if all(name[-1:].isdigit() for name in names) else set()
    heads = heads or {name.partition(" / ")[0] + " / " for name in names if " / " in name}
    if len(heads) != 1 or not (head := heads.pop()).strip(" /") or re.search(r"[*\[\]]", head):
        return None
    return f"{head}*" if _all_of(table, head, asked) else None


def _all_of(table: FileTable, head: str, asked: list[Question]) -> bool:
    begin = [column for column in table.columns if column.name.strip().casefold().startswith(head.strip().casefold())]
    return len(begin) == len(asked)


def _with_families(table: FileTable, asked: list[Question]) -> list[Question]:
    """Questions that are numbered alike have one scale, and so has one of them that all answer the same; of one scale,
    what is no answer to one question is none to the others."""
    by_head: dict[str, list[Question]] = {}
    for one in asked:
        by_head.setdefault(re.sub(r"\d+\]?$", "", one.column.name), []).append(one)
    for head, some in by_head.items():
        if len(some) < _WIDE or any(one.scale.meant for one in some):
            continue
        whole = Scale(min(one.scale.least for one in some), max(one.scale.most for one in some),
                      next((one.scale.nothing for one in some if one.scale.nothing), None))  # fmt: skip
        missed = [
            column
            for column in table.columns
            if re.sub(r"\d+\]?$", "", column.name) == head and column not in [one.column for one in asked]
            and column.kind in ("whole", "truth") and (column.least or 0) >= 0 and (column.most or 0) <= whole.most
        ]  # fmt: skip
        family = [*(one.column for one in some), *missed]
        asked = [one for one in asked if one not in some]
        asked += [Question(column, whole) for column in sorted(family, key=table.place)]
    ends = {(one.scale.least, one.scale.most): one.scale.nothing for one in asked if one.scale.nothing}
    return [
        replace(one, scale=replace(one.scale, nothing=ends.get((one.scale.least, one.scale.most)))) for one in asked
    ]


# --- scales -------------------------------------------------------------------------------------------------


def _scale(column: FileColumn, least_words: int = 2) -> Scale | None:
    if column.is_score:
        least, most = _bounds(column)
        return Scale(least, most, "0" if column.least == 0 and least == 1 else None)
    if column.kind != "text" or not 0 < column.distinct <= len(column.top):
        return None
    found = scale_of([text for text, _ in column.top], least_words)
    if found is None:
        return None
    meant, (least, most) = found
    nothing = str(least - 1)
    return Scale(least, most, nothing if nothing in meant.values() else None, tuple(meant.items()))


def _told_words(one: Question) -> str:
    none = f", {one.scale.nothing} for those that are no answer" if one.scale.nothing else ""
    return f"words of a scale from {one.scale.least:g} to {one.scale.most:g}{none}"


def _is_question(column: FileColumn) -> bool:
    """Whether what stands in it are answers, not counts or numbers of something else."""
    return names_fit(column.name, names_of("no_answers")) < 0.6


def _is_overall(column: FileColumn) -> bool:
    return (
        names_fit(column.name, ("satisfaction", "overall satisfaction", "overall", "csat", "满意度", "总体满意度"))
        >= 0.9
    )


def _about(about: ProposedLine) -> ProposedLine:
    name = about.uses.name if about.uses else ""
    kind = next((kind for word, kind in _ABOUT.items() if word in words(name) or word in name), "relationship")
    return ProposedLine("about_type", {"constant": kind}, f"{name!r} says what it is about")


def _is_nps(column: FileColumn) -> bool:
    return column.kind == "whole" and (
        bool(_NPS.search(column.name.replace("_", " "))) or ((column.most or 0) > 7 and column.least == 0)
    )


def _bounds(item: FileColumn) -> tuple[float, float]:
    """The ends of the scale: what was answered where every answer was, else the next of 5, 7, 10."""
    most = item.most or 0
    if most <= 1:
        return 0, 1
    is_whole = item.distinct == most - (item.least or 0) + 1
    top = most if is_whole and most >= 5 else next((end for end in (5, 7, 10) if most <= end), 10)
    return (0 if top == 10 and (item.least == 0 or _is_nps(item)) else 1), top


def _slug(name: str) -> str:
    """A short name for a question."""
    return "_".join(words(name)[:6])[:60] or "item"


def _unlike(name: str, others: set[str]) -> str:
    return next(one for one in (name, *(f"{name}_{n}" for n in range(2, 1000))) if one not in others)
