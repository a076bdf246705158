"""Who gets which block, with a fake Dask: tries are bounded, nothing counts twice."""

from __future__ import annotations

import asyncio

import pytest

from crawlbench.base.errors import SchedulerLostError
from crawlbench.cluster import dispatch
from crawlbench.cluster.dispatch import Dispatcher
from tests.cluster.blocks import make_machine
from tests.cluster.fakes import FakeCrew, FakeFuture, answer
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


def fail(crew, job, address, future):
    """Fail at once."""
    future.answer.set_exception(RuntimeError("no such site\ntraceback"))


def test_block_that_fails_thrice_is_lost_and_named():
    """It is tried on other machines first, then it is enough."""
    crew = FakeCrew("a", "b", play=fail)
    kept, dispatcher = run(crew)
    assert kept == []
    assert sorted(name for _, name, *_ in crew.jobs[:2]) == ["a", "b"]
    assert [(one.sheet, one.tries) for one in dispatcher.lost] == [(1, 3)]
    assert "no such site" in dispatcher.lost[0].reason
    assert "traceback" not in dispatcher.lost[0].reason


def test_machine_on_which_everything_fails_gets_no_more_and_costs_no_block():
    """Its disk is full, say: it fails at once, while the others measure."""

    def play(crew, job, address, future):
        if address == "tcp://broken":
            fail(crew, job, address, future)
        else:
            asyncio.get_running_loop().call_later(0.02, answer, crew, job, address, future)

    crew = FakeCrew("broken", "a", "b", play=play)
    kept, dispatcher = run(crew, sheets=8, copies=2)
    assert sorted((sheet, name) for sheet, name, _ in kept) == [
        (sheet, name) for sheet in range(1, 9) for name in ("a", "b")
    ]
    assert dispatcher.lost == []
    assert sum(name == "broken" for _, name, *_ in crew.jobs) == 3


def test_sheet_that_fails_everywhere_leaves_the_others_their_machine():
    """One machine, and one sheet of four that cannot be measured: three tries, then it is lost."""

    def play(crew, job, address, future):
        (fail if job.sheet == 2 else answer)(crew, job, address, future)

    kept, dispatcher = run(FakeCrew("a", play=play), sheets=4)
    assert sorted(sheet for sheet, *_ in kept) == [1, 3, 4]
    assert [(one.sheet, one.tries) for one in dispatcher.lost] == [(2, 3)]


def test_workers_of_one_host_take_turns():
    """Which is known by the boot of their kernel; others measure at the same time."""
    together, now = [], set()

    def play(crew, job, address, future):
        now.add(job.machine.name)
        together.append(frozenset(now))

        def end():
            now.discard(job.machine.name)
            answer(crew, job, address, future)

        asyncio.get_running_loop().call_later(0.02, end)

    crew = FakeCrew("a", "b", "c", play=play)
    for address in ("tcp://a", "tcp://b"):
        name = crew.members[address].name
        crew.members[address] = make_machine(name, boot="the same")
    kept, _ = run(crew, sheets=2, copies=3)
    assert len(kept) == 6
    assert not [names for names in together if {"a", "b"} <= names]
    assert [names for names in together if "c" in names and len(names) == 2]


def test_results_are_fetched_one_at_a_time():
    """Many machines that end together do not fill the manager's memory."""
    held, most = 0, 0

    class Slow(FakeFuture):
        async def result(self):
            nonlocal held, most
            held += 1
            most = max(most, held)
            await asyncio.sleep(0)
            return await super().result()

    async def keep(sheet, machine, packed):
        nonlocal held
        await asyncio.sleep(0)
        held -= 1

    crew = FakeCrew(*map(str, range(20)), play=answer)
    crew.future = Slow
    dispatcher = Dispatcher(crew, [PLAN], keep, lambda text: None, lambda m: {x.name for x in m})
    asyncio.run(dispatcher.run(20, {}))
    assert most == 1
    assert len(crew.jobs) == 20


@pytest.mark.long
def test_thousand_machines_and_ten_thousand_blocks_are_handed_out():
    """No machine has to look through all blocks: each sheet on each of 1,000 machines."""
    names = [f"m{number}" for number in range(1000)]
    kept, dispatcher = run(FakeCrew(*names, play=answer), sheets=10, copies=1000)
    assert len(set(kept)) == 10_000
    assert dispatcher.lost == []


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
