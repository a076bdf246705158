"""`crawlbench run --cluster`, and the hidden command that a machine runs (floor 5)."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import msgspec
import psutil
import typer

from crawlbench.base.errors import INTERRUPTED, INVALID, StorageError, UsageError
from crawlbench.base.records import Ending
from crawlbench.base.scheduler import require_dask
from crawlbench.base.storage import write_text
from crawlbench.base.text import count_of
from crawlbench.cli import options
from crawlbench.cli.checks import at_least_one
from crawlbench.cli.consoles import result_console, tell
from crawlbench.cli.effects import refuse_idle
from crawlbench.cli.endings import run_until_signal
from crawlbench.cli.output import complain
from crawlbench.cli.sites import prepare_sites
from crawlbench.cluster.blocks import BlockJob, sum_up_block, write_block_file
from crawlbench.cluster.flow import Wishes, resume_cluster, run_cluster
from crawlbench.cluster.locks import hold_cpus
from crawlbench.cluster.records import ClusterEnding
from crawlbench.cluster.report import ClusterReport
from crawlbench.cluster.sheets import SHEET_CELLS
from crawlbench.cluster.store import CLUSTER_FILE, load_cluster, remove_drafts
from crawlbench.environments.preparation import prepare_for
from crawlbench.measure.contract import Watcher
from crawlbench.measure.flow import run_session
from crawlbench.measure.labels import require_sites
from crawlbench.measure.owner import own
from crawlbench.measure.width import refuse_inexpressible

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from crawlbench.base.records import EnvironmentFacts, Plan, Session
    from crawlbench.cluster.records import ClusterSession
    from crawlbench.measure.ends import Ends

MAX_CELLS_OF_CLUSTER = 200_000
"""The most that were simulated (docs/scale.md); a session of one machine takes fewer."""

ClusterAddress = Annotated[
    str | None,
    options.machines("--cluster", help="Dask cluster to measure on: tcp://HOST:8786 or local:N."),
]
Machines = Annotated[
    int | None,
    options.machines(
        "--machines",
        callback=at_least_one,
        help="How many machines measure each cell.",
        show_default="all",
    ),
]
Sheet = Annotated[
    int | None,
    options.machines(
        "--sheet",
        callback=at_least_one,
        help="Largest number of cells in one machine's session.",
        show_default=str(SHEET_CELLS),
    ),
]

MAX_NAMED = 5
"""Most machines that a sentence names."""
LAST_S = 15.0
"""Seconds that a session has to end once whoever ordered it is gone."""


def make_wishes(cluster: str | None, machines: int | None, sheet: int | None) -> Wishes | None:
    """Return what the options ask of a cluster, or None if no cluster was asked for.

    Raises:
        UsageError: an option about machines was given without a cluster.
        NotInstalledError: Dask is not installed.
    """
    if cluster is None:
        if machines or sheet:
            raise UsageError(
                "--machines and --sheet belong to a session on a cluster: give --cluster as well"
            )
        return None
    require_dask()
    return Wishes(cluster, machines, sheet or SHEET_CELLS)


def refuse_idle_on_cluster(context: typer.Context, cluster: str | None) -> None:
    """Refuse ways to show a session that one on a cluster does not have, before it is measured."""
    resumed = context.params["resume"]
    if cluster is None and (resumed is None or not is_of_cluster(resumed)):
        return
    refuse_idle(context, "a session on a cluster has one table", "verbose", "quiet")
    if context.params["as_json"]:
        raise UsageError(
            "--json is for one machine's session; after a session on a cluster, print that of each "
            "machine: crawlbench report FOLDER/machines/NAME --json"
        )


def run_on_cluster(plan: Plan, wishes: Wishes, folder: Path) -> NoReturn:
    """Measure a plan on a cluster's machines, show what they say together, and exit.

    Raises:
        UsageError: a site cannot offer what a cell asks of it.
    """
    refuse_inexpressible(plan)  # each machine makes the pages itself
    _run(lambda say: run_cluster(plan.as_spelled(), wishes, folder, say), folder)


def is_of_cluster(folder: Path) -> bool:
    """Return whether a folder is that of a session on a cluster."""
    return (folder / CLUSTER_FILE).is_file()


def resume_on_cluster(folder: Path, address: str | None, ends: Ends) -> NoReturn:
    """Measure the blocks that a session on a cluster still lacks, and exit.

    Raises:
        UsageError: the address is missing, or an end of the blocks is to be changed.
    """
    if address is None:
        raise UsageError(f"{str(folder)!r} is a session on a cluster: give --cluster ADDRESS")
    if any(ends.values()):
        raise UsageError(
            "all blocks of a session on a cluster follow its own plan, so --rounds, --budget and "
            "--precision cannot be given with --resume"
        )
    require_dask()
    load_cluster(folder)  # before a lock is left in what is no session
    with own(folder):
        # Read again: until the folder was ours, another process may have added to it.
        session = load_cluster(folder)
        remove_drafts(folder)
        _run(lambda say: resume_cluster(session, address, folder, say), folder)


def _run(
    begin: Callable[[Callable[[str], None]], Coroutine[Any, Any, ClusterSession]], folder: Path
) -> NoReturn:
    session = run_until_signal(begin(tell))
    report, trouble = ClusterReport(session), ""
    try:
        write_text(folder / "table.md", report.markdown())
    except OSError as error:  # it is shown all the same
        trouble = f"table.md was not written: {error.strerror or error}"
        complain(trouble)
    shown = result_console()
    shown.print(report.terminal(shown.width, is_ascii=shown.options.ascii_only))
    tell(f"session: {folder}")
    raise typer.Exit(_exit_code(session, folder) or (StorageError.exit_code if trouble else 0))


def _exit_code(session: ClusterSession, folder: Path) -> int:
    """Return the exit code, and say in a sentence why it is not 0."""
    if trouble := _find_trouble(session, folder):
        complain(trouble)
        return INVALID
    return INTERRUPTED if session.ending is ClusterEnding.INTERRUPTED else 0


def _find_trouble(session: ClusterSession, folder: Path) -> str:
    """Return what went wrong on any machine, as in a session of one, or an empty text."""
    if session.ending is ClusterEnding.SCHEDULER:
        return (
            f"the Dask scheduler was lost; blocks that are kept: {session.blocks}; go on with: "
            f"crawlbench run --cluster ADDRESS --resume {shlex.quote(str(folder))}"
        )
    if session.lost:
        return (
            f"{len(session.lost)} block{'s were' if len(session.lost) > 1 else ' was'} not "
            f"finished: {session.lost[0].reason}"
        )
    if session.failures:
        names = list(session.failures)
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        return (
            f"cells are invalid on {len(names)} of {count_of(len(session.machines), 'machine')}: "
            f"{', '.join(names[:MAX_NAMED])}{more}; each one's own report has the reasons: "
            f"crawlbench report {shlex.quote(str(folder))}/machines/NAME"
        )
    return ""


def measure_block(
    job: Annotated[Path, typer.Argument(help="The block, as JSON.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to create.")],
) -> None:
    """Measure one block while standard input is open; a Dask worker calls this."""
    # First of all: while environments are built, for minutes, the manager may give up.
    input_watch = _InputWatch()
    try:
        block = msgspec.json.decode(job.read_bytes(), type=BlockJob)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"{str(job)!r} is not a block: {error}") from error
    prepare_sites(block.plan)
    require_sites(block.plan)
    machine = block.machine.fingerprint.machine
    with hold_cpus((*machine.worker_cpus, *machine.mirror_cpus) or range(machine.cpu_count)):
        ready = prepare_for(block.plan, tell) if block.plan.environments else ()
        session = asyncio.run(_while_wanted(input_watch, block.plan, output, ready))
    # As an error, so that the manager lets the block be tried again.
    if session.ending in {Ending.INTERRUPTED, Ending.MIRROR}:
        raise StorageError(f"the block was not finished: it ended by {session.ending.value!r}")
    write_block_file(output, sum_up_block(block, session))


async def _while_wanted(
    input_watch: _InputWatch, plan: Plan, folder: Path, environments: Sequence[EnvironmentFacts]
) -> Session:
    """Run and return a session that is cancelled when standard input ends."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task
    input_watch.cancel = lambda: loop.call_soon_threadsafe(task.cancel)
    nobody = Watcher()  # the user's manager runs on another machine
    return await run_session(plan, folder, nobody, environments)


_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows the latter kills


class _InputWatch:
    """Ends this process when standard input ends: whoever ordered the block is gone."""

    def __init__(self) -> None:
        """Watch from now on, in a thread."""
        self.cancel: Callable[[], object] | None = None
        """Cancels what is being measured; None while nothing is: then the process ends at once."""
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while os.read(0, 1024):  # nobody writes; a buffered reader would be locked at the end
            pass
        if self.cancel is None:
            _leave()
        timer = threading.Timer(LAST_S, _leave)
        timer.daemon = True
        timer.start()
        with suppress(RuntimeError):  # the loop has ended
            self.cancel()


def _leave() -> NoReturn:
    """End this process and those that it has started, such as an installer."""
    try:
        children = psutil.Process().children(recursive=True)
        # The main thread waits for one of them, and must not get the time to complain of its end.
        sys.setswitchinterval(LAST_S)
        for child in children:
            with suppress(OSError):  # it has ended by itself
                os.kill(child.pid, _KILL)
    finally:
        # Not `sys.exit`, which would end only the thread that watches.
        os._exit(1)
