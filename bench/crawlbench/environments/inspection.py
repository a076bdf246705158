"""Asks an environment's interpreter what is installed in it (floor 4)."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.errors import EnvironmentFailure
from crawlbench.base.records import Environment
from crawlbench.environments.requirements import requirements_for
from crawlbench.plugins.scouts import PluginFacts  # noqa: TC001  (msgspec reads it)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records import EnvironmentFacts

LOOK_TIMEOUT_S = 120.0  # each plug-in is imported


class Inventory(msgspec.Struct, frozen=True):
    """What an environment reported."""

    python: str
    prefix: str
    versions: dict[str, str]
    plugins: dict[str, dict[str, PluginFacts]]
    """The plug-ins that were asked for, by kind, such as `STRATEGY`, and name."""
    imported: list[str]
    """Distributions from which something was imported, including the plug-ins."""
    requires: dict[str, list[str]]
    """Requirements of each distribution, according to its metadata."""
    local: list[str]
    """Distributions that were installed from a folder or a wheel on this machine."""


def look_inside(facts: EnvironmentFacts, asked: Mapping[str, Sequence[str]]) -> Inventory:
    """Start an environment's interpreter and return what it finds.

    Args:
        facts: the environment; its versions may still be missing.
        asked: names of plug-ins by kind; each is imported.

    Raises:
        EnvironmentFailure: it does not start, crashes, or has a pyperf that is too old.
    """
    name = facts.name
    python = (facts.executable, *facts.asked.flags)
    command = python_command("crawlbench.environments.inspector", python=python)
    try:
        outcome = subprocess.run(
            command,
            input=msgspec.json.encode(dict(asked)),
            capture_output=True,
            check=False,
            timeout=LOOK_TIMEOUT_S,
            env=clean_environment(facts.variables),
        )
        # The answer alone counts: a process that has given it may still crash at its end.
        findings = msgspec.json.decode(outcome.stdout, type=Inventory)
    except (OSError, subprocess.SubprocessError) as error:
        raise EnvironmentFailure(f"environment {name!r} does not start: {error}") from error
    except msgspec.MsgspecError as error:
        words = outcome.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise EnvironmentFailure(
            f"environment {name!r} cannot be used: its Python ended with code "
            f"{outcome.returncode} and said {words[-1]!r}"
        ) from error
    _check_pyperf(name, findings.versions)
    return findings


def _check_pyperf(environment: str, versions: Mapping[str, str]) -> None:
    """Raise if our workers cannot use the environment's pyperf."""
    found = {str(canonicalize_name(name)): version for name, version in versions.items()}
    (wanted,) = (
        Requirement(text) for text in requirements_for(Environment(environment), ["pyperf"])
    )
    version = found.get("pyperf")
    if version is None or not wanted.specifier.contains(version, prereleases=True):
        raise EnvironmentFailure(
            f"environment {environment!r} has pyperf {version or '(none)'}, but crawlbench's "
            f"workers need {wanted.specifier}; ask for that version, or leave out the package that "
            "requires another"
        )
