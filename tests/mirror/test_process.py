"""A mirror's process: how it starts, or does not, and what it tells its manager."""

from __future__ import annotations

import asyncio
import os
import time
from urllib.parse import urlsplit

import psutil
import pytest
from tests.mirror.wire import BODIES, connect, open_on

from crawlbench.base.errors import MirrorError
from crawlbench.mirror import process as process_module
from crawlbench.mirror.networks import Network

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def plant_site(tmp_path, monkeypatch):
    """Return a function that makes the site `planted` known to new processes."""

    def plant(code):
        (tmp_path / "planted.py").write_text(code, encoding="utf-8")
        info = tmp_path / "planted-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[crawlbench.sites]\nplanted = planted:SITE\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return plant


def planted_site(**changes):
    """Return the code of a site that is Douban's but for some fields."""
    fields = ", ".join(f"{name}={code}" for name, code in changes.items())
    return (
        "import dataclasses, pathlib, sys, time\n"
        "from crawlbench.sites.douban import SITE as DOUBAN\n"
        "from crawlbench.sites.manifest import FolderPages\n"
        f"SITE = dataclasses.replace(DOUBAN, {fields})\n"
    )


def failure_to_start(site):
    """Return the one sentence with which a mirror does not start."""

    async def start():
        with pytest.raises(MirrorError) as caught:
            async with open_on(site=site):
                pytest.fail("it started")
        return str(caught.value)

    sentence = asyncio.run(start())
    assert "\n" not in sentence
    return sentence


def test_mirror_serves_and_counts_by_spans():
    """Over the control channel come the counts since `begin`; the channel itself is not counted."""

    async def session():
        async with open_on() as mirror:
            await mirror.begin("first")
            with connect(mirror) as wire:
                assert {address: wire.ask(address).page for address in BODIES} == BODIES
            first = await mirror.end()
            await mirror.begin("second")
            await mirror.begin("third")
            third = await mirror.end()
            return first, third, await mirror.end()

    first, third, again = asyncio.run(session())
    assert (first.requests, first.connections, first.in_flight) == (10, 1, 0)
    assert first.pages == dict.fromkeys(BODIES, 1)
    assert first.wire_bytes > sum(map(len, BODIES.values()))
    assert first.cpu_s > 0
    for empty in (third, again):
        assert (empty.requests, empty.connections, empty.wire_bytes, empty.pages) == (0, 0, 0, {})


@pytest.mark.parametrize(("site", "is_told"), [("douban-top250", True), ("api-json", False)])
def test_size_of_the_pages_that_were_asked_for_is_told(site, is_told):
    """Before any coding, as often as they were asked for; of HTML alone."""

    async def session():
        async with open_on(site=site) as mirror:
            await mirror.begin("test")
            with connect(mirror) as wire:
                pages = ("/top250", "/none", "/top250") if is_told else ("/api/movies",)
                for page in pages:
                    wire.ask(page, "Accept-Encoding: gzip")
            return await mirror.end()

    counters = asyncio.run(session())
    assert counters.body_bytes == (2 * len(BODIES["/top250"]) if is_told else 0)


def test_seed_and_epoch_stand_for_the_delays_that_are_played():
    """Two mirrors of one seed differ in nothing but their ports."""
    network = Network(round_trip_s=0.03, jitter=1.0)

    async def crawl(mirror, epoch):
        await mirror.begin(epoch)
        clock = time.monotonic()
        with connect(mirror) as wire:
            assert wire.ask().status == 200
            seconds = time.monotonic() - clock
        assert seconds >= network.delay_s(f"1/{epoch}//top250/0", connection_age_s=0.0) - 0.002
        return mirror.address

    async def session():
        async with open_on(network) as one, open_on(network) as other:
            return [await crawl(mirror, epoch) for epoch in "abc" for mirror in (one, other)]

    assert len(set(asyncio.run(session()))) == 2


