"""Fetching in one process, parsing in others, which share no lock.

Watch: bodies go to the parsers and items come back by pickle, which may cost what it spares. The
parsers are forked before the first fetch, as a reader need not pickle then (and not on Windows):
they find it on `crawl`. On one CPU there is nothing to gain.
Compare with: `aiohttp_parse_threads.py`, where pages are handed over for nothing.
Model: event loop, processes for parsing. HTTP: 1.1.
"""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from operator import methodcaller

import aiohttp

HEADERS = {"Accept-Encoding": "gzip"}
PARSERS = 2  # processes


async def crawl(site, concurrency):
    """Crawl a site with one session of `concurrency` connections and a pool of processes."""
    loop = asyncio.get_running_loop()
    crawl.read = site.read
    with ProcessPoolExecutor(PARSERS, multiprocessing.get_context("fork")) as pool:
        pool.submit(int)  # forks now, before there are connections to inherit
        connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
        async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

            async def fetch(url):
                async with session.request(site.method, url, json=site.payload(url)) as response:
                    response.raise_for_status()
                    read = methodcaller("read", str(response.url), await response.read())
                return await loop.run_in_executor(pool, read, crawl)

            items, seen, front = [], {site.start}, [site.start]
            while front:
                pages = await asyncio.gather(*[fetch(url) for url in front])
                items += [item for page in pages for item in page.items]
                links = [link for page in pages for link in page.links]
                front = [link for link in dict.fromkeys(links) if link not in seen]
                seen.update(front)
            return items
