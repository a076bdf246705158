"""Yields its items as they come, on an event loop."""

import aiohttp


async def crawl(site, concurrency):
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    headers = {"Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        seen, front = {site.start}, [site.start]
        while front:
            async with session.get(front.pop()) as response:
                response.raise_for_status()
                page = site.read(str(response.url), await response.read())
            for item in page.items:
                yield item
            front += (links := [link for link in dict.fromkeys(page.links) if link not in seen])
            seen.update(links)
