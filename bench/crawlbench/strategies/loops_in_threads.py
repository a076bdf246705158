"""Several event loops, each in a thread of its own, that share the pages among them.

Watch: with the global interpreter lock one loop runs at a time, so this costs more than one loop
does; on a free-threaded Python each has a CPU. There are as many loops as CPUs allowed, all of the
kind that runs here. A round's pages are dealt out beforehand, so a slow share holds up the rest.
Compare with: `aiohttp_gather.py`, one loop, and `processes_aiohttp.py`, which needs no such Python.
Model: event loops in threads. HTTP: 1.1.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import aiohttp

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` connections, dealt out to the loops."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limits = [len(range(n, concurrency, cpus)) for n in range(min(cpus, concurrency))]
    here = asyncio.get_running_loop()
    runners = [asyncio.Runner(loop_factory=type(here)) for _ in limits]

    async def open_session(limit):
        connector = aiohttp.TCPConnector(limit=limit, ssl=site.tls)
        return aiohttp.ClientSession(connector=connector, headers=HEADERS)

    async def fetch_all(session, urls):
        async def fetch(url):
            async with session.request(site.method, url, json=site.payload(url)) as response:
                response.raise_for_status()
                return site.read(str(response.url), await response.read())

        return await asyncio.gather(*[fetch(url) for url in urls])

    with ExitStack() as threads:
        pools = [threads.enter_context(ThreadPoolExecutor(1)) for _ in limits]

        async def run(coroutines):
            calls = zip(pools, runners, coroutines, strict=True)
            return await asyncio.gather(*[here.run_in_executor(p, r.run, c) for p, r, c in calls])

        sessions = await run([open_session(limit) for limit in limits])
        try:
            items, seen, front = [], {site.start}, [site.start]
            while front:
                shares = [front[n :: len(limits)] for n in range(len(limits))]
                read = await run(map(fetch_all, sessions, shares))
                pages = [page for share in read for page in share]
                items += [item for page in pages for item in page.items]
                links = [link for page in pages for link in page.links]
                front = [link for link in dict.fromkeys(links) if link not in seen]
                seen.update(front)
            return items
        finally:
            await run([session.close() for session in sessions])
            for pool, runner in zip(pools, runners, strict=True):
                await here.run_in_executor(pool, runner.close)
