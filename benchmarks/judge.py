"""Checks the judge's promises on simulated sessions made of laps that were really measured.

Laps are resampled from kept sessions: a round of a simulated session takes its laps, all cells of a
lap together, from one measured round, with what others made them wait. The deviation of a cell from
its usual time without these waits gets a random sign, so that the true differences are the planted
ones.

    python -m benchmarks.judge [SESSIONS] [FOLDER ...]

Prints, for each given session (by default the reference): the false verdicts of a question, the
coverage of the printed intervals in the worst and the best pair, power, and half-widths. All this
is done for one look, for one look with cells that rest once their pairs are settled, and for a look
after each round, in which answered cells leave the laps.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

from benchmarks.usage import read_words

from crawlbench.base.records import Doubt, Quantity, Stopping, Verdict
from crawlbench.measure.resting import choose_resting
from crawlbench.measure.store import load_session
from crawlbench.stats.competition import find_others_shares
from crawlbench.stats.doubts import Nuisances
from crawlbench.stats.index import Index
from crawlbench.stats.judge import judge
from crawlbench.stats.open_groups import open_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Comparison, RoundRecord, Sample, Session
    from crawlbench.stats.index import Reading

REFERENCE = Path("results/reference")
MARGIN = math.log1p(0.01)
LONG = 40
"""The number of rounds after which a watched session ends in any case."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The truth in a simulated session."""

    name: str
    effects: tuple[float, ...]
    """Log ratios to the baseline, which the contestants get in turn."""
    loud: float = 1.0
    """The factor by which the first contestant's noise is larger than measured."""


SCENES = (
    Scene("all equal", (0.0,)),
    Scene("at the margin", (MARGIN, 0.0, -MARGIN)),
    Scene("one cell three times as noisy", (MARGIN, 0.0, -MARGIN), loud=3.0),
    Scene("2 % slower", (math.log(1.02),)),
    Scene("5 % slower", (math.log(1.05),)),
    Scene("twice as fast, at the margin", (-math.log(2), MARGIN - math.log(2))),
)


@dataclass(slots=True)
class Tally:
    """The results of many simulated sessions."""

    sessions: int = 0
    false: int = 0
    """How many questions have a false verdict."""
    covered: dict[tuple[str, str], list[bool]] = field(default_factory=dict)
    found: list[bool] = field(default_factory=list)
    """Whether a pair with the baseline was answered."""
    widths: list[float] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)

    def add(self, comparisons: list[Comparison], truths: dict[str, float], rounds: int) -> None:
        """Count one question."""
        self.sessions += 1
        self.rounds.append(rounds)
        self.false += any(_is_false(one, _truth(one, truths)) for one in comparisons)
        for one in comparisons:
            if one.low is None or one.high is None:
                continue
            is_in = one.low <= _truth(one, truths) <= one.high
            self.covered.setdefault((one.cell, one.baseline), []).append(is_in)
            if one.baseline not in truths:
                self.found.append(one.is_answered)
                self.widths.append((one.high - one.low) / 2)

    def line(self) -> str:
        """Return the figures as text."""
        shares = [fmean(covered) for covered in self.covered.values()]
        return (
            f"false {self.false / self.sessions:6.1%}  covers {min(shares):5.1%} to "
            f"{max(shares):5.1%}  answered {fmean(self.found):4.0%} of pairs with the baseline, "
            f"half-width {median(self.widths):5.2%}, {fmean(self.rounds):4.1f} rounds"
        )


def _truth(one: Comparison, truths: dict[str, float]) -> float:
    return truths.get(one.cell, 0.0) - truths.get(one.baseline, 0.0)


def _is_false(one: Comparison, truth: float) -> bool:
    slack = 1e-12
    return {
        Verdict.SLOWER: truth <= MARGIN + slack,
        Verdict.FASTER: truth >= -MARGIN - slack,
        Verdict.SAME: abs(truth) >= MARGIN - slack,
    }.get(one.verdict, False)


class Source:
    """One group of a measured session, whose laps are resampled."""

    def __init__(self, session: Session, group: str) -> None:
        """Keep the laps that all of its cells have."""
        cells = [c for c in session.plan.cells if c.group == group and not session.failure(c.name)]
        self.cells = cells
        self.session = session
        self.group = group
        index = Index(session.rounds)
        self._rest = _without_waits(session, index)
        self.usual = {c.name: fmean(index.by_round((c.name,), self._rest)) for c in cells}
        self.rounds = [list(self._laps(record)) for record in session.rounds]

    def _laps(self, record: RoundRecord) -> Iterator[dict[str, Sample]]:
        laps: dict[int, dict[str, Sample]] = {}
        for sample in record.samples:
            if not sample.warmup and sample.cell in self.usual:
                laps.setdefault(sample.lap, {})[sample.cell] = sample
        yield from (lap for lap in laps.values() if len(lap) == len(self.cells))

    def plan(self, stopping: Stopping) -> Session:
        """Return a session of this group alone, without rounds."""
        plan = self.session.plan
        baselines = {self.group: plan.baselines[self.group]}
        alone = replace(
            plan, cells=tuple(self.cells), baselines=baselines, margin=MARGIN, stopping=stopping
        )
        return replace(self.session, plan=alone, rounds=(), failures=(), warnings=())

    def draw(
        self, number: int, scene: Scene, truths: dict[str, float], draw: random.Random
    ) -> RoundRecord:
        """Return a simulated round."""
        laps = draw.choice(self.rounds)
        samples = []
        for lap in range(len(laps)):
            turned = draw.choice((1, -1))
            for cell, sample in draw.choice(laps).items():
                rest = self._rest(sample)
                excess = math.log(rest) - self.usual[cell]
                if scene.loud != 1.0 and cell == next(iter(truths)):
                    excess *= scene.loud
                base = self.usual[self.session.plan.baselines[self.group]]
                scale = math.exp(base + truths.get(cell, 0.0) + turned * excess) / rest
                samples.append(_scaled(sample, lap, scale))
        return replace(self.session.rounds[0], number=number, samples=tuple(samples))

    def truths(self, scene: Scene) -> dict[str, float]:
        """Return each contestant's true log ratio."""
        baseline = self.session.plan.baselines[self.group]
        others = [c.name for c in self.cells if not c.control and c.name != baseline]
        return {n: scene.effects[i % len(scene.effects)] for i, n in enumerate(others)}


