"""The state of the machine, as two small kernels show it (floor 2; pure).

The kernels are fixed, and no contestant can change them: one computes, the other sends over
loopback, and both are timed in each lap. Between sessions of the same code on the same idle
machine, times differed by 5 % and ratios of unlike cells by 2 %, because the operating system's
network path cost up to 2.7 times as much (docs/method.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.stats.midmean import midmean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Session, Summary


@dataclass(frozen=True, slots=True)
class State:
    """How fast a machine was while a group was measured."""

    computing_s: float
    """Typical seconds that the computing kernel takes."""
    sending_s: float
    """Typical seconds that the kernel that sends over loopback takes."""


def read_state(session: Session, group: str) -> State | None:
    """Return the typical times of the anchors in a group's laps; None if there are none."""
    found = [
        anchor for record in session.rounds for anchor in record.anchors if anchor.group == group
    ]
    if not found:
        return None
    return State(
        _typical([anchor.computing_s for anchor in found]),
        _typical([anchor.sending_s for anchor in found]),
    )


def expected_shift(base: State, head: State, parts: Summary) -> float:
    """Return the log ratio head / base that the machine's state alone explains.

    Time in the program scales with the computing kernel, time in the system with the sending one,
    and waiting with neither.

    Args:
        base: state of the machine in the first session.
        head: state of the machine in the second session.
        parts: how the cell spent its time in the first session.
    """
    user, system = parts.cpu_user_s, parts.cpu_system_s
    whole = user + system + parts.wait_s
    moved = (
        user * head.computing_s / base.computing_s
        + system * head.sending_s / base.sending_s
        + parts.wait_s
    )
    # CPU time alone has no waiting, and a short cell may show none of it on a coarse clock.
    return math.log(moved / whole) if whole and moved else 0.0


def _typical(values: Sequence[float]) -> float:
    return math.exp(midmean([math.log(value) for value in values]))
