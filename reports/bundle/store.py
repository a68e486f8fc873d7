"""Bundles as files, whole and with the hash by which a change of them is found."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from reports.bundle.model import Bundle, canonical

FORMAT = 3  # of the bundles that are read


class BundleDamagedError(Exception):
    """A bundle on disk is not what was written."""


def read_bundle(path: Path) -> Bundle:
    """The bundle in a file. Raises BundleDamagedError when it is of another format or its content does not give the
    hash written in it."""
    content = json.loads(path.read_text(encoding="utf-8"))
    written = content.pop("sha256", None)
    if content.get("format") != FORMAT:
        raise BundleDamagedError(
            f"{path}: of format {content.get('format', 1)}, not {FORMAT}: written by an unreleased version; move the "
            "folder of its report away and issue the report again"
        )
    bundle = Bundle.model_validate(content)
    if bundle.sha256 != written:
        raise BundleDamagedError(
            f"{path}: the content has hash {bundle.sha256}, the file says {written}; restore it from a backup"
        )
    return bundle


def write_bundle(bundle: Bundle, path: Path) -> None:
    """Write a bundle with its hash, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = bundle.content
    digest = hashlib.sha256(canonical(content)).hexdigest()
    write_whole(path, canonical({**content, "sha256": digest}) + b"\n")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or the one before."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)
