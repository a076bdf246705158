"""What stands below a session's tables: how to read them, and how far to trust them (floor 3)."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Ending, Mark, Stopping
from crawlbench.base.text import count_of, list_cpus, one_line
from crawlbench.report.numbers import format_bytes
from crawlbench.report.operations import READING as OPERATIONS
from crawlbench.report.operations import control_notes, refusal_notes
from crawlbench.report.reasons import mark_note
from crawlbench.report.remarks import name_first, unclear_notes
from crawlbench.report.standing import list_words
from crawlbench.stats.noise import find_noise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawlbench.base.records import RoundRecord, Session, Summary
    from crawlbench.report.view import GroupView, SessionView

Note = tuple[str, str]
"""A label, and a sentence in one printable line."""

ENDINGS = {
    Ending.ROUNDS: "all rounds were measured",
    Ending.ANSWERED: "every pair was answered",
    Ending.PRECISE: "the intervals became as narrow as requested",
    Ending.BUDGET: "the time budget was spent",
    Ending.INTERRUPTED: "it was interrupted",
    Ending.MIRROR: "a mirror died",
    Ending.NOTHING_LEFT: "no working cell was left",
    Ending.NONE: "it has not ended, or it was killed",
}

MIN_TRIP_S = 0.002
"""Round trip from which most of a page's time is waiting."""
LENGTHS = (
    "two lengths of a site were crawled in the same laps: per page is the additional time of the "
    "long crawl, divided by its additional pages; to begin is the time of the short crawl less "
    "that of its pages. In such tables ratio, interval and verdict are per page, and crawl ratio "
    "is that of the short crawl."
)
BENT = (
    "a crawl finds pages through links on other pages, and each wave of them waits for a round "
    "trip: per page is what a page costs between the two lengths, not at others"
)
LINE = (
    "a length between the two, crawled in the first rounds, tests whether they lie on a line. A "
    "row whose cost per page differs there by more than a tenth says `no line`, and shows the "
    "time of each length, the shortest first."
)
CRAWLS = (
    "CPU, conns, user, system, parse (part of user) and wait are per crawl; in flight is the "
    "largest number of requests that the mirror held at once; limit is the shortest possible time "
    "(the network's round trips and a client that costs nothing) as a share of the cell's; mirror "
    "is the share of the mirror's capacity that the cell used."
)
BRIEF = ("invalid", "not supported", "unclear", "warning")
"""Labels of what nobody should miss."""


def find_notes(view: SessionView) -> list[Note]:
    """Return the notes on a whole session, in the order of the output."""
    session = view.session
    notes = [
        *_reading(view),
        *control_notes(view),
        *_invalid(view),
        *refusal_notes(view),
        *unclear_notes(view, view.operations),  # those of crawls stand below their tables
        *_marked(view),
        *(("warning", warning.text) for warning in session.warnings),
        ("session", _session(session)),
        *_noise(session),
        ("machine", _machine(session)),
        *_environments(session),
        # Where there are environments, workers had the versions of these, not the manager's.
        ("manager" if session.environments else "versions", _versions(session)),
    ]
    return [(label, one_line(text)) for label, text in notes]


def _reading(view: SessionView) -> Iterator[Note]:
    yield (
        "reading",
        "ratio is a cell's time over the baseline's in the same laps, averaged over the middle "
        f"half of a round's laps; below 1 is faster. {interval_meaning(view)}",
    )
    if view.plan.long_forms:
        yield "reading", LENGTHS
        if any(group.form and group.form.middle for group in view.crawls):
            yield "reading", LINE
        # A middle length tests the line itself, so nothing needs to be said of waves there.
        far = [
            group.place
            for group in view.crawls
            if group.form and not group.form.middle and _has_trips(view, group)
        ]
        if far:
            yield "reading", f"on {list_words(far)} {BENT}"
    if view.crawls:
        yield "reading", CRAWLS
    if view.plan.operations:
        yield "reading", OPERATIONS


def _has_trips(view: SessionView, group: GroupView) -> bool:
    network = view.session.networks.get(group.rows[0].cell.network, {})
    return network.get("round_trip_s", 0.0) > MIN_TRIP_S


def interval_meaning(view: SessionView) -> str:
    """Return what the intervals and the verdicts promise."""
    plan = view.plan
    confidence, error = f"{plan.confidence * 100:g} %", f"{(1 - plan.confidence) * 100:.3g} %"
    kind = (
        "if you look once (Student's t over rounds)"
        if plan.stopping is Stopping.FIXED
        else "at whatever round you look (a confidence sequence over rounds)"
    )
    return (
        f"An interval holds at {confidence} for its own pair, {kind}. Of all verdicts on one "
        f"quantity in one group, any is wrong in at most {error} of sessions (Holm). "
        "All of this describes this session only."
    )


