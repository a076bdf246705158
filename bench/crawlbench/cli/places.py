"""Where results and settings go: `-o`, `--keep`, and what `--force` replaces there (floor 5)."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from crawlbench.base.errors import UsageError
from crawlbench.base.storage import is_stream
from crawlbench.cli.output import is_printed
from crawlbench.measure.owner import refuse_owned
from crawlbench.measure.store import refuse_taken

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = ("session.json", "cluster.json", "load.json", "answer.json")
"""A folder with one of these files was written by crawlbench, and can be replaced as a whole."""


def settings_folder() -> Path:
    """Return the folder that keeps what belongs to this machine."""
    return Path(typer.get_app_dir("crawlbench"))


def refuse_existing(file: Path, *, force: bool) -> None:
    """Refuse to overwrite a file, unless asked to, before anything is measured or drawn.

    Raises:
        UsageError: the file exists already.
    """
    # What is written to a pipe or a device takes the place of nothing.
    if force or is_printed(file) or not file.exists() or is_stream(file):
        return
    raise UsageError(
        f"the file {str(file)!r} exists already; name a new one with -o, or replace it with --force"
    )


def require_place(file: Path) -> None:
    """Refuse a place that cannot hold a file, before anything is tried.

    Raises:
        UsageError: it is a folder, standard output or a device, or its folder does not exist or
            cannot be written to.
    """
    if is_printed(file) or is_stream(file) or file.is_dir():
        raise UsageError(
            f"{str(file)!r} is not a file that can be replaced while findings come in; name another"
        )
    folder = file.parent
    if not os.access(folder, os.W_OK):
        why = "cannot be written to" if folder.exists() else "does not exist"
        raise UsageError(
            f"the file {str(file)!r} cannot be written: {str(folder)!r} {why}; name another"
        )


@contextmanager
def replacing(folder: Path | None, *, force: bool) -> Iterator[None]:
    """Move a folder aside while its successor is made; it comes back if no successor is made.

    Raises:
        UsageError: there is a folder and no `force`, or what is there was not written by
            crawlbench, or another process is writing there.
    """
    if folder is None or not os.path.lexists(folder):  # false, too, if the name is too long
        yield
        return
    if not force:
        refuse_taken(folder)
        yield  # a link to nowhere
        return
    refuse_owned(folder)  # first: what is being measured has nothing of ours yet, perhaps
    _require_ours(folder)
    # In the same folder: a rename works only within one disk.
    aside = folder.parent / f".{folder.name}-{os.getpid()}.replaced"
    folder.rename(aside)
    try:
        yield
    finally:
        if folder.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(folder)


def _require_ours(folder: Path) -> None:
    """Raise unless a folder may be removed: a slip must not delete a home folder."""
    if folder.is_symlink() or not folder.is_dir():
        raise UsageError(
            f"{str(folder)!r} was not made by crawlbench, so --force does not replace it; "
            "name another place with -o"
        )
    names = {entry.name for entry in folder.iterdir()}
    # An empty folder may go, whoever made it.
    if names and not names.intersection(_OURS):
        shown = ", ".join(sorted(names)[:3])
        raise UsageError(
            f"the folder {str(folder)!r} holds nothing that crawlbench has written ({shown} ...), "
            "so --force does not replace it; name another with -o"
        )
    if folder.resolve() in (folder.cwd(), *folder.cwd().parents):
        raise UsageError(
            f"{str(folder)!r} is the folder that you are in, so --force does not replace it; "
            "name another with -o"
        )
