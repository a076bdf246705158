"""Each page in a task of its own, started as soon as its link is seen."""

import asyncio

import aiohttp


async def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` connections."""
    items, seen = [], {site.start}
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    async with (
        aiohttp.ClientSession(connector=connector, headers={"Accept-Encoding": "gzip"}) as session,
        asyncio.TaskGroup() as group,
    ):

        async def visit(url):
            async with session.request(site.method, url, json=site.payload(url)) as response:
                response.raise_for_status()
                page = site.read(str(response.url), await response.read())
            items.extend(page.items)
            for link in page.links:
                if link not in seen:
                    seen.add(link)
                    group.create_task(visit(link))

        group.create_task(visit(site.start))
    return items
