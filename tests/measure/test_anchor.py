"""The two kernels that tell in which state a machine is, in the process that times them."""

from __future__ import annotations

import asyncio
import os

import pytest

from crawlbench.base.errors import CellError
from crawlbench.measure.anchor import MESSAGE, ROUND_TRIPS, AnchorWire, compute
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.turnstile import open_turnstile


def test_kernels_do_the_same_work_for_ever():
    """Sessions are compared by them: whoever changes one makes old anchors worthless."""
    assert compute() == compute() == 47_987
    wire = AnchorWire()
    try:
        assert wire.send() == ROUND_TRIPS * len(MESSAGE) == 120 * 64
    finally:
        wire.close()


def test_process_times_both_kernels_at_each_call_and_its_death_is_told():
    """On the CPUs that it was given, again and again, until it is ended."""
    cpus = (min(os.sched_getaffinity(0)),) if hasattr(os, "sched_getaffinity") else ()

    async def play():
        async with open_turnstile() as turnstile:
            anchor = await ProcessExecutor(turnstile, {}, cpus, 60).start_anchor()
            times = [await anchor.time() for _ in range(3)]
            anchor._process.kill()
            with pytest.raises(CellError):
                await anchor.time()
            await anchor.kill()
            return times

    times = asyncio.run(play())
    assert all(0 < seconds < 5 for pair in times for seconds in pair)
