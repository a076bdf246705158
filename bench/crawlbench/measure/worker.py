"""The process in which values are taken: `python -m crawlbench.measure.worker` (floor 3).

A pyperf worker (`--worker --loops=... -o FILE`) whose every value waits at the turnstile first.
The manager's job comes as JSON in the environment. Only the crawl is inside the clock; of a large
site also the tally of its items, as nobody could keep them until afterwards.
"""

from __future__ import annotations

import asyncio
import faulthandler
import functools
import gc
import inspect
import json
import os
import ssl
import sys
import time
import traceback
from collections.abc import AsyncIterator
from dataclasses import asdict
from threading import get_ident
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pyperf

from crawlbench import registry
from crawlbench.digest import Row, Tally, as_rows, digest_rows
from crawlbench.measure.gate import Gate
from crawlbench.model import Crawl, Item, Page, Reader, Site
from crawlbench.usage import Usage, children_cpu_s, peak_rss_bytes, reset_peak_rss, rss_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["JOB_VARIABLE", "Keeper", "keep_crawls", "main", "make_site", "run_crawls"]

JOB_VARIABLE = "CRAWLBENCH_JOB"
"""Environment variable that holds the job."""


class Keeper(Protocol):
    """Takes the items of one crawl: a list, a tally, or whoever prints them."""

    def append(self, item: Item, /) -> None:
        """Take one item."""

    def extend(self, items: Iterable[Item], /) -> None:
        """Take items as they come."""


K = TypeVar("K", bound=Keeper)
_Kept = list[Item] | Tally


def main() -> None:
    """Take the values that the command line asks for, one turn each."""
    job = json.loads(os.environ[JOB_VARIABLE])
    event_loops = _watch_event_loops()
    gate = Gate(job["port"], job["token"], job["cell"]["name"])
    try:
        turn = _Turn(job, gate, event_loops)
        runner = pyperf.Runner(metadata=job["metadata"])  # moves to the CPUs of --affinity
        gate.say({"kind": "ready"})
        turn.wait()
        runner.bench_time_func(job["cell"]["name"], turn.take_value)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        gate.say({"kind": "raised", "reason": reason, "detail": traceback.format_exc()})
        sys.exit(1)


class _Turn:
    """One cell's way to take a value."""

    def __init__(self, job: dict[str, Any], gate: Gate, event_loops: set[str]) -> None:
        cell = job["cell"]
        spec = registry.load(registry.Kind.SITE, cell["site"])
        parser = registry.load(registry.Kind.PARSER, cell["parser"])
        self._parse_s: dict[int, float] = {}
        read = _timed(parser(spec), self._parse_s)
        self._site = make_site(job["origin"] + spec.path, read, job["ca_file"])
        self._crawl: Crawl = registry.load(registry.Kind.STRATEGY, cell["strategy"])
        self._loop_factory = (
            registry.load(registry.Kind.EVENT_LOOP, cell["event_loop"])
            if cell["event_loop"]
            else None
        )
        self._concurrency = cell["concurrency"]
        self._timeout_s = job["timeout_s"]
        self._gate = gate
        self._all_cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
        self._event_loops = event_loops
        self._keep: Callable[[], _Kept] = (
            functools.partial(Tally, spec.item_type) if spec.is_large else list
        )
        self._crawls: list[_Kept] = []

    def take_value(self, loops: int) -> float:
        """Crawl `loops` times, report, wait for the next turn, and return the seconds of all loops.

        The wait comes last, so that also after its last value a worker stands still until the lap
        is over: pyperf's own work at its end would disturb those who still measure.
        """
        gc.collect()
        reset_peak_rss()
        self._event_loops.clear()
        self._parse_s.clear()
        base_rss_bytes = rss_bytes()
        faulthandler.dump_traceback_later(self._timeout_s, exit=True)
        before, children_before_s = Usage.now(), children_cpu_s()
        seconds, self._crawls = keep_crawls(
            self._crawl, self._site, self._concurrency, loops, self._loop_factory, self._keep
        )
        used = Usage.now().since(before)
        faulthandler.cancel_dump_traceback_later()
        is_alone = children_cpu_s() == children_before_s
        self._report(seconds, used, base_rss_bytes, is_alone=is_alone)
        self.wait()
        return seconds

    def wait(self) -> None:
        """Stand still until the manager gives the turn; show what was crawled if asked.

        When the round is over, all workers end at once: they may use all CPUs for that.
        """
        while (kind := self._gate.wait()["kind"]) == "show":
            self._gate.say({"kind": "crawls", "crawls": [_rows(kept) for kept in self._crawls]})
        if kind == "end" and self._all_cpus:
            os.sched_setaffinity(0, self._all_cpus)

    def _report(
        self, seconds: float, used: Usage, base_rss_bytes: int | None, *, is_alone: bool
    ) -> None:
        """Tell the manager; what other processes parsed and held is not known here."""
        peak = peak_rss_bytes() if is_alone else None  # before the rows below are made
        self._gate.say(
            {
                "kind": "value",
                "seconds": seconds,
                "used": asdict(used),
                "parse_s": sum(self._parse_s.values()) if is_alone else None,
                "base_rss_bytes": base_rss_bytes,
                "peak_rss_bytes": peak,
                "digests": [_digest(kept) for kept in self._crawls],
                "event_loops": sorted(self._event_loops),
                "http_parser": _http_parser(),
            }
        )


