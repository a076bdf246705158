"""What one generator counts during a run (floor 4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from crawlbench.load.latency import count_seconds


@dataclass(slots=True)
class RunCounts:
    """Counts of one run; times are those of `time.monotonic`."""

    start: float
    span_s: float
    unloaded_s: float = 0.0
    """How long an answer takes without load; so much later than its requests each half counts."""
    due: int = 0
    due_first: int = 0
    sent: int = 0
    answered: int = 0
    answered_in_span: int = 0
    done_first: int = 0
    done_second: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    latency: dict[int, int] = field(default_factory=dict)
    service: dict[int, int] = field(default_factory=dict)
    lag: dict[int, int] = field(default_factory=dict)

    @property
    def end(self) -> float:
        """When requests end."""
        return self.start + self.span_s

    @property
    def outstanding(self) -> int:
        """Requests that are due and neither answered nor failed."""
        return self.due - self.answered - self.failed.total()

    def count_due(self, due: float) -> None:
        """Count a request that should be made."""
        self.due += 1
        self.due_first += due < self.start + self.span_s / 2

    def count_answer(self, intended: float, sent: float, at: float) -> None:
        """Count a good answer that came at this time."""
        self.answered += 1
        self.answered_in_span += at < self.end
        half = self.start + self.span_s / 2
        is_first = intended < half and at < half + self.unloaded_s
        self.done_first += is_first
        # Answers from the first half that came late count here, as those of this half come after
        # its end: in a steady state the two cancel (`outcome._is_kept`).
        self.done_second += not is_first and at < self.end + self.unloaded_s
        count_seconds(self.latency, at - intended)
        count_seconds(self.service, at - sent)

    def count_failure(self, kind: str) -> None:
        """Count a request that failed."""
        self.failed[kind] += 1
