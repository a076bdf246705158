"""Makes one run: starts all generators at once, and collects their results (floor 4)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import BenchError
from crawlbench.load.crew import make_job
from crawlbench.load.model import GeneratorLost, GeneratorPart, Load, Lost, NotReady, Target

if TYPE_CHECKING:
    from crawlbench.load.bench import MirrorWatch
    from crawlbench.load.crew import Crew, Hand

RESULT_TIMEOUT_S = 20.0
"""Seconds beyond span and drain that a generator has to encode what it counted, and to send it."""
COUNTDOWN_S = 0.2
"""Seconds between telling generators when to start and that moment: more than the word takes."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What runs share: the target, and the generators."""

    target: Target
    crew: Crew
    watch: MirrorWatch | None = None
    """Looks at the server meanwhile; None for one that is not ours, which cannot be looked into."""
    cpus: tuple[int, ...] = ()
    """CPUs of local generators; empty for any."""


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one load."""

    load: Load
    parts: tuple[GeneratorPart, ...]
    """Parts of the generators that reported, by number, each once."""
    lost: tuple[Lost, ...]
    server_cpu_share: float | None
    """CPU time of the server's process in the span, as a share of the span; None: not known."""
    server_requests: int | None
    """Requests that the server saw from all generators, including lost ones; None if not known."""


async def fire(bench: Bench, load: Load) -> Run:
    """Make one run, in which all generators start together once all are ready, and return it.

    A generator that dies during the run is reported as lost, and what it did is not known.

    Raises:
        NotReady: a generator was lost before the start, or the server failed single requests.
        BenchError: the server cannot be reached, or not all were ready in time.
    """
    jobs = [make_job(bench.target, load, n, bench.cpus) for n in range(load.generators)]
    watch = bench.watch
    async with bench.crew(jobs) as hands:
        await _await_ready(hands, bench.target, load.ready_s)
        if watch:
            # Only now, so that the requests by which generators learn how a server answers without
            # load are not counted.
            await watch.begin()
        start = time.monotonic() + COUNTDOWN_S
        # All at once: a generator would begin late if the word waited for those to others.
        results = [asyncio.ensure_future(_await_result(hand, load, start)) for hand in hands]
        try:
            cpu_share = await _watch_cpu(watch, load, start) if watch else None
            found = await asyncio.gather(*results)
        finally:
            for task in results:
                task.cancel()
        requests = await watch.end() if watch else None
    parts = tuple(one for one in found if isinstance(one, GeneratorPart))
    lost = tuple(
        Lost(number, hand.place, one, load.rate_per_s and load.rate_per_s / load.generators)
        for number, (hand, one) in enumerate(zip(hands, found, strict=True))
        if isinstance(one, str)
    )
    return Run(load, parts, lost, cpu_share, requests)


async def _await_ready(hands: list[Hand], target: Target, patience_s: float) -> None:
    kind = BenchError
    waiting = [asyncio.ensure_future(hand.ready()) for hand in hands]
    try:
        async with asyncio.timeout(patience_s):
            await asyncio.gather(*waiting)
    except (GeneratorLost, NotReady) as error:
        kind, reason = NotReady, str(error)
    except BenchError as error:
        reason = str(error)
    except TimeoutError:
        reason = f"not all were ready within {patience_s:g} s"
    else:
        return
    finally:
        for task in waiting:  # ending a generator reads its pipe, so nobody else may read it
            task.cancel()
    raise kind(f"the load on {target.origin} did not begin: {reason}")


async def _await_result(hand: Hand, load: Load, start: float) -> GeneratorPart | str:
    """Tell a generator when to start, and return what it counted, or why it did not report."""
    patience_s = COUNTDOWN_S + load.span_s + load.drain_s + RESULT_TIMEOUT_S
    try:
        async with asyncio.timeout(patience_s):
            await hand.go(start)
            result = await hand.result()
    except GeneratorLost as error:
        return str(error)
    except TimeoutError:
        return f"reported nothing within {patience_s:g} s"
    try:
        return GeneratorPart(**result)
    except TypeError:
        return "its report has other fields than ours: it runs another crawlbench"


async def _watch_cpu(watch: MirrorWatch, load: Load, start: float) -> float | None:
    """Return the server's share of a CPU during the span; None if it is not known."""
    await asyncio.sleep(max(0.0, start - time.monotonic()))
    before = watch.cpu_s()
    await asyncio.sleep(load.span_s)
    after = watch.cpu_s()
    return (after - before) / load.span_s if before is not None and after is not None else None
