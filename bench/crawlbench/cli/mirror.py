"""`crawlbench mirror` (floor 5)."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawlbench import registry
from crawlbench.cli.checks import not_negative
from crawlbench.mirror.process import open_mirror
from crawlbench.networks import find_network
from crawlbench.sites.pages import write_fixtures

if TYPE_CHECKING:
    from crawlbench.model import SiteSpec

__all__ = ["app"]

app = typer.Typer(help="The server of the fixture pages.")


@app.command()
def build(
    folder: Annotated[
        Path, typer.Argument(help="Where to write the pages and their manifest.")
    ] = Path("fixtures/douban"),
) -> None:
    """Make the ten list pages and their manifest from movies.csv, the same byte for byte."""
    paths = write_fixtures(folder)
    sys.stdout.write("".join(f"{path}\n" for path in paths))


@app.command()
def serve(
    site: Annotated[str, typer.Option("--site", help="Whose pages.")] = "douban-top250",
    network: Annotated[str, typer.Option("-n", "--network", help="Network to play.")] = "loopback",
    seed: Annotated[int, typer.Option("--seed", callback=not_negative, help="Of the delays.")] = 1,
) -> None:
    """Serve a site on loopback until Ctrl-C; the first line printed is its address."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(site, network, seed))


async def _serve(site: str, network: str, seed: int) -> None:
    spec: SiteSpec = registry.load(registry.Kind.SITE, site)
    async with open_mirror(site, network, find_network(network), seed) as mirror:
        sys.stdout.write(f"{mirror.address}{spec.path}\n")
        sys.stdout.flush()
        await mirror.wait()
