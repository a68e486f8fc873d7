"""Who gets which report: KEFU_HOME/recipients.yml, read and checked. Sending is sending.py's part.

The file holds personal data: an error names the file, the line, the entry's id and the field, never a name or address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from foundation.languages import LANGUAGES, LanguageCode
from foundation.secrets import Hidden, reveal
from foundation.yaml_text import TextLoader
from reports.bundle.rows import Scope
from reports.delivery.addresses import hashed, read_address
from reports.delivery.chats import channel, channels
from reports.delivery.webhook import checked_url
from reports.registry import REPORT_SCOPES, report
from reports.text.language import plain

Format = Literal["html", "pdf"]
Schedule = Literal["daily", "monthly", "quarterly"]
QUARTER = 3  # months
MAIL = "mail"
_PERSONAL = {"name", "address", "webhook", "secret"}  # fields whose value no error shows
_SCHEDULES: dict[str, tuple[Schedule, ...]] = {"daily": ("daily",), "monthly": ("monthly", "quarterly")}


class RecipientsError(ValueError):
    """A recipients file that cannot be used; a line for each thing that is wrong, with what to do."""


def _scope(value: Any) -> Any:
    if value == "company":
        return Scope()
    if isinstance(value, dict) and len(value) == 1 and set(value) <= set(REPORT_SCOPES):
        ((kind, member),) = value.items()
        if isinstance(member, str) and member.strip():
            return Scope(type=kind, id=member)
    if isinstance(value, Scope):
        return value
    raise ValueError(f"write company, or one of {', '.join(REPORT_SCOPES)} with its id, such as {{store: demo:S07}}")


def _known_report(value: Any) -> Any:
    if isinstance(value, str):
        report(value)  # raises, naming those there are
    return value


def _known_channel(value: Any) -> Any:
    if value not in (known := (MAIL, *channels())):
        raise ValueError(f"there are {', '.join(known)}")
    return value


def _mailbox(value: Any) -> Any:
    if isinstance(value, str) and read_address(value).display_name:
        raise ValueError("is more than an address; write the name into name")
    return value


def _person(value: Any) -> Any:
    if isinstance(value, str) and (plain(value) != value or not value):
        raise ValueError("write a name of one line and at most 120 characters")
    return value


class Recipient(BaseModel):
    """One message a period: a person or a chat's room, what they may see, and how they want it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]  # stays when the address changes
    name: Annotated[str, BeforeValidator(_person)]
    channel: Annotated[str, BeforeValidator(_known_channel)] = MAIL
    address: Annotated[str, BeforeValidator(_mailbox)] = ""  # of a mail
    webhook: Hidden | None = None  # of a chat: where the address of its room is, which is a secret
    secret: Hidden | None = None  # what a room that asks for signatures gave
    language: LanguageCode = "en"
    report: Annotated[str, BeforeValidator(_known_report)] = "service_quality"
    scope: Annotated[Scope, BeforeValidator(_scope)] = Scope()
    formats: tuple[Format, ...] = ("pdf",)  # what is attached; none is the mail's text alone
    schedule: Schedule = Field(default="monthly")
    _home: Path = PrivateAttr(Path())  # where files of secrets are looked for: beside the file of recipients

    @model_validator(mode="before")
    @classmethod
    def _schedule_of_the_report(cls, given: Any) -> Any:
        """Without a word of its own, a recipient gets a report as often as it is made."""
        if not isinstance(given, dict) or "schedule" in given:
            return given
        try:
            return {**given, "schedule": report(given.get("report", "service_quality")).schedule}
        except (ValueError, TypeError):
            return given  # the field's own check tells it

    @model_validator(mode="before")
    @classmethod
    def _a_card_carries_no_files(cls, given: Any) -> Any:
        return {"formats": (), **given} if isinstance(given, dict) and given.get("channel", MAIL) != MAIL else given

    @model_validator(mode="after")
    def _goes_one_way(self) -> Self:
        """Each kind of channel has its own fields."""
        if self.is_mail:
            if not self.address:
                raise ValueError("address is missing")
            if self.webhook or self.secret:
                raise ValueError(f"webhook and secret are for a chat; name its channel: {', '.join(channels())}")
            return self
        if not self.webhook:
            raise ValueError("webhook is missing; write {env: NAME} or {file: PATH} of where the room's address is")
        if self.address or self.formats:
            raise ValueError(f"address and formats are for mail; {self.channel} gets a card at its webhook")
        if self.secret and not channel(self.channel).sign:
            raise ValueError(f"secret is for rooms that ask for signatures; {self.channel} does not")
        return self

    @model_validator(mode="after")
    def _due_when_made(self) -> Self:
        fitting = _SCHEDULES[report(self.report).schedule]
        if self.schedule not in fitting:
            raise ValueError(f"schedule is {self.schedule!r}, but {self.report} may be had {' or '.join(fitting)}")
        scopes = report(self.report).scopes
        if self.scope.type not in scopes:
            raise ValueError(f"scope is a {self.scope.type}, but {self.report} is made for {' or '.join(scopes)}")
        return self

    @property
    def is_mail(self) -> bool:
        return self.channel == MAIL

    @property
    def mailbox(self) -> Address:
        """Name and address as a header has them. Raises ValueError where there is no address."""
        return Address(display_name=self.name, addr_spec=read_address(self.address).addr_spec)

    @property
    def address_hash(self) -> str:
        """Tells equal mailboxes and rooms where the address itself must not stand.

        Raises SecretError where a room's address is not where it should be, ValueError where it is none.
        """
        if self.is_mail:
            return hashed(self.address)
        return hashlib.sha256(self.room.encode()).hexdigest()[:16]

    @property
    def room(self) -> str:
        """The address of a chat's room: a secret. Raises SecretError or ValueError."""
        if self.webhook is None:
            raise ValueError(f"{self.channel} has no room")
        return checked_url(reveal(self._home, self.webhook))

    @property
    def signature(self) -> str | None:
        """The secret that a room's posts are signed with. Raises SecretError."""
        return reveal(self._home, self.secret) if self.secret else None

    def is_due(self, period: date) -> bool:
        """Whether the report of the period that begins on this day is one they asked for."""
        return self.schedule != "quarterly" or period.month % QUARTER == 0


