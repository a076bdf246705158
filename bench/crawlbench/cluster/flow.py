"""A session on a cluster from its plan to its end, in named steps (floor 4)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawlbench import __version__
from crawlbench.base.errors import SchedulerLostError, StorageError, UsageError
from crawlbench.base.scheduler import RESOURCE, require_dask, start_command
from crawlbench.cluster.crew import Crew, open_client
from crawlbench.cluster.dispatch import Dispatcher
from crawlbench.cluster.fingerprint import crawlbench_digest, names_of
from crawlbench.cluster.intake import Intake, find_differences
from crawlbench.cluster.merging import merge
from crawlbench.cluster.notes import find_notes
from crawlbench.cluster.records import ClusterEnding, ClusterMachine, ClusterSession, LostBlock
from crawlbench.cluster.sheets import SHEET_CELLS, cut
from crawlbench.cluster.store import BlockStore, create_cluster_folder, load_cluster, write_cluster
from crawlbench.measure.owner import own

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from crawlbench.base.records import Plan


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked of a cluster."""

    address: str
    """The scheduler's address, or `local:N`."""
    machines: int | None = None
    """How many machines measure each sheet; None for all that exist."""
    sheet_cells: int = SHEET_CELLS
    """The most cells that a sheet may have."""


async def run_cluster(
    plan: Plan, wishes: Wishes, folder: Path, say: Callable[[str], None]
) -> ClusterSession:
    """Measure a plan on a cluster's machines, and keep each finished block on disk.

    Args:
        plan: the plan, with any number of cells.
        wishes: the scheduler, and how many machines to use.
        folder: the session's folder, which is made here.
        say: called with sentences about the progress.

    Raises:
        NotInstalledError: Dask is not installed.
        UsageError: there is no scheduler, there are no machines or too few, or they differ.
        SchedulerLostError: the scheduler is gone before it has said which machines there are.
    """
    require_dask()
    sheets = cut(plan, wishes.sheet_cells)
    async with open_client(wishes.address) as client:
        # What is refused is refused before there is a folder.
        crew = await _gather(client, plan, ())
        copies = wishes.machines or len(crew.members)
        _check_count(crew, copies)
        session = ClusterSession(
            plan=plan,
            sheet_cells=wishes.sheet_cells,
            copies=copies,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            tool=__version__,
            machines=tuple(crew.members.values()),
        )
        create_cluster_folder(folder, session)
        with own(folder):  # against a `--resume` beside it
            return await _measure(session, sheets, crew, folder, say)


async def resume_cluster(
    session: ClusterSession, address: str, folder: Path, say: Callable[[str], None]
) -> ClusterSession:
    """Measure the blocks that are missing in a session's folder.

    Raises:
        NotInstalledError: Dask is not installed.
        UsageError: as in `run_cluster`, or the machines differ from those that measured before.
    """
    require_dask()
    sheets = cut(session.plan, session.sheet_cells)
    async with open_client(address) as client:
        crew = await _gather(client, session.plan, session.machines)
        return await _measure(session, sheets, crew, folder, say)


async def _gather(
    client: Any,  # noqa: ANN401  (Dask's, imported late)
    plan: Plan,
    earlier: Sequence[ClusterMachine],
) -> Crew:
    """Return the cluster's machines; refuse those that differ from each other or earlier ones."""
    crew = Crew(client, names_of(plan))
    await crew.look()
    # Only at the start: a machine that breaks later is passed over, and the others go on.
    if crew.broken:
        address, reason = next(iter(crew.broken.items()))
        raise UsageError(
            f"the machine at {address} cannot be used: {reason}; end its Dask worker, or install "
            "the same crawlbench there as here"
        )
    if not crew.members:
        raise UsageError(
            f"no Dask worker offers its machine ({crew.others} without the resource "
            f"{RESOURCE!r} are there); start one on each machine: {start_command()}"
        )
    here = crawlbench_digest()
    differences = find_differences(earlier, list(crew.members.values()), plan, here)
    if differences:
        raise UsageError(
            f"these machines differ, so that their results cannot be merged: "
            f"{'; '.join(differences)}; make them equal, or measure in environments (--env)"
        )
    return crew


def _check_count(crew: Crew, copies: int) -> None:
    if copies > len(crew.members):
        raise UsageError(
            f"--machines {copies} is too many: {len(crew.members)} offer the resource "
            f"{RESOURCE!r}; start more: {start_command()}"
        )


async def _measure(
    session: ClusterSession,
    sheets: Sequence[Plan],
    crew: Crew,
    folder: Path,
    say: Callable[[str], None],
) -> ClusterSession:
    """Have the missing blocks measured, and merge all blocks on disk."""
    store, begun = BlockStore(folder, len(sheets)), time.monotonic()
    done, firsts = {}, []
    for number in range(1, len(sheets) + 1):
        blocks = store.read(number)
        done[number] = {block.machine.name: block.seed for block in blocks}
        firsts += blocks[:1]  # their environments are equal, so any of them stands for all
    intake = Intake(session.plan, session.machines, store, firsts, say, crawlbench_digest())
    dispatcher = Dispatcher(crew, sheets, intake.keep, say, intake.admit)
    trouble: StorageError | None = None
    try:
        await dispatcher.run(session.copies, done)
        ending = ClusterEnding.INCOMPLETE if dispatcher.lost else ClusterEnding.WHOLE
    except SchedulerLostError:
        ending = ClusterEnding.SCHEDULER
    except asyncio.CancelledError:  # a signal: what is finished is merged and shown
        ending = ClusterEnding.INTERRUPTED
    except StorageError as error:  # finished blocks are merged all the same
        ending, trouble = ClusterEnding.INCOMPLETE, error
    session = replace(session, machines=tuple(intake.machines.values()), ending=ending)
    session = _conclude(session, sheets, store, tuple(dispatcher.lost))
    session = replace(session, seconds=time.monotonic() - begun)
    write_cluster(folder, session)
    if trouble:
        raise trouble
    return session


def read_cluster(folder: Path) -> ClusterSession:
    """Return a session on a cluster, with the results of all blocks that are on disk.

    Its manager may have been killed, or may be measuring: until it ends, it concludes nothing.

    Raises:
        SessionFileError: there is none, or a file of it is broken.
    """
    session = load_cluster(folder)
    sheets = cut(session.plan, session.sheet_cells)
    store = BlockStore(folder, len(sheets))
    if store.count() == session.blocks:
        return session
    return _conclude(session, sheets, store, session.lost)


def _conclude(
    session: ClusterSession, sheets: Sequence[Plan], store: BlockStore, lost: tuple[LostBlock, ...]
) -> ClusterSession:
    """Return the session with the results of all blocks on disk."""
    merged = merge(sheets, store.read)
    session = replace(
        session,
        blocks=store.count(),
        lost=lost,
        left_out=merged.left_out,
        noise=merged.noise,
        comparisons=merged.comparisons,
        failures=merged.failures,
    )
    return replace(session, notes=tuple(find_notes(session)))
