"""Timers that fire (floor 2).

uvloop rounds each delay to whole milliseconds, and its clock counts whole milliseconds: a timer may
fire up to 1.5 ms early and is then as right as its design. What is earlier is wrong. No times of
these operations may be compared as a ratio: they are marked `whole_ms`.
"""

from __future__ import annotations

import asyncio
import statistics
import time

from crawlbench.operations.contract import Figures, OperationWrong, Theme, check

THEME = Theme("timers")
TOLERATED_S = 0.0016
"""A timer may be so early: half a millisecond of rounding, one of the clock, and a tenth."""
# In no order, so that a loop which fires timers as they were set is found.
BATCH_DELAYS_S = tuple(k / 1000 for k in (7, 3, 10, 5, 2, 9, 6, 4, 8, 11))
ODD_DELAYS_S = (0.0084, 0.0097, 0.0102, 0.0111)
"""No whole milliseconds, so that rounding shows."""


def _check_early(late_s: list[float]) -> Figures:
    """Return the extremes and the median of how late timers were; negative is early.

    Raises:
        OperationWrong: one was too early.
    """
    if min(late_s) < -TOLERATED_S:
        raise OperationWrong(f"a timer fired {-min(late_s) * 1000:.1f} ms too early")
    return {
        "earliest_s": min(late_s),
        "median_late_s": statistics.median(late_s),
        "latest_s": max(late_s),
    }


@THEME.operation(counts="timers", n=1_000, whole_ms=True)
async def timers_fire(n: int) -> Figures:
    """Timers of 2 to 11 ms, all set at once, that fire in order of their time."""
    loop, clock = asyncio.get_running_loop(), time.perf_counter
    done = loop.create_future()
    due_s: list[tuple[float, float]] = []  # the loop read its own clock between these two
    fired: list[tuple[int, float]] = []

    def fire(number: int) -> None:
        fired.append((number, clock()))
        if len(fired) == n:
            done.set_result(None)

    for number in range(n):
        delay_s = BATCH_DELAYS_S[number % len(BATCH_DELAYS_S)]
        before_s = clock()
        loop.call_later(delay_s, fire, number)
        due_s.append((before_s + delay_s, clock() + delay_s))
    await done
    check("timers fired", sorted(number for number, _ in fired), list(range(n)))
    _check_order([due_s[number] for number, _ in fired])
    return _check_early([at_s - due_s[number][0] for number, at_s in fired])


def _check_order(due_s: list[tuple[float, float]]) -> None:
    """See that no timer fired before one that was due earlier.

    Args:
        due_s: earliest and latest moment at which each was due, in the order in which they fired.

    Raises:
        OperationWrong: one did.
    """
    latest_s = 0.0
    for earliest_due_s, latest_due_s in due_s:
        if latest_s - latest_due_s > TOLERATED_S:
            early_ms = (latest_s - latest_due_s) * 1000
            raise OperationWrong(f"a timer fired before one that was due {early_ms:.1f} ms earlier")
        latest_s = max(latest_s, earliest_due_s)


def _tell_time(fired: asyncio.Future[float]) -> None:
    fired.set_result(time.perf_counter())


@THEME.operation(counts="timers", n=5, whole_ms=True)
async def timer_accuracy(n: int) -> Figures:
    """Timers of 8.4 to 11.1 ms, one after the other: how early and how late they are."""
    loop, clock = asyncio.get_running_loop(), time.perf_counter
    late_s = []
    for number in range(n):
        delay_s = ODD_DELAYS_S[number % len(ODD_DELAYS_S)]
        fired: asyncio.Future[float] = loop.create_future()
        # Before the loop reads its own clock: afterwards, a timer that is right could seem early.
        due_s = clock() + delay_s
        loop.call_later(delay_s, _tell_time, fired)
        late_s.append(await fired - due_s)
    return _check_early(late_s)


@THEME.operation(counts="timers", n=5, whole_ms=True)
async def call_at(n: int) -> Figures:
    """Timers set by the loop's own clock, 10 ms ahead, one after the other."""
    loop, clock = asyncio.get_running_loop(), time.perf_counter
    late_s = []
    for _ in range(n):
        fired: asyncio.Future[float] = loop.create_future()
        due_s = clock() + 0.010
        loop.call_at(loop.time() + 0.010, _tell_time, fired)
        late_s.append(await fired - due_s)
    return _check_early(late_s)


@THEME.operation(counts="sleeps", n=5, whole_ms=True)
async def sleep_10ms(n: int) -> Figures:
    """A task that sleeps 10 ms, again and again."""
    clock, late_s = time.perf_counter, []
    for _ in range(n):
        due_s = clock() + 0.010
        await asyncio.sleep(0.010)
        late_s.append(clock() - due_s)
    return _check_early(late_s)


@THEME.operation(counts="timeouts", n=5, whole_ms=True)
async def timeout_expires(n: int) -> Figures:
    """`asyncio.timeout` of 10 ms around a wait that never ends."""
    clock, late_s = time.perf_counter, []
    for _ in range(n):
        due_s = clock() + 0.010
        try:
            async with asyncio.timeout(0.010):
                await asyncio.Event().wait()
        except TimeoutError:
            late_s.append(clock() - due_s)
        else:
            raise OperationWrong("a wait that never ends ended without a timeout")
    return _check_early(late_s)


@THEME.operation(counts="timeouts", n=5, whole_ms=True)
async def wait_for_expires(n: int) -> Figures:
    """`wait_for` of 10 ms, which cancels what it waits for."""
    clock, late_s, cancelled = time.perf_counter, [], 0

    async def never() -> None:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise

    for _ in range(n):
        due_s = clock() + 0.010
        try:
            await asyncio.wait_for(never(), 0.010)
        except TimeoutError:
            late_s.append(clock() - due_s)
    if not cancelled == len(late_s) == n:
        raise OperationWrong(f"{len(late_s)} timeouts and {cancelled} cancelled of {n}")
    return _check_early(late_s)
