"""Generators on the workers of a Dask cluster, one on each (floor 4).

A task on a worker starts the same process that a local crew starts, and ends it, so the worker's
own event loop does not take part in what is measured. The word to start goes to each generator
through a queue of its own, once. So if the scheduler runs a task a second time, that run gets no
word, and nothing is counted twice.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from crawlbench.base.children import ChildEnded, PlainChild
from crawlbench.base.errors import BenchError, SchedulerLostError, UsageError
from crawlbench.base.scheduler import (
    ANSWER_S,
    RESOURCE,
    connect,
    disconnect,
    explain,
    find_workers,
    has_resource,
    require_dask,
    start_command,
    watch_task,
)
from crawlbench.load.crew import GENERATOR, require_ready
from crawlbench.load.model import GeneratorLost
from crawlbench.load.software import describe_software, tell_differences

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from crawlbench.base.children import Message
    from crawlbench.load.crew import Crew, GeneratorJob, Hand

POLL_S = 0.3
"""Seconds between checks that workers are still there, and that a manager still is."""
WORD_S = 1.0
"""Seconds that a worker waits for the word to start before it checks again."""
END_S = 5.0
"""Seconds to cancel a task; a scheduler that does not answer in time counts as gone."""


class Cluster:
    """Workers that can be used, as of the last look. Made by `open_cluster`."""

    def __init__(self, client: Any, workers: list[str]) -> None:  # noqa: ANN401  (Dask has no types)
        """Hold the addresses of workers that have the resource, and our software."""
        self.workers = workers
        self._client = client

    async def look(self) -> list[str]:
        """Return the addresses of the workers that are there now.

        Raises:
            BenchError: the scheduler is gone, or all workers are.
            UsageError: a new worker has other software than this machine.
        """
        self.workers = await _find_equals(self._client, self.workers)
        if not self.workers:
            raise BenchError(f"no worker with the resource {RESOURCE}=1 is left")
        return self.workers

    def crew(self) -> Crew:
        """Return a crew, which starts generators on the workers, one on each."""

        @asynccontextmanager
        async def start(jobs: list[GeneratorJob]) -> AsyncIterator[list[Hand]]:
            run = uuid.uuid4().hex
            hands = [
                _DaskHand(self._client, worker, f"crawlbench-load-{run}-{job['number']}")
                # There may be more workers than jobs.
                for job, worker in zip(jobs, self.workers, strict=False)
            ]
            try:
                try:
                    async with asyncio.timeout(ANSWER_S):
                        for hand, job in zip(hands, jobs, strict=True):
                            # The job's CPUs are this machine's.
                            await hand.start(job | {"cpus": ()})
                except OSError as error:
                    raise BenchError(f"no generator can be started: {explain(error)}") from error
                yield list(hands)
            finally:
                await asyncio.gather(*[hand.end() for hand in hands])

        return start


@asynccontextmanager
async def open_cluster(address: str) -> AsyncIterator[Cluster]:
    """Connect to a scheduler, and yield the cluster of workers that can be used.

    Raises:
        NotInstalledError: dask is not installed here.
        UsageError: no scheduler answers there, no worker offers the resource `crawlbench`, or one
            that does has other software than this machine.
        BenchError: the scheduler went away at once, or its workers do not answer.
    """
    require_dask()
    if address.startswith("local:"):
        raise UsageError(
            f"--cluster {address!r} cannot be used: load needs a scheduler's address, such as "
            "tcp://127.0.0.1:8786; for processes of this machine give --generators instead"
        )
    client = await connect(address, "give --generators to use this machine alone")
    try:
        workers = await _find_equals(client, [])
        if not workers:
            raise UsageError(
                f"no worker of {address} has the resource {RESOURCE}=1; "
                f"start them as: {start_command(address)}"
            )
        yield Cluster(client, workers)
    finally:
        await disconnect(client)


async def _find_workers(client: Any) -> list[str]:  # noqa: ANN401  (Dask has no types)
    found = await find_workers(client)
    return sorted(address for address, worker in found.items() if has_resource(worker))


async def _find_equals(client: Any, known: list[str]) -> list[str]:  # noqa: ANN401  (Dask has no types)
    """Return the workers that are there; new ones are asked what they run.

    Raises:
        UsageError: one runs other software than this machine.
        BenchError: the scheduler is gone, or a worker does not answer.
    """
    workers = await _find_workers(client)
    new = [worker for worker in workers if worker not in known]
    if not new:
        return workers
    try:
        async with asyncio.timeout(ANSWER_S):
            found = await client.run(describe_software, workers=new, on_error="return")
    except OSError as error:  # TimeoutError too
        raise BenchError(
            f"the workers {', '.join(new)} did not say within {ANSWER_S:g} s what they run: "
            f"{explain(error)}; restart those that hang"
        ) from error
    # Its connection ended before it answered, so it is no worker any more.
    gone = {worker for worker, one in found.items() if isinstance(one, OSError)}
    there = {worker: one for worker, one in found.items() if worker not in gone}
    if told := tell_differences(describe_software(), there):
        raise UsageError(
            f"workers run other versions than this machine: {'; '.join(told)}; install the same"
        )
    return [worker for worker in workers if worker not in gone]


class _DaskHand:
    """A task on one worker."""

    def __init__(self, client: Any, worker: str, name: str) -> None:  # noqa: ANN401  (Dask has no types)
        self.place = f"worker {worker}"
        self._client = client
        self._worker = worker
        self._name = name

    async def start(self, job: GeneratorJob) -> None:
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
        require_ready(await self._unless_lost(self._back.get()), self.place)

    async def go(self, start: float) -> None:
        delay_s = max(0.0, start - time.monotonic())  # the worker has another clock
        with suppress(OSError):  # TimeoutError too; the result will show it
            async with asyncio.timeout(ANSWER_S):
                await self._to.put({"delay_s": delay_s})

    async def result(self) -> Message:
        part: Message = await self._unless_lost(self._future.result())
        return part

    async def _unless_lost(self, coming: Any) -> Any:  # noqa: ANN401  (whatever comes)
        """Await something from the worker, and check from time to time that the worker is there."""
        waiting = asyncio.ensure_future(coming)
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=POLL_S)
                # A task that failed never sends what `ready` waits for; its exception says why.
                if self._future.status == "error":
                    await self._future.result()
                if not waiting.done() and self._worker not in await _find_workers(self._client):
                    raise GeneratorLost("the worker is gone")
            return await waiting
        except GeneratorLost:
            raise
        except SchedulerLostError as error:
            raise GeneratorLost(str(error)) from error
        except Exception as error:  # the worker's own exception, whatever it is
            raise GeneratorLost(f"{type(error).__name__}: {explain(error)}") from error
        finally:
            waiting.cancel()

    async def end(self) -> None:
        """Cancel the task, if it still exists, and close its queues."""
        with suppress(Exception):  # the scheduler may be gone, with everything it had
            async with asyncio.timeout(END_S):
                # For a task that waits for the word: Dask never stops the thread of a task.
                await self._to.put({"delay_s": None})
                await self._future.cancel()
                self._to.close()
                self._back.close()


def run_generator(job: GeneratorJob, name: str) -> Message:
    """Run one generator, which Dask sends to a worker; return the fields of its `GeneratorPart`.

    Args:
        job: as `make_job` returns it.
        name: the name that the queues to and from the manager begin with.

    Raises:
        BenchError: the generator died, no word to start came, or nobody waits any more.
    """
    import distributed  # noqa: PLC0415  (an extra)

    queue: Any = distributed.Queue  # Dask has no types for these
    to, back = queue(f"{name}-to"), queue(f"{name}-back")
    child = PlainChild(GENERATOR, json.dumps(job))
    is_wanted = watch_task()
    # The child is heard without a deadline, so a thread ends it once nobody wants its part.
    threading.Thread(target=_kill_unwanted, args=(child, is_wanted), daemon=True).start()
    try:
        back.put(child.hear())
        delay_s = _await_word(to, is_wanted)
        if delay_s is None:
            raise BenchError("the manager called the start off")
        child.say({"at": time.monotonic() + delay_s})
        part: Message = child.hear()["part"]
        return part
    except ChildEnded as error:
        raise BenchError(str(error)) from None
    finally:
        child.end()


def _kill_unwanted(child: PlainChild, is_wanted: Callable[[], bool]) -> None:
    """Kill a child as soon as nobody waits for it any more; whoever listens to it sees it end."""
    while child.code is None:
        if not is_wanted():
            child.kill()
            return
        time.sleep(POLL_S)


def _await_word(to: Any, is_wanted: Callable[[], bool]) -> float | None:  # noqa: ANN401  (a queue)
    """Return the seconds until the start; None if nobody waits any more."""
    while is_wanted():
        with suppress(TimeoutError):
            delay_s: float | None = to.get(timeout=WORD_S)["delay_s"]
            return delay_s
    return None
