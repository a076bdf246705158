"""A master coroutine gathers workers and a thread that calls back into the loop."""

import asyncio
import time


async def fetch(page: int) -> str:
    print(f"loop: page {page} asked for")
    await asyncio.sleep(0.2)
    return f"page {page}"


def work_in_thread(loop: asyncio.AbstractEventLoop) -> str:
    time.sleep(0.5)  # blocks this thread, not the loop
    print("thread: slept, now it asks the loop")
    answer = asyncio.run_coroutine_threadsafe(fetch(3), loop)
    return f"{answer.result(timeout=5)} by way of the thread"


async def master() -> None:
    loop = asyncio.get_running_loop()
    results = await asyncio.gather(fetch(1), fetch(2), asyncio.to_thread(work_in_thread, loop))
    print(results)


asyncio.run(master())
