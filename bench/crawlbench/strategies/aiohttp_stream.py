"""All known pages at once, each read in the pieces in which it comes, with aiohttp.

Watch: a body is never whole in memory, if the parser needs it not: none keeps length and checksum,
those of HTML gather it. That serves large bodies, such as those of `body-16m`.
Compare with: `aiohttp_gather.py`, the same with whole bodies, and `requests_stream.py`.
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
                page = site.stream(str(response.url))
                async for piece in response.content.iter_any():
                    page.feed(piece)
                return page.close()

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = await asyncio.gather(*[fetch(url) for url in front])
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
