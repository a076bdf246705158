"""The blocks that wait for a machine, and which machine should take which (floor 4; pure)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(slots=True)
class Block:
    """One machine's part of one sheet, not yet finished."""

    sheet: int
    copy: int
    """From 0."""
    tries: int = 0
    failed_on: set[str] = field(default_factory=set)
    reason: str = ""
    """Why the last try failed."""


class Backlog:
    """The blocks that no machine measures at the moment."""

    def __init__(self) -> None:
        self._by_sheet: dict[int, deque[Block]] = {}
        """Blocks by sheet, the least tried first; a sheet without waiting blocks has no entry."""

    def __bool__(self) -> bool:
        return bool(self._by_sheet)

    def __iter__(self) -> Iterator[Block]:
        return (block for blocks in self._by_sheet.values() for block in blocks)

    def put(self, *blocks: Block) -> None:
        """Add blocks, each behind the others of its sheet."""
        for block in blocks:
            self._by_sheet.setdefault(block.sheet, deque()).append(block)

    def take(self, block: Block) -> None:
        """Remove a block that a machine begins to measure."""
        self._by_sheet[block.sheet].remove(block)
        if not self._by_sheet[block.sheet]:
            del self._by_sheet[block.sheet]

    def clear(self) -> None:
        """Remove all blocks."""
        self._by_sheet.clear()

    def next_for(
        self,
        name: str,
        done: Mapping[int, set[str]],
        measuring: Mapping[int, set[str]],
        machines: set[str],
    ) -> Block | None:
        """Return the block that a machine should take, or None if there is none for it.

        A machine never takes a sheet twice: two blocks of one machine are not independent, and the
        spread between machines would look smaller than it is. Among the blocks that it may take,
        the least tried come first, so that one that fails everywhere does not hold up the others.
        After that comes the sheet that lacks most blocks, so that all sheets end at about the same
        time.

        Args:
            name: the machine's name.
            done: for each sheet, the machines that have measured it.
            measuring: for each sheet, the machines that are measuring it.
            machines: all machines that could take blocks.
        """
        able = [
            block
            for sheet, blocks in self._by_sheet.items()
            if name not in done[sheet] and name not in measuring[sheet]
            # A machine that has the sheet already cannot take the block, so nobody waits for it.
            if (block := _pick(blocks, name, machines - done[sheet]))
        ]
        return min(able, key=lambda b: (b.tries, -len(self._by_sheet[b.sheet])), default=None)


def _pick(blocks: deque[Block], name: str, others: set[str]) -> Block | None:
    """Return a sheet's first block that has not failed on this machine, or has failed everywhere.

    If a block failed here, the machine may be at fault, so another machine gets it first. Once it
    has failed on every machine that could take it, there is no other machine to wait for.
    """
    for block in blocks:
        if name not in block.failed_on:
            return block
    return next((block for block in blocks if others <= block.failed_on), None)
