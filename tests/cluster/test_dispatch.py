"""Who gets which block, with a fake Dask: tries are bounded, nothing counts twice."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from crawlbench.cluster import dispatch
from crawlbench.cluster.blocks import BlockJob
from crawlbench.cluster.crew import SchedulerLostError
from crawlbench.cluster.dispatch import Dispatcher
from tests.stats.blocks import make_machine
from tests.stats.builders import make_plan, other

PLAN = make_plan(other("a"))


class FakeFuture:
    """A task of Dask whose result the test decides."""

    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()
        self.is_cancelled = False

    async def result(self):
        return await asyncio.shield(self.answer)

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
        self.is_lost = False

    async def look(self):
        if self.is_lost:
            raise SchedulerLostError("gone")
        return []

    def submit(self, function, job, *, key, workers, resources, retries, pure):
        assert resources == {"crawlbench": 1}
        future = FakeFuture()
        found = msgspec.json.decode(job, type=BlockJob)
        self.jobs.append((found.sheet, found.machine.name, found.plan.seed, key))
        self.play(self, found, workers[0], future)
        return future


def answer(crew, job, address, future):
    """Finish at once."""
    future.answer.set_result(f"{job.sheet} of {job.machine.name}".encode())


def run(crew, sheets=1, copies=1, done=None):
    """Dispatch, and return what was kept and the dispatcher."""
    kept = []

    async def keep(sheet, machine, packed):
        kept.append((sheet, machine.name, packed))

    def admit(machines):
        return {machine.name for machine in machines}

    dispatcher = Dispatcher(crew, [PLAN] * sheets, keep, lambda text: None, admit)
    asyncio.run(dispatcher.run(copies, done or {}))
    return kept, dispatcher


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(dispatch, "POLL_S", 0.01)
    monkeypatch.setattr(dispatch, "PATIENCE_S", 0.03)


def test_no_machine_measures_a_sheet_twice():
    """Three sheets on two of three machines each; each copy has a seed of its own."""
    crew = FakeCrew("a", "b", "c", play=answer)
    kept, dispatcher = run(crew, sheets=3, copies=2)
    assert len(kept) == len({(sheet, name) for sheet, name, _ in kept}) == 6
    assert dispatcher.lost == []
    assert len({(sheet, seed) for sheet, _, seed, _ in crew.jobs}) == 6
    assert len({key for *_, key in crew.jobs}) == 6


def test_what_was_finished_before_is_not_measured_again():
    """Of two copies one is on disk: the other goes to the other machine."""
    kept, _ = run(FakeCrew("a", "b", play=answer), copies=2, done={1: {"a"}})
    assert [(sheet, name) for sheet, name, _ in kept] == [(1, "b")]


def test_block_that_fails_thrice_is_lost_and_named():
    """It is tried on other machines first, then it is enough."""

    def fail(crew, job, address, future):
        future.answer.set_exception(RuntimeError("no such site\ntraceback"))

    crew = FakeCrew("a", "b", play=fail)
    kept, dispatcher = run(crew)
    assert kept == []
    assert [name for _, name, *_ in crew.jobs][:2] in (["a", "b"], ["a", "a"])
    assert [(one.sheet, one.tries) for one in dispatcher.lost] == [(1, 3)]
    assert "no such site" in dispatcher.lost[0].reason
    assert "traceback" not in dispatcher.lost[0].reason


def test_late_result_of_a_lost_worker_counts_for_nothing():
    """The worker is gone, the block is measured elsewhere, then the old result comes."""
    late = []

    def play(crew, job, address, future):
        if not late:
            late.append(future)
            asyncio.get_running_loop().call_later(0.02, crew.members.pop, address)
        else:
            late[0].answer.set_result(b"late")
            answer(crew, job, address, future)

    crew = FakeCrew("a", "b", play=play)
    kept, dispatcher = run(crew)
    assert kept == [(1, "b", b"1 of b")]
    assert late[0].is_cancelled
    assert dispatcher.lost == []


def test_block_is_left_out_when_no_machine_is_left_for_it():
    """Two machines, two copies; one machine is lost, the other has its copy already."""

    def play(crew, job, address, future):
        if address == "tcp://b":
            asyncio.get_running_loop().call_later(0.02, crew.members.pop, address)
        else:
            answer(crew, job, address, future)

    kept, dispatcher = run(FakeCrew("a", "b", play=play), copies=2)
    assert [name for _, name, _ in kept] == ["a"]
    reason = dispatcher.lost[0].reason
    assert reason.startswith("b: its Dask worker was lost")
    assert reason.endswith("no machine is left that has not measured this sheet")


def test_machine_that_comes_back_takes_its_block_again():
    """A nanny brings it back under another address and the same name."""

    def play(crew, job, address, future):
        if address != "tcp://a":
            answer(crew, job, address, future)
            return
        machine = crew.members[address]
        asyncio.get_running_loop().call_later(0.02, crew.members.pop, address)
        asyncio.get_running_loop().call_later(0.03, crew.members.update, {"tcp://new": machine})

    kept, dispatcher = run(FakeCrew("a", play=play))
    assert [name for _, name, _ in kept] == ["a"]
    assert dispatcher.lost == []


def test_lost_scheduler_ends_it_and_what_runs_is_cancelled():
    """What failed because of it is no failure of a machine."""
    futures = []

    def play(crew, job, address, future):
        futures.append(future)
        crew.is_lost = True
        future.answer.set_exception(RuntimeError("lost connection to scheduler"))

    with pytest.raises(SchedulerLostError):
        run(FakeCrew("a", play=play))
    assert len(futures) == 1
