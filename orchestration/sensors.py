"""What starts jobs when something happens: new files in the landing folder."""

import hashlib
import json
import time
from datetime import date
from pathlib import Path

import dagster as dg

from foundation.settings import Settings
from orchestration.jobs import NIGHTLY

SETTLED_SECONDS = 60  # a file that was touched more recently may still be on its way


def deliveries(landing: Path, settled_before: float) -> dict[str, str]:
    """Fingerprint of what lies in the landing folder by day of delivery (YYYY-MM-DD): names, sizes and times.

    A day any of whose files changed after `settled_before` (seconds since the epoch) is left out.
    """
    found: dict[str, list[tuple[str, int, int]]] = {}
    unsettled: set[str] = set()
    for path in sorted(landing.glob("*/*/**/*")):
        day = path.relative_to(landing).parts[1]
        if not path.is_file() or not _is_day(day):
            continue
        state = path.stat()
        found.setdefault(day, []).append((str(path.relative_to(landing)), state.st_size, state.st_mtime_ns))
        if state.st_mtime > settled_before:
            unsettled.add(day)
    return {
        day: hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]
        for day, files in found.items()
        if day not in unsettled
    }


def landing_sensor(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(name="new_landing_files", job_name=NIGHTLY, minimum_interval_seconds=60)
    def new_landing_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        """One nightly run per day of delivery whose files are new or changed."""
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        now = deliveries(settings.landing, time.time() - SETTLED_SECONDS)
        requests = [
            dg.RunRequest(run_key=f"landing-{day}-{fingerprint}", partition_key=day)
            for day, fingerprint in sorted(now.items())
            if seen.get(day) != fingerprint
        ]
        return dg.SensorResult(run_requests=requests, cursor=json.dumps({**seen, **now}, sort_keys=True))

    return new_landing_files


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
