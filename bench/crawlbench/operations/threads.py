"""Threads beside the loop, and loops in threads (floor 2)."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING

from crawlbench.operations.contract import Theme, check

if TYPE_CHECKING:
    from crawlbench.plugins.loops.factory import LoopFactory

THEME = Theme("threads")
LOOPS = 4
"""Loops that run at once, each in a thread."""
JOIN_TIMEOUT_S = 30.0


async def _double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


@THEME.operation(counts="calls", n=400)
async def run_in_executor(n: int) -> None:
    """Calls in the loop's pool of threads, one after the other."""
    loop, here = asyncio.get_running_loop(), threading.get_ident()

    def work(number: int) -> tuple[int, bool]:
        return 2 * number, threading.get_ident() == here

    results = [await loop.run_in_executor(None, work, number) for number in range(n)]
    check("results, elsewhere", results, [(2 * number, False) for number in range(n)])


@THEME.operation(counts="calls", n=400)
async def to_thread(n: int) -> None:
    """`asyncio.to_thread`, ten calls at once; the context goes with each."""
    page = contextvars.ContextVar[int]("page")

    async def call(number: int) -> int:
        page.set(number)
        return await asyncio.to_thread(lambda: 2 * page.get())

    results: list[int] = []
    for start in range(0, n, 10):
        results += await asyncio.gather(*map(call, range(start, min(start + 10, n))))
    check("results", results, [2 * number for number in range(n)])


@THEME.operation(counts="round trips", n=400)
async def run_coroutine_threadsafe(n: int) -> None:
    """A thread asks the loop for results, which serves a gather meanwhile."""
    loop = asyncio.get_running_loop()

    def ask() -> list[int]:
        return [
            asyncio.run_coroutine_threadsafe(_double(number), loop).result(JOIN_TIMEOUT_S)
            for number in range(n)
        ]

    answers, *doubled = await asyncio.gather(asyncio.to_thread(ask), *map(_double, range(100)))
    check("answers to the thread", answers, [2 * number for number in range(n)])
    check("results of the gather", doubled, [2 * number for number in range(100)])


@THEME.operation(counts="round trips", n=400)
def loop_in_second_thread(n: int, loop_factory: LoopFactory) -> None:
    """A loop runs in a second thread, while the main thread's loop waits for its tasks."""
    second = loop_factory()
    thread = threading.Thread(target=second.run_forever)
    thread.start()

    async def ask(number: int) -> int:
        answer = asyncio.run_coroutine_threadsafe(_double(number), second)
        return await asyncio.wrap_future(answer)

    async def ask_all() -> list[int]:
        return [await ask(number) for number in range(n)]

    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            check("answers", runner.run(ask_all()), [2 * number for number in range(n)])
    finally:
        # The loop has to end in its own thread before it can be closed in this one.
        second.call_soon_threadsafe(second.stop)
        thread.join(JOIN_TIMEOUT_S)
        check("the second thread still runs", thread.is_alive(), False)
        second.close()


@THEME.operation(counts="tasks", n=1_600)
def loops_in_threads(n: int, loop_factory: LoopFactory) -> None:
    """Four loops in four threads, each with tasks of its own."""
    results: dict[int, list[int]] = {}

    async def work(numbers: range) -> list[int]:
        return [await asyncio.create_task(_double(number)) for number in numbers]

    def run(place: int) -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            results[place] = runner.run(work(range(place, n, LOOPS)))

    threads = [threading.Thread(target=run, args=(place,)) for place in range(LOOPS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place in range(LOOPS):
        due = [2 * number for number in range(place, n, LOOPS)]
        check(f"results of thread {place}", results.get(place), due)
