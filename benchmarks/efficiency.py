"""Compares two values of a suite's key by how narrow they make intervals in the same time.

How narrow is measured as in `widths.py`. Sessions with both values take turns in the order A B B A,
so that changes of the machine affect both. The second pair shows how much of the first is chance.

    python -m benchmarks.efficiency [SUITE] [KEY] [A] [B]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.usage import read_words
from benchmarks.widths import QUANTITIES, WIDTH, tell_pairs

import crawlbench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Session

HEAD = f"| {{}} | group | quantity | rounds | seconds | {WIDTH} | pairs answered |"


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
    """Yield a row for each group and quantity."""
    size = f"{len(session.rounds)} | {session.seconds:.0f}"
    for group in session.plan.baselines:
        for quantity in QUANTITIES:
            pairs = [
                one
                for one in session.comparisons
                if session.plan.cell(one.cell).group == group and one.quantity is quantity
            ]
            told = tell_pairs(pairs, session.seconds)
            if told:
                yield f"{group} | {quantity} | {size} | {told}"


if __name__ == "__main__":
    main()
