"""A task for every page in a task group of anyio, on asyncio, with httpx.

Watch: the same lines run on trio, which is what anyio is for; here a coroutine of asyncio's loop
calls them. When one task fails the group cancels the rest, and raises an `ExceptionGroup`.
Compare with: `httpx_trio.py`, the same with trio's own words, and `aiohttp_taskgroup.py`, the same
with those of asyncio.
Model: event loop. HTTP: 1.1.
"""

import anyio
import httpx

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `httpx.AsyncClient` and at most `concurrency` connections."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    timeout = httpx.Timeout(5, pool=None)  # the default, but in line for a connection without end
    options = {"headers": HEADERS, "limits": limits, "timeout": timeout, "trust_env": False}
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
                group.start_soon(visit, link)

        items, seen = [], {site.start}
        async with anyio.create_task_group() as group:
            group.start_soon(visit, site.start)
        return items
