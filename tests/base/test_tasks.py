"""Coroutines that run at the same time and end together."""

from __future__ import annotations

import asyncio

import pytest

from crawlbench.base.tasks import run_all


def test_results_come_in_the_order_of_the_coroutines():
    """Whoever ends first."""

    async def wait(turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        return turns

    assert asyncio.run(run_all(map(wait, (5, 0, 3)))) == [5, 0, 3]


@pytest.mark.parametrize("error", [ValueError("no"), None])
def test_nobody_works_on_where_one_fails_or_all_are_cancelled(error):
    """They may take their time to end, and have ended when the error comes."""
    ended = []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(1)

    async def fail():
        await asyncio.sleep(0)
        if error is None:
            await asyncio.Event().wait()
        raise error

    async def measure():
        whole = asyncio.ensure_future(run_all([work(), fail(), work()]))
        if error is None:
            for _ in range(3):
                await asyncio.sleep(0)
            whole.cancel()
        await whole

    with pytest.raises(type(error) if error else asyncio.CancelledError, match=error and "no"):
        asyncio.run(measure())
    assert len(ended) == 2
