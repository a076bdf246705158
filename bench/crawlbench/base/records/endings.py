"""Why a session measures no more (floor 0)."""

from __future__ import annotations

from enum import StrEnum


class Ending(StrEnum):
    """Why a session measured no further round."""

    ROUNDS = "rounds"
    """All rounds were measured."""
    ANSWERED = "answered"
    """Every pair was answered."""
    PRECISE = "precise"
    """The intervals became as narrow as requested."""
    BUDGET = "budget"
    """The time budget was spent."""
    NOTHING_LEFT = "nothing left"
    """No working cell was left."""
    INTERRUPTED = "interrupted"
    MIRROR = "mirror"
    """A mirror died."""
    NONE = ""
    """It has not ended, or it was killed."""

    @property
    def is_early(self) -> bool:
        """Whether the session could go on where it was."""
        return self in {Ending.INTERRUPTED, Ending.MIRROR, Ending.NONE}
