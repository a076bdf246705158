"""Refuses options that would have no effect (floor 5)."""

from __future__ import annotations

from crawlbench.base.errors import UsageError
from crawlbench.plugins.registry import Kind
from crawlbench.plugins.scouts import find_out


def require_effect(strategy: str, loop: str | None) -> None:
    """Check that an event loop that was asked for will run.

    Raises:
        UsageError: the strategy does not need one.
        BenchError: one of the two cannot be loaded.
    """
    if loop is None:
        return
    facts, found = find_out([(Kind.STRATEGY, strategy), (Kind.EVENT_LOOP, loop)])
    facts.require()
    found.require_loops()
    if not facts.is_async:
        raise UsageError(
            f"--loop {loop} would have no effect: {strategy} needs no event loop; leave it out"
        )
