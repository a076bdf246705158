"""Chooses how many laps a turn takes, from what laps cost and how much they reduce the noise.

Each round costs the start and end of its workers, however few laps they take. Each lap costs its
own time, and reduces only the part of the noise that is not between workers. Source: Kalibera and
Jones (see `stats/noise.py`): a group's rounds settle the most for their cost when the number of
their laps is sqrt(cost around the laps / cost of a lap * noise of a lap / noise of a round)
(floor 3; pure).

A group keeps its time when cells begin to rest (`resting.py`): the others get more laps. A group in
which nothing is open has the laps that settled it, and gets no more.

Otherwise the choice depends on how long rounds took and how much their values spread, never on
which side of a pair is the faster one. Even a choice that saw more would leave the verdicts valid:
each round is still a fair draw around the same ratio, whatever number of laps was chosen for it
beforehand. So the mean over rounds stays fair, and both Student's t and the sequence, which divide
by the observed spread, are at worst too careful if rounds differ in spread (docs/method.md).
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from crawlbench.base.records import Stopping
from crawlbench.measure.calibration import find_least_passes
from crawlbench.measure.costs import find_costs
from crawlbench.measure.schedule import MAX_PASSES
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.noise import find_noise
from crawlbench.stats.open_groups import open_cells
from crawlbench.stats.student import t_quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.records import Cell, Plan, Session
    from crawlbench.measure.costs import Costs

    _Bounds = tuple[int, int]
    """The least and the most laps per turn."""

FIRST_ROUNDS = 3
"""Rounds after which laps are first chosen; later, whenever the number of rounds has doubled."""
MAX_STEP = 3
"""Factor by which laps may grow or shrink at once: all rounds count the same, so the first ones
must not be much noisier than later ones."""
MAX_MEASURING = 0.85
"""Share of a round that laps may take: beyond it more laps gain little, and fewer rounds fit in."""
MIN_LAPS = 2
"""Laps in a round; a single lap does not show how much laps differ."""
MAX_FILLING = 2.0
"""Factor by which the chosen laps may grow, to use up the budget, or shrink, to make room for one
more round."""
ROUNDING = 1e-9
"""Share by which two sums of the same times may differ."""
FILLING = 0.97
"""Share of the remaining time to fill: the last round only predicts how long the next will take."""
ROUNDS_OF_SEQUENCE = 12
"""Rounds that must fit into the budget: with fewer, a sequence's intervals become wider by more
than additional laps make them narrower."""
MAX_ROUNDS = 30
"""Rounds that should fit into the budget at most: with more, Student's t gains hardly anything."""


def choose_pace(session: Session, cells: Sequence[Cell]) -> dict[str, int]:
    """Return the laps per turn of each group for the rounds that follow.

    They stay as they are if the user has fixed them, if only a number of rounds ends the session,
    and between the rounds after which they are chosen. But if only the budget ends the session, the
    rounds that still fit in take all the time that is left.

    Args:
        session: the judged session, its last round included.
        cells: those that take part in the next round.
    """
    plan = session.plan
    costs = find_costs(session, cells) if plan.is_paced and cells else None
    if costs is None:
        return dict(session.passes)
    bounds = _find_bounds(session, cells, costs)
    # After each round: cells may have begun to rest, or woken, after any of them.
    passes = _keep_times(session, costs, bounds)
    if _is_due(len(session.rounds)):
        passes = _choose_all(session, costs, passes, bounds)
    # A sequence may end the session after any round: longer rounds would only end it later.
    budget_s = plan.budget_s if plan.stopping is Stopping.FIXED else None
    if budget_s and costs.values and len(session.rounds) >= FIRST_ROUNDS:
        left_s = budget_s - session.seconds
        passes |= _fill({g: passes[g] for g in costs.values}, bounds, costs, left_s, plan.laps)
    return passes


def keep_pace(session: Session, cells: Sequence[Cell]) -> dict[str, int]:
    """Return the laps per turn with which each group takes as long as in its last round.

    A session that continues begins with them, since other cells may rest in it than before.

    Args:
        session: the judged session, with its rounds so far.
        cells: those that take part in the next round.
    """
    costs = find_costs(session, cells) if session.plan.is_paced and cells else None
    if costs is None:
        return dict(session.passes)
    return _keep_times(session, costs, _find_bounds(session, cells, costs))


