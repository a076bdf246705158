"""Pages to try a crawler on, from a program and from a coroutine."""

import asyncio
from urllib.request import urlopen

import aiohttp

import crawlbench

with crawlbench.mirror("douban-top250", "loopback") as served:
    print(len(urlopen(served.url).read()))


async def fetch() -> int:
    """Return the size of a site's first page, over TLS and a round trip of 40 ms."""
    async with (
        crawlbench.mirror("api-json", "wan-tls") as served,
        aiohttp.ClientSession() as client,
    ):
        trusted = served.ssl_context() or True
        async with client.get(served.url, ssl=trusted) as response:
            return len(await response.read())


print(asyncio.run(fetch()))
