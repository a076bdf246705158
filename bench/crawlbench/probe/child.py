"""The process that tries a loop: `python -m crawlbench.probe.child LOOP [JOB]` (floor 3).

With a job as JSON the process does that job and ends. Without one it imports the loop's package,
makes no loop, and forks for each job that it receives. The process that tries prints a line of JSON
as soon as it knows the result, and another when the loop is closed. The last line counts, unless
the process then hangs or crashes.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import math
import platform
import signal
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TYPE_CHECKING, Any

from crawlbench.base.children import ForkJob, count_files, open_channel, serve_forks, why_not_fork
from crawlbench.base.errors import UsageError
from crawlbench.operations import Operation, Peer, load_loop_factory, run_operation
from crawlbench.plugins import registry
from crawlbench.probe.catalogue import FIRST, all_tries, find_try, size_of
from crawlbench.probe.findings import Support
from crawlbench.probe.verdicts import judge_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.children import Say
    from crawlbench.operations import LoopFactory

LATE_S = 10
"""Seconds after the prober's deadline at which the system ends the process, if it still runs."""


def main() -> None:
    """Do the job on the command line, or wait for jobs; each fork returns here to do its job."""
    loop, *jobs = sys.argv[1:]
    say = open_channel()
    job = ForkJob(json.loads(jobs[0]), say) if jobs else _stand_ready(loop, say)
    if job:
        _probe(loop, job)


def _stand_ready(loop: str, say: Say) -> ForkJob | None:
    """Import everything that tries need, and fork for each job; return the job in the fork."""
    all_tries()
    # After our own imports and before the loop's: what those open is no reason against forks.
    files = count_files()
    # Not `load_loop_factory`, which makes a loop: all forks would share its descriptors.
    registry.load(registry.Kind.EVENT_LOOP, loop)
    say({"why_not_fork": why_not_fork(files)})
    return serve_forks(say)


def _probe(loop: str, job: ForkJob) -> None:
    """Try the job's operation, and report the result."""
    order = job.order

    def say(**message: object) -> None:
        job.say(message)

    # Who starts a probe in the background has Ctrl-C ignored, and `asyncio.Runner` leaves it so.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "alarm"):  # if its parent was killed and it hangs
        signal.alarm(math.ceil(order["deadline_s"]) + LATE_S)
    operation = find_try(order["probe"])
    try:
        factory = load_loop_factory(loop)
    except UsageError as error:
        say(absent=str(error))
        return
    # Before the try, so that a loop which crashes in it still has a type and a version.
    if operation.name == FIRST:
        say(**_facts(factory))
    peer = Peer(**order["peer"]) if order["peer"] else None
    try:
        run_operation(_speaking(operation, say), factory, peer, n=size_of(operation))
    except BaseException as error:  # any error is a finding
        support, reason = judge_error(operation, error)
        say(support=support, reason=reason)
    else:
        say(support=Support.WORKS, reason="", closed=True)


def _speaking(operation: Operation, say: Callable[..., None]) -> Operation:
    """Return an operation that also reports when it is done, before the loop is closed."""
    if operation.is_plain:
        return operation

    async def run(*arguments: Any) -> None:  # noqa: ANN401
        try:
            await operation.run(*arguments)
        except Exception as error:
            support, reason = judge_error(operation, error)
            # At once: a loop that is wrong may also hang when it is closed, and say no more.
            say(support=support, reason=reason)
            raise
        say(support=Support.WORKS, reason="")

    assert inspect.iscoroutinefunction(run)
    return replace(operation, run=run)


def _facts(factory: LoopFactory) -> dict[str, str]:
    """Return the loop's module and class, and the version of its package."""
    loop = factory()
    kind = type(loop)
    loop.close()
    package = kind.__module__.partition(".")[0]
    try:
        found = (
            f"Python {platform.python_version()}"
            if package == asyncio.__name__
            else version(packages_distributions().get(package, [package])[0])
        )
    except PackageNotFoundError:
        found = ""
    return {"type": f"{kind.__module__}.{kind.__qualname__}", "version": found}


if __name__ == "__main__":
    main()
