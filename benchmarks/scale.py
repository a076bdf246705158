"""Measures what large sites cost: putting pages together, tallying items, the mirror's memory.

    python -m benchmarks.scale [--pages 20000]

First this process measures the time of one page of douban-x100000, made and compressed in three
ways, and of one item in a tally. Then, for douban-x100 and for douban-x100000, a raw client asks a
fresh mirror for that many pages, spread over the whole site, gzipped and plain. Exits with 1 if the
mirror of the large site takes 32 MB more than that of the small one.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import sys
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil

from crawlbench.base.digest import Tally
from crawlbench.mirror.networks import NETWORKS
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Callable

ALLOWED_BYTES = 32 * 2**20
BATCH = 16  # requests that are sent without waiting for answers
CONNECTIONS = 4
LAST_CHUNK = b"\r\n0\r\n\r\n"
STRIDE = 7919  # prime, so that a walk in such steps meets every page of a site once
PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Load:
    """The performance of one mirror over a number of requests."""

    site: str
    coding: str
    pages_per_s: float
    wire_bytes: float
    """The mean size of an answer."""
    rss_bytes: int
    """The resident memory of the mirror's process afterwards."""


def main() -> None:
    """Measure both sites and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=20_000)
    pages = parser.parse_args().pages
    print_costs()
    memory = {}
    for count in (100, 100_000):
        for load in asyncio.run(load_mirror(count, pages)):
            print(
                f"{load.site:16} {load.coding:9} {load.pages_per_s:7,.0f} pages/s "
                f"{load.wire_bytes / 1024:6.1f} KB each, mirror {load.rss_bytes / 2**20:6.1f} MB"
            )
            memory[count] = load.rss_bytes
    growth = memory[100_000] - memory[100]
    print(f"x100000 holds {growth / 2**20:+.1f} MB against x100; allowed are 32")
    sys.exit(growth > ALLOWED_BYTES)


def print_costs() -> None:
    """Print what one page and one item cost here: the best of three rounds over 300 pages."""
    spec = registry.load(registry.Kind.SITE, "douban-x100000")
    source, items = spec.pages(), list(islice(spec.expected_items(), 300 * PAGE_SIZE))
    addresses = [f"/top250?start={PAGE_SIZE * page}&filter=" for page in range(5000, 5300)]
    bodies = [source.read(address)[1] for address in addresses]
    works: dict[str, Callable[[str, bytes], bytes]] = {
        "put together, plain": lambda address, _: source.read(address)[1],
        "put together, gzipped": lambda address, _: source.read_gzip(address)[1],
        "zlib level 1, beside it": lambda _, body: gzip.compress(body, 1),
        "zlib level 6, beside it": lambda _, body: gzip.compress(body, 6),
    }
    for name, work in works.items():
        seconds, sizes = [], []
        for _ in range(3):
            start = time.perf_counter()
            sizes = [len(work(*pair)) for pair in zip(addresses, bodies, strict=True)]
            seconds.append((time.perf_counter() - start) / len(sizes))
        print(f"{name:24} {min(seconds) * 1e3:6.3f} ms a page, {sum(sizes) / 300 / 1024:5.1f} KB")
    start = time.perf_counter()
    Tally(spec.item_type).extend(items)
    print(f"{'tally':24} {(time.perf_counter() - start) / len(items) * 1e6:6.2f} us an item")


async def load_mirror(count: int, pages: int) -> list[Load]:
    """Return the load of a fresh mirror of a list of `count` pages: first gzipped, then plain."""
    name, loads = f"douban-x{count}", []
    async with open_mirror(name, "loopback", NETWORKS["loopback"], 1) as mirror:
        host = urlsplit(mirror.address).netloc
        process = psutil.Process(mirror.pid)
        for coding in ("gzip", "identity"):
            await mirror.begin(coding)
            start = time.perf_counter()
            shares = [range(first, pages, CONNECTIONS) for first in range(CONNECTIONS)]
            await asyncio.gather(*[ask(host, coding, count, share) for share in shares])
            seconds = time.perf_counter() - start
            counters = await mirror.end()
            size = counters.wire_bytes / counters.requests
            memory = process.memory_info().rss
            loads.append(Load(name, coding, counters.requests / seconds, size, memory))
    return loads


async def ask(host: str, coding: str, count: int, share: range) -> None:
    """Ask for pages on one connection, a batch at a time, and count answers by their last chunk."""
    name, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(name, int(port), limit=2**20)
    try:
        for at in range(0, len(share), BATCH):
            numbers = share[at : at + BATCH]
            writer.write(
                b"".join(request(host, coding, number * STRIDE % count) for number in numbers)
            )
            for _ in numbers:
                await reader.readuntil(LAST_CHUNK)
    finally:
        writer.close()


def request(host: str, coding: str, page: int) -> bytes:
    """Return the bytes of a request for a page, counted from 0."""
    target = f"/top250?start={PAGE_SIZE * page}&filter=" if page else "/top250"
    headers = f"Host: {host}\r\nCookie: bid=crawlbench0\r\nAccept-Encoding: {coding}\r\n"
    return f"GET {target} HTTP/1.1\r\n{headers}\r\n".encode()


if __name__ == "__main__":
    main()
