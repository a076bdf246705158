"""The process in which values are taken: `python -m crawlbench.measure.worker` (floor 3).

A pyperf worker (`--worker --loops=... -o FILE`) whose every value waits at the turnstile first.
The manager's job comes as JSON in the environment. Only the crawl is inside the clock.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import inspect
import json
import os
import sys
import time
import traceback
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyperf

from crawlbench import registry
from crawlbench.digest import as_rows, digest_rows
from crawlbench.measure.gate import Gate
from crawlbench.model import Crawl, Item, Page, Reader, Site
from crawlbench.usage import Usage, peak_rss_bytes, reset_peak_rss, rss_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["JOB_VARIABLE", "main", "run_crawls"]

JOB_VARIABLE = "CRAWLBENCH_JOB"
"""Environment variable that holds the job."""


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
        self._parse_s: list[float] = []
        self._site = Site(job["origin"] + spec.path, _timed(parser(spec), self._parse_s))
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
        self._crawls: list[list[Item]] = []

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
        before = Usage.now()
        seconds, self._crawls = run_crawls(
            self._crawl, self._site, self._concurrency, loops, self._loop_factory
        )
        used = Usage.now().since(before)
        faulthandler.cancel_dump_traceback_later()
        self._report(seconds, used, base_rss_bytes)
        self.wait()
        return seconds

    def wait(self) -> None:
        """Stand still until the manager gives the turn; show what was crawled if asked.

        When the round is over, all workers end at once: they may use all CPUs for that.
        """
        while (kind := self._gate.wait()["kind"]) == "show":
            self._gate.say({"kind": "crawls", "crawls": [as_rows(c) for c in self._crawls]})
        if kind == "end" and self._all_cpus:
            os.sched_setaffinity(0, self._all_cpus)

    def _report(self, seconds: float, used: Usage, base_rss_bytes: int | None) -> None:
        peak = peak_rss_bytes()  # before the rows below are made
        self._gate.say(
            {
                "kind": "value",
                "seconds": seconds,
                "used": asdict(used),
                "parse_s": sum(self._parse_s),
                "base_rss_bytes": base_rss_bytes,
                "peak_rss_bytes": peak,
                "digests": [digest_rows(as_rows(crawl)) for crawl in self._crawls],
                "event_loops": sorted(self._event_loops),
                "http_parser": _http_parser(),
            }
        )


def run_crawls(
    crawl: Crawl,
    site: Site,
    concurrency: int,
    loops: int,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None,
) -> tuple[float, list[list[Item]]]:
    """Crawl `loops` times and return the seconds in all and what each crawl returned.

    As in `pyperf.Runner.bench_async_func`, an `async` strategy gets a new event loop per value, and
    the clock starts inside it.
    """
    if not (inspect.iscoroutinefunction(crawl) or inspect.isasyncgenfunction(crawl)):
        crawls: list[list[Item]] = []
        start = time.perf_counter()
        for _ in range(loops):
            crawls.append(list(crawl(site, concurrency)))  # type: ignore[arg-type]  # noqa: PERF401
        return time.perf_counter() - start, crawls

    async def timed() -> tuple[float, list[list[Item]]]:
        crawls: list[list[Item]] = []
        start = time.perf_counter()
        for _ in range(loops):
            crawling: Any = crawl(site, concurrency)
            if inspect.isasyncgen(crawling):
                crawls.append([item async for item in crawling])  # type: ignore[misc]
            else:
                crawls.append(await crawling)
        return time.perf_counter() - start, crawls

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(timed())


def _timed(read: Reader, spent: list[float]) -> Reader:
    """Return a reader that notes the CPU seconds of its thread; two clock calls for each page."""

    def read_timed(address: str, body: bytes) -> Page:
        start = time.thread_time()
        page = read(address, body)
        spent.append(time.thread_time() - start)
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
