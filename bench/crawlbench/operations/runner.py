"""Runs one operation on one event loop (floor 2).

The clock starts inside the loop, once what stands `around` the operation exists. Errors in
callbacks count: a loop that reports one to its exception handler has not done its work.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawlbench.base.stopwatch import Stopwatch, Timing
from crawlbench.operations.contract import Figures, Operation, OperationWrong, Peer, check

if TYPE_CHECKING:
    from crawlbench.plugins.loops.factory import LoopFactory


@dataclass(frozen=True, slots=True)
class OperationResult:
    """How long one call of an operation took."""

    timing: Timing
    """For all calls; divide by `loops * n` for one of what the operation counts."""
    figures: Figures
    """What the last call measured besides its time; empty for most operations."""


def run_operation(
    operation: Operation,
    loop_factory: LoopFactory,
    peer: Peer | None = None,
    *,
    n: int = 0,
    loops: int = 1,
) -> OperationResult:
    """Run an operation on a new event loop.

    Args:
        operation: what to do.
        loop_factory: makes the loop.
        peer: where the operation's peer listens; None if it needs none.
        n: the operation's own unless given.
        loops: calls within the clock, as pyperf's.

    Raises:
        OperationWrong: the loop did something else.
        Exception: whatever else the loop raises.
    """
    arguments: tuple[Any, ...] = (n or operation.n,)
    if operation.is_plain:
        return _run_plain(operation, (*arguments, loop_factory), loops)
    if operation.peer != "none":
        arguments = (*arguments, peer)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(_timed(operation, arguments, peer, loops))


def _run_plain(operation: Operation, arguments: tuple[Any, ...], loops: int) -> OperationResult:
    watch = Stopwatch()
    for _ in range(loops):
        figures = operation.run(*arguments)
    return OperationResult(watch.stop(), figures or {})


async def _timed(
    operation: Operation, arguments: tuple[Any, ...], peer: Peer | None, loops: int
) -> OperationResult:
    heard: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    async with AsyncExitStack() as stack:
        if operation.around:
            assert peer
            await stack.enter_async_context(operation.around(peer))
        watch = Stopwatch()
        for _ in range(loops):
            figures = await operation.run(*arguments)
        # Within the stack: taking down what stands around is no part of the operation.
        timing = watch.stop()
        await _check_turns()
    if heard:
        error = heard[0].get("exception") or heard[0].get("message")
        raise OperationWrong(f"the loop reported to its exception handler: {error!r}")
    return OperationResult(timing, figures or {})


async def _check_turns() -> None:
    """See that callbacks run in a later turn, and that `sleep(0)` waits for one.

    All operations rely on it, and few would notice: a loop that runs callbacks at once, or lets a
    task go on that gives way, does less than the others in the same operation.
    """
    ran: list[int] = []
    asyncio.get_running_loop().call_soon(ran.append, 1)
    check("callbacks run in the turn that asked for them", len(ran), 0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # as in `call_soon`
    check("callbacks run after a turn", len(ran), 1)
