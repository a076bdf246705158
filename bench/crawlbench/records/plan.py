"""What is to be measured: cells and the plan of a session (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cell", "Plan", "Sweep"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of site x network x strategy x event loop x parser x concurrency x environment."""

    site: str
    network: str
    strategy: str
    event_loop: str | None
    """None for a strategy that is not `async`."""
    parser: str
    concurrency: int
    environment: str = ""
    """Empty for the manager's own."""
    control: bool = False
    """True for the baseline's twin, which must come out equal."""

    @property
    def name(self) -> str:
        """Key of the cell in all published files, such as `aiohttp-gather/uvloop/lxml/c10/wan`."""
        parts = [
            self.strategy,
            self.event_loop or "-",
            self.parser,
            f"c{self.concurrency}",
            self.network,
            self.site,
        ]
        if self.environment:
            parts.append(f"@{self.environment}")
        if self.control:
            parts.append("control")
        return "/".join(parts)

    @property
    def group(self) -> str:
        """Cells of one group are compared with each other: same site, same network."""
        return f"{self.site}/{self.network}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """One axis along which a session looks for the knee of each strategy."""

    axis: str
    """`concurrency`, `latency`, `pages` or `body`."""
    unit: str
    """Of the places; empty for a plain count."""
    places: dict[str, float]
    """Cell to its place on the axis, controls left out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides how a session measures."""

    suite: str
    cells: tuple[Cell, ...]
    """Baselines and controls included."""
    baselines: dict[str, str]
    """Group to the name of the cell that others of the group are compared with."""
    rounds: int
    """At the most."""
    laps: int
    """Turns of each group in a round; a cheap group takes several laps in a turn."""
    warmups: int
    """Values per cell and round that are thrown away."""
    min_time_s: float
    """A value lasts about this long at least: `loops` are chosen so."""
    lap_time_s: float
    """A group's turn lasts about this long at least."""
    budget_s: float | None
    """No round starts that would end later than this after the session's start."""
    precision: float | None
    """Half-width of the log ratio below which a comparison needs no more rounds."""
    margin: float
    """Differences up to this log ratio do not matter to the user."""
    confidence: float
    """Of all intervals, over the family of comparisons."""
    timeout_s: float
    """A value that takes longer is a hang."""
    seed: int
    """Of the order within laps and of the network's delays."""
    sweep: Sweep | None = None
    """None if the session is no sweep."""

    def cell(self, name: str) -> Cell:
        """Return the cell of that name."""
        return next(cell for cell in self.cells if cell.name == name)
