"""Measures A/A sessions, which compare a cell with its twin (floor 3).

The twins take laps together, as crawlbench always measures, or they are measured in blocks, one
twin after the other, as is common elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.base.errors import CellError
from crawlbench.measure.calibration import calibrate
from crawlbench.measure.lab import open_lab
from crawlbench.measure.logbook import new_session
from crawlbench.stats.aa import blocks_outcome, laps_outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.records import Plan, RoundRecord, Session
    from crawlbench.measure.lab import Lab
    from crawlbench.stats.aa import AaOutcome


async def run_aa(
    plan: Plan, sessions: int, methods: tuple[str, ...], tell: Callable[[str, AaOutcome], None]
) -> None:
    """Measure many sessions of a plan whose only cells are a baseline and its control.

    The methods take turns, so that both meet the same states of the machine.

    Args:
        plan: a plan with two cells and at least two rounds.
        sessions: how many sessions to measure by each method.
        methods: `laps`, `blocks`, or both.
        tell: called with the method and the outcome after each session.

    Raises:
        CellError: the strategy does not work here.
        MirrorError: the mirror died.
    """
    session = new_session(plan)
    async with open_lab(session) as lab:
        calibration = await lab.measure(session, 0, _ignore)
        if calibration.failures:
            raise CellError(calibration.failures[0].reason)
        session = calibrate(session, calibration.record)
        number = 0
        for _ in range(sessions):
            for method in methods:
                blocks = method == "blocks"
                rounds = await _measure_session(lab, session, number, blocks=blocks)
                number += 2 * plan.rounds  # blocks take so many, and no number may come twice
                outcome = _judge(plan, rounds, blocks=blocks)
                tell(method, outcome)


async def _measure_session(
    lab: Lab, session: Session, number: int, *, blocks: bool
) -> list[RoundRecord]:
    """Measure all rounds of one session: both twins in each round, or one twin after the other."""
    plan = session.plan
    parts = [plan.cells]
    if blocks:
        parts = [(cell,) for cell in plan.cells]
    rounds = []
    for cells in parts:
        part = replace(session, plan=replace(plan, cells=cells))
        for _ in range(plan.rounds):
            number += 1
            result = await lab.measure(part, number, _ignore)
            if result.failures:
                raise CellError(result.failures[0].reason)
            rounds.append(result.record)
    return rounds


def _judge(plan: Plan, rounds: list[RoundRecord], *, blocks: bool) -> AaOutcome:
    baseline, control = (cell.name for cell in plan.cells)
    outcome = (blocks_outcome if blocks else laps_outcome)(
        rounds, control, baseline, plan.confidence
    )
    assert outcome  # a plan has at least two rounds; see the command line
    return outcome


def _ignore(number: int, sample: object) -> None:
    pass
