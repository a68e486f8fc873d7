"""The chats that a card can go to, a file each: its form, its limit, its errors. A file here is a channel."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from reports.delivery.webhook import Channel


@cache
def channels() -> dict[str, Channel]:
    """Every channel by its name."""
    found: list[Channel] = [import_module(f"{__name__}.{one.name}").CHANNEL for one in iter_modules(__path__)]
    return {one.name: one for one in found}


def channel(name: str) -> Channel:
    """The channel of a name. ValueError, which lists them, for one that is none."""
    if name not in channels():
        raise ValueError(f"{name} is no channel; there are {', '.join(channels())}")
    return channels()[name]
