"""What a probe found (floor 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["NOT_TRIED", "Finding", "LoopFacts", "Report", "Support"]

NOT_TRIED = "not tried"
"""Takes the place of a missing finding."""


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
    """In one line; empty if it works."""
    seconds: float
    """How long its process took; 0 if it was not tried."""


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
    """Version of the package it comes from; Python's for the standard library's."""
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
    """How long each probe could take."""
    loops: tuple[LoopFacts, ...]
    findings: tuple[Finding, ...]
    """By loop, then by probe, in the same order of probes for all loops."""
    missing: int = 0
    """How many findings are missing because the probe was ended early."""
