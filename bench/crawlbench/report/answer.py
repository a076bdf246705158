"""The answer: one sentence per scenario, none stronger than its evidence (floor 3; pure).

The answer is the first part of the page and of the Markdown, and a field of the JSON. In a terminal
it comes last and must fit on one screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity, Verdict
from crawlbench.base.text import count_of, one_line, with_capital
from crawlbench.report.environment_pairs import versus_sentence
from crawlbench.report.gain import tell_gain
from crawlbench.report.numbers import format_size
from crawlbench.report.open_pairs import tell_unsettled
from crawlbench.report.scenario import Fullness, tell_counts, tell_scenario
from crawlbench.report.standing import Held, list_words, loop_pairs, reach_of, reach_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawlbench.base.records import Comparison
    from crawlbench.report.view import SessionView

MAX_LINES, WIDTH = 10, 80
"""Lines, of this many columns, that all sentences together may take on a terminal; what stands
below them takes two more."""
HALF = 0.5
_SHORT = Fullness(names=2, tells_reasons=False)
_SHORTER = replace(_SHORT, names=1, tells_behind=False, parsing_from=math.inf)
VERSIONS = (
    Fullness(),
    _SHORT,
    replace(_SHORT, tells_behind=False),
    replace(_SHORTER, parsing_from=HALF),
    _SHORTER,
    replace(_SHORTER, tells_beginning=False),
    replace(_SHORTER, tells_lengths=False),
    replace(_SHORTER, tells_scenarios=False),
)
"""The fullest version comes first: lists become shorter before a number is dropped, and the share
of parsing in a page's time is kept longest where it is half of it or more."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and where its evidence is shown."""

    text: str
    evidence: str
    """Name of the section that shows it."""
    link: str
    """What a link to that section says."""


def find_answer(view: SessionView) -> tuple[Sentence, ...]:
    """Return what a session says, in the fullest version that fits on a screen."""
    found: tuple[Sentence, ...] = ()
    for full in VERSIONS:
        found = _sentences(view, full)
        if sum(len(wrap(sentence.text, WIDTH)) for sentence in found) <= MAX_LINES:
            break
    return found


def _sentences(view: SessionView, full: Fullness) -> tuple[Sentence, ...]:
    if not view.session.summaries:
        first = [Sentence("No cell has a valid value, so there is no answer.", "ratios", "ratios")]
    elif view.plan.is_versus:
        first = [Sentence(versus_sentence(view), "environments", "environments")]
    elif full.tells_scenarios:
        texts = [tell_scenario(group, full) for group in view.crawls]
        first = [Sentence(as_sentence(text), "ratios", "ratios") for text in texts]
    else:
        first = [Sentence(as_sentence(text), "ratios", "ratios") for text in _counted(view)]
    unsettled = tell_unsettled(view, tells_reasons=full.tells_reasons)
    found = [
        *first,
        Sentence(_loops(view), "pairs", "pairs"),
        Sentence(_operations(view), "loops", "what event loops do"),
        Sentence(unsettled, "doubts", "how far to trust it"),
        Sentence(_trust(view), "doubts", "how far to trust it"),
    ]
    return tuple(Sentence(one_line(one.text), one.evidence, one.link) for one in found if one.text)


def as_sentence(text: str) -> str:
    """Return text with a capital letter and a full stop."""
    return f"{with_capital(text)}."


def _counted(view: SessionView) -> Iterator[str]:
    names = {row.cell.name for group in view.crawls for row in group.rows}
    found = [one for one in view.comparisons() if one.cell in names]
    if len(view.crawls) == 1 and found:
        yield f"on {view.crawls[0].place}, {tell_counts(found, 'the baseline')}"
    elif found:
        yield f"over {len(view.crawls)} sites and networks, {tell_counts(found)}"


def _loops(view: SessionView) -> str:
    """Return what was found for the pairs that differ only in their event loop."""
    if view.plan.is_versus:
        return ""
    pairs = [(group.place, *pair) for group in view.crawls for pair in loop_pairs(group)]
    if not pairs:
        return ""
    kinds = {(head.cell.event_loop, base.cell.event_loop) for _, head, base, _ in pairs}
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
        found = [(place, Held(row, one)) for place, row, _, one in pairs if one.verdict is verdict]
        if found:
            number = f"{len(found)} of {count_of(len(pairs), 'pair')}"
            parts.append(f"{word} in {number} {_sizes(found)}".strip())
    return f"{who}: {', '.join(parts)}."


def _sizes(found: Sequence[tuple[str, Held]]) -> str:
    """Return how much these pairs differ, or how far apart they may be, and the best known one."""
    every = [held for _, held in found]
    verdict = every[0].found.verdict
    if verdict is Verdict.SAME:
        return ""
    up_to = "" if len(every) == 1 else "up to "
    farthest = max(every, key=lambda held: abs(held.behind))
    if verdict is Verdict.FASTER:
        number, words = tell_gain([farthest])
        return f"({up_to}{number} {words.rpartition(' ')[0]})"
    if verdict is Verdict.SLOWER:
        return f"(by {up_to}{format_size(farthest.behind)})"
    reach = reach_of(every)
    # The widest interval alone would hide how close another pair is already known to be.
    place, best_known = min(found, key=lambda one: reach_to(one[1]))
    if len(every) == 1 or math.isinf(reach_to(best_known)):
        return f"({reach})"
    return f"({reach}; {best_known.row.work} on {place} {reach_of([best_known])})"


def _operations(view: SessionView) -> str:
    """Return what was found for each event loop over all operations."""
    found: dict[tuple[str, str], list[Comparison]] = {}
    for group in view.operations:
        # What environments change has been said by `versus_sentence`.
        if group.rows[0].cell.versus:
            continue
        for row in group.rows:
            if Quantity.TIME in row.found and group.base:
                key = row.cell.loop_name, group.base.cell.loop_name
                found.setdefault(key, []).append(row.found[Quantity.TIME])
    parts = [f"{loop}: {tell_counts(judged, stock)}" for (loop, stock), judged in found.items()]
    count = len(view.plan.operations)
    return f"Of {count} operations, on {'; on '.join(parts)}." if parts else ""


def _trust(view: SessionView) -> str:
    invalid = sum(not failure.is_refusal for failure in view.session.failures)
    parts = [
        count_of(count, word)
        for count, word in ((invalid, "invalid cell"), (len(view.session.warnings), "warning"))
        if count
    ]
    verb = "needs" if len(parts) == 1 and parts[0].startswith("1 ") else "need"
    return f"{list_words(parts)} {verb} your attention." if parts else ""
