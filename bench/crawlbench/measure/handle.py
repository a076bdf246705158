"""The handle on a process at the turnstile: talks to it and ends it (floor 3)."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from contextlib import ExitStack, suppress
from typing import IO, TYPE_CHECKING, Any

import pyperf

from crawlbench.base.errors import CellError, CellRefusal
from crawlbench.base.offspring import end_descendants
from crawlbench.base.text import name_signal
from crawlbench.measure.contract import Value
from crawlbench.measure.lookout import look_out

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.base.children import Message
    from crawlbench.base.digest import Row
    from crawlbench.measure.turnstile import Lane

START_TIMEOUT_S = 60.0  # a few import at once, perhaps from a cold disk on a busy machine
END_TIMEOUT_S = 30.0  # pyperf collects its metadata and writes its file
RUN_FILE = "run.json"
ANCHOR_TIMEOUT_S = 10.0  # it takes milliseconds
GRACE_S = 5.0  # a worker that hangs ends itself; after this we end it
_HANG = re.compile(r"^Timeout \(", re.MULTILINE)  # how faulthandler begins its report
_FRAME = re.compile(
    r'^  File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<where>.+)$', re.MULTILINE
)


class Handle:
    """A process, its lane, and where its last words go."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        last_words: IO[bytes],
        folder: Path,
        resources: ExitStack,
        timeout_s: float,
    ) -> None:
        """Take over a process that has just been started.

        Args:
            process: the process that was started.
            last_words: the file that receives its standard error.
            folder: where it may write.
            resources: what to release when it has ended.
            timeout_s: a value that takes longer counts as a hang.
        """
        self._process = process
        self._last_words = last_words
        self._folder = folder
        self._resources = resources
        self._timeout_s = timeout_s
        self._lane: Lane | None = None
        self._cpus: list[int] = []
        """The CPUs that it was given; empty while they are not known."""

    async def connect(self, arrival: asyncio.Future[Lane]) -> Message:
        """Wait until the process is ready, and return the message in which it said so.

        Raises:
            CellError: it died, or did not get ready in time.
        """
        death = asyncio.ensure_future(self._process.wait())
        first: list[asyncio.Future[Any]] = [arrival, death]
        try:
            await asyncio.wait(first, timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            death.cancel()
        if not arrival.done():
            arrival.cancel()  # if it comes after all, the turnstile hangs up
            raise await self._describe_end("start", START_TIMEOUT_S)
        self._lane = arrival.result()
        ready = await self._hear("ready", START_TIMEOUT_S)
        self._cpus = ready.get("cpus", [])
        return ready

    async def show(self) -> list[list[Row]]:
        """Return what each crawl of the last value returned; see `Worker.show`."""
        crawls: list[list[Row]] = (await self._ask("show", "crawls", GRACE_S))["crawls"]
        return crawls

    async def end(self) -> None:
        """Let the process end by itself, and release what it held.

        Raises:
            CellError: it did not end in time, or ended badly.
        """
        assert self._lane
        try:
            await self._lane.tell("end")
            async with asyncio.timeout(END_TIMEOUT_S):
                code = await self._process.wait()
            if code:
                raise await self._describe_end("end", END_TIMEOUT_S)
            self._collect()
        except TimeoutError:
            raise CellError(f"the worker did not end within {END_TIMEOUT_S:.0f} s") from None
        finally:
            # What it has started may live on, and its folder and lane are still held.
            await self.kill()

    def _collect(self) -> None:
        """Take what the process left in its folder, while the folder exists."""

    async def kill(self) -> None:
        """End the process now, with its whole group; harmless if it has already ended.

        Descendants that have left the group, as daemons do, can be found only while the process
        lives.
        """
        if self._process.returncode is None:
            end_descendants(self._process.pid)
        # Even if it has ended: others of its group may still run.
        with suppress(ProcessLookupError, PermissionError):  # macOS raises the latter for zombies
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            elif self._process.returncode is None:
                self._process.kill()
        await self._process.wait()
        if self._lane:
            self._lane.close()
        self._resources.close()

    async def _ask(self, kind: str, due: str, timeout_s: float) -> Message:
        """Return the process's answer to a word, which must be of the kind that is due."""
        assert self._lane
        await self._lane.tell(kind)
        return await self._hear(due, timeout_s)

    async def _take(self, *, is_warmup: bool, **more: object) -> Message:
        """Let it take a value, of which it must know `more`, and return its report.

        For a warmup, the report includes what was seen from outside.
        """
        assert self._lane
        await self._lane.tell("go", **more)
        async with look_out(self._process.pid, self._cpus if is_warmup else ()) as seen:
            message = await self._hear("value", self._timeout_s + GRACE_S)
        message["conduct"]["broken"] += seen
        return message

    async def _hear(self, kind: str, timeout_s: float) -> Message:
        """Return the worker's next message, which must be of this kind."""
        assert self._lane
        try:
            # Until Python 3.12, `wait_for` loses a Ctrl-C that comes together with the message.
            async with asyncio.timeout(timeout_s):
                message = await self._lane.hear()
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
        """Return the error that says how the worker ended, or that it has not ended."""
        try:
            # A process that dies closes its lane first; its exit code comes a moment later.
            async with asyncio.timeout(GRACE_S):
                code = await self._process.wait()
        except TimeoutError:
            return CellError(f"the worker gave no {awaited!r} within {timeout_s:.0f} s")
        self._last_words.seek(0)
        words = self._last_words.read().decode(errors="replace")
        return CellError(explain_exit(code, words, self._timeout_s), words)


class WorkerHandle(Handle):
    """A pyperf worker of one cell, which leaves its run in a file."""

    _run: pyperf.Run | None = None

    def __init__(self, warmups: int, *process: Any) -> None:  # noqa: ANN401  (as for `Handle`)
        """Take over a process that has just been started, and takes this many warmups first."""
        super().__init__(*process)
        self._warmups = warmups

    async def get_ready(self) -> None:
        """See `Worker.get_ready`: a process of its own is always ready."""

    async def take(self) -> Value:
        """See `Worker.take`."""
        self._warmups -= 1
        return Value.from_message(await self._take(is_warmup=self._warmups >= 0))

    async def finish(self) -> pyperf.Run:
        """See `Worker.finish`."""
        await self.end()
        assert self._run
        return self._run

    def _collect(self) -> None:
        self._run = _load_run(self._folder / RUN_FILE)


class AnchorHandle(Handle):
    """The process that times the anchors; it leaves no run."""

    async def time(self) -> tuple[float, float]:
        """Let it through the turnstile once; return the seconds of computing and of sending.

        Raises:
            CellError: it crashed or hung.
        """
        message = await self._ask("go", "anchor", ANCHOR_TIMEOUT_S)
        return message["computing_s"], message["sending_s"]


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


def explain_exit(code: int, words: str, timeout_s: float) -> str:
    """Return why a worker ended early.

    Args:
        code: as `Process.returncode` gives it; negative for a signal.
        words: everything it wrote to standard error.
        timeout_s: the time after which it ends itself, with a traceback in faulthandler's form.
    """
    # Looked for first: faulthandler ends a hanging process with code 1, as an exception does.
    if hang := _HANG.search(words):
        frame = _FRAME.search(words, hang.end())
        where = f"; it was at {frame['file']}:{frame['line']} ({frame['where']})" if frame else ""
        return f"hung: a value took more than {timeout_s:g} s (--timeout){where}"
    if code < 0:
        return f"the worker was killed by {name_signal(-code)}"
    if code == 0:  # the contestant has ended the process itself
        return "the worker ended with exit code 0 before its values were taken"
    lines = words.strip().splitlines()
    return f"the worker ended with exit code {code}: {lines[-1] if lines else 'it said nothing'}"
