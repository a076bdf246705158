"""The options of a session, under the names that a suite's file uses (floor 5)."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from crawlbench.base.errors import UsageError
from crawlbench.measure.ends import session_ends

if TYPE_CHECKING:
    from collections.abc import Mapping

Names = str | Path | Sequence[str | Path]
"""One name or several; names may be globs, or paths where the command line takes them."""
AXES = (
    "strategies",
    "event_loops",
    "networks",
    "sites",
    "parsers",
    "concurrency",
    "operations",
    "mirror_cpus",
)
"""Options that are lists, for which a single value can be given as it is."""


class Options(TypedDict, total=False):
    """What replaces the suite's own; docs/suites.md explains each one, with its default."""

    strategies: Names
    event_loops: Names
    networks: Names
    sites: Names
    long_forms: dict[str, str]
    long_share: float
    parsers: Names
    concurrency: int | Sequence[int]
    operations: Names
    rounds: int
    laps: int
    warmups: int
    min_time_s: float
    lap_time_s: float
    paced: bool
    resting: bool
    budget_s: float
    precision_percent: float
    margin_percent: float
    timeout_s: float
    seed: int
    cpus: str
    mirror_cpus: Sequence[int]


def read_options(options: Mapping[str, object]) -> dict[str, Any]:
    """Return options as a suite takes them.

    Raises:
        UsageError: there is no option with that name.
    """
    known = Options.__annotations__
    for name in options:
        if name not in known:
            raise UsageError(f"there is no option {name!r}; known: {', '.join(known)}")
    read = {name: _as_list(name, v) if name in AXES else v for name, v in options.items()}
    asked: dict[str, Any] = dict(options)
    ends = session_ends(*map(asked.get, ("rounds", "budget_s", "precision_percent")))
    return {**read, **{name: value for name, value in ends.items() if value is not None}}


def read_names(names: object, option: str) -> list[object]:
    """Return one name as a list of one, and several as a list; None as an empty one.

    Raises:
        UsageError: they are neither.
    """
    if names is None:
        return []
    if isinstance(names, str | Path | int):
        return [names]
    if not isinstance(names, Sequence):
        raise UsageError(f"{option} {names!r} cannot be used; give one name, or a list of names")
    return list(names)


def read_place(place: object, what: str) -> Path:
    """Return the path of a file or folder.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(place, str | PathLike) or "\0" in (text := str(fspath(place))):
        raise UsageError(f"{what} {place!r} cannot be used; give a path")
    return Path(text)


def _as_list(option: str, value: object) -> list[object]:
    names = read_names(value, option)
    # As no change it would mean the suite's own, which a caller whose filter found nothing did not
    # ask for. Without any, the mirror's CPUs are chosen.
    if value is not None and not names and option != "mirror_cpus":
        raise UsageError(
            f"{option} {value!r} has no name; give one or more, or leave it out for the suite's own"
        )
    return [str(one) if isinstance(one, Path) else one for one in names]
