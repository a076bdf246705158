"""What stands under a session's tables: how to read them, and how far to trust them (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.numbers import format_bytes, format_interval, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.records import Session

__all__ = ["Note", "find_notes"]

Note = tuple[str, str]
"""A label and a sentence."""

ENDINGS = {
    "rounds": "all rounds were measured",
    "precise": "the intervals became as narrow as asked",
    "budget": "the time budget was spent",
    "interrupted": "it was interrupted",
    "mirror": "a mirror died",
    "nothing left": "no cell was left that works",
    "": "it has not ended, or was killed",
}


def find_notes(session: Session) -> list[Note]:
    """Return the notes in the order in which they are shown."""
    return [
        ("reading", _reading(session)),
        *_noise(session),
        *_invalid(session),
        *_unanswered(session),
        *(("warning", warning.text) for warning in session.warnings),
        ("session", _session(session)),
        ("machine", _machine(session)),
        ("versions", _versions(session)),
    ]


def _reading(session: Session) -> str:
    confidence = f"{session.plan.confidence * 100:.0f} %"
    return (
        "ratio is time over the baseline's in the same lap, below 1 is faster; "
        f"its interval holds at {confidence} for all comparisons together (Holm), "
        "rounds being the unit. CPU and conns are per crawl; in flight is the most requests "
        "that the mirror held at once."
    )


def _noise(session: Session) -> Iterator[Note]:
    for floor in session.noise:
        network = floor.group.rpartition("/")[2]
        if floor.low is None or floor.high is None or floor.margin is None:
            yield "noise", f"{network}: the control gave no interval, so nothing can be judged"
        else:
            yield (
                "noise",
                f"{network}: the control, equal to the baseline, came out at "
                f"{format_interval(floor.low, floor.high)}; "
                f"differences up to {format_percent(floor.margin)} are called none",
            )


def _invalid(session: Session) -> Iterator[Note]:
    for failure in session.failures:
        yield "invalid", f"{failure.cell}: {failure.reason}"


def _unanswered(session: Session) -> Iterator[Note]:
    reasons: dict[str, list[str]] = {}
    for comparison in session.comparisons:
        if comparison.reason and session.failure(comparison.cell) is None:
            reasons.setdefault(comparison.reason, []).append(comparison.cell)
    for reason, cells in reasons.items():
        yield "unclear", f"{len(cells)} cells ({cells[0]} first): {reason}"


def _session(session: Session) -> str:
    plan, rounds = session.plan, len(session.rounds)
    measured = sum(
        sample.seconds * sample.loops
        for record in session.rounds
        for sample in record.samples
        if not sample.warmup
    )
    share = f", {measured / session.seconds * 100:.0f} % of it measuring" if rounds else ""
    return (
        f"suite {plan.suite}, {session.created}, seed {plan.seed}: {rounds} of {plan.rounds} rounds"
        f" x {plan.laps} laps in {session.seconds:.0f} s{share}; "
        f"{ENDINGS.get(session.ending, session.ending)}"
    )


def _machine(session: Session) -> str:
    machine = session.machine
    cpus = ""
    if machine.worker_cpus:
        workers, mirror = (_numbers(c) for c in (machine.worker_cpus, machine.mirror_cpus))
        cpus = f" (workers on {workers}, mirror on {mirror})"
    memory = f", {format_bytes(machine.memory_bytes)}" if machine.memory_bytes else ""
    return f"{machine.cpu_model}, {machine.cpu_count} CPUs{cpus}{memory}, {machine.platform}"


def _numbers(cpus: tuple[int, ...]) -> str:
    return ",".join(map(str, cpus)) if len(cpus) < 5 else f"{cpus[0]}-{cpus[-1]}"


def _versions(session: Session) -> str:
    versions = " ".join(f"{k} {v}" for k, v in session.machine.versions.items())
    return f"{session.machine.python}, crawlbench {session.tool}, {versions}"
