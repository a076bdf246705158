"""All known pages at once, by the interface of httpx with aiohttp beneath it.

Watch: httpx makes requests and responses, aiohttp has the connections and the parser in C. What it
costs more than aiohttp alone is what httpx's interface costs.
Compare with: `httpx_async.py`, the same lines on httpx's own transport, and `aiohttp_gather.py`.
Model: event loop. HTTP: 1.1.
"""

import asyncio

import httpx
from httpx_aiohttp import HttpxAiohttpClient

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `HttpxAiohttpClient` and at most `concurrency` connections."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    timeout = httpx.Timeout(20, pool=None)  # 5 by default, also in line for a connection
    options = {"headers": HEADERS, "limits": limits, "timeout": timeout, "trust_env": False}
    async with HttpxAiohttpClient(verify=site.tls, **options) as client:

        async def fetch(url):
            response = await client.request(site.method, url, json=site.payload(url))
            response.raise_for_status()
            return site.read(str(response.url), response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
