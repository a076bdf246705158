"""Batches of pages for the workers of a Dask cluster, each with a session and a loop as here.

Watch: `CRAWLBENCH_DASK` names a scheduler; else two processes start and end inside the clock.
Compare with: `processes_aiohttp.py`, one machine. Model: loops in a cluster. HTTP: 1.1.
"""

import asyncio
import os
from contextlib import suppress
from ssl import create_default_context

import aiohttp
import cloudpickle
import distributed

HEADERS, SHARE, MAX_PAGES, WAIT_S = {"Accept-Encoding": "gzip"}, {"crawlbench": 1}, 20, 300
OWN = {"n_workers": 2, "resources": SHARE, "dashboard_address": "127.0.0.1:0"}


async def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` connections; frontier and seen pages stay here."""
    make_loop, read, ca = type(asyncio.get_running_loop()), None, site.ca_file
    method, payload = site.method, site.payload
    with suppress(Exception):  # else pages are read here, as lxml's XPaths do not pickle
        read = cloudpickle.loads(cloudpickle.dumps(site.read))

    async def fetch(session, url):
        async with session.request(method, url, json=payload(url)) as response:
            if response.status >= 400:  # as aiohttp's own error does not pickle
                raise aiohttp.ClientError(f"{url} answered {response.status}")
            url, body = str(response.url), await response.read()
        return url, read(url, body) if read else body

    async def fetch_all(urls, limit):
        pool = aiohttp.TCPConnector(limit=limit, ssl=not ca or create_default_context(cafile=ca))
        async with aiohttp.ClientSession(connector=pool, headers=HEADERS) as session:
            return await asyncio.gather(*[fetch(session, url) for url in urls])

    def work(urls, limit):
        with asyncio.Runner(loop_factory=make_loop) as runner:
            return runner.run(fetch_all(urls, limit))

    address = os.environ.get("CRAWLBENCH_DASK")
    async with distributed.Client(address, asynchronous=True, **({} if address else OWN)) as client:
        found = (await client.scheduler.identity())["workers"].values()
        count = sum("crawlbench" in worker["resources"] for worker in found)
        limits = [len(range(n, concurrency, count)) for n in range(min(count, concurrency))]
        items, seen, front, running = [], {site.start}, [site.start], {}
        while front or running:
            while front and limits:
                size = min(-(-len(front) // len(limits)), MAX_PAGES * limits[-1])
                args, front = (front[:size], limits.pop()), front[size:]
                running[client.submit(work, *args, pure=False, resources=SHARE)] = args[1]
            try:  # it comes also if its worker was lost, but not without any worker
                future = await asyncio.wait_for(anext(distributed.as_completed(running)), WAIT_S)
            except (TimeoutError, StopAsyncIteration):
                raise RuntimeError(f"no worker with crawlbench=1 at {address} answers") from None
            limits.append(running.pop(future))
            for url, found in await future:
                page = found if read else site.read(url, found)
                items += page.items
                front += (links := [x for x in dict.fromkeys(page.links) if x not in seen])
                seen.update(links)
        return items
