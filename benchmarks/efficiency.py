"""Compares two values of a suite's key by how narrow they make intervals in the same time.

An interval shrinks with the square root of the measuring time, so half-width times that root can be
compared between sessions of different lengths; smaller is better. Sessions with both values take
turns in the order A B B A, so that changes of the machine affect both. The second pair shows how
much of the first is chance.

    python -m benchmarks.efficiency [SUITE] [KEY] [A] [B]
"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.usage import read_words

import crawlbench
from crawlbench.base.records import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Session

QUANTITIES = (Quantity.TIME, Quantity.PAGE)
HEAD = "| {} | group | quantity | rounds | seconds | half-width x root seconds | pairs answered |"


def main() -> None:
    """Measure four sessions, and print a row for each group and quantity of each session."""
    words = read_words(__doc__, suite="default", key="long_share", a=1.0, b=0.5)
    print(HEAD.format(words.key))
    print("| ---: | --- | --- | ---: | ---: | ---: | ---: |")
    for value in (words.a, words.b, words.b, words.a):
        options: dict[str, Any] = {words.key: value}
        session = crawlbench.run(words.suite, **options).record
        for row in tell_rows(session):
            print(f"| {value:g} | {row} |", flush=True)


def tell_rows(session: Session) -> Iterator[str]:
    """Yield the typical half-width of each group's pairs, in percent times root seconds."""
    rounds, seconds = len(session.rounds), session.seconds
    for group in session.plan.baselines:
        for quantity in QUANTITIES:
            pairs = [
                found
                for found in session.comparisons
                if session.plan.cell(found.cell).group == group and found.quantity is quantity
            ]
            ends = [(one.low, one.high) for one in pairs]
            halves = [(b - a) / 2 for a, b in ends if a is not None and b is not None]
            if not halves:
                continue
            answered = sum(found.is_answered for found in pairs)
            yield (
                f"{group} | {quantity} | {rounds} | {seconds:.0f} | "
                f"{median(halves) * 100 * math.sqrt(seconds):.0f} | {answered} of {len(pairs)}"
            )


if __name__ == "__main__":
    main()
