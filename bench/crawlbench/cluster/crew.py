"""The machines of a cluster: one for each Dask worker that has the resource (floor 4)."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from crawlbench.base.errors import UsageError
from crawlbench.base.scheduler import (
    ANSWER_S,
    RESOURCE,
    connect,
    disconnect,
    find_workers,
    has_resource,
)
from crawlbench.cluster.fingerprint import Names, take_fingerprint
from crawlbench.cluster.records import ClusterMachine, Fingerprint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LOCAL = "local:"
SILENT = f"it did not answer in {ANSWER_S:g} s"
"""Why a worker cannot be used at the moment; it is asked again later."""
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.scheduler.work-stealing": False,
}
"""Settings that keep Dask's processes quiet, because they share the CPUs with what is measured.

Otherwise each of them wakes up 50 times a second.
"""


@asynccontextmanager
async def open_client(address: str) -> AsyncIterator[Any]:
    """Connect to a cluster for a `with` block, or start one of processes on this machine.

    Args:
        address: a scheduler's address, such as `tcp://host:8786`, or `local:N`.

    Raises:
        UsageError: there is no scheduler, or it does not answer.
    """
    async with AsyncExitStack() as stack:
        if address.startswith(LOCAL):
            address = await stack.enter_async_context(_open_local(address))
        client = await connect(address, "try local:2")
        stack.push_async_callback(disconnect, client)
        yield client


@asynccontextmanager
async def _open_local(address: str) -> AsyncIterator[str]:
    import dask  # noqa: PLC0415
    from distributed import LocalCluster  # noqa: PLC0415

    number = address.removeprefix(LOCAL)
    if not (number.isdecimal() and int(number)):  # not `²`, which is a digit
        raise UsageError(f"--cluster {address!r} cannot be used: give local:N, such as local:2")
    start: Any = LocalCluster  # it has no annotations
    # Like -P: multiprocessing starts Pythons whose path begins with the current folder.
    os.environ["PYTHONSAFEPATH"] = "1"
    with dask.config.set(QUIET):
        async with start(
            n_workers=int(number),
            threads_per_worker=1,
            resources={RESOURCE: 1},
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            asynchronous=True,
        ) as cluster:
            yield cluster.scheduler_address


@dataclass(slots=True)
class Crew:
    """The machines that can be used now; `look` brings them up to date."""

    client: Any
    names: Names
    """Plug-ins that each machine must have."""
    members: dict[str, ClusterMachine] = field(default_factory=dict)
    """Machines by the address of their Dask worker."""
    broken: dict[str, str] = field(default_factory=dict)
    """Why a worker with the resource cannot be used, by its address."""
    others: int = 0
    """How many workers do not have the resource."""

    async def look(self) -> list[ClusterMachine]:
        """Ask the scheduler which workers exist, and return the machines that are new.

        Raises:
            SchedulerLostError: the scheduler does not answer.
        """
        workers = await find_workers(self.client)
        able = {a: w for a, w in workers.items() if has_resource(w)}
        self.others = len(workers) - len(able)
        # First those that are gone: a restarted worker has a new address, but has to find its name
        # free again, because the sheets that its machine has measured are known by it.
        for address in self.members.keys() - able.keys():
            del self.members[address]
        # One that was silent may answer now; one that answered with an error would do so again.
        self.broken = {a: w for a, w in self.broken.items() if a in able and w != SILENT}
        new = [a for a in sorted(able) if a not in self.members and a not in self.broken]
        found = await self._fingerprints(new)
        for address, one in found.items():
            if isinstance(one, Fingerprint):
                name = self._free_name(_wanted_name(able[address]["name"], one))
                self.members[address] = ClusterMachine(name, one)
            else:
                self.broken[address] = str(one) or type(one).__name__
        return [self.members[address] for address in new if address in self.members]

    async def _fingerprints(self, addresses: list[str]) -> dict[str, object]:
        """Return each worker's fingerprint or error, without workers that have left meanwhile.

        Raises:
            SchedulerLostError: the scheduler does not answer.
        """
        # Each in a call of its own, so that one that is frozen does not hold up the others.
        answers = await asyncio.gather(*map(self._ask, addresses))
        found = dict(zip(addresses, answers, strict=True))
        # The worker's own error, or has it left? No answer: or is the scheduler gone?
        if any(one is None or isinstance(one, OSError) for one in answers):
            there = await find_workers(self.client)
            found = {a: one for a, one in found.items() if a in there}
        return {a: one for a, one in found.items() if one is not None}

    async def _ask(self, address: str) -> Any:  # noqa: ANN401  (whatever was raised there)
        """Return a worker's fingerprint, the error it raised, or None if the connection broke."""
        from distributed.comm.core import CommClosedError  # noqa: PLC0415  (an extra)

        try:
            async with asyncio.timeout(ANSWER_S):
                found: dict[str, object] = await self.client.run(
                    take_fingerprint, self.names, workers=[address], on_error="return"
                )
        except TimeoutError:  # frozen, as by SIGSTOP: Dask itself would wait for minutes
            return TimeoutError(SILENT)
        except OSError:  # the scheduler's
            return None
        # A broken connection is no flaw of the worker: while it is there, each look asks again.
        one = found.get(address)
        return None if isinstance(one, CommClosedError) else one

    def _free_name(self, wanted: str) -> str:
        taken = {member.name for member in self.members.values()}
        names = chain([wanted], (f"{wanted}-{number}" for number in count(2)))
        return next(name for name in names if name not in taken)


def _wanted_name(name: object, fingerprint: Fingerprint) -> str:
    """Return the name that the user gave the worker, or else the host's name."""
    # Without --name, Dask calls a worker by its address, and those of local:N by numbers.
    if isinstance(name, str) and "://" not in name:
        return name
    host = fingerprint.machine.hostname
    return f"{host}-{name}" if isinstance(name, int) else host
