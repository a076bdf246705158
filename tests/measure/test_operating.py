"""An operation as a worker's task."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from crawlbench.base.errors import LoopRefusal
from crawlbench.base.records import Cell
from crawlbench.measure.operating import Operating
from crawlbench.operations import OperationWrong, open_peer


def task(operation, loop, peer=None):
    """Return the task of a cell, made from the job as a worker gets it."""
    cell = Cell.of_operation(operation, loop)
    return Operating({"cell": asdict(cell), "peer": asdict(peer) if peer else None})


def test_value_tells_its_seconds_and_what_was_measured():
    """It has no crawls to show."""
    timers = task("timer-accuracy", "asyncio")
    assert timers.run(1).seconds > 0
    told = timers.tell(is_alone=True)
    assert set(told.pop("figures")) == {"earliest_s", "median_late_s", "latest_s"}
    assert told == {"parse_s": None, "digests": [], "http_parser": ""}
    assert timers.show() == []


def test_loops_are_calls_within_one_clock():
    """As pyperf counts them."""
    assert task("futures", "asyncio").run(3).seconds > 0


def test_refusal_of_a_loop_says_what_it_said():
    """uvloop has no datagrams on plain sockets; the stock loop does."""
    with open_peer("udp") as process:
        assert task("udp-sock", "asyncio", process.peer).run(1).seconds > 0
        with pytest.raises(LoopRefusal, match=r"^uvloop does not have it \(NotImplementedError"):
            task("udp-sock", "uvloop", process.peer).run(1)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestWarning")
def test_wrong_work_is_no_refusal():
    """A loop that does something else is wrong."""
    with pytest.raises(OperationWrong, match="a timer fired"):
        task("timer-accuracy", "tests.operations.planted:EarlyLoop").run(1)
