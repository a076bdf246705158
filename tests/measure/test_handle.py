"""A worker's process as the manager sees it; real ones are met in test_round.py and elsewhere."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from crawlbench.base.errors import CellError
from crawlbench.base.usage import Usage
from crawlbench.measure.contract import Conduct, Value
from crawlbench.measure.handle import Handle, explain_exit
from crawlbench.measure.reading import Reading

HANG = """Timeout (0:00:03)!
Thread 0x00007f (most recent call first):
  File "/lib/socket.py", line 718 in readinto
  File "/lib/http/client.py", line 281 in _read_status
"""


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


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (
            1,
            HANG,
            "hung: a value took more than 3 s (--timeout); it was at /lib/socket.py:718 (readinto)",
        ),
        (1, "Timeout (0:00:03)!\n", "hung: a value took more than 3 s (--timeout)"),
        (-9, "", "the worker was killed by SIGKILL"),
        (-11, "Fatal Python error", "the worker was killed by SIGSEGV"),
        (-40, "", "the worker was killed by signal 40"),
        (0, "", "the worker ended with exit code 0 before its values were taken"),
        (2, "", "the worker ended with exit code 2: it said nothing"),
        (
            1,
            "Traceback\n  ...\nImportError: no x\n",
            "the worker ended with exit code 1: ImportError: no x",
        ),
    ],
)
def test_end_is_told_in_a_sentence(code, words, sentence):
    """Exit code, signal and last words become what a person wants to know."""
    assert explain_exit(code, words, 3) == sentence


def test_report_that_cannot_be_read_costs_its_cell():
    """An operation of a user may return what it likes for a figure."""
    used, conduct = Usage(0.1, 0.0, 0.0, 0, 0), Conduct(100.0, Reading(20, 500), 0.0, 0.0, [])
    value = Value(0.5, used, None, None, None, [], ["uvloop"], "", conduct, {"late_s": 0.1})
    message = {"kind": "value", **msgspec.to_builtins(value)}
    assert Value.from_message(message) == value
    with pytest.raises(CellError, match=r"report on a value cannot be read: .*figures"):
        Value.from_message({**message, "figures": {"late_s": "much"}})
