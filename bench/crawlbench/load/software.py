"""The software that a generator runs on, and how workers differ from this machine (floor 4).

`describe_software` runs on each worker; the rest is the manager's.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from crawlbench import __version__
from crawlbench.plugins.about import describe_python

if TYPE_CHECKING:
    from collections.abc import Mapping

ABSENT = "absent"
PACKAGES = ("uvloop", "httptools")
"""Packages that a generator's figures depend on."""


def describe_software() -> dict[str, str]:
    """Return the versions of what a generator consists of here."""
    packages = {name: _version(name) for name in PACKAGES}
    return {"crawlbench": __version__, "Python": describe_python(), **packages}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ABSENT


def tell_differences(here: Mapping[str, str], there: Mapping[str, object]) -> list[str]:
    """Return how workers differ: `what: value on whom, ..., value here`.

    Args:
        here: what `describe_software` returned on this machine.
        there: what it returned on each worker, or the error with which the call failed there.
    """
    told = []
    for what, own in here.items():
        others: dict[str, list[str]] = {}
        for worker, one in sorted(there.items()):
            if (value := _value(one, what, own)) != own:
                others.setdefault(value, []).append(worker)
        if others:
            found = [f"{value} on {' and '.join(who)}" for value, who in others.items()]
            told.append(f"{what}: {', '.join(found)}, {own} here")
    return told


def _value(one: object, what: str, own: str) -> str:
    """Return a worker's value; one where the call failed has another crawlbench."""
    if isinstance(one, dict):
        return str(one.get(what, ABSENT))
    return f"another ({one})" if what == "crawlbench" else own
