"""Bodies that are read in pieces: the same pages, and none of them whole in memory."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from crawlbench.base.errors import BlockedPageError
from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry

KIND = registry.Kind


@pytest.mark.parametrize("parser", ["none", "lxml"])
def test_pieces_are_the_page(parser):
    """Whatever they are: what reads the whole body gathers them."""
    spec = registry.load(KIND.SITE, "body-64k")
    read = registry.load(KIND.PARSER, parser)(spec)
    site = make_site(spec, "http://127.0.0.1:1/page/1", read, None)
    body = spec.pages().read("/page/1")[1]
    stream = site.stream(site.start)
    for start in range(0, len(body), 1000):
        stream.feed(memoryview(body)[start : start + 1000])
    assert stream.close() == read(site.start, body)
    cut = site.stream(site.start)
    cut.feed(body[:100])
    with pytest.raises(BlockedPageError):
        cut.close()


@pytest.mark.parametrize(
    "strategy",
    [
        "aiohttp-stream",
        pytest.param("httpx2-stream", marks=pytest.mark.long),
        pytest.param("requests-stream", marks=pytest.mark.long),
    ],
)
def test_streams_keep_no_body(strategy):
    """A crawl of twenty pages of 4 MiB needs less memory than one of them."""
    spec = registry.load(KIND.SITE, "body-4m")
    read = registry.load(KIND.PARSER, "none")(spec)
    crawl = registry.load(KIND.STRATEGY, strategy)
    factory = asyncio.SelectorEventLoop if registry.is_async(strategy) else None

    async def crawl_mirror():
        async with open_mirror(spec.name, "loopback", find_network("loopback"), 1) as mirror:
            site = make_site(spec, mirror.address + spec.path, read, mirror.ca_file)
            tracemalloc.start()
            _, crawls = await asyncio.to_thread(run_crawls, crawl, site, 2, 1, factory)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return crawls[0], peak

    items, peak = asyncio.run(crawl_mirror())
    assert sorted(items) == list(spec.expected_items())
    assert peak < 4 * 2**20
