"""Clones git repositories, written in the forms that pip accepts, at one commit (floor 4).

A branch or a tag can move, so we ask for its commit each time. We install a clone of that commit,
which stays in the cache and is then treated as any other checkout.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

from filelock import FileLock

from crawlbench.base.cache import STALE_S, cache_folder, remove_old
from crawlbench.base.errors import UsageError
from crawlbench.base.storage import FOLDER_DRAFT, whole_folder

PATIENCE_S = 300.0
"""Seconds that a clone may take."""
_FORM = re.compile(
    r"(?:[\w.-]+(?P<extras>\[[^]]*\])?\s*@\s*)?"
    r"git\+(?P<url>\w+://[^#\s]+)(?:#(?P<fragment>\S*))?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Repository:
    """A package's repository, and which revision of it to use."""

    url: str
    revision: str
    """Branch, tag or commit; `HEAD` for the repository's default branch."""
    folder: str
    """The package's folder in the repository; empty for the top folder."""

    @classmethod
    def parse(cls, word: str) -> Repository:
        """Read `git+URL@REVISION#subdirectory=FOLDER`, with or without `NAME @` before it.

        Raises:
            UsageError: it has another form, or asks for extras.
        """
        match = _FORM.fullmatch(word.strip())
        if match is None:
            raise UsageError(f"{word!r} is no repository; write git+https://HOST/PATH@TAG")
        if match["extras"]:
            raise UsageError(f"{word!r} asks for extras; name the packages that they add instead")
        fragment = parse_qs(match["fragment"] or "")
        folder = fragment.get("subdirectory", [""])[0]
        if Path(folder).is_absolute() or ".." in Path(folder).parts:
            raise UsageError(f"{word!r} names {folder!r}, which is no folder of the repository")
        parts = urlsplit(match["url"])
        path, at, revision = parts.path.rpartition("@")
        url = urlunsplit(parts._replace(path=path)) if at else match["url"]
        return cls(url, revision if at and revision else "HEAD", folder)


def is_repository(word: str) -> bool:
    """Return whether a word of a spec names a repository."""
    return _FORM.fullmatch(word.strip()) is not None


# Once for each command: a side of `ab` is parsed twice, and a branch may move in between.
@cache
def fetch_repository(repository: Repository) -> Path:
    """Return the package's folder at the commit that the revision names now; clone if necessary.

    Raises:
        UsageError: git is missing, or the repository, the revision or the folder does not exist.
    """
    commit = _find_commit(repository)
    place = hashlib.sha256(repository.url.encode()).hexdigest()[:12]
    target = _clones_folder() / f"{place}-{commit}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not target.exists():
            remove_old(target.parent, FOLDER_DRAFT, STALE_S)  # left by a kill
            with whole_folder(target) as draft:
                clone = str(draft)
                _git("clone", "--quiet", "--no-checkout", repository.url, clone)
                if repository.revision.startswith("refs/"):  # a clone has branches and tags alone
                    _git("-C", clone, "fetch", "--quiet", "origin", repository.revision)
                _git("-C", clone, "checkout", "--quiet", "--detach", commit)
                _git("-C", clone, "submodule", "--quiet", "update", "--init", "--recursive")
    found = target / repository.folder
    if not found.is_dir():
        raise UsageError(
            f"git+{repository.url} has no folder {repository.folder!r} at {commit:.12}"
        )
    return found


def top_of(path: Path) -> Path:
    """Return the clone in which a package lies; if that is none of ours, the package's folder."""
    clones = _clones_folder().resolve()
    return clones / path.relative_to(clones).parts[0] if clones in path.parents else path


def _clones_folder() -> Path:
    return cache_folder() / "repositories"


def _find_commit(repository: Repository) -> str:
    """Return the commit to which a branch or a tag points now."""
    revision = repository.revision
    if _COMMIT.fullmatch(revision):  # a commit never moves: nobody has to be asked
        return revision
    lines = _git("ls-remote", repository.url).splitlines()
    commits = {name: commit for commit, _, name in (line.partition("\t") for line in lines)}
    # As git itself does, we take a tag before a branch of the same name.
    # The commit of a tag with a message is listed under its name followed by `^{}`.
    for name in (f"tags/{revision}^{{}}", f"tags/{revision}", f"heads/{revision}"):
        if f"refs/{name}" in commits:
            return commits[f"refs/{name}"]
    if revision in commits:  # HEAD, or a full reference
        return commits[revision]
    raise UsageError(
        f"git+{repository.url} has no branch and no tag {revision!r}; a commit has all 40 digits"
    )


def _git(*words: str) -> str:
    """Return git's output.

    Raises:
        UsageError: git is missing, takes too long or fails; the message quotes its last line.
    """
    # Otherwise git waits for a password, and nobody sees that it asks for one.
    environ = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    settings = {"capture_output": True, "text": True, "errors": "replace", "env": environ}
    called = f"git {words[0] if words[0] != '-C' else words[2]}"
    try:
        done = subprocess.run(["git", *words], check=False, timeout=PATIENCE_S, **settings)  # type: ignore[call-overload]
    except FileNotFoundError as error:
        raise UsageError("git is not installed here; install it to use git+ addresses") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{called} did not finish within {PATIENCE_S:.0f} s") from error
    if done.returncode:
        said = "no reason given"
        with suppress(IndexError):
            said = [line for line in done.stderr.splitlines() if line.strip()][-1]
        raise UsageError(f"{called} failed: {said}")
    return str(done.stdout)
