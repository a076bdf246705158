"""What the mirror counts between `begin` and `end` (floor 0)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field

__all__ = ["Counters"]

MOST_STRANGERS = 1_000  # addresses of no page that count one by one; more count together
MOST_TOLD = 2_000  # pages that the mirror tells its manager


@dataclass(slots=True)
class Counters:
    """Counts of one span; the mirror makes a new one at each `begin`."""

    requests: int = 0
    connections: int = 0
    """Opened within the span."""
    tls_connections: int = 0
    """Those of them that speak TLS."""
    http2_requests: int = 0
    """Those of the requests that came by HTTP/2."""
    in_flight: int = 0
    """Requests read and not yet answered."""
    most_in_flight: int = 0
    wire_bytes: int = 0
    """Written to sockets, heads included, TLS not."""
    cpu_s: float = 0.0
    """CPU time of the mirror's process within the span; filled at `end`."""
    cpu_wait_s: float = 0.0
    """In which the mirror was ready but had no CPU; filled at `end`, 0 where not known."""
    pages: dict[str, int] = field(default_factory=dict)
    """Requests by page address; those for no page under their target, `(others)` or a refusal."""
    distinct_pages: int = 0
    """Entries that `pages` had before it was cut for the way to the manager; filled at `end`."""
    faults: dict[str, int] = field(default_factory=dict)
    """Faults played, by kind."""
    strangers: int = 0
    """Distinct addresses of no page in `pages`."""

    def arrived(self, page: str) -> int:
        """Count a request and return how many came for that page before it."""
        before = self.pages.get(page, 0)
        self.pages[page] = before + 1
        self.requests += 1
        self.in_flight += 1
        if self.in_flight > self.most_in_flight:  # noqa: PLR1730  (a call would cost more)
            self.most_in_flight = self.in_flight
        return before

    def stranger_arrived(self, name: str) -> tuple[str, int]:
        """Count a request for no page; return the name it counts under and the count before it."""
        if name not in self.pages:
            if self.strangers >= MOST_STRANGERS:
                return "(others)", self.arrived("(others)")
            self.strangers += 1
        return name, self.arrived(name)

    def answered(self, sent_bytes: int) -> None:
        """Count an answer; below zero in flight it belongs to a span before this one."""
        self.in_flight -= 1
        self.wire_bytes += sent_bytes

    def answered_at_once(self, page: str, sent_bytes: int) -> None:
        """Count a request for a page that was answered as soon as it came."""
        pages = self.pages
        pages[page] = pages.get(page, 0) + 1
        self.requests += 1
        self.wire_bytes += sent_bytes
        if self.in_flight >= self.most_in_flight:
            self.most_in_flight = self.in_flight + 1

    def befell(self, fault: str) -> None:
        """Count a fault that was played."""
        self.faults[fault] = self.faults.get(fault, 0) + 1

    def as_message(self) -> dict[str, object]:
        """Return the counts for the manager.

        Of many pages only two thousand are named: first those that did not come as often as most.
        """
        pages = self.pages
        usual = Counter(pages.values()).most_common(1)[0][0] if pages else 0
        odd = {page: times for page, times in pages.items() if times != usual}
        names = list(odd)[:MOST_TOLD]
        if len(names) < MOST_TOLD:
            names += [page for page in pages if page not in odd][: MOST_TOLD - len(names)]
        told = {name: pages[name] for name in pages.keys() & names}
        small = Counters(**{name: getattr(self, name) for name in self.__slots__})
        small.pages, small.distinct_pages = told, len(pages)
        return asdict(small)
