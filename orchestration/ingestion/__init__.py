"""Landing files to typed raw loads: what comes in, under which mapping, what was put aside and why."""

from orchestration.ingestion.deliveries import IngestReport, Progress, Refusal, ingest
from orchestration.ingestion.manifest import FileEntry, LoadEntry, Manifest, live_files
from orchestration.ingestion.registration import NothingLoadedError, RunContext, register_duckdb

__all__ = [
    "FileEntry",
    "IngestReport",
    "LoadEntry",
    "Manifest",
    "NothingLoadedError",
    "Progress",
    "Refusal",
    "RunContext",
    "ingest",
    "live_files",
    "register_duckdb",
]
