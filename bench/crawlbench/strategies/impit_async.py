"""All known pages at once, with `asyncio.gather` and impit: Rust behind the interface of httpx.

Watch: Rust fetches in threads of its own, and wakes the event loop for each page. It bounds neither
connections nor requests, so a semaphore does. It speaks HTTP/1.1 unless it poses as a browser, and
encodes no JSON. It takes no authority: what the environment's SSL_CERT_FILE names is trusted.
Compare with: `httpx_async.py`, whose interface it has, and `primp_async.py`, on the same Rust.
Model: event loop, threads of Rust. HTTP: 1.1.
"""

import asyncio

import impit

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `impit.AsyncClient` and at most `concurrency` requests in flight."""
    limit = asyncio.Semaphore(concurrency)
    headers = HEADERS | site.headers
    async with impit.AsyncClient(headers=headers) as client:

        async def fetch(url):
            async with limit:
                response = await client.request(site.method, url, content=site.body(url))
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
