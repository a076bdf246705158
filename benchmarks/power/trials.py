"""Cuts trials of some seconds from the records, and counts how many find what is planted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from benchmarks.power import referee
from benchmarks.power.pieces import DURATIONS, HARNESSES, all_lives, all_pieces
from benchmarks.power.records import load_blocks, load_record
from benchmarks.power.windows import find_windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.power.pieces import Piece
    from benchmarks.power.records import Block, Said
    from benchmarks.power.rivals import Rival

MADE = (0.01, 0.05)
"""Differences that are made by scaling the values of a record of equal sides."""
ENOUGH = 0.8
"""The share of half a trial that a block must cover, since harnesses end a little early or late."""
ALARMS = 0.1
"""The share of false alarms at which harnesses are compared: equal sides that are called different.
"""
MIN_EQUAL = 10
"""The fewest trials of equal sides from which the threshold for this share is taken."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What one harness found in trials of one length; the counts are numbers of trials."""

    harness: str
    has_company: bool
    seconds: float
    equal: int
    """Trials of equal sides."""
    false: int
    """Those of them that were called different."""
    planted: int
    """Trials of a copy that takes 2 % longer."""
    found: int
    """Those of them that were called slower."""
    wrong: int
    """Those of them that were called faster."""
    made: tuple[float, ...]
    """The share found of each difference made by scaling; empty if there are no trials."""
    found_alike: float | None
    """The share found at the threshold of `ALARMS`; None if there are too few trials."""


def find_rates(folder: Path, rivals: dict[str, Rival]) -> list[Rates]:
    """Return the rates from the pieces in a folder, for each harness, neighbourhood and length."""
    kept = [(piece, path) for piece in all_pieces() if (path := piece.find(folder))]
    found = []
    for has_company in (False, True):
        for harness in HARNESSES:
            mine = [
                (piece, path)
                for piece, path in kept
                if piece.harness == harness and piece.has_company == has_company
            ]
            for seconds in DURATIONS if mine else ():
                rates = _rate(mine, seconds, rivals.get(harness))
                if rates.equal or rates.planted:
                    found.append(rates)
    return found


def _rate(kept: Sequence[tuple[Piece, Path]], seconds: float, rival: Rival | None) -> Rates:
    equal = [path for piece, path in kept if not piece.share]
    planted = [path for piece, path in kept if piece.share]
    harness, has_company = kept[0][0].harness, kept[0][0].has_company

    def trials(paths: Sequence[Path], longer: float = 0.0) -> list[Said]:
        return [said for path in paths for said in _trials(path, seconds, rival, longer)]

    alike, other = trials(equal), trials(planted)
    made = [trials(equal, longer) for longer in MADE] if alike else []
    threshold = threshold_of([one.score for one in alike])
    found_alike = None
    if threshold is not None and other:
        found_alike = sum(one.score > threshold for one in other) / len(other)
    return Rates(
        harness,
        has_company,
        seconds,
        len(alike),
        sum(one.sign != 0 for one in alike),
        len(other),
        sum(one.sign > 0 for one in other),
        sum(one.sign < 0 for one in other),
        tuple(sum(one.sign > 0 for one in some) / len(some) for some in made),
        found_alike,
    )


def threshold_of(scores: Sequence[float]) -> float | None:
    """Return the score that a tenth of equal trials exceeds on either side; None for too few."""
    if len(scores) < MIN_EQUAL:
        return None
    ordered = sorted((abs(score) for score in scores), reverse=True)
    return ordered[int(ALARMS * len(ordered))]


def _trials(path: Path, seconds: float, rival: Rival | None, longer: float) -> Iterator[Said]:
    if rival is None:
        yield from referee.trials_of(referee.load(path), seconds, longer)
        return
    blocks = load_blocks(path)
    cut = cut_rounds if "asv" in path.name else cut_blocks
    for base, head in cut(blocks, seconds):
        yield rival.say(base, [value * (1 + longer) for value in head])


def cut_blocks(
    blocks: Sequence[Block], seconds: float
) -> Iterator[tuple[list[float], list[float]]]:
    """Yield the values of both sides around each change of sides, half a trial of each."""
    half = seconds / 2
    for first, then in pairwise(blocks):
        if min(first.seconds, then.seconds) < ENOUGH * half:
            continue
        early = [v for ended, v in first.values if ended - v >= first.seconds - half * 1.001]
        late = [v for ended, v in then.values if ended <= half * 1.1]
        yield (early, late) if first.side == 0 else (late, early)


def cut_rounds(
    blocks: Sequence[Block], seconds: float
) -> Iterator[tuple[list[float], list[float]]]:
    """Yield the values of both sides from consecutive rounds, as many as fit into a trial."""
    pairs = list(zip(blocks[::2], blocks[1::2], strict=True))
    for where in find_windows([sum(b.seconds for b in pair) for pair in pairs], seconds):
        sides: tuple[list[float], list[float]] = ([], [])
        for block in (block for pair in pairs[where] for block in pair):
            sides[block.side].extend(value for _, value in block.values)
        yield sides


def find_live(folder: Path) -> dict[str, list[int]]:
    """Return the signs of the answers that each harness gave live."""
    found: dict[str, list[int]] = {}
    for live in all_lives():
        if path := live.find(folder):
            found.setdefault(live.harness, []).append(load_record(path)["sign"])
    return found
