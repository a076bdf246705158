"""What is checked, and the processes in which it is tried (floor 4)."""

from __future__ import annotations

import json
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawlbench.base.children import Child, ChildEnded
from crawlbench.mirror.networks.faults import ANSWER_KINDS, DELIVERY_KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["Subject", "Trial"]

CHILD = "crawlbench.check.trial"
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
        job = json.dumps(self._job(starts))
        child = await Child.start(CHILD, job, variables=self.variables, reads=False)
        patience_s, done = START_S, 0
        try:
            while done < len(starts):
                try:
                    report = await child.hear(patience_s)
                except (ChildEnded, TimeoutError) as end:
                    yield await _broken(child, patience_s, end)
                    return
                if "started" in report:
                    self.started = report["started"]
                else:
                    done += 1
                    yield report
                ahead = starts[done] if done < len(starts) else {}
                patience_s = ahead.get("deadline_s", self.subject.deadline_s)
            with suppress(ChildEnded, TimeoutError):
                self.complaints += (await child.hear(patience_s))["complaints"]
        finally:
            await child.end()

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


async def _broken(child: Child, patience_s: float, end: Exception) -> dict[str, Any]:
    """Return the report of a process that gives none."""
    if isinstance(end, TimeoutError):
        return {"error": {"type": "hangs", "text": f"no answer in {patience_s:g} s"}}
    code = await child.wait()
    return {"error": {"type": "dies", "text": f"the process ended with exit code {code}"}}
