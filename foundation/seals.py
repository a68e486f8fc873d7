"""The hash of a file in a hidden file beside it, by which a change of the file is found.

For files that cannot hold their own: databases and pages. What is made of rows or text holds its hash itself.
"""

from __future__ import annotations

import hashlib
from pathlib import Path


def seal_of(path: Path) -> Path:
    """Where the seal of a file lies."""
    return path.with_name(f".{path.name}.sha256")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_seal(path: Path, sha256: str) -> None:
    """Writes the seal as sha256sum does, whole or not at all."""
    seal = seal_of(path)
    aside = seal.with_name(f"{seal.name}.new")
    aside.write_text(f"{sha256}  {path.name}\n", encoding="utf-8")
    aside.replace(seal)


def sealed_hash(path: Path) -> str | None:
    """The hash that a file should have; none where nobody sealed it, or the seal is none."""
    try:
        words = seal_of(path).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        return None
    return words[0] if words and len(words[0]) == hashlib.sha256().digest_size * 2 else None


def fault_of(path: Path, sha256: str) -> str | None:
    """What is wrong with a file of which the hash is known, in words; none where it is sound."""
    try:
        found = path.stat()
        if not path.is_file():
            return "is a folder" if path.is_dir() else "is no file"
        if found.st_size == 0:
            return "is empty"
        return None if sha256_of(path) == sha256 else "is not what was written: its content gives another hash"
    except FileNotFoundError:
        return "is gone"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
