"""Calls come in order, never early, hardly late, and not after they were cancelled."""

from __future__ import annotations

import asyncio
import random
import sys
from statistics import median

import pytest

from crawlbench.base import alarm as alarm_module
from crawlbench.mirror.clock import Clock, now


@pytest.fixture(params=["own", "the loop's"])
def alarm(request, monkeypatch):
    """Play with the kernel's timer where there is one, and with the loop's."""
    if request.param == "the loop's":
        monkeypatch.setattr(sys, "platform", "elsewhere")
    return request.param


def play(loop_factory, plan, seconds):
    """Run a plan with a clock for some time; return the errors that reached the loop."""
    loop, errors = loop_factory(), []
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))

    async def run():
        clock = Clock(loop)
        plan(clock)
        await asyncio.sleep(seconds)
        clock.close()

    loop.run_until_complete(run())
    loop.close()
    return errors


def test_calls_come_in_order_of_their_times_and_never_early(loop_factory, alarm):
    """However they were asked for."""
    called = []

    def plan(clock):
        start = now()
        dues = [start + ms / 1000 for ms in range(60)]
        for due in random.Random(1).sample(dues, len(dues)):
            clock.call_at(due, lambda due=due: called.append((due, now())))

    assert play(loop_factory, plan, 0.2) == []
    assert len(called) == 60
    assert called == sorted(called)
    assert all(came >= due for due, came in called)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's timer is Linux's")
def test_half_of_the_calls_are_less_than_half_a_millisecond_late(loop_factory):
    """Which timers of whole milliseconds could not do."""
    best = [1.0] * 100

    def plan(clock):
        start = now()

        def note(step, due):
            best[step] = min(best[step], now() - due)

        for step in range(len(best)):
            due = start + 0.001 + step * 0.0017
            clock.call_at(due, lambda step=step, due=due: note(step, due))

    for _ in range(60):  # others may have the CPU, but hardly each time
        play(loop_factory, plan, 0.2)
        if median(best) < 0.0005:
            break
    assert median(best) < 0.0005


def test_cancelled_calls_do_not_come(loop_factory, alarm):
    """Neither the next nor a later one; what is asked for in a call comes too."""
    called = []

    def plan(clock):
        first = clock.call_at(now() + 0.005, lambda: called.append("first"))
        clock.call_at(
            now() + 0.01, lambda: clock.call_at(now() - 1.0, lambda: called.append("past"))
        )
        last = clock.call_at(now() + 0.02, lambda: called.append("last"))
        first.cancel()
        last.cancel()

    play(loop_factory, plan, 0.06)
    assert called == ["past"]


def test_call_that_fails_costs_itself_only(loop_factory, alarm):
    """The loop is told; the next call comes."""
    called = []

    def plan(clock):
        clock.call_at(now(), lambda: 1 / 0)
        clock.call_at(now(), lambda: called.append("next"))

    errors = play(loop_factory, plan, 0.03)
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert called == ["next"]


def test_nothing_comes_after_the_end(loop_factory, alarm):
    """Also what was asked for after it."""
    called = []

    def plan(clock):
        clock.call_at(now() + 0.01, lambda: called.append("before"))
        clock.close()
        clock.close()
        clock.call_at(now(), lambda: called.append("after"))

    play(loop_factory, plan, 0.04)
    assert called == []


def test_system_without_timers_is_told(monkeypatch):
    """In place of a clock that never rings."""

    class NoTimers:
        timerfd_settime = None

        @staticmethod
        def timerfd_create(*_):
            return -1

    monkeypatch.setattr(alarm_module.ctypes, "CDLL", lambda *_, **__: NoTimers)
    monkeypatch.setattr(sys, "platform", "linux")
    loop = asyncio.new_event_loop()
    with pytest.raises(OSError, match="the system refuses to create a timer"):
        Clock(loop)
    loop.close()
