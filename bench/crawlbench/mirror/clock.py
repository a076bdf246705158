"""Calls functions when they are due, to a fraction of a millisecond (floor 3).

The timers of uvloop and the waits of asyncio's selectors count whole milliseconds. On Linux one
timer of the kernel, readable like a socket, wakes the loop; elsewhere the loop's own timers do.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["Clock", "Timer"]

now = time.monotonic


class Timer:
    """One call to come; `cancel` forgets it."""

    __slots__ = ("callback", "due")

    def __init__(self, due: float, callback: Callable[[], object] | None) -> None:
        """Hold what is due when, on the clock of `now`."""
        self.due = due
        self.callback = callback

    def cancel(self) -> None:
        """Do not call."""
        self.callback = None


class Clock:
    """The calls to come of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to a loop, in whose thread all methods are called."""
        self._loop = loop
        self._heap: list[tuple[float, int, Timer]] = []
        self._numbers = count()
        self._armed = float("inf")
        self._alarm: _KernelAlarm | _LoopAlarm = _LoopAlarm(loop, self._ring)
        if sys.platform == "linux":
            self._alarm = _KernelAlarm(loop, self._ring)

    def call_at(self, due: float, callback: Callable[[], object]) -> Timer:
        """Call a function at a time of `now` (`time.monotonic`), in order of times."""
        timer = Timer(due, callback)
        heappush(self._heap, (due, next(self._numbers), timer))
        if due < self._armed:
            self._armed = due
            self._alarm.set(due)
        return timer

    def _ring(self) -> None:
        """Call what is due and wait for what comes next."""
        heap = self._heap
        while heap and (heap[0][0] <= now() or heap[0][2].callback is None):
            callback = heappop(heap)[2].callback
            if callback is None:
                continue
            try:
                callback()
            except Exception as error:
                self._loop.call_exception_handler(
                    {"message": "a call of the mirror's clock failed", "exception": error}
                )
        self._armed = heap[0][0] if heap else float("inf")
        if heap:
            self._alarm.set(self._armed)

    def close(self) -> None:
        """Call nothing any more."""
        self._heap.clear()
        self._armed = float("-inf")
        self._alarm.close()


class _LoopAlarm:
    """Rings by the loop's own timers."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None

    def set(self, due: float) -> None:
        """Ring at a time instead of any that was set before."""
        self.close()
        self._handle = self._loop.call_later(max(0.0, due - now()), self._ring)

    def close(self) -> None:
        """Ring no more."""
        if self._handle:
            self._handle.cancel()


class _TimerSpec(ctypes.Structure):
    """The kernel's `struct itimerspec`: interval, then time, each in seconds and nanoseconds."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("s", ctypes.c_long),
        ("ns", ctypes.c_long),
    )


class _KernelAlarm:
    """Rings by a timerfd; `os.timerfd_create` exists from Python 3.13 only."""

    _NONBLOCK, _CLOEXEC, _ABSOLUTE = 0o4000, 0o2000000, 1

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        library = ctypes.CDLL(None, use_errno=True)
        self._set = library.timerfd_settime
        self._spec = _TimerSpec()
        self._spec_at = ctypes.byref(self._spec)
        self._file = library.timerfd_create(time.CLOCK_MONOTONIC, self._NONBLOCK | self._CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "the system gives no timer")
        loop.add_reader(self._file, self._on_ring)

    def set(self, due: float) -> None:
        """Ring at a time instead of any that was set before."""
        ns = max(1, int(due * 1e9) + 1)
        self._spec.s, self._spec.ns = divmod(ns, 1_000_000_000)
        self._set(self._file, self._ABSOLUTE, self._spec_at, None)

    def _on_ring(self) -> None:
        try:
            os.read(self._file, 8)
        except BlockingIOError:  # set anew after it had rung
            return
        self._ring()

    def close(self) -> None:
        """Ring no more."""
        if self._file >= 0:
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = -1
