"""The one index of a session's samples, by cell and round (floor 2; pure).

It is made in one pass. A quantity, with or without doubts taken off, is read from the samples here
as well (`Reading`), so that each logarithm is computed once, however many pairs need it.
"""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.stats.midmean import midmean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.records import Obstacle, Quantity, RoundRecord, Sample

    Reading = Callable[[Sample], float]
    """Takes from a sample what is compared: positive seconds per crawl."""

Laps = dict[int, float]
"""Lap to the logarithm of what was read in it."""


def read_seconds(sample: Sample) -> float:
    """Return the wall time of a crawl."""
    return sample.seconds


def read_cpu(sample: Sample) -> float:
    """Return the CPU time of a crawl, which must be known, as a number that has a logarithm."""
    assert sample.cpu_s is not None
    return max(sample.cpu_s, 1e-9)


def reading_of(quantity: Quantity) -> Reading:
    """Return what reads a quantity as it was measured."""
    return read_cpu if quantity.is_cpu else read_seconds


class Index:
    """The samples of all finished rounds, warmups left out."""

    def __init__(self, rounds: Sequence[RoundRecord]) -> None:
        """Sort the samples by cell and round."""
        self.rounds = len(rounds)
        self._samples: dict[str, list[list[Sample]]] = {}
        # Readings are told apart by identity: whoever makes one must keep the function.
        self._laps: dict[tuple[tuple[str, ...], Reading], list[Laps]] = {}
        for place, record in enumerate(rounds):
            for sample in record.samples:
                if not sample.warmup:
                    by_round = self._samples.get(sample.cell)
                    if by_round is None:
                        # Also for the rounds that the cell missed, because cells are paired by a
                        # round's place.
                        by_round = self._samples[sample.cell] = [[] for _ in rounds]
                    by_round[place].append(sample)

    def samples(self, cell: str) -> list[Sample]:
        """Return a cell's samples in the order in which they were taken."""
        return [sample for by_round in self._samples.get(cell, []) for sample in by_round]

    def laps(self, cells: tuple[str, ...], reading: Reading = read_seconds) -> list[Laps]:
        """Return, per round, the logarithms by lap; for several cells (twins) their mean.

        Only laps that all twins have count. A round that has no such lap is empty.
        """
        key = (cells, reading)
        if key not in self._laps:
            parts = [self._read(cell, reading) for cell in cells]
            self._laps[key] = parts[0] if len(parts) == 1 else _average(parts)
        return self._laps[key]

    def by_round(self, cells: tuple[str, ...], reading: Reading = read_seconds) -> list[float]:
        """Return, for each round that has values, the midmean over laps of the logarithms."""
        return [midmean(list(laps.values())) for laps in self.laps(cells, reading) if laps]

    def means_by_round(
        self, cells: tuple[str, ...], reading: Reading = read_seconds
    ) -> list[float]:
        """Return, for each round that has values, the level of the mean over laps."""
        return [self.level(list(laps.values())) for laps in self.laps(cells, reading) if laps]

    def typical_s(self, cells: tuple[str, ...]) -> float | None:
        """Return the typical seconds of a crawl; None if there are no values."""
        times = self.by_round(cells)
        return math.exp(fmean(times)) if times else None

    def level(self, values: list[float]) -> float:
        """Return the logarithm of the mean of the numbers whose logarithms these are."""
        return math.log(fmean([math.exp(value) for value in values]))

    def find_obstacle(self, cells: Sequence[str]) -> tuple[Obstacle | None, str]:  # noqa: ARG002
        """Return why these cells cannot be compared, and which of them; for plain times, nothing.

        There can be an obstacle where two lengths are compared: `lengths.Slopes`.
        """
        return None, ""

    def amplify(self, cell: str, reading: Reading = read_seconds) -> float:  # noqa: ARG002
        """Return the factor by which an error in a time's logarithm moves the result: 1 here."""
        return 1.0

    def _read(self, cell: str, reading: Reading) -> list[Laps]:
        by_round = self._samples.get(cell) or [[] for _ in range(self.rounds)]
        return [{s.lap: math.log(reading(s)) for s in samples} for samples in by_round]


def _average(parts: Sequence[list[Laps]]) -> list[Laps]:
    return [
        {
            lap: fmean([laps[lap] for laps in same_round])
            for lap in same_round[0]
            if all(lap in laps for laps in same_round)
        }
        for same_round in zip(*parts, strict=True)
    ]
