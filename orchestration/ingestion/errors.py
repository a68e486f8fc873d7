"""What can be wrong with a delivery or its mapping, in words a person can act on. No message holds a value."""

from __future__ import annotations


class RefusedError(Exception):
    """A file, load or source that is not taken in; everything else goes on."""


class MappingError(RefusedError):
    """A mapping file that cannot be used: names the file, the path within it, and what to do."""
