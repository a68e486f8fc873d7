"""From profiled tables to a whole proposal: what each file is, how they refer to each other, what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from foundation.contract import Column as ContractColumn
from foundation.contract import contract, literal
from foundation.settings import Settings
from orchestration.onboarding import shapes
from orchestration.onboarding.arrays import actors, of_arrays
from orchestration.onboarding.months import by_month, months
from orchestration.onboarding.orders import by_order
from orchestration.onboarding.profile import FileColumn, FileTable, Profile
from orchestration.onboarding.proposal import (
    MADE_ELSEWHERE,
    ColumnCandidate,
    File,
    Proposal,
    ProposedFeed,
    ProposedLine,
    amount_sql,
    assign,
    candidates,
    chosen,
    line,
    reference,
)
from orchestration.onboarding.surveys import rating, survey
from orchestration.onboarding.terminal import counted
from orchestration.onboarding.vocabulary import accepted, constants, entity_names, length_of, names_fit, owner_of, words

_LISTED = 8
_OF_A_LINE = {"product_id", "quantity", "unit_price", "discount_amount", "amount", "unit_cost"}
_LONG = 4  # characters of a value that is no number by accident
_RATED = ("tickets", "orders", "interactions", "service_orders")
_FILLED = 0.5  # share of the rows that a reference must be in
_SAME = 0.95  # share of the keys of one file that are those of another
_PERSON = ("gender", "birth_date", "name", "email", "phone", "city", "region", "country", "postal_code", "address",
           "marketing_consent")  # fmt: skip


def designed(settings: Settings, source: str, profile: Profile) -> Proposal:
    """The proposal for all tables."""
    profile.finish()
    found = Proposal(source, *_zone(settings, profile), [])
    for table in profile.tables:
        found.files.append(_file(source, table, profile, found.questions))
    _leave_twins(profile, found)
    contained = list(profile.contained())
    _refer(found, contained)
    _total_orders(found)
    by_order(found, contained)
    _derive(profile, found)
    for file in found.files:
        _ask_of_file(file, found.questions)
    if found.zone_evidence.startswith("a guess"):
        found.questions.insert(0, f"In which time zone are the stamps written? {found.zone} is the company's own.")
    return found


def _zone(settings: Settings, profile: Profile) -> tuple[str, str]:
    times = [column.moment for table in profile.tables for column in table.columns if column.moment]
    with_time = [moment for moment in times if moment.has_time_of_day or not moment.has_zone]
    zone = settings.company.time_zone
    if times and all(moment.has_zone for moment in with_time):
        return zone, "the company's; every stamp says itself where it is of"
    if not times:
        return zone, "the company's; there are no stamps"
    return (
        zone,
        f"a guess, the company's: {counted(sum(not m.has_zone for m in times), 'column')} of stamps do not say where",
    )


def _file(source: str, table: FileTable, profile: Profile, questions: list[str]) -> File:
    file = File(table)
    log = shapes.event_log(table, profile)
    best = chosen(table, profile.is_key)
    if log and not (best and best.entity not in ("tickets", "interactions", "customers") and best.is_sure):
        file.feeds = log
        if log[0].entity != "tickets":  # changes of tickets that another file lists
            return file
        questions.append(f"{table.name}: activities are understood by their words; is each event and to_status right?")
        _kind(table, log[0], questions)
        return file
    found = survey(table, profile, source)
    if found and found[0] and not (best and best.named and best.is_sure and len(found[0]) <= 3):
        file.feeds = found[0]
        questions += found[1]
        return file
    best = _in_lines(table, profile, best)
    wide = months(table)
    file.feeds, asked = by_month(table, wide) if wide else ([], [])
    questions += asked
    if file.feeds:
        return file
    if best is None and (best := _without_names(table, profile)):
        reported = ", ".join(f"{one.uses.name} as {one.column}" for one in best.lines if one.uses)
        questions.append(
            f"{table.name} names no column; by what stands in them it may be {best.entity}: {reported}. Is it?"
        )
    if best is None:
        _leave_unknown(file, profile, questions)
        return file
    feed = _feed(best)
    file.feeds = [feed]
    _verdict(table, feed)
    if not best.is_sure:
        reported = ", ".join(one.column for one in best.lines if one.uses)
        questions.append(f"Is {table.name} really {best.entity}? Only {reported} speak for it.")
    _repeated(file, best, profile, questions)
    if best.entity == "tickets":
        file.feeds += shapes.moments_of_tickets(table, feed)
        _kind(table, feed, questions)
    if best.entity in _RATED:
        rated, asked = rating(table, feed, profile, source)
        file.feeds += rated
        questions += asked
    questions += [*of_arrays(file, profile), *_people(table, file), *_sparse(table, feed)]
    return file


def _verdict(table: FileTable, feed: ProposedFeed) -> None:
    """Whether a deal was won, where its stage says so; the date of one that is open is no more than a plan."""
    target = contract()[feed.entity].by_name.get("won")
    if target is None or feed.line("won"):
        return
    for column in table.columns:
        meant = {text: to for text, _ in column.top if (to := accepted(feed.entity, target, text))}
        if column.kind != "text" or column.distinct > len(column.top) or "true" not in meant.values():
            continue
        value = reference(column)
        feed.lines.append(
            ProposedLine("won", {"value": value, "map": meant, "else": ""}, f"by {', '.join(meant)}", uses=column)
        )
        closed = feed.line("closed_at")
        if closed and closed.uses and closed.uses.filled > sum(n for text, n in column.top if text in meant):
            at = closed.form["value"] if isinstance(closed.form, dict) else closed.form
            listed = ", ".join(map(literal, meant))
            form = f"if({value} in ({listed}), {at}, null)"
            closed.form = {**closed.form, "value": form} if isinstance(closed.form, dict) else form
            closed.evidence += "; of those that are open it is a plan"
        return


def _people(table: FileTable, file: File) -> list[str]:
    """A file of customers and agents, told apart by a column: each of them by its own block."""
    main = file.feeds[0]
    found = next(((column, pairs) for column in table.columns if (pairs := actors(column))), None)
    key = main.column(contract()[main.entity].keys[0].name)
    if main.entity not in ("customers", "agents") or found is None or key is None:
        return []
    column, pairs = found
    if not {"customer", "agent"} <= set(pairs.values()):
        return []
    for entity, kind in (("customers", "customer"), ("agents", "agent")):
        listed = ", ".join(literal(text) for text, to in pairs.items() if to == kind)
        lines = main.lines if entity == main.entity else [made for made, _ in assign(table, contract()[entity])]
        reported = f"{column.name!r} tells customers from agents"
        feed = ProposedFeed(entity, lines, {"when": f"{reference(column)} in ({listed})"}, reported)
        if entity == main.entity:
            file.feeds[0] = feed
        else:
            file.feeds.append(feed)
    return []


def _sparse(table: FileTable, feed: ProposedFeed) -> list[str]:
    """A reference that hardly any row has is no good one."""
    return [
        f"{table.name}: {one.uses.name!r} is empty in {one.uses.rows - one.uses.filled:,} of {one.uses.rows:,} rows; "
        f"does another column say the {one.column}?"
        for one in feed.lines
        if one.column == "customer_id" and one.uses and one.uses.filled < _FILLED * one.uses.rows
    ]


def _without_names(table: FileTable, profile: Profile) -> ColumnCandidate | None:
    """What a file without a header may be: a purchase log, where it has whose, when and how much."""
    if not all(re.fullmatch(r"column\d+", column.name) for column in table.columns):
        return None
    whose = next((c for c in table.columns if c.kind in ("whole", "text") and 1 < c.distinct < c.filled), None)
    when = next((c for c in table.columns if c.moment), None)
    much = [c for c in table.columns if c.kind == "decimal" and not c.is_unique]
    if whose is None or when is None or not much:
        return None
    for column, name in ((whose, "customer id"), (when, "order date"), (much[-1], "amount")):
        column.aliases = (name,)
    for column in table.columns:
        if column.is_unique and column.kind in ("whole", "text"):
            column.aliases = ("order id",)
    found = candidates(table, profile.is_key)
    best = next((one for one in found if one.entity == "orders" and not one.lacks), None)
    for one in best.lines if best else ():
        one.evidence = one.evidence.replace("by its name", "a guess, by what stands in it")
    return best


def _feed(found: ColumnCandidate) -> ProposedFeed:
    order = [column.name for column in contract()[found.entity].mapped]
    lines = sorted(found.lines, key=lambda one: order.index(one.column))
    reported = ["its name"] if found.named else []
    names = [one.column for one in lines if one.uses]
    reported.append(f"columns for {', '.join(names[:6])}{' and more' if len(names) > 6 else ''}")
    return ProposedFeed(found.entity, lines, evidence=f"by {' and '.join(reported)}")


def _leave_unknown(file: File, profile: Profile, questions: list[str]) -> None:
    near = candidates(file.table, profile.is_key)
    best = next((one for one in near if one.score > 0), None)
    lacks = f"; as {best.entity} it lacks {', '.join(best.lacks)}" if best and best.lacks else ""
    file.left = f"no entity fits its columns{lacks}"
    columns = ", ".join(column.name for column in file.table.columns[:_LISTED])
    questions.append(f"What is {file.table.name} ({columns})? It is left out: {file.left}.")


def _repeated(file: File, best: ColumnCandidate, profile: Profile, questions: list[str]) -> None:
    """A key that repeats: lines of an order in the file of orders, or several states of one thing."""
    key = best.key
    if not best.repeated or key is None or key.uses is None or len(contract()[best.entity].keys) > 1:
        return
    table, feed = file.table, file.feeds[0]
    if best.entity == "orders":
        lines = [made for made, _ in assign(table, contract()["order_lines"], {key.uses.name}, only=_OF_A_LINE)]
        if any(made.column in ("product_id", "quantity", "unit_price") for made in lines):
            _several_rows_an_order(file, key.uses, lines, profile)
            return
    version = next((one.column for one in feed.lines if one.column == "updated_at"), None)
    feed.options["one_per"] = [key.column]
    if version:
        questions.append(
            f"{table.name}: {key.uses.name} repeats in {best.repeated:,} rows; is the first row the one to take?"
        )
    else:
        questions.append(
            f"{table.name}: {key.uses.name} repeats in {best.repeated:,} rows; the first of each is taken. Is it right?"
        )


def _in_lines(table: FileTable, profile: Profile, best: ColumnCandidate | None) -> ColumnCandidate | None:
    """Orders where a file has a row for each line of them, with whose and when, and no total."""
    if best and best.entity not in ("orders", "order_lines", "payments"):
        return best
    found = next((one for one in candidates(table, profile.is_key) if one.entity == "orders"), None)
    if found is None or not found.repeated or set(found.lacks) - MADE_ELSEWHERE or found.key is None:
        return best
    reported = {one.column for one in found.lines if one.uses}
    key = found.key.uses.name if found.key.uses else ""
    priced = {made.column for made, _ in assign(table, contract()["order_lines"], {key}, only=_OF_A_LINE)}
    is_whole = {"ordered_at", "order_id"} <= reported and "unit_price" in priced and {"product_id", "quantity"} & priced
    return found if is_whole and "gross_amount" not in reported else best


def _several_rows_an_order(file: File, key: FileColumn, lines: list[ProposedLine], profile: Profile) -> None:
    """An order that stands in several rows: itself once, and each row as a line of it."""
    table, orders = file.table, file.feeds[0]
    orders.options["one_per"] = ["order_id"]
    orders.evidence += f"; {key.name!r} repeats: an order has several rows"
    entity = contract()["order_lines"]
    amount = orders.column("gross_amount")
    steady = profile.steady(table, key, [one.uses for one in lines if one.uses] + ([amount] if amount else []))
    # what all rows of an order agree on is the order's, but a quantity or a price may be so by chance
    own = {one.uses for one in orders.lines if one.uses in steady}
    kept = [
        one
        for one in lines
        if one.uses not in own and not (one.column == "product_id" and one.uses in steady) and not _is_of_order(one)
    ]
    made = [line(entity, entity.by_name["order_id"], key, "the order of the row"), *kept]
    if currency := orders.line("currency"):  # a line is in the currency of its order, by the rate of its day
        made += [currency, *([at] if (at := orders.line("ordered_at")) else [])]
    if not any(one.column == "quantity" for one in kept):
        how = constants("order_lines")["quantity"]
        made.append(ProposedLine("quantity", {"constant": how["value"]}, how["reason"]))
    if any(one.column in ("unit_price", "amount") for one in kept):
        file.feeds.append(
            ProposedFeed("order_lines", [one for one in made if one], evidence="each row is a line of its order")
        )
    if amount is None:
        _sum_of_lines(file, orders, key, kept)
        return
    if amount in steady:
        if amount.filled < table.rows:
            orders.options["when"] = f"{reference(amount)} is not null"
        return
    total = f"sum({amount_sql(amount)}::decimal(18,4))"
    join = {"file": table.name, "on": {key.name: key.name}, "aggregate": {"total": total}}
    file.joins["whole"] = (join, "all rows of the order")
    summed = ProposedLine("gross_amount", "whole.total", "the sum of its rows", uses=amount)
    orders.lines = [summed if one.column == "gross_amount" else one for one in orders.lines]


def _is_of_order(one: ProposedLine) -> bool:
    """Whether a name says that it is the order's: each line with the order's subtotal would count it many times."""
    named = words(one.uses.name) if one.uses else ()
    return named[:1] == ("order",) and not {"line", "item"} & set(named)


def _sum_of_lines(file: File, orders: ProposedFeed, key: FileColumn, lines: list[ProposedLine]) -> None:
    """What an order comes to, where its rows say no more than prices and quantities."""
    used = {one.column: one.uses for one in lines if one.uses}
    amount = used.get("amount") or used.get("unit_price")
    if amount is None:
        return
    text = f"{amount_sql(amount)}::decimal(18,4)"
    if (quantity := used.get("quantity")) and "amount" not in used:
        text += f" * {amount_sql(quantity)}::decimal(18,4)"
    join = {"file": file.name, "on": {key.name: key.name}, "aggregate": {"total": f"sum({text})"}}
    file.joins["whole"] = (join, "all rows of the order")
    orders.lines.append(
        ProposedLine("gross_amount", "whole.total", "no column states it; the sum of its rows", uses=amount)
    )


def _kind(table: FileTable, feed: ProposedFeed, questions: list[str]) -> None:
    if feed.line("kind") is None:
        names = " ".join(one.path.name for one in table.written).lower()
        kind = next(
            (
                k
                for k, words_ in (("complaint", ("complaint", "投诉")), ("suggestion", ("suggestion", "建议")))
                if any(w in names for w in words_)
            ),
            "request",
        )
        feed.lines.append(
            ProposedLine("kind", {"constant": kind}, "a guess: no column says whether it is a request or a complaint")
        )
        questions.append(
            f"{table.name}: no column says which tickets are complaints; all are taken as {kind}s. Which are not?"
        )


# --- between files ------------------------------------------------------------------------------------------


def _leave_twins(profile: Profile, found: Proposal) -> None:
    """Of two files that hold the same keys of one entity, the one that fills less is left out."""
    for file in found.files:
        for other in found.files:
            if file is other or file.left or other.left or not file.feeds or not other.feeds:
                continue
            entity = file.feeds[0].entity
            key, theirs = file.feeds[0].lines[0].uses, other.feeds[0].lines[0].uses
            if other.feeds[0].entity != entity or key is None or theirs is None or not key.is_unique:
                continue
            if _overlap(profile, file.table, key, other.table, theirs) < _SAME or len(file.used) > len(other.used):
                continue
            file.left = f"it holds the same {key.distinct:,} keys as {other.name} and fills less"
            found.questions.append(
                f"{file.name} {file.left.removeprefix('it ')}; it is left out. Is anything of it wanted?"
            )


def _overlap(profile: Profile, table: FileTable, key: FileColumn, other: FileTable, theirs: FileColumn) -> float:
    row = profile.con.execute(
        "select count(*) from vals semi join (select v from vals "
        f"where tab = {other.number} and col = {other.place(theirs)}) as theirs using (v) "
        f"where tab = {table.number} and col = {table.place(key)}"
    ).fetchone()
    return (row[0] if row else 0) / max(key.distinct, theirs.distinct, 1)


def _refer(found: Proposal, contained: list[tuple[FileTable, FileColumn, FileTable, FileColumn, float]]) -> None:
    """Fills references by the values that stand in another file's key, and says so where the name says it already."""
    natural = list(_natural(found, contained))
    keys: dict[tuple[int, FileColumn | None], str] = {
        (file.table.number, feed.column(contract()[feed.entity].keys[0].name)): feed.entity
        for file in found.files if not file.left
        for feed in file.feeds if len(contract()[feed.entity].keys) == 1
    }  # fmt: skip
    by_column: dict[tuple[int, str], list[tuple[str, str, float]]] = {}
    for table, column, other, theirs, share in contained:
        for (number, key), entity in keys.items():
            if number == other.number and key is not None and key.name == theirs.name:
                by_column.setdefault((table.number, column.name), []).append(
                    (entity, f"{other.name}.{theirs.name}", share)
                )
    for file in found.files:
        for feed in file.feeds if not file.left else ():
            for target in contract()[feed.entity].mapped:
                own = {one.entity for one in file.feeds}
                if target.references and str(target.references).partition(".")[0] not in own:
                    _refer_one(file, feed, target, by_column, keys, natural, found.questions)