def _find_bounds(session: Session, cells: Sequence[Cell], costs: Costs) -> dict[str, _Bounds]:
    """Return the laps per turn that each group must have and may have after those that it had.

    Where nothing is open the laps so far were enough: more of them would take their time from the
    pairs that are open. If nothing is open anywhere, all groups may have more.
    """
    names = open_cells(session)
    growing = {cell.group for cell in cells if cell.name in names} or set(costs.values)
    least = find_least_passes(session.long_every, session.plan.laps)
    bounds = {}
    for group in costs.values:
        now = session.passes[group]
        low = max(least.get(group, 1), math.ceil(now / MAX_STEP))
        most = min(MAX_PASSES, now * MAX_STEP) if group in growing else now
        bounds[group] = low, max(low, most)
    return bounds


def _keep_times(session: Session, costs: Costs, bounds: dict[str, _Bounds]) -> dict[str, int]:
    """Return the laps per turn with which each group takes as long as in its last round."""
    passes = dict(session.passes)
    for group in costs.values:
        passes[group] = _keep_time(costs, group, passes[group], bounds[group], session.plan.laps)
    return passes


def _keep_time(costs: Costs, group: str, passes: int, bounds: _Bounds, laps: int) -> int:
    """Return the laps per turn with which a group takes as long as in the last round.

    They change only if cells rest or wake from now on: then the others get their time, or give it
    back.
    """
    last_s = costs.last_s[group]
    least, most = bounds
    while passes < most and costs.group_s(group, (passes + 1) * laps) <= last_s * (1 + ROUNDING):
        passes += 1
    # Where cells wake, laps are dearer: they become fewer, but still take all of that time.
    while passes > least and costs.group_s(group, (passes - 1) * laps) >= last_s * (1 - ROUNDING):
        passes -= 1
    return passes


def _choose_all(
    session: Session, costs: Costs, passes: dict[str, int], bounds: dict[str, _Bounds]
) -> dict[str, int]:
    """Return the laps per turn of each group, by what they cost and how much noise they remove."""
    noise = find_noise(session)
    wanted = {
        group: _choose(costs, group, noise[group].of_lap, noise[group].of_round)
        for group in costs.values
        if group in noise
    }
    bounded = {
        g: min(bounds[g][1], max(bounds[g][0], _per_turn(laps, session.plan)))
        for g, laps in wanted.items()
    }
    return passes | _fit(bounded, passes, costs, session.plan)


def _is_due(rounds: int) -> bool:
    """Return whether laps are chosen after this round: after 3, 6, 12, 24 and so on."""
    times, rest = divmod(rounds, FIRST_ROUNDS)
    return not rest and times > 0 and times & (times - 1) == 0


def _choose(costs: Costs, group: str, of_lap: float, of_round: float) -> float:
    """Return the number of laps with which a group's rounds settle the most for their cost."""
    lap_s = costs.lap_s(group)
    first_s = costs.group_s(group, 1) - lap_s  # long forms and cells that rest are in the first lap
    around_s = costs.around_s / len(costs.values) + first_s
    most = around_s / lap_s * MAX_MEASURING / (1 - MAX_MEASURING)
    if not of_round:  # workers do not seem to differ: as many laps as may be
        return most
    return min(most, math.sqrt(around_s / lap_s * of_lap / of_round))


def _per_turn(laps: float, plan: Plan) -> int:
    """Return the laps per turn of so many laps in a round."""
    return max(math.ceil(MIN_LAPS / plan.laps), round(min(MAX_PASSES, laps / plan.laps)))


