"""What a user asks of `crawlbench load`, and how much of it is allowed (floor 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawlbench.base.errors import UsageError
from crawlbench.load.model import Arrival, Load
from crawlbench.load.outcome import SHORTFALL
from crawlbench.load.trust import make_tls
from crawlbench.mirror.networks import find_network

if TYPE_CHECKING:
    from crawlbench.load.search import Goal

CONNECTIONS = 10
"""Connections for closed arrival, if no number is given."""
FIRST_PER_S = 100.0
"""The rate at which a search begins, unless one is given."""
MIN_S = 0.1
"""Generators begin some milliseconds apart from each other: a shorter run shows little else."""
MAX_S, MAX_CONNECTIONS, MAX_PER_S, MAX_GENERATORS = 600.0, 4096, 100_000.0, 64
MAX_S_ELSEWHERE, MAX_CONNECTIONS_ELSEWHERE, MAX_PER_S_ELSEWHERE = 60.0, 1000, 10_000.0
"""Limits at an address that is not one of our mirrors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What a user asks for."""

    loads: tuple[Load, ...]
    """The runs, one after the other."""
    goal: Goal | None
    """What the search after them looks for; None for no search."""
    step: Load
    """One step of the search, which chooses its rate as it goes on."""
    first_per_s: float = FIRST_PER_S
    """The rate that the search begins with."""
    site: str = "douban-top250"
    network: str = "loopback"
    seed: int = 1
    url: str | None = None
    """A page of a server that is not one of our mirrors; None to start a mirror."""
    ca_file: str | None = None
    cluster: str | None = None
    """Address of a scheduler; None if generators are processes of this machine."""

    @property
    def most_per_s(self) -> float:
        """The highest rate that a user may ask for, or a search may try."""
        return MAX_PER_S if self.url is None else MAX_PER_S_ELSEWHERE


def choose_runs(
    base: Load, connections: int | None, rate: float | None, *, is_searching: bool
) -> tuple[Load, ...]:
    """Return the runs to make; a search begins with the rate, so it has no run of its own.

    Args:
        base: what all runs have in common.
        connections: for closed arrival; None means no such run, or the usual number if nothing else
            was asked for.
        rate: for open arrival, in requests per second.
        is_searching: whether a search follows the runs.
    """
    loads = []
    if connections or not (rate or is_searching):
        loads.append(replace(base, arrival=Arrival.CLOSED, connections=connections or CONNECTIONS))
    if rate and not is_searching:
        loads.append(replace(base, rate_per_s=rate))
    return tuple(loads)


def choose_step(base: Load, span_s: float, goal: Goal | None) -> Load:
    """Return one step of a search, which does not wait long for answers if the goal is missed.

    It waits for all if more than `SHORTFALL` of them may be late: those that it gave up would count
    as failed.
    """
    drain_s = base.drain_s
    if goal and goal.fraction >= 1 - SHORTFALL:
        drain_s = min(drain_s, max(1.0, 4 * goal.seconds))
    return replace(base, span_s=span_s, drain_s=drain_s)


def require_allowed(options: LoadOptions, owned: str | None) -> None:
    """Refuse to load servers that belong to others, and more load than makes sense.

    Args:
        options: what is asked for.
        owned: the host that the user claims to own; None if there is no claim.

    Raises:
        UsageError: an option cannot be used.
    """
    is_elsewhere = options.url is not None
    if options.url is not None:
        _require_owned(options.url, owned)
        if not options.cluster:  # whose machines have files of their own
            make_tls(options.ca_file)
    else:
        for name, value in (("--i-own-this", owned), ("--ca-file", options.ca_file)):
            if value is not None:
                raise UsageError(f"{name} {value!r} cannot be used without --url")
        find_network(options.network)
    most_s = MAX_S_ELSEWHERE if is_elsewhere else MAX_S
    most = MAX_CONNECTIONS_ELSEWHERE if is_elsewhere else MAX_CONNECTIONS
    for load in (*options.loads, options.step):
        _require_span("--duration" if load is not options.step else "--step", load.span_s, most_s)
        _require_request(load)
        _bound("--connections" if not load.is_open else "--pool", load.connections, most)
        _bound("--rate", load.rate_per_s or options.first_per_s, options.most_per_s)
        _bound("--timeout", load.timeout_s, MAX_S_ELSEWHERE)
        _bound("--generators", load.generators, MAX_GENERATORS)


def _require_span(option: str, seconds: float, most: float) -> None:
    if seconds < MIN_S:
        raise UsageError(f"{option} {seconds:g} cannot be used: give {MIN_S:g} or more")
    _bound(option, seconds, most)


def _require_request(load: Load) -> None:
    """Refuse a run of less than one request, whose figures would be those of another rate."""
    if load.rate_per_s and load.rate_per_s * load.span_s < 1:
        raise UsageError(
            f"--rate {load.rate_per_s:g} cannot be used: that is no whole request in "
            f"{load.span_s:g} s; give a higher rate, or -d {math.ceil(1 / load.rate_per_s)} or more"
        )


def _bound(option: str, value: float, most: float) -> None:
    if value > most:
        raise UsageError(f"{option} {value:g} cannot be used: give {most:g} or less")


def _require_owned(url: str, owned: str | None) -> None:
    try:
        parts = urlsplit(url)
        # Reading the port raises ValueError if it is none; 0 would be taken for a missing one.
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host = None
    # The address goes into a request line as it is, so it must be ASCII without blanks.
    if not host or parts.scheme not in {"http", "https"} or not url.isascii() or " " in url:
        raise UsageError(
            f"--url {url!r} is not an address; one looks like http://127.0.0.1:8000/page"
        )
    if parts.username is not None:
        raise UsageError(
            f"--url names the user {parts.username!r}, and load would ask without a name and a "
            "password; leave both out"
        )
    if owned is None or owned.lower().strip("[]") != host:
        said = f", and --i-own-this says {owned!r}" if owned is not None else ""
        raise UsageError(
            f"--url would put load on {host!r}{said}; if that server is yours, "
            f"add --i-own-this {host}"
        )
