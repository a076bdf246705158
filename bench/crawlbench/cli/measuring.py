"""Runs a session to its end and shows it, for the commands that measure (floor 5)."""

from __future__ import annotations

import shlex
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawlbench.base.errors import INTERRUPTED, INVALID, StorageError, UsageError
from crawlbench.base.records import Ending
from crawlbench.base.storage import write_text
from crawlbench.base.text import encodable
from crawlbench.cli.consoles import result_console, status_console, tell
from crawlbench.cli.details import AS_USUAL, Showing
from crawlbench.cli.doctor import tell_kept
from crawlbench.cli.endings import run_until_signal
from crawlbench.cli.output import complain
from crawlbench.cli.progress import open_watcher
from crawlbench.cli.report import PAGE_FILE, write_page
from crawlbench.cli.support import probe_session
from crawlbench.measure.owner import own
from crawlbench.report.extra import can_draw
from crawlbench.report.formats import EXPORTS
from crawlbench.report.markdown import render_markdown
from crawlbench.report.terminal import Detail, render_terminal
from crawlbench.report.view import SessionView

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from crawlbench.base.records import Failure, Session
    from crawlbench.measure.contract import Watcher


def name_folder(output: Path | None, name: str) -> Path:
    """Return the folder that was asked for, or `results/<UTC time>-<name>`.

    Raises:
        UsageError: its name is not valid UTF-8, and could not be told to anybody.
    """
    if output and encodable(str(output)) != str(output):
        raise UsageError(
            f"the name of the folder {str(output)!r} is not valid UTF-8; name another with -o"
        )
    return output or Path("results") / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}-{name}"


def measure(begin: Callable[[Watcher], Coroutine[Any, Any, Session]]) -> Session:
    """Run a session to its end, show its progress meanwhile, and return it."""
    with open_watcher(status_console()) as watcher:
        return run_until_signal(begin(watcher))


def publish(session: Session, folder: Path, showing: Showing = AS_USUAL) -> bool:
    """Write `table.md` and, if possible, the page; print tables, and the answer last.

    A session is never lost because it cannot be shown: trouble is reported, and False is returned.
    """
    with own(folder):
        return _publish(session, folder, showing)


def _publish(session: Session, folder: Path, showing: Showing) -> bool:
    view, troubles = SessionView(session, folder), []
    with suppress(OSError):  # until it is drawn anew, it shows what the session was before
        (folder / PAGE_FILE).unlink()
    try:
        write_text(folder / "table.md", render_markdown(view))
    except OSError as error:
        troubles.append(f"table.md was not written: {error.strerror}")
    # Before the page, which shows what the probe found.
    troubles.append(probe_session(session, folder))
    if showing.has_page:
        troubles.append(write_page(session, folder))
    for trouble in filter(None, troubles):
        complain(trouble)
    _print(view, showing)
    _tell_more(session, folder, showing)
    return not any(troubles)


def _tell_more(session: Session, folder: Path, showing: Showing) -> None:
    """Tell where more is to be found, and what A/A sessions found on this machine."""
    page = folder / PAGE_FILE
    tell(f"report: {page if page.exists() else folder / 'table.md'}")
    try:
        kept = tell_kept(session.machine)
    except UsageError as error:
        complain(str(error))
    else:
        if kept:
            tell(f"A/A: {kept}")
    if showing.has_page and not can_draw():
        tell("a page with pictures needs crawlbench's extra 'report', which is not installed here")
    if showing.detail is Detail.USUAL:
        tell(f"more: {shlex.join(('crawlbench', 'report', '-v', str(folder)))}")


def _print(view: SessionView, showing: Showing) -> None:
    if showing.as_json:
        sys.stdout.write(EXPORTS["json"](view))
        return
    console = result_console()
    is_ascii = console.options.ascii_only
    console.print(render_terminal(view, console.width, is_ascii=is_ascii, detail=showing.detail))


def exit_code(session: Session, *, is_published: bool = True) -> int:
    """Return the exit code, and say in a sentence why it is not 0.

    Args:
        session: as it ended.
        is_published: whether everything that shows it was written; if not, that is already
            reported.
    """
    broken = [failure for failure in session.failures if not failure.is_refusal]
    if broken or session.ending is Ending.MIRROR:
        complain(
            # What happened to a mirror is added after all other warnings.
            session.warnings[-1].text if session.ending is Ending.MIRROR else _tell_broken(broken)
        )
        return INVALID
    if session.ending is Ending.INTERRUPTED:
        return INTERRUPTED
    return 0 if is_published else StorageError.exit_code


def _tell_broken(failures: Sequence[Failure]) -> str:
    """Say how many cells are invalid, and why the first is: with -q nothing above says it."""
    which = "1 cell is" if len(failures) == 1 else f"{len(failures)} cells are"
    more = "" if len(failures) == 1 else "the first is "
    return f"{which} invalid: {more}{failures[0].cell}: {failures[0].reason}"
