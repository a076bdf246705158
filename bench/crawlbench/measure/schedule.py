"""What a round has to do, and the order in which it is done (floor 3; pure)."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawlbench.measure.unrest import Patience

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from crawlbench.base.records import Cell

MAX_PASSES = 50
"""The most laps that a group takes in a turn, however short they are."""


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
        # Rounded up: a round's first lap has all cells.
        return math.ceil(self._laps_of(cell) / self.every.get(cell.name, 1))

    def place(self, cell: Cell, lap: int) -> tuple[int, int]:
        """Return which of its own laps a cell would take in a lap of its group, and how many.

        These are its laps if it did not rest.
        """
        stride = self.strides.get(cell.name, 1)
        return lap // stride, math.ceil(self._laps_of(cell) / stride)

    def _laps_of(self, cell: Cell) -> int:
        return self.laps * self.passes[cell.group]


@dataclass(frozen=True, slots=True)
class Turn:
    """One value to take."""

    cell: str
    lap: int
    """Number of the group's lap in this round, from 0; warmups have laps of their own."""
    slot: int
    """Place in the lap, from 0."""
    warmup: bool
    anchors: bool = False
    """Whether the machine's anchors are timed first: before one cell of each lap, chosen at
    random."""


def plan_waves(
    groups: Mapping[str, Collection[str]], most: int, seed: int, number: int
) -> list[list[str]]:
    """Divide groups into waves: the cells of one wave have their workers alive at the same time.

    Groups that share no process need not be measured together, since they are not compared with
    each other. Which ones are is decided at random.

    Args:
        groups: names of processes, by group.
        most: the most processes in a wave; if groups that share some need more, they are a wave of
            their own.
        seed: the session's seed.
        number: the round's number.
    """
    # Groups in separate waves would each start the process that they share.
    joined = _join_groups(groups)
    if sum(len(processes) for processes in joined.values()) <= most:
        return [list(groups)]
    units = list(joined)
    _shuffle(units, f"waves/{seed}/{number}")
    waves: list[list[str]] = []
    room = 0
    for unit in units:
        if not waves or len(joined[unit]) > room:
            waves.append([])
            room = most
        waves[-1] += unit
        room -= len(joined[unit])
    return waves


def _join_groups(groups: Mapping[str, Collection[str]]) -> dict[tuple[str, ...], set[str]]:
    """Return the processes of the groups that share some, by their names."""
    joined: dict[tuple[str, ...], set[str]] = {}
    for group, processes in groups.items():
        mates = [names for names, others in joined.items() if not others.isdisjoint(processes)]
        together = set(processes).union(*[joined.pop(names) for names in mates])
        joined[*itertools.chain(*mates), group] = together
    return joined


def plan_turns(plan: RoundPlan, groups: Mapping[str, Sequence[str]]) -> Iterator[Turn]:
    """Yield the turns of some groups' cells in a round, always the same for the same arguments.

    A lap is one pass over the cells of a group, in shuffled order. Groups take turns, in shuffled
    order too: what is compared is measured close together, because the machine's state changes
    within seconds.

    Args:
        plan: the round's plan.
        groups: cells by group.
    """
    seed, number = plan.seed, plan.number
    for warmup, count in ((True, plan.warmups), (False, plan.laps)):
        for turn in range(count):
            names = list(groups)
            _shuffle(names, f"groups/{seed}/{epoch(number, turn, warmup=warmup)}")
            for group in names:
                in_turn = 1 if warmup else plan.passes[group]
                for lap in range(turn * in_turn, (turn + 1) * in_turn):
                    cells = [
                        cell
                        for cell in groups[group]
                        if (cell not in plan.cold if warmup else not lap % plan.every.get(cell, 1))
                    ]
                    if not cells:  # all are cold, or all that have not failed miss this lap
                        continue
                    key = f"order/{seed}/{group}/{epoch(number, lap, warmup=warmup)}"
                    _shuffle(cells, key)
                    at = None if warmup else random.Random(f"anchors/{key}").randrange(len(cells))
                    for slot, cell in enumerate(cells):
                        yield Turn(cell, lap, slot, warmup, slot == at)


def choose_passes(lap_s: Mapping[str, float], lap_time_s: float) -> dict[str, int]:
    """Return, by group, how many laps of so many seconds make a turn last about a given time."""
    return {
        group: min(MAX_PASSES, max(1, round(lap_time_s / seconds)))
        for group, seconds in lap_s.items()
    }


def epoch(number: int, lap: int, *, warmup: bool) -> str:
    """Return a name for one lap of one round, such as `3/7`, or `3/w0` for warmups."""
    return f"{number}/{'w' if warmup else ''}{lap}"


def _shuffle(names: list[Any], key: str) -> None:
    # By a key for each order, so that none depends on how much was drawn before it.
    random.Random(key).shuffle(names)
