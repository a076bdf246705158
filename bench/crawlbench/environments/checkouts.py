"""The user's folders and wheels, to be installed into environments (floor 4).

A folder is copied before it is built, so that the build leaves nothing in it. Of a git checkout we
copy the files that git tracks or would add: files that it ignores come from earlier builds, and
some builds would take them for new ones. Of other folders we copy everything except compiled files
and folders that tools leave behind.
"""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.environments.repositories import top_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LEFTOVERS = frozenset(
    {"__pycache__", ".venv", "venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
)
"""Folders that no build needs, at any depth."""
BUILT = frozenset({"build", "dist"})
"""Folders that builds leave in the top folder, unless they are packages."""
COMPILED = (".so", ".pyd", ".pyc")
GIT = ".git"
GIT_TIMEOUT_S = 60.0
_ODD = re.compile(r"[^\w.-]+", re.ASCII)


def describe_checkout(path: Path) -> str:
    """Return twelve hex digits that change with any file, and the commit if git has one.

    Raises:
        OSError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for file in sorted(_files(path)):
        name = file.relative_to(path.parent).as_posix()
        # A link may lead out of the checkout: it counts by where it leads.
        content = os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
        # With the length, no content can pass for the name of the next file.
        digest.update(f"{name} {len(content)}\n".encode("utf-8", "surrogateescape") + content)
    commit = _commit(path)
    return digest.hexdigest()[:12] + (f" (commit {commit})" if commit else "")


def copy_checkout(path: Path, folder: Path) -> Path:
    """Copy the files that a build needs into a new folder, with git's own; do not copy wheels.

    Of a clone of ours all is copied, because a package in it may need what lies above it.

    Raises:
        OSError: a file cannot be read or written.
    """
    if path.is_file():
        return path
    # Installers parse a path as a requirement, in which blanks and semicolons have a meaning.
    top = top_of(path)
    target = folder / (_ODD.sub("_", top.name) or "checkout")
    target.mkdir(parents=True)
    for file in _files(top):
        copy = target / file.relative_to(top)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy, follow_symlinks=False)
    _copy_git(top, target)
    return target / path.relative_to(top)


def _copy_git(path: Path, target: Path) -> None:
    """Copy what git keeps of a checkout, for builds that ask git for their version."""
    git = path / GIT
    if git.is_file():  # of a submodule or a worktree: it says where git keeps it
        git = path / (_git(path, "rev-parse", "--absolute-git-dir") or GIT).rstrip("\n")
    if (git / "commondir").is_file():  # of a worktree: the commits are in the repository's folder
        (target / GIT).write_bytes(b"gitdir: " + os.fsencode(git) + b"\n")
    elif git.is_dir():
        # Where git watches the files, it listens at a socket in there, which cannot be copied.
        shutil.copytree(git, target / GIT, symlinks=True, ignore=_find_odd)
        # By this, a submodule's files would be those of the checkout. Not from within: git would
        # look for them first.
        config = str(target.absolute() / GIT / "config")
        _git(target.parent, "config", "--file", config, "--unset", "core.worktree")


def project_name(path: Path) -> str:
    """Return the name of a checkout's distribution; empty if its files do not give one."""
    if path.is_file():
        return path.name.partition("-")[0]
    try:
        about = tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8"))
        name = about.get("project", {}).get("name", "")
    except (OSError, ValueError, AttributeError):
        name = ""
    if isinstance(name, str) and name:
        return name
    setup = configparser.ConfigParser(interpolation=None)
    try:
        setup.read(path / "setup.cfg", encoding="utf-8")
    except (configparser.Error, ValueError):
        return ""
    return setup.get("metadata", "name", fallback="")


def _files(path: Path) -> list[Path]:
    """Return the files of a checkout, or the wheel itself; symbolic links are not followed."""
    if path.is_file():
        return [path]
    known = _git_files(path)
    return list(_walk(path)) if known is None else known


def _git_files(path: Path) -> list[Path] | None:
    """Return the files that git tracks or would add, with submodules; None if it knows none."""
    # Two calls, because git does not look for new files in submodules.
    tracked = _git(path, "ls-files", "-z", "--cached", "--recurse-submodules")
    new = _git(path, "ls-files", "-z", "--others", "--exclude-standard")
    if tracked is None or new is None:
        return None
    # A file with conflicts is listed several times, one that was deleted is still listed.
    names = dict.fromkeys(name for name in (tracked + new).split("\0") if name)
    files = (path / name for name in names)
    # Of a folder that an enclosing repository ignores, git lists nothing and says nothing.
    return [file for file in files if file.is_symlink() or file.is_file()] or None


def _walk(path: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(path):
        folder = Path(where)
        folders[:] = [n for n in folders if n != GIT and not _is_left(folder / n, path)]
        # os.walk lists links to folders among the folders, but does not enter them.
        links = [n for n in folders if (folder / n).is_symlink()]
        for name in (*names, *links):
            file = folder / name
            if not _is_odd(file) and name != GIT and not name.endswith(COMPILED):
                yield file


def _find_odd(folder: str, names: list[str]) -> list[str]:
    """Return the names that `copytree` should leave out."""
    return [name for name in names if _is_odd(Path(folder, name))]


def _is_odd(path: Path) -> bool:
    """Return whether this is a pipe, which never ends, or a socket, which cannot be read."""
    return not (path.is_symlink() or path.is_file() or path.is_dir())


def _is_left(path: Path, top: Path) -> bool:
    """Return whether other tools left this file or folder, so that no build needs it."""
    is_built = path.parent == top and path.name in BUILT and not (path / "__init__.py").exists()
    is_left = path.name in LEFTOVERS or path.name.endswith(".egg-info") or is_built
    return is_left and path.is_dir()


def _commit(path: Path) -> str:
    """Return the commit, with `+` if files differ from it; empty if git cannot tell."""
    folder = path if path.is_dir() else path.parent
    if not _git(folder, "ls-files", "."):  # an enclosing repository, of which it is no part
        return ""
    commit = _git(folder, "rev-parse", "--short=10", "HEAD")
    changes = _git(folder, "status", "--porcelain", ".")
    if commit is None or changes is None:
        return ""
    return commit.strip() + ("+" if changes else "")


def _git(folder: Path, *command: str) -> str | None:
    """Return git's output; None if git is missing or the folder is not a repository."""
    try:
        outcome = subprocess.run(
            ["git", "-C", str(folder), *command],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=True,
            timeout=GIT_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return outcome.stdout
