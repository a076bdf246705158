"""Has names resolved and pages read in the threads of its event loop."""

import asyncio

import aiohttp


async def crawl(site, concurrency):
    loop, items, seen = asyncio.get_running_loop(), [], {site.start}
    resolver = aiohttp.ThreadedResolver()
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls, resolver=resolver)
    headers = {"Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def visit(url):
            await loop.getaddrinfo("localhost", 80)
            async with session.get(url) as response:
                response.raise_for_status()
                body = await response.read()
            page = await loop.run_in_executor(None, site.read, url, body)
            items.extend(page.items)
            links = [link for link in dict.fromkeys(page.links) if link not in seen]
            seen.update(links)
            await asyncio.gather(*map(visit, links))

        await visit(site.start)
    return items
