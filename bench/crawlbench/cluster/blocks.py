"""A block: one machine's session of one sheet, and the files that it returns (floor 4).

This module defines what both ends share: `remote.py` is the Dask worker's end, `store.py` the
manager's.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.records import Plan, Session  # noqa: TC001  (msgspec reads the annotations)
from crawlbench.base.storage import write_bytes
from crawlbench.cluster.estimates import Estimates
from crawlbench.cluster.records import BlockResult, ClusterMachine

if TYPE_CHECKING:
    from pathlib import Path

BLOCK_FILE = "block.json"
FILES = ("session.json", "rounds.jsonl", "suite.json", "trace.jsonl.gz", BLOCK_FILE)
"""The files of a block that are sent back to the manager, if they exist."""
ABSENT = "none"
MAX_SHOWN = 5
"""How many differing packages a message names."""


class BlockJob(msgspec.Struct, frozen=True):
    """A machine's order to measure one sheet."""

    sheet: int
    """The sheet's number, from 1."""
    machine: ClusterMachine
    """The machine that measures it."""
    plan: Plan


def sum_up_block(job: BlockJob, session: Session) -> BlockResult:
    """Return what the manager merges over machines: means over rounds, without single values."""
    estimates = Estimates(session)
    return BlockResult(
        sheet=job.sheet,
        machine=job.machine,
        cells=estimates.cells(),
        controls=estimates.controls(),
        rounds=len(session.rounds),
        seconds=session.seconds,
        ending=session.ending,
        warnings=tuple(note.topic for note in session.warnings),
        # A refusal, such as an event loop that lacks an operation, is no failure of the machine.
        failures=sum(not failure.is_refusal for failure in session.failures),
        seed=session.plan.seed,
        environments={
            facts.name: {"Python": facts.python, **facts.versions}
            for facts in session.environments
            # One that was not built here has no packages to compare, and its cells are invalid.
            if not facts.obstacle
        },
    )


def find_mixture(first: BlockResult, other: BlockResult) -> str:
    """Return how the environments of two blocks differ; empty if they do not.

    Each machine builds its environments itself, so packages that nobody asked for by version may
    differ. Blocks of two sheets have packages for other plug-ins, so only those that both have may
    not differ.
    """
    is_same_sheet = first.sheet == other.sheet
    for name in first.environments.keys() & other.environments.keys():
        here, there = first.environments[name], other.environments[name]
        keys = here.keys() | there.keys() if is_same_sheet else here.keys() & there.keys()
        odd = sorted(key for key in keys if here.get(key) != there.get(key))
        if odd:
            shown = ", ".join(
                f"{key} {there.get(key, ABSENT)}, not {here.get(key, ABSENT)}"
                for key in odd[:MAX_SHOWN]
            )
            return (
                f"its environment {name!r} has {shown}, as on {first.machine.name}; "
                "ask for these versions in all environments"
            )
    return ""


def write_block_file(folder: Path, result: BlockResult) -> None:
    """Write `block.json` into a session's folder.

    Raises:
        OSError: it cannot be written.
    """
    write_bytes(folder / BLOCK_FILE, msgspec.json.encode(result) + b"\n")


def pack(folder: Path) -> bytes:
    """Return the files of a block's folder as one packed message."""
    files = {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}
    return msgspec.msgpack.encode({n: zlib.compress(content) for n, content in files.items()})


def read_result(packed: bytes) -> BlockResult:
    """Return the result that a packed block contains.

    Raises:
        ValueError: the bytes are not a packed block.
    """
    try:
        files = msgspec.msgpack.decode(packed, type=dict[str, bytes])
        return msgspec.json.decode(zlib.decompress(files[BLOCK_FILE]), type=BlockResult)
    except (msgspec.MsgspecError, zlib.error, KeyError) as error:
        raise ValueError(f"no block: {error}") from error


def unpack(packed: bytes, folder: Path) -> None:
    """Write the files that `pack` packed into an existing folder.

    Raises:
        OSError: a file cannot be written.
        ValueError: the bytes are not a packed block.
    """
    try:
        files = msgspec.msgpack.decode(packed, type=dict[str, bytes])
        contents = {name: zlib.decompress(content) for name, content in files.items()}
    except (msgspec.MsgspecError, zlib.error) as error:
        raise ValueError(f"no block: {error}") from error
    # Another machine chose these names: none may lead out of the folder.
    if not {BLOCK_FILE, FILES[0]} <= contents.keys() <= set(FILES):
        raise ValueError(f"no block: it has the files {', '.join(contents)}")
    for name, content in contents.items():
        write_bytes(folder / name, content)
