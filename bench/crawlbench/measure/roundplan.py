"""The plan of one round: its cells, and how many crawls, laps and turns they have (floor 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawlbench.measure.unrest import Patience

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from crawlbench.base.records import Cell


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """What one round has to do."""

    number: int
    """From 1; 0 is the calibration."""
    seed: int
    cells: tuple[Cell, ...]
    loops: Mapping[str, int]
    """Crawls per value, by cell."""
    warmups: int
    """Laps that are thrown away; cells that are cold take part in none."""
    laps: int
    """How many turns each group has."""
    passes: Mapping[str, int]
    """Laps that a group takes in a turn, by group."""
    modules: Mapping[str, str | None]
    """Top-level module of the event loop that must run, by cell; None for none."""
    declared: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """What strategies declare about their HTTP, by name: versions, and codings besides gzip."""
    every: Mapping[str, int] = field(default_factory=dict)
    """By cell, the n of which it takes part in every n-th lap, the first one included; 1 for cells
    not named here."""
    strides: Mapping[str, int] = field(default_factory=dict)
    """The same as if no cell rested: delays are spread over these laps, so that all cells of a lap
    have the same."""
    cold: Collection[str] = ()
    """Names of the cells without warmups, because others warm their process."""
    patience: Patience = field(default_factory=Patience)
    """Patience with cells that do not stand still; one for all rounds of a session."""
    trace_folder: Path | None = None
    """Where the last crawl of each cell is noted, request by request; None for nowhere."""

    def count_warmups(self, cell: Cell) -> int:
        """Return how many warmups a cell has."""
        return 0 if cell.name in self.cold else self.warmups

    def count_values(self, cell: Cell) -> int:
        """Return how many values a cell has to take, warmups not counted."""
        return math.ceil(self._laps_of(cell) / self.every.get(cell.name, 1))

    def place(self, cell: Cell, lap: int) -> tuple[int, int]:
        """Return which of its own laps a cell would take in a lap of its group, and how many.

        These are its laps if it did not rest.
        """
        stride = self.strides.get(cell.name, 1)
        return lap // stride, math.ceil(self._laps_of(cell) / stride)

    def _laps_of(self, cell: Cell) -> int:
        return self.laps * self.passes[cell.group]
