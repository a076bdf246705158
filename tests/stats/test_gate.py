"""A gate: what passes, what fails, what is unclear, and what can never be told."""

from __future__ import annotations

import pytest

from crawlbench.records import Verdict
from crawlbench.stats.compare import Change
from crawlbench.stats.gate import hold_gate
from crawlbench.stats.judge import PEER_BOUND, WHOLE_MS

GATE = 0.05


def change(verdict, low=None, high=None, *, base_s=1.0, reason=""):
    """Return a change of one cell."""
    estimate = None if low is None else (low + high) / 2
    return Change("cell", base_s, 1.0, 5, estimate, low, high, verdict, reason)


FASTER = change(Verdict.FASTER, -0.2, -0.1)
SAME = change(Verdict.SAME, -0.01, 0.01)
UNDER = change(Verdict.SLOWER, 0.02, 0.04)
ACROSS = change(Verdict.SLOWER, 0.02, 0.08)
SLOWER = change(Verdict.SLOWER, 0.06, 0.08)
DISTURBED = change(Verdict.UNCLEAR, reason="something else had the mirror's CPU")
BROKEN = change(Verdict.INVALID, reason="raised ValueError")
LOST = change(Verdict.UNSUPPORTED, reason="it does not have sendfile")
NEITHER = change(Verdict.UNSUPPORTED, base_s=None)
TIMER = change(Verdict.UNCLEAR, reason=WHOLE_MS)
ECHO = change(Verdict.UNCLEAR, reason=PEER_BOUND)


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ([FASTER, SAME, UNDER], 0, ""),
        ([SAME, ACROSS], 3, "1 of 2 cells is unclear: more rounds would tell"),
        ([SAME, DISTURBED], 3, "1 of 2 cells is unclear: more rounds would tell"),
        ([SLOWER, BROKEN, ACROSS], 1, "1 of 3 cells is slower beyond the gate"),
        ([BROKEN, ACROSS], 4, "1 of 2 cells is invalid"),
        ([LOST, SAME], 4, "1 of 2 cells is invalid"),
        ([NEITHER, TIMER, ECHO, SAME], 0, ""),
        ([NEITHER, TIMER], 4, "nothing of what was measured can be judged"),
        ([], 4, "nothing of what was measured can be judged"),
    ],
)
def test_code_and_reason(changes, code, reason):
    found = hold_gate(changes, GATE)
    assert (found.code, found.reason) == (code, reason)
