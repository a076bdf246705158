"""What a cell of a bundle was made of: the code, the libraries and their versions (floor 4).

Figures of one row are pooled only if they are of the same thing. A strategy that was corrected and
a library that was upgraded are not what they were.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from crawlbench.base.errors import BenchError
from crawlbench.plugins import registry
from crawlbench.plugins.about import (
    STANDARD_LIBRARY,
    describe_strategy,
    distribution_of,
    find_parser_library,
)
from crawlbench.reference.sources import is_shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crawlbench.base.records import Cell
    from crawlbench.reference.matrix import Measured

OWN_FILE = "own file"
GONE = "no longer shipped"


@dataclass(frozen=True, slots=True)
class Makeup:
    """What one session measured a cell with."""

    library: str
    """The libraries that fetch and read, with their versions; `own file` for a user's code, and
    `no longer shipped` where ours was removed."""
    loop: str
    """The event loop's distribution with its version; empty for one of Python's own."""
    python: str
    digest: str
    """Of the strategy's code; empty for an operation."""
    model: str = ""
    """The strategy's model of concurrency."""
    reviewed: str = ""
    """Who reviewed the strategy; empty for nobody."""

    def is_like(self, other: Makeup) -> bool:
        """Return whether both measured the same thing; who reviewed it does not matter."""
        mine, theirs = ((one.library, one.loop, one.python, one.digest) for one in (self, other))
        return mine == theirs


def find_makeup(cell: Cell, measured: Measured) -> Makeup:
    """Return what a session measured a cell with."""
    session = measured.session
    place = session.environment(cell.environment) if cell.environment else None
    versions = place.versions if place else session.machine.versions
    known = {str(canonicalize_name(name)): version for name, version in versions.items()}
    loop = _with_versions([find_loop_library(cell.event_loop or "")], known)
    python = (place.python if place else "") or session.machine.python
    if cell.operation:
        return Makeup(loop or STANDARD_LIBRARY, loop, python, "")
    source = measured.content.strategies.get(cell.strategy)
    digest = source.digest if source else ""
    if source and source.text:
        return Makeup(OWN_FILE, loop, python, digest)
    # A published bundle may outlive the strategy that it names.
    if not is_shipped(registry.Kind.STRATEGY, cell.strategy):
        return Makeup(GONE, loop, python, digest)
    library, model, reviewed = _describe(cell.strategy)
    libraries = [library, _find_reader(cell.parser)]
    return Makeup(_with_versions(libraries, known), loop, python, digest, model, reviewed)


@cache
def find_loop_library(name: str) -> str:
    """Return the distribution that an event loop comes with; empty if that is Python or ours."""
    try:
        module = registry.find(registry.Kind.EVENT_LOOP, name).module.partition(".")[0]
    except BenchError:
        return ""
    is_other = module not in sys.stdlib_module_names and module != "crawlbench"
    return distribution_of(module) if is_other else ""


@cache
def _describe(strategy: str) -> tuple[str, str, str]:
    """Return a shipped strategy's library, its model and its reviewers."""
    facts = describe_strategy(strategy)
    return facts.library, facts.model, ", ".join(facts.reviewed_by)


@cache
def _find_reader(parser: str) -> str:
    """Return the distribution that reads; empty if that is Python, or the parser is gone."""
    try:
        return find_parser_library(parser)
    except BenchError:
        return ""


def _with_versions(names: Iterable[str], known: Mapping[str, str]) -> str:
    used = dict.fromkeys(filter(None, names))
    return ", ".join(
        f"{name} {known.get(str(canonicalize_name(name)), '')}".strip() for name in used
    )
