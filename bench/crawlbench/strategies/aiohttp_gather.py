"""All known pages at once, in one thread, with `asyncio.gather`.

Watch: the limit of the connector, which is 100 unless one says otherwise, is what bounds the
requests in flight; the tasks beyond it wait within the client. One session serves them all, so
connections are kept and reused.
Compare with: `requests_serial.py` (the same lines without `await`) and
`aiohttp_session_per_request.py` (the same with the session in the wrong place).
Model: event loop. HTTP: 1.1.
"""

import asyncio

import aiohttp

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `aiohttp.ClientSession` and at most `concurrency` connections."""
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

        async def fetch(url):
            async with session.request(site.method, url, json=site.payload(url)) as response:
                response.raise_for_status()
                return site.read(str(response.url), await response.read())

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
