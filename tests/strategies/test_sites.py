"""Every strategy on every site; what is asked or answered wrongly is refused and named."""

from __future__ import annotations

import asyncio
import http.client
import json

import pytest
from tests.strategies.files import installed

from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry
from crawlbench.sites.api import API_POST

KIND = registry.Kind
PARSERS = {"api-json": "json", "api-post": "msgspec", "index": "orjson", "many-hosts": "none"}
ALWAYS = (
    "aiohttp-gather",
    "asyncio-httptools",
    "asyncio-streams",
    "http-client-threads",
    "httpx2-async-http2",
    "limit-socket",
    "pycurl-multi-http2",
    "pyreqwest-threads",
    "requests-serial",
    "tornado-curl",
)
"""One of each kind; the others only in `make test-all`."""
FEW = ("aiohttp-gather", "limit-socket", "requests-serial")
"""For sites of hundreds of pages."""


def places():
    """Yield site, network and what is tried there; a start for each page suits no large site."""
    names = installed()
    warm = [name for name in names if not name.startswith("cold-")]
    for site in PARSERS:
        few, is_long = (FEW, site == "api-post") if "api" in site else (ALWAYS, site == "index")
        marks = pytest.mark.long if is_long else ()
        yield pytest.param(site, "loopback", few, id=site, marks=marks)
        yield pytest.param(site, "loopback-tls", ALWAYS, id=f"{site}-tls", marks=pytest.mark.long)
        yield pytest.param(site, "loopback", warm, id=f"{site}-all", marks=pytest.mark.long)
    cold = [name for name in names if name not in warm]
    yield pytest.param("douban-x1", "loopback", cold, id="cold")
    yield pytest.param("douban-x1", "loopback-tls", cold, id="cold-tls", marks=pytest.mark.long)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("name", "network", "strategies"), list(places()))
def test_strategies_crawl_the_site_with_each_page_once(name, network, strategies):
    """All of them against one mirror, one after the other."""
    spec = registry.load(KIND.SITE, name)
    read = registry.load(KIND.PARSER, PARSERS.get(name, "none"))(spec)
    due = list(spec.expected_items())

    async def crawl_all():
        wrong = []
        async with open_mirror(name, network, find_network(network), 1) as mirror:
            for strategy in strategies:
                crawl = registry.load(KIND.STRATEGY, strategy)
                factory = asyncio.SelectorEventLoop if registry.is_async(strategy) else None
                await mirror.begin("test")
                site = make_site(spec, mirror.address + spec.path, read, mirror.ca_file)
                _, (items,) = await asyncio.to_thread(run_crawls, crawl, site, 10, 1, factory)
                counters = await mirror.end()
                if sorted(items) != due or counters.requests != spec.expected_pages:
                    wrong.append((strategy, len(items), counters.requests))
        return wrong

    assert asyncio.run(crawl_all()) == []


def test_mirror_names_what_is_wrong_with_a_request_by_post():
    """Method, type, JSON that is cut, and JSON that asks for something else."""
    right = json.dumps(API_POST.payload("/api/movies/7"))
    typed = {"Content-Type": "application/json"}
    asked = [
        ("GET", None, {}, 405, "405 Method Not Allowed"),
        ("POST", right, {"Content-Type": "text/plain"}, 415, "page expects application/json: {"),
        ("POST", right, {"Content-Type": "text/plain"}, 415, "the Content-Type is 'text/plain'"),
        ("POST", right, {}, 415, "there is no Content-Type"),
        ("POST", right[:-1], typed, 400, "this page expects a JSON body: {"),
        ("POST", right.replace("7", "8"), typed, 422, 'what came is \'{"rank": 8'),
        ("POST", right, typed, 200, '{"rank": 7, '),
    ]

    async def ask_all():
        async with open_mirror("api-post", "loopback", find_network("loopback"), 1) as mirror:
            return await asyncio.to_thread(ask, mirror.address.partition("//")[2])

    def ask(host):
        connection = http.client.HTTPConnection(host)
        for method, body, headers, status, part in asked:
            connection.request(method, "/api/movies/7", body, headers)
            response = connection.getresponse()
            text = response.read().decode()
            assert (response.status, part in text) == (status, True), text
        connection.close()

    asyncio.run(ask_all())
