"""Why there is no verdict, what a mark means, and what to do about it (floor 3; pure).

The judge gives an `Obstacle` with its detail; here it becomes a sentence with sizes and a remedy.
Between sessions or machines there is only the obstacle, and the sentence, in
`stats/comparability.py`, is a shorter one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.records import Doubt, Mark, Obstacle
from crawlbench.base.text import count_of, one_line
from crawlbench.report.measures import tell_signed
from crawlbench.report.numbers import format_length, format_share, format_size
from crawlbench.stats.comparability import explain_between, tell_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.records import Comparison, DoubtSize, Summary
    from crawlbench.report.view import GroupView, SessionView


@dataclass(frozen=True, slots=True)
class Setting:
    """What a sentence needs to know besides its comparison."""

    margin: float
    """The plan's margin, as a log ratio."""
    round_s: float | None = None
    """How long a round takes; None if that is not known."""
    is_operation: bool = False
    """Whether the other process is a peer, not a mirror."""

    @property
    def server(self) -> str:
        """What to call the other process."""
        return "peer" if self.is_operation else "mirror"


_DOUBTS = {
    Doubt.SERVER_WAIT: (
        "something else used the {server}'s CPU for up to {share} of the time",
        "stop it, or leave one CPU to the {server} alone",
    ),
    Doubt.SERVER_LOAD: (
        "the {server} itself was busy for up to {share} of the time",
        "ask less of it at once (-c), or use a machine with faster CPUs",
    ),
    Doubt.STARVATION: (
        "something else used the worker's CPU for up to {share} of the time",
        "stop it, or leave one CPU to the workers alone",
    ),
    Doubt.CONTENTION: (
        "sharing its CPU with others may have added up to {share} to the CPU time",
        "stop what else is running",
    ),
}
"""What each doubt means, and what would help."""


def explain(found: Comparison, setting: Setting) -> str:
    """Return why a comparison has no verdict, with the size and a remedy; empty if it has one."""
    said = _SENTENCES.get(found.obstacle) if found.obstacle else None
    if said is None:
        return explain_between(found.obstacle, found.detail)
    return one_line(
        said.format(detail=found.detail) if isinstance(said, str) else said(found, setting)
    )


def explain_in(view: SessionView, found: Comparison) -> str:
    """Return the same for a comparison of a session."""
    return explain(found, setting_of(view, view.groups[view.rows[found.cell].cell.group]))


def setting_of(view: SessionView, group: GroupView) -> Setting:
    """Return what sentences about a group's comparisons need to know."""
    return Setting(view.plan.margin, view.round_s, group.is_operation)


def doubt_of(size: DoubtSize, setting: Setting) -> str:
    """Return what a doubt means, and how large it is."""
    share = format_share(max(size.cell_share, size.baseline_share))
    return _DOUBTS[size.doubt][0].format(server=setting.server, share=share)


def mark_note(mark: Mark, summary: Summary) -> str:
    """Return what else a row measures besides the client, and how large that is."""
    return _MARKS[mark].format(
        share=f"{summary.server_share * 100:.0f} %",
        wait=f"{summary.server_wait_share * 100:.0f} %",
        starved=format_share(summary.starved_share),
    )


MAX_HOURS = 12
"""Hours beyond which no continuation is proposed, because hardly anybody would wait for it."""


def ends_within(hours: float, rounds: int, setting: Setting) -> bool:
    """Return whether so many more rounds would end within that time, as far as is known."""
    return setting.round_s is None or rounds * setting.round_s <= hours * 3600


def settle(rounds: int, setting: Setting) -> str:
    """Return how much more is needed to settle it, such as "about 14 more rounds, 5 min,".

    A verb follows. The comma after the time closes what the one before it began; without a time
    there is neither.
    """
    count = f"about {count_of(rounds, 'more round')}"
    if setting.round_s is None:
        return count
    return f"{count}, {format_length(rounds * setting.round_s)},"


_MARKS = {
    Mark.SERVER_BOUND: "the cell used {share} of the mirror's capacity, so this row measures the "
    "mirror as well",
    Mark.PEER_BOUND: "the other process was busy for {share} of the time and set the pace",
    Mark.DISTURBED: "something else used the mirror's CPU for {wait} of the time that the mirror "
    "needed for its answers, so this row measures that as well",
    Mark.STARVED: "something else used the worker's CPU for {starved} of the time, so this row "
    "measures that as well",
}


