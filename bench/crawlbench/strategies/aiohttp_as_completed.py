"""All known pages at once, taken as they come, with `asyncio.as_completed`.

Watch: pages are at hand as soon as they have come, yet the next ones are asked for when all are
here, as with `gather`. That serves a program that shows or stores each page at once.
Compare with: `aiohttp_gather.py`, which takes them in the order in which they were asked for, and
`aiohttp_taskgroup.py`, which follows each link at once.
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
            coming = asyncio.as_completed([fetch(url) for url in front])
            pages = [await page for page in coming]
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
