"""Cells over many sessions: their points, and where they changed (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.stats.twins import NO_TWINS, Twins

if TYPE_CHECKING:
    from crawlbench.base.records import Obstacle
    from crawlbench.stats.interval import Interval


@dataclass(frozen=True, slots=True)
class Point:
    """One cell in one session."""

    session: str
    """Name of its folder."""
    created: str
    """UTC, ISO 8601."""
    estimate: float
    """Log time relative to the group's twins, the mean of baseline and control; for the cost to
    begin, seconds, at the speed that the baseline had in the newest session."""
    interval: Interval
    """The interval over the session's rounds, at its confidence, widened by twins and doubts."""
    era: int
    """From 0; a new era begins where the machine changes."""
    twins: Twins = NO_TWINS
    """How far equal cells lie apart in the session."""
    doubt: float = 0.0
    """How far the session's doubts could move the estimate, in either direction."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A session from which on a cell's ratio is different."""

    session: str
    created: str
    before: str
    """Name of the session before it."""
    shift: float
    """Log ratio of what came after to what came before; for the cost to begin, the difference in
    seconds."""
    interval: Interval
    """The interval of the shift; it holds for all places that were looked at together."""
    versions: tuple[str, ...]
    """Packages that changed at the same time, such as `uvloop 0.21.0 to 0.23.0`."""


@dataclass(frozen=True, slots=True)
class CellHistory:
    """One cell over time."""

    cell: str
    group: str
    points: tuple[Point, ...]
    changes: tuple[ChangePoint, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """A session from which on the machine is different: nothing is compared across it."""

    session: str
    created: str
    what: tuple[str, ...]
    """What changed, such as `python: CPython 3.11.7 to CPython 3.13.0`."""


@dataclass(frozen=True, slots=True)
class Jump:
    """The newest session lies outside what the sessions before it predict."""

    session: str
    cell: str
    shift: float
    """Log ratio of the newest to the mean of those before; to begin, the difference in seconds."""
    interval: Interval
    """A prediction interval for the shift: a single session must be odd enough to lie outside."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cell of a session that has no point."""

    session: str
    cell: str
    obstacle: Obstacle
    detail: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What many sessions together say by one quantity."""

    sessions: tuple[str, ...]
    """Those that measured it, in order of time."""
    lines: tuple[CellHistory, ...]
    breaks: tuple[Break, ...]
    left_out: tuple[LeftOut, ...]
    jumps: tuple[Jump, ...] = ()
    unjudged: tuple[str, ...] = ()
    """Cells of which nobody can say whether they jumped in the newest session: they have no point
    there, or too few before it on the same machine."""
    absent: tuple[str, ...] = ()
    """Those of them that have no point in the newest session."""
    quantity: Quantity = Quantity.TIME
    further: tuple[History, ...] = ()
    """What the same sessions say by other quantities, each a family of its own. Only the history of
    whole crawls has any."""
