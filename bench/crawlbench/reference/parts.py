"""The parts of a matrix: suites of one scenario each, and how long they take (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import load_suite
from crawlbench.reference.pooling import MIN_SESSIONS

if TYPE_CHECKING:
    from crawlbench.base.records import Plan

_FOLDER = Path(__file__).resolve().parent / "parts"
SESSIONS = MIN_SESSIONS
"""Sessions of each part: as many as a figure needs."""

WORKER_S = 0.4
"""Seconds that a worker takes in a round besides its values: for its start, imports and end."""
VALUE_S = {
    "clients": 0.15,
    "far": 0.7,
    "api": 1.0,
    "post": 0.5,
    "parsers": 0.15,
    "reuse": 0.4,
    "hosts": 0.5,
    "cold": 0.15,
}
"""Seconds of a typical value by part, guessed before anything was measured. Parts that are not
listed take half a second."""
AROUND_S = 20.0
"""Seconds that a session takes besides its rounds: for ceilings, mirrors and the report."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a matrix."""

    name: str
    path: Path
    plan: Plan

    @property
    def expected_s(self) -> float:
        """Estimate of a session's seconds: all rounds, and one more for the calibration."""
        values = self.plan.laps + self.plan.warmups
        value_s = VALUE_S.get(self.name, 0.5)
        round_s = len(self.plan.cells) * (WORKER_S + values * value_s)
        return AROUND_S + (self.plan.rounds + 1) * round_s

    @property
    def clients(self) -> set[str]:
        """The strategies that it measures."""
        return {cell.strategy for cell in self.plan.cells}


def list_parts() -> list[str]:
    """Return the names of all parts."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def describe_part(name: str) -> str:
    """Return what a part asks: the comment at the beginning of its file; empty if there is none."""
    if name not in list_parts():
        return ""
    first = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("# ").removesuffix(".")


def find_part(name: str) -> Part:
    """Return a part with its plan, as it would be measured here.

    Raises:
        UsageError: there is no such part.
    """
    path = _FOLDER / f"{name}.toml"
    if name not in list_parts():
        raise UsageError(f"no part {name!r}; known: {', '.join(list_parts())}")
    return Part(name, path, make_plan(name, load_suite(str(path))))


def load_parts() -> list[Part]:
    """Return all parts, the shortest first."""
    return sorted(map(find_part, list_parts()), key=lambda part: part.expected_s)
