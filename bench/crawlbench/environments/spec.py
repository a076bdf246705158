"""Reads the spec of an environment (floor 4; looks for paths and fetches repositories).

A spec is a line of words: requirements (`uvloop==0.21.0`), paths to install (`./head`),
repositories (`git+https://HOST/PATH@TAG`), `python=3.13`, flags of the interpreter (`-X gil=0`),
and variables (`PYTHONHASHSEED=0`).
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from crawlbench.base.children import INSTALLED_FIRST
from crawlbench.base.complaints import with_value
from crawlbench.base.errors import UsageError
from crawlbench.base.records import Environment
from crawlbench.base.user_files import read_handmade
from crawlbench.environments.repositories import Repository, fetch_repository, is_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_NAME = 80
# Not `uvloop==0.21.0`, which is a requirement.
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(?!=)(.*)", re.DOTALL)
# No flag that changes what a worker runs or where it finds it, such as -c, -m, -I and -S.
_FLAG = re.compile(r"-(?:B|O|OO|b|bb|W.+|X.+)", re.DOTALL)
_WITH_VALUE = ("-X", "-W")
_VERSION = re.compile(r"\d+(\.\d+)+\S*")
OURS = frozenset({"PYTHONPATH", "PYTHONHOME", "CRAWLBENCH_JOB", INSTALLED_FIRST})
"""Environment variables by which workers find crawlbench and their task."""
PROJECT_FILES = ("pyproject.toml", "setup.py")
_HINT = (
    "a spec holds requirements (uvloop==0.21.0), paths (./head), python=3.13, flags (-X gil=0) and "
    "variables (NAME=value)"
)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One environment in a TOML file."""

    python: str = ""
    packages: tuple[str, ...] = ()
    """Requirements and paths; paths are relative to the folder of the TOML file."""
    variables: dict[str, str] = msgspec.field(default_factory=dict)
    flags: tuple[str, ...] = ()


_Tables = Annotated[dict[str, _Table], msgspec.Meta(min_length=1)]


