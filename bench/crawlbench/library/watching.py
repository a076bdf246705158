"""Reports the progress of a session, line by line, to the caller's function (floor 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.text import count_of
from crawlbench.measure.contract import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.records import Session


class Teller(Watcher):
    """A watcher that reports the calibration and each round in a line."""

    def __init__(self, progress: Callable[[str], object] | None) -> None:
        """Pass lines to `progress`; None for nobody.

        Raises:
            UsageError: it cannot be called.
        """
        if progress is not None and not callable(progress):
            raise UsageError(f"progress {progress!r} cannot be called; give a function, or None")
        self._progress = progress

    def tell(self, line: str) -> None:
        """Report a line."""
        if self._progress:
            self._progress(line)

    def on_start(self, session: Session) -> None:
        """Report what is planned."""
        broken = {failure.cell for failure in session.failures}  # environments that are unusable
        cells = sum(cell.name not in broken for cell in session.plan.cells)
        rounds = session.plan.rounds
        self.tell(
            f"calibrating {count_of(cells, 'cell')}, then at most {count_of(rounds, 'round')}"
        )

    def on_session(self, session: Session) -> None:
        """Report, after a round, how far the session has got."""
        if session.rounds:  # else it was the calibration
            pairs = session.leading_pairs()
            answered = sum(one.is_answered for one in pairs)
            self.tell(
                f"round {len(session.rounds)} of {session.plan.rounds}: "
                f"{answered} of {count_of(len(pairs), 'pair')} answered, {session.seconds:.0f} s"
            )
