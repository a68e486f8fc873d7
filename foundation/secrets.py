"""Secrets: where they are is declared in a file; what they are is read when they are used, and kept nowhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

LOOPBACK = {"localhost", "127.0.0.1", "::1"}  # hosts to which a secret may go over an open line


class SecretError(ValueError):
    """A secret is not where it was said to be, or others may read it; says what to do and never what it is."""


class Secret(BaseModel):
    """Where a secret is: in a variable of the environment, or in a file that only its owner can read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    env: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    file: Path | None = None

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("say where it is: {env: NAME} or {file: PATH}")
        return self


def _no_plain_text(value: Any) -> Any:
    if isinstance(value, str):
        said = "a secret does not stand in this file; write {env: NAME} or {file: PATH}, and change the secret"
        raise ValueError(said)  # noqa: TRY004 - the kind that pydantic collects
    return value


Hidden = Annotated[Secret, BeforeValidator(_no_plain_text)]


def place(secret: Secret) -> str:
    """What to call a secret in a message."""
    return f"the variable {secret.env}" if secret.env else f"the file {secret.file}"


def reveal(home: Path, secret: Secret) -> str:
    """The secret; a relative path begins in the home. Raises SecretError."""
    value = os.environ.get(secret.env, "") if secret.env else _of_file(home / str(secret.file))
    if not value:
        raise SecretError(f"{place(secret)} is not set or empty; put the secret there")
    return value


def _of_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode  # of the very file that is read
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SecretError(f"{path} can be read by others; run: chmod 600 {path}")
            return file.read().strip()
    except OSError as error:
        raise SecretError(f"{path} cannot be read: {error.strerror}; put the secret there") from None
    except UnicodeDecodeError:
        raise SecretError(f"{path} is no text in UTF-8; put the secret alone there") from None
