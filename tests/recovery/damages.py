"""Kinds of damage, the files of a home, and what becomes of each: the table behind docs/reliability.md.

Every pair is tried in a home of its own that was made by hand: two sources taken in, a build published, a report
issued, a mail written down. Then comes what a night does to files. Run as a module it writes the page; test_damages.py
holds the page and every outcome against what happens.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from foundation.errors import CommandFailedError
from foundation.seals import write_seal
from foundation.settings import Settings
from orchestration import warehouse
from orchestration.ingestion import Manifest, ingest
from orchestration.recovery.build import is_sound
from orchestration.recovery.soundness import faults
from reports.bundle.reading import make_bundle
from reports.bundle.rows import Scope
from reports.bundle.store import write_bundle
from reports.bundle.suppression import CellKey
from reports.delivery.ledger import Ledger
from reports.delivery.records import Claim
from reports.delivery.records import DeliveryKey as MailKey
from reports.issuing.revisions import DIFFERENCES_FILE, Differences, remember_hidden

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
DAY = date(2026, 1, 5)
Damage = Callable[[Path], None]
MAPPING = """
source: {source}
time_zone: Asia/Shanghai
files:
  orders:
    pattern: "orders*"
    entities:
      - entity: orders
        columns: {{order_id: id, customer_id: customer, ordered_at: at, gross_amount: amount}}
"""


def _cut(share: float) -> Damage:
    return lambda path: path.write_bytes(path.read_bytes()[: max(1, int(share * path.stat().st_size))])


def _noise(at: float) -> Damage:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        place = int(at * (len(content) - 64))
        noise = hashlib.sha512(path.name.encode()).digest()
        content[place : place + 64] = noise
        path.write_bytes(bytes(content))

    return damage


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("else", encoding="utf-8")


DAMAGES: dict[str, Damage] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut at 1%": _cut(0.01),
    "cut at 25%": _cut(0.25),
    "cut at 50%": _cut(0.5),
    "cut at 90%": _cut(0.9),
    "cut before its last byte": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "noise at its head": _noise(0),
    "noise in the middle": _noise(0.5),
    "noise at its end": _noise(1),
    "zeros alone": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "other text": lambda path: path.write_text("no such file\n", encoding="utf-8"),
    "a folder in its place": _folder,
}


@dataclass(frozen=True)
class File:
    """One kind of file, where one lies in the home, and what is to become of it when it is damaged."""

    name: str
    find: Callable[[Settings], Path]
    outcome: str


def _raw(home: Settings) -> Path:
    return home.raw / Manifest.read(home.raw).files[0].feeds[0].path


def _version(home: Settings) -> Path:
    return home.published / "versions" / f"{DAY}-0.duckdb"


def _issued(name: str) -> Callable[[Settings], Path]:
    return lambda home: home.reports / "service_quality" / "2026-10" / name


READ, MADE, WRITTEN, BUILT = "read again", "made again", "written again", "built in full"
PERSON = "named, with what to do"
OUTCOMES = {
    READ: "the next run that takes anything in reads the delivery again; rows and manifest are as before",
    MADE: "the next run makes it again from its parts, byte for byte",
    WRITTEN: "the next run writes it again, byte for byte",
    BUILT: "the next night does not carry the build on but makes all of it from raw",
    PERSON: "no night can make it again: `kefu verify` and `kefu doctor` name it with what to do",
}
FILES = (
    File("Parquet of the raw zone", _raw, READ),
    File("manifest", lambda home: home.raw / "manifest.json", MADE),
    File("part of the manifest", lambda home: home.raw / ".entries" / "crm" / f"{DAY}.json", WRITTEN),
    File("work file of the build", lambda home: home.build / "work.duckdb", BUILT),
    File("published warehouse", lambda home: home.published / "kefu.duckdb", BUILT),
    File("older published version", _version, PERSON),
    File("bundle of an issued report", _issued("company/bundle.json"), PERSON),
    File("revision that was replaced", _issued("company/revisions/1.json"), PERSON),
    File("figures that stay hidden", _issued("hidden.parquet"), PERSON),
    File("differences found", _issued(f"company/{DIFFERENCES_FILE}"), PERSON),
    File("issued page", _issued("company/en/report.html"), PERSON),
    File("ledger of deliveries", lambda home: home.home / "delivery.db", PERSON),
)
# what a whole folder of files cannot show by one that is gone: its name alone told that it was there
NOT_MISSED = {
    ("bundle of an issued report", "gone"),
    ("revision that was replaced", "gone"),
    ("figures that stay hidden", "gone"),
    ("differences found", "gone"),
    ("bundle of an issued report", "cut before its last byte"),
    ("revision that was replaced", "cut before its last byte"),
    ("ledger of deliveries", "noise at its end"),  # within a value: SQLite knows no hash of what it holds
}


def furnish(folder: Path) -> Settings:
    """A home with one file of each kind."""
    home = Settings(home=folder)
    for source in ("crm", "erp"):
        home.sources.mkdir(parents=True, exist_ok=True)
        (home.sources / f"{source}.yml").write_text(MAPPING.format(source=source), encoding="utf-8")
        landed = home.landing / source / str(DAY) / "orders.csv"
        landed.parent.mkdir(parents=True)
        rows = (f"{n},c{n},2026-01-0{n} 10:00:00,{n}.50" for n in range(1, 6))
        landed.write_text("\n".join(["id,customer,at,amount", *rows]) + "\n", encoding="utf-8")
    assert ingest(home, DAY, DAY).ok
    for number in range(2):
        publish(home, number)
    _issue(home)
    with closing(Ledger(home.ledger)) as ledger, ledger.sole_sender():
        key = MailKey("service_quality", "2026-10", "company", 1, "boss", "en")
        claim = ledger.claim(
            key, address_hash="0", content_sha256="0", via="outbox", now=datetime(2026, 11, 2, tzinfo=UTC)
        )
        assert isinstance(claim, Claim)
        ledger.finish(claim, "sent", now=datetime(2026, 11, 2, tzinfo=UTC))
    return home


def publish(home: Settings, number: int) -> None:
    """A build as the last step of a night publishes it."""
    folder = home.build / "candidate"
    folder.mkdir(parents=True, exist_ok=True)
    build = f"{DAY}-{number}"
    made = warehouse.Candidate(folder, build, DAY, DAY, True, "s", 5)
    for path, table in ((made.work, "control.build"), (made.marts, "reporting.rpt_build")):
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"create schema {table.split('.')[0]}")
            connection.execute(
                f"create table {table} as select '{build}' as build_id, 'c' as code_version, 's' as settings_version, "
                f"date '{DAY}' as as_of_date, date '{DAY}' as known_at"
            )
            connection.execute("create table rows as select range as n, md5(range::varchar) as text from range(20000)")
    warehouse.publish(home, made)


def _issue(home: Settings) -> None:
    from tests.reports.conftest import META, MONTH
    from tests.reports.conftest import warehouse as company

    with company() as opened:
        bundle = make_bundle(opened, "service_quality", MONTH, META)
    folder = home.reports / bundle.folder
    write_bundle(bundle, folder / "bundle.json")
    write_bundle(bundle, folder / "revisions" / "1.json")
    cells = [CellKey(*("x" if name != "month" else MONTH for name in CellKey._fields))]
    remember_hidden(cells, home.reports, "service_quality", MONTH)
    found = Differences(
        report="service_quality", period_start=MONTH, scope=Scope(), revision=1, known_at=DAY, changes=(), total=1
    )
    (folder / DIFFERENCES_FILE).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    page = folder / "en" / "report.html"
    page.parent.mkdir()
    page.write_text("<p>a page</p>" * 50, encoding="utf-8")
    write_seal(page, hashlib.sha256(page.read_bytes()).hexdigest())


def contents(home: Settings) -> dict[str, str]:
    """What of a home must be as it was: the raw zone's files and the rows they give."""
    files = {
        path.relative_to(home.raw).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.raw.rglob("*"))
        if path.is_file() and ".damaged" not in path.parts
    }
    return {name: sha256 for name, sha256 in files.items() if ".moved-" not in name}


