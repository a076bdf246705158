"""Limits itself by a semaphore, tells its tasks what to do by context, and would ask again."""

import asyncio
import contextvars

import aiohttp

fetching = contextvars.ContextVar("fetching", default="")


def again(function):
    async def wrapper(*arguments):
        for _ in range(2):
            try:
                return await function(*arguments)
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)
        return await function(*arguments)

    return wrapper


async def crawl(site, concurrency):
    items, seen, allowed = [], {site.start}, asyncio.Semaphore(concurrency)
    headers = {"Accept-Encoding": "gzip"}
    connector = aiohttp.TCPConnector(limit=0, ssl=site.tls)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        @again
        async def fetch(url):
            async with allowed, session.get(url) as response:
                response.raise_for_status()
                return await response.read()

        async def visit(url):
            fetching.set(url)
            page = site.read(url, await fetch(url))
            assert fetching.get() == url
            items.extend(page.items)
            links = [link for link in dict.fromkeys(page.links) if link not in seen]
            seen.update(links)
            await asyncio.gather(*map(visit, links))

        await visit(site.start)
    return items
