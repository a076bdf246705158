"""Waits for something asynchronous, even where an event loop is already running (floor 5)."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

__all__ = ["wait_for"]


def wait_for(begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what a coroutine returns; Ctrl-C cancels it.

    A notebook's cells run inside an event loop, which cannot run another. There the coroutine gets
    a thread with an event loop of its own, and the caller's waits meanwhile, as it does for any
    call.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(begin())
    return _wait_aside(begin)


def _wait_aside(begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    started: Future[Callable[[], object]] = Future()
    outcome: Future[T] = Future()

    async def carry_out() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task
        started.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        return await begin()

    def work() -> None:
        try:
            outcome.set_result(asyncio.run(carry_out()))
        except BaseException as error:  # raised again in the thread that waits
            outcome.set_exception(error)

    thread = threading.Thread(target=work, name="crawlbench-session")
    try:
        thread.start()  # Ctrl-C may come while it waits for the thread to start
        return outcome.result()
    except KeyboardInterrupt:
        if not outcome.done():
            started.result()()
            return outcome.result()
        raise
    finally:
        thread.join()
