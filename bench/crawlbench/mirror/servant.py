"""A mirror to use by hand, in its own process: `python -m crawlbench.mirror.servant` (floor 2).

A site may be somebody's file, which the process that asks for it must not import. The servant
reports its address, then each finished request, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, TypedDict

import msgspec

from crawlbench.base.children import listen, open_channel, tell_error
from crawlbench.base.errors import BenchError
from crawlbench.mirror.child import loop_factory
from crawlbench.mirror.networks import Network
from crawlbench.mirror.serving import serve
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from crawlbench.base.children import Say


class ServantJob(TypedDict):
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


def main() -> None:
    """Serve until standard input ends; report what prevents it."""
    say = open_channel()
    job: ServantJob = json.loads(sys.argv[1])
    try:
        with (
            suppress(asyncio.CancelledError),
            asyncio.Runner(loop_factory=loop_factory()) as runner,
        ):
            runner.run(_serve(job, say))
    except BenchError as error:
        tell_error(say, str(error), type(error))


async def _serve(job: ServantJob, say: Say) -> None:
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
