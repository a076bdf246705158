"""Locks, events and queues, as a bounded crawler uses them (floor 2)."""

from __future__ import annotations

import asyncio

from crawlbench.operations.contract import Theme, check

THEME = Theme("synchronisation")
WORKERS = 10
"""Tasks that compete."""


def _shares(n: int) -> list[int]:
    """Return how much of `n` each worker does."""
    return [n // WORKERS + (worker < n % WORKERS) for worker in range(WORKERS)]


async def _compete(guard: asyncio.Lock | asyncio.Semaphore, n: int) -> tuple[int, int]:
    """Let ten tasks go through a guard, and return how often, and how many were within at most."""
    inside = most = taken = 0

    async def work(share: int) -> None:
        nonlocal inside, most, taken
        for _ in range(share):
            async with guard:
                inside += 1
                most = max(most, inside)
                # The others have a turn meanwhile, and come in if the guard lets them.
                await asyncio.sleep(0)
                inside -= 1
                taken += 1

    await asyncio.gather(*map(work, _shares(n)))
    return taken, most


@THEME.operation(counts="acquisitions", n=2_000)
async def lock(n: int) -> None:
    """Ten tasks take turns with a lock; never two within."""
    check("acquisitions and most at once", await _compete(asyncio.Lock(), n), (n, 1))


@THEME.operation(counts="acquisitions", n=2_000)
async def semaphore(n: int) -> None:
    """Ten tasks and a bounded semaphore of three; never four within."""
    taken, most = await _compete(asyncio.BoundedSemaphore(3), n)
    check("acquisitions", taken, n)
    check("most at once is at most 3", most <= 3, True)


@THEME.operation(counts="signals", n=2_000)
async def event(n: int) -> None:
    """Two tasks that wake each other by events."""
    ping, pong, order = asyncio.Event(), asyncio.Event(), []

    async def answer() -> None:
        for number in range(n):
            await ping.wait()
            ping.clear()
            order.append(number)
            pong.set()

    answering = asyncio.create_task(answer())
    for number in range(n):
        ping.set()
        await pong.wait()
        pong.clear()
        check("answers so far", len(order), number + 1)
    await answering
    check("answers, in order", order, list(range(n)))


@THEME.operation(counts="wake-ups", n=600)
async def condition(n: int) -> None:
    """Ten tasks wait on a condition for their number to be called."""
    changed, called, woken = asyncio.Condition(), 0, []

    async def wait(first: int) -> None:
        for number in range(first, n, WORKERS):
            async with changed:
                while called <= number:
                    await changed.wait()
                woken.append(number)

    waiting = [asyncio.create_task(wait(first)) for first in range(WORKERS)]
    while called < n:
        async with changed:
            called += 1
            changed.notify_all()
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    check("numbers woken", sorted(woken), list(range(n)))


@THEME.operation(counts="meetings", n=300)
async def barrier(n: int) -> None:
    """Ten tasks that meet at a barrier; none runs ahead."""
    gate = asyncio.Barrier(WORKERS)
    order: list[int] = []

    async def work() -> None:
        for meeting in range(n):
            order.append(meeting)
            await gate.wait()

    await asyncio.gather(*[work() for _ in range(WORKERS)])
    check("arrivals", order, [meeting for meeting in range(n) for _ in range(WORKERS)])


@THEME.operation(counts="items", n=2_000)
async def queue(n: int) -> None:
    """A queue of at most ten between a producer and a consumer; the order stays."""
    items: asyncio.Queue[int] = asyncio.Queue(10)

    async def produce() -> None:
        for number in range(n):
            await items.put(number)

    producing = asyncio.create_task(produce())
    check("items, in order", [await items.get() for _ in range(n)], list(range(n)))
    await producing


@THEME.operation(counts="items", n=2_000)
async def priority_queue(n: int) -> None:
    """A priority queue that gives the smallest of what is in it."""
    items: asyncio.PriorityQueue[int] = asyncio.PriorityQueue()
    for number in range(n):
        items.put_nowait(number * 7_919 % n)
        if number % 100 == 0:
            await asyncio.sleep(0)
    got = [await items.get() for _ in range(n)]
    check("items, smallest first", got, sorted(number * 7_919 % n for number in range(n)))


@THEME.operation(counts="pages", n=3_000)
async def queue_workers(n: int) -> None:
    """A bounded crawler: ten workers, a queue, `task_done` and `join`; pages lead to pages."""
    front: asyncio.Queue[int] = asyncio.Queue()
    seen = {0}
    done: list[int] = []

    async def work() -> None:
        while True:
            page = await front.get()
            await asyncio.sleep(0)  # the fetch
            # Two pages that are new and one that was seen, as on a site.
            for link in (2 * page + 1, 2 * page + 2, page // 2):
                if link < n and link not in seen:
                    seen.add(link)
                    front.put_nowait(link)
            done.append(page)
            # Only after its links are in the queue, or `join` could end before they are crawled.
            front.task_done()

    front.put_nowait(0)
    workers = [asyncio.create_task(work()) for _ in range(WORKERS)]
    await front.join()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    check("pages, each once", sorted(done), list(range(n)))
    check("workers cancelled", sum(worker.cancelled() for worker in workers), WORKERS)
