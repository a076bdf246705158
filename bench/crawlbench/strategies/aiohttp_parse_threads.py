"""Fetching in one thread, parsing in others, so that a long page does not hold up the fetching.

Watch: parsers that let go of the global interpreter lock run beside the event loop, the rest takes
turns with it; each page is handed over twice. It is worth that where pages are large.
Compare with: `aiohttp_gather.py`, which parses in the event loop's thread, and
`aiohttp_parse_processes.py`, where no lock is shared.
Model: event loop, threads for parsing. HTTP: 1.1.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import aiohttp

HEADERS = {"Accept-Encoding": "gzip"}
PARSERS = 2  # threads


async def crawl(site, concurrency):
    """Crawl a site with one session of `concurrency` connections and a pool of threads."""
    loop = asyncio.get_running_loop()
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    with ThreadPoolExecutor(PARSERS) as pool:
        async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

            async def fetch(url):
                async with session.request(site.method, url, json=site.payload(url)) as response:
                    response.raise_for_status()
                    body = await response.read()
                return await loop.run_in_executor(pool, site.read, str(response.url), body)

            items, seen, front = [], {site.start}, [site.start]
            while front:
                pages = await asyncio.gather(*[fetch(url) for url in front])
                items += [item for page in pages for item in page.items]
                links = [link for page in pages for link in page.links]
                front = [link for link in dict.fromkeys(links) if link not in seen]
                seen.update(front)
            return items
