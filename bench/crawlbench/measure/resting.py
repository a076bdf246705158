"""Chooses who takes part in a round, and which cells rest in it (floor 3; pure).

A cell rests if its pairs are settled: then it takes part in fewer laps.

A serial baseline and its twin take half of a lap's time over a network, although two rounds show
that everything else is more than twice as fast. The pairs that are open need that time more.

A resting cell still has a worker in each round and takes part in its first lap, so each pair keeps
a value per round. With fewer laps that value scatters more, so a cell rests only as far as its
pairs would be settled anyway. As with the number of laps (`pace.py`), each round is still a fair
draw around the same ratio; `make bench-judge` measures what it does to verdicts.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from crawlbench.base.records import Doubt, Obstacle, Quantity, Stopping
from crawlbench.measure.calibration import MAX_EVERY
from crawlbench.stats.lengths import LINE_ROUNDS
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.open_groups import HOPELESS, MIN_ROUNDS, is_open, open_cells
from crawlbench.stats.student import t_quantile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Cell, Comparison, Plan, Session

EVIDENT = 0.5
"""Log ratio beyond which a pair needs no more laps even before it can be judged: between equal
cells, single laps differ by a tenth of it."""
SPARE = 3.0
"""How many times as wide a pair's interval could be after its cells have rested, without reaching
the margin: Holm asks for about half of this, and the rest is for what later rounds may show."""

REFERENCE_ROUNDS = 4
"""Rounds after which a reference, which needs no verdict, leaves the time to others."""
ASLEEP_ROUNDS = 4
"""Rounds that an operation is measured in before it may miss some: with three, Student's t is
large too often."""
ASLEEP_LEVEL = 0.0003
"""Error level at which an operation's pairs must be settled before it misses rounds. Of 1,000 pairs
exactly the margin apart, chance settles two at this level within 20 rounds (decision 19)."""


def choose_resting(session: Session) -> dict[str, int]:
    """Return, for each cell that rests, the n of which it takes part in every n-th lap.

    Nobody rests if the user has set the number of laps or rounds, or wants narrow intervals.

    Args:
        session: the judged session, its last round included.
    """
    plan = session.plan
    if not _may_rest(plan):
        return {}
    allowed = _find_allowed(session)
    found = {}
    for cell in plan.cells:
        first = session.long_every.get(cell.group, 1)
        every = _choose_every(allowed.get(cell.name, 1.0), first)
        if every > (first if cell.long_of else 1):  # long forms miss laps anyway
            found[cell.name] = every
    return found


def find_asleep(session: Session) -> set[str]:
    """Return the operations whose pairs are settled so clearly that they may miss whole rounds.

    Most of what a round of an operation costs is around its laps, so missing laps saves little.
    What they have measured remains, so their intervals stay as they are. As with `choose_resting`,
    none misses any if the user has said how much to measure.
    """
    plan = session.plan
    if len(session.rounds) < ASLEEP_ROUNDS or not _may_rest(plan):
        return set()
    found = {cell.group for cell in plan.cells if cell.operation}
    groups = {cell.name: cell.group for cell in plan.cells}
    judged = [one for one in session.comparisons if one.quantity is plan.gate_quantity]
    counts = Counter(groups[one.cell] for one in judged)
    for one in judged:
        group = groups[one.cell]
        if not _may_miss_rounds(plan, one, counts[group]):
            found.discard(group)
    return found & counts.keys()  # where no pair is judged, nothing is settled


def find_next(session: Session) -> tuple[Cell, ...]:
    """Return the cells that take part in the next round.

    If the session looks after each round, cells leave once all their pairs are answered. A
    reference, which is compared with nothing, leaves when it is known well enough to be shown.
    Otherwise only operations leave: those that are asleep, as long as others are not. Middle
    lengths leave after the first rounds, whatever they showed.
    """
    plan = session.plan
    failed = {failure.cell for failure in session.failures}
    ended = set(plan.middle_names.values()) if len(session.rounds) >= LINE_ROUNDS else set()
    valid = [cell for cell in plan.cells if cell.name not in failed | ended]
    if plan.stopping is Stopping.FIXED or not session.rounds:
        asleep = find_asleep(session)
        # If all are asleep, all take part: the session measures a round either way.
        return tuple([cell for cell in valid if cell.group not in asleep] or valid)
    left = open_cells(session)
    groups = {cell.group for cell in valid if cell.name in left}
    shows = len(session.rounds) < REFERENCE_ROUNDS
    return tuple(
        cell
        for cell in valid
        if cell.name in left or (shows and cell.strategy == REFERENCE and cell.group in groups)
    )


def _may_rest(plan: Plan) -> bool:
    """Return whether nobody has said how much of each cell to measure, nor how precisely."""
    return plan.is_paced and plan.may_rest and plan.precision is None


def _may_miss_rounds(plan: Plan, one: Comparison, pairs: int) -> bool:
    """Return whether chance cannot have settled this pair, of so many, or no round settles it."""
    if _is_hopeless(one):
        return True
    if one.rounds < ASLEEP_ROUNDS:
        return False
    # Divided by the pairs (Bonferroni): any of them could be the one that chance has settled.
    limit = t_quantile(1 - ASLEEP_LEVEL / pairs / 2, one.rounds - 1)
    usual = t_quantile((1 + plan.confidence) / 2, one.rounds - 1)
    return _find_room(plan, one) >= limit / usual


def _is_hopeless(one: Comparison) -> bool:
    """Return whether a pair stays without an answer, whatever its cells measure.

    A doubt's share is that of all rounds: quiet ones bring it below half if others caused it. Only
    a server that was busy with the cells themselves remains.
    """
    if one.obstacle is Obstacle.HALF:
        return one.detail == Doubt.SERVER_LOAD
    return one.obstacle is Obstacle.FAILED or one.obstacle in HOPELESS


def _choose_every(allowed: float, first: int) -> int:
    """Return the largest n, up to a limit, that keeps the laps of all resting cells together.

    It is 1, or a power of two times the n of the long forms, so that of any two cells, one takes
    part in all laps of the other.
    """
    every = 1
    following = first if first > 1 else 2
    while following <= min(allowed, MAX_EVERY):
        every, following = following, following * 2
    return every


def _find_allowed(session: Session) -> dict[str, float]:
    """Return, by cell, by what factor its laps may become fewer, judged by all of its pairs."""
    plan = session.plan
    is_known = len(session.rounds) >= MIN_ROUNDS
    allowed = {
        cell.name: math.inf for cell in plan.cells if is_known and cell.strategy == REFERENCE
    }
    groups = {cell.name: cell.group for cell in plan.cells}
    twins, longs = plan.twins, plan.long_names
    for one in session.comparisons:
        if one.quantity not in (plan.gate_quantity, Quantity.PAGE):
            continue
        factor, both = _find_factor(plan, one), twins[groups[one.cell]]
        # The twins count as one baseline. The cost of a page comes from both lengths of a cell, so
        # that a pair per page keeps the long forms awake, too.
        names = [one.cell, *(both if one.baseline in both else [one.baseline])]
        if one.quantity.is_of_lengths:
            names += [longs[name] for name in names if name in longs]
        for name in names:
            allowed[name] = min(factor, allowed.get(name, math.inf))
    return allowed


def _find_factor(plan: Plan, one: Comparison) -> float:
    """Return by what factor the laps of a pair may become fewer."""
    return max(1.0, (_find_room(plan, one) / SPARE) ** 2)  # noise falls with the root of the laps


def _find_room(plan: Plan, one: Comparison) -> float:
    """Return how many times as wide a pair's interval could be, and the pair still be settled."""
    # No lap helps a pair that is hopeless. All laps are needed where there is no estimate, where
    # the quantity has no ratio to compare with the margin, and beside a neighbour, whose share
    # falls with quiet laps. Until there is an interval, only what is evident may rest.
    if _is_hopeless(one):
        return math.inf
    if one.estimate is None or not one.quantity.has_ratio or one.obstacle is Obstacle.HALF:
        return 0.0
    if one.rounds < MIN_ROUNDS or one.low is None or one.high is None:
        return math.inf if abs(one.estimate) > EVIDENT else 0.0
    if is_open(plan, one):
        return 0.0
    bounds = [-plan.margin, plan.margin]
    if plan.gate is not None and one.quantity is plan.gate_quantity:
        bounds.append(plan.gate)
    return min(_find_rooms(bounds, one.estimate, one.low, one.high))


def _find_rooms(bounds: list[float], middle: float, low: float, high: float) -> Iterator[float]:
    """Yield how many times as far as its interval reaches each bound is from the estimate."""
    for bound in bounds:
        reach = high - middle if bound > middle else middle - low
        yield abs(bound - middle) / reach if reach > 0 else math.inf
