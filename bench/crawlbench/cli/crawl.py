"""`crawlbench crawl` (floor 5)."""

from __future__ import annotations

import asyncio
import ssl
import sys
from inspect import isasyncgenfunction, isgeneratorfunction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from crawlbench import registry
from crawlbench.cli.checks import at_least_one
from crawlbench.cli.sites import load_site
from crawlbench.errors import BenchError, CellError, UsageError
from crawlbench.measure.crawling import keep_crawls, make_site, run_crawls
from crawlbench.mirror.process import open_mirror
from crawlbench.networks import find_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crawlbench.model import Item, Site, SiteSpec

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
    ca_file: Annotated[
        Path | None,
        typer.Option("--ca-file", help="Authority to trust at --url, as `mirror serve` tells it."),
    ] = None,
) -> None:
    """Crawl once and print `rank title` for each item.

    Sorted by rank; as they come where the strategy is a generator.
    """
    spec = load_site(site) if url is None else registry.load(registry.Kind.SITE, site)
    read = registry.load(registry.Kind.PARSER, parser)(spec)

    def crawl_from(start: str, ca_file: str | None) -> list[Item]:
        return _crawl_once(strategy, loop, make_site(spec, start, read, ca_file), concurrency)

    if url is not None:
        items = crawl_from(_start(spec, url), _readable(ca_file))
    else:
        items = asyncio.run(_crawl_mirror(spec, network, crawl_from))
    _Printed().extend(sorted(items))


class _Printed:
    """A `Keeper` that prints items and keeps none."""

    def append(self, item: Item) -> None:
        sys.stdout.write(f"{item.rank} {item.title}\n")

    def extend(self, items: Iterable[Item]) -> None:
        for item in items:
            self.append(item)


def _start(spec: SiteSpec, url: str) -> str:
    """Return the address of a site's first page at that URL, which may name its origin only."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"--url {url!r} is no address; one looks like http://127.0.0.1:8000")
    start = spec.page_address(url if parts.path.strip("/") else url.rstrip("/") + spec.path)
    if not start:
        raise UsageError(f"--url {url!r} is no page of {spec.name}; its first one is {spec.path}")
    return start


def _readable(ca_file: Path | None) -> str | None:
    """Return the path of a certificate that can be used, or None if none was given."""
    try:
        if ca_file is not None:
            ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # also when it holds no certificate
        raise UsageError(
            f"--ca-file {str(ca_file)!r} cannot be used: {error.strerror or error}; "
            "give a PEM file of certificates"
        ) from error
    return str(ca_file) if ca_file else None


async def _crawl_mirror(
    spec: SiteSpec, network: str, crawl_from: Callable[[str, str | None], list[Item]]
) -> list[Item]:
    async with open_mirror(spec.name, network, find_network(network), seed=1) as mirror:
        return await asyncio.to_thread(crawl_from, mirror.address + spec.path, mirror.ca_file)


def _crawl_once(strategy: str, loop: str, site: Site, concurrency: int) -> list[Item]:
    factory = registry.load(registry.Kind.EVENT_LOOP, loop) if registry.is_async(strategy) else None
    crawl_function = registry.load(registry.Kind.STRATEGY, strategy)
    try:
        if isgeneratorfunction(crawl_function) or isasyncgenfunction(crawl_function):
            keep_crawls(crawl_function, site, concurrency, 1, factory, _Printed)
            return []
        _, (items,) = run_crawls(crawl_function, site, concurrency, 1, factory)
    except (BenchError, BrokenPipeError):
        raise
    except Exception as error:
        raise CellError(f"{strategy} failed: {type(error).__name__}: {error}") from error
    return items
