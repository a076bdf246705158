"""A generator's process: `python -m crawlbench.load.child` with a job as JSON (floor 4).

It opens its connections and prints `{"ready": ...}`. When a line `{"at": ...}` with a time of
`time.monotonic` arrives on standard input, it fires, and then prints what it counted. If standard
input ends before that, so does the process: however its manager dies, the pipe closes.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import os
import sys
import threading
from typing import TYPE_CHECKING

from crawlbench.base.children import open_channel
from crawlbench.base.children.fastloop import loop_factory
from crawlbench.base.errors import UsageError
from crawlbench.load.generator import Generator
from crawlbench.load.model import Arrival, Load, NotReady, Target

if TYPE_CHECKING:
    from crawlbench.base.children import Say


def main() -> None:
    """Make one run."""
    say = open_channel()
    job = json.loads(sys.argv[1])
    if job["cpus"] and hasattr(os, "sched_setaffinity"):
        # Before there are threads, which inherit it.
        os.sched_setaffinity(0, job["cpus"])
    load = Load(**job["load"] | {"arrival": Arrival(job["load"]["arrival"])})
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_run(Target(**job["target"]), load, job["number"], say))


async def _run(target: Target, load: Load, number: int, say: Say) -> None:
    try:
        generator = Generator(target, load, number)
        unloaded_s = await generator.prepare()
    except (OSError, ValueError, UsageError, NotReady) as error:
        may_pass = isinstance(error, NotReady)
        # A timeout is an error without a text.
        say({"error": str(error) or "no connection in time", "may_pass": may_pass})
        return
    start = await _first_line(say)
    if start is None:
        return
    gc.collect()
    gc.disable()  # a pause of the generator would look like one of the server
    part = await generator.fire(start)
    say({"part": dataclasses.asdict(part), "unloaded_s": unloaded_s})


async def _first_line(say: Say) -> float | None:
    """Report that everything is ready, and return the start; None if standard input ends."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[float | None] = loop.create_future()

    def read() -> None:
        # Not `sys.stdin`: a thread that waits inside it keeps the interpreter from ending.
        # So short a line comes in one piece.
        line = os.read(0, 4096)
        loop.call_soon_threadsafe(told.set_result, float(json.loads(line)["at"]) if line else None)
        if line and not os.read(0, 1):  # the manager is gone: nobody waits for the result
            os._exit(1)

    threading.Thread(target=read, daemon=True).start()
    say({"ready": True})
    return await told


if __name__ == "__main__":
    main()
