"""Tells whether sessions can be compared, and how their machines differ (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Obstacle
from crawlbench.base.text import list_cpus, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawlbench.base.records import Cell, Quantity, Session

_BETWEEN = {
    Obstacle.FAILED: "{detail}",
    Obstacle.TIMERS: "its time is set by timers, so it has no ratio",
    Obstacle.HALF: "half of its time or more was not the client's own",
    Obstacle.FEW_ROUNDS: "fewer than two rounds give no interval",
    Obstacle.OTHER_SITE: "its site differs from the newest session's site of the same name",
    Obstacle.OTHER_BASELINE: "it was compared with another cell than in the newest session",
    Obstacle.OTHER_NETWORK: "its network differs from the newest session's network of that name",
    Obstacle.FLAT: "in many laps the longer crawl took no longer than the shorter one",
    Obstacle.BENT: "the times of {detail} do not lie on a line, so a page has no single cost",
    Obstacle.ONE_LENGTH: "it was not crawled in the two lengths of the newest session that has two",
    Obstacle.SLOW_LAPS: "the typical times are the same, but rare slow laps make the means differ, "
    "or may do so",
    Obstacle.DOUBT: "the verdict depends on time that may not be its own",
    Obstacle.CONTROL: "the baseline and its twin, which run the same code, came out different, and "
    "adding that difference to the interval leaves this open",
    Obstacle.PLAIN: "plain and normalised times disagree about the two sessions",
}
"""Obstacles between sessions or machines, in words."""
_OF_ANOTHER = {
    Obstacle.HALF: "half of the time of {detail} or more was not the client's own",
    Obstacle.CONTROL: "in the {detail}, the baseline and its twin, which run the same code, came "
    "out different, and adding that difference to the interval leaves this open",
}
"""For a cell whose baseline, or one of whose two sessions, has that obstacle."""


def check_alike(base: Session, head: Session) -> None:
    """Raise if two sessions measured differently.

    Raises:
        UsageError: they come from different crawlbenches, sites, networks or baselines.
    """
    for difference in _find_differences(base, head):
        raise UsageError(difference)


def measured_alike(one: Session, other: Session) -> bool:
    """Return whether two sessions measured the same things on the same machine in the same way."""
    axes = ("hostname", "cpu_model", "cpu_count", "worker_cpus", "python")
    is_one = all(getattr(one.machine, axis) == getattr(other.machine, axis) for axis in axes)
    names = {cell.name for cell in one.plan.cells}
    return (
        is_one
        and any(cell.name in names for cell in other.plan.cells)
        and next(_find_differences(one, other), None) is None
    )


def are_one(one: Session, other: Session) -> bool:
    """Return whether two sessions hold the same round: one is a copy, perhaps continued since.

    Two copies show nothing of how much sessions differ.
    """
    if one.created != other.created:
        return False
    mine, theirs = (
        {(record.started, *[sample.seconds for sample in record.samples]) for record in each.rounds}
        for each in (one, other)
    )
    return not mine.isdisjoint(theirs)


def have_same_code(one: Session, other: Session) -> bool:
    """Return whether what both sessions know of versions and files agrees."""
    return all(
        mine[name] == theirs[name]
        for mine, theirs in zip(_find_codes(one), _find_codes(other), strict=True)
        for name in mine.keys() & theirs.keys()
    )


def _find_codes(session: Session) -> tuple[dict[str, object], ...]:
    """Return what code a session measured: versions, digests of files, and environments."""
    environments = {
        one.name: (one.python, one.versions, one.sources, one.asked.flags, one.asked.variables)
        for one in session.environments
    }
    return {**session.machine.versions}, {**session.codes}, {**environments}


def split_by_code(
    sessions: Iterable[Session], pair: tuple[Session, Session]
) -> list[list[Session]]:
    """Return sessions by what code they measured: that of either of two, or others."""
    # What a session does not know of its code fits any code, so it may fit both of the pair; the
    # first one gets it. If both of the pair have the same code, the second list stays empty and is
    # dropped.
    kinds: list[tuple[Session, list[Session]]] = [(one, []) for one in pair]
    for session in sessions:
        found = next((same for first, same in kinds if have_same_code(first, session)), None)
        if found is None:
            kinds.append((session, [session]))
        else:
            found.append(session)
    return [same for _, same in kinds if same]


def _find_differences(base: Session, head: Session) -> Iterator[str]:
    """Yield why two sessions cannot be compared."""
    if base.tool != head.tool:
        yield (
            f"the sessions come from crawlbench {base.tool} and {head.tool}, which may measure "
            "differently; measure both with the same one"
        )
    for group, baseline in base.plan.baselines.items():
        other = head.plan.baselines.get(group, baseline)
        if other != baseline:
            yield (
                f"the baseline of {group!r} was {baseline} in one session and {other} in the "
                "other; measure both with one --baseline"
            )
    for name in find_other_sites(base, head):
        yield (
            f"the site {name!r} is not the same in both sessions: its pages or its site file "
            "differ; compare sessions of one site"
        )
    for name, network in base.networks.items():
        if name in head.networks and head.networks[name] != network:
            yield (
                f"network {name!r} was played with {network} in one session and "
                f"{head.networks[name]} in the other; measure both on the same network"
            )


def find_other_sites(base: Session, head: Session) -> list[str]:
    """Return the user's sites that have the same name in both sessions but not the same content."""
    there = head.plan.files
    files = base.plan.files.items()
    return [name for name, file in files if name in there and there[name].content != file.content]


