"""What lies in a delivery's folder: files, files that are still being written, and what is no file at all.

The clock is asked for one thing alone: whether a file was touched so lately that it is worth a second look.
"""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

_MARKER = "*.deletions-accepted"
# what programs that copy and fetch add to a name until the file is whole: WinSCP, browsers, rclone, lftp and the rest
_PARTIAL = (".filepart", ".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".opdownload", ".lftp")
_RSYNC = re.compile(r"\.(.+\..+)\.[A-Za-z0-9]{6}")  # .orders.csv.x7Kf9Q
_OFFICE = "~$"  # the lock of a workbook that somebody has open
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
WAITS = "it waits: when it is whole, ingest the day again"
_State = tuple[int, int]  # size, and when it was last changed


@dataclass(frozen=True)
class Arrival:
    """One thing in a folder of a delivery."""

    path: Path
    name: str  # of the file once it is whole
    no_file: str = ""  # what it is instead
    partial: str = ""  # why it is not whole


@dataclass(frozen=True)
class Watch:
    """Which files change while the run looks at them."""

    first: dict[Path, _State] = field(default_factory=dict)

    @classmethod
    def over(cls, paths: Iterable[Path], seconds: float) -> Watch:
        """Looks, and where a file was touched within the last seconds, waits until that is long enough ago."""
        first = {path: seen for path in paths if (seen := state(path))}
        now = time.time()
        recent = [changed / 1e9 for _, changed in first.values() if changed / 1e9 > now - seconds]
        if recent:
            time.sleep(min(max(recent) + seconds - now, seconds))
        return cls(first)

    def is_growing(self, path: Path) -> bool:
        return path in self.first and self.first[path] != state(path)


def state(path: Path) -> _State | None:
    """None of what is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def arrivals(folder: Path) -> list[Arrival]:
    """What lies in a delivery, in folders within it too, besides what is hidden or left by a person for Kefu itself."""
    found = list(_arrivals(folder))
    unfinished = {one.path.with_name(one.name) for one in found if one.partial and one.name != one.path.name}
    return [
        Arrival(one.path, one.name, partial=f"has an unfinished {one.name} beside it; {WAITS}")
        if one.path in unfinished and not one.no_file
        else one
        for one in found
    ]


def _arrivals(folder: Path) -> Iterator[Arrival]:
    for path in sorted(folder.rglob("*")):
        name = _whole_name(path.name)
        if path.is_dir() and not path.is_symlink():
            if path.suffix and not any(path.iterdir()):
                yield Arrival(path, path.name, no_file="is no file but an empty folder; take it away")
            continue
        if name is None:
            if not path.name.startswith(".") and not fnmatch(path.name, _MARKER):
                yield Arrival(path, path.name, no_file=_no_file(path))
        elif path.name.startswith(_OFFICE):
            yield Arrival(path, path.name, partial=f"says that somebody has a workbook open; have it closed, {WAITS}")
        else:
            yield Arrival(path, name, no_file=_no_file(path), partial=f"is still being written, by its name; {WAITS}")


def _whole_name(name: str) -> str | None:
    """The name that an unfinished file will have; None of any other."""
    rsync = _RSYNC.fullmatch(name)
    if rsync:
        return rsync[1]
    suffix = Path(name).suffix.lower()
    if suffix in _PARTIAL and not name.startswith("."):
        return name[: -len(suffix)]
    return name if name.startswith(_OFFICE) else None


def _no_file(path: Path) -> str:
    """What a path is that is no regular file, and what to do."""
    if path.is_symlink():
        return "is no file but a link; put the file itself there"
    try:
        mode = path.lstat().st_mode
    except OSError:
        return ""  # it vanished: told by the one who reads it
    kind = next((words for is_so, words in _KINDS if is_so(mode)), "")
    return f"is no file but {kind}; take it away" if kind else ""
