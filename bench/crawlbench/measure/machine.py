"""Describes the machine on which a session runs, and divides its CPUs (floor 3)."""

from __future__ import annotations

import os
import platform
import socket
import ssl
import subprocess
import sys
import zlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.records import Machine
from crawlbench.measure.topology import ALL, choose_cpus, read_topology
from crawlbench.plugins import registry
from crawlbench.plugins.about import (
    describe_python,
    describe_strategy,
    distribution_of,
    imported_modules,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGES = (
    "aiohttp",
    "backports.zstd",
    "brotli",
    "h11",
    "h2",
    "httptools",
    "lxml",
    "multidict",
    "pyperf",
    "requests",
    "urllib3",
    "urllib3-future",
    "uvloop",
    "yarl",
)
"""Distributions whose versions can change a result, besides those of the strategies."""


LIBCURLS = {"curl_cffi": "curl_cffi", "pycurl": "pycurl", "tornado": "pycurl"}
"""Distributions that bring a libcurl, or use that of another one, to the module that knows its
version."""


def describe_machine(
    strategies: Iterable[str] = (),
    event_loops: Iterable[str] = (),
    parsers: Iterable[str] = (),
    *,
    cpus: str = ALL,
    mirror_cpus: tuple[int, ...] = (),
) -> Machine:
    """Describe the machine, the interpreter and the packages of this process.

    Args:
        strategies: the strategies whose libraries' versions are included.
        event_loops: the event loops, likewise.
        parsers: the parsers, likewise.
        cpus: how many CPUs the workers get, or `all`.
        mirror_cpus: the mirror's CPUs; empty for the last one.

    Raises:
        UnknownNameError: a strategy is not registered.
        UsageError: there are not that many CPUs.
    """
    topology = read_topology()
    workers, mirror = choose_cpus(topology, cpus, mirror_cpus)
    libraries = _libraries(strategies, event_loops, parsers)
    packages = sorted({*PACKAGES, *libraries}, key=str.lower)
    return Machine(
        hostname=socket.gethostname(),
        cpu_model=_cpu_model(),
        cpu_count=len(topology.available) or os.cpu_count() or 1,
        memory_bytes=_memory_bytes(),
        platform=platform.platform(),
        python=describe_python(),
        versions={name: found for name in packages if (found := _version(name))}
        | _foreign_versions(libraries),
        worker_cpus=workers,
        mirror_cpus=mirror,
        isolated_cpus=topology.isolated,
        cpu_quota=topology.quota,
    )


def _libraries(
    strategies: Iterable[str], event_loops: Iterable[str], parsers: Iterable[str]
) -> set[str]:
    """Return the distributions that these plug-ins measure."""
    libraries = {describe_strategy(name).library for name in strategies}
    libraries |= {distribution_of(registry.declared_module(name)) for name in event_loops}
    for parser in parsers:
        modules = imported_modules(registry.Kind.PARSER, parser)
        libraries |= {distribution_of(module) for module in modules}
    return libraries


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _foreign_versions(libraries: Iterable[str]) -> dict[str, str]:
    """Return versions of what is not a package: OpenSSL, zlib, and libcurl if it is measured."""
    found = {
        "OpenSSL": ssl.OPENSSL_VERSION.removeprefix("OpenSSL ").partition(" ")[0],
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }
    for distribution, module in LIBCURLS.items():
        if distribution in libraries and (text := _ask_libcurl(module)):
            found |= {f"{name} of {distribution}": version for name, version in text.items()}
    return found


def _ask_libcurl(module: str) -> dict[str, str]:
    """Return what a libcurl says it consists of, such as its TLS and its HTTP/2.

    A separate process asks it, because the manager imports no client.
    """
    program = f"import {module} as m; v = getattr(m, 'version', '') or m.__curl_version__; print(v)"
    command = [sys.executable, "-P", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    words = [word.partition("/") for word in done.stdout.split() if "/" in word]
    return {name: version for name, _, version in words if name != "PycURL"}


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
