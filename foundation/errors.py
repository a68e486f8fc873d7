"""What the commands raise for a person to read."""

from __future__ import annotations


class CommandFailedError(RuntimeError):
    """A check failed, input was refused, or a step could not be done: exit code 1."""
