"""Calls functions when they are due, to a fraction of a millisecond (floor 2).

uvloop's timers and the waits of asyncio's selectors count whole milliseconds. On Linux a kernel
timer, readable like a socket, wakes the loop instead; elsewhere we use the loop's own timers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from crawlbench.base.alarm import make_alarm

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

now = time.monotonic


@dataclass(slots=True, eq=False)
class Timer:
    """A future call, which `cancel` takes back."""

    callback: Callable[[], object] | None

    def cancel(self) -> None:
        """Forget the call."""
        self.callback = None


class Clock:
    """The future calls of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to a loop, in whose thread all methods are called."""
        self._loop = loop
        self._heap: list[tuple[float, int, Timer]] = []
        self._numbers = count()
        self._armed = float("inf")
        self._alarm = make_alarm(loop, self._ring)

    def call_at(self, due: float, callback: Callable[[], object]) -> Timer:
        """Call a function at a time on the clock of `now`; return a timer that can cancel it.

        Calls are made in the order of their times.
        """
        timer = Timer(callback)
        # The number keeps calls for the same time in order, and timers from being compared.
        heappush(self._heap, (due, next(self._numbers), timer))
        if due < self._armed:
            self._armed = due
            self._alarm.set(due)
        return timer

    def _ring(self) -> None:
        """Call what is due, and set the timer for what comes next."""
        heap = self._heap
        # A cancelled call stays in the heap until it reaches the front. There it goes at once, or
        # the loop would be woken for nothing.
        while heap and (heap[0][0] <= now() or heap[0][2].callback is None):
            callback = heappop(heap)[2].callback
            if callback is None:
                continue
            # One call that fails must not take the others with it.
            try:
                callback()
            except Exception as error:
                self._loop.call_exception_handler(
                    {"message": "a call of the mirror's clock failed", "exception": error}
                )
        # Until here `_armed` lay in the past, so that calls that were asked for meanwhile did not
        # set the alarm one by one.
        self._armed = heap[0][0] if heap else float("inf")
        if heap:
            self._alarm.set(self._armed)

    def close(self) -> None:
        """Forget all calls."""
        self._heap.clear()
        # Earlier than any call, so that none sets the alarm after it is closed.
        self._armed = float("-inf")
        self._alarm.close()
