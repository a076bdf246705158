"""Whose machines are used, with a fake Dask: those that can be merged."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from crawlbench.base.errors import SchedulerLostError, UsageError
from crawlbench.cli.cluster import make_wishes, resume_on_cluster
from crawlbench.cluster import dispatch, flow
from crawlbench.cluster.flow import Wishes, run_cluster
from tests.cluster.blocks import make_machine
from tests.cluster.fakes import FakeCrew, answer
from tests.stats.builders import make_plan, other

PLAN = make_plan(other("a"))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that measures on a crew, and returns the session and what was said."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(dispatch, "POLL_S", 0.01)
    monkeypatch.setattr(dispatch, "PATIENCE_S", 0.03)
    monkeypatch.setattr(flow, "crawlbench_digest", lambda: "abc")

    @asynccontextmanager
    async def connect(address):
        yield None

    monkeypatch.setattr(flow, "open_client", connect)

    def call(crew):
        said = []
        monkeypatch.setattr(flow, "Crew", lambda client, names: crew)
        wishes = Wishes("tcp://nowhere:1")
        return asyncio.run(run_cluster(PLAN, wishes, tmp_path / "out", said.append)), said

    return call


def restarted(**changes):
    """Return a crew of one machine; it dies in its block, and comes back changed."""
    found = make_machine("arm", **changes)

    def restart(crew):
        crew.members = {"tcp://new": found}
        crew.new = [found]

    def play(crew, job, address, future):
        if address == "tcp://arm":
            asyncio.get_running_loop().call_soon(restart, crew)
        else:
            answer(crew, job, address, future)  # that is no block, so it fails

    return FakeCrew("arm", play=play), found


def test_machine_that_comes_back_with_other_files_is_not_used(run):
    """By its name alone it would be as before."""
    crew, _ = restarted(digest="def")
    session, said = run(crew)
    assert "arm is not used: crawlbench's files: abc on arm before, def on arm" in said
    assert [name for _, name, *_ in crew.jobs] == ["arm"]
    assert session.ending == "incomplete"


def test_machine_that_comes_back_on_another_host_is_recorded_as_it_is(run):
    """Its CPU may differ; the session has the new one, once."""
    crew, found = restarted(boot="another")
    session, _ = run(crew)
    assert [name for _, name, *_ in crew.jobs] == ["arm"] * 3
    assert session.machines == (found,)
    assert "no block" in session.lost[0].reason


def test_running_session_is_not_resumed_beside_itself(run, tmp_path, crawlbench):
    """The folder is locked from its beginning on."""
    refused = []

    def play(crew, job, address, future):
        call = ("run", "--cluster", "tcp://nowhere:1", "--resume", str(tmp_path / "out"))
        refused.append(crawlbench(*call))
        answer(crew, job, address, future)

    run(FakeCrew("arm", play=play))
    assert refused[0].returncode == 2
    assert "is being written by process" in refused[0].stderr


def test_worker_without_the_resource_or_without_crawlbench_is_a_sentence(run):
    """The first says how to start one that has it."""
    crew = FakeCrew(play=answer)
    crew.others = 1
    with pytest.raises(UsageError) as found:
        run(crew)
    assert "no Dask worker offers its machine (1 without the resource 'crawlbench'" in str(
        found.value
    )
    assert "dask worker ADDRESS --resources crawlbench=1 --nthreads 1" in str(found.value)
    crew.broken = {"tcp://bare": "ImportError('no crawlbench on this machine')"}
    with pytest.raises(UsageError, match="cannot be used: ImportError"):
        run(crew)


def test_scheduler_that_is_gone_before_the_first_look_is_said(run, tmp_path):
    """And not that no worker offers its machine; there is no folder yet."""
    crew = FakeCrew("arm", play=answer)
    crew.is_lost = True
    with pytest.raises(SchedulerLostError, match="gone"):
        run(crew)
    assert not (tmp_path / "out").exists()


def test_options_of_a_cluster_need_one(tmp_path):
    """Also to go on; and an address that is none is a sentence."""
    with pytest.raises(UsageError, match="give --cluster"):
        make_wishes(None, 2, None)
    with pytest.raises(UsageError, match="give --cluster ADDRESS"):
        resume_on_cluster(tmp_path, None, {})
    with pytest.raises(UsageError, match="give local:N"):
        asyncio.run(run_cluster(PLAN, Wishes("local:none"), tmp_path / "out", print))
