"""What a run's parts add up to, and whether the rate was kept (floor 4; pure).

Reasons are measured: each names the figure on which it rests. Where no figure stands out, no reason
is given.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.load.latency import PERCENTILES, Percentiles, merge, quantile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.load.fire import Run

SHORTFALL = 0.01
"""Largest share of requests that may fail, and that may be left over in the second half, if a rate
counts as kept."""
NOISE = 3.0
"""Standard deviations of the number in flight, a Poisson variable in a steady state."""
MAX_SLACK = 0.5
"""Share of the second half's requests beyond which nothing is taken for noise."""
CPU_FULL = 0.9
"""CPU share from which a process has no more to give."""
LATE_S, CPU_WAIT = 0.005, 0.1
"""A sender counts as late from this lag on (99th percentile), and as kept waiting for a CPU from
this share of the span on."""
BUSY = 0.5
"""Share of the span without a free connection from which there are too few."""
SLOWED = 2.0
"""Multiple of an unloaded answer; a server that takes longer is slow."""
UNANSWERED = ("timeout", "no answer by the end")
"""Failures for which a connection waited, for about as long as a request may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All generators together. Counts are of requests, times in seconds, rates per second."""

    due: int
    sent: int
    answered: int
    failed: dict[str, int]
    """Failures by kind."""
    refused: int
    """New connections that failed."""
    received_bytes: int
    achieved_per_s: float
    """Good answers within the span."""
    latency_s: Percentiles
    """Latencies of everything that was due, and `max`; a failed request is slower than any
    answer."""
    service_s: Percentiles
    """Counted from the real start, for answered requests: the server's own part."""
    sender_lag_s: Percentiles
    """How late the generators saw that a request was due; empty if closed."""
    unloaded_s: float
    """Median time of an answer when one connection asked alone, before the run."""
    histogram: str
    """Histogram of latencies in microseconds, in HdrHistogram's V2 text form."""
    kept: bool | None
    """Whether the rate was kept; None if closed."""
    reasons: tuple[str, ...]
    """Why it was not kept."""
    generator_limit: str
    """That a generator had no more to give, whether the rate was kept or not; else empty."""
    mirror_limit: str
    """The same of the mirror."""
    missing: int | None
    """Requests that the server saw and no generator reported; None if not known."""


def sum_up(run: Run) -> Outcome:
    """Return what the parts of a run add up to."""
    parts = run.parts
    failed = sum((Counter(part.failed) for part in parts), Counter())
    latency = merge(part.latency for part in parts)
    service = merge(part.service for part in parts)
    lag = merge(part.lag for part in parts)
    sent = sum(part.sent for part in parts)
    lags = _tell(lag, 0) if run.load.is_open else {}
    services = _tell(service, 0)
    unloaded_s = min((part.unloaded_s for part in parts), default=0.0)
    kept = _is_kept(run, services["p50"], unloaded_s) if run.load.is_open else None
    limits = _limit_of_generators(run, lags), _limit_of_mirror(run)
    return Outcome(
        due=sum(part.due for part in parts),
        sent=sent,
        answered=sum(part.answered for part in parts),
        failed=dict(sorted(failed.items())),
        refused=sum(part.refused for part in parts),
        received_bytes=sum(part.received_bytes for part in parts),
        achieved_per_s=sum(part.answered_in_span for part in parts) / run.load.span_s,
        latency_s=_tell(latency, failed.total()),
        service_s=services,
        sender_lag_s=lags,
        unloaded_s=unloaded_s,
        histogram=latency.encode().decode("ascii"),
        kept=kept,
        reasons=tuple(_reasons(run, limits, services, unloaded_s)) if kept is False else (),
        generator_limit=limits[0],
        mirror_limit=limits[1],
        missing=run.server_requests - sent if run.server_requests is not None else None,
    )


def _tell(histogram: object, failed: int) -> Percentiles:
    told = {name: quantile(histogram, part, failed) for name, part in PERCENTILES.items()}
    return {**told, "max": quantile(histogram, 1.0, failed)}


