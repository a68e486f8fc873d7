"""What the commands raise for a person to read."""

from __future__ import annotations

from pathlib import Path


class CommandFailedError(RuntimeError):
    """A check failed, input was refused, or a step could not be done: exit code 1."""


def newer_schema(what: Path | str, found: int, known: int) -> CommandFailedError:
    """What to say of something that a newer version wrote: it is sound, and this version must not touch it."""
    return CommandFailedError(
        f"{what}: is of schema {found}, and this version of Kefu knows {known}: a newer version wrote it. Install that "
        "version again, or restore a backup from before it was installed (docs/recovery.md)"
    )
