"""All known pages at once, with `asyncio.gather` and niquests.

Watch: niquests keeps 10 connections unless one says otherwise, and opens more than it keeps, so a
semaphore bounds them. Over TLS it speaks HTTP/2 where it can, one request at a time on each
connection.
Compare with: `niquests_async_http2.py`, where requests share a connection.
Model: event loop. HTTP: 1.1, 2, 3.
"""

import asyncio

import niquests

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `niquests.AsyncSession` and at most `concurrency` connections."""
    limit = asyncio.Semaphore(concurrency)
    options = {"headers": HEADERS, "verify": site.ca_file or True, "pool_maxsize": concurrency}
    options["revocation_configuration"] = None  # as the other clients
    async with niquests.AsyncSession(**options) as session:
        session.trust_env = False  # no proxies, no netrc

        async def fetch(url):
            async with limit:
                response = await session.request(site.method, url, json=site.payload(url))
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
