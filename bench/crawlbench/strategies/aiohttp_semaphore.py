"""All known pages at once, and a semaphore that lets some of them through.

Watch: tuned, as tasks wait for the semaphore and not within the connector, whose own queue was
slower in the past (aiohttp's issue 1821). There is still a task for every known page.
Compare with: `aiohttp_gather.py`, which leaves the limit to the connector.
Model: event loop. HTTP: 1.1.
"""

import asyncio

import aiohttp

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one session and at most `concurrency` fetches at once."""
    limit = asyncio.Semaphore(concurrency)
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

        async def fetch(url):
            async with limit:
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
