"""Records within records: which entity the elements of an array are, with the record's own key at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from foundation.contract import Entity, contract
from orchestration.onboarding.profile import FileColumn, FileTable, Profile
from orchestration.onboarding.proposal import File, ProposedFeed, ProposedLine, assign, line, reference
from orchestration.onboarding.shapes import activities, called, changes_of_status
from orchestration.onboarding.terminal import counted
from orchestration.onboarding.vocabulary import accepted, constants, file_score, names_fit, names_of

_ENOUGH = 1.5  # what must speak for an entity: its name, or several columns
_NAMED = 1.3  # how much the name of the array counts
_MEANT = 0.5  # share of the rows whose values must be understood
_OTHERS = 3  # how much the columns count at most
_TOLD = 0.6  # how well a column must be called to say who did it, if it does not name both
_KEYS = 0.5  # share of the authors that must be keys of a file of people


@dataclass(frozen=True)
class _Found:
    """What the elements of an array are, and what speaks for it."""

    feeds: list[ProposedFeed]
    score: float
    joins: dict[str, tuple[dict[str, object], str]]
    questions: list[str]


def of_arrays(file: File, profile: Profile) -> list[str]:
    """Adds the blocks that the arrays of a file's records give; what is to be asked of them."""
    asked: list[str] = []
    parent = file.feeds[0]
    keys = contract()[parent.entity].keys
    key = parent.column(keys[0].name)
    if key is None or len(keys) > 1:
        return asked
    known = f"{parent.entity}.{keys[0].name}"
    for path in list(file.table.arrays):
        for table in profile.elements(file.table, path):
            found = _best(table, known, key, parent, profile)
            if found is None:
                continue
            file.feeds += found.feeds
            file.joins |= found.joins
            asked += found.questions
            file.table.arrays = [one for one in file.table.arrays if one != path]
    return asked


def _best(table: FileTable, known: str, key: FileColumn, parent: ProposedFeed, profile: Profile) -> _Found | None:
    found = [
        one
        for entity in contract().values()
        if entity.name != parent.entity
        and (target := next((column.name for column in entity.mapped if column.references == known), None))
        and (one := _as(entity, target, table, key, parent, profile))
    ]
    return max((one for one in found if one.score >= _ENOUGH), key=lambda one: one.score, default=None)


def _as(
    entity: Entity, target: str, table: FileTable, key: FileColumn, parent: ProposedFeed, profile: Profile
) -> _Found | None:
    """The elements as rows of an entity; None where they lack what it requires."""
    named = file_score(table.name.rpartition(".")[2], entity.name)
    own = ProposedLine(target, reference(key), "the key of the record")
    if entity.name == "ticket_events":
        return _events(table, own, named, parent, profile)
    assigned = list(assign(table, entity, only={column.name for column in entity.mapped} - {target}))
    lines = {target: own, **{made.column: made for made, _ in assigned}}
    for column, how in constants(entity.name).items():
        lines.setdefault(column, ProposedLine(column, {"constant": how["value"]}, how["reason"]))
    for own_key in entity.keys:
        if own_key.data_type == "bigint" and len(entity.keys) > 1:
            lines.setdefault(own_key.name, ProposedLine(own_key.name, "position", "its place in the record"))
    for name in ("currency", "ordered_at"):  # a line is in the currency of its order, by the rate of its day
        if (
            name in entity.by_name
            and (of_record := parent.line(name))
            and (name == "ordered_at" or not of_record.is_off)
        ):
            lines.setdefault(name, replace(of_record, evidence="as the record says"))
    if "currency" not in lines:
        lines.pop("ordered_at", None)
    lacks = [
        column.name
        for column in entity.mapped
        if column.name not in lines
        and (column.required or (column.required_without and column.required_without not in lines))
    ]
    missing = [column.name for column in entity.keys if column.name not in lines]
    if lacks or (missing and (len(entity.keys) > 1 or entity.load_mode == "snapshot")) or not assigned:
        return None
    order = [column.name for column in entity.mapped]
    listed = sorted(lines.values(), key=lambda one: order.index(one.column))
    score = _NAMED * named + min(sum(fit.score * fit.weight for _, fit in assigned), _OTHERS)
    reported = f"each of {counted(table.rows, 'element')} in {table.name}"
    return _Found([ProposedFeed(entity.name, listed, {"each": table.name}, reported)], score, {}, [])


# --- what happened to a ticket ------------------------------------------------------------------------------


def _events(table: FileTable, own: ProposedLine, named: float, parent: ProposedFeed, profile: Profile) -> _Found | None:
    """Comments, changes of a field, or activities of a ticket, each with its time."""
    entity = contract()["ticket_events"]
    found = {made.column: made for made, _ in assign(table, entity, only={"at"})}
    times = [column for column in table.columns if column.moment]
    if "at" not in found and len(times) == 1:
        made = line(entity, entity.by_name["at"], times[0], "the only time of an element")
        found |= {"at": made} if made else {}
    if "at" not in found:
        return None
    base = [own, found["at"]]  # several arrays give events, which are counted by the ticket
    changes = changes_of_status(table, base, {"each": table.name})
    feeds = [changes] if changes else _of_activities(table, base) or _comments(table, base)
    if not feeds:
        return None
    actor, joins, asked = _actor(table, parent, profile)
    for feed in feeds:
        feed.lines += actor
        feed.evidence = feed.evidence or f"each of {counted(table.rows, 'element')} in {table.name}"
        public = _public(table)
        if public and feed is not changes:
            feed.lines.append(public)
    return _Found(feeds, _NAMED * named + 1 + bool(feeds), joins, asked)


