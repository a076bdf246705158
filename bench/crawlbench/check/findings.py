"""What a check concludes from the reports of its trials (floor 4; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.text import count_of

if TYPE_CHECKING:
    from crawlbench.base.counters import Counters
    from crawlbench.check.subject import Failure, Names, Report
    from crawlbench.measure.verify import Expectation

__all__ = [
    "Finding",
    "Outcome",
    "judge_crawls",
    "judge_declared",
    "judge_fault",
    "judge_flight",
    "judge_import",
    "judge_leaks",
    "judge_wire",
    "leave_open",
    "tell",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise of the contract, and whether it holds."""

    promise: str
    """What a strategy must do, in a few words."""
    holds: bool | None
    """None if it could not be tried; `reason` says why."""
    reason: str = ""
    """What was seen instead; empty if the promise holds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial: what the process reported and what the mirror counted."""

    digests: list[str]
    """Digest of each crawl that came to an end."""
    left: list[Names]
    """What was still open after each crawl, by kind."""
    error: Failure | None
    """What the strategy raised: type and first line; None if it raised nothing."""
    complaints: list[str]
    """Warnings of leaks, from Python and asyncio."""
    crawls: int
    """How many crawls were asked for."""
    started: Names
    """What has appeared since the strategy was imported, by kind."""
    counters: Counters


def judge_crawls(promise: str, outcome: Outcome, expectation: Expectation) -> Finding:
    """Say whether all crawls of a trial returned the right items and asked for each page once."""
    if outcome.error:
        return Finding(promise, False, f"it raised {tell(outcome.error)}")
    wrong = [n for n, digest in enumerate(outcome.digests, 1) if digest != expectation.digest]
    if wrong:
        return Finding(promise, False, f"crawl {wrong[0]} returned other items than the site has")
    due = expectation.pages * outcome.crawls
    if outcome.counters.requests != due:
        reason = f"it made {count_of(outcome.counters.requests, 'request')} instead of {due}"
        return Finding(promise, False, reason)
    return Finding(promise, True)


def judge_leaks(outcome: Outcome) -> list[Finding]:
    """Say what several crawls in one process left behind."""
    findings = [
        _judge_kind(outcome, kind, promise, since)
        for kind, promise, since in (
            ("sockets", "closes its connections", None),
            ("tasks", "ends its tasks", None),
            ("processes", "ends its processes", None),
            ("threads", "ends its threads", 0),
            ("files", "closes its files", 0),
        )
    ]
    complaints = list(dict.fromkeys(outcome.complaints))
    findings.append(
        Finding("causes no warnings of leaks", not complaints, "; ".join(complaints[:2]))
    )
    return findings


def _judge_kind(outcome: Outcome, kind: str, promise: str, since: int | None) -> Finding:
    """Compare what the last crawl left with nothing, or with what an earlier one left.

    A library may keep threads and files for the life of the process: only if there are more of them
    after each crawl is that a leak.
    """
    if not outcome.left:
        return Finding(promise, None, "no crawl came to an end")
    last = outcome.left[-1][kind]
    before = len(outcome.left[since][kind]) if since is not None else 0
    extra = len(last) - before
    if extra <= 0:
        return Finding(promise, True)
    names = ", ".join(dict.fromkeys(map(str, last[-3:])))
    crawls = len(outcome.left) - (0 if since is None else since + 1)
    return Finding(promise, False, f"{extra} {kind} are left after {crawls} crawls: {names}")


def tell(error: Failure) -> str:
    """Return an error in one line."""
    return f"{error['type']}: {error['text']}" if error["text"] else error["type"]


def judge_flight(outcome: Outcome, concurrency: int) -> Finding:
    """Say whether the requests in flight never exceeded what was allowed."""
    most = outcome.counters.most_in_flight
    promise = "keeps to its concurrency"
    if most > concurrency:
        return Finding(promise, False, f"{most} requests were in flight instead of {concurrency}")
    return Finding(promise, True)