@dataclass(frozen=True)
class _Natural:
    """A column whose values stand in a unique column of another file that is not its key, such as a domain."""

    table: FileTable
    column: FileColumn
    entity: str
    other: File
    theirs: FileColumn
    key: FileColumn
    share: float


def _natural(
    found: Proposal, contained: list[tuple[FileTable, FileColumn, FileTable, FileColumn, float]]
) -> Iterator[_Natural]:
    files = {file.table.number: file for file in found.files if not file.left and file.feeds}
    for table, column, other, theirs, share in contained:
        file = files.get(other.number)
        main = file.feeds[0] if file else None
        key = main.column(contract()[main.entity].keys[0].name) if main else None
        is_long = column.kind == "text" and column.longest >= _LONG
        if file and main and key and key is not theirs and theirs.is_unique and is_long:
            yield _Natural(table, column, main.entity, file, theirs, key, share)


def _by_another_key(file: File, feed: ProposedFeed, now: ProposedLine, entity: str, natural: list[_Natural]) -> bool:
    """Takes a reference through what another file has once for each of its keys."""
    found = [one for one in natural if one.table is file.table and one.entity == entity]
    if not found:
        return False
    best = max(found, key=lambda one: (one.share, one.column.filled))
    alias = entity.rstrip("s")
    reported = f"{best.share:.0%} of {best.column.name!r} stand in {best.other.name}.{best.theirs.name}"
    file.joins[alias] = ({"file": best.other.name, "on": {best.column.name: best.theirs.name}}, reported)
    value = f"{alias}.{reference(best.key)}"
    made = ProposedLine(
        now.column,
        value,
        f"{reported}; {(now.uses.name if now.uses else '')!r} holds no keys of them",
        uses=best.column,
    )
    feed.lines = [made if one is now else one for one in feed.lines]
    return True


