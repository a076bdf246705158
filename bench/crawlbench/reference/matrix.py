"""Folders of bundles: what one machine and one Python measured for the table (floor 4)."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.reference.bundle import ENDING, digest_of, load_bundle, restore, unfold
from crawlbench.reference.forgery import find_copy
from crawlbench.reference.rules import find_broken

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crawlbench.base.records import Machine, Session
    from crawlbench.reference.bundle import Content

ALL = "matrix"
"""Name of the folder that has a folder for each matrix."""
MAX_MATRIX_BYTES = 3 * 2**20
"""Largest size of all bundles of a matrix together, because git keeps them for ever."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One bundle, judged."""

    file: str
    """Matrix and file: `2026-11-28-amd-epyc-cpython-3.11.7/clients-1.bundle.gz`."""
    content: Content
    session: Session

    @property
    def suite(self) -> str:
        """What was measured: a part of the matrix, or a contributor's suite."""
        return self.session.plan.suite


@dataclass(frozen=True, slots=True)
class Matrix:
    """What one machine and one Python measured."""

    name: str
    sessions: tuple[Measured, ...]
    """At least one, in the order in which they were measured."""

    @property
    def machine(self) -> Machine:
        """The machine on which everything was measured."""
        return self.sessions[0].session.machine

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last day on which it was measured."""
        days = sorted(one.session.created[:10] for one in self.sessions)
        return days[0], days[-1]


def name_matrix(day: str, machine: Machine) -> str:
    """Return the name of a matrix: its day, its CPU and its Python."""
    # Some makers add (R), (TM) and, after an @, the frequency: none of them tells models apart.
    cpu = re.sub(r"\((?:r|tm|c)\)|\bprocessor\b|\bcpu\b|@.*", " ", machine.cpu_model.lower())
    words = re.findall(r"[a-z0-9][a-z0-9.]*", f"{cpu} {machine.python.lower()}")
    return "-".join([day, *words])


def load_matrices(root: Path) -> list[Matrix]:
    """Return all matrices in a folder, the oldest first; folders without bundles do not count.

    Raises:
        UsageError: a file is not a bundle, was edited, or holds another's values.
    """
    folders = sorted({path.parent for path in root.glob(f"*/*{ENDING}")})
    found = [_read_matrix(folder) for folder in folders]
    _refuse_copies([one for matrix in found for one in matrix.sessions])
    return sorted(found, key=lambda one: (one.days, one.name))


def load_matrix(folder: Path) -> Matrix:
    """Return the matrix in a folder.

    Raises:
        UsageError: there is none; a file is not a bundle, was edited, holds another's values, or
            comes from another machine.
    """
    matrix = _read_matrix(folder)
    _refuse_copies(matrix.sessions)
    return matrix


def _read_matrix(folder: Path) -> Matrix:
    """Return the matrix in a folder, not yet searched for copies."""
    sessions = [load_measured(path) for path in sorted(folder.glob(f"*{ENDING}"))]
    if not sessions:
        raise UsageError(f"{str(folder)!r} is not a matrix: it has no *{ENDING}")
    sessions.sort(key=lambda one: one.session.created)
    for one in sessions:
        if mixed := _tell_mixed(one.file, one.session.machine, sessions[0].session.machine):
            raise UsageError(mixed)
    return Matrix(folder.name, tuple(sessions))


def _tell_mixed(name: str, machine: Machine, others: Machine) -> str:
    """Return a sentence if a bundle has no place in a matrix; empty if both are of one machine."""
    for axis in ("cpu_model", "cpu_count", "python"):
        here, there = getattr(others, axis), getattr(machine, axis)
        if here != there:
            what = " CPUs" if axis == "cpu_count" else ""
            return (
                f"{name!r} was measured on {there!r}{what}, the rest of its matrix on {here!r}"
                f"{what}; another CPU or Python is another matrix: move it to a folder of its own"
            )
    return ""


def _refuse_copies(sessions: Sequence[Measured]) -> None:
    """Raise if two sessions are the same: a figure would rest on fewer than it says."""
    if copied := find_copy([(one.file, one.session) for one in sessions]):
        raise UsageError(copied)


def find_misplaced(path: Path) -> str:
    """Return a sentence if a bundle lies in a matrix of another machine; empty if it does not.

    Args:
        path: a file that holds a whole bundle; files beside it that hold none are ignored.
    """
    folder = path.absolute().parent
    mine = load_bundle(path).content.session.machine
    for other in sorted(folder.glob(f"*{ENDING}")) if folder.parent.name == ALL else ():
        with suppress(UsageError):
            theirs = load_bundle(other).content.session.machine
            if mixed := _tell_mixed(str(path), mine, theirs):
                return mixed
    return ""


def find_copied(path: Path, others: Sequence[Path]) -> str:
    """Return a sentence if a bundle holds the values of another one; empty if it does not.

    Args:
        path: a file that holds a whole bundle.
        others: bundles to compare it with, besides those in its folder, and in the other folders of
            `matrix` if it is in one of these; files that are not whole bundles are ignored.
    """
    # Without judging, which takes time: copies are found by their values alone.
    mine, folder = unfold(load_bundle(path).content), path.absolute().parent
    is_in_matrix = folder.parent.name == ALL
    beside = folder.parent.glob(f"*/*{ENDING}") if is_in_matrix else folder.glob(f"*{ENDING}")
    for other in sorted({one.absolute() for one in (*others, *beside)} - {path.absolute()}):
        with suppress(UsageError):
            theirs = load_bundle(other)
            pair = [(str(other), unfold(theirs.content)), (str(path), mine)]
            # A copy that is refused by itself does not discredit what was copied; a good bundle
            # that has become outdated is no copy.
            if (copied := find_copy(pair)) and not find_broken(theirs, only_lasting=True):
                return copied
    return ""


def load_measured(path: Path) -> Measured:
    """Return a bundle with its session, judged by today's rules.

    Raises:
        UsageError: it is not a bundle, or was edited.
    """
    bundle = load_bundle(path)
    # Only the digest: a good bundle breaks other rules in time (see `find_broken`).
    if bundle.digest != digest_of(bundle.content):
        raise UsageError(
            f"the bundle {str(path)!r} was edited: its digest is not that of its content; "
            "`crawlbench verify-bundle` says more"
        )
    return Measured(f"{path.parent.name}/{path.name}", bundle.content, restore(bundle.content))
