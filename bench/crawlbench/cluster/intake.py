"""What is taken in: machines that are alike, and blocks that can be merged (floor 4)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crawlbench.cluster.blocks import find_mixture, read_result
from crawlbench.cluster.fingerprint import describe_differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crawlbench.base.records import BlockResult, ClusterMachine, Plan
    from crawlbench.cluster.store import BlockStore

__all__ = ["Intake", "find_differences"]


def find_differences(
    earlier: Iterable[ClusterMachine], now: Sequence[ClusterMachine], plan: Plan, here: str
) -> list[str]:
    """Return in what machines differ among each other, and their crawlbench from this one.

    Args:
        earlier: those that measured before.
        now: those that are to measure.
        plan: of the session.
        here: digest of this machine's crawlbench.
    """
    found = {f"{machine.name} before": machine.fingerprint for machine in earlier}
    found |= {machine.name: machine.fingerprint for machine in now}
    differences = describe_differences(found, plan)
    there = now[0].fingerprint
    if there.digest != here and not differences:
        told = f"crawlbench's files: {there.digest} on {now[0].name}, {here} on this machine"
        differences.append(told)
    return differences


class Intake:
    """Lets in what is like all that was let in before."""

    def __init__(
        self,
        plan: Plan,
        machines: Iterable[ClusterMachine],
        store: BlockStore,
        first: BlockResult | None,
        say: Callable[[str], None],
        here: str,
    ) -> None:
        """Begin with what is there.

        Args:
            plan: of the session.
            machines: that measured before or are to measure, all alike.
            store: of finished blocks.
            first: one of those that are there, None if there is none.
            say: is told who is not used, and why.
            here: digest of this machine's crawlbench.
        """
        self.machines = {machine.name: machine for machine in machines}
        self._plan, self._store, self._first = plan, store, first
        self._say, self._here = say, here

    def admit(self, machines: Sequence[ClusterMachine]) -> set[str]:
        """Return the names of those that are as the others, who are all alike."""
        admitted = set()
        for machine in machines:
            known = self.machines.get(machine.name) or next(iter(self.machines.values()), machine)
            differences = find_differences([known], [machine], self._plan, self._here)
            if differences:
                self._say(f"{machine.name} is not used: {'; '.join(differences)}")
            else:
                admitted.add(machine.name)
                self.machines[machine.name] = machine  # it may be another of that name
        return admitted

    async def keep(self, sheet: int, machine: ClusterMachine, packed: bytes) -> None:
        """Write a finished block to disk.

        Raises:
            ValueError: it is no block, not the one that was due, or of other environments.
            StorageError: it cannot be written.
        """
        result = read_result(packed)
        self._first = self._first or result
        mixture = find_mixture(self._first, result)
        if mixture:
            raise ValueError(mixture)
        name = machine.name
        writing = asyncio.ensure_future(asyncio.to_thread(self._store.keep, sheet, name, packed))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing  # before all that is there is read
            raise
