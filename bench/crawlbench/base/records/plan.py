"""What is to be measured: cells and the plan of a session (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

# msgspec reads the annotations when it decodes.
from crawlbench.base.records.environment import Environment  # noqa: TC001
from crawlbench.base.records.findings import Quantity
from crawlbench.base.records.longform import LongForm  # noqa: TC001
from crawlbench.base.records.ranges import Count, Figure, LogRatio, Number, Part, Span, Sure  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Callable


class Stopping(StrEnum):
    """What decides when a session ends, and so which kind of interval is valid."""

    FIXED = "fixed"
    """The number of rounds, set beforehand: results are looked at once, by Student's t."""
    ANY = "any"
    """What was measured, looked at after each round: intervals hold at all times at once."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of site x network x strategy x event loop x parser x concurrency x environment.

    Or of operation x event loop x environment; then what only a crawl has is empty or 0.
    """

    site: str
    network: str
    strategy: str
    event_loop: str | None
    """None for a strategy that is not `async`."""
    parser: str
    concurrency: Count
    environment: str = ""
    """Empty for the manager's own environment."""
    control: bool = False
    """Whether it is the baseline's twin, which must come out equal."""
    operation: str = ""
    """What an event loop does instead of a crawl; empty for a crawl."""
    versus: bool = False
    """Whether a cell is compared with itself in the first environment, and not with other cells."""
    long_of: str = ""
    """The site whose long form this cell crawls: it is measured in that site's group, beside the
    cell that is like it there. Empty for all other cells."""

    @classmethod
    def of_operation(cls, operation: str, event_loop: str) -> Cell:
        """Return the cell for an event loop's operation."""
        return cls("", "", "", event_loop, "", 0, operation=operation)

    @property
    def name(self) -> str:
        """Key of the cell in all published files: `aiohttp-gather/uvloop/lxml/c10/wan/my-site`.

        An operation's is like `sleep-zero/uvloop`.
        """
        parts = [self._work_on(self.site)]
        if self.environment:
            parts.append(f"@{self.environment}")
        if self.long_of:
            parts.append("long")
        if self.control:
            parts.append("control")
        return "/".join(parts)

    @property
    def group(self) -> str:
        """The group within which cells are compared with each other.

        They share site and network, or the operation; where environments are compared, everything
        but the environment. A long form belongs to the group of its site.
        """
        site = self.long_of or self.site
        if self.versus:
            return self._work_on(site)
        return self.operation or f"{site}/{self.network}"

    @property
    def place(self) -> str:
        """Key of what the cell is measured against: a site on a network, or an operation's peer."""
        return self.operation or f"{self.site}/{self.network}"

    @property
    def loop_name(self) -> str:
        """The event loop, with the environment unless that is the manager's; `-` for no loop."""
        loop = self.event_loop or "-"
        return f"{loop} @{self.environment}" if self.environment else loop

    @property
    def short_name(self) -> str:
        """Name of the cell whose long form this cell is; its own name if it is no long form."""
        return replace(self, site=self.long_of, long_of="").name if self.long_of else self.name

    def lengthened(self, site: str) -> Cell:
        """Return the cell that is like this one, but crawls a longer site."""
        return replace(self, site=site, long_of=self.site)

    def _work_on(self, site: str) -> str:
        """Return what the cell does, on all axes but the environment."""
        loop = self.event_loop or "-"
        parts = (
            [self.operation, loop]
            if self.operation
            else [self.strategy, loop, self.parser, f"c{self.concurrency}", self.network, site]
        )
        return "/".join(parts)


