"""What was found in one scenario, in a full or a brief sentence (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity, Verdict
from crawlbench.report.gain import find_faster, tell_gain
from crawlbench.report.lengths import tell_lengths
from crawlbench.report.numbers import format_factors, format_seconds
from crawlbench.report.standing import (
    MAX_NAMED,
    TIMES_FROM,
    Held,
    Standing,
    find_standing,
    held_by_work,
    join_names,
    list_words,
    reach_of,
    span_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawlbench.base.records import Comparison
    from crawlbench.report.view import GroupView, Row

MAX_BEHIND = 2
"""How many strategies behind the best one a sentence names."""
WORDS = {
    Verdict.FASTER: ("is faster", "are faster"),
    Verdict.SLOWER: ("is slower", "are slower"),
    Verdict.SAME: ("is the same", "are the same"),
    Verdict.UNCLEAR: ("is unclear", "are unclear"),
    Verdict.INVALID: ("is invalid", "are invalid"),
    Verdict.UNSUPPORTED: ("is not supported", "are not supported"),
}


@dataclass(frozen=True, slots=True)
class Fullness:
    """How much an answer says."""

    names: int = MAX_NAMED
    """How many names one list has; the rest are counted."""
    tells_reasons: bool = True
    """Whether to give the reasons for what is not settled, or only the command that shows them."""
    tells_behind: bool = True
    """Whether to say who is behind the best."""
    parsing_from: float = 0.0
    """Share of a page's time from which to say how much of it is parsing."""
    tells_beginning: bool = True
    """Whether to say what it costs to begin."""
    tells_lengths: bool = True
    """Whether to say what a page costs."""
    tells_scenarios: bool = True
    """Whether each scenario has a sentence of its own; otherwise verdicts are only counted."""


def tell_scenario(group: GroupView, full: Fullness) -> str:
    """Return what was found in a group, without a full stop."""
    where = f"on {group.place}{', per page' if group.form else ''}"
    standing = find_standing(group)
    if standing is None:
        return f"{where}, {_alone(group)}"
    lengths = ""
    if full.tells_lengths:
        lengths = tell_lengths(
            group,
            standing,
            parsing_from=full.parsing_from,
            tells_beginning=full.tells_beginning,
        )
    lead = _lead(group, standing, full.names)
    parts = [f"{where}, {lead}{': ' if lengths else ''}{lengths}"]
    if full.tells_behind:
        parts += _behind(group, standing, full.names)
    parts += _by_cpu(group, standing, full.names)
    return "; ".join(parts)


def _alone(group: GroupView) -> str:
    """Return what there is to say about a group in which nothing has a ratio."""
    compared = [row.found[group.leading] for row in group.rows if group.leading in row.found]
    if compared:
        base = group.base
        return tell_counts(compared, base.name if base else "the baseline")
    # The raw socket is no way to crawl, and says nothing of the others.
    rows = [row for row in (group.base, *group.contestants) if row]
    first = next((row.summary for row in rows if row.summary), None)
    if first is None:
        return "no cell has a valid value"
    seconds = format_seconds(first.seconds, first.seconds_error)
    return f"there is nothing to compare; a crawl took {seconds}"


def _lead(group: GroupView, standing: Standing, most: int) -> str:
    """Return how the best cell, and those that are the same, compare with the baseline."""
    leaders, base = standing.leaders, group.base
    names = join_names(group, leaders, most)
    # A plan in which a group has no baseline is refused when it is read (`measure/flaws.py`).
    assert base
    # As long as a pair is open, some cell may yet turn out to be faster.
    is_open = bool(standing.unsettled or standing.unjudged)
    nothing = "nothing was found to be faster" if is_open else "nothing is faster"
    if base in leaders:
        others = [row for row in leaders if row is not base]
        if not others:
            return f"{nothing} than {base.name}"
        verb = "is" if len({row.work for row in others}) == 1 else "are"
        return f"{join_names(group, others, most)} {verb} the same as {base.name}, and {nothing}"
    held = next((one for one in (*standing.slower, *standing.unsettled) if one.row is base), None)
    # The baseline failed. Its twin stands in for it in the ratios, but there is nobody to name.
    if held is None:
        return f"{names} {_verb(leaders, 'is')} best"
    if held in standing.slower:
        return _gain(group, standing, most)
    best = standing.best.name
    return f"{best} is not settled against {base.name} ({reach_of([held])})"


