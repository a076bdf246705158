"""All known pages at once, with `asyncio.gather` and aiosonic.

Watch: aiosonic is small, and its parser of HTTP is Python. A connector that one brings along is not
closed with the client. Redirects are not followed unless one asks for it.
Compare with: `aiohttp_gather.py`, the same with aiohttp, whose parser is C.
Model: event loop. HTTP: 1.1.
"""

import asyncio
from contextlib import AsyncExitStack

import aiosonic
from aiosonic.pools import PoolConfig

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `aiosonic.HTTPClient` and at most `concurrency` connections."""
    connector = aiosonic.TCPConnector(pool_configs={":default": PoolConfig(size=concurrency)})
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connector.cleanup)
        client = await stack.enter_async_context(aiosonic.HTTPClient(connector=connector))

        async def fetch(url):
            tls = site.tls if url.startswith("https:") else None  # else it would always be used
            body = site.payload(url)
            response = await client.request(url, site.method, json=body, headers=HEADERS, ssl=tls)
            response.raise_for_status()
            return site.read(response.url, await response.content())

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