def _invalid(view: SessionView) -> Iterator[Note]:
    for failure in (failure for failure in view.session.failures if not failure.is_refusal):
        yield "invalid", f"{failure.cell}: {failure.reason}"


def _marked(view: SessionView) -> Iterator[Note]:
    for mark in Mark:
        found = [summary for summary in view.session.summaries if mark and summary.mark == mark]
        if found:
            largest = max(found, key=lambda one: _mark_size(mark, one))
            which = name_first(largest.cell, len(found), "cell")
            yield "mirror", f"{which}: {mark}: {mark_note(mark, largest)}"


def _mark_size(mark: Mark, summary: Summary) -> float:
    if mark is Mark.STARVED:
        return summary.starved_share
    return summary.server_wait_share if mark is Mark.DISTURBED else summary.server_share


def _noise(session: Session) -> Iterator[Note]:
    """Yield where the noise is and where the time went; both decide the number of laps."""
    # Only the last round: how many laps a round has changes as the session is paced. Older sessions
    # do not say how long their laps took.
    last, found = session.rounds[-1:], find_noise(session)
    if not found or last[0].laps_s is None or not last[0].seconds:
        return
    laps = {group: count for (_, group), count in _count_laps(session, last).items()}
    shares = [one.share_between(laps[group]) for group, one in found.items() if group in laps]
    if shares:
        between, measuring = fmean(shares) * 100, _measured_s(last) / last[0].seconds * 100
        text = (
            f"{between:.0f} % of the differences between rounds come from workers, the rest from "
            f"laps; a round of {_span(laps.values())} spends {measuring:.0f} % of its time "
            "measuring"
        )
        yield "noise", text


def _measured_s(rounds: Sequence[RoundRecord]) -> float:
    """Return the seconds of all values, warmups left out."""
    return sum(s.seconds * s.loops for one in rounds for s in one.samples if not s.warmup)


def _count_laps(session: Session, rounds: Sequence[RoundRecord]) -> dict[tuple[int, str], int]:
    """Return how many laps each group had, by round and group."""
    groups = {cell.name: cell.group for cell in session.plan.cells}
    laps: dict[tuple[int, str], set[int]] = {}
    for record in rounds:
        for sample in record.samples:
            if not sample.warmup:
                laps.setdefault((record.number, groups[sample.cell]), set()).add(sample.lap)
    return {key: len(found) for key, found in laps.items()}


def _session(session: Session) -> str:
    plan, rounds = session.plan, len(session.rounds)
    share = _measured_s(session.rounds) / session.seconds * 100 if session.seconds else 0
    measuring = f", {share:.0f} % of it measuring" if rounds else ""
    return (
        f"suite {plan.suite}, {session.created}, seed {plan.seed}: "
        f"{rounds} of {count_of(plan.rounds, 'round')} x {_laps(session)} "
        f"in {session.seconds:.0f} s{measuring}; {ENDINGS[session.ending]}"
    )


def _laps(session: Session) -> str:
    """Return the laps per round, which can differ between groups and between rounds."""
    # `passes` is what the next round would have; what rounds had is only in their samples.
    if session.plan.is_paced and session.rounds:
        return _span(_count_laps(session, session.rounds).values())
    return _span([session.plan.laps * number for number in session.passes.values() or (1,)])


def _span(laps: Iterable[int]) -> str:
    """Return `1 lap`, `4 laps` or `4 to 9 laps`."""
    low, high = min(laps := list(laps)), max(laps)
    return count_of(low, "lap") if low == high else f"{low} to {high} laps"


def _machine(session: Session) -> str:
    machine = session.machine
    cpus = count_of(machine.cpu_count, "CPU")
    if set(machine.worker_cpus) & set(machine.mirror_cpus):
        cpus += f" (workers and mirror share {list_cpus(machine.worker_cpus)})"
    elif machine.worker_cpus:
        workers, mirror = list_cpus(machine.worker_cpus), list_cpus(machine.mirror_cpus)
        cpus += f" (workers on {workers}, mirror on {mirror})"
    memory = format_bytes(machine.memory_bytes) if machine.memory_bytes else ""
    return ", ".join(filter(None, [machine.cpu_model, cpus, memory, machine.platform]))


def _environments(session: Session) -> Iterator[Note]:
    """Yield what each environment is; a table shows how they differ."""
    for facts in session.environments:
        asked = f"{facts.name}: {facts.asked.spec}" if facts.asked.spec else facts.name
        if facts.obstacle:
            yield "environment", f"{asked}: {facts.obstacle}"
        else:
            count = count_of(len(facts.versions), "package")
            yield "environment", f"{asked}: {facts.python}, {count}, key {facts.key}"


def _versions(session: Session) -> str:
    versions = " ".join(f"{name} {version}" for name, version in session.machine.versions.items())
    parts = [session.machine.python, f"crawlbench {session.tool}", versions]
    return ", ".join(filter(None, parts))
