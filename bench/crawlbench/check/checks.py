"""Tries a strategy on good and hostile pages, each trial in a process of its own (floor 4)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from crawlbench.base.model import USUAL_PARSERS
from crawlbench.base.tasks import run_all
from crawlbench.check.findings import (
    Ruling,
    TrialResult,
    judge_crawls,
    judge_declared,
    judge_fault,
    judge_flight,
    judge_import,
    judge_leaks,
    judge_wire,
    leave_open,
    meets,
)
from crawlbench.check.subject import CheckSubject, Trial
from crawlbench.check.turns import PROMISES, judge_turns
from crawlbench.measure.executor import PROXY_VARIABLES
from crawlbench.measure.sitefacts import find_site
from crawlbench.mirror.networks import Network, find_network
from crawlbench.mirror.networks.faults import Fault
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry
from crawlbench.plugins.about import describe_http
from crawlbench.plugins.origin import make_pages
from crawlbench.plugins.scouts import find_out

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from crawlbench.check.subject import CrawlReport, Start
    from crawlbench.measure.sitefacts import SiteFacts
    from crawlbench.measure.verify import Expectation
    from crawlbench.mirror.process import MirrorProcess

REPEATS = 4
"""Crawls in one process. A number that grows from crawl to crawl is a leak."""

DEAD_PROXY = "http://127.0.0.1:9"  # the port of `discard`: nobody listens


async def check_strategy(subject: CheckSubject) -> AsyncIterator[Ruling]:
    """Yield a finding for each promise of the contract, as soon as it is known.

    Raises:
        BenchError: the strategy, its event loop, site or parser is unknown or cannot be imported,
            the parser reads other kinds of pages, or a mirror does not start.
    """
    site, is_async = await asyncio.to_thread(_require_plugins, subject)
    subject = replace(subject, parser=subject.parser or USUAL_PARSERS[site.media])
    crawls_at_all: bool | None = None
    async for finding in _check_good_pages(subject, site):
        # The first finding: who does not crawl good pages would fail all other trials for that
        # same reason.
        if crawls_at_all is None:
            crawls_at_all = finding.holds
        yield finding
    async for finding in _check_tls(subject, site.expected):
        yield finding
    if not crawls_at_all:
        for promise in (*PROMISES, *map(meets, subject.faults)):
            yield leave_open(promise)
        return
    for finding in await judge_turns(subject, site.expected, is_async=is_async):
        yield finding
    digest, kinds = site.expected.digest, iter(subject.faults)
    async with open_faults(subject.site, subject.faults) as mirrors:
        trial = Trial(subject, _fault_starts(subject, mirrors), {})
        async with aclosing(trial.reports()) as reports:
            async for report in reports:
                yield judge_fault(next(kinds), report, digest)


def _require_plugins(subject: CheckSubject) -> tuple[SiteFacts, bool]:
    """Return the site, and whether the strategy needs an event loop; raise if a plug-in is broken.

    This process imports only our own sites.
    """
    asked = [
        (registry.Kind.STRATEGY, subject.strategy),
        (registry.Kind.EVENT_LOOP, subject.event_loop),
    ]
    if subject.parser:
        asked.append((registry.Kind.PARSER, subject.parser))
    strategy, event_loop, *parsers = find_out(asked)
    strategy.require()
    event_loop.require_loops()
    for parser in parsers:
        parser.require()
    make_pages(subject.site)
    return find_site(subject.site, reads=True), strategy.is_async


async def _check_good_pages(subject: CheckSubject, site: SiteFacts) -> AsyncIterator[Ruling]:
    expectation = site.expected
    outcome = await _try(subject, "loopback", find_network("loopback"), crawls=REPEATS)
    yield judge_crawls("crawls the site, several times in one process", outcome, expectation)
    yield judge_import(outcome.started)
    for finding in judge_leaks(outcome):
        yield finding
    yield judge_wire(outcome)
    one = await _try(subject, "loopback", find_network("loopback"), crawls=1, concurrency=1)
    yield judge_crawls("crawls with a concurrency of 1", one, expectation)
    far = await _try(subject, "wan", find_network("wan"), crawls=1)
    yield judge_crawls("crawls over a slow network", far, expectation)
    # Over a slow network, where too many requests are in flight for long enough to be counted.
    yield judge_flight(far, subject.concurrency)
    names = [name for lower in PROXY_VARIABLES for name in (lower, lower.upper())]
    proxies = dict.fromkeys(names, DEAD_PROXY)
    direct = await _try(subject, "loopback", find_network("loopback"), crawls=1, variables=proxies)
    yield judge_crawls("takes no proxy from its environment", direct, expectation)


async def _check_tls(subject: CheckSubject, expectation: Expectation) -> AsyncIterator[Ruling]:
    network = find_network("loopback-tls")
    trusting = await _try(subject, "loopback-tls", network, crawls=1)
    yield judge_crawls("crawls over TLS", trusting, expectation)
    yield judge_declared(trusting, *describe_http(subject.strategy))
    promise = "refuses a certificate of an authority that it does not know"
    doubting = await _try(subject, "loopback-tls", network, crawls=1, trusts=False)
    if trusting.error:
        yield Ruling(promise, None, "it does not crawl over TLS")
    elif doubting.error:
        yield Ruling(promise, True)
    else:
        yield Ruling(promise, False, "it crawled all the same")


async def _try(
    subject: CheckSubject,
    network_name: str,
    network: Network,
    *,
    crawls: int,
    concurrency: int | None = None,
    trusts: bool = True,
    variables: dict[str, str] | None = None,
) -> TrialResult:
    """Crawl in a new process, from a new mirror, and return the outcome."""
    async with open_mirror(subject.site, network_name, network, seed=1) as mirror:
        await mirror.begin("check")
        start = _start(mirror, trusts=trusts)
        trial = Trial(
            replace(subject, concurrency=concurrency or subject.concurrency),
            [start] * crawls,
            variables or {},
        )
        reports = await trial.run()
        counters = await mirror.end()
    return TrialResult(
        digests=[report["digest"] for report in reports if "digest" in report],
        left=[report["left"] for report in reports if "left" in report],
        error=next((report["error"] for report in reports if "error" in report), None),
        complaints=trial.complaints,
        crawls=crawls,
        counters=counters,
        started=trial.started,
    )


@asynccontextmanager
async def open_faults(
    site: str, kinds: Iterable[str], times: int | None = None
) -> AsyncIterator[dict[str, MirrorProcess]]:
    """Start a mirror of a site for each kind of fault, in which every request meets the fault.

    Args:
        site: the name of a registered site.
        kinds: the kinds of faults.
        times: how many requests for a page meet the fault; None for all.
    """
    async with AsyncExitStack() as stack:
        opening = {
            kind: open_mirror(site, kind, Network(faults=(Fault(kind=kind, times=times),)), seed=1)  # type: ignore[arg-type]
            for kind in kinds
        }
        mirrors = await run_all(map(stack.enter_async_context, opening.values()))
        yield dict(zip(opening, mirrors, strict=True))


async def meet_faults(
    subject: CheckSubject,
    mirrors: Mapping[str, MirrorProcess],
    deadlines_s: Mapping[str, float] = MappingProxyType({}),
) -> list[CrawlReport]:
    """Return how a strategy reacted to each of the subject's faults: with a digest, or an error.

    Args:
        subject: what is tried.
        mirrors: the mirrors by the fault that they play; see `open_faults`.
        deadlines_s: deadlines by fault, where they differ from the subject's.
    """
    return await Trial(subject, _fault_starts(subject, mirrors, deadlines_s), {}).run()


def _fault_starts(
    subject: CheckSubject,
    mirrors: Mapping[str, MirrorProcess],
    deadlines_s: Mapping[str, float] = MappingProxyType({}),
) -> list[Start]:
    patience_s = dict.fromkeys(subject.faults, subject.deadline_s) | dict(deadlines_s)
    return [{**_start(mirrors[kind]), "deadline_s": patience_s[kind]} for kind in subject.faults]


def _start(mirror: MirrorProcess, *, trusts: bool = True) -> Start:
    return {"url": mirror.address + mirror.path, "ca_file": mirror.ca_file if trusts else None}