def _refer_one(
    file: File,
    feed: ProposedFeed,
    target: ContractColumn,
    by_column: dict[tuple[int, str], list[tuple[str, str, float]]],
    keys: Mapping[tuple[int, FileColumn | None], str],
    natural: list[_Natural],
    questions: list[str],
) -> None:
    entity = str(target.references).partition(".")[0]
    now = feed.line(target.name)
    if now and now.uses:
        for other, where, share in by_column.get((file.table.number, now.uses.name), []):
            if other == entity:
                now.evidence += f"; {share:.0%} of its values stand in {where}"
                return
        if _by_another_key(file, feed, now, entity, natural):
            return
        is_plain = (now.form["value"] if isinstance(now.form, dict) else now.form) == reference(now.uses)
        if entity in set(keys.values()) and now.uses.distinct > 1 and is_plain:
            now.evidence += f"{'; ' if now.evidence else ''}fewer than 90% of its values are keys of {entity}"
            questions.append(f"{file.name}: which column refers to the {entity}? {now.uses.name!r} holds other values.")
    used = {one.uses.name for one in feed.lines if one.uses}
    for column in file.table.columns:
        for other, where, share in by_column.get((file.table.number, column.name), []):
            if other == entity and column.name not in used and not target.key and _is_telling(column, target, entity):
                made = line(contract()[feed.entity], target, column, f"{share:.0%} of its values stand in {where}")
                if made:
                    feed.lines = [one for one in feed.lines if one.column != target.name] + [made]
                    return


