"""What can be wrong with a delivery or its mapping, in words a person can act on. No message holds a value."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path

import duckdb


class RefusedError(Exception):
    """A file, load or source that is not taken in; everything else goes on."""


class MissingColumnsError(RefusedError):
    """A file lacks columns that the mapping uses."""

    def __init__(self, names: tuple[str, ...], used: tuple[str, ...]) -> None:
        listed = ", ".join(map(repr, names))
        super().__init__(f"has no column {listed}, which the mapping uses; have it sent or change the mapping")
        self.names = names
        self.used = used  # all names of columns that the mapping uses


class WaitsError(RefusedError):
    """A file that is still being written, or needs one that is."""


class MappingError(RefusedError):
    """A mapping file that cannot be used: names the file, the path within it, and what to do."""


# what no file can be blamed for, and what the next one would meet as well
_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)


def printable(path: Path) -> str:
    """A path as text that any output can hold: bytes of its names that are no UTF-8 are written as escapes."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_of_the_machine(error: BaseException) -> bool:
    """Whether the machine failed: a full disk, an output that cannot be written."""
    return (isinstance(error, OSError) and error.errno in _OF_THE_MACHINE) or isinstance(error, duckdb.IOException)


def unexpected(error: BaseException) -> str:
    """What to say of an error that nobody foresaw. Its own text is left out, for it may hold a value."""
    ours = {"foundation", "orchestration"}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if ours & {*Path(frame.filename).parts}]
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}, {frames[-1].name}" if frames else ""
    return (
        f"met an error that nobody foresaw: {type(error).__name__}{where}; nothing of it is loaded. This is a fault of "
        "Kefu: please report it with this line; until it is mended, leave the file out or have it sent in another form"
    )
