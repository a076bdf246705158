"""`crawlbench crawl`: crawls once and prints the items, without measuring (floor 5)."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawlbench.base.children import Child, ChildEnded, raise_told
from crawlbench.base.errors import CellError, UsageError
from crawlbench.base.text import one_line
from crawlbench.cli.effects import require_effect
from crawlbench.cli.options import AsJson, InFlight, OneSite
from crawlbench.cli.output import print_json
from crawlbench.cli.sites import prepare_site
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins.registry import Kind
from crawlbench.plugins.scouts import LOAD_S, find_out
from crawlbench.sites.addresses import host_of

if TYPE_CHECKING:
    from crawlbench.measure.crawler import CrawlJob

Show = Callable[[Any], object]
"""Called with the rank and the title of each item as soon as it comes."""


def crawl(
    strategy: Annotated[str, typer.Option("-s", "--strategy", help="Strategy to crawl with.")],
    loop: Annotated[
        str | None,
        typer.Option("-l", "--loop", help="Event loop, for an async strategy.  [default: asyncio]"),
    ] = None,
    site: OneSite = "douban-top250",
    parser: Annotated[str, typer.Option("--parser", help="Parser that reads the pages.")] = "lxml",
    network: Annotated[
        str | None,
        typer.Option("-n", "--network", help="Network that the mirror plays.  [default: loopback]"),
    ] = None,
    concurrency: InFlight = 10,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="Address of a server with the same pages, to crawl in place of the mirror.",
        ),
    ] = None,
    ca_file: Annotated[
        Path | None,
        typer.Option(
            "--ca-file",
            help="File of the authority to trust at --url; `mirror serve` prints its path.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Crawl once and print `rank title` for each item.

    The items are sorted by rank, unless the strategy is a generator: then they are printed in the
    order in which it yields them.

    Example: crawlbench crawl -s aiohttp-gather -l uvloop
    """
    asked = [(Kind.SITE, site), (Kind.PARSER, parser), (Kind.STRATEGY, strategy)]
    found = find_out([*([(Kind.EVENT_LOOP, loop)] if loop else ()), *asked])  # in one process
    _refuse_idle_options(strategy, loop, url, network, ca_file)
    # Those of the event loop, if one was typed, are required by `_refuse_idle_options`.
    for facts in reversed(found[-len(asked) :]):
        facts.require()
    job: CrawlJob = {
        "strategy": strategy,
        "event_loop": loop or "asyncio",
        "site": site,
        "parser": parser,
        "concurrency": concurrency,
        "url": _checked(url),
        "origin": "",
        "ca_file": _readable(ca_file),
    }
    items: list[tuple[Any, str]] = []
    show = items.append if as_json else _print_item
    if url is None:
        prepare_site(site)
        odd = asyncio.run(_crawl_mirror(job, network or "loopback", show))
    else:
        odd = asyncio.run(_crawl(job, show))
    if as_json:
        print_json([{"rank": rank, "title": title} for rank, title in items])
    if odd:
        raise CellError(f"{strategy} did not return the site's items: {odd}")


def _refuse_idle_options(
    strategy: str, loop: str | None, url: str | None, network: str | None, ca_file: Path | None
) -> None:
    """Raise if an option was given that would have no effect."""
    require_effect(strategy, loop)
    if url is not None and network is not None:
        raise UsageError(f"--network {network} has no effect with --url; leave it out")
    if url is None and ca_file is not None:
        raise UsageError("--ca-file is for --url; the mirror's authority is trusted anyway")


def _checked(url: str | None) -> str | None:
    """Return the address unchanged, or None if none was given; raise if it is not an address."""
    if url is not None:
        try:
            host_of(url)
        except ValueError as error:
            hint = "one looks like http://127.0.0.1:8000"
            raise UsageError(f"--url {url!r} is not an address; {hint}") from error
    return url


def _readable(ca_file: Path | None) -> str | None:
    """Return the path of a certificate that can be used, or None if none was given."""
    try:
        if ca_file is not None:
            ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # also raised if it holds no certificate
        raise UsageError(
            f"--ca-file {str(ca_file)!r} cannot be used: {error.strerror or error}; "
            "give a PEM file of certificates"
        ) from error
    return str(ca_file.absolute()) if ca_file else None


def _print_item(item: tuple[Any, str]) -> None:
    rank, title = item
    sys.stdout.write(f"{rank} {one_line(title)}\n")


async def _crawl_mirror(job: CrawlJob, network: str, show: Show) -> str:
    async with open_mirror(job["site"], network, find_network(network), seed=1) as mirror:
        job = {**job, "origin": mirror.address, "ca_file": mirror.ca_file}
        return await _crawl(job, show)


async def _crawl(job: CrawlJob, show: Show) -> str:
    """Crawl in a process of its own, show the items, and return how they differ from the site's."""
    child = await Child.start("crawlbench.measure.crawler", json.dumps(job), reads=False)
    try:
        message = await child.hear(LOAD_S)
        while "odd" not in message:
            raise_told(message, CellError)
            for item in message.get("items", ()):
                show(item)
            # Without a deadline: nobody knows how long a crawl may take, and Ctrl-C ends it.
            message = await child.hear()
    except TimeoutError:
        raise CellError(f"{job['strategy']} was not loaded within {LOAD_S:g} s") from None
    except ChildEnded as end:
        raise CellError(f"{job['strategy']} ended its process: {end}") from end
    finally:
        await child.end()
    return str(message["odd"])
