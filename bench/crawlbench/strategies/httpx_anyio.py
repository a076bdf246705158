"""All known pages at once in a task group of anyio, on asyncio, with httpx.

Watch: the same lines run on trio, which is what anyio is for; here a coroutine of asyncio's loop
calls them. When one task fails the group cancels the rest, and raises an `ExceptionGroup`.
Compare with: `httpx_trio.py`, the same with trio's own words, and `httpx_async.py`, the same with
`asyncio.gather`.
Model: event loop. HTTP: 1.1.
"""

import anyio
import httpx

HEADERS = {"Accept-Encoding": "gzip"}


async def crawl(site, concurrency):
    """Crawl a site with one `httpx.AsyncClient` and at most `concurrency` connections."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    timeout = httpx.Timeout(20, pool=None)  # 5 by default, also in line for a connection
    options = {"headers": HEADERS, "limits": limits, "timeout": timeout, "trust_env": False}
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
            async with anyio.create_task_group() as group:
                for number, url in enumerate(front):
                    group.start_soon(keep, pages, number, url)
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
