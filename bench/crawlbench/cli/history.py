"""`crawlbench history`: draws many sessions over time as one page (floor 5)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawlbench.base.errors import SessionFileError, UsageError
from crawlbench.base.text import count_of
from crawlbench.cli import options
from crawlbench.cli.checks import not_negative
from crawlbench.cli.consoles import print_tables, result_console, tell
from crawlbench.cli.effects import refuse_idle
from crawlbench.cli.output import complain, is_printed, print_json, write_output
from crawlbench.cli.places import refuse_existing
from crawlbench.measure.store import SESSION_FILE, load_session
from crawlbench.report.extra import require_drawing
from crawlbench.stats.comparability import are_one
from crawlbench.stats.history import make_history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records import Session
    from crawlbench.report.table import Table
    from crawlbench.stats.timeline import History

CONFIDENCE = 0.95


def history(
    context: typer.Context,
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of sessions, or folders that hold some.")
    ],
    margin: Annotated[
        float,
        typer.Option(
            "--margin", callback=not_negative, help="Largest change that does not matter, in %."
        ),
    ] = options.USUAL_MARGIN,
    output: Annotated[
        Path, options.result("-o", "--output", help="Page to write; - prints.")
    ] = Path("history.html"),
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Draw many sessions over time as one page and say where a cell changed.

    Example: crawlbench history results -o history.html
    """
    if as_json:
        refuse_idle(context, "--json prints, and makes no page", "output", "force")
        print_json(_find(folders, margin))
        return
    require_drawing()
    refuse_existing(output, force=force)
    from crawlbench.report.history_page import changes_table, history_page  # noqa: PLC0415  (an extra)
    from crawlbench.report.html import render_page  # noqa: PLC0415

    found = _find(folders, margin)
    page = history_page(found)
    write_output(output, render_page(page).encode())
    if is_printed(output):
        return
    tables = [changes_table(one) for one in (found, *found.further)]
    _show(found, tables, [sentence.text for sentence in page.answer])
    tell(f"page: {output}")


def _find(folders: list[Path], margin: float) -> History:
    """Return what the readable sessions say together; complain about the others and copies."""
    sessions = {}
    for name, path in _find_sessions(folders).items():
        try:
            sessions[name] = load_session(path)
        except SessionFileError as error:
            complain(f"left out: {error}")
    if not sessions:
        raise UsageError("none of these sessions can be read; the reasons are above")
    return make_history(_without_copies(sessions), math.log1p(margin / 100), CONFIDENCE)


def _without_copies(sessions: Mapping[str, Session]) -> dict[str, Session]:
    """Return each session once: of copies, the one that was continued; complain about the rest."""
    kept: dict[str, Session] = {}
    for name, session in sorted(sessions.items(), key=lambda pair: -len(pair[1].rounds)):
        whole = next((other for other, one in kept.items() if are_one(one, session)), None)
        if whole is None:
            kept[name] = session
        else:
            complain(f"left out: {name!r} is a copy of {whole!r}, and each session counts once")
    return kept


def _find_sessions(folders: list[Path]) -> dict[str, Path]:
    """Return the sessions in the folders and directly below them, by distinct names.

    Raises:
        UsageError: a folder is not a session and holds none.
    """
    found: list[Path] = []
    for folder in folders:
        below = sorted(path.parent for path in folder.glob(f"*/{SESSION_FILE}"))
        inside = [folder] if (folder / SESSION_FILE).is_file() else below
        if not inside:
            raise UsageError(
                f"{str(folder)!r} is not a session and holds none; name folders made by "
                "`crawlbench run`, or the folder that they are in"
            )
        found += [path for path in inside if path not in found]
    # Resolved, because `.` has no name of its own.
    names = [path.resolve().name for path in found]
    return {
        name if names.count(name) == 1 else str(path): path
        for name, path in zip(names, found, strict=True)
    }


def _show(found: History, tables: Sequence[Table], answers: Sequence[str]) -> None:
    print_tables(*(table for table in tables if table.rows))
    console = result_console()
    sessions, cells = len(found.sessions), len(found.lines)
    changes = count_of(len(tables[0].rows), "change")
    over = f"over {count_of(sessions, 'session')}"
    console.print(f"{changes} in {count_of(cells, 'cell')} {over}")
    for answer in answers:
        console.print(answer)
    for one in found.breaks:
        changed = "; ".join(one.what)
        console.print(f"from {one.session} on, another machine: {changed}")
    left_out = sum(len(one.left_out) for one in (found, *found.further))
    if left_out:
        console.print(f"{count_of(left_out, 'point')} left out; the page says why")
