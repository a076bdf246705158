"""Whether changes may pass: what a script asks, in one answer (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.stats.compare import Change

__all__ = ["Gate", "hold_gate"]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate found; see `code`."""

    total: int
    slower: int
    """Whose interval lies beyond the gate and the noise."""
    invalid: int
    unclear: int
    """Whose interval reaches the gate, so that more rounds would tell."""

    @property
    def code(self) -> int:
        """Exit code: 0 passed, 1 slower, 3 unclear, 4 something was invalid."""
        if self.slower:
            return 1
        if self.invalid:
            return 4
        return 3 if self.unclear else 0

    @property
    def reason(self) -> str:
        """Why the code is not 0; empty if it is."""
        for count, what in (
            (self.slower, "slower beyond the gate"),
            (self.invalid, "invalid"),
            (self.unclear, "unclear: more rounds would tell"),
        ):
            if count:
                return f"{count} of {self.total} cells {'is' if count == 1 else 'are'} {what}"
        return ""


def hold_gate(changes: Sequence[Change], gate: float) -> Gate:
    """Hold changes against a gate.

    A cell fails if its interval lies beyond the gate and the noise, and passes if its interval does
    not reach the gate, however large the noise is.

    Args:
        changes: judged with margins of their own, which the gate does not replace.
        gate: log ratio.
    """
    passed = sum(change.high is not None and change.high <= gate for change in changes)
    supported = [change for change in changes if change.verdict is not Verdict.UNSUPPORTED]
    slower = sum(_is_slower(change, gate) for change in changes)
    invalid = sum(change.verdict is Verdict.INVALID for change in changes)
    return Gate(len(changes), slower, invalid, len(supported) - passed - slower - invalid)


def _is_slower(change: Change, gate: float) -> bool:
    return change.verdict is Verdict.SLOWER and change.low is not None and change.low > gate
