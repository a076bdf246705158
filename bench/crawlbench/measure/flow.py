"""Measures a session from its plan to its end, or continues one (floor 3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crawlbench.base.errors import MirrorError
from crawlbench.base.records import Ending
from crawlbench.measure.lab import open_lab
from crawlbench.measure.logbook import Logbook
from crawlbench.measure.owner import own

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crawlbench.base.records import EnvironmentFacts, Plan, Session
    from crawlbench.measure.contract import Watcher


async def run_session(
    plan: Plan, folder: Path, watcher: Watcher, environments: Sequence[EnvironmentFacts] = ()
) -> Session:
    """Measure a plan round by round; finished rounds are on disk and in the returned session.

    Cancellation (Ctrl-C) and the death of a mirror end a session early, but not wrongly.

    Raises:
        UsageError: the folder exists or cannot be made.
    """
    log = Logbook.begin(plan, folder, watcher, environments)
    # The folder exists only now. `resume_session` locks one before it takes up the session in it,
    # because that rewrites files.
    with own(folder):
        return await _measure(log, watcher)


async def resume_session(
    session: Session, folder: Path, watcher: Watcher, environments: Sequence[EnvironmentFacts] = ()
) -> Session:
    """Continue a session that ended early, from its folder.

    Raises:
        UsageError: machine or versions are not those it began with, or another process writes into
            the folder.
    """
    with own(folder):
        return await _measure(Logbook.resume(session, folder, watcher, environments), watcher)


async def _measure(log: Logbook, watcher: Watcher) -> Session:
    """Calibrate, then measure rounds until there is a reason to stop."""
    try:
        async with open_lab(log.session) as lab:
            if not log.is_calibrated:
                log.add_ceilings(await lab.measure_ceilings(log.session.plan.lap_time_s))
                log.add_calibration(await lab.measure(log.session, 0, watcher.on_sample))
            while not log.reason_to_stop():
                number = len(log.session.rounds) + 1
                cells = log.open_cells()
                log.add_round(await lab.measure(log.session, number, watcher.on_sample, cells))
            ending = log.reason_to_stop()
    except asyncio.CancelledError:
        # Swallowed: the rounds that are finished are valid, and are written and shown like those of
        # any other session.
        ending = Ending.INTERRUPTED
    except MirrorError as error:
        log.trouble = str(error)
        ending = Ending.MIRROR
    return log.close(ending)
