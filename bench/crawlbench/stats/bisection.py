"""Finds on which side of a change each of many environments lies (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import INVALID, UNCLEAR
from crawlbench.base.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.stats.change import Change


@dataclass(frozen=True, slots=True)
class Step:
    """One session of a search."""

    environment: str
    """The environment that was compared with the first one."""
    change: Change
    is_after: bool | None
    """Whether it lies on the far side of the change; None if this session does not say."""


@dataclass(frozen=True, slots=True)
class Bisection:
    """Where in a row of environments the time of one cell changed."""

    names: tuple[str, ...]
    """Names of all environments."""
    whole: Change | None
    """The change from the first to the last; None if it could not be measured."""
    steps: tuple[Step, ...]
    before: str
    """The last environment that is known to be before the change."""
    after: str
    """The first that is known to be after it; empty if nothing changed."""
    skipped: dict[str, str]
    """Environments that could not be used, with the reasons."""

    @property
    def is_exact(self) -> bool:
        """Whether no usable environment is left between `before` and `after`."""
        left = [name for name in self.names if name not in self.skipped]
        return bool(self.after) and left.index(self.after) - left.index(self.before) == 1

    @property
    def code(self) -> int:
        """Exit code: 0 found, 3 more rounds would tell more, 4 the ends are not valid."""
        if self.whole is None or self.whole.verdict in (Verdict.INVALID, Verdict.UNSUPPORTED):
            return INVALID
        is_open = any(step.is_after is None for step in self.steps)
        return UNCLEAR if is_open or self.whole.verdict is Verdict.UNCLEAR else 0


def find_lead(changes: Sequence[Change]) -> Change | None:
    """Return the change to follow: the largest clear one, or else the one that is least certain."""
    return max(changes, key=_weight, default=None)


def _weight(change: Change) -> tuple[int, float]:
    # If nothing clearly changed, the least certain cell decides the exit code: 'same' would hide a
    # cell that failed.
    order = (Verdict.SAME, Verdict.UNCLEAR, Verdict.UNSUPPORTED, Verdict.INVALID)
    place = order.index(change.verdict) if change.verdict in order else len(order)
    return place, abs(change.estimate or 0.0)


def has_changed(middle: Change, last: Change, verdict: Verdict) -> bool | None:
    """Return whether an environment is clearly nearer to the last one than to the first.

    Args:
        middle: the environment against the first.
        last: the last environment against the first, in the same laps.
        verdict: what the whole change was found to be, by a session of the two ends alone.

    Returns:
        None if the middle's interval contains the point half-way, if the ends do not differ again
        as they did, or if something was not measured.
    """
    if middle.low is None or middle.high is None or last.estimate is None:
        return None
    if last.verdict is not verdict:
        return None
    half = last.estimate / 2
    if middle.low <= half <= middle.high:
        return None
    return (middle.low > half) == (half > 0)