def _is_telling(column: FileColumn, target: ContractColumn, entity: str) -> bool:
    """Whether contained values are no accident: small numbers stand in every key."""
    is_long = column.kind == "text" and column.longest >= 4
    return is_long or names_fit(column.name, (target.name.replace("_", " "), *entity_names(entity))) >= 0.6


def _total_orders(found: Proposal) -> None:
    """What an order comes to, where only its lines say it."""
    lines = next((f for f in found.files if not f.left and f.feeds and f.feeds[0].entity == "order_lines"), None)
    for file in found.files:
        orders = file.feed("orders")
        if orders is None or file.left or orders.line("gross_amount"):
            continue
        key = orders.column("order_id")
        if lines is None or key is None:
            file.left = "an order needs an amount, and neither its columns nor lines of orders state one"
            found.questions.append(f"{file.name}: {file.left}. Where does it stand?")
            continue
        feed = lines.feeds[0]
        theirs, amount = feed.column("order_id"), feed.column("amount") or feed.column("unit_price")
        if theirs is None or amount is None:
            continue
        text = f"{amount_sql(amount)}::decimal(18,4)"
        quantity = feed.column("quantity")
        if quantity and not feed.column("amount"):
            text += f" * {amount_sql(quantity)}::decimal(18,4)"
        join = {"file": lines.name, "on": {key.name: theirs.name}, "aggregate": {"total": f"sum({text})"}}
        file.joins["lines"] = (join, "the lines of each order")
        orders.lines.append(
            ProposedLine("gross_amount", "coalesce(lines.total, 0)", "no column states it; the sum of its lines")
        )
        found.questions.append(
            f"{file.name}: the amount of an order is the sum of its lines. Is freight or tax to be added?"
        )


