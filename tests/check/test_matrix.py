"""Each fault and each strategy: an error, or right in spite of it; what hangs is ended."""

from __future__ import annotations

import asyncio

import pytest
from benchmarks.meetings import (
    ENDLESS,
    KINDS,
    SITE,
    Outcome,
    installed_strategies,
    meet_all,
    tell_outcome,
)

from crawlbench.check.checks import meet_faults, open_faults
from crawlbench.check.subject import CheckSubject
from crawlbench.measure.verify import expect
from crawlbench.plugins import registry

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

RIGHT, DOCUMENTED, STRAY, REFUSED, WRONG, HANGS, _ = Outcome
REDIRECTS = ("301", "302", "redirect-loop")
STATUSES = ("403", "418", "429", "500", "503")
EXPECTED = {
    **{kind: {DOCUMENTED} for kind in STATUSES},
    **{kind: {RIGHT, DOCUMENTED} for kind in ("301", "302")},  # some clients follow none
    "redirect-loop": {DOCUMENTED},
    "block-page": {REFUSED},
    "wrong-charset": {WRONG},  # a strategy hands bytes on; a session's digest refuses the items
    "wrong-coding": {DOCUMENTED, REFUSED},
    "lying-coding": {DOCUMENTED},
    "gzip-bomb": {REFUSED, DOCUMENTED},
    "big-page": {RIGHT},
    "header-flood": {RIGHT, DOCUMENTED},  # some clients set a limit
    **{kind: {DOCUMENTED} for kind in ("reset", "reset-in-body", "short-body", "bad-chunk")},
    **{kind: {HANGS} for kind in ENDLESS},  # or it waits longer than we do here
}
EXCEPTIONS = {
    # httpx waits five seconds for the next byte, or the twenty that it is told, and no longer.
    **{(f"httpx2-{how}", "stall"): DOCUMENTED for how in ("async", "async-http2", "stream")},
    **{(f"httpx2-{how}", "stall"): DOCUMENTED for how in ("serial", "threads")},
    ("httpx-aiohttp-async", "stall"): DOCUMENTED,
    # Their transport lets some errors of what is beneath it through.
    ("httpx-aiohttp-async", "bad-chunk"): STRAY,
    ("httpx-aiohttp-async", "header-flood"): STRAY,
    # These follow no redirect unless told, and hand on its body.
    **{(name, kind): REFUSED for name in ("impit-async", "wreq-async") for kind in REDIRECTS},
    **{(f"httpx-{how}", "stall"): DOCUMENTED for how in ("anyio", "async", "async-http2")},
    **{(f"httpx-{how}", "stall"): DOCUMENTED for how in ("serial", "threads", "trio")},
    # aiosonic follows no redirect and hands on its body; it lets errors of others through.
    **{("aiosonic-gather", kind): REFUSED for kind in ("301", "302", "redirect-loop")},
    **{("aiosonic-gather", kind): STRAY for kind in ("wrong-coding", "lying-coding")},
    **{("aiosonic-gather", kind): STRAY for kind in ("short-body", "bad-chunk")},
    # These two inflate whatever comes, whatever the head says, and need gzip.
    **{(name, "wrong-coding"): RIGHT for name in ("asyncio-httptools", "limit-socket")},
    **{(name, "block-page"): DOCUMENTED for name in ("asyncio-httptools", "limit-socket")},
    **{(name, "wrong-charset"): DOCUMENTED for name in ("asyncio-httptools", "limit-socket")},
    **{(name, "big-page"): DOCUMENTED for name in ("asyncio-httptools", "limit-socket")},
    # No client at all: it waits for the last chunk, which an answer with a length does not have.
    **{("limit-socket", kind): HANGS for kind in (*STATUSES, "301", "302", "redirect-loop")},
    ("limit-socket", "bad-chunk"): STRAY,
    ("asyncio-streams", "bad-chunk"): STRAY,  # a ValueError: the length is read by hand
    ("gevent-requests", "bad-chunk"): STRAY,
    # Dask hands on as text what does not pickle.
    **{("dask-aiohttp", kind): STRAY for kind in ("redirect-loop", "header-flood", "bad-chunk")},
    **{("scrapy-spider", kind): STRAY for kind in ("wrong-coding", "lying-coding")},
    **{("tornado-client", kind): STRAY for kind in ("header-flood", "reset")},
}
SLOW = (
    "dask-aiohttp",
    "aiosonic-gather",
    "aiohttp-retry",
    "limit-socket",
    "requests-retry",
    "tornado-client",
)
PASSING = ("429", "500", "503", "reset", "reset-in-body", "short-body", "bad-chunk", "block-page")
AT_ONCE = 6  # they wait more than they work
FEW = {"503": DOCUMENTED, "block-page": REFUSED, "wrong-charset": WRONG}
"""For the short run: what never ends takes its time, and each kind has a mirror of its own."""