def judge_wire(outcome: Outcome, plain_bytes: int) -> Finding:
    """Say whether bodies came compressed, since all contestants ask for that.

    Args:
        outcome: of some crawls.
        plain_bytes: size of the first page, before any coding.
    """
    promise = "asks for gzip, and reads whole bodies"
    done = len(outcome.digests)
    if not done:
        return Finding(promise, None, "no crawl came to an end")
    mean_bytes = outcome.counters.wire_bytes / max(1, outcome.counters.requests)
    if mean_bytes > plain_bytes / 2:
        reason = f"{mean_bytes:,.0f} bytes came for a page: it was not compressed"
        return Finding(promise, False, reason)
    return Finding(promise, True)


def judge_declared(outcome: Outcome, http: str, codings: str) -> Finding:
    """Say whether a strategy speaks as declared, over TLS, where everything is offered.

    Only HTTP/3 is not offered, so nobody can speak it.

    Args:
        outcome: of a crawl over TLS.
        http: versions that are declared; empty if none are.
        codings: that are declared besides gzip.
    """
    promise, counters = "speaks as its docstring declares", outcome.counters
    if not outcome.digests:
        return Finding(promise, None, "no crawl over TLS came to an end")
    is_declared = "2" in _words(http)
    spoken = count_of(counters.http2_requests, "request")
    if is_declared and not counters.http2_requests:
        reason = f"`HTTP: {http}.` has HTTP/2, which was offered and never spoken"
        return Finding(promise, False, reason)
    if http and counters.http2_requests and not is_declared:
        return Finding(promise, False, f"it spoke HTTP/2 in {spoken}; `HTTP: {http}.` has it not")
    asked, declared = counters.codings.keys() - {"gzip"}, _words(codings)
    if idle := declared - asked:
        reason = f"`Coding: {codings}.` has {', '.join(sorted(idle))}, which it never asked for"
        return Finding(promise, False, reason)
    if more := asked - declared:
        reason = f"it asked for {', '.join(sorted(more))}, which its docstring does not declare"
        return Finding(promise, False, reason)
    return Finding(promise, True)


def _words(declared: str) -> set[str]:
    return set(declared.replace(",", " ").split())


OWN_ERRORS = (
    "TypeError",
    "NameError",
    "AttributeError",
    "ImportError",
    "SyntaxError",
    "NotImplementedError",
    "RecursionError",
    "SystemExit",
)
"""Errors that no server causes: the strategy, or what it calls, is itself at fault."""


def judge_import(started: Names) -> Finding:
    """Say whether a strategy, or what it imports, was at work before it was called.

    Args:
        started: names of what has appeared since the import, by kind.
    """
    found = [f"{kind}: {', '.join(map(str, names))}" for kind, names in started.items() if names]
    return Finding("starts nothing when it is imported", not found, "; ".join(found))


def leave_open(kind: str) -> Finding:
    """Return the finding on a fault if the strategy does not even crawl good pages."""
    return Finding(_meets(kind), None, "not tried: it does not crawl good pages either")


def _meets(kind: str) -> str:
    return f"meets the fault {kind}"


def judge_fault(kind: str, report: Report, digest: str) -> Finding:
    """Say how a strategy met a fault: an error or the right items is good, anything else is not.

    Args:
        kind: of the fault.
        report: the `digest` of what it returned, or the `error` that it raised.
        digest: of the right items.
    """
    promise, error = _meets(kind), report.get("error")
    if error is None:
        if report["digest"] == digest:
            return Finding(promise, True, "right all the same")
        if kind == "wrong-charset":  # a strategy passes bytes on; only the digest can show it
            return Finding(promise, None, "wrong letters came out; a session's digest refuses them")
        return Finding(promise, False, "it returned wrong items as if nothing had happened")
    if error["type"] == "hangs":
        return Finding(promise, None, "it waits for ever; a session's deadline ends it")
    return _judge_error(promise, error)


def _judge_error(promise: str, error: Failure) -> Finding:
    if error["type"] == "dies":
        return Finding(promise, False, error["text"])
    if not set(OWN_ERRORS).isdisjoint(error["bases"]):
        return Finding(promise, False, f"it failed by itself: {tell(error)}")
    return Finding(promise, True, tell(error))
