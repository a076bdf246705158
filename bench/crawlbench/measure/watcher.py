"""Who is told how a session gets on (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from crawlbench.base.records import Sample, Session

__all__ = ["Watcher"]


class Watcher(Protocol):
    """Is told how a session gets on, always outside the clock."""

    def on_start(self, session: Session) -> None:
        """See what is planned, and what an earlier part of the session has measured."""

    def on_sample(self, number: int, sample: Sample) -> None:
        """See each value that was right, with its round; round 0 is the calibration."""

    def on_session(self, session: Session) -> None:
        """See the session after the calibration and after each finished round."""
