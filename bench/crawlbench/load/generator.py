"""One generator: its connections, its schedule, its clock (floor 4).

With open arrival a latency counts from the time when a request was due, not from when there was a
connection for it. Otherwise a server that stalls would hide how long its users wait, since a client
that waits asks for nothing (wrk2 calls this coordinated omission).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from crawlbench.base.alarm import make_alarm
from crawlbench.base.usage import read_cpu_wait_s
from crawlbench.load.client import make_request
from crawlbench.load.latency import count_seconds, encode_counts
from crawlbench.load.model import (
    PROBE_FAILURES,
    PROBES,
    GeneratorPart,
    Load,
    NotReady,
    Target,
    due_times,
    share,
)
from crawlbench.load.pool import Pool
from crawlbench.load.tally import RunCounts

if TYPE_CHECKING:
    from crawlbench.load.client import LoadConnection

MAX_AT_ONCE = 64
"""Requests to send before looking at answers again, when the sender is late."""
SWEEP_S = 0.05
"""Seconds between looks for overdue requests."""

now = time.monotonic


class Generator:
    """Makes one generator's share of a load; can be used once."""

    def __init__(self, target: Target, load: Load, number: int) -> None:
        """Be the generator with this number, from 0; nothing is opened yet.

        Raises:
            UsageError: the authority to trust cannot be read.
        """
        self._load = load
        self._number = number
        self._request = make_request(target)
        self._pool = Pool(self, target, share(load.connections, number, load.generators))
        self._tally = RunCounts(0.0, load.span_s)
        self._backlog: deque[float] = deque()
        self._schedule = due_times(load, number) if load.is_open else iter(())
        self._next_due: float | None = None
        self._probe: asyncio.Future[float] | None = None

    async def prepare(self) -> float:
        """Open the connections, and return the median time of an unloaded answer in seconds.

        Raises:
            OSError: the server cannot be reached.
            NotReady: it hangs up, or does not answer in time, several times.
        """
        await self._pool.open(self._load.timeout_s)
        answers: list[float] = []
        failures = 0
        while len(answers) < PROBES:
            try:
                answers.append(await self._probe_once())
            except OSError as error:
                failures += 1
                if failures == PROBE_FAILURES:
                    raise NotReady(
                        f"{failures} of {len(answers) + failures} single requests failed, the last "
                        f"because {str(error) or 'no answer came in time'}"
                    ) from error
        self._unloaded_s = median(answers)
        return self._unloaded_s

    async def _probe_once(self) -> float:
        """Return how long one request took.

        Raises:
            OSError: it failed.
        """
        loop, connection = asyncio.get_running_loop(), None
        self._probe = loop.create_future()
        try:
            async with asyncio.timeout(self._load.timeout_s):  # TimeoutError is an OSError
                while (connection := self._pool.take()) is None:
                    await asyncio.sleep(0.001)  # one that closes after each answer is replaced
                connection.ask(self._request, now())
                return await self._probe
        except TimeoutError:
            if connection:
                connection.fail("timeout")  # its late answer would be taken for the next one's
            raise

    async def fire(self, start: float) -> GeneratorPart:
        """Make requests from a time of `time.monotonic` on, and return what was counted."""
        await asyncio.sleep(max(0.0, start - now()))
        self._probe = None
        self._tally = RunCounts(start, self._load.span_s, self._unloaded_s)
        self._pool.forget_busy()
        late_s, began, refused = now() - start, datetime.now(UTC), self._pool.refused
        cpu_s, wait_s, before = time.process_time(), read_cpu_wait_s(), self._pool.received_bytes
        sweeper = asyncio.ensure_future(self._sweep())
        alarm = make_alarm(asyncio.get_running_loop(), self._send_due)
        self._alarm = alarm
        self._begin()
        # Shares are of the span: waiting for late answers needs no CPU, and would lower them.
        await asyncio.sleep(max(0.0, self._tally.end - now()))
        span_s = now() - start
        cpu_share = (time.process_time() - cpu_s) / span_s
        cpu_wait_share = (read_cpu_wait_s() - wait_s) / span_s
        busy_share = min(1.0, self._pool.busy_s() / span_s)
        await self._drain()
        # Both end here: while the pool closes, they could count again what is given up below.
        alarm.close()
        sweeper.cancel()
        self._give_up()
        self._tally.refused = self._pool.refused - refused
        received = self._pool.received_bytes - before
        await self._pool.close()
        return self._tell(
            received_bytes=received,
            cpu_share=cpu_share,
            cpu_wait_share=cpu_wait_share,
            busy_share=busy_share,
            late_s=late_s,
            began_utc=began.isoformat(timespec="milliseconds"),
        )

    def _begin(self) -> None:
        """Let every connection ask (closed), or send what is due and set the alarm (open)."""
        if self._load.is_open:
            self._next_due = next(self._schedule, None)
            self._send_due()
            return
        for connection in list(iter(self._pool.take, None)):
            self._ask_again(connection)  # gives it back if the span is over

    def _send_due(self) -> None:
        """Send the requests that are due, then set the alarm for the next one."""
        tally, start = self._tally, self._tally.start
        for _ in range(MAX_AT_ONCE):
            if self._next_due is None:
                return
            at, due = now(), start + self._next_due
            if due > at:
                self._alarm.set(due)
                return
            tally.count_due(due)
            count_seconds(tally.lag, at - due)
            self._next_due = next(self._schedule, None)
            # What waits already goes first, though a connection may just have become free.
            connection = None if self._backlog else self._pool.take()
            if connection is None:
                self._backlog.append(due)
            else:
                tally.sent += 1
                connection.ask(self._request, due)
        self._alarm.set(now())  # after the answers that came meanwhile are handled

    def _ask_again(self, connection: LoadConnection) -> None:
        """Ask again at once (closed), if the span is not over."""
        at = now()
        if at < self._tally.end:
            self._tally.count_due(at)
            self._tally.sent += 1
            connection.ask(self._request, at)
        else:
            self._pool.give(connection)

    def on_answer(self, connection: LoadConnection, status: int, sent: float) -> None:
        """Count the answer to a request sent at that time; the connection is free unless closed."""
        at = now()
        if self._probe is not None:
            if not self._probe.done():
                self._probe.set_result(at - sent)
        elif status < 400:
            self._tally.count_answer(connection.intended, sent, at)
        else:
            self._tally.count_failure(f"status {status}")
        if connection.is_open:
            self.on_free(connection)

    def on_free(self, connection: LoadConnection) -> None:
        """Give a free connection, which may be new, its next request, if there is one."""
        # Before the start a connection that is free only waits.
        if self._probe is not None or not self._tally.start:
            self._pool.give(connection)
        elif not self._load.is_open:
            self._ask_again(connection)
        elif self._backlog:
            self._tally.sent += 1
            connection.ask(self._request, self._backlog.popleft())
        else:
            self._pool.give(connection)

    def on_failure(self, kind: str) -> None:
        """Count a failed request, whose connection is closing."""
        if self._probe is None:
            self._tally.count_failure(kind)
        elif not self._probe.done():
            self._probe.set_exception(
                ConnectionError(f"the server did not answer properly: {kind}")
            )

    def on_lost(self, connection: LoadConnection) -> None:
        """Have the connection replaced; called once, after the other methods."""
        self._pool.replace(connection)

    async def _sweep(self) -> None:
        """Give up overdue requests."""
        while True:
            await asyncio.sleep(SWEEP_S)
            for connection in self._pool.overdue(now() - self._load.timeout_s):
                connection.fail("timeout")

    async def _drain(self) -> None:
        """Wait until everything is answered, but no longer than `drain_s`."""
        limit = now() + self._load.drain_s
        # The sender may be late: what is due and not yet sent is waited for as well.
        while (self._next_due is not None or self._tally.outstanding) and now() < limit:
            await asyncio.sleep(0.002)

    def _give_up(self) -> None:
        """Count what is left as failed, so that nothing that was due is forgotten."""
        tally = self._tally
        for connection in self._pool.in_flight():
            connection.fail("no answer by the end")
        # It was due all the same, though the sender never came to it.
        while self._next_due is not None:
            tally.count_due(tally.start + self._next_due)
            self._backlog.append(self._next_due)
            self._next_due = next(self._schedule, None)
        for _ in range(len(self._backlog)):
            tally.count_failure("never sent")
        self._backlog.clear()

    def _tell(self, **facts: float | str) -> GeneratorPart:
        tally = self._tally
        return GeneratorPart(
            number=self._number,
            due=tally.due,
            due_first=tally.due_first,
            sent=tally.sent,
            answered=tally.answered,
            answered_in_span=tally.answered_in_span,
            done_first=tally.done_first,
            done_second=tally.done_second,
            failed=dict(sorted(tally.failed.items())),
            refused=tally.refused,
            latency=encode_counts(tally.latency),
            service=encode_counts(tally.service),
            lag=encode_counts(tally.lag) if self._load.is_open else "",
            unloaded_s=self._unloaded_s,
            **facts,  # type: ignore[arg-type]
        )
