"""A few workers that share a queue of addresses: memory that does not grow with the pages.

Watch: there are `concurrency` tasks however large the site is; what grows is the set of addresses
that were seen. Items are handed on as they are found, and workers wait when nobody takes them.
Compare with: `aiohttp_gather.py`, which has a task per known page and returns all items at the end.
Model: event loop, workers. HTTP: 1.1.
"""

import asyncio

import aiohttp

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Yield a site's items, found by `concurrency` workers with one session."""
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

        async def fetch(url):
            async with session.request(site.method, url, json=site.payload(url)) as response:
                response.raise_for_status()
                return site.read(str(response.url), await response.read())

        async def work():
            while True:
                url = await front.get()
                try:
                    page = await fetch(url)
                except Exception as error:
                    page = error
                await pages.put(page)

        front, pages, seen, read = asyncio.Queue(), asyncio.Queue(concurrency), {site.start}, 0
        front.put_nowait(site.start)
        workers = [asyncio.create_task(work()) for _ in range(concurrency)]
        try:
            while read < len(seen):
                page, read = await pages.get(), read + 1
                if isinstance(page, Exception):
                    raise page
                links = [link for link in dict.fromkeys(page.links) if link not in seen]
                seen.update(links)
                for link in links:
                    front.put_nowait(link)
                for item in page.items:
                    yield item
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
