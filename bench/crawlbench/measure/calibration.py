"""Chooses how many crawls make up a value, and how many laps a turn has (floor 3; pure)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.measure.schedule import choose_passes
from crawlbench.stats.limit import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from crawlbench.base.records import Cell, RoundRecord, Session

MAX_LOOPS = 10_000  # most crawls per value, whatever the minimum time of a value
MAX_EVERY = 10
"""At least one lap in so many has long forms, and each resting cell: fewer would say too little."""
LONGEST_VALUE_S = 1.0  # for several crawls: the machine's state changes within seconds


def calibrate(session: Session, calibration: RoundRecord) -> Session:
    """Return the session with crawls per value and laps per turn that fill its plan's times.

    All cells of a group have the same number of crawls per value, separately for each length: the
    second crawl of a process differs from the first, and if some cells had one crawl and others
    two, the comparison would show that difference.
    """
    plan = session.plan
    seconds = {s.cell: s.seconds for s in calibration.samples if not s.warmup}
    forms: dict[tuple[str, str], list[str]] = {}
    for cell in plan.cells:
        if cell.name in seconds:
            forms.setdefault((cell.group, cell.place), []).append(cell.name)
    longs = {cell.name for cell in plan.cells if cell.long_of}
    references = {cell.name for cell in plan.cells if cell.strategy == REFERENCE}
    loops: dict[str, int] = {}
    short_s: dict[str, float] = {}
    long_s: dict[str, float] = {}
    for (group, _), names in forms.items():
        # A reference takes far less time than what is compared, and would ask for many more crawls.
        compared = [seconds[name] for name in names if name not in references]
        chosen = choose_loops(compared or [seconds[name] for name in names], plan.min_time_s)
        loops |= dict.fromkeys(names, chosen)
        times = long_s if names[0] in longs else short_s
        times[group] = times.get(group, 0.0) + chosen * sum(seconds[name] for name in names)
    every = {
        group: _choose_every(short_s[group], long_s[group], plan.long_share)
        for group in short_s.keys() & long_s.keys()
    }
    lap_s = {
        group: short_s.get(group, 0.0) + long_s.get(group, 0.0) / every.get(group, 1)
        for group in {**short_s, **long_s}
    }
    passes = choose_passes(lap_s, plan.lap_time_s)
    least = find_least_passes(every, plan.laps)
    passes |= {group: max(passes[group], count) for group, count in least.items()}
    return replace(session, loops=loops, passes=passes, long_every=every)


def find_least_passes(every: Mapping[str, int], laps: int) -> dict[str, int]:
    """Return, by group, the fewest laps per turn that keep long forms within their share of time.

    Each round has at least one lap with long forms. If only every n-th lap should have them, a
    round must therefore have at least n laps.

    Args:
        every: how many laps there are for each lap with long forms, by group.
        laps: turns in a round.
    """
    return {group: math.ceil(count / laps) for group, count in every.items()}


def find_every(session: Session, cells: Iterable[Cell]) -> dict[str, int]:
    """Return, for each cell that is not in all laps, the n of which it takes part in every n-th."""
    cells = list(cells)
    resting = {c.name: session.resting[c.name] for c in cells if c.name in session.resting}
    return find_strides(session, cells) | resting


def find_strides(session: Session, cells: Iterable[Cell]) -> dict[str, int]:
    """Return, for each cell of a long form, the n of which such forms are in every n-th lap."""
    return {c.name: session.long_every.get(c.group, 1) for c in cells if c.long_of}


def _choose_every(short_s: float, long_s: float, share: float) -> int:
    """Return the n of which every n-th lap should have long forms, by their share of the time.

    If they would not exceed their share even in every lap, this is 1.

    Args:
        short_s: seconds of a lap without the long forms.
        long_s: seconds of the long forms in a lap.
        share: the long forms' share of the time of all laps, above 0.
    """
    # The n of long_s / n = share * (short_s + long_s / n).
    wanted = long_s * (1 - share) / (share * short_s)
    return min(MAX_EVERY, max(1, round(wanted)))


def choose_loops(seconds: Collection[float], min_time_s: float) -> int:
    """Return the number of crawls per value for all cells that are compared with each other.

    It is large enough for the shortest value to last the minimum time. But if other cells take much
    longer, it is kept so small that the longest value stays bearable (`LONGEST_VALUE_S`).

    Args:
        seconds: the time of one crawl of each cell.
        min_time_s: how long a value should last at least.
    """
    wanted = math.ceil(min_time_s / min(seconds))
    bearable = int(max(LONGEST_VALUE_S, min_time_s) / max(seconds))
    return max(1, min(wanted, bearable, MAX_LOOPS))
