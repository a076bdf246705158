"""Who is there and can be used, with a fake Dask: a worker that is silent, broken, or gone."""

from __future__ import annotations

import asyncio

import pytest

from crawlbench.base.errors import SchedulerLostError, UsageError
from crawlbench.cluster import crew as crew_module
from crawlbench.cluster.crew import SILENT, Crew, open_client
from tests.cluster.blocks import make_machine
from tests.extras import needs

pytestmark = needs("distributed")

FROZEN = object()
"""The answer of a worker that never gives one."""


class Client:
    """A client of a scheduler that knows some workers; the test says what each answers."""

    status = "running"

    def __init__(self, **answers):
        """Take each worker's answer by its name."""
        self.answers = {f"tcp://{name}": answer for name, answer in answers.items()}
        self.scheduler = self
        self.asked = []
        self.leaving = set()
        """Workers that are gone once they were asked."""

    async def identity(self, n_workers):
        return {
            "workers": {
                address: {"name": address.removeprefix("tcp://"), "resources": {"crawlbench": 1}}
                for address in self.answers
            }
        }

    async def run(self, function, names, *, workers, on_error):
        assert on_error == "return"
        self.asked += workers
        found = {address: self.answers[address] for address in workers}
        for address in self.leaving.intersection(workers):
            del self.answers[address]
        if FROZEN in found.values():
            await asyncio.Event().wait()
        return found


def fingerprint(name):
    return make_machine(name).fingerprint


def look(crew):
    """Look who is there, and return the names of those that are new."""
    return [machine.name for machine in asyncio.run(crew.look())]


def test_frozen_worker_holds_up_nobody_and_is_asked_again(monkeypatch):
    """It is said that it did not answer; when it does, it is used as any other."""
    monkeypatch.setattr(crew_module, "ANSWER_S", 0)
    client = Client(a=fingerprint("a"), b=FROZEN)
    crew = Crew(client, {})
    assert look(crew) == ["a"]
    assert crew.broken == {"tcp://b": SILENT}
    client.answers["tcp://b"] = fingerprint("b")
    assert look(crew) == ["b"]
    assert crew.broken == {}
    assert client.asked == ["tcp://a", "tcp://b", "tcp://b"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "[Errno 13] Permission denied"),
        (ImportError("no crawlbench"), "no crawlbench"),
        (OSError(), "OSError"),
    ],
)
def test_error_of_a_worker_that_stays_is_its_own(error, words):
    """It is told in the worker's words, once: nobody asks again."""
    client = Client(a=error)
    crew = Crew(client, {})
    assert [look(crew), look(crew)] == [[], []]
    assert crew.broken == {"tcp://a": words}
    assert client.asked == ["tcp://a"]


def test_worker_that_leaves_while_it_is_asked_is_not_broken():
    """Whatever the scheduler meets: it could not connect, or the answer came before the end."""
    client = Client(a=ConnectionRefusedError("refused"), b=fingerprint("b"), c=OSError("no disk"))
    client.leaving = {"tcp://a", "tcp://b"}
    crew = Crew(client, {})
    assert look(crew) == []
    assert crew.broken == {"tcp://c": "no disk"}


def test_broken_connection_is_no_flaw_of_the_worker():
    """The scheduler may still list it; if it is there at the next look, it is used."""
    comm = pytest.importorskip("distributed.comm")
    client = Client(a=comm.CommClosedError("closed"))
    crew = Crew(client, {})
    assert look(crew) == []
    assert crew.broken == {}
    client.answers["tcp://a"] = fingerprint("a")
    assert look(crew) == ["a"]


def test_scheduler_that_goes_while_a_worker_is_asked_is_said():
    """Otherwise it seems that nobody is there."""
    client = Client(a=fingerprint("a"))

    async def go(*_, **__):
        client.status = "closed"
        raise OSError("connection closed")

    client.run = go
    with pytest.raises(SchedulerLostError, match="the scheduler is gone"):
        look(Crew(client, {}))


def test_worker_that_was_mended_is_used_under_its_old_address():
    """It was gone in between, so that it is another."""
    client = Client(a=OSError("no disk"))
    crew = Crew(client, {})
    look(crew)
    del client.answers["tcp://a"]
    look(crew)
    assert crew.broken == {}
    client.answers["tcp://a"] = fingerprint("a")
    assert look(crew) == ["a"]


@pytest.mark.parametrize("number", ["²", "0", "", "-1", "1.5", "x"])
def test_number_of_local_workers_must_be_one(number):
    """Such as `²`, which is a digit and no number."""

    async def begin():
        async with open_client(f"local:{number}"):
            pass

    with pytest.raises(UsageError, match="give local:N, such as local:2"):
        asyncio.run(begin())
