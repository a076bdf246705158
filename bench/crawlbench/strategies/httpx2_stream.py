"""All known pages at once, each read in the pieces in which it comes, with httpx2.

Watch: a body is never whole in memory, if the parser needs it not: none keeps length and checksum,
those of HTML gather it.
Compare with: `httpx2_async.py`, the same with whole bodies, and `aiohttp_stream.py`.
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
            async with client.stream(site.method, url, json=site.payload(url)) as response:
                response.raise_for_status()
                page = site.stream(str(response.url))
                async for piece in response.aiter_bytes():
                    page.feed(piece)
                return page.close()

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
