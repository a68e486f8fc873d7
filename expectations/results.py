"""What a suite answers: counts and hashed keys, never a value. How it is asked is in suites.py."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Suite = Literal["raw", "marts"]
Severity = Literal["error", "warn"]

_TOLD = 3  # findings named in a line; the rest is counted


@dataclass(frozen=True)
class BrokenSubject:
    """A subject (a column of a source, a metric) that broke an expectation."""

    subject: str
    examined: int
    compared: int  # of those, how many there was enough history to judge
    broken: int
    hashed_keys: tuple[str, ...]  # MD5 of a few keys: whoever holds the data finds the rows by md5(key)


@dataclass(frozen=True)
class ExpectationOutcome:
    """What came of one expectation. Counts include what is broken within its limit."""

    id: str
    says: str
    severity: Severity
    success: bool
    subjects: int
    examined: int
    compared: int
    broken: int
    findings: tuple[BrokenSubject, ...]

    @property
    def note(self) -> str:
        """Why less was compared than one might think; empty otherwise."""
        if not self.examined:
            return "nothing to examine"
        if self.compared < self.examined:
            return f"not enough history for {self.examined - self.compared:,} of {self.examined:,}"
        return ""

    def __str__(self) -> str:
        reported = [f"{one.subject} ({one.broken:,} of {one.compared:,})" for one in self.findings[:_TOLD]]
        if len(self.findings) > _TOLD:
            reported.append(f"{len(self.findings) - _TOLD} more")
        return f"{self.severity} {self.id}: {', '.join(reported)}"


@dataclass(frozen=True)
class SuiteResult:
    """What came of a suite."""

    suite: Suite
    outcomes: tuple[ExpectationOutcome, ...]

    @property
    def failed(self) -> tuple[ExpectationOutcome, ...]:
        """The broken expectations that block."""
        return tuple(one for one in self.outcomes if not one.success and one.severity == "error")

    @property
    def warned(self) -> tuple[ExpectationOutcome, ...]:
        """The broken expectations that are only told."""
        return tuple(one for one in self.outcomes if not one.success and one.severity == "warn")

    @property
    def passed(self) -> bool:
        """Whether nothing blocks."""
        return not self.failed

    def summary(self) -> str:
        """One line for a log or a mail."""
        counts = f"{len(self.outcomes)} expectations, {len(self.failed)} failed, {len(self.warned)} warn"
        return "; ".join([counts, *map(str, self.failed + self.warned)])

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "suite": self.suite,
            "passed": self.passed,
            "outcomes": [asdict(one) | {"note": one.note} for one in self.outcomes],
        }
