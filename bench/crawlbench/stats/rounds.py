"""What rounds took, by their parts: values, what is around each, and the rest (floor 2; pure).

Not all groups take part in all rounds: operations may be asleep, and what is settled may have left.
"""

from __future__ import annotations

from statistics import fmean, linear_regression
from typing import TYPE_CHECKING

from crawlbench.stats.lengths import LINE_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from crawlbench.base.records import RoundRecord, Session


def time_values(record: RoundRecord) -> dict[str, list[float]]:
    """Return, by cell, the seconds of each of its values in a round, with all that is around it.

    What is done around a value, such as collecting garbage, is taken as the same for all values.
    """
    values = [sample for sample in record.samples if not sample.warmup]
    spent_s = sum(sample.seconds * sample.loops for sample in values)
    # An older session does not say what its laps took; then nothing is added.
    beside_s = max(0.0, (record.laps_s or 0.0) - spent_s) / max(1, len(values))
    found: dict[str, list[float]] = {}
    for sample in values:
        found.setdefault(sample.cell, []).append(sample.seconds * sample.loops + beside_s)
    return found


def find_around_s(record: RoundRecord) -> float:
    """Return the seconds of a round around its laps; 0 in older sessions, which do not say."""
    return 0.0 if record.laps_s is None else max(0.0, record.seconds - record.laps_s)


def find_groups(session: Session, record: RoundRecord) -> set[str]:
    """Return the groups that took values in a round."""
    taken = {sample.cell for sample in record.samples if not sample.warmup}
    return {cell.group for cell in session.plan.cells if cell.name in taken}


def fit_around(counts: Collection[int], around_s: Collection[float]) -> tuple[float, float]:
    """Return what a round costs around its laps: in any case, and for each group that takes part.

    Rounds with equally many groups do not tell the two apart; then all of it counts as the former.
    For each round it is given how many groups took part, and the seconds around its laps.
    """
    if len(set(counts)) < 2:
        return fmean(around_s), 0.0
    each_s, fixed_s = linear_regression(counts, around_s)
    # No group makes a round shorter: the rounds differ by chance, or by something else.
    if each_s <= 0:
        return fmean(around_s), 0.0
    # Nothing costs less than 0 either: the line of least squares through the origin takes its
    # place.
    if fixed_s < 0:
        pairs = zip(counts, around_s, strict=True)
        return 0.0, sum(n * s for n, s in pairs) / sum(n * n for n in counts)
    return fixed_s, each_s


def expect_full_s(session: Session) -> float | None:
    """Return how long a round takes in which all take part; None before the first round.

    In a session's last rounds, operations may have been asleep and cells may have left, but where
    the user sets the number of rounds, all take part. So each cell takes what it took in its last
    round, and the rest what it took in the last of those rounds that had the most cells. Rounds
    differ, so it is at least what they took on average.
    """
    if not session.rounds:
        return None
    mean_s, last = fmean(record.seconds for record in session.rounds), session.rounds[-1]
    if last.laps_s is None:  # an older session, in which nobody slept
        return max(mean_s, last.seconds)
    gone = {failure.cell for failure in session.failures}
    if len(session.rounds) >= LINE_ROUNDS:
        # Middle lengths are crawled in the first rounds only, so no later round contains them.
        gone |= set(session.plan.middle_names.values())
    laps_s: dict[str, float] = {}
    most, around_s = 0, 0.0
    for record in session.rounds:
        times = time_values(record)
        found = {cell: sum(of_cell) for cell, of_cell in times.items() if cell not in gone}
        laps_s |= found
        if len(found) >= most:
            most, around_s = len(found), find_around_s(record)
    return max(mean_s, around_s + sum(laps_s.values()))
