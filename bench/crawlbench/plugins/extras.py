"""How to get a package that is not installed here, as far as we can know (floor 1).

On a package index, the name that somebody else's file imports may belong to anybody, so we tell
nobody to install it from there.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from importlib import metadata
from typing import Any

from crawlbench.base.errors import NotInstalledError

_OURS = re.compile(r"^(?P<name>[\w.-]+)(\[[^]]*\])?.*?(extra == ['\"](?P<extra>[\w-]+)['\"])?$")
OF_ITS_MAKERS = {"ci", "dev"}
"""Extras that users do not ask for; their packages are in another extra, whose name says more."""
ALL = "all"
"""The extra of all others: builders write it out as their packages."""


def how_to_get(module: str) -> str:
    """Return a clause that says what to do about a module that cannot be found."""
    package = _spelled(module.partition(".")[0])
    known = _packages()
    if package not in known:
        return (
            f"{module!r} does not come with crawlbench: install what provides it, from a source "
            "that you trust"
        )
    extra = known[package]
    return f"it comes with crawlbench's extra {extra!r}" if extra else "install crawlbench again"


def extra_of(package: str) -> str:
    """Return crawlbench's extra that brings a package; empty for none."""
    return _packages().get(_spelled(package), "")


def need(module: str, what: str) -> Any:  # noqa: ANN401  (a module)
    """Import and return a module whose library has the same name as its top-level package.

    Args:
        module: the module to import.
        what: what needs it, for the message.

    Raises:
        NotInstalledError: it is missing.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise NotInstalledError(
            f"{what} needs {package!r}, which is not installed here; try: pip install {package}"
        ) from error


def _spelled(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _packages() -> dict[str, str]:
    """Return the packages that crawlbench depends on, each with its extra; empty for none."""
    found: dict[str, str] = {}
    try:
        requirements = metadata.requires("crawlbench") or []
    except metadata.PackageNotFoundError:
        requirements = []
    for text in requirements:
        match = _OURS.match(text)
        is_itself = match is not None and match["name"] == "crawlbench"  # made of extras
        if match and match["extra"] not in {ALL, *OF_ITS_MAKERS} and not is_itself:
            found.setdefault(_spelled(match["name"]), match["extra"] or "")
    return found
