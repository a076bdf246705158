"""A process that hosts operations, and seats in it: real processes at a real turnstile."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from crawlbench.base.errors import CellError, CellRefusal
from crawlbench.base.records import Cell
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.turnstile import open_turnstile

TIMEOUT_S = 20.0
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans on to a host")


@pytest.fixture(autouse=True)
def _planted_is_found(monkeypatch):
    """Let workers find `tests.measure.leaving`, whose operations leave something behind."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@asynccontextmanager
async def seats(*names, loop="asyncio", loops=1, warmups=0, timeout_s=TIMEOUT_S, alone=()):
    """Give the executor and the seats of operations on one loop; kill what is left at the end."""
    cells = [Cell.of_operation(name, loop) for name in names]
    async with open_turnstile() as turnstile:
        places = {cell.place: {"peer": None} for cell in cells}
        executor = ProcessExecutor(turnstile, places, (), timeout_s, (), alone)
        workers = [await executor.start(cell, loops, warmups, 2) for cell in cells]
        try:
            yield executor, workers
        finally:
            await asyncio.gather(*[worker.kill() for worker in workers])


def is_hosted(executor, seat):
    """Return whether a seat's cell will still have a seat in the next round."""
    return executor.name_process(seat._cell) != seat._cell.name


async def take(seat):
    await seat.get_ready()
    return await seat.take()


def test_process_that_did_not_start_is_tried_again_in_the_next_round(monkeypatch):
    """The old error is not that of a cell which slept meanwhile; in one round one try is enough."""

    async def measure():
        starts = []

        async def start_host(*_):
            starts.append(1)
            raise CellError(f"start {len(starts)}")

        cells = [Cell.of_operation(name, "asyncio") for name in ("call-soon", "futures")]
        executor = ProcessExecutor(None, {cell.place: {"peer": None} for cell in cells}, (), 1.0)
        monkeypatch.setattr(executor, "_start_host", start_host)
        found = []
        for _ in range(2):
            for cell in cells:
                with pytest.raises(CellError) as caught:
                    await executor.start(cell, 1, 0, 2)
                found.append(str(caught.value))
            executor.end_round()
        return found

    assert asyncio.run(measure()) == ["start 1", "start 1", "start 2", "start 2"]


def test_operations_of_a_loop_share_a_process():
    """Each takes its values, in any order; the runs are as pyperf keeps those of a worker."""

    async def measure():
        async with seats("call-soon", "futures", loops=3, warmups=1) as (executor, found):
            first, second = found
            values = [await take(seat) for seat in (first, second, second, first)]
            host = first._host
            assert second._host is host
            assert host.starts == 1
            runs = await asyncio.gather(first.finish(), second.finish())
            assert not host.is_there
            return executor, values, runs

    _, values, runs = asyncio.run(measure())
    assert all(value.seconds > 0 and value.event_loops == ["asyncio"] for value in values)
    for run, of_seat in zip(runs, ((0, 3), (1, 2)), strict=True):
        warmup, value = (values[place].seconds / 3 for place in of_seat)
        assert run.warmups == ((3, warmup),)
        assert run.values == (value,)
    metadata = runs[0].get_metadata()
    assert (metadata["name"], metadata["loops"]) == ("call-soon/asyncio", 3)
    assert {"python_version", "cpu_count", "date"} <= set(metadata)


def test_twins_and_those_that_need_it_have_processes_of_their_own():
    """Another loop, environment or twin is another host; what needs its own is no seat at all."""
    cells = [
        Cell.of_operation("call-soon", "asyncio"),
        Cell("", "", "", "asyncio", "", 0, control=True, operation="call-soon"),
        Cell.of_operation("call-soon", "asyncio-poll"),
        Cell.of_operation("asyncio-run", "asyncio"),
    ]

    async def names():
        async with open_turnstile() as turnstile:
            places = {cell.place: {"peer": None} for cell in cells}
            executor = ProcessExecutor(turnstile, places, (), TIMEOUT_S, (), ["asyncio-run"])
            workers = [await executor.start(cell, 1, 0, 1) for cell in cells]
            hosts = set(executor._shared)
            processes = [executor.name_process(cell) for cell in cells]
            await asyncio.gather(*[worker.kill() for worker in workers])
            return hosts, processes

    hosts, processes = asyncio.run(names())
    assert set(processes) == {*hosts, "asyncio-run/asyncio"}
    assert (len(set(processes)), len(hosts)) == (4, 3)