@dataclass(frozen=True, slots=True)
class Sweep:
    """One axis along which a session looks for the knee of each strategy."""

    axis: str
    """`concurrency`, `latency`, `pages` or `body`."""
    unit: str
    """Unit of the places; empty for a plain count."""
    places: dict[str, Figure]
    """Cell to its place on the axis, without the controls."""


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """What a report says about an operation, even where its plug-in is not installed."""

    name: str
    theme: str
    about: str
    """One line."""
    counts: str
    """The plural of what it does `n` of, such as `callbacks`."""
    n: Number
    peer: str
    """What the other process does; `none` where there is none."""
    peer_is_aside: bool
    """Whether there is no other process, or one whose load says nothing: it holds connections."""
    whole_ms: bool
    """Whether timers set its time: some loops round them, and a ratio would show just that."""
    needs_own: bool = False
    """Whether each of its cells has its own process per round; others share one per event loop."""


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A user's file that cells name: a site, a network, a strategy or a parser."""

    path: str
    """Absolute, so that the file is found from any folder."""
    spelling: str
    """As the user wrote it."""
    content: str = ""
    """For a site: hash of everything that decides what a crawl returns; empty for other files,
    which people change in order to compare."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides how a session measures."""

    suite: str
    cells: tuple[Cell, ...]
    """All cells, with baselines and controls."""
    baselines: dict[str, str]
    """Group to the name of the cell that the others of the group are compared with."""
    rounds: Number
    """The most rounds."""
    laps: Number
    """Turns of each group in a round; a turn of a cheap group takes several laps."""
    warmups: Count
    """Values per cell and round that are thrown away."""
    min_time_s: Span
    """About how long a value lasts at least; `loops` are chosen for this."""
    lap_time_s: Span
    """About how long a group's turn lasts at least."""
    budget_s: Span | None
    """No round starts that would end later than this, counted from the session's start."""
    precision: LogRatio | None
    """Half-width of the log ratio below which a comparison needs no more rounds."""
    margin: LogRatio
    """Differences up to this log ratio do not matter to the user."""
    confidence: Sure
    """Confidence of all intervals, over the family of comparisons."""
    timeout_s: Span
    """A value that takes longer is a hang."""
    seed: int
    """Seed for the order within laps and the network's delays."""
    sweep: Sweep | None = None
    """None if the session is no sweep."""
    operations: tuple[OperationFacts, ...] = ()
    """Operations of the cells, in their order; empty if all cells are crawls."""
    stopping: Stopping = Stopping.FIXED
    """What ends the session. Format 1 knew only one look, by the budget or the number of rounds."""
    gate: float | None = None
    """Log ratio, or seconds to begin, that a script asks about: a pair is measured until its
    interval does not reach across it; None if nobody asks."""
    gate_quantity: Quantity = Quantity.TIME
    """The quantity that the gate is about."""
    environments: tuple[Environment, ...] = ()
    """Other Pythons and packages; empty if all workers run in the manager's own environment."""

    cpus: str = "all"
    """How many CPUs each worker may use, or `all`."""
    mirror_cpus: tuple[int, ...] = ()
    """The mirror's CPUs; empty for the last one that may be used."""
    files: dict[str, OwnFile] = field(default_factory=dict)
    """Users' files by what cells call them: names shortened as far as they stay distinct. Empty in
    older sessions, whose cells name files as they were spelled."""

    is_paced: bool = False
    """Whether laps per turn are chosen again after some rounds, by their cost and their spread;
    False where the user set their number, and in older sessions."""
    may_rest: bool = True
    """Whether settled cells rest if it is paced; False where the user set the number of rounds."""
    long_forms: dict[str, LongForm] = field(default_factory=dict)
    """By group, what its cells crawl besides their own site; empty where one length is measured."""
    long_share: Part = 1.0
    """About how much of the laps' time long forms may take; with 1 they take part in each lap."""

    @property
    def own_cells(self) -> tuple[Cell, ...]:
        """The cells without the long forms, which only serve the cells beside them."""
        return tuple(cell for cell in self.cells if not cell.long_of)

    @property
    def long_names(self) -> dict[str, str]:
        """Name of a cell to the name of its long form, where there is one."""
        return self._beside(lambda form: form.site)

    @property
    def middle_names(self) -> dict[str, str]:
        """Name of a cell to the name of its middle form, where there is one."""
        return self._beside(lambda form: form.middle)

    @property
    def twins(self) -> dict[str, tuple[str, ...]]:
        """Group to the names of its baseline and controls, which count as one cell."""
        found: dict[str, tuple[str, ...]] = {g: (name,) for g, name in self.baselines.items()}
        for cell in self.own_cells:
            if cell.control:
                found[cell.group] += (cell.name,)
        return found

    def leading(self, group: str) -> Quantity:
        """Return the quantity by which a group's cells are ordered and its answer is given."""
        return Quantity.PAGE if group in self.long_forms else Quantity.TIME

    @property
    def is_versus(self) -> bool:
        """Whether environments are compared with each other, everything else being equal."""
        return any(cell.versus for cell in self.cells)

    def operation(self, cell: Cell) -> OperationFacts | None:
        """Return the facts of a cell's operation; None for a crawl."""
        return next((facts for facts in self.operations if facts.name == cell.operation), None)

    def cell(self, name: str) -> Cell:
        """Return the cell of that name."""
        return next(cell for cell in self.cells if cell.name == name)

    def names_on(self, axis: str) -> list[str]:
        """Return what the cells name on an axis, such as `parser`, each once; files by path."""
        names = (getattr(cell, axis) for cell in self.cells)
        return list(dict.fromkeys(self.path_of(name) for name in names if name))

    def path_of(self, name: str) -> str:
        """Return where to find what a cell names: a file's path, or the name itself."""
        label, trip = self._find_label(name)
        return self.files[label].path + trip if label else name

    def spelling_of(self, name: str) -> str:
        """Return how a user spelled what a cell names."""
        label, trip = self._find_label(name)
        return self.files[label].spelling + trip if label else name

    def as_spelled(self) -> Plan:
        """Return the plan for other machines, which find files as they were spelled."""
        files = {n: replace(file, path=file.spelling) for n, file in self.files.items()}
        return replace(self, files=files)

    def _beside(self, site_of: Callable[[LongForm], str]) -> dict[str, str]:
        return {
            cell.short_name: cell.name
            for cell in self.cells
            if cell.long_of and cell.site == site_of(self.long_forms[cell.group])
        }

    def _find_label(self, name: str) -> tuple[str, str]:
        """Return a file's label and what follows it, as in `mine.toml@5ms`; empty texts if none."""
        if name in self.files:
            return name, ""
        base, at, trip = name.rpartition("@")
        return (base, at + trip) if base in self.files else ("", "")
