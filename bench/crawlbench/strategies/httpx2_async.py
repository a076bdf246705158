"""All known pages at once, with `asyncio.gather` and httpx2, by which httpx is continued.

Watch: as with httpx, a timeout of 5 seconds also holds for those in line for a connection. Here it
is 20, and none in line, so that a thousand connections can be made. It is held to HTTP/1.1, its
default.
Compare with: `httpx_async.py`, the same lines with httpx, and `aiohttp_gather.py`.
Model: event loop. HTTP: 1.1.
"""

import asyncio

import httpx2

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `httpx2.AsyncClient` and at most `concurrency` connections."""
    limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    timeout = httpx2.Timeout(20, pool=None)  # 5 by default, also in line for a connection
    options = {"headers": HEADERS, "limits": limits, "timeout": timeout, "trust_env": False}
    async with httpx2.AsyncClient(verify=site.tls, **options) as client:

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
