"""All known pages at once in a nursery of trio, with httpx.

Watch: trio is an event loop of its own, so this is a plain function and takes no loop of asyncio's.
No task outlives its nursery; when one fails the rest is cancelled, and an `ExceptionGroup` raised.
Compare with: `httpx_anyio.py` and `httpx_async.py`, the same on asyncio, and
`aiohttp_taskgroup.py`, which follows each link at once.
Model: event loop of trio. HTTP: 1.1.
"""

import httpx
import trio

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with one `httpx.AsyncClient` and at most `concurrency` connections."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    timeout = httpx.Timeout(20, pool=None)  # 5 by default, also in line for a connection
    options = {"headers": HEADERS, "limits": limits, "timeout": timeout, "trust_env": False}

    async def main():
        async with httpx.AsyncClient(verify=site.tls, **options) as client:

            async def fetch(url):
                response = await client.request(site.method, url, json=site.payload(url))
                response.raise_for_status()
                return site.read(str(response.url), response.content)

            async def keep(pages, number, url):
                pages[number] = await fetch(url)

            items, seen, front = [], {site.start}, [site.start]
            while front:
                pages = [None] * len(front)
                async with trio.open_nursery() as nursery:
                    for number, url in enumerate(front):
                        nursery.start_soon(keep, pages, number, url)
                items += [item for page in pages for item in page.items]
                links = [link for page in pages for link in page.links]
                front = [link for link in dict.fromkeys(links) if link not in seen]
                seen.update(front)
            return items

    return trio.run(main)
