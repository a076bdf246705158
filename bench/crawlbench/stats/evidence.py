"""What the rounds say about one pair: claims with p values, and an interval (floor 2; pure).

There are three claims: slower or faster by more than the margin, or the same within it. Each tests
the two ends of the margin, so that one interval decides all three, and if the true difference is
exactly the margin, the chance of any claim is at most the level. A claim must hold with every doubt
taken off and with none, and by more than the twins differ.

Where a doubt is others' doing, these ways to see the values differ in their mean, not in how far it
can be trusted: all take the spread of the way whose rounds agree best. If taking a doubt off makes
rounds agree, it explains why they did not, and chance has no second part in it (decision 21).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from crawlbench.base.records import Verdict
from crawlbench.stats.claims import NO_CLAIM, best_of, find_claims
from crawlbench.stats.interval import Estimate, Interval, union
from crawlbench.stats.sequence import Moments, p_value, sequence_half_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Inference:
    """How rounds are turned into p values and intervals."""

    first: int | None
    """The round after which the first look is taken; None for one look, after the last."""
    p_value: Callable[[Moments, float], float]
    """Gives the two-sided p value of "the mean is this"."""
    half_width: Callable[[Moments, float], float]
    """Gives half the width of the interval at an error level."""


def _estimate(moments: Moments) -> Estimate:
    return Estimate(moments.count, moments.mean, moments.error, moments.count - 1)


ONE_LOOK = Inference(
    None,
    lambda moments, truth: _estimate(moments).p_value(truth),
    lambda moments, level: _estimate(moments).half_width(1 - level),
)
"""Student's t, once all rounds are there.

Each pair keeps its own variance. With variance borrowed from other pairs, intervals of a cell with
three times the usual spread covered 86 to 90 % where they promise 95 (`make bench-judge`).
"""
ANY_TIME = Inference(2, p_value, sequence_half_width)
"""A sequence that holds after every round."""


@dataclass(slots=True)
class Evidence:
    """What was found about one pair, in the quantity of its question."""

    rounds: int
    mean: float
    """The mean of the values as measured."""
    error: float
    """Its standard error."""
    likely_mean: float
    """The mean in the way whose rounds agree best; more rounds bring the other one towards it."""
    interval: Interval
    """The union over all ways to see the values, widened, at the plan's confidence."""
    p_values: dict[Verdict, float]
    """One for each claim; the smallest so far, if the session looks after each round."""
    plain_p_values: dict[Verdict, float]
    """The same for the values as measured, disregarding the control and slow laps."""
    excess: float
    """Log ratio of the means less that of the typical times."""
    slow_laps_p: float
    """The p value of "the means differ by the margin or more"."""
    means_high: float
    """Upper end of the interval of the means, at the plan's confidence."""
    spread: float
    """Standard deviation of a single round's value, in the way whose rounds agree best."""
    luck: float
    """Standard deviation of what the doubts add to that in a round, as measured."""
    shifts: dict[str, float] = field(default_factory=dict)
    """How far the mean moves in each way to see the values."""

    @property
    def claim(self) -> Verdict:
        """The claim with the best support."""
        return best_of(self.p_values)

    @property
    def p_value(self) -> float:
        """The p value of that claim."""
        return min(self.p_values.values())


def gather(
    ways: Mapping[str, Sequence[float]],
    means: Sequence[float],
    look: Inference,
    *,
    margin: float,
    widenings: Sequence[float],
    level: float,
    are_of_others: bool = True,
) -> Evidence:
    """Return what the rounds say about one pair.

    Args:
        ways: log ratios of typical times by round, first as measured, then without doubts.
        means: log ratios of mean times by round.
        look: whether to look once, or after each round.
        margin: the margin, in the unit of the values.
        widenings: what the twins differ by after each number of rounds, from one on; for a single
            look, what they differ by after all of their rounds, however many the pair has.
        level: error level of the interval.
        are_of_others: whether the doubts are others' doing; see `Ways`.
    """
    walk = _Walk(Ways.named(ways, are_of_others=are_of_others), look, margin, level)
    total = len(means)
    # A single look sees only the last round; a sequence counts from its first one on.
    first = max(2, look.first or total)
    for count, values in enumerate(zip(*ways.values(), means, strict=True), 1):
        walk.add(values)
        if count >= first:
            walk.look_once(widenings[count - 1])
    return walk.finish(total)


