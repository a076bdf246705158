"""What strategies and sites are today, as digests (floor 4)."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.errors import BenchError
from crawlbench.measure.sitefacts import find_site
from crawlbench.mirror.networks import NETWORKS, find_network
from crawlbench.plugins import registry
from crawlbench.plugins.about import digest_of_code
from crawlbench.plugins.origin import is_ours
from crawlbench.reference.bundle import Source

if TYPE_CHECKING:
    from crawlbench.base.records import Plan
    from crawlbench.measure.verify import Expectation
    from crawlbench.mirror.networks.model import Network

_READERS = ("crawlbench.plugins.files", "crawlbench.sites.custom")
"""Modules that read a user's file."""


def is_shipped(kind: registry.Kind, name: str) -> bool:
    """Return whether a plug-in with this name comes with crawlbench."""
    try:
        point = registry.find(kind, name)
    except BenchError:
        return False
    # The modules of event loops are other people's; what a family makes is a user's own.
    if kind is registry.Kind.EVENT_LOOP:
        return registry.is_ours(point.dist) and "*" not in point.name
    return point.module.startswith("crawlbench.") and point.module not in _READERS


def find_shipped(network: str) -> Network | None:
    """Return a network that comes with crawlbench; None if there is none of that name.

    `wan@150ms` is `wan` with another round trip.
    """
    try:
        return find_network(network) if network.partition("@")[0] in NETWORKS else None
    except BenchError:
        return None


def hash_source(text: str) -> str:
    """Return the SHA-256 of a strategy's file."""
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def digest_of_strategy(name: str) -> str:
    """Return the digest of a strategy that comes with crawlbench; empty if there is none."""
    kind = registry.Kind.STRATEGY
    return digest_of_code(kind, name) if is_shipped(kind, name) else ""


def digest_of_site(name: str) -> str:
    """Return the digest of what a correct crawl of a site returns; empty if it is not shipped."""
    found = _expect(name)
    return found.digest if found else ""


def pages_of_site(name: str) -> int:
    """Return how many requests a correct crawl of a site makes; 0 if it is not shipped."""
    found = _expect(name)
    return found.pages if found else 0


@cache
def _expect(name: str) -> Expectation | None:
    try:
        return find_site(name).expected if is_ours(name) else None
    except BenchError:
        return None


def sources_of(plan: Plan) -> dict[str, Source]:
    """Return the source of each strategy in a plan: its digest, and for a user's file the text.

    Raises:
        OSError: a file is gone.
    """
    names = dict.fromkeys(cell.strategy for cell in plan.cells if cell.strategy)
    return {name: _source(plan, name) for name in names}


def _source(plan: Plan, name: str) -> Source:
    if digest := digest_of_strategy(name):
        return Source(digest)
    path = Path(plan.path_of(name))
    # Only files of Python can be shown; without a text, `rules.py` refuses code that is not ours.
    text = path.read_text(encoding="utf-8") if path.suffix == ".py" else ""
    return Source(hash_source(text), text)
