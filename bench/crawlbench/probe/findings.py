"""What a probe found (floor 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["NOT_TRIED", "Finding", "LoopFacts", "Report", "Support"]

NOT_TRIED = "not tried"
"""Stands where a finding is missing."""


class Support(StrEnum):
    """How a loop does on one probe."""

    WORKS = "works"
    NOT_IMPLEMENTED = "not implemented"
    WRONG = "wrong"
    CRASHES = "crashes"
    HANGS = "hangs"
    NOT_HERE = "not here"
    """This Python or platform lacks it, whatever the loop."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One probe of one loop."""

    loop: str
    theme: str
    probe: str
    about: str
    """What was tried, in one line."""
    support: Support
    reason: str
    """One line; empty if it works."""
    seconds: float
    """Of its process; 0 if it was not tried."""


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """A loop that was probed, or could not be."""

    name: str
    """As on the command line."""
    factory: str
    """`module:attribute`."""
    type: str
    """Module and class of its loops; empty if it makes none here."""
    version: str
    """Of the package it comes from; Python's for the standard library's."""
    absent: str
    """Why it was not probed; empty if it was."""


@dataclass(frozen=True, slots=True)
class Report:
    """What each loop supports, and where and when that was found."""

    date: str
    """UTC, ISO 8601."""
    python: str
    platform: str
    deadline_s: float
    """Each probe had so long."""
    loops: tuple[LoopFacts, ...]
    findings: tuple[Finding, ...]
    """By loop, then by probe, all loops in the same order of probes."""
    missing: int = 0
    """So many findings more there would be, had it not been ended early."""
