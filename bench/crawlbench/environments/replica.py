"""A copy of crawlbench in the cache, which other Pythons import (floor 4).

crawlbench is not installed in environments, because that would install everything that the manager
needs. Their workers have this folder on their path; it includes the metadata by which plug-ins are
found.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import crawlbench
from crawlbench import __version__
from crawlbench.base.cache import STALE_S, UNUSED_S, cache_folder, hash_files, remove_old
from crawlbench.base.storage import FOLDER_DRAFT, whole_folder
from crawlbench.sites.movies import fixture_folder

_PACKAGE = Path(crawlbench.__file__).parent


def own_library() -> Path:
    """Return the folder for a worker's path, and make it if this crawlbench has none yet.

    Raises:
        OSError: it cannot be written.
    """
    folder = cache_folder() / f"library-{_version()}"
    if folder.is_dir():
        with suppress(OSError):  # another user's folder
            folder.touch()  # its time is when it was last used
        return folder
    remove_old(folder.parent, FOLDER_DRAFT, STALE_S)  # left by a kill
    try:
        with whole_folder(folder) as draft:
            _copy_to(draft)
    except OSError:
        if not folder.is_dir():  # else another process was faster
            raise
    remove_old(folder.parent, "library-", UNUSED_S)
    return folder


def _version() -> str:
    """Return a hash of all files that are copied, and of what they are known by."""
    files = hash_files([*_sources(), *fixture_folder().iterdir()])
    return hashlib.sha256(f"{files}{_about()}".encode()).hexdigest()[: len(files)]


def _about() -> dict[str, str]:
    """Return the files that say what this package is, and which plug-ins it has."""
    ours = metadata.distribution("crawlbench")
    return {name: ours.read_text(name) or "" for name in ("METADATA", "entry_points.txt")}


def _sources() -> list[Path]:
    files = (path for path in _PACKAGE.rglob("*") if path.is_file())
    return [path for path in files if "__pycache__" not in path.parts]


def _copy_to(draft: Path) -> None:
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_PACKAGE, draft / "crawlbench", ignore=leave)
    shutil.copytree(fixture_folder(), draft / "crawlbench/fixtures/douban", dirs_exist_ok=True)
    about = draft / f"crawlbench-{__version__}.dist-info"
    about.mkdir()
    for file, text in _about().items():
        (about / file).write_text(text, encoding="utf-8")
