"""What the mirror counts between the manager's commands `begin` and `end` (floor 0)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace

MAX_STRANGERS = 1_000  # addresses without a page that are counted one by one; others share a count
MAX_TOLD = 2_000  # pages that the mirror reports to its manager


@dataclass(slots=True)
class Counters:
    """Counts of one span of time; the mirror makes a new one at each `begin`."""

    requests: int = 0
    connections: int = 0
    """Connections that were opened within the span."""
    used: int = 0
    """Those of `connections` on which a request came."""
    kept: int = 0
    """Connections opened before the span on which a request came."""
    carried: int = 0
    """Connections that had brought requests of one crawl and then brought some of a later one; each
    counts once for each later crawl."""
    begun_at: float = 0.0
    """When the span began, on the mirror's own clock."""
    tls_connections: int = 0
    """Those of `connections` that speak TLS."""
    http2_requests: int = 0
    """Those of `requests` that came by HTTP/2."""
    in_flight: int = 0
    """Requests read but not yet answered."""
    most_in_flight: int = 0
    wire_bytes: int = 0
    """Bytes written to sockets: heads included, the overhead of TLS not."""
    body_bytes: int = 0
    """Size of the pages that were asked for, before any coding; 0 if they are not HTML; filled at
    `end`."""
    cpu_s: float = 0.0
    """CPU time of the mirror's process within the span; filled at `end`."""
    cpu_wait_s: float = 0.0
    """Time in which the mirror was ready but had no CPU; filled at `end`, 0 where not known."""
    pages: dict[str, int] = field(default_factory=dict)
    """Requests by page address. Those that name no page are counted under their target, under
    `(others)` or under a refusal."""
    distinct_pages: int = 0
    """Entries that `pages` had before it was shortened for the manager; filled at `end`."""
    faults: dict[str, int] = field(default_factory=dict)
    """Faults played, by kind."""
    strangers: int = 0
    """Distinct addresses in `pages` that have no page."""
    shapes: dict[int, int] = field(default_factory=dict)
    """Requests by the flags of their answers; `end` turns this into `heads` and `codings`."""
    heads: int = 0
    """Requests for the head of an answer only; filled at `end`."""
    codings: dict[str, int] = field(default_factory=dict)
    """Requests by the coding that they asked for, if they asked for any; filled at `end`."""
    first_at: float = 0.0
    """When the first request came, or when its connection was made, if that was earlier; 0: never.
    From `end` on it is on the clock of `time.perf_counter`, as is `last_at`."""
    last_at: float = 0.0
    """When the last request came or the last byte of an answer was sent, whichever was later. Where
    faults were played, when the last request came: clients do not wait for a spoilt answer."""
    second_at: float = 0.0
    """When the first request for a page other than the first came; 0: never. From `end` on it is
    on the same clock as `first_at`."""
    asked: list[tuple[str, float]] | None = None
    """Which page each request was for, and when it came, of the first `MAX_TOLD`; None where
    answers are sent at once. From `end` on, times are on the same clock."""
    answered_at: float = 0.0
    """When the last byte of the last answer was sent."""
    strays: dict[str, int] = field(default_factory=dict)
    """Requests within the span at doors that were not in use, by the door's name."""
    early: dict[str, int] = field(default_factory=dict)
    """Requests that came between the previous span and this one, by the door's name."""
    held_up_s: float = 0.0
    """How long strays can have held up the span's own requests; filled at `end`."""
    edition: dict[str, str] = field(default_factory=dict)
    """Titles that differ in the site's other edition, by rank, once it is made; filled at `end`."""
    is_altered: bool = False
    """Whether every other crawl of the span, the first included, was served that edition; filled at
    `end`."""

    def arrived(self, page: str, at: float = 0.0, flags: int = 0) -> int:
        """Count a request and return how many came for that page before.

        Args:
            page: the page that it asks for.
            at: when it came; 0 for one that no client of ours sent.
            flags: what is special about its answer.
        """
        if at:
            self.came(at, flags)
            if self.asked is not None and len(self.asked) < MAX_TOLD:
                self.asked.append((page, at))
        before = self.pages.get(page, 0)
        # Asked before this page is added: only at the first page is `pages` still empty.
        if not (before or self.second_at) and self.pages:
            self.second_at = at
        self.pages[page] = before + 1
        self.requests += 1
        self.in_flight += 1
        if self.in_flight > self.most_in_flight:  # noqa: PLR1730  (a call would cost more)
            self.most_in_flight = self.in_flight
        return before

    def came(self, at: float, flags: int) -> None:
        """Note when a request came, and what it asks of its answer."""
        self.last_at = at
        if not self.first_at:
            self.first_at = at
        self.shapes[flags] = self.shapes.get(flags, 0) + 1

    def introduced(self, opened: float) -> None:
        """Note when the connection was made that has just brought its first request of this span.

        Args:
            opened: when it was made, on the mirror's own clock.
        """
        if opened < self.begun_at:
            self.kept += 1
            return
        self.used += 1
        # The request was counted before; but a crawl begins when it connects, which may be earlier.
        if not 0 < self.first_at <= opened:
            self.first_at = opened

    def stranger_arrived(self, name: str, at: float = 0.0) -> tuple[str, int]:
        """Count a request for no page; return the name it is counted under and the count so far."""
        if name not in self.pages:
            if self.strangers >= MAX_STRANGERS:
                return "(others)", self.arrived("(others)", at)
            self.strangers += 1
        return name, self.arrived(name, at)

    def answered(self, sent_bytes: int, at: float = 0.0) -> None:
        """Count an answer; one that brings `in_flight` below zero belongs to an earlier span.

        Args:
            sent_bytes: the size of the answer.
            at: when its last byte was sent; 0 if it never was.
        """
        self.in_flight -= 1
        self.wire_bytes += sent_bytes
        self.answered_at = at or self.answered_at

    def refused(self, why: str) -> None:
        """Count a request that was refused before it was complete, under this name."""
        self.arrived(why)
        self.answered(0)

    def answered_at_once(self, page: str, sent_bytes: int, at: float, flags: int) -> int:
        """Count a request for a page that was answered as it came; return how many came before.

        All that a client is served on loopback comes by here, so it does no more than it must.
        """
        before = self.pages.get(page, 0)
        # A page that came before is neither the first nor the second one: less is to be noted.
        if before:
            self.last_at = at
            self.shapes[flags] = self.shapes.get(flags, 0) + 1
        else:
            self.came(at, flags)
            if self.pages and not self.second_at:
                self.second_at = at
        self.pages[page] = before + 1
        self.requests += 1
        self.wire_bytes += sent_bytes
        # It was in flight for this moment only, beside those that still wait.
        if self.in_flight >= self.most_in_flight:
            self.most_in_flight = self.in_flight + 1
        return before

    def befell(self, fault: str) -> None:
        """Count a fault that was played."""
        self.faults[fault] = self.faults.get(fault, 0) + 1

    def as_message(self) -> dict[str, object]:
        """Return the counts for the manager.

        If there are many pages, only two thousand are named, and those with an unusual number of
        requests come first.
        """
        pages = self.pages
        usual = Counter(pages.values()).most_common(1)[0][0] if pages else 0
        odd = {page: times for page, times in pages.items() if times != usual}
        names = list(odd)[:MAX_TOLD]
        if len(names) < MAX_TOLD:
            names += [page for page in pages if page not in odd][: MAX_TOLD - len(names)]
        told = {name: pages[name] for name in pages.keys() & names}
        # A copy is shortened: the span of the main door goes on, and needs all of its pages.
        return asdict(replace(self, pages=told, distinct_pages=len(pages), shapes={}))
