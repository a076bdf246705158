"""Is an object whose call is async, with a group of tasks and a semaphore of its own."""

import asyncio
import functools

import aiohttp


class Crawler:
    def __init__(self, coding):
        self.headers = {"Accept-Encoding": coding}

    async def __call__(self, site, concurrency):
        items, seen, allowed = [], {site.start}, asyncio.BoundedSemaphore(concurrency)
        connector = aiohttp.TCPConnector(limit=0, ssl=site.tls, ttl_dns_cache=300)
        async with (
            aiohttp.ClientSession(connector=connector, headers=self.headers) as session,
            asyncio.TaskGroup() as group,
        ):

            async def visit(url):
                async with allowed, asyncio.timeout(30), session.get(url) as response:
                    response.raise_for_status()
                    body = await response.read()
                page = site.read(url, body)
                items.extend(page.items)
                for link in page.links:
                    if link not in seen:
                        seen.add(link)
                        group.create_task(visit(link), name=link)

            group.create_task(visit(site.start))
        return items


crawl = functools.partial(Crawler("gzip"))
