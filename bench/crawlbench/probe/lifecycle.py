"""Tries what a loop promises from its start to its end (floor 3)."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from crawlbench.operations import OperationWrong, Theme
from crawlbench.operations.contract import check
from crawlbench.probe.verdicts import NotHere

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawlbench.operations import LoopFactory

THEME = Theme("lifecycle")
STARTS = "starts"
once = partial(THEME.operation, counts="tries", n=1)
"""Registers a probe that is tried once."""


@once()
async def starts(_: int) -> None:
    """A coroutine runs, and a callback beside it."""
    loop = asyncio.get_running_loop()
    ran: list[bool] = []
    loop.call_soon(ran.append, True)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    check("callbacks run", ran, [True])


@once()
def stop_and_go_on(_: int, loop_factory: LoopFactory) -> None:
    """`stop` ends `run_forever` after the turn; it can run again."""
    loop = loop_factory()
    ran: list[int] = []
    try:
        for number in range(2):
            loop.call_soon(loop.stop)
            loop.call_soon(ran.append, number)
            loop.run_forever()
            check("still running", loop.is_running(), False)
    finally:
        loop.close()
    check("callbacks of the turns", ran, [0, 1])


@once()
def closed_loop_refuses(_: int, loop_factory: LoopFactory) -> None:
    """A closed loop refuses callbacks and runs, and may be closed twice."""
    loop = loop_factory()
    loop.close()
    loop.close()
    for refused in (lambda: loop.call_soon(print), loop.run_forever):
        try:
            refused()
        except RuntimeError:
            continue
        raise OperationWrong("a closed loop took work")


@once()
async def nested_run_refused(_: int) -> None:
    """`run_until_complete` within a running loop raises RuntimeError."""
    loop = asyncio.get_running_loop()
    inner = loop.create_future()
    inner.set_result(None)
    try:
        loop.run_until_complete(inner)
    except RuntimeError:
        return
    raise OperationWrong("a loop ran within itself")


@once()
def shutdown_asyncgens(_: int, loop_factory: LoopFactory) -> None:
    """An asynchronous generator left half read is closed by `shutdown_asyncgens`."""
    closed, loop = [], loop_factory()

    async def pages() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            closed.append(True)

    half_read = pages()

    async def read_one() -> int:
        return await anext(half_read)

    try:
        check("first item", loop.run_until_complete(read_one()), 1)
        loop.run_until_complete(loop.shutdown_asyncgens())
        check("generators closed", closed, [True])
    finally:
        loop.close()


@once()
def shutdown_default_executor(_: int, loop_factory: LoopFactory) -> None:
    """`shutdown_default_executor` waits for the threads; afterwards none is taken."""
    loop, done = loop_factory(), []

    def work() -> None:
        time.sleep(0.05)
        done.append(True)

    async def leave_work() -> None:
        asyncio.get_running_loop().run_in_executor(None, work)

    try:
        loop.run_until_complete(leave_work())
        loop.run_until_complete(loop.shutdown_default_executor())
        check("work done before the end", done, [True])
    finally:
        loop.close()


@once()
def keyboard_interrupt(_: int, loop_factory: LoopFactory) -> None:
    """Ctrl-C under `asyncio.Runner` cancels the main task, then raises KeyboardInterrupt."""
    cancelled = []

    async def wait() -> None:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
        try:
            # Ends before the deadline: who swallows the signal is wrong, and does not hang.
            await asyncio.sleep(3)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(wait())
    except KeyboardInterrupt:
        check("main task cancelled", cancelled, [True])
    else:
        raise OperationWrong("no KeyboardInterrupt after Ctrl-C")


@once()
def system_exit(_: int, loop_factory: LoopFactory) -> None:
    """SystemExit in a callback leaves `run_forever` at once."""
    loop = loop_factory()

    def leave() -> None:
        raise SystemExit(3)

    loop.call_soon(leave)
    # As in `keyboard_interrupt`, for a loop that swallows it.
    loop.call_later(2, loop.stop)
    try:
        loop.run_forever()
    except SystemExit as error:
        check("exit code", error.code, 3)
    else:
        raise OperationWrong("SystemExit in a callback was swallowed")
    finally:
        loop.close()


@once()
def loop_outside_main_thread(_: int, loop_factory: LoopFactory) -> None:
    """A loop that is made and run in a thread."""
    results: list[int] = []

    def run() -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            results.append(runner.run(asyncio.sleep(0, 7)))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    check("results", results, [7])


@once()
async def clock(_: int) -> None:
    """`loop.time` counts seconds and never runs back; handles tell `when`."""
    loop = asyncio.get_running_loop()
    before, start = loop.time(), time.monotonic()
    handle = loop.call_later(60, print)
    check("a timer is due in 60 s", abs(handle.when() - before - 60) < 0.01, True)
    handle.cancel()
    await asyncio.sleep(0.02)
    passed, due = loop.time() - before, time.monotonic() - start
    check("seconds agree with time.monotonic", abs(passed - due) < 0.005, True)


@once()
def free_threading(_: int, loop_factory: LoopFactory) -> None:
    """On a free-threaded Python, the loop does not bring the lock back."""
    is_gil_enabled = getattr(sys, "_is_gil_enabled", None)
    # Python 3.13 and later have the function in every build, so it does not tell which build this
    # is.
    if is_gil_enabled is None or "free-threading" not in sys.version:
        raise NotHere("this Python is not free-threaded")
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(asyncio.sleep(0))
    if is_gil_enabled():
        raise OperationWrong("importing the loop enabled the global interpreter lock again")
