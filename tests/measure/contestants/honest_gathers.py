"""Waits until all of a wave has come before it reads any of it."""

import asyncio

import aiohttp


async def crawl(site, concurrency):
    items, seen, front = [], {site.start}, [site.start]
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    headers = {"Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def fetch(url):
            async with session.get(url) as response:
                response.raise_for_status()
                return url, await response.read()

        while front:
            pages = [site.read(*page) for page in await asyncio.gather(*map(fetch, front))]
            items += [item for page in pages for item in page.items]
            links = dict.fromkeys(link for page in pages for link in page.links)
            front = [link for link in links if link not in seen]
            seen.update(front)
    return items
