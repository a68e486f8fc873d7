"""Secrets, read when they are used and kept nowhere."""

from __future__ import annotations

import os
import stat

from foundation.settings import Settings
from orchestration.pulling.declaration import Secret
from orchestration.pulling.errors import PullError


def place(secret: Secret) -> str:
    """What to call a secret in a message."""
    return f"the variable {secret.env}" if secret.env else f"the file {secret.file}"


def reveal(settings: Settings, secret: Secret) -> str:
    """The secret. Raises PullError where it is not there, or others than its owner may read it."""
    value = os.environ.get(secret.env, "") if secret.env else _of_file(settings, secret)
    if not value:
        raise PullError(f"{place(secret)} is not set or empty; put the secret there")
    return value


def _of_file(settings: Settings, secret: Secret) -> str:
    path = settings.home / str(secret.file)  # an absolute path stays what it is
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode  # of the very file that is read
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise PullError(f"{path} can be read by others; run: chmod 600 {path}")
            return file.read().strip()
    except OSError as error:
        raise PullError(f"{path} cannot be read: {error.strerror}; put the secret there") from None
    except UnicodeDecodeError:
        raise PullError(f"{path} is no text in UTF-8; put the secret alone there") from None
