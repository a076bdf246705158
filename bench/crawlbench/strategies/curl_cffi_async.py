"""All known pages at once, with `asyncio.gather` and libcurl by way of curl_cffi.

Watch: libcurl does the work in C; for each page there is a handle to set up from Python. It keeps
10 handles unless one says otherwise. Over TLS it speaks HTTP/2 where it can.
Compare with: `aiohttp_gather.py`, where asyncio itself reads from the sockets.
Model: event loop. HTTP: 1.1, 2.
"""

import asyncio

from curl_cffi import AsyncSession


async def crawl(site, concurrency):
    """Crawl a site with one `AsyncSession` of at most `concurrency` handles."""
    coding = {"accept_encoding": "gzip"}
    options = {"verify": site.ca_file or True, "trust_env": False}
    async with AsyncSession(max_clients=concurrency, **options) as session:

        async def fetch(url):
            response = await session.request(site.method, url, json=site.payload(url), **coding)
            response.raise_for_status()
            return site.read(response.url, response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
