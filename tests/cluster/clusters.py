"""Real schedulers and workers of Dask, as processes, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import command_line

CRAWLS = """
strategies = ["http-client-serial", "asyncio-streams"]
baseline = "http-client-serial"
networks = ["loopback"]
event_loops = ["asyncio"]
rounds = 2
laps = 1
warmups = 0
min_time_s = 0.001
lap_time_s = 0.001
"""
OPERATIONS = """
operations = ["sleep-zero", "futures"]
event_loops = ["asyncio", "uvloop"]
rounds = 3
laps = 1
warmups = 0
min_time_s = 0.01
lap_time_s = 0.001
"""
OPERATION = OPERATIONS.replace('"sleep-zero", ', "")
"""One sheet of three cells: as little as there can be."""
PATIENCE_S = 90.0


def are_there(cluster, *names):
    """Wait until the scheduler knows workers of these names."""
    from distributed import Client

    with Client(cluster.address, timeout=30) as client:
        wait_for(
            lambda: (
                {str(w["name"]) for w in client.scheduler_info(n_workers=-1)["workers"].values()}
                >= set(names)
            )
        )


def wait_for(what, process=None):
    """Return what a function returns as soon as that is true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        assert process is None or process.poll() is None, "it ended before"
        time.sleep(0.05)
    raise AssertionError("it took too long")


class Cluster:
    """A scheduler and its workers; all end with the test."""

    def __init__(self, folder, options=()):
        """Start a scheduler; options are those of `dask scheduler` and `dask worker` alike."""
        self.folder, self.options = folder, list(options)
        self.workers = {}
        folder.mkdir(exist_ok=True)
        file = folder / "scheduler.json"
        file.unlink(missing_ok=True)
        flags = ["--port", "0", "--scheduler-file", file, "--no-dashboard", "--no-show"]
        self.scheduler = self.start(["scheduler", *flags, *self.options])
        self.address = json.loads(wait_for(lambda: file.exists() and file.read_text()))["address"]

    def start(self, arguments, prefix=(), **variables):
        """Start `dask` with its temporary files in the test's folder."""
        command = [*prefix, sys.executable, "-m", "dask", *map(str, arguments)]
        words = (self.folder / "dask.log").open("ab")
        environment = {**os.environ, "TMPDIR": str(self.folder), **variables}
        environment["DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED"] = "False"
        with words:
            return subprocess.Popen(command, stdout=words, stderr=words, env=environment)

    def add_worker(self, name, *, resource=1, prefix=(), address=None, **variables):
        """Start a worker; it dies with its process, as there is no nanny."""
        flags = ["--name", name, "--nthreads", 1, "--no-nanny", "--no-dashboard"]
        if resource:
            flags += ["--resources", f"crawlbench={resource}"]
        arguments = ["worker", address or self.address, *flags, *self.options]
        self.workers[name] = self.start(arguments, prefix, **variables)

    def session_files(self):
        """Return the session files of blocks that are being measured."""
        return list(self.folder.glob("crawlbench-room-*/*/session/session.json"))

    def end(self):
        """Kill all that was started."""
        for process in (*self.workers.values(), self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def open_cluster(folder, *names, options=(), **settings):
    """Start a scheduler and workers of these names, and wait until they are there."""
    cluster = Cluster(folder, options)
    try:
        for name in names:
            cluster.add_worker(name, **settings)
        yield cluster
    finally:
        cluster.end()


def begin(folder, *arguments, **options):
    """Start `crawlbench run` in a folder, its words in a file."""
    words = (folder / "words.txt").open("wb")
    call = command_line("run", *arguments, cwd=folder, **options)
    call["env"] |= options.pop("variables", {})
    call.pop("variables", None)
    del call["text"], call["encoding"]
    with words:
        return subprocess.Popen(**call, stdout=subprocess.DEVNULL, stderr=words)


def words_of(folder):
    """Return what the call that `begin` started has said so far."""
    return (folder / "words.txt").read_text()


def suite_file(folder, text):
    """Write a suite."""
    path = Path(folder) / "tiny.toml"
    path.write_text(text)
    return path
