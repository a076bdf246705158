"""Carries a session to its end and shows it, for the commands that measure (floor 5)."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawlbench.cli.endings import ENDING_SIGNALS
from crawlbench.cli.live import open_watcher
from crawlbench.cli.output import INTERRUPTED, complain, result_console, status_console, tell
from crawlbench.cli.probed import probe_session
from crawlbench.cli.report import write_page
from crawlbench.errors import StorageError
from crawlbench.measure.owner import own
from crawlbench.report.markdown import render_markdown
from crawlbench.report.terminal import render_terminal
from crawlbench.whole import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from crawlbench.records import Session
    from crawlbench.session import Watcher

__all__ = ["exit_code", "measure", "name_folder", "publish", "session_ends"]


MANY_ROUNDS = 200
"""Where a precision is asked for and no number of rounds: as many as fit the budget if need be."""


def session_ends(
    rounds: int | None, budget: float | None, precision: float | None
) -> dict[str, Any]:
    """Return the options that say when a session ends, by their names in a suite."""
    if precision is not None and rounds is None:
        rounds = MANY_ROUNDS
    return {"rounds": rounds, "budget_s": budget, "precision_percent": precision}


def name_folder(output: Path | None, name: str) -> Path:
    """Return the folder that was asked for, or `results/<UTC time>-<name>`."""
    return output or Path("results") / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}-{name}"


def measure(begin: Callable[[Watcher], Coroutine[Any, Any, Session]]) -> Session:
    """Run a session to its end, shown live."""
    with open_watcher(status_console()) as watcher:
        return asyncio.run(_until_signal(begin(watcher)))


async def _until_signal(session: Coroutine[Any, Any, Session]) -> Session:
    """Wait for a session; SIGTERM and SIGHUP end it as Ctrl-C does."""
    task = asyncio.current_task()
    assert task
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            with suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await session


def publish(session: Session, folder: Path) -> bool:
    """Write `table.md`, print the same, and write the page where it can be drawn.

    A session is not lost for what shows it: what goes wrong is said, and False returned.
    """
    with own(folder):
        return _publish(session, folder)


def _publish(session: Session, folder: Path) -> bool:
    troubles = []
    try:
        write_text(folder / "table.md", render_markdown(session))
    except OSError as error:
        troubles.append(f"table.md was not written: {error.strerror}")
    console = result_console()
    is_ascii = console.options.ascii_only
    console.print(render_terminal(session, console.width, is_ascii=is_ascii))
    troubles += [probe_session(session, folder), write_page(session, folder)]
    for trouble in filter(None, troubles):
        complain(trouble)
    tell(f"session: {folder}")
    return not any(troubles)


def exit_code(session: Session, *, is_published: bool = True) -> int:
    """Return the exit code, and say in a sentence why it is not 0.

    Args:
        session: as it ended.
        is_published: whether all that shows it was written; that it was not is said already.
    """
    count = sum(not failure.is_refusal for failure in session.failures)
    if count or session.ending == "mirror":
        complain(
            session.warnings[-1].text
            if session.ending == "mirror"
            else f"{count} cell{'s are' if count > 1 else ' is'} invalid; the reasons stand above"
        )
        return 4
    if session.ending == "interrupted":
        return INTERRUPTED
    return 0 if is_published else StorageError.exit_code