# --- what no file lists -------------------------------------------------------------------------------------


def _derive(profile: Profile, found: Proposal) -> None:
    """Customers and agents that files name and no file lists."""
    given = {feed.entity for file in found.files if not file.left for feed in file.feeds}
    for file in sorted(found.files, key=lambda one: one.feed("orders") is None):
        if file.left or not file.feeds:
            continue
        if (customers := file.feed("customers")) and not customers.options:
            _count_back(file.table, customers, found.questions)
            _close(customers, found.questions)
        if "customers" not in given and (feed := _customers(profile, file)):
            file.feeds.append(feed)
            given.add("customers")
        if "agents" not in given and file.feed("tickets"):
            named = next(((made, one.options) for one in file.feeds if (made := one.line("agent_id"))), None)
            if named:
                each = {key: value for key, value in named[1].items() if key == "each"}
                file.feeds.append(shapes.agents_of(named[0], each))
                given.add("agents")


def _close(customers: ProposedFeed, questions: list[str]) -> None:
    """When a customer left, where the file only says that they did: on the day of the delivery, if a person says so."""
    status = customers.line("status")
    if status is None or customers.line("closed_at") or not isinstance(status.form, dict):
        return
    left = [text for text, to in status.form.get("map", {}).items() if to == "closed"]
    if left:
        texts = ", ".join(literal(text) for text in left)
        value = f"if({status.form['value']} in ({texts}), load_date, null)"
        reported = "no column says when they left; the day of the delivery, if that is when"
        customers.lines.append(ProposedLine("closed_at", value, reported, is_off=True))
        questions.append("When did the closed customers leave? If on the day of the delivery, uncomment closed_at.")


