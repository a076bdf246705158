"""What rounds are measured with: mirrors and peers, the turnstile, an executor (floor 3)."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawlbench.base.rooms import open_room
from crawlbench.measure.calibration import find_every, find_strides
from crawlbench.measure.ceiling import MIN_SPAN_S, SPAN_S, ask_mirror
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.peers import PeerMeter, open_peers
from crawlbench.measure.round import RoundResult, run_round
from crawlbench.measure.schedule import RoundPlan
from crawlbench.measure.sharing import find_cold, find_sharing
from crawlbench.measure.sitefacts import find_site
from crawlbench.measure.topology import stay_off
from crawlbench.measure.turnstile import open_turnstile
from crawlbench.measure.unrest import Patience
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import MirrorProcess, open_mirror
from crawlbench.plugins import registry
from crawlbench.plugins.about import describe_http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from crawlbench.base.records import Cell, Plan, Sample, Session
    from crawlbench.measure.contract import Counterpart
    from crawlbench.measure.job import Place
    from crawlbench.measure.sitefacts import SiteFacts
    from crawlbench.measure.verify import Expectation
    from crawlbench.mirror.networks import Network

# A process's first crawl pays for what later ones find ready. And only warmups show what a strategy
# keeps from an earlier crawl, so a session has this one even if its suite has none.
CALIBRATION_WARMUPS = 1


@dataclass(frozen=True, slots=True)
class Lab:
    """A place to measure; made by `open_lab`."""

    mirrors: dict[str, MirrorProcess]
    """Mirrors by the place of crawls: groups with the same site and network share one."""
    peers: dict[str, PeerMeter]
    """The meter of each operation's peer, by operation; several operations share a peer."""
    sites: dict[str, SiteFacts]
    """What is known of each site, by the place of crawls."""
    executor: ProcessExecutor
    expectations: dict[str, Expectation]
    """What a correct crawl returns, by site."""
    groups: dict[str, str]
    """The place of each group of crawls."""
    trace_folder: Path
    """Where the mirrors note the requests of the calibration; removed when the lab closes."""
    unhosted: set[str]
    """Groups of operations that have proved unfit for a host; the executor adds to them."""
    patience: Patience = field(default_factory=Patience)

    async def measure_ceilings(self, lap_time_s: float) -> dict[str, float]:
        """Return how many requests per second each group's mirror answers without delays.

        Long forms have mirrors of their own, which are not asked: they serve pages like those of
        the group's own site.

        Args:
            lap_time_s: how long a turn of the session should last. If that is less than `SPAN_S`,
                the session is in a hurry, and each mirror is asked only for as long as that, but
                at least for `MIN_SPAN_S`.

        Raises:
            MirrorError: a mirror does not answer.
        """
        span_s = min(SPAN_S, max(MIN_SPAN_S, lap_time_s))
        found: dict[str, float] = {}
        for place in dict.fromkeys(self.groups.values()):
            mirror, site = self.mirrors[place], self.sites[place]
            await mirror.begin("ceiling", plays_network=False)
            body = None if site.payload is None else json.dumps(site.payload).encode()
            found[place] = await ask_mirror(mirror, site.path, body, span_s)
            await mirror.end()
        return {group: found[place] for group, place in self.groups.items()}

    async def measure(
        self,
        session: Session,
        number: int,
        on_sample: Callable[[int, Sample], None],
        cells: tuple[Cell, ...] | None = None,
    ) -> RoundResult:
        """Measure one round of some cells; round 0 is the calibration.

        Args:
            session: the session so far.
            number: the round's number.
            on_sample: called after each value, with the round's number.
            cells: those that take part; None for all cells of the plan that have not failed.
        """
        plan = session.plan
        if cells is None:
            failed = {failure.cell for failure in session.failures}
            cells = tuple(cell for cell in plan.cells if cell.name not in failed)
        round_plan = RoundPlan(
            number=number,
            seed=plan.seed,
            cells=cells,
            loops=session.loops if number else {cell.name: 1 for cell in cells},
            warmups=plan.warmups if number else CALIBRATION_WARMUPS,
            laps=plan.laps if number else 1,
            passes=session.passes if number else {cell.group: 1 for cell in cells},
            every=find_every(session, cells) if number else {},
            strides=find_strides(session, cells) if number else {},
            # Without warmups in the rounds, the one of the calibration is all that a cell has.
            cold=self._find_cold(cells, number) if plan.warmups else (),
            modules={cell.name: loop_module(cell) for cell in cells},
            declared=declared_by(plan, cells),
            patience=self.patience,
            trace_folder=None if number else self.trace_folder,
        )
        ends: dict[str, Counterpart] = {**self.mirrors, **self.peers}
        result = await run_round(round_plan, self.executor, ends, self.expectations, on_sample)
        # Kept with the session: one that continues must not host them again beside rounds in which
        # they were not hosted.
        result.unhosted = tuple(sorted(self.unhosted))
        return result

    def _find_cold(self, cells: tuple[Cell, ...], number: int) -> frozenset[str]:
        """Return the names of the cells without warmups in a round."""
        processes = {cell.name: self.executor.name_process(cell) for cell in cells}
        pages = {name: one.pages for name, one in self.expectations.items()}
        return find_cold(cells, processes, pages, number)


