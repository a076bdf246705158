"""The findings of a probe (floor 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NOT_TRIED = "not tried"
"""The word that stands for a missing finding."""


class Support(StrEnum):
    """How well a loop supports what one probe tries."""

    WORKS = "works"
    NOT_IMPLEMENTED = "not implemented"
    WRONG = "wrong"
    CRASHES = "crashes"
    HANGS = "hangs"
    NOT_HERE = "not here"
    """This Python or platform lacks it, whatever the loop."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one probe on one loop."""

    loop: str
    theme: str
    probe: str
    about: str
    """What was tried, in one line."""
    support: Support
    reason: str
    """The reason in one line; empty if it works."""
    seconds: float
    """How long its process took; 0 if it was not tried."""


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """A loop that was probed, or that could not be probed."""

    name: str
    """The name as on the command line."""
    factory: str
    """`module:attribute`."""
    type: str
    """Module and class of its loops; empty if none could be made here."""
    version: str
    """Version of its package; for the standard library's loops, Python's version."""
    absent: str
    """Why it was not probed; empty if it was."""


@dataclass(frozen=True, slots=True)
class Report:
    """What each loop supports, and where and when that was found."""

    date: str
    """The time of the probe: UTC, ISO 8601."""
    python: str
    platform: str
    deadline_s: float
    """The deadline of each probe."""
    loops: tuple[LoopFacts, ...]
    findings: tuple[Finding, ...]
    """By loop, then by probe, in the same order of probes for all loops."""
    missing: int = 0
    """How many findings are missing because the probe was ended early."""
