"""What a check concludes from the reports of its trials (floor 4; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.text import count_of

if TYPE_CHECKING:
    from crawlbench.base.counters import Counters
    from crawlbench.check.subject import CrawlFailure, CrawlReport, Names
    from crawlbench.measure.verify import Expectation


NO_END = "no crawl came to an end"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One promise of the contract, and whether it holds."""

    promise: str
    """What a strategy must do, in a few words."""
    holds: bool | None
    """None if it could not be tried; `reason` says why."""
    reason: str = ""
    """What happened instead; empty if the promise holds."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """One trial: what the process reported and what the mirror counted."""

    digests: list[str]
    """The digest of each crawl that finished."""
    left: list[Names]
    """What was still open after each crawl, by kind."""
    error: CrawlFailure | None
    """The error that the strategy raised; None if it raised none."""
    complaints: list[str]
    """Warnings of leaks, from Python and asyncio."""
    crawls: int
    """How many crawls were requested."""
    started: Names
    """Threads, processes and connections that the import started, by kind; empty if there was no
    import."""
    counters: Counters


def judge_crawls(promise: str, outcome: TrialResult, expectation: Expectation) -> Ruling:
    """Return whether all crawls returned the right items and asked for each page once."""
    if outcome.error:
        return Ruling(promise, False, f"it raised {tell(outcome.error)}")
    wrong = [n for n, digest in enumerate(outcome.digests, 1) if digest != expectation.digest]
    if wrong:
        return Ruling(promise, False, f"crawl {wrong[0]} returned other items than the site has")
    due = expectation.pages * outcome.crawls
    if outcome.counters.requests != due:
        reason = f"it made {count_of(outcome.counters.requests, 'request')} instead of {due}"
        return Ruling(promise, False, reason)
    return Ruling(promise, True)


def judge_leaks(outcome: TrialResult) -> list[Ruling]:
    """Return a finding for each kind of thing that crawls may leave behind in their process."""
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
    findings.append(_judge_complaints(outcome))
    return findings


def _judge_complaints(outcome: TrialResult) -> Ruling:
    promise = "causes no warnings of leaks"
    if complaints := list(dict.fromkeys(outcome.complaints)):
        return Ruling(promise, False, "; ".join(complaints[:2]))
    if not outcome.left:
        return Ruling(promise, None, NO_END)
    return Ruling(promise, True)


_SINGULAR = {
    "sockets": "socket",
    "tasks": "task",
    "processes": "process",
    "threads": "thread",
    "files": "file",
}


def _judge_kind(outcome: TrialResult, kind: str, promise: str, since: int | None) -> Ruling:
    """Compare what the last crawl left open with nothing, or with what an earlier crawl left.

    A library may keep threads and files for the life of the process; it is a leak only if each
    crawl adds more of them.
    """
    if not outcome.left:
        return Ruling(promise, None, NO_END)
    last = outcome.left[-1][kind]
    before = len(outcome.left[since][kind]) if since is not None else 0
    extra = len(last) - before
    if extra <= 0:
        return Ruling(promise, True)
    names = ", ".join(dict.fromkeys(map(str, last[-3:])))
    crawls = count_of(len(outcome.left) - (0 if since is None else since + 1), "crawl")
    number = f"{extra} {kind} are" if extra > 1 else f"1 {_SINGULAR[kind]} is"
    return Ruling(promise, False, f"{number} left after {crawls}: {names}")


def tell(error: CrawlFailure) -> str:
    """Return an error in one line."""
    return f"{error['type']}: {error['text']}" if error["text"] else error["type"]


def judge_flight(outcome: TrialResult, concurrency: int) -> Ruling:
    """Return whether no more requests were in flight than the concurrency allows."""
    most = outcome.counters.most_in_flight
    promise = "keeps to its concurrency"
    if not outcome.counters.requests:
        return Ruling(promise, None, "it made no request")
    if most > concurrency:
        return Ruling(promise, False, f"{most} requests were in flight instead of {concurrency}")
    return Ruling(promise, True)


def judge_wire(outcome: TrialResult) -> Ruling:
    """Return whether all bodies were asked for compressed, as all contestants must."""
    promise = "asks for gzip, and reads whole bodies"
    done = len(outcome.digests)
    if not done:
        return Ruling(promise, None, NO_END)
    requests = outcome.counters.requests
    plain = requests - sum(outcome.counters.codings.values())
    if plain > 0:
        reason = f"{plain} of {count_of(requests, 'request')} asked for no coding"
        return Ruling(promise, False, reason)
    return Ruling(promise, True)


def judge_declared(outcome: TrialResult, http: str, codings: str) -> Ruling:
    """Return whether a strategy uses the versions of HTTP and the codings that it declares.

    Over TLS the mirror offers all of them except HTTP/3, which therefore cannot be checked.

    Args:
        outcome: what a crawl over TLS did.
        http: the declared versions of HTTP; empty if none are declared.
        codings: the declared codings besides gzip.
    """
    promise, counters = "speaks as its docstring declares", outcome.counters
    if not outcome.digests:
        return Ruling(promise, None, "no crawl over TLS came to an end")
    is_declared = "2" in _words(http)
    spoken = count_of(counters.http2_requests, "request")
    if is_declared and not counters.http2_requests:
        reason = f"`HTTP: {http}.` declares HTTP/2, which was offered but never used"
        return Ruling(promise, False, reason)
    # A strategy that declares no version may speak any.
    if http and counters.http2_requests and not is_declared:
        return Ruling(promise, False, f"it used HTTP/2 in {spoken}; `HTTP: {http}.` lacks it")
    # All must ask for gzip (`judge_wire`), so nobody declares it.
    asked, declared = counters.codings.keys() - {"gzip"}, _words(codings)
    if idle := declared - asked:
        reason = f"`Coding: {codings}.` has {', '.join(sorted(idle))}, which it never asked for"
        return Ruling(promise, False, reason)
    if more := asked - declared:
        reason = f"it asked for {', '.join(sorted(more))}, which its docstring does not declare"
        return Ruling(promise, False, reason)
    return Ruling(promise, True)


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
"""Errors that no server causes: the strategy or a library that it calls is at fault."""


def judge_import(started: Names) -> Ruling:
    """Return whether importing a strategy started nothing.

    Args:
        started: names of the threads, processes and connections that the import started, by kind;
            empty if it could not be imported.
    """
    promise = "starts nothing when it is imported"
    if not started:
        return Ruling(promise, None, "it was not imported")
    found = [f"{kind}: {', '.join(map(str, names))}" for kind, names in started.items() if names]
    return Ruling(promise, not found, "; ".join(found))


def leave_open(promise: str) -> Ruling:
    """Return the finding on a promise if the strategy does not even crawl good pages."""
    return Ruling(promise, None, "not tried: it does not crawl good pages either")


def meets(kind: str) -> str:
    """Return the promise to meet a kind of fault."""
    return f"meets the fault {kind}"


def judge_fault(kind: str, report: CrawlReport, digest: str) -> Ruling:
    """Return how a strategy met a fault: it must raise an error or return items of this digest."""
    promise, error = meets(kind), report.get("error")
    if error is None:
        if report["digest"] == digest:
            return Ruling(promise, True, "right all the same")
        if kind == "wrong-charset":  # a strategy passes bytes on, so only the digest shows it
            return Ruling(promise, None, "it returned wrong letters; a session's digest shows it")
        return Ruling(promise, False, "it returned wrong items as if nothing had happened")
    if error["type"] == "hangs":
        return Ruling(promise, None, "it waits for ever; a session's deadline ends it")
    return _judge_error(promise, error)


def _judge_error(promise: str, error: CrawlFailure) -> Ruling:
    if error["type"] == "dies":
        return Ruling(promise, False, error["text"])
    if not set(OWN_ERRORS).isdisjoint(error["bases"]):
        return Ruling(promise, False, f"it failed with an error of its own: {tell(error)}")
    return Ruling(promise, True, tell(error))
