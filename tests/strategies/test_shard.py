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


def test_every_page_comes_once_though_a_worker_is_killed(tmp_path, monkeypatch):
    """SIGKILL in the middle: what the lost worker had is asked for again, by another one.

    With the last worker lost, the crawl ends in a sentence.
    """
    spec = registry.load(registry.Kind.SITE, SITE)
    crawl = registry.load(registry.Kind.STRATEGY, "dask-aiohttp")

    async def crawl_and_kill(parser, worker):
        read = registry.load(registry.Kind.PARSER, parser)(spec)
        async with open_mirror(SITE, "wan", find_network("wan"), 1) as mirror:
            await mirror.begin("shard")
            site = make_site(mirror.address + spec.path, read, mirror.ca_file)
            running = asyncio.create_task(asyncio.to_thread(run_crawls, crawl, site, 4, 1, None))
            while (await mirror.end()).requests < spec.expected_pages // 4:
                assert not running.done()
                await asyncio.sleep(0.01)
            worker.kill()
            _, (items,) = await running
            return items, await mirror.end()

    with dask_cluster(tmp_path, 3) as (address, workers):
        monkeypatch.setenv("CRAWLBENCH_DASK", address)
        for parser in ("lexbor", "lxml"):  # read there, read here
            items, counters = asyncio.run(crawl_and_kill(parser, workers.pop()))
            assert sorted(items) == list(spec.expected_items())  # each once: more would be longer
            assert len(counters.pages) == spec.expected_pages
            assert set(counters.pages.values()) <= {1, 2}
            assert counters.most_in_flight <= 4
        monkeypatch.setitem(crawl.__globals__, "WAIT_S", 5)
        with pytest.raises(Exception, match=f"no worker with crawlbench=1 at {address} answers"):
            asyncio.run(crawl_and_kill("lexbor", workers.pop()))
