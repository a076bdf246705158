"""Coroutines, tasks and futures (floor 2)."""

from __future__ import annotations

import asyncio
import types
from functools import partial
from typing import TYPE_CHECKING, Any

from crawlbench.operations.contract import OperationWrong, Theme, check

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

THEME = Theme("tasks")


async def _double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


@THEME.operation(counts="chains", n=2_000)
async def coroutine_chain(n: int) -> None:
    """`compute` within `print_sum`, whose result the caller gets; each waits a turn."""

    async def compute(x: int, y: int) -> int:
        await asyncio.sleep(0)
        return x + y

    async def print_sum(x: int, y: int) -> str:
        return f"{x} + {y} = {await compute(x, y)}"

    printed = [await print_sum(number, 2) for number in range(n)]
    check("sums", printed, [f"{number} + 2 = {number + 2}" for number in range(n)])


@THEME.operation(counts="waits", n=2_000)
async def generator_awaitable(n: int) -> None:
    """The old `yield from` by `types.coroutine`: a generator that gives way once."""

    @types.coroutine
    def compute(number: int) -> Generator[Any, Any, int]:
        yield from asyncio.sleep(0).__await__()
        return number + 1

    total = 0
    for _ in range(n):
        total = await compute(total)
    check("total", total, n)


@THEME.operation(counts="items", n=2_000)
async def async_generator(n: int) -> None:
    """An asynchronous generator that waits a turn before each item."""

    async def pages() -> AsyncIterator[int]:
        for number in range(n):
            await asyncio.sleep(0)
            yield number

    check("items, in order", [number async for number in pages()], list(range(n)))


@THEME.operation(counts="tasks", n=2_000)
async def task_spawn(n: int) -> None:
    """Tasks that are all started, then awaited."""
    tasks = [asyncio.create_task(_double(number)) for number in range(n)]
    check("results", [await task for task in tasks], [2 * number for number in range(n)])


@THEME.operation(counts="tasks", n=2_000)
async def task_await(n: int) -> None:
    """One task after the other, each awaited before the next."""
    results = [await asyncio.create_task(_double(number)) for number in range(n)]
    check("results", results, [2 * number for number in range(n)])


def _require_eager(loop: asyncio.AbstractEventLoop) -> None:
    """Raise TypeError if a loop does not get on with Python's own factory of eager tasks.

    uvloop 0.23 hands it `eager_start`, which it takes from Python 3.13.3 on; none of the loop's
    tasks can be made then, and no coroutine may be left behind that nobody awaits.
    """
    first = asyncio.sleep(0)
    try:
        loop.create_task(first).cancel()
    except TypeError:
        first.close()
        raise


@THEME.operation(counts="tasks", n=2_000, python=(3, 12), refusals=(NotImplementedError, TypeError))
async def eager_tasks(n: int) -> None:
    """Tasks by `eager_task_factory` that end without a turn of the loop."""
    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()
    loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
    try:
        _require_eager(loop)

        async def ready(number: int) -> int:
            return number

        tasks = [loop.create_task(ready(number)) for number in range(n)]
        check("tasks done at once", sum(task.done() for task in tasks), n)
        check("results", [task.result() for task in tasks], list(range(n)))
    finally:
        # Else a loop that cannot make eager tasks could not be closed: `asyncio.Runner` makes a
        # task for it.
        loop.set_task_factory(before)


@THEME.operation(counts="tasks", n=2_000, python=(3, 14), refusals=(NotImplementedError, TypeError))
async def eager_start(n: int) -> None:
    """Tasks by `create_task(..., eager_start=True)` that end without a turn of the loop."""
    loop: Any = asyncio.get_running_loop()

    async def ready(number: int) -> int:
        return number

    tasks = [loop.create_task(ready(number), eager_start=True) for number in range(n)]
    check("tasks done at once", sum(task.done() for task in tasks), n)
    check("results", [task.result() for task in tasks], list(range(n)))


@THEME.operation(counts="tasks", n=2_000)
async def gather(n: int) -> None:
    """`asyncio.gather`, whose results keep the order."""
    results = await asyncio.gather(*map(_double, range(n)))
    check("results", results, [2 * number for number in range(n)])