def loop_module(cell: Cell) -> str | None:
    """Return the top-level module of a cell's event loop; None if it has none."""
    return registry.declared_module(cell.event_loop) if cell.event_loop else None


def declared_by(plan: Plan, cells: Iterable[Cell]) -> dict[str, tuple[str, str]]:
    """Return what the docstrings of strategies declare about HTTP, by the name that cells use.

    A user's file is found by its path, not by the short name in its cells.
    """
    names = dict.fromkeys(cell.strategy for cell in cells if cell.strategy)
    return {name: describe_http(plan.path_of(name)) for name in names}


@asynccontextmanager
async def open_lab(session: Session) -> AsyncIterator[Lab]:
    """Start the mirrors, the peers, and the turnstile; end them when the block ends.

    Raises:
        MirrorError: a mirror or a peer did not start.
    """
    plan, machine = session.plan, session.machine
    crawls = {cell.place: cell for cell in plan.cells if not cell.operation}
    names = dict.fromkeys(cell.site for cell in crawls.values())
    sites = {name: find_site(plan.path_of(name)) for name in names}
    async with AsyncExitStack() as stack:
        stack.enter_context(stay_off(machine.mirror_cpus))  # first, as whatever starts inherits it
        networks = {c.network: find_network(plan.path_of(c.network)) for c in crawls.values()}
        mirrors = await _open_mirrors(session, crawls, networks, stack)
        meters = stack.enter_context(open_peers(plan.operations, machine.mirror_cpus))
        peers = {cell.place: meters[cell.place] for cell in plan.cells if cell.operation}
        turnstile = await stack.enter_async_context(open_turnstile())
        files = {name: file.path for name, file in plan.files.items()}
        places: dict[str, Place] = {
            place: {"origin": mirror.address, "ca_file": mirror.ca_file, "files": files}
            for place, mirror in mirrors.items()
        }
        places |= {place: {"peer": meter.address} for place, meter in peers.items()}
        unhosted = set(session.unhosted)
        yield Lab(
            mirrors=mirrors,
            peers=peers,
            sites={place: sites[cell.site] for place, cell in crawls.items()},
            executor=ProcessExecutor(
                turnstile,
                places,
                machine.worker_cpus,
                plan.timeout_s,
                session.environments,
                [facts.name for facts in plan.operations if facts.needs_own],
                find_sharing(plan.cells, networks),
                mirrors,
                unhosted=unhosted,
            ),
            expectations={name: site.expected for name, site in sites.items()},
            groups={c.group: c.place for c in plan.own_cells if not c.operation},
            trace_folder=stack.enter_context(open_room()),
            unhosted=unhosted,
        )


async def _open_mirrors(
    session: Session,
    crawls: dict[str, Cell],
    networks: dict[str, Network],
    stack: AsyncExitStack,
) -> dict[str, MirrorProcess]:
    """Return the mirror of each place."""
    plan, cpus = session.plan, session.machine.mirror_cpus
    at: dict[str, MirrorProcess] = {}
    for place, cell in crawls.items():
        site, name = plan.path_of(cell.site), plan.path_of(cell.network)
        mirror = open_mirror(site, name, networks[cell.network], plan.seed, cpus)
        at[place] = await stack.enter_async_context(mirror)
    return at
