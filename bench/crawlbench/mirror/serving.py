"""A mirror to use by hand, in its own process: `python -m crawlbench.mirror.serving` (floor 2).

A site may be somebody's file, which the process that asks for it must not import. The mirror
reports its address, then each finished request, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import sys
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypedDict

import msgspec

from crawlbench.base.children import listen, open_channel, tell_error
from crawlbench.base.children.fastloop import loop_factory
from crawlbench.base.errors import BenchError, MirrorError, UsageError
from crawlbench.base.rooms import open_room
from crawlbench.mirror.clock import now
from crawlbench.mirror.door import Entrance
from crawlbench.mirror.networks import Network
from crawlbench.mirror.outbox import UNCOUNTED
from crawlbench.mirror.process import CA_FILE
from crawlbench.mirror.responses import Responses
from crawlbench.mirror.server import Mirror
from crawlbench.mirror.status import STATUS_PATH, StatusPage
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.children import Say
    from crawlbench.base.model import SiteSpec
    from crawlbench.mirror.outbox import Exchange


class ServingJob(TypedDict):
    """What to serve, and where; passed on the command line as JSON."""

    site: str
    network_name: str
    network: object
    """A `Network`, as msgspec writes it."""
    seed: int
    host: str
    port: int
    logs: bool
    """Whether to report each request."""


@dataclass(frozen=True, slots=True)
class Open:
    """Where to reach a mirror."""

    start: str
    """Address of the site's first page."""
    status: str | None
    """Address of the page with the counters; None where the site has a page of its own there."""
    ca_file: str | None
    """PEM file of the authority to trust, for as long as the mirror serves; None on plain HTTP."""


@dataclass(frozen=True, slots=True)
class Served:
    """One finished request."""

    method: str
    page: str
    """The address, as the counters name it."""
    status: int
    """Status of the answer; 0 if there was none."""
    sent_bytes: int
    seconds: float
    """From the end of the request to that of the answer; until now if that never came."""


def check_host(host: str, *, is_known: bool) -> str:
    """Return the address to listen on.

    Args:
        host: an address of this machine, or `localhost`.
        is_known: whether the user knows that others can reach the mirror.

    Raises:
        UsageError: this is not an address, or others could reach it without the user's knowledge.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise UsageError(
            f"--host {host!r} cannot be used: give an address of this machine, such as 127.0.0.1"
        ) from error
    if not (address.is_loopback or is_known):
        raise UsageError(
            f"--host {host} lets other machines reach the mirror, which has no protection against "
            "them; add --i-know if that is meant"
        )
    return str(address)


async def serve(
    spec: SiteSpec,
    network_name: str,
    network: Network,
    seed: int,
    host: str,
    port: int,
    on_open: Callable[[Open], None],
    on_served: Callable[[Served], None] | None,
) -> None:
    """Serve a site until cancelled.

    Args:
        spec: the site.
        network_name: the network's name, for the page with the counters.
        network: the network to play.
        seed: decides the network's delays and faults.
        host: address to listen on.
        port: 0 for any that is free.
        on_open: called once it listens.
        on_served: called after each request; None if nobody wants to know.

    Raises:
        MirrorError: it cannot listen there.
    """
    responses = Responses(spec.pages(), network.keep_alive_s, spec.method, spec.payload)
    mirror = Mirror(responses, network, seed)
    if on_served:
        mirror.on_exchange = _watch(on_served)
    # Begun again: at its own beginning the mirror did not know that anybody watches.
    mirror.begin("")
    mirror.aside = StatusPage(mirror, spec, network_name)
    with open_room() as folder, closing(mirror):
        ca_file = folder / CA_FILE
        try:
            origin = await Entrance(mirror, ca_file, host, spec.hosts).open_main(port)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise MirrorError(
                f"cannot listen on {host} port {port}: {reason}; choose another with --port"
            ) from error
        is_free = mirror.responses.find_page(STATUS_PATH.encode()) is None
        status = origin + STATUS_PATH if is_free else None
        on_open(Open(origin + spec.path, status, str(ca_file) if network.tls else None))
        await asyncio.Event().wait()


def _watch(on_served: Callable[[Served], None]) -> Callable[[Exchange], None]:
    """Return a function that reports exchanges, except those that are not counted."""

    def watch(exchange: Exchange) -> None:
        if exchange.page == UNCOUNTED:
            return
        end = now() if exchange.last_byte is None else exchange.last_byte
        method, status = exchange.method.decode("latin-1"), exchange.wire.status
        seconds = end - exchange.arrived
        on_served(Served(method, exchange.page, status, exchange.sent_bytes, seconds))

    return watch


def main() -> None:
    """Serve until standard input ends; report what prevents it."""
    say = open_channel()
    job: ServingJob = json.loads(sys.argv[1])
    try:
        with (
            # How `_serve_job` ends when standard input does.
            suppress(asyncio.CancelledError),
            asyncio.Runner(loop_factory=loop_factory()) as runner,
        ):
            runner.run(_serve_job(job, say))
    except BenchError as error:
        tell_error(say, str(error), type(error))


async def _serve_job(job: ServingJob, say: Say) -> None:
    spec = registry.load(registry.Kind.SITE, job["site"])
    network = msgspec.convert(job["network"], Network)
    task = asyncio.current_task()
    assert task
    listen(lambda _: None, task.cancel)
    await serve(
        spec,
        job["network_name"],
        network,
        job["seed"],
        job["host"],
        job["port"],
        lambda opened: say({"open": asdict(opened)}),
        (lambda served: say({"served": asdict(served)})) if job["logs"] else None,
    )


if __name__ == "__main__":
    main()
