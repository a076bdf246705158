"""Admits machines that are alike, and keeps blocks that can be merged (floor 4)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.cluster.blocks import find_mixture, read_result
from crawlbench.cluster.fingerprint import describe_differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crawlbench.base.records import Plan
    from crawlbench.cluster.records import BlockResult, ClusterMachine
    from crawlbench.cluster.store import BlockStore


def find_differences(
    earlier: Iterable[ClusterMachine], now: Sequence[ClusterMachine], plan: Plan, here: str
) -> list[str]:
    """Return how machines differ from each other and from those that measured earlier.

    Without such differences, return how their crawlbench differs from this one, whose digest is
    `here`.
    """
    found = {f"{machine.name} before": machine.fingerprint for machine in earlier}
    found |= {machine.name: machine.fingerprint for machine in now}
    differences = describe_differences(found, plan)
    # If they do not differ, any of them stands for all.
    there = now[0].fingerprint
    if there.digest != here and not differences:
        told = f"crawlbench's files: {there.digest} on {now[0].name}, {here} on this machine"
        differences.append(told)
    return differences


class Intake:
    """Admits machines and blocks that are like all those admitted before."""

    def __init__(
        self,
        plan: Plan,
        machines: Iterable[ClusterMachine],
        store: BlockStore,
        firsts: Iterable[BlockResult],
        say: Callable[[str], None],
        here: str,
    ) -> None:
        """Begin with the machines and blocks that exist.

        Args:
            plan: the session's plan.
            machines: those that measured before or are to measure, all alike.
            store: where finished blocks are kept.
            firsts: a block of each sheet that has one in the store.
            say: called with a sentence for each machine that is not used, and why.
            here: the digest of this machine's crawlbench.
        """
        self.machines = {machine.name: machine for machine in machines}
        self._plan, self._store = plan, store
        self._firsts = {block.sheet: _without_cells(block) for block in firsts}
        self._say, self._here = say, here

    def admit(self, machines: Sequence[ClusterMachine]) -> set[str]:
        """Return the names of the machines that are like those admitted before."""
        admitted = set()
        for machine in machines:
            # All that were admitted are alike: if none had this name, any other will do.
            known = self.machines.get(machine.name) or next(iter(self.machines.values()), machine)
            differences = find_differences([known], [machine], self._plan, self._here)
            if differences:
                self._say(f"{machine.name} is not used: {'; '.join(differences)}")
            else:
                admitted.add(machine.name)
                self.machines[machine.name] = machine  # perhaps another machine of that name
        return admitted

    async def keep(self, sheet: int, machine: ClusterMachine, packed: bytes) -> None:
        """Write a finished block to disk.

        Raises:
            ValueError: it is not a block, not the one that was expected, or was measured in other
                environments.
            StorageError: it cannot be written.
        """
        result = read_result(packed)
        for first in self._firsts.values():
            if mixture := find_mixture(first, result):
                raise ValueError(mixture)
        # The first block of a sheet that comes decides which packages its others must have.
        self._firsts.setdefault(result.sheet, _without_cells(result))
        name = machine.name
        # A thread cannot be cancelled, and must not write when the blocks are read at the end, so a
        # cancellation waits for it.
        writing = asyncio.ensure_future(asyncio.to_thread(self._store.keep, sheet, name, packed))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise


def _without_cells(block: BlockResult) -> BlockResult:
    """Return what is compared of a block: thousands of sheets have hundreds of cells each."""
    return replace(block, cells=(), controls=())
