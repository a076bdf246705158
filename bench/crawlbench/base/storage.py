"""Writes files and folders whole or not at all (floor 0).

Only regular files are replaced; a link's target is replaced, not the link; a device or a pipe is
written to.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILE_MODE, FOLDER_MODE = 0o666, 0o777
"""What `usual_mode` takes the umask from: temporary files and folders would be private."""
FOLDER_DRAFT = ".crawlbench-"
"""Beginning of the name of a folder that is not whole yet."""
_OPEN_FILES = re.compile(r"/dev(/fd)?|/proc/.*")
"""Folders whose files belong to the system or to whoever holds them open; `/dev/shm` is a disk."""


def is_stream(path: Path) -> bool:
    """Return whether a path names something that is written to and never replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    # `/dev/stdout` may lead to a regular file: whoever opened it would never see a new one.
    is_open_file = _OPEN_FILES.fullmatch(str(path.absolute().parent.resolve()))
    return not stat.S_ISDIR(mode) and (bool(is_open_file) or not stat.S_ISREG(mode))


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn an OSError within the block, which writes this file, into a StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{str(path)!r} cannot be written: {error.strerror or error}") from error


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside the path, then put it in the path's place.

    Raises:
        OSError: the disk refuses; what was there before is still there.
    """
    if is_stream(path):
        _write_stream(path, write)
        return
    target = path.resolve() if path.is_symlink() else path
    draft = _make_draft(target.name, target.parent)
    try:
        write(draft)
        _keep_owner_and_mode(target, draft)
        # Its content must reach the disk before its name, or a power cut leaves an empty file.
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        with suppress(FileNotFoundError):  # it has taken its place
            draft.unlink()


def _make_draft(name: str, folder: Path | None) -> Path:
    descriptor, draft = tempfile.mkstemp(prefix=f".{name}-", suffix=".json", dir=folder)
    os.close(descriptor)
    return Path(draft)


def _write_stream(path: Path, write: Callable[[Path], object]) -> None:
    # Not straight to the stream: if `write` fails, a reader must not have got half of it.
    draft = _make_draft("crawlbench", None)
    try:
        write(draft)
        with draft.open("rb") as source, path.open("wb") as stream:
            shutil.copyfileobj(source, stream)
    finally:
        draft.unlink()


def _keep_owner_and_mode(target: Path, draft: Path) -> None:
    """Give a draft the owner and the mode of the file it is to replace."""
    try:
        before = target.stat()
    except OSError:
        draft.chmod(usual_mode(FILE_MODE))
        return
    with suppress(OSError, AttributeError):  # not ours to give away, or this is Windows
        os.chown(draft, before.st_uid, before.st_gid)
    draft.chmod(stat.S_IMODE(before.st_mode))


def usual_mode(most: int) -> int:
    """Return the mode that something new has: what the umask leaves of `most`."""
    umask = os.umask(0o077)  # it can only be read by setting it
    os.umask(umask)
    return most & ~umask


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; raises what `write_atomic` raises."""
    write_atomic(path, lambda draft: draft.write_bytes(content))


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; raises what `write_atomic` raises."""
    write_atomic(path, lambda draft: draft.write_text(text, encoding="utf-8", newline="\n"))


@contextmanager
def whole_folder(folder: Path, drafts: Path | None = None) -> Iterator[Path]:
    """Yield an empty folder to fill, which is put in its place when the block ends.

    Args:
        folder: the place, where nothing is; the folders that lead to it are made.
        drafts: another folder on the same disk, in which to fill it; None for the one it is put in.

    Raises:
        OSError: the disk refuses; then nothing is left.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=FOLDER_DRAFT, dir=drafts or folder.parent) as name:
        draft = Path(name)
        yield draft
        draft.chmod(usual_mode(FOLDER_MODE))
        draft.rename(folder)
        draft.mkdir()  # for the context manager to remove
