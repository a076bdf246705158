"""What one machine hands over of its own session, and what follows if all machines say the same."""

from __future__ import annotations

import random

import pytest

from crawlbench.base.records import Obstacle, Verdict
from crawlbench.cluster.estimates import Estimates
from crawlbench.cluster.merging import merge
from crawlbench.cluster.records import BlockResult
from crawlbench.stats.judge import judge
from tests.cluster.blocks import make_machine
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

pytestmark = pytest.mark.slow

CELL = other("cell")
PLAN = make_plan(CELL)
COMPUTING = {"cpu_user_s": 0.3, "cpu_system_s": 0.1, "side_cpu_s": 0.0, "cpu_s": 0.4}


def session(seed, ratio, starved=None, slow=1.0):
    """Return a machine's session.

    Args:
        seed: of the noise.
        ratio: the cell's true ratio to the baseline.
        starved: seconds per value that a cell waited for its CPU because of others.
        slow: how many times as long one of the cell's ten laps takes.
    """
    draw = random.Random(seed)

    def laps(factor):
        return [factor * draw.lognormvariate(0, 0.002) for _ in range(10)]

    rounds = [{BASELINE: laps(1.0), CONTROL: laps(1.0), CELL: laps(ratio)} for _ in range(8)]
    for each in rounds:
        each[CELL][draw.randrange(10)] *= slow
    seen = {
        cell: {**COMPUTING, "cpu_wait_s": (starved or {}).get(cell, 0.0)}
        for cell in (BASELINE, CONTROL, CELL)
    }
    return judge(make_session(PLAN, rounds, seen=seen))


def merged(sessions):
    """Return what these machines say together of the cell."""
    blocks = []
    for number, one in enumerate(sessions):
        found = Estimates(one)
        machine = make_machine(f"m{number}")
        blocks.append(BlockResult(1, machine, found.cells(), found.controls(), 8, 60.0, "rounds"))
    return merge([PLAN], lambda number: blocks).comparisons[0]


BOTH = dict.fromkeys((BASELINE, CONTROL), 0.05)


@pytest.mark.parametrize(
    ("ratio", "conditions", "verdict", "obstacle"),
    [
        (1.04, {"starved": {CELL: 0.052}}, Verdict.UNCLEAR, Obstacle.DOUBT),
        (1.04, {"starved": BOTH}, Verdict.SLOWER, None),
        (1.04, {"starved": {CELL: 0.052, **BOTH}}, Verdict.SLOWER, None),
        (0.96, {"starved": BOTH}, Verdict.UNCLEAR, Obstacle.DOUBT),
        (0.5, {"starved": {CELL: 0.025, **BOTH}}, Verdict.FASTER, None),
        (1.0, {"starved": {CELL: 0.05}}, Verdict.UNCLEAR, Obstacle.DOUBT),
        (1.0, {"slow": 8.0}, Verdict.UNCLEAR, Obstacle.SLOW_LAPS),
        (1.0, {}, Verdict.SAME, None),
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_machines_that_agree_say_together_what_each_says(
    count, ratio, conditions, verdict, obstacle
):
    """With the same reason if they say nothing."""
    sessions = [session(seed, ratio, **conditions) for seed in range(count)]
    for one in sessions:
        own = one.against_baseline()[0]
        assert (own.verdict, own.obstacle) == (verdict, obstacle)
    found = merged(sessions)
    assert (found.verdict, found.holds_on, found.against_on) == (verdict, count, 0)
    assert bool(found.reason) is (obstacle is not None)
