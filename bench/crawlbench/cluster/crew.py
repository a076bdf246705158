"""The machines of a cluster: those of its Dask workers that hold the resource (floor 4)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawlbench.cluster.fingerprint import Names, take_fingerprint
from crawlbench.errors import UsageError
from crawlbench.records import ClusterMachine, Fingerprint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["RESOURCE", "Crew", "SchedulerLostError", "open_client"]

RESOURCE = "crawlbench"
"""A Dask worker that has one of it offers its machine, one block at a time."""
CONNECT_S = 10.0
ANSWER_S = 30.0
LOCAL = "local:"
START = f"dask worker ADDRESS --resources {RESOURCE}=1 --nthreads 1"


class SchedulerLostError(Exception):
    """Raised when the scheduler is gone; what was finished is on disk."""


@asynccontextmanager
async def open_client(address: str) -> AsyncIterator[Any]:
    """Connect to a cluster, or start one of processes on this machine, while the block lasts.

    Args:
        address: of a scheduler, such as `tcp://host:8786`, or `local:N`.

    Raises:
        UsageError: there is none, or it does not answer.
    """
    from distributed import Client  # noqa: PLC0415  (an extra, and half a second to import)

    for name in ("distributed", "distributed.client"):  # we say it in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the import has set it
    connect: Any = Client  # it has no annotations
    if address.startswith(LOCAL):
        async with _open_local(address) as cluster, connect(cluster, asynchronous=True) as client:
            yield client
        return
    try:
        client = connect(address, asynchronous=True, timeout=CONNECT_S)
        await _connected(client)
    except (OSError, ValueError, TypeError, RuntimeError) as error:  # TypeError: TLS without files
        raise UsageError(
            f"no Dask scheduler at {address!r}: {_reason(error)}; start one with `dask scheduler`, "
            "or try local:2"
        ) from error
    try:
        yield client
    finally:
        await client.close(timeout=2)


async def _connected(client: Any) -> None:  # noqa: ANN401  (Dask's, imported late)
    """Wait for a connection; a client that is interrupted meanwhile does not close itself."""
    try:
        await client
    except asyncio.CancelledError:
        await client.close(timeout=2)
        raise


@asynccontextmanager
async def _open_local(address: str) -> AsyncIterator[Any]:
    import dask  # noqa: PLC0415
    from distributed import LocalCluster  # noqa: PLC0415

    count = address.removeprefix(LOCAL)
    if not (count.isdigit() and int(count)):
        raise UsageError(f"--cluster {address!r} cannot be used: give local:N, such as local:2")
    start: Any = LocalCluster  # it has no annotations
    with dask.config.set({"distributed.worker.profile.enabled": False}):
        async with start(
            n_workers=int(count),
            threads_per_worker=1,
            resources={RESOURCE: 1},
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            asynchronous=True,
        ) as cluster:
            yield cluster


def _reason(error: BaseException) -> str:
    """Return the innermost cause: Dask wraps what the system said."""
    while error.__cause__:
        error = error.__cause__
    return str(error).partition("\n")[0] or type(error).__name__


@dataclass(slots=True)
class Crew:
    """The machines that can be used now; `look` brings it up to date."""

    client: Any
    names: Names
    """Plug-ins that each machine must have."""
    members: dict[str, ClusterMachine] = field(default_factory=dict)
    """Address of the Dask worker to its machine."""
    broken: dict[str, str] = field(default_factory=dict)
    """Address to why a worker with the resource cannot be used."""
    others: int = 0
    """Workers without the resource."""

    async def look(self) -> list[ClusterMachine]:
        """See who is there; return the machines that are new.

        Raises:
            SchedulerLostError: nobody tells.
        """
        workers = await self._workers()
        able = {a: w for a, w in workers.items() if w["resources"].get(RESOURCE, 0) >= 1}
        self.others = len(workers) - len(able)
        for address in self.members.keys() - able.keys():
            del self.members[address]
        new = [a for a in sorted(able) if a not in self.members and a not in self.broken]
        found = await self._fingerprints(new)
        for address, one in found.items():
            if isinstance(one, Fingerprint):
                name = self._free_name(_wanted_name(able[address]["name"], one))
                self.members[address] = ClusterMachine(name, one)
            else:
                self.broken[address] = str(one) or type(one).__name__
        return [self.members[address] for address in new if address in self.members]

    async def _workers(self) -> dict[str, Any]:
        if self.client.status != "running":  # it would try to come back, but what ran is gone
            raise SchedulerLostError("the connection broke")
        try:
            async with asyncio.timeout(ANSWER_S):
                identity = await self.client.scheduler.identity(n_workers=-1)
        except (OSError, TimeoutError, ValueError, AttributeError) as error:
            raise SchedulerLostError(_reason(error)) from error
        workers: dict[str, Any] = identity["workers"]
        return workers

    async def _fingerprints(self, addresses: list[str]) -> dict[str, Any]:
        """Return each worker's fingerprint, or the error that it met."""
        if not addresses:
            return {}
        try:
            found: dict[str, Any] = await self.client.run(
                take_fingerprint, self.names, workers=addresses, on_error="return"
            )
        except OSError:  # one left meanwhile: the next look sees who is there
            return {}
        # A worker that has left meanwhile answers with the broken connection: no flaw of its own.
        return {a: one for a, one in found.items() if not isinstance(one, OSError)}

    def _free_name(self, wanted: str) -> str:
        taken = {member.name for member in self.members.values()}
        count = 1
        name = wanted
        while name in taken:
            count += 1
            name = f"{wanted}-{count}"
        return name


def _wanted_name(name: object, fingerprint: Fingerprint) -> str:
    """Return the name that the user gave the worker, else the host's."""
    if isinstance(name, str) and "://" not in name:
        return name
    host = fingerprint.machine.hostname
    return f"{host}-{name}" if isinstance(name, int) else host
