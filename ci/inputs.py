"""Reads a workflow's inputs, which `action.yml` passes in variables, never in a command's text."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["InputError", "Inputs", "read_inputs", "read_name"]

USUAL_NAME = "crawlbench"
LONGEST_SIDE_NAME = 75
"""In characters; `crawlbench ab` accepts 80."""
PROJECT_FILES = ("pyproject.toml", "setup.py")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,59}")
_LISTS = {
    "strategies": "strategy",
    "loops": "loop",
    "networks": "network",
    "sites": "site",
    "concurrency": "concurrency",
    "operations": "operation",
}
"""The option for each input; it may be given several times."""


class InputError(Exception):
    """Raised when an input cannot be used; the message names it and what would work."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """One comparison."""

    base: str
    """The spec for `crawlbench ab`; an existing path is quoted, whatever its name."""
    head: str
    name: str
    """Distinguishes this comparison's comment from those of others."""
    options: tuple[str, ...]
    """Options of `crawlbench ab`, except the sides' names and the folder."""
    fails_if_unclear: bool
    folder: Path | None
    """The folder for the session; None to make one."""

    @property
    def side_names(self) -> tuple[str, str]:
        """The sides' names: of folders their role, as both may have one name; else their spec."""
        base, head = _side_name(self.base, "base"), _side_name(self.head, "head")
        return (base, head) if base != head else ("base", "head")


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Read the inputs.

    Raises:
        InputError: an input cannot be used.
    """
    given = {name: environ.get(f"INPUT_{name.upper()}", "").strip() for name in _NAMES}
    options = [f"--{_LISTS[name]}={text}" for name in _LISTS for text in _lines(given[name])]
    options += [f"--{name}={given[name]}" for name in ("margin", "budget") if given[name]]
    options += [f"--with={given['with']}"] if given["with"] else []
    options += [f"--fail-on={given['fail_on'] or 'slower'}", "--extend", *_lines(given["args"])]
    return Inputs(
        base=_side("base", given["base"]),
        head=_side("head", given["head"]),
        name=read_name(environ),
        options=tuple(options),
        fails_if_unclear=_flag("unclear", given["unclear"] or "warn", "fail", "warn"),
        folder=_folder(given["output"]),
    )


_NAMES = (
    *("base", "head", "name", "margin", "budget", "with", "fail_on", "args"),
    *("unclear", "output"),
    *_LISTS,
)


def read_name(environ: Mapping[str, str]) -> str:
    """Return the comparison's name.

    Raises:
        InputError: the name would not fit into a comment's mark.
    """
    name = environ.get("INPUT_NAME", "").strip() or USUAL_NAME
    if not _NAME.fullmatch(name) or "--" in name:
        raise InputError(
            f"input name {name!r} cannot be used: it has up to 60 letters, digits, blanks, "
            "dots, underscores and single hyphens"
        )
    return name


def _side(name: str, text: str) -> str:
    if not text:
        raise InputError(f"input {name} is empty: give a folder, or requirements such as yarl==1.9")
    path = Path(text)
    return shlex.quote(str(path.resolve())) if _is_path(text) and _is_there(path) else text


def _is_path(word: str) -> bool:
    """Return whether a word is a path, as crawlbench does.

    A path looks like one, or is a folder that can be installed, even if it is called `uvloop`. Here
    it may also be an existing folder with a slash in its name, so that the message about `base/.`,
    if it cannot be installed, is about a folder.
    """
    if "://" in word:  # a requirement with an address, which may end like a path
        return False
    looks_so = word.startswith(("/", ".", "~")) or "\\" in word or word.endswith((".whl", "/"))
    can_be_installed = any(_is_there(Path(word) / file) for file in PROJECT_FILES)
    return looks_so or can_be_installed or ("/" in word and _is_there(Path(word)))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a list of requirements is too long for a name
        return False


def _side_name(spec: str, role: str) -> str:
    try:
        is_path = any(_is_path(word) for word in shlex.split(spec))
    except ValueError:  # crawlbench will say so
        is_path = False
    words = " ".join(spec.split())
    return role if is_path or not words.isprintable() else words[:LONGEST_SIDE_NAME].strip()


def _folder(text: str) -> Path | None:
    path = Path(text)
    if text and path.name in ("", ".."):
        raise InputError(f"input output {text!r} cannot be used: name a folder, such as session")
    return path if text else None


def _lines(text: str) -> list[str]:
    """Return the items of a list: one a line, so that an item may have any other character."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _flag(name: str, text: str, yes: str, no: str) -> bool:
    if text not in (yes, no):
        raise InputError(f"input {name} {text!r} cannot be used: write {yes} or {no}")
    return text == yes
