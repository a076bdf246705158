"""Takes values of a strategy as a session does, and checks which promises they keep (floor 4)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crawlbench.base.errors import CellError
from crawlbench.base.records import Cell
from crawlbench.check.findings import Ruling
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.invariants import Due, Promise, find_breaches
from crawlbench.measure.lab import loop_module
from crawlbench.measure.sitefacts import find_parser
from crawlbench.measure.turnstile import open_turnstile
from crawlbench.measure.unrest import VALUE_SHARE, Patience
from crawlbench.measure.verify import explain_wrong, find_fault, is_wrong_answer
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins.about import describe_http

if TYPE_CHECKING:
    from crawlbench.check.subject import CheckSubject
    from crawlbench.measure.contract import Worker
    from crawlbench.measure.job import Place
    from crawlbench.measure.verify import Expectation
    from crawlbench.mirror.process import MirrorProcess

VALUES = 4
"""Values of one crawl each. The first is a warmup, which may fill caches."""
EXCUSED = 2
"""In how many of the three rests between them a strategy may seem to work. With one, an honest one
failed on a busy machine (1.15 ms of CPU); one that really works does so in each rest."""
REST_S = 0.1
"""Seconds between two values, in which other workers would have their turns."""
REST_SHARE = 5 * VALUE_SHARE
"""The same as a share of the last value, if that is more: whoever works all the time uses more CPU
time meanwhile than a session excuses."""
NETWORK = "loopback"
IN_TURNS = "takes turns with others, as in a session"
PROMISES = (IN_TURNS, *Promise)
"""What `judge_turns` finds out about."""


async def judge_turns(
    subject: CheckSubject, expectation: Expectation, *, is_async: bool, network: str = NETWORK
) -> list[Ruling]:
    """Return for each promise whether all values kept it, and if not, how it was broken.

    Args:
        subject: what is checked.
        expectation: what a right crawl of the site returns.
        is_async: whether the strategy needs an event loop.
        network: the network that the mirror plays, except for the first value.

    Raises:
        MirrorError: the mirror died or did not start.
    """
    event_loop = subject.event_loop if is_async else None
    parser = subject.parser
    if parser is None:
        parser = await asyncio.to_thread(find_parser, subject.site)
    course = (parser, subject.concurrency)
    cell = Cell(subject.site, network, subject.strategy, event_loop, *course)
    turns, end = _Turns(cell, expectation), ""
    try:
        await turns.take(subject.deadline_s)
    except CellError as error:
        end = str(error)
    fault = turns.fault or end
    findings = [Ruling(IN_TURNS, not fault, fault)]
    for promise in Promise:
        if promise in turns.broken:
            findings.append(Ruling(promise, False, turns.broken[promise]))
        else:
            holds, reason = (None, "its turns ended early") if end else (True, "")
            findings.append(Ruling(promise, holds, reason))
    return findings


class _Turns:
    """Some values of one cell, and the promises that they broke."""

    def __init__(self, cell: Cell, expectation: Expectation) -> None:
        self._cell = cell
        self._expectation = expectation
        self._declared = describe_http(cell.strategy)
        self._patience = Patience(EXCUSED)
        self.broken: dict[Promise, str] = {}
        """How each promise was first broken."""
        self.fault = ""
        """What was wrong with the first wrong value; empty if all were right."""

    async def take(self, timeout_s: float) -> None:
        """Take all values, in one worker.

        Raises:
            CellError: the strategy crashed, hung or raised an error.
        """
        cell = self._cell
        network = find_network(cell.network)
        async with (
            open_mirror(cell.site, cell.network, network, seed=1) as mirror,
            open_turnstile() as turnstile,
        ):
            place: Place = {"origin": mirror.address, "ca_file": mirror.ca_file}
            executor = ProcessExecutor(turnstile, {cell.place: place}, (), timeout_s)
            worker = await executor.start(cell, 1, 1, VALUES - 1)
            try:
                for number in range(VALUES):
                    is_warmup = not number
                    await mirror.begin("check", plays_network=not is_warmup, alters=is_warmup)
                    seconds = await self._take_one(worker, mirror)
                    await asyncio.sleep(max(REST_S, REST_SHARE * seconds))
            finally:
                await worker.kill()

    async def _take_one(self, worker: Worker, mirror: MirrorProcess) -> float:
        """Take a value, note which promises it broke, and return how long it took."""
        try:
            value = await worker.take()
        finally:
            counters = await mirror.end()
        value = self._patience.excuse(self._cell.name, value)
        due = Due.of(self._cell, self._expectation, 1, self._declared)
        breaches: dict[Promise, str] = {}
        for promise, reason in find_breaches(value, counters, due):
            breaches.setdefault(promise, reason)
        fault = find_fault(value, counters, self._expectation, 1, loop_module(self._cell))
        if is_wrong_answer(value, self._expectation, counters):
            _, kept = explain_wrong(await worker.show(), self._expectation, counters)
            # What an earlier crawl found breaks a promise; any other wrong items are a fault of the
            # value.
            if not kept:
                fault = "it returned other items than the site has"
            elif not breaches:  # with a breach, that explains how it kept them
                breaches[Promise.ANEW] = kept
        self.broken = breaches | self.broken
        self.fault = self.fault or fault or ""
        return value.seconds
