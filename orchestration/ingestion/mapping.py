"""Mapping files: what a source's files are called, how they are written, and which expression fills which column.

Here a mapping is read and checked against the contract; running it is load.py's part.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import os
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from foundation.contract import Column, Entity, LoadMode, contract, quote
from foundation.settings import BUILT_IN_MAPPINGS, Settings
from foundation.yaml_text import TextLoader
from orchestration.ingestion.errors import MappingError
from orchestration.ingestion.expressions import Expression, parse
from orchestration.ingestion.mapping_errors import at_line, meant, misplaced, problems
from orchestration.ingestion.notations import LENGTHS, NumberStyle, locale_exists
from orchestration.pulling.declaration import Part as PullPart
from orchestration.pulling.declaration import Pull
from orchestration.pulling.landing import part_name

Format = Literal["csv", "tsv", "fixed_width", "xlsx", "json", "jsonl", "parquet"]
_LARGEST = 1 << 20  # bytes of a mapping file, and values that its aliases unfold to
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xlsx",
    ".xlsb": "xlsx",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _expression(value: Any) -> Any:
    return parse(value) if isinstance(value, str) else value


def _aggregate(value: Any) -> Any:
    return parse(value, aggregate=True) if isinstance(value, str) else value


def _zone(value: Any) -> str:
    if not isinstance(value, str) or value not in available_timezones():
        raise ValueError(f"{value!r} is no IANA time zone; write one such as Asia/Shanghai")
    return value


def _locale(value: str) -> str:
    if not locale_exists(value):
        raise ValueError(f"there is no locale {value!r}; write one such as es, pt_BR or zh_CN")
    return value


_Written = PlainSerializer(lambda expression: expression.tree.sql(dialect="duckdb"), return_type=str)
Scalar = Annotated[Expression, BeforeValidator(_expression, json_schema_input_type=str), _Written]
Aggregate = Annotated[Expression, BeforeValidator(_aggregate, json_schema_input_type=str), _Written]
Zone = Annotated[str, BeforeValidator(_zone)]
Locale = Annotated[str, BeforeValidator(_locale)]
# every scalar of the file is read as its text, whatever YAML takes it for
Word = Annotated[str, BeforeValidator(lambda text: text, json_schema_input_type=str | int | float | bool)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list, json_schema_input_type=Word | tuple[Word, ...])]


class FixedColumn(_Part):
    """A column at a fixed place of each line."""

    name: str
    start: int = Field(ge=1, le=10**6)  # the first character is 1
    width: int = Field(ge=1, le=10**6)


class Join(_Part):
    """Columns of another file of the same delivery, or what an array of the record itself comes to: at most one row for
    each row of this file."""

    file: str | None = None  # without one, the rows are the elements of the record's own array `each`
    on: dict[str, str] = Field(default_factory=dict)  # column of this file: column of the other
    each: str | None = None  # a column of the other file among `on` that lists several keys, such as [4, 7] or 4;7
    optional: bool = False  # nothing matches where the other file, or its column in `on`, was not sent
    aggregate: dict[str, Aggregate] = Field(default_factory=dict)  # name: sum(...), over the rows that match

    @model_validator(mode="after")
    def _says_which_rows(self) -> Self:
        if self.file is None:
            if not self.each or not self.aggregate or self.on or self.optional:
                raise ValueError(
                    "without `file`, a join is over an array of the record itself: give `each`, its name, and "
                    "`aggregate`, and nothing else"
                )
            if not parse(self.each).is_column:
                raise ValueError("each: must be the name of an array, such as comments or audits.events")
        elif not self.on:
            raise ValueError("on: name the columns of this file and of the other that are equal")
        elif self.each is not None and self.each not in self.on.values():
            raise ValueError(f"each: {self.each!r} is no column of the other file in `on`; it may be one of them")
        return self

    @property
    def own_array(self) -> tuple[str, ...]:
        """The names on the way to the record's own array; empty where the rows are another file's."""
        return next(iter(parse(self.each).references)).parts if self.file is None and self.each else ()


def _side_table(name: str, info: ValidationInfo) -> list[list[str]]:
    """The rows of a CSV beside the mapping."""
    folders = (info.context or {}).get("folders", ())
    paths = [folder / name for folder in folders if Path(name).name == name and (folder / name).is_file()]
    if not paths:
        raise ValueError(f"there is no file {name!r} beside the mapping; put it there, under a name without a folder")
    try:
        with paths[0].open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{name}: is no CSV in UTF-8; save it as such") from error
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]) or len(row) < 2:
            raise ValueError(
                f"{name}: row {number} has {len(row)} fields; each must have as many as the header, 2 or more"
            )
    keys = [row[0] for row in rows]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"{name}: {key!r} stands twice in the first column")
    if len(rows) < 2:
        raise ValueError(f"{name}: holds no row below its header")
    return rows


class Number(_Part):
    """How numbers are written, where that is not 1234.5."""

    decimal: Literal[".", ","] = "."
    group: Word | None = None  # between thousands
    signs: Texts = ()  # of currencies

    @model_validator(mode="after")
    def _tells_them_apart(self) -> Self:
        if self.group is not None and (
            len(self.group) != 1 or self.group.isalnum() or self.group in f"{self.decimal}-+()%"
        ):
            raise ValueError("group: must be one mark that is not the decimal's, such as a comma, a point or a blank")
        return self

    @property
    def style(self) -> NumberStyle:
        return NumberStyle(self.decimal, self.group, self.signs)


class ColumnMapping(_Part):
    """How one column of an entity is made."""

    value: Scalar | None = None
    constant: Word | None = None
    format: Texts = ()  # strptime formats, tried in order; of a length of time what stands in LENGTHS
    locale: Locale | None = None  # of the words in it, where it differs from the file's
    number: Number | None = None  # how numbers are written, where it differs from the file's
    zone: Zone | None = None  # of stamps without one; overrides the mapping's
    end_of_day: bool = False  # a day without a time of day lasts to its local end
    map: dict[str, Word] = Field(default_factory=dict)  # or the name of one of `values`, or {file: a table beside}
    otherwise: Word | None = Field(None, alias="else")  # for values that `map` does not name
    source: str | None = None  # of a reference into another source
    optional: bool = False  # null where the file lacks a column that `value` names

    @field_validator("map", mode="before", json_schema_input_type=str | dict[str, Word])
    @classmethod
    def _beside(cls, value: Any, info: ValidationInfo) -> Any:
        """A table of `values`, or one of its own beside the mapping: the source's value in the first column, the
        contract's in the second. A value that is called `file` is mapped as any other, unless to the name of a CSV."""
        if isinstance(value, str):
            known = (info.context or {}).get("values", {})
            if value not in known:
                raise ValueError(f"there is no table {value!r} in `values`{meant(value, known)}")
            return known[value]
        if isinstance(value, dict) and list(value) == ["file"] and str(value["file"]).endswith(".csv"):
            return {row[0]: row[1] for row in _side_table(value["file"], info)[1:]}
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.value is None) == (self.constant is None):
            raise ValueError("give either `value` (an expression) or `constant`")
        if self.otherwise is not None and not self.map:
            raise ValueError("`else` needs a `map`")
        return self


