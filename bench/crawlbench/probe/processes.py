"""The processes in which a loop is tried: forks of one process, or new ones (floor 3).

Each try has a process of its own, so that a crash, a hang or an abort costs only that try. If forks
would not be safe, because the loop's import starts threads or opens files, each try is a new
process that imports everything again.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from crawlbench.base.children import ChildEnded, Nursery, run_alone

if TYPE_CHECKING:
    from crawlbench.base.children import Ended, Message

CHILD = "crawlbench.probe.child"
PYTHON = (sys.executable, "-X", "faulthandler")
START_S = 20.0
"""Seconds to import a loop that has been imported before; more than that takes."""


class LoopProcesses:
    """Starts the processes in which one loop is tried."""

    def __init__(self, loop: str, deadline_s: float) -> None:
        """Start nothing yet.

        Args:
            loop: the loop's name, or `module:factory`.
            deadline_s: the deadline of each try.
        """
        self._loop = loop
        self._deadline_s = deadline_s
        self._nursery: Nursery | None = None
        self._is_forking = False

    async def stand_ready(self) -> None:
        """Start a process that forks for each try from now on, if that is safe."""
        self._nursery = await Nursery.open(CHILD, self._loop, start_s=START_S, python=PYTHON)
        self._is_forking = self._nursery is not None

    async def run(self, order: Message) -> Ended:
        """Do one try in a process of its own, and end everything that it started."""
        order = {**order, "deadline_s": self._deadline_s}
        if self._nursery and self._is_forking:
            try:
                return await self._nursery.run(order, self._deadline_s)
            except ChildEnded:  # a try killed it, or the system ran out of memory
                self._is_forking = False
        return await run_alone(
            CHILD, self._loop, json.dumps(order), deadline_s=self._deadline_s, python=PYTHON
        )

    async def close(self) -> None:
        """End all processes that still run."""
        if self._nursery:
            await self._nursery.close()
