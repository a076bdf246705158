"""The answer in three plain sentences, each no stronger than its evidence (floor 3; pure).

The first is about verdicts, the second about where the time goes, the third about how far to trust
both. Who is best among the faster is told by the baseline's ratio alone, so whoever's interval
overlaps is named beside: the session did not compare them with each other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.records import Verdict
from crawlbench.report.notes import place_of
from crawlbench.report.numbers import (
    WIDEST,
    format_interval,
    format_percent,
    format_ratio,
    format_seconds,
)
from crawlbench.report.tables import crawl_groups, ordered_cells, short_name
from crawlbench.report.text import one_line
from crawlbench.report.versus import versus_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawlbench.records import Comparison, NoiseFloor, Session, Summary

__all__ = ["Sentence", "find_answer"]

MOST_GROUPS = 3
"""Sites and networks that a sentence tells one by one; more are summed up."""
LEAST_SHARE = 0.005
"""Of CPU time and waiting: less is not worth a word."""
WORDS = {
    Verdict.FASTER: ("is faster", "are faster"),
    Verdict.SLOWER: ("is slower", "are slower"),
    Verdict.SAME: ("is the same", "are the same"),
    Verdict.UNCLEAR: ("is unclear", "are unclear"),
    Verdict.INVALID: ("is invalid", "are invalid"),
    Verdict.UNSUPPORTED: ("is not supported", "are not supported"),
}
NO_ANSWER = (Verdict.INVALID, Verdict.UNCLEAR, Verdict.UNSUPPORTED)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and where it comes from."""

    text: str
    evidence: str
    """Name of the section that shows it."""
    link: str
    """What that section is called in a link."""


def find_answer(session: Session) -> tuple[Sentence, ...]:
    """Return what a session says, in three sentences; fewer where it says less."""
    groups = crawl_groups(session)
    first = Sentence(_verdicts(session, groups), "ratios", "ratios")
    if session.plan.is_versus:
        first = Sentence(versus_sentence(session), "environments", "environments")
    found = [
        first,
        Sentence(_operations(session), "loops", "what event loops do"),
        Sentence(_times(session, groups), "phases", "where the time goes"),
        Sentence(_trust(session), "doubts", "how far to trust it"),
    ]
    return tuple(sentence for sentence in found if sentence.text)


def _verdicts(session: Session, groups: Sequence[str]) -> str:
    if not session.summaries:
        return "No cell has a valid value, so there is no answer."
    if not groups:
        return ""
    if len(groups) > MOST_GROUPS:
        crawls = {cell.name for cell in session.plan.cells if not cell.operation}
        counts = _counts([c for c in session.comparisons if c.cell in crawls])
        return f"Over {len(groups)} sites and networks {counts}."
    text = "; ".join(_verdict(session, group) for group in groups)
    return f"{text[0].upper()}{text[1:]}."


def _operations(session: Session) -> str:
    """Return what was found of each event loop over all operations."""
    operations = {facts.name for facts in session.plan.operations}
    cells = {cell.name: cell for cell in session.plan.cells if cell.operation in operations}
    found: dict[tuple[str, str], list[Comparison]] = {}
    for comparison in session.comparisons:
        cell = cells.get(comparison.cell)
        if cell:
            stock = cells[comparison.baseline].loop_name
            found.setdefault((cell.loop_name, stock), []).append(comparison)
    parts = [f"{loop}: {_counts(judged, stock)}" for (loop, stock), judged in found.items()]
    return one_line(f"Of {len(operations)} operations, on {'; on '.join(parts)}.") if parts else ""


def _verdict(session: Session, group: str) -> str:
    """Return what was found in one group."""
    where = f"on {place_of(session, group)}"
    floor = next((floor for floor in session.noise if floor.group == group), None)
    if floor and floor.refusal:
        return f"{where} nothing is judged: {floor.refusal}"
    cells = {cell.name: cell for cell in session.plan.cells if cell.group == group}
    found = [c for c in session.comparisons if c.cell in cells]
    baseline = short_name(cells[session.plan.baselines[group]], list(cells.values()))
    if not found:
        return f"{where} {_alone(session, list(cells))}"
    text = f"{where} {_counts(found, baseline)}"
    judged = [c for c in found if c.verdict not in NO_ANSWER]
    best = min(judged, key=lambda c: c.estimate or 0.0, default=None)
    if best is None or best.estimate is None or best.low is None or best.high is None:
        return text
    name = short_name(cells[best.cell], list(cells.values()))
    ratio = format_ratio(best.estimate, best.low, best.high)
    text += f": {name} takes {ratio} of its time ({format_interval(best.low, best.high)})"
    rivals = [c for c in judged if c is not best and (c.low or 0.0) <= best.high]
    if len(rivals) == 1:
        rival = short_name(cells[rivals[0].cell], list(cells.values()))
        return f"{text}, and the interval of {rival} overlaps"
    return f"{text}, and the intervals of {len(rivals)} others overlap" if rivals else text