def _is_kept(run: Run, service_s: float | None, unloaded_s: float) -> bool:
    """Return whether as many good answers came as were due in the second half of the span.

    In a steady state, what is overdue at the beginning of that half and at its end cancels, so slow
    answers are no shortfall, but a backlog is. A request is overdue once it takes longer than
    unloaded: a server that always takes as long as the span never has a steady number of requests
    in flight. What is in flight is the rate times the time of an answer (Little). The time under
    load counts at most twice the unloaded one; otherwise a server that falls behind would widen the
    noise that excuses it. A failed request was never merely in flight, so noise does not excuse it.
    """
    if run.lost or service_s is None:  # None: nothing was answered
        return False
    due = sum(part.due for part in run.parts)
    if sum(sum(part.failed.values()) for part in run.parts) > SHORTFALL * due:
        return False
    due_first = sum(part.due_first for part in run.parts)
    due_second = due - due_first
    done_second = sum(part.done_second for part in run.parts)
    in_flight = (run.load.rate_per_s or 0.0) * min(service_s, SLOWED * unloaded_s)
    slack = SHORTFALL * due_second + NOISE * math.sqrt(in_flight + 1)
    return due_second - done_second <= min(slack, MAX_SLACK * due_second)


def _limit_of_generators(run: Run, lag_s: Percentiles) -> str:
    """Return a sentence if a generator used its CPU or waited for one; else an empty text."""
    cpu, wait = (
        max((getattr(part, name) for part in run.parts), default=0.0)
        for name in ("cpu_share", "cpu_wait_share")
    )
    if cpu >= CPU_FULL:
        return f"a generator used {cpu:.0%} of a CPU: more generators, and CPUs, are needed"
    late_s = lag_s.get("p99") or 0.0
    # Waiting does no harm by itself: latencies grow only if the sender is late.
    if late_s >= LATE_S and wait >= CPU_WAIT:
        return (
            f"a generator waited for a CPU {wait:.0%} of the time, and its sender was late by "
            f"{late_s * 1000:.1f} ms (p99)"
        )
    return ""


def _limit_of_mirror(run: Run) -> str:
    """Return a sentence if the mirror used its CPU; else an empty text."""
    if (run.server_cpu_share or 0.0) >= CPU_FULL:
        return f"the mirror used {run.server_cpu_share:.0%} of a CPU"
    return ""


def _reasons(
    run: Run, limits: Iterable[str], service_s: Percentiles, unloaded_s: float
) -> list[str]:
    """Return sentences, from what was measured, that explain why a rate was not kept."""
    found = [f"generator {lost.number} was lost: {lost.reason}" for lost in run.lost]
    if not run.parts:
        return found
    found += filter(None, limits)
    if not any(part.due for part in run.parts):
        found.append("no request was due: at this rate, the run is too short")
    if failed := sum(sum(part.failed.values()) for part in run.parts):
        found.append(f"{failed} of {sum(part.due for part in run.parts)} requests failed")
    found += _of_connections(run, service_s["p50"], unloaded_s)
    return found or ["nothing that was measured stands out"]


def _of_connections(run: Run, service_s: float | None, unloaded_s: float) -> list[str]:
    busy = max(part.busy_share for part in run.parts)
    found = []
    if refused := sum(part.refused for part in run.parts):
        found.append(f"{refused} new connections were refused")
    if busy >= BUSY and service_s is not None:
        count = run.load.connections
        them = "the one connection was" if count == 1 else f"all {count} connections were"
        took = f"{them} busy {busy:.0%} of the time"
        if service_s >= SLOWED * unloaded_s:
            found.append(
                f"{took}, as the server was slow: {service_s * 1000:.1f} ms for an answer (p50), "
                f"{unloaded_s * 1000:.1f} ms when asked by one connection alone"
            )
        elif waits := _count_waits(run, busy):
            found.append(f"{took}, as the server left {waits} requests without an answer")
        else:
            found.append(
                f"{took}, and an answer takes {service_s * 1000:.1f} ms (p50), as when unloaded: "
                "more connections are needed"
            )
    elif busy >= BUSY:
        found.append(f"all connections were busy {busy:.0%} of the time, and nothing was answered")
    return found


def _count_waits(run: Run, busy: float) -> int:
    """Return how many requests were not answered; 0 if that is not what kept connections busy."""
    load = run.load
    waits = sum(part.failed.get(kind, 0) for part in run.parts for kind in UNANSWERED)
    is_cause = waits * load.timeout_s >= BUSY * busy * load.connections * load.span_s
    return waits if is_cause else 0
