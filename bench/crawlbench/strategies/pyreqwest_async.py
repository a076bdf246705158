"""All known pages at once, with `asyncio.gather` and pyreqwest: Rust's reqwest.

Watch: Rust fetches in a thread of its own, which the process keeps, and wakes the event loop for
each page. `max_connections` bounds the requests in flight. A response does not tell its address.
Its body is a buffer of Rust's, which parsers read without a copy where they can.
Compare with: `primp_async.py`, the same Rust under another API, and `aiohttp_gather.py`.
Model: event loop, a thread of Rust. HTTP: 1.1.
"""

import asyncio
from pathlib import Path

from pyreqwest.client import ClientBuilder


async def crawl(site, concurrency):
    """Crawl a site with one `pyreqwest` client and at most `concurrency` requests in flight."""
    builder = ClientBuilder().max_connections(concurrency).error_for_status(True).no_proxy()
    if site.ca_file:
        builder = builder.add_root_certificate_pem(Path(site.ca_file).read_bytes())
    builder = builder.brotli(False).deflate(False).zstd(False)  # so that it accepts gzip alone
    async with builder.build() as client:

        async def fetch(url):
            request = client.request(site.method, url)
            if body := site.payload(url):
                request = request.body_json(body)
            response = await request.build().send()
            return site.read(url, await response.bytes())

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
