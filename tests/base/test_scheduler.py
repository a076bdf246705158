"""What is asked of a Dask scheduler, and what is said when it does not answer; fakes for Dask."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from tests.extras import needs

from crawlbench.base import scheduler
from crawlbench.base.errors import SchedulerLostError, UsageError
from crawlbench.base.scheduler import (
    connect,
    disconnect,
    explain,
    find_workers,
    has_resource,
    start_command,
    watch_task,
)

pytestmark = needs("distributed")


def client(answer, status="running"):
    """Return a client whose scheduler answers, or raises."""

    async def identity(n_workers):
        assert n_workers == -1  # else Dask tells of a few
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(scheduler=SimpleNamespace(identity=identity), status=status)


def test_workers_are_told_with_what_they_offer():
    """One of the resource is enough; none, or a part, is not."""
    workers = {"tcp://a": {"resources": {"crawlbench": 1.0}}, "tcp://b": {"resources": {}}}
    found = asyncio.run(find_workers(client({"workers": workers})))
    assert found == workers
    assert [has_resource(worker) for worker in found.values()] == [True, False]
    assert not has_resource({"resources": {"crawlbench": 0.5, "GPU": 2}})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (OSError("no route"), "no route"),
        (TimeoutError(), "TimeoutError"),
        (AttributeError("closed while asked"), "closed while asked"),
    ],
)
def test_scheduler_that_does_not_answer_is_gone(answer, words):
    """With the reason; a client that reconnects is not waited for."""
    with pytest.raises(SchedulerLostError) as caught:
        asyncio.run(find_workers(client(answer)))
    assert str(caught.value) == f"the scheduler is gone: {words}"
    with pytest.raises(SchedulerLostError, match="gone: the connection broke"):
        asyncio.run(find_workers(client({}, status="connecting")))


def test_innermost_cause_is_told_in_a_line():
    """Dask wraps what the system said, and says it at length."""
    inner, outer = OSError("refused\nfor long reasons"), RuntimeError("timed out")
    outer.__cause__ = inner
    assert explain(outer) == "refused"
    assert explain(KeyError()) == "KeyError"


class Client:
    """A client as Dask's: it is awaited, and closed."""

    made = ()

    def __init__(self, address, **options):
        """Fail at once where Dask does."""
        if address.startswith("tls"):
            raise TypeError("TLS expects files")
        self.address, self.closed = address, False
        type(self).made += (self,)

    def __await__(self):
        if "slow" in self.address:
            return asyncio.sleep(60).__await__()
        return self._fail().__await__()

    async def _fail(self):
        raise OSError("refused") from ConnectionError("nobody listens")

    async def close(self, timeout):
        self.closed = True
        if "stuck" in self.address:
            raise TimeoutError


@pytest.fixture
def clients(monkeypatch):
    """Put clients of ours in the place of Dask's."""
    monkeypatch.setattr("distributed.Client", Client)
    monkeypatch.setattr(Client, "made", ())
    return Client


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://a:1", "no Dask scheduler at 'tcp://a:1': nobody listens; start one with"),
        ("tcp://stuck:1", "no Dask scheduler at 'tcp://stuck:1': nobody listens; start one with"),
        ("tls://a:1", "no Dask scheduler at 'tls://a:1': TLS expects files; start one with"),
    ],
)
def test_scheduler_that_is_not_there_is_a_sentence(clients, address, words):
    """Whether the client is made or not, and whatever its closing meets."""
    with pytest.raises(UsageError) as caught:
        asyncio.run(connect(address, "try local:2"))
    assert str(caught.value).startswith(words)
    assert str(caught.value).endswith("or try local:2")
    assert all(one.closed for one in clients.made)


def test_interrupt_while_connecting_closes_the_client(clients):
    """And stays an interrupt, also if closing takes too long."""

    async def interrupt():
        task = asyncio.ensure_future(connect("tcp://slow-stuck:1", "try local:2"))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupt())
    assert [one.closed for one in clients.made] == [True]


def test_closing_that_fails_changes_nothing():
    """What was measured is there."""
    asyncio.run(disconnect(Client("tcp://stuck:1")))


def test_task_is_wanted_while_it_executes(monkeypatch):
    """Not when it was cancelled or forgotten; outside of a worker always."""
    assert watch_task()()
    tasks = {"key": SimpleNamespace(state="executing")}
    worker = SimpleNamespace(get_current_task=lambda: "key", state=SimpleNamespace(tasks=tasks))
    monkeypatch.setattr("distributed.get_worker", lambda: worker)
    is_wanted = watch_task()
    assert is_wanted()
    tasks["key"].state = "cancelled"
    assert not is_wanted()
    del tasks["key"]
    assert not is_wanted()


def test_command_that_joins_names_address_and_resource():
    """As documents have it."""
    assert (
        start_command("tcp://a:1") == "dask worker tcp://a:1 --resources crawlbench=1 --nthreads 1"
    )
    assert scheduler.RESOURCE == "crawlbench"
