"""What the mirror does when no descriptor is left for one more connection."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time

import pytest
from tests.conftest import command_line

pytest.importorskip("resource", reason="limits of Unix")

MAX_FILES, CONNECTIONS = 64, 150
LONGEST_CPU_S = 0.3
"""Spinning takes the whole half second in which nobody does anything."""

MIRROR = """
import asyncio, resource, sys, time
from crawlbench.plugins import registry
from crawlbench.base.children.fastloop import loop_factory
from crawlbench.mirror.door import Entrance
from crawlbench.mirror.responses import Responses
from crawlbench.mirror.server import Mirror
from crawlbench.mirror.networks import Network

async def main():
    spec = registry.load(registry.Kind.SITE, "douban-top250")
    mirror = Mirror(Responses(spec.pages()), Network(most_connections=500), 1)
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_FILES, MAX_FILES))
    await Entrance(mirror, None).open_main()
    print(mirror.doors.main.origin.rpartition(":")[2], flush=True)
    cpu = time.process_time()
    await asyncio.to_thread(sys.stdin.read)
    print(time.process_time() - cpu, flush=True)
    mirror.close()

asyncio.Runner(loop_factory=loop_factory()).run(main())
"""


def test_accept_pauses_when_descriptors_are_out():
    """It says so, takes no CPU meanwhile, and goes on when there is room again."""
    pipe, code = subprocess.PIPE, MIRROR.replace("MAX_FILES", str(MAX_FILES))
    call, environment = [sys.executable, "-c", code], command_line()["env"]
    pipes = {"stdin": pipe, "stdout": pipe, "stderr": pipe, "text": True}
    with subprocess.Popen(call, env=environment, **pipes) as mirror:
        port = int(mirror.stdout.readline())
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
        said = mirror.stderr.readline()
        time.sleep(0.5)
        for client in clients:
            client.close()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/top250")
        assert connection.getresponse().status == 200
        connection.close()
        cpu_s = float(mirror.communicate("")[0])
    assert "takes no more connections for 1 s: Too many open files" in said
    assert "ulimit -n" in said
    assert cpu_s < LONGEST_CPU_S
