"""Waits for a coroutine from plain code, also where an event loop runs already (floor 5)."""

from __future__ import annotations

import asyncio
import signal
import threading
from concurrent import futures
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

T = TypeVar("T")

LOOK_EVERY_S = 0.2
"""A signal that comes just before a thread begins to wait for a lock does not wake it: Python looks
for signals again when that wait is over, so no wait is longer than this."""
BEGIN_S = 1.0
"""Seconds for a thread to begin, if its start was interrupted: after that it never will."""


def wait_for(begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what a coroutine returns; Ctrl-C cancels it.

    A notebook's cells run within an event loop, which cannot run another: there it gets a thread
    and an event loop of its own, and the caller's stands still meanwhile, as it does for any call.

    Raises:
        KeyboardInterrupt: Ctrl-C, unless the coroutine returns something all the same.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(begin())
    return _Aside(begin).wait()


class _Aside(Generic[T]):
    """A coroutine in a thread and an event loop of its own, for which the caller waits.

    As under `asyncio.run`, Ctrl-C raises nothing where it finds the caller, who might then lose the
    thread, but cancels the coroutine once; the wait goes on until that has ended.
    """

    def __init__(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._begin = begin
        self._outcome: futures.Future[T] = futures.Future()
        self._has_begun = threading.Event()
        self._is_interrupted = False
        self._cancel: Callable[[], object] | None = None
        """Cancels the coroutine; None before it can be."""

    def wait(self) -> T:
        """Begin, and return what the coroutine returns."""
        thread = threading.Thread(target=self._work, name="crawlbench-session")
        with self._hearing_interrupts():
            # start() waits for the thread, so a handler can raise within it as well.
            try:
                thread.start()
                self._join()
            except BaseException:  # raised by a handler of somebody else's
                self._interrupt()
                if self._has_begun.wait(BEGIN_S):
                    self._join()
                    thread.join()
                raise
            thread.join()
        try:
            return self._outcome.result()
        except asyncio.CancelledError:
            if self._is_interrupted:
                raise KeyboardInterrupt from None
            raise

    def _join(self) -> None:
        """Wait for the outcome.

        `Thread.join` would not do: it takes a thread to have ended if a signal's handler raises.
        """
        while not self._outcome.done():
            futures.wait([self._outcome], LOOK_EVERY_S)

    def _work(self) -> None:
        self._has_begun.set()
        try:
            self._outcome.set_result(asyncio.run(self._carry_out()))
        except BaseException as error:  # raised again where it is waited for
            self._outcome.set_exception(error)

    async def _carry_out(self) -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task
        # In this order, an interrupt in between cancels; the other way round it would be lost.
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self._is_interrupted:  # before there was anything to cancel
            raise asyncio.CancelledError
        return await self._begin()

    @contextmanager
    def _hearing_interrupts(self) -> Iterator[None]:
        """Replace Python's own handler of Ctrl-C during the block; anybody else's handler stays.

        Signals are handled in the main thread, so nothing has to be done in any other.
        """
        is_main = threading.current_thread() is threading.main_thread()
        if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, lambda *_: self._interrupt())
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _interrupt(self) -> None:
        """Cancel the coroutine, the first time."""
        if self._is_interrupted:
            return
        self._is_interrupted = True
        if self._cancel:
            with suppress(RuntimeError):  # its event loop is closed: it has just ended
                self._cancel()