@dataclass(slots=True)
class Ways:
    """The rounds of a pair, seen as measured and without doubts.

    What is true may be the plain values, or those without a doubt, or something in between. If a
    part of a doubt's time is real, then what is left without that part spreads least of all. So the
    steadiest way spreads at least as much as the truth, except by chance (tests/stats/
    test_evidence.py shows how little that matters), and its spread is that of all ways. Where the
    doubts may be the contestants' own doing, chance in them is a part of what is measured, and each
    way keeps its own spread.
    """

    states: dict[str, Moments]
    """Moments by way, first as measured."""
    are_of_others: bool
    """Whether the doubts are the doing of others than the contestants."""

    @classmethod
    def named(cls, names: Iterable[str], *, are_of_others: bool) -> Ways:
        """Return these ways, without any rounds yet."""
        return cls({name: Moments() for name in names}, are_of_others)

    @property
    def measured(self) -> Moments:
        """The moments of the values as measured."""
        return next(iter(self.states.values()))

    @property
    def steadiest(self) -> Moments:
        """The moments of the way whose rounds agree best; as measured if that decides nothing."""
        if not self.are_of_others:
            return self.measured
        # All ways have the same rounds, so sums of squares compare like variances.
        return min(self.states.values(), key=lambda state: state.squares)

    def add(self, values: Iterable[float]) -> None:
        """Take a round, as each way sees it."""
        for state, value in zip(self.states.values(), values, strict=True):
            state.add(value)

    def seen(self) -> list[Moments]:
        """Return the moments of all ways, with the spread that each of them has."""
        states = list(self.states.values())
        if not self.are_of_others:
            return states
        squares = self.steadiest.squares
        return [replace(state, squares=squares) for state in states]

    def interval(self, look: Inference, level: float) -> Interval:
        """Return the union of the ways' intervals."""
        return union(Interval.around(x.mean, look.half_width(x, level)) for x in self.seen())


@dataclass(slots=True)
class _Walk:
    """What is known about a pair while its rounds come in one by one."""

    ways: Ways
    """The typical times."""
    look: Inference
    margin: float
    level: float
    of_means: Moments = field(default_factory=Moments)
    claims: dict[Verdict, float] = field(default_factory=lambda: dict(NO_CLAIM))
    plain: dict[Verdict, float] = field(default_factory=lambda: dict(NO_CLAIM))
    slow_p: float = 1.0
    means_high: float = math.inf
    found: Interval | None = None
    widening: float = 0.0
    """What the twins differed by at the last look."""

    def add(self, values: Sequence[float]) -> None:
        """Take a round: its log ratio in each way, and that of its means."""
        *seen, of_means = values
        self.ways.add(seen)
        self.of_means.add(of_means)

    def look_once(self, widening: float) -> None:
        """Judge the rounds so far; what an earlier look has shown remains.

        A sequence holds at all rounds at once, so the truth lies in the intersection of its
        intervals, and the smallest p value of any round counts. Over the ways it is the reverse:
        nobody knows which of them is right, so the union and the largest p value count.
        """
        seen, self.widening = self.ways.seen(), widening
        now = self.ways.interval(self.look, self.level).widened(widening)
        self.found = now if self.found is None else self.found.common(now)
        plain = _claims(seen[0], self.look, self.margin)
        _lower(self.plain, plain)
        # Where the twins agree, the first way is the plain one; a p value is too costly to repeat.
        first = _claims(seen[0], self.look, self.margin, widening) if widening else plain
        by_way = [first, *(_claims(x, self.look, self.margin, widening) for x in seen[1:])]
        _lower(self.claims, {one: max(way[one] for way in by_way) for one in self.claims})
        of_means = _claims(self.of_means, self.look, self.margin)
        self.slow_p = min(self.slow_p, of_means[Verdict.SAME])
        # Around, because that has an end where a few rounds leave everything open.
        means = Interval.around(self.of_means.mean, self.look.half_width(self.of_means, self.level))
        self.means_high = min(self.means_high, means.high)

    def finish(self, total: int) -> Evidence:
        """Return what all rounds say together.

        The intersection of many looks may leave out the mean of today. Nobody would believe such an
        interval, so it is widened to contain the mean, and a claim needs a mean that supports it.
        """
        assert self.found is not None
        measured, steadiest = self.ways.measured, self.ways.steadiest
        mean = measured.mean
        # This is 1 for each claim that today's mean does not support, however small its p value
        # once was.
        unsupported = find_claims(mean, lambda _: 0.0, self.margin, self.widening)
        self.claims = {one: max(p, unsupported[one]) for one, p in self.claims.items()}
        if self.slow_p > self.level:  # typical times may agree where rare slow laps do not
            self.claims[Verdict.SAME] = 1.0
        return Evidence(
            rounds=total,
            mean=mean,
            error=measured.error,
            interval=union([self.found, Interval(mean, mean)]),
            p_values=self.claims,
            plain_p_values=self.plain,
            excess=self.of_means.mean - mean,
            slow_laps_p=self.slow_p,
            means_high=max(self.means_high, self.of_means.mean),
            likely_mean=steadiest.mean,
            spread=math.sqrt(steadiest.variance),
            # Never of less than 0, since no way has less variance than the steadiest one.
            luck=math.sqrt(measured.variance - steadiest.variance),
            shifts={name: x.mean - mean for name, x in self.ways.states.items()},
        )


def _claims(
    moments: Moments, look: Inference, margin: float, widening: float = 0.0
) -> dict[Verdict, float]:
    return find_claims(moments.mean, partial(look.p_value, moments), margin, widening)


def _lower(claims: dict[Verdict, float], now: dict[Verdict, float]) -> None:
    for claim, p in now.items():
        claims[claim] = min(claims[claim], p)
