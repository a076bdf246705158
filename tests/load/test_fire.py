"""Real generators against real servers that stall, refuse, hang up; and one that is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import asdict, replace

import pytest

from crawlbench.base.errors import BenchError
from crawlbench.load.bench import MirrorWatch, make_target
from crawlbench.load.crew import local_crew
from crawlbench.load.fire import Bench, fire
from crawlbench.load.model import Arrival, Load, NotReady, Target
from crawlbench.load.outcome import sum_up
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from tests.load.servers import STALL_S, Server
from tests.load.test_outcome import PART

CLOSED = Load(arrival=Arrival.CLOSED, span_s=3.0, connections=4, generators=1)
OPEN = Load(arrival=Arrival.CONSTANT, span_s=3.0, connections=8, rate_per_s=200.0, generators=1)


def shoot(server, load, crew=local_crew):
    bench = Bench(make_target(server.url(), None), crew)
    return sum_up(asyncio.run(fire(bench, load)))


def test_open_arrival_shows_a_stall_that_closed_arrival_hides():
    """A server stands still for 1 s: who waits for answers asks for nothing meanwhile."""
    with Server("stall") as server:
        server.arm()
        closed = shoot(server, CLOSED)
        server.arm()
        opened = shoot(server, OPEN)
    assert closed.latency_s["max"] > 0.9 * STALL_S  # the stall was there
    assert opened.latency_s["max"] > 0.9 * STALL_S
    assert closed.latency_s["p99"] < 0.3 * STALL_S
    assert opened.latency_s["p99"] > 0.8 * STALL_S
    assert opened.due == opened.answered == 600
    assert opened.service_s["p50"] < opened.latency_s["p90"]


class Stopping(MirrorWatch):
    """Stops the mirror's process for 1 s in the middle of a run."""

    def __init__(self, mirror):
        super().__init__(mirror)
        self._pid = mirror.pid

    async def begin(self):
        await super().begin()
        self._stall = asyncio.ensure_future(self._stop())

    async def _stop(self):
        await asyncio.sleep(1)
        os.kill(self._pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(STALL_S)
        finally:
            os.kill(self._pid, signal.SIGCONT)

    async def end(self):
        await self._stall
        return await super().end()


@pytest.mark.skipif(os.name == "nt", reason="Windows stops no process")
@pytest.mark.long
def test_stall_of_our_own_mirror_is_seen_by_open_arrival_alone():
    """Its process is stopped for 1 s on purpose, in a run of 3 s of each kind."""

    async def run(load):
        async with open_mirror("douban-top250", "loopback", find_network("loopback"), 1) as mirror:
            target = make_target(mirror.address + "/top250", None)
            return sum_up(await fire(Bench(target, local_crew, Stopping(mirror)), load))

    closed, opened = asyncio.run(run(CLOSED)), asyncio.run(run(OPEN))
    assert min(closed.latency_s["max"], opened.latency_s["max"]) > 0.9 * STALL_S
    assert closed.latency_s["p99"] < 0.3 * STALL_S
    assert opened.latency_s["p99"] > 0.8 * STALL_S
    assert closed.missing == opened.missing == 0


FAILURES = {
    "busy": ("status 503", Arrival.CLOSED),
    "drop": ("cut off", Arrival.CONSTANT),
    "silent": ("timeout", Arrival.CLOSED),
    "garbage": ("malformed answer", Arrival.CONSTANT),
}
"""What each server is counted as, and the arrival with which the short run tries it."""


@pytest.mark.parametrize(
    ("kind", "failure", "arrival"),
    [
        pytest.param(*(kind, failure, arrival), marks=() if arrival is always else pytest.mark.long)
        for kind, (failure, always) in FAILURES.items()
        for arrival in (Arrival.CLOSED, Arrival.CONSTANT)
    ],
)
def test_each_failure_is_counted_once_by_its_kind(kind, failure, arrival):
    """What was due is answered or failed; nothing is forgotten."""
    load = Load(
        arrival=arrival,
        span_s=0.4,
        connections=4,
        rate_per_s=50.0 if arrival is Arrival.CONSTANT else None,
        generators=1,
        timeout_s=0.2,
        drain_s=0.5,
    )
    with Server(kind) as server:
        server.healthy = 5  # the probes before the run
        found = shoot(server, load)
        assert server.requests == found.sent + 5
    assert found.answered == 0
    assert found.failed[failure] > 0
    assert set(found.failed) <= {failure, "never sent", "no answer by the end"}
    assert found.due == sum(found.failed.values())
    assert set(found.latency_s.values()) == {None}
    assert not found.kept


def test_connections_that_a_server_closes_are_made_anew():
    """A server without keep-alive is loaded all the same."""
    with Server("last") as server:
        found = shoot(server, Load(**{**as_dict(OPEN), "span_s": 1.0}))
    assert (found.due, found.answered, found.failed) == (200, 200, {})


def as_dict(load):
    return {name: getattr(load, name) for name in load.__slots__}


def test_rate_beyond_the_connections_is_not_kept_and_the_reason_is_measured():
    """Two connections at 40 ms give 50 per second, not 200."""

    async def run():
        async with open_mirror("douban-top250", "wan", find_network("wan"), 1) as mirror:
            bench = Bench(make_target(mirror.address + "/top250", None), local_crew)
            load = Load(**{**as_dict(OPEN), "connections": 2, "drain_s": 0.5})
            return sum_up(await fire(bench, load))

    found = asyncio.run(run())
    assert found.kept is False
    assert any("all 2 connections were busy" in reason for reason in found.reasons)
    assert found.achieved_per_s < 100
    assert found.failed["never sent"] > 0
    assert found.due == found.answered + sum(found.failed.values()) == 600


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_generator_is_told_and_its_part_is_not_made_up():
    """The mirror's count shows what is missing: nothing is counted twice, nothing lost silently."""

    @asynccontextmanager
    async def crew(jobs):
        async with local_crew(jobs) as hands:
            pid = int(hands[1].place.removeprefix("process "))
            loop = asyncio.get_running_loop()
            hands[1].go = kill_soon(loop, pid, hands[1].go)
            yield hands

    def kill_soon(loop, pid, go):
        async def go_and_die(start):
            await go(start)
            loop.call_at(start + 0.5, os.kill, pid, signal.SIGKILL)

        return go_and_die

    async def run():
        async with open_mirror("douban-top250", "loopback", find_network("loopback"), 1) as mirror:
            target = make_target(mirror.address + "/top250", None)
            load = Load(**{**as_dict(OPEN), "generators": 2, "span_s": 1.5})
            return await fire(Bench(target, crew, MirrorWatch(mirror)), load)

    run = asyncio.run(run())
    found = sum_up(run)
    assert [part.number for part in run.parts] == [0]
    assert [(lost.number, lost.reason) for lost in run.lost] == [(1, "ended by SIGKILL")]
    assert run.lost[0].part_of_rate_per_s == 100.0
    assert found.due == found.answered == found.sent == 150
    assert run.server_requests == found.sent + found.missing
    assert 0 < found.missing < 150
    assert found.kept is False


def test_generators_count_what_the_mirror_counts():
    """Two generators, closed: every request is delivered by one of them, once."""

    async def run():
        async with open_mirror("douban-top250", "loopback", find_network("loopback"), 1) as mirror:
            target = make_target(mirror.address + "/top250", None)
            load = Load(arrival=Arrival.CLOSED, span_s=0.5, connections=5, generators=2)
            return sum_up(await fire(Bench(target, local_crew, MirrorWatch(mirror)), load))

    found = asyncio.run(run())
    assert found.missing == 0
    assert found.due == found.sent == found.answered > 100


def test_server_that_is_not_there_ends_the_run_before_it_begins():
    """In one sentence with the address."""
    with Server() as server:
        url = server.url()
    with pytest.raises(BenchError, match=r"did not begin: .*refused") as caught:
        asyncio.run(fire(Bench(make_target(url, None), local_crew), CLOSED))
    assert not isinstance(caught.value, NotReady)  # another try would meet the same


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_generator_that_dies_before_the_start_is_an_error_of_its_own():
    """So that who called can try again; its fellow is ended too."""
    pids = []

    @asynccontextmanager
    async def crew(jobs):
        async with local_crew(jobs) as hands:
            pids.extend(int(hand.place.removeprefix("process ")) for hand in hands)
            os.kill(pids[0], signal.SIGKILL)
            yield hands

    with Server("silent") as server:
        load = replace(CLOSED, generators=2)
        with pytest.raises(NotReady, match="did not begin: ended by SIGKILL"):
            asyncio.run(fire(Bench(make_target(server.url(), None), crew), load))
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


class ScriptedHand:
    """A generator that is no process: a word takes a while to reach it."""

    place = "nowhere"

    def __init__(self, number, events, delivers):
        self._number, self._events, self._delivers = number, events, delivers

    async def ready(self):
        pass

    async def go(self, start):
        self._events.append(("sent", start))
        for _ in range(10):
            await asyncio.sleep(0)
        self._events.append(("came", start))

    async def result(self):
        return {**self._delivers, "number": self._number}


def play(count, delivers):
    """Return a run of scripted generators, and when each got its word."""
    events = []

    @asynccontextmanager
    async def crew(jobs):
        yield [ScriptedHand(job["number"], events, delivers) for job in jobs]

    load = replace(OPEN, generators=count, span_s=0.01)
    bench = Bench(Target("127.0.0.1", 80, "/"), crew)
    return asyncio.run(fire(bench, load)), events


def test_generators_get_the_word_at_once_for_one_start():
    """No word waits until another has come, so the starts are not apart by their sum."""
    run, events = play(3, asdict(PART))
    assert [what for what, _ in events] == ["sent"] * 3 + ["came"] * 3
    assert len({start for _, start in events}) == 1
    assert [part.number for part in run.parts] == [0, 1, 2]


@pytest.mark.parametrize("delivers", [{}, asdict(PART) | {"colour": "red"}])
def test_generator_that_delivers_other_fields_is_lost(delivers):
    """Fewer or more: it runs another crawlbench."""
    run, _ = play(1, delivers)
    assert run.parts == ()
    assert "it runs another crawlbench" in run.lost[0].reason
