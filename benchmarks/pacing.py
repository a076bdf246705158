"""Simulates sessions of operations, to see what a rule about laps and rounds is worth.

    python -m benchmarks.pacing [FOLDER [SESSIONS]]

FOLDER holds a measured session of operations, such as those that `make bench-loops-page` keeps. The
truth is what that session found: each pair's ratio, how its workers and laps differ, what a value
takes and what a round costs around its values. Noise is normal, and nobody waits for a CPU. Laps,
resting cells and operations that miss rounds are chosen by the code that also chooses them in a
session, and the judge is the judge. Prints how many pairs of each simulated session are answered in
the session's own time, and how many of these answers are false. Rules are compared by the same
seeds, on a machine whose speed does not matter.
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

from benchmarks.usage import read_words

from crawlbench.base.errors import BenchError, UsageError
from crawlbench.base.records import Quantity, RoundRecord, Verdict
from crawlbench.measure.costs import expect_round_s
from crawlbench.measure.pace import choose_pace
from crawlbench.measure.resting import choose_resting, find_next
from crawlbench.measure.store import load_session
from crawlbench.stats.judge import judge
from crawlbench.stats.noise import Noise, find_noise
from crawlbench.stats.rounds import find_around_s, find_groups, fit_around, time_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Cell, Comparison, Plan, Sample, Session

FOLDER = "results/loops/uvloop"
SESSIONS = 10
UNKNOWN = Noise(of_lap=1e-3, of_round=1e-4)
"""The noise of an operation that was not measured in enough rounds."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What simulated sessions are drawn from."""

    source: Session
    plan: Plan
    ratios: dict[str, float]
    """Log ratio to the baseline, by cell."""
    noise: dict[str, Noise]
    samples: dict[str, Sample]
    """By cell, a value of typical length, for which nothing had to wait."""
    beside_s: float
    """Seconds around each value."""
    fixed_s: float
    """Seconds of a round around its laps, whoever takes part."""
    each_s: float
    """The same for each operation that takes part; 0 if the same ones took part in all rounds, so
    that nothing tells it. Then missing a round saves only its laps."""


def find_truth(source: Session) -> Truth:
    """Return what a measured session found; operations with a failed cell are left out.

    Raises:
        UsageError: it has no round with values, or does not say what laps took.
    """
    rounds = [one for one in source.rounds if one.laps_s is not None and time_values(one)]
    if not rounds:
        raise UsageError(
            f"the session of {source.created} has no finished round that says what its laps took; "
            "give a folder with a measured session of operations"
        )
    failed = {one.cell for one in source.failures}
    groups = {cell.group for cell in source.plan.cells if cell.name in failed}
    cells = tuple(cell for cell in source.plan.cells if cell.group not in groups)
    values: dict[str, list[Sample]] = defaultdict(list)
    beside = []
    for record in rounds:
        taken = [one for one in record.samples if not one.warmup]
        for one in taken:
            values[one.cell].append(one)
        spent_s = sum(one.seconds * one.loops for one in taken)
        beside.append(((record.laps_s or 0.0) - spent_s) / len(taken))
    counts = [len(find_groups(source, record)) for record in rounds]
    return Truth(
        source,
        replace(source.plan, cells=cells),
        {one.cell: one.estimate or 0.0 for one in source.against_baseline(Quantity.TIME)},
        find_noise(source),
        {name: _typical(found) for name, found in values.items()},
        fmean(beside),
        *fit_around(counts, [find_around_s(record) for record in rounds]),
    )


def _typical(values: Sequence[Sample]) -> Sample:
    seconds = median(one.seconds for one in values)
    quiet = replace(values[0], cpu_wait_s=0.0, mirror_wait_s=0.0, side_cpu_s=0.0)
    return _lengthen(quiet, seconds / values[0].seconds)


def _lengthen(sample: Sample, factor: float) -> Sample:
    return replace(
        sample,
        seconds=sample.seconds * factor,
        cpu_s=sample.cpu_s * factor if sample.cpu_s is not None else None,
        cpu_user_s=sample.cpu_user_s * factor,
        cpu_system_s=sample.cpu_system_s * factor,
    )


def simulate(truth: Truth, draw: random.Random) -> Session:
    """Return one session, as it would have ended after its budget or its last round."""
    plan, source = truth.plan, truth.source
    budget_s = plan.budget_s or math.inf
    first_s = max(0.0, source.seconds - sum(one.seconds for one in source.rounds))
    session = replace(
        source,
        plan=plan,
        rounds=(),
        comparisons=(),
        failures=(),
        resting={},
        passes=dict.fromkeys(source.passes, 1),
        seconds=first_s,  # the calibration
    )
    cells: Sequence[Cell] = plan.cells
    while len(session.rounds) < plan.rounds:
        if session.rounds and session.seconds + expect_round_s(session, cells) > budget_s:
            break
        record = play_round(truth, session, cells, draw)
        seconds = session.seconds + record.seconds
        session = judge(replace(session, rounds=(*session.rounds, record), seconds=seconds))
        session = replace(session, resting=choose_resting(session))
        cells = find_next(session)
        session = replace(session, passes=choose_pace(session, cells))
    return session


def play_round(
    truth: Truth, session: Session, cells: Sequence[Cell], draw: random.Random
) -> RoundRecord:
    """Return a round of fresh workers; the twin of a baseline is as fast as it."""
    samples: list[Sample] = []
    for cell in cells:
        base = truth.samples[truth.plan.baselines[cell.group]]
        noise = truth.noise.get(cell.group, UNKNOWN)
        ratio = truth.ratios.get(cell.name, 0.0) + draw.gauss(0, math.sqrt(noise.of_round / 2))
        every = session.resting.get(cell.name, 1)
        for lap in range(0, session.passes[cell.group] * truth.plan.laps, every):
            of_lap = ratio + draw.gauss(0, math.sqrt(noise.of_lap / 2))
            one = replace(_lengthen(base, math.exp(of_lap)), cell=cell.name, lap=lap)
            samples.append(one)
    laps_s = sum(one.seconds * one.loops + truth.beside_s for one in samples)
    seconds = laps_s + truth.fixed_s + truth.each_s * len({cell.group for cell in cells})
    return RoundRecord(len(session.rounds) + 1, "", seconds, tuple(samples), laps_s=laps_s)


def is_false(truth: Truth, found: Comparison) -> bool:
    """Return whether an answer is wrong; at exactly the margin each of them is."""
    ratio, margin = truth.ratios.get(found.cell, 0.0), truth.plan.margin
    return {
        Verdict.FASTER: ratio >= -margin,
        Verdict.SLOWER: ratio <= margin,
        Verdict.SAME: abs(ratio) >= margin,
    }.get(found.verdict, False)


def main() -> None:
    """Simulate, and print a line for each session and one for all."""
    options = read_words(__doc__, folder=FOLDER, sessions=SESSIONS)
    truth = find_truth(load_session(Path(options.folder)))
    answered, false = [], []
    for seed in range(options.sessions):
        session = simulate(truth, random.Random(seed))
        found = session.against_baseline(Quantity.TIME)
        answered.append(sum(one.is_answered for one in found))
        false.append(sum(is_false(truth, one) for one in found))
        counts = Counter(str(one.verdict) for one in found)
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        print(f"{seed}: {len(session.rounds)} rounds: {told}; {false[-1]} false", flush=True)
    print(f"mean: {fmean(answered):.1f} answered, {fmean(false):.2f} of them false")


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"pacing: {error}")
