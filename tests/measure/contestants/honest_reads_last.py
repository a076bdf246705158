"""Has a pool of threads read what it fetched, which ends with the crawl."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import aiohttp


async def crawl(site, concurrency):
    loop, items, seen, front = asyncio.get_running_loop(), [], {site.start}, [site.start]
    connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
    headers = {"Accept-Encoding": "gzip"}
    with ThreadPoolExecutor(2) as pool:
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def fetch(url):
                async with session.get(url) as response:
                    response.raise_for_status()
                    return url, await response.read()

            while front:
                bodies = await asyncio.gather(*map(fetch, front))
                reading = [loop.run_in_executor(pool, site.read, *one) for one in bodies]
                pages = await asyncio.gather(*reading)
                items += [item for page in pages for item in page.items]
                links = dict.fromkeys(link for page in pages for link in page.links)
                front = [link for link in links if link not in seen]
                seen.update(front)
    return items
