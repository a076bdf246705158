"""Starts workers as processes of their own and speaks with them (floor 3)."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from functools import partial
from json import dumps
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

import pyperf

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.errors import CellError, CellRefusal
from crawlbench.base.rooms import open_room
from crawlbench.measure.anchor import ANCHOR
from crawlbench.measure.contract import Value
from crawlbench.measure.job import find_expected
from crawlbench.measure.lastwords import explain_exit
from crawlbench.measure.worker import JOB_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from crawlbench.base.children import Message
    from crawlbench.base.digest import Row
    from crawlbench.base.records import Cell, EnvironmentFacts
    from crawlbench.measure.contract import AnchorWorker, Worker
    from crawlbench.measure.job import CellJob, Job, Place
    from crawlbench.measure.turnstile import Lane, Turnstile

__all__ = ["PROXY_VARIABLES", "ProcessExecutor"]

START_TIMEOUT_S = 60.0  # many workers import at once on few cores
END_TIMEOUT_S = 30.0  # pyperf collects its metadata and writes its file
RUN_FILE = "run.json"
ANCHOR_TIMEOUT_S = 10.0  # it takes milliseconds
GRACE_S = 5.0  # a worker ends itself on a hang; after this it is ended
LEADING_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
"""They belong to the manager's Python, and would lead another astray."""
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
"""In either case: some clients cannot decline them, and equal terms are terms without a proxy."""


class ProcessExecutor:
    """Makes workers as processes of their own."""

    def __init__(
        self,
        turnstile: Turnstile,
        places: Mapping[str, Place],
        cpus: tuple[int, ...],
        timeout_s: float,
        environments: Sequence[EnvironmentFacts] = (),
    ) -> None:
        """Take what all workers share.

        Args:
            turnstile: where they report.
            places: by cells' place, what a worker is told of its mirror or peer.
            cpus: that they may use; empty for any.
            timeout_s: after which a value is a hang.
            environments: in which they run; cells of none of them run in the manager's own.
        """
        self._turnstile = turnstile
        self._places = places
        self._cpus = cpus
        self._all_cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
        self._timeout_s = timeout_s
        self._environments = {facts.name: facts for facts in environments}

    async def start(self, cell: Cell, loops: int, warmups: int, values: int) -> Worker:
        """See `Executor.start`."""
        command = partial(self._command, cell, loops, warmups, values)
        return await self._start(_ProcessWorker, cell.name, command, self._variables(cell))

    async def start_anchor(self) -> AnchorWorker:
        """See `Executor.start_anchor`."""
        port, token = str(self._turnstile.port), self._turnstile.token
        cpus = ",".join(map(str, self._cpus))
        command = python_command("crawlbench.measure.anchor", port, token, cpus)
        return await self._start(_ProcessAnchor, ANCHOR, lambda _: command, clean_environment())

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
        """Let a worker inherit its CPUs from the manager, before its interpreter starts.

        Threads that an import starts are there already when pyperf moves the process.
        """
        if not (self._cpus and self._all_cpus):
            yield
            return
        os.sched_setaffinity(0, self._cpus)
        try:
            yield
        finally:
            os.sched_setaffinity(0, self._all_cpus)

    def _command(self, cell: Cell, loops: int, warmups: int, values: int, room: Path) -> list[str]:
        facts = self._environments.get(cell.environment)
        python = (facts.executable, *facts.asked.flags) if facts else ()
        command = python_command("crawlbench.measure.worker", "--worker", python=python)
        command += ["--worker-task=0", f"--loops={loops}", f"--warmups={warmups}"]
        command += [f"--values={values}", "--quiet", "-o", str(room / RUN_FILE)]
        if self._cpus:
            command.append("--affinity=" + ",".join(map(str, self._cpus)))
        return command

    def _affinity(self) -> dict[str, str]:
        """Return pyperf's metadata on CPUs, which it reads when workers have left theirs."""
        return {"cpu_affinity": ",".join(map(str, self._cpus))} if self._cpus else {}

    def _variables(self, cell: Cell) -> dict[str, str]:
        """Return the environment variables of a cell's worker, its job among them."""
        facts = self._environments.get(cell.environment)
        described = cast("CellJob", {**asdict(cell), "name": cell.name})
        job: Job = {
            "cell": described,
            **self._places[cell.place],
            "port": self._turnstile.port,
            "token": self._turnstile.token,
            "timeout_s": self._timeout_s,
            "metadata": {**_metadata(cell), **self._affinity()},
            "all_cpus": sorted(self._all_cpus or ()),
            "environment": find_expected(facts) if facts else None,
        }
        away = [name for name in os.environ if name.lower() in PROXY_VARIABLES]
        changes = {JOB_VARIABLE: dumps(job)}
        if facts:
            away += LEADING_VARIABLES
            changes = {"PYTHONPATH": facts.library, **facts.asked.variables, **changes}
        return clean_environment(changes, away)


