"""A process per CPU allowed, each with a session and an event loop of the kind that runs here.

Watch: needs `fork`, not on Windows. A slow share of a round's pages holds up all other processes.
Compare with: `loops_in_threads.py`, threads instead. Model: loops in processes. HTTP: 1.1.
"""

import asyncio
import os
from contextlib import ExitStack, suppress
from multiprocessing import get_context

import aiohttp

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` connections, dealt out to the processes."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    make_loop, fork, pipes = type(asyncio.get_running_loop()), get_context("fork"), []

    async def work(pipe, limit):
        connector = aiohttp.TCPConnector(limit=limit, ssl=site.tls)
        async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

            async def fetch(url):
                try:
                    call = site.method, url
                    async with session.request(*call, json=site.payload(url)) as response:
                        response.raise_for_status()
                        return site.read(str(response.url), await response.read())
                except aiohttp.ClientResponseError as error:  # which does not pickle
                    raise aiohttp.ClientError(str(error)) from None

            while True:
                pipe.send(await asyncio.gather(*map(fetch, pipe.recv()), return_exceptions=True))

    def run(pipe, n):
        for other in pipes:
            other.close()  # so that each ends when the caller's end does
        with suppress(EOFError, ConnectionError), asyncio.Runner(loop_factory=make_loop) as runner:
            runner.run(work(pipe, len(range(n, concurrency, cpus))))

    with ExitStack() as processes, ExitStack() as ends:
        for n in range(min(cpus, concurrency)):
            ours, theirs = fork.Pipe()
            pipes.append(ends.enter_context(ours))
            with theirs:
                process = fork.Process(target=run, args=(theirs, n), daemon=True)
                process.start()
            processes.callback(process.join)
        items, seen, front = [], {site.start}, [site.start]
        while front:
            for n, pipe in enumerate(pipes):
                pipe.send(front[n :: len(pipes)])
            pages = [page for pipe in pipes for page in pipe.recv()]
            if errors := [page for page in pages if isinstance(page, Exception)]:
                raise errors[0]
            items += [item for page in pages for item in page.items]
            front = list(dict.fromkeys(url for p in pages for url in p.links if url not in seen))
            seen.update(front)
        return items
