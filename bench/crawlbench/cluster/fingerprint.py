"""What a machine is and which software it runs, and how machines differ (floor 4).

`take_fingerprint` runs on each machine; the manager calls the other functions.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import replace
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import TYPE_CHECKING

import crawlbench
from crawlbench.base.errors import BenchError, UsageError
from crawlbench.cluster.records import Fingerprint
from crawlbench.measure.labels import hash_network, is_file
from crawlbench.measure.machine import describe_machine
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlbench.base.records import Plan

ABSENT = "absent"
MAX_SHOWN = 12
"""How many differences are listed; the others are only counted."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")

Names = dict[str, list[str]]
"""Plug-ins and networks of a plan by axis, as cells call it: `strategy`, `event_loop` and so on."""


def names_of(plan: Plan) -> Names:
    """Return the plug-ins and networks that the plan's cells need, each once."""
    axes = ("strategy", "event_loop", "parser", "site", "network")
    return {axis: plan.names_on(axis) for axis in axes}


def take_fingerprint(names: Names) -> Fingerprint:
    """Describe this machine, its Python, and the packages that the plug-ins need."""
    # The machine's description refuses unknown names; `_versions` lists them as absent instead.
    known = [name for name in names["strategy"] if _module_of(registry.Kind.STRATEGY, name)]
    machine = describe_machine(known)
    versions = {**machine.versions, **_versions(names)}
    # Networks are missing here because they count by what they play, not by their files' words.
    plugins = [name for axis, group in names.items() if axis != "network" for name in group]
    files = {name: _hash(Path(name)) for name in plugins if is_file(name)}
    return Fingerprint(
        machine=replace(machine, versions=versions),
        architecture=platform.machine(),
        tool=crawlbench.__version__,
        digest=crawlbench_digest(),
        files=files | {name: _hash_network(name) for name in names["network"] if is_file(name)},
        boot=_boot(),
    )


def _module_of(kind: registry.Kind, name: str) -> str:
    """Return the top-level module that a plug-in comes from; empty if nobody knows it."""
    try:
        point = registry.find(kind, name)
    except BenchError:
        return ""
    # For `module:factory`, the entry point is our own loader, and only the name has the package.
    if kind is registry.Kind.EVENT_LOOP:
        return registry.declared_module(name)
    return point.module.partition(".")[0]


def _versions(names: Names) -> dict[str, str]:
    """Return the versions of the packages that bring the plug-ins, and which are missing."""
    modules = {
        f"{kind.noun} {name}": _module_of(kind, name)
        for kind in (registry.Kind.EVENT_LOOP, registry.Kind.PARSER, registry.Kind.STRATEGY)
        for name in names[kind.name.lower()]
    }
    distributions = packages_distributions()
    found = {}
    for what, module in modules.items():
        if not module:
            found[what] = ABSENT
        for distribution in distributions.get(module, ()):
            if distribution != "crawlbench":  # its digest is more exact
                found[distribution] = version(distribution)
    return found


def crawlbench_digest() -> str:
    """Return twelve hex digits that identify crawlbench's source files, without compiled ones."""
    folder = Path(crawlbench.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(folder).as_posix()} {_hash(path)}\n".encode())
    return digest.hexdigest()[:12]


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError:
        return ABSENT


def _hash_network(name: str) -> str:
    try:
        return hash_network(name)
    except UsageError:
        return ABSENT


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def describe_differences(machines: Mapping[str, Fingerprint], plan: Plan) -> list[str]:
    """Return the differences that forbid merging results, as `what: value on machines, ...`.

    Hardware may differ. If all cells name an environment, it determines Python and packages, so
    the machines' own versions of these may differ too.
    """
    runs = {name: _of_tool(one) for name, one in machines.items()}
    if not all(cell.environment for cell in plan.cells):
        for name, one in machines.items():
            runs[name] |= {"Python": one.machine.python, **one.machine.versions}
    keys = dict.fromkeys(key for values in runs.values() for key in values)
    files = {name for one in machines.values() for name in one.files}
    differences = []
    for key in keys:
        by_value: dict[str, list[str]] = {}
        for name, values in runs.items():
            by_value.setdefault(values.get(key, ABSENT), []).append(name)
        # A file that no machine has is no difference among them, but it exists on the manager's.
        if len(by_value) > 1 or (key in files and ABSENT in by_value):
            told = ", ".join(f"{value} on {_list(who)}" for value, who in by_value.items())
            differences.append(f"{key}: {told}")
    return _cut(differences)


def _of_tool(one: Fingerprint) -> dict[str, str]:
    return {"crawlbench": one.tool, "crawlbench's files": one.digest, **one.files}


def _list(names: list[str]) -> str:
    if len(names) <= 3:
        return " and ".join(names)
    return f"{names[0]}, {names[1]} and {len(names) - 2} more"


def _cut(texts: list[str]) -> list[str]:
    if len(texts) <= MAX_SHOWN:
        return texts
    return [*texts[:MAX_SHOWN], f"and {len(texts) - MAX_SHOWN} more"]
