"""Yields its items on an event loop, and closes its session when it is closed itself."""

import asyncio
from contextlib import aclosing

import aiohttp


async def pages_of(site, concurrency):
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    session = aiohttp.ClientSession(connector=connector, headers={"Accept-Encoding": "gzip"})
    seen, front = {site.start}, [site.start]
    try:

        async def fetch(url):
            async with session.get(url) as response:
                response.raise_for_status()
                return site.read(url, await response.read())

        while front:
            pages = await asyncio.gather(*map(fetch, front[:concurrency]))
            links = dict.fromkeys(link for page in pages for link in page.links)
            front = front[concurrency:] + [link for link in links if link not in seen]
            seen.update(links)
            for page in pages:
                yield page
    finally:
        await session.close()


async def crawl(site, concurrency):
    async with aclosing(pages_of(site, concurrency)) as pages:
        async for page in pages:
            for item in page.items:
                yield item
