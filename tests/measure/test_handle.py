"""A worker's process as the manager sees it; real ones are met in test_round.py and elsewhere."""

from __future__ import annotations

import asyncio

import pytest

from crawlbench.measure.handle import Handle


class Lane:
    """A lane on which a value comes when the test says so."""

    def __init__(self):
        self.value = asyncio.get_running_loop().create_future()

    async def hear(self):
        return {"kind": "value", "seconds": await self.value}


@pytest.mark.parametrize("steps", range(5))
def test_ctrl_c_is_heard_even_if_a_value_comes_with_it(steps):
    """Whichever is first: on a busy machine both may be waiting when the manager gets its CPU."""

    async def scenario():
        handle = Handle(None, None, None, None, 5.0)
        handle._lane = Lane()
        waiting = asyncio.create_task(handle._hear("value", 5.0))
        await asyncio.sleep(0.01)
        handle._lane.value.set_result(1.5)
        for _ in range(steps):
            await asyncio.sleep(0)
        if waiting.done():
            assert (await waiting)["seconds"] == 1.5
            return
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scenario())
