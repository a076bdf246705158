"""What manager and worker tell each other: lines of JSON with these fields (floor 3).

Workers use only the types in this module, and the name of the variable.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from crawlbench.base.records import EnvironmentFacts
    from crawlbench.operations import PeerFields

JOB_VARIABLE = "CRAWLBENCH_JOB"
"""Environment variable that holds the job."""


class CellJob(TypedDict):
    """The fields of a `Cell`, and its name."""

    name: str
    site: str
    network: str
    strategy: str
    event_loop: str | None
    parser: str
    concurrency: int
    operation: str


class Expected(TypedDict):
    """What a worker must find in its environment."""

    python: str
    folder: str
    """The environment's folder."""
    versions: dict[str, str]
    """Versions, by distribution."""


class Place(TypedDict, total=False):
    """Where the other end is: a mirror or a peer."""

    origin: str
    ca_file: str | None
    """File of the mirror's certificate authority; None without TLS."""
    files: dict[str, str]
    """The paths of users' files, by the labels that cells use for them."""
    peer: PeerFields | None
    """None for an operation without a peer."""


class Destination(TypedDict):
    """What one of the cells crawls that share a process."""

    site: str
    origin: str
    """The cell's door at its mirror."""


class Job(Place):
    """Everything that the manager tells a worker at its start."""

    cell: CellJob
    port: int
    """The turnstile's port."""
    token: str
    timeout_s: float
    metadata: dict[str, str | int]
    """Metadata for pyperf."""
    cpus: list[int]
    """CPUs that the worker keeps to once it is ready; empty for any."""
    all_cpus: list[int]
    """CPUs that workers may use while they end; empty if they keep those that they have."""
    environment: Expected | None
    """None for the manager's own."""
    crawls: dict[str, Destination]
    """What a process that several cells share crawls, by cell; empty for other processes."""


class Order(TypedDict):
    """What the manager tells a process that several cells share about one value."""

    task: str
    """An operation, or the name of a crawling cell."""
    peer: PeerFields | None
    """The peer of an operation that has one."""
    loops: int


class Told(TypedDict):
    """What a task knows about its last value, besides times and memory."""

    parse_s: float | None
    digests: list[str]
    http_parser: str
    figures: dict[str, float]


def find_expected(facts: EnvironmentFacts) -> Expected:
    """Return what a worker must find in an environment."""
    folder = Path(facts.executable).parent.parent
    return {"python": facts.python, "folder": str(folder), "versions": facts.versions}
