"""On which side of a change one of many environments lies (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.stats.compare import Change

__all__ = ["Bisection", "Step", "has_changed", "largest_change"]


@dataclass(frozen=True, slots=True)
class Step:
    """One session of a search."""

    environment: str
    """Which was held against the first."""
    change: Change
    is_after: bool | None
    """Whether it lies on the far side of the change; None if the interval does not tell."""


@dataclass(frozen=True, slots=True)
class Bisection:
    """Where among environments in their order the time of one cell changed."""

    names: tuple[str, ...]
    """Of all environments."""
    whole: Change | None
    """From the first to the last; None if that could not be measured."""
    steps: tuple[Step, ...]
    before: str
    """The last of which it is known that nothing had changed."""
    after: str
    """The first of which it is known that it had; empty if nothing changed."""
    skipped: dict[str, str]
    """Environments that could not be used, with the reasons."""

    @property
    def is_exact(self) -> bool:
        """Whether nothing lies in between that could be measured and was not decided."""
        left = [name for name in self.names if name not in self.skipped]
        return bool(self.after) and left.index(self.after) - left.index(self.before) == 1

    @property
    def is_unclear(self) -> bool:
        """Whether more rounds would tell more."""
        is_known = self.whole is not None and self.whole.verdict is not Verdict.UNCLEAR
        return not is_known or any(step.is_after is None for step in self.steps)


def largest_change(changes: Sequence[Change]) -> Change | None:
    """Return the change with a verdict of faster or slower that is largest; None if none has."""
    found = [c for c in changes if c.verdict in (Verdict.FASTER, Verdict.SLOWER)]
    return max(found, key=lambda change: abs(change.estimate or 0.0), default=None)


def has_changed(middle: Change, last: Change) -> bool | None:
    """Tell whether an environment is nearer the last than the first, beyond its interval.

    Args:
        middle: of the environment, against the first.
        last: of the last one, against the first, in the same laps.

    Returns:
        None if the middle's interval holds the point half-way, or something was not measured.
    """
    if middle.low is None or middle.high is None or last.estimate is None:
        return None
    half = last.estimate / 2
    if middle.low <= half <= middle.high:
        return None
    return (middle.low > half) == (half > 0)