@dataclass(frozen=True, slots=True)
class Newest:
    """What many sessions measured, as the newest of them that did so knows it."""

    files: dict[str, str]
    """User's file to its content: sites of one name are one site only if that is the same."""
    forms: dict[str, tuple[int, str, int]]
    """Group to the ends of its long form, where any session crawled two lengths."""
    baselines: dict[str, str]
    """Group to what it is compared with."""
    networks: dict[str, object]
    """Network to its numbers."""

    @classmethod
    def of(cls, sessions: Sequence[Session]) -> Newest:
        """Take sessions in order of time."""
        plans = [one.plan for one in sessions]
        return cls(
            {name: file.content for plan in plans for name, file in plan.files.items()},
            {group: form.ends for plan in plans for group, form in plan.long_forms.items()},
            {group: name for plan in plans for group, name in plan.baselines.items()},
            {name: network for one in sessions for name, network in one.networks.items()},
        )

    def find_obstacle(self, session: Session, cell: Cell, quantity: Quantity) -> Obstacle | None:
        """Return why a session's value of a cell cannot stand beside those of the newest one."""
        plan, group = session.plan, cell.group
        form, file = plan.long_forms.get(group), plan.files.get(cell.site)
        if quantity.is_of_lengths and (form.ends if form else None) != self.forms.get(group):
            return Obstacle.ONE_LENGTH
        if file and file.content != self.files[cell.site]:
            return Obstacle.OTHER_SITE
        if plan.baselines[group] != self.baselines[group]:
            return Obstacle.OTHER_BASELINE
        network = cell.network
        # An operation has no network.
        if network in session.networks and session.networks[network] != self.networks[network]:
            return Obstacle.OTHER_NETWORK
        return None


def explain_between(obstacle: Obstacle | None, detail: str = "") -> str:
    """Return why a cell has no number between sessions or machines; empty if it has one."""
    words = _BETWEEN.get(obstacle, "") if obstacle else ""
    if detail:
        words = _OF_ANOTHER.get(obstacle, words) if obstacle else ""
    return one_line(words.format(detail=detail))


def tell_open(low: float, high: float, margin: float) -> str:
    """Return where the interval of an open pair lies; `{margin}` is to be filled in.

    It holds for this pair alone. A verdict has to hold together with those of all pairs of its
    question (Holm), so a pair can be open although its own interval leaves no doubt.

    Args:
        low: the lower end, as a log ratio.
        high: the upper end.
        margin: the margin, likewise.
    """
    if low > margin or high < -margin:
        return "lies beyond the margin of {margin}, but among so many pairs that may be chance"
    if -margin < low and high < margin:
        return "lies within the margin of {margin}, but among so many pairs that may be chance"
    return "reaches across the margin of {margin}"


def describe_sites(session: Session) -> str:
    """Return the groups of a session in one line."""
    return ", ".join(dict.fromkeys(cell.group for cell in session.plan.cells))


def machine_differences(base: Session, head: Session) -> tuple[str, ...]:
    """Return how the machines differ."""
    names = {
        "host": "hostname",
        "CPU": "cpu_model",
        "CPUs": "cpu_count",
        "platform": "platform",
        "Python": "python",
    }
    before, after = (
        {what: str(getattr(one.machine, name)) for what, name in names.items()}
        | {"worker CPUs": tell_worker_cpus(one)}
        for one in (base, head)
    )
    return tuple(
        f"{what}: {before[what]} to {after[what]}" for what in before if before[what] != after[what]
    )


def tell_worker_cpus(session: Session) -> str:
    """Return the CPUs that workers could use, such as `0-2`."""
    return list_cpus(session.machine.worker_cpus) or "any"
