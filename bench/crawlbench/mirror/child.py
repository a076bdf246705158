"""The mirror's process: `python -m crawlbench.mirror.child` with a job as JSON (floor 2).

It prints its address and the path of the first page as one line of JSON, then obeys commands from
standard input, one per line: `{"op": "begin", ...}`, `{"op": "end"}`, and to open and shut doors
`{"op": "open", "door": NAME}` and `{"op": "shut", "doors": [NAME, ...]}`. When standard input ends,
so does the process: however its manager dies, the pipe closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import sys
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

import msgspec

from crawlbench.base.children import listen, open_channel
from crawlbench.base.children.fastloop import loop_factory
from crawlbench.base.errors import BenchError, MirrorError
from crawlbench.mirror.door import Entrance
from crawlbench.mirror.edition import make_edition
from crawlbench.mirror.networks import Network
from crawlbench.mirror.responses import Responses
from crawlbench.mirror.server import Mirror
from crawlbench.mirror.trace import Tracer
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.children import Say
    from crawlbench.base.model import PageSource

KNOWN_SIZES = 16_384
"""Addresses whose page sizes are remembered; a site that is not large has fewer."""


class MirrorJob(TypedDict):
    """What to serve; passed on the command line as JSON."""

    site: str
    network: object
    """A `Network`, as msgspec writes it."""
    seed: int
    cpus: tuple[int, ...]
    """CPUs to run on; empty for any."""
    ca_file: str
    """Where to write the authority's certificate, if the network has TLS."""


class Span(TypedDict):
    """The arguments of `Mirror.begin`."""

    epoch: str
    plays_network: bool
    lap: int
    laps: int
    door: NotRequired[str]
    alters: NotRequired[bool]


class Command(TypedDict):
    """What the manager sends."""

    op: Literal["begin", "end", "open", "shut"]
    span: NotRequired[Span]
    trace_file: NotRequired[str | None]
    door: NotRequired[str]
    """The door to open, by its owner's name."""
    doors: NotRequired[list[str] | None]
    """The doors to shut; None: all but the main one."""


def main() -> None:
    """Serve until standard input ends."""
    say = open_channel()
    job: MirrorJob = json.loads(sys.argv[1])
    # Before there are threads, which inherit it.
    if job["cpus"] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, job["cpus"])
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(job, say))
    except BenchError as error:
        sys.exit(str(error))


async def _serve(job: MirrorJob, say: Say) -> None:
    spec = registry.load(registry.Kind.SITE, job["site"])
    network = msgspec.convert(job["network"], Network)
    pages = spec.pages()
    responses = Responses(pages, network.keep_alive_s, spec.method, spec.payload)
    responses.make_beforehand()
    mirror = Mirror(responses, network, job["seed"])
    if spec.media == "html" and not spec.is_large:
        mirror.size_of = _measure(pages)
    mirror.make_edition = partial(make_edition, spec, pages, job["seed"])
    entrance = Entrance(mirror, Path(job["ca_file"]), others=spec.hosts)
    address = await entrance.open_main()
    gc.freeze()  # pages and modules are not garbage: the collector need not visit them
    ca_file = job["ca_file"] if network.tls else None
    say({"address": address, "path": spec.path, "ca_file": ca_file})
    await _obey(mirror, entrance, say)
    mirror.close()


def _measure(pages: PageSource) -> Callable[[str], int]:
    """Return a function that gives the bytes of a page before any coding; 0 if there is no page."""

    @lru_cache(maxsize=KNOWN_SIZES)
    def size_of(address: str) -> int:
        with contextlib.suppress(Exception):  # raised by what a user wrote, or for no address
            found = pages.find(address)
            return len(pages.read(found)[1]) if found is not None else 0
        return 0

    return size_of


async def _obey(mirror: Mirror, entrance: Entrance, say: Say) -> None:
    """Carry out the manager's commands until standard input ends."""
    over = asyncio.Event()
    opening: set[asyncio.Task[None]] = set()

    def obey(line: bytes) -> None:
        try:
            command = json.loads(line)
        except ValueError:  # no manager sends this, unless it is dying
            over.set()
            return
        # Opening has to be awaited. The manager sends nothing more until it has the answer.
        if command["op"] == "open":
            task = asyncio.create_task(_open(entrance, command["door"], say))
            opening.add(task)
            task.add_done_callback(opening.discard)
        else:
            _carry_out(mirror, command, say)

    listen(obey, over.set)
    await over.wait()


async def _open(entrance: Entrance, name: str, say: Say) -> None:
    """Open a door and report its address, or why it could not be opened."""
    try:
        say({"address": await entrance.open(name)})
    except MirrorError as error:
        say({"error": str(error)})
    except OSError as error:
        say({"error": f"no port could be opened: {error.strerror}; `ulimit -n` may be too low"})


def _carry_out(mirror: Mirror, command: Command, say: Say) -> None:
    if command["op"] == "begin":
        # Before `begin`, which looks whether anybody watches.
        if command["trace_file"]:
            with contextlib.suppress(OSError):  # there is no trace then, and the manager notices
                mirror.on_exchange = Tracer(mirror, Path(command["trace_file"]))
        mirror.begin(**command["span"])
        say({})
    elif command["op"] == "shut":
        names = command["doors"]
        for name in [door.name for door in mirror.doors] if names is None else names:
            mirror.shut(name)
        say({})
    else:
        counters = mirror.end()
        # Before the answer, after which the manager may read the file.
        if isinstance(mirror.on_exchange, Tracer):
            mirror.on_exchange.close()
        say(counters.as_message())


if __name__ == "__main__":
    main()
