"""Doubts: measured nuisances, their size, and times without them (floor 2; pure).

A doubt does not rule anything out by itself. Its time is taken off both sides of a comparison, and
a verdict that survives this stands (docs/method.md).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from crawlbench.base.records import Doubt
from crawlbench.stats.headroom import MAX_PEER_SHARE, idle_s, starved_s, used_s
from crawlbench.stats.index import reading_of
from crawlbench.stats.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawlbench.base.records import Cell, Quantity, Sample, Session
    from crawlbench.stats.index import Index, Reading
    from crawlbench.stats.pairing import Side

HALF = 0.5
"""Share of the time from which the rest is not known well enough to be compared."""
MIN_LOAD = 0.25
"""Share of the time for which a server may be busy in any crawl. Beyond it requests begin to wait
for each other, which pulls the ratio of two clients towards 1."""
MIN_SHARE = 0.0002
"""Share of the time below which a doubt cannot change a printed digit."""
MIN_LEFT = 0.1
"""Share of a value that always remains, however much is taken off, so that a lap that was nothing
but waiting still counts as a lap."""
CONTENTION_COST = 0.25
"""CPU seconds that are added to each CPU second, if others had the CPU for half of the time in
which the worker wanted it. Measured: docs/method.md."""


def reach_of(shifts: Iterable[float]) -> Interval:
    """Return how far doubts with these shifts could move a log ratio down and up.

    Nobody knows which of them are to be taken off: none, all, or those that move it one way.
    """
    found = list(shifts)
    return Interval(sum(s for s in found if s < 0), sum(s for s in found if s > 0))


def bound_shifts(shifts: Iterable[float]) -> float:
    """Return how far doubts with these shifts could move a log ratio, in either direction."""
    reach = reach_of(shifts)
    return max(-reach.low, reach.high)


def counts(doubt: Doubt, *shares: float) -> bool:
    """Return whether a doubt with these shares of the time on the two sides could matter."""
    return max(shares) >= (MIN_LOAD if doubt is Doubt.SERVER_LOAD else MIN_SHARE)


def find_nuisances(
    session: Session, cell: Cell, quantity: Quantity, others: Mapping[str, float]
) -> Nuisances:
    """Return the doubts about the samples of a cell's group; `others` is as for `Nuisances`."""
    facts = session.plan.operation(cell)
    return Nuisances(
        quantity,
        ceiling=session.ceilings.get(cell.group),
        cpus=max(1, len(session.machine.worker_cpus)),
        has_server=not (facts and facts.peer_is_aside),
        is_operation=facts is not None,
        others=others,
    )


