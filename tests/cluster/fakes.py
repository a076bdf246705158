"""A Dask of which tests decide who is there and what comes back."""

from __future__ import annotations

import asyncio

import msgspec

from crawlbench.base.errors import SchedulerLostError
from crawlbench.cluster.blocks import BlockJob
from tests.cluster.blocks import make_machine


class FakeFuture:
    """A task of Dask whose result the test decides."""

    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()
        self.is_cancelled = False

    async def result(self):
        return await asyncio.shield(self.answer)

    def done(self):
        return self.answer.done()

    def cancelled(self):
        return self.answer.cancelled()

    async def cancel(self):
        self.is_cancelled = True

    def release(self):
        pass


class FakeCrew:
    """Machines that come and go as the test says; it is its own client."""

    def __init__(self, *names, play):
        self.members = {f"tcp://{name}": make_machine(name) for name in names}
        self.client = self
        self.play = play
        """Called with each task: job, address, future."""
        self.jobs = []
        self.new = []
        """Machines that the next look finds."""
        self.is_lost = False
        self.future = FakeFuture
        self.broken, self.others = {}, 0

    async def look(self):
        if self.is_lost:
            raise SchedulerLostError("gone")
        new, self.new = self.new, []
        return new

    def submit(self, function, job, *, key, workers, resources, retries, pure):
        assert resources == {"crawlbench": 1}
        future = self.future()
        found = msgspec.json.decode(job, type=BlockJob)
        self.jobs.append((found.sheet, found.machine.name, found.plan.seed, key))
        self.play(self, found, workers[0], future)
        return future


def answer(crew, job, address, future):
    """Finish at once."""
    future.answer.set_result(f"{job.sheet} of {job.machine.name}".encode())
