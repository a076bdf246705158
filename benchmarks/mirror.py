"""Compares the mirror with nginx, and with itself beside 10,000 idle connections, by wrk.

    python -m benchmarks.mirror [ROUNDS [SECONDS]]

Both serve the same ten pages, each server alone on one core and wrk on another. In each round every
point is measured on all servers, in shuffled order. Prints pages per second, our rate over nginx's
with its interval over the rounds, the 99th percentiles, and the servers' CPU time per page, which
says more than the rates if the machine is not quiet. nginx runs with two settings (`nginx.py`); at
each point the faster one counts. Needs Debian's nginx-light and wrk.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import random
import resource
import shutil
import socket
import sys
import time
from contextlib import AsyncExitStack
from statistics import fmean, median
from urllib.parse import urlsplit

import msgspec
import psutil
from benchmarks.nginx import Rate, Server, ask, running_nginx
from benchmarks.usage import read_words

from crawlbench.measure.machine import describe_machine
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.sites.manifest import load_manifest
from crawlbench.sites.movies import fixture_folder
from crawlbench.stats.interval import estimate_mean

SITE = "douban-top250"
ROUNDS = 5
SECONDS = 2.0  # of each measurement
WARMUP_S = 0.3
POINTS = (
    *((mode, count) for mode in ("plain", "gzip") for count in (1, 16, 256, 1_000)),
    *(("TLS gzip", count) for count in (16, 256)),
)
IDLE = 10_000
ACTIVE = 16
MEDIANS = ("p99_ms", "cpu_us")
OPEN_FILES = 16_384
GET_THEM = "apt-get install nginx-light wrk"


def measure_points(servers: dict[str, Server], rounds: int, seconds: float) -> None:
    """Measure all points on all servers and print a table."""
    cpus = describe_machine().worker_cpus
    rates: dict[tuple[str, str, int], list[Rate]] = {}
    for _ in range(rounds):
        for mode, count in random.sample(POINTS, len(POINTS)):
            for name in random.sample(sorted(servers), len(servers)):
                rate = ask(servers[name], mode, count, seconds, cpus)
                rates.setdefault((name, mode, count), []).append(rate)
    print(
        "mode      connections   ours/s  nginx/s  ratio (95 %)            "
        "p99 ours / nginx    CPU per page ours / nginx"
    )
    for mode, count in POINTS:
        ours, *others = (rates[name, mode, count] for name in servers)
        print(f"{mode:9} {count:11,} {describe(ours, max(others, key=mean_rate))}", flush=True)


def describe(ours: list[Rate], theirs: list[Rate]) -> str:
    """Return a row of the table, from the rates of the rounds."""
    logs = [math.log(a.pages_per_s / b.pages_per_s) for a, b in zip(ours, theirs, strict=True)]
    p99, cpu = ([median(getattr(r, f) for r in rs) for rs in (ours, theirs)] for f in MEDIANS)
    return (
        f"{mean_rate(ours):8,.0f} {mean_rate(theirs):8,.0f}  {interval(logs):22}  "
        f"{p99[0]:6.2f} /{p99[1]:6.2f} ms  {cpu[0]:8.1f} /{cpu[1]:6.1f} us"
    )


def mean_rate(rates: list[Rate]) -> float:
    """Return the mean of the pages per second over rounds."""
    return fmean(rate.pages_per_s for rate in rates)


def interval(logs: list[float]) -> str:
    """Return the ratio with its interval at 95 %, from the logarithms of the rounds' ratios."""
    estimate = estimate_mean(logs)
    if estimate is None:
        return f"{math.exp(logs[0]):.3f}"
    low, high = (math.exp(end) for end in estimate.interval(0.95))
    return f"{math.exp(estimate.mean):.3f} ({low:.3f} to {high:.3f})"


def measure_idle(server: Server, rounds: int, seconds: float) -> None:
    """Compare an active client's rate beside idle connections with that without them, and print."""
    cpus, process = describe_machine().worker_cpus, psutil.Process(server.pids["gzip"])
    port = urlsplit(server.origins["gzip"]).port
    rates: dict[bool, list[float]] = {False: [], True: []}
    grown = []
    ask(server, "gzip", ACTIVE, 1, cpus)  # caches are warm then
    for _ in range(rounds):
        for has_idle in random.sample((False, True), 2):
            before = process.memory_info().rss
            idle = [open_idle(port, server.paths[0]) for _ in range(IDLE * has_idle)]
            if has_idle:
                grown.append((process.memory_info().rss - before) / IDLE)
            rates[has_idle].append(ask(server, "gzip", ACTIVE, seconds, cpus).pages_per_s)
            for one in idle:
                one.close()
            time.sleep(WARMUP_S)  # until the mirror has noticed that they are closed
    logs = [math.log(a / b) for a, b in zip(rates[True], rates[False], strict=True)]
    print(
        f"{IDLE:,} idle connections: an active client with {ACTIVE} has {interval(logs)} of its "
        f"rate; each takes {grown[0]:,.0f} bytes of the mirror's memory"
    )


def open_idle(port: int | None, path: str) -> socket.socket:
    """Return a connection that has received one answer and stays idle."""
    one = socket.create_connection(("127.0.0.1", port or 80))
    one.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())
    while not one.recv(65_536).endswith(b"\r\n0\r\n\r\n"):
        pass
    return one


async def main() -> None:
    """Measure and print; exit with 2 if a tool is missing."""
    options = read_words(__doc__, rounds=ROUNDS, seconds=SECONDS)
    missing = [tool for tool in ("nginx", "wrk", "taskset") if not shutil.which(tool)]
    if missing:
        print(f"{' and '.join(missing)} not found; try: {GET_THEM}", file=sys.stderr)
        sys.exit(2)
    rounds, seconds = options.rounds, options.seconds
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, OPEN_FILES), hard))
    machine = describe_machine()
    os.sched_setaffinity(0, machine.worker_cpus)
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    async with AsyncExitStack() as stack:
        servers = {"mirror": await open_mirrors(stack, machine.mirror_cpus)}
        servers |= stack.enter_context(running_nginx(machine.mirror_cpus, OPEN_FILES))
        for server, mode in itertools.product(servers.values(), {mode for mode, _ in POINTS}):
            ask(server, mode, ACTIVE, 1, machine.worker_cpus)  # caches are warm then
        measure_points(servers, rounds, seconds)
        # A new mirror, whose memory has not been used and freed before.
        measure_idle(await open_mirrors(stack, machine.mirror_cpus), rounds, seconds)


async def open_mirrors(stack: AsyncExitStack, cpus: tuple[int, ...]) -> Server:
    """Start a mirror for each protocol until the stack ends, and return them as one server."""
    paths = [page.address for page in load_manifest(fixture_folder()).pages]
    origins, pids = {}, {}
    for name in ("loopback", "loopback-tls"):
        patient = msgspec.structs.replace(find_network(name), keep_alive_s=3600)
        opened = await stack.enter_async_context(open_mirror(SITE, name, patient, 1, cpus))
        for mode in {mode for mode, _ in POINTS if ("TLS" in mode) is (name == "loopback-tls")}:
            origins[mode], pids[mode] = opened.address, opened.pid
    return Server(origins, paths, pids)


if __name__ == "__main__":
    asyncio.run(main())
