"""A Dask scheduler and its workers as real processes on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager

START_S = 60


@contextmanager
def dask_cluster(folder, workers, resources="crawlbench=1"):
    """Yield the scheduler's address and the workers' processes; end all of them."""
    file = folder / "scheduler.json"
    quiet = {"DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "100"}
    common = {
        "cwd": folder,
        "env": {**os.environ, **quiet},
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    dask = [sys.executable, "-m", "dask"]
    words = ["--host", "127.0.0.1", "--scheduler-file", str(file), "--no-dashboard"]
    processes = [subprocess.Popen([*dask, "scheduler", *words, "--port", "0"], **common)]
    try:
        address = _await_address(file)
        words = ["--host", "127.0.0.1", "--no-nanny", "--no-dashboard", "--nthreads", "1"]
        words += ["--resources", resources] if resources else []
        for number in range(workers):
            place = ["--local-directory", str(folder / f"worker-{number}")]
            command = [*dask, "worker", address, *words, *place]
            processes.append(subprocess.Popen(command, **common))
        if workers:
            _await_workers(address, workers)
        yield address, processes[1:]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


def _await_address(file):
    limit = time.monotonic() + START_S
    while time.monotonic() < limit:
        try:
            return json.loads(file.read_text())["address"]
        except (OSError, ValueError, KeyError):
            time.sleep(0.05)
    raise TimeoutError("no scheduler")


def _await_workers(address, count):
    code = (
        "import sys, distributed\n"
        "with distributed.Client(sys.argv[1]) as client:\n"
        "    client.wait_for_workers(int(sys.argv[2]), timeout=60)"
    )
    subprocess.run([sys.executable, "-c", code, address, str(count)], check=True, timeout=START_S)