def _metadata(cell: Cell) -> dict[str, str | int]:
    """Return the cell as pyperf metadata, which knows neither None nor empty strings."""
    values = asdict(cell)
    return {
        f"crawlbench_{name}": int(value) if isinstance(value, bool) else value
        for name, value in values.items()
        if value not in (None, "")
    }


class _ProcessWorker:
    """A worker process, its lane, and where its last words and its run go."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        last_words: IO[bytes],
        folder: Path,
        resources: ExitStack,
        timeout_s: float,
    ) -> None:
        self._process = process
        self._last_words = last_words
        self._folder = folder
        self._resources = resources
        self._timeout_s = timeout_s
        self._lane: Lane | None = None

    async def connect(self, arrival: asyncio.Future[Lane]) -> None:
        """Wait until the worker is ready, or has died on the way."""
        death = asyncio.ensure_future(self._process.wait())
        first: list[asyncio.Future[Any]] = [arrival, death]
        try:
            await asyncio.wait(first, timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            death.cancel()
        if not arrival.done():
            arrival.cancel()
            raise await self._describe_end("start", START_TIMEOUT_S)
        self._lane = arrival.result()
        await self._hear("ready", START_TIMEOUT_S)

    async def take(self) -> Value:
        assert self._lane
        await self._lane.tell("go")
        return Value.from_message(await self._hear("value", self._timeout_s + GRACE_S))

    async def show(self) -> list[list[Row]]:
        assert self._lane
        await self._lane.tell("show")
        crawls: list[list[Row]] = (await self._hear("crawls", GRACE_S))["crawls"]
        return crawls

    async def finish(self) -> pyperf.Run:
        assert self._lane
        try:
            await self._lane.tell("end")
            code = await asyncio.wait_for(self._process.wait(), END_TIMEOUT_S)
            if code:
                raise await self._describe_end("end", END_TIMEOUT_S)
            return _load_run(self._folder / RUN_FILE)
        except TimeoutError:
            raise CellError(f"the worker did not end within {END_TIMEOUT_S:.0f} s") from None
        finally:
            await self.kill()

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if self._lane:
            self._lane.close()
        self._resources.close()

    async def _hear(self, kind: str, timeout_s: float) -> Message:
        """Return the worker's next message, which must be of that kind."""
        assert self._lane
        try:
            message = await asyncio.wait_for(self._lane.hear(), timeout_s)
        except (EOFError, TimeoutError):
            raise await self._describe_end(kind, timeout_s) from None
        if message["kind"] == "raised":
            if message["is_refusal"]:
                raise CellRefusal(message["reason"])
            raise CellError(f"raised {message['reason']}", message["detail"])
        if message["kind"] != kind:
            raise CellError(f"the worker said {message['kind']!r} where {kind!r} was due")
        return message

    async def _describe_end(self, awaited: str, timeout_s: float) -> CellError:
        """Return the error that tells how the worker ended, or that it has not."""
        try:
            code = await asyncio.wait_for(self._process.wait(), GRACE_S)
        except TimeoutError:
            return CellError(f"the worker gave no {awaited!r} within {timeout_s:.0f} s")
        self._last_words.seek(0)
        words = self._last_words.read().decode(errors="replace")
        return CellError(explain_exit(code, words, self._timeout_s), words)


class _ProcessAnchor(_ProcessWorker):
    """The process that times the anchors; it leaves no run."""

    async def time(self) -> tuple[float, float]:
        assert self._lane
        await self._lane.tell("go")
        message = await self._hear("anchor", ANCHOR_TIMEOUT_S)
        return message["computing_s"], message["sending_s"]


W = TypeVar("W", bound=_ProcessWorker)


def _load_run(path: Path) -> pyperf.Run:
    """Read the one run that a pyperf worker wrote.

    Raises:
        CellError: there is no file, or it holds no run.
    """
    if not path.exists():
        raise CellError("the worker ended with exit code 0 but left no run")
    try:
        (run,) = pyperf.Benchmark.load(str(path)).get_runs()
    except Exception as error:
        raise CellError(f"the worker left a run that pyperf cannot read: {error}") from error
    return run
