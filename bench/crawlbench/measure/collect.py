"""Merges the runs of all rounds into one pyperf suite (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyperf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.records import RoundRecord

__all__ = ["label_run", "merge_runs"]


def label_run(run: pyperf.Run, record: RoundRecord, cell: str) -> pyperf.Run:
    """Return the run with its round, and its place in each lap, as metadata.

    pyperf has no field for order, pair or round; `crawlbench_slots` holds the slots of warmups and
    values in the order in which they were taken, parted by blanks.
    """
    slots = [str(sample.slot) for sample in record.samples if sample.cell == cell]
    metadata = {
        **run.get_metadata(),
        "crawlbench_round": record.number,
        "crawlbench_slots": " ".join(slots),
    }
    return pyperf.Run(run.values, warmups=run.warmups, metadata=metadata, collect_metadata=False)


def merge_runs(runs: Mapping[str, Sequence[pyperf.Run]]) -> pyperf.BenchmarkSuite | None:
    """Return a suite with one benchmark per cell, or None if there is none."""
    benchmarks = [pyperf.Benchmark(list(of_cell)) for of_cell in runs.values() if of_cell]
    return pyperf.BenchmarkSuite(benchmarks) if benchmarks else None