def _alone(session: Session, cells: Sequence[str]) -> str:
    """Return what is to be said of a group in which nothing was compared."""
    seconds = [s for s in session.summaries if s.cell in cells]
    if not seconds:
        return "no cell has a valid value"
    first = seconds[0]
    return (
        "there is nothing to compare; a crawl took "
        f"{format_seconds(first.seconds, first.seconds_error)}"
    )


def _counts(comparisons: Sequence[Comparison], baseline: str = "their baselines") -> str:
    """Return how many cells have which verdict, in the order of `Verdict`."""
    counts = Counter(comparison.verdict for comparison in comparisons)
    parts = [f"{counts[v]} {WORDS[v][counts[v] > 1]}" for v in Verdict if counts[v]]
    first, (number, _, rest) = parts[0], parts[0].partition(" ")
    link = {"faster": "than", "slower": "than", "same": "as"}.get(first.rpartition(" ")[2])
    against = f" {link} {baseline}" if link else f" against {baseline}"
    parts[0] = f"{number} of {len(comparisons)} {rest}{against}"
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _times(session: Session, groups: Sequence[str]) -> str:
    parts = []
    for group in groups if len(groups) <= MOST_GROUPS else groups[:1]:
        cells = ordered_cells(session, group)
        summaries = {summary.cell: summary for summary in session.summaries}
        compared = {c.cell for c in session.comparisons}
        valid = [cell for cell in cells if cell.name in summaries]
        shown = next((cell for cell in valid if cell.name in compared), None)
        shown = shown or next((cell for cell in valid if not cell.control), None)
        if shown:
            shares = _shares(summaries[shown.name])
            where = shown.network if shown.versus else place_of(session, group)
            parts.append(f"{shares} for {short_name(shown, cells)} on {one_line(where)}")
    if not parts:
        return ""
    loops = _loops(session)
    return f"Time goes to {'; to '.join(parts)}{f'; {loops}' if loops else ''}."


def _shares(summary: Summary) -> str:
    """Return who has which share of the CPU time and the waiting, the largest first."""
    parts = {
        "the parser": summary.parse_s or 0.0,
        _client_name(summary): max(0.0, summary.cpu_user_s - (summary.parse_s or 0.0)),
        "the system": summary.cpu_system_s,
        "waiting": summary.wait_s,
    }
    total = sum(parts.values()) or 1.0
    ordered = sorted(parts.items(), key=lambda item: -item[1])
    told = [(name, size / total) for name, size in ordered if size / total >= LEAST_SHARE]
    shares = [f"{name} ({share * 100:.0f} %)" for name, share in told]
    return ", ".join(shares[:-1]) + f" and {shares[-1]}" if len(shares) > 1 else shares[0]


def _client_name(summary: Summary) -> str:
    return "client and event loop" if summary.parse_s is not None else "client and parser"


def _loops(session: Session) -> str:
    """Return in how many pairs that differ by event loop alone the intervals overlap."""
    found = {c.cell: c for c in session.comparisons if c.low is not None and c.high is not None}
    crawls = [cell for cell in session.plan.cells if not cell.operation]
    pairs = [
        _overlap(found[one.name], found[two.name])
        for place, one in enumerate(crawls)
        for two in crawls[place + 1 :]
        if one.name in found
        and two.name in found
        and one.event_loop != two.event_loop
        and (one.group, one.strategy, one.parser, one.concurrency, one.environment)
        == (two.group, two.strategy, two.parser, two.concurrency, two.environment)
    ]
    if not pairs:
        return ""
    return (
        f"in {sum(pairs)} of {len(pairs)} pairs that differ by event loop alone the intervals "
        "overlap"
    )


def _overlap(one: Comparison, two: Comparison) -> bool:
    assert one.low is not None and one.high is not None  # noqa: PT018
    assert two.low is not None and two.high is not None  # noqa: PT018
    return one.low <= two.high and two.low <= one.high


def _trust(session: Session) -> str:
    parts = list(_floors(session))
    for count, word in (
        (sum(not failure.is_refusal for failure in session.failures), "invalid cell"),
        (len(session.warnings), "warning"),
    ):
        if count:
            parts.append(f"{count} {word}{'' if count == 1 else 's'} must be read")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _floors(session: Session) -> Iterator[str]:
    """Return what equal things look like here."""
    usable = [(f, f.margin) for f in session.noise if f.margin is not None and not f.refusal]
    usable = [(floor, margin) for floor, margin in usable if margin <= WIDEST / 2]
    if usable and len(usable) <= MOST_GROUPS:
        margins = [
            f"{format_percent(margin)} on {place_of(session, floor.group)}"
            for floor, margin in usable
        ]
        yield f"a difference counts only beyond {' and '.join(margins)}"
    elif usable:
        shown = [format_percent(margin) for _, margin in sorted(usable, key=_margin)]
        ends = " to ".join(dict.fromkeys((shown[0], shown[-1])))
        yield f"a difference counts only beyond a margin of {ends}"
    lost = len(session.noise) - len(usable)
    if lost:
        yield f"{lost} of {len(session.noise)} controls gave no usable margin"


def _margin(pair: tuple[NoiseFloor, float]) -> float:
    return pair[1]
