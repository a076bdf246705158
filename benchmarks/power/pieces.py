"""Lists the pieces to record, and which of them are recorded.

A piece is one harness at one difference, alone or with a neighbour, in blocks of one length. Blocks
of both sides take turns, so that each change of sides is in the middle of a trial as the harness's
own documentation describes it: one whole side, then the other. Longer trials need longer blocks.
These come later, so that all harnesses are equally far at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

KEPT = Path(__file__).resolve().parents[2] / "results" / "power"
HARNESSES = ("crawlbench", "pyperf", "pytest-benchmark", "asv", "hyperfine")
SHARES = (0.0, 0.02)
LIVE = 10
"""Sessions of each harness from its first command to its answer, to check the cut trials."""
LIVE_S = 120.0
LIVE_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Level:
    """Blocks of one length."""

    block_s: float
    blocks: int

    @property
    def seconds(self) -> float:
        """Seconds of a piece."""
        return self.block_s * self.blocks


LEVELS = (Level(7.5, 8), Level(15, 8), Level(30, 8), Level(60, 5), Level(150, 3))
"""Together 20 minutes, less 30 seconds."""
DURATIONS = tuple(2 * level.block_s for level in LEVELS)
"""Seconds of a trial: two blocks."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the record."""

    harness: str
    share: float
    """The share by which the copy takes longer."""
    has_company: bool
    level: int

    @property
    def name(self) -> str:
        """The name of its file."""
        company = "company" if self.has_company else "quiet"
        return f"{self.harness}-{self.share * 100:g}-{company}-{self.level}"

    @property
    def seconds(self) -> float:
        """How many seconds it records."""
        return LEVELS[self.level].seconds

    @property
    def rank(self) -> tuple[int, bool, float]:
        """A key to sort by: short pieces first, and those alone before those with a neighbour."""
        return self.level + self.has_company, self.has_company, -self.share

    def find(self, folder: Path) -> Path | None:
        """Return its file, if it was recorded."""
        return next(iter(folder.glob(f"{self.name}.*.gz")), None)


@dataclass(frozen=True, slots=True)
class Live:
    """One session of a harness from its first command to its answer."""

    harness: str
    number: int

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"live-{self.harness}-{self.number}"

    @property
    def seconds(self) -> float:
        """How many seconds it may take."""
        return LIVE_S

    def find(self, folder: Path) -> Path | None:
        """Return its file, if it was recorded."""
        return next(iter(folder.glob(f"{self.name}.*.gz")), None)


def all_pieces() -> list[Piece]:
    """Return the pieces, in the order in which they are recorded."""
    found = [
        Piece(harness, share, has_company, level)
        for level, share, has_company, harness in product(
            range(len(LEVELS)), SHARES, (False, True), HARNESSES
        )
    ]
    return sorted(found, key=lambda piece: piece.rank)


def all_due() -> list[Piece | Live]:
    """Return everything to record, in order."""
    return [*all_pieces(), *all_lives()]


def all_lives() -> list[Live]:
    """Return the sessions that are measured from end to end, in their order."""
    return [Live(harness, number) for number in range(1, LIVE + 1) for harness in HARNESSES]