@THEME.operation(counts="tasks", n=2_000)
async def task_group(n: int) -> None:
    """`asyncio.TaskGroup`, which waits for its tasks."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_double(number)) for number in range(n)]
    check("results", [task.result() for task in tasks], [2 * number for number in range(n)])


@THEME.operation(counts="groups", n=500)
async def task_group_fails(n: int) -> None:
    """A `TaskGroup` of three in which one raises, so that the others are cancelled."""
    cancelled = 0

    async def wait() -> None:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise

    async def fail() -> None:
        # The others must be waiting: a task that has not begun is cancelled without seeing it.
        await asyncio.sleep(0)
        raise LookupError

    for _ in range(n):
        try:
            async with asyncio.TaskGroup() as group:
                for coroutine in (wait(), wait(), fail()):
                    group.create_task(coroutine)
        except* LookupError:
            pass
    check("tasks cancelled", cancelled, 2 * n)


@THEME.operation(counts="tasks", n=2_000)
async def as_completed(n: int) -> None:
    """`asyncio.as_completed`, which gives each result once."""
    results = [await first for first in asyncio.as_completed(list(map(_double, range(n))))]
    check("results", sorted(results), [2 * number for number in range(n)])


@THEME.operation(counts="waits", n=1_000)
async def wait_first(n: int) -> None:
    """`asyncio.wait` for the first of two, of which one never ends."""
    never = asyncio.create_task(asyncio.Event().wait())
    for number in range(n):
        task = asyncio.create_task(_double(number))
        done, pending = await asyncio.wait({never, task}, return_when=asyncio.FIRST_COMPLETED)
        check("done and pending", (done, pending), ({task}, {never}))
    never.cancel()
    await asyncio.wait({never})


@THEME.operation(counts="waits", n=1_000)
async def wait_for(n: int) -> None:
    """`wait_for` something that ends in time."""
    results = [await asyncio.wait_for(_double(number), 60) for number in range(n)]
    check("results", results, [2 * number for number in range(n)])


@THEME.operation(counts="blocks", n=1_000)
async def timeout(n: int) -> None:
    """`asyncio.timeout` around something that ends in time."""
    results = []
    for number in range(n):
        async with asyncio.timeout(60):
            results.append(await _double(number))
    check("results", results, [2 * number for number in range(n)])


@THEME.operation(counts="tasks", n=1_000)
async def cancel_tasks(n: int) -> None:
    """Tasks that wait and are cancelled; each sees it."""
    seen = 0

    async def wait() -> None:
        nonlocal seen
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen += 1
            raise

    tasks = [asyncio.create_task(wait()) for _ in range(n)]
    # As above, all must have begun.
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    check("tasks that saw it", seen, n)
    check("tasks cancelled", sum(task.cancelled() for task in tasks), n)


@THEME.operation(counts="tasks", n=2_000)
async def shield(n: int) -> None:
    """`asyncio.shield`: the waiter is cancelled, what it waits for goes on."""
    for number in range(n):
        inner = asyncio.create_task(_double(number))
        outer = asyncio.shield(inner)
        outer.cancel()
        check("result of what was shielded", await inner, 2 * number)
        check("the waiter is cancelled", outer.cancelled(), True)


@THEME.operation(counts="futures", n=2_000)
async def futures(n: int) -> None:
    """Futures that callbacks fulfil, awaited in order."""
    loop = asyncio.get_running_loop()
    waiting = [loop.create_future() for _ in range(n)]
    for number, future in enumerate(waiting):
        loop.call_soon(future.set_result, number)
    check("results", [await future for future in waiting], list(range(n)))


@THEME.operation(counts="callbacks", n=2_000)
async def future_callbacks(n: int) -> None:
    """`add_done_callback`: all are called, in order, in a later turn."""
    future = asyncio.get_running_loop().create_future()
    called: list[int] = []

    def note(number: int, _: object) -> None:
        called.append(number)

    for number in range(n):
        future.add_done_callback(partial(note, number))
    future.set_result(None)
    if called:
        raise OperationWrong("a future called back before the next turn")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    check("callbacks, in order", called, list(range(n)))
