"""What the mirror counts between `begin` and `end` (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Counters"]


@dataclass(slots=True)
class Counters:
    """Counts of one span; the mirror makes a new one at each `begin`."""

    requests: int = 0
    connections: int = 0
    """Opened within the span."""
    in_flight: int = 0
    """Requests read and not yet answered."""
    most_in_flight: int = 0
    wire_bytes: int = 0
    """Written to sockets, heads included."""
    cpu_s: float = 0.0
    """CPU time of the mirror's process within the span; filled at `end`."""
    cpu_wait_s: float = 0.0
    """In which the mirror was ready but had no CPU; filled at `end`, 0 where not known."""
    pages: dict[str, int] = field(default_factory=dict)
    """Requests by page address; those for no page under their target, `(others)` or a refusal."""

    def arrived(self, page: str) -> int:
        """Count a request and return how many came for that page before it."""
        before = self.pages.get(page, 0)
        self.pages[page] = before + 1
        self.requests += 1
        self.in_flight += 1
        if self.in_flight > self.most_in_flight:  # noqa: PLR1730  (a call would cost more)
            self.most_in_flight = self.in_flight
        return before

    def answered(self, sent_bytes: int) -> None:
        """Count an answer; below zero in flight it belongs to a span before this one."""
        self.in_flight -= 1
        self.wire_bytes += sent_bytes
