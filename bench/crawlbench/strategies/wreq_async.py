"""All known pages at once, with `asyncio.gather` and wreq: Rust that can pose as a browser.

Watch: Rust fetches in threads of its own, and wakes the event loop for each page. Its pool bounds
the connections that are kept, not the requests, so a semaphore does. It is held to HTTP/1.1; its
TLS is BoringSSL.
Compare with: `primp_async.py`, which can pose as a browser too, and `aiohttp_gather.py`.
Model: event loop, threads of Rust. HTTP: 1.1.
"""

import asyncio
from pathlib import Path

import wreq

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `wreq.Client` and at most `concurrency` requests in flight."""
    limit = asyncio.Semaphore(concurrency)
    options = {"headers": HEADERS, "http1_only": True, "no_proxy": True}
    options |= {"pool_max_idle_per_host": concurrency, "raise_for_status": True}
    trusted = Path(site.ca_file) if site.ca_file else True
    async with wreq.Client(tls_verify=trusted, **options) as client:
        method = getattr(wreq.Method, site.method)

        async def fetch(url):
            body = {"json": payload} if (payload := site.payload(url)) else {}
            async with limit, await client.request(method, url, **body) as response:
                return site.read(response.url, await response.bytes())

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
