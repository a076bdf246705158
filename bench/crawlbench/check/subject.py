"""What is checked, and the processes in which it is tried (floor 4)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawlbench.base.children import clean_environment, python_command
from crawlbench.mirror.networks.faults import ANSWER_KINDS, DELIVERY_KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["Subject", "Trial"]

START_S = 60.0
"""For a process to import its strategy while others use the CPUs too."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked, and on what."""

    strategy: str
    event_loop: str = "asyncio"
    """For an `async` strategy."""
    site: str = "douban-top250"
    parser: str = "lxml"
    concurrency: int = 5
    deadline_s: float = 10.0
    """After which a trial hangs."""
    faults: tuple[str, ...] = (*ANSWER_KINDS, *DELIVERY_KINDS)
    """To be met."""


@dataclass(slots=True)
class Trial:
    """Crawls of one subject, one after the other, in as few processes as its hangs allow."""

    subject: Subject
    starts: list[dict[str, Any]]
    """Where each crawl begins: `url` and `ca_file`; `deadline_s` where it is not the subject's."""
    variables: dict[str, str]
    """Of the environment, beside those that are there."""
    complaints: list[str] = field(default_factory=list)
    """What Python and asyncio complained of."""
    started: dict[str, list[str]] = field(default_factory=dict)
    """What is there since the strategy was imported, by kind."""

    async def run(self) -> list[dict[str, Any]]:
        """Return a report for each start; see `reports`."""
        return [report async for report in self.reports()]

    async def reports(self) -> AsyncGenerator[dict[str, Any], None]:
        """Yield a report for each start, as it comes: `digest` and `left`, or `error`.

        A crawl that hangs costs its deadline, one that takes its process down only itself; a
        strategy that cannot be loaded reports that for every start.
        """
        done = 0
        while done < len(self.starts):
            async with aclosing(self._run_process(self.starts[done:])) as process:
                async for report in process:
                    done += 1
                    yield report

    async def _run_process(
        self, starts: list[dict[str, Any]]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the reports of one process, at least one; the last may be that of its end."""
        process = await asyncio.create_subprocess_exec(
            *python_command("crawlbench.check.trial", json.dumps(self._job(starts))),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=clean_environment(self.variables),
            start_new_session=True,
        )
        patience_s, done = START_S, 0
        try:
            while done < len(starts):
                line = await self._read_line(process, patience_s)
                if not line:
                    yield await _broken(process, patience_s, is_late=line is None)
                    return
                report = json.loads(line)
                if "started" in report:
                    self.started = report["started"]
                else:
                    done += 1
                    yield report
                ahead = starts[done] if done < len(starts) else {}
                patience_s = ahead.get("deadline_s", self.subject.deadline_s)
            last = await self._read_line(process, patience_s)
            self.complaints += json.loads(last)["complaints"] if last else []
        finally:
            await _end(process)

    @staticmethod
    async def _read_line(process: asyncio.subprocess.Process, patience_s: float) -> bytes | None:
        """Return a process's next line, empty at its end; None if none came in time."""
        assert process.stdout
        try:
            async with asyncio.timeout(patience_s):
                return await process.stdout.readline()
        except TimeoutError:
            return None

    def _job(self, starts: list[dict[str, Any]]) -> dict[str, Any]:
        subject = self.subject
        return {
            "strategy": subject.strategy,
            "event_loop": subject.event_loop,
            "site": subject.site,
            "parser": subject.parser,
            "concurrency": subject.concurrency,
            "starts": starts,
        }


async def _broken(
    process: asyncio.subprocess.Process, patience_s: float, *, is_late: bool
) -> dict[str, Any]:
    """Return the report of a process that gives none."""
    if is_late:
        return {"error": {"type": "hangs", "text": f"no answer in {patience_s:g} s"}}
    code = await process.wait()
    return {"error": {"type": "dies", "text": f"the process ended with exit code {code}"}}


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a trial with all that it started."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()
    await process.wait()
