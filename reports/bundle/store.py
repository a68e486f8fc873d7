"""Bundles as files, whole and with the hash by which a change of them is found."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from foundation.errors import CommandFailedError
from reports.bundle.model import Bundle, canonical

FORMAT = 3  # of the bundles that are read
_BACKUP = "restore it from a backup (docs/recovery.md)"


class BundleDamagedError(CommandFailedError):
    """A bundle on disk is not what was written."""


def read_bundle(path: Path) -> Bundle:
    """The bundle in a file. Raises BundleDamagedError when it is of another format or its content does not give the
    hash written in it."""
    content = read_content(path)
    written = content.pop("sha256", None)
    if isinstance(content.get("format"), int) and content["format"] > FORMAT:
        raise BundleDamagedError(
            f"{path}: is of format {content['format']}, and this version of Kefu knows {FORMAT}: a newer version wrote "
            "it; install that version again (docs/recovery.md)"
        )
    if content.get("format") != FORMAT:
        raise BundleDamagedError(
            f"{path}: of format {content.get('format', 1)}, not {FORMAT}: written by an unreleased version; move the "
            "folder of its report away and issue the report again"
        )
    try:
        bundle = Bundle.model_validate(content)
    except ValidationError:
        raise BundleDamagedError(f"{path}: holds what no bundle holds; {_BACKUP}") from None
    if bundle.sha256 != written:
        raise BundleDamagedError(f"{path}: the content has hash {bundle.sha256}, the file says {written}; {_BACKUP}")
    return bundle


def read_content(path: Path) -> dict[str, Any]:
    """What a bundle's file holds, unchecked. Raises BundleDamagedError where that is no JSON of an object."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise BundleDamagedError(f"{path}: cannot be read ({error.strerror}); {_BACKUP}") from error
    except ValueError:
        raise BundleDamagedError(f"{path}: is cut off, empty or no JSON; {_BACKUP}") from None
    if not isinstance(content, dict):
        raise BundleDamagedError(f"{path}: is no bundle; {_BACKUP}")
    return content


def write_bundle(bundle: Bundle, path: Path) -> None:
    """Write a bundle with its hash, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = bundle.content
    digest = hashlib.sha256(canonical(content)).hexdigest()
    write_atomically(path, canonical({**content, "sha256": digest}) + b"\n")


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or the one before."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)
