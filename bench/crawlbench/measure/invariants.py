"""Finds what is wrong with a value although its items and requests are right (floor 3; pure).

Each rule compares what the worker reports with what the mirror saw, or with what is expected. What
a strategy declares in its docstring changes what is expected.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from crawlbench.base.text import count_of
from crawlbench.measure.unrest import find_restless, tell_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.counters import Counters
    from crawlbench.base.records import Cell
    from crawlbench.measure.contract import Value
    from crawlbench.measure.verify import Expectation

CLOCK_SLACK_S = 50e-6 + 2 * time.get_clock_info("monotonic").resolution
"""How far two processes' readings of one clock may differ: less than one request over loopback
takes, so that not even one can hide in the gap."""
MIRROR_SLACK_S = 0.005
"""Slack for the mirror's CPU time, because within its span it also obeys the manager and tidies
up."""
READ_SHARE = 0.95
"""Share of the pages' bytes that has to be read. Some strategies strip a page's ends first, and a
browser writes out its tree again, which leaves out 3 %."""
CPU_SLACK_S, CPU_SLACK_SHARE = 0.01, 0.02
"""Slack for a value's CPU time beyond what its CPUs can give: some systems count it in hundredths
of a second."""


class Promise(StrEnum):
    """What a contestant must keep to in each of its turns, in a few words."""

    HARNESS = "leaves clocks, CPUs and the harness alone"
    REST = "stands still between its turns"
    CLOCK = "works only within its clock"
    READING = "has every page read within its clock"
    ADDRESSES = "learns addresses only from the pages"
    ANEW = "fetches everything again in each crawl"
    RULES = "stays within its concurrency and its declared HTTP"


@dataclass(frozen=True, slots=True)
class Due:
    """What a correct value of a cell shows, over all its loops."""

    loops: int
    pages: int
    items: int
    concurrency: int
    http: str = ""
    """HTTP versions that the strategy declares; empty if it declares none."""
    codings: str = ""
    """Content codings that it declares besides gzip."""

    @classmethod
    def of(
        cls, cell: Cell, expectation: Expectation, loops: int, declared: tuple[str, str] | None
    ) -> Due:
        """Return what a correct value shows; `declared` is what its strategy says of its HTTP."""
        pages, items = expectation.pages * loops, expectation.items * loops
        return cls(loops, pages, items, cell.concurrency, *(declared or ("", "")))


def find_breach(value: Value, counters: Counters, due: Due) -> str | None:
    """Return why a crawl's value cannot be trusted, or None.

    Args:
        value: what the worker reported.
        counters: what the mirror counted meanwhile.
        due: what they should show.
    """
    return next((reason for _, reason in find_breaches(value, counters, due)), None)


def find_breaches(value: Value, counters: Counters, due: Due) -> Iterator[tuple[Promise, str]]:
    """Yield each promise that a crawl's value breaks, and how; arguments as for `find_breach`.

    The first one explains the most: a strategy that replaced a clock may seem to work outside it.
    """
    yield from _misconduct(value)
    for promise, rule in _RULES.items():
        for reason in rule(value, counters, due):
            yield promise, reason


def find_misconduct(value: Value) -> str | None:
    """Return what is wrong with a worker's process around a value of any kind, or None."""
    return next((reason for _, reason in _misconduct(value)), None)


def _misconduct(value: Value) -> Iterator[tuple[Promise, str]]:
    conduct = value.conduct
    if conduct.broken:
        yield Promise.HARNESS, f"it did not leave the harness alone: {'; '.join(conduct.broken)}"
    had_s, used_s = conduct.cpus * value.seconds, value.used.cpu_s or 0.0
    if conduct.cpus and used_s > had_s * (1 + CPU_SLACK_SHARE) + CPU_SLACK_S:
        used, had = tell_ms(used_s, had_s)
        yield (
            Promise.HARNESS,
            f"it took CPUs of others: it used {used} of CPU time, but "
            f"{count_of(conduct.cpus, 'CPU')} had only {had} for it",
        )
    if unrest := find_restless(value):
        yield Promise.REST, unrest


def _out_of_time(value: Value, counters: Counters, _: Due) -> Iterator[str]:
    """Say if the mirror was busy for this value while its clock was not running."""
    if not counters.first_at:  # no request came, which `find_fault` reports
        return
    conduct = value.conduct
    early_s = conduct.started_at - counters.first_at
    stopped_at = conduct.started_at + value.seconds
    late_s, read_late_s = counters.last_at - stopped_at, conduct.reading.last_at - stopped_at
    if early_s > CLOCK_SLACK_S:
        yield f"it began before its clock: the mirror heard from it {_ms(early_s)} earlier"
    if late_s > CLOCK_SLACK_S:
        yield f"it went on after its clock had stopped: the mirror served it {_ms(late_s)} longer"
    if read_late_s > CLOCK_SLACK_S:
        yield f"it had a page read {_ms(read_late_s)} after its clock had stopped"
    if counters.cpu_s > value.seconds + MIRROR_SLACK_S:
        used, said = tell_ms(counters.cpu_s, value.seconds)
        yield (f"the mirror used {used} of CPU time for a value that is said to have taken {said}")


