"""Opens what a load needs: a server (a mirror, or an address) and generators (floor 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil

from crawlbench.base.errors import UsageError
from crawlbench.load.crew import local_crew
from crawlbench.load.fire import Bench
from crawlbench.load.model import Load, Target
from crawlbench.load.workers import Cluster, open_cluster
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.sitefacts import find_site
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawlbench.load.crew import Crew
    from crawlbench.load.options import LoadOptions
    from crawlbench.measure.sitefacts import SiteFacts
    from crawlbench.mirror.process import MirrorProcess

LOOPBACK = ("127.", "localhost", "[::1]")


class MirrorWatch:
    """Counts requests at the mirror, and reads its process's CPU time."""

    def __init__(self, mirror: MirrorProcess) -> None:
        self._mirror = mirror
        self._process = psutil.Process(mirror.pid)
        self._runs = 0

    async def begin(self) -> None:
        """Count requests from here on."""
        self._runs += 1
        # An epoch of its own: each run meets other draws of the network.
        await self._mirror.begin(f"load {self._runs}")

    def cpu_s(self) -> float | None:
        """Return the CPU seconds of the mirror so far; None once it is gone."""
        try:
            times = self._process.cpu_times()
        except psutil.Error:
            return None
        return float(times.user + times.system)

    async def end(self) -> int:
        """Return how many requests the mirror has seen since `begin`."""
        return (await self._mirror.end()).requests


Fit = Callable[[Load], Awaitable[Load]]
"""Gives a load as many generators as are available now."""


@asynccontextmanager
async def open_bench(options: LoadOptions) -> AsyncIterator[tuple[Bench, str, Fit]]:
    """Start what is to be loaded, and find the generators.

    Yields the bench for all runs, what is loaded in words, and a function that gives a load as many
    generators as are available.

    Raises:
        UsageError: the cluster cannot be used, or its workers cannot reach the mirror.
        BenchError: the mirror does not start, or the scheduler is gone.
    """
    machine = describe_machine()
    async with AsyncExitStack() as stack:
        crew: Crew = local_crew
        cluster: Cluster | None = None
        if options.cluster:
            cluster = await stack.enter_async_context(open_cluster(options.cluster))
            crew = cluster.crew()
        if options.url is None:
            _check_near(cluster.workers if cluster else [])
            site = _find_site(options.site)
            network = find_network(options.network)
            opening = open_mirror(
                options.site, options.network, network, options.seed, machine.mirror_cpus
            )
            mirror = await stack.enter_async_context(opening)
            target = make_target(mirror.address + site.path, mirror.ca_file)
            bench = Bench(target, crew, MirrorWatch(mirror), machine.worker_cpus)
            where = f"mirror of {options.site} on {options.network}"
        else:
            target = make_target(options.url, options.ca_file)
            bench = Bench(target, crew)
            where = target.origin + target.path

        async def fit(load: Load) -> Load:
            return _fit(load, await cluster.look() if cluster else None)

        yield bench, where, fit


def _find_site(name: str) -> SiteFacts:
    """Return a site that can be loaded.

    Raises:
        UsageError: its pages are requested with a method other than GET.
    """
    site = find_site(name, expects=False)
    if site.method != "GET":
        raise UsageError(
            f"the pages of site {name!r} are requested with {site.method}, and load sends only "
            "GET; use api-json"
        )
    return site


def make_target(url: str, ca_file: str | None) -> Target:
    """Return the target that an absolute address names."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(
        parts.hostname or "", parts.port or (443 if is_tls else 80), path, is_tls, ca_file
    )


def _check_near(workers: list[str]) -> None:
    """Refuse workers on other machines if only this one can reach the mirror."""
    for worker in workers:
        if not worker.partition("://")[2].startswith(LOOPBACK):
            raise UsageError(
                f"worker {worker} cannot reach a mirror that listens on this machine only; serve "
                "one with `crawlbench mirror serve --host ADDRESS --i-know`, and give --url"
            )


def _fit(load: Load, workers: list[str] | None) -> Load:
    """Return a load with as many generators as are available.

    Raises:
        UsageError: there are fewer workers than generators.
    """
    if workers is not None:
        wanted = load.generators or len(workers)
        if wanted > len(workers):
            raise UsageError(
                f"--generators {wanted} cannot be used: the cluster has {len(workers)} workers "
                "with the resource crawlbench=1, and each takes one"
            )
        load = replace(load, generators=wanted)
    # A generator without a connection could ask for nothing.
    return replace(load, generators=min(load.generators or 1, load.connections))
