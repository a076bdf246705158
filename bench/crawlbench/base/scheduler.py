"""A Dask scheduler: how to reach it, who works for it, who still wants a task's result (floor 0).

Sessions on many machines use it, and so does load that many machines send.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypedDict

from crawlbench.base.errors import NotInstalledError, SchedulerLostError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

RESOURCE = "crawlbench"
"""A Dask worker that has one unit of this resource offers its machine, to one task at a time."""
CONNECT_S, ANSWER_S, CLOSE_S = 10.0, 30.0, 2.0
"""Seconds to reach a scheduler, to get its answer, and to leave it."""


class DaskWorker(TypedDict):
    """What a scheduler knows of a worker, as far as we need it."""

    name: object
    """The name its user gave it, a number, or its address."""
    resources: dict[str, float]


def require_dask() -> None:
    """Raise if Dask is not installed.

    Raises:
        NotInstalledError: the message has the command that installs it.
    """
    if find_spec("distributed") is None:
        raise NotInstalledError(
            "--cluster needs Dask (distributed), which is not installed here; "
            "it comes with crawlbench's extra 'cluster'"
        )


def start_command(address: str = "ADDRESS") -> str:
    """Return the command with which a machine joins a cluster for us."""
    return f"dask worker {address} --resources {RESOURCE}=1 --nthreads 1"


async def connect(address: str, otherwise: str) -> Any:  # noqa: ANN401  (Dask has no types)
    """Return a client of a scheduler, which the caller must close.

    Args:
        address: such as `tcp://host:8786`.
        otherwise: what the user can give instead.

    Raises:
        UsageError: no scheduler answers there.
    """
    from distributed import Client  # noqa: PLC0415  (an extra, and half a second to import)

    for name in ("distributed", "distributed.client"):  # our own message says what went wrong
        logging.getLogger(name).setLevel(logging.CRITICAL)  # importing sets the level
    start: Any = Client
    client: Any = None
    try:
        client = start(address, asynchronous=True, timeout=CONNECT_S)
        await client
    except (OSError, ValueError, TypeError, RuntimeError) as error:  # TypeError: TLS without files
        if client is not None:  # else the garbage collector closes it, with complaints
            await disconnect(client)
        raise UsageError(
            f"no Dask scheduler at {address!r}: {explain(error)}; start one with `dask scheduler`, "
            f"or {otherwise}"
        ) from error
    except asyncio.CancelledError:  # an interrupted client does not close itself
        await disconnect(client)
        raise
    return client


async def disconnect(client: Any) -> None:  # noqa: ANN401  (Dask has no types)
    """Close a client, ignoring errors, which no longer matter."""
    with suppress(OSError, RuntimeError):  # TimeoutError too
        await client.close(timeout=CLOSE_S)


async def find_workers(client: Any) -> dict[str, DaskWorker]:  # noqa: ANN401  (Dask has no types)
    """Return what the scheduler knows of its workers, by address.

    Raises:
        SchedulerLostError: the scheduler does not answer.
    """
    if client.status != "running":  # it would reconnect, but what ran is lost
        raise SchedulerLostError("the scheduler is gone: the connection broke")
    try:
        async with asyncio.timeout(ANSWER_S):
            identity = await client.scheduler.identity(n_workers=-1)
    except (OSError, ValueError, AttributeError) as error:  # AttributeError: closed meanwhile
        raise SchedulerLostError(f"the scheduler is gone: {explain(error)}") from error
    workers: dict[str, DaskWorker] = identity["workers"]
    return workers


def has_resource(worker: DaskWorker) -> bool:
    """Return whether a worker offers its machine, by the resource that it has."""
    return bool(worker["resources"].get(RESOURCE, 0) >= 1)


def explain(error: BaseException) -> str:
    """Return the innermost cause in one line: Dask wraps what the system said."""
    while error.__cause__:
        error = error.__cause__
    return str(error).partition("\n")[0] or type(error).__name__


def watch_task() -> Callable[[], bool]:
    """Return a function that says whether the task that runs here, on a worker, is still wanted.

    Dask does not stop the thread of a task that was cancelled or whose client is gone; it only
    notes the task's state. Outside of a worker the answer is always yes.
    """
    from distributed import get_worker  # noqa: PLC0415  (an extra)

    try:
        worker: Any = get_worker()
    except ValueError:  # no worker: a test
        return lambda: True
    key = worker.get_current_task()

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    return is_wanted