def _unread(value: Value, counters: Counters, due: Due) -> Iterator[str]:
    """Say if some page was not read within the clock, by `site.read` or `site.stream`."""
    reading = value.conduct.reading
    # A page that a fault has spoilt is asked for again, and counts twice in `body_bytes`.
    due_bytes = 0 if counters.faults else counters.body_bytes
    if reading.pages < due.pages:
        yield (
            f"site.read ran {count_of(reading.pages, 'time')} within its clock instead of "
            f"{due.pages}: pages were read elsewhere, or kept from before"
        )
    elif reading.items < due.items:
        yield (
            f"site.read found {reading.items} items within its clock instead of {due.items}: "
            "it was not given the pages that came"
        )
    elif reading.bytes < READ_SHARE * due_bytes:
        yield (
            f"site.read was given {reading.bytes:,} bytes within its clock instead of "
            f"{due_bytes:,}: pages were cut before they were read"
        )


def _foreknown(value: Value, counters: Counters, due: Due) -> Iterator[str]:
    """Say if the contestant asked for a page before it had read a link to it.

    This can be told only where each page is asked for once and read, because the target of a
    redirect, or a page that is asked for again, may be asked for before anything is read. Where the
    mirror answers at once, it knows only when the second page was asked for.
    """
    reading = value.conduct.reading
    if counters.faults or counters.requests != due.pages or not counters.second_at:
        return
    early_s = reading.first_at - counters.second_at
    if early_s <= CLOCK_SLACK_S:
        yield from _untold(counters.asked or [], reading.told)
    else:
        yield (
            f"it asked for its second page {_ms(early_s)} before it read the first: it knew "
            "addresses that no page had told it"
        )


def _untold(asked: list[tuple[str, float]], told: list[dict[str, float]]) -> Iterator[str]:
    """Say if a page was asked for before any page that links to it was read.

    Args:
        asked: pages in the order in which they were asked for, and when.
        told: for each crawl, by page, when the first page was read that links to it.
    """
    # Crawls follow each other and ask for each page once: its n-th request is of the n-th crawl.
    came = Counter[str]()
    for page, at in asked:
        crawl = came[page]
        came[page] += 1
        if page == asked[0][0] or crawl >= len(told):  # no page need link to the first
            continue
        # A page passes to which no noted page links: no more than `MAX_TOLD` are noted.
        early_s = told[crawl].get(page, at) - at
        if early_s > CLOCK_SLACK_S:
            yield (
                f"it asked for {page} {_ms(early_s)} before it read a page that links to it: it "
                "knew addresses that no page had told it"
            )
            return


def _reused(value: Value, counters: Counters, due: Due) -> Iterator[str]:
    """Say if some crawl did not open connections and fetch bodies of its own."""
    if counters.heads:
        times = count_of(counters.heads, "time")
        yield f"it asked for the head alone {times}: bodies were kept from before"
    if counters.used < due.loops:
        yield (
            f"{count_of(counters.used, 'connection')} "
            f"{'was' if counters.used == 1 else 'were'} made and used for "
            f"{count_of(due.loops, 'crawl')}, each of which has to open its own: they were kept "
            "from before"
        )
    elif kept := value.conduct.reading.kept:
        pages = count_of(kept, "page")
        yield (
            f"site.read was given the bytes of {pages} of an earlier crawl instead of those that "
            "came: bodies were kept"
        )
    elif counters.carried and not counters.faults:  # a retry seems to be of the next crawl
        carried = count_of(counters.carried, "connection")
        yield f"it used {carried} of the crawl before, where each crawl has to open its own"
    elif counters.kept:
        yield (
            f"it used {count_of(counters.kept, 'connection')} that it had opened before its turn"
        )


def _unruly(_: Value, counters: Counters, due: Due) -> Iterator[str]:
    """Say if the contestant exceeded its concurrency, or used other HTTP than it declares."""
    # A client may give up what a fault has spoilt, while the mirror is still busy with it.
    allowed = due.concurrency + sum(counters.faults.values())
    if counters.most_in_flight > allowed:
        yield f"{counters.most_in_flight} requests were in flight at once instead of {allowed}"
    declared = due.codings.replace(",", " ").split()
    for coding, count in counters.codings.items():
        if coding != "gzip" and coding not in declared:
            yield (
                f"it asked for the coding {coding} {count_of(count, 'time')} where others have "
                f"gzip; if it cannot do otherwise, its docstring has to say `Coding: {coding}.`"
            )
    if counters.http2_requests and due.http and "2" not in due.http.replace(",", " ").split():
        yield (
            f"it spoke HTTP/2 in {counters.http2_requests} requests, but its docstring says "
            f"`HTTP: {due.http}.`"
        )


_RULES = {
    Promise.CLOCK: _out_of_time,
    Promise.READING: _unread,
    Promise.ADDRESSES: _foreknown,
    Promise.ANEW: _reused,
    Promise.RULES: _unruly,
}


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.3g} ms"