def _fit(
    wanted: dict[str, int], passes: dict[str, int], costs: Costs, plan: Plan
) -> dict[str, int]:
    """Return the laps per turn with which enough rounds fit into the budget.

    If they are too many, all groups give up the same share of the laps that were added.
    """
    if not plan.budget_s:
        return wanted
    added = {g: max(0, count - passes[g]) for g, count in wanted.items()}
    room_s = plan.budget_s / _rounds_in_budget(plan, costs.around_s) - costs.around_s
    room_s -= costs.laps_s({g: (wanted[g] - added[g]) * plan.laps for g in wanted})
    added_s = sum(costs.lap_s(group) * plan.laps * count for group, count in added.items())
    part = min(1.0, max(0.0, room_s / added_s)) if added_s else 1.0
    return {g: wanted[g] - added[g] + math.floor(part * added[g]) for g in wanted}


def _rounds_in_budget(plan: Plan, around_s: float) -> int:
    """Return how many rounds should fit in: the number that makes intervals narrowest.

    Each round costs time that laps could have used, and the error falls with the square root of the
    number of laps. But few rounds show their spread badly, which costs the more, the more pairs
    must hold together.
    """
    if plan.stopping is Stopping.ANY:
        return ROUNDS_OF_SEQUENCE
    level = (1 - plan.confidence) / _most_pairs(plan)  # the strictest of Holm's procedure
    # Half-widths up to a common factor: the time that is left for laps stands for their number.
    widths = {
        rounds: t_quantile(1 - level / 2, rounds - 1) / math.sqrt(plan.budget_s - rounds * around_s)
        for rounds in range(FIRST_ROUNDS, MAX_ROUNDS + 1)
        if plan.budget_s and rounds * around_s < plan.budget_s
    }
    return min(widths, key=widths.__getitem__, default=FIRST_ROUNDS)


def _most_pairs(plan: Plan) -> int:
    """Return the number of pairs in the largest group, for one quantity."""
    sizes = Counter(
        cell.group for cell in plan.own_cells if not cell.control and cell.strategy != REFERENCE
    )
    return max(1, *(math.comb(size, 2) for size in sizes.values()))


def _fill(
    chosen: dict[str, int], bounds: dict[str, _Bounds], costs: Costs, left_s: float, laps: int
) -> dict[str, int]:
    """Return laps per turn with which a whole number of rounds uses all the time that is left.

    If in doubt, there is one more round with somewhat fewer laps, since few rounds make intervals
    wide. If not even a short round fits in, laps stay as they are.

    Args:
        chosen: laps per turn, by group.
        bounds: laps per turn that a group must have and may have.
        costs: what a round costs.
        left_s: the seconds that are left of the budget.
        laps: turns in a round.
    """

    def seconds(of: dict[str, int]) -> float:
        return costs.laps_s({group: laps * count for group, count in of.items()})

    room_s = left_s * FILLING
    fitting = room_s / (costs.around_s + seconds(chosen))
    # The nearest number may be one round more than fits in; then its laps have to become fewer.
    for rounds in (round(fitting), int(fitting)):
        filled = _stretch(chosen, bounds, seconds, room_s / max(1, rounds) - costs.around_s)
        if filled:
            return filled
    return chosen


def _stretch(
    chosen: dict[str, int],
    bounds: dict[str, _Bounds],
    seconds: Callable[[dict[str, int]], float],
    room_s: float,
) -> dict[str, int] | None:
    """Return laps per turn that take at most `room_s`, in about the chosen proportion, or None.

    Laps are added where there are fewest, or removed where most are left.
    """
    laps, open_groups = dict(chosen), sorted(chosen)  # sorted: ties are broken alike
    step = 1 if seconds(chosen) <= room_s else -1
    while open_groups and (step > 0 or seconds(laps) > room_s):
        group = min(open_groups, key=lambda g: step * (laps[g] + step) / chosen[g])
        changed = {**laps, group: laps[group] + step}
        share = changed[group] / chosen[group]
        # Where laps are removed, each brings the sum nearer to the room: only the last must fit.
        fits = seconds(changed) <= room_s or step < 0
        is_allowed = bounds[group][0] <= changed[group] <= bounds[group][1]
        if fits and is_allowed and 1 / MAX_FILLING <= share <= MAX_FILLING:
            laps = changed
        else:
            open_groups.remove(group)
    return laps if seconds(laps) <= room_s else None