def test_refusal_costs_only_itself():
    """The rest go on in a new process, warmed up anew before the next value."""

    async def measure():
        loop = "tests.operations.leaving:Nameless"
        async with seats("call-soon", "getaddrinfo-literal", loop=loop, warmups=1) as (_, found):
            right, nameless = found
            await take(right)
            await take(right)
            with pytest.raises(CellError) as caught:
                await take(nameless)
            await nameless.kill()
            await take(right)
            assert right._host.starts == 2
            assert right._warm == 2  # one for nobody, one that counts
            run = await right.finish()
            return caught.value, run

    error, run = asyncio.run(measure())
    assert isinstance(error, CellRefusal)
    assert "does not have it (NotImplementedError: no names here)" in str(error)
    assert (len(run.warmups), len(run.values)) == (1, 2)


def test_hang_is_said_and_the_others_go_on():
    """The process ends itself after the timeout, with where it was."""

    async def measure():
        loop = "tests.operations.planted:HangingInLookups"
        names = ("getaddrinfo-literal", "call-soon")
        async with seats(*names, loop=loop, timeout_s=0.5) as (_, (hanging, right)):
            with pytest.raises(CellError, match=r"^hung: a value took more than 0\.5 s"):
                await take(hanging)
            await hanging.kill()
            return await take(right)

    assert asyncio.run(measure()).seconds > 0


def test_host_that_does_not_start_is_tried_once():
    """All its operations say why, and no process is started for each of them."""

    async def start():
        loop = "tests.operations.planted:failing_factory"
        with pytest.raises(CellError, match="this Python is too old"):
            async with seats("call-soon", loop=loop):
                pass

    asyncio.run(start())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are not told here")
@pytest.mark.parametrize(
    "loop", ["ThreadLeaver", pytest.param("FileLeaver", marks=pytest.mark.long)]
)
def test_what_leaves_something_each_time_moves_out(loop):
    """Not at the first time, when a loop may make what it keeps; then its group has its own."""

    async def measure():
        loop_name = f"tests.operations.leaving:{loop}"
        async with seats("call-soon", "futures", loop=loop_name) as (executor, (first, second)):
            await take(first)
            assert first._host is second._host
            await take(first)
            assert first._host is not second._host
            await take(first)
            await take(second)
            return [is_hosted(executor, seat) for seat in (first, second)]

    assert asyncio.run(measure()) == [False, True]


@pytest.mark.parametrize(
    "kind", ["Worker", pytest.param("Daemon", marks=[LINUX, pytest.mark.long])]
)
def test_who_works_between_turns_moves_out_and_not_whoever_comes_next(kind):
    """At the second time; the one that was measured last is to blame, and then judged as others."""

    async def disturb(busy, quiet):
        await take(busy)
        await asyncio.sleep(0.1)
        value = await take(quiet)
        assert value.conduct.rest_cpu_s < 0.001

    async def measure():
        loop = f"tests.operations.leaving:{kind}"
        async with seats("call-soon", "futures", loop=loop) as (executor, (busy, quiet)):
            await disturb(busy, quiet)
            assert quiet._host.starts == 2
            assert is_hosted(executor, busy)
            await disturb(busy, quiet)
            hosted = [is_hosted(executor, seat) for seat in (busy, quiet)]
            await take(busy)
            await asyncio.sleep(0.1)
            judged = await take(busy)
            return hosted, judged.conduct.rest_cpu_s

    hosted, rest_cpu_s = asyncio.run(measure())
    assert hosted == [False, True]
    assert rest_cpu_s > 0.005


@LINUX
def test_what_has_left_its_host_is_seen_and_ends_with_it():
    """Its work counts as the host's; a host that is ended at once takes it along."""

    async def measure():
        async with seats("call-soon", loop="tests.operations.leaving:Daemon") as (_, (seat,)):
            await take(seat)
            host = psutil.Process(seat._host._handle._process.pid)
            (left,) = host.children()
            assert os.getsid(left.pid) not in {host.pid, left.pid}
            await asyncio.sleep(0.05)
            cpu_s, _ = await seat._host._handle.look()
            await seat.kill()
            return left, cpu_s

    left, cpu_s = asyncio.run(measure())
    assert cpu_s > 0.005
    deadline = time.monotonic() + TIMEOUT_S
    while left.is_running() and left.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_quiet_ones_stay_together():
    """Of every theme that needs no peer one: nothing of theirs is taken for something left.

    On a busy machine the kernel may still work for a loop that was closed, which costs the host,
    but hardly each time, and nobody has to leave.
    """
    names = ("call-soon", "run-in-executor", "getaddrinfo-local", "signals", "pipes", "files")

    async def count_starts(loop):
        async with seats(*names, loop=loop) as (_, found):
            for seat in (*found, *found, *found):
                await take(seat)
            assert not any(seat._is_apart for seat in found)
            return {seat._host.starts for seat in found}

    for loop in ["asyncio", "uvloop"] if os.name == "posix" else ["asyncio"]:
        assert any(asyncio.run(count_starts(loop)) == {1} for _ in range(5))
