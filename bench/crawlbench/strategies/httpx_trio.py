"""A task for every page in a nursery of trio, with httpx.

Watch: trio is an event loop of its own, so this is a plain function and takes no loop of asyncio's.
No task outlives its nursery; when one fails the rest is cancelled, and an `ExceptionGroup` raised.
Compare with: `httpx_anyio.py` and `aiohttp_taskgroup.py`, the same on asyncio.
Model: event loop of trio. HTTP: 1.1.
"""

import httpx
import trio

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with one `httpx.AsyncClient` and at most `concurrency` connections."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    timeout = httpx.Timeout(5, pool=None)  # the default, but in line for a connection without end
    options = {"headers": HEADERS, "limits": limits, "timeout": timeout, "trust_env": False}
    items, seen = [], {site.start}

    async def main():
        async with httpx.AsyncClient(verify=site.tls or True, **options) as client:

            async def fetch(url):
                response = await client.get(url)
                response.raise_for_status()
                return site.read(str(response.url), response.content)

            async def visit(url):
                page = await fetch(url)
                items.extend(page.items)
                links = [link for link in dict.fromkeys(page.links) if link not in seen]
                seen.update(links)
                for link in links:
                    nursery.start_soon(visit, link)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(visit, site.start)

    trio.run(main)
    return items
