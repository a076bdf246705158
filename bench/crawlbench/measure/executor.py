"""Starts workers as processes of their own and speaks with them (floor 3)."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from functools import partial
from itertools import cycle
from json import dumps
from typing import TYPE_CHECKING, TypeVar, cast

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.rooms import open_room
from crawlbench.measure.anchor import ANCHOR
from crawlbench.measure.handle import RUN_FILE, AnchorHandle, Handle, WorkerHandle
from crawlbench.measure.job import JOB_VARIABLE, find_expected
from crawlbench.measure.seat import Host, HostHandle, Seat
from crawlbench.sites.cache import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from crawlbench.base.records import Cell, EnvironmentFacts
    from crawlbench.measure.contract import AnchorWorker, Worker
    from crawlbench.measure.job import CellJob, Job, Place
    from crawlbench.measure.turnstile import Turnstile

__all__ = ["PROXY_VARIABLES", "ProcessExecutor"]

LEADING_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
"""They belong to the manager's Python, and would lead another astray."""
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
"""In either case: some clients cannot decline them, and equal terms are terms without a proxy."""


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
    ) -> None:
        """Take what all workers share.

        Args:
            turnstile: where they report.
            places: by cells' place, what a worker is told of its mirror or peer.
            cpus: that they may use; empty for any.
            timeout_s: after which a value is a hang.
            environments: in which they run; cells of none of them run in the manager's own.
            alone: operations that are not hosted: each cell has a process of its own.
        """
        self._turnstile = turnstile
        self._places = places
        self._cpus = cpus
        self._all_cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
        self._starts = cycle(sorted(self._all_cpus or cpus or [0]))
        """The CPUs on which workers of one CPU start, in turn."""
        self._timeout_s = timeout_s
        self._environments = {facts.name: facts for facts in environments}
        self._alone = frozenset(alone)
        self._unfit: set[str] = set()
        """Groups that left something behind in a host: from the next round on they have none."""
        self._hosts: dict[str, Host] = {}
        """By name, those of the round under way."""

    def is_hosted(self, cell: Cell) -> bool:
        """See `Executor.is_hosted`."""
        apart = cell.operation in self._alone or cell.group in self._unfit
        return bool(cell.operation) and not apart

    async def start(self, cell: Cell, loops: int, warmups: int, values: int) -> Worker:
        """See `Executor.start`."""
        if self.is_hosted(cell):
            return await self._start_seat(cell, loops, warmups)
        command = partial(self._command, cell, loops, warmups, values)
        variables = self._variables(cell, cell.name)
        return await self._start(WorkerHandle, cell.name, command, variables)

    async def _start_seat(self, cell: Cell, loops: int, warmups: int) -> Seat:
        """Give a cell a seat in its host: one for each loop and environment, and one for the twins.

        The twins have another process, not another seat: what two processes of the same differ by
        is between any two loops, so that it has to be between the twins as well.
        """
        name = f"(host of {replace(cell, operation='', site='').loop_name}"
        name += " control)" if cell.control else ")"
        if name not in self._hosts or self._hosts[name].is_over:
            self._hosts[name] = Host(partial(self._start_host, cell, name), self._unfit.add)
        peer = self._places[cell.place].get("peer")
        metadata = {**_metadata(cell), **self._affinity()}
        seat = Seat(cell, loops, warmups, peer, metadata, self._hosts[name])
        await seat.connect()
        return seat

    async def _start_host(self, cell: Cell, name: str) -> HostHandle:
        """Start a process for all operations on a cell's event loop."""
        python = self._python(cell)
        command = python_command("crawlbench.measure.host", python=python)
        return await self._start(HostHandle, name, lambda _: command, self._variables(cell, name))

    async def start_anchor(self) -> AnchorWorker:
        """See `Executor.start_anchor`."""
        port, token = str(self._turnstile.port), self._turnstile.token
        cpus = ",".join(map(str, self._cpus))
        command = python_command("crawlbench.measure.anchor", port, token, cpus)
        return await self._start(AnchorHandle, ANCHOR, lambda _: command, clean_environment())

    async def _start(
        self,
        kind: type[W],
        name: str,
        command: Callable[[Path], list[str]],
        variables: dict[str, str],
    ) -> W:
        """Start a process that comes to the turnstile by that name."""
        arrival = self._turnstile.expect(name)
        with ExitStack() as stack:
            folder = stack.enter_context(open_room())
            last_words = stack.enter_context(tempfile.TemporaryFile())
            with self._on_its_cpus():
                process = await asyncio.create_subprocess_exec(
                    *command(folder),
                    env={**variables, "TMPDIR": str(folder)},  # what is left there goes with it
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=last_words,
                    start_new_session=True,  # Ctrl-C is the manager's business
                )
            resources = stack.pop_all()
        worker = kind(process, last_words, folder, resources, self._timeout_s)
        try:
            await worker.connect(arrival)
        except BaseException:
            await worker.kill()
            raise
        return worker

    @contextmanager
    def _on_its_cpus(self) -> Iterator[None]:
        """Let a worker inherit CPUs from the manager, before its interpreter starts.

        Libraries ask at their import how many there are, and start threads. Where a worker has one
        CPU, it may be any until it is ready: else all workers of a round would start on the same
        one, in turn, while the others stand still.
        """
        if not (self._cpus and self._all_cpus):
            yield
            return
        os.sched_setaffinity(0, self._cpus if len(self._cpus) > 1 else {next(self._starts)})
        try:
            yield
        finally:
            os.sched_setaffinity(0, self._all_cpus)

    def _python(self, cell: Cell) -> tuple[str, ...]:
        """Return the interpreter of a cell's environment; empty for the manager's own."""
        facts = self._environments.get(cell.environment)
        return (facts.executable, *facts.asked.flags) if facts else ()

    def _command(self, cell: Cell, loops: int, warmups: int, values: int, room: Path) -> list[str]:
        python = self._python(cell)
        command = python_command("crawlbench.measure.worker", "--worker", python=python)
        command += ["--worker-task=0", f"--loops={loops}", f"--warmups={warmups}"]
        command += [f"--values={values}", "--quiet", "-o", str(room / RUN_FILE)]
        if self._cpus:
            command.append("--affinity=" + ",".join(map(str, self._cpus)))
        return command

    def _affinity(self) -> dict[str, str]:
        """Return pyperf's metadata on CPUs, which it reads when workers have left theirs."""
        return {"cpu_affinity": ",".join(map(str, self._cpus))} if self._cpus else {}

    def _variables(self, cell: Cell, name: str) -> dict[str, str]:
        """Return the environment variables of a cell's worker, its job among them.

        Args:
            cell: that is measured there, the first one of a host.
            name: by which the process comes to the turnstile.
        """
        facts = self._environments.get(cell.environment)
        described = cast("CellJob", {**asdict(cell), "name": name})
        job: Job = {
            "cell": described,
            **self._places[cell.place],
            "port": self._turnstile.port,
            "token": self._turnstile.token,
            "timeout_s": self._timeout_s,
            "metadata": {**_metadata(cell), **self._affinity()},
            "cpus": list(self._cpus) if self._all_cpus else [],
            "all_cpus": sorted(self._all_cpus or ()),
            "environment": find_expected(facts) if facts else None,
        }
        away = [name for name in os.environ if name.lower() in PROXY_VARIABLES]
        changes = {**_bytecode(), JOB_VARIABLE: dumps(job)}
        if "PYTHONPYCACHEPREFIX" in changes:
            away.append("PYTHONDONTWRITEBYTECODE")
        if facts:
            away += LEADING_VARIABLES
            changes = {"PYTHONPATH": facts.library, **facts.asked.variables, **changes}
        return clean_environment(changes, away)


def _bytecode() -> dict[str, str]:
    """Return where workers keep their bytecode, if the user wants none beside the sources.

    Many images set `PYTHONDONTWRITEBYTECODE`. Without any bytecode each worker compiles some forty
    modules of ours, which takes it longer than all else at its start.
    """
    if not os.environ.get("PYTHONDONTWRITEBYTECODE") or os.environ.get("PYTHONPYCACHEPREFIX"):
        return {}
    try:
        return {"PYTHONPYCACHEPREFIX": str(cache_folder() / "bytecode")}
    except RuntimeError:  # a user without a home
        return {}


def _metadata(cell: Cell) -> dict[str, str | int]:
    """Return the cell as pyperf metadata, which knows neither None nor empty strings."""
    values = asdict(cell)
    return {
        f"crawlbench_{name}": int(value) if isinstance(value, bool) else value
        for name, value in values.items()
        if value not in (None, "")
    }
