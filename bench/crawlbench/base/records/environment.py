"""A Python and a set of packages that workers run in (floor 0)."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from crawlbench.base.children import INSTALLED_FIRST


@dataclass(frozen=True, slots=True)
class Environment:
    """What a user asks for with `--env NAME=SPEC`."""

    name: str
    python: str = ""
    """A version such as `3.13`, or a path; empty for the manager's own."""
    packages: tuple[str, ...] = ()
    """Requirements as pip writes them, such as `uvloop==0.21.0`."""
    checkouts: tuple[str, ...] = ()
    """Absolute paths of folders or wheels to install."""
    variables: dict[str, str] = field(default_factory=dict)
    """Environment variables for the workers."""
    flags: tuple[str, ...] = ()
    """Flags of the interpreter, such as `-X`, `gil=0`."""

    @property
    def spec(self) -> str:
        """What was asked for, in one line that `--env NAME=SPEC` can read."""
        parts = [f"python={self.python}"] if self.python else []
        parts += [*self.packages, *self.checkouts, *self.flags]
        parts += [f"{name}={value}" for name, value in self.variables.items()]
        return shlex.join(parts)


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """What an environment turned out to hold, as seen from inside."""

    asked: Environment
    key: str = ""
    """Hash of what it is made from, which is the name of its folder in the cache."""
    executable: str = ""
    """Path of its interpreter."""
    library: str = ""
    """Folder that holds this crawlbench, which the workers import."""
    python: str = ""
    """Implementation and version, such as `CPython 3.13.0`; free-threaded builds say so."""
    versions: dict[str, str] = field(default_factory=dict)
    """Distribution to version, for all that is installed in it."""
    sources: dict[str, str] = field(default_factory=dict)
    """Checkout to a hash of its files, with the commit where git knows it."""
    named: tuple[str, ...] = ()
    """Distributions that were asked for, in canonical spelling; a checkout's only if the checkout
    names it."""
    needed: tuple[str, ...] = ()
    """Distributions that its workers need besides those that were asked for."""
    looseness: int = 0
    """How many of the manager's versions were given up: 0 none, 1 all but the needed ones, 2
    all."""
    obstacle: str = ""
    """Why it cannot be used, in a sentence; empty if it can."""

    @property
    def name(self) -> str:
        """The environment's name, as it stands in the names of cells."""
        return self.asked.name

    @property
    def variables(self) -> dict[str, str]:
        """The variables of processes that run in this environment: those asked for, and ours."""
        # Ours come last: with a user's PYTHONPATH, workers could import another crawlbench.
        return {**self.asked.variables, "PYTHONPATH": self.library, INSTALLED_FIRST: "1"}
