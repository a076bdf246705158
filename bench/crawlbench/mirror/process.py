"""The manager's handle on a mirror process (floor 2)."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.children import Child, ChildEnded, last_line
from crawlbench.base.counters import Counters
from crawlbench.base.errors import CellError, MirrorError
from crawlbench.base.rooms import open_room

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
    from pathlib import Path

    from crawlbench.base.children import Message
    from crawlbench.mirror.child import MirrorJob
    from crawlbench.mirror.networks import Network

START_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0

CHILD = "crawlbench.mirror.child"
CA_FILE = "ca.pem"


class MirrorProcess:
    """A running mirror; made by `open_mirror`."""

    def __init__(self, child: Child, name: str, network: Network, hello: Message) -> None:
        """Hold a process that has reported its address."""
        self.address: str = hello["address"]
        """Origin, such as `http://127.0.0.1:40123`."""
        self.path: str = hello["path"]
        """Path of the first page, with its query."""
        self.ca_file: str | None = hello["ca_file"]
        """PEM file of the authority that its clients must trust; None on plain HTTP."""
        self.most_connections = network.most_connections
        """How many connections it accepts at a time; None for any number."""
        self._child = child
        self._name = name
        self._asking = asyncio.Lock()

    @property
    def pid(self) -> int:
        """Process id, for tests and for those who watch."""
        return self._child.pid

    async def begin(
        self,
        epoch: str,
        *,
        plays_network: bool = True,
        lap: int = 0,
        laps: int = 1,
        trace_file: Path | None = None,
        door: str = "",
        alters: bool = False,
    ) -> None:
        """Start new counters; delays and faults, if there are any, are drawn for this epoch.

        Args:
            epoch: what the delays belong to, such as a round.
            plays_network: whether there are delays and faults.
            lap: number of the lap within the epoch, from 0.
            laps: number of laps in the epoch, over which delays are spread evenly.
            trace_file: where to note each request of the span (`mirror/trace.py`); None for
                nowhere.
            door: the door by which requests should come in; others are strays. The main door if it
                is not open.
            alters: whether every other crawl is served another edition (`mirror/edition.py`).

        Raises:
            MirrorError: the mirror is gone or does not answer.
        """
        span = {"epoch": epoch, "plays_network": plays_network, "lap": lap, "laps": laps}
        span |= {"door": door, "alters": alters}
        file = str(trace_file) if trace_file else None
        await self._ask({"op": "begin", "span": span, "trace_file": file})

    async def end(self, *, has_failed: bool = False) -> Counters:  # noqa: ARG002  (it always asks)
        """Return what was counted since `begin`.

        Raises:
            MirrorError: the mirror is gone or does not answer.
        """
        return Counters(**await self._ask({"op": "end"}))

    async def open_door(self, name: str) -> str:
        """Open a door with this name, unless it is open, and return its origin.

        Raises:
            CellError: no port could be opened for it.
            MirrorError: the mirror is gone or does not answer.
        """
        told = await self._ask({"op": "open", "door": name})
        if "error" in told:
            raise CellError(f"the mirror could not open a door for it: {told['error']}")
        address: str = told["address"]
        return address

    async def shut_doors(self, names: Iterable[str] | None = None) -> None:
        """Shut these doors, or all but the main one, and drop their connections.

        Raises:
            MirrorError: the mirror is gone or does not answer.
        """
        await self._ask({"op": "shut", "doors": None if names is None else list(names)})

    async def wait(self) -> None:
        """Wait until the process has ended."""
        await self._child.wait()

    async def _ask(self, command: Mapping[str, object]) -> Message:
        async with self._asking:  # many workers start at once, and each wants a door
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    await self._child.say(command)
                    return await self._child.hear()
            except (ConnectionError, ChildEnded):
                reason = f"died (exit code {await self._child.wait()})"
            except TimeoutError:
                self._child.kill()  # else its late answer would be taken for the next command's
                reason = f"gave no answer in {ANSWER_TIMEOUT_S:g} s"
            except asyncio.CancelledError:
                self._child.kill()  # for the same reason
                raise
        raise MirrorError(f"the mirror of network {self._name!r} {reason}")


@contextmanager
def open_job(site: str, network: Network, seed: int, cpus: tuple[int, ...] = ()) -> Iterator[str]:
    """Yield the argument of a mirror's process, whose certificate is there until the block ends."""
    with open_room() as folder:
        job: MirrorJob = {
            "site": site,
            "network": msgspec.to_builtins(network),
            "seed": seed,
            "cpus": cpus,
            "ca_file": str(folder / CA_FILE),
        }
        yield json.dumps(job)


@asynccontextmanager
async def open_mirror(
    site: str, network_name: str, network: Network, seed: int, cpus: tuple[int, ...] = ()
) -> AsyncIterator[MirrorProcess]:
    """Start a mirror of a site, yield the handle on it, and end it when the block ends.

    Args:
        site: a registered site's name.
        network_name: used in messages.
        network: the network to play.
        seed: decides the network's delays and faults.
        cpus: CPUs to run on; empty for any.

    Raises:
        MirrorError: it did not start; the message quotes its last words.
    """
    with open_job(site, network, seed, cpus) as job:
        child = await Child.start(CHILD, job)
        try:
            yield MirrorProcess(child, network_name, network, await _hear_hello(child, site))
        finally:
            await child.end(STOP_TIMEOUT_S)


async def _hear_hello(child: Child, site: str) -> Message:
    """Return what a mirror says once it listens."""
    try:
        return await child.hear(START_TIMEOUT_S)
    except ChildEnded:
        reason = last_line(child.words()) or f"it ended with exit code {child.code}"
    except TimeoutError:
        reason = f"it gave no sign of life in {START_TIMEOUT_S:g} s"
    raise MirrorError(f"the mirror of {site!r} did not start: {reason}")
