"""Builds an environment once, keeps it, and finds it again (floor 4).

The name of its folder is a hash of everything that it is made from. `ready.json` is written last,
so that a killed build is noticed and repeated. A lock allows only one build at a time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from filelock import FileLock
from packaging.utils import canonicalize_name

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.base.records import EnvironmentFacts
from crawlbench.base.rooms import open_room
from crawlbench.base.storage import write_bytes
from crawlbench.environments.cache import (
    READY_FILE,
    Kept,
    environments_folder,
    load_kept,
    note_use,
    remove_folder,
)
from crawlbench.environments.checkouts import copy_checkout, describe_checkout
from crawlbench.environments.inspection import look_inside
from crawlbench.environments.installers import Misfit, choose_installer, interpreter_of
from crawlbench.environments.pythons import find_python
from crawlbench.environments.replica import own_library
from crawlbench.environments.requirements import bounds_for, packages_of, requirements_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.records import Environment
    from crawlbench.environments.installers import Installer
    from crawlbench.environments.pythons import Interpreter

OWN_PACKAGES = "(as the manager's)"
"""What people are told in place of an empty spec."""

# Each can make another package of the same version: variables of compilers and setuptools, of
# packages themselves (AIOHTTP_NO_EXTENSIONS), of Rust's tools, and which wheels may be taken.
_OF_BUILDS = re.compile(
    r"CC|CXX|C(XX|PP)?FLAGS|LDFLAGS|ARCHFLAGS|CYTHON.*|SETUPTOOLS_SCM.*"
    r"|.*_(NO_EXTENSIONS|OPT_CFLAGS|BUILD_\w+|USE_\w+)"
    r"|RUSTFLAGS|CARGO_.*|MATURIN_.*|MACOSX_DEPLOYMENT_TARGET|(PIP|UV)_(NO|ONLY)_BINARY.*"
    r"|(PIP|UV)_(PRE|PRERELEASE|RESOLUTION|PREFER_BINARY|UPLOADED_PRIOR_TO|NO_SOURCES)"
    r"|(PIP|UV)_(EXCLUDE_NEWER(_PACKAGE)?|(BUILD_)?CONSTRAINT|OVERRIDE|FORK_STRATEGY)"
)


def build(
    environment: Environment,
    needed: Sequence[str],
    tell: Callable[[str], None],
    looseness: int = 0,
) -> EnvironmentFacts:
    """Return an environment that is ready to be used, from the cache if it was built before.

    An environment keeps the versions that were the newest when it was built, until it is removed
    from the cache.

    Args:
        environment: what the user asked for.
        needed: distributions that workers import, besides those that the user asked for.
        tell: called with a line when something is built.
        looseness: how many of the lists of bounds to skip; see `EnvironmentFacts.looseness`.

    Raises:
        EnvironmentFailure: it is not available; the message names it and says why.
    """
    try:
        return _build(environment, needed, tell, looseness)
    except OSError as error:
        raise EnvironmentFailure(
            f"environment {environment.name!r} cannot be written to {environments_folder()} "
            f"({error.strerror or error}); set CRAWLBENCH_CACHE to a folder with room"
        ) from error


@dataclass(frozen=True, slots=True)
class _Recipe:
    """Everything that an environment is made from."""

    environment: Environment
    python: Interpreter
    installer: Installer
    wanted: list[str]
    bounds: list[list[str]]
    """Lists of constraints, to be tried in this order."""
    sources: dict[str, str]
    """Hashes of the checkouts' files, by path."""

    @property
    def key(self) -> str:
        """Sixteen hex digits that change whenever something changes that the result depends on."""
        made_from = [
            *(str(self.python.path), self.python.identity, self.installer.name),
            *(sorted(self.wanted), self.bounds, self.sources, _build_variables()),
        ]
        return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]

    def make(self, folder: Path) -> int:
        """Build it in a new folder, and return how many of the lists of bounds did not fit.

        Raises:
            EnvironmentFailure: none of them fits; the message quotes the last try.
        """
        try:
            self.installer.make_folder(self.python.path, folder)
            with open_room() as room:
                return self._fill(folder, room)
        except EnvironmentFailure as error:
            name, spec = self.environment.name, self.environment.spec
            raise EnvironmentFailure(
                f"environment {name!r} ({spec}) cannot be built: {error}"
            ) from error

    def _fill(self, folder: Path, room: Path) -> int:
        copies = self._copy_checkouts(room)
        last = len(self.bounds) - 1
        for tries, constraints in enumerate(self.bounds):
            try:
                self.installer.fill(folder, [*self.wanted, *copies], constraints)
            except Misfit:
                if tries == last:
                    raise
            else:
                break
        return tries

    def _copy_checkouts(self, room: Path) -> list[str]:
        copies = [
            _copy(path, room / str(number))
            for number, path in enumerate(self.environment.checkouts)
        ]
        # The hash is what a session says it measured, so it must be that of the files copied.
        for path, before in self.sources.items():
            if _describe(self.environment, path) != before:
                raise EnvironmentFailure(
                    f"checkout {path!r} changed while it was copied; "
                    "try again when nothing writes to it"
                )
        return copies


