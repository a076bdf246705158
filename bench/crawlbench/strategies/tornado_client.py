"""All known pages at once, with `asyncio.gather` and Tornado's own HTTP client.

Watch: `SimpleAsyncHTTPClient` opens a connection for every page and closes it after. It fetches 10
pages at a time unless one says otherwise; as those that wait within it give up after 20 seconds, a
semaphore keeps them outside.
Compare with: `tornado_curl.py`, which its documentation calls faster, and
`aiohttp_session_per_request.py`, which reuses no connection either.
Model: event loop. HTTP: 1.1.
"""

import asyncio
from contextlib import closing

from tornado.httpclient import AsyncHTTPClient

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `AsyncHTTPClient` and at most `concurrency` connections."""
    limit, headers = asyncio.Semaphore(concurrency), HEADERS | site.headers
    with closing(AsyncHTTPClient(force_instance=True, max_clients=concurrency)) as client:

        async def fetch(url):
            body = site.body(url)
            async with limit:
                response = await client.fetch(
                    url, method=site.method, body=body, headers=headers, ssl_options=site.tls
                )
            return site.read(response.effective_url, response.body)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
