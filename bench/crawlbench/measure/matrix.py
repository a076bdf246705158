"""Makes the cells of a plan from a suite (floor 3; pure but for the registry)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import product
from typing import TYPE_CHECKING

from crawlbench.base.errors import UnknownNameError, UsageError
from crawlbench.base.records import Cell, Plan
from crawlbench.measure.availability import Reach, choose, look_at_all
from crawlbench.measure.labels import Labels
from crawlbench.measure.lengths import find_long_cells, find_long_forms
from crawlbench.measure.suite import split_baseline
from crawlbench.mirror.networks import NETWORKS, find_network
from crawlbench.operations import Operation, select_operations
from crawlbench.plugins import registry
from crawlbench.plugins.scouts import find_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Environment
    from crawlbench.measure.suite import Suite

MAX_SHOWN = 8
"""Most cells that a sentence names."""
MAX_CELLS = 2000
"""A worker starts in a third of a second: a round with more would take a quarter of an hour."""
STOCK_LOOP = "asyncio"


def make_plan(
    name: str,
    suite: Suite,
    baseline: str | None = None,
    *,
    environments: Sequence[Environment] = (),
    reach: Reach = find_out,
    is_versus: bool = False,
    most_cells: int = MAX_CELLS,
) -> Plan:
    """Expand a suite into a plan.

    A name that was written out must be installed; names from a glob are left out if they are not.

    Args:
        name: the suite's name.
        suite: the axes and sizes.
        baseline: as the user typed it; None for the suite's own. For operations, an event loop.
        environments: those in which each cell is measured; empty for the manager's own.
        reach: which plug-ins are available there.
        is_versus: whether each cell is compared with itself in the first environment.
        most_cells: how many cells fit in a session, controls included.

    Raises:
        UsageError: a name is unknown or not installed, the baseline is not a cell, or there are too
            many cells.
    """
    operations = _choose_operations(suite) if suite.operations else []
    crawls = _expand(suite, reach) if suite.strategies else []
    # `--baseline` names a crawl if there are any; only without crawls can it mean an event loop.
    # Loops are checked for crawls too: one that was written out must be one that can be made here.
    loops = _operating_loops(suite, reach, None if crawls else baseline)
    operated = [Cell.of_operation(one.name, loop) for one, loop in product(operations, loops)]
    crawls, operated = (
        _spread(cells, environments, is_versus=is_versus) for cells in (crawls, operated)
    )
    labels = Labels(crawls)
    # Two spellings of one file are the same cell.
    crawls = list(dict.fromkeys(map(labels.rename, crawls)))
    has_own = crawls and not is_versus
    asked = _baselines(crawls, suite.baseline, baseline, labels) if has_own else {}
    baselines = _complete(asked, [*crawls, *operated])
    controls = [replace(baseline, control=True) for baseline in baselines.values()]
    forms = find_long_forms(crawls, suite.long_forms)
    cells = (*crawls, *operated, *controls, *find_long_cells([*crawls, *controls], forms))
    _require_fit(len(cells), most_cells)
    _require_own_names(cells)
    return replace(
        _size(name, suite, cells, baselines),
        operations=tuple(operation.facts for operation in operations),
        environments=tuple(environments),
        long_forms=forms,
        files=labels.files(),
    )


def _require_fit(count: int, most_cells: int) -> None:
    """Refuse a plan that is too large for one session.

    Raises:
        UsageError: it is.
    """
    if count > most_cells:
        raise UsageError(
            f"{count} cells, controls included, are more than the {most_cells} that fit into one "
            "session; choose fewer with -s, -l, -n or -c"
        )


def _require_own_names(cells: Sequence[Cell]) -> None:
    """Refuse cells that could not be told apart: everything is counted by a cell's name.

    Raises:
        UsageError: two have the same.
    """
    counts = Counter(cell.name for cell in cells)
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice is not None:
        raise UsageError(
            f"two cells would be called {twice!r}: controls end in /control and long forms in "
            "/long, so name the environments in another way"
        )


def _complete(baselines: dict[str, Cell], cells: Sequence[Cell]) -> dict[str, Cell]:
    """Return the baseline of every group: the group's first cell, unless another was asked for.

    `_operating_loops` and `_spread` put the baseline's event loop and the first environment first,
    so that the first cell of an operation, or in `ab`, is the one to compare with.
    """
    firsts: dict[str, Cell] = {}
    for cell in cells:
        firsts.setdefault(cell.group, cell)
    return baselines | {group: cell for group, cell in firsts.items() if group not in baselines}


def _size(name: str, suite: Suite, cells: tuple[Cell, ...], baselines: dict[str, Cell]) -> Plan:
    """Return a plan of these cells, with the sizes of its suite."""
    return Plan(
        suite=name,
        cells=cells,
        baselines={group: baseline.name for group, baseline in baselines.items()},
        rounds=suite.rounds,
        laps=suite.laps,
        warmups=suite.warmups,
        min_time_s=suite.min_time_s,
        lap_time_s=suite.lap_time_s,
        long_share=suite.long_share,
        budget_s=suite.budget_s,
        precision=_log_ratio(suite.precision_percent) if suite.precision_percent else None,
        margin=_log_ratio(suite.margin_percent),
        confidence=suite.confidence,
        timeout_s=suite.timeout_s,
        seed=suite.seed,
        stopping=suite.choose_stopping(),
        is_paced=suite.is_paced,
        may_rest=suite.resting,
        cpus=suite.cpus,
        mirror_cpus=suite.mirror_cpus,
    )


def _log_ratio(percent: float) -> float:
    return math.log1p(percent / 100)


def _spread(
    cells: Sequence[Cell], environments: Sequence[Environment], *, is_versus: bool
) -> list[Cell]:
    """Return the cells in each environment, all cells of the first one first."""
    names = [environment.name for environment in environments] or [""]
    return [
        replace(cell, environment=name, versus=is_versus) for name, cell in product(names, cells)
    ]


def _expand(suite: Suite, reach: Reach) -> list[Cell]:
    """Return the cells without controls, each once, in the order of the suite."""
    kind, networks = registry.Kind, _select_networks(suite.networks)
    tools = {kind.PARSER: suite.parsers, kind.EVENT_LOOP: suite.event_loops}
    look_at_all(reach, {kind.SITE: suite.sites, **tools, kind.STRATEGY: suite.strategies})
    strategies = choose(reach, kind.STRATEGY, suite.strategies)
    parsers, event_loops = (choose(reach, one, names) for one, names in tools.items())
    sites = choose(find_out, kind.SITE, suite.sites)  # the mirror is the manager's
    cells: dict[Cell, None] = {}
    for site, network, strategy, parser, concurrency in product(
        sites, networks, strategies, parsers, dict.fromkeys(suite.concurrency)
    ):
        (facts,) = reach([(kind.STRATEGY, strategy)])
        for event_loop in event_loops if facts.is_async else [None]:
            cells[Cell(site, network, strategy, event_loop, parser, concurrency)] = None
    return list(cells)


def _select_networks(patterns: tuple[str, ...]) -> list[str]:
    chosen: dict[str, None] = {}
    for pattern in patterns:
        matches = [name for name in NETWORKS if fnmatchcase(name, pattern)]
        if not matches:
            find_network(pattern)  # raises with the known names, or reads a file
            matches = [pattern]
        chosen.update(dict.fromkeys(matches))
    return list(chosen)


def _choose_operations(suite: Suite) -> list[Operation]:
    """Return the operations that this Python and system allow.

    Raises:
        UsageError: none is left, or one that was written out is not possible here.
    """
    chosen = select_operations(suite.operations)
    named = [one for one in chosen if one.name in suite.operations and one.obstacle]
    if named:
        raise UsageError(f"operation {named[0].name!r} cannot be done here: {named[0].obstacle}")
    possible = [one for one in chosen if not one.obstacle]
    if not possible:
        raise UsageError(
            f"none of the operations {', '.join(suite.operations)} can be done here: "
            f"{chosen[0].name}: {chosen[0].obstacle}"
        )
    return possible


def _operating_loops(suite: Suite, reach: Reach, baseline: str | None) -> list[str]:
    """Return the event loops, with the baseline of all others first (None: the stock loop).

    Raises:
        UsageError: one that was written out makes no event loop here, or the baseline is not one.
    """
    loops = choose(reach, registry.Kind.EVENT_LOOP, suite.event_loops)
    for name in loops:
        if name in suite.event_loops:
            reach([(registry.Kind.EVENT_LOOP, name)])[0].require_own_loops()
    if baseline is not None and baseline not in loops:
        raise UnknownNameError(
            f"the baseline {baseline!r} is not among the event loops; they are: {', '.join(loops)}"
        )
    return sorted(loops, key=lambda loop: loop != (baseline or STOCK_LOOP))


def _baselines(
    crawls: list[Cell], usual: str, asked: str | None, labels: Labels
) -> dict[str, Cell]:
    """Return the baseline of each group; `asked` is None if the suite's usual one will do."""
    wanted = _rename(usual if asked is None else asked, labels)
    # A baseline that was asked for must exist. The suite's own need not: a user who narrows a suite
    # with `-s` has not asked for it, and gets the first cell instead.
    if asked is None:
        wanted = _usual_baseline(crawls, wanted)
    groups = dict.fromkeys(cell.group for cell in crawls)
    return {group: _baseline(group, crawls, wanted) for group in groups}


