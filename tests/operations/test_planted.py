"""A loop that skips work, hurries or repeats itself is wrong, not fast."""

from __future__ import annotations

import asyncio

import pytest
from tests.operations import planted

from crawlbench.operations import OperationWrong, find_operation, run_operation

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestWarning")


def test_dropped_callbacks_are_missed():
    """Of 100 callbacks every tenth is missing."""
    loop = planted.DroppingLoop()
    with pytest.raises(OperationWrong) as caught:
        loop.run_until_complete(find_operation("call-soon").run(100))
    loop.close()
    assert str(caught.value) == "callbacks run: 92 instead of 100"


@pytest.mark.parametrize(
    "name", ["timers-fire", "timer-accuracy", "call-at", "sleep-10ms", "timeout-expires"]
)
def test_early_timers_are_noticed(name):
    """Half of 10 ms is more than any rounding."""

    def run_often():
        for _ in range(50):  # a busy machine may make all timers of one go late
            run_operation(find_operation(name), planted.EarlyLoop, n=20)

    with pytest.raises(OperationWrong, match=r"a timer fired (\d\.\d ms too early|before)"):
        run_often()


@pytest.mark.parametrize(
    "name",
    ["tcp-protocol-1k", "tcp-protocol-100k", "tcp-streams-1k", "tcp-sock-1k", "tcp-readline"],
)
def test_stale_bytes_are_noticed(name, peer_of):
    """The second echo holds the first one's bytes."""
    operation = find_operation(name)
    with pytest.raises(OperationWrong, match=r"(echo \d+|lines): .* instead of "):
        run_operation(operation, planted.StaleLoop, peer_of(operation), n=20)


def test_answer_must_come_after_the_end_of_the_question(peer_of):
    """Whoever hangs up instead of closing half of the connection never gets it."""
    operation = find_operation("half-close")
    with pytest.raises(asyncio.IncompleteReadError):
        run_operation(operation, planted.HangingUpLoop, peer_of(operation), n=3)
    run_operation(operation, asyncio.SelectorEventLoop, peer_of(operation), n=3)


@pytest.mark.parametrize("name", ["call-soon-arguments", "future-callbacks"])
def test_wrong_order_is_noticed(name):
    """All callbacks run, yet not in the order of their calls."""
    with pytest.raises(OperationWrong):
        run_operation(find_operation(name), planted.UnorderedLoop, n=20)


def test_errors_that_the_loop_only_reports_are_heard():
    """What goes to the exception handler is no silent success."""

    class Reporting(asyncio.SelectorEventLoop):
        async def shutdown_asyncgens(self):
            await super().shutdown_asyncgens()

        def create_future(self):
            self.call_soon(lambda: 1 // 0)
            return super().create_future()

    with pytest.raises(OperationWrong, match="reported to its exception handler: ZeroDivision"):
        run_operation(find_operation("futures"), Reporting, n=3)


@pytest.mark.parametrize(
    ("name", "loop", "reason"),
    [
        ("call-soon", planted.HastyLoop, "the turn that asked for them: 1 instead of 0"),
        ("timers-fire", planted.HastyLoop, "the turn that asked for them: 1 instead of 0"),
        ("task-spawn", planted.GreedyLoop, "callbacks run after a turn: 0 instead of 1"),
        ("async-generator", planted.GreedyLoop, "callbacks run after a turn: 0 instead of 1"),
    ],
)
def test_loop_that_saves_turns_is_wrong_in_every_operation(name, loop, reason):
    """Also in those whose own checks it passes, where it would only be fast."""
    with pytest.raises(OperationWrong, match=reason):
        run_operation(find_operation(name), loop, n=20)


def test_sleep_that_gives_no_turn_is_noticed(monkeypatch):
    """Whoever replaces `asyncio.sleep` spares all tasks their turns."""

    async def sleep(delay, result=None):
        return result

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(OperationWrong, match="callbacks run after a turn: 0 instead of 1"):
        run_operation(find_operation("task-spawn"), asyncio.SelectorEventLoop, n=20)
