"""All known pages at once, with `asyncio.gather` and httpx.

Watch: httpx gives up after 5 seconds, also those in line for a connection. A thousand connections
over a slow line take longer: it has 20, and in line there is no end. Its pool looks through the
whole line for each page.
Compare with: `aiohttp_gather.py`, the same with aiohttp, and `httpx_async_http2.py`.
Model: event loop. HTTP: 1.1.
"""

import asyncio

import httpx

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `httpx.AsyncClient` and at most `concurrency` connections."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    timeout = httpx.Timeout(20, pool=None)  # 5 by default, also in line for a connection
    options = {"headers": HEADERS, "limits": limits, "timeout": timeout, "trust_env": False}
    async with httpx.AsyncClient(verify=site.tls, **options) as client:

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
