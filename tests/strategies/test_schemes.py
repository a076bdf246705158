"""An address that begins with https:// means TLS, to every strategy."""

from __future__ import annotations

import asyncio

import pytest
from tests.strategies.files import installed

from crawlbench.check.subject import CheckSubject, Trial
from crawlbench.measure.verify import expect
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.sites.douban import SITE


def outcomes(name):
    """Return what comes of https:// where plain HTTP is spoken, where TLS is, and requests."""

    async def crawl():
        plain, tls = (
            open_mirror(SITE.name, network, find_network(network), 1)
            for network in ("loopback", "loopback-tls")
        )
        async with plain as without, tls as spoken:
            await without.begin("test")
            url = without.address.replace("http://", "https://") + SITE.path
            starts = [
                {"url": url, "ca_file": spoken.ca_file},
                {"url": spoken.address + SITE.path, "ca_file": spoken.ca_file},
            ]
            reports = await Trial(CheckSubject(name, deadline_s=20.0), starts, {}).run()
            return *reports, await without.end()

    return asyncio.run(crawl())


def crawlers(*short):
    """Return all that crawl many pages; those that are not named are left to the long run."""
    names = [name for name in installed() if not name.startswith("cold-")]
    return [n if n in short else pytest.param(n, marks=pytest.mark.long) for n in names]


@pytest.mark.parametrize("name", crawlers("limit-socket"))
def test_scheme_decides_whether_tls_is_spoken(name):
    """A server of plain HTTP gets no request and gives no page; one of TLS is crawled."""
    without, spoken, counters = outcomes(name)
    assert "error" in without
    assert not any(page.startswith("/") for page in counters.pages)
    assert spoken["digest"] == expect(SITE).digest


@pytest.mark.parametrize("name", crawlers("geventhttpclient-gevent"))
def test_who_fetches_at_once_does_so_over_tls_too(name):
    """A socket that blocks its loop shows only where an answer has to be waited for."""

    async def crawl(network):
        async with open_mirror(SITE.name, network, find_network(network), 1) as mirror:
            await mirror.begin("test")
            start = {"url": mirror.address + SITE.path, "ca_file": mirror.ca_file}
            (report,) = await Trial(CheckSubject(name, deadline_s=20.0), [start], {}).run()
            counters = await mirror.end()
        assert report["digest"] == expect(SITE).digest
        return counters.most_in_flight

    plain, tls = (asyncio.run(crawl(network)) for network in ("wan", "wan-tls"))
    assert (plain > 1) == (tls > 1)