def _build(
    environment: Environment,
    needed: Sequence[str],
    tell: Callable[[str], None],
    looseness: int,
) -> EnvironmentFacts:
    recipe = _Recipe(
        environment=environment,
        python=find_python(environment),
        installer=choose_installer(),
        wanted=requirements_for(environment, needed),
        bounds=bounds_for(environment, needed)[looseness:],
        sources={path: _describe(environment, path) for path in environment.checkouts},
    )
    folder = environments_folder() / recipe.key
    folder.parent.mkdir(parents=True, exist_ok=True)
    facts = EnvironmentFacts(
        asked=environment,
        key=recipe.key,
        executable=str(interpreter_of(folder)),
        library=str(own_library()),
        sources=recipe.sources,
        named=tuple(sorted(canonicalize_name(name) for name in packages_of(environment))),
        needed=tuple(needed),
    )
    # A second session waits here, and then finds what the first has built.
    with FileLock(f"{folder}.lock"):
        kept = load_kept(folder)
        if kept is None:
            tell(f"building environment {environment.name!r}: {environment.spec or OWN_PACKAGES}")
            kept = _make(recipe, folder, facts, looseness)
        # Under the lock: whoever removes an environment takes it too, and then sees its users.
        note_use(folder)
    return replace(
        facts,
        python=kept.python,
        versions=kept.versions,
        named=tuple(sorted({*facts.named, *kept.local})),  # a name may stand in setup.py's code
        looseness=kept.looseness,
    )


def _make(recipe: _Recipe, folder: Path, facts: EnvironmentFacts, looseness: int) -> Kept:
    """Build an environment, and record as the last step that it is ready to be used."""
    remove_folder(folder)
    loose = looseness + recipe.make(folder)
    # Before it counts as ready: otherwise one that does not start would be found ever again.
    found = look_inside(facts, {})
    kept = Kept(
        *(recipe.key, recipe.environment.spec, found.python, found.versions),
        sources=recipe.sources,
        looseness=loose,
        local=tuple(canonicalize_name(name) for name in found.local),
    )
    write_bytes(folder / READY_FILE, msgspec.json.encode(kept))
    return kept


def _describe(environment: Environment, path: str) -> str:
    """Return a text that identifies the state of a checkout's files.

    Raises:
        EnvironmentFailure: a file cannot be read.
    """
    try:
        return describe_checkout(Path(path))
    except OSError as error:
        raise EnvironmentFailure(
            f"environment {environment.name!r}: checkout {path!r} cannot be read: "
            f"{error.filename or path}: {error.strerror or error}"
        ) from error


def _copy(path: str, room: Path) -> str:
    """Copy a checkout to the folder in which it is built.

    Raises:
        EnvironmentFailure: a file cannot be read or written.
    """
    try:
        return str(copy_checkout(Path(path), room))
    except OSError as error:
        raise EnvironmentFailure(
            f"checkout {path!r} cannot be copied to {room}: {error}"
        ) from error


def _build_variables() -> dict[str, str]:
    """Return the environment variables that control builds of packages."""
    return {name: value for name, value in sorted(os.environ.items()) if _OF_BUILDS.fullmatch(name)}
