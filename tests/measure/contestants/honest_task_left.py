"""Leaves a task that sleeps; its event loop ends it."""

import asyncio

import aiohttp


async def crawl(site, concurrency):
    crawl.timer = asyncio.ensure_future(asyncio.sleep(60))
    items, seen, front = [], {site.start}, [site.start]
    headers = {"Accept-Encoding": "gzip"}
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        while front:
            async with session.get(front.pop()) as response:
                response.raise_for_status()
                page = site.read(str(response.url), await response.read())
            items += page.items
            front += (links := [link for link in dict.fromkeys(page.links) if link not in seen])
            seen.update(links)
    return items
