"""Landing files to typed raw loads: what comes in, under which mapping, what was put aside and why."""

from orchestration.ingestion.ledger import LoadEntry, Manifest, live_files
from orchestration.ingestion.registration import RunContext, register_duckdb

__all__ = ["LoadEntry", "Manifest", "RunContext", "live_files", "register_duckdb"]
