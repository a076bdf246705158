"""Checks that a worker runs in the right environment (floor 3; imported by workers)."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.plugins.about import describe_python

if TYPE_CHECKING:
    from crawlbench.measure.job import Expected


class WrongEnvironment(Exception):  # noqa: N818  (the message says what is wrong)
    """Raised when a worker finds another Python or other packages than expected."""


def assert_environment(expected: Expected) -> None:
    """Compare this process with what the manager recorded of its environment when it was built.

    Raises:
        WrongEnvironment: something differs; the message says what.
    """
    if (python := describe_python()) != expected["python"]:
        raise WrongEnvironment(f"this worker is {python}, not {expected['python']}")
    if Path(sys.prefix).resolve() != Path(expected["folder"]).resolve():
        raise WrongEnvironment(f"this worker lives in {sys.prefix}, not {expected['folder']}")
    found = {d.name: d.version for d in metadata.distributions() if d.name != "crawlbench"}
    wanted = expected["versions"]
    for name in sorted({*found, *wanted}):
        if found.get(name) != wanted.get(name):
            raise WrongEnvironment(
                f"this worker has {name} {found.get(name, '(none)')}, the environment had "
                f"{wanted.get(name, 'none')} when it was built; remove it with `crawlbench env "
                "remove`, and it will be built again"
            )