def make_site(start: str, read: Reader, ca_file: str | None) -> Site:
    """Return a site with what its clients need to trust it; `ca_file` is None on plain HTTP."""
    tls = ssl.create_default_context(cafile=ca_file) if ca_file else None
    return Site(start, read, tls, ca_file)


def run_crawls(
    crawl: Crawl,
    site: Site,
    concurrency: int,
    loops: int,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None,
) -> tuple[float, list[list[Item]]]:
    """Crawl `loops` times and return the seconds in all and what each crawl returned."""
    return keep_crawls(crawl, site, concurrency, loops, loop_factory, list[Item])


def keep_crawls(
    crawl: Crawl,
    site: Site,
    concurrency: int,
    loops: int,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None,
    keep: Callable[[], K],
) -> tuple[float, list[K]]:
    """Crawl `loops` times and return the seconds in all and what was kept of each crawl.

    As in `pyperf.Runner.bench_async_func`, an `async` strategy gets a new event loop per value, and
    the clock starts inside it. The items of a generator are kept one by one, as they come.

    Args:
        crawl: the strategy.
        site: what it crawls.
        concurrency: most requests in flight.
        loops: crawls in the value.
        loop_factory: makes the event loop of an `async` strategy.
        keep: makes what takes the items of one crawl.
    """
    if not (inspect.iscoroutinefunction(crawl) or inspect.isasyncgenfunction(crawl)):
        crawls: list[K] = []
        start = time.perf_counter()
        for _ in range(loops):
            kept = keep()
            kept.extend(crawl(site, concurrency))  # type: ignore[arg-type]
            crawls.append(kept)
        return time.perf_counter() - start, crawls

    async def timed() -> tuple[float, list[K]]:
        crawls: list[K] = []
        start = time.perf_counter()
        for _ in range(loops):
            kept, crawling = keep(), crawl(site, concurrency)
            if isinstance(crawling, AsyncIterator):
                async for item in crawling:
                    kept.append(item)
            else:
                kept.extend(await crawling)
            crawls.append(kept)
        return time.perf_counter() - start, crawls

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(timed())


def _rows(kept: _Kept) -> list[Row]:
    return kept.as_rows() if isinstance(kept, Tally) else as_rows(kept)


def _digest(kept: _Kept) -> str:
    return kept.digest() if isinstance(kept, Tally) else digest_rows(as_rows(kept))


def _timed(read: Reader, spent: dict[int, float]) -> Reader:
    """Return a reader that sums up CPU seconds by thread; two clock calls for each page."""

    def read_timed(address: str, body: bytes) -> Page:
        start = time.thread_time()
        page = read(address, body)
        thread = get_ident()  # no other thread writes there, so no lock is needed
        spent[thread] = spent.get(thread, 0.0) + time.thread_time() - start
        return page

    return read_timed


def _watch_event_loops() -> set[str]:
    """Return a set that gains the top-level module of every event loop that starts to run.

    Loops announce themselves by `_set_running_loop` once per start and once per stop, so that
    nothing is added to what they do in between. uvloop looks the function up when it is imported,
    hence this comes first.
    """
    modules: set[str] = set()
    announce = asyncio.events._set_running_loop

    def watch(loop: asyncio.AbstractEventLoop | None) -> None:
        if loop is not None:
            modules.add(type(loop).__module__.partition(".")[0])
        announce(loop)

    asyncio.events._set_running_loop = asyncio._set_running_loop = watch
    return modules


def _http_parser() -> str:
    """Return the module that parses responses: aiohttp's C one or its slow twin, or http.client."""
    aiohttp_parsers: Any = sys.modules.get("aiohttp.http_parser")
    if aiohttp_parsers:
        return str(aiohttp_parsers.HttpResponseParser.__module__)
    return "http.client" if "http.client" in sys.modules else "unknown"


if __name__ == "__main__":
    main()