def test_mirror_listens_on_loopback_only():
    """One socket, on 127.0.0.1, on the port that it tells."""

    async def look():
        async with open_on() as mirror:
            sockets = psutil.Process(mirror.pid).net_connections("inet")
            return mirror.address, [(s.laddr.ip, s.laddr.port, s.status) for s in sockets]

    address, sockets = asyncio.run(look())
    parts = urlsplit(address)
    assert (parts.scheme, parts.hostname) == ("http", "127.0.0.1")
    assert sockets == [("127.0.0.1", parts.port, psutil.CONN_LISTEN)]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process")
def test_mirror_keeps_to_its_cpus():
    """All its threads run where they were told to."""
    cpu = max(os.sched_getaffinity(0))

    async def look():
        async with open_on(cpus=(cpu,)) as mirror:
            threads = [thread.id for thread in psutil.Process(mirror.pid).threads()]
            return [os.sched_getaffinity(thread) for thread in threads]

    assert all(cpus == {cpu} for cpus in asyncio.run(look()))


def test_strange_addresses_without_end_do_not_break_the_channel():
    """A crawler that invents addresses is counted all the same."""

    async def session():
        async with open_on() as mirror:
            await mirror.begin("lap")
            with connect(mirror) as wire:
                for n in range(1500):
                    assert wire.ask(f'/{n}"' + '"' * 300).status == 404
            return await mirror.end()

    counters = asyncio.run(session())
    assert counters.requests == sum(counters.pages.values()) == 1500


def test_mirror_does_not_grow_by_a_client_that_never_reads():
    """Thousands of big answers are asked for at once; a few are rendered and kept."""

    async def session():
        async with open_on() as mirror:
            process = psutil.Process(mirror.pid)
            await mirror.begin("lap")
            with connect(mirror) as wire:
                wire.ask()
                before = process.memory_info().rss
                wire.send(b"GET /top250 HTTP/1.1\r\nHost: a\r\n\r\n" * 2000)
                while (await mirror.end()).in_flight < 500:
                    await asyncio.sleep(0.01)
                return process.memory_info().rss - before

    assert asyncio.run(session()) < 32 * 2**20


def test_unknown_site_does_not_start():
    """The message is that of the registry."""
    assert failure_to_start("no-such-site").startswith(
        "the mirror of 'no-such-site' did not start: unknown site 'no-such-site'; known: "
    )


def test_broken_fixtures_do_not_start(plant_site, tmp_path):
    """The message says what to run."""
    plant_site(planted_site(pages=f"lambda: FolderPages(pathlib.Path({str(tmp_path)!r}), str)"))
    manifest = tmp_path / "manifest.json"
    assert failure_to_start("planted") == (
        f"the mirror of 'planted' did not start: cannot read {manifest} "
        "(No such file or directory); run: crawlbench mirror build"
    )


@pytest.mark.parametrize(
    ("fixtures", "words"),
    [
        ("lambda: 1 / 0", "ZeroDivisionError: division by zero"),
        ("lambda: sys.exit(3)", "it ended with exit code 3"),
        ("lambda: sys.exit('no, thanks')", "no, thanks"),
    ],
)
def test_last_words_tell_why_it_did_not_start(plant_site, fixtures, words):
    """The last line that it wrote, or at least how it ended."""
    plant_site(planted_site(pages=fixtures))
    assert failure_to_start("planted") == f"the mirror of 'planted' did not start: {words}"


def test_mirror_that_never_gets_ready_is_ended(plant_site, monkeypatch):
    """The manager does not wait for ever."""
    monkeypatch.setattr(process_module, "START_TIMEOUT_S", 0.5)
    monkeypatch.setattr(process_module, "STOP_TIMEOUT_S", 0.1)
    plant_site(planted_site(pages="lambda: time.sleep(600)"))
    assert failure_to_start("planted") == (
        "the mirror of 'planted' did not start: it gave no sign of life in 0.5 s"
    )


def test_plugin_that_prints_does_not_disturb(plant_site):
    """What a site prints goes to the error output, not between the answers to the manager."""
    plant_site(
        planted_site(page_address="lambda a: print('hm', a) or DOUBAN.page_address(a)")
        + "print('a greeting')\n"
    )

    async def session():
        async with open_on(site="planted") as mirror:
            await mirror.begin("lap")
            with connect(mirror) as wire:
                assert wire.ask().status == 200
            return await mirror.end()

    assert asyncio.run(session()).requests == 1
