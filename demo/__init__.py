"""The demo company: a seeded generator of exports, so that a fresh machine has something to run on.

`generate` is the way in; nothing here is used on real data.
"""

from demo.generator import DELIVERIES, HISTORY_DATE, SIZES, DemoFacts, FileFacts, generate, read_facts

__all__ = ["DELIVERIES", "HISTORY_DATE", "SIZES", "DemoFacts", "FileFacts", "generate", "read_facts"]
