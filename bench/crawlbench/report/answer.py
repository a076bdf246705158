"""The answer: one sentence per scenario, none stronger than its evidence (floor 3; pure).

It opens the page, the Markdown and the JSON. In a terminal it comes last and must fit on a screen.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity, Verdict
from crawlbench.report.lengths import tell_lengths
from crawlbench.report.numbers import format_seconds, format_share, format_size
from crawlbench.report.standing import (
    TIMES_FROM,
    Held,
    Standing,
    find_standing,
    join_names,
    list_words,
    loop_pairs,
    reach_of,
    span_of,
)
from crawlbench.report.text import one_line
from crawlbench.report.unsettled import tell_unsettled
from crawlbench.report.versus import versus_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crawlbench.base.records import Comparison
    from crawlbench.report.view import GroupView, Row, SessionView

__all__ = ["Sentence", "find_answer"]

MAX_LINES, WIDTH = 10, 80
"""Lines of all sentences together on a terminal; what stands below takes two more."""
MAX_BEHIND = 2
"""How many strategies behind the best a sentence names."""
WORDS = {
    Verdict.FASTER: ("is faster", "are faster"),
    Verdict.SLOWER: ("is slower", "are slower"),
    Verdict.SAME: ("is the same", "are the same"),
    Verdict.UNCLEAR: ("is unclear", "are unclear"),
    Verdict.INVALID: ("is invalid", "are invalid"),
    Verdict.UNSUPPORTED: ("is not supported", "are not supported"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and where it comes from."""

    text: str
    evidence: str
    """Name of the section that shows it."""
    link: str
    """What that section is called in a link."""


def find_answer(view: SessionView) -> tuple[Sentence, ...]:
    """Return what a session says: the fullest version that fits on a screen."""
    versions = (_sentences(view, scenarios) for scenarios in (_whole, _short, _bare, _counted))
    found: tuple[Sentence, ...] = ()
    for found in versions:
        if sum(len(wrap(sentence.text, WIDTH)) for sentence in found) <= MAX_LINES:
            break
    return found


def _sentences(
    view: SessionView, scenarios: Callable[[SessionView], Iterator[str]]
) -> tuple[Sentence, ...]:
    if not view.session.summaries:
        first = [Sentence("No cell has a valid value, so there is no answer.", "ratios", "ratios")]
    elif view.plan.is_versus:
        first = [Sentence(versus_sentence(view), "environments", "environments")]
    else:
        first = [Sentence(_begin(text), "ratios", "ratios") for text in scenarios(view)]
    found = [
        *first,
        Sentence(_loops(view), "pairs", "pairs"),
        Sentence(_operations(view), "loops", "what event loops do"),
        Sentence(tell_unsettled(view), "doubts", "how far to trust it"),
        Sentence(_trust(view), "doubts", "how far to trust it"),
    ]
    return tuple(Sentence(one_line(one.text), one.evidence, one.link) for one in found if one.text)


