"""Starts workers as processes of their own and talks to them (floor 3)."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from itertools import cycle
from json import dumps
from typing import TYPE_CHECKING, TypeVar, cast

from crawlbench.base.cache import cache_folder
from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.rooms import open_room
from crawlbench.measure.anchor import ANCHOR
from crawlbench.measure.handle import RUN_FILE, AnchorHandle, Handle, WorkerHandle
from crawlbench.measure.job import JOB_VARIABLE, find_expected
from crawlbench.measure.seat import Seat, SharedHost
from crawlbench.measure.shared_handle import HostHandle, Share, SharedProcess
from crawlbench.measure.topology import stay_on

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from crawlbench.base.records import Cell, EnvironmentFacts
    from crawlbench.measure.contract import Worker
    from crawlbench.measure.job import CellJob, Destination, Job, Order, Place
    from crawlbench.measure.turnstile import Turnstile
    from crawlbench.mirror.process import MirrorProcess

LEADING_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
"""Environment variables that are set for the manager's Python and would mislead another one."""
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
"""In upper or lower case. Some clients cannot ignore them, so, to be fair, no client gets them."""

W = TypeVar("W", bound=Handle)


class ProcessExecutor:
    """Makes workers as processes of their own."""

    def __init__(
        self,
        turnstile: Turnstile,
        places: Mapping[str, Place],
        cpus: tuple[int, ...],
        timeout_s: float,
        environments: Sequence[EnvironmentFacts] = (),
        alone: Collection[str] = (),
        sharing: Mapping[str, Sequence[Cell]] | None = None,
        doors: Mapping[str, MirrorProcess] | None = None,
        *,
        unhosted: set[str] | None = None,
    ) -> None:
        """Take what all workers share.

        Args:
            turnstile: where workers report.
            places: by cells' place, what a worker is told about its mirror or peer.
            cpus: CPUs that workers may use; empty for any.
            timeout_s: a value that takes longer counts as a hang.
            environments: those that cells name; cells without one run in the manager's own.
            alone: operations that are not hosted: each of their cells has a process of its own.
            sharing: by the name of each process that several crawls share, these cells.
            doors: by cells' place, the mirror that gives each cell its door; None for no doors.
            unhosted: groups that are not hosted; those that prove unfit for it are added.
        """
        self._turnstile = turnstile
        self._places = places
        self._doors = doors or {}
        self._cpus = cpus
        self._affinity = ",".join(map(str, cpus))
        # Without the mirror's CPUs, if there are more than two: the lab has left those by now.
        self._all_cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
        self._starts = cycle(sorted(self._all_cpus or cpus or [0]))
        """The CPUs on which workers of one CPU start, in turn."""
        self._timeout_s = timeout_s
        self._environments = {facts.name: facts for facts in environments}
        self._alone = frozenset(alone)
        self._unhosted = set() if unhosted is None else unhosted
        self._shared: dict[str, SharedProcess] = {}
        """The processes that several cells share in the current round, by name."""
        self._sharing = sharing or {}
        self._names = {cell.name: name for name, some in self._sharing.items() for cell in some}
        """The names of the processes that several crawls share, by cell."""

    def name_process(self, cell: Cell) -> str:
        """Return the name of a cell's process in a round; cells with the same name share it."""
        is_alone = cell.operation in self._alone or cell.group in self._unhosted
        if cell.operation and not is_alone:
            return _name_host(cell)
        return self._names.get(cell.name, cell.name)

    async def start(self, cell: Cell, loops: int, warmups: int, values: int) -> Worker:
        """Start a worker, and return when it is ready for its first turn.

        Raises:
            CellError: it did not get ready.
        """
        name = self.name_process(cell)
        if name != cell.name:
            return await self._start_share(cell, name, loops, warmups)
        command = partial(self._command, cell, loops, warmups, values)
        variables = await self._variables(cell, name)
        return await self._start(partial(WorkerHandle, warmups), name, command, variables)

    async def _start_share(self, cell: Cell, name: str, loops: int, warmups: int) -> Share:
        """Let a cell share the process of this name; an operation has a seat in it."""
        # Nothing is awaited before the entry is made: cells that start together must find the same.
        if name not in self._shared:
            start = partial(self._start_host, cell, name)
            hosted = (
                SharedHost(start, self._unhosted.add) if cell.operation else SharedProcess(start)
            )
            self._shared[name] = hosted
        peer = self._places[cell.place].get("peer")
        order: Order = {"task": cell.operation or cell.name, "peer": peer, "loops": loops}
        parts, process = (cell, order, warmups, self._metadata(cell)), self._shared[name]
        share = Seat(*parts, process) if isinstance(process, SharedHost) else Share(*parts, process)
        await share.connect()
        return share

    async def _start_host(self, cell: Cell, name: str) -> HostHandle:
        """Start a process that takes the values of several cells, of which this is one."""
        module = f"crawlbench.measure.{'host' if cell.operation else 'crawlhost'}"
        command = python_command(module, python=self._python(cell))
        variables = await self._variables(cell, name)
        return await self._start(HostHandle, name, lambda _: command, variables)

    def end_round(self) -> None:
        """Forget the processes that cells share: in the next round they have others.

        Also those that did not start, which no cell has ended.
        """
        self._shared.clear()

    async def start_anchor(self) -> AnchorHandle:
        """Start what times the anchors, on the workers' CPUs, and return when it is ready.

        Raises:
            CellError: it did not get ready.
        """
        port, token = str(self._turnstile.port), self._turnstile.token
        command = python_command("crawlbench.measure.anchor", port, token, self._affinity)
        return await self._start(AnchorHandle, ANCHOR, lambda _: command, clean_environment())

    async def _start(
        self,
        kind: Callable[..., W],
        name: str,
        command: Callable[[Path], list[str]],
        variables: dict[str, str],
    ) -> W:
        """Start a process that comes to the turnstile under this name."""
        arrival = self._turnstile.expect(name)  # before the start, since it comes when it likes
        with ExitStack() as stack:
            folder = stack.enter_context(open_room())
            last_words = stack.enter_context(tempfile.TemporaryFile())
            with self._on_its_cpus():
                process = await asyncio.create_subprocess_exec(
                    *command(folder),
                    env={**variables, "TMPDIR": str(folder)},  # removed with what is left in it
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=last_words,
                    start_new_session=True,  # Ctrl-C is for the manager only; `kill` ends its group
                )
            resources = stack.pop_all()  # from now on the handle releases them
        worker = kind(process, last_words, folder, resources, self._timeout_s)
        try:
            await worker.connect(arrival)
        except BaseException:  # Ctrl-C, too: nobody else knows of this process yet
            await worker.kill()
            raise
        return worker

    def _on_its_cpus(self) -> AbstractContextManager[None]:
        """Let a worker inherit CPUs from the manager, before its interpreter starts.

        Libraries count CPUs when they are imported, and start threads accordingly. If a worker has
        one CPU, it may be any until the worker is ready: otherwise all workers of a round would
        start on the same CPU, one after the other, while the others are idle.
        """
        return stay_on({next(self._starts)} if len(self._cpus) == 1 else self._cpus)

    def _python(self, cell: Cell) -> tuple[str, ...]:
        """Return the interpreter of a cell's environment; empty for the manager's own."""
        facts = self._environments.get(cell.environment)
        return (facts.executable, *facts.asked.flags) if facts else ()

    def _command(self, cell: Cell, loops: int, warmups: int, values: int, room: Path) -> list[str]:
        python = self._python(cell)
        command = python_command("crawlbench.measure.worker", "--worker", python=python)
        command += ["--worker-task=0", f"--loops={loops}", f"--warmups={warmups}"]
        command += [f"--values={values}", "--quiet", "-o", str(room / RUN_FILE)]
        return [*command, f"--affinity={self._affinity}"] if self._cpus else command

    def _metadata(self, cell: Cell) -> dict[str, str | int]:
        """Return the cell as pyperf metadata, which allows neither None nor empty strings.

        It includes the CPUs: pyperf would look only after workers have left theirs.
        """
        values = {f"crawlbench_{name}": value for name, value in asdict(cell).items()}
        return {
            name: int(value) if isinstance(value, bool) else value
            for name, value in {**values, "cpu_affinity": self._affinity}.items()
            if value not in (None, "")
        }

    async def _variables(self, cell: Cell, name: str) -> dict[str, str]:
        """Return the environment variables of a cell's worker, including its job.

        Args:
            cell: the cell that is measured there; for a host, its first cell.
            name: the process's name at the turnstile.
        """
        facts = self._environments.get(cell.environment)
        described = cast("CellJob", {**asdict(cell), "name": name})
        job: Job = {
            "cell": described,
            **await self._find_place(cell),
            "port": self._turnstile.port,
            "token": self._turnstile.token,
            "timeout_s": self._timeout_s,
            "metadata": self._metadata(cell),
            "cpus": list(self._cpus) if self._all_cpus else [],  # empty where CPUs cannot be chosen
            "all_cpus": sorted(self._all_cpus or ()),
            "environment": find_expected(facts) if facts else None,
            "crawls": await self._describe_crawls(cell),
        }
        away = [name for name in os.environ if name.lower() in PROXY_VARIABLES]
        changes = {**_bytecode(), JOB_VARIABLE: dumps(job)}
        if "PYTHONPYCACHEPREFIX" in changes:
            away.append("PYTHONDONTWRITEBYTECODE")  # with it, nothing is written there, either
        if facts:
            away += LEADING_VARIABLES
            changes = {**facts.variables, **changes}  # ours last: no environment replaces the job
        return clean_environment(changes, away)

    async def _find_place(self, cell: Cell) -> Place:
        """Return where the other end is; for a mirror, the cell's own door."""
        place, doors = self._places[cell.place], self._doors.get(cell.place)
        return {**place, "origin": await doors.open_door(cell.name)} if doors else place

    async def _describe_crawls(self, cell: Cell) -> dict[str, Destination]:
        """Return, by cell, what a process crawls, if several cells share it."""
        return {
            one.name: {"site": one.site, "origin": (await self._find_place(one))["origin"]}
            for one in self._sharing.get(self._names.get(cell.name, ""), ())
        }


def _name_host(cell: Cell) -> str:
    """Return the name of the host of a cell's event loop and environment; twins have another host.

    The twins have separate processes, not only separate seats: two processes of the same kind
    differ, and as any two loops are compared across processes, so must the twins be.
    """
    name = f"(host of {replace(cell, operation='', site='').loop_name}"
    return name + (" control)" if cell.control else ")")


def _bytecode() -> dict[str, str]:
    """Return where workers keep their bytecode if the user wants none beside the sources.

    Many images set `PYTHONDONTWRITEBYTECODE`. Without bytecode each worker would compile some forty
    of our modules, which takes longer than everything else at its start.
    """
    if not os.environ.get("PYTHONDONTWRITEBYTECODE") or os.environ.get("PYTHONPYCACHEPREFIX"):
        return {}
    try:
        return {"PYTHONPYCACHEPREFIX": str(cache_folder() / "bytecode")}
    except RuntimeError:  # a user without a home
        return {}
