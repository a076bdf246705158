"""Callbacks and turns of the loop (floor 2)."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from crawlbench.operations.contract import Peer, Theme, check

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawlbench.plugins.loops.factory import LoopFactory

THEME = Theme("scheduling")
CANCELLED_DELAY_S = 60.0
"""Seconds of timers that never fire."""
IDLE = (250, 1_000)
"""Numbers of open connections that do nothing."""


@THEME.operation(counts="callbacks", n=8_000)
async def call_soon(n: int) -> None:
    """Callbacks without arguments, all asked for in one turn."""
    loop, ran = asyncio.get_running_loop(), [0]

    def count() -> None:
        ran[0] += 1

    for _ in range(n):
        loop.call_soon(count)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    check("callbacks run", ran[0], n)


@THEME.operation(counts="callbacks", n=8_000, needs_own=True)
async def call_soon_arguments(n: int) -> None:
    """Callbacks with arguments, all asked for in one turn, run in order."""
    loop = asyncio.get_running_loop()
    ran: list[tuple[int, str]] = []

    def note(number: int, word: str) -> None:
        ran.append((number, word))

    for number in range(n):
        loop.call_soon(note, number, "page")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    check("callbacks run, in order", ran, [(number, "page") for number in range(n)])


@THEME.operation(counts="turns", n=4_000)
async def call_soon_chain(n: int) -> None:
    """Callbacks that each ask for the next: a turn of the loop for every one."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    others = [0]

    def step(left: int) -> None:
        if left:
            loop.call_soon(step, left - 1)
        else:
            done.set_result(n)

    def beside(left: int) -> None:
        others[0] += 1
        if left:
            loop.call_soon(beside, left - 1)

    # A loop that ran one chain to its end before the other would show by this one.
    loop.call_soon(beside, n // 2)
    loop.call_soon(step, n)
    check("turns", await done, n)
    check("turns of the chain beside it", others[0], n // 2 + 1)


@THEME.operation(counts="turns", n=4_000)
async def sleep_zero(n: int) -> None:
    """A task that gives way with `sleep(0)`: a turn of the loop for every one."""
    loop, ran = asyncio.get_running_loop(), [0]

    def count() -> None:
        ran[0] += 1

    for turn in range(n):
        if turn % 100 == 0:  # a callback in a hundred turns shows that the loop turns at all
            loop.call_soon(count)
        await asyncio.sleep(0)
    check("callbacks run in these turns", ran[0], (n + 99) // 100)


@asynccontextmanager
async def idle_connections(peer: Peer, count: int) -> AsyncIterator[None]:
    """Hold this many connections to a peer that echoes; nothing is sent on them."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        for _ in range(count):
            transport, _ = await loop.create_connection(asyncio.Protocol, peer.host, peer.port)
            stack.callback(transport.close)
        yield
    # Their ends are only asked for: the next turn closes the sockets.
    await asyncio.sleep(0)


async def _sleep_zero_idle(n: int, _: Peer) -> None:
    await sleep_zero(n)


for _count in IDLE:
    THEME.add(
        _sleep_zero_idle,
        name=f"sleep-zero-idle-{_count}",
        about=f"The same while {_count:,} connections stand open",
        counts="turns",
        n=4_000,
        peer="echo",
        around=partial(idle_connections, count=_count),
        is_variant=_count != IDLE[0],
    )


@THEME.operation(counts="timers", n=4_000)
async def call_later_cancel(n: int) -> None:
    """Timers that are set and cancelled; none may fire."""
    loop = asyncio.get_running_loop()
    fired: list[int] = []
    handles = [loop.call_later(CANCELLED_DELAY_S, fired.append, number) for number in range(n)]
    for handle in handles:
        handle.cancel()
    await asyncio.sleep(0)
    check("timers cancelled", sum(handle.cancelled() for handle in handles), n)
    check("cancelled timers that fired", fired, [])


@THEME.operation(counts="callbacks", n=4_000)
async def call_soon_threadsafe(n: int) -> None:
    """Callbacks that another thread asks for, run in order and in the loop's thread."""
    loop = asyncio.get_running_loop()
    ran: list[tuple[int, int]] = []
    over = asyncio.Event()

    def note(number: int) -> None:
        ran.append((number, threading.get_ident()))

    def ask() -> None:
        for number in range(n):
            loop.call_soon_threadsafe(note, number)
        loop.call_soon_threadsafe(over.set)

    thread = threading.Thread(target=ask)
    thread.start()
    await over.wait()
    thread.join()
    here = threading.get_ident()
    check("callbacks run, in order, in the loop's thread", ran, [(k, here) for k in range(n)])


@THEME.operation(counts="loops", n=50, needs_own=True)
def loop_create_close(n: int, loop_factory: LoopFactory) -> None:
    """Loops that are made and closed; none of them runs."""
    for _ in range(n):
        loop = loop_factory()
        loop.close()
        check("closed", loop.is_closed(), True)


@THEME.operation(counts="calls", n=50, needs_own=True)
def asyncio_run(n: int, loop_factory: LoopFactory) -> None:
    """What `asyncio.run` does: a new loop, one coroutine, all cleaned up."""
    for number in range(n):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            loop = runner.get_loop()
            check("result", runner.run(asyncio.sleep(0, number)), number)
        check("closed", loop.is_closed(), True)
