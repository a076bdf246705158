"""Who gets which block, with a fake Dask: tries are bounded, nothing counts twice."""

from __future__ import annotations

import asyncio

import pytest

from crawlbench.cluster import dispatch
from crawlbench.cluster.dispatch import Dispatcher
from crawlbench.errors import SchedulerLostError
from tests.cluster.fakes import FakeCrew, answer
from tests.stats.builders import make_plan, other

PLAN = make_plan(other("a"))


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
    """Of two copies one is on disk: the other goes to the other machine, with the other seed."""
    for old, new in ((PLAN.seed, PLAN.seed + 1), (PLAN.seed + 1, PLAN.seed)):
        crew = FakeCrew("a", "b", play=answer)
        kept, _ = run(crew, copies=2, done={1: {"a": old}})
        assert [(sheet, name) for sheet, name, _ in kept] == [(1, "b")]
        assert [seed for _, _, seed, _ in crew.jobs] == [new]


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


def test_result_of_a_worker_that_leaves_as_its_block_ends_is_kept():
    """Also if another block failed in the same moment, and it was looked who is there."""
    futures = {}

    def end(crew):
        futures["tcp://a"].answer.set_exception(RuntimeError("no memory"))
        futures["tcp://b"].answer.set_result(b"whole")
        del crew.members["tcp://b"]

    def play(crew, job, address, future):
        if address in futures:
            answer(crew, job, address, future)
            return
        futures[address] = future
        if len(futures) == 2:
            asyncio.get_running_loop().call_soon(end, crew)

    kept, dispatcher = run(FakeCrew("a", "b", play=play), copies=2)
    assert sorted(kept) == [(1, "a", b"1 of a"), (1, "b", b"whole")]
    assert dispatcher.lost == []
