"""Makes a virtual environment and installs packages in it, with uv or with venv and pip (floor 4).

uv and pip both cache downloads, so that a second environment with the same packages needs no
network.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from crawlbench.base.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BUILD_TIMEOUT_S = 1800.0
LONGEST_REASON = 400
SYSTEM_CERTIFICATES = {"UV_NATIVE_TLS": "true", "UV_SYSTEM_CERTS": "true"}
"""Makes older and newer versions of uv trust the system's certificates, as pip does.

Variables that the user has set take precedence.
"""
# uv draws its reasons as a tree; the signs and labels say nothing in a sentence.
_NOISE = re.compile(r"^[\s│╰├─▶×>-]+(?:error: |cause: )?|^(?:error: |cause: )|\s+$")
_PIP_ERROR = re.compile(r"^ERROR: ", re.MULTILINE)
# Words of uv and of pip alike: no versions fit, or which package could not be built.
_REFUSED = re.compile(
    r"No solution found|ResolutionImpossible|conflicting dependencies|No matching distribution"
)
_NOT_BUILT = re.compile(
    r"Failed (?:to (?:download and )?build|building wheel for) [`'\"]?([A-Za-z0-9][\w.-]*)"
)


class Misfit(EnvironmentFailure):
    """Raised when the constraints are to blame, so that fewer of them may work."""


@dataclass(frozen=True, slots=True)
class Installer:
    """The commands that make an environment and install into it."""

    name: str
    """`uv` or `pip`."""
    make: tuple[str, ...]
    """The command that makes the folder; the interpreter and the folder are filled in."""
    install: tuple[str, ...]
    """The command that installs; the requirements are appended."""

    def make_folder(self, python: Path, folder: Path) -> None:
        """Make an empty environment.

        Raises:
            EnvironmentFailure: the command failed.
        """
        replaced = {"{python}": str(python), "{folder}": str(folder)}
        self._run([replaced.get(word, word) for word in self.make], folder)

    def fill(self, folder: Path, wanted: Sequence[str], constraints: Sequence[str]) -> None:
        """Install requirements and paths.

        Args:
            folder: the environment's folder.
            wanted: requirements and absolute paths.
            constraints: versions to keep; empty to install the newest ones.

        Raises:
            Misfit: the constraints do not fit, or a package cannot be built in the version that
                they name.
            EnvironmentFailure: the command failed; the message says why.
        """
        command = [str(interpreter_of(folder)) if w == "{inside}" else w for w in self.install]
        if constraints:
            file = folder / "constraints.txt"
            file.write_text("\n".join(constraints) + "\n", encoding="utf-8")
            command += ["--constraint", str(file)]
        self._run([*command, "--", *wanted], folder, constraints)

    def _run(self, command: Sequence[str], folder: Path, constraints: Sequence[str] = ()) -> None:
        try:
            outcome = subprocess.run(  # elsewhere, as this folder may have settings and modules
                command,
                cwd=folder.parent,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=BUILD_TIMEOUT_S,
                env=_clean_variables(),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EnvironmentFailure(f"{self.name} does not run ({error})") from error
        if outcome.returncode:
            # Beside the folder, which the next try removes.
            log = folder.with_suffix(".log")
            words = outcome.stdout + outcome.stderr
            log.write_text(words, encoding="utf-8")
            raise (Misfit if _are_to_blame(constraints, words) else EnvironmentFailure)(
                f"{self.name} says: {_reason(outcome.stderr or outcome.stdout)} (all of it: {log})"
            )


def choose_installer() -> Installer:
    """Return uv if the extra `environments` is installed or uv is on PATH; else venv and pip."""
    uv = _find_uv()
    if uv:
        return Installer(
            "uv",
            (uv, "venv", "--quiet", "--no-project", "--python", "{python}", "{folder}"),
            (uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", "{inside}"),
        )
    return Installer(
        "pip",
        ("{python}", "-I", "-m", "venv", "{folder}"),
        (
            *("{inside}", "-I", "-m", "pip", "install", "--quiet", "--no-input"),
            *("--disable-pip-version-check", "--compile"),
        ),
    )


def interpreter_of(folder: Path) -> Path:
    """Return the path of an environment's interpreter."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _find_uv() -> str | None:
    try:
        import uv  # noqa: PLC0415  (an extra)
    except ImportError:
        return shutil.which("uv")
    return str(uv.find_uv_bin())


def _clean_variables() -> dict[str, str]:
    """Return the manager's environment variables without those that would mislead other Pythons."""
    astray = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT"}
    kept = {name: value for name, value in os.environ.items() if name not in astray}
    return SYSTEM_CERTIFICATES | kept


def _are_to_blame(constraints: Sequence[str], words: str) -> bool:
    """Return whether an installer's output suggests that fewer constraints would work."""
    bound = {canonicalize_name(text.partition("==")[0]) for text in constraints}
    not_built = {canonicalize_name(name) for name in _NOT_BUILT.findall(words)}
    return bool(bound) and (_REFUSED.search(words) is not None or bool(bound & not_built))


def _reason(words: str) -> str:
    """Return why an installer failed, in one line: pip's marked error, or uv's first line."""
    marked = _PIP_ERROR.split(words)[1:]
    # uv quotes the output of a package's build after these marks; its own reason comes before.
    text = marked[-1] if marked else words.partition("[stdout]")[0].partition("[stderr]")[0]
    lines = [_NOISE.sub("", line) for line in text.splitlines()]
    line = "; ".join(line for line in lines if line)
    return line[:LONGEST_REASON].rstrip() or "nothing"
