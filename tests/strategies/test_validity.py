"""No strategy of ours is held to be false: on all sites, networks and event loops it is for.

Each takes some turns as in a session, and keeps all promises in them. Beside this, `test_sites.py`
has each of them crawl each site.
"""

from __future__ import annotations

import asyncio
from importlib.util import find_spec

import pytest
from tests.strategies.files import installed, is_written_async

from crawlbench.check.subject import CheckSubject
from crawlbench.check.turns import judge_turns
from crawlbench.measure.verify import expect
from crawlbench.plugins import registry
from crawlbench.plugins.scouts import find_out

KIND = registry.Kind
PARSERS = {"api-json": "json", "api-post": "msgspec", "index": "orjson", "many-hosts": "none"}
NETWORKS = ("loopback-tls", "wan")
RETRYING = ("aiohttp-retry", "requests-retry")
"""Who is for networks with faults."""
SAMPLE = (("aiohttp-gather", "uvloop", "douban-top250", "loopback-tls"),)
"""The others only in `make test-all`."""


def is_here(event_loop):
    """Tell whether an event loop can be used: a setting of the stock loop, or what is installed."""
    return "*" not in event_loop and find_spec(registry.declared_module(event_loop)) is not None


def cells():
    """Yield strategy, event loop, site and network; a start for each page is for short sites."""
    loops = [name for name in registry.names(KIND.EVENT_LOOP) if is_here(name)]
    for strategy in installed():
        runs_on = loops if is_written_async(strategy) else [None]
        if strategy.startswith("cold-"):
            yield from ((strategy, loop, "douban-x1", "loopback") for loop in runs_on)
            continue
        yield from ((strategy, loop, "douban-top250", "loopback") for loop in runs_on)
        for network in (*NETWORKS, *["flaky"] * (strategy in RETRYING)):
            yield strategy, runs_on[0], "douban-top250", network
        for site in PARSERS:
            yield strategy, runs_on[0], site, "loopback"


def parameters():
    """Return the sample for all runs, and the whole product for long ones."""
    for cell in SAMPLE:
        yield pytest.param(*cell, id="-".join(map(str, cell)))
    for cell in cells():
        yield pytest.param(*cell, id="-".join(map(str, cell)), marks=pytest.mark.long)


@pytest.mark.parametrize(("strategy", "event_loop", "site", "network"), list(parameters()))
def test_strategy_keeps_all_promises(strategy, event_loop, site, network):
    """Nothing is broken, and nothing is left open."""
    if event_loop:
        (facts,) = find_out([(KIND.EVENT_LOOP, event_loop)])
        if facts.trouble or facts.flaw:
            pytest.skip(facts.trouble or facts.flaw)
    subject = CheckSubject(
        strategy,
        event_loop=event_loop or "asyncio",
        site=site,
        parser=PARSERS.get(site, "lxml"),
        deadline_s=60.0,
    )
    expectation = expect(registry.load(KIND.SITE, site))
    judged = judge_turns(subject, expectation, is_async=event_loop is not None, network=network)
    assert [finding for finding in asyncio.run(judged) if not finding.holds] == []
