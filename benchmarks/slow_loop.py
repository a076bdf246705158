"""asyncio's event loop with a little extra work for each callback, for planted_loop.py."""

from __future__ import annotations

import asyncio
import os
from itertools import repeat

VARIABLE = "CRAWLBENCH_SLOW_LOOP_STEPS"
STEPS = int(os.environ.get(VARIABLE, "15"))
"""Empty turns of a `for` loop for each callback. How many of them are 5 % of what `call-soon` takes
depends on the machine, so planted_loop.py measures it."""


class SlowLoop(asyncio.SelectorEventLoop):
    """Does the extra work for all callbacks of a turn at once, before it runs them."""

    def _run_once(self) -> None:
        for _ in repeat(None, STEPS * len(self._ready)):  # type: ignore[attr-defined]
            pass
        super()._run_once()  # type: ignore[misc]
