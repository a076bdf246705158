"""Has an executor of its own as its event loop's default, and leaves its end to the loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from walking import crawl_plainly


async def crawl(site, concurrency):
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(2))
    return await asyncio.to_thread(crawl_plainly, site)