def _count_back(table: FileTable, customers: ProposedFeed, questions: list[str]) -> None:
    """Since when a customer is one, where only the length of it is told."""
    if customers.line("acquired_at") or customers.line("first_known_at"):
        return
    for column in table.columns:
        unit = length_of(column.name) if column.kind == "whole" else None
        if unit:
            value = f"load_date::date - to_{unit}({reference(column)}::int)"
            reported = f"a guess: {column.name!r} counts back from the day of the delivery; {column.in_words}"
            customers.lines += [
                ProposedLine(name, value, reported, uses=column) for name in ("first_known_at", "acquired_at")
            ]
            questions.append(f"Does {column.name!r} count the {unit} up to the day of the delivery?")
            return


def _customers(profile: Profile, file: File) -> ProposedFeed | None:
    main = file.feeds[0]
    if main.entity not in ("orders", "tickets", "surveys"):
        return None
    entity = contract()["customers"]
    key = main.column("customer_id")
    used = {one.uses.name for feed in file.feeds for one in feed.lines if one.uses} - ({key.name} if key else set())
    owner = owner_of(key.name) if key and "." in key.name else None
    # of a record with the customer in it: its own name is not the customer's
    others = {column.name for column in file.table.columns if owner and owner_of(column.name) != owner}
    made = {one.column: one for one, _ in assign(file.table, entity, used | others, set(_PERSON))}
    if key is None:
        email = made.get("email")
        if email is None or email.uses is None or email.uses.filled < 0.5 * email.uses.rows:
            return None
        key = email.uses
        main.lines.append(ProposedLine("customer_id", reference(key), "no other column says whose it is", uses=key))
    steady = {one.name for one in profile.steady(file.table, key, [one.uses for one in made.values() if one.uses])}
    lines = [ProposedLine("customer_id", reference(key), f"{key.distinct:,} different in {key.name!r}", uses=key)]
    lines += [one for one in made.values() if one.uses and (one.uses.name in steady or one.uses is key)]
    event = main.line(str(contract()[main.entity].event_time))
    options: dict[str, object] = {"one_per": ["customer_id"]}
    if key.filled < key.rows:
        options["when"] = f"{reference(key)} is not null"
    if event and event.uses:
        first = replace(event, column="first_known_at", evidence=f"the first of its {main.entity}")
        lines.append(first)
        options["order_by"] = ["first_known_at"]
        if main.entity == "orders":
            lines.append(replace(first, column="acquired_at"))
    if any(one.column in ("gender", "birth_date") for one in lines):
        lines.append(ProposedLine("type", {"constant": "person"}, "they have a gender or a date of birth"))
    return ProposedFeed("customers", lines, options, "no file lists the customers")


