"""Has one session for each event loop, and so for all crawls of a value."""

import asyncio

import aiohttp

sessions = {}


async def crawl(site, concurrency):
    loop = asyncio.get_running_loop()
    if loop not in sessions:
        sessions.clear()
        connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
        sessions[loop] = aiohttp.ClientSession(
            connector=connector, headers={"Accept-Encoding": "gzip"}
        )
    items, seen = [], {site.start}

    async def visit(url):
        async with sessions[loop].get(url) as response:
            response.raise_for_status()
            page = site.read(str(response.url), await response.read())
        items.extend(page.items)
        links = [link for link in dict.fromkeys(page.links) if link not in seen]
        seen.update(links)
        await asyncio.gather(*map(visit, links))

    await visit(site.start)
    return items
