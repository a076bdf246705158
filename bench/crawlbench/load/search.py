"""The highest rate that meets a goal: doubling, bisection, confirmation (floor 4; pure)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crawlbench.base.errors import BenchError, UsageError

INTERRUPTED = "interrupted"
"""Why a search ended, if somebody interrupted it."""
NEAR = 1.05
"""The search ends when a failing rate is at most this multiple of one that held."""
MIN_PER_S = 1.0
CONFIRMATIONS = 3
"""How often an answer may fail to be confirmed; each time, the search goes on further below."""
LONGER, ENOUGH, MAX_S = 5.0, 1000, 60.0
"""A confirmation lasts this many times as long as a step, or until it has this many requests if
that takes no more than this many seconds: a small overload needs time to show."""

_GOAL = re.compile(r"p(\d{1,2}(?:\.\d{1,13})?)=(\d+(?:\.\d+)?)(us|ms|s)")
"""A percentile has no more digits than a float keeps, so that it is shown as it was typed."""
Attempt = Callable[[float, bool], Awaitable["TriedRate"]]
"""Tries a rate; the second argument says whether to take as long as a confirmation does."""
_Holds = Callable[[float], Awaitable[bool]]
_Bracket = tuple[float | None, float | None]
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Goal:
    """A share of the requests that must be answered within a time."""

    fraction: float
    """From 0 to 1."""
    seconds: float

    @property
    def text(self) -> str:
        """The goal as on the command line."""
        return f"{self.percentile}={self.seconds * 1000:.12g}ms"

    @property
    def percentile(self) -> str:
        """The percentile of the requests, such as `p99`."""
        return f"p{self.fraction * 100:.15g}"


@dataclass(frozen=True, slots=True)
class TriedRate:
    """One rate that was tried."""

    rate_per_s: float
    held: bool
    why: str
    """What was missed; empty if it held."""
    latency_s: float | None
    """Latency at the goal's percentile; None if it reaches into the failed requests."""
    is_confirmation: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search."""

    goal: Goal
    rate_per_s: float | None
    """The rate that held, and held again; None if there is none."""
    failed_per_s: float | None
    """The lowest rate above it that failed; None if the bound was reached first."""
    steps: tuple[TriedRate, ...]
    stopped: str | None = None
    """Why it ended early; None if it did not."""


def parse_goal(text: str) -> Goal:
    """Read and return a goal such as `p99=50ms` or `p99.9=1s`.

    Raises:
        UsageError: this is not a goal.
    """
    found = _GOAL.fullmatch(text)
    if not found or not 0 < float(found[1]) < 100 or not float(found[2]):
        raise UsageError(f"--find {text!r} is not a goal; one looks like p99=50ms or p99.9=1s")
    return Goal(float(found[1]) / 100, float(found[2]) * _UNITS[found[3]])


def confirmation_s(step_s: float, rate_per_s: float) -> float:
    """Return how many seconds a confirmation lasts, given those of a step."""
    return max(step_s, min(max(LONGER * step_s, ENOUGH / rate_per_s), MAX_S))


async def search(goal: Goal, attempt: Attempt, first: float, most: float) -> Found:
    """Find the highest rate that meets a goal, and return it with all steps.

    Warms everything up with a step that is not judged. Doubles from `first` until a rate fails
    (halves, if `first` fails), then halves the ratio between the last that held and the first that
    failed until they are 5 % apart. Then both ends are tried once more, for longer. A rate that
    holds only sometimes does not hold: the search goes on below it. A rate that failed in a short
    step and holds in a long one met a passing disturbance: the search goes on above it. After the
    first long step, short ones are no longer trusted, and all that follow are as long.

    A search that is cancelled returns the steps that it has; if it has none, the cancellation goes
    on.

    Args:
        goal: the goal, which is only recorded; `attempt` judges by it.
        attempt: tries one rate, for longer or not; a `BenchError` ends the search.
        first: rate to begin with.
        most: highest rate to try.
    """
    trial = _Trial(attempt)
    try:
        await attempt(min(first, most), False)
        low, high = await _confirm(trial, most, *await _bracket(trial.holds, first, most))
    except BenchError as error:
        return Found(goal, None, None, tuple(trial.steps), str(error))
    except asyncio.CancelledError:
        if not trial.steps:
            raise
        return Found(goal, None, None, tuple(trial.steps), INTERRUPTED)
    return Found(goal, low, high, tuple(trial.steps))


class _Trial:
    """Tries rates, and keeps the result of each."""

    def __init__(self, attempt: Attempt) -> None:
        self.steps: list[TriedRate] = []
        self._attempt = attempt
        self._is_long = False
        self._failed_long: set[float] = set()

    async def holds(self, rate: float) -> bool:
        return await self._try(rate, is_long=self._is_long, again=False)

    async def confirms(self, rate: float) -> bool:
        self._is_long = True
        return await self._try(rate, is_long=True, again=True)

    def is_sure_to_fail(self, rate: float) -> bool:
        """Return whether a rate has failed in a step that was long enough to tell."""
        return rate in self._failed_long

    async def _try(self, rate: float, *, is_long: bool, again: bool) -> bool:
        step = await self._attempt(rate, is_long)
        self.steps.append(TriedRate(step.rate_per_s, step.held, step.why, step.latency_s, again))
        if is_long and not step.held:
            self._failed_long.add(rate)
        return step.held


async def _confirm(trial: _Trial, most: float, low: float | None, high: float | None) -> _Bracket:
    """Return a rate that held twice, and the lowest above it that failed in a long step."""
    failures = 0
    # Each time round, the bracket is narrow and its lower end is tried again. If that fails, the
    # answer lies below it. If it holds, the upper end must have failed in a long step too, because
    # in a short one a stall of the machine looks like an overload; if it holds there, the answer
    # lies above it.
    while failures < CONFIRMATIONS:
        low, high = await _bisect(trial.holds, low, high)
        if low is None:
            return low, high
        if not await trial.confirms(low):
            failures += 1
            low, high = await _bracket_below(trial.holds, _even(low / NEAR), low)
        elif high is None or trial.is_sure_to_fail(high) or not await trial.confirms(high):
            return low, high
        else:
            low, high = await _bracket_above(trial.holds, high, most)
    return None, high


async def _bracket(holds: _Holds, first: float, most: float) -> _Bracket:
    """Return a rate that held and one that failed; None where there was none."""
    rate = min(first, most)
    if not await holds(rate):
        return await _bracket_below(holds, rate / 2, rate)
    return await _bracket_above(holds, rate, most)


async def _bracket_above(holds: _Holds, held: float, most: float) -> _Bracket:
    """Return the last rate that holds on the way up, and the first that fails, if one does."""
    while held < most:
        higher = min(held * 2, most)
        if not await holds(higher):
            return held, higher
        held = higher
    return held, None


async def _bracket_below(holds: _Holds, rate: float, failed: float) -> _Bracket:
    """Return the first rate that holds on the way down, and the last that failed; steps grow."""
    while rate >= MIN_PER_S:
        if await holds(rate):
            return rate, failed
        # Small steps first, each the square of the one before: a rate that failed when it was tried
        # again is probably close to one that holds.
        rate, failed = _even(rate / min(2.0, (failed / rate) ** 2)), rate
    return None, failed


async def _bisect(holds: _Holds, low: float | None, high: float | None) -> _Bracket:
    """Return a bracket within the given one whose ends are at most `NEAR` apart."""
    while low is not None and high is not None and high / low > NEAR:
        # The geometric mean, because ends are near by their ratio.
        middle = _even((low * high) ** 0.5)
        # Three digits may leave no rate between the two.
        if not low < middle < high:
            break
        if await holds(middle):
            low = middle
        else:
            high = middle
    return low, high


def _even(rate: float) -> float:
    """Return a rate with three significant digits, which people can read and type again."""
    return float(f"{rate:.3g}")
