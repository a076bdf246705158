"""Surveys a user's own site in a process that is thrown away (floor 4)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from crawlbench.archive.findings import Findings
from crawlbench.base.children import ChildEnded, PlainChild, raise_told
from crawlbench.base.errors import CellError
from crawlbench.measure.culprit import hear_answer
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.sites.expected import ExpectedFile

if TYPE_CHECKING:
    from crawlbench.base.children import Message

CHILD = "crawlbench.archive.surveyside"
NETWORK = "loopback"


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A site, and the findings of a crawl of it."""

    title: str
    """The site's name, as it is shown."""
    path: str
    """The address of the first page, without its origin."""
    findings: Findings


async def survey_site(name: str) -> Surveyed:
    """Crawl a user's own site from a mirror, one page after the other.

    Args:
        name: the path of the site file.

    Raises:
        UsageError: the site cannot be used, or a page is not read in time.
        CellError: the crawl failed.
        MirrorError: the mirror does not start.
    """
    surveyor = _Surveyor(name)
    try:
        about = await surveyor.ask({"site": name})
        async with open_mirror(name, NETWORK, find_network(NETWORK), seed=1) as mirror:
            await mirror.begin("verify")
            await surveyor.ask({"origin": mirror.address, "ca_file": mirror.ca_file})
            counters = await mirror.end()
        told = await surveyor.ask({"requests": counters.requests})
    finally:
        # If we are cancelled, a thread still waits for an answer: this ends its wait.
        surveyor.end()
    return Surveyed(about["title"], about["path"], _findings(told["findings"]))


def _findings(told: Message) -> Findings:
    return Findings(msgspec.convert(told["expected"], ExpectedFile), told["faults"], told["notes"])


class _Surveyor:
    """The process."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._child = PlainChild(CHILD)

    async def ask(self, question: dict[str, object]) -> Message:
        """Return the process's answer, skipping the pages that it names before."""
        return await asyncio.to_thread(self._ask, question)

    def _ask(self, question: dict[str, object]) -> Message:
        self._child.say(question)
        try:
            told = hear_answer(self._child, self._site, "gave no answer")
        except ChildEnded as end:
            raise CellError(f"the crawl ended its process: {end}") from end
        raise_told(told, CellError)
        return told

    def end(self) -> None:
        self._child.end()
