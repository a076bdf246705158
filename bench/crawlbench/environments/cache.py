"""Keeps environments in the cache: lists and removes them, and records their use (floor 4)."""

from __future__ import annotations

import atexit
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import psutil
from filelock import FileLock

from crawlbench.base.cache import cache_folder
from crawlbench.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READY_FILE = "ready.json"
"""Written when an environment is complete."""
USERS = "users"
"""Folder with a file for each process that uses the environment, named by its process id.

The file contains the time at which the process started, because ids are reused.
"""
SAME_START_S = 60.0
"""Start times that differ by less are taken as equal, because a clock may be set meanwhile."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An environment in the cache."""

    key: str
    """Its folder's name."""
    spec: str
    """The spec for which it was built."""
    python: str
    versions: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    looseness: int = 0
    """See `EnvironmentFacts.looseness`."""
    local: tuple[str, ...] = ()
    """Distributions that came from checkouts, in canonical spelling."""
    used: str = ""
    """When it was last used: UTC, ISO 8601."""
    size_bytes: int = 0
    """Size of its files; files that uv shares between environments count in each of them."""


def environments_folder() -> Path:
    """Return the folder of environments, which is in the same cache as pages and copies."""
    return cache_folder() / "environments"


def note_use(folder: Path) -> None:
    """Record that this process uses an environment, so that it is not removed meanwhile."""
    users = folder / USERS
    users.mkdir(exist_ok=True)
    for user in users.iterdir():
        if not _is_used_by(user):
            user.unlink(missing_ok=True)
    mark = users / str(os.getpid())
    mark.write_text(str(psutil.Process().create_time()), encoding="utf-8")
    atexit.register(_forget, mark)
    # The folder's time is when the environment was last used; to rewrite a mark leaves it as it is.
    os.utime(users)


def kept_environments() -> list[Kept]:
    """Return all complete environments, the most recently used first."""
    found = []
    for folder in _folders():
        with suppress(OSError, msgspec.MsgspecError):
            kept = _decode(folder)
            users = folder / USERS  # without it, a kill came between the build and its use
            seen = (users if users.is_dir() else folder / READY_FILE).stat().st_mtime
            used = datetime.fromtimestamp(seen, UTC)
            size = sum(f.lstat().st_size for f in folder.rglob("*") if f.is_file())
            found.append(replace(kept, used=used.isoformat(timespec="seconds"), size_bytes=size))
    return sorted(found, key=lambda kept: kept.used, reverse=True)


def load_kept(folder: Path) -> Kept | None:
    """Return the record of an environment; None if it is incomplete or has another format."""
    with suppress(OSError, msgspec.MsgspecError):
        return _decode(folder)
    return None


def _decode(folder: Path) -> Kept:
    return msgspec.json.decode((folder / READY_FILE).read_bytes(), type=Kept)


def all_keys() -> list[str]:
    """Return the keys of all environments, including half-built ones."""
    return [folder.name for folder in _folders()]


def remove_environment(key: str) -> Path:
    """Remove an environment, complete or half-built.

    Args:
        key: its key, or the beginning of one key only.

    Raises:
        UsageError: no key or several begin like this, or a process uses the environment.
        OSError: a part of it cannot be removed.
    """
    matches = [folder for folder in _folders() if key and folder.name.startswith(key)]
    if len(matches) != 1:
        what = "several environments begin" if matches else "no environment begins"
        raise UsageError(
            f"in the cache {what} with {key!r}; there are {len(_folders())}, and "
            "`crawlbench env list` shows them"
        )
    (folder,) = matches
    # A build that is under way ends first, and notes its use under the same lock.
    with FileLock(f"{folder}.lock"):
        users = [user.name for user in _users(folder) if _is_used_by(user)]
        if users:
            raise UsageError(
                f"environment {folder.name} is used by process {users[0]}; wait for it, or end it"
            )
        remove_folder(folder)
        folder.with_suffix(".log").unlink(missing_ok=True)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder in an order that never leaves an incomplete one that seems complete."""
    (folder / READY_FILE).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)


def _folders() -> list[Path]:
    base = environments_folder()
    return sorted(path for path in base.iterdir() if path.is_dir()) if base.is_dir() else []


def _users(folder: Path) -> Iterator[Path]:
    users = folder / USERS
    yield from users.iterdir() if users.is_dir() else ()


def _is_used_by(mark: Path) -> bool:
    """Return whether another process left this mark and still runs."""
    if not mark.name.isdecimal() or int(mark.name) == os.getpid():
        return False
    try:
        started = psutil.Process(int(mark.name)).create_time()
        noted = float(mark.read_text(encoding="utf-8"))
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False
    except (psutil.Error, OSError, ValueError):  # it runs, but no more is known
        return True
    return abs(started - noted) < SAME_START_S


def _forget(mark: Path) -> None:
    """Remove this process's mark when it ends."""
    if mark.name == str(os.getpid()):  # not in a fork
        with suppress(OSError):
            mark.unlink()
