"""Secrets of a pull: foundation.secrets, whose errors are those of a pull here."""

from __future__ import annotations

from foundation import secrets
from foundation.secrets import Secret, SecretError, place
from foundation.settings import Settings
from orchestration.pulling.errors import PullError

__all__ = ["place", "reveal"]


def reveal(settings: Settings, secret: Secret) -> str:
    """The secret. Raises PullError where it is not there, or others than its owner may read it."""
    try:
        return secrets.reveal(settings.home, secret)
    except SecretError as error:
        raise PullError(str(error)) from None