def read_recipients(path: Path) -> tuple[Recipient, ...]:
    """The recipients in the order of the file; none where there is no file.

    Raises RecipientsError with a line for each thing that is wrong.
    """
    if not path.exists():
        return ()
    entries = list(_entries(path))
    good, problems = [], []
    for line, place, given in entries:
        try:
            recipient = Recipient.model_validate(given)
            recipient._home = path.parent
            good.append((line, recipient))
        except ValidationError as error:
            problems += [f"{path}:{line}: {place}: {_reported(problem)}" for problem in error.errors()]
    problems += [f"{path}:{line}: {recipient.id}: {what}" for line, recipient, what in _twice(good)]
    if problems:
        raise RecipientsError("\n".join(problems))
    return tuple(recipient for _, recipient in good)


def _entries(path: Path) -> Iterator[tuple[int, str, Any]]:
    """Line, name in an error, and content of each entry."""
    try:
        loader = TextLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        document = loader.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:  # its own text may quote the file
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise RecipientsError(f"{path}:{line}: is no YAML: {error.problem}; mend that line") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipientsError(f"{path}:1: is no YAML in UTF-8 ({type(error).__name__}); write it anew") from None
    if document is None:
        return
    if (
        not isinstance(document, dict)
        or set(document) != {"recipients"}
        or not isinstance(document["recipients"], list)
    ):
        raise RecipientsError(f"{path}:1: must hold `recipients:` with a list below it, and nothing else")
    (_, listed), *_ = node.value
    for number, (item, given) in enumerate(zip(listed.value, document["recipients"], strict=True), start=1):
        reported = given.get("id") if isinstance(given, dict) else None
        yield (
            item.start_mark.line + 1,
            plain(reported) if isinstance(reported, str) and reported else f"entry {number}",
            given,
        )


def _reported(problem: Any) -> str:
    field = str(problem["loc"][0]) if problem["loc"] else ""
    message = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "missing":
            return f"{field} is missing"
        case "extra_forbidden":
            return f"{plain(field)} is no field; there are {', '.join(Recipient.model_fields)}"
        case "model_type" | "dict_type":
            return f"must be a mapping with {', '.join(Recipient.model_fields)}"
        case "string_pattern_mismatch":
            message = "use small letters, digits, dot, hyphen and underscore, at most 64"
    if not field or field in _PERSONAL:
        return f"{field} {message}".strip()
    if field == "language":
        message = f"there are {', '.join(LANGUAGES)}"
    return f"{field} is {plain(str(problem['input']))!r}: {message}"


def _twice(found: list[tuple[int, Recipient]]) -> Iterator[tuple[int, Recipient, str]]:
    """Entries that would send one mail twice, or could not be told apart in the ledger."""
    ids: dict[str, int] = {}
    mails: dict[tuple[str, ...], int] = {}
    for line, one in found:
        # a room by the place of its address: reading the file asks for no secret
        to = one.address_hash if one.is_mail else f"{one.channel} {one.webhook!r}"
        mail = (one.report, one.scope.folder, one.language, to)
        if one.id in ids:
            yield line, one, f"the id stands on line {ids[one.id]} too; give each entry its own"
        elif mail in mails:
            yield line, one, f"the entry on line {mails[mail]} has the same address, report, scope and language"
        ids.setdefault(one.id, line)
        mails.setdefault(mail, line)