def expected(name, kind):
    """Return the outcomes that are well."""
    return {EXCEPTIONS[name, kind]} if (name, kind) in EXCEPTIONS else EXPECTED[kind]


def deadline_s(name, kind):
    """Return a deadline: short where it is all that can end the crawl."""
    return 3.0 if HANGS in expected(name, kind) else 40.0


async def meet(name, kinds, **settings):
    """Return what a strategy made of a few kinds of faults."""
    digest = expect(registry.load(registry.Kind.SITE, SITE)).digest
    async with open_faults(SITE, kinds, **settings) as mirrors:
        await asyncio.gather(*[mirror.begin(name) for mirror in mirrors.values()])
        subject = CheckSubject(name, site=SITE, faults=kinds, deadline_s=40.0)
        reports = zip(kinds, await meet_faults(subject, mirrors), strict=True)
        return [tell_outcome(name, kind, report, digest) for kind, report in reports]


@pytest.fixture(scope="module")
def meetings(request):
    """Return what each strategy that was asked for made of each fault."""
    wanted = {
        item.callspec.params["name"]
        for item in request.session.items
        if item.function is test_strategy_meets_every_fault_as_expected
    }

    async def collect():
        names = sorted(wanted, key=lambda name: name not in SLOW)
        return [meeting async for row in meet_all(names, deadline_s, AT_ONCE) for meeting in row]

    return asyncio.run(collect())


def test_strategy_meets_one_fault_of_each_outcome():
    """A documented error, a page that its reader refuses, and items that are wrong."""
    met = asyncio.run(meet("requests-serial", tuple(FEW)))
    assert {meeting.kind: meeting.outcome for meeting in met} == FEW
    assert all(FEW[kind] in EXPECTED[kind] for kind in FEW)
    assert set(KINDS) == set(EXPECTED)


@pytest.mark.long
@pytest.mark.parametrize("name", installed_strategies())
def test_strategy_meets_every_fault_as_expected(meetings, name):
    """It ends by its deadline, and raises what its library documents where it cannot be right."""
    seen = {meeting.kind: meeting for meeting in meetings if meeting.strategy == name}
    assert set(seen) == set(KINDS) == set(EXPECTED)
    odd = {kind: m for kind, m in seen.items() if m.outcome not in expected(name, kind)}
    assert odd == {}


@pytest.mark.long
def test_strategies_that_retry_ride_over_what_passes():
    """Each page meets the fault once: right items, from those who ask again."""
    names = ("aiohttp-retry", "requests-retry")
    met = [one for name in names for one in asyncio.run(meet(name, PASSING, times=1))]
    failed = {(m.strategy, m.kind): m for m in met if m.outcome is not RIGHT}
    assert set(failed) == {("aiohttp-retry", "bad-chunk")}  # came with the head: no retry helps it
    assert failed["aiohttp-retry", "bad-chunk"].outcome is DOCUMENTED
