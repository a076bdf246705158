"""A crawl as the task that a worker measures (floor 3; imported by workers).

Only the crawl is inside the clock. For a large site the tally of its items is inside as well,
because there are too many of them to keep until afterwards.
"""

from __future__ import annotations

import asyncio
import functools
import os
import ssl
import sys
from collections.abc import AsyncIterator, Coroutine, Iterable
from dataclasses import replace
from pathlib import Path
from time import thread_time_ns
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from crawlbench.base.digest import Row, Tally, as_rows, digest_rows
from crawlbench.base.model import Crawl, Item, Reader, Site, SiteSpec
from crawlbench.base.stopwatch import Others, Stopwatch
from crawlbench.measure.reading import PageCounter, Reading
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.stopwatch import Timing
    from crawlbench.measure.job import Job, Told
    from crawlbench.measure.seal import Seal


class Keeper(Protocol):
    """Takes the items of one crawl: a list, a tally, or something that prints them."""

    def append(self, item: Item, /) -> None:
        """Take one item."""

    def extend(self, items: Iterable[Item], /) -> None:
        """Take items as they come."""


NOBODY = Path(__file__).parent / "nobody.pem"
"""An authority that has never signed anything: its key was thrown away."""

_thread_time_ns = thread_time_ns  # bound before a contestant is imported
K = TypeVar("K", bound=Keeper)
_Kept = list[Item] | Tally


class Crawling:
    """One cell's crawls; made from the manager's job."""

    closes_loops = False

    def __init__(self, job: Job) -> None:
        """Keep the job; `load` imports what it names, the contestant included."""
        self._job = job

    def load(self, seal: Seal) -> Crawling:
        """Load the plug-ins that the cell names, the strategy last, after all others are sealed."""
        return self.load_site(seal).load_strategy()

    def load_site(self, seal: Seal) -> Crawling:
        """Load the cell's site, parser and event loop, and seal what reads the pages."""
        job, cell, files = self._job, self._job["cell"], self._job.get("files", {})
        spec = registry.load(registry.Kind.SITE, files.get(cell["site"], cell["site"]))
        parser = registry.load(registry.Kind.PARSER, files.get(cell["parser"], cell["parser"]))
        self._counter = PageCounter(parser(spec))
        self._reading = Reading()
        self._site = make_site(spec, job["origin"] + spec.path, self._counter.read, job["ca_file"])
        self._loop_factory = (
            registry.load(registry.Kind.EVENT_LOOP, cell["event_loop"])
            if cell["event_loop"]
            else None
        )
        self._concurrency = cell["concurrency"]
        self._keep: Callable[[], _Kept] = (
            functools.partial(Tally, spec.item_type) if spec.is_large else list
        )
        self._crawls: list[_Kept] = []
        seal.take_in(parser.__module__)
        seal.add(self._counter.read, "_read")
        seal.add(self._counter.read, "_counter")
        seal.add(self._site, "read")
        return self

    def load_strategy(self) -> Crawling:
        """Load the strategy, which is the contestant."""
        name = self._job["cell"]["strategy"]
        name = self._job.get("files", {}).get(name, name)
        self._crawl: Crawl = registry.load(registry.Kind.STRATEGY, name)
        return self

    def run(self, loops: int) -> Timing:
        """Crawl `loops` times, and return how long everything took."""
        self._counter.forget()
        timing, self._crawls = keep_crawls(
            self._crawl, self._site, self._concurrency, loops, self._loop_factory, self._begin_crawl
        )
        self._reading = self._counter.look()  # at once: what is read after the clock does not count
        return timing

    def _begin_crawl(self) -> _Kept:
        """Return a keeper for the items of the crawl that begins."""
        self._counter.begin_crawl()
        return self._keep()

    def forget(self) -> None:
        """Release what the last value returned."""
        self._crawls = []

    def look(self) -> dict[str, object]:
        """Return the fields of the `Reading` of the last value."""
        return {name: getattr(self._reading, name) for name in Reading.__slots__}

    def tell(self, *, is_alone: bool) -> Told:
        """Return what else is known about the last value.

        Args:
            is_alone: whether it used no other process; what others parsed is not known here.
        """
        return {
            "parse_s": self._reading.parse_s if is_alone else None,
            "digests": [_digest(kept) for kept in self._crawls],
            "http_parser": _http_parser(),
            "figures": {},
        }

    def show(self) -> list[list[Row]]:
        """Return what each crawl of the last value returned, in order of rank."""
        return [_rows(kept) for kept in self._crawls]


