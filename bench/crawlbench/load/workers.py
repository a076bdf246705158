"""Generators on the workers of a Dask cluster, one on each (floor 3).

A task on a worker starts the same process that a local crew starts, and ends it: the worker's own
event loop has no part in what is measured. The word to start goes to each generator through a
queue of its own, once. So a task that the scheduler runs a second time gets none, and nothing is
counted twice.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import uuid
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from crawlbench.errors import BenchError, UsageError
from crawlbench.load.crew import explain_end
from crawlbench.load.extra import require_dask
from crawlbench.load.model import GeneratorLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawlbench.load.crew import Crew, Hand, Job

__all__ = ["Cluster", "open_cluster", "run_generator"]

RESOURCE = "crawlbench"
CONNECT_TIMEOUT = "10s"
START_TIMEOUT_S = 60.0
"""A worker waits so long for the word to start."""
POLL_S = 0.3
"""Between two looks at which workers are still there."""


class Cluster:
    """Workers that may be used; made by `open_cluster`."""

    def __init__(self, client: Any, workers: list[str]) -> None:  # noqa: ANN401  (Dask has no types)
        """Hold the addresses of workers that have the resource."""
        self.workers = workers
        self._client = client

    def crew(self) -> Crew:
        """Return what starts generators on the workers, a worker each."""

        @asynccontextmanager
        async def start(jobs: list[Job]) -> AsyncIterator[list[Hand]]:
            run = uuid.uuid4().hex
            hands = [
                _DaskHand(self._client, worker, f"crawlbench-load-{run}-{job['number']}")
                for job, worker in zip(jobs, self.workers, strict=False)
            ]
            try:
                for hand, job in zip(hands, jobs, strict=True):
                    await hand.start(job | {"cpus": ()})
                yield list(hands)
            finally:
                for hand in hands:
                    await hand.end()

        return start


@asynccontextmanager
async def open_cluster(address: str) -> AsyncIterator[Cluster]:
    """Connect to a scheduler.

    Raises:
        NotInstalledError: Dask is not installed here.
        UsageError: nobody answers there, or no worker offers the resource `crawlbench`.
    """
    require_dask()
    import distributed  # noqa: PLC0415  (an extra)

    connect: Any = distributed.Client
    try:
        client = await connect(address, asynchronous=True, timeout=CONNECT_TIMEOUT)
    except (OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise UsageError(
            f"--cluster {address!r} cannot be used: {reason}; "
            "give the address of a scheduler, such as tcp://127.0.0.1:8786"
        ) from error
    try:
        workers = await _find_workers(client)
        if not workers:
            raise UsageError(
                f"no worker of {address} has the resource {RESOURCE}=1; start them as: "
                f"dask worker {address} --resources {RESOURCE}=1"
            )
        yield Cluster(client, workers)
    finally:
        await client.close()


async def _find_workers(client: Any) -> list[str]:  # noqa: ANN401  (Dask has no types)
    identity: dict[str, Any] = await client.scheduler.identity()
    found = identity["workers"].items()
    return sorted(name for name, facts in found if facts["resources"].get(RESOURCE, 0) >= 1)


class _DaskHand:
    """A task on one worker."""

    def __init__(self, client: Any, worker: str, name: str) -> None:  # noqa: ANN401  (Dask has no types)
        self.place = f"worker {worker}"
        self._client = client
        self._worker = worker
        self._name = name

    async def start(self, job: Job) -> None:
        import distributed  # noqa: PLC0415  (an extra)

        queue: Any = distributed.Queue
        self._to = await queue(f"{self._name}-to", client=self._client)
        self._back = await queue(f"{self._name}-back", client=self._client)
        self._future = self._client.submit(
            run_generator,
            job,
            self._name,
            key=self._name,
            workers=[self._worker],
            allow_other_workers=False,
            resources={RESOURCE: 1},
            pure=False,
            retries=0,
        )

    async def ready(self) -> None:
        message = await self._unless_lost(self._back.get())
        if "error" in message:
            raise GeneratorLost(f"{self.place}: {message['error']}")

    async def go(self, delay_s: float) -> None:
        await self._to.put({"delay_s": delay_s})

    async def result(self) -> dict[str, Any]:
        part: dict[str, Any] = await self._unless_lost(self._future.result())
        return part

    async def _unless_lost(self, coming: Any) -> Any:  # noqa: ANN401  (whatever comes)
        """Await something from the worker, and look at times whether the worker is still there."""
        waiting = asyncio.ensure_future(coming)
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=POLL_S)
                if self._future.status == "error":
                    await self._future.result()
                if not waiting.done() and self._worker not in await _find_workers(self._client):
                    raise GeneratorLost("the worker is gone")
            return await waiting
        except (GeneratorLost, asyncio.CancelledError):
            raise
        except Exception as error:  # whatever went wrong on the worker comes as it was raised there
            raise GeneratorLost(f"{type(error).__name__}: {error}") from error
        finally:
            waiting.cancel()

    async def end(self) -> None:
        """Take the task back, if it is still there, and its queues."""
        with suppress(Exception):  # the scheduler may be gone, and with it all that was there
            await self._to.put({"delay_s": None})
            await self._future.cancel()
            self._to.close()
            self._back.close()


def run_generator(job: Job, name: str) -> dict[str, Any]:
    """Run one generator; this is what goes to a worker.

    Args:
        job: as `make_job` returns it.
        name: of the queues to and from the manager.

    Raises:
        BenchError: the generator died, or no word to start came.
    """
    import distributed  # noqa: PLC0415  (an extra)

    queue: Any = distributed.Queue  # Dask has no types for these
    to, back = queue(f"{name}-to"), queue(f"{name}-back")
    command = [sys.executable, "-m", "crawlbench.load.child", json.dumps(job)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        try:
            back.put(_read(process))
            delay_s = to.get(timeout=START_TIMEOUT_S)["delay_s"]
            if delay_s is None:
                raise BenchError("the manager took its word back")
            process.stdin.write(b'{"at": %r}\n' % (time.monotonic() + delay_s))
            process.stdin.flush()
            part: dict[str, Any] = _read(process)["part"]
            return part
        finally:
            process.kill()


def _read(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout
    assert process.stderr
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise BenchError(explain_end(process.wait(), process.stderr.read()))
    message: dict[str, Any] = json.loads(line)
    return message
