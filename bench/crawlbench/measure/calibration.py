"""How many crawls make a value, and how many laps a turn (floor 3; pure)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.measure.schedule import choose_passes
from crawlbench.stats.limit import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Collection

    from crawlbench.base.records import Plan, RoundRecord

__all__ = ["LONGEST_VALUE_S", "MAX_LOOPS", "calibrate", "choose_loops"]

MAX_LOOPS = 10_000  # crawls per value, whatever the least time of a value is
LONGEST_VALUE_S = 1.0  # of several crawls: a machine's moods last for seconds


def calibrate(plan: Plan, calibration: RoundRecord) -> tuple[dict[str, int], dict[str, int]]:
    """Return crawls per value by cell, and laps per turn by group, that fill the plan's times.

    All cells of a group have the same, those of each length among themselves: the second crawl of a
    process in a row is another thing than the first, and where some cells had one and others two,
    that was compared.
    """
    seconds = {s.cell: s.seconds for s in calibration.samples if not s.warmup}
    groups: dict[tuple[str, str], list[str]] = {}
    for cell in plan.cells:
        if cell.name in seconds:
            groups.setdefault((cell.group, cell.place), []).append(cell.name)
    references = {cell.name for cell in plan.cells if cell.strategy == REFERENCE}
    loops: dict[str, int] = {}
    lap_s: dict[str, float] = {}
    for (group, _), names in groups.items():
        compared = [seconds[name] for name in names if name not in references]
        chosen = choose_loops(compared or [seconds[name] for name in names], plan.min_time_s)
        loops |= dict.fromkeys(names, chosen)
        lap_s[group] = lap_s.get(group, 0.0) + chosen * sum(seconds[name] for name in names)
    return loops, choose_passes(lap_s, plan.lap_time_s)


def choose_loops(seconds: Collection[float], min_time_s: float) -> int:
    """Return the crawls per value of cells that are compared with each other.

    So many that the shortest value lasts as long as it should at least; but where others take much
    longer, no more than keep the longest value bearable.

    Args:
        seconds: of one crawl of each cell.
        min_time_s: that a value should last at least.
    """
    wanted = math.ceil(min_time_s / min(seconds))
    bearable = int(max(LONGEST_VALUE_S, min_time_s) / max(seconds))
    return max(1, min(wanted, bearable, MAX_LOOPS))
