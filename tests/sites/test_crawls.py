"""Sites at scale, crawled by real clients from real mirrors, and a session on a large one."""

from __future__ import annotations

import asyncio
import subprocess
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from tests.conftest import command_line
from tests.mirror.wire import Wire

from crawlbench import strategies
from crawlbench.cli.sites import prepare_site
from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry

pytestmark = pytest.mark.slow

ALLOWED_BYTES = 32 * 2**20
GENERATOR = str(Path(strategies.__file__).parent / "aiohttp_queue.py")


@pytest.fixture(autouse=True, scope="module")
def _cache(tmp_path_factory):
    """Make pages in a folder of the tests' own, once for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAWLBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


ALWAYS = {
    ("douban-subjects", "requests-serial", "lexbor"),
    ("douban-x50", "aiohttp-gather", "lxml"),
}
"""Each value once; the whole product only in `make test-all`."""


def crawls():
    """Yield site, strategy, its loop and parser."""
    loops = {"requests-serial": None, "aiohttp-gather": "asyncio"}
    for name, strategy, parser in product(
        ("douban-subjects", "douban-x50"), loops, ("lxml", "lexbor")
    ):
        marks = () if (name, strategy, parser) in ALWAYS else pytest.mark.long
        yield pytest.param(name, strategy, loops[strategy], parser, marks=marks)


@pytest.mark.parametrize(("name", "strategy", "event_loop", "parser"), list(crawls()))
def test_site_is_crawled_with_each_page_once(name, strategy, event_loop, parser):
    """Right items, right requests, from a mirror in a process of its own."""
    if parser == "lexbor":
        pytest.importorskip("selectolax")
    spec = registry.load(registry.Kind.SITE, name)
    read = registry.load(registry.Kind.PARSER, parser)(spec)
    crawl = registry.load(registry.Kind.STRATEGY, strategy)
    factory = registry.load(registry.Kind.EVENT_LOOP, event_loop) if event_loop else None

    async def crawl_mirror():
        async with open_mirror(name, "loopback", find_network("loopback"), 1) as mirror:
            await mirror.begin("test")
            site = make_site(spec, mirror.address + spec.path, read, mirror.ca_file)
            _, crawls = await asyncio.to_thread(run_crawls, crawl, site, 10, 1, factory)
            return crawls[0], await mirror.end()

    items, counters = asyncio.run(crawl_mirror())
    assert sorted(items) == list(spec.expected_items())
    assert counters.requests == spec.expected_pages
    assert set(counters.pages.values()) == {1}


@pytest.mark.long
def test_command_says_that_pages_are_made_and_prints_items(
    crawlbench, monkeypatch, tmp_path, capsys
):
    """On first use only; then the movies, sorted, on standard output alone."""
    pytest.importorskip("selectolax")
    monkeypatch.setenv("CRAWLBENCH_CACHE", str(tmp_path / "new"))
    prepare_site("douban-subjects")  # as each command does
    first = capsys.readouterr()
    assert "crawlbench makes the 260 pages of douban-subjects in" in " ".join(first.err.split())
    assert first.out == ""
    call = ("crawl", "-s", "http-client-threads", "--site", "douban-subjects", "--parser", "lexbor")
    second = crawlbench(*call)
    assert second.stderr == ""
    lines = second.stdout.splitlines()
    assert (len(lines), lines[0]) == (250, "1 肖申克的救赎 The Shawshank Redemption")


def test_command_prints_the_items_of_a_generator_as_they_come(crawlbench):
    """All of them, in whatever order they were found."""
    result = crawlbench("crawl", "-s", GENERATOR, "--site", "douban-x50")
    assert result.stderr == ""
    ranks = [int(line.partition(" ")[0]) for line in result.stdout.splitlines()]
    assert ranks != sorted(ranks)
    assert sorted(ranks) == list(range(1, 1251))


def test_list_shows_the_family(crawlbench):
    """With a word on what its names make."""
    result = crawlbench("list", "sites")
    assert "douban-subjects" in result.stdout
    assert "douban-x*" in result.stdout
    assert "up to douban-x100000" in " ".join(result.stdout.split())


@pytest.mark.long
def test_session_on_a_large_site_tallies_its_items(tmp_path):
    """A generator and a list, both right; a strategy that drops a page is told by its stretch."""
    suite = tmp_path / "large.toml"
    suite.write_text(
        f'strategies = ["{GENERATOR}", "aiohttp-gather", "broken-drop"]\n'
        'event_loops = ["uvloop"]\nbaseline = "aiohttp-gather"\nsites = ["douban-x401"]\n'
        "laps = 1\nmin_time_s = 0.01\nlap_time_s = 0.01\nwarmups = 0\nrounds = 1\n"
    )
    call = command_line("run", suite, "-o", tmp_path / "session", capture_output=True, timeout=110)
    result = subprocess.run(**call, check=False)
    assert result.returncode == 4, result.stderr
    assert "1 cell is invalid" in result.stderr
    told = " ".join(result.stdout.split())
    assert "items instead of 10025: ranks " in told


@pytest.mark.parametrize("coding", ["gzip", pytest.param("identity", marks=pytest.mark.long)])
def test_memory_of_the_mirror_does_not_grow_with_the_site(coding):
    """Two thousand different pages of the longest list cost hardly more than a hundred."""
    longest = asyncio.run(memory_after(100_000, 2000, coding))
    assert longest - asyncio.run(memory_after(100, 2000, coding)) < ALLOWED_BYTES


async def memory_after(last, pages, coding):
    """Return the bytes that a mirror holds when it was asked for pages all over its site."""
    name = f"douban-x{last}"
    async with open_mirror(name, "loopback", find_network("loopback"), 1) as mirror:
        await asyncio.to_thread(ask_for_pages, mirror.address, last, pages, coding)
        return psutil.Process(mirror.pid).memory_info().rss


def ask_for_pages(origin, last, pages, coding):
    with Wire(urlsplit(origin).port) as wire:
        for number in range(pages):
            start = 25 * (number * 7919 % last)
            target = f"/top250?start={start}&filter=" if start else "/top250"
            assert wire.ask(target, f"Accept-Encoding: {coding}").status == 200
