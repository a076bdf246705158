"""Reads on the first page how many there are, and counts on from there instead of following."""

import asyncio
import re

import aiohttp


async def crawl(site, concurrency):
    items = []
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    headers = {"Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def visit(url):
            async with session.get(url) as response:
                response.raise_for_status()
                page = site.read(url, await response.read())
            items.extend(page.items)
            return page

        first = await visit(site.start)
        last = max(int(re.search(r"start=(\d+)", link)[1]) for link in first.links)
        form = first.links[0].replace("start=25&", "start={}&")
        await asyncio.gather(*(visit(form.format(at)) for at in range(25, last + 1, 25)))
    return items
