"""The demo company: a seeded generator of exports, so that a fresh machine has something to run on.

`generate` is the way in, `furnish` lays what the company states besides; nothing here is used on real data.
"""

import shutil
from pathlib import Path

from demo.generator import (
    DELIVERIES,
    HISTORY_DATE,
    SIZES,
    DemoFacts,
    FileFacts,
    code_fingerprint,
    generate,
    read_facts,
)

_HERE = Path(__file__).resolve().parent


def furnish(home: Path) -> None:
    """Lays the demo company's reference tables and recipients into a home; files that are there stay as they are."""
    (home / "reference").mkdir(parents=True, exist_ok=True)
    for path in sorted((_HERE / "reference").glob("*.csv")):
        _lay(path, home / "reference" / path.name)
    _lay(_HERE / "recipients.yml", home / "recipients.yml")


def _lay(path: Path, to: Path) -> None:
    if not to.exists():
        shutil.copyfile(path, to)


__all__ = [
    "DELIVERIES",
    "HISTORY_DATE",
    "SIZES",
    "DemoFacts",
    "FileFacts",
    "code_fingerprint",
    "furnish",
    "generate",
    "read_facts",
]
