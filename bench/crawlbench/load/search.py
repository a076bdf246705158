"""The highest rate that holds a goal: doubling, bisection, confirmation (floor 3; pure)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crawlbench.errors import UsageError

__all__ = ["Found", "Goal", "Step", "parse_goal", "search"]

NEAR = 1.05
"""The search ends when what failed is so near to what held."""
LEAST_PER_S = 1.0
CONFIRMATIONS = 3
"""Tries at an answer before it is given up: each that fails leads to a search further below."""

_GOAL = re.compile(r"p(\d{1,2}(?:\.\d+)?)=(\d+(?:\.\d+)?)(us|ms|s)")
_Holds = Callable[[float], Awaitable[bool]]
_Bracket = tuple[float | None, float | None]
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Goal:
    """So large a part of the requests is to be answered in so much time."""

    fraction: float
    """From 0 to 1."""
    seconds: float

    @property
    def text(self) -> str:
        """As on the command line."""
        return f"p{self.fraction * 100:g}={self.seconds * 1000:g}ms"


@dataclass(frozen=True, slots=True)
class Step:
    """One rate that was tried."""

    rate_per_s: float
    held: bool
    why: str
    """What was missed; empty if it held."""
    latency_s: float | None
    """At the goal's percentile; None if it reaches into the failed."""
    is_confirmation: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    goal: Goal
    rate_per_s: float | None
    """Held, and held again; None if there is none."""
    failed_per_s: float | None
    """The lowest rate above it that failed; None if the bound was reached first."""
    steps: tuple[Step, ...]


def parse_goal(text: str) -> Goal:
    """Read a goal such as `p99=50ms` or `p99.9=1s`.

    Raises:
        UsageError: that is no goal.
    """
    found = _GOAL.fullmatch(text)
    if not found or not 0 < float(found[1]) < 100 or not float(found[2]):
        raise UsageError(f"--find {text!r} is no goal; one looks like p99=50ms or p99.9=1s")
    return Goal(float(found[1]) / 100, float(found[2]) * _UNITS[found[3]])


async def search(
    goal: Goal, attempt: Callable[[float], Awaitable[Step]], first: float, most: float
) -> Found:
    """Find the highest rate that holds a goal.

    Doubles from `first` until a rate fails (halves, if `first` fails), then halves the ratio
    between the last that held and the first that failed until they are 5 % apart. The answer is
    tried once more: a rate that holds only sometimes does not hold.

    Args:
        goal: for the record.
        attempt: tries one rate.
        first: rate to begin with.
        most: highest rate to try.
    """
    steps: list[Step] = []

    async def holds(rate: float, *, again: bool = False) -> bool:
        step = await attempt(rate)
        steps.append(Step(step.rate_per_s, step.held, step.why, step.latency_s, again))
        return step.held

    low, high = await _bracket(holds, first, most)
    for _ in range(CONFIRMATIONS):
        low, high = await _bisect(holds, low, high)
        if low is None:
            break
        if await holds(low, again=True):
            return Found(goal, low, high, tuple(steps))
        low, high = await _bracket_below(holds, low / NEAR, low)
    return Found(goal, None, high, tuple(steps))


async def _bracket(holds: _Holds, first: float, most: float) -> _Bracket:
    """Return a rate that held and one that failed; None where there was none."""
    rate = min(first, most)
    if not await holds(rate):
        return await _bracket_below(holds, rate / 2, rate)
    while rate < most:
        higher = min(rate * 2, most)
        if not await holds(higher):
            return rate, higher
        rate = higher
    return rate, None


async def _bracket_below(holds: _Holds, rate: float, failed: float) -> _Bracket:
    """Return the first rate that holds on the way down, halving, and the last that failed."""
    while rate >= LEAST_PER_S:
        if await holds(rate):
            return rate, failed
        rate, failed = rate / 2, rate
    return None, failed


async def _bisect(holds: _Holds, low: float | None, high: float | None) -> _Bracket:
    """Return the two nearer to each other."""
    while low is not None and high is not None and high / low > NEAR:
        middle = float(f"{(low * high) ** 0.5:.3g}")
        if not low < middle < high:
            break
        if await holds(middle):
            low = middle
        else:
            high = middle
    return low, high
