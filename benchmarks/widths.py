"""Shows how narrow sessions make intervals for their time, whichever version measured them.

An interval shrinks with the square root of the measuring time, so half-width times that root can be
compared between sessions of different lengths; smaller is better. All sessions are judged by the
rules of today. The operations of event loops are one row, each network's crawls are another.

    python -m benchmarks.widths FOLDER [FOLDER ...]    sessions' folders, or bundles
"""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.usage import read_words

from crawlbench.base.records import Quantity
from crawlbench.measure.store import load_session
from crawlbench.reference.bundle import ENDING
from crawlbench.reference.matrix import load_measured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawlbench.base.records import Comparison, Session

QUANTITIES = (Quantity.TIME, Quantity.PAGE)
HEAD = "| suite | measured | of | quantity | rounds | seconds | measuring | {} | answered |"
WIDTH = "half-width x root seconds"


def main() -> None:
    """Print a row for each network and quantity of each session."""
    print(HEAD.format(WIDTH))
    print("| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for name in read_words(__doc__, "folder").folder:
        path = Path(name)
        is_bundle = path.name.endswith(ENDING)
        session = load_measured(path).session if is_bundle else load_session(path)
        for row in tell_session(session):
            print(row, flush=True)


def tell_session(session: Session) -> Iterator[str]:
    """Yield the rows of a session."""
    values = [(s.seconds * s.loops, s.warmup) for one in session.rounds for s in one.samples]
    share = sum(seconds for seconds, warmup in values if not warmup) / session.seconds
    head = f"| {session.plan.suite} | {session.created[:16].replace('T', ' ')}"
    size = f"{len(session.rounds)} | {session.seconds:.0f} | {share:.0%}"
    of = {cell.name: cell.network or "operations" for cell in session.plan.cells}
    for place in dict.fromkeys(of.values()):
        for quantity in QUANTITIES:
            pairs = [
                one
                for one in session.comparisons
                if of[one.cell] == place and one.quantity is quantity
            ]
            told = tell_pairs(pairs, session.seconds)
            if told:
                yield f"{head} | {place} | {quantity} | {size} | {told} |"


def tell_pairs(pairs: Iterable[Comparison], seconds: float) -> str:
    """Return the typical half-width of pairs, in percent times root seconds, and those answered.

    It is empty if no pair has an interval.
    """
    pairs = list(pairs)
    ends = [(one.low, one.high) for one in pairs]
    halves = [(high - low) / 2 for low, high in ends if low is not None and high is not None]
    if not halves:
        return ""
    answered = sum(one.is_answered for one in pairs)
    return f"{median(halves) * 100 * math.sqrt(seconds):.0f} | {answered} of {len(pairs)}"


if __name__ == "__main__":
    main()
