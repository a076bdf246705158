"""A new session for every page: the form that many tutorials show.

Watch: each session has a pool of its own, so no connection is ever reused, and each fetch pays
for a session, a connector and, on a real network, a round trip before it can ask. aiohttp's
documentation calls that a "very bad" idea; it is here to show what it costs.
Compare with: `aiohttp_gather.py`, which opens one session for all.
Model: event loop. HTTP: 1.1.
"""

import asyncio

import aiohttp

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with a session per fetch and at most `concurrency` fetches at once."""
    limit = asyncio.Semaphore(concurrency)

    async def fetch(url):
        options = {"json": site.payload(url), "ssl": site.tls}
        async with limit, aiohttp.ClientSession(headers=HEADERS) as session:
            async with session.request(site.method, url, **options) as response:
                response.raise_for_status()
                return site.read(str(response.url), await response.read())

    items, seen, front = [], {site.start}, [site.start]
    while front:
        pages = await asyncio.gather(*[fetch(url) for url in front])
        items += [item for page in pages for item in page.items]
        links = [link for page in pages for link in page.links]
        front = [link for link in dict.fromkeys(links) if link not in seen]
        seen.update(front)
    return items
