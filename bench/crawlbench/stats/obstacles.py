"""Why a cell has no number between sessions, or on one of several machines (floor 2; pure)."""

from __future__ import annotations

from crawlbench.base.records import Obstacle
from crawlbench.base.text import one_line

_BETWEEN = {
    Obstacle.FAILED: "{detail}",
    Obstacle.TIMERS: "its time is set by timers, so it has no ratio",
    Obstacle.HALF: "half of its time or more was not the client's own",
    Obstacle.FEW_ROUNDS: "fewer than two rounds give no interval",
    Obstacle.OTHER_SITE: "its site differs from the newest session's site of the same name",
    Obstacle.OTHER_BASELINE: "it was compared with another cell than in the newest session",
    Obstacle.OTHER_NETWORK: "its network differs from the newest session's network of that name",
    Obstacle.FLAT: "in many laps the longer crawl took no longer than the shorter one",
    Obstacle.BENT: "the times of {detail} do not lie on a line, so a page has no single cost",
    Obstacle.ONE_LENGTH: "it was not crawled in the two lengths of the newest session that has two",
}
"""Obstacles between sessions or machines, in words."""
HALF_OF_ANOTHER = "half of the time of {detail} or more was not the client's own"
"""For a cell whose baseline has that obstacle."""


def explain_between(obstacle: Obstacle | None, detail: str = "") -> str:
    """Return why a cell has no number between sessions or machines; empty if it has one."""
    words = _BETWEEN.get(obstacle, "") if obstacle else ""
    if obstacle is Obstacle.HALF and detail:
        words = HALF_OF_ANOTHER
    return one_line(words.format(detail=detail))