def read_environments(texts: list[str]) -> tuple[Environment, ...]:
    """Read all `--env` options of a command: `NAME=SPEC`, or a path that ends in `.toml`.

    Raises:
        UsageError: an option cannot be read, or two environments have the same name.
    """
    found = [one for text in texts for one in _read(text)]
    names = [environment.name for environment in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two environments are named {twice!r}; give each a name of its own")
    return tuple(found)


def parse_environment(text: str) -> Environment:
    """Read `NAME=SPEC`; an empty spec means a new environment with the manager's packages.

    Raises:
        UsageError: the text has another form.
    """
    name, is_there, spec = text.partition("=")
    if not is_there:
        raise UsageError(f"--env {text!r} cannot be used: write NAME=SPEC, or FILE.toml")
    return parse_spec(name, spec)


def parse_spec(name: str, spec: str) -> Environment:
    """Read a spec; the module's docstring describes its form.

    Raises:
        UsageError: the name or a word cannot be used.
    """
    try:
        words = shlex.split(spec)
    except ValueError as error:
        raise UsageError(f"environment {name!r}: {spec!r} cannot be read: {error}") from error
    return _sort_words(name, words, Path())


def parse_sides(
    specs: list[str], shared: str = "", names: list[str] | None = None
) -> tuple[Environment, ...]:
    """Read the specs of environments to compare.

    A side that is a path is named by its last part, any other side by its spec. The second of two
    equal names also gets its place.

    Args:
        specs: the spec of each side.
        shared: words that are added to each spec.
        names: names to use instead, one for each side, in the same order.

    Raises:
        UsageError: a spec cannot be read, or there are not as many names as sides.
    """
    if names and len(names) != len(specs):
        raise UsageError(f"{len(names)} names for {len(specs)} sides; give one --name for each")
    found: dict[str, Environment] = {}
    for place, spec in enumerate(specs, start=1):
        name = _checked(names[place - 1]) if names else _name_side(spec, place)
        if name in found and names:
            raise UsageError(f"two sides are named {name!r}; give each a name of its own")
        if name in found:
            name = f"{name} ({place})"
        found[name] = parse_spec(name, f"{shared} {spec}")
    return tuple(found.values())


def _name_side(spec: str, place: int) -> str:
    """Return the name of a side: the last part of a path if it is nothing else, or the spec."""
    own = parse_spec(f"side {place}", spec)
    is_path = own.checkouts and own == Environment(own.name, checkouts=own.checkouts[:1])
    # A repository is a checkout as well, but its path is that of a clone in the cache.
    is_path = is_path and "git+" not in spec
    name = Path(own.checkouts[0]).name if is_path else " ".join(spec.split())
    # Room for the ` (2)` that tells apart equal names.
    return _checked(name[: LONGEST_NAME - 5].strip() or f"side {place}")


def parse_python(version: str) -> Environment:
    """Return an environment that only names a Python; the version is its name.

    Raises:
        UsageError: the text is empty or cannot be a name.
    """
    if not version.strip():
        raise UsageError("an empty text names no Python; write a version such as 3.13, or a path")
    return Environment(_checked(f"Python {version}".strip()), python=version)


def _read(text: str) -> list[Environment]:
    if not text.endswith(".toml") or "=" in text:  # NAME=SPEC may end so
        return [parse_environment(text)]
    path = Path(text)
    try:
        found = msgspec.toml.decode(read_handmade(path))
        tables = msgspec.convert(found, _Tables)
    except OSError as error:
        raise UsageError(f"--env {text!r} cannot be read: {error.strerror}") from error
    except msgspec.ValidationError as error:
        fields = ", ".join(_Table.__struct_fields__)
        reason = with_value(str(error), found)
        raise UsageError(
            f"--env {text!r} cannot be used: {reason}; it has a table for each environment, "
            f"with {fields}"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"--env {text!r} cannot be used: it is not TOML: {error}") from error
    return [_from_table(name, table, path.parent) for name, table in tables.items()]


def _from_table(name: str, table: _Table, folder: Path) -> Environment:
    words = _sort_words(name, [*table.packages], folder)
    if words.python or words.flags or words.variables:
        raise UsageError(f"environment {name!r}: packages hold requirements and paths only")
    for variable in table.variables:
        if not _VARIABLE.fullmatch(f"{variable}="):
            raise UsageError(f"environment {name!r}: {variable!r} cannot name a variable")
        _check_variable(name, variable, "")  # a table's value is meant as one
    flags = _sort_words(name, list(table.flags), folder).flags
    return Environment(
        words.name, table.python, words.packages, words.checkouts, table.variables, flags
    )


def _sort_words(name: str, words: list[str], folder: Path) -> Environment:
    """Sort the words of a spec by kind into an environment."""
    python, packages, checkouts = "", list[str](), list[str]()
    variables, flags = dict[str, str](), list[str]()
    queue = iter(_joined(words))
    for word in queue:
        if word.startswith("-"):
            flags += _flag(name, word, queue)
        elif variable := _VARIABLE.fullmatch(word):
            if variable[1] == "python":
                python = variable[2]
            else:
                _check_variable(name, *variable.groups())
                variables[variable[1]] = variable[2]
        elif is_repository(word):
            checkouts.append(_fetched(name, word))
        elif _is_path(word, folder):
            # Path.expanduser raises for a user who is not there.
            checkouts.append(_checkout(name, folder / os.path.expanduser(word)))  # noqa: PTH111
        else:
            packages.append(_requirement(name, word))
    return Environment(
        _checked(name), python, tuple(packages), tuple(checkouts), variables, tuple(flags)
    )


def _joined(words: list[str]) -> list[str]:
    """Join the parts of `NAME @ ADDRESS`, which pip accepts with blanks, to one word."""
    joined: list[str] = []
    for word in words:
        if joined and (word == "@" or joined[-1].endswith("@")):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _fetched(name: str, word: str) -> str:
    try:
        return _checkout(name, fetch_repository(Repository.parse(word)))
    except UsageError as error:
        raise UsageError(f"environment {name!r}: {error}") from error


def _check_variable(name: str, variable: str, value: str) -> None:
    """Raise for one of our own variables, or for a version that is written with one `=`."""
    if variable in OURS:
        raise UsageError(
            f"environment {name!r}: {variable} cannot be set: crawlbench's workers need it"
        )
    if variable.islower() and _VERSION.fullmatch(value):
        raise UsageError(
            f"environment {name!r}: {variable}={value} would set a variable; for a version write "
            f"{variable}=={value}"
        )


def _checked(name: str) -> str:
    """Return the name if it can appear in a cell's name, a table and a file name.

    Letters of any script are accepted, but no characters that hide text or change its direction.
    """
    if not name or name != name.strip():
        raise UsageError(f"an environment needs a name without spaces around it, not {name!r}")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(
            f"environment {name[:LONGEST_NAME]!r}: a name has {LONGEST_NAME} characters at most, "
            "all of them printable"
        )
    return name


def _flag(name: str, word: str, queue: Iterator[str]) -> list[str]:
    flags = [word, next(queue, "")] if word in _WITH_VALUE else [word]
    if not _FLAG.fullmatch("".join(flags)):
        raise UsageError(f"environment {name!r}: {' '.join(flags)!r} is no flag of Python; {_HINT}")
    return flags


def _is_path(word: str, folder: Path) -> bool:
    """Return whether a word looks like a path, or is a folder that can be installed."""
    if "://" in word:  # a requirement with an address, which may end like a path
        return False
    looks_so = word.startswith(("/", ".", "~")) or "\\" in word or word.endswith((".whl", "/"))
    return looks_so or any((folder / word / file).is_file() for file in PROJECT_FILES)


def _checkout(name: str, path: Path) -> str:
    path = path.resolve()
    is_wheel = path.is_file() and path.suffix == ".whl"
    if not is_wheel and not any((path / file).is_file() for file in PROJECT_FILES):
        raise UsageError(
            f"environment {name!r}: {str(path)!r} cannot be installed: it is not a wheel, and has "
            "neither pyproject.toml nor setup.py"
        )
    return str(path)


def _requirement(name: str, word: str) -> str:
    try:
        requirement = Requirement(word)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(
            f"environment {name!r}: {word!r} cannot be used ({reason}); {_HINT}"
        ) from error
    if urlsplit(requirement.url or "").scheme == "file":
        raise UsageError(
            f"environment {name!r}: {word!r} cannot be used, because changes behind a file: URL "
            "would go unnoticed; give the path instead"
        )
    return str(requirement)
