"""`crawlbench crawl` (floor 5)."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from crawlbench import registry
from crawlbench.cli.checks import at_least_one
from crawlbench.errors import BenchError, CellError, UsageError
from crawlbench.measure.worker import run_crawls
from crawlbench.mirror.process import open_mirror
from crawlbench.model import Item, Site
from crawlbench.networks import find_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.model import SiteSpec

__all__ = ["crawl"]


def crawl(
    strategy: Annotated[str, typer.Option("-s", "--strategy", help="How to crawl.")],
    loop: Annotated[
        str, typer.Option("-l", "--loop", help="Event loop, if the strategy needs one.")
    ] = "asyncio",
    site: Annotated[str, typer.Option("--site", help="What to crawl.")] = "douban-top250",
    parser: Annotated[str, typer.Option("--parser", help="How to read pages.")] = "lxml",
    network: Annotated[
        str, typer.Option("-n", "--network", help="Network that the mirror plays.")
    ] = "loopback",
    concurrency: Annotated[
        int, typer.Option("-c", "--concurrency", callback=at_least_one, help="Requests in flight.")
    ] = 10,
    url: Annotated[
        str | None, typer.Option("--url", help="Another address that serves such pages.")
    ] = None,
) -> None:
    """Crawl once and print `rank title` for each item."""
    spec: SiteSpec = registry.load(registry.Kind.SITE, site)
    read = registry.load(registry.Kind.PARSER, parser)(spec)

    def crawl_from(start: str) -> list[Item]:
        return _crawl_once(strategy, loop, Site(start, read), concurrency)

    if url is not None:
        items = crawl_from(_start(spec, url))
    else:
        items = asyncio.run(_crawl_mirror(spec, network, crawl_from))
    for item in sorted(items):
        sys.stdout.write(f"{item.rank} {item.title}\n")


def _start(spec: SiteSpec, url: str) -> str:
    """Return the address of a site's first page at that URL, which may name its origin only."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"--url {url!r} is no address; one looks like http://127.0.0.1:8000")
    return spec.page_address(url if parts.path.strip("/") else url.rstrip("/") + spec.path)


async def _crawl_mirror(
    spec: SiteSpec, network: str, crawl_from: Callable[[str], list[Item]]
) -> list[Item]:
    async with open_mirror(spec.name, network, find_network(network), seed=1) as mirror:
        return await asyncio.to_thread(crawl_from, mirror.address + spec.path)


def _crawl_once(strategy: str, loop: str, site: Site, concurrency: int) -> list[Item]:
    factory = registry.load(registry.Kind.EVENT_LOOP, loop) if registry.is_async(strategy) else None
    crawl_function = registry.load(registry.Kind.STRATEGY, strategy)
    try:
        _, (items,) = run_crawls(crawl_function, site, concurrency, 1, factory)
    except BenchError:
        raise
    except Exception as error:
        raise CellError(f"{strategy} failed: {type(error).__name__}: {error}") from error
    return items