def _verb(rows: Sequence[Row], word: str) -> str:
    """Return a verb for one strategy or several."""
    is_one = len({row.work for row in rows}) == 1
    return word if is_one else {"is": "are", "takes": "take"}[word]


def _gain(group: GroupView, standing: Standing, most: int, what: str = "time") -> str:
    """Return by how much the leaders are faster than the baseline, and who is merely their equal.

    Raises:
        ValueError: none is faster.
    """
    faster, base = find_faster(standing), group.base
    assert base
    rows = [one.row for one in faster]
    number, words = tell_gain(faster, what)
    verb = _verb(rows, "takes" if words.startswith("less") else "is")
    told = f"{join_names(group, rows, most)} {verb} {number} {words} {base.name}"
    others = [row for row in standing.leaders if row not in rows]
    if not others:
        return told
    equal = f"{join_names(group, others, most)} {_verb(others, 'is')} the same as"
    return f"{told}, and {equal} {standing.best.name}"


def _behind(group: GroupView, standing: Standing, most: int) -> Iterator[str]:
    """Yield which cells are behind the best, or may be; the baseline has been named before."""
    slower = held_by_work(one for one in standing.slower if one.row.cell.name != group.baseline)
    for held in slower[:MAX_BEHIND]:
        names = join_names(group, [one.row for one in held], most)
        # What is true of the slower one of two loops is not said of both.
        sizes = [one.behind for one in held]
        if max(sizes) >= TIMES_FROM:
            yield f"{names} takes {format_factors(min(sizes), max(sizes))} as long"
        else:
            yield f"{names} is {span_of(held)} behind"
    if len(slower) > MAX_BEHIND:
        more = len(slower) - MAX_BEHIND
        yield f"{more} more {'is' if more == 1 else 'are'} further behind"
    told = _unsettled_baseline(group, standing)
    open_ones = [one for one in standing.unsettled if one is not told]
    if open_ones:
        names = join_names(group, [one.row for one in open_ones], min(most, MAX_BEHIND))
        yield f"not settled against the best: {names} ({reach_of(open_ones)})"


def _unsettled_baseline(group: GroupView, standing: Standing) -> Held | None:
    return next((x for x in standing.unsettled if x.row.cell.name == group.baseline), None)


def _by_cpu(group: GroupView, standing: Standing, most: int) -> Iterator[str]:
    """Yield what CPU time says where time shows no gain on the baseline."""
    if not _unsettled_baseline(group, standing):
        return
    found = find_standing(group, Quantity.CPU)
    held = next((one for one in found.slower if one.row is group.base), None) if found else None
    if found and held:
        of = " of a whole crawl" if group.form else ""
        yield f"by CPU time{of} {_gain(group, found, most, 'CPU time')}"


def tell_counts(comparisons: Sequence[Comparison], baseline: str = "their baselines") -> str:
    """Return how many cells have each verdict, in the order of `Verdict`."""
    counts = Counter(comparison.verdict for comparison in comparisons)
    parts = [f"{counts[v]} {WORDS[v][counts[v] > 1]}" for v in Verdict if counts[v]]
    # Only the first part says of how many, and than what. Its last word decides how: faster than,
    # the same as, unclear against.
    first, (number, _, rest) = parts[0], parts[0].partition(" ")
    link = {"faster": "than", "slower": "than", "same": "as"}.get(first.rpartition(" ")[2])
    against = f" {link} {baseline}" if link else f" against {baseline}"
    parts[0] = f"{number} of {len(comparisons)} {rest}{against}"
    return list_words(parts, len(parts))
