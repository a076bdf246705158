"""The folder that keeps what was made once for all sessions of a user (floor 0)."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

CACHE_VARIABLE: Final = "CRAWLBENCH_CACHE"

STALE_S: Final = 3600.0
"""Seconds after which a half-made folder is nobody's, if no lock says so."""

UNUSED_S: Final = 30 * 86_400.0
"""Seconds after which what another version has made is removed when something new is made."""


def cache_folder() -> Path:
    """Return where made pages are kept: CRAWLBENCH_CACHE, else the platform's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(base) / "crawlbench" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "crawlbench"
    named = os.environ.get("XDG_CACHE_HOME", "")
    # A relative path has no effect (XDG Base Directory Specification).
    base_folder = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return base_folder / "crawlbench"


def hash_files(paths: Iterable[Path]) -> str:
    """Return twelve hex digits that change with the name or the content of any file."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def remove_old(folder: Path, prefix: str, least_age_s: float) -> None:
    """Remove folders whose names begin like this and that nobody has used for some time."""
    for old in folder.glob(prefix + "*"):
        with suppress(OSError):
            if old.is_dir() and time.time() - old.stat().st_mtime >= least_age_s:
                shutil.rmtree(old, ignore_errors=True)
