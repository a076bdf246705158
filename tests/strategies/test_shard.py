"""A crawl spread over a cluster of real processes, one of which is killed."""

from __future__ import annotations

import asyncio
import os

import pytest
from tests.load.clusters import dask_cluster

from crawlbench import registry
from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.mirror.process import open_mirror
from crawlbench.networks import find_network

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(200),
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL"),
]
SITE = "douban-x200"


@pytest.mark.parametrize("parser", ["lexbor", "lxml"])
def test_every_page_comes_once_though_a_worker_is_killed(tmp_path, monkeypatch, parser):
    """SIGKILL in the middle: what the lost worker had is asked for again, by the other one."""
    spec = registry.load(registry.Kind.SITE, SITE)
    read = registry.load(registry.Kind.PARSER, parser)(spec)
    crawl = registry.load(registry.Kind.STRATEGY, "dask-aiohttp")

    async def crawl_and_kill(workers):
        async with open_mirror(SITE, "wan", find_network("wan"), 1) as mirror:
            await mirror.begin("shard")
            site = make_site(mirror.address + spec.path, read, mirror.ca_file)
            running = asyncio.create_task(asyncio.to_thread(run_crawls, crawl, site, 4, 1, None))
            await asyncio.sleep(1.5)  # 200 pages of 40 ms, four at a time, take 2 s and more
            assert not running.done()
            workers[0].kill()
            _, (items,) = await running
            return items, await mirror.end()

    with dask_cluster(tmp_path, 2) as (address, workers):
        monkeypatch.setenv("CRAWLBENCH_DASK", address)
        items, counters = asyncio.run(crawl_and_kill(workers))
    assert sorted(items) == list(spec.expected_items())  # each once: more would be longer
    assert len(counters.pages) == spec.expected_pages
    assert set(counters.pages.values()) <= {1, 2}
    assert counters.most_in_flight <= 4
