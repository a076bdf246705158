"""Means over machines that are judged together, by Holm (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawlbench.stats.claims import Judged, judge_family

if TYPE_CHECKING:
    from crawlbench.base.records import Plan
    from crawlbench.stats.random_effects import Pooled


@dataclass(slots=True)
class Family:
    """The comparisons over machines that are judged together."""

    pooled: dict[str, Pooled] = field(default_factory=dict)
    """By cell."""
    widenings: dict[str, float] = field(default_factory=dict)
    missing: int = 0
    """Further cells that were tried, of which no machine gave a number: nobody gains power by
    failing."""
    judged: dict[str, Judged] = field(default_factory=dict)
    """Filled when the family is closed."""

    def add(self, cell: str, pooled: Pooled, widening: float) -> None:
        """Add a cell."""
        self.pooled[cell], self.widenings[cell] = pooled, widening

    def close(self, plan: Plan) -> None:
        """Judge all cells that were added, by the margin and the confidence of a plan."""
        means = {cell: pooled.mean for cell, pooled in self.pooled.items()}
        count = len(means) + self.missing
        self.judged = judge_family(means, plan.margin, plan.confidence, self.widenings, count)