# --- questions ----------------------------------------------------------------------------------------------


def _ask_of_file(file: File, questions: list[str]) -> None:
    table = file.table
    for written in table.written:
        questions += written.questions
    if file.left:
        return
    for feed in file.feeds:
        for one in feed.lines:
            if one.uses and one.uses.moment and not one.uses.moment.is_sure and not one.is_off:
                question = (
                    f"{table.name}: is {one.uses.name!r} written day first or month first? Every value is 12 or less."
                )
                questions += [question] if question not in questions else []
            if (
                one.uses
                and one.uses.number
                and not one.uses.number.is_sure
                and one.column in ("gross_amount", "amount", "unit_price")
            ):
                questions.append(
                    f"{table.name}: is the sign in {one.uses.name!r} between thousands, or before decimals?"
                )
            if isinstance(one.form, dict) and one.form.get("else") == "" and "empty for" in one.evidence:
                questions.append(
                    f"{table.name}: which {feed.entity}.{one.column} are the values that were not understood?"
                )
    if table.arrays:
        questions.append(
            f"{table.name}: records hold lists ({', '.join(table.arrays[:_LISTED])}); are their rows wanted?"
        )
    if table.repeated:
        questions.append(f"{table.name}: {table.repeated:,} rows repeat another to the letter. Do they count?")


def unused(file: File) -> Iterator[str]:
    """The columns that fill nothing, with what stands in them."""
    for column in file.table.columns:
        if column.name not in file.used:
            name = re.sub(r"\s+", " ", column.name).strip() or "(no name)"
            yield f"{name}: {column.in_words}"
