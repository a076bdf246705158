"""Wakes an event loop at a time, to a fraction of a millisecond (floor 3).

The timers of loops count whole milliseconds, which would be seen in the latencies of open arrival.
On Linux a timer of the kernel, readable like a socket, wakes the loop; elsewhere its own timers do.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["Alarm"]

_NONBLOCK, _CLOEXEC, _ABSOLUTE = 0o4000, 0o2000000, 1


class Alarm:
    """Calls a function at the time that was set last, on the clock of `time.monotonic`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        """Belong to a loop, in whose thread all methods are called."""
        self._loop = loop
        self._ring = ring
        self._file = -1
        self._handle: asyncio.TimerHandle | None = None
        if sys.platform == "linux":  # `os.timerfd_create` exists from Python 3.13 only
            library = ctypes.CDLL(None, use_errno=True)
            self._settime = library.timerfd_settime
            self._file = library.timerfd_create(time.CLOCK_MONOTONIC, _NONBLOCK | _CLOEXEC)
        if self._file >= 0:
            loop.add_reader(self._file, self._on_readable)

    def set(self, due: float) -> None:
        """Ring at a time instead of any that was set before."""
        if self._file >= 0:
            seconds, ns = divmod(max(1, int(due * 1e9) + 1), 1_000_000_000)
            spec = (ctypes.c_long * 4)(0, 0, seconds, ns)  # `struct itimerspec`: interval, time
            self._settime(self._file, _ABSOLUTE, ctypes.byref(spec), None)
            return
        if self._handle:
            self._handle.cancel()
        self._handle = self._loop.call_later(max(0.0, due - time.monotonic()), self._ring)

    def _on_readable(self) -> None:
        with suppress(BlockingIOError):  # set anew after it had rung
            os.read(self._file, 8)
            self._ring()

    def close(self) -> None:
        """Ring no more."""
        if self._handle:
            self._handle.cancel()
        if self._file >= 0:
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = -1
