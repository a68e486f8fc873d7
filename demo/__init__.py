"""The demo company: a seeded generator of exports, so that a fresh machine has something to run on.

`generate` is the way in; nothing here is used on real data.
"""

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

RECIPIENTS = Path(__file__).with_name("recipients.yml")  # who would get the demo company's reports

__all__ = [
    "DELIVERIES",
    "HISTORY_DATE",
    "RECIPIENTS",
    "SIZES",
    "DemoFacts",
    "FileFacts",
    "code_fingerprint",
    "generate",
    "read_facts",
]