class Unpivot(_Part):
    """Columns of a file that each become a row."""

    columns: Texts = ()  # headers, in which * stands for any text; those of `items` where left out
    items: dict[str, dict[str, Word]] = Field(default_factory=dict)  # header: what else is known of the column

    @field_validator("items", mode="before", json_schema_input_type=str | dict[str, dict[str, Word]])
    @classmethod
    def _beside(cls, value: Any, info: ValidationInfo) -> Any:
        """A table of its own beside the mapping: a header in the first column, what is known of it in the others."""
        if not isinstance(value, str):
            return value
        header, *rows = _side_table(value, info)
        return {row[0]: dict(zip(header[1:], row[1:], strict=True)) for row in rows}

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if not self.columns and not self.items:
            raise ValueError("name the columns in `columns` or `items`")
        return self

    @property
    def patterns(self) -> tuple[str, ...]:
        return self.columns or tuple(self.items)

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of what is known of the columns."""
        return tuple(dict.fromkeys(name for known in self.items.values() for name in known))


def _short(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) else value


class EntityMapping(_Part):
    """What one file gives to one entity."""

    entity: str
    load_mode: LoadMode | None = None
    each: Scalar | None = None  # an array of the record, of which each element is a row: comments, audits.events
    unpivot: Unpivot | None = None  # columns of the record, of which each is a row
    when: Scalar | None = None
    one_per: Texts = ()
    order_by: Texts = ()  # columns of the entity, -column from the greatest down; the first row by them is kept
    optional: bool = False  # left out where the file lacks a column that the block names, or that it goes through
    columns: dict[str, Annotated[ColumnMapping, BeforeValidator(_short, json_schema_input_type=str | ColumnMapping)]]

    @model_validator(mode="before")
    @classmethod
    def _by_their_own_names(cls, data: Any) -> Any:
        """`columns: contract`: the file speaks the contract's language; it may lack what is not required."""
        if not isinstance(data, dict) or data.get("columns") != "contract" or str(data.get("entity")) not in contract():
            return data
        columns = contract()[data["entity"]].mapped
        named = {c.name: {"value": quote(c.name), "optional": not (c.key or c.required)} for c in columns}
        return {**data, "columns": named}

    @field_validator("entity")
    @classmethod
    def _entity_exists(cls, value: str) -> str:
        if value not in contract():
            raise ValueError(f"there is no entity {value!r}{meant(value, contract())}")
        return value

    @model_validator(mode="after")
    def _fits_the_contract(self) -> Self:
        known = {column.name: column for column in self.contract.mapped}
        ordered = tuple(name.removeprefix("-") for name in self.order_by)
        for place, names in (("columns", tuple(self.columns)), ("one_per", self.one_per), ("order_by", ordered)):
            for name in names:
                if name not in known:
                    where = (place, name) if place == "columns" else (place,)
                    raise misplaced(where, f"{self.entity} has no column {name!r}{meant(name, known)}")
        if self.order_by and not self.one_per:
            raise ValueError("`order_by` says which row is taken `one_per` of some columns; name them")
        for name in (*self.one_per, *ordered):
            if name not in self.columns:
                raise ValueError(f"{name} is used by one_per or order_by but not mapped")
        missing = [
            column.name
            for column in known.values()
            if column.name not in self.columns
            and (column.required or (column.required_without and column.required_without not in self.columns))
        ]
        if missing:
            raise ValueError(f"{self.entity} needs {', '.join(missing)}; map them")
        left_out = [column for column in self.contract.keys if column.name not in self.columns]
        if left_out and self.numbered is None and not self.is_keyless:
            needed = ", ".join(column.name for column in left_out)
            raise ValueError(f"the key of {self.entity} needs {needed}; map them")
        for name, how in self.columns.items():
            self._fits_the_column(known[name], how)
        if self.each and self.unpivot:
            raise ValueError("give either `each` or `unpivot`")
        if self.each and not self.each.is_column:
            raise ValueError("each: must be the name of an array, such as comments or audits.events")
        return self

    @staticmethod
    def _fits_the_column(column: Column, how: ColumnMapping) -> None:
        """A form that the column cannot have would be left unread."""
        is_time = column.data_type in ("date", "timestamp")
        lengths = [form for form in how.format if form in LENGTHS]
        if lengths and (column.unit not in ("seconds", "minutes") or len(lengths) < len(how.format)):
            said = f"{lengths[0]!r} is of lengths of time; {column.name} is none, or has other formats beside it"
            raise misplaced(("columns", column.name, "format"), said)
        if how.format and not lengths and not is_time:
            said = f"{column.name} is no time; `format` is of times, and of lengths one of {', '.join(LENGTHS)}"
            raise misplaced(("columns", column.name, "format"), said)

    @property
    def is_spread(self) -> bool:
        """Whether one record gives several rows."""
        return self.each is not None or self.unpivot is not None

    @cached_property
    def each_path(self) -> tuple[str, ...]:
        """The names on the way to the array of which each element is a row; empty where the record is the row."""
        return next(iter(self.each.references)).parts if self.each else ()

    @cached_property
    def repeated(self) -> tuple[str, ...]:
        """Names that stand for each of the columns called so in turn: `Comment[*]`."""
        expressions = [self.when, *(how.value for how in self.columns.values())]
        names = {str(reference) for one in expressions if one for reference in one.references}
        return tuple(sorted(name for name in names if name.endswith("[*]")))

    @property
    def contract(self) -> Entity:
        return contract()[self.entity]

    @property
    def mode(self) -> LoadMode:
        return self.load_mode or self.contract.load_mode

    @property
    def is_keyless(self) -> bool:
        """Whether the only key column is left out: the content and its occurrence are the key."""
        keys = self.contract.keys
        return len(keys) == 1 and keys[0].data_type == "varchar" and keys[0].name not in self.columns

    @property
    def numbered(self) -> str | None:
        """The number that is left out of a key of several columns, to be counted."""
        left_out = [column for column in self.contract.keys if column.name not in self.columns]
        is_number = len(left_out) == 1 and left_out[0].data_type == "bigint" and len(self.contract.keys) > 1
        return left_out[0].name if is_number else None


