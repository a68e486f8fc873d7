"""Bytes of a file as UTF-8, in a stream: gzip, byte-order marks, encodings stated or detected, strict decoding."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from orchestration.ingestion.errors import RefusedError
from orchestration.ingestion.likeness import likely_encodings

CHUNK = 4 << 20
LONGEST_LINE = 64 << 20
_SAMPLE = 1 << 18
_ALWAYS_UNPACKED = 256 << 20  # bytes, however small the archive
_DENSEST = 250  # times its size; gzip can do 1,000, tables 5 to 50
_MARK_AT_START = re.compile(rb"(?:(?<=[\r\n])|^)\xef\xbb\xbf")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def is_packed(path: Path) -> bool:
    """Whether a file is gzip, whatever its name says."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def chunks(path: Path, size: int = CHUNK) -> Iterator[bytes]:
    """The bytes of a file in pieces, unpacked when it is gzip.

    Raises RefusedError when the archive is damaged, or unpacks to more than any table does.
    """
    packed = is_packed(path)
    largest = max(_ALWAYS_UNPACKED, _DENSEST * path.stat().st_size)
    done = 0
    with cast(IO[bytes], gzip.open(path, "rb")) if packed else path.open("rb") as file:
        while True:
            try:
                chunk = file.read(size)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise RefusedError("is a damaged gzip archive; have it sent again") from error
            if not chunk:
                return
            done += len(chunk)
            if packed and done > largest:
                raise RefusedError(
                    f"unpacks to more than {_DENSEST} times its size, as no table does; have it sent again"
                )
            yield chunk


def detect_encoding(path: Path) -> str:
    """The encoding of a file: by its mark, as UTF-8 if all of it is valid, else by likeness.

    Raises RefusedError when nothing fits.
    """
    stream = chunks(path)
    head = next(stream, b"")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    sample = head[:_SAMPLE]
    zeros = np.flatnonzero(np.frombuffer(sample, np.uint8) == 0)
    if len(zeros) > len(sample) * 5 // 8:
        return "utf-32-le" if np.mean(zeros % 4) > 1.5 else "utf-32-be"
    if len(zeros) > len(sample) // 8:
        return "utf-16-le" if np.mean(zeros % 2) > 0.5 else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    telling = head
    try:
        decoder.decode(head)
        for telling in stream:
            decoder.decode(telling)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        found = telling.rfind(b"\n", 0, max(error.start - _SAMPLE // 2, 0)) + 1
        return _likeliest(telling[found : found + _SAMPLE])
    return "utf-8"


def _likeliest(sample: bytes) -> str:
    whole_lines = sample[: sample.rfind(b"\n") + 1] or sample
    found = likely_encodings(whole_lines)
    if len(found) != 1:
        which = f"may be in any of {', '.join(found)}" if found else "is in none that can be told by its bytes"
        raise RefusedError(
            f"has text that is no UTF-8 and {which}; state the right one as `encoding` in the mapping, or have the "
            "file sent again as UTF-8"
        )
    return found[0]


def utf8_chunks(path: Path, encoding: str) -> Iterator[bytes]:
    """The text of a file as UTF-8 without mark, strictly decoded.

    Raises RefusedError that names the line and the byte of what is not in the encoding.
    """
    decoder = codecs.getincrementaldecoder("utf-8" if encoding == "utf-8-sig" else encoding)()
    as_is = encoding in ("utf-8", "utf-8-sig")
    lines = done = pending = 0

    def decode(chunk: bytes, final: bool = False) -> str:
        nonlocal pending
        try:
            text = decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            line = lines + 1 + error.object[: error.start].count(b"\n")
            raise RefusedError(
                f"line {line:,}, byte {done - pending + error.start + 1:,} of the file is no {encoding}; "
                "state the right `encoding` in the mapping, or have the file sent again"
            ) from error
        except UnicodeError as error:  # what a codec says of the whole, such as a mark that is not there
            raise RefusedError(
                f"is not in {encoding} ({error}); state the right `encoding` in the mapping, or leave it out, so that "
                "it is found by the bytes"
            ) from error
        state = decoder.getstate()[0]
        pending = len(state) if isinstance(state, bytes) else 0
        return text

    for chunk in chunks(path):
        text = decode(chunk)
        if as_is:
            yield chunk.removeprefix(codecs.BOM_UTF8) if done == 0 else chunk
        else:
            yield text.removeprefix("\ufeff").encode() if done == 0 else text.encode()
        lines += text.count("\n")
        done += len(chunk)
    if (rest := decode(b"", final=True)) and not as_is:
        yield rest.encode()


def whole_lines(path: Path, encoding: str) -> Iterator[bytes]:
    """The text in pieces that each end with a line end, which the last line is given if it lacks one.

    Raises RefusedError at a line longer than anything a person would have meant.
    """
    for lines in _whole_lines(path, encoding):
        # files with marks that were put one after the other; a mark means nothing at the beginning of a line
        yield _MARK_AT_START.sub(b"", lines) if codecs.BOM_UTF8 in lines else lines


def _whole_lines(path: Path, encoding: str) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for chunk in utf8_chunks(path, encoding):
        # a \r at the end may be half of \r\n
        cut = max(chunk.rfind(b"\n"), chunk.rfind(b"\r", 0, len(chunk) - 1)) + 1
        if cut:
            yield b"".join((*held, chunk[:cut]))
            held, size = [], 0
        held.append(chunk[cut:])
        size += len(chunk) - cut
        if size > LONGEST_LINE:
            raise RefusedError(f"has a line longer than {LONGEST_LINE >> 20} MB; is the delimiter or format right?")
    if rest := b"".join(held):
        yield rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"


def without_last(pieces: Iterator[bytes], lines: int) -> Iterator[bytes]:
    """Pieces of whole lines without the last ones that hold anything."""
    if not lines:
        yield from pieces
        return
    held = b""
    for piece in pieces:
        held += piece
        ends = line_ends(held)
        starts = np.concatenate(([0], ends[:-1] + 1))
        buffer = np.frombuffer(held, np.uint8)
        is_blank = (ends == starts) | ((ends == starts + 1) & (buffer[starts] == 13))
        filled = starts[~is_blank]
        if len(filled) > lines:
            cut = int(filled[-lines])
            yield held[:cut]
            held = held[cut:]


def line_ends(data: bytes) -> npt.NDArray[np.int64]:
    """Where physical lines end: at each \\n, and at each \\r that no \\n follows."""
    buffer = np.frombuffer(data, np.uint8)
    ends = buffer == 10
    if b"\r" in data:
        alone = buffer == 13
        alone[:-1] &= buffer[1:] != 10
        ends |= alone
    return np.flatnonzero(ends)
