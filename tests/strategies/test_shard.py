"""A crawl spread over a cluster of real processes: one is killed at work, one is not ours."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from tests.cluster.clusters import are_there, open_cluster

from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(200),
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL"),
]
SITE, NETWORK, CONCURRENCY = "douban-x60", "far", 4


@pytest.fixture
def spec():
    return registry.load(registry.Kind.SITE, SITE)


@pytest.fixture
def strategy():
    return registry.load(registry.Kind.STRATEGY, "dask-aiohttp")


async def crawl_site(strategy, spec, read, meanwhile=None):
    """Crawl, and do something meanwhile; return the items and what the mirror counted."""
    async with open_mirror(SITE, NETWORK, find_network(NETWORK), 1) as mirror:
        await mirror.begin("shard")
        site = make_site(spec, mirror.address + spec.path, read, mirror.ca_file)
        crawl = asyncio.to_thread(run_crawls, strategy, site, CONCURRENCY, 1, None)
        running = asyncio.create_task(crawl)
        if meanwhile:
            await meanwhile(mirror, running)
        _, (items,) = await running
        return items, await mirror.end()


def kill_at_work(worker):
    """Return what kills a worker that has asked for a page and has not got it.

    With all requests on their way that there may be, its own are among them; and as it is stopped
    before that is seen, it cannot take in the answers any more.
    """

    async def kill(mirror, running):
        while True:
            worker.send_signal(signal.SIGSTOP)
            if (await mirror.end()).in_flight == CONCURRENCY:
                break
            worker.send_signal(signal.SIGCONT)
            assert not running.done()
            await asyncio.sleep(0.01)
        worker.kill()

    return kill


@pytest.mark.long
def test_every_page_comes_once_though_a_worker_is_killed(tmp_path, monkeypatch, spec, strategy):
    """SIGKILL amid a batch: its pages are asked for again, by another worker.

    With the last worker lost, the crawl ends in a sentence.
    """
    from distributed import Client

    names = ["one", "two", "three"]
    with open_cluster(tmp_path, *names) as cluster:
        are_there(cluster, *names)
        with Client(cluster.address, timeout=30) as client:
            client.run(exec, "import aiohttp")  # so that all of them soon have work
        monkeypatch.setenv("CRAWLBENCH_DASK", cluster.address)
        for parser in ("lexbor", "lxml"):  # read there, read here
            read = registry.load(registry.Kind.PARSER, parser)(spec)
            kill = kill_at_work(cluster.workers[names.pop()])
            items, counters = asyncio.run(crawl_site(strategy, spec, read, kill))
            assert sorted(items) == list(spec.expected_items())  # each once: more would be longer
            assert len(counters.pages) == spec.expected_pages
            assert set(counters.pages.values()) == {1, 2}  # some were on their way to the killed
            assert counters.most_in_flight <= CONCURRENCY
        monkeypatch.setitem(strategy.__globals__, "WAIT_S", 5)
        kill = kill_at_work(cluster.workers[names.pop()])
        said = f"no worker with crawlbench=1 at {cluster.address} answers"
        with pytest.raises(Exception, match=said):
            asyncio.run(crawl_site(strategy, spec, read, kill))


@pytest.mark.long
def test_worker_without_the_resource_is_not_used(tmp_path, monkeypatch, spec, strategy):
    """It was not given to us: the process of each page that is read is the other's."""
    parse = registry.load(registry.Kind.PARSER, "lexbor")(spec)
    readers = tmp_path / "readers"
    readers.mkdir()

    def read(address, body):
        (readers / str(os.getpid())).touch()
        return parse(address, body)

    with open_cluster(tmp_path, "ours") as cluster:
        cluster.add_worker("plain", resource=0)
        are_there(cluster, "ours", "plain")
        monkeypatch.setenv("CRAWLBENCH_DASK", cluster.address)
        items, counters = asyncio.run(crawl_site(strategy, spec, read))
        ours = cluster.workers["ours"].pid
    assert sorted(items) == list(spec.expected_items())
    assert counters.requests == spec.expected_pages
    assert [int(path.name) for path in readers.iterdir()] == [ours]
