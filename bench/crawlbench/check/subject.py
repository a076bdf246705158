"""What is checked, and the processes in which it is tried (floor 4)."""

from __future__ import annotations

import json
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

from crawlbench.base.children import Child, ChildEnded
from crawlbench.base.errors import UsageError
from crawlbench.mirror.networks.faults import ANSWER_KINDS, DELIVERY_KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

CHILD = "crawlbench.check.trial"
START_S = 60.0
"""Seconds that a process has to import its strategy while others use the CPUs too."""


Names = dict[str, list[str]]
"""What is open or running in a process, by kind."""


class Start(TypedDict):
    """Where a crawl begins."""

    url: str
    ca_file: str | None
    deadline_s: NotRequired[float]
    """Seconds that replace the subject's deadline."""


class TrialJob(TypedDict):
    """The task of a trial's process."""

    strategy: str
    event_loop: str
    site: str
    parser: str | None
    concurrency: int
    starts: list[Start]


class CrawlFailure(TypedDict):
    """How a crawl failed."""

    type: str
    """Type of the error with its module; `hangs` or `dies` if the process could not report one."""
    text: str
    bases: NotRequired[list[str]]
    """The names of all types by which the error can be caught."""


class CrawlReport(TypedDict, total=False):
    """The result of a crawl: `digest` and `left`, or `error`."""

    digest: str
    left: Names
    error: CrawlFailure


@dataclass(frozen=True, slots=True)
class CheckSubject:
    """What is checked, and on which pages."""

    strategy: str
    event_loop: str = "asyncio"
    """Used if the strategy is `async`."""
    site: str = "douban-top250"
    parser: str | None = None
    """None for the usual one of the site's kind of pages."""
    concurrency: int = 5
    deadline_s: float = 10.0
    """Seconds after which a trial counts as hung."""
    faults: tuple[str, ...] = (*ANSWER_KINDS, *DELIVERY_KINDS)
    """The faults that the strategy must handle."""


@dataclass(slots=True)
class Trial:
    """Crawls of one subject, one after the other, in a new process only after a hang or a crash."""

    subject: CheckSubject
    starts: list[Start]
    """Where each crawl begins."""
    variables: dict[str, str]
    """Environment variables to add to the existing ones."""
    complaints: list[str] = field(default_factory=list)
    """Warnings of leaks, from Python and asyncio."""
    started: Names = field(default_factory=dict)
    """Threads, processes and connections that the import started, by kind; empty if there was no
    import."""

    async def run(self) -> list[CrawlReport]:
        """Return a report for each start; see `reports`."""
        return [report async for report in self.reports()]

    async def reports(self) -> AsyncGenerator[CrawlReport, None]:
        """Yield a report for each start, as soon as there is one.

        A crawl that hangs is ended at its deadline, and one that ends its process does not affect
        the others. A strategy that cannot be loaded has that error for every start.

        Raises:
            UsageError: the site cannot be used, or not with this parser.
        """
        done = 0
        while done < len(self.starts):
            async with aclosing(self._run_process(self.starts[done:])) as process:
                async for report in process:
                    done += 1
                    yield report

    async def _run_process(self, starts: list[Start]) -> AsyncGenerator[CrawlReport, None]:
        """Yield the reports of one process, at least one; the last may say how it ended."""
        job = json.dumps({**asdict(self.subject), "starts": starts})  # a `TrialJob`
        child = await Child.start(CHILD, job, variables=self.variables, reads=False)
        patience_s, done = START_S, 0
        try:
            while done < len(starts):
                try:
                    message = await child.hear(patience_s)
                except (ChildEnded, TimeoutError) as end:
                    yield await _broken(child, patience_s, end)
                    return
                if "refused" in message:
                    raise UsageError(message["refused"])
                if "started" in message:
                    self.started = message["started"]
                else:
                    done += 1
                    yield cast("CrawlReport", message)
                # The first message comes once the strategy is imported; then crawls are due.
                patience_s = self.subject.deadline_s
                if done < len(starts):
                    patience_s = starts[done].get("deadline_s", patience_s)
            # All crawls are reported: a process that dies or hangs now loses its complaints only.
            with suppress(ChildEnded, TimeoutError):
                self.complaints += (await child.hear(patience_s))["complaints"]
        finally:
            await child.end()


async def _broken(child: Child, patience_s: float, end: Exception) -> CrawlReport:
    """Return the report for a process that ended or hung without one."""
    if isinstance(end, TimeoutError):
        return {"error": {"type": "hangs", "text": f"no answer in {patience_s:g} s"}}
    code = await child.wait()
    return {"error": {"type": "dies", "text": f"the process ended with exit code {code}"}}
