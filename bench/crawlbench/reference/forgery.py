"""Signs that values were not measured as a bundle says (floor 4; pure).

A bundle alone cannot show whether its values were invented with care. This module finds what
somebody would do to get a better figure without much work: copies, omissions, and values that no
machine can have measured.
"""

from __future__ import annotations

from itertools import combinations, product, starmap
from statistics import median
from typing import TYPE_CHECKING

from crawlbench.base.text import tell_apart
from crawlbench.reference.bundle import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawlbench.base.records import RoundRecord, Session

Values = dict[tuple[str, int, int], float]
"""Seconds by cell, lap and number of the round, which is 0 for one round alone."""

SLACK = 2.0
"""How much faster than its measured ceiling a mirror may have been; a ceiling takes only
seconds."""
NEAR = 10.0 ** (2 - DIGITS)
"""Relative difference up to which two ratios are the same: what cut digits leave, with room."""
MAX_ALIKE = 0.5
"""Share of values from which two rounds are the same; in measured rounds it is under a tenth."""
MIN_VALUES = 8
"""With fewer values, chance alone could make them the same: of eight, four would have to lie within
a ten-thousandth of the median, where measured ratios spread by a hundredth."""


TICK_S = 1e-9
"""How finely CPU times are told."""


def find_forgery(session: Session) -> Iterator[str]:
    """Yield a sentence for each sign that a session's values were not measured as it says."""
    yield from _copied_rounds(session)
    yield from _long_values(session)
    yield from _fast_values(session)
    yield from _false_cpu_times(session)


def are_copies(one: Session, other: Session) -> bool:
    """Return whether any round of a session holds the values of a round of another.

    They may differ by one factor, and the rounds may stand in another order. Where rounds are too
    small for that, all of them together are compared.
    """
    mine, theirs = (list(map(_values, session.rounds)) for session in (one, other))
    return any(starmap(_are_one, product(mine, theirs))) or _are_one(_merge(mine), _merge(theirs))


def _merge(rounds: Sequence[Values]) -> Values:
    return {
        (cell, lap, n): s for n, found in enumerate(rounds) for (cell, lap, _), s in found.items()
    }


def _copied_rounds(session: Session) -> Iterator[str]:
    values = {record.number: _values(record) for record in session.rounds}
    for one, other in combinations(session.rounds, 2):
        if _are_one(values[one.number], values[other.number]):
            yield (
                f"rounds {one.number} and {other.number} hold the same values, or those of one "
                "times a factor, which no two rounds do; measure each"
            )
            return


def _are_one(first: Values, second: Values) -> bool:
    """Return whether most values of two rounds differ by one and the same factor."""
    shared = first.keys() & second.keys()
    if len(shared) < MIN_VALUES:
        return False
    ratios = [first[key] / second[key] for key in shared]
    # The median is the factor of a copy as long as fewer than half of its values were changed.
    middle = median(ratios)
    alike = sum(abs(ratio / middle - 1) < NEAR for ratio in ratios)
    return alike > MAX_ALIKE * len(ratios)


def _values(record: RoundRecord) -> Values:
    return {(s.cell, s.lap, 0): s.seconds for s in record.samples if not s.warmup and s.seconds}


def _long_values(session: Session) -> Iterator[str]:
    """Yield a round whose values, taken one after the other, need more time than it had."""
    for record in session.rounds:
        took = sum(s.seconds * s.loops for s in record.samples if not s.warmup)
        if took > record.seconds * 1.01 + 0.1:
            together, whole = tell_apart(took, record.seconds, form=".3g")
            yield (
                f"the values of round {record.number} take {together} s together, but the round "
                f"took {whole} s; submit the session again, as it was measured"
            )
            return


def _fast_values(session: Session) -> Iterator[str]:
    """Yield a value that would need a faster mirror than there was."""
    groups = {cell.name: cell.group for cell in session.plan.cells if cell.site}
    for record in session.rounds:
        for s in record.samples:
            ceiling = session.ceilings.get(groups.get(s.cell, ""))
            if ceiling and s.seconds * s.loops * ceiling * SLACK < s.requests:
                yield (
                    f"{s.cell!r} fetches {s.requests} pages in {s.seconds * s.loops:.3g} s, but "
                    f"its mirror answers at most {ceiling:.0f} a second; measure it again"
                )
                return


def _false_cpu_times(session: Session) -> Iterator[str]:
    """Yield a CPU time that is not the sum of its parts, or that the CPUs could not give."""
    cpus = session.machine.cpu_count
    for s in (s for record in session.rounds for s in record.samples):
        if s.cpu_s is None:
            continue
        parts, most = s.cpu_user_s + s.cpu_system_s, s.seconds * cpus * SLACK
        if abs(parts - s.cpu_s) > NEAR * parts + TICK_S or s.cpu_s > most + TICK_S:
            yield (
                f"{s.cell!r} used {s.cpu_s:.6g} s of CPU time, of which {s.cpu_user_s:.6g} s are "
                f"its own and {s.cpu_system_s:.6g} s the system's, in {s.seconds:.6g} s on {cpus} "
                "CPUs, which cannot be; submit the session again, as it was measured"
            )
            return


def find_copy(sessions: Sequence[tuple[str, Session]]) -> str:
    """Return a sentence about two sessions that are the same; empty if there are none."""
    for (name, one), (other_name, other) in combinations(sessions, 2):
        if are_copies(one, other):
            return (
                f"{other_name!r} holds the values of {name!r}, or those times a factor: "
                "one session was copied; measure another"
            )
    return ""
