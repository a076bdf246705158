"""Checks whether a strategy keeps its contract: `crawlbench check` (floor 4)."""
