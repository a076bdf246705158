"""Leaves the work of a task that it did not await to the end of its event loop."""

import asyncio
import time

from walking import crawl_plainly


async def work():
    try:
        await asyncio.sleep(60)
    finally:
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass


async def crawl(site, concurrency):
    crawl.task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    return crawl_plainly(site)