class HeaderRows(_Part):
    """Several rows before the data: which of them name the columns, which say in words what they hold."""

    count: int = Field(ge=1)
    names: tuple[int, ...] = Field((1,), min_length=1)  # of several the texts are joined by " / "
    labels: tuple[int, ...] = ()  # the second row where there is one
    fill: bool = False  # whether blank cells of the last row go on with the text to their left too
    while_blank: bool = False  # rows after the first are of the header only where their first cell is blank

    @field_validator("names", "labels", mode="before", json_schema_input_type=int | tuple[int, ...])
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | int) else value

    @model_validator(mode="after")
    def _are_there(self) -> Self:
        for row in (*self.names, *self.labels):
            if not 1 <= row <= self.count:
                raise ValueError(f"there is no row {row} among {self.count}; they are counted from 1")
        return self

    def of(self, rows: Sequence[Sequence[str]]) -> HeaderRows:
        """The header that a file really has, by its first `count` rows."""
        if not self.while_blank:
            return self
        rest = (bool(row and row[0].strip()) for row in rows[1:])
        count = 1 + next((place for place, filled in enumerate(rest) if filled), len(rows[1:]))
        kept = {"names": self.names, "labels": self.labels}
        there = {key: tuple(number for number in numbers if number <= count) for key, numbers in kept.items()}
        there["names"] = there["names"] or (1,)
        return self.model_copy(update={**there, "count": count, "fill": self.fill or count == 1})

    def columns(self, rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names and the labels that the rows give to the columns. A blank cell of any row but the last goes on
        with the text to its left, as merged cells and the further columns of a question do."""
        width = max(map(len, rows))
        filled = []
        for number, row in enumerate(rows, 1):
            cells = [cell.strip() for cell in (*row, *[""] * (width - len(row)))]
            if number < self.count or self.fill:
                for place in range(1, width):
                    cells[place] = cells[place] or cells[place - 1]
            filled.append(cells)

        def texts(numbers: Sequence[int]) -> tuple[str, ...]:
            parts = zip(*(filled[number - 1] for number in numbers), strict=True)
            return tuple(" / ".join(dict.fromkeys(filter(None, cells))) for cells in parts)

        return texts(self.names), texts(self.labels or (min(2, self.count),))


class FillDown(_Part):
    """Columns in which a blank cell means what the one above it says."""

    columns: Texts = Field(min_length=1)
    within: Texts = ()  # only from rows that are equal in these, in which a blank cell is the one above it too


def _filled(value: Any) -> Any:
    return {"columns": value} if isinstance(value, str | list) else value


def _counted(value: Any) -> Any:
    return {"count": value} if isinstance(value, str | int) else value


class FileMapping(_Part):
    """One kind of file of a source."""

    pattern: Texts = Field(min_length=1)
    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    quote: str = Field('"', pattern='^"?$')
    header: bool | None = None
    header_rows: Annotated[
        HeaderRows | None, BeforeValidator(_counted, json_schema_input_type=int | HeaderRows | None)
    ] = None  # where the header is not one row
    skip_lines: int = Field(0, ge=0)
    skip_last: int = Field(0, ge=0)  # lines with something in them, at the end
    fill_down: Annotated[
        FillDown | None, BeforeValidator(_filled, json_schema_input_type=str | tuple[str, ...] | FillDown | None)
    ] = None
    columns: tuple[FixedColumn | str, ...] = ()
    names: dict[str, Texts] = Field(
        default_factory=dict
    )  # column as this mapping calls it: what it is called elsewhere
    sheet: str | None = None
    root: str | None = None
    null_values: Texts = ()
    number: Number | None = None
    locale: Locale | None = None  # whose months and halves of the day the formats speak of
    filter: Scalar | None = None
    joins: dict[str, Join] = Field(default_factory=dict)
    entities: tuple[EntityMapping, ...] = ()

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, value: str | None) -> str | None:
        if not value:
            return None
        try:
            "".encode(value)  # some codecs are of bytes, such as hex
            return codecs.lookup(value).name
        except (LookupError, UnicodeError) as error:
            raise ValueError(f"there is no encoding {value!r} of texts") from error

    @field_validator("filter")
    @classmethod
    def _one_column_each(cls, value: Expression | None) -> Expression | None:
        if value and any(str(reference).endswith("[*]") for reference in value.references):
            raise ValueError("`[*]` stands for each column in turn, which a filter cannot; name one as [1], [2], ...")
        return value

    @field_validator("delimiter")
    @classmethod
    def _one_byte(cls, value: str | None) -> str | None:
        if value is not None and (not value.isascii() or value in '"\r\n'):
            raise ValueError("must be one ASCII character, neither a quote nor a line end")
        return value

    @model_validator(mode="after")
    def _widths_are_given(self) -> Self:
        if self.format == "fixed_width" and not all(isinstance(column, FixedColumn) for column in self.columns):
            raise ValueError("columns of fixed_width need name, start and width each")
        if self.format == "fixed_width" and not self.columns:
            raise ValueError("fixed_width needs `columns`")
        if self.header_rows and (self.columns or self.header is False):
            raise ValueError("`header_rows` says that the file names its columns; leave out `columns` and `header`")
        return self

    def separator(self, name: str) -> str:
        return self.delimiter or ("\t" if self.format_of(name) == "tsv" else ",")

    def has_header(self, name: str) -> bool:
        """Stated, else: delimited files and sheets have one unless their columns are named here."""
        if self.header is not None:
            return self.header
        return not self.columns and self.format_of(name) in ("csv", "tsv", "xlsx")

    def header_of(self, name: str) -> HeaderRows | None:
        """The rows that name the columns; None where no row does."""
        return (self.header_rows or HeaderRows(count=1)) if self.has_header(name) else None

    def matches(self, name: str) -> bool:
        return any(fnmatch(name, suffix) for one in self.pattern for suffix in (one, f"{one}.gz"))

    def format_of(self, name: str) -> Format:
        return self.format or _SUFFIXES.get(Path(name.removesuffix(".gz")).suffix.lower(), "csv")


def _fits(file: Any, objects: Iterable[str]) -> bool:
    """Whether files of a kind are pulled as objects of these names."""
    patterns = [f"{one}{end}" for one in _as_list(file["pattern"]) for end in ("", ".gz")]
    return any(fnmatch(part_name(name), pattern) for name in objects for pattern in patterns)


def _as_increment(file: Any, entities: Collection[str]) -> Any:
    """A kind of file, with what it feeds of these entities as no snapshot unless that is what it says."""
    if "entities" not in file:
        return file
    snapshots = {name for name in entities if contract()[name].load_mode == "snapshot"}
    feeds = [{"load_mode": "delta", **feed} if feed["entity"] in snapshots else feed for feed in file["entities"]]
    return {**file, "entities": feeds}


class Mapping(_Part):
    """All files of one source system."""

    source: str = Field(pattern=r"^[a-z0-9_]+$")
    description: str = ""
    time_zone: Zone
    ignore: Texts = ()  # files that are not wanted
    pull: Pull | None = None  # where the files come from, if nobody drops them (docs/pulls.md)
    values: dict[str, dict[str, Word]] = Field(default_factory=dict)  # tables for `map`, by name
    files: dict[str, FileMapping] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _increments_are_no_snapshots(cls, data: Any) -> Any:
        """What is pulled by what changed is no snapshot, whatever its entity is by the contract: what it lacks is not
        gone."""
        try:
            increments = Pull.model_validate(data["pull"]).increments
            files = data["files"]
            fed = {feed["entity"] for file in files.values() if _fits(file, increments) for feed in file["entities"]}
            return {**data, "files": {name: _as_increment(file, fed) for name, file in files.items()}}
        except (KeyError, TypeError, AttributeError, ValidationError):
            return data  # no pull, or what the fields themselves are about to say

    @model_validator(mode="after")
    def _files_fit_together(self) -> Self:
        modes: dict[str, LoadMode] = {}
        pulled = [part_name(name) for name in self.pull.increments] if self.pull else []
        for name, file in self.files.items():
            for number, feed in enumerate(file.entities):
                if feed.mode == "snapshot" and any(map(file.matches, pulled)):
                    said = "is pulled by what changed, which is no snapshot; leave `load_mode` out, or pull all rows"
                    raise misplaced(("files", name, "entities", number, "load_mode"), said)
            if wrong := next((alias for alias in file.joins if not alias.isidentifier()), None):
                raise ValueError(f"files.{name}.joins: {wrong!r} is no name of a join; write letters, digits and _")
            if len({alias.casefold() for alias in file.joins}) < len(file.joins):
                raise ValueError(f"files.{name}.joins: two names differ in upper and lower case alone")
            for alias, join in file.joins.items():
                if join.file is not None and join.file not in self.files:
                    there = meant(join.file, self.files)
                    raise misplaced(("files", name, "joins", alias, "file"), f"there is no file {join.file!r}{there}")
            for number, feed in enumerate(file.entities):
                taken = feed.each_path[0] if feed.each_path else "item" if feed.unpivot else None
                if taken in file.joins:
                    said = f"{taken!r} is the name of a join and of what a block goes through; call the join otherwise"
                    raise misplaced(("files", name, "joins", str(taken)), said)
                if modes.setdefault(feed.entity, feed.mode) != feed.mode:
                    said = f"{feed.entity} has another load_mode elsewhere in this mapping; give all of them the same"
                    raise misplaced(("files", name, "entities", number, "load_mode"), said)
        return self

    @cached_property
    def version(self) -> str:
        """Changes with whatever changes the outcome, not with comments or layout."""
        written = self.model_dump_json(by_alias=True, exclude={"description", "ignore", "pull", "values"})
        return hashlib.sha256(written.encode()).hexdigest()[:8]

    @property
    def modes(self) -> dict[str, LoadMode]:
        return {feed.entity: feed.mode for file in self.files.values() for feed in file.entities}


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise MappingError(f"{path}: is larger than {_LARGEST >> 10} kB, which no mapping is; is it another file?")
        document = yaml.load(path.read_text(encoding="utf-8"), TextLoader)  # noqa: S506 - a safe loader
        if _unfolded(document, {}) > _LARGEST:
            raise MappingError(f"{path}: its anchors (&name) unfold to more than a mapping holds; write it out")
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise MappingError(f"{path}{line}: is no YAML: {error.problem}; mend that line, or the one before") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, TypeError) as error:
        raise MappingError(f"{path}: is no YAML: {error}") from error
    except OSError as error:
        raise MappingError(f"{path}: cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise MappingError(f"{path}: is nested too deeply to be a mapping") from error
    if not isinstance(document, dict):
        raise MappingError(f"{path}: must be a mapping that begins with `source:`")
    if "files" in document and not isinstance(document["files"], dict):
        said = "files: must hold a name and a description for each kind of file, or be left out"
        raise MappingError(at_line(path, ("files",), said))
    return _extended(path, document) if "extends" in document else document


def _unfolded(node: Any, known: dict[int, int]) -> int:
    """How many values a document has where each alias counts as what it stands for; one within itself has no end."""
    if not isinstance(node, dict | list):
        return 1
    if id(node) not in known:
        known[id(node)] = _LARGEST + 1  # until it is counted: met again within itself
        parts = [*node.keys(), *node.values()] if isinstance(node, dict) else node
        known[id(node)] = 1 + sum(_unfolded(part, known) for part in parts)
    return known[id(node)]


def _extended(path: Path, document: dict[str, Any]) -> dict[str, Any]:
    wanted = document.pop("extends")
    known = {found.stem: found for found in BUILT_IN_MAPPINGS.glob("*.yml")}
    if not isinstance(wanted, str) or wanted not in known:
        said = f"extends: there is no built-in mapping {wanted!r}; there are {', '.join(sorted(known))}"
        raise MappingError(at_line(path, ("extends",), said))
    inherited = _document(known[wanted])
    own, theirs = document.get("values", {}), inherited.get("values", {})
    if not (isinstance(own, dict) and all(isinstance(table, dict) for table in own.values())):
        return {**inherited, **document}  # which the model refuses
    values = {name: {**theirs.get(name, {}), **own.get(name, {})} for name in (*theirs, *own)}
    return {**inherited, **document, "values": values, "files": {**inherited["files"], **document.get("files", {})}}


def load_mapping(path: Path) -> Mapping:
    """Reads one mapping file. Raises MappingError with a line for each thing that is wrong."""
    try:
        document = _document(path)
        context = {"folders": (path.parent, BUILT_IN_MAPPINGS), "values": document.get("values") or {}}
        mapping = Mapping.model_validate(document, context=context)
    except ValidationError as error:
        raise MappingError(_reported(path, error)) from error
    except RecursionError as error:
        raise MappingError(f"{path}: is nested too deeply to be a mapping") from error
    if mapping.source != path.stem:
        said = f"source is {mapping.source!r}; call it {path.stem!r} as the file is called"
        raise MappingError(at_line(path, ("source",), said))
    return mapping


class _Pulled(_Part):
    """What a pull reads of the file: the rest may be wrong, or not be written yet."""

    model_config = ConfigDict(extra="ignore")

    pull: Pull | None = None


def load_pull(path: Path) -> Pull | None:
    """How a source is pulled, if it is. Raises MappingError with a line for each thing that is wrong."""
    try:
        return _Pulled.model_validate(_document(path)).pull
    except ValidationError as error:
        raise MappingError(_reported(path, error)) from error


def _reported(path: Path, error: ValidationError) -> str:
    return "\n".join(problems(path, error, [*_Part.__subclasses__(), *PullPart.__subclasses__()]))


def mapping_path(settings: Settings, source: str) -> Path | None:
    """The company's own mapping of a source, else the built-in one, else None.

    Raises MappingError where a folder, a pipe or a link that leads nowhere has its name.
    """
    own = settings.sources / f"{source}.yml"
    if not own.is_file() and os.path.lexists(own):
        kind = "is a folder" if own.is_dir() else "is no file but a pipe, a device or a link that leads nowhere"
        raise MappingError(f"{own}: {kind}, where the mapping belongs; take it away")
    built_in = BUILT_IN_MAPPINGS / f"{source}.yml"
    return next((path for path in (own, built_in) if path.is_file()), None)
