"""What the manager does with a scheduler and workers that are frozen, or differ: all scripted."""

from __future__ import annotations

import asyncio
import platform
from types import SimpleNamespace

import pytest

from crawlbench.base.errors import BenchError, UsageError
from crawlbench.load import workers
from crawlbench.load.software import ABSENT, describe_software, tell_differences
from crawlbench.load.workers import Cluster, open_cluster

HERE = describe_software()
OTHER = HERE | {"crawlbench": "9.9", "uvloop": ABSENT}
PATIENCE_S = 60
"""For what should return at once."""


class Client:
    """Of a scheduler whose workers have the resource, and say what they were told to say."""

    status = "running"

    def __init__(self, **says):
        self.says = says
        self.asked = []
        self.scheduler = self
        self.is_closed = False

    async def identity(self, n_workers):
        return {"workers": {name: {"resources": {"crawlbench": 1.0}} for name in self.says}}

    async def run(self, function, workers, on_error):
        assert function is describe_software
        self.asked += workers
        return {worker: self.says[worker] for worker in workers}

    async def close(self, timeout):
        self.is_closed = True


async def never(*_, **__):
    await asyncio.Event().wait()


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE_S))


def test_software_is_what_this_process_runs():
    """A worker says the same if it is the same."""
    assert platform.python_version() in HERE["Python"]
    assert list(HERE) == ["crawlbench", "Python", "uvloop", "httptools"]
    assert tell_differences(HERE, {"a": HERE}) == []


def test_differences_name_what_is_where():
    """Workers that say the same are told together; one that cannot be asked has another."""
    here = {"crawlbench": "1", "uvloop": "2"}
    there = {"b": {"crawlbench": "3", "uvloop": "2"}, "a": {"crawlbench": "3"}}
    assert tell_differences(here, there) == [
        "crawlbench: 3 on a and b, 1 here",
        "uvloop: absent on a, 2 here",
    ]
    broken = {"a": AttributeError("no describe_software")}
    assert tell_differences(here, broken) == [
        "crawlbench: another (no describe_software) on a, 1 here"
    ]


def test_workers_that_run_something_else_are_refused(monkeypatch):
    """When the cluster is opened, and when one comes later; the connection is closed."""
    client = Client(a=HERE, b=OTHER)

    async def connect(*_):
        return client

    async def enter():
        async with open_cluster("tcp://somewhere:8786"):
            pass

    monkeypatch.setattr(workers, "connect", connect)
    monkeypatch.setattr(workers, "require_dask", lambda: None)
    with pytest.raises(UsageError, match=r"crawlbench: 9\.9 on b, .* here; .*absent on b"):
        run(enter())
    assert client.is_closed
    client.says["b"] = HERE
    run(enter())
    client.says["c"] = OTHER
    with pytest.raises(UsageError, match=r"9\.9 on c"):
        run(Cluster(client, ["a", "b"]).look())


def test_only_new_workers_are_asked_what_they_run():
    """One that left before it could answer is not used."""
    client = Client(a=HERE, b=HERE, c=OSError("connection broke"))
    cluster = Cluster(client, ["a"])
    assert run(cluster.look()) == ["a", "b"]
    assert client.asked == ["b", "c"]


def test_worker_that_does_not_say_what_it_runs_is_not_waited_for(monkeypatch):
    """It is frozen."""
    monkeypatch.setattr(workers, "ANSWER_S", 0.01)
    client = Client(a=HERE)
    client.run = never
    with pytest.raises(BenchError, match=r"the workers a did not say within 0\.01 s"):
        run(Cluster(client, []).look())


def test_frozen_scheduler_does_not_hold_up_the_end(monkeypatch):
    """A task that cannot be taken back is left to it."""
    monkeypatch.setattr(workers, "END_S", 0.01)
    hand = workers._DaskHand(None, "tcp://a", "name")
    hand._to = SimpleNamespace(put=never)
    run(hand.end())


@pytest.mark.parametrize(("start", "delay_s"), [(7.5, 2.5), (4.0, 0.0)])
def test_worker_is_told_what_is_left_until_the_start(monkeypatch, start, delay_s):
    """Its clock is another one; a start that is over is now."""
    told = []

    async def put(message):
        told.append(message)

    monkeypatch.setattr(workers, "time", SimpleNamespace(monotonic=lambda: 5.0))
    hand = workers._DaskHand(None, "tcp://a", "name")
    hand._to = SimpleNamespace(put=put)
    run(hand.go(start))
    assert told == [{"delay_s": delay_s}]