def happened(home: Settings, file: File, damage: Damage, before: dict[str, str]) -> tuple[str, str]:
    """What became of one damaged file, and what was said of it."""
    path = file.find(home)
    damage(path)
    shown = path.relative_to(home.home).as_posix()
    reported = [fault for fault in faults(home) if fault.file == shown]
    if not reported:
        return "not seen", ""
    is_carried_on = is_sound(home)
    report = ingest(home, DAY, DAY)
    assert report.ok, report.refusals
    assert contents(home) == before, "the raw zone is not as it was"
    if not is_carried_on:
        publish(home, 2)
    left = [fault for fault in faults(home) if fault.file == shown]
    said = reported[0].what
    if left:
        return PERSON, f"{said}; {left[0].cure}"
    if not is_carried_on:
        return BUILT, said
    kinds = {".parquet": READ, "manifest.json": MADE}
    return kinds.get(path.suffix, kinds.get(path.name, WRITTEN)), said


def try_all(folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Each kind of file with each kind of damage, in a copy of one home."""
    home = furnish(folder / "sound")
    assert faults(home) == []
    before = contents(home)
    found = {}
    for file in FILES:
        for name, damage in DAMAGES.items():
            if (file.name, name) in NOT_MISSED:
                continue
            copy = Settings(home=folder / "damaged")
            shutil.copytree(home.home, copy.home)
            (copy.published / "kefu.duckdb").unlink()  # one file under two names, as publishing leaves it
            (copy.published / "kefu.duckdb").hardlink_to(copy.published / "versions" / f"{DAY}-1.duckdb")
            try:
                found[file.name, name] = happened(copy, file, damage, before)
            except (CommandFailedError, AssertionError) as error:
                found[file.name, name] = f"failed: {type(error).__name__}", str(error)
            shutil.rmtree(copy.home)
    return found


def page(found: dict[tuple[str, str], tuple[str, str]]) -> str:
    """The table, a line for each file and what was said of it, with the damages that it was said of."""
    lines = [
        "# Damaged files",
        "",
        f"{len(found)} pairs of a file and a damage, and what becomes of each: {len(FILES)} kinds of files,",
        f"{len(DAMAGES)} kinds of damage. `kefu verify` names every one of them before anything else is done, and no",
        "row is lost in any. This page is written by",
        "`python -m tests.recovery.damages`, and tests hold it against what happens. What to do, step by step:",
        "[recovery.md](recovery.md).",
        "",
        "| outcome | meaning | pairs |",
        "|---|---|---|",
    ]
    outcomes = [outcome for outcome, _ in found.values()]
    lines += [f"| {name} | {meaning} | {outcomes.count(name)} |" for name, meaning in OUTCOMES.items()]
    lines += ["", "| file | damage | outcome | said |", "|---|---|---|---|"]
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for (file, damage), (outcome, said) in found.items():
        grouped.setdefault((file, outcome, said), []).append(damage)
    lines += [f"| {f} | {', '.join(damages)} | {outcome} | {said} |" for (f, outcome, said), damages in grouped.items()]
    lines += [
        "",
        "`kefu verify` does not miss a file that is gone from a folder of issued reports: nothing but the file says",
        "that the report was issued. A backup knows it. The last byte of a bundle is a line end, which nothing needs.",
        "In the ledger noise within a value is not seen: SQLite checks how pages hang together, not what they hold.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        text = page(try_all(Path(made)))
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