def _begin(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _whole(view: SessionView) -> Iterator[str]:
    for group in view.crawls:
        yield _scenario(group, tells_behind=True)


def _short(view: SessionView) -> Iterator[str]:
    for group in view.crawls:
        yield _scenario(group, tells_behind=False)


def _bare(view: SessionView) -> Iterator[str]:
    for group in view.crawls:
        yield _scenario(group, tells_behind=False, tells_lengths=False)


def _counted(view: SessionView) -> Iterator[str]:
    names = {row.cell.name for group in view.crawls for row in group.rows}
    found = [one for one in view.comparisons() if one.cell in names]
    if len(view.crawls) == 1 and found:
        yield f"on {view.crawls[0].place} {_counts(found, 'the baseline')}"
    elif found:
        yield f"over {len(view.crawls)} sites and networks {_counts(found)}"


def _scenario(group: GroupView, *, tells_behind: bool, tells_lengths: bool = True) -> str:
    where = f"on {group.place}{', per page' if group.form else ''}"
    standing = find_standing(group)
    if standing is None:
        return f"{where} {_alone(group)}"
    lengths = tell_lengths(group, standing) if tells_lengths else ""
    parts = [f"{where}, {_lead(group, standing)}{': ' if lengths else ''}{lengths}"]
    if tells_behind:
        parts += _behind(group, standing)
    parts += _by_cpu(group, standing)
    return "; ".join(parts)


def _alone(group: GroupView) -> str:
    """Return what there is to say about a group in which nothing has a ratio."""
    compared = [row.found[group.leading] for row in group.rows if group.leading in row.found]
    if compared:
        base = group.base
        return _counts(compared, base.name if base else "the baseline")
    first = next((row.summary for row in group.rows if row.summary), None)
    if first is None:
        return "no cell has a valid value"
    seconds = format_seconds(first.seconds, first.seconds_error)
    return f"there is nothing to compare; a crawl took {seconds}"


def _lead(group: GroupView, standing: Standing) -> str:
    """Return how the best, and those that are the same, compare with the baseline."""
    leaders, base = standing.leaders, group.base
    names = join_names(group, leaders)
    assert base
    is_open = bool(standing.unsettled or standing.unjudged)
    nothing = "nothing was found to be faster" if is_open else "nothing is faster"
    if base in leaders:
        others = [row for row in leaders if row is not base]
        if not others:
            return f"{nothing} than {base.name}"
        verb = "is" if len({row.work for row in others}) == 1 else "are"
        return f"{join_names(group, others)} {verb} the same as {base.name}, and {nothing}"
    held = next((one for one in (*standing.slower, *standing.unsettled) if one.row is base), None)
    if held is None or held.found.estimate is None:
        return f"{names} {_verb(leaders, 'is')} best"
    if held in standing.slower:
        return f"{names} {_gain(held.found.estimate, leaders)} {base.name}"
    best = standing.best.name
    return f"{best} is not settled against {base.name} ({reach_of([held])})"


def _verb(rows: Sequence[Row], word: str) -> str:
    """Return a verb for one strategy or several."""
    is_one = len({row.work for row in rows}) == 1
    return word if is_one else {"is": "are", "takes": "take"}[word]


def _gain(behind: float, leaders: Sequence[Row], what: str = "time") -> str:
    """Return how much faster the leaders are than one that is behind by a log ratio."""
    if behind >= TIMES_FROM and what == "time":
        return f"{_verb(leaders, 'is')} {math.exp(behind):.1f} times as fast as"
    return f"{_verb(leaders, 'takes')} {format_share(-math.expm1(-behind))} less {what} than"


def _behind(group: GroupView, standing: Standing) -> Iterator[str]:
    """Yield which cells are behind the best, and which may be; the baseline was named before."""
    slower = _by_work(one for one in standing.slower if one.row.cell.name != group.baseline)
    for held in slower[:MAX_BEHIND]:
        names = join_names(group, [one.row for one in held])
        far = max(one.found.estimate or 0.0 for one in held)
        if far >= TIMES_FROM:
            yield f"{names} takes {math.exp(far):.1f} times as long"
        else:
            yield f"{names} is {span_of(held)} behind"
    if len(slower) > MAX_BEHIND:
        yield f"{len(slower) - MAX_BEHIND} more are further behind"
    told = _unsettled_baseline(group, standing)
    open_ones = [one for one in standing.unsettled if one is not told]
    if open_ones:
        names = join_names(group, [one.row for one in open_ones], MAX_BEHIND)
        yield f"not settled against the best: {names} ({reach_of(open_ones)})"


def _unsettled_baseline(group: GroupView, standing: Standing) -> Held | None:
    return next((x for x in standing.unsettled if x.row.cell.name == group.baseline), None)


def _by_work(held: Iterable[Held]) -> list[list[Held]]:
    works: dict[str, list[Held]] = {}
    for one in held:
        works.setdefault(one.row.work, []).append(one)
    return list(works.values())


def _by_cpu(group: GroupView, standing: Standing) -> Iterator[str]:
    """Yield what CPU time says where time says nothing against the baseline."""
    if not _unsettled_baseline(group, standing):
        return
    found = find_standing(group, Quantity.CPU)
    base = group.base
    held = next((one for one in found.slower if one.row is base), None) if found else None
    if found and base and held and held.found.estimate is not None:
        gain = _gain(held.found.estimate, found.leaders, "CPU time")
        of = " of a whole crawl" if group.form else ""
        yield f"by CPU time{of} {join_names(group, found.leaders)} {gain} {base.name}"


def _counts(comparisons: Sequence[Comparison], baseline: str = "their baselines") -> str:
    """Return how many cells have which verdict, in the order of `Verdict`."""
    counts = Counter(comparison.verdict for comparison in comparisons)
    parts = [f"{counts[v]} {WORDS[v][counts[v] > 1]}" for v in Verdict if counts[v]]
    first, (number, _, rest) = parts[0], parts[0].partition(" ")
    link = {"faster": "than", "slower": "than", "same": "as"}.get(first.rpartition(" ")[2])
    against = f" {link} {baseline}" if link else f" against {baseline}"
    parts[0] = f"{number} of {len(comparisons)} {rest}{against}"
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _loops(view: SessionView) -> str:
    """Return what was found for the pairs that differ only in their event loop."""
    if view.plan.is_versus:
        return ""
    pairs = [pair for group in view.crawls for pair in loop_pairs(group)]
    if not pairs:
        return ""
    kinds = {(head.cell.event_loop, base.cell.event_loop) for head, base, _ in pairs}
    who = "Pairs that differ only in their event loop"
    if len(kinds) == 1:
        ((head, base),) = kinds
        who = f"{head} against {base}"
    if all(group.form for group in view.crawls):
        who += ", per page"
    parts = []
    for verdict, word in (
        (Verdict.FASTER, "faster"),
        (Verdict.SLOWER, "slower"),
        (Verdict.SAME, "the same"),
        (Verdict.UNCLEAR, "not settled"),
    ):
        found = [(row, one) for row, _, one in pairs if one.verdict is verdict]
        if found:
            number = f"{len(found)} of {len(pairs)} pair{'' if len(pairs) == 1 else 's'}"
            parts.append(f"{word} in {number} {_sizes(found)}".strip())
    return f"{who}: {', '.join(parts)}."


def _sizes(found: Sequence[tuple[Row, Comparison]]) -> str:
    """Return by how much these pairs differ, or how far apart they may be."""
    verdict = found[0][1].verdict
    if verdict is Verdict.SAME:
        return ""
    if verdict is Verdict.UNCLEAR:
        return f"({reach_of([Held(*one) for one in found])})"
    most = format_size(max(abs(one.estimate or 0.0) for _, one in found))
    return f"(by {'' if len(found) == 1 else 'up to '}{most})"


def _operations(view: SessionView) -> str:
    """Return what was found for each event loop over all operations."""
    found: dict[tuple[str, str], list[Comparison]] = {}
    for group in view.operations:
        if group.rows[0].cell.versus:
            continue
        for row in group.rows:
            if Quantity.TIME in row.found and group.base:
                key = row.cell.loop_name, group.base.cell.loop_name
                found.setdefault(key, []).append(row.found[Quantity.TIME])
    parts = [f"{loop}: {_counts(judged, stock)}" for (loop, stock), judged in found.items()]
    count = len(view.plan.operations)
    return f"Of {count} operations, on {'; on '.join(parts)}." if parts else ""


def _trust(view: SessionView) -> str:
    invalid = sum(not failure.is_refusal for failure in view.session.failures)
    parts = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((invalid, "invalid cell"), (len(view.session.warnings), "warning"))
        if count
    ]
    verb = "needs" if len(parts) == 1 and parts[0].startswith("1 ") else "need"
    return f"{list_words(parts)} {verb} your attention." if parts else ""
