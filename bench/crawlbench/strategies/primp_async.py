"""All known pages at once, with `asyncio.gather` and primp: Rust's reqwest behind a small API.

Watch: Rust fetches in threads of its own, which the process keeps, and wakes the event loop for
each page. primp bounds neither connections nor requests, so a semaphore does. Over TLS it speaks
HTTP/2 where it can. A proxy that the environment names cannot be declined.
Compare with: `pyreqwest_async.py`, the same Rust under another API.
Model: event loop, threads of Rust. HTTP: 1.1, 2.
"""

import asyncio

import primp

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `primp.AsyncClient` and at most `concurrency` requests in flight."""
    limit = asyncio.Semaphore(concurrency)
    async with primp.AsyncClient(headers=HEADERS, ca_cert_file=site.ca_file) as client:

        async def fetch(url):
            async with limit:
                response = await client.request(site.method, url, json=site.payload(url))
                response.raise_for_status()
                body = await response.aread()  # `content` would hold up the event loop
            return site.read(response.url, body)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
