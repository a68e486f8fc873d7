"""From files to a mapping in KEFU_HOME/sources: looked at, proposed, tried, written; copied only if asked."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from foundation.contract import contract
from foundation.errors import CommandFailedError
from foundation.settings import Settings
from orchestration.ingestion.errors import MappingError, RefusedError
from orchestration.ingestion.readers import open_reader
from orchestration.onboarding import writing
from orchestration.onboarding.design import designed
from orchestration.onboarding.dryrun import DryRun, check
from orchestration.onboarding.files import Written, written
from orchestration.onboarding.known import Known, known_system, left_out
from orchestration.onboarding.merged import fill_down
from orchestration.onboarding.profile import FileTable, Profile
from orchestration.onboarding.proposal import File, Proposal, ProposedLine
from orchestration.onboarding.terminal import counted

_TRIES = 4  # how often a proposal is mended after it was tried
_BAD_SHARE, _BAD_ROWS = 0.01, 5  # of a file's rows, beyond which a column is no good guess
_OF_FILES = re.compile(r"(ignore|files):|# Questions")
_NO_RATE = "has no rate in fx_rates"
_PLAIN = frozenset(["dataset", "data", "export", "exports", "list", "report", "full", "csv"])


@dataclass(frozen=True)
class Added:
    """What was proposed, and where it stands."""

    path: Path
    proposal: Proposal
    tried: DryRun
    landed: Path | None


def add(settings: Settings, name: str, paths: Sequence[Path], *, force: bool, land: date | None) -> Added:
    """Writes a mapping for files. Raises CommandFailedError where there is one already, or nothing can be read."""
    target = settings.sources / f"{name}.yml"
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise CommandFailedError(f"{name!r} is no name of a source; write small letters, digits and _ such as shop_de")
    pull = _pull(target)
    if target.exists() and not force and not pull.is_all:
        raise CommandFailedError(f"{target} is there already; look at it, or write it anew with --force")
    files = [path.resolve() for path in sorted(set(paths))]
    known = known_system(files)
    proposal = _of_known(name, known) if known else _of_files(settings, name, files)
    reported, tried = _tried(settings, proposal, files)
    if known and not tried.is_fine:  # called as that system's files are, and none of them
        proposal = _of_files(settings, name, files)
        reported, tried = _tried(settings, proposal, files)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(pull.within(reported), encoding="utf-8")
    landed = _land(settings.landing / name / land.isoformat(), files) if land else None
    return Added(target, proposal, tried, landed)


@dataclass(frozen=True)
class _Pull:
    """What a person wrote in the file on where it is pulled from, which no proposal takes away."""

    lines: tuple[str, ...] = ()
    is_all: bool = False  # nothing is mapped yet

    def within(self, reported: str) -> str:
        """The proposal with those lines before its files."""
        lines = reported.splitlines()
        place = next((number for number, line in enumerate(lines) if _OF_FILES.match(line)), len(lines))
        return "\n".join([*lines[:place], *self.lines, *lines[place:]]) + "\n"


def _pull(path: Path) -> _Pull:
    if not path.is_file():
        return _Pull()
    lines = path.read_text(encoding="utf-8").splitlines()
    begin = next((number for number, line in enumerate(lines) if line.startswith("pull:")), None)
    if begin is None:
        return _Pull()
    later = (number for number, line in enumerate(lines) if number > begin and re.match(r"[^\s#]", line))
    end = next(later, len(lines))
    return _Pull(tuple(lines[begin:end]), not any(re.match(r"(files|extends):", line) for line in lines))


def _land(folder: Path, files: Iterable[Path]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        shutil.copyfile(path, folder / path.name)
    return folder


# --- proposing ----------------------------------------------------------------------------------------------


def _of_known(name: str, known: Known) -> Proposal:
    fits = ", ".join(path.name for path in known.fits)
    proposal = Proposal(
        name, known.zone, f"as {known.name} says; of stamps that do not say where they are of", [],
        extends=(known.name, f"{fits} fit its patterns and have all columns that it uses"),
    )  # fmt: skip
    proposal.questions += [f"Is {known.zone} where stamps without an offset were written?", *left_out(known)]
    for path in known.unknown:
        proposal.files.append(File(FileTable(path.stem, [Written(path)], 0), left=f"no file of {known.name}"))
    return proposal


def _of_files(settings: Settings, name: str, files: Sequence[Path]) -> Proposal:
    profile = Profile(settings.company.time_zone)
    unread: list[tuple[Path, str]] = []
    taken: set[str] = set()
    for group in _groups(files, unread):
        try:
            table = profile.add(_name(group, taken), group)
            if merged := fill_down(profile, table):
                value, reported, asked = merged
                for one in group:
                    one.say("fill_down", value, reported)
                group[0].questions.append(asked)
                profile.again(table)
        except RefusedError as error:
            unread += [(one.path, str(error)) for one in group]
    if not profile.tables:
        raise CommandFailedError("\n".join(f"{path.name}: {why}" for path, why in unread) or "there are no files")
    proposal = designed(settings, name, profile)
    for path, why in unread:
        proposal.files.append(File(FileTable(path.stem, [Written(path)], 0), left="it cannot be read"))
        proposal.questions.append(f"{path.name} {why}.")
    return proposal


def _groups(files: Sequence[Path], unread: list[tuple[Path, str]]) -> list[list[Written]]:
    """Files of one kind together: written alike, with the same columns."""
    found: dict[tuple[object, ...], list[Written]] = {}
    for path in files:
        try:
            one = written(path)
            columns = open_reader(path, one.mapping).columns
        except RefusedError as error:
            unread.append((path, str(error)))
            continue
        kind = re.sub(r"\d+", "", path.name) if columns is None else columns
        found.setdefault((kind, str(one.keys)), []).append(one)
    return list(found.values())


def _name(group: Sequence[Written], taken: set[str]) -> str:
    """A short name of a kind of file for joins and messages."""
    stem = group[0].path.name.partition(".")[0]
    kept = [word for word in re.findall(r"[a-z0-9]+", stem.lower()) if word not in _PLAIN and not word.isdigit()]
    plain = "_".join(kept)
    name = plain if plain and plain[0].isalpha() else f"file_{plain}".strip("_")
    number = 1
    while (numbered := name if number == 1 else f"{name}_{number}") in taken:
        number += 1
    taken.add(numbered)
    return numbered


# --- trying -------------------------------------------------------------------------------------------------


def _tried(settings: Settings, proposal: Proposal, files: Sequence[Path]) -> tuple[str, DryRun]:
    """The text of the mapping once a dry run takes the files; what it puts aside takes guesses back, or is asked."""
    with tempfile.TemporaryDirectory(prefix="kefu-add-") as scratch:
        home = settings.model_copy(update={"home": Path(scratch)})
        home.sources.mkdir()
        for turn in range(_TRIES):
            about = _about(proposal)
            (home.sources / f"{proposal.source}.yml").write_text(writing.text(proposal, about), encoding="utf-8")
            try:
                found = check(home, proposal.source, None, files)
            except MappingError as error:
                raise AssertionError(f"a proposal that cannot be read: {error}") from error
            if not _mend(proposal, found, is_last=turn == _TRIES - 1):
                break
        return writing.text(proposal, _about(proposal)), found


def _about(proposal: Proposal) -> str:
    asked = len(proposal.questions)
    questions = f"{asked} questions stand at the end" if asked != 1 else "one question stands at the end"
    return (
        f"Proposed by kefu source add. What stands after a # says what a line was told by; {questions}. "
        f"Try it with kefu source check {proposal.source}."
    )


def _mend(proposal: Proposal, found: DryRun, *, is_last: bool) -> bool:
    """Takes back what a dry run puts aside; whether anything changed."""
    if proposal.extends or is_last:
        _ask(proposal, found)
        return False
    changed = False
    for entry in found.files:
        file = next((one for one in proposal.files if one.name == entry.mapping_file), None)
        if file is None or file.left:
            continue
        limit = max(_BAD_ROWS, _BAD_SHARE * entry.read)
        bad = [one for one in found.aside if one.file == entry.file and one.outcome == "put aside"]
        for one in bad:
            if one.column and _NO_RATE not in one.reason and (one.rows > limit or entry.status == "refused"):
                changed |= _take_back(file, one.column, f"it would put aside {counted(one.rows, 'row')}: {one.reason}")
        if entry.status == "refused" and not bad:
            file.left = str(entry.error).rpartition(": ")[2] or "it is refused"
            proposal.questions.append(f"{file.name} {file.left}")
            changed = True
    if not changed:
        _ask(proposal, found)
    return changed


def _take_back(file: File, column: str, why: str) -> bool:
    entity, _, name = column.partition(".")
    target = contract()[entity].by_name.get(name)
    for feed in file.feeds:
        line: ProposedLine | None = feed.line(name) if feed.entity == entity else None
        if line is None or target is None:
            continue
        if not (target.required or target.key or name in feed.options.get("order_by", ())):
            line.is_off = True
            line.evidence += f"; {why}"
            return True
        if "when" not in feed.options and line.uses and line.uses.filled < line.uses.rows:
            from orchestration.onboarding.proposal import reference

            feed.options["when"] = f"{reference(line.uses)} is not null"
            return True
    return False


def _ask(proposal: Proposal, found: DryRun) -> None:
    asked: dict[tuple[str, str, str], int] = {}
    kinds = {entry.file: entry.mapping_file for entry in found.files}
    for one in found.aside:
        if one.outcome == "put aside":
            is_rate = _NO_RATE in one.reason  # of the orders and of their lines it is one question
            key = (kinds.get(one.file, one.file), "" if is_rate else one.column, _NO_RATE if is_rate else one.reason)
            asked[key] = asked.get(key, 0) + one.rows
    for (name, column, reason), rows in asked.items():
        if _NO_RATE in reason:
            proposal.questions.append(
                f"{name}: {counted(rows, 'row')} in another currency wait for a rate. Deliver fx_rates, or is that "
                "currency the company's own (company.currency)?"
            )
        else:
            reported = f"{name}: put aside: {counted(rows, 'row')}, for {column or 'the row'} {reason}. Is that right?"
            proposal.questions.append(reported)
    proposal.questions += [f"{problem}." for problem in found.problems]
