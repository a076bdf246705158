"""Builds an environment once, keeps it, and finds it again (floor 3).

Its folder is named by a hash of what it is made from. `ready.json` is written last, so that a build
that was killed is seen and done again; a lock lets one build at a time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from filelock import FileLock

from crawlbench.environments.cache import READY_FILE, Kept, environments_folder, note_use
from crawlbench.environments.checkouts import copy_checkout, describe_checkout
from crawlbench.environments.installers import choose_installer, interpreter_of
from crawlbench.environments.looking import look_inside
from crawlbench.environments.needs import constraints_for, requirements_for
from crawlbench.environments.own import own_library
from crawlbench.environments.pythons import find_python
from crawlbench.errors import EnvironmentFailure
from crawlbench.records import EnvironmentFacts
from crawlbench.whole import write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.environments.installers import Installer
    from crawlbench.records import Environment

__all__ = ["build"]


def build(
    environment: Environment, needed: Sequence[str], tell: Callable[[str], None]
) -> EnvironmentFacts:
    """Return an environment that is ready to be used, from the cache if it was built before.

    What is newest when it is built stays so until it is removed from the cache.

    Args:
        environment: what is asked.
        needed: distributions that workers import beside what is asked.
        tell: called with a line when something is built.

    Raises:
        EnvironmentFailure: it cannot be had; the message names it and says why.
    """
    try:
        return _build(environment, needed, tell)
    except OSError as error:
        raise EnvironmentFailure(
            f"environment {environment.name!r} cannot be written to {environments_folder()} "
            f"({error.strerror or error}); name a folder with room by CRAWLBENCH_CACHE"
        ) from error


def _build(
    environment: Environment, needed: Sequence[str], tell: Callable[[str], None]
) -> EnvironmentFacts:
    python = find_python(environment)
    installer = choose_installer()
    wanted = requirements_for(environment, needed)
    constraints = constraints_for(environment)
    sources = {path: describe_checkout(Path(path)) for path in environment.checkouts}
    made_from = [
        str(python.path),
        python.identity,
        installer.name,
        sorted(wanted),
        constraints,
        sources,
    ]
    key = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]
    folder = environments_folder() / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    library = own_library()
    with FileLock(f"{folder}.lock"):
        if not (folder / READY_FILE).is_file():
            tell(f"building environment {environment.name!r}: {environment.spec}")
            shutil.rmtree(folder, ignore_errors=True)
            installer.make_folder(python.path, folder)
            with tempfile.TemporaryDirectory(prefix="crawlbench-") as room:
                copies = [
                    str(copy_checkout(Path(path), Path(room) / str(number)))
                    for number, path in enumerate(environment.checkouts)
                ]
                ours = [text for text in constraints if text.partition("==")[0].lower() in needed]
                _fill(environment, installer, folder, [*wanted, *copies], (constraints, ours, []))
            facts = EnvironmentFacts(
                environment, key, str(interpreter_of(folder)), str(library), sources=sources
            )
            found = look_inside(facts, {})
            kept = Kept(key, environment.spec, found.python, found.versions, sources)
            write_bytes(folder / READY_FILE, msgspec.json.encode(kept))
        note_use(folder)
    kept = msgspec.json.decode((folder / READY_FILE).read_bytes(), type=Kept)
    return EnvironmentFacts(
        environment,
        key,
        str(interpreter_of(folder)),
        str(library),
        kept.python,
        kept.versions,
        sources,
    )


def _fill(
    environment: Environment,
    installer: Installer,
    folder: Path,
    wanted: Sequence[str],
    bounds: Sequence[Sequence[str]],
) -> None:
    """Install within the first bounds that fit what is wanted.

    Raises:
        EnvironmentFailure: none do; what the last try said is told.
    """
    trouble = None
    for constraints in bounds:
        try:
            installer.fill(folder, wanted, constraints)
        except EnvironmentFailure as error:
            trouble = error
        else:
            return
    raise EnvironmentFailure(
        f"environment {environment.name!r} ({environment.spec}) cannot be built: {trouble}"
    ) from trouble
