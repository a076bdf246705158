"""Switches its event loop to debugging, with a handler and a factory of tasks of its own."""

import asyncio

import aiohttp


async def crawl(site, concurrency):
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    loop.set_exception_handler(lambda loop, context: None)
    loop.set_task_factory(lambda loop, coro, **options: asyncio.Task(coro, loop=loop, **options))
    items, seen, front = [], {site.start}, [site.start]
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    headers = {"Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        while front:
            async with session.get(front.pop()) as response:
                response.raise_for_status()
                page = site.read(str(response.url), await response.read())
            items += page.items
            front += (links := [link for link in dict.fromkeys(page.links) if link not in seen])
            seen.update(links)
    return items
