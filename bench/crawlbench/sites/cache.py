"""Folders of pages that are made at first use and kept in the user's cache (floor 1).

A folder is made under another name and renamed when it is complete. Whatever interrupts this (a
kill, a full disk, a second session), a folder with the right name is always complete.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.cache import CACHE_VARIABLE, STALE_S, UNUSED_S, cache_folder, remove_old
from crawlbench.base.errors import UsageError
from crawlbench.base.storage import FOLDER_MODE, usual_mode
from crawlbench.sites.manifest import load_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class CachedFolder:
    """One folder of pages with a manifest, made when it is missing."""

    name: str
    """Of the site."""
    version: str
    """Changes whenever other pages would be made."""
    write: Callable[[Path], object]
    """Makes all pages and their manifest in an empty folder, always the same."""

    @property
    def path(self) -> Path:
        """Where the folder is, or would be."""
        return cache_folder() / f"{self.name}-{self.version}"

    def is_made(self) -> bool:
        """Return whether the folder exists."""
        return self.path.is_dir()

    def open(self) -> Path:
        """Return the folder; make it if it is missing or damaged.

        Raises:
            UsageError: it cannot be written.
        """
        path = self.path
        if self._is_whole(path):
            # Its time says that it is in use, so that `_remove_old` spares it.
            with suppress(OSError):  # it is somebody else's, or the disk is read-only
                os.utime(path)
            return path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(path.parent / f".{self.name}.lock") as is_alone:
                if not self._is_whole(path):  # nobody made it while we waited
                    self._make(path, is_alone=is_alone)
        except OSError as error:
            raise UsageError(
                f"cannot make the pages of {self.name} in {path.parent} "
                f"({error.strerror or error}); name a folder with room by {CACHE_VARIABLE}"
            ) from error
        return path

    @staticmethod
    def _is_whole(path: Path) -> bool:
        """Return whether each page is as its manifest says; a disk may have lost some."""
        if not path.is_dir():
            return False
        try:
            load_manifest(path)
        except UsageError:
            return False
        return True

    def _make(self, path: Path, *, is_alone: bool) -> None:
        prefix = f".{self.name}-"
        # Whoever has the lock is alone; without one, a half-made folder may still be growing.
        remove_old(path.parent, prefix, 0.0 if is_alone else STALE_S)  # left by a kill
        remove_old(path.parent, f"{self.name}-", UNUSED_S)
        unfinished = Path(tempfile.mkdtemp(prefix=prefix, dir=path.parent))
        try:
            self.write(unfinished)
            unfinished.chmod(usual_mode(FOLDER_MODE))  # mkdtemp made it private
            # Moved aside in one step: no folder may be half removed under this name.
            if path.exists():  # damaged
                path.rename(unfinished.with_name(unfinished.name + ".damaged"))
            try:
                unfinished.rename(path)
            except OSError:
                if not self._is_whole(path):  # else another was first, where there are no locks
                    raise
        finally:
            for folder in (unfinished, unfinished.with_name(unfinished.name + ".damaged")):
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Let one process at a time into the block; yield whether a lock was available.

    The lock is the system's, so it ends with its process, however that ends.
    """
    try:
        import fcntl  # noqa: PLC0415  (absent on Windows)
    except ImportError:
        yield False
        return
    with path.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # a network's file system without locks
            yield False
        else:
            yield True
