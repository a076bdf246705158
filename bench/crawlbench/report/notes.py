"""What stands under a session's tables: how to read them, and how far to trust them (floor 3)."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from crawlbench.report.numbers import WIDEST, format_bytes, format_interval, format_percent
from crawlbench.report.operations import READING as OPERATIONS
from crawlbench.report.operations import noise_notes, refusal_notes
from crawlbench.report.tables import crawl_groups
from crawlbench.report.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.records import NoiseFloor, Session

__all__ = ["ENDINGS", "Note", "find_notes", "place_of"]

Note = tuple[str, str]
"""A label and a sentence in one printable line."""

ENDINGS = {
    "rounds": "all rounds were measured",
    "answered": "every pair was answered",
    "precise": "the intervals became as narrow as asked",
    "budget": "the time budget was spent",
    "interrupted": "it was interrupted",
    "mirror": "a mirror died",
    "nothing left": "no cell was left that works",
    "": "it has not ended, or was killed",
}

CRAWLS = (
    "CPU, conns, user, system, parse (part of user) and wait are per crawl; in flight is the most "
    "requests that the mirror held at once; limit is the time of the network's round trips and a "
    "client without costs, over the cell's; mirror is what the cell asked of all that the mirror "
    "can do."
)
MARKS = {
    "server-bound": "more than half of what the mirror can do was asked of it, so that the row "
    "tells of the mirror too",
    "peer-bound": "the other process was busy all the time and set the pace",
    "mirror disturbed": "something else had the mirror's CPU, so that the row tells of that too",
}
"""Of summaries that tell of more than the client, with what they mean."""


def find_notes(session: Session) -> list[Note]:
    """Return the notes in the order in which they are shown."""
    notes = [
        *_reading(session),
        *_noise(session),
        *noise_notes(session),
        *_invalid(session),
        *refusal_notes(session),
        *_unanswered(session),
        *_marked(session),
        *(("warning", warning.text) for warning in session.warnings),
        ("session", _session(session)),
        ("machine", _machine(session)),
        *_environments(session),
        ("manager" if session.environments else "versions", _versions(session)),
    ]
    return [(label, one_line(text)) for label, text in notes]


def _reading(session: Session) -> Iterator[Note]:
    text = (
        "ratio is time over the baseline's in the same lap, of the middle half of a round's laps; "
        "below 1 is faster; its interval holds at "
        f"{session.plan.confidence * 100:g} % for all comparisons together (Holm), rounds being "
        "the unit."
    )
    yield "reading", text
    if crawl_groups(session):
        yield "reading", CRAWLS
    if session.plan.operations:
        yield "reading", OPERATIONS


def _noise(session: Session) -> Iterator[Note]:
    groups = crawl_groups(session)
    for floor in (floor for floor in session.noise if floor.group in groups):
        yield "noise", f"{place_of(session, floor.group)}: {_floor(floor)}"


def place_of(session: Session, group: str) -> str:
    """Return what a group is called; its site is named only if there are several."""
    cells = [cell for cell in session.plan.cells if cell.group == group]
    first = cells[0]
    if first.operation:
        loop = f" on {first.event_loop}" if first.versus else ""
        return one_line(f"{first.operation}{loop}")
    one_site = len({cell.site for cell in session.plan.cells if cell.site}) == 1
    place = first.network if one_site else f"{first.site} on {first.network}"
    if not first.versus:
        return one_line(place)
    loop = f" on {first.event_loop}" if first.event_loop else ""
    return one_line(f"{place}, {first.strategy}{loop}")


def _floor(floor: NoiseFloor) -> str:
    if floor.refusal:
        return floor.refusal
    if floor.low is None or floor.high is None or floor.margin is None:
        return "the control gave no interval, so nothing can be judged"
    if floor.high - floor.low > WIDEST:
        return (
            "the control, equal to the baseline, came out anywhere in an interval wider than "
            "tenfold: it is too noisy here, or there are too few rounds, to tell cells apart"
        )
    return (
        "the control, equal to the baseline, came out at "
        f"{format_interval(floor.low, floor.high)}; "
        f"differences up to {format_percent(floor.margin)} are called none"
    )


def _invalid(session: Session) -> Iterator[Note]:
    for failure in (failure for failure in session.failures if not failure.is_refusal):
        yield "invalid", f"{failure.cell}: {failure.reason}"


def _unanswered(session: Session) -> Iterator[Note]:
    reasons: dict[str, list[str]] = {}
    for comparison in session.comparisons:
        if comparison.reason and session.failure(comparison.cell) is None:
            reasons.setdefault(comparison.reason, []).append(comparison.cell)
    for reason, cells in reasons.items():
        yield "unclear", f"{_which(cells)}: {reason}"


def _marked(session: Session) -> Iterator[Note]:
    for mark, meaning in MARKS.items():
        cells = [summary.cell for summary in session.summaries if summary.mark == mark]
        if cells:
            yield "mirror", f"{_which(cells)}: {mark}: {meaning}"


def _which(cells: list[str]) -> str:
    return cells[0] if len(cells) == 1 else f"{len(cells)} cells ({cells[0]} first)"


def _session(session: Session) -> str:
    plan, rounds = session.plan, len(session.rounds)
    measured = sum(
        sample.seconds * sample.loops
        for record in session.rounds
        for sample in record.samples
        if not sample.warmup
    )
    share = measured / session.seconds * 100 if session.seconds else 0
    measuring = f", {share:.0f} % of it measuring" if rounds else ""
    return (
        f"suite {plan.suite}, {session.created}, seed {plan.seed}: "
        f"{rounds} of {_count(plan.rounds, 'round')} x {_laps(session)} "
        f"in {session.seconds:.0f} s{measuring}; {ENDINGS.get(session.ending, session.ending)}"
    )


def _laps(session: Session) -> str:
    """Return the laps per round, which can differ from group to group."""
    laps = sorted({session.plan.laps * number for number in session.passes.values()})
    several = " to ".join(map(str, laps[:: len(laps) - 1] if len(laps) > 1 else laps))
    return f"{several} laps" if several else _count(session.plan.laps, "lap")


def _machine(session: Session) -> str:
    machine = session.machine
    cpus = _count(machine.cpu_count, "CPU")
    if set(machine.worker_cpus) & set(machine.mirror_cpus):
        cpus += f" (workers and mirror share {_numbers(machine.worker_cpus)})"
    elif machine.worker_cpus:
        workers, mirror = _numbers(machine.worker_cpus), _numbers(machine.mirror_cpus)
        cpus += f" (workers on {workers}, mirror on {mirror})"
    memory = format_bytes(machine.memory_bytes) if machine.memory_bytes else ""
    return ", ".join(filter(None, [machine.cpu_model, cpus, memory, machine.platform]))


def _numbers(cpus: tuple[int, ...]) -> str:
    """Return CPUs as Linux writes them, such as `0-3,8`."""
    spans = [
        [cpu for _, cpu in span] for _, span in groupby(enumerate(cpus), lambda p: p[1] - p[0])
    ]
    return ",".join(f"{s[0]}-{s[-1]}" if len(s) > 2 else ",".join(map(str, s)) for s in spans)


def _environments(session: Session) -> Iterator[Note]:
    """Return what each environment is; what differs between them is a table."""
    for facts in session.environments:
        asked = f"{facts.name}: {facts.asked.spec}" if facts.asked.spec else facts.name
        if facts.obstacle:
            yield "environment", f"{asked}: {facts.obstacle}"
        else:
            count = _count(len(facts.versions), "package")
            yield "environment", f"{asked}: {facts.python}, {count}, key {facts.key}"


def _versions(session: Session) -> str:
    versions = " ".join(f"{name} {version}" for name, version in session.machine.versions.items())
    parts = [session.machine.python, f"crawlbench {session.tool}", versions]
    return ", ".join(filter(None, parts))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