def _of_activities(table: FileTable, base: list[ProposedLine]) -> list[ProposedFeed]:
    taken = {one.uses.name for one in base if one.uses}
    found = activities(table, taken)
    if found is None or called(table, "texts"):
        return []
    return [ProposedFeed("ticket_events", [*base, *found], {"each": table.name})]


def _comments(table: FileTable, base: list[ProposedLine]) -> list[ProposedFeed]:
    text = called(table, "texts")
    is_named = names_fit(table.name.rpartition(".")[2], names_of("comments")) >= 0.6
    if not text and not is_named:
        return []
    reported = f"by the text in {text.called!r}" if text else "by the name of the array"
    return [
        ProposedFeed(
            "ticket_events", [*base, ProposedLine("event", {"constant": "comment"}, reported)], {"each": table.name}
        )
    ]


def _actor(
    table: FileTable, parent: ProposedFeed, profile: Profile
) -> tuple[list[ProposedLine], dict[str, tuple[dict[str, object], str]], list[str]]:
    """Who did it: a customer, an agent or the system, by a word at hand, a file of people, or the requester's key."""
    entity = contract()["ticket_events"]
    target = entity.by_name["actor_type"]
    author = called(table, "authors")
    kinds = [
        (names_fit(column.called, names_of("actors")) + ({"agent", "customer"} <= set(pairs.values())), column, pairs)
        for column in table.columns
        if (pairs := actors(column))
    ]
    score, column, pairs = max(kinds, key=lambda one: one[0], default=(0, None, {}))
    if column and score >= _TOLD:
        reported = f"by {column.called!r}: {', '.join(pairs)}"
        lines = [ProposedLine(target.name, _mapped(reference(column), pairs), reported, uses=column)]
        return [*lines, *_agent(author, reference(column), pairs)], {}, []
    if author is None:
        return [], {}, [f"{table.name}: who wrote or did it, a customer or an agent? No column says."]
    for other in profile.tables:
        people = next(
            (column for column in other.columns if column.is_unique and _holds(profile, other, column, author, table)),
            None,
        )
        kind = next((column for column in other.columns if people and (pairs := actors(column))), None)
        if people and kind:
            pairs = actors(kind)
            join: dict[str, object] = {"file": other.name, "on": {author.name: people.name}}
            reported = f"the author, of whom {other.name} says what they are"
            lines = [
                ProposedLine(
                    target.name, _mapped(f"author.{kind.name}", pairs), f"by {other.name}.{kind.name}", uses=author
                )
            ]
            return [*lines, *_agent(author, f"author.{kind.name}", pairs)], {"author": (join, reported)}, []
    customer = parent.column("customer_id")
    if customer:
        same = f"{reference(author)} = {reference(customer)}"
        reported = f"a guess: who has the {customer.name!r} is the customer, all others are agents"
        asked = f"{table.name}: are all authors but the ticket's own {customer.name} agents?"
        return [
            ProposedLine(target.name, f"if({same}, 'customer', 'agent')", reported, uses=author),
            ProposedLine("agent_id", f"if({same}, null, {reference(author)})", "", uses=author),
        ], {}, [asked]  # fmt: skip
    return [], {}, [f"{table.name}: which {author.called} are agents?"]


def _agent(author: FileColumn | None, kind: str, pairs: dict[str, str]) -> list[ProposedLine]:
    if author is None:
        return []
    agents = ", ".join(f"'{text}'" for text, to in pairs.items() if to == "agent")
    return (
        [ProposedLine("agent_id", f"if({kind} in ({agents}), {reference(author)}, null)", "", uses=author)]
        if agents
        else []
    )


def _mapped(value: str, pairs: dict[str, str]) -> object:
    other = {text: to for text, to in pairs.items() if text != to}
    return {"value": value, "map": other} if other else value


def actors(column: FileColumn) -> dict[str, str]:
    """The kinds of people that the words of a column stand for."""
    if column.kind != "text" or not 0 < column.distinct <= len(column.top):
        return {}
    target = contract()["ticket_events"].by_name["actor_type"]
    pairs = {text: to for text, _ in column.top if (to := accepted("ticket_events", target, text))}
    rows = sum(n for text, n in column.top if text in pairs)
    return pairs if rows >= _MEANT * column.filled and len(pairs) == column.distinct else {}


def _holds(profile: Profile, other: FileTable, people: FileColumn, author: FileColumn, table: FileTable) -> bool:
    (n,) = profile.row(
        "select count(*) from vals semi join (select v from vals "
        f"where tab = {other.number} and col = {other.place(people)}) as theirs using (v) "
        f"where tab = {table.number} and col = {table.place(author)}"
    )
    return bool(n >= _KEYS * author.distinct and author.distinct)


def _public(table: FileTable) -> ProposedLine | None:
    for name, turned in (("public", False), ("private", True)):
        column = called(table, name)
        if column and column.kind == "truth":
            pairs = {
                text: "false" if text.lower() in ("true", "yes", "y", "t", "1") else "true" for text, _ in column.top
            }
            form = {"value": reference(column), "map": pairs} if turned else reference(column)
            return ProposedLine("is_public", form, f"by {column.called!r}", uses=column)
    return None
