"""Generators on Dask workers: real processes on loopback, and a worker that is killed."""

from __future__ import annotations

import json
import os
import subprocess
import time

import psutil
import pytest

from tests.conftest import command_line
from tests.load.clusters import dask_cluster
from tests.load.servers import Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(200),
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL"),
]


def test_each_worker_runs_one_generator_against_our_mirror(tmp_path, crawlbench):
    """Their counts are the mirror's; histograms are merged."""
    with dask_cluster(tmp_path, 2) as (address, _):
        call = ("load", "--cluster", address, "--rate", "100", "-d", "1", "--json")
        done = crawlbench(*call)
        assert done.returncode == 0, done.stderr
        (run,) = json.loads(done.stdout)["runs"]
        assert [part["number"] for part in run["generators"]] == [0, 1]
        assert run["due"] == run["answered"] == run["server_requests"] == 100
        assert run["lost"] == []
        many = crawlbench(*call, "-g", "3")
    assert many.returncode == 2
    assert "--generators 3 cannot be used: the cluster has 2 workers" in many.stderr


def test_killed_worker_is_told_and_nothing_is_made_up(tmp_path):
    """SIGKILL to a worker while it fires: its generator dies with it, the other's part stands."""
    with Server() as server, dask_cluster(tmp_path, 2) as (address, workers):
        call = ("load", "--cluster", address, "--rate", "100", "-d", "4", "--json")
        call += ("--url", server.url(), "--i-own-this", "127.0.0.1")
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path}
        with subprocess.Popen(**command_line(*call, **pipes)) as process:
            wait_until(lambda: server.requests > 50)
            children = [psutil.Process(one.pid).children() for one in workers]
            generators = [child for family in children for child in family]
            workers[0].kill()
            output, errors = process.communicate(timeout=100)
        wait_until(lambda: not any(child.is_running() for child in generators))
    assert process.returncode == 0, errors
    (run,) = json.loads(output)["runs"]
    assert len(run["generators"]) == 1
    (lost,) = run["lost"]
    assert lost["reason"] == "the worker is gone"
    assert lost["part_of_rate_per_s"] == 50.0
    assert run["due"] == run["answered"] == 200
    assert run["kept"] is False
    assert lost["number"] != run["generators"][0]["number"]


def wait_until(condition):
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_worker_without_the_resource_is_never_used(tmp_path, crawlbench):
    """It was not given to us."""
    with dask_cluster(tmp_path, 1, resources="") as (address, _):
        done = crawlbench("load", "--cluster", address, "-d", "1")
    assert done.returncode == 2
    assert "has the resource crawlbench=1" in done.stderr


def test_scheduler_that_is_not_there_is_a_sentence(crawlbench):
    """No traceback, no stray logs."""
    with Server() as server:
        port = server.port
    done = crawlbench("load", "--cluster", f"tcp://127.0.0.1:{port}", "-d", "1")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
