"""Merges the runs of all rounds into one pyperf suite (floor 3)."""

from __future__ import annotations

import io
from itertools import compress
from typing import TYPE_CHECKING

import pyperf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawlbench.base.records import RoundRecord

WHERE = ("aslr", "hostname", "python_executable")
"""Metadata in which pyperf accepts no difference, and which say where a run was, not what ran."""
NO_RUNS = b"null"
"""The line of a round in which no cell reached the end."""


def pick(run: pyperf.Run, kept: list[bool]) -> pyperf.Run | None:
    """Return a run without the values that are left out; None if none is kept.

    Args:
        run: the run of a cell in a round.
        kept: whether the value of each turn is kept, warmups first.
    """
    if all(kept):
        return run
    warmups, values = list(run.warmups), list(run.values)
    values = list(compress(values, kept[len(warmups) :]))
    if not values:
        return None
    warmups = list(compress(warmups, kept))
    metadata = run.get_metadata()
    return pyperf.Run(values, warmups=warmups, metadata=metadata, collect_metadata=False)


def label_run(run: pyperf.Run, record: RoundRecord, cell: str) -> pyperf.Run:
    """Return the run with its round, and its place in each lap, as metadata.

    pyperf has no field for order, pair or round. `crawlbench_slots` holds the slots of warmups and
    values in the order in which they were taken, separated by spaces.
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
    benchmarks = [pyperf.Benchmark(_agreeing(of_cell)) for of_cell in runs.values() if of_cell]
    return pyperf.BenchmarkSuite(benchmarks) if benchmarks else None


def _agreeing(runs: Sequence[pyperf.Run]) -> list[pyperf.Run]:
    """Return a cell's runs without the metadata by which pyperf would refuse to put them together.

    An environment may lie elsewhere when a session goes on, and a machine be renamed meanwhile;
    what must not differ was checked when it went on.
    """
    found = [run.get_metadata() for run in runs]
    odd = {name for name in WHERE if len({of.get(name) for of in found}) > 1}
    if not odd:
        return list(runs)
    return [
        pyperf.Run(
            run.values,
            warmups=run.warmups,
            metadata={name: value for name, value in of.items() if name not in odd},
            collect_metadata=False,
        )
        for run, of in zip(runs, found, strict=True)
    ]


def round_of(run: pyperf.Run) -> int:
    """Return the round that a run is labelled with."""
    return int(run.get_metadata()["crawlbench_round"])


def encode_runs(runs: Mapping[str, Sequence[pyperf.Run]]) -> bytes:
    """Return the runs of a round as one line of JSON, which pyperf can read as a suite."""
    suite, text = merge_runs(runs), io.StringIO()
    if suite is None:
        return NO_RUNS
    suite.dump(text)
    return text.getvalue().rstrip().encode()


def decode_runs(line: bytes) -> Iterator[tuple[str, pyperf.Run]]:
    """Yield the cell's name and the run, for each run in a line.

    Raises:
        Exception: this is not one of our lines.
    """
    if line != NO_RUNS:
        for bench in pyperf.BenchmarkSuite.loads(line):
            yield from ((bench.get_name(), run) for run in bench.get_runs())
