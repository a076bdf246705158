"""The one judge: what can be concluded from a session's finished rounds (floor 2; pure).

All verdicts come from here, whoever asks. A question (`question.py`) has a family of pairs; their
rounds give evidence (`evidence.py`), with doubts taken off (`doubts.py`); Holm's procedure decides
(`claims.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from crawlbench.base.records import (
    Comparison,
    Control,
    Doubt,
    DoubtSize,
    Obstacle,
    Session,
    Stopping,
    Verdict,
)
from crawlbench.stats.caveats import find_caveats
from crawlbench.stats.claims import best_of, holm_levels, weakens
from crawlbench.stats.competition import find_others_shares
from crawlbench.stats.doubts import find_nuisances
from crawlbench.stats.evidence import ANY_TIME, ONE_LOOK, Evidence, Ways, gather
from crawlbench.stats.foresight import detectable, more_rounds
from crawlbench.stats.index import Index
from crawlbench.stats.interval import Interval
from crawlbench.stats.lengths import find_failures, find_margin, index_for
from crawlbench.stats.pairing import Side, log_ratios, log_ratios_of_means
from crawlbench.stats.question import Question, ask_questions
from crawlbench.stats.slots import slot_effects
from crawlbench.stats.summary import summarize

if TYPE_CHECKING:
    from crawlbench.base.records import Failure
    from crawlbench.stats.gate import Bound

MIN_ROUNDS = 5
"""With fewer rounds, the spread itself is a guess."""
MEASURED = "measured"


def judge(session: Session, begin_margin_s: float | None = None) -> Session:
    """Return the session with everything that can be concluded from its finished rounds.

    Args:
        session: the session as far as it was measured.
        begin_margin_s: margin of the cost to begin; None for the plan's, of the baseline's crawl.
    """
    index = Index(session.rounds)
    others = find_others_shares(session, index)
    verdicts = [
        _Judgement(session, index, question, others, begin_margin_s)
        for question in ask_questions(session)
    ]
    judged = replace(
        session,
        comparisons=tuple(found for one in verdicts for found in one.comparisons()),
        controls=tuple(one.control for one in verdicts if one.control),
        slots=slot_effects(session),
    )
    judged = replace(judged, summaries=summarize(judged, index, others))
    return replace(judged, warnings=tuple(find_caveats(judged, MIN_ROUNDS)))


def judge_at(session: Session, bound: Bound) -> Session:
    """Return the session judged by a gate in place of its margin."""
    plan = replace(session.plan, margin=bound.margin(session.plan.margin))
    return judge(replace(session, plan=plan), bound.begin_s)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A pair whose rounds say something."""

    evidence: Evidence
    doubts: tuple[DoubtSize, ...]
    half: Doubt | None
    """A doubt that makes up half of the time or more in one of the cells."""


