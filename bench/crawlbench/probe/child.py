"""One probe of one loop: `python -m crawlbench.probe.child` with a job as JSON (floor 3).

It prints a line of JSON as soon as it knows, and another when the loop is closed. What is said last
counts, unless the process then hangs or crashes.
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

from crawlbench.base.children import open_channel
from crawlbench.base.errors import UsageError
from crawlbench.operations import Operation, Peer, load_loop_factory, run_operation
from crawlbench.probe.findings import Support
from crawlbench.probe.tries import FIRST, find_try, size_of
from crawlbench.probe.verdicts import judge_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.operations import LoopFactory

__all__ = ["main"]

LATE_S = 10
"""After the deadline, at which the prober ends it: then the system does."""


def main() -> None:
    """Try, and say what came of it."""
    job = json.loads(sys.argv[1])
    send = open_channel()

    def say(**message: object) -> None:
        send(message)

    if hasattr(signal, "alarm"):  # whoever started it may have been killed, and it may hang
        signal.alarm(math.ceil(job["deadline_s"]) + LATE_S)
    operation = find_try(job["probe"])
    try:
        factory = load_loop_factory(job["loop"])
    except UsageError as error:
        say(absent=str(error))
        return
    if operation.name == FIRST:
        say(**_facts(factory))
    peer = Peer(**job["peer"]) if job["peer"] else None
    try:
        run_operation(_speaking(operation, say), factory, peer, n=size_of(operation))
    except BaseException as error:  # whatever it is, it is what was found
        support, reason = judge_error(operation, error)
        say(support=support, reason=reason)
    else:
        say(support=Support.WORKS, reason="", closed=True)


def _speaking(operation: Operation, say: Callable[..., None]) -> Operation:
    """Return the operation that says that it is done, before the loop is closed."""
    if operation.is_plain:
        return operation

    async def run(*arguments: Any) -> None:  # noqa: ANN401
        try:
            await operation.run(*arguments)
        except Exception as error:
            support, reason = judge_error(operation, error)
            say(support=support, reason=reason)
            raise
        say(support=Support.WORKS, reason="")

    assert inspect.iscoroutinefunction(run)
    return replace(operation, run=run)


def _facts(factory: LoopFactory) -> dict[str, str]:
    """Return what the loop is, and the version of the package it comes from."""
    loop = factory()
    kind = type(loop)
    loop.close()
    package = kind.__module__.partition(".")[0]
    if package == asyncio.__name__:
        return {"type": f"{kind.__module__}.{kind.__qualname__}", "version": _python_version()}
    try:
        found = version(packages_distributions().get(package, [package])[0])
    except PackageNotFoundError:
        found = ""
    return {"type": f"{kind.__module__}.{kind.__qualname__}", "version": found}


def _python_version() -> str:
    return f"Python {platform.python_version()}"


if __name__ == "__main__":
    main()
