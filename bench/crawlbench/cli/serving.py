"""`crawlbench mirror serve` and `mirror bench`: a mirror for people, and its speed (floor 5)."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.table import Table

from crawlbench.base.children import Child, ChildEnded, raise_told
from crawlbench.base.errors import MirrorError
from crawlbench.base.text import harmless
from crawlbench.cli.checks import at_least_one, not_negative
from crawlbench.cli.consoles import result_console
from crawlbench.cli.endings import run_until_signal
from crawlbench.cli.options import AsJson, FirstPageOf, OneNetwork
from crawlbench.cli.output import print_json
from crawlbench.cli.sites import prepare_site
from crawlbench.measure.ceiling import measure_ceiling
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.topology import stay_on
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.mirror.serving import Open, Served, check_host

if TYPE_CHECKING:
    from crawlbench.mirror.serving import ServingJob

SERVING = "crawlbench.mirror.serving"
END_S = 5.0
"""Seconds for the mirror to end after its input was closed; then it is killed."""
BENCH_SPAN_S = 1.0
BENCH_CONNECTIONS = (1, 8, 64)


MODES: dict[str, tuple[str, Callable[..., Awaitable[float]]]] = {
    "plain": ("loopback", partial(measure_ceiling, coding="identity")),
    "gzip": ("loopback", measure_ceiling),
    "TLS, gzip": ("loopback-tls", measure_ceiling),
    "HTTP/2, TLS, gzip": ("loopback-tls", partial(measure_ceiling, http2=True)),
}
"""What `mirror bench` measures: by its name, the network, and how."""


def serve(
    site: Annotated[str, typer.Option("--site", help="Site to serve.")] = "douban-top250",
    network: OneNetwork = "loopback",
    seed: Annotated[
        int, typer.Option("--seed", callback=not_negative, help="Seed for delays and faults.")
    ] = 1,
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65_535, help="Port to listen on; 0 takes a free one."),
    ] = 0,
    host: Annotated[
        str, typer.Option("--host", help="Address of this machine to listen on.")
    ] = "127.0.0.1",
    is_known: Annotated[
        bool,
        typer.Option("--i-know", help="Confirm that other machines may reach it, with --host."),
    ] = False,
    is_quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Do not log requests.")] = False,
) -> None:
    """Serve a site until Ctrl-C; the first line printed is its address.

    The page /_crawlbench shows its counters.

    Example: crawlbench mirror serve -n wan --port 8000
    """
    address, played = check_host(host, is_known=is_known), find_network(network)
    prepare_site(site, reads=False)
    job: ServingJob = {
        "site": site,
        "network_name": network,
        "network": msgspec.to_builtins(played),
        "seed": seed,
        "host": address,
        "port": port,
        "logs": not is_quiet,
    }
    # Ctrl-C is how it is meant to end.
    with suppress(KeyboardInterrupt):
        run_until_signal(_serve(job))


async def _serve(job: ServingJob) -> None:
    """Show what a mirror in its own process reports, until cancelled.

    Raises:
        MirrorError: it cannot listen there, or it has ended.
    """
    child = await Child.start(SERVING, json.dumps(job))
    try:
        while True:
            message = await child.hear()
            raise_told(message, MirrorError)
            if "open" in message:
                _greet(Open(**message["open"]))
            else:
                _log(Served(**message["served"]))
    except ChildEnded as end:
        raise MirrorError(f"the mirror of {job['site']!r} has ended: {end}") from None
    finally:
        await child.end(END_S)


def _greet(opened: Open) -> None:
    lines = [opened.start]
    if opened.status:
        lines.append(f"counters at {opened.status}")
    if opened.ca_file:
        lines.append(f"clients must trust {opened.ca_file}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _log(served: Served) -> None:
    """Print one line, in which nothing that a client sent can control a terminal."""
    sys.stdout.write(
        f"{time.strftime('%H:%M:%S')} {served.method} {harmless(served.page)} "
        f"{served.status or '-'} {served.sent_bytes} B {served.seconds * 1000:.1f} ms\n"
    )
    sys.stdout.flush()


def bench(
    site: FirstPageOf = "douban-top250",
    connections: Annotated[
        list[int] | None,
        typer.Option(
            "-c",
            "--connections",
            callback=at_least_one,
            help="Number of connections; repeat the option to try several.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a mirror for as many pages as it can serve, and print the rate per second.

    The client asks in batches and only counts the answers. Over TLS and HTTP/2 it costs as much CPU
    as the mirror, so the mirror can serve more there than the rate shows.

    Example: crawlbench mirror bench -c 1 -c 100
    """
    counts = tuple(connections or BENCH_CONNECTIONS)
    prepare_site(site, reads=False)
    ceilings = asyncio.run(_measure(site, counts))
    if as_json:
        print_json(ceilings)
        return
    title = f"pages/s of {site}, by connections"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("")
    for count in counts:
        table.add_column(f"{count:,}", justify="right")
    for mode, row in ceilings.items():
        table.add_row(mode, *(f"{row[str(count)]:,.0f}" for count in counts))
    result_console().print(table)


async def _measure(site: str, counts: tuple[int, ...]) -> dict[str, dict[str, float]]:
    """Return pages per second by mode and number of connections."""
    machine = describe_machine()
    ceilings = {}
    for mode, (name, measure) in MODES.items():
        network = find_network(name)
        async with open_mirror(site, name, network, 1, machine.mirror_cpus) as mirror:
            # Else the client could take turns with the mirror on the mirror's own CPU.
            with stay_on(machine.worker_cpus):
                ceilings[mode] = {
                    str(count): await measure(
                        mirror.address,
                        mirror.path,
                        mirror.ca_file,
                        connections=count,
                        span_s=BENCH_SPAN_S,
                    )
                    for count in counts
                }
    return ceilings
