"""All known pages at once over HTTP/2, with `asyncio.gather` and httpx2.

Watch: tuned, as httpx2 speaks HTTP/1.1 unless asked, and HTTP/2 only over TLS. Requests then share
a connection, so a semaphore bounds them. Its HTTP/2 is Python (the package h2).
Compare with: `httpx_async_http2.py`, the same lines with httpx, and `httpx2_async.py`.
Model: event loop. HTTP: 1.1, 2.
"""

import asyncio

import httpx2

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `httpx2.AsyncClient` and at most `concurrency` requests in flight."""
    limit = asyncio.Semaphore(concurrency)
    limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    timeout = httpx2.Timeout(20, pool=None)  # 5 by default, also in line for a connection
    options = {"headers": HEADERS, "limits": limits, "timeout": timeout, "trust_env": False}
    async with httpx2.AsyncClient(verify=site.tls, http2=True, **options) as client:

        async def fetch(url):
            async with limit:
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