def _without_waits(session: Session, index: Index) -> Reading:
    """Return what reads a crawl's time without what others made its worker and the mirror wait."""
    cpus, others = len(session.machine.worker_cpus), find_others_shares(session, index)
    nuisances = Nuisances(
        Quantity.TIME, ceiling=None, cpus=max(1, cpus), has_server=True, others=others
    )
    return nuisances.without((Doubt.SERVER_WAIT, Doubt.STARVATION))


def _scaled(sample: Sample, lap: int, scale: float) -> Sample:
    """Return a sample of another lap, all of whose times are longer or shorter by a factor."""
    parts = ("seconds", "cpu_user_s", "cpu_system_s", "cpu_s", "side_cpu_s", "cpu_wait_s")
    times = {
        name: value * scale
        for name in (*parts, "mirror_cpu_s", "mirror_wait_s")
        if (value := getattr(sample, name)) is not None
    }
    return replace(sample, lap=lap, **times)


def one_look(source: Source, scene: Scene, rounds: int, sessions: int) -> Tally:
    """Judge once, after a fixed number of rounds."""
    draw, tally, truths = random.Random(1), Tally(), source.truths(scene)
    for _ in range(sessions):
        records = tuple(source.draw(n + 1, scene, truths, draw) for n in range(rounds))
        judged = judge(replace(source.plan(Stopping.FIXED), rounds=records))
        tally.add(_by_time(judged), truths, rounds)
    return tally


def racing(source: Source, scene: Scene, sessions: int) -> Tally:
    """Judge after each round; answered cells leave, and the session ends when all have left."""
    draw, tally, truths = random.Random(2), Tally(), source.truths(scene)
    for _ in range(sessions):
        session, left = source.plan(Stopping.ANY), {cell.name for cell in source.cells}
        for number in range(1, LONG + 1):
            record = source.draw(number, scene, truths, draw)
            present = tuple(s for s in record.samples if s.cell in left)
            rounds = (*session.rounds, replace(record, samples=present))
            session = judge(replace(session, rounds=rounds))
            left = open_cells(session)
            if not left:
                break
        tally.add(_by_time(session), truths, len(session.rounds))
    return tally


def resting(source: Source, scene: Scene, rounds: int, sessions: int) -> Tally:
    """Judge once; after each round cells whose pairs are settled rest, as in `default`."""
    draw, tally, truths = random.Random(3), Tally(), source.truths(scene)
    for _ in range(sessions):
        session = source.plan(Stopping.FIXED)
        session = replace(session, plan=replace(session.plan, is_paced=True), long_every={})
        every: dict[str, int] = {}
        for number in range(1, rounds + 1):
            record = source.draw(number, scene, truths, draw)
            present = tuple(s for s in record.samples if not s.lap % every.get(s.cell, 1))
            session = replace(session, rounds=(*session.rounds, replace(record, samples=present)))
            session = judge(session)
            every = choose_resting(session)
        tally.add(_by_time(session), truths, rounds)
    return tally


def _by_time(session: Session) -> list[Comparison]:
    return [one for one in session.comparisons if one.quantity is Quantity.TIME]


def main() -> None:
    """Print a line for each scene and each way to look."""
    options = read_words(__doc__, "folder", sessions=400)
    sessions = options.sessions
    folders = [Path(name) for name in options.folder] or [REFERENCE]
    for folder in folders:
        session = load_session(folder)
        groups: list[str] = list(session.plan.baselines)
        for group in groups:
            source = Source(session, group)
            print(f"\n{folder.name}, {group}: {sessions} simulated sessions a line")
            for scene in SCENES:
                for rounds in (5, 8, 10):
                    tally = one_look(source, scene, rounds, sessions)
                    print(
                        f"{scene.name:30} {rounds:2} rounds, one look: {tally.line()}", flush=True
                    )
                tally = resting(source, scene, 8, min(200, sessions))
                print(f"{scene.name:30}  8 rounds, resting:  {tally.line()}", flush=True)
                tally = racing(source, scene, max(20, sessions // 5))
                print(f"{scene.name:30} watched, racing:     {tally.line()}", flush=True)


if __name__ == "__main__":
    main()
