"""Finds interpreters on this machine (floor 4)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import findpython
import msgspec

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.base.storage import write_bytes
from crawlbench.environments.cache import environments_folder

if TYPE_CHECKING:
    from crawlbench.base.records import Environment

OLDEST = (3, 11)
ASK_TIMEOUT_S = 30.0
KNOWN_FILE = "pythons.json"
"""Paths that were found earlier, by version: asking every Python on a machine takes seconds."""
MANAGERS: str = getattr(sys, "_base_executable", sys.executable)
"""The manager's own Python, without the packages of its virtual environment."""
_ASK = "import sys; print(sys.implementation.name, sys.version.replace(chr(10), ' '), sep='|')"


class Interpreter(msgspec.Struct, frozen=True):
    """A Python, and how it describes itself."""

    path: Path
    identity: str
    """Its implementation, its version and how it was built."""

    @property
    def version(self) -> tuple[int, ...]:
        """The version, such as (3, 13, 0), without suffixes such as `rc1`."""
        return tuple(map(int, re.findall(r"\d+", self.identity.partition("|")[2])[:3]))


def find_python(environment: Environment) -> Interpreter:
    """Return the interpreter from which to make an environment.

    Raises:
        EnvironmentFailure: there is no such Python, it does not run, or it is too old.
    """
    found = _find(environment)
    if found.version[:2] < OLDEST:
        raise EnvironmentFailure(
            f"environment {environment.name!r}: Python {'.'.join(map(str, found.version))} is too "
            f"old; crawlbench's workers need {OLDEST[0]}.{OLDEST[1]} or later"
        )
    return found


def _find(environment: Environment) -> Interpreter:
    asked = environment.python
    if not asked:
        return _ask(environment, Path(MANAGERS))
    path = Path(os.path.expanduser(asked))  # noqa: PTH111  (Path's own raises for nobody's)
    if path.is_file():
        return _ask(environment, path.absolute())
    return _remembered(asked) or _searched(environment, asked)


def _searched(environment: Environment, asked: str) -> Interpreter:
    """Look for a version in all places where Pythons are installed."""
    try:
        found = findpython.find(asked)
    except ValueError:  # a word that is no version
        found = None
    if found is None:
        versions = {one.version for one in findpython.find_all() if one.version.release >= OLDEST}
        known = [str(version) for version in sorted(versions)]
        raise EnvironmentFailure(
            f"environment {environment.name!r}: no Python {asked!r} was found; there are "
            f"{', '.join(known) or 'none'}; install it, or give the path of an interpreter"
        )
    interpreter = _ask(environment, Path(found.executable))
    with suppress(OSError):  # a file that would only save time
        file = environments_folder() / KNOWN_FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        known_paths = {**_known(), asked: str(interpreter.path)}
        write_bytes(file, msgspec.json.encode(known_paths))
    return interpreter


def _remembered(asked: str) -> Interpreter | None:
    """Return the interpreter that was found earlier, if it still has that version."""
    path = _known().get(asked)
    if path is None:
        return None
    with suppress(OSError, subprocess.SubprocessError):
        found = Interpreter(Path(path), _identity(Path(path)))
        wanted = asked.rstrip("t").split(".")  # free-threaded builds have a t
        if [str(part) for part in found.version[: len(wanted)]] == wanted:
            return found
    return None


def _known() -> dict[str, str]:
    with suppress(OSError, msgspec.MsgspecError):
        content = (environments_folder() / KNOWN_FILE).read_bytes()
        return msgspec.json.decode(content, type=dict[str, str])
    return {}


def _ask(environment: Environment, path: Path) -> Interpreter:
    try:
        return Interpreter(path, _identity(path))
    except (OSError, subprocess.SubprocessError) as error:
        raise EnvironmentFailure(
            f"environment {environment.name!r}: {str(path)!r} does not run as a Python ({error})"
        ) from error


def _identity(path: Path) -> str:
    command = [str(path), "-I", "-c", _ASK]
    outcome = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=ASK_TIMEOUT_S
    )
    # Whatever is no Python, such as /bin/true, may end without an error.
    if "|" not in outcome.stdout:
        raise subprocess.SubprocessError("it does not print its version")
    return outcome.stdout.strip()
