"""A mirror for programs, opened and closed in every way."""

from __future__ import annotations

import asyncio
import gc
from urllib.error import URLError
from urllib.request import urlopen

import pytest

import crawlbench
from crawlbench.base.errors import MirrorError, UsageError


def read(served):
    return urlopen(served.url, context=served.ssl_context(), timeout=10).read()


def test_site_is_served_while_the_block_lasts():
    """And not a moment longer."""
    with crawlbench.mirror("index") as served:
        assert served.url.startswith(served.origin)
        assert str(served) == served.url
        assert (served.ca_file, served.ssl_context()) == (None, None)
        assert read(served).startswith(b"{")
    with pytest.raises(URLError):
        read(served)


def test_tls_network_comes_with_what_is_to_be_trusted():
    """Opened without holding up the event loop, which counts meanwhile."""

    async def crawl():
        async with crawlbench.mirror("api-json", "loopback-tls") as served:
            assert served.url.startswith("https://")
            return await asyncio.to_thread(read, served)

    assert asyncio.run(crawl()).startswith(b"{")


def test_cancelled_opening_leaves_no_mirror_behind():
    """What a thread opens is closed, though nobody waits for it any more."""
    served = crawlbench.mirror("index")

    async def give_up():
        task = asyncio.ensure_future(served.__aenter__())
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(give_up())
    assert not served._is_open
    gc.collect()  # a process that is still running would warn


@pytest.mark.parametrize(
    ("site", "network", "kind", "words"),
    [
        ("indx", "lan", UsageError, "unknown site 'indx'"),
        ("index", "lann", UsageError, "unknown network 'lann'"),
        ("./none.toml", "lan", MirrorError, "cannot read the site file"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_sentence(site, network, kind, words):
    """And nothing is left open."""
    served = crawlbench.mirror(site, network)
    with pytest.raises(kind, match=words):
        served.open()
    assert not served._is_open


def test_mirror_that_is_open_is_not_opened_again():
    """Before it is closed, that is; closing it twice is harmless."""
    mirror = crawlbench.mirror("index")
    with mirror as served, pytest.raises(UsageError, match="open already"):
        mirror.open()
    mirror.close()
    with mirror as again:
        assert again.url.removeprefix(again.origin) == served.url.removeprefix(served.origin)