class _Judgement:
    """One question on its way to its verdicts."""

    def __init__(
        self,
        session: Session,
        index: Index,
        question: Question,
        others: dict[str, float],
        begin_margin_s: float | None = None,
    ) -> None:
        self._session = session
        self._index = index_for(session, index, question.group, question.quantity)
        self._question = question
        self._alpha = 1 - session.plan.confidence
        self._failures = find_failures(session, question.quantity)
        # Of whole crawls, whatever the question reads: the margin to begin is a share of one.
        crawl_s = index.typical_s(self._present(question.baseline).cells)
        self._margin = find_margin(session.plan.margin, question.quantity, crawl_s, begin_margin_s)
        self._cell = session.plan.cell(question.baseline.name)
        facts = session.plan.operation(self._cell)
        self._is_timers = bool(facts and facts.whole_ms)
        self._nuisances = find_nuisances(session, self._cell, question.quantity, others)
        self._look = ANY_TIME if session.plan.stopping is Stopping.ANY else ONE_LOOK
        self.control, self._widenings = self._watch_twins()

    def comparisons(self) -> list[Comparison]:
        """Return the verdict on each pair."""
        weighed = self._weigh()
        usable = {pair: one for pair, one in weighed.items() if one.half is None}
        p_values = {pair: one.evidence.p_value for pair, one in usable.items()}
        # The family is fixed before the first round, and a pair that fails stays in it: nobody
        # gains power by failing. A pair that a loop refuses was never in it.
        count = sum(not self._is_refused(pair) for pair in self._question.pairs)
        levels = holm_levels(p_values, count, self._alpha)
        return [
            # A pair without a level makes no claim, but says what would have been found.
            self._answer(pair, weighed[pair], levels.get(pair, self._alpha / max(1, count)))
            if pair in weighed
            else self._without_numbers(pair)
            for pair in self._question.pairs
        ]

    def _weigh(self) -> dict[tuple[Side, Side], _Weighed]:
        """Return the evidence on each pair that has two rounds or more."""
        weighed = {
            pair: self._weigh_pair(*map(self._present, pair))
            for pair in self._question.pairs
            if self._obstacle(pair)[0] is None
        }
        return {pair: one for pair, one in weighed.items() if one}

    def _see(self, side: Side, other: Side, doubts: tuple[Doubt, ...]) -> dict[str, list[float]]:
        """Return a pair's rounds as measured, without each doubt, and without several at once."""
        readings = {MEASURED: self._nuisances.plain}
        for count in range(1, len(doubts) + 1):
            for some in combinations(doubts, count):
                readings[" and ".join(some)] = self._nuisances.without(some)
        return {name: log_ratios(self._index, side, other, x) for name, x in readings.items()}

    def _weigh_pair(self, side: Side, other: Side) -> _Weighed | None:
        sizes = self._nuisances.sizes(self._index, side, other)
        seen = self._see(side, other, tuple(sizes))
        if len(seen[MEASURED]) < 2 or self._margin is None:
            return None
        evidence = gather(
            seen,
            log_ratios_of_means(self._index, side, other, self._nuisances.plain),
            self._look,
            margin=self._margin,
            widenings=self._widenings,
            level=self._alpha,
            are_of_others=self._nuisances.are_of_others(side, other),
        )
        doubts = tuple(
            DoubtSize(doubt, *shares, evidence.shifts[doubt]) for doubt, shares in sizes.items()
        )
        half = next(
            (
                one.doubt
                for one in doubts
                if max(one.cell_share, one.baseline_share) >= self._nuisances.most(one.doubt)
            ),
            None,
        )
        return _Weighed(evidence, doubts, half)

    def _watch_twins(self) -> tuple[Control | None, list[float]]:
        """Return what the control shows, and how much intervals are widened after each round."""
        none = [0.0] * max(1, self._index.rounds)
        baseline, *controls = self._question.baseline.cells
        if not controls:
            return None, none
        group, quantity = self._question.group, self._question.quantity
        sides = Side(controls[0], (controls[0],)), Side(baseline, (baseline,))
        seen: dict[str, list[float]] = {MEASURED: []}
        if not any(side.name in self._failures for side in sides):
            seen = self._see(*sides, tuple(self._nuisances.sizes(self._index, *sides)))
        count = len(seen[MEASURED])
        if count < 2:
            return Control(group, count, None, None, None, quantity=quantity), none
        ways = Ways.named(seen, are_of_others=self._nuisances.are_of_others(*sides))
        widenings, ends = [], Interval(0.0, 0.0)
        for values in zip(*seen.values(), strict=True):
            ways.add(values)
            widening = 0.0
            if ways.measured.count >= (self._look.first or count):
                ends = ways.interval(self._look, self._alpha)
                widening = 0.0 if ends.low <= 0 <= ends.high else abs(ways.steadiest.mean)
            widenings.append(widening)
        # Rounds in which the twins share no lap say nothing new about them.
        widenings += [widenings[-1]] * (self._index.rounds - count)
        mean, widest = ways.measured.mean, widenings[-1]
        if self._look.first is None:  # one look sees all of the twins' rounds, a pair's or not
            widenings = [widest] * len(widenings)
        return Control(group, count, mean, ends.low, ends.high, widest, quantity), widenings

    def _present(self, side: Side) -> Side:
        return side.without(self._failures)

    def _failure(self, pair: tuple[Side, Side]) -> Failure | None:
        """Return why one of the two sides is invalid.

        Both twins must be; in `ab` either is enough, because a broken side must not pass a gate.
        """
        for side in pair:
            found = [self._failures[name] for name in side.cells if name in self._failures]
            if len(found) == len(side.cells) or (found and self._cell.versus):
                return found[0]
        return None

    def _is_refused(self, pair: tuple[Side, Side]) -> bool:
        failure = self._failure(pair)
        return failure is not None and failure.is_refusal

    def _obstacle(self, pair: tuple[Side, Side]) -> tuple[Obstacle | None, str]:
        """Return why a pair cannot be judged, whatever its rounds say, and what that concerns."""
        if self._failure(pair):
            return Obstacle.FAILED, ""
        present = [name for side in pair for name in self._present(side).cells]
        found = self._index.find_obstacle(present)
        if found[0]:
            return found
        if self._margin is None and (failure := self._failures.get(self._cell.name)):
            return Obstacle.FAILED, f"the margin depends on {failure.cell}: {failure.reason}"
        return (Obstacle.TIMERS if self._is_timers else None), ""

    def _answer(self, pair: tuple[Side, Side], weighed: _Weighed, level: float) -> Comparison:
        evidence, margin = weighed.evidence, self._margin
        assert margin is not None
        obstacle, detail = self._find_obstacle(weighed, level)
        return Comparison(
            cell=pair[0].name,
            baseline=pair[1].name,
            rounds=evidence.rounds,
            estimate=evidence.mean,
            low=evidence.interval.low,
            high=evidence.interval.high,
            verdict=Verdict.UNCLEAR if obstacle else evidence.claim,
            quantity=self._question.quantity,
            obstacle=obstacle,
            detail=detail,
            p=evidence.p_value,
            doubts=weighed.doubts,
            excess=evidence.excess,
            means_high=evidence.means_high,
            detectable=None
            if weighed.half
            else detectable(evidence, self._look, margin + self._widenings[-1], level),
            more_rounds=more_rounds(  # whoever measures them has looked before
                evidence, ANY_TIME, margin, self._widenings[-1], level
            )
            if obstacle is Obstacle.OPEN
            else None,
        )

    def _find_obstacle(self, weighed: _Weighed, level: float) -> tuple[Obstacle | None, str]:
        """Return why a pair has no verdict, or None if its best claim holds."""
        evidence = weighed.evidence
        # Where half of the time is not the client's, no claim is about the client.
        if weighed.half:
            return Obstacle.HALF, str(weighed.half)
        if evidence.p_value <= level:
            return None, ""
        # If the values as measured support no claim, only more rounds help. If they do, something
        # took it away: slow laps, a doubt or the twins, in order of what a user can do about it.
        plain = best_of(evidence.plain_p_values)
        if evidence.plain_p_values[plain] > level:
            return Obstacle.OPEN, ""
        if plain is Verdict.SAME and evidence.slow_laps_p > self._alpha:
            return Obstacle.SLOW_LAPS, ""
        if weighed.doubts:
            largest = max(weighed.doubts, key=lambda x: (weakens(x.shift, plain), abs(x.shift)))
            if abs(largest.shift) >= self._widenings[-1]:
                return Obstacle.DOUBT, str(largest.doubt)
        return (Obstacle.CONTROL, "") if self._widenings[-1] else (Obstacle.OPEN, "")

    def _without_numbers(self, pair: tuple[Side, Side]) -> Comparison:
        """Return the comparison of a pair that has no interval."""
        obstacle, detail = self._obstacle(pair)
        obstacle, verdict = obstacle or Obstacle.FEW_ROUNDS, Verdict.UNCLEAR
        failure = self._failure(pair)
        if failure:
            side = next(one for one in pair if failure.cell in one.cells)
            detail = failure.reason if side is pair[0] else f"{failure.cell}: {failure.reason}"
            # Without a baseline nobody can be compared, which is not said of the others.
            if self._cell.versus or side.name != self._question.baseline.name:
                verdict = Verdict.UNSUPPORTED if failure.is_refusal else Verdict.INVALID
        name, other = pair[0].name, pair[1].name
        quantity, rounds = self._question.quantity, 0
        if obstacle is Obstacle.FEW_ROUNDS:
            one, two = map(self._present, pair)
            rounds = len(log_ratios(self._index, one, two, self._nuisances.plain))
        none = None, None, None
        return Comparison(name, other, rounds, *none, verdict, quantity, obstacle, detail)
