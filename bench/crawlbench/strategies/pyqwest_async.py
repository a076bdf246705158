"""All known pages at once, with `asyncio.gather` and pyqwest: Rust's reqwest.

Watch: Rust fetches in threads of its own, which the process keeps, and wakes the event loop for
each page. The transport keeps two idle connections per host unless told, and bounds none, so a
semaphore bounds the requests. A response does not tell its address.
Compare with: `pyreqwest_async.py` and `primp_async.py`, the same Rust under other APIs.
Model: event loop, threads of Rust. HTTP: 1.1.
"""

import asyncio
from pathlib import Path

from pyqwest import Client, HTTPTransport, HTTPVersion

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `pyqwest.Client` and at most `concurrency` requests in flight."""
    limit = asyncio.Semaphore(concurrency)
    trusted = Path(site.ca_file).read_bytes() if site.ca_file else None
    async with HTTPTransport(
        tls_ca_cert=trusted,
        tls_include_system_certs=trusted is None,
        http_version=HTTPVersion.HTTP1,
        pool_max_idle_per_host=concurrency,
        use_system_dns=True,
    ) as transport:
        client = Client(transport)
        headers = HEADERS | site.headers

        async def fetch(url):
            async with limit:
                response = await client.execute(site.method, url, headers, site.body(url))
            if response.status >= 400:
                raise OSError(f"{url} answered {response.status}")
            return site.read(url, response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