class Nuisances:
    """The doubts about one group's samples by one quantity."""

    def __init__(
        self,
        quantity: Quantity,
        *,
        ceiling: float | None,
        cpus: int,
        has_server: bool,
        is_operation: bool = False,
        others: Mapping[str, float] | None = None,
    ) -> None:
        """Take what the samples alone do not show.

        Args:
            quantity: what is compared.
            ceiling: requests per second that the mirror reached; None if that was not measured.
            cpus: how many CPUs the worker may use.
            has_server: whether a mirror or a peer takes part in the time.
            is_operation: whether the server is an operation's peer.
            others: by cell, the share of its waits for a CPU that others caused; where nobody can
                say, a cell is left out, and all of its waits count.
        """
        self._quantity = quantity
        self._ceiling = ceiling
        self._cpus = cpus
        self._has_server = has_server
        self._is_operation = is_operation
        self._others = others or {}
        self._shares: dict[tuple[str, ...], dict[Doubt, float]] = {}
        # One function for each set of doubts: an index finds what it has read by the function.
        self._readings: dict[tuple[Doubt, ...], Reading] = {}

    @cached_property
    def plain(self) -> Reading:
        """Reads the quantity from a sample, as measured."""
        return reading_of(self._quantity)

    @property
    def kinds(self) -> tuple[Doubt, ...]:
        """The doubts that this quantity can have."""
        if self._quantity.is_cpu:
            return (Doubt.CONTENTION,)
        servers = (Doubt.SERVER_WAIT, Doubt.SERVER_LOAD) if self._has_server else ()
        return (*servers, Doubt.STARVATION)

    def are_of_others(self, *sides: Side) -> bool:
        """Return whether these sides' waits are others' doing, as far as they count.

        If they are not, they are a part of what is measured, and so is the chance in them.
        """
        return all(cell in self._others for side in sides for cell in side.cells)

    def most(self, doubt: Doubt) -> float:
        """Return the share of the time from which a doubt leaves too little to be compared.

        A peer that echoes takes turns with the event loop, so its CPU time is exactly its part of
        the whole. Half is normal there, and only a peer that sets the pace is too much.
        """
        is_peer = self._is_operation and doubt is Doubt.SERVER_LOAD
        return MAX_PEER_SHARE if is_peer else HALF

    def sizes(self, index: Index, side: Side, other: Side) -> dict[Doubt, tuple[float, float]]:
        """Return, for each doubt that could change a digit, its share of the time on both sides."""
        mine, theirs = self.shares(index, side), self.shares(index, other)
        sizes = {doubt: (mine[doubt], theirs[doubt]) for doubt in self.kinds}
        return {doubt: pair for doubt, pair in sizes.items() if counts(doubt, *pair)}

    def shares(self, index: Index, side: Side) -> dict[Doubt, float]:
        """Return the share of a side's time that each doubt may account for, from 0 to 1.

        On several CPUs threads may wait for longer than the whole takes, and all of it is in doubt.
        """
        if side.cells not in self._shares:
            samples = [sample for cell in side.cells for sample in index.samples(cell)]
            self._shares[side.cells] = self._sum_up(samples)
        return self._shares[side.cells]

    def without(self, doubts: tuple[Doubt, ...]) -> Reading:
        """Return a function that reads the quantity from a sample, with these doubts taken off."""
        if doubts not in self._readings:
            plain, parts = self.plain, [self._part(doubt) for doubt in doubts]

            def read(sample: Sample) -> float:
                whole = plain(sample)
                rest = whole - sum(part(sample) for part in parts)
                return max(rest, MIN_LEFT * whole)

            self._readings[doubts] = read
        return self._readings[doubts]

    def _sum_up(self, samples: Sequence[Sample]) -> dict[Doubt, float]:
        whole = _total_s(self.plain, samples)
        totals = {kind: _total_s(self._part(kind), samples) for kind in self.kinds}
        return {kind: min(1.0, total / whole) if whole else 0.0 for kind, total in totals.items()}

    def _part(self, doubt: Doubt) -> Reading:
        """Return a function that reads the seconds per crawl that a doubt may account for."""
        return {
            Doubt.SERVER_WAIT: self._server_wait_s,
            Doubt.SERVER_LOAD: self._server_load_s,
            Doubt.STARVATION: self._starved_s,
            Doubt.CONTENTION: self._contention_s,
        }[doubt]

    def _server_wait_s(self, sample: Sample) -> float:
        # A client that computed all the while was not held up, however long the mirror had no CPU.
        return min(sample.mirror_wait_s / sample.loops, idle_s(sample, self._cpus))

    def _server_load_s(self, sample: Sample) -> float:
        """Return how long the mirror worked, but no longer than the client can have waited for it.

        A client that uses its CPUs all the time is as fast as it can be, however busy the mirror
        is.
        """
        at_ceiling = sample.requests / self._ceiling if self._ceiling else 0.0
        load_s = max(sample.mirror_cpu_s, at_ceiling) / sample.loops
        return min(load_s, idle_s(sample, self._cpus))

    def _contention_s(self, sample: Sample) -> float:
        waited, used = self._starved_s(sample), used_s(sample)
        wanted = waited + used
        share = waited / wanted if wanted else 0.0
        # A straight line from nothing to what was measured at a half, and no more beyond that.
        return CONTENTION_COST * min(1.0, share / HALF) * used

    def _starved_s(self, sample: Sample) -> float:
        return starved_s(sample, self._cpus) * self._others.get(sample.cell, 1.0)


def _total_s(read: Reading, samples: Sequence[Sample]) -> float:
    """Return the sum over all crawls, in the order of the samples."""
    total = 0.0
    for sample in samples:
        total += read(sample) * sample.loops
    return total