def _rename(baseline: str, labels: Labels) -> str:
    """Return `strategy` or `strategy/event loop` with a file's label in place of its path."""
    strategy, loop = split_baseline(baseline)
    return labels.of_tool(strategy) + loop


def _usual_baseline(cells: list[Cell], wanted: str) -> str:
    """Return the suite's baseline if it is among the cells, else the first cell.

    Raises:
        UnknownNameError: it names nothing that exists, so it must be a mistake.
    """
    if any(_fits(cell, wanted) for cell in cells):
        return wanted
    strategy, loop = split_baseline(wanted)
    registry.find(registry.Kind.STRATEGY, strategy)
    if loop:
        registry.find(registry.Kind.EVENT_LOOP, loop.removeprefix("/"))
    return _short_name(cells[0])


def _baseline(group: str, cells: list[Cell], wanted: str) -> Cell:
    """Return the first cell of a group that the baseline's name fits.

    A suite with several concurrencies has several such cells; the plan says which one was taken.
    """
    for cell in cells:
        if cell.group == group and _fits(cell, wanted):
            return cell
    known = list(dict.fromkeys(_short_name(cell) for cell in cells))
    more = len(known) - MAX_SHOWN
    listed = ", ".join([*known[:MAX_SHOWN], *([f"and {more} more"] if more > 0 else [])])
    raise UnknownNameError(f"the baseline {wanted!r} is not among the cells; they are: {listed}")


def _fits(cell: Cell, wanted: str) -> bool:
    """Return whether `strategy` or `strategy/event loop` names the cell."""
    return wanted in (cell.strategy, _short_name(cell))


def _short_name(cell: Cell) -> str:
    return f"{cell.strategy}/{cell.event_loop}" if cell.event_loop else cell.strategy