def _few_rounds(found: Comparison, setting: Setting) -> str:  # noqa: ARG001  (one for all)
    rounds = "only 1 round" if found.rounds == 1 else "fewer than two rounds"
    return (
        f"{rounds} measured both, and an interval needs at least two; "
        "--rounds 5 or more gives one that is worth reading"
    )


def _half(found: Comparison, setting: Setting) -> str:
    size = _size(found)
    if size is None:
        return "half of the time or more may not be the client's own"
    return (
        f"{doubt_of(size, setting)}: what is left is not known well enough to compare; "
        f"{_remedy(size, setting)}"
    )


def _doubt(found: Comparison, setting: Setting) -> str:
    size = _size(found)
    if size is None or found.estimate is None:
        return "what else was running may decide it"
    values = found.estimate + size.shift, found.estimate
    if found.quantity.has_ratio:
        noun, (without, ratio) = "ratio", (f"{math.exp(value):.3f}" for value in values)
    else:
        noun, (without, ratio) = "difference", (tell_signed(x, found.quantity) for x in values)
    effect = f"without that the {noun} would be {without}, not {ratio}"
    # Two numbers that look equal after rounding would contradict the sentence.
    if without == ratio:
        effect = "that is not much, but it tips the balance"
    return (
        f"while the values were taken {doubt_of(size, setting)}; {effect}: {_remedy(size, setting)}"
    )


def _slow_laps(found: Comparison, setting: Setting) -> str:
    return (
        "the typical times are the same, but rare slow laps make the means differ by "
        f"{tell_signed(found.excess, found.quantity)}, or may make them differ by more than "
        f"{format_size(setting.margin)}: more rounds would settle it"
    )


def _open(found: Comparison, setting: Setting) -> str:
    # The margin of the cost to begin comes from the baseline's whole short crawl (docs/method.md).
    of = "" if found.quantity.has_ratio else " of the short crawl"
    margin = f"{format_size(setting.margin)}{of}"
    if found.more_rounds is None:
        return (
            f"it lies so close to the margin of {margin} that more rounds are unlikely to settle it"
        )
    low, high = found.low, found.high
    if low is None or high is None or not found.quantity.has_ratio:  # its margin is not at hand
        low, high = -math.inf, math.inf
    where = f"its interval {tell_open(low, high, setting.margin).format(margin=margin)}"
    if not ends_within(MAX_HOURS, found.more_rounds, setting):
        return (
            f"{where}: to settle it takes more than {MAX_HOURS} hours; compare fewer cells, or "
            "choose a larger --margin"
        )
    return f"{where}: {settle(found.more_rounds, setting)} would settle it"


_SENTENCES: dict[Obstacle, str | Callable[[Comparison, Setting], str]] = {
    Obstacle.TIMERS: "its time is set by timers, which some event loops round to whole "
    "milliseconds, so a ratio would show their rounding; the column beside it shows what they "
    "measured",
    Obstacle.FEW_ROUNDS: _few_rounds,
    Obstacle.FLAT: "in many laps the longer crawl took no longer than the shorter one, so that a "
    "page has no time of its own; a longer form of the site (long_forms) would show it",
    Obstacle.BENT: "the times of {detail} do not lie on a line: a page up to the middle length and "
    "a page of the whole long crawl differ by more than a tenth, so there is no single cost per "
    "page or to begin; its row shows the time of each length instead",
    Obstacle.HALF: _half,
    Obstacle.DOUBT: _doubt,
    Obstacle.SLOW_LAPS: _slow_laps,
    Obstacle.CONTROL: "the baseline and its twin, which run the same code, came out different, and "
    "adding that difference to the interval leaves this open: measure when the machine is quieter",
    Obstacle.OPEN: _open,
}
"""Why a pair of one session has no verdict, or what words it; `explain_between` has the rest."""


def _size(found: Comparison) -> DoubtSize | None:
    """Return the doubt that a comparison's detail names."""
    return next((one for one in found.doubts if one.doubt == found.detail), None)


def _remedy(size: DoubtSize, setting: Setting) -> str:
    if size.doubt is Doubt.SERVER_LOAD and setting.is_operation:
        return "use a machine with faster CPUs"  # an operation has no concurrency
    return _DOUBTS[size.doubt][1].format(server=setting.server)
