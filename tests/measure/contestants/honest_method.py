"""Is a method, async, of an object with settings."""

import asyncio
from dataclasses import dataclass

import aiohttp


@dataclass
class Crawler:
    coding: str = "gzip"

    async def crawl(self, site, concurrency):
        items, seen, front = set(), {site.start}, asyncio.Queue()
        front.put_nowait(site.start)
        connector = aiohttp.TCPConnector(limit=concurrency, ssl=site.tls)
        headers = {"Accept-Encoding": self.coding}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def work():
                while True:
                    url = await front.get()
                    async with session.get(url) as response:
                        response.raise_for_status()
                        page = site.read(url, await response.read())
                    items.update(page.items)
                    for link in page.links:
                        if link not in seen:
                            seen.add(link)
                            front.put_nowait(link)
                    front.task_done()

            workers = [asyncio.create_task(work()) for _ in range(concurrency)]
            await front.join()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return items


crawl = Crawler().crawl
