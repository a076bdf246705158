"""Generators on Dask workers: real processes on loopback, and a worker that is killed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from types import SimpleNamespace

import psutil
import pytest

from crawlbench.base import scheduler
from crawlbench.base.errors import BenchError, UsageError
from crawlbench.load.software import describe_software
from crawlbench.load.workers import Cluster, open_cluster
from tests.conftest import command_line
from tests.load.clusters import dask_cluster
from tests.load.servers import Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(200),
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL"),
]
OFFER = {"resources": {"crawlbench": 1.0}}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers that no test kills."""
    with dask_cluster(tmp_path_factory.mktemp("cluster"), 2) as (address, workers):
        yield address, workers


@pytest.mark.long
def test_each_worker_runs_one_generator_against_our_mirror(cluster, crawlbench):
    """Their counts are the mirror's; histograms are merged."""
    call = ("load", "--cluster", cluster[0], "--rate", "100", "-d", "1", "--json")
    done = crawlbench(*call)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert [part["number"] for part in run["generators"]] == [0, 1]
    assert run["due"] == run["answered"] == run["server_requests"] == 100
    assert run["lost"] == []
    many = crawlbench(*call, "-g", "3")
    assert many.returncode == 2
    assert "--generators 3 cannot be used: the cluster has 2 workers" in many.stderr


def test_killed_manager_ends_its_generators(cluster, tmp_path):
    """SIGKILL: nobody waits for what they count, so the load stops, long before its end."""
    address, workers = cluster
    with Server() as server:
        call = ("load", "--cluster", address, "--rate", "100", "-d", "50", "--json")
        call += ("--url", server.url(), "--i-own-this", "127.0.0.1")
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
        with subprocess.Popen(**command_line(*call, **pipes)) as process:
            wait_until(lambda: server.requests > 50)
            assert len(generators(workers)) == 2
            process.kill()
        wait_until(lambda: not generators(workers), 30)
        seen = server.requests
        time.sleep(0.3)
        assert server.requests == seen


@pytest.mark.long
def test_killed_worker_is_told_and_the_next_run_does_without_it(tmp_path):
    """SIGKILL to a worker while it fires: its generator dies with it, the other's part stands."""
    with Server() as server, dask_cluster(tmp_path, 2) as (address, workers):
        call = ("load", "--cluster", address, "-c", "2", "--rate", "100", "-d", "3", "--json")
        call += ("--url", server.url(), "--i-own-this", "127.0.0.1", "-o", "out")
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path}
        with subprocess.Popen(**command_line(*call, **pipes)) as process:
            wait_until(lambda: server.requests > 50)
            children = generators(workers)
            workers[0].kill()
            output, errors = process.communicate(timeout=100)
        wait_until(lambda: not any(child.is_running() for child in children))
    assert process.returncode == 4
    assert "1 of 2 generators were lost: the worker is gone" in errors
    assert json.loads((tmp_path / "out" / "load.json").read_text()) == json.loads(output)
    closed, opened = json.loads(output)["runs"]
    (lost,) = closed["lost"]
    assert lost["reason"] == "the worker is gone"
    assert [part["number"] for part in closed["generators"]] == [1 - lost["number"]]
    assert closed["due"] == closed["answered"] > 0
    assert opened["lost"] == []
    assert opened["load"]["generators"] == 1
    assert opened["due"] == opened["answered"] == 300


@pytest.mark.long
def test_worker_that_is_killed_before_the_start_is_done_without(tmp_path):
    """The run begins anew, with the worker that is left."""
    with Server("silent") as server, dask_cluster(tmp_path, 2) as (address, workers):
        call = ("load", "--cluster", address, "-c", "2", "-d", "1", "--timeout", "60", "--json")
        call += ("--url", server.url(), "--i-own-this", "127.0.0.1")
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path}
        with subprocess.Popen(**command_line(*call, **pipes)) as process:
            wait_until(lambda: server.requests == 2)  # each generator's first probe
            workers[0].kill()
            server.kind = "ok"
            output, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert "did not begin: the worker is gone" in errors
    (run,) = json.loads(output)["runs"]
    assert run["load"]["generators"] == len(run["generators"]) == 1
    assert run["lost"] == []


def generators(workers):
    families = [psutil.Process(worker.pid).children() for worker in workers]
    return [child for family in families for child in family]


def wait_until(condition, limit_s=60):
    limit = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_cluster_without_the_resource_is_refused(tmp_path, crawlbench):
    """The sentence tells how to offer it."""
    with dask_cluster(tmp_path, 0) as (address, _):
        done = crawlbench("load", "--cluster", address, "-d", "1")
    assert done.returncode == 2
    assert "has the resource crawlbench=1" in done.stderr


def test_worker_without_the_resource_is_never_used():
    """It was not given to us."""

    class Scheduler:
        async def identity(self, n_workers):
            return {"workers": {"tcp://a": {"resources": {}}, "tcp://b": OFFER}}

    async def run(function, workers, on_error):
        return dict.fromkeys(workers, describe_software())

    client = SimpleNamespace(scheduler=Scheduler(), status="running", run=run)
    assert asyncio.run(Cluster(client, []).look()) == ["tcp://b"]
    client.status = "closed"
    with pytest.raises(BenchError, match="the scheduler is gone"):
        asyncio.run(Cluster(client, []).look())


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{}", "tls://127.0.0.1:{}", "local:2"])
def test_scheduler_that_is_not_there_is_a_sentence(monkeypatch, address):
    """Nobody listens; there are no certificates; there is none to be found."""
    monkeypatch.setattr(scheduler, "CONNECT_S", 0.5)
    with Server() as server:
        address = address.format(server.port)

    async def connect():
        async with open_cluster(address):
            pass

    with pytest.raises(UsageError, match=f"'{address}'.*--generators"):
        asyncio.run(connect())