def make_site(spec: SiteSpec, start: str, read: Reader, ca_file: str | None) -> Site:
    """Return a site with the TLS context and the certificate file that its clients need.

    Both are made before the clock starts. A site on plain HTTP gets them too, from an authority
    whose key nobody has, so that a client that takes a context or a file opens in the same way with
    and without TLS. `SSL_CERT_FILE` is set for clients that take neither.

    Args:
        spec: the site's specification.
        start: absolute address of its first page.
        read: reads a page.
        ca_file: certificate file of the authority that issued the site's certificate; None for the
            authorities that the system trusts.
    """
    if ca_file is None and start.startswith("http:"):
        ca_file = str(NOBODY)
    if ca_file:
        os.environ["SSL_CERT_FILE"] = ca_file
    tls = ssl.create_default_context(cafile=ca_file)
    return Site(start, read, tls, ca_file, spec.method, spec.payload)


def run_crawls(
    crawl: Crawl,
    site: Site,
    concurrency: int,
    loops: int,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None,
) -> tuple[float, list[list[Item]]]:
    """Crawl `loops` times, and return the total seconds and what each crawl returned."""
    timing, crawls = keep_crawls(crawl, site, concurrency, loops, loop_factory, list[Item])
    return timing.seconds, crawls


def keep_crawls(
    crawl: Crawl,
    site: Site,
    concurrency: int,
    loops: int,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None,
    keep: Callable[[], K],
) -> tuple[Timing, list[K]]:
    """Crawl `loops` times, and return how long everything took and what was kept of each crawl.

    As in `pyperf.Runner.bench_async_func`, an `async` strategy gets a new event loop per value, and
    the clock starts inside it. The items of a generator are kept one by one, as they come.

    Args:
        crawl: the strategy.
        site: what it crawls.
        concurrency: the largest number of requests in flight.
        loops: crawls in the value.
        loop_factory: makes the event loop of an `async` strategy.
        keep: makes the keeper that takes the items of one crawl.
    """
    if not registry.needs_loop(crawl):
        return _keep_plainly(crawl, site, concurrency, loops, keep)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        timing, crawls = runner.run(_keep_in_loop(crawl, site, concurrency, loops, keep))
        before_ns = _thread_time_ns()
    closing_s = (_thread_time_ns() - before_ns) / 1e9
    # What others did until the loop's end, such as its executor's threads, is not held against a
    # crawl; what this thread did is, if it is more than any loop needs.
    return replace(timing, others=timing.others and Others.now(), closing_s=closing_s), crawls


def _keep_plainly(
    crawl: Crawl, site: Site, concurrency: int, loops: int, keep: Callable[[], K]
) -> tuple[Timing, list[K]]:
    crawls: list[K] = []
    watch = Stopwatch()
    for _ in range(loops):
        kept = keep()
        kept.extend(_plain(crawl(site, concurrency)))
        crawls.append(kept)
    return watch.stop(), crawls


async def _keep_in_loop(
    crawl: Crawl, site: Site, concurrency: int, loops: int, keep: Callable[[], K]
) -> tuple[Timing, list[K]]:
    crawls: list[K] = []
    watch = Stopwatch()
    for _ in range(loops):
        kept, crawling = keep(), crawl(site, concurrency)
        if isinstance(crawling, AsyncIterator):
            async for item in crawling:
                kept.append(item)
        else:
            kept.extend(_items(await crawling))  # type: ignore[misc]
        crawls.append(kept)
    # To close the loop takes some loops more than 1 ms, and happens outside the clock.
    return watch.stop(), crawls


def _plain(found: object) -> Iterable[Item]:
    """Return the items of a strategy that is not `async`.

    Raises:
        TypeError: it returned something that only an event loop can run, or else holds no items.
    """
    if isinstance(found, Coroutine | AsyncIterator):
        kind = type(found).__name__
        if isinstance(found, Coroutine):
            found.close()  # else Python complains that it was never awaited
        raise TypeError(
            f"crawl is a plain function and returned {kind} {getattr(found, '__name__', '')!r}, "
            "which needs an event loop; write `async def crawl(site, concurrency)`"
        )
    return _items(found)


def _items(found: object) -> Iterable[Item]:
    """Return what a crawl returned, unless it can hold no items: then raise a `TypeError`."""
    if isinstance(found, Iterable) or hasattr(found, "__getitem__"):
        return cast("Iterable[Item]", found)
    raise TypeError(f"the crawl returned {found!r:.60}, not the items; return all of them")


def _rows(kept: _Kept) -> list[Row]:
    return kept.as_rows() if isinstance(kept, Tally) else as_rows(kept)


def _digest(kept: _Kept) -> str:
    return kept.digest() if isinstance(kept, Tally) else digest_rows(as_rows(kept))


def _http_parser() -> str:
    """Return the module that parses responses: aiohttp's C one or its slow twin, or http.client."""
    aiohttp_parsers: Any = sys.modules.get("aiohttp.http_parser")
    if aiohttp_parsers:
        return str(aiohttp_parsers.HttpResponseParser.__module__)
    return "http.client" if "http.client" in sys.modules else "unknown"
