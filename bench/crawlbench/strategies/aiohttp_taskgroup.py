"""A task for every page, started as soon as its link is seen, in one `asyncio.TaskGroup`.

Watch: nothing waits for the slowest page of a round, as there are no rounds; each task starts those
of its links. When one fails the group cancels the rest, and raises an `ExceptionGroup`.
Compare with: `aiohttp_gather.py`, which goes by rounds, and `httpx_trio.py`, where groups of tasks
come from and which goes by rounds too.
Model: event loop. HTTP: 1.1.
"""

import asyncio

import aiohttp

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `aiohttp.ClientSession` and at most `concurrency` connections."""
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

        async def fetch(url):
            async with session.request(site.method, url, json=site.payload(url)) as response:
                response.raise_for_status()
                return site.read(str(response.url), await response.read())

        async def visit(url):
            page = await fetch(url)
            items.extend(page.items)
            links = [link for link in dict.fromkeys(page.links) if link not in seen]
            seen.update(links)
            for link in links:
                group.create_task(visit(link))

        items, seen = [], {site.start}
        async with asyncio.TaskGroup() as group:
            group.create_task(visit(site.start))
        return items
