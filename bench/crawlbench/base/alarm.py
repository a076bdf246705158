"""Wakes an event loop at a given time, to a fraction of a millisecond (floor 0).

uvloop's timers and the waits of asyncio's selectors count whole milliseconds. On Linux a kernel
timer, readable like a socket, wakes the loop instead; elsewhere we use the loop's own timers.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


def make_alarm(loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> Alarm:
    """Return an alarm that calls a function at the time it was last set to.

    Times are on the clock of `time.monotonic`.

    Args:
        loop: the loop in whose thread all methods are called.
        ring: what to call.

    Raises:
        OSError: the system refuses to create a timer.
    """
    return KernelAlarm(loop, ring) if sys.platform == "linux" else LoopAlarm(loop, ring)


class LoopAlarm:
    """Uses the loop's own timers."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None

    def set(self, due: float) -> None:
        """Ring at this time, and forget any time set before."""
        self.close()
        # A loop may have another clock than `time.monotonic`; the time that is left is the same.
        self._handle = self._loop.call_later(max(0.0, due - time.monotonic()), self._ring)

    def close(self) -> None:
        """Stop ringing."""
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


class KernelAlarm:
    """Uses a timerfd; `os.timerfd_create` exists only from Python 3.13 on."""

    _NONBLOCK, _CLOEXEC, _ABSOLUTE = 0o4000, 0o2000000, 1

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        library = ctypes.CDLL(None, use_errno=True)
        # Kept ready, since a mirror that plays a network sets its alarm for each answer.
        self._set = library.timerfd_settime
        self._spec = _TimerSpec()
        self._spec_at = ctypes.byref(self._spec)
        self._file = library.timerfd_create(time.CLOCK_MONOTONIC, self._NONBLOCK | self._CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "the system refuses to create a timer")
        loop.add_reader(self._file, self._on_ring)

    def set(self, due: float) -> None:
        """Ring at this time, and forget any time set before."""
        # Rounded up, so that it never rings too early; a time of 0 would stop the timer instead.
        ns = max(1, int(due * 1e9) + 1)
        # The interval stays 0, so it rings once.
        self._spec.s, self._spec.ns = divmod(ns, 1_000_000_000)
        self._set(self._file, self._ABSOLUTE, self._spec_at, None)

    def _on_ring(self) -> None:
        try:
            os.read(self._file, 8)
        except BlockingIOError:  # it was set again after it had rung
            return
        self._ring()

    def close(self) -> None:
        """Stop ringing."""
        if self._file >= 0:
            # Before it is closed: afterwards its number may be that of another file.
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = -1


Alarm = KernelAlarm | LoopAlarm
